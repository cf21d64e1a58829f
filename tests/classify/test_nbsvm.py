from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nlpcli.engine.classify import naive_bayes, nbsvm, support_vectors
from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.classifier import Classifier, load_model
from nlpcli.engine.classify.document_rows import count_rows
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.classify.features import FeatureIndex, count
from nlpcli.engine.classify.linear import LinearModel
from nlpcli.engine.classify.pruning import Found, prune
from nlpcli.engine.kernels.classify import nbsvm as kernel
from nlpcli.engine.kernels.simd.padding import aligned_rows, pack, round_factors
from nlpcli.engine.kernels.simd.rows import move_packed_rows
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

PLAIN = AnalysisSettings(lowercase=True)
WORDS = FeatureSettings(ngrams="1", char_ngrams="0")
BOTH = FeatureSettings(ngrams="1-2", char_ngrams="2-3", char_span="word")
NBSVM = NaiveBayesSettings(variant="nbsvm")
RANDOM = np.random.default_rng(11)


def made_up(documents=400, classes=2):
    """Texts in which two words out of twenty tell the class, most of the time."""
    labels = RANDOM.integers(0, classes, documents)
    texts = []
    for label in labels:
        words = RANDOM.integers(0, 20, 12).tolist()
        told = label if RANDOM.random() < 0.9 else RANDOM.integers(0, classes)
        texts.append(" ".join([f"w{word}" for word in words] + [f"c{told}", f"d{told}"]))
    return examples_of(texts, [f"class{label}" for label in labels], PLAIN)


def test_weights_are_those_that_liblinear_finds():
    svm = pytest.importorskip("sklearn.svm")
    examples = made_up()
    settings = NaiveBayesSettings(variant="nbsvm", alpha=1.0, cost=0.5, epochs=200)
    model = nbsvm.train(examples, PLAIN, WORDS, settings)
    features = resolved(WORDS, settings.variant, examples.corpus)
    counting = naive_bayes.train(examples, PLAIN, features, NaiveBayesSettings())
    inside = counting.counts.counts[:, 1] + 1.0
    outside = counting.counts.counts[:, 0] + 1.0
    ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    values = np.zeros((examples.corpus.documents, len(ratio)))
    for first, rows, ends in Classifier(counting).feature_index.rows(examples.corpus):
        for number, some in enumerate(np.split(rows, ends[:-1])):
            values[first + number, some] = ratio[some] / np.sqrt(len(some))
    peer = svm.LinearSVC(C=0.5, dual=True, tol=1e-6, max_iter=20000).fit(values, examples.labels)
    wanted = values @ peer.coef_[0] + peer.intercept_[0]
    scores, _ = Classifier(model).scores(examples.corpus)
    assert np.abs((scores[:, 1] - scores[:, 0]) - wanted).max() < 0.05


