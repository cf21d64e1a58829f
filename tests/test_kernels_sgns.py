"""The kernels of word2vec: compiled against their numpy meaning, and by hand."""

import math

import numpy as np
import pytest

from nlpcli.engine.kernels import cbow, noise, sgns, tiles
from nlpcli.engine.kernels.cbow import train_cbow
from nlpcli.engine.kernels.sgns import noise_targets, tile_loss, train_skipgram

ALWAYS = 0xFFFFFFFF


def stage(rows=9, dim=20, seed=0):
    """Inputs and outputs with a spare row of zeros at the end."""
    random = np.random.default_rng(seed)
    matrices = []
    for _ in range(2):
        matrix = tiles.aligned_rows(rows + 1, dim)
        matrix[:rows, :dim] = random.normal(0, 0.5, (rows, dim))
        matrices.append(matrix)
    return matrices


def tile_arguments(count):
    rows = np.array([3, 5, 7, 3, 8, 2, 1, 9][:count] + [9] * (count % 2), np.int32)
    targets = np.array([[1, 2, 4, 6, 8, 9, 0, 0]], np.int32)
    labels = np.array([[1, 0, 0, 0, 0, 0, 0, 0]], np.float32)
    rates = np.array([[0.1, 0.1, 0.1, 0.1, 0.1, 0, 0, 0]], np.float32)
    return rows, targets, labels, rates


def train_on_a_tile(inputs, outputs, count, rows, targets, labels, rates):
    gradients = np.zeros((1, 10, 8), np.float32)
    tiles.score_tile(inputs, rows, count, outputs, targets, labels, rates, 0, gradients)
    tiles.update_tile(inputs, rows, count, outputs, targets, 0, gradients)
    return gradients


@pytest.fixture(scope="module")
def compiled_tile():
    import numba

    return numba.njit(train_on_a_tile)


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_a_compiled_tile_does_what_its_numpy_definition_says(compiled_tile, count):
    ours, theirs = stage(), stage()
    gradients = compiled_tile(*ours, count, *tile_arguments(count))
    expected = train_on_a_tile(*theirs, count, *tile_arguments(count))
    np.testing.assert_allclose(gradients[0, :count, :6], expected[0, :count, :6], atol=1e-6)
    for ours_matrix, theirs_matrix in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(ours_matrix, theirs_matrix, atol=1e-6)
        assert not ours_matrix[9].any()  # the spare row stays zero


def test_one_pair_moves_by_the_gradient_of_the_paper(compiled_tile):
    inputs, outputs = tiles.aligned_rows(3, 2), tiles.aligned_rows(3, 2)
    inputs[0, :2], outputs[1, :2] = [1.0, 2.0], [0.5, -1.0]
    rows, labels = np.array([0, 2], np.int32), np.array([[1] + [0] * 7], np.float32)
    targets = np.array([[1] + [2] * 7], np.int32)
    rates = np.array([[0.1] + [0] * 7], np.float32)
    compiled_tile(inputs, outputs, 1, rows, targets, labels, rates)
    step = 0.1 * (1 - 1 / (1 + math.exp(1.5)))  # the product of the two is 0.5 − 2 = −1.5
    np.testing.assert_allclose(inputs[0, :2], [1 + step * 0.5, 2 - step * 1.0], rtol=1e-6)
    np.testing.assert_allclose(outputs[1, :2], [0.5 + step * 1.0, -1 + step * 2.0], rtol=1e-6)


def test_the_sigmoid_is_right_from_end_to_end(compiled_tile):
    for score in (-200.0, -30.0, -8.0, -1.0, 0.0, 0.3, 5.0, 20.0, 200.0):
        inputs, outputs = tiles.aligned_rows(3, 1), tiles.aligned_rows(3, 1)
        inputs[0, 0], outputs[1, 0] = score, 1.0
        rows, labels = np.array([0, 2], np.int32), np.zeros((1, 8), np.float32)
        targets = np.array([[1] + [2] * 7], np.int32)
        rates = np.array([[1.0] + [0] * 7], np.float32)
        gradients = compiled_tile(inputs, outputs, 1, rows, targets, labels, rates)
        assert -gradients[0, 0, 0] == pytest.approx(1 / (1 + math.exp(-max(score, -30))), rel=2e-6)


def test_the_loss_of_a_tile_is_the_sum_of_log_probabilities():
    gradients = np.zeros((1, 2, 8), np.float32)
    rates = np.array([[0.1] * 2 + [0] * 6], np.float32)
    gradients[0, 0, :2] = 0.1 * 0.75, -0.1 * 0.5  # probabilities 0.25 and 0.5
    expected = -math.log(0.25) - math.log(0.5)
    assert tile_loss(0, 1, rates, gradients) == pytest.approx(expected, rel=1e-6)
    assert tile_loss.py_func(0, 1, rates, gradients) == pytest.approx(expected, rel=1e-6)


