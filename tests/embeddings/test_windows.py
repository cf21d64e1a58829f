"""Training makes exactly the pairs that `--show-pairs` prints, whatever the lines look like.

The kernels say themselves which pairs they make. With word i's vector the i-th unit vector, output vectors
of zeros, and a rate so small that nothing else moves, a pair adds half the rate to the output vector of
what is predicted, at the place of the word that predicts it. The pairs are read off the output vectors.
"""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.embeddings.fasttext_training import FastTextTraining
from nlpcli.engine.embeddings.hogwild import Run
from nlpcli.engine.embeddings.word2vec import pairs
from nlpcli.engine.embeddings.word2vec_training import Training
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.errors import InputError
from nlpcli.settings.embeddings import FastTextSettings, Word2VecSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

RATE = 1e-9
STILL = {"dim": 32, "epochs": 1, "sample": 0, "alpha": RATE, "min_alpha": RATE, "fixed_window": True}
WORDS = [*"abcdefghijklmnopqrstuvwxyz"]


def encoded(lines, min_count=1):
    return encode_documents([lines], AnalysisSettings(), VocabularySettings(min_count=min_count))


def trained(corpus, **chosen):
    """A training of an epoch, on which the pairs can be read off, and its output vectors by the rate."""
    if chosen.pop("subwords", False):
        training = FastTextTraining(corpus, FastTextSettings(**STILL, **chosen, bucket=50))
        shares = np.diff(training.starts)
    else:
        training = Training(corpus, Word2VecSettings(**STILL, **chosen))
        shares = np.ones(training.words)
    table = training.objective.table
    if len(table):
        # All noise is the most frequent word, so that what is predicted can be told from what is noise.
        counts = corpus.vocabulary.counts.astype(float)
        Kernels("embeddings.negative_sampling").set_alias_table(counts**60, table)
    training.inputs[:] = 0
    training.inputs[np.arange(training.words), np.arange(training.words)] = shares
    run = Run(training.schedule, training.step)
    run.go(training.threads, (), lambda _: None)
    assert run.loss(0, len(training.schedule)) > 0
    return training, training.outputs[:, : training.words].astype(float) / RATE


def expected(corpus, training):
    """What the output vectors are, by the rate, when the pairs are those of `--show-pairs`."""
    size, chosen, id_of = training.words, training.settings, corpus.vocabulary.id_of
    predicted = np.zeros((size, size))  # [what, from which]
    if chosen.model == "skipgram":
        for (word, neighbour), count in Counter(pairs(corpus, chosen.window)).items():
            predicted[id_of[word], id_of[neighbour]] = count
    else:
        for word, neighbours in contexts(corpus, chosen.window):
            for neighbour in neighbours:
                predicted[id_of[word], id_of[neighbour]] += 1 / len(neighbours)
    outputs = np.zeros((len(training.outputs), size))
    if chosen.loss == "hs":
        _, _, starts, nodes, codes, _ = training.objective
        for word in range(size):
            for place in range(starts[word], starts[word + 1]):
                outputs[nodes[place]] += (codes[place] - 0.5) * predicted[word]
    elif chosen.loss == "softmax":
        outputs[:size] = predicted - predicted.sum(axis=0) / size
    else:
        frequent = corpus.vocabulary.counts.argmax()
        outputs[:size] = predicted / 2
        outputs[frequent] -= (predicted.sum(axis=0) - predicted[frequent]) / 2
    return outputs


def contexts(corpus, window):
    """Every word of a text with its neighbours, from the pairs, which name them in the order of the text."""
    words = (
        corpus.vocabulary.tokens[number] for sentence in corpus if len(sentence) > 1 for number in sentence
    )
    left = list(pairs(corpus, window))
    sizes = [
        min(place + window, length - 1) - max(place - window, 0)
        for length in map(len, corpus)
        if length > 1
        for place in range(length)
    ]
    rest = iter(left)
    for word, size in zip(words, sizes, strict=True):
        found = list(itertools.islice(rest, size))
        assert {centre for centre, _ in found} == {word}
        yield word, [neighbour for _, neighbour in found]
    assert not list(rest)


def check(lines, min_count=1, **chosen):
    corpus = encoded(lines, min_count)
    training, outputs = trained(corpus, **chosen)
    np.testing.assert_allclose(outputs, expected(corpus, training), rtol=2e-3, atol=2e-3)


