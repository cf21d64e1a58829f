"""The file layouts of word vectors, and how each is written.

word2vec text     `V D`, then a line per word: word, D numbers, separated by single spaces
word2vec binary   the same first line; per word: word, space, D float32, newline
GloVe text        as word2vec text without the first line
fastText binary   Facebook's `.bin`, with the subwords (`facebook.py`)
safetensors       our model file, kind "vectors": tensor `vectors` and the vocabulary; float16 and
                  int8 (with a scale per word) on request; with subwords kind "fasttext"
npy               NAME.npy, the matrix, and NAME.vocab, a word per line
npz               arrays of numpy: words and vectors
projector TSV     NAME.tsv, the matrix, and NAME.metadata.tsv, a word per line, for the TensorFlow
                  Embedding Projector

Not here: reading them (`reading.py`).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens, to_bytes
from nlpcli.engine.corpus.subwords import SubwordRule
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io import model_file
from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.paths import is_no_file
from nlpcli.engine.vectors import text_rows
from nlpcli.engine.vectors.facebook import fits_facebook, write_facebook
from nlpcli.engine.vectors.npz_vectors import write_npz
from nlpcli.engine.vectors.subwords import ABSENT, ZEROS, Subwords
from nlpcli.errors import OutputError
from nlpcli.settings.embeddings import FastTextSettings, PhraseSettings
from nlpcli.settings.text import AnalysisSettings

Path = str | os.PathLike[str]
Counts = Sequence[int] | NDArray[np.int64] | None
Dtype = Literal["float32", "float16", "int8"]
Writer = Callable[[Path, PackedTokens, NDArray[np.float32], Counts, Dtype], None]

_NOT_UTF8 = re.compile("[\ud800-\udfff]+")
# What separates words in each layout, and so cannot stand in one.
_SEPARATORS: dict[str, re.Pattern[bytes]] = {
    "word2vec": re.compile(rb"[ \t\n\r\0]"),
    "word2vec-bin": re.compile(rb"[ \t\n\r\0]"),
    "fasttext-bin": re.compile(rb"[ \t\n\r\v\f\0]"),
    "glove": re.compile(rb"[ \t\n\r\0]"),
    "npy": re.compile(rb"[\n\r\0]"),
    "npz": re.compile(rb"[\n\0]"),
    "tsv": re.compile(rb"[\t\n\r\0]"),
}


def _write_safetensors(
    path: Path,
    tokens: PackedTokens,
    matrix: NDArray[Any],
    counts: Counts,
    dtype: Dtype,
    source: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Our model file; words without counts count 1. The `source`'s header tells how its text was analysed."""
    vocabulary = Vocabulary.of(tokens, np.ones(len(tokens), np.int64) if counts is None else counts)
    header: dict[str, Any] = {name: source[name] for name in ("analysis", "phrases") if source.get(name)}
    header["settings"] = {"dim": int(matrix.shape[1])}
    stored, scales = quantized(matrix, dtype)
    tensors: dict[str, NDArray[Any]] = {"vectors": stored, **vocabulary.to_tensors()}
    if scales is not None:
        tensors["vectors.scales"] = scales
    model_file.write_model(path, "vectors", header, tensors)


def _write_word2vec(
    path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts, _dtype: Dtype
) -> None:
    """word2vec text, which is also fastText's `.vec`."""
    with write_atomically(path) as file:
        file.write(b"%d %d\n" % matrix.shape)
        text_rows.write_rows(file, tokens, matrix)


def _write_glove(
    path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts, _dtype: Dtype
) -> None:
    """GloVe text: no first line."""
    with write_atomically(path) as file:
        text_rows.write_rows(file, tokens, matrix)


def _write_binary(
    path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts, _dtype: Dtype
) -> None:
    """word2vec binary, with the newline after each word that word2vec.c writes."""
    bounds = tokens.offsets.tolist()
    rows = matrix.astype("<f4", copy=False)
    with write_atomically(path) as file:
        file.write(b"%d %d\n" % matrix.shape)
        for number, row in enumerate(rows):
            file.write(tokens.text[bounds[number] : bounds[number + 1]] + b" " + row.tobytes() + b"\n")


def _write_npy(path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts, dtype: Dtype) -> None:
    """The matrix as `.npy`, the words beside it."""
    with _beside(companion(path, "npy"), tokens), write_atomically(path) as file:
        np.save(file, quantized(matrix, dtype)[0], allow_pickle=False)


def _write_npz(path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts, dtype: Dtype) -> None:
    """Words and matrix as arrays of one `.npz`."""
    write_npz(path, tokens, quantized(matrix, dtype)[0])


def _write_tsv(
    path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts, _dtype: Dtype
) -> None:
    """The two files that projector.tensorflow.org loads; neither has a header."""
    with _beside(companion(path, "tsv"), tokens), write_atomically(path) as file:
        text_rows.write_rows(file, None, matrix, separator=b"\t")


