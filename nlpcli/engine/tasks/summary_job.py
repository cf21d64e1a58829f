"""Summaries of files: what `summarize` does."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.folders import files_in
from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import STDIN, Paths, display_name
from nlpcli.engine.io.table_output import Column, kept_for, open_lines
from nlpcli.engine.io.text_lines import reads_a_table, text_lines
from nlpcli.engine.io.writing import Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.tasks.rouge import Rouge, mean_rouge, rouge
from nlpcli.engine.tasks.summarization import Summary, sentences_of, summarized
from nlpcli.engine.tasks.summary_page import MOST_TEXTS, page
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.text.sentences import make_sentences
from nlpcli.errors import InputError
from nlpcli.settings.fields import refuse
from nlpcli.settings.input import FolderSettings, InputSettings, TextInputSettings
from nlpcli.settings.results import RowSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import SummarySettings
from nlpcli.wording import counted


@plain_settings
def summarize(
    paths: Paths = None,
    settings: SummarySettings = SummarySettings(),
    *,
    output: Output | None = None,
    highlight: Output | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    folders: FolderSettings = FolderSettings(),
    table: RowSettings = RowSettings(),
    progress: Progress = SILENT,
) -> Iterator[Summary]:
    """A summary of each file, in the order of their names in a folder: sentences of it, in their order.

    Of a table each row is a text. `output`, the name of a table, gets the rows with the column `summary`, of
    other files their names; then no summaries are given back. `highlight` gets a page of the texts, with the
    sentences of their summaries marked.

    Files in a folder that are no text are passed over, which `progress` is told; a named one is an
    InputError then, and so is one without a sentence.
    """
    if highlight is not None:
        refuse(["--highlight"] * (output is not None), "with a table")
        return iter(
            _highlighted(highlight, _summaries(paths, settings, analysis, reading, folders, None, progress))
        )
    if output is None:
        found = _summaries(paths, settings, analysis, reading, folders, None, progress)
        return (dataclasses.replace(summary, whole=()) for summary in found)
    kept = kept_for(output, table)
    with open_lines(output, kept, [Column("summary")], table, progress) as written:
        for summary in _summaries(paths, settings, analysis, reading, folders, kept, progress):
            written.write(summary.text)
    return iter(())


def _highlighted(output: Output, found: Iterator[Summary]) -> list[Summary]:
    """The summaries, of which the page is written; the texts that it shows are not kept."""
    if isinstance(output, str | os.PathLike):
        check_writable(os.fspath(output))
    summaries = [
        summary if number < MOST_TEXTS else dataclasses.replace(summary, whole=())
        for number, summary in enumerate(found)
    ]
    with open_output(output) as file:
        file.write(page(summaries).encode("utf-8", "replace"))
    return [dataclasses.replace(summary, whole=()) for summary in summaries]


def _summaries(
    paths: Paths,
    settings: SummarySettings,
    analysis: AnalysisSettings,
    reading: TextInputSettings,
    folders: FolderSettings,
    kept: KeptRows | None,
    progress: Progress,
) -> Iterator[Summary]:
    split = make_sentences(unmarked=settings.splitter == "kiwi")
    for path, optional in _files(paths, folders, progress):
        name = display_name(path)
        if reads_a_table(reading, path):
            yield from _of_rows(path, settings, analysis, reading, kept, progress)
            continue
        try:
            lines = list(_lines(path, reading))
        except InputError as error:
            if not optional:
                raise
            progress.lost(f"passed over {error.message}")
            continue
        sentences = sentences_of(lines, split)
        if sentences:
            if kept is not None:
                kept.begin(name, ["file"], 1)
                kept.add([name])
            yield summarized(sentences, settings, analysis, name)
        elif optional:
            progress.lost(f"passed over {name}: no text in it")
        else:
            raise InputError(f"{name}: no text in it")


def _of_rows(
    path: str,
    settings: SummarySettings,
    analysis: AnalysisSettings,
    reading: TextInputSettings,
    kept: KeptRows | None,
    progress: Progress,
) -> Iterator[Summary]:
    """A summary of each row's text, which is empty where there is none; lines are rows."""
    split = make_sentences(unmarked=settings.splitter == "kiwi")
    lines = text_lines([path], reading, progress, kept=kept)
    for text in lines:
        sentences = [one._replace(line=lines.number) for one in sentences_of([text], split)]
        made = summarized(sentences, settings, analysis) if sentences else Summary("", (), 0)
        yield dataclasses.replace(made, file=lines.name)


def rouge_of(summaries: list[Summary], reference: str, reading: InputSettings = InputSettings()) -> Rouge:
    """Mean ROUGE of some summaries: line n of the file is a summary of text n; a tab parts several of one.

    Raises InputError when there are not as many lines as summaries.
    """
    lines = [line for line in Lines([reference], reading) if line.strip()]
    if len(lines) != len(summaries):
        raise InputError(
            f"{display_name(reference)} has {counted(len(lines), 'summary', 'summaries')} "
            f"for {counted(len(summaries), 'text')}",
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
