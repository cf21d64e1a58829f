"""Labelled text: rows of a table, JSON lines, `__label__` lines, or a folder per class.

    tsv, csv   columns by header name or number; CSV quoting as in RFC 4180
    jsonl      fields of a JSON object per line
    fasttext   `__label__x text`
    text       every line is a text, without a label
    a folder   `folder/label/file`: every file is one text

Built on `corpus.Lines`, so compression, stdin and encodings work as everywhere. A line end
inside a text (quoted CSV, JSON, a whole file) counts as white space. Not here: how a layout
is recognised (`record_layouts.py`) and what becomes of the text (`corpus/encoding.py`).
"""

from __future__ import annotations

import csv
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.engine.io.lines import STDIN, Lines, display_name, ended_lines
from nlpcli.engine.io.record_layouts import (
    FASTTEXT_PREFIX,
    Layout,
    csv_quoting,
    detect,
    format_by_name,
    is_plain,
)
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings, RecordSettings

_MAX_FIELD = 1 << 30  # the csv module's own limit of 131,072 characters is too small for articles


Documents = list[str] | bytes  # a text each; or lines of UTF-8, each a text, with a `\\n` at its end


class Batch(NamedTuple):
    """Some rows: their texts, and their labels (empty where none are read)."""

    texts: Documents
    labels: list[str]