@contextlib.contextmanager
def _beside(path: Path, tokens: PackedTokens) -> Iterator[None]:
    """Write a word per line around the writing of the matrix: if that fails, neither file changes."""
    bounds = tokens.offsets.tolist()
    with write_atomically(path) as file:
        file.writelines(tokens.text[start:end] + b"\n" for start, end in itertools.pairwise(bounds))
        file.flush()  # what a full disk refuses is refused before the matrix takes its place
        os.fsync(file.fileno())
        yield


def companion(path: Path, layout: str) -> str:
    """The file with the words of a layout that takes two.

    >>> companion("a/b.npy", "npy"), companion("a/b.tsv", "tsv")
    ('a/b.vocab', 'a/b.metadata.tsv')
    """
    return os.path.splitext(path)[0] + {"npy": ".vocab", "tsv": ".metadata.tsv"}[layout]  # noqa: PTH122


def odd_tokens(tokens: PackedTokens, layout: str) -> NDArray[np.int64]:
    """The ids of the words that a layout cannot hold: empty, not UTF-8, or with what parts words.

    >>> odd_tokens(PackedTokens.of(["New York", "", "Seoul"]), "word2vec").tolist()
    [0, 1]
    """
    if layout not in _SEPARATORS:
        return np.empty(0, dtype=np.int64)
    odd = set(np.flatnonzero(tokens.lengths() == 0).tolist())
    places = [match.start() for match in _SEPARATORS[layout].finditer(tokens.text)]
    odd.update((np.searchsorted(tokens.offsets, places, side="right") - 1).tolist())
    try:
        tokens.text.decode("utf-8")
    except UnicodeDecodeError:
        odd.update(number for number, token in enumerate(tokens) if _NOT_UTF8.search(token))
    return np.array(sorted(odd), dtype=np.int64)


def mended(token: str, layout: str) -> str:
    """A word with `_` for what its layout cannot hold.

    >>> mended("New York", "word2vec")
    'New_York'
    """
    return _SEPARATORS[layout].sub(b"_", to_bytes(_NOT_UTF8.sub("_", token))).decode("utf-8") or "_"


def check_tokens(path: Path, tokens: PackedTokens, layout: str) -> None:
    """Raise OutputError when a layout cannot hold a word."""
    odd = odd_tokens(tokens, layout)
    if len(odd):
        number = int(odd[0])
        raise OutputError(
            f"cannot write {path}: word {number + 1:,} is {tokens[number]!r} ({len(odd):,} such), and "
            "this layout cannot hold a word that is empty, not UTF-8, or has white space in it",
            hint="write .safetensors, which holds any word, or see `nlpcli convert --odd-words`",
        )


