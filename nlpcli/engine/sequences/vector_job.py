"""Classifiers of rows of numbers: what `train-rnn --cell none`, `classify` and `evaluate` do with them.

table or `.npz` ─▶ rows ─ mean, deviation ─▶ train ─▶ file ─ test
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from nlpcli.engine.classify.examples import check_names
from nlpcli.engine.documents.labelled_rows import is_array_file
from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.sequences.answer_choice import answer_to, check_labels, with_all_labels
from nlpcli.engine.sequences.answers import Classes, Labels, Number
from nlpcli.engine.sequences.learning import Network, learnt
from nlpcli.engine.sequences.vector_classifier import VectorClassifier
from nlpcli.engine.sequences.vector_examples import VectorExamples, for_model, read_vectors, vector_batches
from nlpcli.engine.sequences.vector_training import VectorTraining
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.fields import Settings, changed, option_name
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.neural import ClassifierEncoder, EncoderSettings, NetworkTraining
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.wording import counted

NONE = "none"
# What is of words, and has no place where there are none.
_OF_WORDS: dict[type[Settings], tuple[str, ...]] = {
    EncoderSettings: (
        "bidirectional", "word_dim", "ngram_dim", "minn", "maxn", "bucket", "jamo", "min_word_count",
    ),
    RnnSettings: ("pooling", "symmetric", "negatives", "max_words"),
    NetworkTraining: ("word_dropout",),
    AnalysisSettings: tuple(field.name for field in dataclasses.fields(AnalysisSettings)),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class VectorTask:
    """What `train-rnn --cell none` is asked for; the fields are `train_rnn`'s."""

    settings: RnnSettings
    encoder: ClassifierEncoder
    training: NetworkTraining
    records: RecordSettings
    reading: InputSettings
    dev: str | None
    test: str | None


def check_task(
    task: VectorTask, paths: Sequence[str] | None, analysis: AnalysisSettings, others: dict[str, str | None],
    given: Collection[str],
) -> None:  # fmt: skip
    """Raise SettingsError for options that are of words, and where no columns are named."""
    columns = {"--text-col": task.records.text_col, "--text2-col": task.records.text2_col}
    asked = [option for option, value in {**others, **columns}.items() if value is not None]
    for settings in (task.encoder, task.settings, task.training):
        for kind, names in _OF_WORDS.items():
            if isinstance(settings, kind):
                asked += changed(settings, *names)
    asked += [
        option_name(field)
        for kind, names in _OF_WORDS.items()
        for field in dataclasses.fields(kind)
        if field.name in names and field.name in given
    ]
    asked += [
        option_name(field)
        for field in dataclasses.fields(analysis)
        if getattr(analysis, field.name) != getattr(LOWERCASE, field.name)
    ]
    if asked:
        raise SettingsError(
            f"{asked[0]} is for texts, and --cell none learns from rows of numbers",
            hint="leave it out; or another --cell, which reads texts",
        )
    if task.records.vector_col is None and not all(map(is_array_file, paths or ["-"])):
        raise SettingsError(
            "--cell none learns from rows of numbers: which columns hold them?",
            hint="--vector-col height,weight,age names them; an .npz file needs none",
        )


def train_vectors(
    paths: Sequence[str] | None,
    output: str | None,
    task: VectorTask,
    resume: str | None,
    every: int,
    progress: Progress,
) -> tuple[VectorClassifier, Any]:
    """The classifier, written to `output`, and how well it does on the task's test."""
    examples = read_vectors(paths, task.records, task.reading, progress)
    answer = answer_to(examples, task.records, task.settings.label_type, progress)
    if isinstance(answer, Classes):
        check_names(examples, "rows")
    held_out, tests = (_beside(path, examples, task, progress) for path in (task.dev, task.test))
    check_labels(answer, held_out, task.dev, "row")
    check_labels(answer, tests if isinstance(answer, Number) else None, task.test, "row")
    begun = VectorTraining(
        examples, task.settings, task.encoder, task.training, held_out, answer, task.records.vector_col or ""
    )
    if begun.dev is None and task.training.val_frac:
        progress.note("too few rows to hold some out: all are learnt from, and the last weights are kept")
    if constant := begun.constant:
        shown = ", ".join(constant[:6]) + (", …" if len(constant) > 6 else "")
        progress.note(f"the same in every row, so that nothing is learnt from it: {shown}")
    model: VectorClassifier = learnt(Network(begun, answer.measure), output, resume, every, progress)
    if output is not None:
        what = f"{len(answer.labels)} {'classes' if isinstance(answer, Classes) else 'labels'}"
        what = what if answer.labels else "numbers"
        progress.note(
            f"{output}: {counted(len(examples.labels), 'row')} of "
            f"{counted(len(examples.columns), 'number')}, {what}"
        )
    if tests is None:
        return model, None
    found = model.predict(tests.vectors, progress)
    return model, model.answer.evaluation(found, tests, (), 0)


def _beside(
    path: str | None, examples: VectorExamples, task: VectorTask, progress: Progress
) -> VectorExamples | None:
    """Rows to choose or to measure by, of the same columns."""
    if path is None:
        return None
    return read_vectors([path], task.records, task.reading, progress, examples.columns)


def judged_batches(
    model: VectorClassifier, paths: Sequence[str] | None, records: RecordSettings, reading: InputSettings,
    progress: Progress, kept: KeptRows | None = None,
) -> Iterator[Any]:  # fmt: skip
    """The rows of files, in batches for `VectorClassifier.encode`."""
    records = for_model(paths, records, model.vector_col, labelled=False)
    return vector_batches(paths, records, reading, model.inputs.columns, progress, kept)


def evaluate_vectors(
    model: VectorClassifier, paths: Sequence[str] | None, mistakes: int, records: RecordSettings,
    reading: InputSettings, progress: Progress,
) -> Any:  # fmt: skip
    """How well a model does on labelled rows, with its worst `mistakes`."""
    answer = model.answer
    arrays = all(map(is_array_file, paths or ["-"]))
    if isinstance(answer, Labels) and not arrays:
        records = with_all_labels(records, answer)
    records = for_model(paths, records, model.vector_col, labelled=True)
    examples = read_vectors(paths, records, reading, progress, model.inputs.columns)
    found = model.predict(examples.vectors, progress)
    return answer.evaluation(found, examples, examples.texts() if mistakes else (), mistakes)
