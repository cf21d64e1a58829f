"""The tokenizers that need no library, and the fast road of `nltk`."""

from __future__ import annotations

import random
import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.sentences import split_english
from nlpcli.engine.text.stopwords import load
from nlpcli.engine.text.token import locate
from nlpcli.engine.text.tokenizers.by_name import TOKENIZERS, make_tokenizer
from nlpcli.engine.text.tokenizers.rules import char, jamo, whitespace, word
from nlpcli.engine.text.tokenizers.treebank import _beside, _inside, by_rules, placed_words, treebank, words
from nlpcli.engine.text.unicode_marks import MARKS, UNAPOSTROPHED
from nlpcli.settings.text import AnalysisSettings

SENTENCE = "I love natural language processing."
OWN = sorted(set(TOKENIZERS) - {"sentence"})


def test_marks_are_those_of_unicode():
    pattern = re.compile(f"[{MARKS}]")
    expected = {
        c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in ("Mn", "Mc", "Me")
    }
    found = {c for c in map(chr, range(sys.maxunicode + 1)) if pattern.match(c)}
    if unicodedata.unidata_version == "14.0.0":
        assert found == expected | {"\u200c", "\u200d", "\u180e"}
    else:
        assert found - expected <= {"\u200c", "\u200d", "\u180e"}


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("word", "I love natural language processing"),
        ("whitespace", "I love natural language processing."),
        ("nltk", "I love natural language processing ."),
    ],
)
def test_tokens_of_the_notes_sentence(name, tokens):
    assert make_tokenizer(AnalysisSettings(tokenizer=name)).tokens(SENTENCE) == tokens.split()


def test_sentence_of_the_notes_is_one_sentence():
    assert make_tokenizer(AnalysisSettings(tokenizer="sentence")).tokens(SENTENCE) == [SENTENCE]


def test_a_word_keeps_inner_apostrophes_and_decimal_points():
    assert word("Don't pay 3,000.50, 'quoted' U.S.A.") == [
        "Don't",
        "pay",
        "3,000.50",
        "quoted",
        "U",
        "S",
        "A",
    ]


def test_a_word_keeps_its_marks():
    assert word("cafe\u0301 \u0939\u093f\u0928\u094d\u0926\u0940") == [
        "cafe\u0301",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
    ]


def test_characters_keep_what_joins_them():
    family = "👨\u200d👩\u200d👧"
    assert char(f"{family} 🇰🇷🇺🇸 ❤\ufe0f e\u0301 \u1112\u1161\u11ab") == [
        family, "🇰🇷", "🇺🇸", "❤\ufe0f", "e\u0301", "\u1112\u1161\u11ab",
    ]  # fmt: skip


def test_jamo_are_the_letters_of_a_syllable():
    assert jamo("닭 ㅋ a") == ["ㄷ", "ㅏ", "ㄺ", "ㅋ", "a"]
    assert jamo(unicodedata.normalize("NFD", "닭")) == ["ㄷ", "ㅏ", "ㄺ"]


@given(st.text())
def test_characters_hold_everything_but_white_space(text):
    assert "".join(char(text)) == "".join(text.split())


@pytest.mark.parametrize("name", OWN)
@given(text=st.text())
def test_places_are_where_the_tokens_stand(name, text):
    tokenizer = make_tokenizer(AnalysisSettings(tokenizer=name))
    tokens = tokenizer.analyse(text)
    assert [token.form for token in tokens] == tokenizer.tokens(text)
    for token in tokens:
        assert 0 <= token.start <= token.end <= len(text)
        if name in ("word", "whitespace", "char"):
            assert text[token.start : token.end] == token.form


def test_quotes_that_nltk_rewrites_are_found():
    text = 'He said "yes".'
    assert [text[t.start : t.end] for t in locate(text, treebank(text))] == [
        "He",
        "said",
        '"',
        "yes",
        '"',
        ".",
    ]


def nltk_tokens(text):
    from nltk.tokenize import word_tokenize

    return word_tokenize(text, preserve_line=True)


