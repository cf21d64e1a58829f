"""From line to tokens as the settings say: filters, lemmas, stems, places."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.text.analyzer import Analyzer, isolated
from nlpcli.engine.text.stopwords import load
from nlpcli.engine.text.tagsets import check_beginnings
from nlpcli.errors import SettingsError
from nlpcli.settings.text import AnalysisSettings

KO = load(["ko"])


@functools.cache
def _analyzer(settings):
    return Analyzer(settings)


def analyzer(**settings):
    """One for each settings: Java's analysers take seconds to read their dictionaries."""
    return _analyzer(AnalysisSettings(**settings))


def tokens(text, **settings):
    return analyzer(**settings).tokens(text)


def test_english_stop_words_go_whatever_their_case():
    assert tokens("The cat IS on the mat", stopwords=load(["en"])) == ["cat", "mat"]


def test_korean_particles_and_endings_go_by_tag():
    assert tokens("나는 학교에서 밥을 먹었다.", tokenizer="kiwi", stopwords=KO) == ["나", "학교", "밥", "먹"]


def test_a_noun_that_looks_like_a_particle_stays():
    assert "은" in tokens("은 반지를 샀다", tokenizer="kiwi", stopwords=KO)


def test_korean_stop_words_go_by_list_where_tags_are_not_known():
    assert tokens("그리고 너 는 학교 에서", stopwords=KO) == ["너", "학교"]


def test_stems_of_the_notes():
    for stem in ("porter", "snowball", "lancaster"):
        assert tokens("jumps jumping jumped", stem=stem) == ["jump"] * 3


def test_lemmas_of_the_notes():
    assert tokens("is am are", lemma=True) == ["be"] * 3
    assert tokens("먹으므로 먹고 먹니 먹지 먹으며 먹어서", lemma=True) == ["먹다"] * 6
    assert tokens("맑고 맑지만 맑았는데 맑은", lemma=True) == ["맑다"] * 4


@pytest.mark.parametrize("option", [{"lemma": True}, {"stem": "korean"}])
def test_morphemes_become_dictionary_forms(option):
    found = tokens("하늘이 맑았는데 공부했다", tokenizer="kiwi", stopwords=KO, **option)
    assert found == ["하늘", "맑다", "공부하다"]


def test_a_user_list_counts_by_word_alone():
    assert tokens("나는 밥을 먹었다", tokenizer="kiwi", stopwords=("밥", "는")) == [
        "나",
        "을",
        "먹",
        "었",
        "다",
    ]


def test_tokens_are_kept_and_dropped_by_tag():
    text = "나는 맑은 하늘을 보았다"
    assert tokens(text, tokenizer="kiwi", keep_pos=("NN,V",)) == ["맑", "하늘", "보"]
    assert tokens(text, tokenizer="kiwi", drop_pos=("J", "E")) == ["나", "맑", "하늘", "보"]
    assert tokens(text, tokenizer="kiwi", keep_pos=("NOUN",)) == ["하늘"]


@pytest.mark.parametrize(
    ("tokenizer", "tag", "hint"),
    [
        ("kiwi", "XYZ", "there are EC"),
        ("kiwi", "nng", "did you mean NNG?"),
        ("morph", "VBD", "one of --tokenizer nltk"),
        ("word", "NNG", "one of --tokenizer kiwi"),
        ("nltk", "verb", "did you mean"),
        ("okt", "Nuon", "did you mean Noun?"),
        ("mecab", "JKX", "did you mean J"),
        ("kkma", "EZZ", "there are"),
    ],
)
@pytest.mark.parametrize("option", ["keep_pos", "drop_pos"])
def test_a_tag_that_no_tag_begins_with_is_refused(tokenizer: str, tag: str, hint: str, option: str) -> None:
    with pytest.raises(SettingsError, match=f"--{option.replace('_', '-')} {tag}: no tag") as error:
        isolated(AnalysisSettings(tokenizer=tokenizer, **{option: ("N", tag)}), "tokens", 1.0)
    assert hint in (error.value.hint or "")


@pytest.mark.parametrize(
    ("tokenizer", "tags"),
    [
        ("kiwi", "VV-R,MMD,NOUN,N"),
        ("kkma", "EFN,VXV,ETD"),
        ("okt", "Josa,Alpha,J,ADP"),
        ("nltk", "VB,PRP$,AUX"),
    ],
)
def test_tags_of_any_set_are_taken(tokenizer: str, tags: str) -> None:
    check_beginnings(tokenizer, "--keep-pos", tags.split(","))


@pytest.mark.parametrize("settings", [{"keep_pos": ("N",)}, {"drop_pos": ("N",)}, {"tag_english": True}])
def test_tags_need_a_tokenizer_that_knows_them(settings):
    with pytest.raises(SettingsError, match="knows no tags"):
        analyzer(tokenizer="char", **settings)


def test_a_mask_is_one_token():
    text = "보기 https://a.kr/b에서 5개"
    for name in ("word", "whitespace", "nltk", "char", "kiwi"):
        assert "<url>" in tokens(text, tokenizer=name, mask=("url,number",))


@pytest.mark.parametrize("name", ["word", "whitespace", "char", "jamo", "nltk", "kiwi"])
@given(text=st.text(alphabet="가나 ㅋＡ!<>aé\u0301😀\u1112\u1161http://.k5", max_size=40))
def test_places_are_right_after_normalisation(name, text):
    one = analyzer(tokenizer=name, unicode="nfkc", mask=("url,emoji",), strip=("number",), squeeze_repeats=2)
    found = one.analyse(text)
    assert [token.form for token in found] == one.tokens(text)
    assert all(0 <= token.start <= token.end <= len(text) for token in found)
    # Kiwi restores a copula that is not written (나 for 이나); such a morpheme has a place and no width.
    assert all(token.start < token.end or (name == "kiwi" and token.tag == "VCP") for token in found)


