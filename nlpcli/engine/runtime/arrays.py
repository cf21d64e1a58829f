"""What arrays are called, and how offsets come from sizes."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Floats = NDArray[np.float32]
Made = TypeVar("Made", bound=NDArray[Any])
Part = TypeVar("Part")
CACHE_LINE = 64  # bytes
_LARGEST = 1e15  # of what is squared and added up


def offsets_of(sizes: ArrayLike) -> NDArray[np.int64]:
    """Where parts of these sizes [N] begin, one after the other, and where the last ends: int64 [N + 1].

    >>> offsets_of([3, 0, 2]).tolist()
    [0, 3, 3, 5]
    """
    counted = np.asarray(sizes)
    offsets = np.zeros(len(counted) + 1, dtype=np.int64)
    np.cumsum(counted, out=offsets[1:])
    return offsets


def ranges(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers from each of `begins` [N] on, as many as `lengths` [N] says, one range behind another.

    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    offsets = offsets_of(lengths)
    return np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)


def own_zeros(shape: tuple[int, ...], kind: DTypeLike) -> NDArray[Any]:
    """Zeros in memory of their own, which goes back to the system as soon as they are not used any more.

    What numpy allocates in threads, a few hundred kilobytes at a time, mostly stays with the process.
    """
    size = math.prod(shape) * np.dtype(kind).itemsize
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    memory = mmap.mmap(-1, max(size, 1), **private)
    return np.frombuffer(memory, kind, math.prod(shape)).reshape(shape)


def within_range(rows: Any) -> Any:
    """The rows [N, D]; those whose squares no float32 holds are divided by their largest number.

    For what makes them of length 1. Sparse matrices, which hold weights of words, are as they were.

    >>> within_range(np.array([[3e38, -3e38], [3, 4]], dtype=np.float32)).tolist()
    [[1.0, -1.0], [3.0, 4.0]]
    """
    if not isinstance(rows, np.ndarray) or not rows.size:
        return rows
    largest = np.abs(rows).max(axis=1, keepdims=True)
    out = (largest > _LARGEST) | ((largest < 1 / _LARGEST) & (largest > 0))
    return rows / np.where(out, largest, 1).astype(rows.dtype) if out.any() else rows


def as_compiled(array: Made) -> Made:
    """The array in one piece and writable, as kernels are compiled for it; mapped from a file it is not.

    >>> as_compiled(np.frombuffer(b"ab", np.uint8)).flags.writeable
    True
    """
    return cast(Made, np.require(array, requirements=["C", "W"]))


def on_cache_line(array: Made) -> Made:
    """A copy, in C order, that begins at a cache line of the processor.

    >>> moved = on_cache_line(np.arange(6, dtype=np.int16).reshape(2, 3))
    >>> moved.tolist(), moved.ctypes.data % CACHE_LINE
    ([[0, 1, 2], [3, 4, 5]], 0)
    """
    room = np.empty(array.nbytes + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    moved = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return cast(Made, moved)


def joined(parts: list[Part], arrays: Callable[[Part], tuple[NDArray[Any], ...]]) -> list[NDArray[Any]]:
    """The arrays of some parts, each with those of the next behind it.

    `parts` is emptied, and what was copied is let go of, so that memory holds little more than the whole.

    >>> [both.tolist() for both in joined([1, 2], lambda part: (np.full(part, part), np.array([part / 2])))]
    [[1, 2, 2], [0.5, 1.0]]
    """
    waiting = [arrays(part) for part in parts]
    parts.clear()
    whole = [
        np.empty((sum(map(len, same)), *same[0].shape[1:]), np.result_type(*same))
        for same in zip(*waiting, strict=True)
    ]
    ends = [0] * len(whole)
    while waiting:
        for number, array in enumerate(waiting.pop(0)):
            whole[number][ends[number] : ends[number] + len(array)] = array
            ends[number] += len(array)
    return whole
