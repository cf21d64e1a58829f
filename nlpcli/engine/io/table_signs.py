"""What tells that a file is a table: what was asked for, the end of its name, its first bytes.

Not here: how it is laid out (`record_layouts.py`), and its rows (`records.py`).
"""

from __future__ import annotations

from pathlib import PurePath

from nlpcli.engine.io.opening import display_name, first_bytes
from nlpcli.engine.io.parquet import is_parquet
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.input import RecordSettings

_SUFFIXES = {".tsv": "tsv", ".tab": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
FASTTEXT_PREFIX = "__label__"  # of fastText's lines
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


def is_plain(settings: RecordSettings, labelled: bool) -> bool:
    """Whether every line is a text: nothing says otherwise, and no label is wanted."""
    if labelled:
        return False
    asked = (settings.text_col, settings.label_col, settings.vector_col, settings.sheet)
    is_table = settings.delimiter != "auto" or any(option is not None for option in asked)
    return settings.format == "text" or (settings.format == "auto" and not is_table)


def format_by_name(path: str) -> str | None:
    """The format that the end of a file's name speaks for.

    >>> format_by_name("reviews.csv.gz"), format_by_name("news.txt")
    ('csv', None)
    """
    name = PurePath(path)
    suffix = PurePath(name.stem).suffix if name.suffix in _COMPRESSED else name.suffix
    return _SUFFIXES.get(suffix.lower())


def holds_a_table(path: str) -> bool:
    """Whether a file shows by its bytes that it is a table: a workbook, or a Parquet file."""
    return is_zipped(path) or is_parquet(path)


def is_zipped(path: str, progress: Progress = SILENT) -> bool:
    """Whether the file is a zip archive, as workbooks are; in a named pipe it is not looked for."""
    return first_bytes(path, 4, progress) == b"PK\x03\x04"


def taken_as_it_stands(path: str) -> str | None:
    """What is said of a file that is read as lines: a table by its name, or lines with fastText's labels."""
    if format_by_name(path):
        return f"{path}: every line is taken as a text, as it stands; --text-col names a column"
    if _begins_with_a_label(path):
        shown, sign = display_name(path), FASTTEXT_PREFIX
        return f"{shown}: every line is a text, its {sign} too; --input-format fasttext takes them apart"
    return None


def _begins_with_a_label(path: str) -> bool:
    """Whether the first line is one of fastText's; in a named pipe it is not looked for."""
    sign = FASTTEXT_PREFIX.encode()
    return first_bytes(path, len(sign)) == sign
