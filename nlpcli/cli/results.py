"""Results as tables: for a person on a terminal, TSV in files and pipes, JSON where it is asked for.

In JSON the headings are the keys: `--jsonl` is an object per row, `--json` one array of them. Where there are
several tables, `--json` is one object that holds each of them by name, and JSON lines say which table they
are of. Lines that the engine writes become JSON by `as_json` on their way.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, cast

from nlpcli.cli import console
from nlpcli.cli.visible import plainly
from nlpcli.engine.io.table_output import Sheet, check_suffix, encoding_of, open_sheet, suffix_of
from nlpcli.engine.io.writing import cell, open_output
from nlpcli.errors import OutputError
from nlpcli.settings.fields import refuse
from nlpcli.settings.results import TABLES, JsonSettings, LineSettings, RowSettings

Row = Sequence[object]


class Results:
    """Where the tables of one run go. `drawn`: with borders, on a terminal."""

    def __init__(
        self, file: BinaryIO, shape: JsonSettings, *, drawn: bool, sheet: Sheet | None = None
    ) -> None:
        self.drawn = drawn
        self._sheet = sheet
        self._file = file
        self._shape = shape
        self._array = Array(file)
        self._object: dict[str, object] | None = None

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        name: str = "",
        title: str | None = None,
        more: Sequence[str] = (),
    ) -> None:
        """A table. `name` is its key in JSON where there are several; `title` stands above it on a terminal.

        `more` are further keys of JSON, whose values stand in the rows after those of the columns.
        """
        if self._shape.is_json:
            self._as_json([*columns, *more], rows, name)
            return
        plain = (row[: len(columns)] for row in rows)
        if self._sheet is not None:
            self._sheet.begin(None if getattr(self._shape, "no_header", False) else columns)
            for row in plain:
                self._sheet.add([_one_cell(value) for value in row], ())
            return
        if self.drawn:
            console.print_table(columns, plain, title=title)
            return
        headed = bool(getattr(self._shape, "no_header", False))
        for row in plain:  # the first of which may be an error
            if not headed:
                self._cells(columns)
                headed = True
            self._cells(row)
        if not headed:
            self._cells(columns)

    def record(self, values: Mapping[str, object], *, as_rows: bool = False) -> None:
        """Single values: a row under their names, or with `as_rows` a row each; in JSON an object."""
        if self._shape.jsonl:
            self._line({**({"table": "measures"} if as_rows else {}), **values})
        elif self._shape.json:
            self._object = {**(self._object or {}), **values}
        elif as_rows:
            self.table(
                ("measure", "value"), [(name, value) for name, value in values.items() if value is not None]
            )
        else:
            self.table([*values], [[*values.values()]])

    def gap(self) -> None:
        """An empty line between tables that are read by people."""
        if self._sheet is not None:
            self._sheet.add((), ())
        elif not self._shape.is_json:
            self._file.write(b"\n")

    def flush(self) -> None:
        """What was written goes to who waits for it."""
        self._file.flush()

    def close(self) -> None:
        """The end of a JSON document, or of a workbook."""
        if self._sheet is not None:
            self._sheet.finish()
        elif self._object is not None:
            self._line(self._object)
        elif self._shape.json:
            self._array.close()

    def _as_json(self, keys: Sequence[str], rows: Iterable[Row], name: str) -> None:
        objects = (dict(zip(keys, row, strict=True)) for row in rows)
        if self._shape.jsonl:
            for one in objects:
                self._line({"table": name, **one} if name else one)
        elif name:
            self._object = {**(self._object or {}), name: list(objects)}
        else:
            for one in objects:
                self._array.write(_json(one))

    def _cells(self, cells: Iterable[object]) -> None:
        text = "\t".join(cell(console.as_text(value)) for value in cells)
        self._file.write(plainly(text).encode("utf-8", "replace") + b"\n")

    def _line(self, value: object) -> None:
        self._file.write(_json(value) + b"\n")


@contextlib.contextmanager
def results(shape: JsonSettings, output: str | None = None) -> Iterator[Results]:
    """Where tables are written, as the name of the file says; it is replaced when the block ends well."""
    place = output if output is not None else str(getattr(shape, "output", "-"))
    rows = RowSettings(output_encoding=getattr(shape, "output_encoding", None))
    shape = by_name(place, shape)
    encoded = rows.output_encoding is not None
    refuse(
        ["--output-encoding"] * (encoded and (shape.is_json or suffix_of(place) not in (".csv", ".tsv"))),
        "but with -o TABLE.csv or .tsv",
    )
    encoding_of(rows)
    with open_output(console.output(place)) as file:
        drawn = place == "-" and console.is_terminal() and not shape.is_json
        is_table = (is_sheet(place) or encoded) and not shape.is_json
        with open_sheet(place, file, table=rows) if is_table else contextlib.nullcontext() as sheet:
            found = Results(file, shape, drawn=drawn, sheet=sheet)
            yield found
            found.close()


def _one_cell(value: object) -> object:
    """What stands in a cell of a sheet: words of a list as a line of TSV has them, and no JSON."""
    return console.as_text(value) if isinstance(value, list | tuple) else value


def is_table(place: str) -> bool:
    """Whether a file's name says that it holds rows, in whatever layout.

    >>> is_table("answers.jsonl"), is_table("answers.txt")
    (True, False)
    """
    return suffix_of(place) in TABLES


def is_sheet(place: str) -> bool:
    """Whether a file's name says that it is a table, and not the TSV that is written anyway.

    >>> is_sheet("words.xlsx"), is_sheet("words.tsv")
    (True, False)
    """
    check_suffix(place)
    return suffix_of(place) in TABLES and suffix_of(place) != ".tsv"


def by_name(place: str, shape: JsonSettings, *, sheets: bool = True) -> JsonSettings:
    """The shape of what is written; JSON where the name of the file says so.

    Raises OutputError for a workbook where there are no `sheets` of rows.
    """
    check_suffix(place)
    suffix = suffix_of(place)
    if not sheets and suffix in (".xlsx", ".parquet"):
        raise OutputError(
            f"{place}: this is text as it comes, and {suffix} holds rows", hint="name a .txt or .jsonl"
        )
    if shape.is_json:
        refuse(
            ["--json" if shape.json else "--jsonl"] * (suffix in (".csv", ".xlsx", ".parquet")),
            f"with {suffix}",
        )
    elif suffix in (".json", ".jsonl"):
        return JsonSettings(json=suffix == ".json", jsonl=suffix == ".jsonl")
    return shape


@contextlib.contextmanager
def lines(output: str) -> Iterator[Callable[[Sequence[object]], None]]:
    """What writes a line of cells with tabs between, for results that are plain text."""
    check_suffix(output)
    with open_output(console.output(output)) as file:

        def write(cells: Sequence[object]) -> None:
            text = "\t".join(cell(console.as_text(value)) for value in cells)
            file.write(plainly(text).encode("utf-8", "replace") + b"\n")

        yield write


# --- JSON -----------------------------------------------------------------------------------


class Array:
    """A JSON array, an element a line, written as its elements come."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begun = False

    def write(self, element: bytes) -> None:
        """One element more."""
        self._file.write((b",\n" if self._begun else b"[\n") + element)
        self._begun = True

    def close(self) -> None:
        """The end."""
        self._file.write(b"\n]\n" if self._begun else b"[]\n")


