"""Settings of how results are printed: the same of every command."""

from __future__ import annotations

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import Settings, setting
from nlpcli.settings.frozen import frozen

_PANEL = "Options"
TABLES = (".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".parquet")  # ends of names of what holds rows


@frozen
class JsonSettings(Settings):
    """Results as JSON."""

    json: bool = setting(
        False, "Print one JSON document; its keys are the headings.", flags=("--json",), panel=_PANEL
    )
    jsonl: bool = setting(False, "Print a JSON object per line.", flags=("--jsonl",), panel=_PANEL)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.json and self.jsonl:
            raise SettingsError("--json and --jsonl exclude each other")

    @property
    def is_json(self) -> bool:
        """Whether JSON is asked for, of either kind."""
        return self.json or self.jsonl


@frozen
class TableSettings(JsonSettings):
    """How a table is written: for a reader on a terminal, else as TSV, or as JSON."""

    no_header: bool = setting(False, "Leave out the headings of TSV.", flags=("--no-header",), panel=_PANEL)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.no_header and self.is_json:
            raise SettingsError("--no-header does nothing with JSON, whose keys are the headings")


@frozen
class RowSettings(Settings):
    """How a table is written that holds the rows of the one that was read."""

    output_encoding: str | None = setting(
        None, "Encoding of -o TABLE.csv or .tsv: utf-8-sig or cp949 for Excel; else utf-8.", panel=_PANEL,
        metavar="NAME",
    )  # fmt: skip


@frozen
class ResultSettings(RowSettings, TableSettings):
    """How a table is written, where, and in which encoding."""

    output: str = setting(
        "-", "File to write; - is stdout.", flags=("-o", "--output"), panel=_PANEL, metavar="FILE"
    )


@frozen
class LineSettings(RowSettings):
    """How the answers to rows of a table are written: as a table, or as lines."""

    id_col: str | None = setting(
        None, "Column (name, or number from 1) or JSON field that is written before each line, and a tab.",
        panel=_PANEL, metavar="COLUMN",
    )  # fmt: skip
