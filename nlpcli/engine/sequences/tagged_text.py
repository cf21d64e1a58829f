"""Tagged text as sentences of words with their tags, from the layouts that people have.

    conllu    ten columns with tabs; ranges (1-2) and empty nodes (8.1) are passed over
    columns   a word a line, its tag in the last column or the one asked for, empty lines between sentences:
              CoNLL-2002 and 2003 (-DOCSTART- lines are passed over), vertical text
    slash     a sentence a line, word/TAG
    spans     a text and the places of its spans, which become words by a tokenizer: `<홍길동:PS>은`, JSON lines
              of doccano, Label Studio and spaCy, a character a line with spaces as KLUE has it
    tokens    JSON lines with `tokens` and `tags`

Which it is is told by the first lines. Not here: labels of spans in their schemes (`tagging/labels.py`), and
how a layout of spans is read (`span_layouts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from nlpcli.errors import InputError

LAYOUTS = ("conllu", "columns", "slash", "inline", "jsonl", "characters")
_TREEBANK_COLUMNS = {"upos": 4, "xpos": 5, "lemma": 3, "deprel": 8}
_LOOKED_AT = 200
_SLASHED = re.compile(r"\S+/[^\s/]+")
_INLINE = re.compile(r"<[^<>:\s][^<>:]*:[A-Za-z_가-힣][\w-]*>")


class TaggedSentence(NamedTuple):
    """Words and their tags, and the number of the line where they begin."""

    words: list[str]
    tags: list[str]
    line: int


class Columns(NamedTuple):
    """Which columns, from 1, hold the word and the tag; tag 0: the last one."""

    word: int = 1
    tag: int = 0

    @classmethod
    def of(cls, text: str) -> Columns:
        """From `word=1,tag=4`.

        >>> Columns.of("tag=2"), Columns.of("word=2,tag=3")
        (Columns(word=1, tag=2), Columns(word=2, tag=3))
        """
        numbers = {"word": 1, "tag": 0}
        for part in text.split(","):
            name, equals, number = part.partition("=")
            if name.strip() not in numbers or not equals or not number.strip().isdecimal() or int(number) < 1:
                raise InputError(f"--columns cannot be {text!r}", hint="wanted: word=1,tag=4, counted from 1")
            numbers[name.strip()] = int(number)
        return cls(**numbers)


def layout_of(lines: Sequence[str]) -> str:
    """Which layout some first lines have; "" where none fits.

    >>> layout_of(["# text = Hi", "1\\tHi\\thi\\tINTJ\\tUH\\t_\\t0\\troot\\t_\\t_"]), layout_of(["EU B-ORG", "", "I O"])
    ('conllu', 'columns')
    >>> layout_of(["The/DT cat/NN sat/VBD"]), layout_of(["<홍길동:PS>은 <서울:LC>에 산다."]), layout_of(['{"text": ""}'])
    ('slash', 'inline', 'jsonl')
    >>> layout_of(["홍\\tB-PS", "은\\tO", " \\tO", "산\\tO"]), layout_of(["Just a sentence or two."])
    ('characters', '')
    """
    some = [line for line in lines[:_LOOKED_AT] if line.strip() and not line.startswith(("# ", "## ", "-DOCSTART-"))]
    if not some:
        return ""
    if all(line.startswith(("{", "[")) and line.rstrip().endswith(("}", "]", ",")) for line in some[:3]):
        return "jsonl"
    if all(line.count("\t") == 9 and re.match(r"\d+([-.]\d+)?\t", line) for line in some):
        return "conllu"
    if all(re.fullmatch(r"(.)\t\S+", line) for line in some) and any(line.startswith(" \t") for line in some):
        return "characters"
    if any(_INLINE.search(line) for line in some):
        return "inline"
    counts = {len(fields(line)) for line in some}
    if counts == {1}:
        return "slash" if all(_SLASHED.fullmatch(line.strip()) for line in some) else ""
    if all(_SLASHED.fullmatch(word) for line in some for word in line.split()):
        return "slash"
    return "columns" if len(counts) == 1 and max(counts) < 30 else ""


def fields(line: str) -> list[str]:
    """The columns of a line: between tabs, or where there are none between spaces."""
    return line.rstrip("\r\n").split("\t") if "\t" in line else line.split()


def read_conllu(lines: Iterable[str], place: Callable[[], str], tag: str, wanted: Columns) -> Iterator[TaggedSentence]:
    """Sentences of CoNLL-U; `tag` is upos, xpos, lemma or deprel. Raises InputError for a row that is none."""
    column = wanted.tag or _TREEBANK_COLUMNS[tag]
    words: list[str] = []
    tags: list[str] = []
    begin = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            if words:
                yield TaggedSentence(words, tags, begin)
            words, tags = [], []
        elif not line.startswith("#"):
            row = line.rstrip("\r\n").split("\t")
            if len(row) != 10:
                raise InputError(f"{place()}: expected the 10 columns of CoNLL-U, found {len(row)}")
            if row[0].isdecimal():
                begin = begin if words else number
                words.append(row[wanted.word if wanted.word > 1 else 1])
                tags.append(row[column - 1])
    if words:
        yield TaggedSentence(words, tags, begin)


def read_columns(lines: Iterable[str], place: Callable[[], str], wanted: Columns) -> Iterator[TaggedSentence]:
    """Sentences of a word a line. Raises InputError, with line and column, for a column that is not there."""
    words: list[str] = []
    tags: list[str] = []
    begin = 0
    for number, line in enumerate(lines, start=1):
        row = fields(line)
        if not line.strip() or row[0] == "-DOCSTART-":
            if words:
                yield TaggedSentence(words, tags, begin)
            words, tags = [], []
            continue
        if not words and line.startswith("# ") and len(row) != 2:
            continue
        if len(row) < max(wanted.word, wanted.tag, 2):
            column = wanted.tag or 2
            raise InputError(
                f"{place()}: no column {max(column, wanted.word)}: the line has {len(row)}",
                hint="a word and its tag a line; --columns word=1,tag=4 says where they stand",
            )
        begin = begin if words else number
        words.append(row[wanted.word - 1])
        tags.append(row[(wanted.tag or len(row)) - 1])
    if words:
        yield TaggedSentence(words, tags, begin)


def read_slashed(lines: Iterable[str], place: Callable[[], str]) -> Iterator[TaggedSentence]:
    """Sentences of word/TAG, one a line; the last slash parts them."""
    for number, line in enumerate(lines, start=1):
        pairs = [token.rpartition("/") for token in line.split()]
        for word, slash, tag in pairs:
            if not slash or not word or not tag:
                raise InputError(f"{place()}: expected word/TAG, found {word + slash + tag!r}")
        if pairs:
            yield TaggedSentence([word for word, _, _ in pairs], [tag for _, _, tag in pairs], number)