class Records:
    """The texts and labels of some files, in batches as they arrive.

    `labelled=False` reads texts only: plain lines, unless the settings name a format or column.
    After `texts()` ran, `codes` holds the label of every text as an index into `names` (in
    order of first appearance).

    Raises InputError with `file:line` for a row that lacks a field, and for a column, field or
    label that is not there, with what was seen instead.
    """

    def __init__(
        self,
        paths: Sequence[str] | None,
        settings: RecordSettings = RecordSettings(),
        reading: InputSettings = InputSettings(),
        *,
        labelled: bool = True,
        progress: Progress = SILENT,
    ) -> None:
        self.paths = list(paths or [STDIN])
        self.settings = settings
        self.labelled = labelled
        self.codes: array[int] = array("i")
        self.names: list[str] = []
        self._number_of: dict[str, int] = {}
        self._reading = reading
        self._progress = progress
        self._several_labels = 0

    def texts(self) -> Iterator[list[str]]:
        """Batches of texts; their labels gather in `codes` and `names`."""
        return map(as_texts, self._coded(self.batches()))

    def documents(self) -> Iterator[Documents]:
        """The same, as lines of UTF-8 where that is faster: for kernels that read bytes."""
        return self._coded(self.batches(as_lines=True))

    def labels(self, documents: Iterable[int] | None = None) -> list[str]:
        """The label of every text, or of some, by number; once `texts` or `documents` ran."""
        codes = self.codes if documents is None else (self.codes[document] for document in documents)
        return [self.names[code] for code in codes]

    def _coded(self, batches: Iterable[Batch]) -> Iterator[Documents]:
        number_of = self._number_of
        for texts, labels in batches:
            for label in set(labels) - number_of.keys():
                number_of[label] = -1
            if len(number_of) > len(self.names):  # new ones, numbered as they come
                for label in labels:
                    if number_of[label] < 0:
                        number_of[label] = len(self.names)
                        self.names.append(label)
            self.codes.extend(map(number_of.__getitem__, labels))
            yield texts
        if self._several_labels:
            kept = "the first one counts" if self.settings.multi_label == "first" else "each one counts"
            self._progress.note(
                f"{self._several_labels:,} lines have more than one label; {kept} (--multi-label)"
            )

    def batches(self, as_lines: bool = False) -> Iterator[Batch]:
        """Texts and labels, as they arrive."""
        for path in self.paths:
            if path != STDIN and Path(path).is_dir():
                yield from self._folder(Path(path))
            else:
                yield from self._file(path, as_lines)

    def _file(self, path: str, as_lines: bool) -> Iterator[Batch]:
        lines = Lines([path], self._reading, self._progress)
        blocks = lines.line_blocks()
        batches = map(as_texts, blocks) if as_lines else lines.batches()
        if is_plain(self.settings, self.labelled):
            if self.settings.format == "auto" and format_by_name(path):
                self._progress.note(
                    f"{path}: every line is taken as a text, as it stands; --text-col names a column"
                )
            yield from (Batch(batch, []) for batch in (blocks if as_lines else batches))
            return
        head: list[str] = []
        for batch in batches:
            head += batch
            if any(batch):
                break
        first = next((number for number, line in enumerate(head) if line), None)
        if first is None:
            return
        layout = detect(path, head[first], self.settings, self.labelled)
        # `lines.number` is how many lines came before the batch at hand, for error messages.
        lines.number = 0
        if layout.format == "csv":
            yield from self._table(lines, _Feed(head, batches), layout)
            return
        parse = {"tsv": self._split, "jsonl": self._objects, "fasttext": self._prefixed}[layout.format]
        if layout.has_header:
            head, lines.number = head[first + 1 :], first + 1
        yield parse(lines, head, layout)
        if as_lines and layout.format == "tsv":
            numbered = ((lines, lines.number, block, layout) for block in blocks)
            yield from in_threads(self._cut, numbered)
            return
        yield from (parse(lines, batch, layout) for batch in batches)

    # --- one format each; `lines.number` counts the lines before the batch -------------------

    def _split(self, lines: Lines, batch: list[str], layout: Layout) -> Batch:
        rows = [line.split("\t") for line in batch if line or not self.labelled]
        text, label = layout.text, layout.label
        try:
            if label is None:
                return Batch([row[text] if len(row) > 1 or row[0] else "" for row in rows], [])
            labels = [row[label] for row in rows]
            if "" not in labels:
                return Batch([row[text] for row in rows], labels)
        except IndexError:
            pass
        raise self._bad_row(lines, batch, layout)

    def _cut(self, lines: Lines, before: int, block: bytes, layout: Layout) -> Batch:
        """What `_split` does, over bytes; `before` is the number of lines before the block."""
        import numpy as np

        from nlpcli.engine.runtime.compiled import kernels_of

        table = np.frombuffer(block, dtype=np.uint8)
        label = -1 if layout.label is None else layout.label
        texts, labels = (
            np.empty(len(block) if wanted else 0, dtype=np.uint8) for wanted in (True, label >= 0)
        )
        text_size, label_size, well = kernels_of("text.tsv_columns").take_columns(
            table, layout.text, label, texts, labels
        )
        if not well:
            lines.number = before
            raise self._bad_row(lines, as_texts(block), layout)
        names = labels[:label_size].tobytes().decode("utf-8", "surrogatepass").split("\n")[:-1]
        return Batch(texts[:text_size].tobytes(), names)

    def _bad_row(self, lines: Lines, batch: list[str], layout: Layout) -> InputError:
        """What is wrong with the first row that is, found by a second look."""
        wanted = max(layout.text, layout.label or 0)
        for number, line in enumerate(batch, start=lines.number + 1):
            place = f"{display_name(lines.path)}:{number}"
            row = line.split("\t")
            if line and len(row) <= wanted:
                return _too_few(place, len(row), wanted + 1)
            if line and not row[layout.label or 0]:
                break
        return _empty_label(place)

    def _table(self, lines: Lines, feed: _Feed, layout: Layout) -> Iterator[Batch]:
        csv.field_size_limit(_MAX_FIELD)
        quoting = csv_quoting(layout.quoted)
        reader = csv.reader(feed, delimiter=layout.delimiter, quoting=quoting, strict=True)
        texts: list[str] = []
        labels: list[str] = []
        skip = layout.has_header
        start = 1
        try:
            for row in reader:
                if skip and row:
                    skip = False
                elif row or not self.labelled:
                    self._append(row, texts, labels, layout, f"{display_name(lines.path)}:{start}")
                start = reader.line_num + 1
                if feed.at_batch_end and texts:
                    yield Batch(texts, labels)
                    texts, labels = [], []
        except csv.Error as error:
            raise _bad_quoting(f"{display_name(lines.path)}:{start}", error) from error
        if texts:
            yield Batch(texts, labels)

    def _append(
        self, row: list[str], texts: list[str], labels: list[str], layout: Layout, place: str
    ) -> None:
        wanted = max(layout.text, -1 if layout.label is None else layout.label)
        if not row:
            texts.append("")
            return
        if len(row) <= wanted:
            raise _too_few(place, len(row), wanted + 1)
        texts.append(one_line(row[layout.text]))
        if layout.label is not None:
            if not row[layout.label]:
                raise _empty_label(place)
            labels.append(one_line(row[layout.label]))

    def _objects(self, lines: Lines, batch: list[str], layout: Layout) -> Batch:
        texts: list[str] = []
        labels: list[str] = []
        for number, line in enumerate(batch, start=lines.number + 1):
            if not line.strip():
                if not self.labelled:
                    texts.append("")
                continue
            place = f"{display_name(lines.path)}:{number}"
            record = _json_object(line, place)
            text = _json_text(_field(record, layout.text_name, place))
            if layout.label_name is None:
                texts.append(text)
                continue
            for label in self._chosen(_json_labels(_field(record, layout.label_name, place), place)):
                texts.append(text)
                labels.append(label)
        return Batch(texts, labels)

    def _prefixed(self, lines: Lines, batch: list[str], _layout: Layout) -> Batch:
        texts: list[str] = []
        labels: list[str] = []
        for number, line in enumerate(batch, start=lines.number + 1):
            found: list[str] = []
            rest = line.lstrip()
            while rest.startswith(FASTTEXT_PREFIX):
                word, _, rest = rest.partition(" ")
                found.append(word.removeprefix(FASTTEXT_PREFIX))
                rest = rest.lstrip()
            if not self.labelled:
                texts.append(rest)
            elif found:
                for label in self._chosen(found):
                    texts.append(rest)
                    labels.append(label)
            elif rest:
                raise InputError(
                    f"{display_name(lines.path)}:{number}: no {FASTTEXT_PREFIX} at the beginning of the line",
                    hint="every line begins with its label: __label__spam Win a prize now",
                )
        return Batch(texts, labels)

    def _chosen(self, labels: list[str]) -> list[str]:
        if len(labels) > 1:
            self._several_labels += 1
            return labels[:1] if self.settings.multi_label == "first" else list(dict.fromkeys(labels))
        return labels

    def _folder(self, folder: Path) -> Iterator[Batch]:
        if not self.labelled:
            raise InputError(f"{folder} is a folder", hint=f"name its files: {folder}/*")
        classes = sorted(
            entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
        )
        if not classes:
            raise InputError(
                f"{folder}: no folder in it, so there are no labels", hint="wanted: folder/label/text-file"
            )
        for number, entry in enumerate(classes):
            self._progress.update("reading", number, len(classes))
            files = sorted(
                file for file in entry.rglob("*") if file.is_file() and not file.name.startswith(".")
            )
            if not files:
                raise InputError(
                    f"{entry}: the class {entry.name!r} is empty", hint="remove the folder or fill it"
                )
            for some in range(0, len(files), 256):
                texts = [" ".join(Lines([str(file)], self._reading)) for file in files[some : some + 256]]
                yield Batch(texts, [entry.name] * len(texts))