@pytest.mark.parametrize("classes", [2, 3])
def test_loaded_model_scores_as_the_saved_one(tmp_path, classes):
    examples = made_up(classes=classes)
    model = nbsvm.train(examples, PLAIN, WORDS, NaiveBayesSettings(variant="nbsvm"))
    model.save(tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert isinstance(loaded, LinearModel)
    scores = Classifier(model).scores(examples.corpus)[0]
    assert (Classifier(loaded).scores(examples.corpus)[0] == scores).all()
    assert (scores.argmax(axis=1) == examples.labels).mean() > 0.85


KINDS = (
    np.array([0, 1, 1, 2, 0, 2], np.int32), np.array([2, 4, 6, 6]),
    np.array([2, 0, 2, 1, 1, 0], np.int32), np.array([1, 1, 4, 6]),
)  # fmt: skip
NORMS = np.array([[0.5, 0.5, 2**-0.5, 1.0], [1.0, 1.0, 3**-0.5, 2**-0.5]])
OWN = np.array([0.5, 0.5, 0.0, 0.0])  # two of four words of the first two documents are theirs alone
SQUARES = np.array([0.5, 1.0, 2.0])


def descents(diagonals, descend, targets, alone, epochs=5):
    """Weights, diagonal, dual variables and bias after some passes."""
    state = np.zeros((3, 2), np.float32)
    state[:, 1] = SQUARES
    diagonal = 1.5 + OWN * alone[(targets > 0).astype(int)]
    alphas, bias = np.zeros(4), np.zeros(1)
    diagonals(*KINDS[:2], 0, state, NORMS[0], diagonal)
    diagonals(*KINDS[2:], 0, state, NORMS[1], diagonal)
    for _ in range(epochs):
        descend(*KINDS, np.arange(4), state, NORMS, OWN, alone, diagonal, targets, alphas, bias, 1.0)
    return state[:, 0], diagonal, alphas, bias


def test_compiled_descent_agrees_with_python():
    targets, alone = np.array([1.0, -1.0, 1.0, 0.0]), np.array([0.25, 0.75])
    compiled = descents(kernel.diagonals, kernel.descend, targets, alone)
    plain = descents(kernel.diagonals.py_func, kernel.descend.py_func, targets, alone)
    assert compiled[1][0] == 1 + 0.5 + 0.5 * 0.75 + (0.5 + 1.0) / 4 + 2.0  # 1 + 1 / 2C + Σ r² / n
    for one, other in zip(compiled, plain, strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_classes_side_by_side_are_those_one_after_the_other():
    classes, alone = np.array([0, 1, 2, 0]), np.array([[0.25, 0.5, 1.0], [0.75, 0.1, 2.0]])
    for descend, diagonals in (
        (kernel.descend_together, kernel.diagonals_together),
        (kernel.descend_together.py_func, kernel.diagonals_together.py_func),
    ):
        factors = aligned_rows(3, 16)
        factors[:, :3] = SQUARES[:, None]
        round_factors(factors)
        weights = pack(factors.copy())
        inside = classes[:, None] == np.arange(3)
        diagonal = 1.5 + OWN[:, None] * np.where(inside, alone[1], alone[0])
        alphas, bias = np.zeros((4, 3)), np.zeros(3)
        diagonals(*KINDS[:2], 0, factors, NORMS[0], diagonal)
        diagonals(*KINDS[2:], 0, factors, NORMS[1], diagonal)
        for _ in range(5):
            descend(
                *KINDS,
                np.arange(4),
                weights,
                NORMS,
                OWN,
                alone,
                diagonal,
                classes,
                alphas,
                bias,
                1.0,
            )
        for label in range(3):
            targets = np.where(classes == label, 1.0, -1.0)
            found = descents(kernel.diagonals, kernel.descend, targets, alone[:, label].copy())
            together = (weights[:, label], diagonal[:, label], alphas[:, label], bias[label])
            for one, other in zip(found, together, strict=True):
                assert np.allclose(one, other, atol=1e-5)


def test_weights_of_many_classes_are_those_that_liblinear_finds(monkeypatch):
    svm = pytest.importorskip("sklearn.svm")
    examples = made_up(classes=20)
    settings = NaiveBayesSettings(variant="nbsvm", alpha=1.0, cost=0.5, epochs=3000)
    monkeypatch.setattr(support_vectors, "_TOLERANCE", 1e-6)
    features = resolved(FeatureSettings(ngrams="1-2", char_ngrams="0"), settings.variant, examples.corpus)
    model = nbsvm.train(examples, PLAIN, features, settings)
    counting = naive_bayes.train(examples, PLAIN, features, NaiveBayesSettings())
    counts = counting.counts.counts
    assert (counts.sum(axis=1) == 1).sum() > 100  # pairs of words that one text alone has
    inside = counts[:, 7] + 1.0
    outside = counts.sum(axis=1) - counts[:, 7] + 1.0
    ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    known = np.isin(counting.keys, model.keys)  # what stands in no support vector is not kept
    values, at_work = np.zeros((2, examples.corpus.documents, len(ratio)))
    for first, rows, ends in Classifier(counting).feature_index.rows(examples.corpus):
        for number, some in enumerate(np.split(rows, ends[:-1]), first):
            values[number, some] = ratio[some] / np.sqrt(len(some))
            at_work[number, some] = ratio[some] / np.sqrt(known[some].sum())
    peer = svm.LinearSVC(C=0.5, dual=True, tol=1e-7, max_iter=200000).fit(values, examples.labels == 7)
    wanted = at_work @ peer.coef_[0] + peer.intercept_[0]
    scores, _ = Classifier(model).scores(examples.corpus)
    assert np.abs(scores[:, 7] - wanted).max() < 0.001


@pytest.mark.parametrize("classes", [2, 3])
def test_pruned_model_decides_the_training_texts_as_before(tmp_path, classes):
    examples = made_up(classes=classes)
    model = naive_bayes.train(examples, PLAIN, FeatureSettings(char_ngrams="0"), NaiveBayesSettings())
    smaller = prune(model, examples)
    assert len(smaller.keys) < len(model.keys) / 2
    before, _ = Classifier(model).scores(examples.corpus)
    smaller.save(tmp_path / "m")
    after, _ = Classifier(load_model(tmp_path / "m")).scores(examples.corpus)
    winner = before.argmax(axis=1)
    assert (after.argmax(axis=1) == winner).all()
    places = np.arange(len(winner))[:, None]
    lead_before = before[places, winner[:, None]] - before
    lead_after = after[places, winner[:, None]] - after
    assert (lead_after > lead_before / 2 - 1e-3).all()


def test_features_found_once_prune_the_model_of_a_part_as_its_own_do():
    examples, settings, features = made_up(), NaiveBayesSettings(), FeatureSettings(char_ngrams="0")
    whole = naive_bayes.train(examples, PLAIN, features, settings)
    part = np.arange(len(examples.labels)) % 3 == 0
    alone = prune(naive_bayes.train(examples.only(~part), PLAIN, features, settings), examples)
    shared = prune(naive_bayes.without(whole, examples, part), examples, found=Found(whole, examples))
    assert len(alone.keys) < len(whole.keys)
    assert np.array_equal(shared.keys, alone.keys)
    assert np.array_equal(shared.learnt, alone.learnt)


@pytest.mark.parametrize(
    "features", [WORDS, FeatureSettings(ngrams="1-2", char_ngrams="2-3", char_span="word")]
)
@pytest.mark.parametrize("least", [1, 2])
def test_rows_of_documents_are_those_that_an_index_finds(features, least):
    examples = examples_of(["a b a c", "b c d", "a e f", "g", ""], [*"xyxyx"], PLAIN)
    kinds = [dataclasses.replace(kind, binary=True) for kind in features.kinds()]
    found, rows = count_rows(examples, kinds, least)
    whole = count(examples.corpus, examples.labels, 2, dataclasses.replace(features, binary=True))
    whole = whole.take(whole.counts.sum(axis=1) >= least)
    shared = found.numbers < len(found.totals)
    assert (found.keys == whole.keys).all() and (np.diff(found.totals) <= 0).all()
    assert (found.counts[found.numbers[shared]] == whole.counts[shared]).all()
    assert (found.counts.sum(axis=1) == found.totals).all()
    for kind, (settings, mine) in enumerate(zip(kinds, rows, strict=True)):
        for first, known, ends in FeatureIndex(found.keys, settings).rows(examples.corpus):
            for document, numbers in enumerate(np.split(found.numbers[known], ends[:-1]), first):
                begin, end = mine.ends[document - 1] if document else 0, mine.ends[document]
                owned = numbers[numbers >= len(found.totals)] - len(found.totals)
                assert mine.rows[begin:end].tolist() == numbers[numbers < len(found.totals)].tolist()
                assert (owned == kind * 5 + document).all() and mine.alone[document] == len(owned)


def _move(matrix, rows, first, last, gains, number):
    move_packed_rows(matrix, rows, first, last, gains, number)


def test_packed_rows_move_by_their_factors():
    factors = aligned_rows(6, 16)
    factors[:, :10] = RANDOM.random((6, 10)) * 50
    exact = factors.copy()
    gains = np.zeros((1, 16), np.float32)
    gains[0, :10] = RANDOM.normal(size=10)
    round_factors(factors)
    compiled, plain = pack(factors.copy()), pack(factors.copy())
    assert np.allclose(factors, exact, rtol=2**-8)
    rows = np.array([4, 0, 5], np.int32)
    packed_rows = pytest.importorskip("numba").njit(
        lambda m, r, a, b, g, n: move_packed_rows(m, r, a, b, g, n)
    )
    packed_rows(compiled, rows, 0, 3, gains, 0)
    move_packed_rows(plain, rows, 0, 3, gains, 0)
    assert compiled.view(np.uint32)[:, 10:].tolist() == plain.view(np.uint32)[:, 10:].tolist()
    assert np.allclose(compiled[:, :10], plain[:, :10], rtol=1e-6)
    assert np.allclose(plain[rows, :10], gains[0, :10] * factors[rows, :10]) and not plain[1, :10].any()


def test_features_of_one_document_share_their_weights(tmp_path):
    model = nbsvm.train(made_up(classes=4), PLAIN, FeatureSettings(ngrams="1-3", char_ngrams="0"), NBSVM)
    assert model.places is not None and len(model.learnt) < len(model.keys) == len(model.places)
    each = dataclasses.replace(model, learnt=model.learnt[model.places], places=None)
    examples = made_up(50, classes=4)
    assert (Classifier(model).scores(examples.corpus)[0] == Classifier(each).scores(examples.corpus)[0]).all()
    assert (model.weights(np.array([3, 1])) == each.weights(np.array([3, 1]))).all()
    each.save(tmp_path / "each")
    assert (load_model(tmp_path / "each").weights() == model.weights()).all()


def long_texts(documents=480, topics=12):
    """Stories told in pieces of 60 words: three words of forty that belong to a story, words that every text
    has, and thirty that no other has."""
    random = np.random.default_rng(3)
    texts, labels = [], []
    for number in range(documents):
        topic = number % topics
        own = [f"own{number}x{word}" for word in range(30)]
        told = [f"t{topic}w{word}" for word in random.integers(0, 40, 3)]
        common = [f"w{word}" for word in random.integers(0, 30, 27)]
        texts.append(" ".join(random.permutation([*own, *told, *common])))
        labels.append(f"topic{topic:02}")
    return texts, labels


def right(model, texts, labels):
    found = Classifier(model).classify(texts)
    return np.mean([one == other for one, other in zip(found, labels, strict=True)])


def test_of_long_texts_nothing_is_learnt_from_what_one_text_alone_has():
    texts, labels = long_texts()
    learnt = examples_of(texts[:240], labels[:240], PLAIN)
    model = nbsvm.train(learnt, PLAIN, FeatureSettings(), NBSVM)
    assert (model.settings.alpha, model.features.min_docs) == (0.2, 2)
    assert len(model.keys) < len(texts[:240]) * 30
    said = nbsvm.train(learnt, PLAIN, FeatureSettings(), dataclasses.replace(NBSVM, alpha=1.0))
    assert (said.settings.alpha, said.features.min_docs) == (1.0, 1)
    assert right(model, texts[240:], labels[240:]) > right(said, texts[240:], labels[240:])


def test_short_texts_and_few_texts_keep_all_their_features():
    texts, labels = long_texts()
    few = nbsvm.train(examples_of(texts[:60], labels[:60], PLAIN), PLAIN, FeatureSettings(), NBSVM)
    short = [" ".join(text.split()[:10]) for text in texts]
    many = nbsvm.train(examples_of(short, labels, PLAIN), PLAIN, FeatureSettings(), NBSVM)
    assert {(model.settings.alpha, model.features.min_docs) for model in (few, many)} == {(None, 1)}