@pytest.mark.parametrize(
    "text",
    [
        "They'll say \"I can't, Mr. Lee.\"",
        "'Tis gonna rain (heavily)... isn't it? I'd've left; $5.00 & 10%.",
        "the dogs' bowls -- 'new' ones -- cost ''more''.  Gimme! I cannot.",
        "x.\t'y'\u00a0z. \" )",
        '"Quoted start." End: yes,',
        "",
        "   ",
    ],
)
def test_nltk_tokens_are_nltks(text):
    assert treebank(text) == nltk_tokens(text)


PARTS = (
    "' \" '' `` ` . .. , : a Bob cannot n't 's 'tis wanna gonna ( ) [ { < > - -- » ” ’ “ "
    "$ 5 ? ! * ; more'n d'ye "
    "'ll LL I'M _ ſ 😀 한글 é e\u0301 \u2013"
)


def test_nltk_tokens_are_nltks_on_hostile_lines():
    parts = [*PARTS.split(" "), " ", " ", " ", "\t", "\u00a0", "\x1c", "\n"]
    chance = random.Random(1)
    for _ in range(3000):
        text = "".join(chance.choice(parts) for _ in range(chance.randint(1, 14)))
        # NLTK parts a typographic mark, which our quotation marks beside Hangul are read like.
        plain = _beside().sub("’", _inside().sub("'", text))
        assert alike(treebank(text)) == alike(nltk_tokens(plain)), repr(text)


def alike(tokens):
    """The tokens with typewriter apostrophes."""
    return [token.replace("’", "'") for token in tokens]


@given(st.text(alphabet="ab'. \",()n't"))
def test_looked_up_pieces_are_what_the_rules_give(text):
    assert treebank(text) == by_rules(text)


@given(st.text(alphabet="ab'.   \",(n't\t\x85\xa0\u3000\x1c\x0b\n”-"))
@example('One.\u00a0\u3000"')
@example('a "\u00a0"b c.\x85')
def test_white_space_of_any_kind_is_what_it_is_to_nltk(text):
    assert treebank(text) == nltk_tokens(text)


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("Great movie. I loved it. Really!", "Great movie . I loved it . Really !"),
        ('It is. "Yes." (Sure.) End', "It is . `` Yes . '' ( Sure . ) End"),
        ("Mr. Lee paid $3.50. Why? 3.14 is pi.", "Mr. Lee paid $ 3.50 . Why ? 3.14 is pi ."),
        ("One.  Two.\tThree.\u00a0Four. ", "One . Two . Three . Four ."),
        ("Wait... what? Go!! Now.", "Wait ... what ? Go ! ! Now ."),
    ],
)
def test_stops_inside_a_line_are_parted_as_word_tokenize_does(line, tokens):
    tokenizer = make_tokenizer(AnalysisSettings(tokenizer="nltk"))
    assert tokenizer.tokens(line) == tokens.split()
    assert [token.form for token in tokenizer.analyse(line)] == tokens.split()


SENTENCES = st.lists(
    st.sampled_from(
        ("I can't.", 'He said "no."', "Why?", "'Tis (so).", "The end...", "U.S. law, etc.", "I am.", "3.50")
    )
)


@given(SENTENCES, st.sampled_from((" ", "  ", "\n", "\u00a0")))
def test_a_line_has_the_tokens_of_its_sentences(sentences, space):
    line = space.join(sentences)
    places = split_english(line)
    assert words(line) == [token for start, end in places for token in nltk_tokens(line[start:end])]


