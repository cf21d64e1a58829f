"""Where a sampler of LDA begins."""

import numpy as np
import pytest

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.topics import lda, lda_start
from nlpcli.engine.topics.seed_words import NO_SEEDS, Seeds
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings
from nlpcli.settings.vocabulary import VocabularySettings
from tests.topics.test_topics import SUBJECTS, made_texts


@pytest.fixture(scope="module")
def corpus():
    return encode_documents([["", *made_texts(60), ""]], AnalysisSettings(), VocabularySettings())


def purity(corpus, topics):
    """The share of tokens whose topic is the one that most tokens of their subject have."""
    subject = np.full(len(corpus.vocabulary), -1)
    for number, words in enumerate(SUBJECTS):
        subject[[corpus.vocabulary.id_of[word] for word in words.split()]] = number
    known = subject[corpus.ids] >= 0
    table = np.zeros((subject.max() + 1, topics.max() + 1))
    np.add.at(table, (subject[corpus.ids[known]], topics[known]), 1)
    return table.max(axis=1).sum() / table.sum()


def test_it_begins_near_the_end(corpus):
    settings = TopicSettings(num_topics=3, optimize_interval=0)
    topics = lda_start.first_topics(corpus, settings, NO_SEEDS, 1)
    assert purity(corpus, topics) > 0.9
    training = lda.Training(corpus, settings, 1)
    training.restore(lda.Standing(0, topics, training.standing.alpha))
    begun = training.found().log_likelihood
    training.restore(lda.Standing(0, np.arange(len(topics), dtype=np.int32) % 3, training.standing.alpha))
    assert begun > training.found().log_likelihood + 0.5


def test_any_number_of_threads_gives_the_same_and_another_seed_another(corpus):
    one, two, other = (
        lda_start.first_topics(corpus, TopicSettings(num_topics=5, seed=seed), NO_SEEDS, threads)
        for seed, threads in ((1, 1), (1, 2), (2, 1))
    )
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_seed_words_claim_the_component_that_has_most_of_them(corpus):
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        pairs = [(corpus.vocabulary.id_of[SUBJECTS[subject].split()[0]], topic)
                 for topic, subject in enumerate(order)]  # fmt: skip
        seeds = Seeds(np.array(pairs, dtype=np.int32), 3)
        topics = lda_start.first_topics(corpus, TopicSettings(num_topics=3), seeds, 1)
        for topic, subject in enumerate(order):
            for word in SUBJECTS[subject].split():
                drawn = topics[corpus.ids == corpus.vocabulary.id_of[word]]
                assert np.bincount(drawn, minlength=3).argmax() == topic


def test_more_topics_than_components_are_parts_of_them(corpus, monkeypatch):
    monkeypatch.setattr(lda_start, "_COMPONENTS", 3)
    topics = lda_start.first_topics(corpus, TopicSettings(num_topics=8), NO_SEEDS, 1)
    assert set(topics.tolist()) == set(range(8))
    for first, last in zip(corpus.offsets[:-1], corpus.offsets[1:], strict=True):
        by_component = [{topic for topic in topics[first:last].tolist() if topic % 3 == k} for k in range(3)]
        assert all(len(parts) <= 1 for parts in by_component)
    assert purity(corpus, topics % 3) > 0.9


@pytest.mark.parametrize("texts", [["a"], ["a b", "c"], ["a a a", "a a"], ["a b c d e f g"]])
def test_little_text_and_more_topics_than_words(texts):
    few = encode_documents([texts], AnalysisSettings(), VocabularySettings())
    for number in (1, 2, 50, 200):
        topics = lda_start.first_topics(few, TopicSettings(num_topics=number), NO_SEEDS, 1)
        assert len(topics) == len(few.ids) and topics.min() >= 0 and topics.max() < number
