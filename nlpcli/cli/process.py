"""How the process ends: exit codes, signals, closed pipes, and the last words on stderr.

The only module that ends the process.
"""

from __future__ import annotations

import contextlib
import errno
import io
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn, TextIO

from nlpcli.cli import bars, console
from nlpcli.cli.visible import coloured, on_one_line
from nlpcli.engine.runtime.interrupts import arrived, outputs, remove_unfinished, written
from nlpcli.engine.runtime.progress import before_reading, listeners
from nlpcli.errors import NlpcliError, OutputError

_WRITE_HINTS = {
    errno.ENOSPC: "the device is full",
    errno.EDQUOT: "your quota is used up",
    errno.EBADF: "stdout is closed",
}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGINT))
CLOSED_PIPE = 128 + 13  # what a shell shows for a program that died of SIGPIPE


class _Terminated(BaseException):
    """SIGTERM or SIGHUP as an exception, so that temporary files are removed on the way out."""


def run(work: Callable[[], object]) -> NoReturn:
    """Do the work and end the process as a Unix tool does.

    0 fine; 1 a mendable error; 2 usage; 141 when the reader of stdout went away; death by
    SIGINT on Ctrl-C, so that a shell loop around the command stops too.
    """
    sys.stderr = _heedless(sys.stderr)
    _show_warnings()
    sys.unraisablehook = _unraisable
    listeners.append(console.remark_unless_quiet)
    before_reading.append(_flush_stdout)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background job
            signal.signal(number, _interrupt)
    try:
        code = _exit_code(work)
        # From here on a signal ends the process at once: Python would show an exception amid its own end.
        for number in _SIGNALS:
            if signal.getsignal(number) is _interrupt:
                signal.signal(number, signal.SIG_DFL)
    except (KeyboardInterrupt, _Terminated):
        _die_by(arrived[0] if arrived else signal.SIGINT)
    except Exception:
        # A library may turn an interrupt into an error of its own, as LLVM does while it compiles.
        if arrived:
            _die_by(arrived[0])
        raise
    sys.exit(code)


class _Heedless(io.FileIO):
    """A file that takes what cannot be written and forgets it."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or len(data)
        except OSError:
            return len(data)


def _heedless(stderr: TextIO) -> TextIO:
    """As `stderr`, but it stops no work: neither a full device nor a reader who left is an error."""
    try:
        raw = _Heedless(stderr.fileno(), "wb", closefd=False)
    except (OSError, ValueError, AttributeError):  # replaced by what is no file
        return stderr
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)


_AT_ONCE = 1.0  # seconds
_last = [-math.inf]  # when a signal was obeyed last


def _flush_stdout() -> None:
    """What stands in stdout's buffer goes to the reader; an error shows again where more is written."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()


def _interrupt(number: int, _frame: object) -> None:
    """Raise the signal as an exception; not one that follows at once, while the first is being obeyed.

    It would cut off what tidies up. Later ones raise again: a library may have swallowed the first.
    """
    now = time.monotonic()
    if now - _last[0] > _AT_ONCE:
        _last[0] = now
        arrived.append(number)
        raise KeyboardInterrupt if number == signal.SIGINT else _Terminated


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """A signal that came while an object was finalised, where Python drops exceptions, comes again."""
    if isinstance(found.exc_value, KeyboardInterrupt | _Terminated) and arrived:
        _last[0] = -math.inf
        # Not from here, where exceptions are dropped too; to the main thread, which it has to wake.
        again = threading.Timer(0.01, _send_to_main_thread, (arrived.pop(),))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(found)


def _send_to_main_thread(number: int) -> None:
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        signal.raise_signal(number)
    else:
        signal.pthread_kill(main, number)


def _exit_code(work: Callable[[], object]) -> int:
    from typer.exceptions import Exit, TyperException

    try:
        try:
            work()
            code = 0
        except Exit as end:
            code = end.exit_code
        finally:
            bars.close_bars()
        sys.stdout.flush()
        return code
    except NlpcliError as error:
        if arrived and not isinstance(error, OutputError):
            raise  # an interrupted import looks like a missing library
        _report(error.message, error.hint)
        return _flushed(error.exit_code)
    except TyperException as error:
        from nlpcli.cli.wrong_calls import told

        _report(*told(error, sys.argv[1:]))
        return 2
    except MemoryError as error:
        _report(f"not enough memory: {error}".rstrip(": "), "close other programs, or work on less at a time")
        return 1
    except BrokenPipeError:
        # Python flushes stdout once more at exit: give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except OSError as error:
        if error.filename is not None:
            raise
        _report(f"cannot write the output: {error.strerror}", _WRITE_HINTS.get(error.errno or 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _flushed(code: int) -> int:
    """`code`, after what was already printed went out; a closed pipe no longer matters."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _report(message: str, hint: str | None) -> None:
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    error, advice = (coloured("error:", "31;1"), coloured("hint:", "1")) if colour else ("error:", "hint:")
    with contextlib.suppress(OSError):
        console.remark(f"{error} {on_one_line(message)}")
        if hint:
            console.remark(f"{advice} {on_one_line(hint)}")


def _die_by(number: int) -> NoReturn:
    """End by the signal's own default action, as the shell expects; a sibling of `exit`."""
    remove_unfinished()
    if outputs and not written:
        bars.close_bars()
        console.remark_unless_quiet("interrupted; nothing was written")
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # not reached where signals work as usual


_warned: set[str] = set()


def _show_warnings() -> None:
    """Our own warnings as one line on stderr, each once; others as Python shows them."""
    import warnings

    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if not category.__module__.startswith("nlpcli."):
            usual(message, category, *place, **more)
        elif str(message) not in _warned:
            _warned.add(str(message))
            console.remark_unless_quiet(f"warning: {on_one_line(str(message))}")

    warnings.showwarning = show
