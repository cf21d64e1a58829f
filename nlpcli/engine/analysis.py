"""From a line of text to its tokens: normalise → tokenise → filter → stem.

An `Analyzer` is built from its settings and nothing else, so one loaded with a model does
exactly what it did in training.

Not here: many lines on several cores (`streaming.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nlpcli.engine.tokenizers import make_tokenizer
from nlpcli.engine.tokens import Token
from nlpcli.engine.workers import Failure, Worker
from nlpcli.errors import InputError
from nlpcli.settings import AnalysisSettings

TIME_LIMIT = 30.0  # seconds a Java analyser may think about one line
_KERNEL_ROAD = ("word", "whitespace")
_ISOLATED = ("komoran", "okt", "hannanum", "kkma")


class Analyzer:
    """Turns lines into tokens as its settings say.

    A Java analyser runs in a process of its own (unless `isolate` is off); a line it crashes or
    hangs on raises InputError, and the next line finds it restarted.

    >>> Analyzer(AnalysisSettings(lowercase=True)).tokens("Natural Language Processing.")
    ['natural', 'language', 'processing']
    """

    def __init__(self, settings: AnalysisSettings, *, isolate: bool = True) -> None:
        self.settings = settings
        self._workers: dict[str, Worker] = {}
        self._isolated = isolate and settings.tokenizer in _ISOLATED
        if not self._isolated:
            self._tokenizer = make_tokenizer(settings)

    def tokens(self, text: str) -> list[str]:
        """The tokens of one line, in order."""
        if self._isolated:
            return self._asked("tokens", text)  # type: ignore[no-any-return]
        tokens = self._tokenizer.tokens(text)
        # Token by token, so that the byte-scanning kernel, which lower-cases its vocabulary
        # and not the text, gives the same (σ at the end of a word is ς).
        return [token.lower() for token in tokens] if self.settings.lowercase else tokens

    def analyse(self, text: str) -> list[Token]:
        """The tokens of one line with their places, and tags and lemmas where they are known."""
        if self._isolated:
            return self._asked("analyse", text)  # type: ignore[no-any-return]
        tokens = self._tokenizer.analyse(text)
        return (
            [token._replace(form=token.form.lower()) for token in tokens]
            if self.settings.lowercase
            else tokens
        )

    @property
    def is_plain(self) -> bool:
        """Whether `finish` over the types of a `word` or `whitespace` scan does the same as `tokens`."""
        return self.settings.tokenizer in _KERNEL_ROAD

    def finish(self, types: list[str]) -> list[str | None]:
        """What becomes of bare tokens after tokenising, where that needs no context; None: dropped.

        `encoding.py` scans text in a kernel and calls this once per type instead of per token.
        """
        return [token.lower() for token in types] if self.settings.lowercase else list(types)

    def _asked(self, method: str, text: str) -> Any:
        if method not in self._workers:
            self._workers[method] = isolated(self.settings, method, TIME_LIMIT)
        result = self._workers[method].map([text])[0]
        if isinstance(result, Failure):
            raise InputError(f"{self.settings.tokenizer} failed on a line: {result}: {text[:60]!r}")
        return result


def isolated(settings: AnalysisSettings, method: str, time_limit: float) -> Worker:
    """A process that applies `method` ("tokens" or "analyse") of an Analyzer to lines."""
    return Worker("nlpcli.engine.analysis:bound_method", (settings.to_record(), method), time_limit)


def bound_method(record: dict[str, Any], method: str) -> Callable[[str], Any]:
    """The method of an Analyzer with these settings; this is what a worker process calls."""
    analyzer = Analyzer(AnalysisSettings.from_record(record), isolate=False)
    function: Callable[[str], Any] = getattr(analyzer, method)
    return function
