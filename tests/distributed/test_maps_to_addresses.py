"""From each file to a file at an address, on many machines."""

import pytest

pytest.importorskip("distributed")


@pytest.fixture
def texts(tmp_path):
    """A file that is cut, and one that is not."""
    (tmp_path / "long.txt").write_text("".join(f"word{n % 7} 나무 {n}\n" for n in range(300)))
    (tmp_path / "short.txt").write_text("Mary had a lamb\n")
    return ["long.txt", "short.txt"]


def test_a_file_for_each_at_an_address(nlpcli, address, texts, tmp_path):
    there = f"file://{tmp_path}/out/tokens/"
    command = ["tokenize", *texts, "-o", there, "--cluster", address]
    nlpcli(*command, "--shard-size", "2KB")
    folder = tmp_path / "out" / "tokens"
    parts = sorted(folder.glob("long.*.txt"))
    assert len(parts) > 1
    assert b"".join(part.read_bytes() for part in parts) == nlpcli("tokenize", "long.txt").stdout
    assert (folder / "short.txt").read_text() == "Mary had a lamb\n"
    again = nlpcli(*command, "--shard-size", "4KB", code=1).err
    assert "is a part from an earlier run" in again
    for part in parts:
        part.unlink()
    (folder / ".short.txt.0a1b2c3d.tmp").write_text("what a worker has left that was killed")
    (folder / ".other.txt.0a1b2c3d.tmp").write_text("what somebody else is writing")
    nlpcli(*command)
    assert sorted(path.name for path in folder.iterdir()) == [
        ".other.txt.0a1b2c3d.tmp", "long.txt", "short.txt"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ("memory://tokens/", "2 of the files cannot be seen from here"),
        ("nowhere://tokens/", "Protocol not known: nowhere"),
        ("file:///proc/tokens/", "cannot write file:///proc/tokens/: no such folder"),
    ],
)
def test_what_is_wrong_with_an_address_is_told(nlpcli, address, texts, there, told):
    code = 0 if there.startswith("memory") else 1
    assert told in nlpcli("tokenize", *texts, "-o", there, "--cluster", address, code=code).err


def test_what_a_worker_may_not_write_is_told_with_the_machine(nlpcli, address, texts, tmp_path):
    (tmp_path / "out" / "short.txt").mkdir(parents=True)
    told = nlpcli("tokenize", *texts, "-o", f"file://{tmp_path}/out/", "--cluster", address, code=1).err
    assert f"file://{tmp_path}/out/short.txt is a folder (shard " in told
    assert ", on tcp://127." in told
