"""Vocabulary: token ↔ id, with counts.

Ids run from 0. Ties in count are broken by first appearance in the text, so the order is the
same on every run. Not here: how text becomes ids (`encoding.py`).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import Model
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.threads import available_cores, run_all
from nlpcli.errors import InputError
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted

kernels = Kernels("text.scan")

_LINE_END = 10
_PIECE = 1 << 16  # tokens decoded at a time, since bytes and strings are there at the same time
_FEW = 2_000  # tokens that are taken as strings


class Vocabulary:
    """Tokens by id, and how often each was seen.

    The tokens are held as strings, or as they stand in a model file: UTF-8, one after the other,
    and offsets. Whichever of the two was not given is made when it is asked for; a large
    vocabulary often never needs its strings.

    counts: int64 [V]

    >>> v = Vocabulary.of(["a", "b"], [3, 1])
    >>> v.id_of["b"], len(v), v.tokens[0], v.total
    (1, 2, 'a', 4)
    """

    def __init__(self, counts: NDArray[np.int64]) -> None:
        self.counts = counts

    @classmethod
    def of(cls, tokens: Iterable[str], counts: Sequence[int] | NDArray[np.int64]) -> Vocabulary:
        """A vocabulary of `tokens` in the order given."""
        vocabulary = cls(np.asarray(counts, dtype=np.int64))
        vocabulary.tokens = tuple(tokens)
        return vocabulary

    @classmethod
    def of_bytes(
        cls, text: NDArray[np.uint8], offsets: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> Vocabulary:
        """The same where token t is UTF-8 `text[offsets[t]:offsets[t + 1]]`; offsets: [V + 1]."""
        vocabulary = cls(counts)
        vocabulary.packed = text, offsets
        return vocabulary

    @functools.cached_property
    def tokens(self) -> tuple[str, ...]:
        """The tokens as strings."""
        return tuple(itertools.chain.from_iterable(_strings(*self.packed)))

    @functools.cached_property
    def packed(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """UTF-8 of all tokens, and where each begins and the last ends [V + 1]."""
        return _packed(self.tokens)

    def lines(self) -> NDArray[np.uint8]:
        """UTF-8 of all tokens, with a line end after each."""
        text, offsets = self.packed
        return np.insert(text, offsets[1:], _LINE_END)

    @functools.cached_property
    def id_of(self) -> Mapping[str, int]:
        """Token to id."""
        return {token: number for number, token in enumerate(self.tokens)}

    def ids_of(self, tokens: Iterable[str]) -> NDArray[np.int32]:
        """The id of each token, −1 for one that is not here."""
        id_of = self.id_of
        return np.array([id_of.get(token, -1) for token in tokens], dtype=np.int32)

    def take(self, ids: NDArray[np.int64]) -> Vocabulary:
        """The tokens of these ids, in this order."""
        if "tokens" in self.__dict__ or len(ids) <= _FEW:  # done before machine code could be loaded
            return Vocabulary.of(map(self.tokens.__getitem__, ids.tolist()), self.counts[ids])
        text, starts = self.packed
        offsets = offsets_of(starts[ids + 1] - starts[ids])
        taken = np.empty(int(offsets[-1]), dtype=np.uint8)

        def copy(first: int, last: int) -> None:
            kernels.take_tokens(text, starts, ids[first:last], taken[offsets[first] : offsets[last]])

        parts = available_cores() if len(ids) > _PIECE else 1
        cuts = [len(ids) * part // parts for part in range(parts + 1)]
        run_all(copy, list(itertools.pairwise(cuts)))
        return Vocabulary.of_bytes(taken, offsets, self.counts[ids])

    def with_counts(self, counts: NDArray[np.int64]) -> Vocabulary:
        """The same tokens with other counts [V]."""
        other = Vocabulary(counts)
        for name in ("tokens", "packed", "id_of"):  # what is there already
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.counts)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """The vocabulary as arrays for a model file: UTF-8 bytes, offsets [V + 1], counts [V]."""
        text, offsets = self.packed
        return {
            "vocabulary.bytes": text,
            "vocabulary.offsets": offsets,
            "vocabulary.counts": self.counts,
        }

    @classmethod
    def from_model(cls, model: Model) -> Vocabulary:
        """The vocabulary that `to_tensors` put into a model file."""
        names = ("bytes", "offsets", "counts")
        return cls.of_bytes(*(model.tensors[f"vocabulary.{name}"] for name in names))


def _packed(tokens: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 of all tokens, one after the other, and where each begins and the last ends."""
    joined = np.frombuffer("\n".join([*tokens, ""]).encode("utf-8", "surrogatepass"), dtype=np.uint8)
    line_ends = np.flatnonzero(joined == _LINE_END)
    if len(line_ends) == len(tokens):  # no token has one in it: all at once
        return joined[joined != _LINE_END], np.insert(line_ends - np.arange(len(tokens)), 0, 0)
    encoded = [token.encode("utf-8", "surrogatepass") for token in tokens]
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets_of([len(token) for token in encoded])


def _strings(text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Iterator[list[str]]:
    """The tokens that `_packed` put together, some at a time."""
    for first in range(0, len(offsets) - 1, _PIECE):
        bounds = offsets[first : first + _PIECE + 1] - offsets[first]
        piece = text[offsets[first] :][: bounds[-1]]
        if (piece == _LINE_END).any():
            plain, ends = piece.tobytes(), bounds.tolist()
            yield [plain[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(ends)]
            continue
        ended = np.insert(piece, bounds[1:], _LINE_END)
        yield ended.tobytes().decode("utf-8", "surrogatepass").split("\n")[:-1]


def select(found: Vocabulary, settings: VocabularySettings) -> tuple[Vocabulary, NDArray[np.int32]]:
    """Cut and order a vocabulary; also the new id of every old one (−1: dropped).

    The tokens of `found` are in order of first appearance. Raises InputError when nothing is left.

    >>> found = Vocabulary.of(["x", "y", "z"], [1, 3, 2])
    >>> v, new_id = select(found, VocabularySettings(min_count=2))
    >>> v.tokens, new_id.tolist()
    (('y', 'z'), [-1, 0, 1])
    """
    counts = found.counts
    everything = settings.min_count <= 1 and settings.max_vocab is None
    if everything and settings.vocab_order == "first-seen" and len(found):
        return found, np.arange(len(found), dtype=np.int32)
    by_count = np.argsort(-counts, kind="stable")
    kept = by_count[counts[by_count] >= settings.min_count][: settings.max_vocab]
    if not len(kept):
        raise _nothing_left(len(found), int(counts.max(initial=0)), settings)
    if settings.vocab_order == "first-seen":
        kept = np.sort(kept)
    elif settings.vocab_order == "alphabetical":
        kept = np.array(sorted(kept.tolist(), key=lambda number: found.tokens[number]), dtype=np.int64)
    new_id = np.full(len(found), -1, dtype=np.int32)
    new_id[kept] = np.arange(len(kept), dtype=np.int32)
    return found.take(kept), new_id


def _nothing_left(found: int, highest: int, settings: VocabularySettings) -> InputError:
    if not found:
        return InputError("the input holds no tokens")
    return InputError(
        f"no token is left: the most frequent of {found:,} was seen {counted(highest, 'time')}, "
        f"--min-count is {settings.min_count:,}",
        hint=f"use --min-count {max(1, highest // 2)} or more text",
    )
