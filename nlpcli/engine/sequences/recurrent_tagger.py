"""A tagger by a recurrent network: the words' vectors, the encoder, the head, and the tags they are for.

Runs on numpy and kernels alone. Not here: how it is learnt (`recurrent_training.py`), and how a line becomes
words (`tagger.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.io.schemas.tagging import head_shapes
from nlpcli.engine.neural.batches import at_work
from nlpcli.engine.neural.encoder import Tables, run, word_vectors
from nlpcli.engine.neural.sequence_trainer import GIVEN, Sentences
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.sequences.tag_heads import head_of
from nlpcli.engine.tagging.features import hashes_of
from nlpcli.engine.tagging.linear_tagger import in_text
from nlpcli.errors import ModelError
from nlpcli.settings.charlm import weight_shapes
from nlpcli.settings.neural import EncoderSettings, encoder_shapes
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings

KIND, UNFINISHED = "recurrent-tagger", "recurrent-tagger-checkpoint"
TABLE, LM = "table.", "lm."
_WORDS = 4096  # of sentences that are tagged together


@dataclass(frozen=True, eq=False)
class RecurrentTagger:
    """Tags words by what is before and behind them.

    tags: names, ascending, of whole tags, or of pieces; `most` is 0 for whole tags, else how many pieces a
    tag has at most. target: what the tags are. space: the word that stands for white space between words, as
    in text of characters; mostly none. seen: the hashes, ascending, of the words of the training text.
    weights: float32; tables: float16, rows of words, of features of their forms, of given vectors.
    lm: a character language model whose states the encoder is told too.
    """

    tags: tuple[str, ...]
    most: int
    target: str
    space: str
    inputs: WordInputs
    weights: Weights
    tables: Mapping[str, NDArray[np.float16]]
    seen: NDArray[np.uint64]
    analysis: AnalysisSettings
    settings: TaggerSettings
    encoder: EncoderSettings
    lm: WordStates | None = None

    def __post_init__(self) -> None:
        crf = "head.transitions" in self.weights
        object.__setattr__(self, "_head", head_of(self.encoder, self.tags, self.most, crf=crf))
        object.__setattr__(self, "_tables", Tables(self.tables))

    @property
    def spans(self) -> bool:
        """Whether the tags are labels of spans."""
        return self.target == "ner"

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of the words of each sentence."""
        return self.tag_with_probabilities(sentences)[0]

    def tag_with_probabilities(
        self, sentences: Sequence[Sequence[str]]
    ) -> tuple[list[list[str]], list[list[float]]]:
        """The tags of the words of each sentence, and how probable each is."""
        tags: list[list[str]] = [[] for _ in sentences]
        chances: list[list[float]] = [[] for _ in sentences]
        text = Sentences(sentences)
        if not text.kinds:
            return tags, chances
        x = word_vectors(self._tables, self.inputs.rows(text.kinds))  # type: ignore[attr-defined]
        known = self.lm.of(sentences) if self.lm is not None else None
        for batch in at_work(text.lengths, _WORDS):
            filled = batch[text.lengths[batch] > 0]
            if not len(filled):
                continue
            part, places = text.part(filled)
            states = known[places].astype(np.float32) if known is not None else None
            y = run(self.encoder, self.weights, x, part.words[part.rows], part.packing, states)
            packed, likely = self._head.best(y, self.weights, part.packing)  # type: ignore[attr-defined]
            back = np.argsort(part.order)
            found, sure = [packed[place] for place in back.tolist()], likely[back].tolist()
            begin = 0
            for sentence, length in zip(filled.tolist(), part.packing.lengths.tolist(), strict=True):
                tags[sentence], chances[sentence] = (
                    found[begin : begin + length],
                    sure[begin : begin + length],
                )
                begin += length
        return tags, chances

    def knows(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Which words stood in the training text."""
        return in_text(self.seen, hashes_of(words))

    def header(self) -> dict[str, Any]:
        """The JSON part of the model file."""
        return {
            "tags": list(self.tags),
            "most_pieces": self.most,
            "target": self.target,
            "space": self.space,
            "crf": "head.transitions" in self.weights,
            "jamo": self.inputs.jamo,
            "given_dim": self.tables[GIVEN].shape[1] if GIVEN in self.tables else 0,
            "lm": self.lm.model.settings.to_record() if self.lm is not None else None,
            "analysis": self.analysis.to_record(),
            "settings": self.settings.to_record(),
            "encoder": self.encoder.to_record(),
        }

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays of the model file."""
        return {
            **self.weights,
            **{TABLE + name: table for name, table in self.tables.items()},
            **PackedTokens.of(self.inputs.known).to_tensors("known"),
            **(PackedTokens.of(self.inputs.given).to_tensors("given") if GIVEN in self.tables else {}),
            **({LM + name: array for name, array in self.lm.model.tensors().items()} if self.lm else {}),
            "known_words": self.seen,
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        write_model(path, KIND, self.header(), self.tensors())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RecurrentTagger:
        """The model that `save` wrote. Raises ModelError."""
        model = read_model(path, (KIND, UNFINISHED))
        if model.kind == UNFINISHED:
            raise ModelError(
                f"{path} is a training that was interrupted, no tagger yet",
                hint=f"repeat the train-tagger command with --resume {path}",
            )
        return cls.from_model(model)

    @classmethod
    def from_model(cls, model: Model) -> RecurrentTagger:
        """The same from a file already read."""
        fields, arrays = model.fields, model.tensors
        encoder, tags, lm = fields["encoder"], fields["tags"], _language_model(model)
        shapes = {
            **encoder_shapes(encoder, fields["given_dim"] + (lm.size if lm is not None else 0)),
            **head_shapes(encoder, len(tags), fields["most_pieces"], crf=fields["crf"]),
        }
        known = PackedTokens.from_model(model, "known")
        given = PackedTokens.from_model(model, "given") if fields["given_dim"] else ()
        inputs = WordInputs(known, given, encoder, fields["jamo"])
        return cls(
            tags, fields["most_pieces"], fields["target"], fields["space"], inputs,
            {name: arrays[name] for name in shapes},
            {name.removeprefix(TABLE): arrays[name] for name in arrays if name.startswith(TABLE)},
            arrays["known_words"], fields["analysis"], fields["settings"], encoder, lm,
        )  # fmt: skip


def _language_model(model: Model) -> WordStates | None:
    """The character language model in a tagger's file, if there is one."""
    settings, arrays = model.fields["lm"], model.tensors
    if settings is None:
        return None
    alphabet = Vocabulary.of_bytes(
        *(arrays[f"{LM}vocabulary.{part}"] for part in ("bytes", "offsets", "counts"))
    )
    weights = {name: arrays[LM + name] for name in weight_shapes(settings, len(alphabet))}
    return WordStates(CharLM(settings, alphabet, weights, {}))
