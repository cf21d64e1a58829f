"""Why no token is left of a text: it is empty, the tokenizer finds none, or the settings drop them all.

While nothing has been found, a few lines are put by; the reason is found by analysing those again
without what may have dropped their tokens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.errors import InputError
from nlpcli.settings.text import AnalysisSettings

_MOST = 200  # lines put by
_LONGEST = 1000  # characters of each
_SHOWN = 20

# What may drop every token: the options, what the settings are without them, and what mends it.
_DROPPING: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("stopwords", {"stopwords": ()}, "leave out --stopwords, or give a shorter list"),
    ("keep_pos", {"keep_pos": ()}, "nlpcli tokenize --pos shows the tags"),
    ("drop_pos", {"drop_pos": ()}, "nlpcli tokenize --pos shows the tags"),
    (
        "strip",
        {"strip": (), "html": False, "strip_control": False},
        "nlpcli normalize shows what is left of the text",
    ),
)


class NoTokens(InputError):
    """No token is left of the whole input; the message says why."""


class Sample:
    """The first lines of a text that hold letters or digits, and the first of the others; its analysis."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self.settings = settings
        self.lines: list[str] = []
        self._empty = True
        self._other = ""

    def watched(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines, the first of which are put by as they pass."""
        passing = iter(lines)
        for line in passing:
            self.add(line)
            yield line
            if len(self.lines) >= _MOST:
                yield from passing

    def add(self, *lines: str) -> None:
        """Lines that may be worth keeping."""
        for line in lines:
            self._empty = False
            shown = line.strip()[:_LONGEST]
            if any(map(str.isalnum, shown)):
                self.lines.append(shown)
            elif not self._other:
                self._other = shown

    def no_tokens(self, source: str = "the input") -> NoTokens:
        """The error that says why nothing is left of this text."""
        settings = self.settings
        text = [*self.lines, self._other] if self._other else self.lines
        if not text:
            what = "it is empty" if self._empty else "it is empty but for white space"
            return NoTokens(f"{source} holds no tokens: {what}", hint="is it the right file, or column?")
        for name, without, hint in _DROPPING:
            if _holds_tokens(text, dataclasses.replace(settings, **without)):
                return NoTokens(f"{source} holds no tokens {_but(name, settings)}", hint=hint)
        everything = {key: value for _, without, _ in _DROPPING for key, value in without.items()}
        if _holds_tokens(text, dataclasses.replace(settings, **everything)):
            return NoTokens(
                f"{source} holds no tokens that are left by all of these options together",
                hint="leave out one of them: --stopwords, --keep-pos, --drop-pos, --strip",
            )
        first = text[0].split("\n")[0]
        begins = first if len(first) <= _SHOWN else first[:_SHOWN] + "…"
        return NoTokens(
            f"{source} holds no tokens: the tokenizer {settings.tokenizer} finds none in {begins!r}",
            hint="another --tokenizer may: nltk, say, has punctuation as tokens",
        )


def _holds_tokens(text: Sequence[str], settings: AnalysisSettings) -> bool:
    analyzer = Analyzer(settings)
    return any(analyzer.tokens(line) for line in text)


def _but(name: str, settings: AnalysisSettings) -> str:
    """How the sentence goes on for the setting that drops every token."""
    if name == "stopwords":
        return "but stop words"
    if name == "strip":
        return "but what --strip, --html or --strip-control takes out"
    tags = ",".join(getattr(settings, name))
    return (
        f"that --keep-pos {tags} keeps" if name == "keep_pos" else f"but those that --drop-pos {tags} drops"
    )
