"""The network of train-seq2seq: its formulas by hand, in training and at work; beam search by hand."""

import math

import numpy as np
import pytest

from nlpcli.engine.kernels.neural import beam_search as kernels
from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.translation.beam_search import beam_search, worth
from nlpcli.engine.translation.initial import initial_seq2seq
from nlpcli.engine.translation.network import Network
from nlpcli.engine.translation.training import side_by_side
from nlpcli.engine.translation.vocabulary import Side
from nlpcli.settings.translation import END, Seq2SeqSettings, TranslateSettings

torch = pytest.importorskip("torch")

from nlpcli.engine.neural.nets.parameters import Parameters  # noqa: E402
from nlpcli.engine.neural.nets.seq2seq import Seq2SeqNet, before  # noqa: E402

SOURCES = [[2, 3, 11], [4, 5, 6, 7, 8], [3, 10], [11]]  # 11 and 10 are not known
TARGETS = [[3, 11, 1], [2, 1], [4, 5, 10, 8, 1], [9, 1]]
UNITS, WRITTEN = 9, 7


def made(**changes):
    settings = Seq2SeqSettings(**{"rnn_size": 5, "embedding_dim": 4, "num_layers": 2, **changes})
    weights = initial_seq2seq(settings, UNITS, np.ones(WRITTEN, np.float32), np.random.default_rng(3))
    return settings, weights


def pairs():
    return side_by_side(Side(SOURCES), Side(TARGETS), np.arange(len(SOURCES)))


