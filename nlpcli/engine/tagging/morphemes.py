"""A model of Korean morphemes: which label each character of a text has, and so its morphemes.

Not here: what labels are (`syllable_labels.py`), lines that are not clean text (`text/tokenizers/morph.py`),
and how the model is made (`benchmarks/korean_morphemes.py`).
"""

from __future__ import annotations

import math
import os
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.io.schema import AGAIN
from nlpcli.engine.kernels.tagging.arguments import (
    BY_BYTES,
    BY_LETTERS,
    FREE,
    LENGTHS,
    LINE,
    LONGEST_KNOWN,
    NOUNS,
    ROOM,
    SYLLABLE_FEATURES,
    TURNS,
    Spelling,
    SyllableLattice,
    SyllableLexicon,
    SyllableMemory,
    SyllableWeights,
)
from nlpcli.engine.runtime.arrays import offsets_of, on_cache_line
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tagging.syllable_labels import Label, Piece, letter_numbers
from nlpcli.errors import ModelError

KIND = "morphemes"
BEGINS = -2  # what a character is bound to, besides labels and FREE: a label that begins a morpheme
_NO_GOLD = np.full(1, -1, np.int32)

kernels = Kernels("tagging.syllables")
_of_thread = threading.local()


def _no_words() -> NDArray[np.uint16]:
    return np.zeros(0, np.uint16)


