"""What layout a file of word vectors has, told by its content: headers that lie, binary, compression."""

from __future__ import annotations

import gzip
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlpcli.engine.vectors.text_layout import head_of
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.engine.vectors.writing import write_vectors
from nlpcli.errors import InputError
from nlpcli.wording import counted
from tests.command_line import Processes
from tests.io.test_file_kinds import archive
from tests.vectors.test_facebook import COMPRESS


def loaded(folder: Path, content: bytes) -> Vectors:
    (folder / "h.txt").write_bytes(content)
    return Vectors.load(str(folder / "h.txt"))


def shown(vectors: Vectors) -> dict[str, list[float]]:
    return dict(zip(vectors.tokens, vectors.matrix.astype(np.float64).round(3).tolist(), strict=True))


# --- the family of files whose first line says something else than the rest -------------------


@pytest.mark.parametrize("claimed", [1, 2, 3, 5, 300])
@pytest.mark.parametrize("ending", ["\n", "\r\n", " \n", "\t\n"])
@pytest.mark.parametrize("separator", [" ", "\t", "  "])
def test_a_header_of_another_dimension_names_both(
    tmp_path: Path, claimed: int, ending: str, separator: str
) -> None:
    rows = ["the", ".1", ".2", ".3", ".4"], ["한국 cat", ".2", "-1e-1", ".4", "3"]
    text = f"2 {claimed}{ending}" + "".join(separator.join(row) + ending for row in rows)
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, text.encode())
    assert "h.txt:1:" in caught.value.message
    assert f" {counted(claimed, 'number')} per word" in caught.value.message
    assert "row has 4" in caught.value.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("2 2\nthe .1 x\ncat .2 .1\n", ":2: expected a word and 2 numbers"),
        ("2 2\nthe .1 .2\ncat .2 .1 .3\n", ":3: expected a word and 2 numbers"),
        ("2 2\nthe .1 .2\n5 .2 .1 .3\n", ":3: expected a word and 2 numbers"),
        ("2 2\nthe .1 .2\ncat .2\n", ":3: expected a word and 2 numbers"),
        ("2 2\nthe .1 .2\n\ncat 1_0 .2\n", ":4: expected a word and 2 numbers"),
        ("2 2\nthe .1 .2\ncat 0x1 .2\n", ":3: expected a word and 2 numbers"),
        ("2 2\nthe .1 .2\ncat 1,5 .2\n", ":3: expected a word and 2 numbers"),
        ("2 2\nthe .1 -inf\ncat .1 .2\n", ":2: a number of the vector is nan, inf"),
        ("2 2\nthe .1 .2\ncat .1 NaN\n", ":3: a number of the vector is nan, inf"),
        ("the .1 .2\ncat .1 .2 .3\ndog 1 2\n", ":2: expected a word and 2 numbers"),
        ("the .1 .2\ncat .1\ndog 1 2\n", ":2: expected a word and 2 numbers"),
        ("3 2\nthe .1 .2\ncat .1 .2\n", "promises 3 words, the file holds 2"),
        ("1 2\nthe .1 .2\ncat .1 .2\n", "promises 1 word, the file holds 2"),
        ("2 7\nthe 2\ncat 3\n", ":1: the first line promises 7 numbers per word, every row has 1"),
        ("2 0\nthe\ncat\n", "no word vectors"),
        ("0 300\n", "no word vectors|promises 0"),
        ("2 300\n", "promises 2 words, the file holds 0"),
        ("2 2\nthe one two\ncat two one\n", ":2: expected a word and 2 numbers"),
    ],
)
def test_what_is_wrong_with_a_row_or_a_count_is_told_with_its_line(
    tmp_path: Path, content: str, message: str
) -> None:
    for text in (content, content.replace("\n", "\r\n"), "\ufeff" + content, content.rstrip("\n")):
        with pytest.raises(InputError, match=message):
            loaded(tmp_path, text.encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("2 2\nthe .1 .2\ncat .3 .4\n", {"the": [0.1, 0.2], "cat": [0.3, 0.4]}),
        ("2\t2\nthe\t.1\t.2\ncat\t.3\t.4\n", {"the": [0.1, 0.2], "cat": [0.3, 0.4]}),
        ("2 2 \nthe .1 .2 \ncat  .3  .4 \n", {"the": [0.1, 0.2], "cat": [0.3, 0.4]}),
        ("2 2\nNew York .1 .2\na\u00a0b .3 .4\n", {"New York": [0.1, 0.2], "a\u00a0b": [0.3, 0.4]}),
        ("2 2\n .1 .2\ncat .3 .4\n", {"": [0.1, 0.2], "cat": [0.3, 0.4]}),
        ("2 2\n7 8 9\n1e3 .3 .4\n", {"7": [8, 9], "1e3": [0.3, 0.4]}),
        ("5 7\nthe 2\ncat 3\n", {"5": [7], "the": [2], "cat": [3]}),  # no header: a word and its number
        ("2 1\nthe 2\ncat 3\n", {"the": [2], "cat": [3]}),
        ("3 2\nthe .1 .2\ncat .3 .4\nthe 9 9\n", {"the": [0.1, 0.2], "cat": [0.3, 0.4]}),
    ],
)
def test_what_is_right_is_read_whatever_it_looks_like(
    tmp_path: Path, content: str, words: dict[str, list[float]]
) -> None:
    for text in (content, content.replace("\n", "\r\n"), "\ufeff" + content, content.rstrip("\n")):
        assert shown(loaded(tmp_path, text.encode())) == words


