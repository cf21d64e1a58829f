"""What stands above a table: titles and empty rows, as reports have them over the names of the columns."""

from __future__ import annotations

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
        if len(row) >= most and names <= {*map(folded, row)}:
            return number
    return 0


def lines_of(rows: Sequence[Sequence[str]]) -> int:
    """How many lines some rows take in the file: as many as they are, and more where cells hold line ends.

    >>> lines_of([["Reviews"], [], ["id", "of the\\ntext"]])
    4
    """
    return len(rows) + sum(cell.count("\n") for row in rows for cell in row)


def told(name: str, row: int) -> str:
    """What is said of a table whose first rows are passed over."""
    return f"{name}: row {row} is taken for the first of the table; what stands above it is left out"
