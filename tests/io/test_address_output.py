"""Outputs at an address: whole or not there, by whatever the library there can."""

import sys

import pytest

fsspec = pytest.importorskip("fsspec")
MemoryFileSystem = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem


class Bucket(MemoryFileSystem):
    """Objects that come whole, as those of s3 do."""

    store = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012
    protocol = "s3"
    closed_to = ""  # the name of one that may not be written

    @classmethod
    def _strip_protocol(cls, path):
        return MemoryFileSystem._strip_protocol(path.replace("s3://", "memory://"))

    def put_file(self, here, there, **options):
        if self.closed_to and there.endswith(self.closed_to):
            raise PermissionError("Access Denied")
        super().put_file(here, there, **options)

    def mv(self, *names, **options):
        raise AssertionError("moving an object copies it")


@pytest.fixture
def memory():
    """Files in the memory of this process, by name."""
    system = fsspec.filesystem("memory")
    yield system
    for name in system.find("/"):
        system.rm_file(name)


@pytest.fixture
def bucket():
    fsspec.register_implementation("s3", Bucket, clobber=True)
    system = fsspec.filesystem("s3")
    yield system
    Bucket.store.clear()
    sys.modules["fsspec.registry"]._registry.pop("s3")


@pytest.fixture
def text(tmp_path):
    (tmp_path / "text").write_text("Mary had a lamb\n하늘 나무\n")
    return "text"


COMMANDS = [["tokenize"], ["normalize", "--lowercase"], ["tag", "english-pos"], ["count"]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_lines_are_written_at_an_address(nlpcli, memory, bucket, text, command):
    alone = nlpcli(*command, text).stdout
    nlpcli(*command, text, "-o", "memory://folder/a.txt")
    nlpcli(*command, text, "-o", "s3://bucket/a.txt")
    assert memory.cat_file("/folder/a.txt") == bucket.cat_file("bucket/a.txt") == alone
    assert memory.find("/folder") == ["/folder/a.txt"]


def test_a_table_is_written_at_an_address(nlpcli, memory, text, tmp_path):
    nlpcli("tokenize", text, "-o", "memory://there.xlsx")
    assert memory.cat_file("/there.xlsx")[:4] == b"PK\3\4"  # its time is in it
    for ending in ("csv", "jsonl"):
        nlpcli("tokenize", text, "-o", f"here.{ending}")
        nlpcli("tokenize", text, "-o", f"memory://there.{ending}")
        assert memory.cat_file(f"/there.{ending}") == (tmp_path / f"here.{ending}").read_bytes()


def test_what_was_there_stays_until_all_of_it_has_come(nlpcli, memory, text, tmp_path, monkeypatch):
    memory.pipe_file("/old.txt", b"old")
    (tmp_path / "bad").write_bytes(b"fine\n" * 500_000 + b"\xff\n")
    nlpcli("tokenize", "bad", "-o", "memory://old.txt", code=1)
    assert memory.cat_file("/old.txt") == b"old"

    def broken(self, one, other, **options):
        assert memory.cat_file(one) == "Mary had a lamb\n하늘 나무\n".encode()
        raise OSError("the line is cut")

    monkeypatch.setattr(MemoryFileSystem, "mv", broken)
    error = nlpcli("tokenize", text, "-o", "memory://old.txt", code=1).err
    assert "cannot write memory://old.txt: the line is cut" in error
    assert memory.cat_file("/old.txt") == b"old"
    assert memory.find("/") == ["/old.txt"]


def test_a_bucket_that_refuses_is_told(nlpcli, bucket, text, monkeypatch):
    monkeypatch.setattr(Bucket, "closed_to", "mine.txt")
    error = nlpcli("tokenize", text, "-o", "s3://bucket/mine.txt", code=1).err
    assert "error: cannot write s3://bucket/mine.txt: Access Denied\n" in error
    assert "hint: check the address, and whether it lets you write" in error
    assert not bucket.store


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["tokenize", "text", "-o", "memory://folder/"], "memory://folder/ is a folder"),
        (["tokenize", "text", "-o", "memory://a.txt.gz"], "results are not compressed"),
        (["tokenize", "memory://a.txt", "-o", "memory://a.txt"], "is read and would be replaced"),
        (["tokenize", "text", "-o", "nowhere://a.txt"], "Protocol not known: nowhere"),
        (["train-nb", "text", "-o", "memory://a.safetensors"], "is written to a file of this machine"),
        (["train-w2v", "text", "-o", "memory://a.txt"], "is written to a file of this machine"),
        (["count", "text", "-o", "memory://a.safetensors"], "is written to a file of this machine"),
        (["tokenize", "text", "-o", "file:///none/such/a.txt"], "no such folder or bucket"),
    ],
)
def test_what_cannot_be_written_at_an_address_is_told(nlpcli, memory, text, command, told):
    assert told in nlpcli(*command, code=1).err
    assert not memory.find("/")


def test_without_fsspec_the_package_is_named(nlpcli, text, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    error = nlpcli("tokenize", text, "-o", "s3://bucket/a.txt", code=1).err
    assert "hint: pip install fsspec" in error
