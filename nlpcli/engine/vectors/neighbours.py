"""Questions to word vectors: what is near, what completes an analogy, what does not belong.

All work on a matrix [V, dim], block by block, so that a mapped file is read once for many questions.
The best are found in float32 and their scores then worked out in float64, so that what is shown
does not depend on blocks or threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.threads import in_threads
from nlpcli.errors import InputError, ModelError

By = Literal["cosine", "dot", "euclidean"]
Method = Literal["3cosadd", "3cosmul"]
Number = TypeVar("Number", np.float32, np.float64)
Found = list[tuple[int, float]]
_BLOCK_BYTES = 16 << 20
_SPARE = 8  # candidates kept beyond top_k, for scores that float32 cannot tell apart


class Neighbours:
    """Finds the nearest words; keeps the lengths of the vectors between questions.

    >>> north, east, both = [0, 1], [1, 0], [1, 1]
    >>> search = Neighbours(np.array([north, east, both], np.float32))
    >>> [(row, round(score, 3)) for row, score in search.similar([0], top_k=2)[0]]
    [(2, 0.707), (1, 0.0)]
    """

    def __init__(self, matrix: NDArray[np.float32], limit: int | None = None) -> None:
        self._all = matrix
        self.matrix = matrix[:limit]
        self._norms = np.empty(len(self.matrix), dtype=np.float32)
        self._norms_known = False

    def similar(self, rows: Sequence[int], *, top_k: int = 10, by: By = "cosine") -> list[Found]:
        """For each row its `top_k` nearest other rows, as (row, score), best first.

        cosine: x·y / (|x| |y|); dot: x·y; euclidean: |x − y|, where the smallest is best.
        """
        chosen = np.asarray(rows, dtype=np.int64)
        return self.nearest(self._all[chosen], top_k=top_k, by=by, without=[[row] for row in rows])

    def nearest(
        self,
        queries: NDArray[np.floating[Any]],
        *,
        top_k: int = 10,
        by: By = "cosine",
        without: Sequence[Sequence[int]] = (),
    ) -> list[Found]:
        """For each query vector [Q, dim] its `top_k` nearest rows but for those in `without`."""
        queries = np.atleast_2d(np.asarray(queries, dtype=np.float32))
        without = without or [()] * len(queries)
        wanted = top_k + max(map(len, without), default=0) + _SPARE
        best = _Best(len(queries), wanted)
        turned = np.ascontiguousarray(queries.T)

        def scored(rows: slice) -> tuple[int, NDArray[np.float32]]:
            return rows.start, self._scores(rows, turned, by)

        jobs = ((rows,) for rows in self._blocks(len(queries)))
        for first, scores in (
            in_threads(scored, jobs) if len(queries) > 4 else itertools.starmap(scored, jobs)
        ):
            best.offer(scores, first)
        self._norms_known |= by == "cosine"
        return [
            self._ranked(query, best.ids_of(number), set(without[number]), top_k, by)
            for number, query in enumerate(queries)
        ]

    def _scores(self, rows: slice, turned: NDArray[np.float32], by: By) -> NDArray[np.float32]:
        """How near the queries [dim, Q] are to a block of rows: [rows, Q], the larger the nearer."""
        block = self.matrix[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            scores: NDArray[np.float32] = block @ turned
        check_finite(scores)
        if by == "cosine":
            scores /= self._norms_of(rows, block)[:, None]
        elif by == "euclidean":  # |x − y|² = |x|² − (2 x·y − |y|²), and |x|² is the same for all y
            scores = 2 * scores - np.einsum("ij,ij->i", block, block)[:, None]
        return scores

    def _norms_of(self, rows: slice, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """The lengths of a block's vectors, worked out in the first pass while it is in the cache."""
        if not self._norms_known:
            self._norms[rows] = _norms(block)
        return self._norms[rows]

    def _ranked(
        self, query: NDArray[np.float32], ids: NDArray[np.int64], without: set[int], top_k: int, by: By
    ) -> Found:
        ids = np.sort(ids)
        near = np.asarray(self.matrix[ids], dtype=np.float64)
        exact = query.astype(np.float64)
        if by == "euclidean":
            scores = np.linalg.norm(near - exact, axis=1)
            return _ordered(ids, scores, scores, without, top_k)
        scores = near @ exact
        if by == "cosine":
            scores /= _norms(near) * (np.linalg.norm(exact) or 1.0)
        return _ordered(ids, scores, -scores, without, top_k)

    def analogy(
        self,
        positive: NDArray[np.floating[Any]],
        negative: NDArray[np.floating[Any]],
        *,
        top_k: int = 10,
        method: Method = "3cosadd",
        without: Sequence[int] = (),
    ) -> Found:
        """The words that complete an analogy, as (row, score), best first, but for `without`.

        3cosadd: the cosine with the sum of the unit vectors of `positive` [P, dim] less those of
        `negative` [N, dim] (Mikolov et al. 2013). 3cosmul: Π (1 + cos)/2 over `positive`, divided
        by the same over `negative` plus 1e-6 (Levy and Goldberg 2014, equation 4).
        """
        asked = np.concatenate([positive, negative]).astype(np.float64)
        asked /= _norms(asked)[:, None]
        if method == "3cosadd":
            target = asked[: len(positive)].sum(axis=0) - asked[len(positive) :].sum(axis=0)
            return self.nearest(target[None], top_k=top_k, without=[without])[0]
        best = _Best(1, top_k + len(without) + _SPARE)
        turned = np.ascontiguousarray(asked.T, dtype=np.float32)
        for rows in self._blocks(len(asked)):
            cosines = self._scores(rows, turned, "cosine")
            best.offer(_product(cosines, len(positive))[:, None], rows.start)
        self._norms_known = True
        ids = np.sort(best.ids_of(0))
        near = self.matrix[ids].astype(np.float64)
        scores = _product(near @ asked.T / _norms(near)[:, None], len(positive))
        return _ordered(ids, scores, -scores, set(without), top_k)

    def _blocks(self, queries: int = 1) -> Iterator[slice]:
        width = 4 * max(self.matrix.shape[1], queries, 1)
        step = max(256, _BLOCK_BYTES // width)
        for start in range(0, len(self.matrix), step):
            yield slice(start, min(start + step, len(self.matrix)))


def check_finite(numbers: NDArray[Any]) -> None:
    """Raise ModelError where numbers that come of vectors are nan or inf: then numbers of theirs are.

    A sum of products shows it of all that go into it, so that a large file need not be read twice.
    """
    if not np.isfinite(numbers).all():
        raise ModelError(
            "the vectors hold nan, inf or numbers beyond all measure",
            hint="are they damaged? train them again",
        )


def _ordered(
    ids: NDArray[np.int64], scores: NDArray[Any], by: NDArray[Any], without: set[int], top_k: int
) -> Found:
    """(id, score) in the order of `by`, equals in the order of the ids, but for `without`."""
    found = ((int(ids[place]), float(scores[place])) for place in np.argsort(by, kind="stable"))
    return [(number, score) for number, score in found if number not in without][:top_k]


def _norms(rows: NDArray[Number]) -> NDArray[Number]:
    """The lengths of some vectors; 1 for a vector of zeros, whose cosines then are 0."""
    lengths: NDArray[Number] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    lengths[lengths == 0] = 1.0
    return lengths


def _product(cosines: NDArray[Any], positive: int) -> NDArray[Any]:
    shifted = (1 + cosines) / 2
    scores: NDArray[Any] = shifted[:, :positive].prod(axis=1) / (shifted[:, positive:].prod(axis=1) + 1e-6)
    return scores


class _Best:
    """The `wanted` rows of highest score for each of some queries, offered block by block."""

    def __init__(self, queries: int, wanted: int) -> None:
        self._wanted = wanted
        self._ids = [np.empty(0, np.int64)] * queries
        self._scores = [np.empty(0, np.float32)] * queries
        self._bars = np.full(queries, -np.inf, dtype=np.float32)

    def offer(self, scores: NDArray[np.float32], first: int) -> None:
        """Scores [rows, Q] of the rows from `first` on."""
        rows, queries = np.nonzero(scores > self._bars) if first else _top(scores, self._wanted)
        rows = rows[np.argsort(queries, kind="stable")]
        ends = np.cumsum(np.bincount(queries, minlength=scores.shape[1])).tolist()
        for query, (start, end) in enumerate(itertools.pairwise([0, *ends])):
            if end > start:
                self._keep(query, rows[start:end] + first, scores[rows[start:end], query])

    def _keep(self, query: int, ids: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        ids = np.concatenate([self._ids[query], ids])
        scores = np.concatenate([self._scores[query], scores])
        if len(ids) > self._wanted:
            kept = np.argpartition(-scores, self._wanted - 1)[: self._wanted]
            ids, scores = ids[kept], scores[kept]
        if len(ids) == self._wanted:
            self._bars[query] = scores.min()
        self._ids[query], self._scores[query] = ids, scores

    def ids_of(self, query: int) -> NDArray[np.int64]:
        """The rows kept for a query, in no order."""
        return self._ids[query]


def _top(scores: NDArray[np.float32], wanted: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the highest `wanted` scores of each column."""
    wanted = min(wanted, len(scores))
    rows = np.argpartition(-scores, wanted - 1, axis=0)[:wanted]
    return rows.ravel(), np.tile(np.arange(scores.shape[1]), wanted)


def parse_analogy(text: str) -> tuple[list[str], list[str]]:
    """The words that are added and those that are subtracted in a question.

    Either an expression, signs standing apart from words, or three words a b c for "a is to b as
    c is to …", which asks for b − a + c. Words stay as they are written.

    >>> parse_analogy("king - man + woman"), parse_analogy("man king woman")
    ((['king', 'woman'], ['man']), (['king', 'woman'], ['man']))

    Raises InputError when it is neither.
    """
    parts = text.split()
    if len(parts) == 3 and not {"+", "-"} & set(parts):
        return [parts[1], parts[2]], [parts[0]]
    if parts[:1] and parts[0] not in ("+", "-"):
        parts.insert(0, "+")
    signs, words = parts[::2], parts[1::2]
    if (
        not words
        or len(signs) != len(words)
        or not set(signs) <= {"+", "-"}
        or "+" not in signs
        or {"+", "-"} & set(words)
    ):
        raise InputError(
            f"not an analogy: {text.strip() or 'nothing'}",
            hint="ask 'king - man + woman', or: man king woman",
        )
    chosen = list(zip(signs, words, strict=True))
    return [word for sign, word in chosen if sign == "+"], [word for sign, word in chosen if sign == "-"]


def odd_one_out(
    vectors: NDArray[np.floating[Any]], by: Literal["euclidean", "cosine"] = "euclidean"
) -> NDArray[np.float64]:
    """How far each of some vectors [n, dim] is from the others; the largest is the odd one.

    euclidean: the mean of its Euclidean distances to the others. cosine: one minus the cosine
    with the mean of the unit vectors (the order of gensim's `doesnt_match`).

    >>> odd_one_out(np.array([[0.0, 0], [0, 1], [3, 4]])).round(2).tolist()
    [3.0, 2.62, 4.62]
    """
    points = np.asarray(vectors, dtype=np.float64)
    if len(points) < 3:
        raise InputError(f"to find the odd one out takes three words or more, not {len(points)}")
    if by == "euclidean":
        apart: NDArray[np.float64] = np.linalg.norm(points[:, None] - points[None], axis=2)
        means: NDArray[np.float64] = apart.sum(axis=1) / (len(points) - 1)
        return means
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    unit = points / np.where(lengths == 0, 1.0, lengths)
    mean = unit.mean(axis=0)
    away: NDArray[np.float64] = 1 - unit @ (mean / (np.linalg.norm(mean) or 1.0))
    return away
