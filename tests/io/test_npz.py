"""Arrays in .npy and .npz files are read without trusting what the files say of themselves."""

import io
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.cooccurrence import count_files
from nlpcli.engine.documents.matrix_files import read_matrix
from nlpcli.engine.io.npz import NotArrays, map_array, open_arrays
from nlpcli.errors import InputError, ModelError

COUNTS = Path(__file__).parents[1] / "models" / "counts.npz"


def header(text: bytes, version: bytes = b"\1\0") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text


SOUND = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
BAD_HEADERS = {
    "not python": header(b"{'descr': '<f4', 'fortran_order': Fals"),
    "indented": header(b"  {\n 'descr':\n\t'<f4'"),
    "endless": header(b"(" * 4000),
    "objects": header(SOUND.replace(b"<f4", b"|O")),
    "a record": header(b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}"),
    "negative": header(SOUND.replace(b"(2,)", b"(-2,)")),
    "huge": header(SOUND.replace(b"(2,)", b"(99999999999999999999,)")),
    "true": header(SOUND.replace(b"(2,)", b"(True,)")),
    "a list": header(SOUND.replace(b"(2,)", b"[2]")),
    "lacking": header(b"{'descr': '<f4', 'shape': (2,)}"),
    "a call": header(SOUND.replace(b"(2,)", b"__import__('os')")),
    "version": header(SOUND, b"\x09\0"),
    "cut": header(SOUND)[:9],
    "a pickle": b"\x80\x04N.",
    "empty": b"",
    "too long": b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 31) + SOUND,
    "too few numbers": header(SOUND) + bytes(4),
    "too many": header(SOUND) + bytes(12),
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_bad_header_is_refused_alone_and_in_a_zip_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.npy").write_bytes(BAD_HEADERS[name])
    with pytest.raises(NotArrays):
        map_array(str(tmp_path / "a.npy"))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", BAD_HEADERS[name])
    with pytest.raises(NotArrays), open_arrays(str(tmp_path / "a.npz")) as arrays:
        arrays.read("a")


@pytest.mark.parametrize("numbers", ["<f4", ">f4", ">i8", "<u2", "|i1", "|b1"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)])
def test_sound_arrays_come_back_as_numpy_reads_them(tmp_path, numbers, order, shape) -> None:
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape), numbers, order=order)
    np.save(tmp_path / "a.npy", array)
    np.savez_compressed(tmp_path / "a.npz", a=array)
    with open_arrays(str(tmp_path / "a.npz")) as arrays:
        for read in (map_array(str(tmp_path / "a.npy")), arrays.read("a")):
            assert (read == array).all() and read.shape == shape and read.dtype.isnative


def members() -> dict[str, bytes]:
    with zipfile.ZipFile(COUNTS) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def written(path: Path, content: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> str:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return str(path)


def array_of(content: bytes) -> np.ndarray:
    return np.load(io.BytesIO(content))


def as_bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_a_zip_file_of_another_sort_is_refused(tmp_path: Path) -> None:
    """Encrypted, of a later version, packed by an unknown method, of other sizes than it says."""
    whole = COUNTS.read_bytes()
    central = whole.rfind(b"PK\1\2")
    for place, value in ((6, 0xFF), (8, 1), (10, 99), (10, 12), (20, 3), (24, 3), (42, 0xFF), (45, 0x7F)):
        forged = bytearray(whole)
        forged[central + place] = value
        (tmp_path / "c.npz").write_bytes(forged)
        with pytest.raises((ModelError, InputError)):
            loaded = count_files.load(str(tmp_path / "c.npz"))
            list(loaded.pairs())


def test_a_member_that_stands_twice_or_claims_too_much_is_refused(tmp_path: Path) -> None:
    parts = members()
    path = written(tmp_path / "c.npz", parts)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("data.npy", parts["data.npy"])
    with pytest.raises(ModelError, match="twice"):
        count_files.load(path)
    bomb = bytearray(COUNTS.read_bytes())
    size = bomb.rfind(b"PK\1\2") + 24  # of a member, unpacked
    bomb[size : size + 4] = struct.pack("<I", 1 << 31)
    (tmp_path / "b.npz").write_bytes(bomb)
    with pytest.raises(ModelError, match="claims"):
        count_files.load(str(tmp_path / "b.npz"))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("data", lambda data: data * 1e-12),  # less than one unit each: kernels would not see them
        ("data", lambda data: data * 1e30),
        ("data", lambda data: np.where(data > 0, np.nan, 0)),
        ("data", lambda data: -data),
        ("data", lambda data: data[:-1]),
        ("data", lambda data: data.astype(np.float32)),
        ("data", lambda data: data.astype(">f8")),
        ("indices", lambda indices: indices[::-1]),
        ("indices", lambda indices: indices + 1000),
        ("indices", lambda indices: indices - 1),
        ("indptr", lambda indptr: indptr[::-1]),
        ("indptr", lambda indptr: indptr[:-1]),
        ("indptr", lambda indptr: indptr.astype(np.int32)),
        ("shape", lambda shape: shape + 1),
        ("vocabulary.counts", lambda counts: -counts),
        ("vocabulary.counts", lambda counts: counts + 2**61),
        ("vocabulary.bytes", lambda text: text | 0x80),
        ("vocabulary.offsets", lambda offsets: offsets * 2),
    ],
)
def test_counts_that_kernels_could_stumble_over_are_refused(tmp_path: Path, nlpcli, name, change) -> None:
    parts = members()
    parts[f"{name}.npy"] = as_bytes(change(array_of(parts[f"{name}.npy"])))
    written(tmp_path / "c.npz", parts)
    assert nlpcli("merge", "c.npz", "c.npz", "-o", "sum.npz", code=1).err.startswith("error: ")
    assert not (tmp_path / "sum.npz").exists()


def test_sums_beyond_64_bits_are_refused(tmp_path: Path, nlpcli) -> None:
    parts = members()
    largest = 2.0**56 / 2520  # of the unit of a window of ten
    parts["data.npy"] = as_bytes(np.full_like(array_of(parts["data.npy"]), largest))
    written(tmp_path / "c.npz", parts)
    nlpcli("merge", *["c.npz"] * 3, "-o", "sum.npz")
    with pytest.raises(ModelError, match="too large"):
        list(count_files.merge([count_files.load(str(tmp_path / "c.npz"))] * 130).pairs())


@pytest.mark.parametrize(
    "change",
    [
        {"indices": np.array([0, 9])},
        {"indices": np.array([0, -1])},
        {"indptr": np.array([0, 2, 1])},
        {"indptr": np.array([1, 1, 2])},
        {"shape": np.array([3, 3])},
        {"shape": np.array([2, -3])},
        {"data": np.array([1.0, np.nan])},
        {"data": np.ones(3)},
        {"format": np.array(b"csc")},
    ],
)
def test_a_matrix_of_documents_that_does_not_fit_is_refused(tmp_path: Path, change) -> None:
    parts = {
        "data": np.ones(2), "indices": np.array([0, 1]), "indptr": np.array([0, 1, 2]),
        "shape": np.array([2, 3]), "format": np.array(b"csr"),
    }  # fmt: skip
    np.savez(tmp_path / "m.npz", **parts)
    matrix, names = read_matrix(str(tmp_path / "m.npz"))
    assert matrix.toarray().tolist() == [[1, 0], [0, 1]] and names == ["0", "1"]
    np.savez(tmp_path / "m.npz", **{**parts, **change})
    with pytest.raises(InputError):
        read_matrix(str(tmp_path / "m.npz"))
