"""Facebook's fastText files: `.bin`, the quantised `.ftz`, and supervised models, versions 11 and 12.

    int32 magic, version; 12 × int32 and a float64 of arguments; the dictionary: int32 entries, words,
    labels, int64 tokens, n-grams kept (−1: all), then per entry bytes, NUL, int64 count, int8 type, and
    per n-gram kept int32 bucket, row; bool quantised, and the input matrix; the same for the output

    matrix      int64 rows, columns, float32 numbers
    quantised   bool has norms, int64 rows, columns, int32 size, uint8 codes; a product quantiser; with
                norms also uint8 codes of them [rows], and their quantiser
    quantiser   int32 columns, parts, width, width of the last; float32 centroids, 256 per part

Everything is checked: sizes against each other and against what is there. Not here: what the rows mean
(`vectors/facebook.py`, `classify/fasttext_classifier.py`).
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.binary_input import BinaryInput, CutShort, sampled
from nlpcli.engine.io.model_file import ModelInfo, TensorInfo
from nlpcli.engine.io.opening import open_bytes
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.errors import ModelError

MAGIC = struct.pack("<i", 793712314)
CBOW, SKIPGRAM, SUPERVISED = 1, 2, 3
HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SOFTMAX, ONE_VS_ALL = 1, 2, 3, 4
_VERSIONS = (11, 12)
_WORD, _LABEL = 0, 1
_CENTROIDS = 256
_MOST_COLUMNS, _LONGEST_NGRAM, _MOST_WORDS_TOGETHER = 4096, 64, 255
_LONGEST_TOKEN = 1 << 16
_MOST_COUNT = 1 << 53
_MOST_RESTORED, _MOST_GROWTH = 1 << 28, 256  # bytes of a quantised matrix that are always restored; times


class Arguments(NamedTuple):
    """How a model was trained, in the order of the file."""

    dim: int
    window: int
    epochs: int
    min_count: int
    negative: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int
    update_rate: int
    sample: float


@dataclass(frozen=True, eq=False)
class FastTextFile:
    """What a file holds.

    tokens, labels: UTF-8, with their counts. kept: int32 [K, 2], the n-grams that a pruned model has
    kept: bucket and row; None: every bucket has its row. inputs: [words + buckets, dim]; outputs:
    [labels, dim] of a supervised model, else [words, dim], None when they were not asked for.
    """

    arguments: Arguments
    tokens: list[bytes]
    counts: NDArray[np.int64]
    labels: list[bytes]
    label_counts: NDArray[np.int64]
    kept: NDArray[np.int32] | None
    inputs: Floats
    outputs: Floats | None


def is_fasttext(path: str) -> bool:
    """Whether a file that is there is one of fastText's, plain or compressed."""
    if not os.path.isfile(path):  # noqa: PTH113
        return False
    with open_bytes(path) as (stream, _):
        return sampled(stream, len(MAGIC))[0] == MAGIC


@contextlib.contextmanager
def opened(path: str) -> Iterator[BinaryInput]:
    """A file, plain or compressed, to be read."""
    with open_bytes(path) as (stream, raw):
        _, _, whole = sampled(stream, len(MAGIC))
        yield BinaryInput(whole, raw if stream is raw else None)


def read(source: BinaryInput, name: str, *, outputs: bool = True) -> FastTextFile:
    """The content of a fastText file; without `outputs` that matrix is only passed over.

    Raises ModelError for a file that is not one, of another version, cut short or damaged.
    """
    try:
        return _read(source, name, outputs)
    except CutShort as error:
        raise ModelError(f"{name} is damaged or cut short", hint="copy it again") from error


