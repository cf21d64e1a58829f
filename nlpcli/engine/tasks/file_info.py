"""What is in files that nlpcli writes and that are no models: counts, matrices, vectors, vocabularies, pages.

Told by content, and where that does not tell (tables) by name. Each becomes a `ModelInfo` without a checksum.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

from nlpcli.engine.documents.matrix_files import MATRIX
from nlpcli.engine.io.model_file import ModelInfo, TensorInfo, first_bytes
from nlpcli.engine.io.npz import (
    IS_TEXT,
    TEXT,
    Arrays,
    NotArrays,
    map_array,
    open_arrays,
    read_checked,
    texts_of,
)
from nlpcli.engine.io.opening import open_bytes
from nlpcli.engine.io.schema import Held
from nlpcli.errors import InputError, ModelError
from nlpcli.wording import counted

NO_SUM = "none: such a file holds no checksum"
_FIRST = 1 << 16  # bytes that tell what a file is
_SHOWN = 10  # names
_ZIP, _NPY, _PNG = b"PK\x03\x04", b"\x93NUMPY", b"\x89PNG\r\n\x1a\n"
_TITLE = re.compile(rb"<title>(.*?)</title>", re.DOTALL)
_SIZE = re.compile(rb'viewBox="[\d. -]*?([\d.]+) ([\d.]+)"')
_LIBSVM = re.compile(rb"-?[\d.]+(?: \d+:[-+\d.eE]+)*\n")
_COUNTED = re.compile(rb"[^\t\n]+\t\d+\r?\n")


def info_of(path: str) -> ModelInfo | None:
    """What a file holds; None for one that nlpcli does not write, as far as can be told.

    Raises ModelError for a damaged one.
    """
    start = first_bytes(path, _FIRST)
    for fits, read in _KINDS:
        if fits(start) and (found := read(path, start)) is not None:
            return found
    return None


def _info(
    path: str, kind: str, header: dict[str, Any], tensors: dict[str, TensorInfo] | None = None
) -> ModelInfo:
    return ModelInfo(path, kind, header, tensors or {}, NO_SUM, 0)


def _zipped(path: str, _start: bytes) -> ModelInfo | None:
    try:
        with open_arrays(path) as arrays:
            return _arrays(path, arrays)
    except NotArrays as error:
        if "no array" in str(error):  # a workbook, say
            return None
        raise ModelError(f"{path} is damaged: {error}", hint="copy it or make it again") from error


def _arrays(path: str, arrays: Arrays) -> ModelInfo:
    tensors = {
        name: TensorInfo(member.dtype, member.shape, 0, member.size)
        for name, member in arrays.members.items()
    }
    header: dict[str, Any]
    if "nlpcli" in tensors:
        from nlpcli.engine.cooccurrence.count_files import load

        found = load(path)
        header = {"settings": found.settings.to_record(), "analysis": found.analysis.to_record()}
        return _info(path, "co-occurrence counts", header, tensors)
    if {"words", "vectors"} <= {*tensors} and len(shape := tensors["vectors"].shape) == 2:
        header = {"summary": f"vectors of {counted(shape[0], 'word')}, {counted(shape[1], 'number')} each"}
        return _info(path, "word vectors (npz)", header, tensors)
    if not {"data", "indices", "indptr", "shape"} <= {*tensors}:
        header = {"summary": f"{len(tensors):,} arrays of numpy"}
        return _info(path, "arrays", header, tensors)
    parts = read_checked(path, MATRIX, arrays)
    rows, columns = parts["shape"].tolist()
    cells = len(parts["data"])
    header = {
        "summary": f"{counted(rows, 'row')} × {counted(columns, 'column')}, "
        f"{counted(cells, 'cell')} that are not zero",
        "rows": rows, "columns": columns, "cells": cells,
    }  # fmt: skip
    if "features" in parts:
        header["first_features"] = texts_of(parts["features"])[:_SHOWN]
    if "labels" in tensors and tensors["labels"].dtype == TEXT:
        labels = arrays.read("labels")
        if IS_TEXT.holds(labels, Held({}, {}, {})):
            header["labels"] = sorted({*texts_of(labels)})[: 2 * _SHOWN]
    return _info(path, "matrix of documents", header, tensors)


def _array(path: str, _start: bytes) -> ModelInfo:
    try:
        array = map_array(path)
    except NotArrays as error:
        raise ModelError(f"{path} is damaged: {error}", hint="copy it or make it again") from error
    shape = " × ".join(f"{length:,}" for length in array.shape)
    tensors = {"array": TensorInfo(array.dtype.name, array.shape, 0, array.nbytes)}
    return _info(path, "array", {"summary": f"an array of {shape} numbers"}, tensors)


def _subwords(path: str, start: bytes) -> ModelInfo | None:
    from nlpcli.engine.text.tokenizers.sentencepiece import Subwords

    if not (len(start) > 4 and start[0] == start[2] == 10 and start[3] < start[1]):
        return None
    try:
        model = Subwords.load(path)
    except (InputError, ModelError):
        return None
    pieces = [*model.pieces]
    header = {"summary": f"{len(pieces):,} subwords", "pieces": len(pieces), "last_pieces": pieces[-_SHOWN:]}
    return _info(path, "subwords (sentencepiece)", header)


def _page(path: str, start: bytes) -> ModelInfo | None:
    if not start.lstrip().lower().startswith(b"<!doctype html"):
        return None
    title = _TITLE.search(start)
    name = title[1].decode("utf-8", "replace") if title else ""
    alone = b"default-src 'none'" in start
    said = f"a page: {name}" + ("; it needs no other file and no network" if alone else "")
    return _info(path, "page (HTML)", {"summary": said, "title": name})


def _picture(path: str, start: bytes) -> ModelInfo | None:
    if start.startswith(_PNG):
        size = struct.unpack(">II", start[16:24]) if len(start) >= 24 else (0, 0)
        return _info(path, "picture (PNG)", {"summary": f"a picture of {size[0]:,} × {size[1]:,} pixels"})
    if b"<svg" in start[:1024]:
        box = _SIZE.search(start)
        said = f", {float(box[1]):g} × {float(box[2]):g}" if box else ""
        return _info(path, "picture (SVG)", {"summary": f"a drawing{said}"})
    return None


def _coordinates(path: str, start: bytes) -> ModelInfo | None:
    lines = [line for line in start.split(b"\n") if line and not line.startswith(b"%")]
    if not start.startswith(b"%%MatrixMarket") or not lines:
        return None
    sizes = [int(number) for number in lines[0].split() if number.isdigit() and len(number) < 19]
    if len(sizes) != 3:
        return None
    said = (
        f"{counted(sizes[0], 'row')} × {counted(sizes[1], 'column')}, "
        f"{counted(sizes[2], 'cell')} that are not zero"
    )
    return _info(path, "matrix of documents (Matrix Market)", {"summary": said})


def _vocabulary(path: str, start: bytes) -> ModelInfo | None:
    whole = start[: start.rfind(b"\n") + 1]
    lines = whole.splitlines(keepends=True)
    if not lines or not all(map(_COUNTED.fullmatch, lines)):
        return None
    from nlpcli.engine.corpus.vocabulary_files import read

    try:
        found = read(path)
    except InputError:
        return None
    header = {
        "summary": f"{counted(len(found), 'token')}, seen {counted(found.total, 'time')}",
        "tokens": len(found), "total": found.total, "first_tokens": [*found.tokens[:_SHOWN]],
    }  # fmt: skip
    return _info(path, "vocabulary", header)


def _lines(path: str) -> Iterator[bytes]:
    with open_bytes(path) as (stream, _):
        yield from stream


def _svmlight(path: str, start: bytes) -> ModelInfo | None:
    first = start[: start.find(b"\n") + 1]
    if not _LIBSVM.fullmatch(first) or b":" not in first:
        return None
    rows = sum(1 for _ in _lines(path))
    return _info(path, "matrix of documents (svmlight)", {"summary": f"{counted(rows, 'row')}", "rows": rows})


def _json_lines(path: str, start: bytes) -> ModelInfo | None:
    import json

    first = start[: start.find(b"\n") + 1]
    if not first.startswith(b"{"):
        return None
    try:
        names = [*json.loads(first)]
    except (ValueError, RecursionError):
        return None
    rows = sum(1 for _ in _lines(path))
    said = f"{rows:,} objects; the first has {counted(len(names), 'field')}"
    return _info(path, "JSON lines", {"summary": said, "first_fields": names[:_SHOWN]})


def _vectors(path: str, _start: bytes) -> ModelInfo | None:
    from nlpcli.engine.vectors.reading import holds_vectors, read

    if not holds_vectors(path):
        return None
    try:
        found = read(path)
    except InputError:
        return None
    rows, dim = found.matrix.shape
    said = f"vectors of {counted(rows, 'word')}, {counted(dim, 'number')} each"
    tensors = {"vectors": TensorInfo(found.matrix.dtype.name, (rows, dim), 0, found.matrix.nbytes)}
    return _info(path, f"word vectors ({found.layout})", {"summary": said}, tensors)


def _table(path: str, start: bytes) -> ModelInfo | None:
    from nlpcli.engine.io.raw_rows import raw_rows

    if not path.lower().endswith((".csv", ".tsv")) or b"\0" in start or not start.strip():
        return None
    with raw_rows(path, texts=False) as rows:
        names, count = rows.names(), sum(1 for row in rows if row.cells)
    said = f"a table of {counted(count, 'row')} and {counted(len(names), 'column')}"
    return _info(path, "table", {"summary": said, "rows": count, "columns": names[: 2 * _SHOWN]})


_Reader = Callable[[str, bytes], ModelInfo | None]
# How the bytes begin, and who reads on; the first that finds something says what the file is.
_KINDS: tuple[tuple[Callable[[bytes], bool], _Reader], ...] = (
    (lambda start: start.startswith(_ZIP), _zipped),
    (lambda start: start.startswith(_NPY), _array),
    (lambda start: start[:1] == b"\n", _subwords),
    (lambda start: start.lstrip()[:1] == b"<", _page),
    (lambda start: start.startswith(_PNG) or start.lstrip()[:1] == b"<", _picture),
    (lambda start: start.startswith(b"%%"), _coordinates),
    (lambda start: b"\t" in start, _vocabulary),
    (lambda start: b":" in start, _svmlight),
    (lambda start: start.startswith(b"{"), _json_lines),
    (lambda start: b" " in start or b"\t" in start, _vectors),
    (lambda _: True, _table),
)
