"""`train-seq2seq --cell transformer`: self-attention reads the source, an LSTM writes."""

import numpy as np
import pytest

from nlpcli.engine.translation import checkpoint
from nlpcli.engine.translation.initial import initial_seq2seq
from nlpcli.engine.translation.model import Seq2Seq
from nlpcli.engine.translation.network import Network
from nlpcli.errors import SettingsError
from nlpcli.settings.neural import NetworkTraining
from nlpcli.settings.translation import END, Seq2SeqSettings, seq2seq_shapes
from tests.sequences.test_recurrent_tagger import Silent, Stopped
from tests.translation.test_network import SOURCES, TARGETS, UNITS, WRITTEN, pairs
from tests.translation.test_seq2seq import QUICK, content, trained, training

torch = pytest.importorskip("torch")

from nlpcli.engine.neural.nets.parameters import Parameters  # noqa: E402
from nlpcli.engine.neural.nets.seq2seq import Seq2SeqNet  # noqa: E402

ATTENDING = {"cell": "transformer", "num_heads": 2}


@pytest.mark.parametrize("attention", ["dot", "none"])
def test_training_and_work_have_the_same_numbers(attention):
    settings = Seq2SeqSettings(rnn_size=8, embedding_dim=4, num_layers=2, attention=attention, **ATTENDING)
    random = np.random.default_rng(3)
    weights = initial_seq2seq(settings, UNITS, np.ones(WRITTEN, np.float32), random)
    assert {name: w.shape for name, w in weights.items()} == seq2seq_shapes(settings, UNITS, WRITTEN)
    for name in [name for name in weights if name.endswith("out")]:  # which begin as zeros
        weights[name] = random.normal(size=weights[name].shape).astype(np.float32)
    batch, order = pairs(), np.argsort([-len(target) for target in TARGETS], kind="stable")
    written = Seq2SeqNet(settings, Parameters(weights).weights).written(batch)
    network = Network(settings, weights)
    sources, states = network.read([SOURCES[n] for n in order]), network.states(len(order))
    step = network.step(np.full(len(order), END), sources, states, first=True)
    assert step.scores == pytest.approx(written.scores[: len(order)].detach().numpy(), abs=1e-4)


def test_it_learns_what_order_decides_and_a_file_gives_the_same_answers(tmp_path):
    model = trained(**ATTENDING)
    unseen = ["abi", "hgk", "dej"]
    assert model.translate(unseen) == [word[::-1] for word in unseen]
    model.save(tmp_path / "m")
    odd = ["abi", "", "zzz", "a" * 700, "한글"]
    loaded = Seq2Seq.load(tmp_path / "m")
    assert loaded.settings == model.settings and loaded.translate(odd) == model.translate(odd)


def test_threads_do_not_matter_and_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path):
    networks = [
        NetworkTraining(**{**QUICK.to_record(), "threads": threads, "dropout": 0.1}) for threads in (1, 2)
    ]
    one, two = (content(trained(network, epochs=1, **ATTENDING), tmp_path / "m") for network in networks)
    assert one == two
    begun = training(networks[0], epochs=1, **ATTENDING)

    def after_update():
        if begun.step == 2:
            raise Stopped

    with pytest.raises(Stopped):
        begun.run(Silent(), after_update)
    checkpoint.save(begun, tmp_path / "left")
    again = training(networks[0], epochs=1, **ATTENDING)
    checkpoint.restore(again, tmp_path / "left")
    again.run(Silent())
    assert content(again.best(), tmp_path / "m") == one


def test_heads_share_the_width_and_records_of_other_cells_are_as_before():
    with pytest.raises(SettingsError, match="--rnn-size 10 cannot be shared by 4 heads"):
        Seq2SeqSettings(cell="transformer", rnn_size=10)
    assert "num_heads" not in Seq2SeqSettings().to_record()
