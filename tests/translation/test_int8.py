"""Translation with matrices of int8: near the numbers of float32, and the same whatever stands beside."""

import numpy as np
import pytest

from nlpcli.engine.kernels.neural import exponentials
from nlpcli.engine.kernels.neural import int8 as kernels
from nlpcli.engine.kernels.simd.int8_products import add_up_tile
from nlpcli.engine.neural import encoder
from nlpcli.engine.neural.int8_matrix import Int8Matrix, columns
from nlpcli.engine.translation.beam_search import beam_search
from nlpcli.engine.translation.initial import initial_seq2seq
from nlpcli.engine.translation.network import Network
from nlpcli.settings.translation import END, Seq2SeqSettings, TranslateSettings

UNITS, WRITTEN = 60, 50
SOURCES = [[2, 3, 11], [4, 5, 6, 7, 8, 70], [3, 10, 12, 13, 40, 41, 7, 7], [11], [9, 8, 7, 6]]


def made(**changes):
    settings = Seq2SeqSettings(**{"rnn_size": 20, "embedding_dim": 18, "num_heads": 2, **changes})
    random = np.random.default_rng(3)
    weights = initial_seq2seq(settings, UNITS, np.ones(WRITTEN, np.float32), random)
    for weight in weights.values():
        weight += random.standard_normal(weight.shape, dtype=np.float32) * np.float32(0.2)
    return settings, weights


