"""The file layouts of word vectors, written and read.

word2vec text     `V D`, then a line per word: word, D numbers, parted by single spaces
word2vec binary   the same first line; per word: word, space, D float32, newline
GloVe text        as word2vec text without the first line
safetensors       our model file, kind "vectors": tensor `vectors` and the vocabulary
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine import store, vector_text
from nlpcli.engine.packed_tokens import PackedTokens
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import OutputError

Path = str | os.PathLike[str]
Counts = Sequence[int] | NDArray[np.int64] | None
Writer = Callable[[Path, PackedTokens, NDArray[np.float32], Counts], None]

_UNWRITABLE = re.compile(rb"[ \t\n\r\0]")


def _write_safetensors(path: Path, tokens: PackedTokens, matrix: NDArray[Any], counts: Counts) -> None:
    """Our model file; words without counts count 1."""
    vocabulary = Vocabulary.of(tokens, np.ones(len(tokens), np.int64) if counts is None else counts)
    header = {"settings": {"dim": int(matrix.shape[1])}}
    store.write_model(path, "vectors", header, {"vectors": matrix, **vocabulary.to_tensors()})


def _write_word2vec(path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts) -> None:
    """word2vec text, which is also fastText's `.vec`."""
    check_tokens(path, tokens)
    with store.write_atomically(path) as file:
        file.write(b"%d %d\n" % matrix.shape)
        vector_text.write_rows(file, tokens, matrix)


def _write_glove(path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts) -> None:
    """GloVe text: no first line."""
    check_tokens(path, tokens)
    with store.write_atomically(path) as file:
        vector_text.write_rows(file, tokens, matrix)


def _write_binary(path: Path, tokens: PackedTokens, matrix: NDArray[Any], _counts: Counts) -> None:
    """word2vec binary, with the newline after each word that word2vec.c writes."""
    check_tokens(path, tokens)
    bounds = tokens.offsets.tolist()
    rows = matrix.astype("<f4", copy=False)
    with store.write_atomically(path) as file:
        file.write(b"%d %d\n" % matrix.shape)
        for number, row in enumerate(rows):
            file.write(tokens.text[bounds[number] : bounds[number + 1]] + b" " + row.tobytes() + b"\n")


def check_tokens(path: Path, tokens: PackedTokens) -> None:
    """Raise OutputError when a token is empty or holds what parts tokens in text layouts."""
    empty = np.flatnonzero(tokens.lengths() == 0)
    bad = int(empty[0]) if len(empty) else None
    if match := _UNWRITABLE.search(tokens.text):
        at = int(np.searchsorted(tokens.offsets, match.start(), side="right")) - 1
        bad = at if bad is None else min(bad, at)
    if bad is not None:
        raise OutputError(
            f"cannot write {path}: word {bad + 1:,} is {tokens[bad]!r}, and this layout cannot hold "
            "an empty word, white space or a line end in a word",
            hint="write a .safetensors file, which holds any word",
        )


WRITERS: dict[str, Writer] = {
    "safetensors": _write_safetensors,
    "word2vec": _write_word2vec,
    "word2vec-bin": _write_binary,
    "glove": _write_glove,
}
