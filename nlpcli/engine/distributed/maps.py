"""From each file to a file, on many machines: `tokenize`, `normalize`, `classify` and `tag`.

What comes out of a file is in a folder under its name, as `-o FOLDER/name` alone would give it. Of a file
that was cut the parts are numbered: news.0001.txt, news.0002.txt; one after the other they are the whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from nlpcli.engine.distributed.counts import looking
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.plan import Piece, check_inputs, planned, shard_size
from nlpcli.engine.distributed.told import Told
from nlpcli.engine.io.address_output import make_folder, names_in, sweep_address
from nlpcli.engine.io.atomic import sweep
from nlpcli.engine.io.opening import Paths, display_name
from nlpcli.engine.io.paths import is_folder, is_same_file
from nlpcli.engine.io.places import is_address, part_of
from nlpcli.engine.io.writing import Output
from nlpcli.engine.runtime.interrupts import written
from nlpcli.engine.runtime.progress import Progress
from nlpcli.errors import OutputError, SettingsError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.results import TABLES

_PACKED = (".gz", ".bz2", ".xz", ".zst")


def map_files(
    function: Callable[..., Any],
    paths: Paths,
    output: Output | None,
    reading: Reading,
    where: DistributedSettings,
    progress: Progress,
    stage: str,
    *,
    cut: bool = True,
) -> None:
    """`function(texts=[file], output=folder/name, progress=…)` of each file, where `where` says.

    cut: whether parts of a file give parts of what the whole would give.

    Raises SettingsError for an output that is no folder, OutputError for two files of the same name, and what
    the function raises.
    """
    from nlpcli.engine.distributed.dask_runner import connected

    folder = _checked_folder(output)
    files, most = check_inputs(paths), shard_size(where)
    named = _output_names(files)
    for file, name in named.items():
        if is_same_file(file, f"{folder}/{name}"):
            raise OutputError(
                f"{file} is read and would be replaced by the output", hint="name another folder"
            )
    cut = cut and not any(PurePath(name).suffix.lower() in TABLES for name in named.values())
    places: dict[str, str] = {}
    try:
        with connected(where, progress) as machines:
            pieces = planned(files, reading, most, machines.slots, looking(machines), progress, cut=cut)
            places |= _places(pieces, named, folder)
            _refuse_old_parts(named.values(), places.values(), folder)
            machines.map(stage, partial(_file_by_file, function, places), pieces)
    finally:  # when no worker of this machine is left
        _sweep(places.values(), folder)
        here = {*_names_in(folder)}
        written.extend(place for place in places.values() if PurePath(place).name in here)
    unseen = [place for place in places.values() if PurePath(place).name not in here]
    if unseen:
        progress.lost(
            f"{len(unseen):,} of the files cannot be seen from here, such as {unseen[0]}: "
            "the folder lies on a disk that the machines do not share"
        )


def refuse_texts(where: DistributedSettings) -> None:
    """Raise SettingsError for a cluster where texts are given, and not files."""
    if where.wanted:
        raise SettingsError("cluster= reads files", hint="give their names, and output= the name of a folder")


def shared_name(model: str) -> str:
    """The name of a model elsewhere: of a file with its folder, of what comes with nlpcli as it is."""
    return os.path.abspath(model) if os.path.isfile(model) else model  # noqa: PTH100,PTH113


def _file_by_file(
    function: Callable[..., Any],
    places: Mapping[str, str],
    piece: Piece,
    told: Told,
) -> None:
    for path in piece.paths:
        function(texts=[path], output=places[path], progress=told)


def _checked_folder(output: Output | None) -> str:
    """The name of the folder on any machine, without a slash at its end; it is there when this is done."""
    named = isinstance(output, str | os.PathLike) and os.fspath(output) != "-"
    if not named or not (os.fspath(output).endswith("/") or is_folder(output)):  # type: ignore[arg-type]
        raise SettingsError(
            "--cluster writes a file for each of the inputs", hint="name a folder: -o FOLDER/"
        )
    folder = str(os.fspath(output))  # type: ignore[arg-type]
    if is_address(folder):
        make_folder(folder)
        return folder.rstrip("/")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{folder.rstrip('/')} is a file, and no folder", hint="name another") from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from error
    return os.path.abspath(folder)  # noqa: PTH100


def _names_in(folder: str) -> list[str]:
    """The names in the folder, as far as they are seen from here."""
    return names_in(folder) if is_address(folder) else sorted(os.listdir(folder))  # noqa: PTH208


def _sweep(places: Collection[str], folder: str) -> None:
    """Remove what workers have left that were killed while they wrote."""
    if is_address(folder):
        sweep_address(folder, [PurePath(place).name for place in places])
    else:
        sweep(places)


def _output_names(files: Sequence[str]) -> dict[str, str]:
    """The name of what comes out of each file: its own, without what says that it is compressed."""
    names: dict[str, str] = {}
    taken: dict[str, str] = {}
    for file in files:
        name = PurePath(file.partition("://")[2] or file).name
        suffix = PurePath(name).suffix
        name = name.removesuffix(suffix) if suffix.lower() in _PACKED else name
        if name in taken:
            raise OutputError(
                f"{taken[name]} and {file} would both be written as {name}",
                hint="give each folder of files a run and a folder of its own",
            )
        names[file], taken[name] = name, file
    return names


def _places(pieces: Sequence[Piece], named: Mapping[str, str], folder: str) -> dict[str, str]:
    """Where the result of each file, and of each part of one, is written."""
    places: dict[str, str] = {}
    seen: dict[str, int] = {}
    for piece in pieces:
        for path in piece.paths:
            part = part_of(path)
            name = named[part.path if part else path]
            if part:
                number = seen[name] = seen.get(name, 0) + 1
                stem, suffix = PurePath(name).stem, PurePath(name).suffix
                name = f"{stem}.{number:04d}{suffix}"
            places[path] = f"{folder}/{name}"
    return places


def _refuse_old_parts(names: Any, places: Any, folder: str) -> None:
    """Raise OutputError where parts of an earlier run would stand among the new ones."""
    new = {PurePath(place).name for place in places}
    kinds = {
        re.escape(PurePath(name).stem) + r"\.\d{4,}" + re.escape(PurePath(name).suffix) for name in names
    }
    wanted = re.compile("|".join(kinds))
    for name in _names_in(folder):
        if name not in new and wanted.fullmatch(name):
            raise OutputError(
                f"{display_name(folder)}: {name} is a part from an earlier run, which was cut otherwise",
                hint="remove it with the others, or name another folder",
            )