class JsonLines(io.RawIOBase):
    """A stream that takes lines of text and writes them as JSON objects.

    keys: what the cells between the tabs of a line are called; the last one takes the rest of the line. None:
    the lines are JSON. Empty: the first line has the keys. Cells of numbers become numbers, but of the last.
    """

    def __init__(self, file: BinaryIO, keys: Sequence[str] | None, *, as_array: bool) -> None:
        self._file = file
        self._keys = keys
        self._headed = keys is not None and not keys
        self._array = Array(file) if as_array else None
        self._held = b""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Write what is whole lines."""
        *lines, self._held = (self._held + content).split(b"\n")
        for line in lines:
            self._write_line(line)
        return len(content)

    def flush(self) -> None:
        """What was written goes to who waits for it."""
        self._file.flush()

    def finish(self) -> None:
        """The last line, and the end of an array."""
        if self._held:
            self._write_line(self._held)
        if self._array is not None:
            self._array.close()

    def _write_line(self, line: bytes) -> None:
        if self._keys is not None and not self._keys:
            self._keys = line.decode().split("\t")
            return
        made = (
            line if self._keys is None else _json(self._record(line.decode("utf-8", "replace"), self._keys))
        )
        if self._array is not None:
            self._array.write(made)
        else:
            self._file.write(made + b"\n")

    def _record(self, line: str, keys: Sequence[str]) -> dict[str, object]:
        cells: list[object] = list(line.split("\t", len(keys) - 1))
        numeric = len(cells) if self._headed else len(cells) - 1
        cells[:numeric] = [_number(str(one)) for one in cells[:numeric]]
        return dict(zip(keys, cells, strict=False))


@contextlib.contextmanager
def as_json(
    output: str,
    shape: JsonSettings,
    keys: Sequence[str] | None = None,
    rows: LineSettings = LineSettings(),
    *,
    pictures: bool = False,
    folder: bool = False,
) -> Iterator[str | BinaryIO]:
    """What the engine writes lines to: `output`, or with JSON asked for a stream that makes them JSON.

    `pictures`: the engine also draws, as the name of the output says. `folder`: the output is one, for files
    of lines, which the engine can write as JSON where there are no `keys`.
    """
    if folder:
        refuse(["--json"] * shape.json, "with --cluster, which writes lines")
        refuse(["--jsonl"] * (shape.jsonl and keys is not None), "with --cluster, which writes lines")
        yield output
        return
    if not shape.is_json:
        if not pictures:
            check_suffix(output)
        yield console.output(output)
        return
    refuse(["--id-col"] * (rows.id_col is not None), "beside --json and --jsonl")
    by_name(output, shape)
    with open_output(console.output(output)) as file:
        stream = JsonLines(file, keys, as_array=shape.json)
        yield cast(BinaryIO, stream)
        stream.finish()


def _number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _json(value: object) -> bytes:
    import json

    # A name that is not UTF-8 keeps its bytes: `\udce9` in JSON is what Python makes of them.
    return json.dumps(_finite(value), ensure_ascii=False).encode("utf-8", "backslashreplace")


def _finite(value: object) -> object:
    """The value with null for what JSON has no number for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
