"""Pairs of texts: read from a table or two files, made of plain text, and which of them are learnt from.

    source TAB target           a line each; or columns of a table that are named, fields of JSON lines
    a.en and a.ko               the n-th lines of two files belong together
    plain text                  with noise: the line is the target, its source has its spaces wrong

A pair with an empty side is left out and counted. Not here: what texts are made of (`units.py`).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import STDIN, Paths, display_name
from nlpcli.engine.io.paths import is_no_file
from nlpcli.engine.io.record_formats import as_texts
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.translation.units import cleaned
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.fields import changed
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.translation import TargetSettings
from nlpcli.wording import counted

_TABLES = (".csv", ".jsonl", ".ndjson", ".xlsx", ".parquet")
_OF_LABELS = ("label_col", "text2_col", "label_sep", "multi_label")
_SIDES = "source target src tgt text input output english german korean french spanish japanese chinese"
_LANGUAGES = "en de ko fr es ja zh it pt ru nl cs pl tr vi ar hi id th uk sv"
_HEADERS = frozenset(f"{_SIDES} {_LANGUAGES}".split())
_LOST, _ADDED = 0.3, 0.1  # of the spaces in a line that are lost; of other places, that get one
_STOPS = ".!?。！？…"
_NOISE = 11  # what a draw of chance is for


@dataclasses.dataclass(frozen=True)
class TextPairs:
    """Cleaned texts [P] and what they become [P]."""

    sources: list[str]
    targets: list[str]

    def __len__(self) -> int:
        return len(self.sources)

    def chosen(self, which: Sequence[int]) -> TextPairs:
        """Some of them."""
        return TextPairs([self.sources[n] for n in which], [self.targets[n] for n in which])


@dataclasses.dataclass(frozen=True)
class Reading:
    """How pairs are read: columns, bytes, whether plain text is made into pairs (`noise`), by which seed."""

    records: RecordSettings = RecordSettings()
    target: TargetSettings = TargetSettings()
    reading: InputSettings = InputSettings()
    noise: str = "none"
    seed: int = 1


def read_pairs(paths: Paths, how: Reading = Reading(), progress: Progress = SILENT) -> TextPairs:
    """The pairs of some tables, or made of some plain text.

    Raises InputError with `file:line` for a line without a tab, and where no pair is left.
    """
    idle = changed(how.records, *_OF_LABELS)
    if how.noise != "none":
        if idle := [*changed(how.target), *idle]:
            raise SettingsError(
                f"{idle[0]} has no place beside --noise: a text is its own target",
                hint="--text-col names the texts of a table",
            )
        texts = Records(paths, how.records, how.reading, labelled=False, progress=progress).texts()
        lines = map(cleaned, itertools.chain.from_iterable(texts))
        return spacing_pairs([line for line in lines if line], how.seed)
    if idle:
        raise SettingsError(f"{idle[0]} has no place among pairs", hint="--target-col names the target")
    found: list[tuple[str, str]] = []
    empty = _Empty()
    for path in paths or [STDIN]:
        rows = _table(path, how, progress) if _is_table(path, how) else _split(path, how, progress)
        found += empty.without(rows)
    return _pairs(found, empty, paths or [STDIN], progress)


def read_two_files(
    source: str, target: str, reading: InputSettings = InputSettings(), progress: Progress = SILENT
) -> TextPairs:
    """The pairs of the lines of two files. Raises InputError where one has more lines."""
    if source == target:
        raise SettingsError("--source and --target are the same file")
    empty, missing = _Empty(), object()
    ours, theirs = Lines([source], reading, progress), Lines([target], reading)

    def rows() -> Iterator[tuple[str, str, str]]:
        for one, other in itertools.zip_longest(ours, theirs, fillvalue=missing):
            if not isinstance(one, str) or not isinstance(other, str):
                counts = [sum(1 for _ in Lines([path], reading)) for path in (source, target)]
                raise InputError(
                    f"{display_name(source)} has {counted(counts[0], 'line')}, "
                    f"{display_name(target)} {counts[1]:,}",
                    hint="the n-th lines of both belong together: is a line missing, or broken in two?",
                )
            yield one, other, f"{display_name(source)}:{ours.number}"

    return _pairs([*empty.without(rows())], empty, [source, target], progress)


class _Empty:
    """Counts pairs of which a side is empty."""

    def __init__(self) -> None:
        self.count, self.place = 0, ""

    def without(self, rows: Iterator[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
        for one, other, place in rows:
            source, target = cleaned(one), cleaned(other)
            if source and target:
                yield source, target
            else:
                self.count += 1
                self.place = self.place or place


def _pairs(
    found: list[tuple[str, str]], empty: _Empty, paths: Sequence[str], progress: Progress
) -> TextPairs:
    if empty.count:
        are = counted(empty.count, "pair has an empty side and is", "pairs have an empty side and are")
        progress.lost(f"{are} left out (the first: {empty.place})")
    if not found:
        raise InputError(
            f"there are no pairs in {' and '.join(map(display_name, paths))}",
            hint="wanted: a source and its target a line, a tab between",
        )
    return TextPairs([one for one, _ in found], [other for _, other in found])


def _is_table(path: str, how: Reading) -> bool:
    """Whether more is to be known of it than that a tab stands between source and target."""
    named = how.records.text_col is not None or how.target.target_col is not None
    special = how.records != dataclasses.replace(RecordSettings(), on_error=how.records.on_error)
    return named or special or any(end in path.lower() for end in _TABLES)


def _split(path: str, how: Reading, progress: Progress) -> Iterator[tuple[str, str, str]]:
    """The two sides of lines with a tab. A first line is a header where it says so itself."""
    lines = Lines([path], how.reading, progress)
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        source, tab, rest = line.partition("\t")
        if not tab:
            raise InputError(
                f"{lines.place}: no tab in the line, so there is no target",
                hint="wanted: source TAB target; train-seq2seq also takes --source and --target, and with "
                "--noise spaces plain text",
            )
        target = rest.partition("\t")[0]
        if number == 0 and _is_header(source, target):
            progress.note(f"{lines.place}: taken as the names of the columns ({source}, {target})")
            continue
        yield source, target, lines.place


def _is_header(source: str, target: str) -> bool:
    """Whether a first line names what stands below: two languages, or source and target."""
    one, other = source.strip().lower(), target.strip().lower()
    return one != other and one in _HEADERS and other in _HEADERS


def _is_json(path: str, how: Reading) -> bool:
    return how.records.format == "jsonl" or any(end in path.lower() for end in (".jsonl", ".ndjson"))


def _table(path: str, how: Reading, progress: Progress) -> Iterator[tuple[str, str, str]]:
    """The two columns of a table, of which the target may be empty as the source may."""
    both = (how.records.text_col, how.target.target_col)
    by_name = any(column is not None and not column.isdecimal() for column in both) or _is_json(path, how)
    usual = ("source", "target") if by_name else ("1", "2")
    records = dataclasses.replace(how.records, text_col=both[0] or usual[0], text2_col=both[1] or usual[1])
    number = 0
    try:
        if not by_name and (names := _names(path, records, how.reading)):
            progress.note(f"{display_name(path)}: taken as the names of the columns ({', '.join(names)})")
            records = dataclasses.replace(records, header="yes")
        for row in _rows(path, records, how.reading, progress):
            number += 1
            yield *row, f"{display_name(path)}, row {number}"
    except InputError as error:
        raise _named_as_pairs(error, None in both) from error


def _rows(
    path: str, records: RecordSettings, reading: InputSettings, progress: Progress = SILENT
) -> Iterator[tuple[str, str]]:
    table = Records([path], records, reading, labelled=False, pairs=True, progress=progress)
    for batch in table.batches():
        texts = iter(as_texts(batch.texts))
        yield from zip(texts, texts, strict=True)


def _names(path: str, records: RecordSettings, reading: InputSettings) -> tuple[str, str] | None:
    """The first row of a table whose columns are numbers, where it names what stands below.

    What can be read only once is not asked.
    """
    if records.header != "auto" or path == STDIN or is_no_file(path):
        return None
    first = next(_rows(path, records, reading), None)
    return first if first is not None and _is_header(*first) else None


def _named_as_pairs(error: InputError, unnamed: bool) -> InputError:
    """An error of a table in the words of pairs; `unnamed`: a column was not named, and taken to be usual."""
    hint = (error.hint or "").replace(", --label-col", "").replace("--text2-col", "--target-col")
    if unnamed:
        hint = "--text-col and --target-col name the source and the target" + f"; {hint}" * bool(hint)
    return InputError(error.message, hint=hint or None)


# --- what is made of pairs ------------------------------------------------------------------


def spacing_pairs(lines: Sequence[str], seed: int) -> TextPairs:
    """Pairs whose source is the line with its spaces wrong, in half of the lines with none at all.

    Raises InputError for no lines.
    """
    if not lines:
        raise InputError("the input holds no text", hint="is the file empty?")
    random = np.random.default_rng([seed, _NOISE])
    return TextPairs([_misspaced(line, random) for line in lines], [*lines])


def _misspaced(line: str, random: np.random.Generator) -> str:
    if random.random() < 0.5:
        return line.replace(" ", "")
    chances = random.random(len(line)).tolist()
    made = (
        ("" if chance < _LOST else " ") if letter == " " else letter + (" " if chance < _ADDED else "")
        for letter, chance in zip(line, chances, strict=True)
    )
    return cleaned("".join(made)) or line


def plainer(pairs: TextPairs, share: float) -> TextPairs:
    """Pairs to learn besides: every so many once more in small letters, without the full stop at its end.

    >>> plainer(TextPairs(["A dog.", "It is."], ["Ein Hund.", "So."]), 1.0).sources
    ['a dog', 'it is']
    """
    if not share:
        return TextPairs([], [])
    places = np.unique((np.arange(int(len(pairs) * share)) / share).astype(np.int64)).tolist()
    made = [
        (plain, pairs.targets[place].rstrip(_STOPS + " ") or pairs.targets[place])
        for place in places
        if (plain := pairs.sources[place].lower().rstrip(_STOPS + " ")) and plain != pairs.sources[place]
    ]
    return TextPairs([one for one, _ in made], [other for _, other in made])
