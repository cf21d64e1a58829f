"""The model file, written and read.

A model is one `.safetensors` file: tensors, and one metadata key that holds a sorted JSON header
`{kind, format, sha256, …}`. No pickle anywhere, no path, host or time inside, so the same input,
settings and seed give the same bytes.

Not here: what stands in each kind of model (`schemas/`), and foreign formats such as word2vec's
(`vectors/reading.py`, `vectors/writing.py`).
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.header_fields import text, whole
from nlpcli.engine.io.schema import AGAIN, Held
from nlpcli.engine.io.schemas.by_kind import NEWEST, schema_of
from nlpcli.engine.io.shipped import hint_for, located
from nlpcli.errors import ModelError
from nlpcli.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
_METADATA_KEY = "nlpcli"
_MAX_HEADER = 100 << 20
_DEEPEST = 40  # lists and objects of a header in one another
_PLAIN = (str, int, float, type(None))
_HASH_BLOCK = 16 << 20
_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "bool": "BOOL",
}
_NAMES = {code: name for name, code in _DTYPES.items()}
_DIMENSIONS, _LONGEST = 8, 1 << 48  # of a shape: of an empty one, too, which takes no room in the file
_INFO = {"kind": text, "format": whole(1), "sha256": text}


@dataclass(frozen=True)
class Model:
    """A model file's content: what it is, its JSON header, and its arrays (mapped, read-only).

    `fields` is what the header stands for, read by the schema of the kind: settings are settings.
    """

    kind: str
    header: dict[str, Any]
    fields: dict[str, Any]
    tensors: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class TensorInfo:
    """Where one array lies in a model file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says of itself, read without numpy and without its arrays.

    summary: a sentence about it; changed: settings that are not at their default, by their place in the
    header, with the default. Both are for people, and made where a file is inspected.
    """

    path: str
    kind: str
    header: dict[str, Any]
    tensors: dict[str, TensorInfo]
    sha256: str
    data_start: int
    summary: str = ""
    changed: Mapping[str, tuple[Any, Any]] = dataclasses.field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """As JSON types, as `inspect --json` prints it."""
        tensors = {name: dataclasses.asdict(tensor) for name, tensor in self.tensors.items()}
        told = {"summary": self.summary, "changed": {name: pair[0] for name, pair in self.changed.items()}}
        return {"kind": self.kind, **told, **self.header, "sha256": self.sha256, "tensors": tensors}


def write_model(
    path: str | os.PathLike[str],
    kind: str,
    header: Mapping[str, Any],
    tensors: Mapping[str, NDArray[Any]],
) -> None:
    """Write one `.safetensors` model file, atomically; readable by the safetensors library.

    `header` must be JSON; it is the method's record (settings, analysis, labels, …).
    """
    import hashlib

    # The widest numbers first: so every array begins at a multiple of its numbers' size, as kernels need it.
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    arrays = {name: _little_endian(tensors[name]) for name in order}
    digest = hashlib.sha256()
    layout: dict[str, Any] = {}
    position = 0
    for name, array in arrays.items():
        layout[name] = {
            "dtype": _DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [position, position + array.nbytes],
        }
        position += array.nbytes
        for piece in _pieces(array):
            digest.update(piece)
    record = {**header, "kind": kind, "format": NEWEST.get(kind, FORMAT), "sha256": digest.hexdigest()}
    layout["__metadata__"] = {_METADATA_KEY: _json(record)}
    head = json.dumps(layout, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 64 + 56)  # 8 bytes of length + head = a multiple of 64: rows stay aligned
    with write_atomically(path) as file:
        file.write(len(head).to_bytes(8, "little"))
        file.write(head)
        for array in arrays.values():
            for piece in _pieces(array):
                file.write(piece)


def _json(record: Mapping[str, Any]) -> str:
    """The record as JSON that is UTF-8: a lone surrogate, out of a JSON string, is written as an escape."""
    plain = json.dumps(record, sort_keys=True, ensure_ascii=False)
    return plain if _is_text(plain) else json.dumps(record, sort_keys=True)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _pieces(array: NDArray[Any]) -> Iterator[memoryview]:
    """The bytes of an array, some at a time: what is mapped from the disk is never in memory whole."""
    import numpy as np

    from nlpcli.engine.runtime.spill import release

    flat, step = array.reshape(-1), _HASH_BLOCK // array.itemsize
    for first in range(0, flat.size, step):
        yield flat[first : first + step].view(np.uint8).data
        release(array, first, min(first + step, flat.size))


def read_info(path: str | os.PathLike[str]) -> ModelInfo:
    """The header of a model file, checked for structure; costs no numpy and no array.

    `path` may also be the name of a model that comes with nlpcli (`io/shipped.py`).
    Raises ModelError when it is not a model of ours, is damaged, or is of a newer format.
    """
    path = located(path)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, _MAX_HEADER):
                raise ModelError(f"{path} is not a model file", hint=_not_a_model(path))
            head = file.read(length)
    except IsADirectoryError as error:
        raise ModelError(f"{path} is a folder, not a model file") from error
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}", hint=hint_for(path)) from error
    try:
        layout = parse_json(head)
        metadata = layout.pop("__metadata__", {})
        tensors = {name: _tensor_info(entry) for name, entry in layout.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is not a model file", hint=_not_a_model(path)) from error
    if not isinstance(metadata, dict) or _METADATA_KEY not in metadata:
        raise ModelError(f"{path} is a safetensors file, but not one that nlpcli wrote")
    _check_layout(path, tensors, size - 8 - length)
    try:
        record = parse_json(metadata[_METADATA_KEY])
        kind, version, sha256 = (_INFO[name](record.pop(name)) for name in ("kind", "format", "sha256"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: its header cannot be read", hint=AGAIN) from error
    newest = NEWEST.get(kind, FORMAT)
    if version > newest:
        raise ModelError(
            f"{path} has model format {version}, this nlpcli reads up to {newest}",
            hint="it was written by a newer nlpcli: upgrade nlpcli to use it",
        )
    return ModelInfo(str(path), kind, record, tensors, sha256, 8 + length)


def parse_json(content: bytes | str) -> Any:
    """A JSON value; ValueError for what is no number (NaN, 1e999), and for a name that stands twice.

    Also for lists in lists in lists …, which what is written of a header could not go down.
    """
    found = json.loads(content, object_pairs_hook=_distinct, parse_constant=_number, parse_float=_number)
    level = [found]
    for _ in range(_DEEPEST):
        parts = (one.values() if isinstance(one, dict) else one for one in level)
        level = [inner for part in parts if not isinstance(part, _PLAIN) for inner in part]
        if not level:
            return found
    raise ValueError("it is nested too deeply")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _number(written: str) -> float:
    found = float(written)
    if not math.isfinite(found):
        raise ValueError(f"{written} is no number of JSON")
    return found


_TEXTS = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".xls", ".md")  # ends of their names


def _not_a_model(path: str | os.PathLike[str]) -> str:
    suffix = PurePath(path).suffix.lower()
    if suffix in _TEXTS:
        return f"a model comes first, and texts after it; nlpcli train-… and index make one of a {suffix}"
    return (
        f"models are the .safetensors files that nlpcli train-… writes; `file {path}` may tell what this is"
    )


def _tensor_info(entry: dict[str, Any]) -> TensorInfo:
    start, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if len(shape) > _DIMENSIONS or not all(
        isinstance(number, int) and 0 <= number <= _LONGEST for number in (start, end, *shape)
    ):
        raise ValueError("negative, fractional or endless size")
    return TensorInfo(_NAMES[entry["dtype"]], shape, start, end)


def _check_layout(path: str | os.PathLike[str], tensors: Mapping[str, TensorInfo], room: int) -> None:
    """Tensors must tile the data exactly; a header that claims more is never allocated for."""
    widths = {"float64": 8, "int64": 8, "uint64": 8, "float32": 4, "int32": 4, "uint32": 4}
    widths |= {"float16": 2, "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1}
    position = 0
    for info in sorted(tensors.values(), key=lambda info: (info.start, info.end)):
        if info.start != position or info.end - info.start != math.prod(info.shape) * widths[info.dtype]:
            raise ModelError(f"{path} is damaged: its tensors do not fit together")
        position = info.end
    if position != room:
        raise ModelError(
            f"{path} is damaged: it holds {counted(room, 'byte')} of data where {position:,} are due",
            hint=AGAIN,
        )


def _a(word: str) -> str:
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def _finished(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds as a user names them: a checkpoint is told by what it becomes."""
    return tuple(kind for kind in kinds if not kind.endswith("-checkpoint")) or kinds


