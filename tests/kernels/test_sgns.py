"""The kernels of word2vec: compiled against their numpy meaning, and by hand."""

import itertools
import math
import platform
import types

import numpy as np
import pytest

from nlpcli.engine.kernels.embeddings import cbow, negative_sampling, sgns, softmax, targets, tiles, windows
from nlpcli.engine.kernels.embeddings.arguments import Objective, Subwords, Text, Window
from nlpcli.engine.kernels.embeddings.targets import tile_loss
from nlpcli.engine.kernels.embeddings.windows import train_subwords, train_words
from nlpcli.engine.kernels.simd import vector_ops
from nlpcli.engine.kernels.simd.padding import aligned_rows

ALWAYS = 0xFFFFFFFF


def stage(rows=9, dim=20, seed=0):
    """Inputs and outputs with a spare row of zeros at the end."""
    random = np.random.default_rng(seed)
    matrices = []
    for _ in range(2):
        matrix = aligned_rows(rows + 1, dim)
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
    tiles.score_tile(inputs, rows, count, outputs, targets, labels, rates, 0, 0, gradients)
    tiles.update_tile(inputs, rows, count, outputs, targets, 0, 0, gradients)
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
    inputs, outputs = aligned_rows(3, 2), aligned_rows(3, 2)
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
        inputs, outputs = aligned_rows(3, 1), aligned_rows(3, 1)
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
    assert tile_loss(0, 0, 1, rates, gradients) == pytest.approx(expected, rel=1e-6)
    assert tile_loss.py_func(0, 0, 1, rates, gradients) == pytest.approx(expected, rel=1e-6)


def alias_table(weights):
    table = np.empty((len(weights), 2), np.uint32)
    negative_sampling.set_alias_table(weights, table)
    return table


def noise_objective(weights, negative):
    table = alias_table(np.asarray(weights, np.float64))
    nothing = np.zeros(0, np.int32)
    tiles_used = (negative + tiles.WIDTH) // tiles.WIDTH
    return Objective(negative, table, np.zeros(1, np.int64), nothing, nothing.astype(np.float32), tiles_used)


def path_objective(counts):
    starts, nodes, codes = targets.huffman_paths(np.array(counts))
    return Objective(0, np.zeros((0, 2), np.uint32), starts, nodes, codes, 2)


