"""A matrix as the product of two small ones: truncated SVD, and non-negative matrix factorisation.

    truncated SVD   X ≈ U Σ Vᵀ, by random projections (Halko, Martinsson and Tropp 2011)
    NMF             X ≈ W Hᵀ, W and H ≥ 0, by HALS (Cichocki and Phan 2009), from NNDSVD (Boutsidis and
                    Gallopoulos 2008, zeros filled with the mean as their variant "a")

All of it by kernels that sum in a fixed order: the same bytes on any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.documents.sparse import SparseMatrix, split_rows
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import run_all

kernels = Kernels("topics.factors")

_MORE = 10  # random directions besides those that are wanted
_POWERS = 4  # times that the projection is sharpened
_ROUNDS = 60  # of Jacobi's rotations, at most
_TOLERANCE = 1e-5  # of the error that a round must gain
_STEPS = 1  # HALS steps of a factor for each product with the data
_SMALL = 50_000_000  # multiplications: fewer are done before threads have begun
_PARTS = 16  # of a matrix, whatever the number of threads


@dataclass(frozen=True, eq=False)
class Decomposition:
    """X ≈ left · diag(values) · right: left [rows, k], values [k] descending, right [k, columns]."""

    left: Floats
    values: NDArray[np.float64]
    right: Floats


class Rows:
    """A sparse matrix to multiply dense ones with, and its transpose."""

    def __init__(self, matrix: SparseMatrix, threads: int) -> None:
        self.data = matrix.data.astype(np.float32)
        self.indices, self.indptr, self.shape = matrix.indices, matrix.indptr, matrix.shape
        self.threads = threads  # used where it is worth it

    def transposed(self) -> Rows:
        """The matrix by columns."""
        columns = self.shape[1]
        indptr = offsets_of(np.bincount(self.indices, minlength=columns))
        data, indices = np.empty_like(self.data), np.empty(len(self.data), dtype=np.int32)
        kernels.transpose(self.data, self.indices, self.indptr, indptr[:-1].copy(), data, indices)
        turned = SparseMatrix(data, indices, indptr, self.shape[0])
        return Rows(turned, self.threads)

    def times(self, dense: Floats) -> Floats:
        """The product with a dense matrix [columns, k]: [rows, k]."""
        out = np.empty((self.shape[0], dense.shape[1]), dtype=np.float32)

        def part(first: int, last: int) -> None:
            kernels.times_dense(self.data, self.indices, self.indptr, first, last, dense, out)

        _all(part, split_rows(self.indptr, 4 * self.threads), self.threads)
        return out

    def square(self) -> float:
        """The sum of all squares."""
        return float(np.square(self.data, dtype=np.float64).sum())


def truncated_svd(matrix: SparseMatrix, k: int, seed: int, threads: int) -> Decomposition:
    """The k largest singular values, at most, and their vectors, the right ones with sums above 0."""
    rows = Rows(matrix, threads)
    columns = rows.transposed()
    wanted = min(k, *matrix.shape)
    size = min(wanted + _MORE, *matrix.shape)
    generator = np.random.Generator(np.random.PCG64(seed))
    basis = _orthonormal(rows.times(generator.standard_normal((matrix.shape[1], size), dtype=np.float32)))
    for _ in range(_POWERS):
        basis = _orthonormal(rows.times(_orthonormal(columns.times(basis))))
    small = columns.times(basis)  # (basisᵀ X)ᵀ [columns, size]
    squares, directions = _eigen(_gram(small, threads))
    values = np.sqrt(np.maximum(squares[:wanted], 0))
    kept = values > 1e-5 * max(float(values[0]), 1e-30)
    values, turn = values[kept], directions[: len(kept)][kept].astype(np.float32)
    right = _product(small, turn).T / values[:, None].astype(np.float32)
    left = _product(basis, turn)
    signs = np.where(right.sum(axis=1) < 0, np.float32(-1), np.float32(1))
    return Decomposition(left * signs, values, np.ascontiguousarray(right * signs[:, None]))


def factorise(
    matrix: SparseMatrix, k: int, rounds: int, seed: int, threads: int, progress: Progress = SILENT
) -> tuple[Floats, Floats, float]:
    """W [rows, k] and H [columns, k], not negative, and |X − W Hᵀ| / |X|; done when a round gains nothing."""
    threads = threads if len(matrix.data) * k > _SMALL else 1
    rows = Rows(matrix, threads)
    columns = rows.transposed()
    w, h = _first_factors(truncated_svd(matrix, k, seed, threads), matrix, k)
    square, last = rows.square(), math.inf
    for done in range(rounds):
        _improve(w, rows.times(h), _gram(h, threads), threads)
        products, gram = columns.times(w), _gram(w, threads)
        _improve(h, products, gram, threads)
        inner = float((products.astype(np.float64) * h).sum())
        error = math.sqrt(max(0.0, square - 2 * inner + float((gram * _gram(h, threads)).sum())) / square)
        progress.update("factorising", done + 1, rounds, f"error {error:.5f}")
        if last - error < _TOLERANCE * error:
            break
        last = error
    return w, h, error


def non_negative(matrix: SparseMatrix, h: Floats, threads: int, steps: int = 50) -> Floats:
    """Weights [rows, k] ≥ 0 of new rows for a factor that is given."""
    found = np.zeros((matrix.shape[0], h.shape[1]), dtype=np.float32)
    _improve(found, Rows(matrix, threads).times(h), _gram(h, threads), threads, steps)
    return found


def _first_factors(found: Decomposition, matrix: SparseMatrix, k: int) -> tuple[Floats, Floats]:
    """NNDSVD: of each pair of singular vectors the larger of its positive and its negative parts."""
    mean = np.float32(matrix.data.sum() / max(1, matrix.shape[0] * matrix.shape[1]))
    fill = np.float32(math.sqrt(float(mean) / k))
    w, h = (np.full((size, k), fill, dtype=np.float32) for size in matrix.shape)
    for number, value in enumerate(found.values):
        pairs = []
        for sign in (1, -1):
            parts = [np.maximum(sign * vector, 0) for vector in (found.left[:, number], found.right[number])]
            lengths = [math.sqrt(float(np.square(part, dtype=np.float64).sum())) for part in parts]
            pairs.append((lengths[0] * lengths[1], parts, lengths))
        size, parts, lengths = max(pairs, key=lambda pair: pair[0])
        for target, part, length in zip((w, h), parts, lengths, strict=True):
            scaled = part * np.float32(math.sqrt(value * size) / max(length, 1e-30))
            target[:, number] = np.where(scaled > 0, scaled, fill)
    return w, h


def _all(work: Callable[..., object], jobs: Iterable[tuple[Any, ...]], threads: int) -> None:
    """`work(*job)` for each job; without a thread where one is enough, since a round takes milliseconds."""
    if threads > 1:
        run_all(work, jobs, threads)
    else:
        for job in jobs:
            work(*job)


def _improve(
    factor: Floats, products: Floats, gram: NDArray[np.float64], threads: int, steps: int = _STEPS
) -> None:
    small = gram.astype(np.float32)
    _all(
        lambda first, last: kernels.improve_rows(products, small, first, last, steps, factor),
        _parts(len(factor)),
        threads,
    )


def _gram(matrix: Floats, threads: int) -> NDArray[np.float64]:
    """Mᵀ M, summed part by part in a fixed order."""
    parts = _parts(len(matrix))
    grams = np.zeros((len(parts), matrix.shape[1], matrix.shape[1]))
    _all(lambda number, part: kernels.add_gram(matrix, *part, grams[number]), enumerate(parts), threads)
    upper = grams.sum(axis=0)
    gram: NDArray[np.float64] = upper + np.triu(upper, 1).T
    return gram


def _orthonormal(matrix: Floats) -> Floats:
    turned = np.ascontiguousarray(matrix.T)
    independent = np.empty(len(turned), dtype=np.bool_)
    kernels.orthonormalise(turned, independent)
    return np.ascontiguousarray(turned.T)


def _eigen(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues, largest first, and their vectors as rows."""
    work, vectors = matrix.copy(), np.eye(len(matrix))
    kernels.jacobi(work, vectors, _ROUNDS)
    values = np.diagonal(work)
    order = np.argsort(-values, kind="stable")
    return values[order], vectors[order]


def _product(matrix: Floats, turn: Floats) -> Floats:
    """Matrix [n, s] times turnᵀ [s, k], as a sum over s in its order."""
    out = np.zeros((len(matrix), len(turn)), dtype=np.float32)
    for column in range(turn.shape[1]):
        out += matrix[:, column : column + 1] * turn[:, column]
    return out


def _parts(rows: int) -> list[tuple[int, int]]:
    """At most so many parts of the rows as there are tasks."""
    size = max(1, -(-rows // _PARTS))
    return [(first, min(first + size, rows)) for first in range(0, rows, size)]
