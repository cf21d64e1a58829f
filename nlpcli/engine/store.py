"""Writing: files that are whole or not there at all, and the one model file.

`write_atomically` gives a temporary file beside the target and renames it only when it is
complete and on the disk. A model is one `.safetensors` file: tensors, and one metadata key
that holds a sorted JSON header `{kind, format, sha256, …}`. No pickle anywhere, no path, host
or time inside, so the same input, settings and seed give the same bytes.

Not here: what stands in the header of each kind of model (the method's own module knows), and
foreign formats such as word2vec's (`vectors.py`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nlpcli.errors import ModelError, OutputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
_METADATA_KEY = "nlpcli"
_MAX_HEADER = 100 << 20
_HASH_BLOCK = 16 << 20
_EARLY = 4 << 20  # bytes
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


# --- files ----------------------------------------------------------------------------------


@contextlib.contextmanager
def write_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that replaces `path` when the block ends well, and vanishes when it does not.

    The old file stays as it was until the new one is whole and flushed to the disk. A symbolic
    link is written through. A device or pipe (`/dev/stdout`) is written to directly, since a
    rename would put a plain file in its place.

    Raises OutputError when the folder is missing, not writable or full.
    """
    _refuse_stdout(path)
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise OutputError(f"{path} is a folder", hint="name a file in it")
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            with open(target, "wb") as direct:
                yield direct
            return
        with _replacement(target) as file:
            yield file
    except OSError as error:
        raise _output_error(path, error) from error


def _refuse_stdout(path: str | os.PathLike[str]) -> None:
    if str(path) == "-":
        raise OutputError("this result is a file and does not go to stdout", hint="name a file: -o FILE")


@contextlib.contextmanager
def _replacement(target: Path) -> Iterator[BinaryIO]:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".tmp", dir=target.parent)
    try:
        with io.BufferedWriter(_Early(descriptor, "wb")) as file:
            yield file
            file.flush()
            if os.name == "posix":
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, target)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    _sync_folder(target.parent)


class _Early(io.FileIO):
    """A file whose bytes begin to go to the disk while more are made, to leave `fsync` less to wait for."""

    _begun = 0

    def write(self, data: Any, /) -> int:
        written = super().write(data)
        end = self.tell()
        if end - self._begun >= _EARLY:
            begin_writing = _sync_file_range()
            if begin_writing is not None:
                begin_writing(self.fileno(), self._begun, end - self._begun, 2)  # SYNC_FILE_RANGE_WRITE
            self._begun = end
        return written


@functools.cache
def _sync_file_range() -> Any:
    """Linux's function of that name; None where there is none."""
    import ctypes

    if os.name != "posix":
        return None
    function = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return function


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _output_error(path: str | os.PathLike[str], error: OSError) -> OutputError | OSError:
    if isinstance(error, BrokenPipeError):
        return error  # a closed pipe is not the file's fault: the command line ends quietly
    reason = error.strerror or str(error)
    folder = Path(path).parent
    if isinstance(error, FileNotFoundError) and not folder.is_dir():
        return OutputError(
            f"cannot write {path}: the folder {folder} does not exist", hint=f"mkdir -p {folder}"
        )
    return OutputError(f"cannot write {path}: {reason}", hint="the old file, if there was one, is untouched")


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise OutputError now, before an hour of training, if `path` cannot be written later."""
    _refuse_stdout(path)
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OutputError(f"{path} is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {path}: the folder {target.parent} does not exist",
            hint=f"mkdir -p {target.parent}",
        )
    checked = target if target.exists() and not target.is_file() else target.parent
    if not os.access(checked, os.W_OK):
        raise OutputError(f"cannot write {path}: no permission to write in {target.parent}")


# --- the model file -------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """A model file's content: what it is, its JSON header, and its arrays (mapped, read-only)."""

    kind: str
    header: dict[str, Any]
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
    """What a model file says of itself, read without numpy and without its arrays."""

    path: str
    kind: str
    header: dict[str, Any]
    tensors: dict[str, TensorInfo]
    sha256: str
    data_start: int


def write_model(
    path: str | os.PathLike[str], kind: str, header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]
) -> None:
    """Write one `.safetensors` model file, atomically; readable by the safetensors library.

    `header` must be JSON; it is the method's record (settings, analysis, labels, …).
    """
    arrays = {name: _little_endian(tensors[name]) for name in sorted(tensors)}
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
        digest.update(_bytes(array))
    record = {**header, "kind": kind, "format": FORMAT, "sha256": digest.hexdigest()}
    layout["__metadata__"] = {_METADATA_KEY: json.dumps(record, sort_keys=True, ensure_ascii=False)}
    head = json.dumps(layout, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 64 + 56)  # 8 bytes of length + head = a multiple of 64: rows stay aligned
    with write_atomically(path) as file:
        file.write(len(head).to_bytes(8, "little"))
        file.write(head)
        for array in arrays.values():
            file.write(_bytes(array))


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _bytes(array: NDArray[Any]) -> memoryview:
    import numpy as np

    return array.reshape(-1).view(np.uint8).data


