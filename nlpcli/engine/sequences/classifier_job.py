"""Text classifiers of every kind: `train-rnn` makes one by a network, `classify` and `evaluate` ask any.

texts ─ analysis ─▶ ids ─▶ train ─▶ file ─ test

Not here: linear classifiers (`classify/job.py`).
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from nlpcli.engine.classify import linear, naive_bayes
from nlpcli.engine.classify.answer_metrics import LabelsEvaluation, NumberEvaluation
from nlpcli.engine.classify.classifier import Classifier, Trained, measure, read_tests, worst_of
from nlpcli.engine.classify.confusion import check_plot, plot_confusion
from nlpcli.engine.classify.examples import Examples, check_classes, read_labelled
from nlpcli.engine.classify.explanations import Reason
from nlpcli.engine.classify.fasttext_classifier import FastTextClassifier, load_classifier, measure_file
from nlpcli.engine.classify.job import TEST
from nlpcli.engine.classify.metrics import Evaluation
from nlpcli.engine.classify.prediction_lines import columns_of, prediction_lines
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.maps import map_files, refuse_texts, shared_name
from nlpcli.engine.io import model_file
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.table_output import Column, kept_for, open_lines
from nlpcli.engine.io.writing import Output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences import vector_classifier
from nlpcli.engine.sequences.answer_choice import answer_to, check_labels, with_all_labels
from nlpcli.engine.sequences.answers import Answer, Classes, Labels, Number
from nlpcli.engine.sequences.blend import read_blend
from nlpcli.engine.sequences.classifier_checks import check_filled, check_negatives, check_texts, told_of
from nlpcli.engine.sequences.learning import Network, check_files, learnt
from nlpcli.engine.sequences.text_classifier import KIND, UNFINISHED, TextClassifier, listed
from nlpcli.engine.sequences.vector_classifier import VectorClassifier
from nlpcli.engine.sequences.vector_job import (
    NONE,
    VectorTask,
    check_task,
    evaluate_vectors,
    judged_batches,
    train_vectors,
)
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.classify import ClassifySettings, RnnSettings
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import changed, check_whole_number
from nlpcli.settings.input import InputSettings, JudgedTextSettings, RecordSettings
from nlpcli.settings.neural import ClassifierEncoder, NetworkTraining
from nlpcli.settings.results import LineSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.wording import counted

NetworkClassifier: TypeAlias = TextClassifier | VectorClassifier
AnyEvaluation: TypeAlias = Evaluation | LabelsEvaluation | NumberEvaluation


@dataclass
class NetworkOutcome:
    """What came of `train_rnn`: the model, and how well it did under "test"."""

    model: NetworkClassifier
    evaluations: dict[str, AnyEvaluation] = field(default_factory=dict)


@plain_settings
def train_rnn(
    paths: Paths,
    output: str | None = None,
    settings: RnnSettings = RnnSettings(),
    *,
    encoder: ClassifierEncoder = ClassifierEncoder(),
    training: NetworkTraining = NetworkTraining(),
    vectors: str | None = None,
    lm: str | None = None,
    blend: str | None = None,
    init: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    resume: str | None = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    measured: Callable[[str, AnyEvaluation], object] | None = None,
    given: frozenset[str] = frozenset(),
    progress: Progress = SILENT,
) -> NetworkOutcome:
    """A classifier of labelled texts by a network, written to `output`, and how well it does on `test`.

    `vectors` names word vectors in any layout, `lm` a character language model whose states are part of what
    the network is told, `blend` a model of train-nb that judges besides, `init` a model of
    train-rnn or train-tagger whose weights are the first, and `dev` labelled texts by which the best weights
    are chosen, and how much of the other model; without it some of the texts are held out.

    Raises SettingsError where there is neither a file to write nor one to measure on, InputError for texts
    without labels or with a single one, ModelError for a checkpoint to `resume` that is of another training.
    An interrupted training leaves a checkpoint.

    With the cell "none" there are no texts but rows of numbers, of the columns that `records` names or of
    `.npz` files. `given` are the names of settings that the user set, which must not be of texts then.
    """
    from nlpcli.engine.sequences.classifier_training import ClassifierTraining
    from nlpcli.engine.sequences.given_vectors import read_told
    from nlpcli.engine.sequences.initial_network import InitialNetwork

    if records.text2_col is None and (options := changed(settings, "symmetric", "negatives")):
        raise SettingsError(f"{options[0]} is for pairs of texts", hint="--text2-col names the second text")
    check_files(paths, output, test, dev, "texts to train on and those")
    if encoder.cell == NONE:
        task = VectorTask(settings, encoder, training, records, reading, dev, test)
        check_task(
            task, paths, analysis, {"--vectors": vectors, "--lm": lm, "--blend": blend, "--init": init}, given
        )
        model, result = train_vectors(paths, output, task, resume, checkpoints.checkpoint_every, progress)
        return _told(NetworkOutcome(model), result, measured)
    check_texts(paths, records)
    initial = None if init is None else InitialNetwork.load(init, encoder.plain)
    # All are read before training, so that what is wrong with one is told before.
    read = partial(
        read_labelled, analysis=analysis, records=records, reading=reading, progress=progress, pairs=True,
        several=True,
    )  # fmt: skip
    examples, answer = _examples(paths, settings, analysis, records, read, progress)
    tests, held_out = (None if path is None else read([path]) for path in (test, dev))
    check_labels(answer, held_out, dev)
    check_labels(answer, tests if isinstance(answer, Number) else None, test)
    beside = None if blend is None else _read_blend(blend, answer, examples, analysis, training, dev)
    begun = ClassifierTraining(
        examples, analysis, settings, encoder.plain, training, held_out, *read_told(vectors, lm), answer,
        beside, initial,
    )  # fmt: skip
    if begun.begun_with:
        progress.note(f"{init}: {begun.begun_with}")
    found: TextClassifier = learnt(
        Network(begun, answer.measure), output, resume, checkpoints.checkpoint_every, progress
    )
    if output is not None:
        count = f"{len(examples.labels):,} {'pairs' if examples.sides == 2 else 'texts'}, {told_of(answer)}"
        progress.note(f"{output}: {count}, {counted(len(begun.sentences.kinds), 'different word')}")
    if found.blend is not None:
        progress.note(f"{blend}: {found.blend.share:.0%} of the answer is its")
    judged = None if tests is None else found.predict(tests.corpus, progress)
    result = None if judged is None or tests is None else found.answer.evaluation(judged, tests, (), 0)
    return _told(NetworkOutcome(found), result, measured)


def _examples(
    paths: Paths,
    settings: RnnSettings,
    analysis: AnalysisSettings,
    records: RecordSettings,
    read: Callable[[Paths], Examples],
    progress: Progress,
) -> tuple[Examples, Classes | Labels | Number]:
    """What is learnt from, and what kind of answer it teaches. Raises as `train_rnn`."""
    examples = read(paths)
    check_filled(examples, progress)
    answer = answer_to(examples, records, settings.label_type, progress)
    if isinstance(answer, Classes):
        check_classes(examples, analysis)
    check_negatives(answer, settings.negatives)
    return examples, answer


def _told(
    outcome: NetworkOutcome,
    result: AnyEvaluation | None,
    measured: Callable[[str, AnyEvaluation], object] | None,
) -> NetworkOutcome:
    """The outcome with how well the model did on a test, if there was one, which is told."""
    if result is not None:
        outcome.evaluations[TEST] = result
        if measured is not None:
            measured(TEST, result)
    return outcome


def _read_blend(
    path: str,
    answer: Answer,
    examples: Examples,
    analysis: AnalysisSettings,
    training: NetworkTraining,
    dev: str | None,
) -> Trained:
    """The linear classifier to blend with. Raises SettingsError where there is nothing to blend, or to choose
    by."""
    if not isinstance(answer, Classes) or examples.sides == 2:
        raise SettingsError("--blend is for classes of single texts, which is what train-nb learns")
    if dev is None and not training.val_frac:
        raise SettingsError(
            "--blend needs texts to choose by how much: --val-frac 0 holds none out", hint="--dev names some"
        )
    return read_blend(path, answer.labels, analysis)


# --- classifiers of every kind at work ----------------------------------------------------------


CLASSIFIERS = (naive_bayes.KIND, linear.KIND, KIND, vector_classifier.KIND)
AnyClassifier: TypeAlias = Classifier | FastTextClassifier | NetworkClassifier


def load_any(path: str | os.PathLike[str]) -> AnyClassifier:
    """The classifier in a file, told by its content. Raises ModelError."""
    name = os.fspath(path)
    kind = model_file.read_info(name).kind if model_file.first_bytes(name, 9)[8:] == b"{" else ""
    if kind in (KIND, UNFINISHED):
        return TextClassifier.load(name)
    if kind in (vector_classifier.KIND, vector_classifier.UNFINISHED):
        return VectorClassifier.load(name)
    if kind and kind not in CLASSIFIERS:
        model_file.read_model(name, CLASSIFIERS)  # says that it is none, and which there are
    return load_classifier(name)


@plain_settings
def classify(
    model: str,
    texts: Paths | Iterable[str] | Iterable[tuple[str, str]],
    output: Output | None = None,
    settings: ClassifySettings = ClassifySettings(),
    *,
    records: JudgedTextSettings = JudgedTextSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    reason_as_text: Callable[[Reason], str] | None = None,
    machines: DistributedSettings = DistributedSettings(),
    progress: Progress = SILENT,
) -> list[str]:
    """The label of each text, with more in the same line where `settings` ask for it.

    `texts` are pairs for a model of pairs, and numbers with spaces between for one of rows of numbers. A
    model of several labels joins them, one that learnt numbers gives these.
    With `output`, `texts` names files, the lines go there as they come, and none are given back; a table
    gets the rows of the texts, with the columns `label` and `probability`.
    `reason_as_text` says how the tokens that decided are shown, in place of the strongest of them.

    Raises ModelError for a file that is no classifier.
    """
    if texts is None and output is None:
        raise TypeError("give texts; or, with output=, the names of files")
    given = None if texts is None else [*as_list(texts)]
    classifier, rows = _ready(load_any(model), settings), RecordSettings.of(records)
    if machines.wanted and output is not None:
        _check_pairs(classifier, rows)
        work = partial(
            classify, shared_name(model), settings=settings, records=records, reading=reading, table=table
        )
        how = Reading(reading, rows, pairs=True)
        map_files(work, given, output, how, machines, progress, "classifying", cut=table.id_col is None)
        return []
    if output is None:
        refuse_texts(machines)
        texts = listed(given or [], sides_of(classifier))
        return list(prediction_lines(classifier, [texts], settings, reason_as_text))
    _check_pairs(classifier, rows)
    kept = kept_for(output, table, otherwise="--jsonl" if settings.jsonl else None)
    if isinstance(classifier, VectorClassifier):
        batches = judged_batches(classifier, given, rows, reading, progress, kept)
    else:
        source = Records(given, records, reading, labelled=False, pairs=True, kept=kept, progress=progress)
        batches = source.documents()
    columns: list[Column] = []
    if kept is not None and kept.is_table:
        answer = classifier.answer if isinstance(classifier, NetworkClassifier) else None
        settings = dataclasses.replace(settings, proba=not isinstance(answer, Number))
        columns = columns_of(
            settings, is_number=isinstance(answer, Number), several=isinstance(answer, Labels)
        )
    with open_lines(output, kept, columns, table, progress) as writer:
        for line in prediction_lines(classifier, batches, settings, reason_as_text):
            writer.write(line)
    return []


def _ready(classifier: AnyClassifier, settings: ClassifySettings) -> AnyClassifier:
    """The classifier with the threshold that is asked for. Raises SettingsError for what it cannot tell."""
    answer = classifier.answer if isinstance(classifier, NetworkClassifier) else None
    if sides_of(classifier) == 2 and settings.explain:
        raise SettingsError(
            "--explain is not for pairs of texts: their words are weighed against each other, so what each "
            "adds cannot be told",
            hint="--proba and --top-k say how sure the model is",
        )
    if isinstance(answer, Number) and (settings.proba or settings.top_k):
        raise SettingsError("--proba and --top-k are not for a model that gives numbers")
    if settings.threshold is None:
        return classifier
    if not isinstance(classifier, NetworkClassifier) or not isinstance(answer, Labels):
        raise SettingsError("--threshold is for models that give several labels, and this one does not")
    return dataclasses.replace(classifier, answer=dataclasses.replace(answer, threshold=settings.threshold))


def sides_of(classifier: AnyClassifier) -> int:
    """How many texts it judges at once."""
    return classifier.sides if isinstance(classifier, TextClassifier) else 1


def _check_pairs(classifier: AnyClassifier, records: RecordSettings) -> None:
    """Raise SettingsError where the model judges pairs and single texts are read, or the other way round."""
    if sides_of(classifier) == 2 and records.text2_col is None:
        raise SettingsError(
            "the model judges pairs of texts, and one text is read of each row",
            hint="name the columns of both: --text-col question1 --text2-col question2",
        )
    if sides_of(classifier) == 1 and records.text2_col is not None:
        raise SettingsError(
            "--text2-col has no place here: the model judges one text",
            hint="a model of pairs is what train-rnn makes with --text2-col",
        )


def evaluate_classifier(
    model: str,
    paths: Paths,
    *,
    mistakes: int = 0,
    plot: str | None = None,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> AnyEvaluation:
    """How well a classifier does on labelled texts, with its most confident `mistakes`.

    `plot` is a picture or page of the confusion matrix to write. Raises SettingsError for one of
    an unknown kind, MissingDependency for a picture without matplotlib, ModelError for a file that
    is no classifier.
    """
    check_whole_number("mistakes", mistakes, 0)
    if plot is not None:
        check_plot(plot)
    classifier = load_any(model)
    _check_pairs(classifier, records)
    if isinstance(classifier, VectorClassifier):
        _check_drawn(classifier, plot)
        evaluation: AnyEvaluation = evaluate_vectors(classifier, paths, mistakes, records, reading, progress)
        return _drawn(evaluation, plot, progress)
    if isinstance(classifier, TextClassifier):
        return _evaluate_network(classifier, paths, mistakes, plot, records, reading, progress)
    texts: list[str] = []
    if isinstance(classifier, FastTextClassifier):
        result, found, examples = measure_file(classifier, paths, records, reading, progress, texts)
    else:
        examples = read_tests(classifier, paths, records, reading, progress, texts if mistakes else None)
        result, found = measure(classifier, examples, progress)
    result = dataclasses.replace(result, mistakes=worst_of(found, examples, texts, mistakes))
    if plot is not None:
        plot_confusion(result, plot, progress=progress)
    return result


def _evaluate_network(
    model: TextClassifier, paths: Paths, mistakes: int, plot: str | None, records: RecordSettings,
    reading: InputSettings, progress: Progress,
) -> AnyEvaluation:  # fmt: skip
    """The same of a classifier by a network, which may give several labels or a number."""
    answer = model.answer
    _check_drawn(model, plot)
    if isinstance(answer, Labels):
        records = with_all_labels(records, answer)
    kept: list[str] = []
    examples = read_labelled(
        paths, model.analysis, records, reading, progress, kept if mistakes else None, pairs=True,
        several=isinstance(answer, Labels),
    )  # fmt: skip
    texts = [" | ".join(kept[n : n + model.sides]) for n in range(0, len(kept), model.sides)]
    result: AnyEvaluation = answer.evaluation(
        model.predict(examples.corpus, progress), examples, texts, mistakes
    )
    return _drawn(result, plot, progress)


def _check_drawn(model: NetworkClassifier, plot: str | None) -> None:
    """Raise SettingsError for a confusion matrix of what is no class."""
    if plot is not None and not isinstance(model.answer, Classes):
        raise SettingsError("--plot draws a confusion matrix, which classes have and this model has none")


def _drawn(result: AnyEvaluation, plot: str | None, progress: Progress) -> AnyEvaluation:
    """The evaluation, its confusion matrix drawn into a file where one is named."""
    if plot is not None and isinstance(result, Evaluation):
        plot_confusion(result, plot, progress=progress)
    return result
