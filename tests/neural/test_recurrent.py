"""The hand-written layers against autograd, and the kernels against their Python."""

import numpy as np
import pytest

from nlpcli.engine.kernels.neural import recurrent_cells as cells
from nlpcli.engine.neural.nets.recurrent import _times, layer, plain_layer
from nlpcli.engine.neural.packing import Packing
from nlpcli.settings.neural import ENCODER_GATES as GATES

torch = pytest.importorskip("torch")

CELLS = ["rnn", "lstm", "gru", "mingru"]


def example(cell, steps=7, batch=3, size=16, rows=5):
    torch.manual_seed(0)
    table = torch.randn(rows, GATES[cell] * size, requires_grad=True)
    w = None if cell == "mingru" else (torch.randn(size, GATES[cell] * size) / 4).requires_grad_()
    state = tuple(torch.randn(batch, size) * 0.3 for _ in range(2 if cell == "lstm" else 1))
    return table, torch.randint(0, rows, (steps, batch)), w, state, torch.randn(steps, batch, size)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("low", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
def test_layer_and_its_gradient_equal_autograds(cell, low, tolerance):
    table, ids, w, state, weighting = example(cell)
    out, last = layer(cell, table, ids.reshape(-1), Packing.even(*ids.shape), w, state, low)
    out = out.view(weighting.shape)
    learnt = (table,) if w is None else (table, w)
    gradients = torch.autograd.grad((out.float() * weighting).sum(), learnt)
    expected, expected_last = plain_layer(cell, table[ids], w, state)
    expected_gradients = torch.autograd.grad((expected * weighting).sum(), learnt)
    pairs = zip((out, *last, *gradients), (expected, *expected_last, *expected_gradients), strict=True)
    for ours, theirs in pairs:
        assert (ours.float() - theirs).abs().max().item() < tolerance


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("lengths", [[7, 7, 7], [5, 3, 3, 1], [4], [9, 1]])
def test_packed_sequences_are_what_each_is_alone(cell, lengths):
    packing = Packing.of(lengths)
    table, _, w, state, _ = example(cell, batch=len(lengths))
    ids = torch.randint(0, len(table), (sum(lengths),))
    weighting = torch.randn(sum(lengths), 16)
    learnt = (table,) if w is None else (table, w)
    order = torch.from_numpy(packing.order())  # of each packed row its place one sequence behind another
    out, last = layer(cell, table, ids[order], packing, w, state, torch.float32)
    ours = torch.autograd.grad((out * weighting[order]).sum(), learnt)

    outputs, after = [], []
    for n, part in enumerate(ids.split(lengths)):
        own = tuple(one[n : n + 1] for one in state)
        alone, end = plain_layer(cell, table[part][:, None], w, own)
        outputs.append(alone[:, 0])
        after.append(end)
    expected = torch.cat(outputs)
    theirs = torch.autograd.grad((expected * weighting).sum(), learnt)
    expected_last = [torch.cat(parts) for parts in zip(*after, strict=True)]
    for left, right in zip((out, *last, *ours), (expected[order], *expected_last, *theirs), strict=True):
        assert (left - right).abs().max().item() < 1e-5


def test_reversed_sequences_run_from_their_ends():
    packing = Packing.of([3, 2, 1])
    together = np.array([10, 11, 12, 20, 21, 30])
    packed = together[packing.order()]
    assert packed.tolist() == [10, 20, 30, 11, 21, 12]
    assert packed[packing.reversed()].tolist() == [12, 21, 30, 11, 20, 10]
    assert packed[packing.ends].tolist() == [12, 21, 30]


@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
def test_compiled_lstm_step_equals_its_python(dtype):
    random = np.random.default_rng(0)
    table, rows = random.normal(size=(4, 24)).astype(np.float32), np.array([1, 3])
    recurrent = np.zeros((2, 24), dtype)
    before = random.normal(size=(2, 6)).astype(np.float32)
    results = []
    for function in (cells.lstm_forward, cells.lstm_forward.py_func):
        gates, c, h = np.zeros((2, 24), dtype), np.zeros((2, 6), np.float32), np.zeros((2, 6), dtype)
        function(table, rows, recurrent, before, gates, c, h)
        results.append((gates, c, h))
    for compiled, plain in zip(*results, strict=True):
        assert compiled.astype(np.float64) == pytest.approx(plain.astype(np.float64), rel=1e-5, abs=1)
    i, f, _, g = np.split(table[rows].astype(np.float64), 4, axis=1)
    expected = before / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    assert results[0][1] == pytest.approx(expected, abs=1e-5)


def test_bfloat16_is_rounded_as_torch_rounds():
    values = torch.randn(1000) * torch.logspace(-30, 30, 1000)
    bits = np.zeros(1000, np.uint16)
    cells._store_bits(values.numpy(), bits)
    assert (bits == values.bfloat16().view(torch.int16).numpy().view(np.uint16)).all()
    back = np.zeros(1000, np.float32)
    cells._load_bits(bits, back)
    assert (back == values.bfloat16().float().numpy()).all()


def test_packed_weights_multiply_as_mm_does():
    h, w = torch.randn(5, 64).bfloat16(), torch.randn(64, 96).bfloat16()
    assert (_times(w, 5)(h).float() - (h.float() @ w.float())).abs().max() < 0.2


def test_tanh_is_exact_to_single_precision():
    x = np.linspace(-12, 12, 10001, dtype=np.float32)
    ours = np.array([cells._tanh.py_func(value) for value in x])
    assert np.abs(ours - np.tanh(x.astype(np.float64))).max() < 3e-7
