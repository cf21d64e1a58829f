"""How a table is written: what stands between its columns, and whether quotes enclose a field.

Told by its beginning: the candidate that finds the names asked for in the first row, then well-known
names, then rows of equal length. Not here: what the columns are (`record_layouts.py`).
"""

from __future__ import annotations

import csv
import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from nlpcli.settings.input import RecordSettings

SAMPLE = 1 << 18  # characters of the beginning that are looked at
# The csv module's own limit of 131,072 characters is too small for articles.
MAX_FIELD = 1 << 27
CANDIDATES = ("\t", ";", ",", "|")
_SEP = re.compile(r'"?sep=(.)"?$', re.IGNORECASE)  # a line by which Excel is told the delimiter
_QUOTED = re.compile(r'(?:^|(?<=\t))"([^"\t]*)"(?=[\t\r]|$)')
_NEEDS_NO_QUOTES = re.compile(r"[-+]?[\d.,]*(?:[eE][-+]?\d+)?|NA|NaN|NULL|TRUE|FALSE|\\N", re.IGNORECASE)
_DECIMAL = re.compile(r"\d,\d")


@dataclass(frozen=True)
class Dialect:
    """What stands between columns, whether `"…"` encloses a field, how many lines come before the rows.

    `spaced`: quotes that enclose a field stand behind a space. Nothing stands between cells of a workbook.
    """

    delimiter: str
    quoted: bool
    skipped: int = 0
    spaced: bool = False


@dataclass(frozen=True)
class Beginning:
    """The first lines of a table, from the first that is not blank; `whole` if they are all of it."""

    lines: Sequence[str]
    whole: bool = True
    from_excel: bool = False  # text in UTF-16 with a mark, as Excel writes tables with tabs


def rows_of(
    lines: Iterable[str], delimiter: str, quoted: bool, spaced: bool = False
) -> tuple[list[list[str]], str]:
    """The rows of some lines, as far as they go; and what is wrong with the next one, or "".

    >>> rows_of(['a,"b', 'c"', 'd,"'], ",", True)
    ([['a', 'b\\nc']], 'unexpected end of data')
    """
    if not quoted:
        return [line.split(delimiter) for line in lines], ""
    csv.field_size_limit(MAX_FIELD)
    ended = (line.rstrip("\r").replace("\r", " ") + "\n" for line in lines)
    reader = csv.reader(
        ended, delimiter=delimiter, quoting=csv_quoting(True), strict=True, skipinitialspace=spaced
    )
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


class FirstRecord:
    """How many lines the first record has: several, where a quoted field in it holds line ends.

    >>> record = FirstRecord(None)
    >>> record.add(['a,"b', "c"]), record.add(['d"', "e"]), record.lines
    (False, True, 3)
    """

    def __init__(self, delimiter: str | None) -> None:
        self.lines = 0
        self.is_whole = False
        self._delimiter = delimiter

    def add(self, lines: Iterable[str]) -> bool:
        """Whether the record is whole with these further lines, each of which is looked at once."""
        for line in lines:
            if self.is_whole:
                break
            begun = self.lines > 0  # within quotes
            self.lines += 1
            if not begun or '"' in line:
                self.is_whole = not is_open('"' + line if begun else line, self._delimiter)
        return self.is_whole


def sep_line(line: str) -> str | None:
    """What a line like `sep=;`, for Excel, says to stand between columns."""
    found = _SEP.match(line.rstrip("\r"))
    return found[1] if found else None


