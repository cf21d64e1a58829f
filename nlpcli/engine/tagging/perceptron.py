"""The averaged perceptron (Collins 2002): how a linear tagger's weights are learnt, and what they are.

Two of a kind: whole tags, the best sequence of them by dynamic programming (`kernels/tagging/viterbi.py`),
and tags that are made of pieces, piece by piece (`kernels/tagging/pieces.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.schemas.tagging import FORBIDDEN
from nlpcli.engine.kernels.tagging.arguments import PIECE_FEATURES, Lattice, Perceptron, Text
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.interrupts import postponed_signals

sequences, choices = Kernels("tagging.viterbi"), Kernels("tagging.pieces")

_STEPS = 512  # sentences a kernel call
_LEAST, _MOST = 1 << 14, 1 << 20  # rows of weights
_MEMORY = 1 << 29
_BYTES = 10  # of a weight and its sum
_EIGHT_BITS = 127

Report = Callable[[int, int, float], None]


class Weights(NamedTuple):
    """What a tagger has learnt, as whole numbers.

    rows: int8 [R, T], a weight for each tag; a feature's hash modulo R, a power of 2, is its row
    transitions: int32 [T + 1, T], from a tag, or the beginning (last), to a tag; the same unit
    """

    rows: NDArray[np.int8]
    transitions: NDArray[np.int32]


class Learner:
    """A perceptron in training on one text. Deterministic: one thread, and orders from the seed.

    gold: int32 [N], the tag of each word; or of each word the pieces of its tag, the end's last among them.
    done: how many sentences it has learnt from, epoch after epoch; step: how many words or pieces.
    """

    def __init__(
        self,
        text: Text,
        gold: NDArray[np.int32] | Sequence[Sequence[int]],
        tags: int,
        margin: int,
        seed: int,
        hash_bits: int = 0,
    ) -> None:
        self._text, self._tags, self._margin, self._seed = text, tags, margin, seed
        if isinstance(gold, np.ndarray):
            self.gold: tuple[NDArray[Any], ...] = (gold,)
        else:
            starts = offsets_of(np.fromiter(map(len, gold), np.int64, len(gold)))
            self.gold = (
                np.fromiter((piece for word in gold for piece in word), np.int32, int(starts[-1])),
                starts,
            )
        width = -(-tags // 8) * 8
        rows = 1 << hash_bits if hash_bits else _rows_for(len(self.gold[0]), width)
        self._mask = rows - 1
        self.model = Perceptron(
            np.zeros((rows, width), np.int16),
            np.zeros((rows, width), np.int64),
            np.zeros((tags + 1, width), np.int32),
            np.zeros((tags + 1, width), np.int64),
        )
        self.outside = (-1, 0)
        self.step = self.done = 0

    def forbid(self, allowed: NDArray[np.bool_]) -> None:
        """Never give a tag behind another, or at the beginning (last row), where not allowed[T + 1, T]."""
        self.model.transitions[:, : self._tags][~allowed] = FORBIDDEN

    def go(self, epochs: int, report: Report) -> None:
        """Go through all sentences until it is `epochs` times, each time in another order.

        Signals wait while the weights change, so that what is interrupted can be saved.
        """
        learn = self._learn_tags() if len(self.gold) == 1 else self._learn_pieces()
        sentences = len(self._text.sentences) - 1
        wrong = seen = 0
        with postponed_signals() as signals:
            while self.done < epochs * sentences:
                epoch, first = divmod(self.done, sentences)
                if not first or not seen:
                    order = np.random.default_rng((self._seed, epoch)).permutation(sentences)
                    wrong = seen = 0
                part = order[first : first + _STEPS]
                wrong += learn(part)
                seen += int((self._text.sentences[part + 1] - self._text.sentences[part]).sum())
                self.done += len(part)
                signals.deliver()
                report(self.done, epochs * sentences, wrong / max(seen, 1))

    def epochs(self) -> float:
        """How often it has gone through the text."""
        return self.done / max(len(self._text.sentences) - 1, 1)

    def fits(self, done: int) -> bool:
        """Whether a training on this text can have been interrupted after so many sentences."""
        return done % max(len(self._text.sentences) - 1, 1) % _STEPS == 0

    def _learn_tags(self) -> Callable[[NDArray[np.int64]], int]:
        """What learns whole tags from some sentences, by the best sequence, and says how many were wrong."""
        lattice = room_for(self._text, self.model.weights.shape[1])
        (gold,) = self.gold

        def learn(order: NDArray[np.int64]) -> int:
            self.step, wrong = sequences.learn(
                self._text,
                gold,
                order,
                self.model,
                self._mask,
                self._tags,
                self._margin,
                self.outside,
                self.step,
                lattice,
            )
            return int(wrong)

        return learn

    def _learn_pieces(self) -> Callable[[NDArray[np.int64]], int]:
        """The same for tags in pieces."""
        rows, scores = room_for_pieces(self._text, self.model.weights.shape[1])
        gold, starts = self.gold

        def learn(order: NDArray[np.int64]) -> int:
            self.step, wrong = choices.learn_pieces(
                self._text, gold, starts, order, self.model, self._mask, self._tags, self._margin, self.step,
                rows, scores,
            )  # fmt: skip
            return int(wrong)

        return learn

    def weights(self) -> tuple[Weights, float]:
        """The mean over all steps, in a unit such that the largest fits eight bits; and the unit."""
        step, tags = float(max(self.step, 1)), self._tags
        model = self.model
        moved = model.transitions - model.transition_sums / step
        unit = max(sequences.largest_mean(model.weights, model.sums, step, tags) / _EIGHT_BITS, 1e-9)
        rows = np.zeros((len(model.weights), tags), np.int8)
        sequences.round_means(model.weights, model.sums, step, unit, rows)
        forbidden = model.transitions[:, :tags] == FORBIDDEN
        transitions = np.where(forbidden, FORBIDDEN, np.rint(moved[:, :tags] / unit)).astype(np.int32)
        return Weights(rows, transitions), unit


def _rows_for(words: int, width: int) -> int:
    """A power of two: a few for each word (or piece) of the training text, within memory's bounds."""
    rows = _LEAST
    while rows < min(8 * words, _MOST) and 2 * rows * width * _BYTES <= _MEMORY:
        rows *= 2
    return rows


