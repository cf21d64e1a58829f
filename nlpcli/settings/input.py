"""Settings of reading text and tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import Needs, Settings, changed, setting
from nlpcli.settings.frozen import frozen

INPUT = "Input"


@frozen
class InputSettings(Settings):
    """How bytes become text."""

    RARE: ClassVar[frozenset[str]] = frozenset({"errors"})

    encoding: str = setting(
        "utf-8",
        "Encoding of the input: utf-8, cp949, euc-kr, utf-16 and so on, or auto.",
        panel=INPUT,
        metavar="NAME",
    )
    errors: Literal["strict", "replace", "skip"] = setting(
        "strict", "Bytes that are not text: end, put U+FFFD for them, or leave them out.", panel=INPUT
    )


@frozen
class FolderSettings(Settings):
    """What becomes of a folder of texts that is not all there."""

    RARE: ClassVar[frozenset[str]] = frozenset({"on_error"})

    on_error: Literal["stop", "skip"] = setting(
        "stop", "A file or folder in a folder that cannot be read: end, or go on without it.", panel=INPUT
    )


@frozen
class TextColumn(Settings):
    """Which column of a table holds the texts."""

    text_col: str | None = setting(
        None,
        "Column (name, or number from 1) or JSON field that holds the text.",
        panel=INPUT,
        metavar="COLUMN",
    )


@frozen
class TableLayout(Settings):
    """How a table is read."""

    header: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether the first row names the columns; auto: it does if a name is asked for or known.",
        panel=INPUT,
    )
    delimiter: str = setting(
        "auto",
        "What stands between columns: a character or tab; auto finds a comma, semicolon, tab or |.",
        panel=INPUT,
        metavar="CHAR",
    )
    quoting: Literal["auto", "rfc4180", "none"] = setting(
        "auto",
        'Whether "…" encloses a field; auto: in CSV yes, in TSV only where the first rows show it.',
        panel=INPUT,
    )
    sheet: str | None = setting(
        None,
        "Sheet of an Excel workbook (.xlsx): its name, or number from 1; else the first.",
        panel=INPUT,
        metavar="NAME",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        delimiter = {"tab": "\t", "\\t": "\t"}.get(self.delimiter.lower(), self.delimiter)
        if delimiter != "auto" and (len(delimiter) != 1 or delimiter in '"\r\n'):
            raise SettingsError(
                f"--delimiter must be one character, not {self.delimiter!r}",
                hint="wanted: , or ; or | or another character, tab, or auto",
            )
        object.__setattr__(self, "delimiter", delimiter)


@frozen
class ColumnSettings(TableLayout, TextColumn):
    """Which column of a table holds the texts, and how the table is read."""


_TABLES, _LINES = Needs("format", ("auto", "tsv", "csv")), Needs("format", but=("text", "fasttext"))
_LAYOUT = {"header": _TABLES, "delimiter": _TABLES, "quoting": _TABLES}


@frozen
class LineFormat(Settings):
    """What a line of a file is."""

    format: Literal["auto", "text", "tsv", "csv", "jsonl", "fasttext"] = setting(
        "auto",
        "Layout of a line; auto goes by the file's name and first line.",
        panel=INPUT,
        flags=("--input-format",),
        old=("--format",),
    )


@frozen
class LabelColumn(Settings):
    """Which column of a table holds the labels."""

    label_col: str | None = setting(
        None,
        "Column (name, or number from 1) or JSON field that holds the label.",
        panel=INPUT,
        metavar="COLUMN",
    )


@frozen
class SecondText(TextColumn):
    """Which column of a table holds the second text of a pair."""

    text2_col: str | None = setting(
        None, "Column or field of the second text, where pairs of texts are judged.", panel=INPUT,
        metavar="COLUMN",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.text2_col is not None and self.text_col is None:
            raise SettingsError(
                "--text2-col names the second text of a pair, and nothing names the first",
                hint="name both: --text-col question1 --text2-col question2",
            )


@frozen
class NumberColumns(Settings):
    """Which columns of a table hold numbers."""

    vector_col: str | None = setting(
        None, "Columns or fields of numbers, with commas between, or one of a list (train-rnn --cell none; "
        "train-charlm).", panel=INPUT, metavar="COLUMNS",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vector_col is not None and not all(self.vector_cols):
            raise SettingsError(
                f"--vector-col cannot be {self.vector_col!r}", hint="wanted: height,weight,age"
            )

    @property
    def vector_cols(self) -> tuple[str, ...]:
        """The columns of numbers, one by one."""
        return () if self.vector_col is None else tuple(map(str.strip, self.vector_col.split(",")))


@frozen
class LabelSets(Settings):
    """What becomes of several labels of one text."""

    label_sep: str | None = setting(
        None, "What stands between the labels of one text in a cell, such as a comma.", panel=INPUT,
        metavar="CHAR",
    )  # fmt: skip
    multi_label: Literal["auto", "first", "each", "all"] = setting(
        "auto", "A line with several labels counts for the first (auto), once for each, or for all together "
        "(train-rnn alone: its auto where --label-sep says what separates them).",
        panel=INPUT,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.label_sep is not None and (not self.label_sep.strip(" ") or "\n" in self.label_sep):
            raise SettingsError(
                f"--label-sep cannot be {self.label_sep!r}", hint="wanted: a character such as , or ; or |"
            )

    @property
    def separator(self) -> str:
        """What stands between labels of one text."""
        return self.label_sep or ","


_TEXT_NEEDS = MappingProxyType({**_LAYOUT, "text_col": _LINES})
_LABEL_NEEDS = MappingProxyType({**_TEXT_NEEDS, "label_col": _LINES})
_RARE = frozenset({"header", "delimiter", "quoting"})
_RARE_LABELS = _RARE | FolderSettings.RARE | {"label_sep", "multi_label"}


@frozen
class TextRowSettings(LineFormat, ColumnSettings):
    """Where the text stands in a line."""

    NEEDS: ClassVar[Mapping[str, Needs]] = _TEXT_NEEDS


@frozen
class JudgedTextSettings(NumberColumns, SecondText, TextRowSettings):
    """Where that stands in a line which is judged: a text, two of them, or numbers."""

    RARE: ClassVar[frozenset[str]] = _RARE
    NEEDS: ClassVar[Mapping[str, Needs]] = _TEXT_NEEDS


@frozen
class LabelledTextSettings(LabelSets, LabelColumn, FolderSettings, TextRowSettings):
    """Where a text and its labels stand in a line."""

    RARE: ClassVar[frozenset[str]] = _RARE_LABELS
    NEEDS: ClassVar[Mapping[str, Needs]] = _LABEL_NEEDS

    @property
    def has_labels(self) -> bool:
        """Whether labels were asked for by name or by layout."""
        return self.label_col is not None or self.format == "fasttext"


@frozen
class ConditionedTextSettings(NumberColumns, LabelledTextSettings):
    """Where a text stands in a line, and the label or the numbers that it was written for."""


@frozen
class RecordSettings(JudgedTextSettings, ConditionedTextSettings):
    """Where all stands in a line that there may be: texts, labels and numbers."""

    RARE: ClassVar[frozenset[str]] = _RARE_LABELS
    NEEDS: ClassVar[Mapping[str, Needs]] = _LABEL_NEEDS

    @property
    def columns(self) -> tuple[str | None, ...]:
        """The columns that may be asked for, by name or number."""
        return (self.text_col, self.text2_col, self.label_col, *self.vector_cols)

    @property
    def names(self) -> list[str]:
        """The columns that were asked for by name."""
        asked = self.columns
        return [column for column in asked if column is not None and not column.isdecimal()]

    @classmethod
    def of(cls, rows: Settings) -> RecordSettings:
        """The same of settings that may have fewer of these fields."""
        if isinstance(rows, RecordSettings):
            return rows
        return cls(**{field.name: getattr(rows, field.name) for field in dataclasses.fields(rows)})


@frozen
class LabelRowSettings(LabelColumn, LineFormat, TableLayout):
    """Rows that are kept as they stand, and which column of them holds labels, if any."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({**_LAYOUT, "label_col": _LINES})


