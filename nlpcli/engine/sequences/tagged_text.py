"""Tagged text: which layout a file has, and its sentences.

    conllu    ten columns with tabs; ranges (1-2) and empty nodes (8.1) are passed over
    columns   a word a line, its tag in the last column or the one asked for, empty lines between sentences:
              CoNLL-2002 and 2003, vertical text, the characters of KLUE (a space is one too)
    slash     a sentence a line, word/TAG; morphemes joined by + too (나/NP+는/JX)
    inline    a text a line, its spans marked: <홍길동:PS>은
    jsonl     JSON lines, or one JSON list: of spaCy, doccano, Label Studio; or tokens beside tags

Which it is is told by the first lines. Not here: how each is read (`columns.py`, `span_layouts.py`), and the
schemes of labels (`tagging/labels.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import STDIN, Paths, display_name
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences import columns, span_layouts
from nlpcli.engine.sequences.records import SpannedText, TaggedSentence
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.wording import counted

LONGEST = 10_000  # words; what is longer has lost the lines between its sentences
_LOOKED_AT = 400
_SLASHED = re.compile(r"\S+/[^\s/]+")
_NODE = re.compile(r"\d+([-.]\d+)?\t")
_FEW = 0.05  # of the lines may have what looks like a mark
_AGREE = 0.6  # of the lines have as many columns as most: the others are mistakes


@dataclass
class TaggedText:
    """What stood in some files: sentences of words, and texts whose spans are still to become tags."""

    sentences: list[TaggedSentence] = field(default_factory=list)
    texts: list[SpannedText] = field(default_factory=list)
    is_treebank: bool = False


def read_tagged(
    paths: Paths,
    wanted: TaggedTextSettings = TaggedTextSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> TaggedText:
    """The sentences of some files, each in its own layout.

    Raises InputError, with file, line and column, for what is not in its layout.
    """
    found = TaggedText()
    for path in paths or [STDIN]:
        lines = list(Lines([path], reading, progress))
        name = display_name(path)
        layout = wanted.layout if wanted.layout != "auto" else layout_of(lines)
        if not any(line.strip() for line in lines):
            raise InputError(
                f"{name} is empty", hint="tagged text is wanted, such as CoNLL-U or word/TAG lines"
            )
        if not layout:
            raise InputError(
                f"{name}: not tagged text: {_shown(lines)}",
                hint="wanted: CoNLL-U, a word and its tag a line, word/TAG, <word:TAG>, or JSON lines; "
                "--layout names one",
            )
        found.is_treebank |= layout == "conllu"
        for one in _read(layout, lines, name, wanted):
            if isinstance(one, SpannedText):
                found.texts.append(one)
            else:
                found.sentences.append(_checked(one))
    return found


def _read(
    layout: str, lines: Sequence[str], name: str, wanted: TaggedTextSettings
) -> Iterator[TaggedSentence | SpannedText]:
    if layout == "conllu":
        return columns.read_conllu(lines, name, wanted)
    if layout == "columns":
        return columns.read_columns(lines, name, wanted)
    if layout == "slash":
        return columns.read_slashed(lines, name)
    if layout == "inline":
        return span_layouts.read_inline(lines, name)
    return span_layouts.read_json(lines, name)


def _checked(sentence: TaggedSentence) -> TaggedSentence:
    if len(sentence.words) > LONGEST:
        raise InputError(
            f"{sentence.place}: a sentence of {counted(len(sentence.words), 'word')}",
            hint=f"at most {LONGEST:,} are taken; in columns an empty line stands between sentences",
        )
    return sentence


def _shown(lines: Sequence[str]) -> str:
    first = next(line.strip() for line in lines if line.strip())
    return repr(first if len(first) <= 60 else first[:59] + "…")


def layout_of(lines: Sequence[str]) -> str:
    """Which layout some first lines have; "" where none fits.

    >>> layout_of(["# text = Hi", "1\\tHi\\thi\\tINTJ\\tUH\\t_\\t0\\troot\\t_\\t_"])
    'conllu'
    >>> layout_of(["EU B-ORG", "", "I O"]), layout_of(["홍\\tB-PS", "은\\tO", " \\tO", "산\\tO"])
    ('columns', 'columns')
    >>> layout_of(["The/DT cat/NN sat/VBD"]), layout_of(["<홍길동:PS>은 <서울:LC>에 산다."])
    ('slash', 'inline')
    >>> layout_of(['{"text": ""}']), layout_of(["Just a sentence or two.", "Another."])
    ('jsonl', '')
    """
    some = [line for line in lines[:_LOOKED_AT] if line.strip() and not columns.is_remark(line)]
    if not some:
        return ""
    if some[0].lstrip()[:1] in ("{", "[") and span_layouts.is_json(some):
        return "jsonl"
    rows = [line for line in some if not line.startswith("#")]
    nodes = (bool(_NODE.match(line)) and line.count("\t") >= 3 for line in rows)
    if any(line.count("\t") == 9 for line in rows) and sum(nodes) > _AGREE * len(rows):
        return "conllu"
    if sum(all(map(_SLASHED.fullmatch, line.split())) for line in some) > _AGREE * len(some):
        return "slash"
    marked = sum(bool(span_layouts.MARKED.search(line)) for line in some)
    if "\t" not in some[0] and marked > _FEW * len(some):
        return "inline"
    if _are_columns(some):
        return "columns"
    return "inline" if marked else ""


def _are_columns(some: Sequence[str]) -> bool:
    """Whether nearly all lines have the same number of columns; one line of prose is none."""
    counts = Counter(len(columns.fields(line)) for line in some)
    count, times = counts.most_common(1)[0]
    if not 2 <= count < 30 or times < _AGREE * len(some):
        return False
    return "\t" in some[0] or len(some) > 1 or (count == 2 and some[0].split()[1].isupper())
