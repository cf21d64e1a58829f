"""Whole outputs or none: what killed runs left is swept, and errors say what is the case."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nlpcli.engine.io import atomic
from nlpcli.engine.io.atomic import FolderNotFlushed, check_writable, write_atomically
from nlpcli.engine.io.paths import is_same_file
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.interrupts import remove_unfinished, unfinished
from nlpcli.errors import InputError, NlpcliError, OutputError

OLD = 4000  # seconds, more than an hour


def aged(path, seconds=OLD):
    moment = path.stat(follow_symlinks=False).st_mtime - seconds
    os.utime(path, (moment, moment), follow_symlinks=False)


def write(path, content=b"new"):
    with write_atomically(path) as file:
        file.write(content)


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_what_a_signal_left_open_is_removed_at_the_end_of_the_process(tmp_path):
    """It comes between the opening of a file and the block that would remove it."""
    (tmp_path / "old").write_text("old")
    file = write_atomically(tmp_path / "old")
    file.__enter__().write(b"half")
    assert len(names(tmp_path)) == 2
    remove_unfinished()
    assert names(tmp_path) == {"old"} and (tmp_path / "old").read_text() == "old"
    assert not file.__exit__(ValueError, ValueError(), None) and not unfinished
    with write_atomically(tmp_path / "new") as whole:
        whole.write(b"new")
    remove_unfinished()
    assert names(tmp_path) == {"old", "new"}


# --- sweeping -------------------------------------------------------------------------------

WRITE_FOREVER = """
import sys, time
from nlpcli.engine.io.atomic import write_atomically
with write_atomically(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("begun", flush=True)
    time.sleep(600)
"""


def writer(target):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, target],
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    process.stdout.readline()
    return process


@pytest.mark.parametrize("name", ["model.safetensors", "결과 😀" * 12, "-a [b]*", ".hidden", "x.tmp"])
def test_what_a_killed_run_left_is_swept_by_the_next_that_writes_there(tmp_path, name):
    target = tmp_path / name
    killed = writer(target)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    (left,) = tmp_path.iterdir()
    write(target)
    assert names(tmp_path) == {left.name, name}  # younger than an hour
    aged(left)
    write(target)
    assert names(tmp_path) == {name}


def test_a_run_that_still_writes_keeps_its_file_however_old(tmp_path):
    target = tmp_path / "out"
    living = writer(target)
    try:
        (part,) = tmp_path.iterdir()
        aged(part)
        write(target)
        assert names(tmp_path) == {part.name, "out"}
    finally:
        living.kill()
        living.wait()
        living.stdout.close()


def test_only_own_plain_files_of_that_name_are_swept(tmp_path):
    others = [".out.12345678.tm", ".out.1234567.tmp", ".out.1234567g.tmp", "out.12345678.tmp",
              ".other.12345678.tmp", ".out.12345678.tmp.x"]  # fmt: skip
    for name in others:
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / ".out.00000001.tmp")
    (tmp_path / ".out.00000002.tmp").symlink_to("out")
    (tmp_path / ".out.00000003.tmp").mkdir()
    kept = names(tmp_path)
    if not os.geteuid():
        (tmp_path / ".out.00000004.tmp").touch()
        os.chown(tmp_path / ".out.00000004.tmp", 40_001, 40_001)
        kept |= {".out.00000004.tmp"}
    (tmp_path / ".out.00000005.tmp").touch()
    for path in tmp_path.iterdir():
        aged(path)
    write(tmp_path / "out")
    assert names(tmp_path) == kept | {"out"}


@pytest.mark.parametrize(
    "name", ["a" * 255, "가" * 85, "😀" * 63, "e\u0301" * 80, os.fsdecode(b"\xff" * 255)]
)
def test_any_name_that_the_disk_takes_can_be_written(tmp_path, name):
    try:
        (tmp_path / name).touch()
    except (OSError, ValueError):
        pytest.skip("not a name on this disk")
    write(tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"new"
    assert names(tmp_path) == {name}


# --- errors say what is the case ------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "is_told"),
    [(errno.EIO, True), (errno.ENOSPC, True), (errno.EINVAL, False), (errno.ENOTSUP, False)],
)
def test_a_folder_that_cannot_be_flushed_is_told_with_the_new_file_in_place(
    tmp_path, monkeypatch, number, is_told
):
    usual = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        usual(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    target = tmp_path / "out"
    target.write_text("old")
    if is_told:
        with pytest.raises(FolderNotFlushed) as caught:
            write(target)
        assert "is written, but" in caught.value.message and "in place" in caught.value.hint
    else:
        write(target)
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace", "fchmod"])
def test_an_error_before_the_rename_leaves_the_old_file(tmp_path, monkeypatch, call):
    target = tmp_path / "out"
    target.write_text("old")

    def refused(*_, **__):
        raise OSError(errno.EIO, "no luck")

    if call == "write":
        monkeypatch.setattr(atomic._Early, "write", refused)
    else:
        monkeypatch.setattr(os, call, refused)
    with pytest.raises(OutputError, match=r"cannot write .*no luck") as caught:
        write(target)
    monkeypatch.undo()
    assert "untouched" in caught.value.hint
    assert target.read_text() == "old"
    assert names(tmp_path) == {"out"}


# --- names ----------------------------------------------------------------------------------

NO_NAMES = [0, 5, 1.5, b"bytes", "nul\0byte", "lone \ud800 surrogate"]


@pytest.mark.parametrize("name", NO_NAMES, ids=repr)
def test_what_is_no_name_of_a_file_is_said_plainly(tmp_path, name):
    from nlpcli.engine import jobs

    text = tmp_path / "text"
    text.write_text("the cat")
    with pytest.raises(InputError, match="is not the name of a file"):
        jobs.count([name], str(tmp_path / "out"))
    with pytest.raises(OutputError, match="is not the name of a file"):
        jobs.count([str(text)], name)
    with pytest.raises(NlpcliError, match="is not the name of a file"):
        jobs.inspect(name)
    with pytest.raises(OutputError, match="is not the name of a file"):
        check_writable(name)
    with pytest.raises(OutputError, match="is not the name of a file"):
        write(name)


def spelled(tmp_path, kind):
    """Another spelling of the path of `file.npz`."""
    file, other = tmp_path / "file.npz", tmp_path / "other.npz"
    if kind == "dot":
        return f"{tmp_path}/./file.npz"
    if kind == "up":
        return f"{tmp_path}/folder/../file.npz"
    if kind == "link":
        other.symlink_to("file.npz")
    elif kind == "link to folder":
        other.symlink_to(tmp_path)
        return other / "file.npz"
    elif kind == "second name":
        other.hardlink_to(file)
    elif kind == "relative":
        return "file.npz"
    else:
        return file
    return other


KINDS = ["same", "dot", "up", "relative", "link", "link to folder", "second name"]


@pytest.mark.parametrize("kind", KINDS)
def test_two_outputs_are_not_the_same_file(nlpcli, tmp_path, kind):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("the cat sat\n")
    file = tmp_path / "file.npz"
    if kind in ("link", "second name"):
        file.write_text("old")
    name = spelled(tmp_path, kind)
    before = names(tmp_path)
    for option in ("--save-model", "--save-vocab"):
        done = nlpcli("vectorize", "text", "-o", file, option, name, code=1)
        assert "the same file" in done.err and option in done.err
    assert names(tmp_path) == before
    assert not file.exists() or file.read_text() == "old"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", [["tokenize"], ["count"], ["train-subword", "--vocab-size", "260"]])
def test_an_output_is_not_an_input(nlpcli, tmp_path, kind, command):
    (tmp_path / "folder").mkdir()
    file = tmp_path / "file.npz"
    file.write_text("the cat sat\n")
    done = nlpcli(*command, file, "-o", spelled(tmp_path, kind), code=1)
    assert "is read and would be replaced" in done.err
    assert file.read_text() == "the cat sat\n"


@pytest.mark.parametrize(
    ("command", "outputs"),
    [
        (["keywords", "text"], ["-o", "--chart", "--cloud"]),
        (["evaluate", "nb.safetensors", "text"], ["-o", "--plot"]),
        (["cluster", "text", "--k", "2"], ["-o", "--page"]),
        (["search", "text", "cat"], ["-o"]),
        (["summarize", "text", "--reference", "nb.safetensors"], ["-o"]),
        (["inspect", "text"], ["-o"]),
        (["similar", "text", "cat"], ["-o"]),
    ],
)
def test_no_output_of_a_command_takes_another_files_place(nlpcli, tmp_path, command, outputs):
    (tmp_path / "text").write_text("the cat sat\n")
    (tmp_path / "nb.safetensors").write_text("a model")
    for option in outputs:
        for read in {*command} & {"text", "nb.safetensors"}:
            assert f"{read} is read and would be replaced" in nlpcli(*command, option, read, code=1).err
        if option != "-o":
            assert "the same file" in nlpcli(*command, "-o", "p.html", option, "p.html", code=1).err
    assert (tmp_path / "text").read_text() == "the cat sat\n"
    assert (tmp_path / "nb.safetensors").read_text() == "a model"
    assert names(tmp_path) == {"nb.safetensors", "text"}


def test_what_goes_on_from_a_file_may_replace_it(nlpcli, tmp_path):
    (tmp_path / "text").write_text("good\tfine\nbad\tawful\n")
    columns = ["--text-col", "2", "--label-col", "1", "--format", "tsv", "--header", "no"]
    nlpcli("train-nb", "text", *columns, "-o", "nb.safetensors")
    once = (tmp_path / "nb.safetensors").read_bytes()
    nlpcli("train-nb", "text", *columns, "--append", "nb.safetensors", "-o", "nb.safetensors")
    assert (tmp_path / "nb.safetensors").read_bytes() != once
    nlpcli("merge", "nb.safetensors", "nb.safetensors", "-o", "nb.safetensors")


def test_devices_are_no_files():
    assert not is_same_file(os.devnull, os.devnull)
    if Path("/dev/stdout").exists():
        assert not is_same_file("/dev/stdout", "/dev/stdout")


# --- what is known before work begins -------------------------------------------------------

EARLY = ("train-w2v", "train-nb", "vectorize", "train-tagger", "train-charlm", "tokenize")


@pytest.mark.parametrize("command", EARLY)
@pytest.mark.parametrize("name", ["x" * 300 + ".npy", "text/o.npy", "gone/o.npy", "loop/o.npy"])
def test_an_output_that_nothing_can_be_written_to_is_an_error_before_the_input_is_read(
    nlpcli, tmp_path, command, name
):
    (tmp_path / "text").write_text("a b\na b c\n")
    (tmp_path / "loop").symlink_to("loop")
    name = name.replace(".npy", ".npz") if command == "vectorize" else name
    done = nlpcli(command, "text", "-o", name, code=1)
    assert done.err.startswith("error: cannot write ")


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become another user")
def test_a_folder_that_may_not_be_entered_is_a_plain_error_for_inputs_and_outputs(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    (secret / "in").write_text("a b\n")
    for folder in [tmp_path, *tmp_path.parents]:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)
    told = []
    for act in (
        lambda: check_writable(secret / "out"),
        lambda: check_writable(secret / "deeper" / "out"),
        lambda: write_atomically(secret / "out").__enter__(),
        lambda: [*Records([str(secret / "in")]).batches()],
    ):
        read, write = os.pipe()
        if not (child := os.fork()):
            os.setuid(65534)
            try:
                act()
                said = "nothing"
            except (InputError, OutputError) as error:
                said = error.message
            except BaseException as error:
                said = repr(error)
            os.write(write, said.encode())
            os._exit(0)
        os.close(write)
        told.append(os.read(read, 9999).decode())
        os.close(read)
        os.waitpid(child, 0)
    assert all("Permission denied" in said and "Error" not in said for said in told), told
