"""Text made uniform: each step, its linear time, and where things stood before."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.text import normalizers
from nlpcli.engine.text.alignment import Aligned, composed
from nlpcli.engine.text.normalizers import PATTERNS, Normalizer
from nlpcli.engine.text.quick_masks import DigitRuns
from nlpcli.errors import SettingsError
from nlpcli.settings.text import MASKABLE, AnalysisSettings, NormalizeSettings

CONFORMANCE = Path(__file__).parents[3] / "shared" / "data" / "hard" / "NormalizationTest.txt"


def normalize(text, **settings):
    return Normalizer(NormalizeSettings(**settings))(text)


def test_nothing_changes_by_default():
    assert Normalizer(NormalizeSettings()).is_idle
    assert normalize(" ㅋㅋㅋ ＡＢＣ ") == " ㅋㅋㅋ ＡＢＣ "


@pytest.mark.parametrize(
    ("kind", "text", "masked"),
    [
        ("url", "보기 https://ko.wikipedia.org/wiki/대한민국에서 끝", "보기 <url>대한민국에서 끝"),
        ("url", "see (http://a.b/c?d=e&f=1), now.", "see (<url>), now."),
        ("url", "www.naver.com에서 naver.com도", "<url>에서 <url>도"),
        ("url", "Visit example.com/path/x. End.com?", "Visit <url>. End.com?"),
        ("url", "e.g. i.e. 3.5 a.b", "e.g. i.e. 3.5 a.b"),
        ("email", "kim.lee+a@mail.example.co.kr로 보내", "<email>로 보내"),
        ("email", "a@b @c", "a@b @c"),
        ("mention", "@user_1님, a@b.com @홍길동", "<mention>님, a@b.com <mention>"),
        ("hashtag", "#맛집 #1 #nlp_2!", "<hashtag> #1 <hashtag>!"),
        ("date", "2026년 11월 20일, 2026.11.20. 그리고 11월 20일", "<date>, <date> 그리고 <date>"),
        ("date", "2026-11-20 2026/11/20 11/20/2026", "<date> <date> <date>"),
        ("date", "20 November 2026; Nov 20, 2026; May 5th, 1999; may be", "<date>; <date>; <date>; may be"),
        ("date", "version 1.2.3, 2026.1, 12-34", "version 1.2.3, 2026.1, 12-34"),
        ("phone", "010-1234-5678로, 02-123-4567, 01012345678", "<phone>로, <phone>, <phone>"),
        ("phone", "+82-10-1234-5678 (02) 123-4567 1588-1234", "<phone> <phone> <phone>"),
        ("phone", "(555) 123-4567 or 555-123-4567 or +1 555 123 4567", "<phone> or <phone> or <phone>"),
        ("phone", "2026-11-20 1234-5678-9012-3456", "2026-11-20 1234-5678-9012-3456"),
        ("number", "3만원 1,000.50원 -5% abc123 10000", "<number>만원 <number>원 <number> abc123 <number>"),
        ("emoji", "좋아요👍🏽 👨\u200d👩\u200d👧 🇰🇷 1️⃣ ❤️!", "좋아요<emoji> <emoji> <emoji> <emoji> <emoji>!"),
        ("emoji", "©️ ‼️ ▶️ ㊗️ ↔️ © ‼ ▶ ㊗ ↔", "<emoji> <emoji> <emoji> <emoji> <emoji> © ‼ ▶ ㊗ ↔"),
        ("emoji", "ㅋㅋ → ★ ©", "ㅋㅋ → ★ ©".replace("★", "<emoji>")),
    ],
)
def test_masks(kind, text, masked):
    assert normalize(text, mask=(kind,)) == masked


def test_masks_may_be_named_together():
    text = "2026.11.20. a@b.com 010-1234-5678 5"
    assert normalize(text, mask=("email,date", "phone,number")) == "<date> <email> <phone> <number>"


def test_stripping_leaves_words_apart():
    assert normalize("좋아요😀정말 😀 끝😀", strip=("emoji",)) == "좋아요 정말  끝"


def test_punctuation_goes_and_masks_stay():
    text = "Hello, world! $5 https://a.kr ★"
    assert normalize(text, strip=("punct",), mask=("url",)) == "Hello world $5 <url> ★"
    assert normalize(text, strip=("punct,symbol,url",)) == "Hello world 5  "


def test_html_tags_and_entities():
    text = "<p>Tom &amp; <b>Jer</b>ry</p><!-- no --><br/>&#xAC00;&hearts; a < b > c <script>x<y</script>z"
    assert normalize(text, html=True).split() == ["Tom", "&", "Jerry", "가♥", "a", "<", "b", ">", "c", "z"]


def test_decoded_entities_are_not_tags():
    assert normalize("&lt;b&gt;", html=True) == "<b>"


def test_runs_are_cut_but_not_numbers():
    assert normalize("ㅋㅋㅋㅋ 10000 소오오오름!!! www.a", squeeze_repeats=2) == "ㅋㅋ 10000 소오오름!! www.a"
    assert normalize("aaa", squeeze_repeats=1) == "a"


def test_full_width_forms_become_ordinary():
    assert normalize("ＡＢＣ１２３！\u3000￦", full_width=True) == "ABC123! ₩"


def test_control_characters_go_and_joiners_stay():
    assert normalize("a\x00b\u200bc\ufeff\td👨\u200d👩", strip_control=True) == "abc\td👨\u200d👩"


def test_white_space_is_squeezed():
    assert normalize("  a \t\u3000 b  ", squeeze_space=True) == "a b"


def test_typed_jamo_can_stay():
    assert normalize("ㅋㅋ ①ﬁ", unicode="nfkc", keep_jamo=True) == "ㅋㅋ 1fi"
    assert normalize("ㅋ", unicode="nfkc") == "\u110f"


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="the Unicode test file is not here")
@pytest.mark.parametrize("form", ["nfc", "nfd", "nfkc", "nfkd"])
def test_unicodes_own_normalization_test_passes(form):
    normalizer = Normalizer(NormalizeSettings(unicode=form))
    expected = {"nfc": 1, "nfd": 2, "nfkc": 3, "nfkd": 4}[form]
    for line in CONFORMANCE.read_text("utf-8").split("\n"):
        fields = line.split("#")[0].split(";")
        if len(fields) >= 6:
            columns = ["".join(chr(int(code, 16)) for code in field.split()) for field in fields[:5]]
            sources = range(5) if form in ("nfkc", "nfkd") else range(3)
            for source in sources:
                assert normalizer(columns[source]) == columns[expected]


@given(st.text())
def test_places_lead_back_to_the_original(text):
    settings = NormalizeSettings(
        unicode="nfkc", html=True, full_width=True, strip_control=True, squeeze_space=True, squeeze_repeats=2,
        mask=("url,number",), strip=("emoji",),
    )  # fmt: skip
    normalizer = Normalizer(settings)
    aligned = normalizer.aligned(text)
    assert aligned.text == normalizer(text)
    edges = [aligned.place(i, i + 1) for i in range(len(aligned.text))]
    assert all(0 <= start < end <= len(text) for start, end in edges)
    assert [start for start, _ in edges] == sorted(start for start, _ in edges)


@given(st.text())
def test_composition_keeps_places(text):
    aligned = composed(text)
    assert aligned.text == unicodedata.normalize("NFC", text)
    assert all(aligned.place(i, i + 1)[1] <= len(text) for i in range(len(aligned.text)))


def test_a_mask_stands_where_its_match_stood():
    aligned = Normalizer(NormalizeSettings(mask=("url",))).aligned("😀 http://a.kr 끝")
    start = aligned.text.index("<url>")
    assert aligned.place(start, start + 5) == (2, 13)


def test_unchanged_text_keeps_no_places():
    assert Aligned("abc").sub(PATTERNS["url"], "x").starts is None


@pytest.mark.parametrize("kind", MASKABLE)
@pytest.mark.parametrize(
    "unit",
    [
        "a", "a.", "a@", "1", "1,", "1.", "-1", "http://", "www.", "#", "@", "😀\u200d", "+1 ", "<", "<!--",
        "&", " ", "a-", "01", "년", ":/", "<a ",
    ],
)  # fmt: skip
def test_no_pattern_blows_up(kind, unit):
    settings = NormalizeSettings(
        mask=(kind,), html=True, squeeze_space=True, strip_control=True, squeeze_repeats=2
    )
    normalizer = Normalizer(settings)
    normalizer(unit * (100_000 // len(unit)) + "!")  # if time grew with the square, this would take minutes


def test_unknown_kinds_are_refused():
    with pytest.raises(SettingsError, match="choose from url"):
        NormalizeSettings(mask=("link",))
    with pytest.raises(SettingsError, match="both name url"):
        NormalizeSettings(mask=("url",), strip=("url",))


def test_settings_come_back_from_a_model():
    settings = AnalysisSettings(mask=("url,date",), strip=("punct",), lowercase=True)
    assert AnalysisSettings.from_record(settings.to_record()) == settings


KINDS = """http://a.kr/x?y=1.|HTTPS://B.C|Www.d.io|e.com|f.co.kr/x,|a@b.org|@me|@나|#tag1|#1|<url>
2026년 1월 2일|'99년|12월 25일|2026. 1. 2.|2026-01-02|1/2/2026|March 3rd|3 ſep 2026|jan 5, 1999
1st May 1990|December\u00a024th|May\t1|maymar 1|junov 3, 2000|12.5.2026|don't|x’99년
+82-10-1234-5678|(02) 123-4567|01012345678|555-123-4567|1588-1234|-1,234.5%|+3|−2|٣٤|1,23
😀|👩\u200d👧|3\ufe0f\u20e3|🇰🇷"""
kinds = st.sampled_from(KINDS.replace("\n", "|").split("|"))
between = st.sampled_from(["", " ", "a", "1", "-", ".", "가", "_", "(", ")", "'", "\u00a0", "@", "#", "/"])


@settings(max_examples=400)
@given(st.lists(st.tuples(kinds, between), max_size=12).map(lambda parts: "".join(map("".join, parts))))
def test_masks_are_found_as_quickly_as_by_the_patterns_alone(text):
    runs = DigitRuns()
    for name, pattern in normalizers.PATTERNS.items():
        for replacement in (f"<{name}>", normalizers._gap):
            quick = normalizers._quick(pattern, replacement, runs)
            assert quick(text) == pattern.sub(replacement, text), name