@frozen
class TextInputSettings(ColumnSettings, InputSettings):
    """Lines of text, or a column of a table: what every command takes that reads texts without labels."""

    RARE: ClassVar[frozenset[str]] = InputSettings.RARE | {"header", "delimiter", "quoting"}
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            "header": Needs("input_format", ("auto", "tsv", "csv")),
            "delimiter": Needs("input_format", ("auto", "tsv", "csv")),
            "quoting": Needs("input_format", ("auto", "tsv", "csv")),
            "text_col": Needs("input_format", but=("text", "fasttext")),
        }
    )

    input_format: Literal["auto", "text", "tsv", "csv", "jsonl", "fasttext"] = setting(
        "auto", "Layout of a line; auto: a text; with --text-col by the file's name and first line.",
        panel=INPUT,
    )  # fmt: skip

    @classmethod
    def of(cls, records: TextRowSettings, reading: InputSettings) -> TextInputSettings:
        """The texts alone of tables that may have labels too."""
        fields = {field.name: getattr(records, field.name) for field in dataclasses.fields(ColumnSettings)}
        return cls(input_format=records.format, encoding=reading.encoding, errors=reading.errors, **fields)

    @property
    def of_tables(self) -> list[str]:
        """The options that say how a table is read, of those that are not at their default."""
        return changed(self, "input_format", *(field.name for field in dataclasses.fields(ColumnSettings)))

    @property
    def records(self) -> RecordSettings:
        """The same, as tables are read."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(ColumnSettings)}
        return RecordSettings(format=self.input_format, **fields)
