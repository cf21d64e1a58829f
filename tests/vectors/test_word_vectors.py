from __future__ import annotations

import gzip
import io
import itertools
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.model_file import write_model
from nlpcli.engine.kernels.text import vector_rows
from nlpcli.engine.vectors import text_rows
from nlpcli.engine.vectors.conversion import convert
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.engine.vectors.writing import write_vectors
from nlpcli.errors import InputError, ModelError, OutputError, SettingsError
from nlpcli.settings.vectors import ConvertSettings

TOKENS = ["the", "서울", "naïve", "C++", "👍", "don't"]
MATRIX = np.random.default_rng(5).normal(size=(6, 7)).astype(np.float32)


@pytest.mark.parametrize(
    "name", ["v.safetensors", "v.txt", "v.vec", "v.bin", "v.glove", "v.npy", "v.npz", "v.tsv"]
)
def test_written_vectors_come_back_to_the_bit(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    write_vectors(path, TOKENS, MATRIX)
    loaded = Vectors.load(path)
    assert list(loaded.tokens) == TOKENS
    assert loaded.matrix.tobytes() == MATRIX.tobytes()


@pytest.mark.parametrize("name", ["v.safetensors", "v.txt", "v.bin", "v.glove"])
def test_same_vectors_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_vectors(tmp_path / folder / name, TOKENS, MATRIX)
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_word2vec_text_as_word2vec_c_writes_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(b"2 3\n</s> 0.100000 -0.200000 0.300000 \nthe 1.000000 0.000000 -1.500000 \n")
    loaded = Vectors.load(str(path))
    assert (loaded.layout, list(loaded.tokens)) == ("word2vec", ["</s>", "the"])
    assert loaded.matrix.tolist() == np.array([[0.1, -0.2, 0.3], [1, 0, -1.5]], np.float32).tolist()


@pytest.mark.parametrize("newline", [b"", b"\n"], ids=["gensim", "word2vec.c"])
def test_word2vec_binary_is_read_with_and_without_newlines(tmp_path: Path, newline: bytes) -> None:
    path = tmp_path / "v.bin"
    rows = [
        token.encode() + b" " + row.tobytes() + newline for token, row in zip(TOKENS, MATRIX, strict=True)
    ]
    path.write_bytes(b"6 7\n" + b"".join(rows))
    loaded = Vectors.load(str(path))
    assert (loaded.layout, list(loaded.tokens)) == ("word2vec-bin", TOKENS)
    assert (loaded.matrix == MATRIX).all()


def test_glove_words_with_spaces_are_split_from_the_right(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("the 0.1 0.2 0.3\n. . . 1 2 3\nat name@domain.com 4 5 6\n1 2 3 7 8 9\n<unk> 0 0 1e-2\n")
    loaded = Vectors.load(str(path))
    assert list(loaded.tokens) == ["the", ". . .", "at name@domain.com", "1 2 3", "<unk>"]
    assert loaded.matrix[1:4].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_compressed_text_bom_tabs_crlf_and_blank_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "v.txt.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfa\t1\t2\r\n\r\nb\t3\t4\r\n"))
    loaded = Vectors.load(str(path))
    assert list(loaded.tokens) == ["a", "b"]
    assert loaded.matrix.tolist() == [[1, 2], [3, 4]]


def test_of_a_word_that_stands_twice_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 4\na 5 6\n")
    loaded = Vectors.load(str(path))
    assert (list(loaded.tokens), loaded.repeated) == (["a", "b"], 1)
    assert loaded.matrix.tolist() == [[1, 2], [3, 4]]