@dataclass(frozen=True, eq=False)
class MorphemeModel:
    """Labels characters by the sum of the weights of their features.

    labels: all there are; units: uint16 [65536], the unit of each character; words: uint32 [M], the
    dictionary; learnt_from: whose analyses it has learnt from, and of which day; always: uint16 [A], which
    words are always analysed alike, as `SyllableMemory` tells them.
    """

    labels: tuple[Label, ...]
    units: NDArray[np.uint16]
    words: NDArray[np.uint32]
    lexicon: SyllableLexicon
    weights: SyllableWeights
    learnt_from: str = ""
    always: NDArray[np.uint16] = field(default_factory=_no_words)

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
            self._memory(),
            _NO_GOLD,
            np.empty((longest + 1, ROOM), np.uint64),
            np.empty((longest, SYLLABLE_FEATURES), np.uint32),
            lattice_for(longest, self.lexicon, self.weights.steps.shape[2] - 1, np.int16),
            found,
        )
        return codes, found

    def _memory(self) -> SyllableMemory:
        """What this thread has found for words that are always analysed alike."""
        kept: WeakKeyDictionary[MorphemeModel, SyllableMemory]
        kept = _of_thread.__dict__.setdefault("memories", WeakKeyDictionary())
        own = kept.get(self)
        if own is None:
            own = kept[self] = memory_for(self.always)
        return own

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
        weights = self.weights
        starts, choices, slots = plain_of(self.lexicon)
        header = {
            "labels": [[[*piece] for piece in label] for label in self.labels],
            "beam": weights.beam,
            "lines": len(weights.weights),
            "lengths": int(np.diff(self.lexicon.variants).max()),
            "learnt_from": self.learnt_from,
        }
        tensors: dict[str, NDArray[Any]] = {
            "units": self.units,
            "words": self.words,
            "choices.starts": starts,
            "choices.labels": choices.astype(np.int16),
            "slots": slots.astype(np.int8),
            "weights.packed": _packed(weights.weights, zlib.Z_HUFFMAN_ONLY),  # nothing in them comes again
            "steps": np.ascontiguousarray(weights.steps.transpose(0, 2, 1)),
            "morphemes.packed": _packed(weights.morphemes),
            **({"always": self.always} if len(self.always) else {}),
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
        lengths, lines = model.fields["lengths"], model.fields["lines"]
        lexicon = lexicon_of(
            labels, arrays["choices.starts"], arrays["choices.labels"], arrays["slots"], max(lengths, 1)
        )
        shape = (LENGTHS, 4, 256, len(states_of(labels, lengths)))
        weights = SyllableWeights(
            on_cache_line(_unpacked(arrays["weights.packed"], (lines, LINE)) if lines else arrays["weights"]),
            np.ascontiguousarray(arrays["steps"].transpose(0, 2, 1)),
            _unpacked(arrays["morphemes.packed"], shape, np.int16) if lengths else np.zeros(shape, np.int16),
            model.fields["beam"],
        )
        # In files written before, arrays begin anywhere; kernels are compiled for those that are aligned.
        units, words = on_cache_line(arrays["units"]), on_cache_line(arrays["words"])
        always = on_cache_line(arrays.get("always", _no_words()))
        return cls(labels, units, words, lexicon, weights, model.fields["learnt_from"], always)


def _packed(weights: NDArray[Any], strategy: int = zlib.Z_DEFAULT_STRATEGY) -> NDArray[np.uint8]:
    code = zlib.compressobj(6, zlib.DEFLATED, 15, 9, strategy)
    return np.frombuffer(code.compress(weights.tobytes()) + code.flush(), np.uint8)


def _unpacked(
    packed: NDArray[np.uint8], shape: tuple[int, ...], kind: type[np.generic] = np.int8
) -> NDArray[Any]:
    """What `_packed` packed. Raises ModelError where it is not so much."""
    size = math.prod(shape) * np.dtype(kind).itemsize
    try:
        content = zlib.decompressobj().decompress(packed.tobytes(), size + 1)
    except zlib.error as error:
        raise ModelError("the model is damaged: its weights cannot be unpacked", hint=AGAIN) from error
    if len(content) != size:
        raise ModelError("the model is damaged: it has not as many weights as it says", hint=AGAIN)
    return np.frombuffer(content, kind).reshape(shape)


def tags_of(labels: Sequence[Label]) -> list[str]:
    """The tags in labels, ascending."""
    return sorted({piece.tag for label in labels for piece in label})


def states_of(labels: Sequence[Label], longest: int) -> dict[tuple[str, int], int]:
    """The number of each tag, at length 1, and of nouns at the lengths that are told apart, 2 to longest."""
    tags = tags_of(labels)
    lengths = [(tag, length) for tag in NOUNS if tag in tags for length in range(2, longest + 1)]
    return {state: number for number, state in enumerate([(tag, 1) for tag in tags] + lengths)}


def lexicon_of(
    labels: Sequence[Label], starts: NDArray[Any], choices: NDArray[Any], slots: NDArray[Any], longest: int
) -> SyllableLexicon:
    """What kernels are told of labels and of the choices of units.

    starts int32 [U + 1], choices [C] and slots [L]: by label; longest: as in `states_of`.
    """
    states = states_of(labels, longest)
    variants: list[int] = [0]
    told: list[tuple[int, ...]] = []
    for number, label in enumerate(labels):
        (mark, tag, _), (ends, last, _) = label[0], label[-1]
        is_noun, goes_on = tag in NOUNS, mark == "I" and len(label) == 1
        for length in range(1, longest + 1) if mark == "I" and is_noun else (1,):
            needs = states[tag, length] if mark == "I" else -1
            then = min(length + 1, longest) if goes_on and is_noun else 1
            told.append((number, needs, states[last, then], slots[number], -1 if goes_on else ends in "BI"))
        variants.append(len(told))
    plain, needs, lasts, variant_slots, holds = np.ascontiguousarray(np.array(told, np.int32).T)
    first = np.array(variants, np.int32)
    chosen = [np.arange(first[label], first[label + 1]) for label in choices.tolist()]
    begins = np.append(0, np.cumsum(np.diff(first)[choices]))
    flat = np.concatenate([*chosen, np.arange(len(told))]).astype(np.int32)
    return SyllableLexicon(
        begins[starts].astype(np.int32), flat, needs[flat], lasts[flat], variant_slots[flat], holds[flat],
        plain, first, needs, lasts, variant_slots, holds,
    )  # fmt: skip


def plain_of(lexicon: SyllableLexicon) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The starts, choices and slots that `lexicon_of` was given."""
    labels = lexicon.labels[: lexicon.starts[-1]]
    is_first = labels == lexicon.variants[lexicon.plain[labels]]
    places = np.append(0, np.cumsum(is_first))
    choices = lexicon.plain[labels[is_first]]
    return places[lexicon.starts].astype(np.int32), choices, lexicon.slots[lexicon.variants[:-1]]


def memory_for(always: NDArray[np.uint16]) -> SyllableMemory:
    """Room for the labels of so many words that are always analysed alike, and of some taken for them."""
    size = 2 * len(always) + 2
    return SyllableMemory(
        marks=always,
        keys=np.zeros(size, np.uint64),
        places=np.zeros(size, np.int32),
        labels=np.zeros(2 * size + LONGEST_KNOWN, np.int16),
        used=np.zeros(2, np.int64),
        free=np.full(LONGEST_KNOWN, FREE, np.int32),
    )


def lattice_for(
    longest: int, lexicon: SyllableLexicon, states: int, sums: type[np.generic]
) -> SyllableLattice:
    """Room for the search in lines of up to `longest` characters."""
    most = max(int(np.diff(lexicon.starts).max()), int(np.diff(lexicon.variants).max()))
    return SyllableLattice(
        choices=np.empty((longest, most), np.int32),
        sources=np.empty((longest, most), np.int32),
        row=np.empty(most + 1, np.int32),
        scores=np.empty((2, most), np.int32),
        lengths=np.empty((2, most), np.int32),
        weighs=np.empty((2, most), np.int32),
        tops=np.empty(states, np.int64),
        heads=np.empty((2, states), np.int32),
        alive=np.empty((2, states + 2), np.int32),
        ends=np.empty((2, states + 2), np.int32),
        kinds=np.empty((longest + 1, LENGTHS), np.uint8),
        sums=np.empty((TURNS, LINE), sums),
        total=np.empty(LINE, sums),
        path=np.empty(longest, np.int32),
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
