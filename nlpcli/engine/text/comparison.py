"""The same lines through several tokenizers: what each makes of them, how fast, how many words.

A tokenizer is named as in `--tokenizer`; `subword:ko.model` names a subword model too.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass

from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.resources import read_subwords
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.text import TAKE_WORDS, AnalysisSettings


@dataclass(frozen=True)
class Comparison:
    """One tokenizer over the lines: seconds exclude `start` (loading it), `failed` counts lines.

    `examples` holds its tokens of each of the lines shown.
    """

    name: str
    start: float
    seconds: float
    characters: int
    tokens: int
    vocabulary: int
    failed: int
    examples: list[list[str]]

    @property
    def speed(self) -> float:
        """Characters per second."""
        return self.characters / max(self.seconds, 1e-9)


@dataclass(frozen=True)
class TokenizerComparison:
    """The lines shown, and what each tokenizer made of them and of all the others."""

    lines: list[str]
    tokenizers: list[Comparison]


def settings_of(name: str, analysis: AnalysisSettings) -> AnalysisSettings:
    """The analysis with the tokenizer of that name; `subword:FILE` brings its model.

    Raises SettingsError for a name that is none.
    """
    tokenizer, _, model = name.partition(":")
    if model and tokenizer != "subword":
        raise SettingsError(f"{name!r} is no tokenizer: only subword:FILE names a file")
    content = read_subwords(model) if model else analysis.subword_model
    return dataclasses.replace(
        analysis,
        tokenizer=tokenizer,  # type: ignore[arg-type]  # checked when the settings are made
        subword_model=content if tokenizer == "subword" else "",
        pattern=analysis.pattern if tokenizer == "regexp" else "",
        user_dict=analysis.user_dict if tokenizer in TAKE_WORDS else "",
    )


def compare(
    lines: Sequence[str],
    names: Sequence[str],
    analysis: AnalysisSettings,
    shown: int = 5,
    progress: Progress = SILENT,
) -> TokenizerComparison:
    """Each tokenizer over all the lines, its tokens kept for the first `shown` that are not blank."""
    chosen = [line for line in lines if line.strip()][:shown]
    choices = [(name, settings_of(name, analysis)) for name in names]  # a wrong name is told at once
    compared = []
    for number, (name, settings) in enumerate(choices):
        progress.update("comparing", number, len(names), name)
        compared.append(_one(name, settings, lines, chosen))
    progress.update("comparing", len(names), len(names))
    return TokenizerComparison(chosen, compared)


def _one(name: str, settings: AnalysisSettings, lines: Sequence[str], chosen: Sequence[str]) -> Comparison:
    begun = time.perf_counter()
    analyzer = Analyzer(settings)
    analyzer.tokens("시작 start")
    loaded = time.perf_counter()
    vocabulary: set[str] = set()
    count = failed = 0
    for line in lines:
        try:
            tokens = analyzer.tokens(line)
        except InputError:
            failed += 1
            continue
        count += len(tokens)
        vocabulary.update(tokens)
    seconds = time.perf_counter() - loaded
    return Comparison(
        name,
        loaded - begun,
        seconds,
        sum(map(len, lines)),
        count,
        len(vocabulary),
        failed,
        [_example(analyzer, line) for line in chosen],
    )


def _example(analyzer: Analyzer, line: str) -> list[str]:
    try:
        return analyzer.tokens(line)
    except InputError:
        return []
