"""Answers out of texts: what `ask` and `train-reader` do, and `evaluate` with a reader."""

from __future__ import annotations

from collections.abc import Iterable

from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.questions import Answers, Questions
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.search.index import SearchIndex, build, is_index
from nlpcli.engine.tasks.answers import Finder, Found
from nlpcli.engine.tasks.reader import Reader, train
from nlpcli.engine.tasks.squad import AnswerScores, all_of, read_squad
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.questions import AskSettings, ReaderSettings
from nlpcli.wording import counted


@plain_settings
def train_reader(
    paths: Paths,
    output: str,
    settings: ReaderSettings = ReaderSettings(),
    *,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Reader:
    """A reader that learns from questions with their answers in texts (SQuAD's JSON), written to `output`.

    Raises InputError for files of another layout, and OutputError, before any work, for what cannot be
    written.
    """
    check_writable(output)
    asked = [one for path in as_list(paths) for one in all_of(read_squad(path, reading))]
    reader = train(asked, settings, progress)
    reader.save(output)
    progress.note(f"{output}: learnt from {counted(len(asked), 'question')}")
    return reader


def evaluate_reader(model: str, paths: Paths, reading: InputSettings = InputSettings()) -> AnswerScores:
    """How well a reader answers questions about the texts that stand beside them."""
    asked = [one for path in as_list(paths) for one in all_of(read_squad(path, reading))]
    return Reader.load(model).evaluate(asked)


@plain_settings
def ask(
    texts: str,
    questions: Iterable[str] | None = None,
    settings: AskSettings = AskSettings(),
    *,
    model: str | None = None,
    progress: Progress = SILENT,
) -> Answers[list[Found]]:
    """Each question with its answers, the best first; none where none is sure enough.

    `texts` is an index, or a file or folder of texts. Without `questions` they are read from stdin, one per
    line. `model` is a reader of `train-reader`; without one a few rules choose the words.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "notes.txt").write_text("The bridge was built in 1931.\\nIt rained.\\n")
    ...     [(question, [found])] = ask(folder, ["When was the bridge built?"])
    >>> found.answer, found.line, found.sentence
    ('1931', 1, 'The bridge was built in 1931.')
    """
    index = SearchIndex.load(texts) if is_index(texts) else build([texts], progress=progress)
    reader = Reader.load(model) if model is not None else None
    finder = Finder(index, reader, settings)
    return Answers(
        Questions(questions, progress), lambda batch: zip(batch, finder.answers(batch), strict=True)
    )
