"""The `nlpcli` command as a process of its own: how it starts, and how it ends."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
import threading
from typing import NoReturn

_OBJECTS = 100_000  # that are made before garbage is looked for; a start makes 20,000 to 60,000


def run() -> NoReturn:
    """Do what the arguments say, and end the process.

    When all is done and said, Python would still take every module and object apart, which for a
    vocabulary takes longer than writing it; the system takes the memory back at once.
    """
    _collect_garbage_later()
    _open_closed_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C while the rest is loading ends the process without a word; then `process.run` takes over.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Idle threads of numpy's BLAS would spin, on a core that is wanted, instead of sleeping.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    # torch makes a folder for compiled networks when it is imported, by default among temporary files, and
    # nothing is compiled here: let it be one that is there.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.dirname(__file__))  # noqa: PTH120
    from nlpcli.engine.runtime.torch_caches import limit_caches

    limit_caches()
    from nlpcli.cli import main

    try:
        main()
    except SystemExit as end:
        if threading.active_count() > 1 or not isinstance(end.code, int):
            raise  # a thread may still drive a worker process: Python knows how to wait for it
        atexit._run_exitfuncs()  # ends worker processes
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, AttributeError, ValueError):  # closed, full, or not there
                stream.flush()
        os._exit(end.code)


def _collect_garbage_later() -> None:
    """Have Python look for garbage only after start-up.

    It would look through what is imported every few hundred objects, ten times in a start, for 10 ms; and all
    of that stays. So the first look comes late, what is there then is never looked at again, and from
    there on all is as usual.
    """
    usual = gc.get_threshold()

    def first_look(phase: str, _: dict[str, int]) -> None:
        if phase == "stop":
            gc.callbacks.remove(first_look)
            gc.freeze()
            gc.set_threshold(*usual)

    gc.callbacks.append(first_look)
    gc.set_threshold(_OBJECTS, *usual[1:])


def _open_closed_streams() -> None:
    """Give a place to streams that the caller has closed, before a file that is opened takes theirs.

    Reading such a stdin and writing such a stdout are errors, as in every Unix tool; what is said on such a
    stderr is lost.
    """
    for number, name, mode in (
        (0, "stdin", os.O_WRONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, mode)  # the lowest number that is free: this one
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            mode_of = "w" if number else "r"
            stream = open(number, mode_of, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
