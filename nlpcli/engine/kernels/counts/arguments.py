"""What kernels of counts are given, as named arrays; here, so that naming them takes no numba."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class IndexedText(NamedTuple):
    """A text, and where its words stand: word i at positions[starts[i]:starts[i + 1]].

    text [N]: ids, and −1 between documents and at both ends, so that a window stops there;
    positions [n], int32 or, in a long text, int64; starts [V + 1].
    """

    text: NDArray[np.int32]
    positions: NDArray[Any]
    starts: NDArray[np.int64]


class Accumulator(NamedTuple):
    """One row of the matrix while it is added up, and which of its entries are in use.

    row [V]; touched [V + 1], columns in the order they came; low [V / 64 + 1], a bit a column;
    high [V / 4096 + 1], a bit for 64. All but `touched` are zero between rows.
    """

    row: NDArray[np.int64]
    touched: NDArray[np.uint32]
    low: NDArray[np.uint64]
    high: NDArray[np.uint64]


class Rows(NamedTuple):
    """Some consecutive rows of a matrix.

    ends: int64 [rows], the cells up to the end of each row
    columns: int32 [cells], ascending in each row
    units: int64 [cells], counts in units
    """

    ends: NDArray[np.int64]
    columns: NDArray[np.int32]
    units: NDArray[np.int64]


class CellTable(NamedTuple):
    """Rows of a matrix of small numbers; or those of its blocks of columns, one behind the other.

    indptr: int64 [rows + 1], where the cells of each row begin, and the last end
    columns: uint16 [cells], ascending in each row
    units: uint16 [cells], counts in units
    """

    indptr: NDArray[np.int64]
    columns: NDArray[np.uint16]
    units: NDArray[np.uint16]


class TokenTable(NamedTuple):
    """Tokens with their counts; token v is UTF-8 text[offsets[v]:offsets[v + 1]].

    keys: uint64 [V], a hash of each token, by which and by whose bytes they ascend
    offsets: int64 [V + 1]
    counts: int64 [V, K], what adds up
    first: int64 [V], where each was first seen, of which the least stays
    """

    keys: NDArray[np.uint64]
    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    first: NDArray[np.int64]
