"""Summaries of files: what `summarize` does."""

from __future__ import annotations

import os
from collections.abc import Iterator

from nlpcli.engine.io.folders import files_in
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import STDIN, Paths, display_name
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.tasks.rouge import Rouge, mean_rouge, rouge
from nlpcli.engine.tasks.summarization import Summary, sentences_of, summarized
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.text.sentences import make_sentences
from nlpcli.errors import InputError
from nlpcli.settings.input import FolderSettings, InputSettings, TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import SummarySettings


@plain_settings
def summarize(
    paths: Paths = None,
    settings: SummarySettings = SummarySettings(),
    *,
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    folders: FolderSettings = FolderSettings(),
    progress: Progress = SILENT,
) -> Iterator[Summary]:
    """A summary of each file, in the order of their names in a folder: sentences of it, in their order.

    Files in a folder that are no text are passed over, which `progress` is told; a named one is an
    InputError then, and so is one without a sentence.
    """
    split = make_sentences()
    for path, optional in _files(paths, folders, progress):
        name = display_name(path)
        try:
            lines = list(_lines(path, reading))
        except InputError as error:
            if not optional:
                raise
            progress.lost(f"passed over {error.message}")
            continue
        sentences = sentences_of(lines, split)
        if sentences:
            yield summarized(sentences, settings, analysis, name)
        elif optional:
            progress.lost(f"passed over {name}: no text in it")
        else:
            raise InputError(f"{name}: no text in it")


def rouge_of(summaries: list[Summary], reference: str, reading: InputSettings = InputSettings()) -> Rouge:
    """Mean ROUGE of some summaries: line n of the file is a summary of text n; a tab parts several of one.

    Raises InputError when there are not as many lines as summaries.
    """
    lines = [line for line in Lines([reference], reading) if line.strip()]
    if len(lines) != len(summaries):
        raise InputError(
            f"{display_name(reference)} has {len(lines):,} summaries for {len(summaries):,} texts",
            hint="wanted: a line for each text, in their order; a tab between several summaries of one",
        )
    pairs = zip(summaries, lines, strict=True)
    return mean_rouge([rouge(summary.text, line.split("\t")) for summary, line in pairs])


def _lines(path: str, reading: InputSettings) -> Iterator[str]:
    lines = text_lines([path], reading)
    for line in lines:
        if "\0" in line:
            raise InputError(f"{lines.place}: not text: a zero byte in it")
        yield line


def _files(paths: Paths, folders: FolderSettings, progress: Progress) -> Iterator[tuple[str, bool]]:
    """The files; True for what was found in a folder."""
    names = [paths] if isinstance(paths, str | os.PathLike) else list(paths or [STDIN])
    for path in map(os.fspath, names):
        if os.path.isdir(path):  # noqa: PTH112
            yield from ((file, True) for file in files_in(path, folders.on_error, progress))
        else:
            yield path, False