@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 3, 5), (2, 64, 64), (3, 66, 65), (9, 130, 200)])
def test_a_product_is_that_of_whole_numbers(rows, inputs, outputs):
    random = np.random.default_rng(rows)
    x = random.standard_normal((rows, inputs), dtype=np.float32)
    w = random.standard_normal((inputs, outputs), dtype=np.float32)
    bias = random.standard_normal(outputs, dtype=np.float32)
    x[0] *= 1e-3
    if rows > 2:
        x[2] = 0
    matrix = Int8Matrix(w)
    scale_x, scale_w = np.abs(x).max(axis=1, keepdims=True) / 127, np.abs(w).max(axis=0) / 127
    whole_x = np.floor(x / np.where(scale_x > 0, scale_x, 1) + 0.5)
    expected = (whole_x @ np.rint(w / scale_w)) * scale_x * scale_w + bias
    found = matrix.multiply(x, bias)
    # One number in two may be rounded otherwise where it lies just between; all else is exact.
    assert np.abs(found - expected).max() < 1e-4 + (scale_x * np.abs(w).max()).max()
    assert np.median(np.abs(found - expected)) < 1e-5
    assert (x @ matrix == matrix.multiply(x, np.zeros(outputs, np.float32))).all()
    for row in range(rows):
        assert (matrix.multiply(x[row : row + 1], bias) == found[row]).all()
    part = columns(matrix, 1, outputs)
    assert part.shape == (inputs, outputs - 1) and np.allclose(x @ part, (x @ matrix)[:, 1:], atol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_vector_code_adds_up_what_numpy_does(count):
    random = np.random.default_rng(count)
    x = random.integers(-127, 128, (6, 12)).astype(np.int8)
    packed = random.integers(0, 256, (2, 3, 256)).astype(np.uint8)
    x[0], packed[0, 0] = -127, 255
    expected = np.zeros((4, 64), np.int32)
    add_up_tile(x, 1, count, packed, 1, expected)
    found = np.zeros((4, 64), np.int32)
    _tile(x, 1, count, packed, 1, found)
    assert (found == expected).all()


def _tile(x, first, count, packed, group, sums):
    """Through the kernel that holds the vector code: scales of one, no bias, the 128 put back."""
    scales, bias = np.ones(len(packed) * 64, np.float32), np.zeros(len(packed) * 64, np.float32)
    out = np.zeros((count, len(packed) * 64), np.float32)
    rows = x[first : first + count].astype(np.float32)
    rows = np.concatenate([rows, np.full((count, 4), 0, np.float32)], axis=1)
    rows[:, -1] = 127  # so that the scale of a row is one
    wide = np.concatenate([packed, np.full((len(packed), 1, 256), 128, np.uint8)], axis=1)
    kernels.multiply(rows, wide, scales, bias, out)
    totals = 128 * x[first : first + count].astype(np.int64).sum(axis=1, keepdims=True)
    sums[:count] = np.rint(out[:, group * 64 : (group + 1) * 64]) + totals


@pytest.mark.parametrize("attention", ["dot", "additive", "none"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "transformer"])
def test_a_step_is_near_that_of_float32(cell, attention):
    settings, weights = made(cell=cell, attention=attention)
    steps = []
    for network in (Network(settings, weights), Network(settings, weights, int8=True)):
        sources, states = network.read(SOURCES), network.states(len(SOURCES))
        network.step(np.full(len(SOURCES), END), sources, states, first=True)
        steps.append(network.step(np.array([4, 5, 6, 7, 59]), sources, states))
    exact, rounded = (step.scores - step.scores.mean(axis=1, keepdims=True) for step in steps)
    assert 0 < np.abs(rounded - exact).max() < 0.1 * exact.std()
    if attention != "none":
        assert np.abs(steps[1].attention - steps[0].attention).max() < 0.05
        assert steps[1].attention.sum(axis=1) == pytest.approx(np.ones(len(SOURCES)), abs=1e-5)
        assert np.abs(steps[1].gate - steps[0].gate).max() < 0.1


@pytest.mark.parametrize(("cell", "attention"), [("lstm", "dot"), ("gru", "additive"), ("rnn", "none")])
def test_what_stands_beside_changes_no_bit(cell, attention):
    network = Network(*made(cell=cell, attention=attention), int8=True)
    settings = TranslateSettings(beam_size=3)
    together = beam_search(network, SOURCES, [9] * 5, settings, with_attention=True)
    for source, found in zip(SOURCES, together, strict=True):
        (alone,) = beam_search(network, [source], [9], settings, with_attention=True)
        assert [(one.units, one.log_probability, one.score) for one in alone] == [
            (one.units, one.log_probability, one.score) for one in found
        ]
        if attention != "none":
            assert all((a.attention == b.attention).all() for a, b in zip(alone, found, strict=True))


@pytest.mark.parametrize("size", [1, 5, 64, 200])
def test_the_norm_of_scores_is_that_of_numpy(size):
    scores = (np.random.default_rng(size).standard_normal(size) * 9).astype(np.float32)
    scores[0] = -500
    expected = np.logaddexp.reduce(scores.astype(float))
    room = np.empty(64, np.int32), np.empty(64, np.float32)
    assert exponentials.log_sum_exp(scores, scores.max(), *room) == pytest.approx(expected, abs=1e-5)
    shares = np.empty(size, np.float32)
    total = exponentials.exponentials(scores, scores.max(), room[0], shares)
    assert shares == pytest.approx(np.exp(scores - scores.max()), rel=1e-5, abs=1e-30)
    assert total == pytest.approx(shares.sum(dtype=float), rel=1e-5)


@pytest.mark.parametrize("attention", ["none", "dot", "additive"])
@pytest.mark.parametrize(("layers", "copy"), [(1, True), (2, True), (3, False)])
def test_a_step_in_one_call_is_that_in_many(attention, layers, copy):
    settings, weights = made(attention=attention, decoder_layers=layers, copy=copy)
    one, many = (Network(settings, weights, int8=True) for _ in range(2))
    many._fused = None
    sources = one.read(SOURCES)
    states, apart = one.states(10), many.states(10)
    assert len(states) == 1 and len(apart) == 2 * layers
    units = np.full(10, END, np.int64)
    for place in range(4):
        found = one.step(units, sources, states, first=place == 0)
        expected = many.step(units, sources, apart, first=place == 0)
        for name in ("scores", "attention", "gate"):
            ours, theirs = getattr(found, name), getattr(expected, name)
            assert (ours is None) == (theirs is None)
            assert ours is None or np.abs(ours - theirs).max() < 2e-5
        assert (states[0] == np.stack(apart, axis=1)).all()
        units = found.scores.argmax(axis=1)
    assert (expected.gate is None) == (not settings.copies)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_layer_in_one_call_is_that_step_by_step(bidirectional, monkeypatch):
    settings, weights = made(num_layers=2, bidirectional=bidirectional)
    network = Network(settings, weights, int8=True)
    found = network.read(SOURCES)
    monkeypatch.setattr(encoder, "Int8Matrix", type(None))
    expected = network.read(SOURCES)
    assert (found.memory == expected.memory).all() and (found.first == expected.first).all()
