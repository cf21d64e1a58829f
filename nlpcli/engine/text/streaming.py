"""Many lines through an analysis: in order, as they come, on several cores, whatever fails.

Fast tokenizers run here; Java analysers, and any tokenizer with `jobs` above 1, run in worker
processes. From a pipe, what has arrived is finished before more is waited for, so that the first
line is out before the last is in; from files, the workers are kept busy ahead. What is in memory
is bounded by two batches of input.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.runtime.processes import Failure, Worker
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.text.analyzer import ISOLATED, Analyzer, isolated
from nlpcli.engine.text.token import Token
from nlpcli.engine.text.tokenizers.tokenizer import LineFailed
from nlpcli.errors import InputError, NlpcliError
from nlpcli.settings.text import KOREAN, AnalysisSettings, RunSettings

if TYPE_CHECKING:  # importing it takes some milliseconds
    from concurrent.futures import Future

_PIECE_LINES = 64
_PIECE_CHARACTERS = 16_384
_BATCH = 1024  # texts in memory that are handed on together
_MOST_SLOW = 10  # lines over which a user's pattern may run out of time before it is an error
_AHEAD = 4  # pieces per worker that may wait, when the input is a file


class Texts:
    """Texts in memory, in the batches in which `Lines` gives the lines of files.

    >>> list(Texts(text for text in ["a b", "c"]).batches())
    [['a b', 'c']]
    """

    name, number, has_end = "<texts>", 0, True

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = map(_checked, texts)

    def batches(self) -> Iterator[list[str]]:
        """The texts, some at a time; `number` counts those given before."""
        while batch := list(itertools.islice(self._texts, _BATCH)):
            yield batch
            self.number += len(batch)


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"texts must be str, not {type(text).__name__}: {text!r:.80}")
    return text


Source: TypeAlias = Lines | Texts


def token_lists(
    lines: Source, settings: AnalysisSettings, run: RunSettings, progress: Progress
) -> Iterator[list[str]]:
    """The tokens of every line, one list per line, in order."""
    return (tokens for _, tokens in _Run(lines, settings, run, progress, "tokens").pairs())


def token_details(
    lines: Source, settings: AnalysisSettings, run: RunSettings, progress: Progress
) -> Iterator[tuple[str, list[Token]]]:
    """Every line and its tokens with places, tags and lemmas, in order."""
    return _Run(lines, settings, run, progress, "analyse").pairs()


_APART = ("word", "whitespace", "char", "jamo")  # no token of theirs looks beyond a space


def works_in_pieces(settings: AnalysisSettings, run: RunSettings) -> bool:
    """Whether the tokens of a line are those of its pieces, cut at spaces."""
    return settings.tokenizer in _APART and not (settings.normalizes or settings.tagged or run.jobs > 1)


def token_pieces(lines: Lines, settings: AnalysisSettings) -> Iterator[tuple[list[str], bool]]:
    """The tokens of every line, in order; those of a long line in several lists, all but its last True."""
    tokens = Analyzer(settings).tokens
    for batch, goes_on in lines.pieces():
        last = len(batch) - 1
        for number, line in enumerate(batch):
            yield tokens(line), goes_on and number == last


class _Run:
    """One pass over the lines. A line that fails is dealt with as `run.on_error` says."""

    def __init__(
        self, lines: Source, settings: AnalysisSettings, run: RunSettings, progress: Progress, method: str
    ) -> None:
        self._lines = lines
        self._settings = settings
        self._run = run
        self._progress = progress
        self._method = method
        self._failed = 0

    def pairs(self) -> Iterator[tuple[str, Any]]:
        """Every line and its result. Raises InputError on a line that fails, with `--on-error stop`."""
        if self._run.jobs > 1 or self._settings.tokenizer in ISOLATED:
            make = lambda: isolated(self._settings, self._method, self._run.time_limit)  # noqa: E731
            with Pool(make, self._run.jobs) as pool:
                yield from self._pooled(pool)
        else:
            yield from self._here()

    def _here(self) -> Iterator[tuple[str, Any]]:
        analyzer = Analyzer(self._settings)
        function: Callable[[str], Any] = getattr(analyzer, self._method)
        if self._settings.tokenizer in (*KOREAN, "regexp"):
            function = _caught(function)
        for batch in self._lines.batches():
            analyzer.prepare(batch)
            for offset, line in enumerate(batch, start=1):
                result = function(line)
                if isinstance(result, Failure):
                    result = self._dealt_with(result, line, self._lines.number + offset)
                yield line, result

    def _pooled(self, pool: Pool) -> Iterator[tuple[str, Any]]:
        """Results in order, while later pieces are being worked on."""
        waiting: deque[tuple[int, Sequence[str], Future[list[Any]]]] = deque()
        room = _AHEAD * self._run.jobs if self._lines.has_end else 0
        for batch in self._lines.batches():
            position = self._lines.number
            for piece in pieces(batch, self._run.jobs):
                waiting.append((position, piece, pool.submit(piece)))
                position += len(piece)
                if room and len(waiting) > room:
                    yield from self._taken(*waiting.popleft())
            while len(waiting) > room:
                yield from self._taken(*waiting.popleft())
        while waiting:
            yield from self._taken(*waiting.popleft())

    def _taken(
        self, position: int, piece: Sequence[str], future: Future[list[Any]]
    ) -> Iterator[tuple[str, Any]]:
        for number, (line, result) in enumerate(zip(piece, future.result(), strict=True), start=position + 1):
            yield line, self._dealt_with(result, line, number) if isinstance(result, Failure) else result

    def _dealt_with(self, failure: Failure, line: str, number: int) -> list[Any]:
        """What is given for a line on which the analyser failed."""
        message = f"{self._lines.name}:{number}: {self._settings.tokenizer} failed: {failure}"
        if self._run.on_error == "stop":
            raise InputError(message, hint="--on-error skip or keep goes on without the line's tokens")
        self._failed += 1
        if self._failed == _MOST_SLOW and self._settings.tokenizer == "regexp":
            raise InputError(message, hint=f"it is the {_MOST_SLOW}th such line: mend the pattern")
        kept = self._run.on_error == "keep"
        self._progress.lost(f"{message}; {'kept as it is' if kept else 'left empty'}")
        if not kept:
            return []
        if self._method == "tokens":
            return line.split()
        from nlpcli.engine.text.token import locate

        return locate(line, line.split())


def _caught(function: Callable[[str], Any]) -> Callable[[str], Any]:
    """A library may raise anything over a line; that is a Failure, as it is in a worker."""

    def careful(line: str) -> Any:
        try:
            return function(line)
        except LineFailed as error:
            return Failure(error.message)
        except (NlpcliError, MemoryError):
            raise
        except Exception as error:
            return Failure(f"{type(error).__name__}: {str(error)[:200]}")

    return careful


def pieces(batch: Sequence[str], jobs: int) -> Iterator[Sequence[str]]:
    """A batch in pieces small enough to keep every worker busy.

    >>> [len(piece) for piece in pieces(["a"] * 10, 2)]
    [2, 2, 2, 2, 2]
    """
    most = max(1, min(_PIECE_LINES, -(-len(batch) // (4 * jobs))))
    start = size = 0
    for number, line in enumerate(batch):
        if number - start >= most or (size and size + len(line) > _PIECE_CHARACTERS):
            yield batch[start:number]
            start, size = number, 0
        size += len(line)
    if start < len(batch):
        yield batch[start:]


class Pool:
    """Worker processes, each driven by a thread; what it is given comes back as futures."""

    def __init__(self, make: Callable[[], Worker], jobs: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._workers = [make() for _ in range(jobs)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(jobs)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()  # a thread that waits for it wakes up
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def submit(self, lines: Sequence[str]) -> Future[list[Any]]:
        """The lines' results, in time. Their future raises what `Worker.map` raises."""
        return self._threads.submit(self._work, lines)

    def _work(self, lines: Sequence[str]) -> list[Any]:
        worker = self._idle.get()
        try:
            return worker.map(lines)
        finally:
            self._idle.put(worker)


class LineRate(Progress):
    """Passes progress on with the lines per second beside it."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._begun = time.monotonic()
        self._count = 0

    def counted(self, results: Iterable[Any]) -> Iterator[Any]:
        """The results, counted as they pass."""
        for result in results:
            self._count += 1
            yield result

    def count(self, lines: int) -> None:
        """So many lines have passed."""
        self._count += lines

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:
        """Where the work is, and how fast it goes."""
        rate = self._count / max(time.monotonic() - self._begun, 1e-9)
        self._inner.update(stage, done, total, detail or f"{rate:,.0f} lines/s")

    def note(self, message: str) -> None:
        """A line that stays."""
        self._inner.note(message)

    def lost(self, message: str) -> None:
        """A line about input that did not get through."""
        self._inner.lost(message)
