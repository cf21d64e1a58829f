"""Files are whole or not there; a model file is safe, checked, and the same every time."""

import json
import os
import shutil
import stat
import struct
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io import model_file
from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.engine.io.header_fields import Field, each, text
from nlpcli.engine.io.model_file import read_info, read_model, write_model
from nlpcli.engine.io.schema import Array, Schema, strings
from nlpcli.errors import ModelError, OutputError

TENSORS = {
    "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
    "ids": np.array([1, -2], dtype=np.int64),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "small": np.array([7], dtype=np.uint8),
}
HEADER = {"settings": {"dim": 4}, "labels": ["긍정", "부정"]}
KINDS = {
    "test": Schema(
        {"labels": Field(each(text))},
        {name: Array(array.dtype.name, array.shape) for name, array in TENSORS.items()},
    ),
    "v": Schema({}, {**strings("vocabulary", "V"), "vocabulary.counts": Array("int64", ("V",))}),
}


@pytest.fixture(autouse=True, scope="module")
def kinds():
    """Schemas of the kinds that are written here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_file, "schema_of", KINDS.__getitem__)
        yield


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    write_model(path, "test", HEADER, TENSORS)
    return path


# --- files ---


def test_the_old_file_stays_when_writing_fails(tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), write_atomically(target) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_symbolic_link_is_written_through(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with write_atomically(link) as file:
        file.write(b"new")
    assert link.is_symlink() and target.read_text() == "new"


def test_a_device_is_not_replaced_by_a_file():
    with write_atomically("/dev/null") as file:
        file.write(b"gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_permissions_are_those_of_the_old_file_or_the_umask(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch(mode=0o600)
    for path in (old, new):
        with write_atomically(path) as file:
            file.write(b"x")
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o666 & ~umask


def test_a_model_does_not_become_a_file_called_dash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for write in (lambda: check_writable("-"), lambda: write_model("-", "test", HEADER, TENSORS)):
        with pytest.raises(OutputError, match="does not go to stdout"):
            write()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("name", "complaint"), [("missing/out.txt", "does not exist"), (".", "is a folder")])
def test_a_target_that_cannot_be_is_refused_before_and_after_the_work(tmp_path, name, complaint):
    with pytest.raises(OutputError, match=complaint):
        check_writable(tmp_path / name)
    with pytest.raises(OutputError, match=complaint), write_atomically(tmp_path / name):
        pass


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path):
    target = tmp_path / ("가" * 80 + ".txt")  # 244 bytes of 255
    with write_atomically(target) as file:
        file.write(b"whole")
    assert target.read_bytes() == b"whole"


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to inject faults")
@pytest.mark.parametrize(
    "fault", ["write:error=ENOSPC", "fsync:error=EIO", "rename:error=EIO", "write:signal=SIGKILL"]
)
def test_no_injected_fault_leaves_a_broken_file(process, tmp_path, fault):
    """Every n-th call fails in turn, until one run meets no fault: the file is old or new, never else."""
    target = tmp_path / "out"
    program = (
        "import sys; from nlpcli.engine.io.atomic import write_atomically\n"
        f"with write_atomically({str(target)!r}) as f:\n"
        "    for _ in range(3): f.write(b'n' * 9000)\n"
    )
    call = fault.split(":")[0]
    fates = set()
    for number in range(1, 40):
        target.write_text("old")
        traced = [
            "strace",
            "-f",
            "-o",
            "/dev/null",
            "-e",
            f"trace={call}",
            "-e",
            f"inject={fault}:when={number}",
        ]
        done = process.run(*traced, sys.executable, "-B", "-c", program, code=None, cwd=None, timeout=60)
        content = target.read_bytes()
        assert content in (b"old", b"n" * 27000)
        fates.add(content)
        if "SIGKILL" not in fault:
            assert os.listdir(tmp_path) == ["out"]
        for litter in tmp_path.glob(".out.*"):
            litter.unlink()
        if done.returncode == 0 and content != b"old":
            break
    assert b"n" * 27000 in fates


# --- the model file ---


def test_a_model_comes_back_as_it_was(model):
    loaded = read_model(model, "test")
    assert loaded.kind == "test" and loaded.header == HEADER
    for name, array in TENSORS.items():
        assert loaded.tensors[name].dtype == array.dtype
        assert np.array_equal(loaded.tensors[name], array)


def test_the_safetensors_library_reads_our_files(model):
    loaded = load_file(model)
    assert all(np.array_equal(loaded[name], array) for name, array in TENSORS.items())


def test_the_same_model_has_the_same_bytes(model, tmp_path):
    again = tmp_path / "again"
    write_model(again, "test", dict(reversed(HEADER.items())), dict(reversed(TENSORS.items())))
    assert again.read_bytes() == model.read_bytes()


def test_every_array_begins_where_its_numbers_may(tmp_path):
    kinds = (np.uint8, np.float16, np.uint16, np.float32, np.int32, np.float64, np.int64, np.bool_)
    odd = {
        f"{name}{size}": np.ones(2 * size + 3, kind)
        for size, kind in enumerate(kinds)
        for name in "az"
    }  # fmt: skip
    write_model(tmp_path / "model", "test", HEADER, odd)
    info = read_info(tmp_path / "model")
    assert info.data_start % 64 == 0 and info.tensors.keys() == odd.keys()
    assert [name for name, told in info.tensors.items() if told.start % odd[name].itemsize] == []


def test_tensors_are_mapped_and_read_only(model):
    array = read_model(model, "test").tensors["matrix"]
    assert not array.flags.writeable
    assert not array.flags.owndata


def test_every_flipped_bit_of_the_data_is_noticed(model):
    whole = bytearray(model.read_bytes())
    start = read_info(model).data_start
    for position in range(start, len(whole), 7):
        damaged = whole.copy()
        damaged[position] ^= 4
        model.write_bytes(damaged)
        with pytest.raises(ModelError, match="checksum"):
            read_model(model, "test")


@pytest.mark.parametrize("length", [0, 5, 8, 40, -1, -8])
def test_a_file_cut_short_is_refused(model, length):
    model.write_bytes(model.read_bytes()[:length])
    with pytest.raises(ModelError):
        read_model(model, "test")


def test_another_kind_is_named_with_the_kind_that_was_wanted(model):
    with pytest.raises(ModelError, match="is a test model; this command needs a glove or word2vec model"):
        read_model(model, ("glove", "word2vec"))


def test_a_newer_format_says_upgrade(model, monkeypatch):
    monkeypatch.setattr(model_file, "FORMAT", 0)
    with pytest.raises(ModelError, match="reads up to 0") as caught:
        read_info(model)
    assert "upgrade" in (caught.value.hint or "")


def forged(path, layout: object, data: bytes = b"") -> None:
    head = json.dumps(layout).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + data)


META = {"nlpcli": json.dumps({"kind": "test", "format": 1, "sha256": ""})}


@pytest.mark.parametrize(
    "layout",
    [
        [],
        {},
        {"__metadata__": {"other": "x"}},
        {"__metadata__": {"nlpcli": "{not json"}},
        {"__metadata__": {"nlpcli": "[1]"}},
        {"__metadata__": META, "a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 4]}},
        {"__metadata__": META, "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}},
        {"__metadata__": META, "a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}},
        {"__metadata__": META, "a": {"dtype": "X9", "shape": [1], "data_offsets": [0, 4]}},
        {"__metadata__": META, "a": {"dtype": "F32", "shape": 3, "data_offsets": [0, 12]}},
    ],
)
def test_forged_headers_are_refused(tmp_path, layout):
    path = tmp_path / "forged"
    forged(path, layout, b"\0" * 4)
    with pytest.raises(ModelError):
        read_model(path, "test")


@hypothesis_settings(max_examples=200)
@given(data=st.binary(max_size=200))
def test_no_bytes_at_all_crash_the_reader(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(data)
    with pytest.raises(ModelError):
        read_info(path)


def test_inspect_shows_header_and_tensors_without_numpy(model, nlpcli):
    shown = nlpcli("inspect", model).stdout.decode()
    assert "kind\ttest" in shown and "tensor matrix\tfloat32 3 × 4" in shown
    assert json.loads(nlpcli("inspect", "--json", model).stdout)["labels"] == ["긍정", "부정"]


# --- the vocabulary in it ---


@given(tokens=st.lists(st.text(), unique=True, max_size=20))
def test_any_tokens_survive_the_model_file(tmp_path_factory, tokens):
    path = tmp_path_factory.mktemp("v") / "model"
    vocabulary = Vocabulary.of(tokens, list(range(len(tokens))))
    write_model(path, "v", {}, vocabulary.to_tensors())
    loaded = Vocabulary.from_model(read_model(path, "v"))
    assert loaded.tokens == tuple(tokens)
    assert np.array_equal(loaded.counts, vocabulary.counts)


@pytest.mark.parametrize("offsets", [[0, 9], [1, 2], [0, 2, 1, 3], []])
def test_a_vocabulary_that_points_outside_its_bytes_is_refused(tmp_path, offsets):
    path = tmp_path / "model"
    tensors = {
        "vocabulary.bytes": np.frombuffer(b"abc", dtype=np.uint8),
        "vocabulary.offsets": np.array(offsets, dtype=np.int64),
        "vocabulary.counts": np.zeros(max(len(offsets) - 1, 0), dtype=np.int64),
    }
    write_model(path, "v", {}, tensors)
    with pytest.raises(ModelError, match=r"its array vocabulary\.offsets"):
        read_model(path, "v")


def test_a_header_is_not_nested_deeper_than_what_shows_it_can_go():
    for sign in ("[]", "{}"):
        inside, outside = ("[", "]") if sign == "[]" else ('{"a": ', "}")
        assert model_file.parse_json(inside * 30 + "1" + outside * 30)
        for depth in (50, 400, 900):
            with pytest.raises((ValueError, RecursionError)):
                model_file.parse_json(inside * depth + "1" + outside * depth)
