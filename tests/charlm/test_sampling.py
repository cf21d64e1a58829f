"""Which characters may be drawn, and how the written text comes out."""

import numpy as np
import pytest

from nlpcli.engine.charlm import sampling
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.kernels.neural import drawing
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.settings.charlm import CharLMSettings, GenerateSettings

LOGITS = np.log(np.array([0.5, 0.2, 0.2, 0.1], dtype=np.float32))


@pytest.fixture
def model():
    settings = CharLMSettings(rnn_size=8)
    alphabet = Vocabulary.of(list("ab \n"), [5, 4, 3, 2])
    return CharLM(settings, alphabet, initial_weights(settings, alphabet), {})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (GenerateSettings(), [0.5, 0.2, 0.2, 0.1]),
        (GenerateSettings(temperature=0), [1, 0, 0, 0]),
        (GenerateSettings(temperature=0.5), [25 / 34, 4 / 34, 4 / 34, 1 / 34]),
        (GenerateSettings(top_k=1), [1, 0, 0, 0]),
        (GenerateSettings(top_k=2), [5 / 7, 2 / 7, 0, 0]),
        (GenerateSettings(top_p=0.01), [1, 0, 0, 0]),
        (GenerateSettings(top_p=0.6), [5 / 7, 2 / 7, 0, 0]),
        (GenerateSettings(top_k=3, top_p=0.5), [1, 0, 0, 0]),
        (GenerateSettings(temperature=1e-30), [1, 0, 0, 0]),
    ],
)
def test_temperature_top_k_and_top_p_shape_the_distribution(settings, expected):
    assert sampling.probabilities(LOGITS, settings) == pytest.approx(expected, abs=1e-6)


def test_draws_follow_the_probabilities():
    random = np.random.default_rng(0)
    drawn = [sampling.draw(LOGITS, GenerateSettings(), random) for _ in range(4000)]
    assert np.bincount(drawn, minlength=4) / 4000 == pytest.approx([0.5, 0.2, 0.2, 0.1], abs=0.03)


@pytest.mark.parametrize(
    "cuts",
    [
        {},
        {"temperature": 0.4},
        {"top_k": 1},
        {"top_k": 3},
        {"top_p": 0.7},
        {"top_k": 5, "top_p": 0.6, "temperature": 2},
        {"temperature": 0},
    ],
)
def test_the_kernel_draws_by_the_probabilities(cuts):
    settings, random = GenerateSettings(**cuts), np.random.default_rng(2)
    for number in (0.0, 0.2, 0.5, 0.8, 0.999):
        logits = random.standard_normal(8).astype(np.float32)
        logits[3] = logits[5]
        total = np.cumsum(sampling.probabilities(logits, settings))
        expected = int(np.searchsorted(total, number * total[-1], side="right"))
        assert drawing.drawn(logits, *sampling._cuts(settings), number) == expected
        assert sampling.draw(logits, settings, _Always(number)) == expected


class _Always:
    """A generator of the same number."""

    def __init__(self, number):
        self.number = number

    def random(self):
        return self.number


def test_a_banned_character_is_never_drawn():
    logits = np.array([0.0, -np.inf, 1.0], dtype=np.float32)
    for settings in (GenerateSettings(), GenerateSettings(top_p=0.9), GenerateSettings(temperature=3)):
        assert sampling.probabilities(logits, settings)[1] == 0


def test_same_seed_same_text_and_another_sample_another_text(model):
    def text(sample, seed=1):
        return "".join(sampling.generate(model, "a", GenerateSettings(length=50, seed=seed), sample=sample))

    assert text(0) == text(0)
    assert len({text(0), text(1), text(0, seed=2)}) == 3
    assert len(text(0)) == 51


def test_writing_stops_when_the_wanted_text_appears(model):
    settings = GenerateSettings(length=500, until=" a")
    text = "".join(sampling.generate(model, "a", settings, echo=False))
    assert text.endswith(" a")
    assert text.count(" a") == 1


def test_with_no_prime_a_text_begins_as_after_a_line_end(model):
    given = "".join(sampling.generate(model, "\n", GenerateSettings(length=20), echo=False))
    assert "".join(sampling.generate(model, "", GenerateSettings(length=20))) == given


def unprimed(unit, tokens, counts):
    settings = CharLMSettings(rnn_size=8, unit=unit)
    alphabet = Vocabulary.of(tokens, counts)
    return CharLM(settings, alphabet, initial_weights(settings, alphabet), {})


@pytest.mark.parametrize(
    ("unit", "tokens", "first"),
    [
        ("char", ["a", "b", "c"], "b"),
        ("char", ["a", "\ufffd", "c"], "a"),  # the sign of a rare character begins nothing
        ("char", ["e", "\u0301", "c"], "e"),
        ("jamo", ["ᄒ", "ᅡ", "ᆫ"], "ᄒ"),
        ("byte", ["\xc3", "\xa9", "\x80"], "\xc3"),
    ],
)
def test_without_a_prime_temperature_0_begins_with_the_likeliest(unit, tokens, first):
    model = unprimed(unit, tokens, [2, 9, 1])
    settings = [GenerateSettings(length=9, temperature=0, seed=seed) for seed in range(5)]
    texts = {"".join(sampling.generate(model, "", given, sample=n)) for given in settings for n in range(3)}
    assert len(texts) == 1
    random = np.random.default_rng(0)
    assert tokens[sampling._beginning(model, settings[0], random)] == first


def test_without_a_prime_the_first_unit_is_drawn_by_frequency_and_temperature():
    model = unprimed("char", ["a", "b"], [1, 3])
    random = np.random.default_rng(0)
    for temperature, share in ((1, 3 / 4), (0.5, 9 / 10)):
        settings = GenerateSettings(temperature=temperature)
        drawn = [sampling._beginning(model, settings, random) for _ in range(4000)]
        assert np.mean(drawn) == pytest.approx(share, abs=0.03)
    assert {sampling._beginning(model, GenerateSettings(top_k=1), random) for _ in range(50)} == {1}
