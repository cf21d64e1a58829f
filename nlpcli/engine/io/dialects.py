"""How a table is written: what stands between its columns, and whether quotes enclose a field.

Told by its beginning: the candidate that finds the names asked for in the first row, then well-known
names, then rows of equal length. Not here: what the columns are (`record_layouts.py`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from nlpcli.settings.input import RecordSettings

SAMPLE = 1 << 18  # characters of the beginning that are looked at
# The csv module's own limit of 131,072 characters is too small for articles.
MAX_FIELD = 1 << 27
CANDIDATES = ("\t", ";", ",", "|")
_SEP = re.compile(r'"?sep=(.)"?$', re.IGNORECASE)  # a line by which Excel is told the delimiter
_RETURN_IN_QUOTES = re.compile(r'(?:^|\t)"[^"\t]*\r[^"\t]*"(?:[\t\r]|$)')
_DECIMAL = re.compile(r"\d,\d")


@dataclass(frozen=True)
class Dialect:
    """What stands between columns, whether `"…"` encloses a field, how many lines come before the rows."""

    delimiter: str
    quoted: bool
    skipped: int = 0


@dataclass(frozen=True)
class Beginning:
    """The first lines of a table, from the first that is not blank; `whole` if they are all of it."""

    lines: Sequence[str]
    whole: bool = True
    from_excel: bool = False  # text in UTF-16 with a mark, as Excel writes tables with tabs


def rows_of(lines: Iterable[str], delimiter: str, quoted: bool) -> tuple[list[list[str]], str]:
    """The rows of some lines, as far as they go; and what is wrong with the next one, or "".

    >>> rows_of(['a,"b', 'c"', 'd,"'], ",", True)
    ([['a', 'b\\nc']], 'unexpected end of data')
    """
    if not quoted:
        return [line.split(delimiter) for line in lines], ""
    csv.field_size_limit(MAX_FIELD)
    ended = (line.rstrip("\r").replace("\r", " ") + "\n" for line in lines)
    reader = csv.reader(ended, delimiter=delimiter, quoting=csv_quoting(True), strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        return rows, str(error)
    return rows, ""


def csv_quoting(quoted: bool) -> Literal[0, 3]:
    """The csv module's word for it."""
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def is_open(text: str, delimiter: str | None = None) -> bool:
    """Whether the text ends within a quoted field: its record goes on in the next line.

    >>> is_open('1,"one'), is_open('1,"one ""two"" 3",4'), is_open('a 5" disk')
    (True, False, False)
    """
    if '"' not in text:
        return False
    between = re.escape(delimiter or "".join(CANDIDATES))
    # Possessive in effect: a field's content cannot be matched in another way, so this never goes back far.
    fields = re.finditer(rf'(?:\A|(?<=[{between}\n]))"[^"]*(?:""[^"]*)*("|\Z)', text)
    return any(not field[1] for field in fields)


def first_record_ends(lines: Sequence[str], delimiter: str | None) -> bool:
    """Whether the first record is whole; it may hold line ends in quotes.

    >>> first_record_ends(['a,"b', "c"], None), first_record_ends(['a,"b', 'c"'], None)
    (False, True)
    """
    if not is_open(lines[0], delimiter):
        return True
    ends = (number for number, line in enumerate(lines) if number and '"' in line)
    return any(not is_open("\n".join(lines[: number + 1]), delimiter) for number in ends)


def dialect_of(
    beginning: Beginning, form: str | None, settings: RecordSettings, known: Collection[str]
) -> Dialect:
    """How a table of the given form (tsv, csv, or unknown) is written; `known` are usual names of columns."""
    lines = beginning.lines
    sep = _SEP.match(lines[0].rstrip("\r"))
    skipped = 1 if sep is not None and len(lines) > 1 and settings.delimiter in ("auto", sep[1]) else 0
    rest = lines[skipped:]
    if settings.delimiter != "auto":
        delimiter = settings.delimiter
    elif skipped and sep is not None:
        delimiter = sep[1]
    elif form == "tsv":
        delimiter = "\t"
    else:
        delimiter = delimiter_of(rest, settings.names, known, quoted=settings.quoting != "none") or ","
    if settings.quoting != "auto":
        quoted = settings.quoting == "rfc4180"
    else:
        quoted = form == "csv" or (delimiter == "\t" and _has_quoted_fields(beginning, rest))
    return Dialect(delimiter, quoted, skipped)


def delimiter_of(
    lines: Sequence[str],
    asked: Collection[str],
    known: Collection[str],
    *,
    quoted: bool = True,
    by_names: bool = False,
) -> str | None:
    """What separates the columns; None if there seems to be one column. `by_names`: only if names are found.

    >>> delimiter_of(["a;b;c", "1;2,5;x", "2;3,5;y"], (), ())
    ';'
    """
    scores = {}
    for delimiter in CANDIDATES:
        if delimiter not in lines[0] and '"' not in lines[0]:
            continue
        rows, _ = rows_of(lines, delimiter, quoted)
        if not rows or len(rows[0]) < 2:
            continue
        cells = {named(cell) for cell in rows[0]}
        found = len(cells & set(asked)), len({cell.lower() for cell in cells} & set(known))
        if by_names and not any(found):
            continue
        scores[delimiter] = (*found, _evenness(rows))
    if not scores:
        return None
    best = max(scores.values())
    tied = [delimiter for delimiter in CANDIDATES if scores.get(delimiter) == best]
    if tied[:2] == [";", ","] and not _are_decimal(lines):
        return ","  # a semicolon in each text, rather than a comma in each
    return tied[0]


def named(cell: str) -> str:
    """A column's name as it is compared: without a mark, spaces around it and line ends in it.

    >>> named("\\ufeff review\\n text ")
    'review text'
    """
    return " ".join(cell.replace("\ufeff", "").split())


def _evenness(rows: Sequence[Sequence[str]]) -> float:
    """The share of rows that have as many cells as the first, but for empty ones at the end."""
    first = _width(rows[0])
    filled = [row for row in rows if any(row)]
    return sum(_width(row) == first or len(row) == len(rows[0]) for row in filled) / len(filled)


def _width(row: Sequence[str]) -> int:
    return len(row) - (not row[-1]) if row else 0


def _are_decimal(lines: Sequence[str]) -> bool:
    """Whether the commas stand within numbers."""
    commas = sum(line.count(",") for line in lines)
    return sum(len(_DECIMAL.findall(line)) for line in lines) * 2 > commas


def _has_quoted_fields(beginning: Beginning, lines: Sequence[str]) -> bool:
    """Whether quotes enclose fields in a table with tabs, where usually they are characters like others.

    They do where rows are of equal length only if line ends or tabs in quotes belong to a field, or where
    a carriage return stands in a quoted field; and in what Excel wrote, if that makes rows of equal length.
    """
    if not any(line.startswith('"') or '\t"' in line for line in lines):
        return False
    rows, wrong = rows_of(lines, "\t", True)
    cut = wrong == "unexpected end of data" and not beginning.whole
    if not rows or len(rows[0]) < 2 or (wrong and not cut) or _evenness(rows) < 1:
        return False
    if beginning.from_excel or any(_RETURN_IN_QUOTES.search(line) for line in lines if "\r" in line):
        return True
    plain, _ = rows_of(lines, "\t", False)
    return _evenness(plain) < 1