def test_words_that_are_not_utf8_keep_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(b"1 2\nab\xec\x84 1 2\n")
    loaded = Vectors.load(str(path))
    loaded.save(tmp_path / "w.safetensors")
    again = Vectors.load(str(tmp_path / "w.safetensors"))
    assert list(again.tokens) == list(loaded.tokens)
    assert again.tokens.text == b"ab\xec\x84"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1 2\nb 3\nc 5 6\nd 7 8 9\n", "v.txt:2: expected a word and 2 numbers"),
        (b"3 2\na 1 2\nb 3 4\n", "promises 3 words, the file holds 2"),
        (b"2 2\na 1 2\nb 3 x\n", "v.txt:3: expected a word and 2 numbers"),
        (b"2 2\na 1 2\nb nan 4\n", "v.txt:3: a number of the vector is nan"),
        (b"1 2\na 1 1e39\n", "too large"),
        (b"", "no word vectors"),
        (b"hello\nworld\n", "no word vectors"),
        (b"900000000 300\na " + bytes(1200), "promises 900,000,000 words"),
    ],
)
def test_broken_files_are_refused_with_the_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        Vectors.load(str(path))


def test_model_with_too_few_words_is_refused(tmp_path: Path) -> None:
    tokens = PackedTokens.of(["a"])
    tensors = {
        "vectors": MATRIX,
        "vocabulary.bytes": np.frombuffer(tokens.text, np.uint8),
        "vocabulary.offsets": tokens.offsets,
        "vocabulary.counts": np.ones(1, np.int64),
    }
    header = {"settings": {"dim": MATRIX.shape[1]}}
    write_model(tmp_path / "v.safetensors", "vectors", header, tensors)
    with pytest.raises(ModelError, match=r"its array vocabulary\.offsets is int64 \[2\]"):
        Vectors.load(str(tmp_path / "v.safetensors"))


@pytest.mark.parametrize("token", ["New York", "", "a\nb", "a\tb", "a\0b"])
@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.glove"])
def test_words_that_a_layout_cannot_hold_are_refused(tmp_path: Path, name: str, token: str) -> None:
    with pytest.raises(OutputError, match="word 2 is "):
        write_vectors(tmp_path / name, ["a", token], MATRIX[:2])
    assert list(tmp_path.iterdir()) == []


def test_unknown_extension_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"extension \.doc"):
        write_vectors(tmp_path / "v.doc", TOKENS, MATRIX)


def test_kernel_and_plain_reading_agree_on_every_way_to_write_a_number() -> None:
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**32, 3000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    values = np.concatenate([bits[np.isfinite(bits)], random.normal(size=3000).astype(np.float32)])
    forms = ["{:.6f}", "{!r}", "{:.9g}", "{:+.17e}", "{:.3g}", "{:.12f}"]
    fields = [forms[place % 6].format(float(value)) for place, value in enumerate(values)]
    fields += [
        "0",
        "-0.0",
        ".5",
        "5.",
        "007",
        "1E3",
        "00000000000000000000000001",
        "123456789012345678901234",
    ]
    chunk = b"".join(b"w%d %s\n" % (row, field.encode()) for row, field in enumerate(fields))
    tokens, matrix, _ = text_rows._read_compiled(chunk, 1)
    plain_tokens, plain = text_rows._read_plainly(chunk, 1, "x", 1)
    assert tokens == plain_tokens
    assert (matrix == plain).all()


