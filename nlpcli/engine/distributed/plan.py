"""What an input becomes for several machines: whole files, some small ones together, parts of large ones.

All shards together hold every byte once, in the order of the text. Not here: where a file is cut (`cuts.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from nlpcli.engine.distributed.cuts import Reading, cut_files
from nlpcli.engine.distributed.looks import Ask
from nlpcli.engine.io.opening import STDIN, check_readable, display_name, folder_error
from nlpcli.engine.io.paths import is_folder
from nlpcli.engine.io.places import Decided, Part, is_address, size_of
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.sizes import parse_size
from nlpcli.errors import SettingsError
from nlpcli.settings.distributed import DistributedSettings

MOST_SHARDS = 20_000  # of one pass: with what merges them, three passes stay below 70,000 tasks
_SMALL = 64_000_000  # bytes: smaller files go together
_ASKED = 16  # addresses that are asked at a time

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Piece:
    """A shard as it travels: names that any command reads, and what was decided of the files.

    number: from 0, in the order of the text; of: how many there are; size: bytes on disk
    """

    number: int
    of: int
    paths: tuple[str, ...]
    size: int
    decided: dict[str, Decided] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """As messages name it."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"shard {self.number + 1} of {self.of}, {display_name(self.paths[0])}{more}"


def check_inputs(paths: Sequence[str] | None, *, folders: bool = False) -> list[str]:
    """The files, by names that hold on any machine; also folders of labelled texts, if `folders`.

    Raises SettingsError for stdin, InputError for what is not there.
    """
    if paths is None or STDIN in paths:
        raise SettingsError(
            "--cluster reads files that every machine can open, and not stdin",
            hint="write what comes through the pipe to a file, and name that",
        )
    for path in paths:
        if is_folder(path) and not folders:
            raise folder_error(path)
    _of_each(check_readable, paths)
    return [path if is_address(path) else os.path.abspath(path) for path in paths]  # noqa: PTH100


def shard_size(where: DistributedSettings) -> int:
    """Bytes of a shard. Raises SettingsError."""
    size = parse_size(where.shard_size, "--shard-size")
    if size < 1:
        raise SettingsError("--shard-size must be at least one byte", hint="write it like 256MB")
    return size


def planned(
    paths: Sequence[str],
    reading: Reading,
    most: int,
    slots: int,
    ask: Ask,
    progress: Progress = SILENT,
    *,
    cut: bool = True,
) -> list[Piece]:
    """The input in pieces of `most` bytes, or less where `slots` workers would have nothing to do.

    cut: whether large files may be cut; ask: who looks at parts of these

    Raises InputError for what cannot be read here.
    """
    sizes = _of_each(_size, paths)
    least = min(_SMALL, most)
    size = max(min(most, sum(sizes) // max(slots, 1)), least, -(-sum(sizes) // MOST_SHARDS))
    found: list[tuple[Part, Decided | None]] = []
    large = [number for number, length in enumerate(sizes) if cut and length > size]
    of_large = cut_files([(paths[number], sizes[number]) for number in large], size, reading, ask, progress)
    parts = dict(zip(large, of_large, strict=True))
    for number, (path, length) in enumerate(zip(paths, sizes, strict=True)):
        found += parts.get(number) or [(Part(path, 0, length), None)]
    groups = _together(found, least, -(-len(found) // MOST_SHARDS))
    return [
        Piece(
            number,
            len(groups),
            tuple(part.path if known is None else part.name for part, known in group),
            sum(part.end - part.start for part, _ in group),
            {part.path: known for part, known in group if known is not None},
        )
        for number, group in enumerate(groups)
    ]


def _of_each(function: Callable[[str], Answer], paths: Sequence[str]) -> list[Answer]:
    """What a function gives for each; at addresses, which take their time, for some at a time."""
    if not any(map(is_address, paths)):
        return [function(path) for path in paths]
    pool = ThreadPoolExecutor(_ASKED)
    try:
        return list(pool.map(function, paths))
    finally:  # at the first error, those that wait are not asked
        pool.shutdown(cancel_futures=True)


def _size(path: str) -> int:
    try:
        return 0 if is_folder(path) else size_of(path)
    except OSError:
        return 0  # of unknown size, as behind some addresses: it is not cut


def _together(
    found: Sequence[tuple[Part, Decided | None]], least: int, number: int
) -> list[list[tuple[Part, Decided | None]]]:
    """Neighbours in groups: of at least so many bytes or, where there are too many, so many of them."""
    groups: list[list[tuple[Part, Decided | None]]] = []
    size = 0
    for part, known in found:
        length = part.end - part.start
        if groups and (size + length <= least or len(groups[-1]) < number):
            groups[-1].append((part, known))
        else:
            groups.append([(part, known)])
            size = 0
        size += length
    return groups