def test_a_normalised_token_is_placed_in_the_original():
    text = "<b>Ｃａｆｅ\u0301</b> x"
    token = analyzer(unicode="nfkc", html=True).analyse(text)[0]
    assert (token.form, text[token.start : token.end]) == ("Café", "Ｃａｆｅ\u0301")


@given(st.text(alphabet="AaΣσ가 나'’.,3\u0301"))
def test_finishing_types_is_what_tokens_does(text):
    one = analyzer(lowercase=True, stopwords=("a", "가/J"))
    assert one.is_plain
    bare = analyzer().tokens(text)
    assert [form for form in one.finish(bare) if form is not None] == one.tokens(text)


@pytest.mark.parametrize(
    ("settings", "plain"),
    [
        ({}, True),
        ({"lowercase": True, "stopwords": ("a",), "tokenizer": "whitespace"}, True),
        ({"unicode": "nfc"}, False),
        ({"mask": ("url",)}, False),
        ({"tokenizer": "nltk"}, False),
        ({"strip": ("punct",)}, False),
    ],
)
def test_only_what_the_kernel_can_do_is_plain(settings, plain):
    assert analyzer(**settings).is_plain is plain


def test_settings_hold_content_and_come_back():
    settings = AnalysisSettings(
        tokenizer="kiwi", stopwords=KO, keep_pos=("N",), user_dict="챗봇\tNNG\n", lemma=True
    )
    again = AnalysisSettings.from_record(settings.to_record())
    assert again == settings
    assert Analyzer(again).tokens("챗봇이 말했다") == Analyzer(settings).tokens("챗봇이 말했다")


def test_regexp_tokens_and_gaps():
    assert tokens("a1b22c", tokenizer="regexp", pattern=r"\d+") == ["1", "22"]
    assert tokens("a1b22c", tokenizer="regexp", pattern=r"\d+", gaps=True) == ["a", "b", "c"]
    assert [(t.start, t.end) for t in analyzer(tokenizer="regexp", pattern=r"\w+").analyse("😀 ab")] == [
        (2, 4)
    ]


def test_regexp_needs_a_pattern_that_is_one():
    with pytest.raises(SettingsError, match="needs --pattern"):
        analyzer(tokenizer="regexp")
    with pytest.raises(SettingsError, match="not a regular expression"):
        analyzer(tokenizer="regexp", pattern="(")


@pytest.mark.parametrize("tokenizer", ["word", "whitespace", "nltk", "char", "jamo", "kiwi"])
@pytest.mark.parametrize("selector", ["\ufe0f", "\ufe0e", "\ufe00", "\U000e0100"])
@pytest.mark.parametrize("text", ["works well.|", "3|.14 km", "stop!|", "(|a)", "‘|a’", "5| %|"])
def test_a_variation_selector_where_nothing_varies_is_left_out(tokenizer, selector, text):
    analyzer = Analyzer(AnalysisSettings(tokenizer=tokenizer))
    assert analyzer.tokens(text.replace("|", selector)) == analyzer.tokens(text.replace("|", ""))


@pytest.mark.parametrize(
    "text", ["❤\ufe0f", "1\ufe0f\u20e3", "©\ufe0f", "‼\ufe0f", "⚠\ufe0f", "葛\U000e0100"]
)
def test_a_variation_selector_where_something_varies_stays(text):
    assert Analyzer(AnalysisSettings(tokenizer="whitespace")).tokens(text) == [text]


ANALYSERS = ["kiwi", "mecab", "komoran", "okt", "hannanum", "kkma"]


@pytest.mark.parametrize("tokenizer", [*ANALYSERS, "regexp"])
@pytest.mark.parametrize("selector", ["\ufe00", "\ufe0f", "\U000e0100", "\U000e01ef"])
def test_variants_of_chinese_characters_part_no_words(tokenizer, selector):
    one = analyzer(tokenizer=tokenizer, pattern=r"\w+" if tokenizer == "regexp" else "")
    text = "葛城에 갔다. 邊씨"
    varied = text.replace("葛", f"葛{selector}").replace("邊", f"邊{selector}")
    found = one.analyse(varied)
    assert [token.form for token in found] == one.tokens(varied) == one.tokens(text)
    assert all(varied[token.start : token.end].replace(selector, "") for token in found)


@pytest.mark.parametrize("tokenizer", ANALYSERS)
def test_what_joins_emoji_is_no_token(tokenizer):
    text = "좋아 ❤\ufe0f 1\ufe0f\u20e3 \U0001f468\u200d\U0001f469 \U0001f3f4\U000e0067\U000e0062\U000e007f 끝"
    forms = analyzer(tokenizer=tokenizer).tokens(text)
    assert not {"\ufe0f", "\u200d", "\U000e0067", "\U000e0062", "\U000e007f"} & {*forms}
    assert "❤" in "".join(forms)


@pytest.mark.parametrize("tokenizer", ["word", "whitespace", "char", "nltk", "kiwi", "mecab", "regexp"])
@pytest.mark.parametrize("filler", ["\u115f", "\u1160", "\u17b4", "\u17b5"])
@pytest.mark.parametrize("text", ["ab| c", "가|나 다", "|ab|", "a | b", "don|'t 3|.14"])
def test_fillers_are_not_seen(tokenizer, filler, text):
    one = analyzer(tokenizer=tokenizer, pattern=r"\w+" if tokenizer == "regexp" else "")
    assert one.tokens(text.replace("|", filler)) == one.tokens(text.replace("|", ""))
