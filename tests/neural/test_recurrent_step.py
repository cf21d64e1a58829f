"""The numpy step, the torch network and the equations written out agree."""

import numpy as np
import pytest

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.neural.nets.recurrent_network import CharRNN
from nlpcli.engine.neural.recurrent_step import CharStep, log_softmax
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.settings.charlm import CharLMSettings

torch = pytest.importorskip("torch")

CELLS = ["rnn", "lstm", "gru"]
ALPHABET = Vocabulary.of(list("abcde"), [5, 4, 3, 2, 1])


def weights_of(settings):
    weights = initial_weights(settings, ALPHABET)
    random = np.random.default_rng(0)
    for name in weights:  # biases too must matter
        weights[name] = weights[name] + random.normal(0, 0.1, weights[name].shape).astype(np.float32)
    return weights


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_the_notes(cell, x, h, c, w_xh, w_hh, b):
    """One step of one stream, gate by gate, as the notes write it."""
    size = len(h)
    gate = [slice(k * size, (k + 1) * size) for k in range(4)]

    def share(k, state):
        return w_xh[:, gate[k]].T @ x + w_hh[:, gate[k]].T @ state + b[gate[k]]

    if cell == "rnn":
        return np.tanh(share(0, h)), c
    if cell == "lstm":
        i, f, o, g = sigmoid(share(0, h)), sigmoid(share(1, h)), sigmoid(share(2, h)), np.tanh(share(3, h))
        c = f * c + i * g
        return o * np.tanh(c), c
    z, r = sigmoid(share(0, h)), sigmoid(share(1, h))
    return (1 - z) * h + z * np.tanh(share(2, r * h)), c


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_follows_the_notes_equations(cell):
    settings = CharLMSettings(cell=cell, rnn_size=6)
    weights = weights_of(settings)
    network = CharStep(cell, 1, weights)
    h, c = np.zeros(6), np.zeros(6)
    for number in [0, 3, 1, 1, 4]:
        parts = (weights[f"layer0.{name}"].astype(np.float64) for name in ("w_xh", "w_hh", "b"))
        h, c = by_the_notes(cell, np.eye(5)[number], h, c, *parts)
        assert network.read([number])[0] == pytest.approx(h, abs=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("embedding_dim", [0, 3])
def test_numpy_and_torch_give_the_same_logits(cell, embedding_dim):
    settings = CharLMSettings(cell=cell, rnn_size=32, num_layers=2, embedding_dim=embedding_dim)
    weights = weights_of(settings)
    ids = np.random.default_rng(1).integers(0, 5, (20, 3))
    network = CharRNN(cell, 2, 0.0, weights)
    with torch.no_grad():
        logits, _ = network.forward(torch.from_numpy(ids), network.zero_state(3))
    stepper = CharStep(cell, 2, weights, 3)
    steps = np.stack([stepper.step(row) for row in ids])
    assert logits.view(20, 3, 5).numpy() == pytest.approx(steps, abs=1e-5)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("embedding_dim", [0, 3])
def test_the_gpus_road_is_the_same_network(cell, embedding_dim):
    # PyTorch's own layers stand in for cuDNN's here: same call, same order of weights and gates.
    settings = CharLMSettings(cell=cell, rnn_size=16, num_layers=2, embedding_dim=embedding_dim)
    network = CharRNN(cell, 2, 0.0, weights_of(settings))
    ids = torch.from_numpy(np.random.default_rng(1).integers(0, 5, (9, 3)))
    expected, expected_state = network.forward(ids, network.zero_state(3))
    network._run_cpu = network._run_gpu
    logits, state = network.forward(ids, network.zero_state(3))
    assert logits.detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-5)
    for ours, theirs in zip(state, expected_state, strict=True):
        for part, expected_part in zip(ours, theirs, strict=True):
            assert part.numpy() == pytest.approx(expected_part.numpy(), abs=1e-5)


def loss_by_the_notes(cell, weights, ids, targets):
    """Summed −log p over [T, B], through the equations alone, in float64."""
    total = 0.0
    for b in range(ids.shape[1]):
        h, c = np.zeros(len(weights["layer0.w_hh"])), np.zeros(len(weights["layer0.w_hh"]))
        for x, y in zip(ids[:, b], targets[:, b], strict=True):
            parts = (weights[f"layer0.{name}"] for name in ("w_xh", "w_hh", "b"))
            h, c = by_the_notes(cell, np.eye(5)[x], h, c, *parts)
            total -= log_softmax(h @ weights["output.w"] + weights["output.b"])[y]
    return total


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_those_of_the_notes_equations(cell):
    settings = CharLMSettings(cell=cell, rnn_size=5)
    weights = weights_of(settings)
    random = np.random.default_rng(2)
    ids, targets = random.integers(0, 5, (6, 2)), random.integers(0, 5, (6, 2))
    network = CharRNN(cell, 1, 0.0, weights)
    logits, _ = network.forward(torch.from_numpy(ids), network.zero_state(2))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(targets).view(-1), reduction="sum")
    loss.backward()
    wide = {name: weight.astype(np.float64) for name, weight in weights.items()}
    assert loss.item() == pytest.approx(loss_by_the_notes(cell, wide, ids, targets), rel=1e-5)
    for name, weight in wide.items():
        for place in random.integers(0, weight.size, 6):
            kept, slope = weight.flat[place], []
            for nudge in (1e-5, -1e-5):
                weight.flat[place] = kept + nudge
                slope.append(loss_by_the_notes(cell, wide, ids, targets))
            weight.flat[place] = kept
            expected = (slope[0] - slope[1]) / 2e-5
            assert network.weights[name].grad.view(-1)[place].item() == pytest.approx(expected, abs=2e-5), (
                name
            )


def test_log_softmax_does_not_overflow():
    assert np.exp(log_softmax(np.array([1e4, 1e4], dtype=np.float32))) == pytest.approx([0.5, 0.5])