def _read(source: BinaryInput, name: str, with_outputs: bool) -> FastTextFile:
    if source.take(4) != MAGIC:
        raise ModelError(f"{name} is not a fastText model")
    (version,) = source.take_numbers("i")
    if version not in _VERSIONS:
        raise ModelError(f"{name} is a fastText model of version {version}, not one of {_VERSIONS}")
    arguments = _arguments(source, version, name)
    _, words, labels, _, kept_size = source.take_numbers("iiiqq")
    tokens, counts = _entries(source, words, _WORD, name)
    names, label_counts = _entries(source, labels, _LABEL, name)
    kept = _kept(source, kept_size, arguments, name)
    (quantised,) = source.take_numbers("?")
    if kept is not None and not quantised:
        raise _damaged(name, "n-grams were left out of a matrix that is not quantised")
    inputs = _matrix(source, quantised, name)
    ngrams = arguments.bucket if kept is None else len(kept)
    if inputs.shape != (words + ngrams, arguments.dim):
        raise _damaged(
            name, f"its matrix has the shape {inputs.shape}, not {(words + ngrams, arguments.dim)}"
        )
    (quantised_output,) = source.take_numbers("?")
    quantised = quantised and quantised_output
    expected = (labels if arguments.model == SUPERVISED else words, arguments.dim)
    found = None
    if with_outputs or quantised:
        found = _matrix(source, quantised, name)
        if found.shape != expected:
            raise _damaged(name, f"its output matrix has the shape {found.shape}, not {expected}")
    else:
        if source.take_numbers("qq") != expected:
            raise _damaged(name, "its output matrix has another shape than its dictionary")
        source.skip(4 * expected[0] * expected[1])
    if not source.at_end:
        raise _damaged(name, "there is more in it than it says")
    return FastTextFile(arguments, tokens, counts, names, label_counts, kept, inputs, found)


def read_info(source: BinaryInput, name: str) -> ModelInfo:
    """What a file says of itself. Its arrays are read as far as it takes to see that they are whole."""
    content = read(source, name)
    assert content.outputs is not None
    header = {
        "arguments": content.arguments._asdict(),
        "labels": [label.decode("utf-8", "replace") for label in content.labels],
        "words": len(content.tokens),
        "pruned": content.kept is not None,
    }
    tensors = {
        what: TensorInfo("float32", matrix.shape, 0, matrix.nbytes)
        for what, matrix in (("input", content.inputs), ("output", content.outputs))
    }
    kind = "supervised fastText" if content.arguments.model == SUPERVISED else "fastText"
    return ModelInfo(name, kind, header, tensors, "none: such a file holds no checksum", 0)


def _damaged(name: str, reason: str) -> ModelError:
    return ModelError(f"{name} is damaged: {reason}", hint="copy it again")


def _arguments(source: BinaryInput, version: int, name: str) -> Arguments:
    found = Arguments(*source.take_numbers("12id"))
    if version == _VERSIONS[0] and found.model == SUPERVISED:
        found = found._replace(maxn=0)  # classifiers of that version have no n-grams, whatever they say
    if found.minn > found.maxn:
        found = found._replace(maxn=0)  # there is no such n-gram
    bounds = (
        ("length of a vector", found.dim, 1, _MOST_COLUMNS),
        ("longest n-gram", found.maxn, 0, _LONGEST_NGRAM),
        ("number of buckets", found.bucket, 1 if found.maxn or found.word_ngrams > 1 else 0, 2**31 - 1),
        ("number of words taken together", found.word_ngrams, 0, _MOST_WORDS_TOGETHER),
        ("kind of model", found.model, CBOW, SUPERVISED),
        ("loss", found.loss, HIERARCHICAL_SOFTMAX, ONE_VS_ALL),
    )
    for what, value, low, high in bounds:
        if not low <= value <= high:
            raise _damaged(name, f"the {what} cannot be {value}")
    return found


def _entries(source: BinaryInput, number: int, kind: int, name: str) -> tuple[list[bytes], NDArray[np.int64]]:
    """The next entries of the dictionary, all of a kind: its words come before its labels."""
    tokens: list[bytes] = []
    counts: list[int] = []
    for _ in range(number):
        token = source.take_until(b"\0", _LONGEST_TOKEN)
        count, found = source.take_numbers("qb")
        if found != kind or not token or not 0 <= count <= _MOST_COUNT:
            raise _damaged(name, f"entry {len(tokens) + 1:,} of its dictionary makes no sense")
        tokens.append(token)
        counts.append(count)
    if number < 0 or (kind == _WORD and not number):
        raise _damaged(name, f"it cannot hold {number} words")
    return tokens, np.array(counts, np.int64)


