"""A long line in pieces gives what it gives as a whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.corpus import blocks, encoding
from nlpcli.engine.io import lines as reading
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.text import word_lines
from nlpcli.settings.input import InputSettings
from tests.command_line import ROOT, within

MODELS = ROOT / "tests" / "models"
TEXTS = [
    b"", b"\n", b"a", b"a b c\n", b"a b c ", b"a b\r\n\r\nc d", b" \t a  b \n\n  ", b"word " * 50,
    b"word\t" * 50 + b"\nend", b"unbroken" * 30 + b"\nx y",
    "하늘은 맑고 e\u0301 don't 3.14 Σας ΟΔΟΣ \U0001f468\u200d\U0001f469 x\n".encode() * 5,
    b"\xef\xbb\xbfmark and more words than fit\nnext line of it\n",
]  # fmt: skip


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 7)
    monkeypatch.setattr(reading, "_LONG_LINE", 10)


def rejoined(path, reading_settings):
    whole, goes_on = [], False
    lines = Lines([path], reading_settings)
    for batch, more in lines.pieces():
        if goes_on:
            whole[-1] += batch[0]
        whole += batch[goes_on:]
        goes_on = more
    assert not goes_on and lines.number == len(whole)
    return whole


@pytest.mark.parametrize("encoding", ["utf-8", "auto", "utf-16", "cp949"])
@pytest.mark.parametrize("text", TEXTS)
def test_pieces_add_up_to_lines(small, tmp_path, text, encoding):
    path = str(tmp_path / "text")
    if encoding in ("utf-16", "cp949"):
        text = text.decode("utf-8-sig").encode(encoding, "replace")
    with open(path, "wb") as file:
        file.write(text)
    how = InputSettings(encoding=encoding, errors="replace")
    assert rejoined(path, how) == list(Lines([path], how))


@settings(max_examples=20)
@given(
    st.lists(
        st.sampled_from(["a", " ", "\t", "\n", "\r", "가", "word", "3.14 ", "e\u0301", " ", "\u3000"]),
        max_size=60,
    )
)
def test_commands_give_the_same_for_any_size_of_piece(tmp_path_factory, parts):
    folder = tmp_path_factory.getbasetemp()
    (folder / "text").write_bytes("".join(parts).encode())
    for command in (
        ("vectorize",),
        ("vectorize", "--method", "hashing", "--hash-bits", "4"),
        ("vectorize", "--tokenizer", "char"),
        ("classify", str(MODELS / "naive-bayes.safetensors"), "--proba"),
        ("tokenize",),
        ("tokenize", "--tokenizer", "whitespace", "--lowercase"),
        ("tokenize", "--stopwords", "en", "--lowercase"),
        ("tokenize", "--tokenizer", "char"),
        ("tokenize", "--tokenizer", "jamo", "--stopwords", "en"),
        ("normalize", "--unicode", "nfkd", "--lowercase", "--full-width", "--strip-control"),
    ):
        expected = within(*command, "text", cwd=folder, code=None)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(reading, "CHUNK", 5)
            patched.setattr(reading, "_LONG_LINE", 6)
            patched.setattr(blocks, "_LARGE", 4)
            patched.setattr(encoding, "_SMALL", 0)
            patched.setattr(word_lines, "_SMALL", 4)
            done = within(*command, "text", cwd=folder, code=None)
            assert (done.stdout, done.err) == (expected.stdout, expected.err), command


@pytest.mark.parametrize(
    "documents", [[], ["", ""], ["a b", "c"], ["a b c d e f g", "", "\n\n x"], ["가 " * 9, "b"]]
)
def test_long_documents_in_memory_are_cut_at_white_space(monkeypatch, documents):
    whole = b"".join(blocks.as_blocks([documents]))
    monkeypatch.setattr(blocks, "_LARGE", 4)
    pieces = list(blocks.as_blocks([documents]))
    assert b"".join(pieces) == whole and whole.count(b"\n") == len(documents)
    assert all(piece[-1:] in b" \n" for piece in pieces)
    assert max(map(len, pieces), default=0) <= 8


def test_an_error_in_a_long_line_has_its_number(small, nlpcli, tmp_path):
    (tmp_path / "text").write_bytes(b"one\n" + b"word " * 40 + b"\xff word\nlast\n")
    assert "error: text:2: not utf-8: bytes ff" in nlpcli("tokenize", "text", code=1).err