def as_texts(documents: Documents) -> list[str]:
    """Each text by itself.

    >>> as_texts("한국어\\r\\n\\nend\\n".encode())
    ['한국어', '', 'end']
    """
    if isinstance(documents, list):
        return documents
    return ended_lines(documents.decode("utf-8", "surrogatepass"))


class _Feed:
    """Lines for the csv module, with their line ends; knows when a batch is used up."""

    def __init__(self, head: list[str], batches: Iterator[list[str]]) -> None:
        self._head = head
        self._batches = batches
        self.at_batch_end = False

    def __iter__(self) -> Iterator[str]:
        yield from self._ended(self._head)
        for batch in self._batches:
            yield from self._ended(batch)

    def _ended(self, batch: list[str]) -> Iterator[str]:
        last = len(batch) - 1
        for number, line in enumerate(batch):
            self.at_batch_end = number == last
            yield line + "\n"


def one_line(text: str) -> str:
    """The text with its line ends as spaces."""
    return text.replace("\r\n", " ").replace("\n", " ") if "\n" in text else text


def _too_few(place: str, have: int, wanted: int) -> InputError:
    return InputError(
        f"{place}: {have} field{'s' * (have != 1)}, the columns asked for need at least {wanted}",
        hint="is the separator right? --format tsv or --format csv says which it is",
    )


def _empty_label(place: str) -> InputError:
    return InputError(f"{place}: the label is empty", hint="label every row or take it out")


def _bad_quoting(place: str, error: csv.Error) -> InputError:
    return InputError(
        f"{place}: the quoting is not CSV: {error}",
        hint='a quoted field ends with one ", a quote inside is ""; --quoting none takes quotes as they are',
    )


def _json_object(line: str, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: not JSON: {error}", hint="wanted: one JSON object per line") from error
    if not isinstance(record, dict):
        raise InputError(f"{place}: not a JSON object but {type(record).__name__}")
    return record


def _field(record: dict[str, Any], name: str, place: str) -> Any:
    try:
        return record[name]
    except KeyError:
        raise InputError(f"{place}: no field {name!r}; there are: {', '.join(record)}") from None


def _json_text(value: Any) -> str:
    return one_line(value) if isinstance(value, str) else _json_scalar(value)


def _json_labels(value: Any, place: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or any(isinstance(entry, (dict, list)) or entry in (None, "") for entry in values):
        raise InputError(f"{place}: {json.dumps(value, ensure_ascii=False)} is not a label")
    return [_json_text(entry) for entry in values]


def _json_scalar(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