def read_info(path: str | os.PathLike[str]) -> ModelInfo:
    """The header of a model file, checked for structure; costs no numpy and no array.

    Raises ModelError when it is not a model of ours, is damaged, or is of a newer format.
    """
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
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    try:
        layout = json.loads(head)
        metadata = layout.pop("__metadata__", {})
        tensors = {name: _tensor_info(entry) for name, entry in layout.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is not a model file", hint=_not_a_model(path)) from error
    if not isinstance(metadata, dict) or _METADATA_KEY not in metadata:
        raise ModelError(f"{path} is a safetensors file, but not one that nlpcli wrote")
    _check_layout(path, tensors, size - 8 - length)
    try:
        record = json.loads(metadata[_METADATA_KEY])
        kind, version, sha256 = record.pop("kind"), record.pop("format"), record.pop("sha256")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: its header cannot be read") from error
    if not isinstance(version, int) or version > FORMAT:
        raise ModelError(
            f"{path} has model format {version}, this nlpcli reads up to {FORMAT}",
            hint="it was written by a newer nlpcli: upgrade nlpcli to use it",
        )
    return ModelInfo(str(path), str(kind), record, tensors, str(sha256), 8 + length)


def _not_a_model(path: str | os.PathLike[str]) -> str:
    return (
        f"models are the .safetensors files that nlpcli train-… writes; `file {path}` may tell what this is"
    )


def _tensor_info(entry: dict[str, Any]) -> TensorInfo:
    start, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not all(isinstance(number, int) and number >= 0 for number in (start, end, *shape)):
        raise ValueError("negative or fractional size")
    return TensorInfo(_NAMES[entry["dtype"]], shape, start, end)


def _check_layout(path: str | os.PathLike[str], tensors: Mapping[str, TensorInfo], room: int) -> None:
    """Tensors must tile the data exactly; a header that claims more is never allocated for."""
    import math

    widths = {"float64": 8, "int64": 8, "uint64": 8, "float32": 4, "int32": 4, "uint32": 4}
    widths |= {"float16": 2, "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1}
    position = 0
    for info in sorted(tensors.values(), key=lambda info: (info.start, info.end)):
        if info.start != position or info.end - info.start != math.prod(info.shape) * widths[info.dtype]:
            raise ModelError(f"{path} is damaged: its tensors do not fit together")
        position = info.end
    if position != room:
        raise ModelError(f"{path} is damaged: it holds {room:,} bytes of data where {position:,} are due")


def read_model(path: str | os.PathLike[str], kind: str | tuple[str, ...], *, verify: bool = True) -> Model:
    """A model file of the given kind (or one of several), its arrays mapped from the disk.

    `verify` compares the SHA-256 of the arrays (about a second per gigabyte); safetensors
    itself does not notice a flipped bit.

    Raises ModelError for a damaged file or one of another kind.
    """
    info = read_info(path)
    kinds = (kind,) if isinstance(kind, str) else kind
    if info.kind not in kinds:
        raise ModelError(
            f"{path} is a {info.kind} model; this command needs a {' or '.join(kinds)} model",
            hint=f"nlpcli inspect {path} shows what it holds",
        )
    if verify:
        verify_digest(info)
    return Model(info.kind, info.header, _map_tensors(info))


def _map_tensors(info: ModelInfo) -> dict[str, NDArray[Any]]:
    import numpy as np

    if not any(tensor.end for tensor in info.tensors.values()):
        return {name: np.zeros(tensor.shape, tensor.dtype) for name, tensor in info.tensors.items()}
    data = np.memmap(info.path, dtype=np.uint8, mode="r", offset=info.data_start)
    return {
        name: np.asarray(data[tensor.start : tensor.end]).view(tensor.dtype).reshape(tensor.shape)
        for name, tensor in info.tensors.items()
    }


def verify_digest(info: ModelInfo) -> None:
    """Raise ModelError when the arrays are not the ones that were written."""
    digest = hashlib.sha256()
    with open(info.path, "rb") as file:
        file.seek(info.data_start)
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    if digest.hexdigest() != info.sha256:
        raise ModelError(
            f"{info.path} is damaged: its checksum does not match",
            hint="copy or train it again; numbers from a damaged model cannot be trusted",
        )


def take_tensor(model: Model, name: str, dtype: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """A tensor of the model, checked for type and shape (`None` matches any length).

    Raises ModelError when it is missing or otherwise, so that a file made by hand cannot send
    a kernel outside its arrays.
    """
    array = model.tensors.get(name)
    if array is None:
        raise ModelError(f"the {model.kind} model has no tensor {name!r}")
    fits = len(array.shape) == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if array.dtype.name != dtype or not fits:
        raise ModelError(
            f"the {model.kind} model's tensor {name!r} has type {array.dtype} and shape {array.shape}"
        )
    return array


def describe(info: ModelInfo) -> dict[str, Any]:
    """`info` as one JSON record, as `inspect --json` prints it."""
    tensors = {name: dataclasses.asdict(tensor) for name, tensor in info.tensors.items()}
    return {"kind": info.kind, **info.header, "sha256": info.sha256, "tensors": tensors}
