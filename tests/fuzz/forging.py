"""Files forged on purpose: damaged anywhere, with the checksums made right again where there are any."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

Record = dict[str, Any]
Tensors = dict[str, NDArray[Any]]

DEEP: Any = []
for _ in range(900):
    DEEP = [DEEP]
# What stands where something else should.
VALUES: list[Any] = [
    None, True, False, 0, 1, 2, -1, 3.5, -2.5, 1e308, 2**31, 2**53 + 1, 2**63, -(2**63), 10**400, "", "x",
    "0", "\x1b[31mred", "\ud800", "a\tb\nc", "가" * 50, [], [1], ["x"], [[]], [None], {}, {"x": 1}, {"": {}},
    "auto", "none", "hs", "softmax", "subword", "kiwi", "1-3", "99-1", float("nan"), float("inf"), DEEP,
    ["a", "a"], ["a", "b", "c"],
]  # fmt: skip


# --- a model file ---------------------------------------------------------------------------


def forged_model(content: bytes, random: Random) -> tuple[bytes, str]:
    """A model file changed in one or two places, and what was changed."""
    length = int.from_bytes(content[:8], "little")
    layout = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    record = json.loads(layout.pop("__metadata__")["nlpcli"])
    tensors = {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], _TYPES[entry["dtype"]])
        .reshape(entry["shape"])
        .copy()
        for name, entry in layout.items()
    }
    changes = []
    for _ in range(random.choice((1, 1, 1, 2))):
        change = random.choice((change_record, change_record, change_values, change_values, change_shapes))
        changes.append(change(record if change is change_record else tensors, random))
    if random.random() < 0.15:
        text, said = _change_layout(record, tensors, random)
        return text, f"{changes}, {said}"
    return written_model(record, tensors), str(changes)


_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "BOOL": "?",
}  # fmt: skip
_CODES = {np.dtype(numbers).str: code for code, numbers in _TYPES.items()}


def written_model(
    record: Record, tensors: Tensors, layout_change: Callable[[Record], None] | None = None
) -> bytes:
    """A model file of a header and arrays, as they are, its checksum right."""
    layout: Record = {}
    data = b""
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        part = array.tobytes()
        layout[name] = {
            "dtype": _CODES[array.dtype.str],
            "shape": list(tensors[name].shape),
            "data_offsets": [len(data), len(data) + len(part)],
        }
        data += part
    if "sha256" in record:
        record = {**record, "sha256": hashlib.sha256(data).hexdigest()}
    if layout_change is not None:
        layout_change(layout)
    layout["__metadata__"] = {"nlpcli": json.dumps(record, sort_keys=True)}
    head = json.dumps(layout, sort_keys=True).encode()
    return len(head).to_bytes(8, "little") + head + data


def _change_layout(record: Record, tensors: Tensors, random: Random) -> tuple[bytes, str]:
    """The parts that say where everything lies."""

    def change(layout: Record) -> None:
        entry = layout[random.choice(sorted(layout))]
        name = random.choice(("dtype", "shape", "data_offsets"))
        if name == "dtype":
            entry[name] = random.choice([*_TYPES, "F8", 3])
        elif entry[name]:
            entry[name][random.randrange(len(entry[name]))] = random.choice(VALUES)

    how = random.choice(("layout", "cut", "longer", "flip", "twice"))
    if how == "layout":
        return written_model(record, tensors, change), how
    whole = bytearray(written_model(record, tensors))
    if how == "cut":
        return bytes(whole[: random.randrange(len(whole))]), how
    if how == "longer":
        return bytes(whole) + random.randbytes(random.choice((1, 8, 100))), how
    if how == "twice":
        key = random.choice(("kind", "format", "settings", "labels"))
        return bytes(whole).replace(f'\\"{key}\\":'.encode(), f'\\"{key}\\":1,\\"{key}\\":'.encode(), 1), how
    for _ in range(random.choice((1, 3, 30))):
        whole[random.randrange(len(whole))] = random.randrange(256)
    return bytes(whole), how


def change_record(record: Record, random: Random) -> str:
    """An entry of a header, at any depth, becomes something else, goes, or is joined by another."""
    place: Any = record
    path: list[Any] = []
    while True:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = random.choice(keys)
        path.append(key)
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or random.random() < 0.25:
            break
        place = inner
    how = random.choice(("value", "value", "value", "number", "gone", "more"))
    if how == "gone" and path:
        del place[path[-1]]
    elif how == "more" and isinstance(place, dict):
        place[random.choice(("x", "dim", "seed", "libraries", "analysis"))] = random.choice(VALUES)
    elif path:
        old = place[path[-1]]
        value = random.choice(VALUES)
        if how == "number" and isinstance(old, (int, float)) and abs(old) < 2**63 and old is not True:
            value = random.choice((old + 1, old - 1, -old, old * 2, old / 2, 10**18, float(old)))
        place[path[-1]] = copy.deepcopy(value) if value is not DEEP else value
        how = f"{how} {str(value)[:40]}"
    return f"header {'.'.join(map(str, path))}: {how}"


def change_values(tensors: Tensors, random: Random) -> str:
    """Some numbers of an array."""
    if not tensors:
        return "there is no array"
    name = random.choice(sorted(tensors))
    array = tensors[name]
    flat = array.reshape(-1)
    if not len(flat):
        return f"{name} is empty"
    how = random.choice(("extreme", "extreme", "extreme", "bytes", "reversed", "shuffled", "filled", "near"))
    place = random.randrange(len(flat))
    if how in ("extreme", "filled"):
        if array.dtype.kind == "f":
            value: Any = random.choice((np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-40, -1.0, 0.0, 1e14, 1e9))
        else:
            limits = np.iinfo(array.dtype) if array.dtype.kind != "b" else None
            value = random.choice((limits.min, limits.max, 0, 1, limits.max // 2, 255)) if limits else True
            value = min(value, limits.max) if limits else value
        with np.errstate(over="ignore"):
            flat[place if how == "extreme" else slice(None)] = value
    elif how == "bytes":
        raw = flat.view(np.uint8)
        for _ in range(random.choice((1, 4, 20))):
            raw[random.randrange(len(raw))] = random.randrange(256)
    elif how == "reversed":
        flat[:] = flat[::-1].copy()
    elif how == "shuffled":
        flat[:] = flat[[random.randrange(len(flat)) for _ in range(len(flat))]]
    elif array.dtype.kind in "iu":
        with np.errstate(over="ignore"):
            flat[place] += np.array(random.choice((1, 255))).astype(array.dtype)
    return f"values of {name}: {how}"


def change_shapes(tensors: Tensors, random: Random) -> str:
    """An array of another type, shape or name, or none at all."""
    name = random.choice(sorted(tensors))
    array = tensors[name]
    how = random.choice(("gone", "shorter", "longer", "turned", "flat", "type", "view", "renamed", "none"))
    if how == "gone":
        del tensors[name]
    elif how == "shorter" and len(array):
        tensors[name] = array[: random.randrange(len(array))]
    elif how == "longer" and len(array):
        tensors[name] = np.concatenate([array, array[: random.choice((1, len(array)))]])
    elif how == "turned":
        tensors[name] = array.T
    elif how == "flat":
        tensors[name] = array.reshape(random.choice(((-1,), (1, -1), (-1, 1))) if array.size else (0, 2**40))
    elif how == "type":
        with np.errstate(all="ignore"):
            tensors[name] = array.astype(random.choice(sorted(_CODES)), casting="unsafe")
    elif how == "view" and array.size:
        same = {1: "i1", 2: "<f2", 4: random.choice(("<i4", "<f4")), 8: random.choice(("<f8", "<i8", "<u8"))}
        tensors[name] = array.view(same[array.itemsize])
    elif how == "renamed":
        tensors[random.choice(("x", "vectors", "vocabulary.bytes"))] = tensors.pop(name)
    elif how == "none":
        tensors[name] = array[:0]
    return f"{name}: {how}"


# --- arrays in a zip file -------------------------------------------------------------------


def forged_arrays(content: bytes, random: Random) -> tuple[bytes, str]:
    """An `.npz` file changed in one or two places, and what was changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tensors = {
            info.filename.removesuffix(".npy"): np.load(io.BytesIO(archive.read(info)))
            for info in archive.infolist()
        }
    changes = []
    for _ in range(random.choice((1, 1, 2))):
        if "nlpcli" in tensors and random.random() < 0.35:
            try:
                record = json.loads(tensors["nlpcli"].tobytes())
            except ValueError:  # the first change broke it
                break
            changes.append(change_record(record, random))
            tensors["nlpcli"] = np.frombuffer(bytearray(json.dumps(record).encode()), np.uint8)
        else:
            numeric = {name: array for name, array in tensors.items() if array.dtype.kind in "iuf"}
            others = {name: array for name, array in tensors.items() if name not in numeric}
            changes.append(random.choice((change_values, change_values, change_shapes))(numeric, random))
            tensors = {**others, **numeric}
    whole, said = _written_arrays(tensors, random)
    return whole, f"{changes}, {said}"


