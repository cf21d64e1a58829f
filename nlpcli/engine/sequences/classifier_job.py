"""Text classifiers of every kind: `train-rnn` makes one by a network, `classify` and `evaluate` ask any.

texts ─ analysis ─▶ ids ─▶ train ─▶ file ─ test

Not here: linear classifiers (`classify/job.py`).
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nlpcli.engine.classify.classifier import Classifier, as_tests, measure, read_tests
from nlpcli.engine.classify.confusion import check_plot, plot_confusion
from nlpcli.engine.classify.examples import Examples, read_examples, read_labelled
from nlpcli.engine.classify.explanations import Reason
from nlpcli.engine.classify.fasttext_classifier import FastTextClassifier, load_classifier, measure_file
from nlpcli.engine.classify.job import TEST, Measured
from nlpcli.engine.classify.metrics import Evaluation, Mistake
from nlpcli.engine.classify.prediction_lines import prediction_lines
from nlpcli.engine.io import model_file
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.writing import LineWriter, Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.learning import Network, check_files, learnt
from nlpcli.engine.sequences.text_classifier import KIND, UNFINISHED, TextClassifier
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.errors import InputError
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.classify import ClassifySettings, RnnSettings
from nlpcli.settings.fields import check_whole_number
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import LOWERCASE, AnalysisSettings

if TYPE_CHECKING:
    pass


@dataclass
class NetworkOutcome:
    """What came of `train_rnn`: the model, and how well it did under "test"."""

    model: TextClassifier
    evaluations: dict[str, Evaluation] = field(default_factory=dict)


@plain_settings
def train_rnn(
    paths: Paths,
    output: str | None = None,
    settings: RnnSettings = RnnSettings(),
    *,
    encoder: EncoderSettings = EncoderSettings(),
    training: NetworkTraining = NetworkTraining(),
    vectors: str | None = None,
    lm: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    resume: str | None = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    measured: Measured | None = None,
    progress: Progress = SILENT,
) -> NetworkOutcome:
    """A classifier of labelled texts by a network, written to `output`, and how well it does on `test`.

    `vectors` names word vectors in any layout, `lm` a character language model whose states are part of what
    the network is told, and `dev` labelled texts by which the best weights are chosen; without it some of the
    texts are held out.

    Raises SettingsError where there is neither a file to write nor one to measure on, InputError for texts
    without labels or with a single one, ModelError for a checkpoint to `resume` that is of another training.
    An interrupted training leaves a checkpoint.
    """
    from nlpcli.engine.sequences.classifier_training import ClassifierTraining
    from nlpcli.engine.sequences.given_vectors import read_told

    check_files(paths, output, test, dev, "texts to train on and those")
    examples = read_examples(paths, analysis, records, reading, progress)

    def beside(path: str | None) -> Examples | None:
        # Read before training, so that what is wrong with it is told before.
        return None if path is None else read_labelled([path], analysis, records, reading, progress)

    tests, held_out = beside(test), beside(dev)
    begun = ClassifierTraining(
        examples, analysis, settings, encoder, training, _same_classes(held_out, examples, dev),
        *read_told(vectors, lm),
    )  # fmt: skip
    outcome = NetworkOutcome(
        learnt(Network(begun, "right"), output, resume, checkpoints.checkpoint_every, progress)
    )
    if output is not None:
        count = f"{len(examples.labels):,} texts, {len(examples.names)} classes"
        progress.note(f"{output}: {count}, {len(begun.sentences.kinds):,} different words")
    if tests is not None:
        outcome.evaluations[TEST] = measure(outcome.model, as_tests(outcome.model, tests), progress)[0]
        if measured is not None:
            measured(TEST, outcome.evaluations[TEST])
    return outcome


def _same_classes(dev: Examples | None, examples: Examples, path: str | None) -> Examples | None:
    """Texts to choose by, their classes numbered as those to learn from."""
    if dev is None:
        return None
    if other := sorted({*dev.names} - {*examples.names}):
        raise InputError(
            f"{path} has the label {other[0]!r}, which no text to learn from has",
            hint="is --label-col the right column?",
        )
    position = [examples.names.index(name) for name in dev.names]
    return dataclasses.replace(
        dev, labels=dev.labels.choose(position).astype(dev.labels.dtype), names=examples.names
    )


# --- classifiers of every kind at work ----------------------------------------------------------


def load_any(path: str | os.PathLike[str]) -> Classifier | FastTextClassifier | TextClassifier:
    """The classifier in a file, told by its content. Raises ModelError."""
    name = os.fspath(path)
    if model_file.first_bytes(name, 9)[8:] == b"{" and model_file.read_info(name).kind in (KIND, UNFINISHED):
        return TextClassifier.load(name)
    return load_classifier(name)


@plain_settings
def classify(
    model: str,
    texts: Paths | Iterable[str],
    output: Output | None = None,
    settings: ClassifySettings = ClassifySettings(),
    *,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    reason_as_text: Callable[[Reason], str] | None = None,
    progress: Progress = SILENT,
) -> list[str]:
    """The label of each text, with more in the same line where `settings` ask for it.

    With `output`, `texts` names files, the lines go there as they come, and none are given back.
    `reason_as_text` says how the tokens that decided are shown, in place of the strongest of them.

    Raises ModelError for a file that is no classifier.
    """
    if texts is None and output is None:
        raise TypeError("give texts; or, with output=, the names of files")
    given = None if texts is None else [*as_list(texts)]
    classifier = load_any(model)
    if output is None:
        return list(prediction_lines(classifier, [given or []], settings, reason_as_text))
    source = Records(given, records, reading, labelled=False, progress=progress)
    with open_output(output) as file:
        writer = LineWriter(file)
        for line in prediction_lines(classifier, source.documents(), settings, reason_as_text):
            writer.write(line)
    return []


def evaluate_classifier(
    model: str,
    paths: Paths,
    *,
    mistakes: int = 0,
    plot: str | None = None,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Evaluation:
    """How well a classifier does on labelled texts, with its most confident `mistakes`.

    `plot` is a picture or page of the confusion matrix to write. Raises SettingsError for one of
    an unknown kind, MissingDependency for a picture without matplotlib, ModelError for a file that
    is no classifier.
    """
    check_whole_number("mistakes", mistakes, 0)
    if plot is not None:
        check_plot(plot)
    classifier = load_any(model)
    texts: list[str] = []
    if isinstance(classifier, FastTextClassifier):
        result, found, examples = measure_file(classifier, paths, records, reading, progress, texts)
    else:
        examples = read_tests(classifier, paths, records, reading, progress, texts if mistakes else None)
        result, found = measure(classifier, examples, progress)
    names = examples.names
    worst = [
        Mistake(
            float(found.probabilities[number].max()),
            names[examples.labels[number]],
            names[found.labels[number]],
            texts[number],
        )
        for number in found.mistakes(examples.labels)[:mistakes]
    ]
    result = dataclasses.replace(result, mistakes=tuple(worst))
    if plot is not None:
        plot_confusion(result, plot)
    return result
