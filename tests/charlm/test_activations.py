"""Cells as colours, and the search for the cell that knows."""

import base64
import json
import re

import numpy as np
import pytest

from nlpcli.cli.charlm_analysis import _coloured
from nlpcli.cli.visible import visible
from nlpcli.engine.charlm import activations
from nlpcli.engine.charlm.activations import PROPERTIES, Activations, Match, find, record
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.engine.plots.activations import levels, page
from nlpcli.engine.plots.job import CellView
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.charlm import ActivationSettings, CharLMSettings


def model_of(cell="lstm", tokens="ab \n", unit="char"):
    settings = CharLMSettings(cell=cell, rnn_size=6, num_layers=2, unit=unit)
    alphabet = Vocabulary.of(list(tokens), [1] * len(tokens))
    return CharLM(settings, alphabet, initial_weights(settings, alphabet), {})


@pytest.mark.parametrize(("cell", "signals"), [("rnn", 1), ("gru", 5), ("lstm", 6)])
def test_every_signal_of_every_layer_is_recorded(cell, signals):
    model = model_of(cell)
    found = record(model, "ab ba")
    assert len(found.values) == 2 * signals
    network = model.stepper()
    for t, number in enumerate([0, 1, 2, 1, 0]):
        network.read([number])
        expected = np.tanh(network.c[1][0]) if cell == "lstm" else network.h[1][0]
        assert np.array_equal(found.values[1, "cell"][t], expected)


def test_a_syllable_has_the_values_after_its_last_jamo():
    model = model_of(tokens="한a", unit="jamo")
    found = record(model, "한a")
    assert found.values[0, "h"].shape == (2, 6)
    network = model.stepper()
    for number in [0, 1, 2]:
        network.read([number])
    assert np.array_equal(found.values[0, "h"][0], network.h[0][0])


def test_unknown_characters_are_an_error_or_skipped():
    with pytest.raises(InputError, match="never seen 'x'"):
        record(model_of(), "axb")
    assert record(model_of(), "axb", skip_unknown=True).text == "ab"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("quote", 'a"b"c', [0, 1, 1, 0, 0]),
        ("quote", "“b”c", [1, 1, 0, 0]),
        ("line-length", "ab\nc", [1, 2, 0, 1]),
        ("bracket", "(a[b])", [1, 1, 2, 2, 1, 0]),
        ("indent", "{{a}}", [1, 2, 2, 1, 0]),
        ("if", "if (a(b)) c", [0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0]),
        ("word-length", "ab c", [1, 2, 0, 1]),
        ("upper-case", "aB", [0, 1]),
    ],
)
def test_properties_say_what_a_cell_could_track(name, text, expected):
    assert PROPERTIES[name](text) == expected


def test_the_planted_cell_is_found():
    text = 'he said "yes" and "no" twice'
    values = np.random.default_rng(0).normal(size=(len(text), 8)).astype(np.float32)
    values[:, 5] = 0.5 - np.array(PROPERTIES["quote"](text))
    first, second, *_ = find(Activations(text, {(0, "cell"): values}), "quote")
    assert first == Match(0, "cell", 5, -1.0)
    assert abs(second.correlation) < 0.9


def test_a_text_without_the_property_is_an_error():
    with pytest.raises(SettingsError, match="no quote to track"):
        find(record(model_of(), "ab"), "quote")


def test_every_property_can_be_asked_for():
    for name in PROPERTIES:
        assert ActivationSettings(find=name).find == name


def test_levels_spread_gates_and_tanh_over_blue_to_red():
    assert levels(np.array([-1, 0, 1], np.float32), "cell").tolist() == [-127, 0, 127]
    assert levels(np.array([0, 0.5, 1], np.float32), "f").tolist() == [-127, 0, 127]


def test_the_page_holds_the_data_and_nothing_from_elsewhere():
    found = record(model_of(tokens="ab<>/script!-&"), "a</script><!--b&")
    written = page(found, "<title>", Match(1, "f", 3, 0.5), [Match(0, "cell", 2, 0.9)], "quote")
    assert not re.search(r"https?://|src=|href=", written)
    assert "&lt;title&gt;" in written
    assert written.count("</script>") == 2
    data = json.loads(re.search(r'<script id="data"[^>]*>(.*?)</script>', written, re.DOTALL).group(1))
    assert data["text"] == found.text
    assert data["start"] == {"layer": 1, "signal": "f", "cell": 3}
    block = np.frombuffer(base64.b64decode(data["values"]["1f"]), dtype=np.int8).reshape(6, -1)
    assert np.array_equal(block.T, levels(found.values[1, "f"], "f"))


def test_the_terminal_shows_the_text_in_colours():
    view = CellView(
        Activations("a\nb", {(0, "cell"): np.array([[1.0], [0.0], [-1.0]], np.float32)}),
        Match(0, "cell", 0, 0),
        [],
    )
    shown = visible(_coloured(view.activations.text, view.levels()))
    assert shown == "\033[30;48;2;244;137;123ma\033[0m\n\033[30;48;2;121;174;242mb\033[0m"
    assert activations.GATE_NAMES["lstm"] == "ifog"


@pytest.mark.parametrize(("text", "said"), [("xyz", "no character that the model knows"), ("", "is empty")])
def test_a_text_of_which_nothing_is_left_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        record(model_of(), text, skip_unknown=True)
