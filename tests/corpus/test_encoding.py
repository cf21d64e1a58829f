"""Text to ids: the two roads agree, memory stays bounded, nothing is left behind."""

import bz2
import gzip
import importlib.util
import lzma
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.corpus import encoding
from nlpcli.engine.corpus.blocks import as_blocks
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import count_types, encode, encode_documents
from nlpcli.engine.corpus.scanner import Scanner, union
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.runtime import spill
from nlpcli.engine.text.invisible import visible
from nlpcli.engine.text.tokenizers import rules
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

HARD = Path(__file__).parents[2].parent / "shared" / "data" / "hard"
FIRST_SEEN = VocabularySettings(vocab_order="first-seen")

tricky = st.text(st.sampled_from("aB1_'’‘.,\u0301 \t\n\r\u00a0\u200d가힣ㅋΣσİßǅ漢ไ😀\x00\x1c٣²"), max_size=60)
unseen = st.text(
    st.sampled_from(
        "aB1 '.,’\u00ad\u2060\u200b\u200c\u200d\ufeff\u180e\u200e\u3164\uffa0\u034f\ufe0f\U000e0041\U000e0100"
        "\u0301\u0646\u064e\u060c\u0915\u094d\u1820\u180b가漢Σ❤👩①🏴\u1160\u115f"
    ),
    max_size=40,
)
any_text = st.text(max_size=60)


def through_kernel(documents: list[str], analysis: AnalysisSettings) -> list[list[str]]:
    analyzer = encoding.Analyzer(analysis)
    found = encoding._scan_blocks(as_blocks([documents]), analyzer, keep=True)
    return words(encoding.finish(found, FIRST_SEEN)) if len(found.types) else [[] for _ in documents]


def words(corpus: EncodedCorpus) -> list[list[str]]:
    return [[corpus.vocabulary.tokens[number] for number in document] for document in corpus]


@pytest.mark.parametrize("tokenizer", ["word", "whitespace"])
@pytest.mark.parametrize("lowercase", [False, True])
@settings(max_examples=150)
@given(
    documents=st.lists(st.one_of(tricky, unseen, any_text), max_size=5),
    filler=st.sampled_from([0, 20, 70, 200]),
)
def test_kernel_road_and_general_road_give_the_same_tokens(tokenizer, lowercase, documents, filler):
    documents = [
        *documents,
        "x" * filler,
    ]  # the kernel looks at 64 bytes at once only where there are so many
    analysis = AnalysisSettings(tokenizer=tokenizer, lowercase=lowercase)
    analyzer = encoding.Analyzer(analysis)
    assert through_kernel(documents, analysis) == [
        analyzer.tokens(document.replace("\n", " ")) for document in documents
    ]


@pytest.mark.skipif(not HARD.is_dir(), reason="the conformance files are not at hand")
@pytest.mark.parametrize("name", ["WordBreakTest.txt", "blns.txt", "SentenceBreakTest.txt"])
@pytest.mark.parametrize("tokenizer", ["word", "whitespace"])
def test_conformance_files_come_out_of_both_roads_the_same(name, tokenizer):
    lines = (HARD / name).read_text(encoding="utf-8").split("\n")
    if name == "WordBreakTest.txt":  # code points in hexadecimal between ÷ and ×
        marks = str.maketrans("÷×", "  ")
        cases = [line.split("#")[0].translate(marks).split() for line in lines]
        lines += ["".join(chr(int(code, 16)) for code in case) for case in cases if case]
    analysis = AnalysisSettings(tokenizer=tokenizer, lowercase=True)
    analyzer = encoding.Analyzer(analysis)
    assert through_kernel(lines, analysis) == [analyzer.tokens(line.replace("\n", " ")) for line in lines]


# Every code point takes ten seconds; up to 0x30000 and in the last plane is all that Unicode has assigned,
# and of the Han characters and syllables, which are all alike, every 16th will do.
ASSIGNED = [
    c
    for c in (*range(0x30000), *range(0xE0000, 0xE0200))
    if c % 16 == 0
    or not (0x3400 <= c < 0x9F00 or 0xAC10 <= c < 0xD790 or 0x17000 <= c < 0x18C00 or c >= 0x20000)
]
EVERY = pytest.mark.parametrize(
    "codes", [ASSIGNED, pytest.param(range(0x110000), marks=pytest.mark.slow)], ids=["assigned", "all"]
)


@pytest.mark.parametrize("text", ["ᠬᠠᠷ\u180eᠠ", "ᠠ\u180b\u180eᠠ", "ᠠ\u180e", "1\u180b\u180e", "ᠠ\u180e1"])
def test_the_vowel_separator_of_mongolian_stays_inside_its_word(text):
    assert encoding.Analyzer(AnalysisSettings()).tokens(text) == [text]
    assert through_kernel([text], AnalysisSettings()) == [[text]]