def write(
    path: Path,
    tokens: PackedTokens,
    matrix: NDArray[np.float32],
    layout: str,
    counts: Counts = None,
    dtype: Dtype = "float32",
    model: SubwordModel | None = None,
    source: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write vectors in a layout. Raises OutputError for words or a type of number it cannot hold."""
    if dtype not in DTYPES.get(layout, ("float32",)):
        raise OutputError(
            f"cannot write {path}: this layout holds float32 numbers, not {dtype}",
            hint="write .safetensors (float16, int8), .npy or .npz (float16)",
        )
    check_tokens(path, tokens, layout)
    if layout == "fasttext-bin" or (model is not None and holds_subwords(layout, dtype)):
        if model is None:
            raise OutputError(
                f"cannot write {path}: there are no subwords to write in fastText's layout",
                hint="word2vec-bin holds words and their vectors alone",
            )
        write_with_subwords(path, tokens, matrix, layout, counts, model)
    elif layout == "safetensors":
        _write_safetensors(path, tokens, matrix, counts, dtype, source)
    else:
        _WRITERS[layout](path, tokens, matrix, counts, dtype)


# --- with subwords --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SubwordModel:
    """Subwords and the header of their model file: its settings, perhaps its analysis and more."""

    subwords: Subwords
    header: Mapping[str, Any]


FASTTEXTS_OWN = AnalysisSettings(tokenizer="whitespace").to_record()  # how fastText analyses a text


def holds_subwords(layout: str, dtype: Dtype = "float32") -> bool:
    """Whether a layout can hold subwords beside the words."""
    return layout == "fasttext-bin" or (layout == "safetensors" and dtype == "float32")


def write_with_subwords(
    path: Path,
    tokens: PackedTokens,
    matrix: NDArray[np.float32],
    layout: str,
    counts: Counts,
    model: SubwordModel,
) -> None:
    """Our model file of kind "fasttext", or Facebook's."""
    subwords, seen = model.subwords, np.ones(len(tokens), np.int64) if counts is None else np.asarray(counts)
    settings = FastTextSettings.from_record(model.header["settings"])
    if layout == "fasttext-bin":
        write_facebook(path, tokens, matrix, seen, subwords, settings)
        return
    usual = {"analysis": FASTTEXTS_OWN, "phrases": PhraseSettings().to_record(), "losses": []}
    header = {**usual, **model.header}
    header.pop(ABSENT, None)
    if subwords.zeros:
        header[ABSENT] = ZEROS
    buckets = np.arange(len(subwords.rows), dtype=np.int32) if subwords.buckets is None else subwords.buckets
    tensors = {
        "vectors": matrix,
        "output_vectors": np.zeros_like(matrix) if subwords.output_rows is None else subwords.output_rows,
        "word_rows": subwords.word_rows,
        "ngram_rows": subwords.rows,
        "ngram_buckets": buckets,
        **Vocabulary.of(tokens, seen).to_tensors(),
    }
    model_file.write_model(path, "fasttext", header, tensors)  # type: ignore[arg-type]


# --- smaller numbers ------------------------------------------------------------------------

DTYPES: dict[str, tuple[str, ...]] = {
    "safetensors": ("float32", "float16", "int8"),
    "npy": ("float32", "float16"),
    "npz": ("float32", "float16"),
}


def quantized(matrix: NDArray[np.float32], dtype: Dtype) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
    """The matrix in smaller numbers; for int8 also a scale per row [V], its largest number / 127.

    Raises OutputError for numbers beyond float16.
    """
    if dtype == "float32":
        return matrix, None
    if dtype == "float16":
        if np.abs(matrix).max(initial=0) > np.finfo(np.float16).max:
            raise OutputError(
                "a number is too large for float16", hint="--normalize makes every vector one long"
            )
        return matrix.astype(np.float16), None
    scales = np.abs(matrix).max(axis=1, initial=0) / np.float32(127)
    scales[scales == 0] = 1
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales


def restored(stored: NDArray[Any], scales: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """The float32 matrix that `quantized` made smaller; a float32 one as it is.

    >>> restored(*quantized(np.array([[127.0, -1.0]], np.float32), "int8")).tolist()
    [[127.0, -1.0]]
    """
    numbers: NDArray[np.float32] = stored.astype(np.float32, copy=False)
    return numbers if scales is None else numbers * scales[:, None]


_WRITERS: dict[str, Writer] = {
    "word2vec": _write_word2vec,
    "word2vec-bin": _write_binary,
    "glove": _write_glove,
    "npy": _write_npy,
    "npz": _write_npz,
    "tsv": _write_tsv,
}


FORMATS = {
    ".safetensors": "safetensors",
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".bin": "word2vec-bin",
    ".glove": "glove",
    ".npy": "npy",
    ".npz": "npz",
    ".tsv": "tsv",
}


def write_vectors(
    path: str | os.PathLike[str],
    tokens: Iterable[str],
    matrix: NDArray[np.float32],
    *,
    counts: Sequence[int] | NDArray[np.int64] | None = None,
    layout: str | None = None,
    dtype: Dtype = "float32",
    model: SubwordModel | None = None,
    source: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write word vectors [V, dim] to a file, atomically; the layout goes by the extension.

    `.safetensors` our model of kind "vectors", `.txt` and `.vec` word2vec text, `.bin` word2vec
    binary, `.glove` GloVe text (no header), `.npy` with the words in `.vocab`, `.npz` with both, `.tsv`
    with the words in `.metadata.tsv`; or `layout` names one of these. Text holds as few digits
    as give the same float32 numbers back. With the subwords of a `model`, `.safetensors` is of kind
    "fasttext" and `.bin` Facebook's; the other layouts hold the words alone. `source` is the header of the
    file that they come from: a model of ours goes on saying how its text was analysed.

    Raises OutputError for another extension and for tokens that the layout cannot hold (a space,
    a line end, nothing at all): the file would be broken for every reader.
    """
    packed = PackedTokens.of(tokens)
    if len(packed) != len(matrix):
        raise ValueError(f"{len(packed)} tokens for {len(matrix)} vectors")
    rows = np.ascontiguousarray(matrix, dtype=np.float32)
    write(
        path,
        packed,
        rows,
        layout or layout_of(path, model.subwords.rule if model else None),
        counts,
        dtype,
        model,
        source,
    )


def layout_of(path: str | os.PathLike[str], rule: SubwordRule | None = None) -> str:
    """The layout that a file name asks for, for vectors with subwords by a rule or without.

    A pipe's name asks for none, and gets ours.

    Raises OutputError for an unknown extension.
    """
    extension = os.path.splitext(path)[1].lower()  # noqa: PTH122 (`Path` is a type here)
    if not extension and is_no_file(path):
        return "safetensors"
    if extension not in FORMATS:
        raise OutputError(
            f"{path}: no vector layout has the extension {extension or '(none)'}",
            hint=f"use one of {', '.join(FORMATS)}",
        )
    if extension == ".bin" and rule is not None and fits_facebook(rule):
        return "fasttext-bin"
    return FORMATS[extension]