# --- text and binary --------------------------------------------------------------------------

FLOATS = st.floats(-8, 8, width=32).filter(lambda value: value == 0 or abs(value) > 1e-3)
WORDS = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=8)


@st.composite
def vectors(draw: st.DrawFn) -> dict[str, list[float]]:
    dim = draw(st.integers(1, 6))
    return draw(st.dictionaries(WORDS, st.lists(FLOATS, min_size=dim, max_size=dim), min_size=1, max_size=6))


def binary(words: dict[str, list[float]], newline: bytes) -> bytes:
    dim = len(next(iter(words.values())))
    rows = (word.encode() + b" " + struct.pack(f"<{dim}f", *row) + newline for word, row in words.items())
    return b"%d %d\n" % (len(words), dim) + b"".join(rows)


@given(vectors(), st.sampled_from([b"", b"\n"]))
@example({"0": [struct.unpack("<f", b"6\n\x19@")[0]]}, b"")
def test_binary_is_never_read_as_text(words: dict[str, list[float]], newline: bytes) -> None:
    assert head_of(binary(words, newline), True, "x").is_binary


@given(vectors(), st.booleans(), st.sampled_from(["{!r}", "{:.6f}", "{:g}"]))
def test_text_is_never_read_as_binary(words: dict[str, list[float]], lies: bool, form: str) -> None:
    dim = len(next(iter(words.values())))
    lines = [" ".join([word, *map(form.format, row)]) for word, row in words.items()]
    for claimed in range(1, 40) if lies else (dim,):
        text = f"{len(words)} {claimed}\n" + "\n".join(lines) + "\n"
        try:
            assert not head_of(text.encode(), True, "x").is_binary
        except InputError as error:
            assert lies
            assert str(claimed) in error.message


@pytest.mark.parametrize("rows", [["the ab cd", "cat ef gh"], ["the .1 xyz", "cat .2 uvw"]])
def test_text_whose_length_fits_a_binary_file_is_text(tmp_path: Path, rows: list[str]) -> None:
    text = "\n".join(rows) + "\n"
    first = rows[0].partition(" ")[2]
    padded = "".join(f"{row.partition(' ')[0]} {first[:8]:8}" for row in rows)
    for content in (f"2 2\n{text}", f"2 2\n{padded}"):
        with pytest.raises(InputError, match=r"h\.txt:2: expected a word"):
            loaded(tmp_path, content.encode())


def test_a_word_of_a_space_in_a_binary_file_is_an_error_and_does_not_shift_the_rest(tmp_path: Path) -> None:
    content = binary({"the": [1.0, 2.0], " ": [3.0, 4.0], "cat": [5.0, 6.0]}, b"")
    with pytest.raises(InputError, match="word 2 is empty"):
        loaded(tmp_path, content)


# --- compressed -------------------------------------------------------------------------------

TOKENS = ["the", "서울", "naïve", "C++"]
MATRIX = np.random.default_rng(5).normal(size=(4, 7)).astype(np.float32)


@pytest.mark.parametrize("ending", COMPRESS)
@pytest.mark.parametrize("name", ["v.safetensors", "v.txt", "v.bin", "v.glove", "v.npy", "v.npz", "v.tsv"])
def test_every_layout_opens_compressed_under_any_name(tmp_path: Path, name: str, ending: str) -> None:
    write_vectors(tmp_path / name, TOKENS, MATRIX)
    for path in [*tmp_path.iterdir()]:
        path.with_name(path.name + ending).write_bytes(COMPRESS[ending](path.read_bytes()))
    content = (tmp_path / (name + ending)).read_bytes()
    other = tmp_path / ("w" + name[1:])
    if name not in ("v.npy", "v.tsv"):  # whose words stand in a file beside them, found by the name
        other = tmp_path / "nothing-told"
    else:
        beside = {"v.npy": "v.vocab", "v.tsv": "v.metadata.tsv"}[name]
        (tmp_path / ("w" + beside[1:])).write_bytes((tmp_path / (beside + ending)).read_bytes())
    other.write_bytes(content)
    for path in (tmp_path / (name + ending), other):
        found = Vectors.load(str(path))
        assert list(found.tokens) == TOKENS
        assert found.matrix.tobytes() == MATRIX.tobytes()