def dialect_of(
    beginning: Beginning, form: str | None, settings: RecordSettings, known: Collection[str]
) -> Dialect:
    """How a table of the given form (tsv, csv, or unknown) is written; `known` are usual names of columns."""
    lines = beginning.lines
    sep = sep_line(lines[0])
    skipped = 0
    if sep is not None and settings.delimiter in ("auto", sep):
        skipped = next((number for number, line in enumerate(lines) if number and line.strip()), 0)
    rest = lines[skipped:]
    if settings.delimiter != "auto":
        delimiter = settings.delimiter
    elif skipped and sep is not None:
        delimiter = sep
    elif form == "tsv":
        delimiter = "\t"
    else:
        delimiter = delimiter_of(rest, settings.names, known, quoted=settings.quoting != "none") or ","
    if settings.quoting != "auto":
        quoted = settings.quoting == "rfc4180"
    else:
        quoted = form == "csv" or (delimiter == "\t" and _has_quoted_fields(beginning, rest))
    return Dialect(delimiter, quoted, skipped, quoted and _has_spaced_quotes(beginning, rest, delimiter))


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
        cells = {folded(cell) for cell in rows[0]}
        found = len(cells & set(map(folded, asked))), len(cells & set(known))
        if by_names and not any(found):
            continue
        scores[delimiter] = (*found, _evenness(rows))
    if not scores:
        return None
    best = max(scores.values())
    tied = [delimiter for delimiter in CANDIDATES if scores.get(delimiter) == best]
    if tied[:2] == [";", ","] and not _are_decimal(lines) and not _are_punctuation(lines):
        return ","  # a semicolon in each text, rather than a comma in each
    return tied[0]


def named(cell: str) -> str:
    """A column's name as it is shown: composed, without a mark, spaces around it and line ends in it.

    >>> named("\\ufeff review\\n text ")
    'review text'
    """
    return " ".join(unicodedata.normalize("NFC", cell.replace("\ufeff", "")).split())


def folded(cell: str) -> str:
    """A column's name as it is compared: any case and width, and without invisible characters.

    >>> folded("ＴＥＸＴ\\u200b "), folded("Straße")
    ('text', 'strasse')
    """
    if cell.isascii():
        return " ".join(cell.casefold().split())
    seen = "".join(sign for sign in cell if unicodedata.category(sign) != "Cf")
    return named(unicodedata.normalize("NFKC", seen).casefold())


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


def _are_punctuation(lines: Sequence[str]) -> bool:
    """Whether commas stand as in a sentence, with a space behind each, and semicolons do not."""
    commas, semicolons = (sum(line.count(sign) for line in lines) for sign in ",;")
    spaced, parted = (sum(line.count(sign) for line in lines) for sign in (", ", "; "))
    return spaced == commas and parted * 2 < semicolons


def _has_quoted_fields(beginning: Beginning, lines: Sequence[str]) -> bool:
    """Whether quotes enclose fields in a table with tabs, where usually they are characters like others.

    They do where rows are of equal length only if line ends or tabs in quotes belong to a field, where
    a carriage return stands in a quoted field, or where every cell but numbers is quoted (as R writes them);
    and in what Excel wrote, if that makes rows of equal length.
    """
    if not any(line.startswith('"') or '\t"' in line for line in lines):
        return False
    rows, wrong = rows_of(lines, "\t", True)
    cut = wrong == "unexpected end of data" and not beginning.whole
    if not rows or len(rows[0]) < 2 or (wrong and not cut) or _evenness(rows) < 1:
        return False
    if beginning.from_excel or any("\r" in cell for line in lines for cell in _QUOTED.findall(line)):
        return True
    plain, _ = rows_of(lines, "\t", False)
    return _evenness(plain) < 1 or all(map(_is_quoted_or_number, itertools.chain.from_iterable(plain)))


def _has_spaced_quotes(beginning: Beginning, lines: Sequence[str], delimiter: str) -> bool:
    """Whether quotes behind a space enclose fields: they all do, and rows are as equal in length for it."""
    if delimiter == " " or not any(f'{delimiter} "' in line for line in lines):
        return False
    outside = "\n".join(lines).split('"')[:-1:2]  # each part is followed by a quote that begins a field
    if not any(part.endswith(f"{delimiter} ") for part in outside):
        return False
    rows, wrong = rows_of(lines, delimiter, True, spaced=True)
    if not rows or (wrong and (beginning.whole or wrong != "unexpected end of data")):
        return False
    plain, _ = rows_of(lines, delimiter, True)
    return _evenness(rows) >= _evenness(plain)


def _is_quoted_or_number(cell: str) -> bool:
    cell = cell.rstrip("\r")
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return is_quoted or _NEEDS_NO_QUOTES.fullmatch(cell) is not None