def test_kernel_and_plain_writing_give_the_same_bytes() -> None:
    random = np.random.default_rng(2)
    bits = random.integers(0, 2**32, 4000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    edges = [0.0, -0.0, 1, 10, 1e8, 1e9, 999999999, 1e-4, 1e-5, 9.9999999e-5, 3.4e38, 1.4e-45, 1.001953125]
    values = np.concatenate([bits[np.isfinite(bits)], np.array(edges, np.float32), MATRIX.ravel()])
    matrix = values[: len(values) // 3 * 3].reshape(-1, 3)
    tokens = PackedTokens.of(f"w{row}" for row in range(len(matrix)))
    job = (matrix, tokens.text, tokens.offsets, b" ")
    text = text_rows._formatted_compiled(*job)
    assert text == text_rows._formatted_plainly(*job)
    assert (text_rows.read_rows(io.BytesIO(text), 3, "x")[1] == matrix).all()


def test_kernel_reads_a_hand_worked_line_without_compiling() -> None:
    text = np.frombuffer(b"a 1.5 -2e1\n\nb 1 x\n", np.uint8)
    matrix, ends, states = np.zeros((3, 2), np.float32), np.zeros(3, np.int64), np.zeros(3, np.uint8)
    starts, stops = np.array([0, 11, 12]), np.array([10, 11, 17])
    vector_rows.parse_rows.py_func(text, starts, stops, matrix, ends, states)
    assert matrix[0].tolist() == [1.5, -20.0]
    assert states.tolist() == [vector_rows.READ, vector_rows.BLANK, vector_rows.ODD]
    assert ends[0] == 1


def test_large_and_small_text_take_different_roads_to_the_same_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [f"w{row}" for row in range(5000)]
    matrix = np.random.default_rng(3).normal(size=(5000, 20)).astype(np.float32)
    path = str(tmp_path / "v.txt")
    write_vectors(path, tokens, matrix)
    plain = Vectors.load(path)
    monkeypatch.setattr(text_rows, "_SMALL", 1000)
    monkeypatch.setattr(text_rows, "_CHUNK", 100_000)
    compiled = Vectors.load(path)
    assert list(compiled.tokens) == list(plain.tokens) == tokens
    assert (compiled.matrix == matrix).all()
    assert (plain.matrix == matrix).all()


def test_an_error_in_a_large_file_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"w{row} 1 2" for row in range(20_000)]
    lines[17_000] = "w 1 zwei"
    path = tmp_path / "v.txt"
    path.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(text_rows, "_SMALL", 1000)
    monkeypatch.setattr(text_rows, "_CHUNK", 50_000)
    with pytest.raises(InputError, match=r"v\.txt:17001: expected a word and 2 numbers"):
        Vectors.load(str(path))


def test_gensim_reads_what_is_written(tmp_path: Path) -> None:
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    write_vectors(tmp_path / "v.txt", TOKENS, MATRIX)
    write_vectors(tmp_path / "v.bin", TOKENS, MATRIX)
    for name, binary in (("v.txt", False), ("v.bin", True)):
        theirs = keyedvectors.KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=binary)
        assert theirs.index_to_key == TOKENS
        assert (theirs.vectors == MATRIX).all()


def test_packed_tokens_find_by_scan_and_by_dict_alike() -> None:
    tokens = PackedTokens.of([*TOKENS, "", "the end"])
    for _ in range(3):
        for number, token in enumerate(tokens):
            assert tokens.find(token) == number
        assert tokens.find("unseen") is None
        assert tokens.find("en") is None


# --- convert --------------------------------------------------------------------------------


def test_convert_goes_through_every_layout_and_loses_nothing(tmp_path: Path) -> None:
    names = ["a.safetensors", "b.txt", "c.bin", "d.glove", "e.npy", "f.tsv", "g.vec", "h.safetensors"]
    write_vectors(tmp_path / names[0], TOKENS, MATRIX)
    for source, target in itertools.pairwise(names):
        assert convert(str(tmp_path / source), str(tmp_path / target)).words == len(TOKENS)
    assert (tmp_path / names[-1]).read_bytes() == (tmp_path / names[0]).read_bytes()


