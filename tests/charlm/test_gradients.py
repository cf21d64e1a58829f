"""Vanishing and exploding gradients: the numpy backward pass is autograd's, the toy is the notes'."""

import math

import numpy as np
import pytest

from nlpcli.engine.charlm import gradients
from nlpcli.engine.charlm.gradients import Tape, reach, toy
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.neural.nets.recurrent import plain_layer
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.engine.plots import gradients as plots
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.charlm import CharLMSettings

torch = pytest.importorskip("torch")

CELLS = ["rnn", "lstm", "gru"]
IDS = np.random.default_rng(0).integers(0, 4, 200).astype(np.int32)


def model_of(cell, layers=1):
    settings = CharLMSettings(cell=cell, rnn_size=12, num_layers=layers)
    alphabet = Vocabulary.of(list("abcd"), [4, 3, 2, 1])
    return CharLM(settings, alphabet, initial_weights(settings, alphabet), {})


def by_autograd(model, ids, target):
    """Norms of the last loss's gradient by each step's states, [steps, layers, parts], newest first."""
    weights = {name: torch.tensor(array, dtype=torch.float64) for name, array in model.weights.items()}
    cell, size = model.settings.cell, model.settings.rnn_size
    parts, layers = (2 if cell == "lstm" else 1), range(model.settings.num_layers)
    before = [
        tuple(torch.zeros(1, size, dtype=torch.float64, requires_grad=True) for _ in range(parts))
        for _ in layers
    ]
    steps = []
    for number in ids:
        x, now = torch.eye(4, dtype=torch.float64)[[number]], []
        for n in layers:
            share = x @ weights[f"layer{n}.w_xh"] + weights[f"layer{n}.b"]
            _, state = plain_layer(cell, share[None], weights[f"layer{n}.w_hh"], before[n])
            for part in state:
                part.retain_grad()
            now.append(state)
            x = state[0]
        before = now
        steps.append(now)
    logits = x @ weights["output.w"] + weights["output.b"]
    torch.nn.functional.cross_entropy(logits, torch.tensor([target])).backward()
    return np.array([[[part.grad.norm().item() for part in state] for state in now] for now in steps[::-1]])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_norms_equal_autograds(cell, layers):
    model = model_of(cell, layers)
    found = Tape(model, IDS[:20, None], keep=20).reach(IDS[20:21])
    expected = by_autograd(model, IDS[:20], int(IDS[20]))
    assert found.h.transpose() == pytest.approx(expected[:, :, 0], rel=1e-4)
    if cell == "lstm":
        assert found.c.transpose() == pytest.approx(expected[:, :, 1], rel=1e-4)


def test_reach_is_a_mean_over_places_of_the_text():
    found = reach(model_of("rnn"), IDS, steps=30)
    assert found.h.shape == (1, 31)
    assert found.c is None
    with pytest.raises(InputError, match="too few to look 500 steps back"):
        reach(model_of("rnn"), IDS, steps=500)


def test_toy_prints_every_factor_of_the_notes_example():
    # w_hh = 3, w_xh = 2, b = 1: h3 = tanh(2 x3 + 3 tanh(2 x2 + 3 tanh(2 x1 + 3 h0 + 1) + 1) + 1)
    inputs = [0.1, -0.4, -0.6]
    steps = toy(3, 2, 1, inputs, h0=0.0)
    h1 = math.tanh(2 * 0.1 + 1)
    h2 = math.tanh(2 * -0.4 + 3 * h1 + 1)
    h3 = math.tanh(2 * -0.6 + 3 * h2 + 1)
    assert [step.h for step in steps] == pytest.approx([h1, h2, h3])
    assert [step.factor for step in steps] == pytest.approx([3 * (1 - h * h) for h in (h1, h2, h3)])


def test_toy_equals_autograd():
    h0 = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    states = [h0]
    inputs = [0.1, -0.4, -0.6]
    for x in inputs:
        states.append(torch.tanh(3 * states[-1] + 2 * x + 1))
    expected = torch.autograd.grad(states[-1], states[:-1])
    found = [step.product for step in toy(3, 2, 1, inputs, h0=0.2)]
    assert found == pytest.approx([gradient.item() for gradient in expected], rel=1e-12)


def test_without_a_step_there_is_no_toy():
    with pytest.raises(SettingsError):
        gradients.toy(3, 2, 1, [])


def test_curves_come_as_table_page_and_picture(tmp_path):
    lines = plots.series({"<a>": reach(model_of("rnn"), IDS, 10), "b": reach(model_of("lstm"), IDS, 10)})
    assert list(lines) == ["<a> (rnn) h", "b (lstm) h", "b (lstm) c"]
    rows = list(plots.table(lines))
    assert len(rows) == 12
    assert rows[0] == "k\t<a> (rnn) h\tb (lstm) h\tb (lstm) c"
    page = plots.page(lines)
    assert page.count("<path") >= 6
    assert "<a>" not in page
    pytest.importorskip("matplotlib")
    with open(tmp_path / "g.png", "wb") as file:
        plots.picture(lines, file)
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
