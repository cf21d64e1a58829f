"""Labelled text: rows of a table, JSON lines, `__label__` lines, or a folder per class.

    tsv, csv   columns by header name or number; CSV quoting as in RFC 4180
    jsonl      fields of a JSON object per line
    fasttext   `__label__x text`
    text       every line is a text, without a label
    a folder   `folder/label/file`: every file is one text

Built on `lines.Lines`, so compression, stdin and encodings work as everywhere. A line end
inside a text (quoted CSV, JSON, a whole file) counts as white space. Not here: how a layout
is recognised (`record_layouts.py`), how rows of each are read (`record_formats.py`) and what
becomes of the text (`corpus/encoding.py`).
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nlpcli.engine.io.folders import files_in
from nlpcli.engine.io.lines import STDIN, Lines
from nlpcli.engine.io.record_formats import Batch, Documents, Feed, Formats, as_texts
from nlpcli.engine.io.record_layouts import detect, format_by_name, is_plain
from nlpcli.engine.io.writing import readable
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings, RecordSettings


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
        self._formats = Formats(labelled, settings.multi_label)

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
        if several := self._formats.several_labels:
            kept = "the first one counts" if self.settings.multi_label == "first" else "each one counts"
            self._progress.note(f"{several:,} lines have more than one label; {kept} (--multi-label)")

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
        lines.number, formats = 0, self._formats
        if layout.format == "csv":
            yield from formats.table(lines, Feed(head, batches), layout)
            return
        parse = {"tsv": formats.split, "jsonl": formats.objects, "fasttext": formats.prefixed}[layout.format]
        if layout.has_header:
            head, lines.number = head[first + 1 :], first + 1
        yield parse(lines, head, layout)
        if as_lines and layout.format == "tsv":
            numbered = ((lines, lines.number, block, layout) for block in blocks)
            yield from in_threads(formats.cut, numbered)
            return
        yield from (parse(lines, batch, layout) for batch in batches)

    def _folder(self, folder: Path) -> Iterator[Batch]:
        if not self.labelled:
            raise InputError(f"{folder} is a folder", hint=f"name its files: {folder}/*")
        try:
            classes = sorted(
                entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
            )
        except OSError as error:
            raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
        if not classes:
            raise InputError(
                f"{folder}: no folder in it, so there are no labels", hint="wanted: folder/label/text-file"
            )
        for number, entry in enumerate(classes):
            self._progress.update("reading", number, len(classes))
            files = sorted(map(Path, files_in(str(entry), self.settings.on_error, self._progress)))
            if not files and os.access(entry, os.R_OK | os.X_OK):
                raise InputError(
                    f"{entry}: the class {entry.name!r} is empty", hint="remove the folder or fill it"
                )
            for some in range(0, len(files), 256):
                texts = [" ".join(Lines([str(file)], self._reading)) for file in files[some : some + 256]]
                yield Batch(texts, [readable(entry.name)] * len(texts))
