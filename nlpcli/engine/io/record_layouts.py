"""How a file of records is laid out: its format, and where text and label stand in it.

Found from the settings, the file's name and its first rows. What is not said is guessed from
well-known column names; a guess that fails is an error that lists what was seen.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlpcli.engine.io import title_rows
from nlpcli.engine.io.dialects import (
    Beginning,
    Dialect,
    delimiter_of,
    dialect_of,
    folded,
    named,
    rows_of,
    sep_line,
)
from nlpcli.engine.io.opening import display_name
from nlpcli.engine.io.record_errors import bad_quoting, label_among, no_numbers, no_second_text
from nlpcli.engine.io.table_signs import FASTTEXT_PREFIX, format_by_name
from nlpcli.errors import InputError
from nlpcli.settings.fields import whole_number
from nlpcli.settings.input import RecordSettings
from nlpcli.wording import counted

TEXT_NAMES = (
    *("text", "document", "sentence", "review", "comment", "content", "message", "title", "headline", "body"),
    *("본문", "내용", "문장", "리뷰", "제목", "텍스트"),
)
LABEL_NAMES = (
    *("label", "class", "category", "sentiment", "topic", "target", "labels", "topic_idx", "label_idx"),
    *("라벨", "레이블", "분류", "범주", "감정", "주제"),
)
_KNOWN = frozenset(TEXT_NAMES + LABEL_NAMES)
_LONGEST_NAME = 40
_MOST_SHOWN = 30
_NUMBER = re.compile(r"[-+]?[\d.,:/ -]*\d%?")  # dates and times too


@dataclass(frozen=True)
class Layout:
    """Where the text and the label are: column numbers from 0, or field names in JSON.

    `format` is tsv (no quoting, whatever the delimiter), csv (with quoting), jsonl or fasttext. `width` is
    how many columns the first row has, `skipped` how many lines come before it, `spaced` whether
    spaces behind a delimiter are no part of the cell. `remark` says what was decided without being asked for.
    `text2` is where the second text of a pair is. `vector` is where the numbers of a row are, with
    `vector_names`, which are the fields in JSON; empty where rows hold texts. `header` is the names of all
    columns as they stand in the first row, if it has them; of JSON the fields of the first object.
    """

    format: str
    text: int = 0
    label: int | None = None
    text_name: str = ""
    label_name: str | None = None
    has_header: bool = False
    delimiter: str = "\t"
    width: int = 0
    skipped: int = 0
    spaced: bool = False
    remark: str = ""
    text2: int | None = None
    text2_name: str | None = None
    vector: tuple[int, ...] = ()
    vector_names: tuple[str, ...] = ()
    header: tuple[str, ...] | None = None

    @property
    def texts(self) -> tuple[int, ...]:
        """The columns of one text, of two, or of numbers."""
        if self.vector:
            return self.vector
        return (self.text,) if self.text2 is None else (self.text, self.text2)


def detect(path: str, beginning: Beginning, settings: RecordSettings, labelled: bool) -> Layout:
    """The layout of a file that begins so.

    Raises InputError when text or label cannot be found in it.

    >>> detect("a.tsv", Beginning(["id\\tdocument\\tlabel"]), RecordSettings(), True).label
    2
    """
    first_line = beginning.lines[0]
    form: str | None = settings.format
    if form == "auto":
        form = _guess_format(path, beginning, settings)
    if form == "text":
        if labelled:
            raise _unlabelled(path, first_line)
        form = "tsv"  # a column was asked for: a table of one column
    if form == "fasttext":
        if settings.vector_col is not None:
            raise no_numbers(f"{display_name(path)}: a line of {FASTTEXT_PREFIX}")
        if settings.text2_col is not None:
            raise no_second_text(f"{display_name(path)}: a line of {FASTTEXT_PREFIX}")
        return Layout("fasttext")
    if form == "jsonl":
        return _json_layout(path, first_line, settings, labelled)
    dialect = dialect_of(beginning, form, settings, _KNOWN)
    rows, wrong = rows_of(
        beginning.lines[dialect.skipped :], dialect.delimiter, dialect.quoted, dialect.spaced
    )
    if not rows:
        raise bad_quoting(f"{display_name(path)}:{dialect.skipped + 1}", wrong)
    if not (above := title_rows.rows_above(rows, settings)):
        return table_layout(path, rows, dialect, settings, labelled)
    dialect = dataclasses.replace(dialect, skipped=dialect.skipped + title_rows.lines_of(rows[:above]))
    named_rows = [title_rows.names_of(rows, above), *rows[above + 1 :]]
    layout = table_layout(path, named_rows, dialect, settings, labelled)
    told = title_rows.told(display_name(path), rows, above, dialect.skipped + 1)
    return dataclasses.replace(layout, remark=told)


def _guess_format(path: str, beginning: Beginning, settings: RecordSettings) -> str:
    first_line = beginning.lines[0]
    if first_line.lstrip().startswith(FASTTEXT_PREFIX):
        return "fasttext"
    by_name = format_by_name(path)
    sep = sep_line(first_line)
    if sep is not None and len(beginning.lines) > 1 and by_name != "jsonl" and settings.delimiter == "auto":
        return "tsv" if sep == "\t" else "csv"
    if by_name == "tsv" and settings.delimiter == "auto" and "\t" not in first_line:
        by_name = None  # by what is in it
    if by_name:
        return by_name
    if settings.delimiter != "auto":
        return "tsv" if settings.delimiter == "\t" else "csv"
    if first_line.startswith("{"):
        return "jsonl"
    if "\t" in first_line:
        return "tsv"
    return "csv" if delimiter_of(beginning.lines, settings.names, _KNOWN, by_names=True) else "text"


def table_layout(
    path: str, rows: Sequence[list[str]], dialect: Dialect, settings: RecordSettings, labelled: bool
) -> Layout:
    """Where text and label are in a table that begins with these rows."""
    cells = rows[0]
    has_header, remark = _has_header(path, rows, settings, labelled)
    header = cells if has_header else None

    def column(name: str | None, names: Sequence[str], option: str) -> int | None:
        return column_number(name, names, header, len(cells), path, option, dialect.delimiter)

    found = [column(name, (), "--vector-col") for name in settings.vector_cols]
    vector = tuple(number for number in found if number is not None)
    names = tuple((named(header[number]) if header else "") or str(number + 1) for number in vector)
    text = vector[0] if vector else column(settings.text_col, TEXT_NAMES, "--text-col")
    label = column(settings.label_col, LABEL_NAMES, "--label-col") if labelled else None
    text2 = column(settings.text2_col, (), "--text2-col")
    if labelled and label is None:
        others = [number for number in range(len(cells)) if number not in (text, text2, *vector)]
        label = _guessed_label(others, header, vector)
    if text is None and (header is None or len(cells) == 1):
        text = 0 if len(cells) == 1 else 1 if label != 1 else 0
    if text is None or (labelled and label is None):
        missing, option = ("text", "--text-col") if text is None else ("label", "--label-col")
        raise InputError(
            f"{display_name(path)}: which column is the {missing}? there are: {_shown(cells)}",
            hint=f"name it with {option}, or give its number; --header no if the first row is data",
        )
    if label is not None and label in vector:
        raise label_among(display_name(path), names[vector.index(label)])
    if labelled and text == label:
        raise _one_column(path, cells, dialect)
    if text2 is not None and text2 in (text, label):
        raise InputError(
            f"{display_name(path)}: the second text of a pair is in the same column as its "
            + ("label" if text2 == label else "first text"),
            hint="see --text-col, --text2-col, --label-col",
        )
    form = "csv" if dialect.quoted else "tsv"
    return Layout(
        form, text, label, "", None, has_header, dialect.delimiter, len(cells), dialect.skipped,
        dialect.spaced, remark, text2, None, vector, names, tuple(cells) if has_header else None,
    )  # fmt: skip


def _guessed_label(others: Sequence[int], header: list[str] | None, vector: Sequence[int]) -> int | None:
    """The column of labels where nothing says which one it is: one of those that are nothing else."""
    if header is None:  # label TAB text, as the SMS collection has it
        return others[0] if others else 0
    return others[0] if vector and len(others) == 1 else None


def _one_column(path: str, cells: Sequence[str], dialect: Dialect) -> InputError:
    """The error where text and label are the same column."""
    if len(cells) == 1 and not dialect.delimiter:
        return InputError(
            f"{display_name(path)}: the first row has one cell: {_shown(cells)}",
            hint="the first row names the columns: take out what stands above it",
        )
    if len(cells) == 1:
        return _unlabelled(path, cells[0])
    return InputError(
        f"{display_name(path)}: text and label are the same column", hint="see --text-col, --label-col"
    )


def _has_header(
    path: str, rows: Sequence[list[str]], settings: RecordSettings, labelled: bool
) -> tuple[bool, str]:
    """Whether the first row names the columns, and what to say where that is a guess."""
    if settings.header != "auto":
        return settings.header == "yes", ""
    cells, others = rows[0], [row for row in rows[1:] if any(row)]
    asked = [column for column in settings.columns if column is not None]
    # A number that stands in the first row is a label or a count there, rather than a column's name.
    if any(not column.isdecimal() for column in asked):
        return True, ""
    known = {folded(cell) for cell in cells}
    if known & set(LABEL_NAMES) and (asked or known & set(TEXT_NAMES) or len(cells) > 2):
        return True, ""
    if any(folded(cell) in TEXT_NAMES for cell in _may_be_texts(cells, settings, labelled)):
        return True, ""
    shown = f"{display_name(path)}: the first row ({_shown(cells)}) is taken"
    if _are_counted(cells) or (len(others) > 1 and _are_names(cells) and _above_numbers(cells, others)):
        return True, f"{shown} for the names of the columns; --header no if it is data"
    is_doubtful = bool(others) if asked else labelled and len(others) > 4
    if is_doubtful and _are_names(cells) and not _recur(cells, others):
        return False, f"{shown} for data; --header yes if it names the columns"
    return False, ""


def _may_be_texts(cells: Sequence[str], settings: RecordSettings, labelled: bool) -> Sequence[str]:
    """The cells of the column that was asked for, or of those that may be it: labels are words like names."""
    if settings.text_col is not None and settings.text_col.isdecimal():
        number = whole_number(settings.text_col)
        return cells[number - 1 : number] if number else ()
    return cells[1:] if labelled else cells


def _are_names(cells: Sequence[str]) -> bool:
    names = [named(cell) for cell in cells]
    return len({*names}) == len(names) and all(
        name and len(name) <= _LONGEST_NAME and not _NUMBER.fullmatch(name) for name in names
    )


def _are_counted(cells: Sequence[str]) -> bool:
    """Whether the names are 0, 1, 2 …, as pandas writes columns that have none; one for the index before."""
    numbers = [str(number) for number in range(len(cells))]
    return len(cells) > 1 and ([*cells] == numbers or (len(cells) > 2 and [*cells] == ["", *numbers[:-1]]))


def _above_numbers(cells: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a column holds numbers, dates or the like everywhere but in the first row."""
    columns = ([row[number] for row in others if number < len(row)] for number in range(len(cells)))
    return any(column and all(_NUMBER.fullmatch(cell.strip()) for cell in column) for column in columns)


