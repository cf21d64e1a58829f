"""Where sentences end: families of what stands before and after the mark, English and Korean."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.text.sentences import make_sentences, split_english

SENTENCES = make_sentences()
STARTERS = ("He left.", "The end came.", "They know.", "It's late.", "A dog ran.", "I know.", "But why?")
NAMES = ("Peter left.", "Seoul is big.")
APOSTROPHES = "'’"


def listed(text):
    return text.split()


def english(text):
    return [text[start:end] for start, end in split_english(text)]


def korean(text):
    return [token.form for token in SENTENCES(text)]


def wrong(split, cases):
    """Those of `cases` (sentences with | between) that are split otherwise, and how."""
    told = {}
    for case in cases:
        parts = case.split("|")
        if split(" ".join(parts)) != parts:
            told[case] = split(" ".join(parts))
    return told


WORDS = listed(
    "no sun sat mar wed fig gen rep dept sec art mass in am pm co app ex par tab ill miss ore wash pa max min"
)
NEVER_LAST = listed("Mr Mrs Ms Dr Prof vs e.g i.e cf approx ca esp incl")
TITLES = listed("St Mt Ft Rev Gen Col Maj Capt Lt Sgt Gov Sen Rep Pres Hon")
MONTHS_AND_DAYS = listed(
    "Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri Sat Sun"
)
NUMBERED = listed("No Nos Vol Vols pp Fig Figs Eq Sec Ch Art Para Ed")
FIRMS = listed("Inc Ltd Co Corp Bros Jr Sr Ave Blvd Rd Dept Est Ph.D M.D U.S U.K U.N D.C p.m a.m")
SHORT = listed("etc hrs yrs lbs ft km temp approx govt dept inc corp est avg mfg")


def test_an_abbreviation_that_is_a_word_ends_a_sentence_before_one_that_begins():
    followers = (*STARTERS, *NAMES, '"He left."', "“The end came.”", "(They know.)")
    assert (
        wrong(english, (f"It is {word}.|{text}" for word, text in itertools.product(WORDS, followers))) == {}
    )


def test_an_abbreviation_ends_no_sentence_before_a_digit_or_a_small_letter():
    words = {*WORDS, *NEVER_LAST, *TITLES, *MONTHS_AND_DAYS, *NUMBERED, *FIRMS, *SHORT}
    followers = (
        "5 came.",
        "12 of them left.",
        "3.5 or so.",
        "left it.",
        "of the two.",
        "(about it).",
        '"it".',
    )
    assert (
        wrong(english, (f"It is {word}. {text}" for word, text in itertools.product(words, followers))) == {}
    )


def test_what_stands_before_something_else_is_never_last():
    followers = (*STARTERS, *NAMES, "5 came.")
    assert (
        wrong(english, (f"So {word}. {text}" for word, text in itertools.product(NEVER_LAST, followers)))
        == {}
    )


def test_a_title_is_last_before_what_begins_a_sentence_and_not_before_a_name():
    assert wrong(english, (f"He was {word}. {name}" for word in TITLES for name in NAMES)) == {}
    assert wrong(english, (f"He was {word}.|{text}" for word in TITLES for text in STARTERS)) == {}


def test_months_and_days_are_last_before_anything_but_dates():
    assert (
        wrong(
            english, (f"We met on {day}.|{text}" for day in MONTHS_AND_DAYS for text in (*STARTERS, *NAMES))
        )
        == {}
    )
    dates = ("Sept. 23 it rained.", "March it rained.", "Tuesday it rained.", "23 it rained.", "Night came.")
    assert wrong(english, (f"We met on {day}. {date}" for day in MONTHS_AND_DAYS for date in dates)) == {}


def test_what_counts_stays_with_its_number():
    followers = ("5 is.", "IV is.", "B is.", "X, of course.", "Two is.")
    assert wrong(english, (f"See {word}. {text}" for word in NUMBERED for text in followers)) == {}


def test_firms_degrees_and_hours_are_last_before_what_begins_a_sentence():
    assert wrong(english, (f"It was {word}.|{text}" for word in FIRMS for text in STARTERS)) == {}
    names = [word for word in FIRMS if word not in ("p.m", "a.m")]
    assert wrong(english, (f"It was {word}. Peter left." for word in names)) == {}


@pytest.mark.parametrize("apostrophe", APOSTROPHES)
def test_a_word_with_an_apostrophe_is_a_word(apostrophe):
    words = listed("can't don't Mary's dog's he'd I'd we'll they're I've I'm dogs' o'clock y'all ma'am")
    words = [word.replace("'", apostrophe) for word in words]
    followers = (*STARTERS, *NAMES, "5 came.", "we can.", '"He left."')
    assert wrong(english, (f"It is {word}.|{text}" for word in words for text in followers)) == {}
    assert wrong(english, [f"We met at St. Mary{apostrophe}s.|He is kind."]) == {}


def test_a_letter_is_a_label_an_initial_or_the_speaker():
    labels = (
        "plan B",
        "vitamin C",
        "vitamin c",
        "type O",
        "size S",
        "Malcolm X",
        "Appendix A",
        "group D",
        "T",
    )
    assert wrong(english, (f"It is {label}.|{text}" for label in labels for text in STARTERS)) == {}
    assert wrong(english, (f"It is {label}.|{name}" for label in labels[:-1] for name in NAMES)) == {}
    initials = (
        "J. Smith",
        "J. K. Rowling",
        "George W. Bush",
        "J. R. R. Tolkien",
        "Mr. T. May",
        "X. He, K. Lee",
        "E. coli",
    )
    assert wrong(english, (f"We know {name} here.|Yes." for name in initials)) == {}
    speaker = ("It is I", "He is as tall as I", "Ann and I", "Here am I")
    assert wrong(english, (f"{text}.|{more}" for text in speaker for more in (*STARTERS, *NAMES))) == {}
    assert (
        wrong(
            english, ["A book by I. Asimov.|Yes.", "Roe v. Wade was first.|Yes.", "I saw Mr. T.|He is old."]
        )
        == {}
    )


ENGLISH = """
She said no.|He left.
He came in.|Peter sat.|Then he ran.
No.|I don't think so.
No. 10 Downing St. is old.|It was sold.
See Fig. 3 and Sec. 2 of Vol. IV.|Then see pp. 12-14.
It is 12 in. long and 5 ft. 3 in. tall.
i like it.|it is good.|thanks!
Is it?|yes it is.|why not?
"Really?" he asked.|She nodded.
"Really?" Peter asked.|She nodded.
"Stop!" cried Ann.|He stopped.
He said, "Go!"|Then he left.
She said "Stop!" and left.
“I see,” he said.|“Do you?”|She smiled.
He called it "the end."|She laughed.
‘Why?’|‘Because.’
Wait... what?|No.
wait . . . what?
He left . . .|Then he came.
He left.|... and so on.
What?!|No way!!|Really?!?
Great! :)|I love it.
so nice. :)|just saying
I love it :)|Thanks!
It rained! 😀|We stayed 😀
The end (really).|Next.
(He left.)|[She came.]|Done.
He won (!) the game.|Good (?) for him.
It grew.[1]|Then it fell.[2][3]|It rose. [4]|Done.
Yan et al. [2004] found it.|Good.
Yan et al. 2004 found it.
It costs $3.50.|He paid 4.5.|Fine.
In 2001.|In 2002 it ended.
See www.foo.com/a.b?c=d.|It works.
Write to a.b@c.com.|http://x.org/y.html has it.
1. Open it.|2. Close it.|3. Go.
a. Open it.|b. Close it.
1.1. Open it.|IV. Close it.
Figure 1. A map of it.|It is shown in Figure 1.|The map is old.
Step 2. Mix it.|Table 3. Results.
Come at 5 p.m. EST.|Bring it.
Come at 5 p.m.|Peter will be there.
Come at 5 p.m. on Tuesday.
At 5 p.m. Peter left.|In Jan. Peter came.|On Sat. Peter stayed.|He left at 5 p.m.|Peter stayed.
See p. 5.|Peter did.|He is no. 7.|Good.|N°. 8 is out.|It is 5 mi. long.
»Es ist so.«|Das war es.|„Ja.“|Gut.|«Oui.»|Il part.
I am.|He is.
It was 9 a.m. Tuesday.
The U.S. Senate met.|We live in the U.S.|The weather is fine.
He has a Ph.D.|However, he is poor.
He is with Apple Inc. in Cupertino.|The firm grew.
Apples, pears, etc. are fruit.|Figs, etc.|Peter ate.
The Yahoo! Founders met.|The Jeopardy! host left.
Yahoo! is old.
He works for NASA.|of course he does.
in five minutes.|please wait.
The dept. of art is here.|The dept. closed.
approx. 5 km, max. speed 100, min. age 18, temp. of 5.
He met Lt. Col. Brown, Gen. Grant and Rep. King.
P.S. I love you.|P.O. Box 5.
It was mid-Jan.|He left (arr. London).
He was born c. 1900 in St. Paul, Minn.|She was not.
The model wears size S.|Fits well.|It is size M.|Buy it.
Come to 'S-Hertogenbosch.|To ensure it, you test.|where will you work.|There is more!|apply.
How are you.|[test]
Income incl. JV was SEK 2.1 b. with a margin of 4%.
The cat sat.Then it ran.
""".strip().split("\n")


def test_english_variations():
    assert wrong(english, [case for case in ENGLISH if "sat.Then" not in case]) == {}
    assert english("The cat sat.Then it ran.") == ["The cat sat.", "Then it ran."]
    assert english("How about tomorrow?We can meet.") == ["How about tomorrow?", "We can meet."]


KOREAN = """
안녕하세요.|저는 학생입니다|오늘은 날씨가 좋네요! 😀
그는 갔다.|그녀는 왔다.|왜 그랬을까?|그랬군요!
문을 열어 줘|창문도 닫아 줘
길 좀 알려줘|가게 전화번호 찾아줘
정말 좋아요 ㅎㅎ|또 올게요 ^^|감사합니다 ㅠㅠ
He can't.|We can.|우리는 간다.|She said no.|그는 왔다.
삼성전자는 Apple Inc. 제품을 샀다.|Dr. 김이 왔다.|No. 5도 샀다.
그는 "안녕하세요. 반갑습니다."라고 말했다.|나는 갔다.
그는 “안녕하세요” 하고 말했다.|나는 갔다.
“저는 갑니다.|당신은요?”|그가 말했다.
'자이언트'로 뜬 배우다.|'빛고을 론'은 대출이다.|《코스모스》(COSMOS)는 책이다.
2023. 5. 10 회사(이하 '회사'라 한다) 대표는 샀다.|2023. 5. 10. 서울에서 만났다.|좋았다.
1. 목적을 적는다.|1-1. 방법을 적는다.
가. 목적 나. 방법
분리할 수 있다.\u200b|좋은 일이다.
회장은 “빠른 조직으로 가야 한다”며 “이를 위해 경영이 중요하다”고 말했다.|끝이다.
규칙 가운데 ‘돈 히트’(Don’t hit)가 있다.|2013 S'데이 고객을 초청했다.
다들 좋겠다하는데 사실 뭘까요입니다.
무게는 3.5kg이다.|비율은 0.5%였다.
수는 각각 129,098주입니다(소각 제외).|당사는 소각했습니다.
주소는 www.naver.com이다.|메일은 a@b.com입니다.
음...|그래서 어떻게 됐어?|글쎄.
정말?!|그래!!
있다라고 보시면 될 것 같습니다.|네.
비가 올까 봐요.|그런가 싶다.
그는 선생님(45세. 서울)과 만났다.|끝.
""".strip().split("\n")


def test_korean_variations():
    assert wrong(korean, KOREAN) == {}


@pytest.mark.parametrize("ending", ["습니다.", "어요.", "었을까?", "었다.", "어!", "네요."])
def test_korean_sentences_end_at_their_mark_with_and_without_a_space(ending):
    for gap in (" ", "", "\u3000"):
        assert (
            korean(f"나는 먹{ending}{gap}너도 먹{ending}") == [f"나는 먹{ending}", f"너도 먹{ending}"]
            or ending == "어!"
        )


def test_a_long_korean_line_is_not_cut_within_a_sentence():
    sentence = "그리고 우리는 산을 넘고 강을 건너 먼 길을 가다 보니 "
    text = sentence * 400 + "끝났다. 좋았다."
    assert [token.form for token in SENTENCES(text)][-1] == "좋았다."
    assert all(not token.form.startswith(("을", "를", "고")) for token in SENTENCES(text))


MADE_OF = r"""He left no sat Mr U.S. e.g. J. 5 3.5 B I A . ! ? … ... ?! ( ) [ ] " ' “ ” ’ :) 😀 ---------- 1.
[2] 。 www.a.com 그는 갔다 갔다. 줘 감사합니다 라고 ㅋㅋ 가. 《책》 」"""
PIECES = st.sampled_from([*listed(MADE_OF), "\u200b", "\x00", "\u00a0", "\t"])


def assert_whole(text, places):
    position = 0
    for start, end in places:
        assert position <= start < end
        assert not text[position:start].strip()
        assert text[start:end].strip() == text[start:end]
        position = end
    assert not text[position:].strip()


@given(
    st.lists(st.tuples(PIECES, st.sampled_from(["", " ", "  "]))).map(
        lambda parts: "".join(map("".join, parts))
    )
)
def test_sentences_and_the_space_between_them_are_the_line(text):
    assert_whole(text, split_english(text))
    found = SENTENCES(text)
    assert_whole(text, [(token.start, token.end) for token in found])
    assert all(token.form == text[token.start : token.end] for token in found)


@given(st.text())
def test_any_line_at_all_is_split_without_loss(text):
    assert_whole(text, split_english(text))
    assert_whole(text, [(token.start, token.end) for token in SENTENCES(text)])


@pytest.mark.parametrize(
    "piece",
    [
        "J. ",
        ". ",
        ".",
        "))",
        '."',
        "(a",
        ":)",
        " :) ",
        "-----",
        "1. ",
        "e.g.",
        "He left.   ",
        "“",
        "(",
        "[1]",
        "!?",
    ],
)
def test_a_hostile_line_is_finished(piece):
    text = piece * 20_000 + "x"
    assert_whole(text, split_english(text))
    text = "." + text
    assert_whole(text, split_english(text))
