"""Answers out of texts: `ask`, `train-reader`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, asked, with_settings
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.input import InputSettings
from nlpcli.settings.questions import AskSettings, ReaderSettings
from nlpcli.settings.results import ResultSettings

if TYPE_CHECKING:
    from nlpcli.engine.io.questions import Answers
    from nlpcli.engine.tasks.answers import Found


@with_settings
def train_reader(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Questions with texts and answers, JSON as SQuAD and KorQuAD have it.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", show_default=False, help="Model file to write.")
    ],
    settings: ReaderSettings = ReaderSettings(),
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Learn which words of a text answer a question, for `ask`.

    \b
    Examples:
      nlpcli train-reader KorQuAD_v1.0_train.json -o reader.safetensors
      nlpcli evaluate reader.safetensors KorQuAD_v1.0_dev.json
      nlpcli ask notes.index --model reader.safetensors '지미 카터는 몇 대 대통령인가?'
    """
    jobs.train_reader(files, output, settings, reading=reading, progress=console.progress(quiet))


@with_settings
def ask(
    texts: Annotated[
        str,
        typer.Argument(
            metavar="INDEX|TEXT", help="An index, or a folder or file of texts, searched as it is."
        ),
    ],
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUESTION]...",
            help="The question; - or none reads one per line.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="What train-reader learnt; without it a few rules choose the words.",
        ),
    ] = None,
    settings: AskSettings = AskSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Answer questions out of texts: the words that answer, how sure they are, and where they stand.

    The answer is empty where none is sure enough (--min-score).

    \b
    Examples:
      nlpcli ask notes/ 'When was the bridge built?'
      nlpcli index wiki/ -o wiki.index --document paragraph && nlpcli ask wiki.index '수도는 어디인가?'
      nlpcli ask wiki.index --model reader.safetensors --jsonl < questions.txt
    """
    questions = None if (words := asked(question)) is None else [" ".join(words)]
    answers = jobs.ask(texts, questions, settings, model=model, progress=console.progress(quiet))
    with results(shape) as shown:
        columns, more = ["answer", "score", "place", "text"], ["file", "line"]
        if questions is None:
            shown.table(["question", *columns], _rows(answers, stream=True), more=more)
        else:
            shown.table(columns, _rows(answers, stream=False), more=[*more, "question"])


def _rows(answers: Answers[list[Found]], *, stream: bool) -> Iterator[tuple[object, ...]]:
    for question, found in answers:
        answers_given: list[Found | None] = [*found] or [None]
        for one in answers_given:
            row: tuple[object, ...] = ("", 0.0, "", "", "", None)
            if one is not None:
                row = (one.answer, one.score, f"{one.file}:{one.line}", one.sentence, one.file, one.line)
            yield (question, *row) if stream else (*row, question)