@EVERY
def test_every_character_has_the_same_class_in_the_kernel_as_in_the_regular_expression(codes):
    """Each code point alone, between letters, and between digits."""
    codes = [c for c in codes if not 0xD800 <= c < 0xE000 and c != 10]
    for start in range(0, len(codes), 200_000):
        text = " ".join(f"{c} a{c}b 1{c}2" for c in map(chr, codes[start : start + 200_000]))
        found = Scanner("word")
        numbers, _ = found.scan((text + "\n").encode(), 0)
        types, (position,) = union([found])
        assert [types.tokens[position[number]] for number in numbers] == rules.word(visible(text))


@EVERY
def test_every_character_that_has_a_lower_case_is_lowered(codes):
    """Capitals beyond ASCII are looked for by their bytes, before anything is decoded."""
    codes = [c for c in codes if c >= 0x80 and not 0xD800 <= c < 0xE000]
    found = Scanner("whitespace", lower=True)
    found.scan(("".join(f"{chr(c)}x\n" for c in codes)).encode(), 0)
    merged = union([found])[0].tokens
    expected = (token for c in codes for token in visible(f"{chr(c)}x").lower().split())
    assert merged == tuple(dict.fromkeys(expected))


def test_tables_grow_without_losing_a_type():
    text = " ".join(f"w{number} {'x' * (number % 300)}{number}" for number in range(60_000))
    analysis = AnalysisSettings()
    assert through_kernel([text], analysis) == [rules.word(text)]


def test_one_token_larger_than_the_pool_is_kept_whole():
    token = "a" * 3_000_000
    assert through_kernel([f"b {token} c"], AnalysisSettings()) == [["b", token, "c"]]


def test_types_of_two_scanners_unite_in_order_of_first_appearance():
    first, second = Scanner("word"), Scanner("word")
    second.scan(b"zebra apple a-very-long-word-here-and-longer internationalisation\n", 0)
    first.scan(b"apple pear internationalisation zebra zebra\n", 1)
    vocabulary, positions = union([first, second])
    tokens = vocabulary.tokens
    assert tokens[:2] == ("zebra", "apple") and tokens[-2:] == ("internationalisation", "pear")
    assert vocabulary.counts[vocabulary.id_of["zebra"]] == 3
    assert [tokens[p] for p in positions[0]] == ["apple", "pear", "internationalisation", "zebra"]


def test_result_does_not_depend_on_the_number_of_cores(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_text("".join(f"line {n % 977} of {n % 31} words Ω{n % 7}\n" for n in range(120_000)))
    analysis = AnalysisSettings(lowercase=True)

    def run(cores: int) -> EncodedCorpus:
        monkeypatch.setattr(encoding, "available_cores", lambda: cores)
        return encode([str(path)], analysis, VocabularySettings(min_count=2))

    one, four = run(1), run(4)
    assert one.vocabulary.tokens == four.vocabulary.tokens
    assert np.array_equal(one.ids, four.ids) and np.array_equal(one.offsets, four.offsets)


@pytest.mark.parametrize("knobs", [{}, {"min_count": 2000}, {"vocab_order": "first-seen"}])
@pytest.mark.parametrize("cores", [1, 3])
def test_ids_that_went_to_the_disk_are_those_in_memory(tmp_path, monkeypatch, cores, knobs):
    path = tmp_path / "text.txt"
    path.write_text("".join(f"Line {n % 977} of {n % 31} words Ω{n % 7}\n\n" for n in range(80_000)))
    monkeypatch.setattr(encoding, "available_cores", lambda: cores)

    def run() -> EncodedCorpus:
        return encode([str(path)], AnalysisSettings(lowercase=True), VocabularySettings(**knobs))

    held = run()
    monkeypatch.setattr(spill, "_HELD", 1000)
    spilled = run()
    assert held.vocabulary.tokens == spilled.vocabulary.tokens
    assert np.array_equal(held.ids, spilled.ids) and np.array_equal(held.offsets, spilled.offsets)


def test_min_count_drops_tokens_and_keeps_document_boundaries():
    corpus = encode_documents(
        [["a b a", "", "b c"], ["c c d", "d"]], AnalysisSettings(), VocabularySettings(min_count=3)
    )
    assert words(corpus) == [[], [], ["c"], ["c", "c"], []]
    assert corpus.documents == 5
    assert corpus.vocabulary.tokens == ("c",)


def test_ties_in_count_are_ordered_by_first_appearance():
    corpus = encode_documents([["b a c a c b d"]], AnalysisSettings(), VocabularySettings())
    assert corpus.vocabulary.tokens == ("b", "a", "c", "d")


@pytest.mark.parametrize(
    ("order", "tokens"),
    [("first-seen", ("b", "c", "a")), ("alphabetical", ("a", "b", "c")), ("frequency", ("a", "c", "b"))],
)
def test_vocabulary_orders(order, tokens):
    corpus = encode_documents([["b c c a a a"]], AnalysisSettings(), VocabularySettings(vocab_order=order))
    assert corpus.vocabulary.tokens == tokens


def test_a_given_vocabulary_is_used_as_it_is_and_other_tokens_are_dropped():
    vocabulary = Vocabulary.of(["x", "y"], [1, 1])
    corpus = encode_documents([["y z x", "z"]], AnalysisSettings(), vocabulary)
    assert corpus.ids.tolist() == [1, 0]
    assert corpus.offsets.tolist() == [0, 2, 2]
    assert corpus.vocabulary is vocabulary


def test_empty_input_is_an_error_with_a_hint(tmp_path):
    path = tmp_path / "empty.txt"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="no tokens") as caught:
        encode([str(path)], AnalysisSettings(), VocabularySettings())
    assert caught.value.hint