CONTRACTIONS = [
    "don't", "Won't", "it's", "I'd've", "they'LL", "James's", "dogs'", "cafe\u0301's", "o'clock", "l'homme",
    "rock'n'roll", "y'all", "d'ye", "more'n", "90's", "мʼята", "м'ята", "'tis", "'em", "'90s", "isn't.",
    "(can't)", '"he\'s"', "she's,", "we're;", "you've—", "x'y'z",
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("Great movie. :) I loved it.", "Great movie . : ) I loved it ."),
        ("what a year. :/ ok", "what a year . : / ok"),
        ("Loved it. 😀 Great. 😀😀 Bye.", "Loved it . 😀 Great . 😀😀 Bye ."),
        ("It works. [1] Next one.", "It works . [ 1 ] Next one ."),
        ("the number. . . then", "the number . . . then"),
        ("Very good hospitality offered.!", "Very good hospitality offered . !"),
        ("So good.? Yes.", "So good . ? Yes ."),
        ('"Stop." he said. "Go."', "`` Stop . '' he said . `` Go . ''"),
        ("He said “yes.” then left.", "He said “ yes . ” then left ."),
        ("(It was bad.) he said.", "( It was bad . ) he said ."),
        ("I liked it. ★★★★★ Wow.", "I liked it . ★★★★★ Wow ."),
        ("Buy now. $5 each. #deal", "Buy now . $ 5 each . # deal"),
        # an abbreviation keeps its stop before a sign too
        ("Dr. (Kim) and St. [Mary]", "Dr. ( Kim ) and St. [ Mary ]"),
        ("in the U.S. (and Canada) now", "in the U.S. ( and Canada ) now"),
        ("files, dirs, etc. (all) went", "files , dirs , etc. ( all ) went"),
    ],
)
def test_stops_inside_a_sentence_are_parted_too(line, tokens):
    assert words(line) == tokens.split()
    assert [token.form for token in placed_words(line)] == words(line)


@pytest.mark.parametrize("line", ["don’t a\ufdd1b it’s", "’\ufdd1’", "isn’t ok. \ufdd1 x"])
def test_no_character_stands_for_an_apostrophe(line):
    assert "".join(words(line)) == line.replace(" ", "")


@pytest.mark.parametrize("name", ["word", "nltk", "whitespace"])
@pytest.mark.parametrize("apostrophe", "’‘＇")
@given(st.lists(st.sampled_from(CONTRACTIONS), max_size=6))
def test_apostrophes_inside_words_are_alike(name, apostrophe, parts):
    """Only there: what opens or closes a quotation is a quotation mark, and those differ."""
    tokens = make_tokenizer(AnalysisSettings(tokenizer=name)).tokens
    inside = re.compile(r"(?<=\w)'(?=[^\W\d_])|(?<=\u0301)'(?=s)")
    text = " ".join(parts)
    assert [t.replace(apostrophe, "'") for t in tokens(inside.sub(apostrophe, text))] == tokens(text)


@pytest.mark.parametrize("apostrophe", "'’")
@pytest.mark.parametrize("name", ["word", "nltk", "whitespace"])
def test_stop_words_go_whatever_their_apostrophe(name, apostrophe):
    stops = load(["en"])
    text = "This is it's don't She'll WE'RE i'm isn't they've".replace("'", apostrophe)
    assert Analyzer(AnalysisSettings(tokenizer=name, stopwords=stops)).tokens(text) == []
    listed = Analyzer(AnalysisSettings(tokenizer=name, stopwords=[word.replace("'", "’") for word in stops]))
    assert listed.tokens(text) == []


@pytest.mark.parametrize("stem", ["porter", "snowball", "lancaster"])
def test_stems_are_alike_whatever_the_apostrophe(stem):
    analyzer = Analyzer(AnalysisSettings(tokenizer="whitespace", stem=stem))
    for typed in CONTRACTIONS:
        assert analyzer.tokens(typed.replace("'", "’")) == analyzer.tokens(typed)


@pytest.mark.parametrize(("opening", "closing"), ["''", "‘’", '""', "“”", "＇＇", "《》", "’’"])
@pytest.mark.parametrize("title", ["기생충", "ㅋㅋ", "漢字", "カナ", "かな", "ไทย"])
@pytest.mark.parametrize("after", ["을", "が", "는데, ", ""])
def test_quotes_beside_letters_that_write_no_apostrophe_are_quotes(opening, closing, title, after):
    expected = ["앞", title, *word(after), "K", title, "끝"]
    assert word(f"앞 {opening}{title}{closing}{after} K{opening}{title}{closing}끝") == expected