def _recur(cells: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a cell of the first row stands in its column once more."""
    return any(
        cell == row[number] for number, cell in enumerate(cells) for row in others if number < len(row)
    )


def column_number(
    asked: str | None,
    known: Sequence[str],
    header: Sequence[str] | None,
    width: int,
    path: str,
    option: str,
    delimiter: str,
) -> int | None:
    """The column's number from 0; None when nothing was asked and no known name is there."""
    names = [named(cell) for cell in header or ()]
    lowered = [*map(folded, header or ())]
    if asked is None:
        found = next((name for name in known if name in lowered), None)
        return None if found is None else _only(_places(found, lowered), found, path, option)
    for wanted, there in (
        (asked, list(header or ())),
        (named(asked), names),
        (folded(asked), lowered),
    ):
        if places := _places(wanted, there):
            return _only(places, asked, path, option)
    if asked.isdecimal() and 1 <= whole_number(asked) <= width:
        return whole_number(asked) - 1
    if header is None or asked.isdecimal():
        columns = counted(width, "column")
        raise InputError(
            f"{display_name(path)}: there is no column {asked[:_LONGEST_NAME]}: the first row has {columns}",
            hint=(
                f"{option} is a header name or a number from 1"
                if asked.isdecimal()
                else f"the columns have no names here: {option} is a number from 1"
            )
            + ("; is the separator right? --delimiter says what it is" if width == 1 and delimiter else ""),
        )
    close = difflib.get_close_matches(folded(asked), lowered, n=3)
    nearest = " or ".join(repr(names[lowered.index(name)]) for name in close)
    raise InputError(
        f"{display_name(path)}: no column is called {asked!r}; there are: {_shown(header)}",
        hint=(f"perhaps {nearest}? " if close else "")
        + f"{option} is one of these names or a number from 1"
        + ("; is the separator right? --delimiter says what it is" if width == 1 and delimiter else ""),
    )


def _places(name: str, names: Sequence[str]) -> list[int]:
    return [number for number, other in enumerate(names) if other == name]


def _only(places: Sequence[int], name: str, path: str, option: str) -> int:
    if len(places) > 1:
        numbers = " and ".join(str(place + 1) for place in places)
        raise InputError(
            f"{display_name(path)}: more than one column is called {name!r}: {numbers}",
            hint=f"say which by its number: {option} {places[0] + 1} --header yes",
        )
    return places[0]


def _shown(cells: Sequence[str]) -> str:
    """Names of columns for a message, as many as fit."""
    names = [named(cell) for cell in cells[:_MOST_SHOWN]]
    names = [name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "…" for name in names]
    return ", ".join(names) + (f" and {len(cells) - _MOST_SHOWN} more" if len(cells) > _MOST_SHOWN else "")


def _json_layout(path: str, first_line: str, settings: RecordSettings, labelled: bool) -> Layout:
    try:
        fields = json.loads(first_line)
    except (ValueError, RecursionError):
        fields = {}  # the reader will say what is wrong, and where
    names = list(fields) if isinstance(fields, dict) else []
    vector = settings.vector_cols
    text = settings.text_col or next((name for name in (*vector, *TEXT_NAMES) if name in names), None)
    label = settings.label_col or next((name for name in LABEL_NAMES if name in names), None)
    others = [name for name in names if name not in vector]
    if vector:
        text = vector[0]
        label = label or (others[0] if len(others) == 1 else None)
        if labelled and label in vector:
            raise label_among(display_name(path), label)
    if names and (text is None or (labelled and label is None)):
        missing, option = ("text", "--text-col") if text is None else ("label", "--label-col")
        raise InputError(
            f"{display_name(path)}: which field is the {missing}? there are: {', '.join(names)}",
            hint=f"name it with {option}",
        )
    return Layout(
        "jsonl", text_name=text or "text", label_name=(label or "label") if labelled else None,
        text2_name=settings.text2_col, vector_names=vector, header=tuple(names), width=len(names),
    )  # fmt: skip


def _unlabelled(path: str, first_line: str) -> InputError:
    if first_line.lstrip("\ufeff \t").startswith(("<!", "<?", "<html", "<HTML", "<table", "<TABLE")):
        return InputError(
            f"{display_name(path)}: this is a page in HTML or XML, though it may be named .xls",
            hint="open it in a spreadsheet program and save it as .xlsx or as CSV UTF-8",
        )
    if first_line.lstrip().startswith("["):
        return InputError(
            f"{display_name(path)}: a JSON array, or plain text without labels",
            hint="of an array, make one object per line: jq -c '.[]' FILE.json > FILE.jsonl",
        )
    return InputError(
        f"{display_name(path)}: no labels found: the lines are plain text",
        hint="wanted: label<TAB>text, a table with --text-col and --label-col, JSON lines or __label__; "
        "--delimiter says what separates columns",
    )
