"""Skip-gram with the full softmax, pair by pair: both matrices, the scores, the loss, what a step changes.

Each step is one of the training kernel's own (`kernels/embeddings/softmax.py`); P(word | input) is e to
the power of minus the loss that the kernel tells for that word as the target.
"""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.embeddings.schedule import Chunk
from nlpcli.engine.embeddings.word2vec_training import PairTraining
from nlpcli.engine.io.shown_work import WorkTable, check_shown
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.settings.embeddings import Word2VecSettings

MOST_PAIRS = 40
_MOST_WORDS, _MOST_DIM = 20, 8


class _Step(NamedTuple):
    """A pair and what was computed of it: the input's vector h [dim], u · h and P of all words [V]."""

    word: int
    neighbour: int
    hidden: Floats
    scores: Floats
    chances: list[float]
    loss: float
    rate: float


def last_epoch(
    pairs: NDArray[np.int32], vocabulary: Vocabulary, settings: Word2VecSettings
) -> list[WorkTable]:
    """The last of the epochs over pairs [N, 2] of word and neighbour; in it, they come in their order.

    Raises InputError for more than can be shown.
    """
    check_shown("words", len(vocabulary), _MOST_WORDS)
    check_shown("pairs", len(pairs), MOST_PAIRS)
    check_shown("numbers in a vector", settings.dim, _MOST_DIM, hint="give shorter vectors: --dim 2")
    training = PairTraining(pairs.copy(), vocabulary, dataclasses.replace(settings, loss="softmax"))
    last = len(training.schedule) - training.schedule.chunks
    for number in range(last):
        training.step(training.schedule[number])
    training.check()
    part = training.schedule[last]
    words, dim = len(vocabulary), settings.dim
    steps: list[_Step] = []
    inputs, outputs = [training.inputs[:words, :dim].copy()], [training.outputs[:words, :dim].copy()]
    for number in range(len(pairs)):
        steps.append(
            _step(training, dataclasses.replace(part, first=number, last=number + 1), inputs[-1], outputs[-1])
        )
        inputs.append(training.inputs[:words, :dim].copy())
        outputs.append(training.outputs[:words, :dim].copy())
    tokens = vocabulary.tokens
    named = [(tokens[word], tokens[neighbour]) for word, neighbour in pairs.tolist()]
    return [
        WorkTable("pairs", ["pair", "word", "neighbour"], [(n, *pair) for n, pair in enumerate(named, 1)]),
        _first_matrix(inputs, tokens),
        _hidden(steps, named, words),
        _softmax(steps, tokens),
        _second_matrix(outputs, tokens),
    ]


def _step(training: PairTraining, part: Chunk, inputs: Floats, outputs: Floats) -> _Step:
    """The pair of a chunk trained on; before that, each word's chance to be the neighbour."""
    number = part.first
    word, neighbour = training.pairs[number].tolist()
    before = training.inputs.copy(), training.outputs.copy()
    chances = []
    for candidate in range(len(outputs)):
        training.pairs[number, 1] = candidate
        chances.append(math.exp(-training.step(part)[0]))
        training.inputs[:], training.outputs[:] = before
    training.pairs[number, 1] = neighbour
    loss, _ = training.step(part)
    hidden = inputs[word]
    return _Step(word, neighbour, hidden, outputs @ hidden, chances, loss, part.alpha)


def _first_matrix(states: list[Floats], tokens: tuple[str, ...]) -> WorkTable:
    """W1, before and after every pair: a column for each word, which is its input vector."""
    rows = [
        (after, dimension, *row)
        for after, matrix in enumerate(states)
        for dimension, row in enumerate(matrix.T.tolist(), start=1)
    ]
    return WorkTable("W1", ["after_pair", "W1", *(f"‹{token}›" for token in tokens)], rows)


def _second_matrix(states: list[Floats], tokens: tuple[str, ...]) -> WorkTable:
    """W2, likewise: a row for each word, which is its output vector."""
    rows = [
        (after, token, *row)
        for after, matrix in enumerate(states)
        for token, row in zip(tokens, matrix.tolist(), strict=True)
    ]
    return WorkTable("W2", ["after_pair", "W2", *_numbers(states[0].shape[1])], rows)


def _hidden(steps: list[_Step], named: list[tuple[str, str]], words: int) -> WorkTable:
    """x, the one-hot vector of the word; h = W1 x, a column of W1; the loss, −ln P(neighbour); the rate."""
    rows = []
    for number, (step, pair) in enumerate(zip(steps, named, strict=True), start=1):
        one_hot = [int(word == step.word) for word in range(words)]
        rows.append((number, *pair, one_hot, *step.hidden.tolist(), step.loss, step.rate))
    headings = [f"h_{number}" for number in _numbers(len(steps[0].hidden))]
    return WorkTable("hidden", ["pair", "word", "neighbour", "x", *headings, "loss", "learning_rate"], rows)


def _softmax(steps: list[_Step], tokens: tuple[str, ...]) -> WorkTable:
    """U · h for each word's row u of W2, its softmax, and the error that moves both matrices."""
    rows = []
    for number, step in enumerate(steps, start=1):
        for word, (score, chance) in enumerate(zip(step.scores.tolist(), step.chances, strict=True)):
            target = int(word == step.neighbour)
            rows.append((number, tokens[word], score, math.exp(score), chance, target, target - chance))
    return WorkTable("softmax", ["pair", "candidate", "u·h", "exp(u·h)", "P", "target", "target−P"], rows)


def _numbers(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]
