"""The heads of a network that tags, against their formulas written out in numpy."""

import itertools

import numpy as np
import pytest

from nlpcli.engine.neural.encoder_weights import initial_head
from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.sequences.tag_heads import head_of
from nlpcli.settings.neural import EncoderSettings

torch = pytest.importorskip("torch")

ENCODER = EncoderSettings(rnn_size=3)
PACKING = Packing.of([3, 2])
PLACES = np.array([4, 0, 3, 1, 2])  # which words of the text the packed ones are


def made(tags, most=0, crf=False, gold=None):
    random = np.random.default_rng(1)
    head = head_of(ENCODER, tags, most, crf=crf, gold=gold)
    weights = initial_head(head.shapes, ("head.b", "head.transitions"), random)
    for name, weight in weights.items():
        weights[name] = weight + random.normal(size=weight.shape).astype(np.float32) * 0.5
    y = random.normal(size=(5, 6)).astype(np.float32)
    return head, weights, y, {name: torch.tensor(weight) for name, weight in weights.items()}


def log_softmax(scores):
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def test_softmax_is_each_word_for_itself():
    gold = np.array([0, 2, 1, 1, 0])
    head, weights, y, tensors = made(["A", "B", "C"], gold=gold)
    logarithms = log_softmax(y.astype(np.float64) @ weights["head.w"] + weights["head.b"])
    expected = -logarithms[np.arange(5), gold[PLACES]].sum()
    assert head.loss(torch.tensor(y), tensors, PLACES, PACKING).item() == pytest.approx(expected, rel=1e-5)
    found, likely = head.best(y, weights, PACKING)
    assert found == ["ABC"[tag] for tag in logarithms.argmax(axis=1)]
    assert likely == pytest.approx(np.exp(logarithms.max(axis=1)), rel=1e-5)


def test_the_crf_takes_the_best_legal_sequence_of_labels():
    tags = ["B-X", "I-X", "O"]
    gold = np.array([0, 1, 2, 0, 2])  # of the words PLACES: 2 0 0 1 2
    head, weights, y, tensors = made(tags, crf=True, gold=gold)
    emissions = y.astype(np.float64) @ weights["head.w"] + weights["head.b"]
    transitions = weights["head.transitions"].astype(np.float64)
    transitions[[2, 3], 1] -= 1e4  # I-X behind O, and at the beginning
    loss, found = 0.0, [""] * 5
    for sentence, length in enumerate((3, 2)):
        rows = [int(PACKING.starts[word]) + sentence for word in range(length)]
        scores = {
            each: sum(
                emissions[row, tag] + transitions[before, tag]
                for row, tag, before in zip(rows, each, (3, *each), strict=False)
            )
            for each in itertools.product(range(3), repeat=length)
        }
        loss += np.log(sum(map(np.exp, scores.values()))) - scores[tuple(gold[PLACES][rows].tolist())]
        for row, tag in zip(rows, max(scores, key=lambda each: scores[each]), strict=True):
            found[row] = tags[tag]
    assert head.loss(torch.tensor(y), tensors, PLACES, PACKING).item() == pytest.approx(loss, rel=1e-5)
    assert head.best(y, weights, PACKING)[0] == found


def test_pieces_are_drawn_one_after_the_other_until_the_end():
    tags, end = ["J", "N", "V"], 3
    gold = [[1, 0, end], [2, end], [1, end], [1, 0, 0, end], [2, end]]
    head, weights, y, tensors = made(tags, most=3, gold=gold)

    def after(row, before, number):
        hidden = y[row].astype(np.float64) @ weights["head.v"]
        hidden = np.tanh(hidden + weights["head.pieces"][before] + weights["head.places"][number])
        return log_softmax(hidden @ weights["head.w"] + weights["head.b"])

    loss = 0.0
    for row, word in enumerate(PLACES):
        before = end
        for number, piece in enumerate(gold[word]):
            loss -= after(row, before, number)[piece]
            before = piece
    assert head.loss(torch.tensor(y), tensors, PLACES, PACKING).item() == pytest.approx(loss, rel=1e-5)
    found, likely = head.best(y, weights, PACKING)
    for row in range(5):
        before, pieces, logarithm = end, [], 0.0
        for number in range(3):
            scores = after(row, before, number)
            if number == 0:
                scores[end] = -np.inf
            before = int(scores.argmax())
            logarithm += scores[before]
            if before == end:
                break
            pieces.append(tags[before])
        assert found[row] == "+".join(pieces)
        assert likely[row] == pytest.approx(np.exp(logarithm), rel=1e-5)
