"""Training a network over sentences of words: encoder and head, tables of which a batch moves a few rows.

Not here: batches and averages (`batch_trainer.py`), the head and its loss (a subclass says), and what is
validated.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.neural.batch_trainer import BEGINNING, DROPS, BatchTrainer
from nlpcli.engine.neural.encoder_weights import initial_encoder, initial_table
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.tables import Table
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs, WordRows
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

TOKENS = 350  # words a batch, where nothing is said
FORMLESS = 0.5  # of the words that are taken for unknown, so many do not tell their form either
WORDS, FEATURES, GIVEN = "words", "features", "given"


class Part(NamedTuple):
    """Some sentences of a batch: their numbers, longest first; their words, once each; packed places."""

    sentences: Ids
    packing: Packing
    order: Ids
    words: Ids
    rows: Ids


class Sentences:
    """Sentences as numbers of different words, for a training: words int64 [N], starts int64 [S + 1]."""

    def __init__(self, sentences: Sequence[Sequence[str]]) -> None:
        kinds: dict[str, int] = {}
        numbers = (kinds.setdefault(word, len(kinds)) for sentence in sentences for word in sentence)
        self.words = np.fromiter(numbers, np.int64)
        self.kinds: Sequence[str] = list(kinds)
        self.starts = offsets_of(np.fromiter(map(len, sentences), np.int64, len(sentences)))

    @classmethod
    def of_ids(cls, words: Ids, starts: Ids, kinds: Sequence[str]) -> Sentences:
        """Those that are numbers already, of the words `kinds`."""
        found = cls([])
        found.words, found.starts, found.kinds = words, starts, kinds
        return found

    @property
    def sizes(self) -> Ids:
        """How many words each has."""
        return np.diff(self.starts)

    @property
    def lengths(self) -> Ids:
        """The words of each thing that a batch is made of: a sentence (or more; `sequences/pairs.py`)."""
        return self.sizes

    def places(self, sentences: Ids) -> Ids:
        """The places of the words of some sentences, one sentence behind another."""
        return ranges(self.starts[sentences], self.sizes[sentences])

    def part(self, sentences: Ids) -> tuple[Part, Ids]:
        """Some sentences, longest first, packed; and the places of their words in packed order."""
        packing = Packing.of(self.sizes[sentences])
        order = packing.order()
        places = self.places(sentences)[order]
        words, rows = np.unique(self.words[places], return_inverse=True)
        return Part(sentences, packing, order, words, rows.reshape(-1)), places


class SequenceTrainer(BatchTrainer):
    """A network over sentences in training.

    given: vectors [V, D] of words, kept as they are, row 0 for words without one. states: [N, S], those of a
    language model at each word of the text.
    """

    def __init__(
        self,
        sentences: Sentences,
        inputs: WordInputs,
        head: Weights,
        encoder: EncoderSettings,
        training: NetworkTraining,
        *,
        epochs: int,
        seed: int,
        given: NDArray[np.float16] | None = None,
        states: NDArray[np.float16] | None = None,
    ) -> None:
        random = np.random.default_rng([seed, BEGINNING])
        self.encoder, self.training = encoder, training
        self.sentences, self.rows, self.given = sentences, inputs.rows(sentences.kinds), given
        self.states = states
        dim = sum(more.shape[1] for more in (given, states) if more is not None)
        weights = {**initial_encoder(encoder, random, dim), **head}
        super().__init__(weights, training, epochs=epochs, seed=seed)
        self.tables = {
            WORDS: Table(initial_table(random, len(inputs.known) + 1, encoder.word_dim), self.decay),
            FEATURES: Table(initial_table(random, encoder.bucket, encoder.ngram_dim), self.decay),
        }

    def begin_with(self, weights: Weights) -> None:
        """Take these weights, before the first update; others stay as they are."""
        import torch

        with torch.no_grad():
            for name, array in weights.items():
                self.network.weights[name].copy_(torch.from_numpy(np.array(array)))

    whole_output = False  # whether the head says itself what is dropped of the encoder's output

    @property
    def lengths(self) -> Ids:
        """The words of each sentence, or of what else a batch is made of."""
        return self.sentences.lengths

    @property
    def batch_tokens(self) -> int:
        """Words a batch."""
        return self.training.batch_tokens or TOKENS

    @property
    def material(self) -> str:
        """What there is to learn from, in words."""
        return (
            f"{counted(len(self.sentences.starts) - 1, 'sentence')}, "
            f"{counted(len(self.sentences.words), 'word')}"
        )

    # --- a batch ----------------------------------------------------------------------------

    def begin_update(self) -> int:
        """The next batch: its parts, the rows of tables that they read, and which words are dropped."""
        batch = self.batch()
        found = [self.sentences.part(batch[part]) for part in self.parts if len(batch[part])]
        self._held = [part for part, _ in found]
        self._places = [places for _, places in found]
        self._words = words = np.unique(np.concatenate([part.words for part in self._held]))
        rows = self.rows.of(words)
        random = np.random.default_rng([self.seed, DROPS, self.step])
        chance = self.chances(words, random)
        self._own = rows.own * (chance >= self.training.word_dropout)
        self._shown = (chance >= self.training.word_dropout * FORMLESS).astype(np.float32)
        self._starts = rows.starts
        self._leaves, self._at = [], []
        for name, read in ((WORDS, self._own), (FEATURES, rows.features)):
            leaf, at = self.tables[name].leaf(self.read(name, read))
            self._leaves.append(leaf)
            self._at.append(at[read])
        return self.predictions(found)

    def chances(self, words: Ids, random: np.random.Generator) -> NDArray[np.float64]:
        """By which different words of a batch are dropped: those below a share are."""
        del self
        return random.random(len(words))

    def read(self, table: str, rows: Ids) -> Ids:
        """The rows of a table that a batch learns, of which it reads some for its words."""
        del self, table
        return rows

    def predictions(self, found: Sequence[tuple[Part, Ids]]) -> int:
        """How many predictions the loss of a batch is the sum of: its words."""
        return sum(len(places) for _, places in found)

    def part_loss(self, n: int) -> Tensor:
        """Summed loss of part `n` of the batch."""
        import torch

        from nlpcli.engine.neural.nets.encoder import WordTensors, encode, word_vectors

        if n >= len(self._held):
            return torch.zeros((), requires_grad=True) + 0.0
        part = self._held[n]
        here = np.searchsorted(self._words, part.words)
        rows = WordRows(self._at[0], self._starts, self._at[1], self.rows.vectors[self._words]).of(here)
        given = None
        if self.given is not None:
            given = torch.from_numpy(self.given[rows.vectors].astype(np.float32))
        own, used, starts, shown = map(
            torch.from_numpy, (rows.own, rows.features, rows.starts[:-1].copy(), self._shown[here])
        )
        words, features = self._leaves
        x = word_vectors(WordTensors(words, own, features, used, starts, shown, given))
        states = None
        if self.states is not None:
            states = torch.from_numpy(self.states[self._places[n]].astype(np.float32))
        random = np.random.Generator(np.random.SFC64([self.seed, DROPS, self.step, n]))
        y = encode(
            self.encoder, self.network.weights, x, torch.from_numpy(part.rows), part.packing,
            self.training.dropout, random, states, whole=self.whole_output,
        )  # fmt: skip
        return self.head_loss(y, part, self._places[n], random)

    @abstractmethod
    def head_loss(self, y: Tensor, part: Part, places: Ids, random: np.random.Generator) -> Tensor:
        """The summed loss of a part, y [N, output_size] being the encoder's output and `places` its words."""

    # --- tables -----------------------------------------------------------------------------

    def leaves(self) -> list[Tensor]:
        """The rows of tables that the batch reads."""
        return self._leaves

    def update_leaves(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Move them."""
        for table, gradient in zip(self.tables.values(), gradients, strict=True):
            table.update(gradient.numpy(), self.step + 1, rate)
