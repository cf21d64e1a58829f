"""How a file of records is laid out: its format, and where text and label stand in it.

Found from the settings, the file's name and its first line. What is not said is guessed from
well-known column names; a guess that fails is an error that lists what was seen.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from nlpcli.engine.io.lines import display_name
from nlpcli.errors import InputError
from nlpcli.settings.input import RecordSettings

FASTTEXT_PREFIX = "__label__"
TEXT_NAMES = (
    *("text", "document", "sentence", "review", "comment", "content", "message", "title", "headline", "body"),
    *("본문", "내용", "문장", "리뷰", "제목", "텍스트"),
)
LABEL_NAMES = (
    *("label", "class", "category", "sentiment", "topic", "target", "labels", "topic_idx", "label_idx"),
    *("라벨", "레이블", "분류", "범주", "감정", "주제"),
)
_SUFFIXES = {".tsv": "tsv", ".tab": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True)
class Layout:
    """Where the text and the label are: column numbers from 0, or field names in JSON.

    `format` is tsv, jsonl, fasttext, or csv, which is also tab-separated files with quoting.
    """

    format: str
    text: int = 0
    label: int | None = None
    text_name: str = ""
    label_name: str | None = None
    has_header: bool = False
    delimiter: str = ","
    quoted: bool = True


def detect(path: str, first_line: str, settings: RecordSettings, labelled: bool) -> Layout:
    """The layout of a file that begins with `first_line`.

    Raises InputError when text or label cannot be found in it.

    >>> detect("a.tsv", "id\\tdocument\\tlabel", RecordSettings(), True).label
    2
    """
    form: str = settings.format
    if form == "auto":
        form = _guess_format(path, first_line)
    if form == "text":
        if labelled:
            raise _unlabelled(path)
        form = "tsv"  # a column was asked for: a table of one column
    if form == "fasttext":
        return Layout("fasttext")
    if form == "jsonl":
        return _json_layout(path, first_line, settings, labelled)
    return _table_layout(path, first_line, form, settings, labelled)


def is_plain(settings: RecordSettings, labelled: bool) -> bool:
    """Whether every line is a text: nothing says otherwise, and no label is wanted."""
    if labelled:
        return False
    named = settings.text_col is not None or settings.label_col is not None
    return settings.format == "text" or (settings.format == "auto" and not named)


def format_by_name(path: str) -> str | None:
    """The format that the end of a file's name speaks for.

    >>> format_by_name("reviews.csv.gz"), format_by_name("news.txt")
    ('csv', None)
    """
    name = PurePath(path)
    suffix = PurePath(name.stem).suffix if name.suffix in _COMPRESSED else name.suffix
    return _SUFFIXES.get(suffix.lower())


def _guess_format(path: str, first_line: str) -> str:
    if first_line.lstrip().startswith(FASTTEXT_PREFIX):
        return "fasttext"
    if by_name := format_by_name(path):
        return by_name
    if first_line.startswith("{"):
        return "jsonl"
    if "\t" in first_line:
        return "tsv"
    return "csv" if "," in first_line and _looks_like_header(first_line) else "text"


def _looks_like_header(first_line: str) -> bool:
    names = {name.strip(' "').lower() for name in first_line.split(",")}
    return bool(names & {*TEXT_NAMES, *LABEL_NAMES})


def _table_layout(path: str, first_line: str, form: str, settings: RecordSettings, labelled: bool) -> Layout:
    delimiter = "\t" if form == "tsv" else ","
    quoted = settings.quoting == "rfc4180" or (settings.quoting == "auto" and form == "csv")
    cells = next(csv.reader([first_line], delimiter=delimiter, quoting=csv_quoting(quoted)), [""])
    has_header = _has_header(cells, settings)
    header = cells if has_header else None
    text = _column(settings.text_col, TEXT_NAMES, header, len(cells), path, "--text-col")
    label = (
        _column(settings.label_col, LABEL_NAMES, header, len(cells), path, "--label-col")
        if labelled
        else None
    )
    if header is None:  # label TAB text, as the SMS collection has it
        if labelled and label is None:
            label = 0 if text != 0 or len(cells) == 1 else 1
        if text is None:
            text = 0 if len(cells) == 1 else 1 if label != 1 else 0
    if text is None or (labelled and label is None):
        missing, option = ("text", "--text-col") if text is None else ("label", "--label-col")
        raise InputError(
            f"{display_name(path)}: which column is the {missing}? there are: {', '.join(cells)}",
            hint=f"name it with {option}, or give its number; --header no if the first row is data",
        )
    if labelled and text == label:
        if len(cells) == 1:
            raise _unlabelled(path)
        raise InputError(
            f"{display_name(path)}: text and label are the same column", hint="see --text-col, --label-col"
        )
    if not labelled:
        label = None
    return Layout(
        "tsv" if form == "tsv" and not quoted else "csv", text, label, "", None, has_header, delimiter, quoted
    )


def csv_quoting(quoted: bool) -> Literal[0, 3]:
    """The csv module's word for it."""
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def _has_header(cells: Sequence[str], settings: RecordSettings) -> bool:
    if settings.header != "auto":
        return settings.header == "yes"
    asked = [column for column in (settings.text_col, settings.label_col) if column is not None]
    if any(not column.isdigit() or column in cells for column in asked):
        return True
    known = {cell.strip().lower() for cell in cells}
    return bool(known & set(LABEL_NAMES)) and (bool(asked) or bool(known & set(TEXT_NAMES)) or len(cells) > 2)


def _column(
    asked: str | None, known: Sequence[str], header: Sequence[str] | None, width: int, path: str, option: str
) -> int | None:
    """The column's number from 0; None when nothing was asked and no known name is there."""
    if asked is None:
        cells = [cell.strip().lower() for cell in header or ()]
        return next((cells.index(name) for name in known if name in cells), None)
    if header is not None and asked in header:
        return list(header).index(asked)
    if asked.isdigit() and 1 <= int(asked) <= width:
        return int(asked) - 1
    if header is None or asked.isdigit():
        raise InputError(
            f"{display_name(path)}: there is no column {asked}: the first row has {width}",
            hint=f"{option} is a header name or a number from 1",
        )
    raise InputError(
        f"{display_name(path)}: no column is called {asked!r}; there are: {', '.join(header)}",
        hint=f"{option} is one of these names or a number from 1",
    )


def _json_layout(path: str, first_line: str, settings: RecordSettings, labelled: bool) -> Layout:
    try:
        fields = json.loads(first_line)
    except (ValueError, RecursionError):
        fields = {}  # the reader will say what is wrong, and where
    names = list(fields) if isinstance(fields, dict) else []
    text = settings.text_col or next((name for name in TEXT_NAMES if name in names), None)
    label = settings.label_col or next((name for name in LABEL_NAMES if name in names), None)
    if names and (text is None or (labelled and label is None)):
        missing, option = ("text", "--text-col") if text is None else ("label", "--label-col")
        raise InputError(
            f"{display_name(path)}: which field is the {missing}? there are: {', '.join(names)}",
            hint=f"name it with {option}",
        )
    return Layout("jsonl", text_name=text or "text", label_name=(label or "label") if labelled else None)


def _unlabelled(path: str) -> InputError:
    return InputError(
        f"{display_name(path)}: no labels found: the lines are plain text",
        hint="wanted: label<TAB>text, a table with --text-col and --label-col, JSON lines or __label__",
    )
