"""How much memory counting and training take, and how `--memory` is shared out.

The promise is for the whole process. What cannot be made smaller (the vocabulary, the
parameters, one group of rows per thread) is said before the work starts, and a promise that
cannot be kept is an error at once. The rest goes to the text and to the cells: a text that does
not fit is counted in pieces, and cells that do not fit lie on disk.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from nlpcli.engine.cooccurrence.counting import Scratch
from nlpcli.errors import NlpcliError
from nlpcli.wording import counted

_TOKEN_BYTES = 12  # the encoded text (a file in memory), laid out, and the index of its words
_CELL_BYTES = 36  # of a group under way: as counted (12), as spilled, as added up
_MARGIN = 100 << 20  # compiled kernels, buffers


def resident() -> int:
    """Bytes of memory this process has now (0 where the system does not tell)."""
    with contextlib.suppress(OSError, ValueError, IndexError, AttributeError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


@dataclass(frozen=True)
class Plan:
    """Shares of the memory, in bytes, and what follows from them.

    threads: how many may count at once
    piece: tokens of the text counted at once
    cells: bytes of cells, or of counts, that may stay in memory
    """

    threads: int
    piece: int
    cells: int
    least: int


def make_plan(memory: int, threads: int, words: int, tokens: int, group: int, parameters: int = 0) -> Plan:
    """How counts of `tokens` tokens over `words` words fit into `memory`, and then `parameters` bytes.

    `group` is the most cells that a group of rows can have.

    Raises NlpcliError when they do not.

    >>> plan = make_plan(8 << 30, 2, words=100_000, tokens=1_000_000, group=1 << 22)
    >>> plan.threads, plan.piece
    (2, 1000000)
    """
    used = resident() + _MARGIN
    per_thread = Scratch.size(words) + _CELL_BYTES * group
    least = used + max(per_thread + _TOKEN_BYTES * min(tokens, 1 << 20), parameters)
    if least > memory:
        raise NlpcliError(
            f"{say_size(memory)} of memory is not enough: {counted(words, 'word')} need at least "
            f"{say_size(least)}",
            hint="give more --memory, or a smaller vocabulary with --min-count or --max-vocab",
        )
    free = memory - used
    threads = max(1, min(threads, free // 4 // max(per_thread, 1)))
    counting = threads * per_thread
    piece = min(tokens, max(1 << 20, (free - counting) // 2 // _TOKEN_BYTES))
    cells = max(0, free - max(counting + piece * _TOKEN_BYTES, parameters))
    return Plan(threads, piece, cells, least)


def say_size(size: int) -> str:
    """Bytes as people read them.

    >>> say_size(1_540_000_000), say_size(20_000_000)
    ('1.5 GB', '20 MB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
