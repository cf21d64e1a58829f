"""Models of any family: what a file holds (`inspect`), several added up (`merge`), how good one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.engine.io import model_file
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.model_file import ModelInfo
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.embeddings import GloveResources
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.settings.translation import TargetSettings, TranslationScoreSettings

if TYPE_CHECKING:
    from nlpcli.engine.classify.naive_bayes import NaiveBayes
    from nlpcli.engine.cooccurrence.count_files import Cooccurrence
    from nlpcli.engine.sequences.classifier_job import AnyEvaluation
    from nlpcli.engine.sequences.evaluation import TaggerEvaluation
    from nlpcli.engine.tasks.squad import AnswerScores
    from nlpcli.engine.topics.coherence import TopicEvaluation
    from nlpcli.engine.translation.evaluation import TranslationEvaluation

_TAGGERS = ("tagger", "recurrent-tagger")  # kinds of model that are measured on tagged text
_TRANSLATORS = ("seq2seq", "seq2seq-checkpoint")  # and on pairs


@plain_settings
def inspect(model: str, *, verify: bool = False) -> ModelInfo:
    """What a model file says of itself; its arrays are not read, but to `verify` their checksum.

    A file of fastText's has none: it is read to its end, and its sizes are checked.

    Raises ModelError for a file that is no model, is damaged, or is of a newer format.
    """
    if model_file.first_bytes(model, 9)[8:] != b"{":
        from nlpcli.engine.io import fasttext_file

        if fasttext_file.is_fasttext(model):
            with fasttext_file.opened(model) as source:
                return fasttext_file.read_info(source, model)
    info = model_file.read_info(model)
    if verify:
        model_file.verify_digest(info)
    return info


@plain_settings
def merge(
    paths: Paths,
    output: str,
    resources: GloveResources = GloveResources(),
    *,
    progress: Progress = SILENT,
) -> NaiveBayes | Cooccurrence:
    """Naive Bayes models, or counts of `cooccur` (.npz), added up: as if made of all the text at once.

    Raises ModelError and SettingsError for parts that were made in different ways.
    """
    if not paths:
        raise SettingsError("no files to add up are named")
    check_writable(output)
    if all(path.endswith(".npz") for path in paths):
        from nlpcli.engine.cooccurrence.count_files import merge_files

        return merge_files(paths, output, resources, progress)
    from nlpcli.engine.classify.job import merge_classifiers

    return merge_classifiers(paths, output, progress)


@plain_settings
def evaluate(
    model: str,
    paths: Paths,
    *,
    mistakes: int = 0,
    plot: str | None = None,
    records: RecordSettings = RecordSettings(),
    tagged: TaggedTextSettings = TaggedTextSettings(),
    column: TargetSettings = TargetSettings(),
    scores: TranslationScoreSettings = TranslationScoreSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> AnyEvaluation | TaggerEvaluation | TopicEvaluation | TranslationEvaluation | AnswerScores:
    """How well a classifier does on labelled texts, a tagger on tagged text, or a model of train-seq2seq on
    pairs, with some of its mistakes; a reader on questions (SQuAD's JSON); or how well topics fit texts that
    need no labels.

    `plot` is a picture or page of the confusion matrix to write. Raises SettingsError for one of
    an unknown kind, MissingDependency for a picture without matplotlib, ModelError for a file that
    is neither.
    """
    kind = model_file.read_info(model).kind if model_file.first_bytes(model, 9)[8:] == b"{" else ""
    if kind in _TRANSLATORS:
        from nlpcli.engine.translation.job import evaluate_translation

        if plot is not None or tagged != TaggedTextSettings():
            raise SettingsError(
                "the model is of train-seq2seq: --plot and options of tagged text have no place"
            )
        return evaluate_translation(
            model, paths, scores, mistakes=mistakes, records=records, column=column, reading=reading,
            progress=progress,
        )  # fmt: skip
    if column != TargetSettings() or scores != TranslationScoreSettings():
        raise SettingsError(
            "--target-col and --bleu-tokenize are for models of train-seq2seq, and this is none"
        )
    if kind == "topics":
        from nlpcli.engine.topics.topic_job import evaluate_topic_model

        if mistakes or plot is not None or tagged != TaggedTextSettings():
            raise SettingsError("topics have no mistakes, no confusion matrix and no tags: give texts alone")
        return evaluate_topic_model(model, paths, records, reading, progress)
    if kind == "reader":
        from nlpcli.engine.tasks.question_job import evaluate_reader

        if mistakes or plot is not None or tagged != TaggedTextSettings() or records != RecordSettings():
            raise SettingsError("a reader is measured on questions alone, and shows no mistakes")
        return evaluate_reader(model, paths, reading)
    if kind in _TAGGERS:
        from nlpcli.engine.sequences.job import evaluate_tagger

        if records != RecordSettings():
            raise SettingsError(
                "the model is a tagger: options about columns of texts and labels have no place",
                hint="where words and tags stand is said by --layout, --tag and --columns",
            )
        return evaluate_tagger(model, paths, mistakes, plot, tagged, reading, progress)
    from nlpcli.engine.sequences.classifier_job import evaluate_classifier

    if tagged != TaggedTextSettings():
        raise SettingsError("--layout, --tag and --columns are for taggers, and the model is none")
    return evaluate_classifier(
        model, paths, mistakes=mistakes, plot=plot, records=records, reading=reading, progress=progress
    )
