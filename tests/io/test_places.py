"""Texts at an address, which fsspec opens, and parts of files."""

import gzip
import sys

import pytest

from nlpcli.engine.io import places
from nlpcli.engine.io.places import Part

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory():
    """Writes files that are in memory alone; their address."""
    system = fsspec.filesystem("memory")
    written = []

    def write(name, content):
        with system.open(f"/{name}", "wb") as file:
            file.write(content)
        written.append(f"/{name}")
        return f"memory://{name}"

    yield write
    for name in written:
        system.rm(name)


def test_commands_read_what_is_at_an_address(nlpcli, memory, tmp_path):
    text = "one two\n나무 하늘\n".encode()
    plain, packed = memory("text.txt", text), memory("text.gz", gzip.compress(text))
    (tmp_path / "text.txt").write_bytes(text)
    wanted = nlpcli("tokenize", "text.txt").stdout
    for address in (plain, packed, f"file://{tmp_path}/text.txt"):
        assert nlpcli("tokenize", address).stdout == wanted
        assert nlpcli("count", address).stdout == nlpcli("count", "text.txt").stdout


def test_tables_and_rows_are_read_from_an_address(nlpcli, memory):
    address = memory("rows.csv", b'text,label\n"good, yes",a\nbad,b\n')
    nlpcli("train-nb", address, "-o", "nb.safetensors")
    assert nlpcli("classify", "nb.safetensors", address, "--text-col", "text").out == "a\nb\n"


def test_a_star_in_an_address_means_the_files_there(nlpcli, memory, tmp_path):
    for name, text in (("shards/b.txt.gz", b"two"), ("shards/a.txt.gz", b"one"), ("shards/note", b"three")):
        memory(name, gzip.compress(text + b"\n"))
    assert nlpcli("tokenize", "memory://shards/*.txt.gz").out == "one\ntwo\n"
    nlpcli("tokenize", "memory://shards/*", "-o", "all.txt")
    assert (tmp_path / "all.txt").read_text() == "one\ntwo\nthree\n"
    assert nlpcli("count", "memory://shards/*.gz").out.split()[::2] == ["one", "two"]
    told = nlpcli("count", "memory://shards/", code=1).err
    assert "hint: name its files, in quotes: 'memory://shards/*'" in told
    assert "memory://x/*: no file is called so" in nlpcli("count", "memory://x/*", code=1).err


def test_what_is_not_there_is_told(nlpcli):
    assert "memory://none.txt: no such file" in nlpcli("count", "memory://none.txt", code=1).err
    assert "Protocol not known" in nlpcli("count", "nowhere://x.txt", code=1).err


def test_a_folder_at_an_address_is_no_file(nlpcli, memory, tmp_path):
    memory("shards/a.txt", b"one\n")
    (tmp_path / "texts").mkdir()
    for folder in ("memory://shards", f"file://{tmp_path}/texts"):
        told = nlpcli("count", folder, code=1).err
        assert f"error: {folder} is a folder\nhint: name its files, in quotes: '{folder}/*'" in told


def test_what_a_server_calls_a_folder_is_not_an_empty_file(nlpcli, memory, monkeypatch):
    """As s3fs opens what names in a bucket begin with."""
    address = memory("shards", b"")
    assert nlpcli("tokenize", address).out == ""
    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.isdir", lambda *_: True)
    assert "is a folder" in nlpcli("tokenize", address, code=1).err


def test_a_scheme_may_be_in_capitals(nlpcli, memory):
    memory("text.txt", b"one\n")
    assert nlpcli("tokenize", "MEMORY://text.txt").out == "one\n"


@pytest.mark.parametrize(("scheme", "names"), [("s3", True), ("gs", False)])
def test_who_does_not_let_in_says_what_to_set(nlpcli, monkeypatch, scheme, names, tmp_path):
    def refused(_):
        raise PermissionError("Forbidden")

    monkeypatch.setattr("fsspec.core.url_to_fs", refused)
    (tmp_path / "a.txt").write_text("one\n")
    for command in (["count", f"{scheme}://bucket/x.txt"], ["tokenize", "a.txt", "-o", f"{scheme}://b/x"]):
        told = nlpcli(*command, code=1).err
        assert "cannot be read: Forbidden" in told
        assert ("AWS_ENDPOINT_URL" in told) is names


def test_more_is_fetched_at_a_time_while_it_is_read_on(monkeypatch):
    fetched = []

    class Far(fsspec.spec.AbstractBufferedFile):
        def __init__(self):
            super().__init__(fsspec.filesystem("memory"), "far", "rb", block_size=8 << 20, size=64 << 20)

        def _fetch_range(self, start, end):
            fetched.append((start, end - start))
            return bytes(end - start)

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem._open", lambda *_, **__: Far())
    with places.open_place("memory://far") as file:
        file.seek(32 << 20)
        file.read(1)
        assert sum(size for _, size in fetched) <= 1 << 20
        fetched.clear()
        file.seek(0)
        assert len(file.read(32 << 20)) == 32 << 20
    assert len(fetched) < 12
    assert max(size for _, size in fetched) >= 8 << 20


def test_without_the_package_there_is_a_hint(nlpcli, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    error = nlpcli("count", "s3://bucket/x.txt", code=1).err
    assert "fsspec, which is not installed" in error
    assert "hint: pip install fsspec" in error


def test_a_scheme_may_need_a_package_of_its_own(nlpcli, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert "hint: pip install s3fs" in nlpcli("count", "s3://bucket/x.txt", code=1).err


def test_what_breaks_off_is_an_error(nlpcli, memory, monkeypatch):
    address = memory("text.txt", b"one\n" * 10)

    def broken(self, size=-1):
        raise RuntimeError("the line went dead")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFile.read", broken, raising=False)
    error = nlpcli("count", address, code=1).err
    assert "cannot be read: the line went dead" in error


def test_a_part_is_read_as_a_file(tmp_path, memory):
    content = bytes(range(256)) * 40
    (tmp_path / "data").write_bytes(content)
    for name in (str(tmp_path / "data"), memory("data", content)):
        part = Part(name, 100, 9000)
        with places.open_place(part.name) as file:
            assert file.peek(4)[:4] == content[100:104]
            assert file.read() == content[100:9000]
            assert file.tell() == 8900
        assert places.size_of(part.name) == 8900
        assert places.size_of(name) == len(content)
