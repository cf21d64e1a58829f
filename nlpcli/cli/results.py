"""Results as tables: for a person on a terminal, TSV in files and pipes, JSON where it is asked for.

In JSON the headings are the keys: `--jsonl` is an object per row, `--json` one array of them. A command with
several tables gives one object of arrays, by the tables' names; its JSON lines say which table they are of.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from nlpcli.cli import console
from nlpcli.engine.io.writing import cell, open_output
from nlpcli.settings.results import TableSettings

Row = Sequence[object]


class Results:
    """Where the tables of one run go."""

    def __init__(self, file: BinaryIO, shape: TableSettings, *, drawn: bool) -> None:
        self._file = file
        self._shape = shape
        self._drawn = drawn  # as a table with borders
        self._tables = 0
        self._arrays: list[tuple[str, list[dict[str, object]]]] = []

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        name: str = "",
        title: str | None = None,
        more: Sequence[str] = (),
    ) -> None:
        """A table. `name` is its key in JSON where there are several; `title` stands above it on a terminal.

        `more` are further keys of JSON, whose values stand after those of the columns.
        """
        if self._shape.json or self._shape.jsonl:
            self._as_json([*columns, *more], rows, name)
            return
        width = len(columns)
        plain = (row[:width] for row in rows)
        if self._drawn:
            console.print_table(columns, plain, title=title)
            return
        if not self._shape.no_header:
            self.line("\t".join(map(cell, columns)))
        for row in plain:
            self.line("\t".join(cell(console.as_text(value)) for value in row))

    def line(self, text: str) -> None:
        """A line as it is."""
        self._file.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def flush(self) -> None:
        """What was written goes to who waits for it."""
        self._file.flush()

    def _as_json(self, keys: Sequence[str], rows: Iterable[Row], name: str) -> None:
        objects = (dict(zip(keys, row, strict=True)) for row in rows)
        if self._shape.jsonl:
            for one in objects:
                self.line(_json({"table": name, **one} if name else one))
        elif name:
            self._arrays.append((name, list(objects)))
        else:  # as they come
            for one in objects:
                self._file.write(
                    (b"[\n" if not self._tables else b",\n") + _json(one).encode("utf-8", "backslashreplace")
                )
                self._tables += 1

    def close(self) -> None:
        """The end of the last table."""
        if self._arrays:
            self.line(_json(dict(self._arrays)))
        elif self._shape.json:
            self.line("\n]" if self._tables else "[]")


def _json(value: object) -> str:
    return json.dumps(_finite(value), ensure_ascii=False)


def _finite(value: object) -> object:
    """The value with null for what JSON has no number for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


@contextlib.contextmanager
def results(shape: TableSettings, output: str | None = None) -> Iterator[Results]:
    """Where tables are written; a file is replaced when the block ends well."""
    place = output if output is not None else getattr(shape, "output", "-")
    with open_output(console.output(place)) as file:
        drawn = place == "-" and console.is_terminal() and not (shape.json or shape.jsonl)
        found = Results(file, shape, drawn=drawn)
        yield found
        found.close()
