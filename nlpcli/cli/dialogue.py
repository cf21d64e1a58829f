"""Dialogue: `chat`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nlpcli.cli import console
from nlpcli.cli.options import Files, Model, Quiet, with_settings
from nlpcli.cli.results import is_table, results
from nlpcli.cli.results import lines as written_lines
from nlpcli.engine import jobs
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import InputSettings
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.search import ChatSettings

if TYPE_CHECKING:
    from nlpcli.engine.tasks.dialogue import Reply

_PROMPT = "> "


@with_settings
def chat(
    model: Model,
    files: Files = None,
    settings: ChatSettings = ChatSettings(),
    reading: InputSettings = InputSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Answer line by line, by an index of questions and answers or a model of train-seq2seq.

    Each line of files or stdin has one line of answer at once, an empty one an empty one; on a terminal there
    is a prompt, and Ctrl-D or Ctrl-C ends. Which kind of model it is, the file tells. A table of -o, such as
    answers.xlsx, has a row of question, answer and score for each.

    \b
    Examples:
      nlpcli index faq.csv --text-col question --answer-col answer -o faq.safetensors
      nlpcli chat faq.safetensors
      echo 'When do you open?' | nlpcli chat faq.safetensors --jsonl
      nlpcli chat seq2seq.safetensors questions.txt --turns 1 -o answers.txt
    """
    tabular = is_table(shape.output)
    if shape.is_json or not tabular:
        refuse(changed(shape, "no_header", "output_encoding"), "where answers are lines")
    console.one_blas_thread()
    asks = files is None and shape.output == "-" and not shape.is_json and console.is_conversation()
    replies = jobs.chat(model, _asked() if asks else None, settings, paths=files, reading=reading)
    if shape.is_json or tabular:
        with results(shape) as shown:
            rows = _flushed(replies)
            shown.table(("question", "answer", "score"), rows)
        return
    with written_lines(shape.output) as write:
        for reply in replies:
            write([reply.answer])
            console.flush()


def _flushed(replies: Iterator[Reply]) -> Iterator[Reply]:
    """The same; what was written of one goes out before the next is read."""
    for reply in replies:
        yield reply
        console.flush()


def _asked() -> Iterator[str]:
    """What a person types, line by line; an empty line asks again."""
    while True:
        try:
            line = input(_PROMPT)
        except (EOFError, KeyboardInterrupt):
            console.print_line("")
            return
        if line.strip():
            yield line