def _written_arrays(tensors: Tensors, random: Random) -> tuple[bytes, str]:
    how = random.choice(("plain",) * 6 + ("packed", "twice", "header", "big", "flip", "flip", "bits", "cut"))
    target = random.choice(sorted(tensors)) if tensors else ""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if how == "packed" else 0) as archive:
        for name, array in tensors.items():
            member = io.BytesIO()
            np.lib.format.write_array(
                member,
                array.astype(array.dtype.newbyteorder(">")) if (how, name) == ("big", target) else array,
            )
            content = member.getvalue()
            if (how, name) == ("header", target):
                content = _changed_header(content, random)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content, archive.compression)
        if how == "twice" and tensors:
            import warnings

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                archive.writestr(zipfile.ZipInfo(f"{target}.npy"), content)
    whole = bytearray(file.getvalue())
    if how == "flip":
        for _ in range(random.choice((1, 3, 30))):
            whole[random.randrange(len(whole))] = random.randrange(256)
    elif how == "bits":  # in the record of a member: version, flags, method, sizes
        place = whole.rfind(b"PK\x01\x02")
        for _ in range(random.choice((1, 2))):
            whole[place + random.randrange(4, 46)] = random.choice((0, 1, 8, 9, 12, 64, 255))
    elif how == "cut":
        del whole[random.randrange(len(whole)) :]
    return bytes(whole), f"{how} {target}"