def test_vocabulary_cut_to_nothing_names_the_count_that_would_do(tmp_path):
    with pytest.raises(InputError, match="seen 2 times, --min-count is 5"):
        encode_documents([["a a b"]], AnalysisSettings(), VocabularySettings(min_count=5))


def pack_zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.compress(data)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, pack_zstd, bytes])
def test_compression_is_told_by_content(tmp_path, pack):
    path = tmp_path / "text.txt"  # the name says nothing
    path.write_bytes(pack("하나 둘\n셋\n".encode()))
    assert words(encode([str(path)], AnalysisSettings(), FIRST_SEEN)) == [["하나", "둘"], ["셋"]]


def test_a_compressed_file_cut_short_is_an_error(tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"word " * 100_000)[:-20])
    with pytest.raises(InputError, match="damaged or cut short"):
        encode([str(path)], AnalysisSettings(), VocabularySettings())


@pytest.mark.parametrize("size", [3, 2_000_000])
def test_crlf_bom_and_a_missing_last_newline_change_nothing(tmp_path, size):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfone two\r\n" + b"x " * size + b"\r\nlast ")
    other = tmp_path / "other.txt"
    other.write_bytes(b"more\n")
    corpus = encode([str(path), str(other)], AnalysisSettings(), FIRST_SEEN)
    assert corpus.vocabulary.tokens == ("one", "two", "x", "last", "more")
    assert np.diff(corpus.offsets).tolist() == [2, size, 1, 1]


def test_invalid_utf8_far_into_a_long_line_is_named_with_its_line(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes(b"fine\n" + b"word " * 600_000 + b"\xff\xfe oops\n")
    with pytest.raises(InputError, match=r"bad\.txt:2: .*ff fe"):
        encode([str(path)], AnalysisSettings(), VocabularySettings())


@pytest.mark.parametrize(("errors", "expected"), [("replace", 2), ("skip", 1)])
@pytest.mark.parametrize("size", [2, 400_000])
def test_bytes_that_are_not_text_can_be_replaced_or_skipped(tmp_path, errors, expected, size):
    path = tmp_path / "bad.txt"
    path.write_bytes(b"wo\xffrd " * size)
    corpus = encode([str(path)], AnalysisSettings(), FIRST_SEEN, InputSettings(errors=errors))
    assert len(corpus.vocabulary) == expected
    assert len(corpus.ids) == expected * size


def test_other_encodings_reach_the_kernel_too(tmp_path):
    path = tmp_path / "korean.txt"
    path.write_bytes(("한국어 문장 하나\n" * 200_000).encode("cp949"))
    corpus = encode([str(path)], AnalysisSettings(), FIRST_SEEN, InputSettings(encoding="cp949"))
    assert corpus.vocabulary.tokens == ("한국어", "문장", "하나")
    assert corpus.vocabulary.counts.tolist() == [200_000] * 3


def test_the_spool_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    corpus = encode_documents([["a b c"]], AnalysisSettings(), VocabularySettings())
    assert len(corpus.ids) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_korean_analyser_in_several_processes_gives_what_it_gives_in_one(monkeypatch):
    if not any(map(importlib.util.find_spec, ("mecab", "mecab_ko"))):
        pytest.skip("neither python-mecab-ko nor mecab-ko is installed")
    lines = [f"왕자는 {number}번째 사과를 먹었다." for number in range(700)]
    analysis = AnalysisSettings(tokenizer="mecab")
    monkeypatch.setattr(encoding, "available_cores", lambda: 2)
    several = encode_documents([lines], analysis, FIRST_SEEN)
    monkeypatch.setattr(encoding, "available_cores", lambda: 1)
    one = encode_documents([lines], analysis, FIRST_SEEN)
    assert several.vocabulary.tokens == one.vocabulary.tokens
    assert np.array_equal(several.ids, one.ids) and np.array_equal(several.offsets, one.offsets)
    assert len(one.ids) > 3000


def test_count_gives_the_vocabulary_alone(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("b a b\nA b\n")
    counted = count_types([str(path)], AnalysisSettings(lowercase=True)).types
    assert dict(zip(counted.tokens, counted.counts.tolist(), strict=True)) == {"b": 3, "a": 2}