lines_of_words = st.lists(
    st.lists(st.sampled_from(["a", "a", "a", *WORDS]), max_size=30).map(" ".join), min_size=1, max_size=12
).map(lambda lines: ["a b a", *lines])
ways = st.one_of(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(["skipgram", "cbow"]),
            "loss": st.sampled_from(["ns", "hs"]),
            "deterministic": st.booleans(),
            "subwords": st.booleans(),
        }
    ),
    st.fixed_dictionaries({"model": st.sampled_from(["skipgram", "cbow"]), "loss": st.just("softmax")}),
)


@settings(max_examples=25)
@given(lines_of_words, ways, st.integers(1, 12), st.integers(1, 7), st.sampled_from([1, 1, 2, 3, 6]))
def test_training_makes_exactly_the_pairs_that_are_shown(lines, way, window, negative, min_count):
    a_is_most_frequent = [*lines, *["b a"] * min_count, "a " * (9 + sum(map(len, lines)))]
    check(a_is_most_frequent, min_count=min_count, window=window, negative=negative, **way)


ONE_LINE = [" ".join(np.random.default_rng(3).choice(WORDS, 1500)) + " a" * 90]
SHAPES = {
    "one long line, in chunks and in shards": ONE_LINE,
    "many short lines": [
        "a a a a a",
        "a",
        "a a a a a",
        *(" ".join(line) for line in itertools.product("abc", repeat=3)),
    ]
    * 40,
    "lines of one word among others": ["a", "b", "a c", "d", "a b a"] * 60,
    "empty lines": ["", "a b", "", "", "a c a", ""] * 30,
    "three words": ["a b a"],
    "short lines and a long one": ["a b", "a", *ONE_LINE, "a c"],
}
WAYS = [
    {"model": model, "loss": loss, "deterministic": deterministic, "subwords": subwords}
    for model in ("skipgram", "cbow")
    for loss in ("ns", "hs")
    for deterministic in (False, True)
    for subwords in (False, True)
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way", [*WAYS, {"loss": "softmax"}, {"loss": "softmax", "model": "cbow"}], ids=str)
def test_lines_of_every_shape_are_trained_whole(shape, way):
    for window in (1, 5, 40):
        check(SHAPES[shape], window=window, **way)


@pytest.mark.parametrize("subwords", [False, True])
def test_a_line_longer_than_a_chunk_is_not_cut(subwords, monkeypatch):
    monkeypatch.setattr("nlpcli.engine.embeddings.schedule._LONGEST", 7)
    check(SHAPES["short lines and a long one"], window=9, subwords=subwords)


def test_more_threads_than_lines_make_the_same_pairs():
    for way in ({"model": "skipgram"}, {"model": "cbow"}, {"deterministic": True}):
        check(["a b c a", "d a"], window=5, threads=7, **way)


def test_thinned_words_are_stepped_over_wherever_a_chunk_ends(monkeypatch):
    """With every second word thinned out, a window of one reaches its neighbour's neighbour."""
    line = " ".join(f"a {word}" for word in WORDS * 20)
    corpus = encoded([line])
    outputs = []
    for longest in (50_000, 3):
        monkeypatch.setattr("nlpcli.engine.embeddings.schedule._LONGEST", longest)
        monkeypatch.setattr(
            "nlpcli.engine.embeddings.word2vec_training.keep_chances",
            lambda counts, _: np.where(np.arange(len(counts)) == counts.argmax(), 0, 2**32 - 1).astype(
                np.uint32
            ),
        )
        outputs.append(trained(corpus, window=1)[1])
    b, c, a = (corpus.vocabulary.id_of[word] for word in "bca")
    assert outputs[0][c, b] == pytest.approx(10, rel=1e-3) and outputs[0][b, a] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(*outputs, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("lines", [["a"], ["a", "b", "a", "c"], ["", "a", ""], ["a", "b"] * 500])
@pytest.mark.parametrize("kind", [(Training, Word2VecSettings), (FastTextTraining, FastTextSettings)])
def test_a_text_without_any_pair_is_refused(lines, kind):
    with pytest.raises(InputError, match="no two words stand near each other"):
        kind[0](encoded(lines), kind[1]())


def test_a_text_whose_rare_words_stand_apart_is_refused():
    corpus = encoded(["a x", "y a", "a z"], min_count=2)
    with pytest.raises(InputError, match="no two words stand near each other"):
        Training(corpus, Word2VecSettings())