def softmax(x):
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("attention", ["dot", "additive", "none"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_training_and_work_have_the_same_numbers(cell, attention, bidirectional):
    settings, weights = made(cell=cell, attention=attention, bidirectional=bidirectional)
    batch = pairs()
    order = np.argsort([-len(target) for target in TARGETS], kind="stable")
    written = Seq2SeqNet(settings, Parameters(weights).weights).written(batch)
    network = Network(settings, weights)
    sources, states = network.read([SOURCES[n] for n in order]), network.states(len(order))
    units = np.full(len(order), END)
    for length in range(max(map(len, TARGETS))):
        step = network.step(units, sources, states, first=length == 0)
        for place, n in enumerate(order):
            if length < len(TARGETS[n]):
                row = batch.writing.starts[length] + place
                assert step.scores[place] == pytest.approx(written.scores[row].detach().numpy(), abs=1e-5)
                if attention != "none":
                    seen = written.attention[row].detach().numpy()
                    assert step.attention[place] == pytest.approx(seen, abs=1e-5)
                    gate = torch.nn.functional.logsigmoid(written.gate[row]).item()
                    assert step.gate[place, 0] == pytest.approx(gate, abs=1e-5)
        units = np.array([TARGETS[n][length] if length < len(TARGETS[n]) else END for n in order])


@pytest.mark.parametrize("attention", ["dot", "additive"])
def test_a_step_is_its_formulas(attention):
    """One layer that reads forwards, one that writes, plain cells: all of it written out in numpy."""
    settings, w = made(cell="rnn", attention=attention, bidirectional=False, num_layers=1, decoder_layers=1)
    w = {name: array.astype(np.float64) for name, array in w.items()}
    vectors = w["embedding"] * math.sqrt(4)
    y, h = [], np.zeros(5)
    for unit in (2, 3, 0):  # what is not known is read as the unknown
        inputs = vectors[unit] @ w["layer0.forward.w_xh"] + w["layer0.forward.b"]
        h = np.tanh(inputs + h @ w["layer0.forward.w_hh"])
        y.append(h)
    memory = np.array(y) @ w["attention.memory"]
    h1 = np.tanh(vectors[END] @ w["decoder.layer0.w_xh"] + y[-1] @ w["bridge.w"] + w["decoder.layer0.b"])
    if attention == "dot":
        strength = memory @ h1 / math.sqrt(5)
    else:
        strength = np.tanh(h1 @ w["attention.query"] + memory @ w["attention.key"]) @ w["attention.v"]
    share = softmax(strength)
    o = np.tanh(np.concatenate([h1, share @ memory]) @ w["output.w"] + w["output.b"])
    scores = w["embedding"][:WRITTEN] @ o + w["vocabulary.b"]
    gate = sigmoid(o @ w["copy.w"] + w["copy.b"][0])

    network = Network(settings, {name: array.astype(np.float32) for name, array in w.items()})
    sources, states = network.read([SOURCES[0]]), network.states(1)
    step = network.step(np.array([END]), sources, states, first=True)
    assert step.scores[0] == pytest.approx(scores, abs=1e-5)
    assert step.attention[0] == pytest.approx(share, abs=1e-5)
    assert np.exp(step.gate[0]) == pytest.approx([gate, 1 - gate], abs=1e-5)

    # The chance of each unit: written, or copied from where it stands in the source (2, 3, unknown 11).
    chances = gate * softmax(scores)
    chances[2] += (1 - gate) * share[0]
    chances[3] += (1 - gate) * share[1]
    for target, chance in (([2, 1], chances[2]), ([5, 1], chances[5]), ([11, 1], (1 - gate) * share[2])):
        batch = side_by_side(Side([SOURCES[0]]), Side([target]), np.array([0]))
        net = Seq2SeqNet(settings, Parameters({k: v.astype(np.float32) for k, v in w.items()}).weights)
        first = net.loss(batch).item() - _rest(net, target)
        assert first == pytest.approx(-math.log(chance), abs=1e-4)


def _rest(net, target):
    """The loss of what follows the first unit."""
    batch = side_by_side(Side([SOURCES[0]]), Side([target]), np.array([0]))
    written = net.written(batch)
    share = torch.softmax(written.scores[1], dim=0)[END] * torch.sigmoid(written.gate[1])
    return -math.log(share.item() + 1e-9 * torch.sigmoid(-written.gate[1]).item())


def test_gradients_are_those_of_differences():
    """Of a weight of each kind: the slope of the loss is what autograd says."""
    for attention in ("dot", "additive", "none"):
        settings, weights = made(attention=attention, cell="gru", num_layers=1)
        parameters = Parameters(weights)
        batch = pairs()
        loss = Seq2SeqNet(settings, parameters.weights).loss(batch, smoothing=0.1)
        found = torch.autograd.grad(loss, parameters.parameters())
        slopes = dict(zip(sorted(parameters.weights), found, strict=True))
        for name, array in weights.items():
            place = tuple(length // 2 for length in array.shape)
            values = []
            for change in (1e-2, -1e-2):
                moved = {key: one.copy() for key, one in weights.items()}
                moved[name][place] += change
                net = Seq2SeqNet(settings, Parameters(moved).weights)
                values.append(net.loss(batch, smoothing=0.1).item())
            slope = (values[0] - values[1]) / 2e-2
            assert slopes[name][place].item() == pytest.approx(slope, abs=2e-2, rel=2e-2), name


def test_label_smoothing_spreads_a_share_over_all_units():
    settings, weights = made(copy=False)
    net, batch = Seq2SeqNet(settings, Parameters(weights).weights), pairs()
    scores = torch.log_softmax(net.written(batch).scores, dim=1)
    target = torch.from_numpy(np.where(batch.target < WRITTEN, batch.target, 0))
    own = -scores[torch.arange(len(target)), target].sum()
    assert net.loss(batch).item() == pytest.approx(own.item(), rel=1e-5)
    mixed = 0.8 * own - 0.2 * scores.mean(dim=1).sum()
    assert net.loss(batch, smoothing=0.2).item() == pytest.approx(mixed.item(), rel=1e-5)


def test_what_stands_before_each_unit():
    packing = Packing.of([3, 2])
    assert before(np.array([5, 6, 7, 1, 1]), packing).tolist() == [END, END, 5, 6, 7]


# --- beam search ----------------------------------------------------------------------------


class Table:
    """A network whose chances stand in a table: {what was written: chances of unit 0 to 4}."""

    settings = Seq2SeqSettings(unit="word", attention="none")

    def __init__(self, chances):
        self.chances = chances

    def read(self, sources):
        network = Network(*made(attention="none"))
        return network.read(sources)

    def states(self, rows):
        return [np.zeros((rows, 8), np.float32)]  # what was written, a unit each

    def step(self, units, sources, states, *, first=False):
        from nlpcli.engine.translation.network import Step

        if not first:
            states[0] = np.concatenate([states[0][:, 1:], units[:, None].astype(np.float32)], axis=1)
        written = [tuple(int(unit) for unit in row if unit) for row in states[0]]
        usual = [0.2, 0.2, 0.2, 0.2, 0.2]
        rows = [self.chances.get(one, usual) for one in written]
        return Step(np.log(np.array(rows, np.float32) + 1e-12), None, None)


CHANCES = {  # greedy goes by 2 (0.6), and on to 0.36 at best; 3 begins worse, and ends better
    (): [0, 0, 0.6, 0.4, 0],
    (2,): [0, 0.4, 0, 0.6, 0],
    (2, 3): [0, 1.0, 0, 0, 0],
    (3,): [0, 0.95, 0.05, 0, 0],
}


def test_beam_search_finds_what_greedy_search_does_not():
    plain = {"length_penalty": 0.0, "coverage_penalty": 0.0, "no_repeat_ngram": 0}
    greedy = beam_search(Table(CHANCES), [[2]], [5], TranslateSettings(beam_size=1, **plain))
    assert [one.units for one in greedy[0]] == [[2, 3]]
    assert greedy[0][0].log_probability == pytest.approx(math.log(0.36), abs=1e-5)
    found = beam_search(Table(CHANCES), [[2], [2, 3]], [5, 5], TranslateSettings(beam_size=3, **plain))
    for some in found:
        assert [one.units for one in some[:3]] == [[3], [2, 3], [2]]
        expected = [0.38, 0.36, 0.24]
        assert [math.exp(one.log_probability) for one in some[:3]] == pytest.approx(expected, abs=1e-5)
    # With a length penalty the longer one is worth more: log 0.36 / (8/6) against log 0.38 / (7/6).
    longer = beam_search(Table(CHANCES), [[2]], [5], TranslateSettings(beam_size=3, coverage_penalty=0.0))
    assert longer[0][0].units == [2, 3]
    assert longer[0][0].score == pytest.approx(math.log(0.36) / (8 / 6), abs=1e-5)


def test_a_hypothesis_is_worth_its_formula():
    settings = TranslateSettings(length_penalty=0.5, coverage_penalty=0.3)
    coverage = np.array([0.5, 2.0, 0.25])
    expected = -4.0 / math.sqrt(10 / 6) + 0.3 * (math.log(0.5) + math.log(0.25))
    assert worth(-4.0, 5, coverage, settings) == pytest.approx(expected)


def test_it_never_writes_what_would_be_a_loop():
    # Whatever was written, 2 is likely: without an end the longest that may come.
    table = Table({(): [0, 0, 0.9, 0.1, 0]})
    table.chances = _Always([0, 1e-9, 0.9, 0.1 - 2e-9, 1e-9])
    settings = TranslateSettings(beam_size=2, no_repeat_ngram=0)
    for one in beam_search(table, [[2]], [12], settings)[0]:
        assert _loops(one.units, 3) == []
    settings = TranslateSettings(beam_size=2, no_repeat_ngram=2)
    for one in beam_search(table, [[2]], [12], settings)[0]:
        seen = [*zip(one.units, one.units[1:], strict=False)]
        assert len(set(seen)) == len(seen)


class _Always(dict):
    def __init__(self, chances):
        self._chances = chances

    def get(self, key, default=None):
        return self._chances


def _loops(units, times):
    """Spans that stand `times` times in a row."""
    return [
        units[start : start + size]
        for size in range(1, len(units) // times + 1)
        for start in range(len(units) - times * size + 1)
        if units[start : start + size] * times == units[start : start + times * size]
    ]


@pytest.mark.parametrize(
    ("history", "ngram", "loop", "never"),
    [
        ([5, 6, 7, 5, 6], 3, 100, [7]),
        ([5, 6, 7, 5, 6], 2, 100, [7]),
        ([5, 6, 7], 1, 100, [5, 6, 7]),
        ([5, 6, 7, 5, 6], 0, 100, []),
        ([5, 5], 0, 3, [5]),
        ([5, 5], 0, 4, []),
        ([9, 5, 6, 5, 6, 5], 0, 3, [6]),
        ([5, 6, 7, 5, 6, 7, 5, 6], 0, 3, [7]),
        ([5] * 11, 0, 12, [5, 5, 5, 5]),  # as a loop of 1, 2, 3 or 4
        ([5] * 10, 0, 12, []),
        ([], 4, 3, []),
    ],
)
def test_what_must_not_come_next(history, ngram, loop, never):
    room = np.zeros(100, np.int64)
    count = kernels.blocked.py_func(np.array(history, np.int64), len(history), ngram, loop, room)
    assert room[:count].tolist() == never


def test_extensions_add_up_what_is_written_and_what_is_copied():
    scores = np.log(np.array([[0.1, 0.2, 0.3, 0.4]], np.float32))
    gates = np.log(np.array([[0.6, 0.4]], np.float32))
    attention = np.array([[0.5, 0.2, 0.3]], np.float32)
    source = np.array([[3, 9, 3]])  # 3 stands there twice; 9 can only be copied
    values, hypotheses, units = np.zeros((1, 4)), np.zeros((1, 4), np.int64), np.zeros((1, 4), np.int64)
    histories = np.array([[2, 0, 0]])
    kernels.extensions.py_func(
        scores, gates, attention, source, np.zeros((1, 1)), histories, 1, 0, 9,
        values, hypotheses, units,
    )  # fmt: skip
    expected = {3: 0.6 * 0.4 + 0.4 * 0.8, 2: 0.6 * 0.3, 1: 0.6 * 0.2, 9: 0.4 * 0.2}
    assert units[0].tolist() == [*expected]
    assert np.exp(values[0]) == pytest.approx([*expected.values()], rel=1e-5)
