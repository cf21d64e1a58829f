"""What taggers and classifiers by a network have in common at work: words' vectors and the encoder.

Runs on numpy and kernels alone. Not here: heads, and how the weights are learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model
from nlpcli.engine.neural.batches import at_work
from nlpcli.engine.neural.encoder import Tables, run, word_vectors
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.sequence_trainer import GIVEN, Part, Sentences
from nlpcli.engine.neural.trainer import Diverged
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.sequences.pairs import Likeness
from nlpcli.settings.charlm import weight_shapes
from nlpcli.settings.neural import EncoderSettings, encoder_shapes

TABLE, LM = "table.", "lm."
_MOST = 60_000.0  # in half precision; what comes near it has lost its way
_TOGETHER = 4096  # words that are read side by side
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class WordNetwork:
    """The encoder with all it is told.

    weights: float32, of the encoder and the head. tables: float16, rows of words, of features of their forms,
    of given vectors. lm: a character language model whose states the encoder is told too.
    """

    inputs: WordInputs
    weights: Weights
    tables: Mapping[str, NDArray[np.float16]]
    encoder: EncoderSettings
    lm: WordStates | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tables", Tables(self.tables))

    @classmethod
    def of(
        cls,
        inputs: WordInputs,
        learnt: Weights,
        given: NDArray[np.float16] | None,
        encoder: EncoderSettings,
        lm: WordStates | None,
    ) -> WordNetwork:
        """That of weights in training, whose tables are rounded to float16, as they are kept."""
        if not all(np.isfinite(array).all() for array in learnt.values()):
            raise Diverged
        tables = {
            name.removeprefix(TABLE): np.clip(array, -_MOST, _MOST).astype(np.float16)
            for name, array in learnt.items()
            if name.startswith(TABLE)
        }
        if given is not None:
            tables[GIVEN] = given
        dense = {name: array for name, array in learnt.items() if not name.startswith(TABLE)}
        return cls(inputs, dense, tables, encoder, lm)

    def outputs(
        self, text: Sentences, sentences: Sequence[Sequence[str]]
    ) -> Iterator[tuple[Part, Ids, Floats]]:
        """Sentences read side by side, the places of their words, and the encoder's output for these.

        Those without a word are left out.
        """
        if not text.kinds:
            return
        x = self.vectors(text.kinds)
        known = self.lm.of(sentences) if self.lm is not None else None
        for batch in at_work(text.lengths, _TOGETHER):
            filled = batch[text.lengths[batch] > 0]
            if len(filled):
                part, places = text.part(filled)
                states = known[places].astype(np.float32) if known is not None else None
                y = run(self.encoder, self.weights, x, part.words[part.rows], part.packing, states)
                yield part, places, y

    def vectors(self, kinds: Sequence[str]) -> Floats:
        """The vectors of words, float32 [W, D]."""
        return word_vectors(self._tables, self.inputs.rows(kinds))  # type: ignore[attr-defined]

    def own_vectors(self, table: str) -> Floats:
        """A whole table, float32 [R, D]."""
        found: Floats = self._tables[table]  # type: ignore[attr-defined]
        return found

    def likeness(self, kinds: Sequence[str]) -> Likeness:
        """How alike different words are."""
        return Likeness(kinds, self.inputs, self.tables.get(GIVEN))

    def header(self) -> dict[str, Any]:
        """Its share of the JSON part of a model file."""
        return {
            "jamo": self.inputs.jamo,
            "given_dim": self.tables[GIVEN].shape[1] if GIVEN in self.tables else 0,
            "lm": self.lm.model.settings.to_record() if self.lm is not None else None,
            "encoder": self.encoder.to_record(),
        }

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Its arrays in a model file."""
        return {
            **self.weights,
            **{TABLE + name: table for name, table in self.tables.items()},
            **PackedTokens.of(self.inputs.known).to_tensors("known"),
            **(PackedTokens.of(self.inputs.given).to_tensors("given") if GIVEN in self.tables else {}),
            **({LM + name: array for name, array in self.lm.model.tensors().items()} if self.lm else {}),
        }

    @classmethod
    def from_model(cls, model: Model, head: Shapes) -> WordNetwork:
        """That of a file, with the weights of a head."""
        fields, arrays = model.fields, model.tensors
        encoder, lm = fields["encoder"], _language_model(model)
        more = fields["given_dim"] + (lm.size if lm is not None else 0)
        known = PackedTokens.from_model(model, "known")
        given = PackedTokens.from_model(model, "given") if fields["given_dim"] else ()
        return cls(
            WordInputs(known, given, encoder, fields["jamo"]),
            {name: arrays[name] for name in (*encoder_shapes(encoder, more), *head)},
            {name.removeprefix(TABLE): arrays[name] for name in arrays if name.startswith(TABLE)},
            encoder,
            lm,
        )


def _language_model(model: Model) -> WordStates | None:
    """The character language model in a file, if there is one."""
    settings, arrays = model.fields["lm"], model.tensors
    if settings is None:
        return None
    names = (f"{LM}vocabulary.{part}" for part in ("bytes", "offsets", "counts"))
    alphabet = Vocabulary.of_bytes(*(arrays[name] for name in names))
    weights = {name: arrays[LM + name] for name in weight_shapes(settings, len(alphabet))}
    return WordStates(CharLM(settings, alphabet, weights, {}))
