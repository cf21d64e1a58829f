"""What a character model knows at a word's end: the state that reading the line up to there gives."""

import numpy as np
import pytest

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.settings.charlm import CharLMSettings

ALPHABET = Vocabulary.of([*"\n abcdeㅎ", "ᄒ", "ᅡ", "ᆫ"], range(20, 8, -1))
SENTENCES = [["ab", "c", "abcde"], [], ["한", "dQ"], ["a"] * 40]


@pytest.mark.parametrize(("cell", "layers", "embedding"), [("lstm", 1, 0), ("gru", 2, 5), ("rnn", 2, 0)])
def test_a_words_state_is_that_of_reading_up_to_its_end(cell, layers, embedding):
    settings = CharLMSettings(cell=cell, num_layers=layers, rnn_size=6, embedding_dim=embedding, unit="jamo")
    model = CharLM(settings, ALPHABET, initial_weights(settings, ALPHABET), {})
    found = WordStates(model).of(SENTENCES)
    assert found.shape == (3 + 0 + 2 + 40, 6) and found.dtype == np.float16
    expected = []
    for sentence in SENTENCES:
        step, begun = model.stepper(), False
        for word in sentence:
            units = {"한": "한", "dQ": "d "}.get(word, word)  # Q was never seen: a space stands for it
            for character in (" " if begun else "\n") + units:
                state = step.read(np.array([ALPHABET.id_of[character]]))
            begun = True
            expected.append(state[0])
    assert found.astype(np.float32) == pytest.approx(np.array(expected), abs=1e-3)
