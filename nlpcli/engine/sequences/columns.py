"""Tagged text that is words already: CoNLL-U, columns, word/TAG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlpcli.engine.sequences.records import TaggedSentence
from nlpcli.errors import InputError
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.wording import counted

_TREEBANK = {"upos": 4, "xpos": 5}
_NAMES = {4: "UPOS", 5: "XPOS"}
_MISC = 10
_ENTITY = re.compile(r"(?:^|\|)NER=([^|]+)")
_REMARK = re.compile(r"#(#|\s*\S+\s*=|\s*$)|# (?!\S+$)|# new(doc|par)$")
_MORPHEMES = re.compile(r"[^\s]+?/[A-Z_]{2,}(?:\+[^\s]+?/[A-Z_]{2,})+")
_JOINED = re.compile(r"(?<=[A-Z_])\+(?=[^\s]+?/[A-Z_]{2,})")


def fields(line: str) -> list[str]:
    """The columns of a line: between tabs, or where there are none between spaces."""
    return line.split("\t") if "\t" in line else line.split()


def is_remark(line: str) -> bool:
    """Whether a line says something about sentences: # text = …, ## klue-ner-v1, -DOCSTART-; # O is a word.

    >>> [is_remark(line) for line in ("# text = Hi", "## klue-ner-v1", "-DOCSTART- -X- O")]
    [True, True, True]
    >>> [is_remark(line) for line in ("# O", "#\\tO", "#hi O")]
    [False, False, False]
    """
    return line.startswith("-DOCSTART-") or ("\t" not in line.split(" ")[0] and bool(_REMARK.match(line)))


class _Sentence:
    """The words of the sentence that is being read."""

    def __init__(self, name: str) -> None:
        self._name, self.text = name, ""
        self._words: list[str] = []
        self._tags: list[str] = []
        self._line = 0

    def note(self, line: str) -> None:
        """A remark before the words, which may say how they were written."""
        if line.startswith("# text = "):
            self.text = line[9:].strip()

    def add(self, line: int, word: str, tag: str) -> None:
        self._line = self._line or line
        self._words.append(word)
        self._tags.append(tag)

    def __bool__(self) -> bool:
        return bool(self._words)

    def taken(self) -> Iterator[TaggedSentence]:
        """The sentence, if it has words; then a new one begins."""
        if self._words:
            yield TaggedSentence(self._words, self._tags, self._name, self._line, True, self.text)
        self._words, self._tags, self._line, self.text = [], [], 0, ""


def read_conllu(lines: Sequence[str], name: str, wanted: TaggedTextSettings) -> Iterator[TaggedSentence]:
    """Sentences of CoNLL-U. Raises InputError for a row that is none, or has no tag."""
    usual = _MISC if wanted.tag == "ner" else _TREEBANK.get(wanted.tag, _TREEBANK["upos"])
    form, column = wanted.word_column or 2, wanted.tag_column or usual
    sentence = _Sentence(name)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            yield from sentence.taken()
        elif line[0] == "#":
            sentence.note(line)
        else:
            row = line.split("\t")
            if len(row) != 10:
                raise InputError(
                    f"{name}:{number}: {counted(len(row), 'column')}, where CoNLL-U has 10 between tabs"
                )
            if max(form, column) > 10:
                raise InputError(f"{name}:{number}: no column {max(form, column)}: the line has 10")
            if "-" in row[0] or "." in row[0]:
                continue
            tag = row[column - 1]
            if column == _MISC:
                entity = _ENTITY.search(tag)
                tag = entity[1] if entity else "O"
            elif tag in ("", "_"):
                raise _no_tag(name, number, column, row)
            sentence.add(number, _cell(row, form, name, number), tag)
    yield from sentence.taken()


def _no_tag(name: str, number: int, column: int, row: Sequence[str]) -> InputError:
    """What is told of a word whose column of tags is empty."""
    filled = [kind for kind, place in _TREEBANK.items() if row[place - 1] != "_"]
    label = f" ({_NAMES[column]})" if column in _NAMES else ""
    hint = f"--tag {filled[0]} has one" if filled else "the words of this file have no tags"
    return InputError(f"{name}:{number}: column {column}{label} holds no tag for {row[1]!r}", hint=hint)


def read_columns(lines: Sequence[str], name: str, wanted: TaggedTextSettings) -> Iterator[TaggedSentence]:
    """Sentences of a word a line. Raises InputError, with line and column, for a column that is not there."""
    sentence = _Sentence(name)
    form, is_last = wanted.word_column or 1, not wanted.tag_column
    columns = first = tag = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (line[0] in "#-" and not sentence and is_remark(line)):
            yield from sentence.taken()
            sentence.note(line)
            continue
        row = fields(line)
        if not columns:
            columns, first, tag = len(row), number, _tag_column(wanted, len(row))
        if len(row) < max(form, tag) or (is_last and len(row) != columns):
            raise _missing(name, number, row, max(form, tag), columns, first)
        sentence.add(number, _cell(row, form, name, number), _tag(row, tag, name, number))
    yield from sentence.taken()


def _tag_column(wanted: TaggedTextSettings, columns: int) -> int:
    """The last column, but for the parts of speech of CoNLL-2003, which stand beside the word."""
    if wanted.tag_column:
        return wanted.tag_column
    return 2 if wanted.tag in ("upos", "xpos") else max(columns, 2)


def _missing(name: str, number: int, row: Sequence[str], last: int, columns: int, first: int) -> InputError:
    if number == first or len(row) == columns:
        return InputError(
            f"{name}:{number}: no column {last}: the line has {len(row)}",
            hint="a word and its tag a line; --columns word=1,tag=4 says where they stand",
        )
    return InputError(
        f"{name}:{number}: {counted(len(row), 'column')}, where line {first} has {columns}",
        hint="every line of a file has as many; --columns word=1,tag=2 takes two and leaves the others",
    )


def _cell(row: Sequence[str], column: int, name: str, number: int) -> str:
    """What stands in a column. A word may be a space, as in text of characters, or nothing, which is one."""
    text = row[column - 1].strip()
    if not text and column > 1:
        raise InputError(f"{name}:{number}: column {column} is empty")
    return text or " "


def _tag(row: Sequence[str], column: int, name: str, number: int) -> str:
    """A tag, which is one word; what is more stands in a table of texts."""
    text = _cell(row, column, name, number)
    if " " in text:
        shown = text if len(text) <= 40 else text[:39] + "…"
        raise InputError(
            f"{name}:{number}: column {column} holds {shown!r}, which is no tag",
            hint="--columns word=1,tag=2 says where tags stand; tables of labelled texts are for train-nb",
        )
    return text


def read_slashed(lines: Sequence[str], name: str) -> Iterator[TaggedSentence]:
    """Sentences of word/TAG, one a line; the last slash parts them. 나/NP+는/JX is two words."""
    for number, line in enumerate(lines, start=1):
        tokens = [
            part
            for token in line.split()
            for part in (_JOINED.split(token) if _MORPHEMES.fullmatch(token) else [token])
        ]
        pairs = [token.rpartition("/") for token in tokens]
        for place, (word, slash, tag) in enumerate(pairs, start=1):
            if not slash or not word or not tag:
                raise InputError(
                    f"{name}:{number}: word {place}: expected word/TAG, found {word + slash + tag!r}"
                )
        if pairs:
            yield TaggedSentence([word for word, _, _ in pairs], [tag for _, _, tag in pairs], name, number)
