"""Word vectors from any file to any file: our models, word2vec, GloVe and fastText layouts.

`Vectors.load` tells the layout by the content, never by the name; `write_vectors` goes by the
extension. Not here: the layouts themselves (`reading.py`, `writing.py`) and how questions are
answered (`neighbours.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.vectors import reading
from nlpcli.engine.vectors.neighbours import (
    Found,
    Neighbours,
    check_finite,
    odd_one_out,
    parse_analogy,
)
from nlpcli.engine.vectors.word_forms import WordForms
from nlpcli.engine.vectors.writing import SubwordModel, write_vectors
from nlpcli.errors import InputError
from nlpcli.settings.vectors import AnalogySettings, OddOneOutSettings, SimilarSettings

Scored = list[tuple[str, float]]  # words with their scores, best first
Known = tuple[int | None, NDArray[np.float32]]  # the row of a word, if it has one, and its vector [dim]


class Vectors:
    """Words and their vectors: `matrix` [V, dim] float32, row i for `tokens[i]`.

    >>> points = [[1, 0.25], [1, 1], [0.25, 0.25], [0.25, 1], [1, 0.5]]
    >>> vectors = Vectors(["man", "king", "woman", "queen", "boy"], np.array(points, np.float32))
    >>> vectors.dim, vectors["king"].tolist(), "prince" in vectors
    (2, [1.0, 1.0], False)
    >>> [(word, round(cosine, 3)) for word, cosine in vectors.similar("king", top_k=2)]
    [('woman', 1.0), ('boy', 0.949)]
    >>> vectors.analogy("king - man + woman", top_k=1)[0][0]
    'queen'
    >>> vectors.odd_one_out(["man", "boy", "queen"])
    'queen'
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
        model: SubwordModel | None = None,
        left_out: str = "",
    ) -> None:
        self.tokens = PackedTokens.of(tokens)
        self.matrix = matrix
        self.counts = counts
        self.layout = layout
        self.header = header or {}
        self.model = model  # the subwords, for writing
        self.left_out = left_out  # what the file holds beside vectors, that another layout would not
        # The vector of any word, from its n-grams (zeros if none is known).
        self.unseen = unseen or (model.subwords.vector if model is not None else None)
        self._forms = WordForms(self.tokens, self.header)
        self.repeated = repeated  # words that a file held more than once: the first counts
        self._neighbours: dict[int | None, Neighbours] = {}

    @classmethod
    def load(
        cls, path: str, *, verify: bool | None = None, whole: bool = False, unread: bool = False
    ) -> Vectors:
        """The vectors in a file: a model of ours or of fastText, word2vec text or binary, GloVe text.

        Models are mapped from the disk; any file may be compressed; `-` is stdin. `verify` compares
        a model's checksum (default: only of small files). `whole` is for writing subwords anew. With
        `unread` the numbers of a large model are looked at only as questions are answered.

        Raises InputError or ModelError for a file that holds no vectors or is damaged.
        """
        return cls._of(reading.read(path, verify=verify, whole=whole, unread=unread))

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
            model=SubwordModel(content.subwords, content.header) if content.subwords is not None else None,
            left_out=content.left_out,
        )

    def save(self, path: str | os.PathLike[str], *, layout: str | None = None) -> None:
        """Write the vectors; see `write_vectors`. Subwords go with them where they were read whole."""
        model = self.model if self.model is not None and self.model.subwords.word_rows is not None else None
        write_vectors(
            path, self.tokens, self.matrix, counts=self.counts, layout=layout, model=model, source=self.header
        )

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.matrix.shape[1])

    def find(self, word: str) -> int | None:
        """The row of a word as the model spells it ("The" may be "the"); None when there is none."""
        return self._forms.find(word)

    def __contains__(self, word: str) -> bool:
        return self.find(word) is not None

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The vector [dim] of a word. Raises InputError, with the nearest spellings, for an unknown one."""
        return self.look_up(word)[1]

    def look_up(self, word: str, *, hint: bool = True) -> Known:
        """The row of a word and its vector [dim].

        Raises InputError for an unknown word, with the nearest spellings if a `hint` is wanted.
        """
        row = self.find(word)
        if row is not None:
            vector = np.asarray(self.matrix[row])
            check_finite(vector)
            return row, vector
        if self.unseen is not None and (vector := self.unseen(self._forms.spelt(word))).any():
            check_finite(vector)
            return None, vector
        raise self._unknown(word) if hint else InputError(f"no vector for {word!r}")

    def _unknown(self, word: str) -> InputError:
        from nlpcli.engine.vectors.spelling import nearest_spellings

        near = nearest_spellings(word, self.tokens)
        return InputError(
            f"no vector for {word!r}",
            hint=f"spelt like it: {', '.join(near)}" if near else "no word of the file is spelt like it",
        )

    # --- questions --------------------------------------------------------------------------

    @plain_settings
    def similar(self, word: str, settings: SimilarSettings = SimilarSettings()) -> Scored:
        """The words most like a word, with their scores, best first.

        Raises InputError, with the nearest spellings, for an unknown word.
        """
        return self.nearest([self.look_up(word)], settings)[0]

    def nearest(self, known: Sequence[Known], settings: SimilarSettings = SimilarSettings()) -> list[Scored]:
        """For each of some words that were looked up the words most like it: one pass over the vectors."""
        found = self._among(settings.vocab).nearest(
            np.stack([vector for _, vector in known]),
            top_k=settings.top_k,
            by=settings.by,
            without=[[] if row is None else [row] for row, _ in known],
        )
        return [self._named(rows) for rows in found]

    @plain_settings
    def analogy(
        self, question: str, settings: AnalogySettings = AnalogySettings(), *, hint: bool = True
    ) -> Scored:
        """The words that complete an analogy ("king - man + woman", or "man king woman"), best first.

        Raises InputError for what is no analogy and for an unknown word.
        """
        positive, negative = (
            [self.look_up(word, hint=hint) for word in side] for side in parse_analogy(question)
        )
        return self._named(
            self._among(settings.vocab).analogy(
                self._stacked(positive),
                self._stacked(negative),
                top_k=settings.top_k,
                method=settings.method,
                without=[row for row, _ in (*positive, *negative) if row is not None],
            )
        )

    @plain_settings
    def odd_one_out(self, words: Sequence[str], settings: OddOneOutSettings = OddOneOutSettings()) -> str:
        """The word that does not belong among some words. Raises InputError for fewer than three."""
        return self.apart(words, settings)[0][0]

    def apart(
        self, words: Sequence[str], settings: OddOneOutSettings = OddOneOutSettings(), *, hint: bool = True
    ) -> Scored:
        """Some words with how far each is from the others, the odd one first."""
        group: dict[int | str, tuple[str, Known]] = {}
        for word in words:
            known = self.look_up(word, hint=hint)
            group.setdefault(word if known[0] is None else known[0], (word, known))
        distances = odd_one_out(self._stacked([known for _, known in group.values()]), settings.by)
        named = zip((word for word, _ in group.values()), distances.tolist(), strict=True)
        return sorted(named, key=lambda pair: -pair[1])

    def _among(self, limit: int | None) -> Neighbours:
        if limit not in self._neighbours:
            self._neighbours[limit] = Neighbours(self.matrix, limit)
        return self._neighbours[limit]

    def _stacked(self, known: Sequence[Known]) -> NDArray[np.float32]:
        if not known:
            return np.empty((0, self.dim), np.float32)
        return np.stack([vector for _, vector in known]).astype(np.float32, copy=False)

    def _named(self, found: Found) -> Scored:
        return [(self.tokens[row], score) for row, score in found]
