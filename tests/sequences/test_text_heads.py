"""Heads of classifiers are their formulas, in training and at work; pairs are aligned as they should be."""

import numpy as np
import pytest

from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.neural.sequence_trainer import Sentences
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.sequences.pairs import Grid, Likeness, Pairs, measures, pairs_of
from nlpcli.engine.sequences.text_heads import OneText, TwoTexts, head_of
from nlpcli.settings.neural import EncoderSettings

torch = pytest.importorskip("torch")

POOLINGS = ["attention", "max", "mean", "last"]
ENCODER = EncoderSettings(rnn_size=2, bucket=5000)
TEXTS = [["no", "dog", "runs"], ["A", "Dog"], ["dogs", "run", "a", "b"], ["run"]]
GIVEN = np.array([[0, 0], [3, 4], [1, 0], [-1, 0]], np.float16)  # row 0: words without one


def random_weights(head, random):
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in head.shapes.items()}
    return weights, {name: torch.tensor(weight) for name, weight in weights.items()}


def pooled(own, pooling, weights):
    if pooling == "attention":
        hidden = np.tanh(own @ weights["head.attention_w"] + weights["head.attention_b"])
        strength = np.exp(hidden @ weights["head.attention_v"])
        return (strength / strength.sum()) @ own
    if pooling == "last":
        return np.concatenate([own[-1, :2], own[0, 2:]])
    return own.max(axis=0) if pooling == "max" else own.mean(axis=0)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_one_text_is_pooled_and_weighed(pooling):
    random, part = np.random.default_rng(0), Sentences([["a"], ["a", "b"], ["a", "b", "c"]])
    part, _ = part.part(np.array([2, 1, 0]))
    y = random.normal(size=(6, 4)).astype(np.float32)
    head = head_of(ENCODER, pooling, 3, 0)
    assert isinstance(head, OneText)
    weights, tensors = random_weights(head, random)
    texts = [[0, 3, 5], [1, 4], [2]]  # the packed rows of each
    expected = np.array(
        [
            pooled(y[rows].astype(np.float64), pooling, weights) @ weights["head.w"] + weights["head.b"]
            for rows in texts
        ]
    )
    ours = head.scores(torch.tensor(y), tensors, part, None, 0.4, random).numpy()
    scores, added = head.parts(y, weights, part)
    assert ours == pytest.approx(expected, abs=1e-5)
    assert scores == pytest.approx(expected, abs=1e-5)
    assert (head.at_work(y, weights, part, None) == scores).all()
    assert head.judged(part).tolist() == [2, 1, 0]
    for rows, whole in zip(texts, scores, strict=True):
        assert added[rows].sum(axis=0) + weights["head.b"] == pytest.approx(whole, abs=1e-5)


def likeness_of(text, given=GIVEN):
    inputs = WordInputs(("dog",), ("dog", "run", "runs"), ENCODER, jamo=False)
    return Likeness(text.kinds, inputs, given)


def softmax(values):
    shares = np.exp(values - values.max())
    return shares / shares.sum()


@pytest.mark.parametrize(
    ("pooling", "symmetric"), [*((pooling, False) for pooling in POOLINGS), ("attention", True)]
)
def test_a_pair_is_aligned_compared_and_pooled_as_the_formula_says(pooling, symmetric):
    random, text = np.random.default_rng(1), Pairs(TEXTS)
    part, places = text.part(np.array([1, 0]))
    y = random.normal(size=(10, 4)).astype(np.float32)
    head = head_of(ENCODER, pooling, 3, measures(given=True), symmetric)
    assert isinstance(head, TwoTexts)
    weights, tensors = random_weights(head, random)
    likeness = likeness_of(text)
    expected = []
    for pair in range(2):
        rows = [[places.tolist().index(at) for at in text.places(np.array([2 * pair + n]))] for n in (0, 1)]
        a, b = (y[one].astype(np.float64) for one in rows)
        alike = np.array([[by_hand(one, two) for two in TEXTS[2 * pair + 1]] for one in TEXTS[2 * pair]])
        sketches = likeness.of(part, Grid.of(part.sentences, part.packing))[pair][: len(a), : len(b)]
        alike[:, :, 1] = sketches[:, :, 1]  # of a form there is no other number
        strength = a @ b.T / 2 + alike @ weights["head.align"]
        sides = []
        for own, other, e, s in ((a, b, strength, alike), (b, a, strength.T, alike.transpose(1, 0, 2))):
            across = np.array([softmax(row) @ other for row in e])
            seen = np.concatenate([own, across, abs(own - across), own * across, s.max(axis=1)], axis=1)
            c = np.maximum(seen @ weights["head.compare_w"] + weights["head.compare_b"], 0)
            sides.append(pooled(c, pooling, weights))
        u, v = sides
        one, other = (u + v, np.maximum(u, v)) if symmetric else (u, v)
        whole = np.concatenate([one, other, abs(u - v), u * v])
        hidden = np.maximum(whole @ weights["head.hidden_w"] + weights["head.hidden_b"], 0)
        expected.append(hidden @ weights["head.w"] + weights["head.b"])
    ours = head.scores(torch.tensor(y), tensors, part, likeness, 0.0, random).numpy()
    assert ours == pytest.approx(np.array(expected), abs=1e-4)
    assert head.at_work(y, weights, part, likeness) == pytest.approx(np.array(expected), abs=1e-4)
    assert head.judged(part).tolist() == [0, 1]