def _kept(source: BinaryInput, size: int, arguments: Arguments, name: str) -> NDArray[np.int32] | None:
    if size == -1:
        return None
    if not 0 <= size <= arguments.bucket:
        raise _damaged(name, f"it cannot have kept {size} n-grams of {arguments.bucket}")
    kept: NDArray[np.int32] = source.take_array("<i4", (size, 2))
    if size and (
        kept.min() < 0
        or int(kept[:, 0].max()) >= arguments.bucket
        or len(np.unique(kept[:, 0])) < size
        or int(kept[:, 1].max()) >= size
    ):
        raise _damaged(name, "the list of its n-grams makes no sense")
    return kept


# --- matrices -------------------------------------------------------------------------------


def _matrix(source: BinaryInput, quantised: bool, name: str) -> Floats:
    return _quantised(source, name) if quantised else source.take_array("<f4", _shape(source, name))


def _shape(source: BinaryInput, name: str) -> tuple[int, int]:
    rows, columns = source.take_numbers("qq")
    if not (0 <= rows < 1 << 40 and 1 <= columns <= _MOST_COLUMNS):
        raise _damaged(name, f"it cannot hold a matrix of {rows} × {columns}")
    return rows, columns


def _quantised(source: BinaryInput, name: str) -> Floats:
    """A quantised matrix, restored (Jégou et al. 2011): a row is a centroid for each of its parts."""
    (has_norms,) = source.take_numbers("?")
    rows, columns = _shape(source, name)
    (size,) = source.take_numbers("i")
    parts = size // rows if rows else 0
    if rows * parts != size or parts > columns or (rows and not parts):
        raise _damaged(name, f"{size} codes cannot be those of {rows} × {columns} numbers")
    codes = source.take_array("u1", (rows, parts))
    centroids = _quantiser(source, columns, name)
    if len(centroids) != parts and rows:
        raise _damaged(name, f"there are {parts} codes a row for {len(centroids)} parts")
    if rows * columns * 4 > max(_MOST_RESTORED, _MOST_GROWTH * (size + 1024 * columns)):
        raise _damaged(name, f"{size:,} bytes cannot be a matrix of {rows:,} × {columns:,}")
    restored = np.empty((rows, columns), np.float32)
    start = 0
    for part, known in enumerate(centroids):
        end = start + known.shape[1]
        restored[:, start:end] = known[codes[:, part]]
        start = end
    if has_norms:
        norm_codes = source.take_array("u1", (rows,))
        [norms] = _quantiser(source, 1, name)
        restored *= norms[norm_codes]
    return restored


def _quantiser(source: BinaryInput, columns: int, name: str) -> list[Floats]:
    """The centroids of each part of a row: float32 [256, width]."""
    length, parts, width, last = source.take_numbers("4i")
    fits = length == columns and width >= 1 and parts == -(-columns // max(width, 1))
    if not fits or last != columns - (parts - 1) * width:
        raise _damaged(name, f"{parts} parts of {width} do not make {columns} numbers")
    numbers: Floats = source.take_array("<f4", (columns * _CENTROIDS,))
    if not np.isfinite(numbers).all():
        raise _damaged(name, "its numbers are nan or inf")
    cut = (parts - 1) * _CENTROIDS * width
    return [*numbers[:cut].reshape(parts - 1, _CENTROIDS, width), numbers[cut:].reshape(_CENTROIDS, last)]


# --- writing --------------------------------------------------------------------------------


def write(
    path: str | os.PathLike[str],
    arguments: Arguments,
    tokens: Iterable[bytes],
    counts: NDArray[np.int64],
    inputs: tuple[int, Iterable[Floats]],
    outputs: Floats,
) -> None:
    """Write a model that is not supervised, atomically, as version 12.

    tokens: neither empty nor with NUL or white space in them. inputs: how many rows there are, and the
    rows [n, dim] in blocks: those of the words, then those of all buckets.
    """
    rows, blocks = inputs
    words = len(counts)
    with write_atomically(path) as file:
        file.write(MAGIC + struct.pack("<i12id", _VERSIONS[-1], *arguments))
        file.write(struct.pack("<iiiqq", words, words, 0, int(counts.sum()), -1))
        for token, count in zip(tokens, counts.tolist(), strict=True):
            file.write(token + struct.pack("<xqb", count, _WORD))
        file.write(struct.pack("<?qq", False, rows, arguments.dim))
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
        file.write(struct.pack("<?qq", False, *outputs.shape))
        file.write(np.ascontiguousarray(outputs, "<f4").data)
