"""From labelled texts to a classifier, to labels, to a judgement: `train-nb`, `classify`, `evaluate`.

    texts ─ encode ─▶ examples ─ search for settings ─ check ─▶ train ─▶ file ─ test
                         ▲ a model to go on from

Not here: training (`training.py`), what is searched (`model_selection.py`), scoring (`classifier.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nlpcli.engine.classify import explanations, model_selection, naive_bayes, training
from nlpcli.engine.classify.classifier import (
    Classifier,
    Trained,
    as_tests,
    load_model,
    measure,
)
from nlpcli.engine.classify.cluster_training import counted_on_cluster, refuse_at_once, trained_on_cluster
from nlpcli.engine.classify.examples import Examples, check_classes, read_labelled
from nlpcli.engine.classify.explanations import TellingFeature
from nlpcli.engine.classify.metrics import Evaluation
from nlpcli.engine.classify.model_selection import Trial
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.classify.partial_count_files import PartialCountFile, merge_files
from nlpcli.engine.classify.partial_counts import ClassCounting
from nlpcli.engine.classify.shown_work import check_variant, estimates
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import STDIN, Paths, check_readable
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.io.shown_work import WorkTable
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import (
    FeatureSettings,
    NaiveBayesSettings,
    SelectionSettings,
    refuse_beside_append,
)
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import Settings, changed, check_whole_number, option_name, refuse
from nlpcli.settings.input import InputSettings, LabelledTextSettings, RecordSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.wording import counted

HOLDOUT, CROSS_VALIDATION, TEST = "holdout", "cross-validation", "test"
_ALONE = "with --partial: a part of the texts is counted and no more"
_MERGE_FIRST = "nlpcli merge makes a model of the parts, as large as all texts"
Measured = Callable[[str, Evaluation], object]


@dataclass
class Outcome:
    """What came of `train_nb`: the model, None where it was only measured; how well it did, under
    "holdout", "cross-validation" and "test"; the settings that were tried, the best ones first; with
    `show_work` what was counted, and every P(feature | class) as a fraction."""

    model: Trained | None = None
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    work: list[WorkTable] = field(default_factory=list)


@plain_settings
def train_nb(
    paths: Paths,
    output: str | None = None,
    settings: NaiveBayesSettings = NaiveBayesSettings(),
    features: FeatureSettings = FeatureSettings(),
    *,
    append: str | None = None,
    selection: SelectionSettings = SelectionSettings(),
    test: str | None = None,
    calibrate: bool = False,
    prune: bool = False,
    partial: bool = False,
    analysis: AnalysisSettings = LOWERCASE,
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    measured: Measured | None = None,
    show_work: bool = False,
    progress: Progress = SILENT,
) -> Outcome:
    """A classifier of labelled texts, written to `output`, and how well it does.

    `append` is a model to go on from, with its settings. Without `output` it is only measured, as
    `selection` and `test`, a file of labelled texts, say. `measured` is told the name and the
    result of each measurement as it is made, which may be long before the end. With `show_work` the
    fractions of a small Naive Bayes model are in the outcome, also without `output`. With `partial` what is
    written are the counts of a part of the texts, of any number of classes: `merge` makes a model of parts.

    Raises SettingsError for settings that contradict each other, InputError for texts without
    labels or with a single one, ModelError for a model that cannot be added to.
    """
    training.check(settings, prune)
    if show_work and append is None:
        check_variant(settings.variant)
    wants = selection != SelectionSettings() or test is not None or show_work
    _check_files(paths, output, test, measures=wants or partial)
    rows = RecordSettings.of(records)
    work = _Work(paths, output, test, rows, reading, measured, progress, show_work)
    counting = ClassCounting(analysis, features, settings, rows, reading)
    if machines.wanted:
        refuse_at_once(
            {"--method nbsvm": settings.variant == "nbsvm", "--append": append is not None, "--prune": prune,
             "--calibrate": calibrate, "--show-work": show_work, **dict.fromkeys(changed(selection), True)}
        )  # fmt: skip
    if partial:
        unfit = {"--append": append is not None, "--calibrate": calibrate, "--prune": prune, "--test": test,
                 "--show-work": show_work, "--method nbsvm": settings.variant == "nbsvm"}  # fmt: skip
        refuse(
            [*(name for name, wanted in unfit.items() if wanted), *changed(selection)], _ALONE, _MERGE_FIRST
        )
        return work.count_part(counting, machines)
    if append is not None:
        others = _not_default((settings, NaiveBayesSettings()), (features, FeatureSettings()),
                              (analysis, LOWERCASE), (selection, SelectionSettings()))  # fmt: skip
        extra = [name for name, wanted in (("--calibrate", calibrate), ("--prune", prune)) if wanted]
        return work.append_to(append, [*others, *extra])
    if machines.wanted:
        tests = work.read_tests(analysis)
        return work.finish(*trained_on_cluster(paths, counting, machines, progress), tests)
    examples = read_labelled(paths, analysis, rows, reading, progress)
    check_classes(examples, analysis, "a part of the texts may have one: --partial")
    tests = work.read_tests(analysis)
    if selection.autotune:
        features, settings = work.tune(examples, selection.autotune, analysis, features, settings)
    work.check_first(examples, selection, analysis, features, settings)
    if output is not None or test is not None or show_work:
        model = training.train(
            examples, analysis, features, settings, prune=prune, calibrate=calibrate, progress=progress
        )
        work.finish(model, len(examples.labels), tests)
    return work.outcome


def _check_files(paths: Paths, output: str | None, test: str | None, *, measures: bool) -> None:
    """Raise, before any work, what would stand in its way at the end."""
    if test is not None:
        if test == STDIN and STDIN in (paths or [STDIN]):
            raise SettingsError("stdin cannot be both the texts to train on and those to --test")
        check_readable(test)
    if output is not None:
        check_writable(output)
    elif not measures:
        raise SettingsError(
            "where should the model go?",
            hint="name a file with -o, or only measure: --cross-validate 5, --test FILE",
        )


def _not_default(*pairs: tuple[Settings, Settings]) -> list[str]:
    """The options of those settings that are not as they are by default."""
    return [
        option_name(known)
        for given, usual in pairs
        for known in dataclasses.fields(given)
        if getattr(given, known.name) != getattr(usual, known.name)
    ]


@dataclass
class _Work:
    """The files of one training, and what came of it so far."""

    paths: Paths
    output: str | None
    test: str | None
    records: RecordSettings
    reading: InputSettings
    measured: Measured | None
    progress: Progress
    show_work: bool = False
    outcome: Outcome = field(default_factory=Outcome)

    def read_tests(self, analysis: AnalysisSettings) -> Examples | None:
        """What `test` names, read before training, so that what is wrong with it is told before."""
        if self.test is None:
            return None
        return read_labelled([self.test], analysis, self.records, self.reading, self.progress)

    def tune(
        self,
        examples: Examples,
        seconds: float,
        analysis: AnalysisSettings,
        features: FeatureSettings,
        settings: NaiveBayesSettings,
    ) -> tuple[FeatureSettings, NaiveBayesSettings]:
        """The best settings found."""
        trials = model_selection.autotune(examples, seconds, analysis, features, settings, self.progress)
        for trial in trials[:5]:
            self.progress.note(f"{trial.accuracy:.4f}  {trial.describe()}")
        self.progress.note(
            f"chosen of {len(trials)} tried: {trials[0].describe()}{model_selection.why(trials)}"
        )
        self.outcome.trials = trials
        return trials[0].features, trials[0].settings

    def check_first(
        self,
        examples: Examples,
        selection: SelectionSettings,
        analysis: AnalysisSettings,
        features: FeatureSettings,
        settings: NaiveBayesSettings,
    ) -> None:
        """Measure on texts held out, and in folds, if wanted."""
        how = (analysis, features, settings, self.progress)
        if selection.holdout:
            self._tell(HOLDOUT, model_selection.on_held_out(examples, selection.holdout, *how))
        if selection.cross_validate:
            parts = model_selection.cross_validate(examples, selection.cross_validate, *how)
            for number, part in enumerate(parts, start=1):
                self.progress.note(
                    f"part {number}: accuracy {part.accuracy:.4f}, macro F1 {part.macro().f1:.4f}"
                )
            self._tell(CROSS_VALIDATION, model_selection.pooled(parts))

    def count_part(self, counting: ClassCounting, machines: DistributedSettings) -> Outcome:
        """The counts of the texts written, to be added to those of others."""
        if self.output is None:
            raise SettingsError("where should the counts go?", hint="name a file with -o")
        if machines.wanted:
            counts = counted_on_cluster(self.paths, counting, machines, self.progress)
        else:
            shard = Shard(0, None if self.paths is None else tuple(self.paths))
            counts = counting.part(shard, self.progress)
        PartialCountFile(counts, counting).save(self.output)
        classes, features = (
            counted(len(counts.labels), "class", "classes"),
            counted(len(counts.counts), "feature"),
        )
        self.progress.note(
            f"{self.output}: {counted(counts.texts, 'text')}, {classes}, {features}, for merge"
        )
        return self.outcome

    def append_to(self, path: str, others: Sequence[str]) -> Outcome:
        """The model at `path` after more texts."""
        if self.output is None:
            raise SettingsError(
                "where should the longer model go?", hint=f"name a file with -o, perhaps {path}"
            )
        refuse_beside_append(others)
        model = training.countable(load_model(path), path)
        examples = read_labelled(self.paths, model.analysis, self.records, self.reading, self.progress)
        tests = self.read_tests(model.analysis)
        if model.calibration is not None:
            self.progress.note(f"the calibration of {path} is dropped: it no longer fits")
        longer = training.appended(model, examples, self.progress)
        return self.finish(longer, int(longer.documents.sum()), tests)

    def finish(self, model: Trained, texts: int, tests: Examples | None) -> Outcome:
        """The model written and measured."""
        self.outcome.model = model
        if self.show_work:  # before the model is written, in case there is too much to show
            self.outcome.work = estimates(model)
        if self.output is not None:
            _save(model, self.output, texts, self.progress)
        if tests is not None:
            classifier = Classifier(model)
            self._tell(TEST, measure(classifier, as_tests(classifier, tests), self.progress)[0])
        return self.outcome

    def _tell(self, name: str, evaluation: Evaluation) -> None:
        self.outcome.evaluations[name] = evaluation
        if self.measured is not None:
            self.measured(name, evaluation)


def _save(model: Trained, output: str, texts: int, progress: Progress) -> None:
    model.save(output)
    features = counted(len(model.keys), "feature")
    if model.used < len(model.keys):  # the others are kept for --append and merge
        features += f", {model.used or 'none'} of them seen often enough to count (--min-count)"
    progress.note(
        f"{output}: {counted(texts, 'text')}, {counted(len(model.labels), 'class', 'classes')}, {features}"
    )


# --- at work --------------------------------------------------------------------------------


@plain_settings
def telling_features(model: str, top: int = 10) -> list[TellingFeature]:
    """The `top` most telling features of each class of a classifier. Raises ModelError for other files."""
    check_whole_number("top", top, 1)
    return explanations.telling_features(load_model(model), top)


def merge_partial_counts(paths: Sequence[str], output: str, progress: Progress = SILENT) -> NaiveBayes:
    """The model of parts of texts that `train-nb --partial` counted. Raises what `merge_files` does."""
    total = merge_files(paths)
    _save(total, output, int(total.documents.sum()), progress)
    return total


def merge_classifiers(paths: Sequence[str], output: str, progress: Progress = SILENT) -> NaiveBayes:
    """Several Naive Bayes models added up into one, as if trained on all their texts.

    Raises ModelError for models that do not add up.
    """
    models = [training.countable(load_model(path), path) for path in paths]
    total = models[0]
    for model in models[1:]:
        total = naive_bayes.merged(total, model)
    if any(model.calibration is not None for model in models):
        progress.note("the calibration is dropped: it was of a part, and does not fit the whole")
    _save(total, output, int(total.documents.sum()), progress)
    return total