def _changed_header(content: bytes, random: Random) -> bytes:
    swaps = [
        (b"False", random.choice((b"True ", b"None ", b"Fals("))),
        (b"'descr'", random.choice((b"'descs'", b"'descr\n"))),
        (b"<", random.choice((b">", b"|", b"O", b"\t"))),
        (b"(", random.choice((b"[", b"((((", b"(-", b"(9", b"(99999999999999999999"))),
        (b"shape", b"shapes"),
        (b"\x93NUMPY\x01", random.choice((b"\x93NUMPY\x02", b"\x93NUMPY\x07", b"\x80pickle"))),
        (b"}", random.choice((b"", b"]", b"}}", b"} import os"))),
        (b"v\x00{", b"\xff\xff{"),
    ]
    return content.replace(*random.choice(swaps), 1)


# --- bytes ----------------------------------------------------------------------------------


def forged_bytes(content: bytes, random: Random) -> tuple[bytes, str]:
    """Any file with some bytes changed, moved, cut out or put in."""
    whole = bytearray(content)
    how = random.choice(("flip", "flip", "flip", "bits", "cut", "gone", "more", "float"))
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        place = random.randrange(len(whole))
        if how == "flip":
            whole[place] = random.randrange(256)
        elif how == "bits":
            whole[place] ^= 1 << random.randrange(8)
        elif how == "gone":
            del whole[place : place + random.choice((1, 4, 40))]
        elif how == "more":
            whole[place:place] = random.randbytes(random.choice((1, 4, 40)))
        elif how == "float":
            whole[place : place + 4] = random.choice((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\xff\xff"))
        else:
            del whole[place:]
        if not whole:
            whole = bytearray(b"\n")
    return bytes(whole), how