def _any_of(kinds: tuple[str, ...]) -> str:
    """The kinds with their article.

    >>> _any_of(("index",)), _any_of(("word2vec", "glove", "vectors"))
    ('an index', 'a word2vec, glove or vectors')
    """
    return _a(" or ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1]))))


def read_model(
    path: str | os.PathLike[str],
    kind: str | tuple[str, ...],
    *,
    verify: bool = True,
    only: Collection[str] | None = None,
    unread: Collection[str] = (),
) -> Model:
    """A model file of the given kind (or one of several), its arrays mapped from the disk.

    All of it was compared with the schema of its kind; of arrays that `only` leaves out, which are not
    handed out, the type and shape alone, and of those that are `unread` too: who reads them has to look
    for nan and inf. `verify` compares the SHA-256 of the arrays (about a second
    per gigabyte); safetensors itself does not notice a flipped bit.

    Raises ModelError for a damaged file or one of another kind.
    """
    info = read_info(path)
    kinds = (kind,) if isinstance(kind, str) else kind
    if info.kind not in kinds:
        raise ModelError(
            f"{path} is {_a(info.kind)} model; this command needs {_any_of(_finished(kinds))} model",
            hint=f"nlpcli inspect {path} shows what it holds",
        )
    schema = schema_of(info.kind)
    fields = schema.read_header(info.path, info.header)
    sizes = schema.fit(info.path, fields, info.tensors)
    if verify:
        verify_digest(info)
    known = [name for name in schema.arrays_for(fields) if name in info.tensors]
    wanted = [name for name in known if only is None or name in only]
    tensors = _map_tensors(info, wanted)
    schema.check(info.path, Held(fields, sizes, tensors), [name for name in wanted if name not in unread])
    return Model(info.kind, info.header, fields, tensors)


def _map_tensors(info: ModelInfo, names: Collection[str]) -> dict[str, NDArray[Any]]:
    import numpy as np

    wanted = {name: info.tensors[name] for name in names}
    if not any(tensor.end for tensor in wanted.values()):
        return {name: np.zeros(tensor.shape, tensor.dtype) for name, tensor in wanted.items()}
    due = info.data_start + max(tensor.end for tensor in info.tensors.values())
    with open(info.path, "rb") as file:
        if os.fstat(file.fileno()).st_size != due:
            raise ModelError(f"{info.path} was changed while it was read", hint="try again")
        data = np.memmap(file, dtype=np.uint8, mode="r", offset=info.data_start)
    return {
        name: np.asarray(data[tensor.start : tensor.end]).view(tensor.dtype).reshape(tensor.shape)
        for name, tensor in wanted.items()
    }


def first_tokens(info: ModelInfo, count: int) -> list[str]:
    """The first tokens of a model's vocabulary, in its order; [] without one, and of a damaged one."""
    content, offsets = (info.tensors.get(f"vocabulary.{name}") for name in ("bytes", "offsets"))
    if not info.data_start or content is None or offsets is None or offsets.dtype != "int64":
        return []
    many = min(count + 1, (offsets.end - offsets.start) // 8)
    with open(info.path, "rb") as file:
        file.seek(info.data_start + offsets.start)
        read = file.read(8 * many)
        ends = struct.unpack(f"<{len(read) // 8}q", read[: len(read) // 8 * 8])
        if (
            len(ends) < 2
            or list(ends) != sorted(ends)
            or ends[0] < 0
            or ends[-1] > content.end - content.start
        ):
            return []
        file.seek(info.data_start + content.start)
        text = file.read(ends[-1])
    return [text[start:end].decode("utf-8", "replace") for start, end in itertools.pairwise(ends)]


def verify_digest(info: ModelInfo) -> None:
    """Raise ModelError when the arrays are not the ones that were written."""
    import hashlib

    digest = hashlib.sha256()
    with open(info.path, "rb") as file:
        file.seek(info.data_start)
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    if digest.hexdigest() != info.sha256:
        raise ModelError(f"{info.path} is damaged: its checksum does not match", hint=AGAIN)


def first_bytes(path: str, count: int) -> bytes:
    """How a file begins. Raises ModelError when it cannot be read."""
    try:
        with open(located(path), "rb") as file:
            return file.read(count)
    except IsADirectoryError as error:
        raise ModelError(f"{path} is a folder, not a model file") from error
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}", hint=hint_for(path)) from error