def test_noise_words_differ_from_the_word_and_from_each_other():
    limits, others = noise.alias_table(np.arange(1.0, 51))
    targets, rates = np.zeros((4, 8), np.int32), np.zeros((4, 8), np.float32)
    used = noise_targets(7, 9, 0.5, limits, others, np.uint64(3), 1, targets, rates)
    assert used == 2
    words = [*targets[1, :6].tolist(), *targets[2, :4].tolist()]
    assert words[0] == 7 and len(set(words)) == 10 and max(words) < 50
    assert rates[2, 3] == 0.5 and rates[2, 4] == rates[2, 5] == 0 and targets[2, 5] == 50


def test_noise_words_of_a_tiny_vocabulary_leave_slots_to_the_spare_row():
    limits, others = noise.alias_table(np.ones(2))
    targets, rates = np.zeros((1, 8), np.int32), np.zeros((1, 8), np.float32)
    noise_targets(0, 5, 0.5, limits, others, np.uint64(3), 0, targets, rates)
    assert sorted(targets[0, :6].tolist()) in ([0, 1, 2, 2, 2, 2], [0, 2, 2, 2, 2, 2])
    assert (rates[0, :6] > 0).sum() == (targets[0, :6] < 2).sum()


def test_an_alias_table_holds_the_weights_exactly():
    weights = np.array([5.0, 1.0, 3.0, 0.5, 10.0])
    limits, others = noise.alias_table(weights)
    share = np.zeros(5)
    for word in range(5):
        share[word] += limits[word] / ALWAYS
        share[others[word]] += 1 - limits[word] / ALWAYS
    np.testing.assert_allclose(share / 5, weights / weights.sum(), atol=1e-8)


def test_drawn_words_have_the_shares_of_the_table():
    limits, others = noise.alias_table(np.array([6.0, 3.0, 1.0]))
    found = np.zeros(3)
    for bits in np.random.default_rng(0).integers(0, 1 << 64, 20_000, dtype=np.uint64):
        found[noise.drawn(bits, limits, others)] += 1
    np.testing.assert_allclose(found / found.sum(), [0.6, 0.3, 0.1], atol=0.02)


def test_mixed_is_splitmix64():
    # The first outputs for seed 0, as published with the algorithm.
    with np.errstate(over="ignore"):
        state = noise.GOLDEN
        assert int(noise.mixed.py_func(state)) == 0xE220A8397B1DCDAF
        assert int(noise.mixed(state)) == 0xE220A8397B1DCDAF
        assert int(noise.mixed.py_func(state + noise.GOLDEN)) == 0x6E789E6AA1B965F4


def test_thinning_keeps_sentences_apart_and_drops_empty_ones():
    ids = np.array([0, 1, 2, 2, 0, 1, 1], np.int32)
    offsets = np.array([0, 3, 3, 4, 7], np.int64)  # 0 1 2 | (empty) | 2 | 0 1 1
    keep = np.array([ALWAYS, ALWAYS, 0], np.uint32)
    kept, bounds = np.empty(7, np.int32), np.empty(8, np.int64)
    for function in (noise.thinned, noise.thinned.py_func):
        with np.errstate(over="ignore"):
            sentences = function(ids, offsets, 0, 7, keep, np.uint64(1), kept, bounds)
        assert sentences == 2
        assert bounds[:3].tolist() == [0, 2, 5]
        assert kept[:5].tolist() == [0, 1, 0, 1, 1]


def test_thinning_begins_and_ends_within_sentences():
    ids = np.arange(6, dtype=np.int32)
    offsets = np.array([0, 3, 6], np.int64)
    keep = np.full(6, ALWAYS, np.uint32)
    kept, bounds = np.empty(6, np.int32), np.empty(7, np.int64)
    assert noise.thinned(ids, offsets, 2, 5, keep, np.uint64(1), kept, bounds) == 2
    assert kept[:3].tolist() == [2, 3, 4] and bounds[:3].tolist() == [0, 1, 3]


@pytest.fixture
def uncompiled(monkeypatch):
    """The kernels' modules as plain Python: what they call is not compiled either."""
    for module in (noise, sgns, cbow):
        for name, value in vars(module).copy().items():
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)


@pytest.mark.parametrize("kernel", [train_skipgram, train_cbow])
def test_a_compiled_kernel_does_what_its_python_does(kernel, uncompiled):
    ids = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 5, 1, 1, 2], np.int32)
    offsets = np.array([0, 6, 7, 15], np.int64)
    keep = np.array([ALWAYS] * 8 + [ALWAYS // 2], np.uint32)
    limits, others = noise.alias_table(np.arange(1.0, 10))
    results = []
    for function in (kernel, kernel.py_func):
        inputs, outputs = stage()
        with np.errstate(over="ignore"):
            sums = function(
                inputs, outputs, ids, offsets, 0, 15, keep, limits, others, 3, False, 7, 0.05, np.uint64(11)
            )
        results.append((inputs, outputs, *sums))
    (inputs, outputs, loss, pairs), (inputs_py, outputs_py, loss_py, pairs_py) = results
    np.testing.assert_allclose(inputs, inputs_py, atol=1e-5)
    np.testing.assert_allclose(outputs, outputs_py, atol=1e-5)
    assert (loss, pairs) == (pytest.approx(loss_py, rel=1e-5), pairs_py)
    assert not np.array_equal(inputs, stage()[0])