def room_for(text: Text, width: int) -> Lattice:
    """What the search in the longest sentence of `text` needs."""
    longest = max(int(np.diff(text.sentences).max(initial=0)), 1)
    return Lattice(
        np.zeros((longest, width), np.int32),
        np.zeros((longest, width), np.int32),
        np.zeros(longest, np.int32),
    )


def room_for_pieces(text: Text, width: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The rows and the scores of one choice."""
    return np.zeros(text.features.shape[1] + PIECE_FEATURES, np.int64), np.zeros(width, np.int32)


def best_tags(weights: Weights, text: Text) -> NDArray[np.int32]:
    """The best sequence of tags of every sentence, int32 [N].

    No score leaves int32: a feature weighs at most 127, and sentences have less than 100,000 words.
    """
    found = np.zeros(len(text.words), np.int32)
    width = weights.rows.shape[1]
    lattice = room_for(text, width)
    sequences.best_tags(
        text,
        weights.rows,
        weights.transitions,
        len(weights.rows) - 1,
        len(weights.transitions) - 1,
        lattice,
        found,
    )
    return found


def probabilities(
    weights: Weights, text: Text, found: NDArray[np.int32], scale: float
) -> NDArray[np.float64]:
    """How probable the tag found [N] of each word is, float64 [N], all others considered."""
    likely = np.zeros(len(found))
    tags = weights.rows.shape[1]
    lattice = room_for(text, tags)
    with np.errstate(under="ignore"):
        steps = np.exp(np.minimum(weights.transitions * scale, 600.0))
    room = [np.zeros(lattice.emissions.shape) for _ in range(2)]
    sequences.probabilities(
        text, weights.rows, steps, len(weights.rows) - 1, tags, scale, lattice, *room, found, likely
    )
    return likely


def best_pieces(
    weights: Weights, text: Text, most: int, scale: float = 0.0
) -> tuple[list[list[int]], NDArray[np.float64]]:
    """The pieces of every word's tag, at least one and at most `most`, and how probable they are."""
    found = np.zeros((len(text.words), most), np.int32)
    lengths, likely = np.zeros(len(found), np.int32), np.zeros(len(found))
    pieces, mask = weights.rows.shape[1], len(weights.rows) - 1
    choices.best_pieces(
        text, weights.rows, mask, pieces, *room_for_pieces(text, pieces), found, lengths, scale, likely
    )
    pairs = zip(found.tolist(), lengths.tolist(), strict=True)
    return [row[:length] for row, length in pairs], likely