def by_hand(one, two):
    """same, form (not told here), given"""
    rows = {"dog": 1, "run": 2, "runs": 3}
    a, b = (GIVEN[rows.get(word.lower(), 0)].astype(np.float64) for word in (one, two))
    length = np.sqrt((a @ a) * (b @ b))
    same = one.lower() == two.lower()
    return [float(same), 0.0, 1.0 if same else a @ b / length if length else 0.0]


def test_dropout_of_a_pair_follows_from_the_seed():
    text = Pairs(TEXTS)
    part, _ = text.part(np.arange(2))
    head, likeness = head_of(ENCODER, "mean", 2, 3), likeness_of(text)
    y = torch.tensor(np.random.default_rng(3).normal(size=(10, 4)).astype(np.float32))
    _, tensors = random_weights(head, np.random.default_rng(4))

    def scores(seed, drop):
        return head.scores(y, tensors, part, likeness, drop, np.random.default_rng(seed))

    assert (scores(1, 0.5) == scores(1, 0.5)).all()
    assert not (scores(1, 0.5) == scores(2, 0.5)).all()
    assert not (scores(1, 0.5) == scores(1, 0.0)).all()


def test_pairs_are_measured_and_packed_two_by_two():
    text = Pairs([*TEXTS, ["alone"], []])
    assert text.lengths.tolist() == [5, 5, 0]  # there is nothing to align in the last
    part, places = text.part(np.array([0, 1]))
    assert part.sentences.tolist() == [2, 0, 1, 3]  # longest first
    assert pairs_of(part.sentences).tolist() == [0, 1]
    grid = Grid.of(part.sentences, part.packing)
    assert grid.texts.tolist() == [[1, 0], [2, 3]]
    words = [text.kinds[number] for number in text.words[places].tolist()]
    first = [
        [words[row] for row in rows[inside]] for rows, inside in zip(grid.rows[0], grid.there[0], strict=True)
    ]
    second = [
        [words[row] for row in rows[inside]] for rows, inside in zip(grid.rows[1], grid.there[1], strict=True)
    ]
    assert [first[0], second[0], first[1], second[1]] == TEXTS
    padded = np.concatenate([rows.reshape(-1) for rows in grid.rows])
    assert padded[grid.back].tolist() == list(range(10))
    assert Packing.of([4, 3, 2, 1]).starts.tolist() == part.packing.starts.tolist()


def test_words_are_alike_by_spelling_form_and_given_vectors():
    text = Pairs([["dog", "runs", "Dog"], ["dog", "dogs", "elephant"]])
    part, _ = text.part(np.array([0]))
    grid = Grid.of(part.sentences, part.packing)
    alike = likeness_of(text).of(part, grid)
    assert alike.shape == (1, 3, 3, 3)
    same, form, given = np.moveaxis(alike[0], -1, 0)
    assert same.tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert form[0, 0] == 1 and 0.2 < form[0, 1] < 1 and abs(form[0, 2]) < 0.3  # dog–dogs, dog–elephant
    assert given[0, 0] == 1 and given[1, 0] == pytest.approx(-0.6) and given[1, 2] == 0
    assert likeness_of(text, None).of(part, grid).shape == (1, 3, 3, measures(given=False))
