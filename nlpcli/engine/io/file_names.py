"""The names of files that one call is given: each is a name, and no output takes another file's place.

Not here: whether a file is there, can be read (`lines.py`) or written (`atomic.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from nlpcli.engine.io.paths import checked_name, is_same_file
from nlpcli.errors import InputError, NlpcliError, OutputError

# The arguments of jobs and commands that name files; each may also be an open file, a list of names, or none.
OUTPUTS = (
    "output", "save_model", "save_vocab", "save_frequencies", "checkpoint", "plot", "page", "attention_page",
    "chart", "cloud", "report", "highlight",
)  # fmt: skip
INPUTS = (
    "paths", "path", "files", "file", "texts", "model", "models", "vectors", "cooccurrences", "pairs", "test",
    "dev", "source", "target", "reference", "prime_file", "words_file", "read_vocab", "read_frequencies",
    "font", "resume", "append", "init", "lm", "blend", "clusters", "subword_model", "user_dict",
)  # fmt: skip
# Arguments, and functions' outputs, that are always pages.
_PAGES = {
    ("", "page"),
    ("", "attention_page"),
    ("", "highlight"),
    ("topic_page", "output"),
    ("cluster_page", "output"),
    ("report", "output"),
}
PAGES = (".html", ".htm")
# What an output may replace, since it holds all that was in there: a training that goes on, parts added up.
_CONTINUED = {("", "resume"), ("", "append"), ("merge", "paths"), ("merge", "files")}

_PACKERS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}


def check_file_names(function: str, arguments: Mapping[str, Any]) -> None:
    """Raise NlpcliError for what is no name of a file, and for an output that is another file of the call.

    Before work begins: afterwards one of the two would be gone.
    """
    # Without an output, `texts` are texts themselves, but for those that are searched.
    texts_are_names = arguments.get("output") is not None or function == "search"
    inputs = [
        (argument, name)
        for argument in INPUTS
        if argument != "texts" or texts_are_names
        for name in _names(arguments.get(argument), InputError)
    ]
    outputs = [
        (argument, name) for argument in OUTPUTS for name in _names(arguments.get(argument), OutputError)
    ]
    for number, (argument, name) in enumerate(outputs):
        if function != "convert":  # which writes Mallet's state
            refuse_compressed(name)
        for _, other in outputs[:number]:
            if is_same_file(name, other):
                raise OutputError(
                    f"{other} and {name} are the same file: one output would replace the other",
                    hint=f"give --{argument.replace('_', '-')} another name",
                )
        for given, other in inputs:
            if {("", given), (function, given)} & _CONTINUED:
                continue
            if is_same_file(name, other):
                raise OutputError(
                    f"{name} is read and would be replaced by the output", hint="give the output another name"
                )
        is_page = {("", argument), (function, argument)} & _PAGES
        if is_page and not os.fspath(name).lower().endswith(PAGES):
            raise OutputError(
                f"{name}: what is written is a page, and this is no name of one",
                hint="give it a name that ends in .html",
            )


def refuse_compressed(name: str | os.PathLike[str]) -> None:
    """Raise OutputError for the name of a compressed file: what is written would not be compressed."""
    path = PurePath(name)
    packer = _PACKERS.get(path.suffix.lower())
    if packer is not None:
        raise OutputError(
            f"{name}: results are not compressed",
            hint=f"write {path.stem}, then {packer} {path.stem}; what goes to stdout can be piped: "
            f"| {packer} > {path.name}",
        )


def _names(value: Any, error: type[NlpcliError]) -> Iterator[str]:
    """The names of files in an argument: `-`, flags, open files and what is not given are none."""
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, int | float | bytes) and not isinstance(part, bool):
            raise error(f"{part!r} is not the name of a file")
        if isinstance(part, str) and part not in ("-", ""):
            yield checked_name(part, error)
