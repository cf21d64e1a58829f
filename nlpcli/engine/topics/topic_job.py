"""Topics of texts: what `train-topics` and `topics` do, and `evaluate` with a topic model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus, renumber
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.documents import sparse
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.line_ends import one_line
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.record_formats import Documents, grouped
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.table_output import Column, kept_for, open_lines, ranked
from nlpcli.engine.io.writing import Output
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.engine.topics.coherence import TopicEvaluation, evaluate_topics
from nlpcli.engine.topics.factors import factorise, truncated_svd
from nlpcli.engine.topics.lda import find_topics
from nlpcli.engine.topics.topic_model import TopicModel, tfidf_rows
from nlpcli.errors import InputError
from nlpcli.settings.fields import check_whole_number
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.results import LineSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import TopicAnswerSettings, TopicSettings
from nlpcli.settings.vocabulary import VocabularySettings

_TOPICS = 3  # that are told of a text
_WORDS = 10  # that are told of a topic


@plain_settings
def train_topics(
    paths: Paths,
    output: str,
    settings: TopicSettings = TopicSettings(),
    *,
    threads: int | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> TopicModel:
    """A model of what some texts are about, written to `output`; the same bytes with any number of `threads`.

    Raises InputError when no word is left, and OutputError, before any work, for what cannot be written.
    """
    if threads is not None:
        check_whole_number("threads", threads, 1, 256)
    check_writable(output)
    rows = Records(paths, records, reading, labelled=False, progress=progress)
    corpus, frequencies = _pruned(encode_documents(rows.documents(), analysis, vocabulary), settings)
    progress.note(
        f"{corpus.documents:,} texts, {len(corpus.ids):,} tokens, {len(corpus.vocabulary):,} different words"
    )
    threads = threads or available_cores()
    model = TopicModel(settings, analysis, corpus.vocabulary, corpus.documents)
    if settings.method == "lda":
        topics = find_topics(corpus, settings, threads, progress)
        model = dataclasses.replace(model, word_counts=topics.word_counts, alpha=topics.alpha)
        progress.note(f"log-likelihood {topics.log_likelihood:.4f} a token")
    else:
        components, strengths = _factors(corpus, frequencies, settings, threads, progress)
        model = dataclasses.replace(
            model, components=components, strengths=strengths, document_frequencies=frequencies
        )
    model.save(output)
    progress.note(f"{output}: {len(model):,} topics")
    return model


def _pruned(corpus: EncodedCorpus, settings: TopicSettings) -> tuple[EncodedCorpus, NDArray[np.int64]]:
    """The words that enough documents have, and not too many, and in how many each is."""
    frequencies = sparse.document_frequencies(sparse.count_matrix(corpus))
    documents = int(np.count_nonzero(np.diff(corpus.offsets)))
    kept = (frequencies >= settings.min_df) & (frequencies <= settings.max_df * documents)
    if not kept.any():
        raise InputError(
            f"no word is left: --min-df {settings.min_df} and --max-df {settings.max_df} drop all "
            f"{len(corpus.vocabulary):,} of {documents:,} texts",
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
        found = truncated_svd(rows, settings.num_topics, settings.seed, threads)
        if len(found.values) < settings.num_topics:
            progress.note(f"the texts have no more than {len(found.values):,} dimensions")
        return np.ascontiguousarray(found.right.T), found.values
    w, h, error = factorise(rows, settings.num_topics, settings.iterations, settings.seed, threads, progress)
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
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    progress: Progress = SILENT,
) -> list[str]:
    """The topics of each text and their weights, heaviest first, a line for each text: `3 0.6125 7 0.2210`.

    With `output`, `texts` names files, the lines go there as they come, and none are given back. A text
    without a word that the model knows has an empty line. A table gets the rows of the texts, with the
    columns `topic` and `weight`, and as many more as `settings.top` says.
    """
    if texts is None and output is None:
        raise TypeError("give texts; or, with output=, the names of files")
    given = None if texts is None else [*as_list(texts)]
    loaded = TopicModel.load(model)
    if output is None:
        return list(topic_lines(loaded, [[one_line(text) for text in given or []]], settings, jsonl))
    kept = kept_for(output, table, otherwise="--jsonl" if jsonl else None)
    source = Records(given, records, reading, labelled=False, kept=kept, progress=progress)
    if kept is not None and kept.is_table:
        settings = dataclasses.replace(settings, top=settings.top or 1)
    columns = [Column("topic", is_number=True), Column("weight", is_number=True)]
    with open_lines(output, kept, ranked(columns, settings.top or 1), table, progress) as writer:
        for line in topic_lines(loaded, source.documents(), settings, jsonl):
            writer.write(line)
    return []


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
    model: str, paths: Paths, records: RecordSettings, reading: InputSettings, progress: Progress
) -> TopicEvaluation:
    """How well a topic model fits some texts, and how good its topics are by them."""
    loaded = TopicModel.load(model)
    rows = Records(paths, records, reading, labelled=False, progress=progress)
    return evaluate_topics(loaded, loaded.encode(rows.documents()))
