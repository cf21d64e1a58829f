"""Models of any family: what a file holds (`inspect`), several added up (`merge`), how good one is, and one
in another layout (`convert`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nlpcli.engine.io import model_file
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.model_file import ModelInfo
from nlpcli.engine.io.opening import STDIN, Paths
from nlpcli.engine.io.paths import identity, named_twice
from nlpcli.engine.io.shipped import located, terms
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import ModelError, OutputError, SettingsError
from nlpcli.settings.embeddings import GloveResources
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.settings.translation import TargetSettings, TranslationScoreSettings
from nlpcli.settings.vectors import ConvertSettings
from nlpcli.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    from nlpcli.engine.classify.naive_bayes import NaiveBayes
    from nlpcli.engine.cooccurrence.count_files import Cooccurrence
    from nlpcli.engine.corpus.vocabulary import Vocabulary
    from nlpcli.engine.documents.partial_counts import FrequencyFile
    from nlpcli.engine.sequences.classifier_job import AnyEvaluation
    from nlpcli.engine.sequences.evaluation import TaggerEvaluation
    from nlpcli.engine.tasks.squad import AnswerScores
    from nlpcli.engine.topics.coherence import TopicEvaluation
    from nlpcli.engine.topics.topic_model import TopicModel
    from nlpcli.engine.translation.evaluation import TranslationEvaluation
    from nlpcli.engine.vectors.conversion import Conversion

_TAGGERS = ("tagger", "recurrent-tagger")  # kinds of model that are measured on tagged text
_SHOWN = 10  # tokens of a vocabulary
_TRANSLATORS = ("seq2seq", "seq2seq-checkpoint")  # and on pairs


@plain_settings
def inspect(model: str, *, verify: bool = False) -> ModelInfo:
    """What a file says of itself; a model's arrays are not read, but to `verify` their checksum.

    Other files that nlpcli writes have none: they are read as far as it takes, fastText's to their end.

    Raises ModelError for a file that is none of these, is damaged, or is of a newer format.
    """
    if model_file.first_bytes(model, 9)[8:] != b"{":
        from nlpcli.engine.io import fasttext_file

        if fasttext_file.is_fasttext(model):
            with fasttext_file.opened(model) as source:
                return _told(fasttext_file.read_info(source, model))
        from nlpcli.engine.tasks.file_info import info_of

        if (found := info_of(model)) is not None:
            return _told(found)
    info = model_file.read_info(model)
    if verify:
        model_file.verify_digest(info)
    return _told(info)


def _told(info: ModelInfo) -> ModelInfo:
    """The same with what a person wants to know first."""
    from nlpcli.engine.tasks.file_summary import changed_settings, summary

    header = dict(info.header)
    said = str(header.pop("summary", "")) or summary(info)
    if known := terms(info.path):
        said = f"{said}; {known}"
    if tokens := model_file.first_tokens(info, _SHOWN):
        header["first_tokens"] = tokens
    return replace(info, header=header, summary=said, changed=changed_settings(info))


@plain_settings
def merge(
    paths: Paths,
    output: str,
    resources: GloveResources = GloveResources(),
    *,
    vocabulary: VocabularySettings = VocabularySettings(),
    progress: Progress = SILENT,
) -> NaiveBayes | Cooccurrence | TopicModel | Vocabulary | FrequencyFile:
    """Naive Bayes models, or counts of `cooccur` (.npz) or `count`, added up: as if made of all the text at
    once. The files are in the order of the text.

    Of counts of `count`, `vocabulary` says which are written.

    Topics of lda add up too, each to the most like it; what that is equal to, `topics/merging.py` says.

    Raises ModelError and SettingsError for parts that were made in different ways.
    """
    if not paths:
        raise SettingsError("no files to add up are named")
    check_writable(output)
    twice = list(_what_counts_twice(paths, output))
    merged = _merged(paths, output, resources, vocabulary, progress)
    for told in twice:
        progress.lost(told)
    return merged


def _merged(
    paths: Sequence[str],
    output: str,
    resources: GloveResources,
    vocabulary: VocabularySettings,
    progress: Progress,
) -> NaiveBayes | Cooccurrence | TopicModel | Vocabulary | FrequencyFile:
    kind = "" if paths[0].endswith(".npz") else _kind(paths[0])
    if kind == "token-counts":
        from nlpcli.engine.corpus.job import merge_token_counts

        return merge_token_counts(paths, output, vocabulary, progress)
    refuse(changed(vocabulary), "here: it is for counts of nlpcli count")
    if kind == "document-frequencies":
        from nlpcli.engine.documents import partial_counts

        return partial_counts.merge_files(paths, output)
    if kind == "naive-bayes-counts":
        from nlpcli.engine.classify.job import merge_partial_counts

        return merge_partial_counts(paths, output, progress)
    if all(path.endswith(".npz") for path in paths):
        from nlpcli.engine.cooccurrence.count_files import merge_files

        return merge_files(paths, output, resources, progress)
    if kind == "topics":
        from nlpcli.engine.topics.merging import merge_topics

        return merge_topics(list(paths), output, progress)
    from nlpcli.engine.classify.job import merge_classifiers

    return merge_classifiers(paths, output, progress)


def _what_counts_twice(paths: Sequence[str], output: str) -> Iterator[str]:
    """A part that is named twice, and a sum that replaces a part: `merge *.npz -o all.npz`, again."""
    for path in named_twice(paths):
        yield f"{path} is named twice, and counts twice"
    replaced = identity(output)
    for path in paths:
        if replaced is not None and identity(path) == replaced:
            yield f"{path} is a part, and is replaced by the sum: doing it again would count it twice"


def _kind(path: str) -> str:
    """What kind of model a file is; empty for other files."""
    return model_file.read_info(path).kind if model_file.first_bytes(path, 9)[8:] == b"{" else ""


@plain_settings
def convert(
    vectors: str, output: str, settings: ConvertSettings = ConvertSettings()
) -> Conversion | TopicModel:
    """Word vectors of a file anew, in the layout that the extension of `output` names; what was written.

    A model of `train-topics` with lda becomes Mallet's state (.gz), and such a state a model.

    Raises OutputError for words the layout cannot hold (unless the settings say what to do with
    them), and InputError or ModelError for a source that holds no vectors.
    """
    vectors = located(vectors)
    is_topics = _is_topics(vectors)
    if not is_topics and not _is_state(vectors):
        if output.endswith(".gz") and vectors != STDIN and _kind(vectors) == "topics":
            raise SettingsError(
                f"{output}: a state of Mallet's has counts, which only topics of lda have",
                hint="nlpcli train-topics --method lda",
            )
        from nlpcli.engine.vectors.conversion import convert as convert_vectors

        return convert_vectors(vectors, output, settings)
    from nlpcli.engine.topics import mallet
    from nlpcli.engine.topics.topic_model import TopicModel

    refuse(changed(settings), "with topics")
    wanted, name = (".gz", "Mallet's state") if is_topics else (".safetensors", "a model of topics")
    if not output.endswith(wanted):
        raise OutputError(
            f"{output}: {name} is written to a {wanted} file", hint=f"nlpcli convert {vectors} NAME{wanted}"
        )
    check_writable(output)
    if is_topics:
        model = TopicModel.load(vectors)
        mallet.write_state(model, output)
    else:
        model = mallet.read_state(vectors)
        model.save(output)
    return model


def _is_topics(path: str) -> bool:
    """Whether a file is a model of topics that are no vectors of words."""
    if path == STDIN or _kind(path) != "topics":
        return False
    settings = model_file.read_info(path).header.get("settings")
    return isinstance(settings, dict) and settings.get("method") == "lda"


def _is_state(path: str) -> bool:
    if path == STDIN:
        return False
    from nlpcli.engine.topics.mallet import is_state

    return is_state(path)


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
    kind = _kind(model)
    is_tagged, is_table = tagged != TaggedTextSettings(), records != RecordSettings()
    _refuse_idle(kind, bool(mistakes), plot is not None, is_tagged, is_table)
    if kind in _TRANSLATORS:
        from nlpcli.engine.translation.job import evaluate_translation

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

        return evaluate_topic_model(model, paths, records, reading, progress)
    if kind == "reader":
        from nlpcli.engine.tasks.question_job import evaluate_reader

        return evaluate_reader(model, paths, reading)
    if kind in _TAGGERS:
        from nlpcli.engine.sequences.job import evaluate_tagger

        return evaluate_tagger(model, paths, mistakes, plot, tagged, reading, progress)
    from nlpcli.engine.sequences.classifier_job import CLASSIFIERS, evaluate_classifier

    if kind and kind.removesuffix("-checkpoint") not in CLASSIFIERS:
        raise ModelError(
            f"{model} is of kind {kind}, which evaluate does not measure",
            hint="it measures classifiers, taggers, topics, readers and models of train-seq2seq",
        )
    if is_tagged:
        raise SettingsError("--layout, --tag and --columns are for taggers, and the model is none")
    found = evaluate_classifier(
        model, paths, mistakes=mistakes, plot=plot, records=records, reading=reading, progress=progress
    )
    _tell_strangers(found, progress)
    return found


def _refuse_idle(kind: str | None, mistakes: bool, plot: bool, tagged: bool, table: bool) -> None:
    """Raise SettingsError for options of `evaluate` that a model of this kind has no use for."""
    if kind in _TRANSLATORS and (plot or tagged):
        raise SettingsError("the model is of train-seq2seq: --plot and options of tagged text have no place")
    if kind == "topics" and (mistakes or plot or tagged):
        raise SettingsError("topics have no mistakes, no confusion matrix and no tags: give texts alone")
    if kind == "reader" and (mistakes or plot or tagged or table):
        raise SettingsError("a reader is measured on questions alone, and shows no mistakes")
    if kind in _TAGGERS and table:
        raise SettingsError(
            "the model is a tagger: options about columns of texts and labels have no place",
            hint="where words and tags stand is said by --layout, --tag and --columns",
        )


def _tell_strangers(found: AnyEvaluation, progress: Progress) -> None:
    """Say that the labels of the texts are none of the model's: of another column, or another model."""
    there, given = found.strangers() if hasattr(found, "strangers") else ([], [])
    if there:
        progress.note(
            f"no label of the texts ({', '.join(there[:5])}) is among those that the model gave "
            f"({', '.join(given[:5])}): is --label-col the right column?"
        )
