"""What a character language model knows at the end of each word: its hidden state there (Akbik et al. 2018).

The model reads a sentence as a line, its words with a space between, and after a word's last character the
outputs of its last layer say what was read, and what may come.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.units import RARE, to_units
from nlpcli.engine.neural.batches import at_work
from nlpcli.engine.neural.encoder import run_layer
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.runtime.arrays import Floats, offsets_of, ranges
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import ATTENTION

_TOGETHER = 1 << 14  # units that are read side by side


class WordStates:
    """A character language model that reads sentences of words."""

    def __init__(self, model: CharLM) -> None:
        self.model = model
        if model.settings.cell == ATTENTION:
            raise SettingsError(
                "--lm: a transformer has no states to tell of words by",
                hint="give a model with a recurrent cell",
            )
        if model.settings.unit == "subword":
            raise SettingsError("--lm: a model of subwords does not read words character by character")
        weights, settings = model.weights, model.settings
        first = weights["layer0.w_xh"]
        if "embedding" in weights:
            first = weights["embedding"] @ first
        self._table: Floats = np.ascontiguousarray(first + weights["layer0.b"])
        self._w_hh = [np.ascontiguousarray(weights[f"layer{n}.w_hh"]) for n in range(settings.num_layers)]
        known = model.alphabet.id_of
        self._other = known.get(RARE, known.get(" ", 0))  # stands for units that the model has never seen
        self._known = known
        self._words: dict[str, list[int]] = {}

    @property
    def size(self) -> int:
        """How many numbers a state has."""
        return self.model.settings.rnn_size

    def of(self, sentences: Sequence[Sequence[str]]) -> NDArray[np.float16]:
        """The states at the words of all sentences, one behind another: float16 [N, H]."""
        ids, ends, starts = self._read(sentences)
        lengths = np.diff(starts)
        offsets = offsets_of(np.fromiter(map(len, sentences), np.int64, len(sentences)))
        found = np.empty((int(offsets[-1]), self.size), np.float16)
        for batch in at_work(lengths, _TOGETHER):
            filled = batch[lengths[batch] > 0]
            if not len(filled):
                continue
            packing = Packing.of(lengths[filled])
            places = ranges(starts[filled], lengths[filled])
            order = packing.order()
            states = self._run(ids[places[order]], packing)
            at = np.empty(len(order), np.int64)
            at[order] = np.arange(len(order))  # of each unit its place among the packed ones
            before = offsets_of(lengths[filled])
            counts = np.diff(offsets)[filled]
            words = ranges(offsets[filled], counts)
            found[words] = states[at[np.repeat(before[:-1], counts) + ends[words]]]
        return found

    def _read(self, sentences: Sequence[Sequence[str]]) -> tuple[Ids, Ids, Ids]:
        """Units of all sentences; where in its sentence each word ends; where each sentence begins."""
        line, space = (self._ids(character)[0] for character in ("\n", " "))
        ids: list[int] = []
        ends: list[int] = []
        starts = [0]
        for sentence in sentences:
            begin = len(ids)
            for word in sentence:
                ids.append(space if len(ids) > begin else line)
                ids += self._ids(word)
                ends.append(len(ids) - begin - 1)
            starts.append(len(ids))
        return np.array(ids, np.int64), np.array(ends, np.int64), np.array(starts, np.int64)

    def _ids(self, word: str) -> list[int]:
        found = self._words.get(word)
        if found is None:
            points = to_units(word, self.model.settings.unit).tolist()
            found = self._words[word] = [self._known.get(chr(point), self._other) for point in points]
        return found

    def _run(self, ids: Ids, packing: Packing) -> Floats:
        """The outputs of the last layer, float32 [N, H]."""
        settings, weights = self.model.settings, self.model.weights
        h = run_layer(settings.cell, self._table, ids, packing, self._w_hh[0], settings.rnn_size)
        for n in range(1, settings.num_layers):
            inputs = h @ weights[f"layer{n}.w_xh"]
            inputs += weights[f"layer{n}.b"]
            rows = np.arange(len(ids))
            h = run_layer(settings.cell, inputs, rows, packing, self._w_hh[n], settings.rnn_size)
        return h
