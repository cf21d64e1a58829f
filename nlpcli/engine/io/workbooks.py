"""Rows of Excel workbooks (.xlsx and .xlsm, told by content), as text.

A cell becomes what Excel keeps, not how a format shows it: whole numbers without a point, other numbers
with up to 15 digits, dates as 2026-03-01, times as 12:30:00, TRUE and FALSE, what a formula gave when the
workbook was saved, errors such as #N/A. Rows are read one after another, so that memory stays bounded.
"""

from __future__ import annotations

import datetime
import io
import itertools
import json
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from nlpcli.engine.io.dialects import folded
from nlpcli.engine.io.file_kinds import WORKBOOK, kind_of, refuse_other_kinds
from nlpcli.engine.io.opening import STDIN, display_name, open_bytes
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import INSTALL_EXCEL, InputError, MissingDependency
from nlpcli.settings.fields import whole_number

_BATCH = 1000  # rows
# XML of a table is packed to a tenth or less, of a table of zeros to a hundredth; a bomb to a thousandth.
_MOST_UNPACKED, _HIGHEST_RATIO = 64 << 20, 200
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # how characters stand there that XML cannot hold


def workbook_rows(
    path: str, sheet: str | None = None, progress: Progress = SILENT
) -> Iterator[list[list[object]]]:
    """The rows of a sheet in batches, without empty ones at the end, and so are the cells of a row.

    A cell is what the library reads (`cell_text` makes it text).

    Raises InputError for another zip archive, a damaged or hostile workbook and a sheet that is not there,
    and MissingDependency without the library.
    """
    with open_bytes(path) as (stream, raw):
        # A workbook is read from its end: what is not a plain file is taken into memory.
        file = stream if stream is raw and path != STDIN else io.BytesIO(stream.read())
        name = display_name(path)
        _check(name, file)
        worksheet = _chosen(name, _opened(name, file), sheet, progress)
        empty = 0
        for batch in _batches(name, worksheet):
            rows: list[list[object]] = []
            for row in batch:
                if not row:
                    empty += 1
                    continue
                rows += [[]] * empty
                rows.append(row)
                empty = 0
            yield rows


def _check(name: str, file: BinaryIO) -> None:
    """Raise InputError for what is no workbook, is damaged, or unpacks to much more than a workbook does."""
    import zipfile

    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _unreadable(name, error) from error
    if not any(member.filename == "xl/workbook.xml" for member in members):
        file.seek(0)
        head = file.read(1 << 20)
        found = kind_of(head)
        if found and found[0] != WORKBOOK:
            refuse_other_kinds(name, head)
        raise _unreadable(name, "it has no workbook in it")
    packed = sum(member.compress_size for member in members)
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(_MOST_UNPACKED, packed * _HIGHEST_RATIO):
        raise InputError(
            f"{name}: this workbook would unpack to {unpacked >> 20:,} MB, {unpacked // max(packed, 1):,} "
            "times its size: it is damaged, or made to fill the memory",
            hint="if you trust it, save the sheet as CSV UTF-8",
        )
    file.seek(0)


def _opened(name: str, file: BinaryIO) -> Any:
    try:
        import defusedxml  # noqa: F401 (openpyxl uses it if it is there; entities could fill the memory)
        import openpyxl.reader.excel
    except ImportError as error:
        raise MissingDependency(
            f"{name}: this is an Excel workbook, and the package that reads those is not installed",
            hint=f"{INSTALL_EXCEL}, or save the sheet as CSV UTF-8",
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and the like, which are not read
        try:
            reader = openpyxl.reader.excel.ExcelReader(file, read_only=True, data_only=True, keep_links=False)
            reader.read_chartsheet = _whatever_fails(reader.read_chartsheet)
            reader.read()
            return reader.wb
        except MemoryError:
            raise
        except Exception as error:  # whatever a damaged file makes the library run into
            raise _unreadable(name, error) from error


def _whatever_fails(read_chart: Callable[..., None]) -> Callable[..., None]:
    """The same, but that nothing follows from a chart that cannot be read: there are no cells in it.

    openpyxl fails at a sheet for a chart without one.
    """

    def read(*arguments: Any) -> None:
        try:
            read_chart(*arguments)
        except MemoryError:
            raise
        except Exception:
            return

    return read


def _chosen(name: str, workbook: Any, sheet: str | None, progress: Progress) -> Any:
    sheets = workbook.worksheets
    titles = [worksheet.title for worksheet in sheets]
    charts = [chart.title for chart in workbook.chartsheets]
    if not sheets or sheet in charts:
        what = f"the sheet {sheet!r} is a chart" if sheet in charts else "this workbook holds charts alone"
        raise InputError(f"{name}: {what}: there are no cells in it", hint="is it the right file, or sheet?")
    if sheet is not None:
        return sheets[_sheet_number(name, titles, sheet)]
    shown = [worksheet for worksheet in sheets if worksheet.sheet_state == "visible"] or sheets
    if len(sheets) > 1:
        progress.note(
            f"{name}: the sheet {shown[0].title!r} is read, the first of {len(sheets)}; --sheet names another"
        )
    return shown[0]


def _sheet_number(name: str, titles: Sequence[str], sheet: str) -> int:
    if sheet in titles:
        return titles.index(sheet)
    lowered = [*map(folded, titles)]
    if folded(sheet) in lowered:
        return lowered.index(folded(sheet))
    if sheet.isdecimal() and 1 <= whole_number(sheet) <= len(titles):
        return whole_number(sheet) - 1
    raise InputError(
        f"{name}: no sheet is called {sheet!r}; there are: {', '.join(titles)}",
        hint="--sheet is one of these names or a number from 1",
    )


def _batches(name: str, worksheet: Any) -> Iterator[list[list[object]]]:
    worksheet.reset_dimensions()  # what a file says of its size is often wrong
    rows = worksheet.iter_rows(values_only=True)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                batch = [_without_empty_ends(row) for row in itertools.islice(rows, _BATCH)]
            except MemoryError:
                raise
            except Exception as error:  # as above
                raise _unreadable(name, error) from error
        if not batch:
            return
        yield batch


def _without_empty_ends(row: Sequence[object]) -> list[object]:
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return [*row[:end]]


def cell_text(value: object) -> str:
    """A cell's value as text.

    >>> [cell_text(value) for value in (None, True, 3.0, 0.1 + 0.2, datetime.datetime(2026, 3, 1))]
    ['', 'TRUE', '3', '0.3', '2026-03-01']
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(_character, value) if "_x" in value else value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        value = value.replace(microsecond=0)
        return str(value.date() if value.time() == datetime.time() else value)
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value)


def as_text(value: object) -> str:
    """A cell as text: as it stood in a table, or as JSON of what is no text or number.

    >>> [as_text(value) for value in ("a", None, 2.0, True, [1, 2])]
    ['a', '', '2', 'TRUE', '[1, 2]']
    """
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=cell_text)
    return value if isinstance(value, str) else cell_text(value)


def _character(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 16))


def _unreadable(name: str, error: object) -> InputError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return InputError(
        f"{name}: the workbook cannot be read: {reason}",
        hint="open it in a spreadsheet program and save it again, or save the sheet as CSV UTF-8",
    )
