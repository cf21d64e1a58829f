"""Vocabulary: token ↔ id, with counts.

Ids run from 0. Ties in count are broken by first appearance in the text, so the order is the
same on every run. Not here: how text becomes ids (`encoding.py`).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.store import Model, take_tensor
from nlpcli.errors import InputError, ModelError
from nlpcli.settings import VocabularySettings

_LINE_END = 10


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Tokens by id, and how often each was seen.

    >>> v = Vocabulary.of(["a", "b"], [3, 1])
    >>> v.id_of["b"], len(v), v.tokens[0], v.total
    (1, 2, 'a', 4)
    """

    tokens: tuple[str, ...]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, tokens: Iterable[str], counts: Sequence[int] | NDArray[np.int64]) -> Vocabulary:
        """A vocabulary of `tokens` in the order given."""
        return cls(tuple(tokens), np.asarray(counts, dtype=np.int64))

    @functools.cached_property
    def id_of(self) -> Mapping[str, int]:
        """Token to id."""
        return {token: number for number, token in enumerate(self.tokens)}

    @functools.cached_property
    def _packed(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        return _packed(self.tokens)

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.tokens)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """The vocabulary as arrays for a model file: UTF-8 bytes, offsets [V + 1], counts [V]."""
        text, offsets = self._packed
        return {
            "vocabulary.bytes": text,
            "vocabulary.offsets": offsets,
            "vocabulary.counts": self.counts,
        }

    @classmethod
    def from_model(cls, model: Model) -> Vocabulary:
        """The vocabulary that `to_tensors` put into a model file."""
        text = take_tensor(model, "vocabulary.bytes", "uint8", (None,))
        offsets = take_tensor(model, "vocabulary.offsets", "int64", (None,))
        counts = take_tensor(model, "vocabulary.counts", "int64", (max(len(offsets) - 1, 0),))
        whole = bool(len(offsets)) and offsets[0] == 0 and offsets[-1] == len(text)
        if not whole or (np.diff(offsets) < 0).any():
            raise ModelError("the model's vocabulary is damaged")
        try:
            return cls(_unpacked(text, offsets), counts)
        except UnicodeDecodeError as error:
            raise ModelError("the model's vocabulary is damaged") from error


def _packed(tokens: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 of all tokens, one after the other, and where each begins and the last ends."""
    offsets = np.zeros(len(tokens) + 1, dtype=np.int64)
    joined = np.frombuffer("\n".join([*tokens, ""]).encode("utf-8", "surrogatepass"), dtype=np.uint8)
    line_ends = np.flatnonzero(joined == _LINE_END)
    if len(line_ends) == len(tokens):  # no token has one in it: all at once
        offsets[1:] = line_ends - np.arange(len(tokens))
        return joined[joined != _LINE_END], offsets
    encoded = [token.encode("utf-8", "surrogatepass") for token in tokens]
    np.cumsum([len(token) for token in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets


def _unpacked(text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> tuple[str, ...]:
    """The tokens that `_packed` put together. Raises UnicodeDecodeError."""
    if not (text == _LINE_END).any():
        ended = np.full(len(text) + len(offsets) - 1, _LINE_END, dtype=np.uint8)
        ended[np.arange(len(text)) + np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))] = text
        return tuple(ended.tobytes().decode("utf-8", "surrogatepass").split("\n")[:-1])
    plain, bounds = text.tobytes(), offsets.tolist()
    return tuple(
        plain[start:end].decode("utf-8", "surrogatepass") for start, end in itertools.pairwise(bounds)
    )


def select(
    tokens: Sequence[str], counts: NDArray[np.int64], settings: VocabularySettings
) -> tuple[Vocabulary, NDArray[np.int32]]:
    """Cut and order a first-seen vocabulary; also the new id of every old one (−1: dropped).

    `tokens` and `counts` are in order of first appearance. Raises InputError when nothing
    is left.

    >>> v, new_id = select(["x", "y", "z"], np.array([1, 3, 2]), VocabularySettings(min_count=2))
    >>> v.tokens, new_id.tolist()
    (('y', 'z'), [-1, 0, 1])
    """
    everything = settings.min_count <= 1 and settings.max_vocab is None
    if everything and settings.vocab_order == "first-seen" and len(tokens):
        return Vocabulary.of(tokens, counts), np.arange(len(tokens), dtype=np.int32)
    by_count = np.argsort(-counts, kind="stable")
    kept = by_count[counts[by_count] >= settings.min_count][: settings.max_vocab]
    if not len(kept):
        raise _nothing_left(len(tokens), int(counts.max(initial=0)), settings)
    if settings.vocab_order == "first-seen":
        kept = np.sort(kept)
    elif settings.vocab_order == "alphabetical":
        kept = np.array(sorted(kept.tolist(), key=lambda number: tokens[number]), dtype=np.int64)
    new_id = np.full(len(tokens), -1, dtype=np.int32)
    new_id[kept] = np.arange(len(kept), dtype=np.int32)
    return Vocabulary.of(map(tokens.__getitem__, kept.tolist()), counts[kept]), new_id


def _nothing_left(found: int, highest: int, settings: VocabularySettings) -> InputError:
    if not found:
        return InputError(
            "the input holds no tokens", hint="is the file empty, or the tokenizer the wrong one?"
        )
    return InputError(
        f"no token is left: the most frequent of {found:,} was seen {highest:,} times, "
        f"--min-count is {settings.min_count:,}",
        hint=f"use --min-count {max(1, highest // 2)} or more text",
    )
