"""Word vectors from any file to any file: our models, word2vec, GloVe and fastText layouts.

`Vectors.load` tells the layout by the content, never by the name; `write_vectors` goes by the
extension. Not here: the layouts themselves (`reading.py`, `writing.py`) and
questions to vectors (`neighbours.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.vectors import reading
from nlpcli.engine.vectors.writing import write_vectors
from nlpcli.errors import InputError


class Vectors:
    """Words and their vectors: `matrix` [V, dim] float32, row i for `tokens[i]`.

    >>> vectors = Vectors(["a", "b"], np.eye(2, dtype=np.float32))
    >>> vectors.dim, vectors.find("b"), vectors.find("c")
    (2, 1, None)
    """

    def __init__(
        self,
        tokens: Iterable[str],
        matrix: NDArray[np.float32],
        *,
        counts: NDArray[np.int64] | None = None,
        layout: str = "vectors",
        header: dict[str, Any] | None = None,
        repeated: int = 0,
        unseen: Callable[[str], NDArray[np.float32]] | None = None,
    ) -> None:
        self.tokens = PackedTokens.of(tokens)
        self.matrix = matrix
        self.counts = counts
        self.layout = layout
        self.header = header or {}
        self.unseen = unseen  # the vector of any word, from its n-grams (zeros if none is known)
        self.repeated = repeated  # words that a file held more than once: the first counts

    @classmethod
    def load(cls, path: str, *, verify: bool | None = None) -> Vectors:
        """The vectors in a file: a model of ours, word2vec text or binary, GloVe or fastText text.

        Models are mapped from the disk; text may be compressed; `-` is stdin. `verify` compares
        a model's checksum (default: only of small files).

        Raises InputError or ModelError for a file that holds no vectors or is damaged.
        """
        return cls._of(reading.read(path, verify=verify))

    @classmethod
    def load_sides(cls, path: str) -> tuple[Vectors, Vectors]:
        """The input and the output vectors of a word2vec or GloVe model. Raises ModelError for others."""
        first, second = reading.read_sides(path)
        return cls._of(first), cls._of(second)

    @classmethod
    def _of(cls, content: reading.Content) -> Vectors:
        return cls(
            content.tokens,
            content.matrix,
            counts=content.counts,
            layout=content.layout,
            header=content.header,
            repeated=content.repeated,
            unseen=content.unseen,
        )

    def save(self, path: str | os.PathLike[str], *, layout: str | None = None) -> None:
        """Write the vectors; see `write_vectors`."""
        write_vectors(path, self.tokens, self.matrix, counts=self.counts, layout=layout)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.matrix.shape[1])

    def find(self, word: str) -> int | None:
        """The row of a word; None when there is none."""
        return self.tokens.find(word)

    def look_up(self, word: str, *, hint: bool = True) -> tuple[int | None, NDArray[np.float32]]:
        """The row of a word and its vector [dim].

        Raises InputError for an unknown word, with the nearest spellings if a `hint` is wanted.
        """
        row = self.find(word)
        if row is not None:
            return row, np.asarray(self.matrix[row])
        if self.unseen is not None and (vector := self.unseen(word)).any():
            return None, vector
        raise self._unknown(word) if hint else InputError(f"no vector for {word!r}")

    def _unknown(self, word: str) -> InputError:
        from nlpcli.engine.vectors.spelling import nearest_spellings

        near = nearest_spellings(word, self.tokens)
        return InputError(
            f"no vector for {word!r}",
            hint=f"spelt like it: {', '.join(near)}" if near else "no word of the file is spelt like it",
        )
