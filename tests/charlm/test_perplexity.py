"""What a text costs."""

import math

import numpy as np
import pytest

from nlpcli.engine.charlm import perplexity
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.neural.recurrent_step import log_softmax
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.settings.charlm import CharLMSettings


@pytest.fixture(scope="module")
def model():
    settings = CharLMSettings(rnn_size=8)
    alphabet = Vocabulary.of(list("ab \n"), [5, 4, 3, 2])
    return CharLM(settings, alphabet, initial_weights(settings, alphabet), {})


def bits_by_hand(model, text):
    network = model.stepper()
    total, before = 0.0, "\n"
    for character in text:
        scores = log_softmax(network.step([model.alphabet.id_of[before]]))[0]
        total -= scores[model.alphabet.id_of[character]] / math.log(2)
        before = character
    return total


def of_text(model, tmp_path, text):
    (tmp_path / "t").write_text(text)
    return perplexity.of_text(model, [str(tmp_path / "t")])


def test_a_text_costs_what_its_characters_cost_one_by_one(model, tmp_path):
    found = of_text(model, tmp_path, "ab ba\nb")
    assert found.bits_per_character == pytest.approx(bits_by_hand(model, "ab ba\nb") / 7, rel=1e-5)
    assert found.perplexity == pytest.approx(2**found.bits_per_character)
    assert found.loss == pytest.approx(found.bits_per_byte * math.log(2))


def test_lines_are_scored_each_for_itself_and_in_their_order(model):
    lines = ["ab", "", "b a b a b", "a"] * 400
    found = list(perplexity.of_lines(model, lines))
    assert [line for line, _ in found] == lines
    for line, bits in found[:4]:
        assert bits == pytest.approx(bits_by_hand(model, line + "\n") / (len(line) + 1), rel=1e-5)


def test_an_unknown_character_costs_one_in_the_training_text(model, tmp_path):
    with_unknown, without = (of_text(model, tmp_path, text) for text in ("abxa", "aba"))
    assert with_unknown.unknown == 1
    assert with_unknown.nats == pytest.approx(without.nats + math.log(14 + 4))


def test_a_long_text_read_in_streams_costs_almost_the_same(model, tmp_path, monkeypatch):
    text = "".join(np.random.default_rng(0).choice(list("ab \n"), 12_000))
    whole = of_text(model, tmp_path, text)
    monkeypatch.setattr(perplexity, "_SHORT", 1000)
    streams = of_text(model, tmp_path, text)
    assert streams.characters == whole.characters
    assert streams.loss == pytest.approx(whole.loss, rel=1e-4)
