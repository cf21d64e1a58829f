"""A masked language model: the words that may stand where a text has a mask (Devlin et al. 2019).

    y = encoder(… the [MASK] sat …),  P(word) = softmax(y_mask W E + b)

E are the words' own vectors, which the encoder is told too. A mask is a word like others, but of its form
nothing is told. Runs on numpy and kernels alone. Not here: how it is learnt (`masked_training.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nlpcli.engine.io.checkpoints import read_finished
from nlpcli.engine.io.model_file import Model, write_model
from nlpcli.engine.io.schemas.masked import MASK, masked_head_shapes
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.recurrent_step import log_softmax
from nlpcli.engine.neural.sequence_trainer import WORDS, Sentences
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.arguments import as_list
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.masked import FillSettings, MaskedSettings
from nlpcli.settings.text import AnalysisSettings

KIND, UNFINISHED = "masked-lm", "masked-lm-checkpoint"
Window = tuple[list[str], int]  # words, and the place of a mask among them


_OTHER_SIGNS = re.compile(
    r"(?i)<mask>|\[mask\]|\[blank\]|\{mask\}|_{2,}|\*{3,}"
)  # of other programs, and by hand


def _other_sign(text: str, mask: str) -> str:
    """What to do about a text without a mask."""
    found = _OTHER_SIGNS.search(text)
    if found is None:
        return f"put {mask} in place of a word, or name another sign with --mask-token"
    return f"is {found[0]} the mask? --mask-token '{found[0]}' says so"


class Filled(NamedTuple):
    """A word for a mask. mask: which one of the text, from 1 on."""

    mask: int
    word: str
    probability: float


class MaskedNetwork(WordNetwork):
    """The encoder with its words, of which a mask's form tells nothing."""

    def vectors(self, kinds: Sequence[str]) -> Floats:
        """The vectors of words, float32 [W, D]."""
        found = super().vectors(kinds)
        masks = [number for number, kind in enumerate(kinds) if kind.lower() == MASK]
        found[masks, self.encoder.word_dim :] = 0
        return found


@dataclass(frozen=True, eq=False)
class MaskedLM:
    """Finds words by what stands around them."""

    network: MaskedNetwork
    analysis: AnalysisSettings
    settings: MaskedSettings

    @property
    def purpose(self) -> list[Any]:
        """What the head is for: nothing that a tagger or classifier goes on with."""
        return [KIND]

    @property
    def words(self) -> Sequence[str]:
        """The words that can be found, in lower case."""
        return self.network.inputs.known[:-1]

    def log_probabilities(
        self, sentences: Sequence[Sequence[str]], places: Sequence[int]
    ) -> Iterable[tuple[Ids, Floats]]:
        """Of some sentences their numbers, and the logarithms of how likely each word is [B, words].

        places: of each sentence the word that is asked for, which is a mask.
        """
        text = Sentences(sentences)
        asked = np.asarray(places, np.int64)
        weights = self.network.weights
        vectors = self.network.own_vectors(WORDS)[1:]
        for part, _, y in self.network.outputs(text, sentences):
            here = part.packing.starts[asked[part.sentences]] + np.arange(len(part.sentences))
            scores = (y[here] @ weights["head.w"]) @ vectors.T + weights["head.b"]
            yield part.sentences, log_softmax(scores[:, :-1])  # a mask is none of the words

    def fill(
        self, texts: str | Iterable[str], top_k: int = 5, mask: str = FillSettings().mask
    ) -> list[list[Filled]]:
        """For each text the likeliest words of each of its masks, best first.

        Raises InputError for a text without a mask, SettingsError for a mask without a sign.
        """
        return self.filled([self.asked(text, mask) for text in as_list(texts)], top_k)

    def filled(self, texts: Sequence[Sequence[Window]], top_k: int) -> list[list[Filled]]:
        """Words for the masks of texts, of which `asked` gives the windows."""
        numbers = [(text, mask) for text, masks in enumerate(texts) for mask in range(len(masks))]
        windows = [window for masks in texts for window in masks]
        best: list[list[Filled]] = [[] for _ in windows]
        names = self.words
        sentences, places = [words for words, _ in windows], [place for _, place in windows]
        for some, likely in self.log_probabilities(sentences, places):
            for number, row in zip(some.tolist(), likely, strict=True):
                order = np.argsort(-row, kind="stable")[:top_k]
                chances = np.exp(row[order]).tolist()
                best[number] = [
                    Filled(numbers[number][1] + 1, names[word], chance)
                    for word, chance in zip(order.tolist(), chances, strict=True)
                ]
        rows: list[list[Filled]] = [[] for _ in texts]
        for (text, _), filled in zip(numbers, best, strict=True):
            rows[text] += filled
        return rows

    def asked(self, text: str, mask: str) -> list[Window]:
        """Of each mask of a text the words around it, as many as in training, and its place among them."""
        if not mask.strip():
            raise SettingsError("--mask-token is empty", hint="name a sign: --mask-token ___")
        parts = text.split(mask)
        if len(parts) == 1:
            raise InputError(
                f"no {mask} in {text[:60]!r}",
                hint=_other_sign(text, mask),
            )
        analyzer = Analyzer(self.analysis)
        words, places = analyzer.tokens(parts[0]), []
        for part in parts[1:]:
            places.append(len(words))
            words += [MASK, *analyzer.tokens(part)]
        most, found = self.settings.context, []
        for place in places:
            begin = max(0, min(place - most // 2, len(words) - most))
            found.append((words[begin : begin + most], place - begin))
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header = {
            **self.network.header(),
            "analysis": self.analysis.to_record(),
            "settings": self.settings.to_record(),
        }
        write_model(path, KIND, header, self.network.tensors())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MaskedLM:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(
            read_finished(path, (KIND,), (UNFINISHED,), "masked language model", "train-mlm")
        )

    @classmethod
    def from_model(cls, model: Model) -> MaskedLM:
        """The same from a file already read."""
        fields = model.fields
        head = masked_head_shapes(fields["encoder"], "V")
        network = MaskedNetwork.from_model(model, head)  # type: ignore[arg-type]
        return cls(network, fields["analysis"], fields["settings"])  # type: ignore[arg-type]