@pytest.mark.parametrize("name", ["v.safetensors", "v.txt", "v.bin"])
def test_a_compressed_file_that_is_cut_short_is_an_error(tmp_path: Path, name: str) -> None:
    write_vectors(tmp_path / name, TOKENS * 1, MATRIX)
    content = gzip.compress((tmp_path / name).read_bytes())
    (tmp_path / "v.gz").write_bytes(content[:-9])
    with pytest.raises(InputError, match="damaged or cut short"):
        Vectors.load(str(tmp_path / "v.gz"))


MEASURE = """
import resource, sys
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.wording import counted
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024
Vectors.load(sys.argv[1])
before = peak()
loaded = Vectors.load(sys.argv[2])
print(peak() - before, loaded.matrix.nbytes, len(loaded))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read in /proc")
@pytest.mark.parametrize("layout", ["fastText", "word2vec"])
def test_opening_takes_the_matrix_and_a_bounded_buffer(
    process: Processes, tmp_path: Path, layout: str
) -> None:
    from tests.vectors.facebook_files import facebook_file

    words, dim, bucket = 15_000, 250, 10_000
    if layout == "fastText":
        small = facebook_file(dim=4).data
        entries = [(f"w{number}", 1) for number in range(words)]
        large = facebook_file(entries, dim=dim, bucket=bucket).data
        whole = 4 * dim * (words + bucket)
    else:
        row = np.ones(dim, "<f4").tobytes()
        small = binary({"a": [1.0, 2.0]}, b"\n")
        large = b"%d %d\n" % (words, dim) + b"".join(b"w%d " % number + row for number in range(words))
        whole = 4 * dim * words
    for name, content in (("small.gz", small), ("large.gz", large)):
        (tmp_path / name).write_bytes(gzip.compress(content, 1))
    peak, _, count = map(int, process.python(MEASURE, "small.gz", "large.gz").out.split())
    assert count == words
    assert peak < whole + (40 << 20)


# --- arrays of numpy ------------------------------------------------------------------------


def test_vectors_in_npz_are_arrays_that_numpy_loads(nlpcli, tmp_path):
    (tmp_path / "v.txt").write_text("New_York 1 0\n서울 0 1\n")
    nlpcli("convert", "v.txt", "v.npz", code=0)
    with np.load(tmp_path / "v.npz") as arrays:
        assert arrays["words"].tolist() == ["New_York", "서울"]
        assert arrays["vectors"].tolist() == [[1, 0], [0, 1]]
    assert "vectors of 2 words" in nlpcli("inspect", "v.npz").out
    assert nlpcli("similar", "-", "서울", input=(tmp_path / "v.npz").read_bytes()).out == (
        nlpcli("similar", "v.txt", "서울").out
    )


@pytest.mark.parametrize(
    ("arrays", "error"),
    [
        ({"words": ["a", "b", "c"], "vectors": np.ones((2, 3))}, "3 words and 2 vectors"),
        ({"words": ["a"], "vectors": np.array([[np.nan]])}, "does not hold finite numbers"),
        ({"words": [1, 2], "vectors": np.ones((2, 3))}, "its array words is int64"),
        ({"words": ["a"], "rows": np.ones((1, 3))}, "holds no word vectors, but arrays called words, rows"),
    ],
)
def test_other_arrays_are_no_vectors(nlpcli, tmp_path, arrays, error):
    np.savez(tmp_path / "v.npz", **arrays)
    assert error in nlpcli("convert", "v.npz", "v.txt", code=1).err
    (tmp_path / "v.npz").write_bytes((tmp_path / "v.npz").read_bytes()[:-30])
    assert "v.npz: not word vectors" in nlpcli("similar", "v.npz", "a", code=1).err


def test_what_is_no_text_is_told_by_what_it_is(nlpcli, tmp_path):
    (tmp_path / "ls").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(64))
    (tmp_path / "v.zip").write_bytes(archive("v.txt"))
    (tmp_path / "v.xlsx").write_bytes(archive("xl/workbook.xml"))
    assert "ls: this is a program, not word vectors" in nlpcli("similar", "ls", "a", code=1).err
    assert "v.zip: not word vectors" in nlpcli("similar", "v.zip", "a", code=1).err
    assert "this is an Excel workbook, not word vectors" in nlpcli("similar", "v.xlsx", "a", code=1).err
