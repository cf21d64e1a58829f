"""The rows of a workbook as records of CSV, for who keeps rows as they stand (`raw_rows.py`)."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
from collections.abc import Iterator

from nlpcli.engine.io import title_rows
from nlpcli.engine.io.dialects import Dialect
from nlpcli.engine.io.record_layouts import Layout, table_layout
from nlpcli.engine.io.workbooks import cell_text, workbook_rows
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.input import RecordSettings


def workbook_records(
    path: str, name: str, settings: RecordSettings, progress: Progress
) -> tuple[Layout, bytes, Iterator[tuple[bytes, list[str], int]]] | None:
    """The layout, the records above the table, and of each row its record, its cells and its number.

    The names of the columns are a row of these. None where there is no row. `name` is that of messages.

    Raises InputError as `workbook_rows` and `table_layout` do.
    """
    batches = iter(workbook_rows(path, settings.sheet, progress))
    first = next((batch for batch in batches if any(batch)), [])
    every = itertools.chain(first, itertools.chain.from_iterable(batches))
    cells = ([*map(cell_text, row)] for row in every)
    filled = [[*map(cell_text, row)] for row in first]
    begun = next((number for number, row in enumerate(filled) if row), 0)
    if not filled:
        return None
    table = filled[begun:]
    if above := title_rows.rows_above(table, settings):
        progress.note(title_rows.told(name, table, above, begun + above + 1))
        begun, table = begun + above, [title_rows.names_of(table, above), *table[above + 1 :]]
    layout = table_layout(path, table, Dialect("", True), settings, False)
    before = b"".join(_record(row) for row in itertools.islice(cells, begun) if row)

    def records() -> Iterator[tuple[bytes, list[str], int]]:
        next(cells, None)  # it is the first of `table`
        for number, row in enumerate(itertools.chain(table[:1], cells), begun + 1):
            if row:
                row += [""] * (layout.width - len(row))
                yield _record(row), row, number

    return dataclasses.replace(layout, delimiter=",", format="csv"), before, records()


def _record(row: list[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(row)
    return out.getvalue().encode("utf-8", "replace")
