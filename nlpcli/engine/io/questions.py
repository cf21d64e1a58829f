"""Questions in, answers out, in batches: those of a list, or the lines of stdin as they arrive."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import STDIN
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError
from nlpcli.wording import counted

Answer = TypeVar("Answer")
Found = TypeVar("Found")
BATCH = 256  # questions answered together


class Questions:
    """Questions in batches; None reads them from stdin, one per line.

    A question that cannot be answered is an error in a list; in a stream it is a note, and the
    others go on. `kind` is what one is called: an empty one is an error in a list, and no question in a
    stream.
    """

    def __init__(
        self, given: Iterable[str] | None, progress: Progress = SILENT, kind: str = "question"
    ) -> None:
        self.stream, self._kind = given is None, kind
        self._given = [given] if isinstance(given, str) else given or []
        self._progress = progress
        self._answered = self._failed = 0
        self._hint: str | None = None  # of the last that failed

    def __iter__(self) -> Iterator[list[str]]:
        batches = self._arriving() if self.stream else iter([self._given])
        for batch in batches:
            rest = iter(batch)
            while part := list(itertools.islice(rest, BATCH)):
                if not all(map(str.strip, part)):
                    raise InputError(
                        f"the {self._kind} is empty",
                        hint="write it behind, or leave it out to give one per line on stdin",
                    )
                yield part

    @staticmethod
    def _arriving() -> Iterator[list[str]]:
        for batch in Lines([STDIN]).batches():
            yield [line.strip() for line in batch if line.strip()]

    def solved(self, batch: list[str], solve: Callable[[str], Found]) -> list[tuple[str, Found]]:
        """Those that `solve` has an answer to, with it."""
        found = []
        for question in batch:
            try:
                found.append((question, solve(question)))
            except InputError as error:
                if not self.stream:
                    raise
                self._failed += 1
                named = error.message if repr(question) in error.message else f"{question}: {error.message}"
                self._progress.lost(named)
                self._hint = error.hint
        self._answered += len(found)
        return found

    def end(self) -> None:
        """Raise InputError when there were questions and none had an answer."""
        if self._failed and not self._answered:
            raise InputError(
                f"none of {counted(self._failed, 'question')} could be answered", hint=self._hint
            )


class Answers(Generic[Answer]):
    """Questions with their answers, in pairs, worked out as they are asked for; to be gone through once.

    >>> list(Answers(Questions(["a", "b"]), lambda batch: [(each, each.upper()) for each in batch]))
    [('a', 'A'), ('b', 'B')]
    """

    def __init__(
        self, questions: Questions, answer: Callable[[list[str]], Iterable[tuple[str, Answer]]]
    ) -> None:
        self._questions, self._answer = questions, answer

    def batches(self) -> Iterator[list[tuple[str, Answer]]]:
        """The answers as they come, those together that were worked out together.

        Raises InputError for a question of a list that has no answer, and at the end of a stream
        none of whose questions had one.
        """
        for batch in self._questions:
            yield list(self._answer(batch))
        self._questions.end()

    def __iter__(self) -> Iterator[tuple[str, Answer]]:
        return itertools.chain.from_iterable(self.batches())

    def __repr__(self) -> str:
        return "<Answers, to be gone through once: list(…) or for question, answer in …>"