@pytest.mark.parametrize("mark", ["'", "’", "＇"])
@pytest.mark.parametrize("after", ["을", "은 봤다", "에서", ",", "이라는", ""])
@pytest.mark.parametrize("title", ["기생충", "漢字", "カナ", "BTS", "ㅋㅋ"])
def test_nltk_parts_quotes_beside_letters_that_write_no_apostrophe(mark, after, title):
    if mark == "＇" and title == "BTS":
        return
    tokens = words(f"영화 {mark}{title}{mark}{after}")
    assert tokens[:4] == ["영화", mark, title, mark]


@pytest.mark.parametrize("mark", ["'", "’"])
def test_an_english_genitive_stays_one_behind_other_letters(mark):
    assert words(f"東京{mark}s best and 삼성{mark}s.") == f"東京 {mark}s best and 삼성 {mark}s .".split()


def test_a_quoted_word_of_latin_letters_in_korean_stands_alone():
    assert word("그는 'OK'라고 ‘yes’라고 it's 삼성's") == [
        "그는", "OK", "라고", "yes", "라고", "it's", "삼성", "s",
    ]  # fmt: skip


def test_letters_that_write_no_apostrophe_are_letters():
    pattern = re.compile(f"[{UNAPOSTROPHED}]")
    names = ("HANGUL", "CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR")
    for c in map(chr, range(0x30000)):
        if c.isalpha() and unicodedata.name(c, "").startswith(names):
            assert pattern.match(c), f"{ord(c):04x} {unicodedata.name(c)}"
        if unicodedata.name(c, "").startswith(("LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "ARMENIAN")):
            assert not pattern.match(c)


def test_a_line_with_a_no_break_space_is_looked_up_too(monkeypatch):
    from nlpcli.engine.text.tokenizers import treebank as module

    texts = []
    monkeypatch.setattr(module, "by_rules", lambda text: texts.append(text) or by_rules(text))
    text = "five\u00a0km from " + "here to there, " * 9 + "at 10\u00a0am."
    assert treebank(text) == nltk_tokens(text)
    assert max(map(len, texts)) < 20


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three? Four", 4),
        ("Dr. Kim met Mr. J. Smith.", 1),
        ("It cost $3.50. He paid.", 2),
        ("We live in the U.S. The weather is fine.", 2),
        ("Apples, pears, etc. are fruit.", 1),
        ('She said "Stop!" and left.', 1),
        ("Wait... what? No.", 2),
        ("1. First item", 1),
        ("", 0),
        ("  \t ", 0),
    ],
)
def test_english_sentences(text, count):
    assert len(split_english(text)) == count


def test_korean_sentences_end_without_a_mark():
    sentences = make_tokenizer(AnalysisSettings(tokenizer="sentence"))
    text = "안녕하세요. 저는 학생입니다 오늘은 날씨가 좋네요! 😀"
    found = sentences.analyse(text)
    assert [token.form for token in found][:2] == ["안녕하세요.", "저는 학생입니다"]
    assert all(text[token.start : token.end] == token.form for token in found)


def test_whitespace_reads_back_what_it_wrote():
    tokens = whitespace("a  b\tc\u3000d")
    assert whitespace(" ".join(tokens)) == tokens


@pytest.mark.parametrize("apostrophe", "'’‘＇")
@pytest.mark.parametrize("tokenizer", ["word", "whitespace"])
def test_contractions_that_stand_apart_are_stop_words(tokenizer, apostrophe):
    text = "She 'd go . They 'll see we 've it 's I 'm you 're do n't".replace("'", apostrophe)
    one = Analyzer(AnalysisSettings(tokenizer=tokenizer, stopwords=(*load(["en"]), ".")))
    assert one.tokens(text) == ["go", "see"]
