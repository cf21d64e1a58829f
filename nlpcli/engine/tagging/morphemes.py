"""A model of Korean morphemes: which label each character of a text has, and so its morphemes.

Not here: what labels are (`syllable_labels.py`), lines that are not clean text (`text/tokenizers/morph.py`),
and how the model is made (`benchmarks/korean_morphemes.py`).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.io.schema import AGAIN
from nlpcli.engine.kernels.tagging.arguments import (
    BY_BYTES,
    BY_LETTERS,
    LINE,
    ROOM,
    SYLLABLE_FEATURES,
    TURNS,
    Spelling,
    SyllableLattice,
    SyllableLexicon,
    SyllableWeights,
)
from nlpcli.engine.runtime.arrays import offsets_of, on_cache_line
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tagging.syllable_labels import Label, Piece, letter_numbers
from nlpcli.errors import ModelError

KIND = "morphemes"
FREE, BEGINS = -1, -2  # what a character is bound to: nothing; a label that begins a morpheme
_NO_GOLD = np.full(1, -1, np.int32)

kernels = Kernels("tagging.syllables")


@dataclass(frozen=True, eq=False)
class MorphemeModel:
    """Labels characters by the sum of the weights of their features.

    labels: all there are; units: uint16 [65536], the unit of each character; words: uint32 [M], the
    dictionary; learnt_from: whose analyses it has learnt from, and of which day.
    """

    labels: tuple[Label, ...]
    units: NDArray[np.uint16]
    words: NDArray[np.uint32]
    lexicon: SyllableLexicon
    weights: SyllableWeights
    learnt_from: str = ""

    def found(self, texts: Sequence[str], bound: NDArray[np.int32] | None = None) -> NDArray[np.int16]:
        """The number of the label of every character, int16 [N], −1 for spaces: of all texts in a row.

        Texts are composed (NFC), their only white space is " ". bound: int32 [N], the label that a character
        must have, FREE or BEGINS.
        """
        return self.labelled(texts, bound)[1]

    def labelled(
        self, texts: Sequence[str], bound: NDArray[np.int32] | None = None
    ) -> tuple[NDArray[np.uint32], NDArray[np.int16]]:
        """The characters of all texts in a row, uint32 [N], and what `found` gives."""
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        units, found = np.empty(len(codes), np.int32), np.empty(len(codes), np.int16)
        kernels.units_of(codes, self.units, units)
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        longest = int(sizes.max(initial=1))
        if bound is None:
            bound = np.full(len(codes), FREE, np.int32)
        kernels.best_labels(
            units,
            bound,
            offsets_of(sizes),
            self.words,
            self.lexicon,
            self.weights,
            _NO_GOLD,
            np.empty((longest + 1, ROOM), np.uint64),
            np.empty((longest, SYLLABLE_FEATURES), np.uint32),
            lattice_for(longest, self.lexicon, self.weights.steps.shape[1] - 1, np.int16),
            found,
        )
        return codes, found

    def morphemes(self, found: NDArray[np.int16]) -> NDArray[np.int32]:
        """The morphemes of characters with these labels [N], int32 [M, 6], as `morphemes_of` tells them."""
        pieces = self.pieces
        morphemes = np.empty((len(found) * pieces.shape[1], 6), np.int32)
        return morphemes[: kernels.morphemes_of(found, pieces, morphemes)]

    @cached_property
    def tags(self) -> list[str]:
        """The tags by number."""
        return tags_of(self.labels)

    @cached_property
    def pieces(self) -> NDArray[np.uint8]:
        """The pieces of each label, uint8 [L, P, 3], as `morphemes_of` takes them."""
        number = {tag: place for place, tag in enumerate(self.tags)}
        pieces = np.zeros((len(self.labels), max(map(len, self.labels)), 3), np.uint8)
        for label, told in zip(self.labels, pieces, strict=True):
            for piece, row in zip(label, told, strict=False):
                row[:] = "BIZE".index(piece.mark) + 1, piece.letters == "=", number[piece.tag]
        return pieces

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        lexicon, weights = self.lexicon, self.weights
        header = {
            "labels": [[[*piece] for piece in label] for label in self.labels],
            "beam": weights.beam,
            "lines": len(weights.weights),
            "learnt_from": self.learnt_from,
        }
        tensors: dict[str, NDArray[Any]] = {
            "units": self.units,
            "words": self.words,
            "choices.starts": lexicon.starts,
            "choices.labels": lexicon.labels.astype(np.int16),
            "slots": lexicon.slots.astype(np.int8),
            "weights.packed": _packed(weights.weights),
            "steps": weights.steps,
        }
        write_model(path, KIND, header, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> MorphemeModel:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(read_model(path, KIND))

    @classmethod
    def from_model(cls, model: Model) -> MorphemeModel:
        """The same from a file already read."""
        arrays = model.tensors
        labels = tuple(tuple(Piece(*piece) for piece in label) for label in model.fields["labels"])
        lexicon = lexicon_of(
            labels, arrays["choices.starts"], arrays["choices.labels"].astype(np.int32), arrays["slots"]
        )
        lines = model.fields["lines"]
        found = _unpacked(arrays["weights.packed"], lines) if lines else arrays["weights"]
        weights = SyllableWeights(on_cache_line(found), arrays["steps"], model.fields["beam"])
        return cls(labels, arrays["units"], arrays["words"], lexicon, weights, model.fields["learnt_from"])


def _packed(lines: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Lines of weights in Huffman's code alone: there is nothing in them that comes again."""
    code = zlib.compressobj(6, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    return np.frombuffer(code.compress(lines.tobytes()) + code.flush(), np.uint8)


def _unpacked(packed: NDArray[np.uint8], lines: int) -> NDArray[np.int8]:
    """What `_packed` packed, int8 [lines, LINE]. Raises ModelError where it is not so much."""
    try:
        content = zlib.decompressobj().decompress(packed.tobytes(), lines * LINE + 1)
    except zlib.error as error:
        raise ModelError("the model is damaged: its weights cannot be unpacked", hint=AGAIN) from error
    if len(content) != lines * LINE:
        raise ModelError("the model is damaged: it has not as many weights as it says", hint=AGAIN)
    return np.frombuffer(content, np.int8).reshape(lines, LINE)


def tags_of(labels: Sequence[Label]) -> list[str]:
    """The tags in labels, ascending."""
    return sorted({piece.tag for label in labels for piece in label})


def lexicon_of(
    labels: Sequence[Label], starts: NDArray[np.int32], choices: NDArray[np.int32], slots: NDArray[Any]
) -> SyllableLexicon:
    """What kernels are told of labels and of the choices of units."""
    number = {tag: place for place, tag in enumerate(tags_of(labels))}
    needs = [number[label[0].tag] if label[0].mark == "I" else -1 for label in labels]
    lasts = [number[label[-1].tag] for label in labels]
    return SyllableLexicon(
        starts, choices, np.array(needs, np.int32), np.array(lasts, np.int32), slots.astype(np.int32)
    )


def lattice_for(longest: int, lexicon: SyllableLexicon, tags: int, sums: type[np.generic]) -> SyllableLattice:
    """Room for the search in lines of up to `longest` characters."""
    most = max(int(np.diff(lexicon.starts).max(initial=1)), 1)
    return SyllableLattice(
        np.empty((longest, most), np.int32),
        np.empty((longest, 2, most), np.int32),
        np.empty((longest, tags), np.int32),
        np.empty((longest, 2 * tags + 2), np.int32),
        np.empty((TURNS, LINE), sums),
        np.empty(LINE, sums),
        np.empty(longest, np.int32),
    )


def spelling_of(model: MorphemeModel, kept: Sequence[bool], tags: bool) -> Spelling:
    """How the morphemes of a model are written. kept: for each tag whether they are; tags: with theirs."""
    letters, spelt = np.zeros((*model.pieces.shape[:2], 6), np.int32), bytearray()
    longest = 4
    for label, rows in zip(model.labels, letters, strict=True):
        for piece, row in zip(label, rows, strict=False):
            if piece.letters == "=":
                continue
            numbers, text = letter_numbers(piece.letters), piece.letters.encode("utf-8", "replace")
            row[0] = BY_BYTES if numbers is None else BY_LETTERS
            row[1:4] = numbers or (0, 0, 0)
            row[4:] = len(spelt), len(spelt) + len(text)
            spelt += text
            longest = max(longest, len(text))
    behind = [f"/{tag}".encode() * tags for tag in model.tags]
    most = model.pieces.shape[1] * (longest + 1 + max(map(len, behind))) + max(map(len, behind)) + 1
    return Spelling(
        model.pieces,
        letters,
        np.frombuffer(bytes(spelt) or b" ", np.uint8),
        np.frombuffer(b"".join(behind) or b" ", np.uint8),
        offsets_of(list(map(len, behind))).astype(np.int32),
        np.array(kept, np.uint8),
        most,
    )