def targets_of(word, objective, words):
    shape = (2 * objective.tiles, tiles.STRIDE)
    rows, labels, rates = (
        np.full(shape, words, np.int32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )
    tile, rest = objective.tiles, (rows, labels, rates, words)
    if objective.negative:
        pool = negative_sampling.noise_pool(200, objective.table, np.uint64(5))
        draw = (word, objective.negative, pool, 0.5, np.uint64(3), tile)
        used = targets.set_noise_targets(*draw, *rest)
    else:
        path = objective.starts[word : word + 2]
        used = targets.set_path_targets(*path, objective.nodes, objective.codes, 0.5, tile, *rest)
    return types.SimpleNamespace(rows=rows, labels=labels, rates=rates, used=used)


def test_noise_words_differ_from_the_word_and_from_each_other():
    found = targets_of(7, noise_objective(range(1, 51), 9), 50)
    assert found.used == 2
    words = [*found.rows[2, :6].tolist(), *found.rows[3, :4].tolist()]
    assert words[0] == 7 and len(set(words)) == 10 and max(words) < 50
    assert found.labels[2:].sum() == found.labels[2, 0] == 1
    assert found.rates[3, 3] == 0.5 and found.rates[3, 4] == 0 and found.rows[3, 5] == 50


def test_noise_words_of_a_tiny_vocabulary_leave_slots_to_the_spare_row():
    found = targets_of(0, noise_objective([1, 1], 5), 2)
    words = sorted(found.rows[1, :6].tolist())
    assert words in ([0, 1, 2, 2, 2, 2], [0, 2, 2, 2, 2, 2])
    assert (found.rates[1, :6] > 0).sum() == (found.rows[1, :6] < 2).sum()


def test_a_pool_has_the_shares_of_the_table():
    table = alias_table(np.array([6.0, 3.0, 1.0]))
    shares = np.bincount(negative_sampling.noise_pool(20_000, table, np.uint64(1))) / 20_000
    np.testing.assert_allclose(shares, [0.6, 0.3, 0.1], atol=0.02)


def test_huffman_paths_are_those_of_a_tree_drawn_by_hand():
    # 1 and 2 join to node 0 (3), that and 3 to node 1 (6), that and 10 to the root, node 2.
    for function in (targets.huffman_paths, targets.huffman_paths.py_func):
        starts, nodes, codes = function(np.array([10, 3, 2, 1]))
        paths = [
            list(zip(nodes[a:b].tolist(), codes[a:b].tolist(), strict=True))
            for a, b in itertools.pairwise(starts)
        ]
        assert paths[0] == [(2, 0.0)]
        assert paths[1] == [(2, 1.0), (1, 1.0)]
        assert paths[2] == [(2, 1.0), (1, 0.0), (0, 0.0)]
        assert paths[3] == [(2, 1.0), (1, 0.0), (0, 1.0)]


def test_targets_of_the_hierarchical_softmax_are_the_turns_of_a_path():
    found = targets_of(2, path_objective([10, 3, 2, 1]), 4)
    assert found.used == 1
    assert found.rows[2, :6].tolist() == [2, 1, 0, 4, 4, 4]
    assert found.labels[2, :3].tolist() == [1.0, 0.0, 0.0]
    assert found.rates[2, :6].tolist() == [0.5, 0.5, 0.5, 0.0, 0.0, 0.0]


def test_an_alias_table_holds_the_weights_exactly():
    weights = np.array([5.0, 1.0, 3.0, 0.5, 10.0])
    table = alias_table(weights)
    share = np.zeros(5)
    for word, (limit, other) in enumerate(table.tolist()):
        share[word] += limit / ALWAYS
        share[other] += 1 - limit / ALWAYS
    np.testing.assert_allclose(share / 5, weights / weights.sum(), atol=1e-8)


def test_drawn_words_have_the_shares_of_the_table():
    table = alias_table(np.array([6.0, 3.0, 1.0]))
    found = np.zeros(3)
    for bits in np.random.default_rng(0).integers(0, 1 << 64, 20_000, dtype=np.uint64):
        found[negative_sampling.drawn(bits, table)] += 1
    np.testing.assert_allclose(found / found.sum(), [0.6, 0.3, 0.1], atol=0.02)


def test_mixed_is_splitmix64():
    # The first outputs for seed 0, as published with the algorithm.
    with np.errstate(over="ignore"):
        state = negative_sampling.GOLDEN
        assert int(negative_sampling.mixed.py_func(state)) == 0xE220A8397B1DCDAF
        assert int(negative_sampling.mixed(state)) == 0xE220A8397B1DCDAF
        assert int(negative_sampling.mixed.py_func(state + negative_sampling.GOLDEN)) == 0x6E789E6AA1B965F4


def thinned(text, first, last, reach):
    """The sentences that are left, as lists, and the words of first to last, compiled and as plain Python."""
    found = []
    for function in (negative_sampling.thinned, negative_sampling.thinned.py_func):
        kept, bounds = (
            np.empty(last - first + 2 * reach, np.int32),
            np.empty(last - first + 2 * reach + 1, int),
        )
        with np.errstate(over="ignore"):
            sentences, begin, end = function(text, first, last, reach, np.uint64(1), kept, bounds)
        parts = [kept[a:b].tolist() for a, b in itertools.pairwise(bounds[: sentences + 1])]
        found.append((parts, kept[begin:end].tolist()))
    assert found[0] == found[1]
    return found[0]


def test_thinning_keeps_sentences_apart_and_drops_empty_ones():
    ids = np.array([0, 1, 2, 2, 0, 1, 1], np.int32)
    offsets = np.array([0, 3, 3, 4, 7], np.int64)  # 0 1 2 | (empty) | 2 | 0 1 1
    keep = np.array([ALWAYS, ALWAYS, 0], np.uint32)
    assert thinned(Text(ids, offsets, keep), 0, 7, 2) == ([[0, 1], [0, 1, 1]], [0, 1, 0, 1, 1])


def test_thinning_looks_beside_the_words_but_not_beyond_their_sentences():
    ids, keep = np.arange(9, dtype=np.int32), np.full(9, ALWAYS, np.uint32)
    keep[[2, 6]] = 0
    text = Text(ids, np.array([0, 1, 8, 9]), keep)  # 0 | 1 (2) 3 4 5 (6) 7 | 8
    assert thinned(text, 4, 5, 1) == ([[3, 4, 5]], [4])
    assert thinned(text, 4, 5, 2) == ([[1, 3, 4, 5, 7]], [4])
    assert thinned(text, 4, 5, 7) == ([[1, 3, 4, 5, 7]], [4])
    assert thinned(text, 2, 3, 7) == ([[1, 3, 4, 5, 7]], [])
    assert thinned(text, 0, 3, 1) == ([[0], [1, 3]], [0, 1])


def test_a_word_stays_or_not_from_whichever_chunk_it_is_looked_at():
    random = np.random.default_rng(0)
    ids, keep = random.integers(0, 9, 200, dtype=np.int32), np.full(9, ALWAYS // 2, np.uint32)
    text = Text(ids, np.array([0, 120, 200]), keep)
    (whole, rest), _ = thinned(text, 0, 200, 5)
    assert 30 < len(whole) < 90
    pieces = [thinned(text, first, first + 10, 5)[1] for first in range(0, 200, 10)]
    assert list(itertools.chain(*pieces)) == whole + rest
    for first in range(0, 120, 10):
        (sentence,), _ = thinned(text, first, first + 10, 5)
        assert any(whole[at : at + len(sentence)] == sentence for at in range(len(whole)))


def in_python(kernel, *arguments):
    """What the kernel does as plain Python, with all it calls uncompiled too."""
    with pytest.MonkeyPatch.context() as patch, np.errstate(over="ignore"):
        for module in (negative_sampling, sgns, cbow, softmax, targets, windows):
            for name, value in vars(module).copy().items():
                if hasattr(value, "py_func"):
                    patch.setattr(module, name, value.py_func)
        return kernel.py_func(*arguments)


TEXT = Text(
    np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 5, 1, 1, 2], np.int32),
    np.array([0, 6, 7, 15], np.int64),
    np.array([ALWAYS] * 8 + [ALWAYS // 2], np.uint32),
)


def compare_with_python(kernel, *arguments):
    rest = (0, 15, 0.05, np.uint64(11), np.uint64(12))
    (inputs, outputs), (inputs_py, outputs_py) = stage(), stage()
    loss, pairs = kernel(inputs, outputs, *arguments, *rest)
    loss_py, pairs_py = in_python(kernel, inputs_py, outputs_py, *arguments, *rest)
    np.testing.assert_allclose(inputs, inputs_py, atol=1e-5)
    np.testing.assert_allclose(outputs, outputs_py, atol=1e-5)
    assert (loss, pairs) == (pytest.approx(loss_py, rel=1e-5), pairs_py)
    assert not np.array_equal(inputs, stage()[0])


@pytest.mark.parametrize("is_cbow", [False, True], ids=["skip-gram", "cbow"])
@pytest.mark.parametrize("path", [False, True], ids=["noise words", "paths"])
def test_compiled_windows_do_what_their_python_does(is_cbow, path):
    objective = path_objective([9, 8, 7, 6, 5, 4, 3, 2, 1]) if path else noise_objective(range(1, 10), 7)
    compare_with_python(train_words, TEXT, objective, Window(3, False, is_cbow, 3))


@pytest.mark.parametrize("is_cbow", [False, True], ids=["skip-gram", "cbow"])
def test_compiled_softmax_does_what_its_python_does(is_cbow):
    compare_with_python(softmax.train_softmax, TEXT, Window(3, True, is_cbow, 3))


@pytest.mark.parametrize("is_cbow", [False, True], ids=["skip-gram", "cbow"])
def test_compiled_subwords_do_what_their_python_does(is_cbow):
    subwords = Subwords(np.arange(0, 28, 3), np.random.default_rng(3).integers(0, 9, 27, dtype=np.int32))
    compare_with_python(
        train_subwords, TEXT, subwords, noise_objective(range(1, 10), 5), Window(3, False, is_cbow, 3)
    )


def test_words_that_are_their_own_only_subword_are_plain_words():
    objective, window = noise_objective(range(1, 10), 5), Window(3, True, False, 3)
    text = Text(TEXT.ids, TEXT.offsets, np.full(9, ALWAYS, np.uint32))
    subwords = Subwords(np.arange(10), np.arange(9, dtype=np.int32))
    (inputs, outputs), (means, outputs_of_means) = stage(), stage()
    train_words(inputs, outputs, text, objective, window, 0, 15, 0.05, np.uint64(11), np.uint64(12))
    train_subwords(
        means, outputs_of_means, text, subwords, objective, window, 0, 15, 0.05, np.uint64(11), np.uint64(12)
    )
    np.testing.assert_allclose(means, inputs, atol=1e-6)
    np.testing.assert_allclose(outputs_of_means, outputs, atol=1e-6)


def test_a_softmax_step_is_the_gradient_worked_by_hand():
    inputs = np.array([[1.0, 0.0]], np.float32)
    outputs = np.array([[0.0, 1.0], [math.log(3.0), 0.0]], np.float32)  # scores 0 and ln 3
    buffers = np.empty(2, np.float32), np.empty(2, np.float32)
    loss = softmax.softmax_step(inputs, 0, outputs, 2, 0, 0.4, *buffers)
    assert loss == pytest.approx(math.log(4.0), rel=1e-6)  # P = 1/4 and 3/4
    np.testing.assert_allclose(outputs, [[0.3, 1.0], [math.log(3.0) - 0.3, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(inputs, [[1 - 0.3 * math.log(3.0), 0.3]], rtol=1e-6)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names of x86 processors")
@pytest.mark.parametrize(("processor", "lanes"), [("skylake-avx512", 16), ("haswell", 8), ("nehalem", 4)])
def test_vectors_are_as_long_as_fifteen_registers_hold(compiled_tile, processor, lanes):
    assert vector_ops._lanes_of("x86_64-unknown-linux-gnu", processor, "") == lanes
