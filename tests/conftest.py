"""What every test file shares: running the command line as a user does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"  # large corpora; tests skip where they are absent

os.environ.pop("PYTHONUNBUFFERED", None)  # set by many containers; it hides what stays in a buffer

# Under nohup and in a shell's background these are ignored, by children too: who sends them one would wait.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def nlpcli(tmp_path: Path) -> Run:
    """Runs `nlpcli ARGUMENTS` in a process of its own, in `tmp_path`; checks its exit code.

    nlpcli("tokenize", "-", input="text") -> CompletedProcess with bytes in stdout and stderr.
    """

    def run(
        *arguments: object, input: str | bytes = b"", code: int = 0, cwd: Path = tmp_path, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        variables = {**os.environ, **environment}
        variables.pop("PYTHONUNBUFFERED", None)  # it would hide what is lost at exit
        done = subprocess.run(
            [sys.executable, "-m", "nlpcli", *map(str, arguments)],
            input=input.encode() if isinstance(input, str) else input,
            capture_output=True,
            cwd=cwd,
            env=variables,
            check=False,
        )
        assert done.returncode == code, done.stderr.decode()
        assert code == 0 or b"Traceback" not in done.stderr, done.stderr.decode()
        return done

    return run
