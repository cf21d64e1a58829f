"""fastText files made by hand, byte by byte, for tests that need no fastText."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Entries = Sequence[tuple[str, int]]
WORDS: Entries = (("</s>", 9), ("where", 5), ("한글", 3))
CBOW, SKIPGRAM, SUPERVISED = 1, 2, 3
HS, NS, SOFTMAX, ONE_VS_ALL = 1, 2, 3, 4


class Made(NamedTuple):
    """The bytes of a file, and the matrices that stand in it."""

    data: bytes
    inputs: NDArray[np.float32]
    outputs: NDArray[np.float32]


def facebook_file(
    words: Entries = WORDS,
    labels: Entries = (),
    *,
    dim: int = 3,
    bucket: int = 7,
    version: int = 12,
    model: int = SKIPGRAM,
    loss: int = NS,
    minn: int = 3,
    maxn: int = 6,
    word_ngrams: int = 1,
    quantised: bool = False,
    norms: bool = False,
    kept: Sequence[tuple[int, int]] | None = None,
) -> Made:
    """A file as fastText lays it out. A quantised one has parts of two columns, and 256 centroids each."""
    random = np.random.default_rng(5)
    ngrams = bucket if kept is None else len(kept)
    rows = len(words) + ngrams
    outputs = random.normal(size=(len(labels) if model == SUPERVISED else len(words), dim)).astype("<f4")
    parts = [struct.pack("<ii", 793712314, version)]
    parts.append(
        struct.pack("<12id", dim, 5, 1, 1, 5, word_ngrams, loss, model, bucket, minn, maxn, 100, 1e-4)
    )
    size = -1 if kept is None else len(kept)
    parts.append(struct.pack("<iiiqq", len(words) + len(labels), len(words), len(labels), 17, size))
    for kind, entries in enumerate((words, labels)):
        parts += [token.encode() + struct.pack("<xqb", count, kind) for token, count in entries]
    parts += [struct.pack("<ii", *pair) for pair in kept or ()]
    if quantised:
        stored, inputs = _quantised(random, rows, dim, norms)
        parts.append(b"\1" + stored)
    else:
        inputs = random.normal(size=(rows, dim)).astype("<f4")
        parts.append(struct.pack("<?qq", False, rows, dim) + inputs.tobytes())
    parts.append(struct.pack("<?qq", False, *outputs.shape) + outputs.tobytes())
    return Made(b"".join(parts), inputs, outputs)


def _quantised(
    random: np.random.Generator, rows: int, dim: int, norms: bool
) -> tuple[bytes, NDArray[np.float32]]:
    """The bytes of a quantised matrix, and the matrix that they stand for."""
    widths = [2] * (dim // 2) + [1] * (dim % 2)
    codes = random.integers(0, 256, (rows, len(widths)), dtype=np.uint8)
    centroids = [random.normal(size=(256, width)).astype("<f4") for width in widths]
    matrix = np.hstack([known[codes[:, part]] for part, known in enumerate(centroids)])
    stored = struct.pack("<?qqi", norms, rows, dim, codes.size) + codes.tobytes()
    stored += struct.pack("<4i", dim, len(widths), 2, widths[-1]) + b"".join(
        map(np.ndarray.tobytes, centroids)
    )
    if norms:
        norm_codes, known = (
            random.integers(0, 256, rows, dtype=np.uint8),
            random.normal(size=256).astype("<f4"),
        )
        stored += norm_codes.tobytes() + struct.pack("<4i", 1, 1, 1, 1) + known.tobytes()
        matrix *= known[norm_codes][:, None]
    return stored, matrix
