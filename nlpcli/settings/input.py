"""Settings of reading text and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nlpcli.settings.fields import Settings, setting

INPUT = "Input"


@dataclass(frozen=True)
class InputSettings(Settings):
    """How bytes become text."""

    encoding: str = setting(
        "utf-8",
        "Encoding of the input: utf-8, cp949, euc-kr, utf-16 and so on, or auto.",
        panel=INPUT,
        metavar="NAME",
    )
    errors: Literal["strict", "replace", "skip"] = setting(
        "strict", "Bytes that are not text: end, put U+FFFD for them, or leave them out.", panel=INPUT
    )


@dataclass(frozen=True)
class FolderSettings(Settings):
    """What becomes of a folder of texts that is not all there."""

    on_error: Literal["stop", "skip"] = setting(
        "stop", "A file or folder in a folder that cannot be read: end, or go on without it.", panel=INPUT
    )


@dataclass(frozen=True)
class RecordSettings(FolderSettings):
    """Where text and label stand in a line."""

    format: Literal["auto", "text", "tsv", "csv", "jsonl", "fasttext"] = setting(
        "auto",
        "Layout of a line; auto goes by the file's name and first line.",
        panel=INPUT,
        flags=("--format",),
    )
    text_col: str | None = setting(
        None,
        "Column (name, or number from 1) or JSON field that holds the text.",
        panel=INPUT,
        metavar="COLUMN",
    )
    label_col: str | None = setting(
        None,
        "Column (name, or number from 1) or JSON field that holds the label.",
        panel=INPUT,
        metavar="COLUMN",
    )
    header: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether the first row names the columns; auto: it does if a name is asked for or known.",
        panel=INPUT,
    )
    quoting: Literal["auto", "rfc4180", "none"] = setting(
        "auto",
        'Whether "…" encloses a field; auto: in CSV yes, in TSV quotes are plain characters.',
        panel=INPUT,
    )
    multi_label: Literal["first", "each"] = setting(
        "first", "A line with several labels counts for the first one, or once for each.", panel=INPUT
    )

    @property
    def has_labels(self) -> bool:
        """Whether labels were asked for by name or by layout."""
        return self.label_col is not None or self.format == "fasttext"
