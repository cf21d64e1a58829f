"""The fast road of `tokenize` writes, byte for byte, what the general road writes."""

import functools
import itertools
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlpcli.engine.text import word_lines, word_writer
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.word_writer import WordWriter
from nlpcli.settings.text import AnalysisSettings

HARD = Path(__file__).parents[2].parent / "shared" / "data" / "hard"
STOPS = ("a", "don't", "ab", "é", "하늘", "그렇지않으면서도말이다", "x" * 16, "x" * 17, "Σας", "1", "а", "i̇")
ANALYSES = [
    AnalysisSettings(tokenizer=tokenizer, lowercase=lowercase, stopwords=stops)
    for tokenizer in ("word", "whitespace")
    for lowercase in (False, True)
    for stops in ((), STOPS)
]

words = st.sampled_from(
    [*STOPS, "Don’t", "DON'T", "donʼt", "A\u00ad", "Ab", "É", "İ", "ΣΑΣ", "ẞ", "K", "Ⱥ", "😀", "\ud800", "𞤀b",
     "𐐀", "ㅋ", "\u3164가", "کتاب\u200cها", "👩\u200d👧", "Дом", "3.14", "3,", "_", "漢字", "\x00", "x" * 15,
     "X" * 16, "하늘" * 3, "e\u0301", "ꙮ", "\uffff", "\U0010ffff", "ῼ", "Ǆ"]
)  # fmt: skip
gaps = st.sampled_from(
    [" ", " ", " ", "\n", "\t", "\r\n", "  ", "\n\n", "!", "\u200b", "", "\u3000", "\x1c", "\x85"]
)
hostile = st.lists(st.tuples(words, gaps), max_size=40).map(lambda parts: "".join(map("".join, parts)))
any_text = st.text(max_size=60) | st.text(
    st.characters(categories=["Lu", "Lt", "Mn", "Cf", "Zs"]), max_size=60
)


@functools.cache
def writer_for(analysis: AnalysisSettings) -> WordWriter:
    return WordWriter(Analyzer(analysis))


def general(text: str, analysis: AnalysisSettings) -> bytes:
    tokens = Analyzer(analysis).tokens
    return "\n".join(" ".join(tokens(line)) for line in text.split("\n")).encode("utf-8", "replace")


@pytest.mark.parametrize(
    "analysis",
    ANALYSES,
    ids=lambda analysis: f"{analysis.tokenizer}-{analysis.lowercase}-{len(analysis.stopwords)}",
)
@settings(max_examples=60)
@given(text=hostile | any_text, filler=st.sampled_from([0, 20, 70, 200]))
@example(text="a\u00ad a\u00ad\nb a\u00ad a\u00ad\na\u00ad b", filler=0)
def test_both_roads_write_the_same(analysis, text, filler):
    text += (
        "\n" + "xY가 " * filler + "\n"
    )  # the kernel looks at 64 bytes at once only where there are so many
    assert writer_for(analysis).words(text.encode("utf-8", "surrogatepass")) == general(text, analysis)


@settings(max_examples=30)
@given(
    analysis=st.sampled_from(ANALYSES),
    text=hostile,
    cuts=st.lists(st.integers(0, 200), max_size=6),
    small=st.sampled_from([0, 20, 1000]),
)
def test_where_blocks_end_makes_no_difference(analysis, text, cuts, small):
    raw = text.encode("utf-8", "surrogatepass") + b"\n"
    places = sorted({0, len(raw), *(raw.rfind(b" ", 0, cut) + 1 for cut in cuts)})
    blocks = [raw[begin:end] for begin, end in itertools.pairwise(places)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(word_lines, "_SMALL", small)
        assert b"".join(word_lines.word_lines(blocks, analysis)) == general(text + "\n", analysis)


def test_more_odd_words_than_the_kernel_has_room_for(monkeypatch):
    monkeypatch.setattr(word_writer, "_ODD", word_writer._BATCH)
    text = "a\u00adb İ c\n" * 2000
    for analysis in ANALYSES:
        writer = WordWriter(Analyzer(analysis))
        assert writer.words(text.encode()) == general(text, analysis)
        assert writer.words(b"") == b"" and writer.words(b"\n") == b"\n"


@pytest.mark.skipif(not HARD.is_dir(), reason="the conformance files are not at hand")
@pytest.mark.parametrize("name", ["WordBreakTest.txt", "blns.txt", "NormalizationTest.txt"])
def test_conformance_files(name):
    text = (HARD / name).read_text(encoding="utf-8")
    if name == "NormalizationTest.txt":  # code points in hexadecimal
        fields = (line.split("#")[0].split(";")[:5] for line in text.split("\n")[::3])
        text = "".join(
            chr(int(code, 16))
            for line in fields
            for field in line
            if field[:1] != "@"
            for code in field.split()
        )
    for analysis in ANALYSES:
        assert WordWriter(Analyzer(analysis)).words(text.encode()) == general(text, analysis)


def test_every_character_that_may_have_a_case_is_lowered_as_python_does():
    codes = (code for code in range(0x1F000) if not 0xD800 <= code < 0xE000 and code != 10)
    text = "".join(f"x{chr(code)}y {chr(code)}\n" for code in codes)
    analysis = AnalysisSettings(tokenizer="whitespace", lowercase=True)
    assert writer_for(analysis).words(text.encode()) == general(text, analysis)


def test_lines_before_bad_bytes_are_written(nlpcli, tmp_path, monkeypatch):
    monkeypatch.setattr(word_lines, "_SMALL", 0)
    (tmp_path / "text").write_bytes("one, é\ntwo\nthree ".encode() + b"\xff\nfour\n")
    done = nlpcli("tokenize", "text", code=1)
    assert done.stdout == "one é\ntwo\n".encode() and "error: text:3: not utf-8: bytes ff" in done.err
