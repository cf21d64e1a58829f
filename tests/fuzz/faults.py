"""System calls that fail: commands say so and leave the old output whole.

strace makes one call of a command fail, or kills it there: one of those that touch the folder of its output.
Limits on the size of files, and devices that are full, come without it.
"""

from __future__ import annotations

import functools
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

SHORT = 3
ROOT = Path(__file__).parents[2]
OLD = b"the old output\n"

_TEXT = "".join(f"the cat number {n % 7} sat on the mat and\tsaid {n % 11} words\n" for n in range(400))
_LABELLED = "text\tlabel\n" + "".join(f"good film {n % 5}\tpos\nbad film {n % 3}\tneg\n" for n in range(60))
_FILES = {"given-text": _TEXT, "given-labelled": _LABELLED}
_TRAIN = ["--dim", "4", "--epochs", "1", "--min-count", "1", "--deterministic", "--threads", "1"]

# A command's arguments, and the name of its output.
_COMMANDS: dict[str, tuple[list[str], str]] = {
    "tokenize": (["tokenize", "given-text"], "out.txt"),
    "count": (["count", "given-text"], "out.tsv"),
    "normalize": (["normalize", "given-text"], "out.txt"),
    "vectorize": (["vectorize", "given-text"], "out.npz"),
    "index": (["index", "given-text"], "out.safetensors"),
    "train-nb": (["train-nb", "given-labelled", "--text-col", "text", "--label-col", "label"],
                 "out.safetensors"),
    "cooccur": (["cooccur", "given-text"], "out.npz"),
    "train-w2v": (["train-w2v", "given-text", *_TRAIN], "out.safetensors"),
}  # fmt: skip
# Of these, also all that follow: a full disk stays full. The others would hit the loading of libraries.
_LASTING = ("write", "fsync", "rename", "fchmod")
_FAULTS = (
    ("write", ("ENOSPC", "EIO", "EDQUOT", "EFBIG")),
    ("fsync", ("EIO", "ENOSPC", "EDQUOT")),
    ("rename", ("EIO", "EACCES", "ENOSPC", "EROFS", "EPERM")),
    ("openat", ("EACCES", "EMFILE", "ENOSPC", "EROFS", "EIO", "ENOENT")),
    ("fchmod", ("EPERM", "EIO")),
    ("read", ("EIO",)),
    ("newfstatat", ("EACCES", "EIO")),
    ("getdents64", ("EIO",)),
    ("unlink", ("EIO",)),
)


def missing() -> str:
    """Why the campaign cannot run here."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "strace may not trace here"


def attempt(random: Random, folder: Path) -> None:
    """One command with one fault."""
    name = random.choice(list(_COMMANDS))
    kind: Callable[[Random, Path, str], None] = random.choice(
        (_failing_call, _failing_call, _failing_call, _limit)
    )
    kind(random, folder, name)


def _failing_call(random: Random, folder: Path, name: str) -> None:
    places: list[int] = []
    while not places:  # not every command makes every call there
        call, errors = random.choice(_FAULTS)
        places = _places(name, call)
    what = f"error={random.choice(errors)}" if random.random() < 0.85 else "signal=SIGKILL"
    place = random.choice(places)
    fault = f"{call}:{what}:when={place}" + random.choice(("", "+") if call in _LASTING else ("",))
    strace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={fault}"]
    _check(name, folder, _run(strace, name, folder), fault)


def _limit(random: Random, folder: Path, name: str) -> None:
    """No file may be longer than some bytes."""
    most = random.randrange(len(_expected(name)))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    _check(name, folder, _run([], name, folder, limit), f"files of {most} bytes at most")


def _check(name: str, folder: Path, done: subprocess.CompletedProcess[bytes], fault: str) -> None:
    output = folder / _COMMANDS[name][1]
    found, said = output.read_bytes(), done.stderr.decode()
    shown = f"{name} with {fault}: ended with {done.returncode}\n{said}"
    assert found in (OLD, _expected(name)), f"{shown}\nthe output is neither the old nor the new one"
    if done.returncode == 0:
        assert found == _expected(name), f"{shown}\nit says that all is well, but the output is the old one"
    elif done.returncode > 0 and not (fault.startswith("write") and fault.endswith("+")):
        # Else it was killed, or what it says on stderr cannot be written either.
        assert "error:" in said and "Traceback" not in said, shown
        is_told = "is written, but" in said
        assert is_told == (found == _expected(name)), f"{shown}\nwhat is said of the output is not so"
    if "SIGKILL" not in fault and "unlink" not in fault:
        left = [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]
        assert not left, f"{shown}\nleft behind: {left}"


def _run(
    before: list[str], name: str, folder: Path, limit: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[bytes]:
    arguments, output = _COMMANDS[name]
    for file, content in _FILES.items():
        (folder / file).write_text(content)
    (folder / output).write_bytes(OLD)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    # Python itself looks into the folder it is started in, unless it is told not to (-P).
    command = [*before, sys.executable, "-P", "-m", "nlpcli", *arguments, "-o", output, "-q"]
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, check=False, preexec_fn=limit, timeout=120
    )


@functools.cache
def _expected(name: str) -> bytes:
    """What the command writes when nothing fails."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = _run([], name, Path(folder))
        assert done.returncode == 0, done.stderr.decode()
        return (Path(folder) / _COMMANDS[name][1]).read_bytes()


@functools.cache
def _places(name: str, call: str) -> list[int]:
    """The numbers of the command's calls of a kind that touch the folder of its output."""
    import tempfile

    _expected(name)  # its kernels are compiled
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("r") as trace:
        strace = ["strace", "-f", "-qq", "-y", "-o", trace.name, "-e", f"trace={call}"]
        _run(strace, name, Path(folder))
        calls = [line for line in trace.read().splitlines() if f"{call}(" in line]
    # An open file stands there as `3</its/path>`, another by its name; not what Python looks for there.
    files = "|".join((*_FILES, r"\.?" + re.escape(_COMMANDS[name][1])))
    own = re.compile(rf'\d<{re.escape(folder)}>|[/"<]({files})')
    return [number for number, line in enumerate(calls, start=1) if own.search(line)]
