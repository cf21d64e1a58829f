"""Products of sparse rows and dense matrices, and the steps of HALS: what NMF and truncated SVD are made of.

Each row of a result depends on nothing that another thread writes, and sums run in the order of the rows,
so results are the same on any number of threads.

Sparse rows: data float32 [nnz], indices int32 [nnz], indptr int64 [rows + 1].
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, fastmath=True)
def times_dense(data, indices, indptr, first, last, dense, out):
    """Rows `first` to `last` of the sparse matrix times `dense` [columns, k]: out [rows, k]."""
    width = np.uint64(dense.shape[1])
    source, target = dense.reshape(-1), out.reshape(-1)
    for row in range(first, last):
        base = np.uint64(row) * width
        for k in range(width):
            target[base + k] = 0
        for cell in range(indptr[row], indptr[row + 1]):
            weight, place = data[cell], np.uint64(indices[cell]) * width
            for k in range(width):
                target[base + k] += weight * source[place + k]


@njit(nogil=True)
def transpose(data, indices, indptr, begins, new_data, new_indices):
    """The sparse matrix by columns: `begins` [columns] is where each column goes, and moves on."""
    for row in range(indptr.size - 1):
        for cell in range(indptr[row], indptr[row + 1]):
            column = indices[cell]
            new_data[begins[column]] = data[cell]
            new_indices[begins[column]] = row
            begins[column] += 1


@njit(nogil=True, fastmath=True)
def add_gram(matrix, first, last, gram):
    """Add Mᵀ M of rows `first` to `last` of M [n, k] to float64 [k, k], the upper half."""
    width = matrix.shape[1]
    for row in range(first, last):
        for i in range(width):
            weight = np.float64(matrix[row, i])
            if weight != 0:
                for j in range(i, width):
                    gram[i, j] += weight * matrix[row, j]


@njit(nogil=True, fastmath=True)
def improve_rows(products, gram, first, last, rounds, rows):
    """Hierarchical alternating least squares (Cichocki and Phan 2009): rows of a non-negative factor, better.

    One coordinate after the other is set to what leaves the least squared error, the others as they are:

        w_k ← max(0, w_k + (p_k − Σ_j G_kj w_j) / G_kk)

    products [n, k]: of the data with the other factor; gram float32 [k, k] of the other factor; rows [n, k].
    """
    width = gram.shape[0]
    size = np.uint64(width)
    flat, all_rows = gram.reshape(-1), rows.reshape(-1)
    for row in range(first, last):
        base = np.uint64(row) * size
        for _ in range(rounds):
            for k in range(size):
                norm = flat[k * size + k]
                if norm <= 0:
                    continue
                known = np.float32(0)
                for j in range(size):
                    known += flat[k * size + j] * all_rows[base + j]
                better = all_rows[base + k] + (products[row, k] - known) / norm
                all_rows[base + k] = max(np.float32(0), better)


@njit(nogil=True)
def orthonormalise(matrix, independent):
    """Columns of M [n, k], given as rows [k, n], made orthogonal and of length 1; twice, for precision.

    Modified Gram-Schmidt. A column that depends on earlier ones becomes zero; `independent` bool [k] says
    which do not.
    """
    columns, size = matrix.shape
    for k in range(columns):
        before = 0.0
        for place in range(size):
            before += np.float64(matrix[k, place]) ** 2
        for _ in range(2):
            for j in range(k):
                dot = 0.0
                for place in range(size):
                    dot += np.float64(matrix[j, place]) * matrix[k, place]
                for place in range(size):
                    matrix[k, place] -= np.float32(dot) * matrix[j, place]
        length = 0.0
        for place in range(size):
            length += np.float64(matrix[k, place]) ** 2
        independent[k] = length > 1e-10 * before and length > 0
        scale = np.float32(1 / np.sqrt(length)) if independent[k] else np.float32(0)
        for place in range(size):
            matrix[k, place] *= scale


@njit(nogil=True)
def jacobi(matrix, vectors, rounds):
    """Eigenvalues of a symmetric matrix float64 [k, k] onto its diagonal, eigenvectors into `vectors`' rows.

    By Jacobi's rotations: small matrices only. `vectors` is the identity before.
    """
    size = matrix.shape[0]
    for _ in range(rounds):
        off = total = 0.0
        for i in range(size):
            total += matrix[i, i] ** 2
            for j in range(i + 1, size):
                off += matrix[i, j] ** 2
        if off <= 1e-24 * total:
            break
        for p in range(size - 1):
            for q in range(p + 1, size):
                if matrix[p, q] == 0:
                    continue
                theta = (matrix[q, q] - matrix[p, p]) / (2 * matrix[p, q])
                t = (1.0 if theta >= 0 else -1.0) / (abs(theta) + np.sqrt(theta * theta + 1))
                c = 1 / np.sqrt(t * t + 1)
                s = t * c
                for k in range(size):
                    a, b = matrix[k, p], matrix[k, q]
                    matrix[k, p], matrix[k, q] = c * a - s * b, s * a + c * b
                for k in range(size):
                    a, b = matrix[p, k], matrix[q, k]
                    matrix[p, k], matrix[q, k] = c * a - s * b, s * a + c * b
                    a, b = vectors[p, k], vectors[q, k]
                    vectors[p, k], vectors[q, k] = c * a - s * b, s * a + c * b
