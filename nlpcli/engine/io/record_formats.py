"""The rows of one format each: tables, JSON lines, `__label__` lines, from lines to texts and labels.

Not here: which format it is (`record_layouts.py`), and files and folders (`records.py`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from nlpcli.engine.io.dialects import MAX_FIELD, csv_quoting, is_open, rows_of
from nlpcli.engine.io.json_fields import field_of, json_labels, json_object, json_text
from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.io.line_ends import one_line
from nlpcli.engine.io.lines import Lines, count_lines, ended_lines
from nlpcli.engine.io.number_rows import NumberRows, no_row
from nlpcli.engine.io.opening import display_name
from nlpcli.engine.io.record_errors import bad_quoting
from nlpcli.engine.io.record_layouts import Layout
from nlpcli.engine.io.table_signs import FASTTEXT_PREFIX
from nlpcli.errors import InputError
from nlpcli.wording import counted

# A text each; or lines of UTF-8, each a text with a `\n` at its end. A long text may go on in the next ones.
Documents = list[str] | bytes
SEVERAL = "\n"  # between labels of one text that are kept together; no label holds one


@dataclass(slots=True)
class Batch:
    """Some rows: their texts (of pairs both, in turn), and their labels (empty where none are read).

    longer: how many of them have more cells than the first row of the table; `longer_place` is one.
    """

    texts: Documents
    labels: list[str]
    longer: int = 0
    longer_place: str = ""


class Formats:
    """A method per format, from a batch of lines to its texts and labels.

    `lines.number` is how many lines came before the batch. `several_labels` counts the lines that
    had more than one label, which count for the first one, for each, or for all of them, which then are one
    label with SEVERAL between; `no_label` those that had none where there may be several, which are left out.
    separator: what also stands between labels in one cell, if anything.
    kept: gets the row of every text.

    Raises InputError with `file:line` for a row that lacks a field.
    """

    def __init__(
        self,
        labelled: bool,
        multi_label: Literal["first", "each", "all"],
        separator: str | None = None,
        kept: KeptRows | None = None,
    ) -> None:
        self.several_labels = self.no_label = 0
        self._kept = kept
        self._labelled = labelled
        self._multi_label = multi_label
        self._separator = separator
        self.numbers = NumberRows()

    def are_cut(self, layout: Layout) -> bool:
        """Whether rows of this layout are cut from the bytes, each one text and one label as it stands."""
        is_as_it_stands = self._separator is None and self._kept is None
        return is_as_it_stands and layout.text2 is None and not layout.vector

    def split(self, lines: Lines, batch: list[str], layout: Layout) -> Batch:
        """The rows of a table without quoting."""
        if any("\r" in line for line in batch) or not self.are_cut(layout):
            return self._row_by_row(lines, lines.number, batch, layout)
        rows = [line.split(layout.delimiter) for line in batch if line or not self._labelled]
        if rows and max(map(len, rows)) > layout.width:
            return self._row_by_row(lines, lines.number, batch, layout)
        text, label = layout.text, layout.label
        try:
            if label is None:
                return Batch([row[text] if len(row) > 1 or row[0] else "" for row in rows], [])
            labels = [row[label] for row in rows]
            if "" not in labels:
                return Batch([row[text] for row in rows], labels)
        except IndexError:
            pass
        return self._row_by_row(lines, lines.number, batch, layout)

    def cut(self, lines: Lines, before: int, block: bytes, layout: Layout) -> Batch:
        """What `split` does with tabs, over bytes; `before` is the number of lines before the block."""
        import numpy as np

        from nlpcli.engine.runtime.compiled import kernels_of

        if b"\r" in block and block.count(b"\r") > block.count(b"\r\n"):
            return self._row_by_row(lines, before, as_texts(block), layout)
        table = np.frombuffer(block, dtype=np.uint8)
        label = -1 if layout.label is None else layout.label
        texts, labels = (
            np.empty(len(block) if wanted else 0, dtype=np.uint8) for wanted in (True, label >= 0)
        )
        text_size, label_size, well = kernels_of("text.tsv_columns").take_columns(
            table, layout.text, label, layout.width, texts, labels
        )
        if not well:
            return self._row_by_row(lines, before, as_texts(block), layout)
        names = labels[:label_size].tobytes().decode("utf-8", "surrogatepass").split("\n")[:-1]
        return Batch(texts[:text_size].tobytes(), names)

    def _row_by_row(self, lines: Lines, before: int, batch: list[str], layout: Layout) -> Batch:
        """What `split` does where rows are blank, long, wrong or hold a `\\r`; `before` lines come before.

        Not `lines.number`: other threads may have read on.
        """
        found = Batch([], [])
        for number, line in enumerate(batch, start=before + 1):
            for part in parted(line, layout):
                place = f"{display_name(lines.path)}:{number}"
                self.append(part.split(layout.delimiter), found, layout, place)
        return found

    def table(self, lines: Lines, feed: Feed, layout: Layout, before: int) -> Iterator[Batch]:
        """The rows of a table with quoting, whose fields may hold line ends; `before` lines come before."""
        csv.field_size_limit(MAX_FIELD)
        reader = csv.reader(
            feed,
            delimiter=layout.delimiter,
            quoting=csv_quoting(True),
            strict=True,
            skipinitialspace=layout.spaced,
        )
        found = Batch([], [])
        skip = layout.has_header
        start = before + 1
        try:
            for row in reader:
                feed.at_record = True
                if skip and row:
                    skip = False
                elif not skip:
                    self.append(row, found, layout, f"{display_name(lines.path)}:{start}")
                start = before + reader.line_num + 1
                if feed.at_batch_end and found.texts:
                    yield found
                    found = Batch([], [])
        except csv.Error as error:
            raise bad_quoting(f"{display_name(lines.path)}:{start}", error) from error
        if found.texts:
            yield found

    def append(
        self, row: list[str], found: Batch, layout: Layout, place: str, values: Sequence[object] | None = None
    ) -> None:
        """One row's text and label. A blank row is an empty text where there are no labels, else nothing.

        values: the row's cells before they became text, which are kept.
        """
        assert isinstance(found.texts, list)
        if self._kept is not None:
            self._kept.add(row if values is None else values)
        label = layout.label
        wanted = max(layout.texts) if label is None else max(*layout.texts, label)
        if not any(row) or (len(row) <= wanted and not any(map(str.strip, row))):
            if not self._labelled:
                if layout.vector:
                    raise no_row(place)
                found.texts += [row[text] if text < len(row) else "" for text in layout.texts]
            return
        if len(row) <= wanted:
            raise _too_few(place, row, wanted + 1, layout)
        if len(row) > layout.width and any(row[layout.width :]):
            found.longer += 1
            found.longer_place = found.longer_place or place
        texts = [one_line(row[text]) for text in layout.texts]
        if layout.vector:
            texts = [self.numbers.text(texts, layout.vector_names, place)]
        if label is None:
            found.texts += texts
            return
        if not row[label] and self._multi_label != "all" and self._separator is None:
            raise _empty_label(place)
        for name in self._chosen([one_line(row[label])], place):
            found.texts += texts
            found.labels.append(name)

    def objects(self, lines: Lines, batch: list[str], layout: Layout) -> Batch:
        """The objects of JSON lines."""
        texts: list[str] = []
        labels: list[str] = []
        for number, line in enumerate(batch, start=lines.number + 1):
            place = f"{display_name(lines.path)}:{number}"
            if not line.strip():
                if self._kept is not None:
                    self._kept.add({})
                if not self._labelled:
                    if layout.vector_names:
                        raise no_row(place)
                    texts += [""] * (1 + (layout.text2_name is not None))
                continue
            record = json_object(line, place)
            if self._kept is not None:
                self._kept.add(record)
            if layout.vector_names:
                values = [field_of(record, name, place) for name in layout.vector_names]
                found = [self.numbers.text(values, layout.vector_names, place)]
            else:
                names = [name for name in (layout.text_name, layout.text2_name) if name is not None]
                found = [json_text(field_of(record, name, place)) for name in names]
            if layout.label_name is None:
                texts += found
                continue
            value = field_of(record, layout.label_name, place)
            for label in self._chosen([] if value == [] else json_labels(value, place), place):
                texts += found
                labels.append(label)
        return Batch(texts, labels)

    def prefixed(self, lines: Lines, batch: list[str], _layout: Layout) -> Batch:
        """Lines of `__label__x text`."""
        texts: list[str] = []
        labels: list[str] = []
        for number, line in enumerate(batch, start=lines.number + 1):
            found: list[str] = []
            rest = line.lstrip()
            while rest.startswith(FASTTEXT_PREFIX):
                word, _, rest = rest.partition(" ")
                found.append(word.removeprefix(FASTTEXT_PREFIX))
                rest = rest.lstrip()
            if self._kept is not None:
                self._kept.add([line])
            if not self._labelled:
                texts.append(rest)
            elif found:
                place = f"{display_name(lines.path)}:{number}"
                for label in self._chosen(found, place):
                    texts.append(rest)
                    labels.append(label)
            elif rest:
                raise InputError(
                    f"{display_name(lines.path)}:{number}: no {FASTTEXT_PREFIX} at the beginning of the line",
                    hint="every line begins with its label: __label__spam Win a prize now",
                )
        return Batch(texts, labels)

    def _chosen(self, given: list[str], place: str) -> list[str]:
        """The labels for which a line counts, of those given as a list or with a separator in one."""
        labels = given
        if self._separator is not None:
            if len(given) > 1 and (held := [label for label in given if self._separator in label]):
                raise InputError(
                    f"{place}: the label {held[0]!r} holds {self._separator!r}, which separates labels",
                    hint="--label-sep names another character",
                )
            labels = labels_in(given, self._separator)
        if self._multi_label == "all":
            return [SEVERAL.join(sorted(labels))]
        if not labels:
            self.no_label += 1
        if len(labels) > 1:
            self.several_labels += 1
            return labels[:1] if self._multi_label == "first" else list(dict.fromkeys(labels))
        return labels


def labels_in(given: Iterable[str], separator: str) -> list[str]:
    """Labels with a separator between: each once, without white space around, and in order.

    >>> labels_in(["joy, love,joy,"], ","), labels_in([""], ",")
    (['joy', 'love'], [])
    """
    parts = (part.strip() for label in given for part in label.split(separator))
    return [*dict.fromkeys(part for part in parts if part)]


def as_texts(documents: Documents) -> list[str]:
    """Each text by itself.

    >>> as_texts("한국어\\r\\n\\nend\\n".encode())
    ['한국어', '', 'end']
    """
    if isinstance(documents, list):
        return documents
    return ended_lines(documents.decode("utf-8", "surrogatepass"))


def count_texts(documents: Documents) -> int:
    """How many texts end in a batch."""
    return count_lines(documents) if isinstance(documents, bytes) else len(documents)


def grouped(batches: Iterable[Documents]) -> Iterator[Iterator[Documents]]:
    """The batches again, those over which a long text extends as one group, to be read before the next.

    >>> [b"".join(group) for group in grouped([b"one\\n", b"long ", b"text\\n", b"end\\n"])]
    [b'one\\n', b'long text\\n', b'end\\n']
    """
    following = iter(batches)
    for batch in following:
        yield _with_its_end(batch, following)


def _with_its_end(batch: Documents, following: Iterator[Documents]) -> Iterator[Documents]:
    yield batch
    while isinstance(batch, bytes) and not batch.endswith(b"\n"):
        batch = next(following, b"\n")
        yield batch


def whole_texts(batches: Iterable[Documents]) -> Iterator[str]:
    """Each text of the batches by itself, also those that extend over several."""
    for group in grouped(batches):
        for batch in group:
            if isinstance(batch, bytes) and not batch.endswith(b"\n"):
                batch = b"".join([batch, *(part for part in group if isinstance(part, bytes))])
            yield from as_texts(batch)


class Feed:
    """Lines for the csv module, with their line ends; knows when a batch is used up."""

    def __init__(self, head: list[str], batches: Iterator[list[str]], layout: Layout) -> None:
        self._head = head
        self._batches = batches
        self._layout = layout
        self.at_batch_end = False
        self.at_record = True  # whoever reads says when a record ends

    def __iter__(self) -> Iterator[str]:
        yield from self._ended(self._head)
        for batch in self._batches:
            yield from self._ended(batch)

    def _ended(self, batch: list[str]) -> Iterator[str]:
        last = len(batch) - 1
        for number, line in enumerate(batch):
            self.at_batch_end = number == last
            if "\r" not in line:
                self.at_record = False
                yield line + "\n"
                continue
            for part in parted(line, self._layout) if self.at_record else [line.replace("\r", " ")]:
                self.at_record = False
                yield part + "\n"


def parted(line: str, layout: Layout) -> list[str]:
    """The rows in a line that may hold carriage returns: several if each is whole, or else they are spaces.

    >>> table = Layout("tsv", width=2)
    >>> parted("1\\tone\\r2\\ttwo", table), parted("1\\tone\\r two\\r", table)
    (['1\\tone', '2\\ttwo'], ['1\\tone  two'])
    """
    if "\r" not in line:
        return [line]
    parts = [part for part in line.split("\r") if part]
    if len(parts) > 1 and layout.width > 1:
        rows, wrong = rows_of(parts, layout.delimiter, layout.format == "csv", layout.spaced)
        if not wrong and len(rows) == len(parts) and all(len(row) == layout.width for row in rows):
            return parts
    return [line.rstrip("\r").replace("\r", " ")]


def _too_few(place: str, row: list[str], wanted: int, layout: Layout) -> InputError:
    have = len(row)
    hint = "is the separator right? --delimiter says what it is"
    if layout.format == "tsv" and is_open(layout.delimiter.join(row), layout.delimiter):
        hint = "a quoted field that goes on in the next line? --quoting rfc4180 reads it"
    return InputError(
        f"{place}: {counted(have, 'field')}, the columns asked for need at least {wanted}", hint=hint
    )


def _empty_label(place: str) -> InputError:
    return InputError(
        f"{place}: the label is empty",
        hint="label every row or take it out; of merged cells the first alone holds what is seen",
    )