def test_projector_pair_has_a_word_per_line_and_no_header(tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.tsv", ["a b", 'say "x"'], np.array([[1, 2], [3, 4.5]], np.float32))
    assert (tmp_path / "v.tsv").read_text() == "1\t2\n3\t4.5\n"
    assert (tmp_path / "v.metadata.tsv").read_text() == 'a b\nsay "x"\n'


def test_top_and_normalize_keep_the_first_words_at_length_one(tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.safetensors", TOKENS, MATRIX, counts=[9, 8, 7, 6, 5, 4])
    settings = ConvertSettings(top=3, normalize=True)
    convert(str(tmp_path / "v.safetensors"), str(tmp_path / "w.safetensors"), settings)
    loaded = Vectors.load(str(tmp_path / "w.safetensors"))
    assert list(loaded.tokens) == TOKENS[:3]
    assert loaded.counts is not None
    assert loaded.counts.tolist() == [9, 8, 7]
    assert np.linalg.norm(loaded.matrix, axis=1) == pytest.approx(1)


@pytest.mark.parametrize(("dtype", "error"), [("float16", 2**-11), ("int8", 1 / 254)])
def test_smaller_numbers_are_near_and_their_cost_is_told(tmp_path: Path, dtype: str, error: float) -> None:
    write_vectors(tmp_path / "v.txt", TOKENS, MATRIX)
    settings = ConvertSettings(dtype=dtype)  # type: ignore[arg-type]
    quality = convert(str(tmp_path / "v.txt"), str(tmp_path / "w.safetensors"), settings).quality
    loaded = Vectors.load(str(tmp_path / "w.safetensors"))
    largest = np.abs(MATRIX).max(axis=1, keepdims=True)
    assert (np.abs(loaded.matrix - MATRIX) <= error * largest * 1.0001).all()
    assert quality is not None
    assert 0.999 < quality.cosine <= 1
    assert quality.neighbours == 1


def test_words_that_do_not_fit_are_refused_skipped_or_mended(tmp_path: Path) -> None:
    words = ["New York", "New_York", "Seoul", "", "a\nb"]
    write_vectors(tmp_path / "v.safetensors", words, MATRIX[:5])
    source, target = str(tmp_path / "v.safetensors"), str(tmp_path / "w.txt")
    with pytest.raises(OutputError, match=r"word 1 is 'New York' \(3 such\)"):
        convert(source, target)
    assert not Path(target).exists()
    done = convert(source, target, ConvertSettings(odd_words="skip"))
    assert (done.words, done.left_out, list(Vectors.load(target).tokens)) == (2, 3, ["New_York", "Seoul"])
    done = convert(source, target, ConvertSettings(odd_words="underscore"))
    assert (done.words, done.left_out, done.mended) == (4, 1, 2)
    mended = Vectors.load(target)
    assert list(mended.tokens) == ["New_York", "Seoul", "_", "a_b"]
    assert (mended.matrix == MATRIX[[1, 2, 3, 4]]).all()


def test_words_that_are_not_utf8_are_not_written_as_text(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_bytes(b"2 2\nab\xec\x84 1 2\nc 3 4\n")
    with pytest.raises(OutputError, match="not UTF-8"):
        convert(str(tmp_path / "v.txt"), str(tmp_path / "w.txt"))
    convert(str(tmp_path / "v.txt"), str(tmp_path / "w.txt"), ConvertSettings(odd_words="underscore"))
    assert list(Vectors.load(str(tmp_path / "w.txt")).tokens) == ["ab_", "c"]


def test_small_numbers_need_a_layout_that_holds_them(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--dtype int8"):
        convert("v.txt", str(tmp_path / "w.bin"), ConvertSettings(dtype="int8"))


def test_matrix_and_words_of_different_number_are_refused(tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.npy", TOKENS, MATRIX)
    (tmp_path / "v.vocab").write_text("a\n")
    with pytest.raises(InputError, match="1 word,"):
        Vectors.load(str(tmp_path / "v.npy"))


@pytest.mark.parametrize("name", ["v.npy", "v.tsv"])
def test_when_the_matrix_cannot_be_written_its_words_do_not_change_either(tmp_path: Path, name: str) -> None:
    write_vectors(tmp_path / name, TOKENS, MATRIX)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    broken = MATRIX.copy()
    broken[3] = 1e6
    with pytest.raises(OutputError):
        if name == "v.npy":
            write_vectors(tmp_path / name, TOKENS[::-1], broken, dtype="float16")
        else:
            broken[3] = np.nan
            write_vectors(tmp_path / name, TOKENS[::-1], broken)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
