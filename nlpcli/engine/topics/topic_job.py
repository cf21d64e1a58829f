"""Topics of texts: what `train-topics` and `topics` do, and `evaluate` with a topic model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.cluster_encoding import encode_on_cluster
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus, renumber
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.matrix_files import LabelledMatrix, write_matrix
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.checkpoints import learnt
from nlpcli.engine.io.line_ends import one_line
from nlpcli.engine.io.model_file import Model
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.record_formats import Documents, grouped
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.table_output import Column, kept_for, open_lines, ranked
from nlpcli.engine.io.writing import Output
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.engine.text import stopwords
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.engine.topics import lda_checkpoint
from nlpcli.engine.topics.coherence import TopicEvaluation, evaluate_topics
from nlpcli.engine.topics.factors import factorise, truncated_svd
from nlpcli.engine.topics.lda import FoundTopics, Training, find_topics
from nlpcli.engine.topics.seed_words import Seeds, find_seeds
from nlpcli.engine.topics.topic_model import TopicModel, tfidf_rows
from nlpcli.engine.topics.topic_number import Trial, choose_number
from nlpcli.engine.vectors.document_vectors import as_rows
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import changed, check_whole_number, refuse
from nlpcli.settings.input import InputSettings, RecordSettings, TextRowSettings
from nlpcli.settings.results import LineSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import MATRICES, TopicAnswerSettings, TopicCheckpoints, TopicSettings
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted

_TOPICS = 3  # that are told of a text
_WORDS = 10  # that are told of a topic


@plain_settings
def train_topics(
    paths: Paths,
    output: str,
    settings: TopicSettings = TopicSettings(),
    *,
    resume: str | None = None,
    checkpoints: TopicCheckpoints = TopicCheckpoints(),
    threads: int | None = None,
    tried: Callable[[list[Trial], int], None] | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    progress: Progress = SILENT,
) -> TopicModel:
    """A model of what some texts are about, written to `output`; the same bytes with any number of `threads`.

    With `num_topics` auto several numbers are tried; `tried` is told what each was worth, and which was
    chosen. A training of lda that is interrupted leaves a checkpoint, to `resume` with the same texts and
    settings. With a cluster the texts become numbers there, and are learnt from here.

    Raises InputError when no word is left, SettingsError for seed words that no text has, ModelError for a
    checkpoint of another training, and OutputError, before any work, for what cannot be written.
    """
    if threads is not None:
        check_whole_number("threads", threads, 1, 256)
    _check_method(settings, resume, checkpoints)
    check_writable(output)
    begun = None if resume is None else lda_checkpoint.read(resume)
    if machines.wanted:
        how = Reading(reading, RecordSettings.of(records))
        encoded = encode_on_cluster(paths, analysis, vocabulary, how, machines, progress)
    else:
        rows = Records(paths, records, reading, labelled=False, progress=progress)
        encoded = encode_documents(rows.documents(), analysis, vocabulary)
    corpus, frequencies = _pruned(encoded, settings)
    progress.note(
        f"{counted(corpus.documents, 'text')}, {counted(len(corpus.ids), 'token')}, "
        f"{counted(len(corpus.vocabulary), 'different word')}"
    )
    threads = threads or available_cores()
    work = _Work(settings, analysis, frequencies, find_seeds(settings, analysis, corpus.vocabulary, progress),
                 threads, progress)  # fmt: skip
    if begun is not None and settings.num_topics == "auto":
        settings = dataclasses.replace(settings, num_topics=len(begun.tensors["alpha"]))
    elif settings.num_topics == "auto":
        number, trials = choose_number(corpus, settings, max(2, work.seeds.topics), work.model, progress)
        progress.note(f"chosen: {counted(number, 'topic')}")
        if tried is not None:
            tried(trials, number)
        settings = dataclasses.replace(settings, num_topics=number)
    if settings.num_topics > min(corpus.documents, len(corpus.vocabulary)):  # type: ignore[operator]
        progress.note(
            f"{settings.num_topics:,} topics are more than there are texts or words: most say nothing; "
            "--num-topics, --min-df"
        )
    if settings.method == "lda":
        digest = lda_checkpoint.digest_of(corpus, work.given, work.seeds)
        learning = _Lda(work, corpus, settings, begun, digest)
        model: TopicModel = learnt(learning, output, resume, checkpoints.checkpoint_every, progress)
    else:
        model = work.model(corpus, settings, progress)
        model.save(output)
    progress.note(f"{output}: {counted(len(model), 'topic')}")
    if not analysis.stopwords and (few := _of_stopwords(model)):
        progress.note(
            f"{few:,} of {counted(len(model), 'topic')} {'is' if few == 1 else 'are'} "
            "mostly stop words: leave them "
            "out with --stopwords en (or ko, or a file), or take a smaller --max-df, such as 0.2"
        )
    return model


def _of_stopwords(model: TopicModel) -> int:
    """How many topics are told by words most of which are on a list that comes with nlpcli."""
    listed = stopwords.untagged(stopwords.load(list(stopwords.LISTS)))
    return sum(
        2 * sum(stopwords.looked_up(word) in listed for word, _ in words) > len(words)
        for words in model.top_words(_WORDS)
    )


def _check_method(settings: TopicSettings, resume: str | None, checkpoints: TopicCheckpoints) -> None:
    """Raise SettingsError for what is for another method."""
    if settings.method != "lda":
        idle = ["--resume"] * (resume is not None) + changed(checkpoints)
        refuse(idle, f"with --method {settings.method}, whose trainings are short")
    if settings.method == "lsa" and settings.num_topics == "auto":
        raise SettingsError(
            "--num-topics auto is for topics, and lsa has dimensions", hint="100 to 300 are usual"
        )


class _Work(NamedTuple):
    """What trainings on the same texts have in common; the settings as they were given."""

    given: TopicSettings
    analysis: AnalysisSettings
    frequencies: NDArray[np.int64]
    seeds: Seeds
    threads: int
    progress: Progress

    def empty(self, corpus: EncodedCorpus, settings: TopicSettings) -> TopicModel:
        """A model without topics."""
        return TopicModel(settings, self.analysis, corpus.vocabulary, corpus.documents)

    def model(
        self, corpus: EncodedCorpus, settings: TopicSettings, progress: Progress = SILENT
    ) -> TopicModel:
        """A model of so many topics, in one go."""
        if settings.method == "lda":
            topics = find_topics(corpus, settings, self.threads, progress, self.seeds)
            return self.of_topics(corpus, settings, topics)
        components, strengths = _factors(corpus, self.frequencies, settings, self.threads, progress)
        return dataclasses.replace(
            self.empty(corpus, settings), components=components, strengths=strengths,
            document_frequencies=self.frequencies,
        )  # fmt: skip

    def of_topics(self, corpus: EncodedCorpus, settings: TopicSettings, topics: FoundTopics) -> TopicModel:
        """The model of topics that were found."""
        return dataclasses.replace(
            self.empty(corpus, settings), word_counts=topics.word_counts, alpha=topics.alpha,
            seeds=self.seeds.pairs if len(self.seeds.pairs) else None,
        )  # fmt: skip


class _Lda:
    """A training of LDA that may be interrupted (`io/checkpoints.Learning`)."""

    def __init__(
        self, work: _Work, corpus: EncodedCorpus, settings: TopicSettings, begun: Model | None, digest: str
    ) -> None:
        self._work, self._corpus, self._settings = work, corpus, settings
        self._begun, self._digest = begun, digest
        self._training = Training(corpus, settings, work.threads, work.seeds)
        if begun is None:
            self._training.begin(work.progress)

    def go(self, progress: Progress, every: int, save: Callable[[], object]) -> int:
        return self._training.go(progress, every, save)

    def model(self) -> TopicModel:
        topics = self._training.found()
        self._work.progress.note(f"log-likelihood {topics.log_likelihood:.4f} a token")
        return self._work.of_topics(self._corpus, self._settings, topics)

    def done(self) -> str:
        return f"{self._training.standing.done:,} of {self._settings.iterations:,} sweeps"

    def save(self, path: str) -> None:
        lda_checkpoint.save(self._training, path, self._digest)

    def restore(self, path: str) -> None:
        assert self._begun is not None
        lda_checkpoint.restore(self._training, self._begun, path, self._digest)


def _pruned(corpus: EncodedCorpus, settings: TopicSettings) -> tuple[EncodedCorpus, NDArray[np.int64]]:
    """The words that enough documents have, and not too many, and in how many each is."""
    frequencies = sparse.document_frequencies(sparse.count_matrix(corpus))
    documents = int(np.count_nonzero(np.diff(corpus.offsets)))
    kept = (frequencies >= settings.min_df) & (frequencies <= settings.max_df * documents)
    if not kept.any():
        raise InputError(
            f"no word is left: --min-df {settings.min_df} and --max-df {settings.max_df} drop all "
            f"{len(corpus.vocabulary):,} of {counted(documents, 'text')}",
            hint="give more texts, one per line; or lower --min-df and raise --max-df",
        )
    new_id = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    pruned = renumber(corpus, new_id, corpus.vocabulary.take(np.flatnonzero(kept)))
    return pruned, frequencies[kept]


def _factors(
    corpus: EncodedCorpus,
    frequencies: NDArray[np.int64],
    settings: TopicSettings,
    threads: int,
    progress: Progress,
) -> tuple[Floats, NDArray[np.float64]]:
    """The words' weights [V, K] and the topics' sizes [K], the largest first."""
    rows = tfidf_rows(sparse.count_matrix(corpus), frequencies, corpus.documents)
    if settings.method == "lsa":
        found = truncated_svd(rows, settings.topics, settings.seed, threads)
        if len(found.values) < settings.topics:
            progress.note(f"the texts have no more than {len(found.values):,} dimensions")
        return np.ascontiguousarray(found.right.T), found.values
    w, h, error = factorise(rows, settings.topics, settings.iterations, settings.seed, threads, progress)
    progress.note(f"error {error:.4f} of the length of all rows")
    sums = h.sum(axis=0, dtype=np.float64)  # each factor as shares of its words, its size with the texts
    sizes = w.sum(axis=0, dtype=np.float64) * sums
    order = np.argsort(-sizes, kind="stable")
    shares = (h / np.maximum(sums, 1e-30)).astype(np.float32)
    return np.ascontiguousarray(shares[:, order]), sizes[order]


@plain_settings
def topics(
    model: str,
    texts: Paths | Iterable[str],
    output: Output | None = None,
    settings: TopicAnswerSettings = TopicAnswerSettings(),
    *,
    jsonl: bool = False,
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    progress: Progress = SILENT,
) -> list[str]:
    """The topics of each text and their weights, heaviest first, a line for each text: `3 0.6125 7 0.2210`.

    With `output`, `texts` names files, the lines go there as they come, and none are given back. A text
    without a word that the model knows has an empty line. A table gets the rows of the texts, with the
    columns `topic` and `weight`, and as many more as `settings.top` says. An `output` that ends as a matrix
    does (.npz, .npy, .mtx, .svm) gets all weights of every text, a row each.
    """
    if texts is None and output is None:
        raise TypeError("give texts; or, with output=, the names of files")
    given = None if texts is None else [*as_list(texts)]
    loaded = TopicModel.load(model)
    if output is None:
        return list(topic_lines(loaded, [[one_line(text) for text in given or []]], settings, jsonl))
    if is_matrix(output):
        refuse(changed(settings) + ["--jsonl"] * jsonl, f"with {output}, which holds all weights")
        check_writable(output)
        _write_weights(loaded, Records(given, records, reading, labelled=False, progress=progress), output)
        return []
    kept = kept_for(output, table, otherwise="--jsonl" if jsonl else None)
    source = Records(given, records, reading, labelled=False, kept=kept, progress=progress)
    if kept is not None and kept.is_table:
        settings = dataclasses.replace(settings, top=settings.top or 1)
    columns = [Column("topic", is_number=True), Column("weight", is_number=True)]
    with open_lines(output, kept, ranked(columns, settings.top or 1), table, progress) as writer:
        for line in topic_lines(loaded, source.documents(), settings, jsonl):
            writer.write(line)
    return []


def is_matrix(output: Output | None) -> TypeGuard[str]:
    """Whether an output is the name of a matrix, not of lines of text."""
    return isinstance(output, str) and output.lower().endswith(MATRICES)


def _write_weights(model: TopicModel, source: Records, output: str) -> None:
    weights = as_rows(model.weights(model.encode(source.documents())))
    names = [str(number) for number in range(1, len(model) + 1)]
    write_matrix(output, LabelledMatrix(weights, names))


def topic_lines(
    model: TopicModel, batches: Iterable[Documents], settings: TopicAnswerSettings, jsonl: bool
) -> Iterator[str]:
    """A line for each text, batch by batch as they come."""
    for group in grouped(batches):
        for weights in model.weights(model.encode(group)):
            order = np.argsort(-np.abs(weights), kind="stable")[: settings.top or _TOPICS].tolist()
            told = [(topic + 1, float(weights[topic])) for topic in order if weights[topic]]
            told = [one for one in told if abs(one[1]) >= settings.min_weight] or told[:1]
            if jsonl:
                yield json.dumps({"topics": [[topic, round(weight, 6)] for topic, weight in told]})
            else:
                yield "\t".join(f"{topic}\t{weight:.4f}" for topic, weight in told)


def topic_keys(model: str, top: int | None = None) -> list[tuple[float, list[tuple[str, float]]]]:
    """What each topic is about: its share of all texts, and its `top` heaviest words with their weights."""
    loaded = TopicModel.load(model)
    return list(zip(loaded.sizes.tolist(), loaded.top_words(top or _WORDS), strict=True))


def evaluate_topic_model(
    model: str, paths: Paths, records: TextRowSettings, reading: InputSettings, progress: Progress
) -> TopicEvaluation:
    """How well a topic model fits some texts, and how good its topics are by them."""
    loaded = TopicModel.load(model)
    rows = Records(paths, records, reading, labelled=False, progress=progress)
    return evaluate_topics(loaded, loaded.encode(rows.documents()))
