"""What stands above a table: titles and empty rows, as reports have them over the names of the columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from nlpcli.engine.io.dialects import folded
from nlpcli.settings.fields import whole_number
from nlpcli.settings.input import RecordSettings

_MOST = 30  # rows that are looked at


def rows_above(rows: Sequence[Sequence[str]], settings: RecordSettings) -> int:
    """How many rows stand above the one that has all columns that are asked for; 0 where none has them.

    >>> rows_above([["Reviews"], [], ["id", "text"], ["1", "good"]], RecordSettings(text_col="text"))
    2
    """
    names = {folded(name) for name in settings.names}
    numbers = [whole_number(one) for one in settings.columns if one is not None and one.isdecimal()]
    most = max((number for number in numbers if number is not None), default=0)
    if not names and not most:
        return 0
    for number, row in enumerate(rows[:_MOST]):
        if len(row) >= most and (
            names <= {*map(folded, row)} or names <= {*map(folded, names_of(rows, number))}
        ):
            return number
    return 0


def names_of(rows: Sequence[Sequence[str]], number: int) -> list[str]:
    """The names of the columns in a row; one that is empty there is in the row above, in a merged cell.

    A single cell above is a title.

    >>> names_of([["id", "review", "", "team"], ["", "title", "text"]], 1)
    ['id', 'title', 'text', 'team']
    >>> names_of([["Reviews"], ["", "title", "text"]], 1)
    ['', 'title', 'text']
    """
    row = list(rows[number])
    above = rows[number - 1] if number else ()
    if sum(map(bool, above)) < 2:
        return row
    return [here or over for here, over in itertools.zip_longest(row, above, fillvalue="")]


def lines_of(rows: Sequence[Sequence[str]]) -> int:
    """How many lines some rows take in the file: as many as they are, and more where cells hold line ends.

    >>> lines_of([["Reviews"], [], ["id", "of the\\ntext"]])
    4
    """
    return len(rows) + sum(cell.count("\n") for row in rows for cell in row)


def told(name: str, rows: Sequence[Sequence[str]], above: int, row: int) -> str:
    """What is said of a table whose first rows are passed over: `above` of `rows`, and `row` is the next."""
    if names_of(rows, above) != list(rows[above]):
        return f"{name}: rows {row - 1} and {row} together are taken for the names of the columns"
    return f"{name}: row {row} is taken for the first of the table; what stands above it is left out"
