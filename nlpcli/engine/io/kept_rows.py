"""The rows of a table whose texts are on their way through an analysis, for a table that is written again.

A reader adds a row for each text it gives, a writer takes one for each result: what lies between is as
much as the analysis reads ahead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from nlpcli.errors import InputError

Row: TypeAlias = Sequence[object] | Mapping[str, object]  # cells, or the fields of a JSON object


class KeptRows:
    """Rows in the order of their texts, of the file `name` and others like it.

    `header`: what the columns are called; None where nothing says so.
    """

    def __init__(self, *, is_table: bool = True) -> None:
        self.is_table = is_table  # which is written of them; else lines are
        self.header: tuple[str, ...] | None = None
        self.width = 0
        self.schema: object = None  # that of a Parquet file
        self._rows: deque[Row] = deque()
        self.name = ""

    def begin(self, name: str, header: Sequence[str] | None, width: int) -> None:
        """The columns of a file. Raises InputError where they are not those of the files before."""
        columns = None if header is None else tuple(header)
        if self.name and (columns != self.header or width != self.width):
            raise InputError(
                f"{name}: other columns than {self.name} has, and one table is written of both",
                hint="name one file at a time, each with an -o of its own",
            )
        self.name = self.name or name
        self.header, self.width = columns, width

    def add(self, row: Row) -> None:
        """The row of the text that is given next."""
        self._rows.append(row)

    def take(self) -> Row:
        """The row of the next result."""
        return self._rows.popleft()
