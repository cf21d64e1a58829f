"""Settings of how results are printed: the same of every command."""

from __future__ import annotations

from dataclasses import dataclass

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import Settings, setting

PLAIN = "Options"


@dataclass(frozen=True)
class TableSettings(Settings):
    """How a table is written: for a reader on a terminal, else as TSV, or as JSON."""

    json: bool = setting(
        False, "One JSON document; its keys are the headings.", flags=("--json",), panel=PLAIN
    )
    jsonl: bool = setting(False, "A JSON object per row.", flags=("--jsonl",), panel=PLAIN)
    no_header: bool = setting(False, "TSV without headings.", flags=("--no-header",), panel=PLAIN)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.json and self.jsonl:
            raise SettingsError("--json and --jsonl exclude each other")
        if self.no_header and (self.json or self.jsonl):
            raise SettingsError("--no-header does nothing with JSON, whose keys are the headings")


@dataclass(frozen=True)
class ResultSettings(TableSettings):
    """How a result is written, and where."""

    output: str = setting(
        "-", "File to write; - is stdout.", flags=("--output", "-o"), panel=PLAIN, metavar="FILE"
    )
