"""`--show-work`: the numbers on the way to a result, the same option on every command that has it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli.results import results
from nlpcli.settings.results import JsonSettings

if TYPE_CHECKING:
    from nlpcli.engine.io.shown_work import WorkTable

ShowWork = Annotated[
    bool, typer.Option("--show-work", help="Show the numbers on the way to the result, for small inputs.")
]
_SMALLEST = 1e-12  # below it, zeros would fill the cell


def show_work(work: Iterable[WorkTable], shape: JsonSettings, output: str | None = None) -> None:
    """The steps as tables, an empty line between them; in JSON an object with a key for each."""
    with results(shape, output) as shown:
        for number, (name, columns, rows) in enumerate(work):
            if number and not shown.drawn:
                shown.gap()
            cells = rows if shape.is_json else [[*map(digits, row)] for row in rows]
            shown.table(columns, cells, name=name, title=name)


def digits(value: object) -> object:
    """A number with six digits that count, and no exponent; anything else as it is.

    >>> digits(0.5 / 14**4), digits(0.0001), digits(-0.761594156), digits(2), digits("1/14")
    ('0.0000130154', '0.0001', '-0.761594', 2, '1/14')
    """
    if not isinstance(value, float):
        return value
    shown = f"{value:.6g}"
    return f"{Decimal(shown):f}" if "e-" in shown and abs(value) >= _SMALLEST else shown
