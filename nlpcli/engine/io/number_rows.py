"""Rows of numbers: cells of a table or values of JSON, looked at one by one.

A row is several columns with a number each, or one column that holds all of them: separated by white space,
or as a list, [1.5, 2, 3]. It goes on as one text, its numbers with a space between, so that all that reads
texts can read rows.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from nlpcli.errors import InputError
from nlpcli.wording import counted

MOST = 1e15  # beyond it squares and sums are no longer what they seem
_SHOWN = 40
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


class NumberRows:
    """Reads rows one after another, which all have as many numbers as the first.

    columns: their names, once a row was read; numbers in one column are counted, v[1], v[2] and so on.
    """

    def __init__(self) -> None:
        self.columns: tuple[str, ...] = ()
        self._first = ""

    def text(self, cells: Sequence[Any], names: Sequence[str], place: str) -> str:
        """The numbers of a row with spaces between. Raises InputError that names `place` and the column."""
        if len(cells) == 1:
            parts = _parts(cells[0], names[0], place)
            own = tuple(f"{names[0]}[{n}]" for n in range(1, len(parts) + 1)) if len(parts) > 1 else (*names,)
            found = [_number(part, names[0], place) for part in parts]
        else:
            own = (*names,)
            found = [_number(cell, name, place) for cell, name in zip(cells, names, strict=True)]
        if not self.columns:
            self.columns, self._first = own, place
        if len(own) != len(self.columns):
            raise InputError(
                f"{place}: column {names[0]} holds {counted(len(own), 'number')}, where {self._first} has "
                f"{len(self.columns):,}",
                hint="every row has as many",
            )
        return " ".join(found)


def no_row(place: str) -> InputError:
    """What to say of a line with nothing on it."""
    return InputError(f"{place}: the line is empty: there are no numbers", hint="leave the line out")


def _parts(cell: Any, name: str, place: str) -> list[Any]:
    """The numbers of a column that holds all of them, not looked at yet."""
    if isinstance(cell, str):
        held = cell.strip()
        if held.startswith("[") and held.endswith("]"):
            held = held[1:-1].replace(",", " ")
        cell = held.split()
    parts = cell if isinstance(cell, list) else [cell]
    if not parts:
        raise _wrong(place, name, "is empty", "fill it, or leave the row out")
    return parts


def _number(cell: Any, name: str, place: str) -> str:
    """One number as Python writes it."""
    written = cell.strip() if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
    if not written:
        raise _wrong(place, name, "is empty", "fill it, or leave the row out")
    try:
        if isinstance(cell, bool | dict | list) or cell is None or "_" in written:
            raise ValueError
        value = float(written)
    except ValueError:
        hint = (
            "every cell of --vector-col is a number; of a table with headings on stdin say --input-format tsv"
        )
        if _DECIMAL_COMMA.fullmatch(written):
            hint = "a decimal point is wanted, not a comma"
        shown = written if len(written) <= _SHOWN else written[:_SHOWN] + "…"
        raise _wrong(place, name, f"holds {shown!r}, which is no number", hint) from None
    if not math.isfinite(value) or abs(value) > MOST:
        raise _wrong(
            place, name, f"holds {written[:_SHOWN]}, and numbers are finite, from −1e15 to 1e15",
            "fill the cell, or leave the row out",
        )  # fmt: skip
    return repr(value)


def _wrong(place: str, name: str, what: str, hint: str) -> InputError:
    return InputError(f"{place}: column {name} {what}", hint=hint)
