"""Results as they travel from worker to worker, and to the client.

Dask places the first array of a message behind its header, wherever that ends, where kernels cannot take
numbers from, and the others in memory of their own: so the first one is a filler, and the rest need not be
moved when they arrive. And Dask takes an object that it does not know for one of 50 bytes: a parcel tells its
size, so that tasks go where much lies, and not the other way round.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np

from nlpcli.engine.runtime.arrays import on_cache_line

_LARGEST = 16  # bytes of a number, at most; what is allocated begins at a multiple of it


class Parcel:
    """One result.

    >>> pickle.loads(pickle.dumps(Parcel([1, 2]), 5)).value
    [1, 2]
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        head, arrays = self._packed()
        return _unpacked, (head, pickle.PickleBuffer(bytearray(1)), arrays)

    def __sizeof__(self) -> int:
        head, arrays = self._packed()
        return sum((array.raw().nbytes for array in arrays), object.__sizeof__(self) + sys.getsizeof(head))

    def _packed(self) -> tuple[bytes, list[pickle.PickleBuffer]]:
        """The value without its arrays, which are not copied."""
        arrays: list[pickle.PickleBuffer] = []
        return pickle.dumps(self.value, 5, buffer_callback=arrays.append), arrays


def _unpacked(head: bytes, _filler: Any, arrays: list[Any]) -> Parcel:
    return Parcel(pickle.loads(head, buffers=map(_placed, arrays)))


def _placed(array: Any) -> Any:
    """The bytes of an array, copied unless they begin where numbers may."""
    memory = np.frombuffer(array, np.uint8)
    return memory if memory.ctypes.data % _LARGEST == 0 else on_cache_line(memory)
