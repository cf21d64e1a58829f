"""Labels of spans in a sequence: which scheme they are written in, one scheme for all, and the spans.

    BIO-1   B- only where two spans of a type touch (Ramshaw & Marcus 1995; CoNLL-2002 and 2003 as issued)
    BIO-2   every span begins with B-
    BIOES   its last word has E-, a single word S- (also BILOU: L- and U-; IOBES)

Tags that are no labels of spans (parts of speech) are none of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
_BEGINS, _LASTS = frozenset("BSU"), frozenset("ESLU")
_MARKS = frozenset("BIESLUM")


class Span(NamedTuple):
    """Words `start` up to but without `end`, of a type."""

    start: int
    end: int
    label: str


class Scheme(NamedTuple):
    """How labels of spans are written ("bio1", "bio2", "bioes", "" for tags that are none), and how many are not right in it.

    Wrong is a span of BIO-2 that begins with I-.
    """

    name: str
    wrong: int


def scheme_of(sentences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme of the tags of a corpus.

    >>> scheme_of([["B-PER", "I-PER", "O"]]), scheme_of([["I-PER", "I-PER", "O", "I-LOC", "B-LOC"]])
    (Scheme(name='bio2', wrong=0), Scheme(name='bio1', wrong=0))
    >>> scheme_of([["B-PER", "E-PER", "S-LOC"]]), scheme_of([["NOUN", "O"]]), scheme_of([["B-A", "O", "I-B"]])
    (Scheme(name='bioes', wrong=0), Scheme(name='', wrong=0), Scheme(name='bio2', wrong=1))
    """
    marks: set[str] = set()
    inside = parted = 0  # spans that begin with I-; with B- where no span of the type touches
    for tags in sentences:
        before = OUTSIDE
        for tag in tags:
            mark, hyphen, label = tag.partition("-")
            if tag != OUTSIDE:
                if mark not in _MARKS or not hyphen or not label:
                    return Scheme("", 0)
                touches = before.partition("-")[2] == label
                marks.add(mark)
                inside += mark == "I" and not touches
                parted += mark == "B" and not touches
            before = tag
    if not marks:
        return Scheme("", 0)
    if marks & _LASTS:
        return Scheme("bioes", 0)
    return Scheme("bio1", 0) if inside and not parted else Scheme("bio2", inside)


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The spans of a sentence in any of the schemes, read as conlleval does.

    A span begins at B-, S- or U-, and at any other label whose type differs from that before it or that
    stands behind O or the end of a span.

    >>> spans_of(["B-PER", "I-PER", "O", "I-LOC", "B-LOC", "S-ORG"])
    [Span(start=0, end=2, label='PER'), Span(start=3, end=4, label='LOC'), Span(start=4, end=5, label='LOC'), Span(start=5, end=6, label='ORG')]
    """
    found: list[Span] = []
    start, label, ended = 0, "", True
    for place, tag in enumerate([*tags, OUTSIDE]):
        mark, _, own = tag.partition("-")
        if label and (mark in _BEGINS or own != label or ended):
            found.append(Span(start, place, label))
            label = ""
        if own and not label:
            start, label = place, own
        ended = mark in _LASTS
    return found


def bio2(spans: Iterable[Span], length: int) -> list[str]:
    """Spans that do not overlap as the tags of a sentence of `length` words.

    >>> bio2([Span(0, 2, "PER"), Span(3, 4, "LOC")], 4)
    ['B-PER', 'I-PER', 'O', 'B-LOC']
    """
    tags = [OUTSIDE] * length
    for start, end, label in spans:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


def may_follow(before: str, tag: str) -> bool:
    """Whether a tag of BIO-2 may stand behind another; `before` is O at the beginning.

    >>> may_follow("B-PER", "I-PER"), may_follow("O", "I-PER"), may_follow("B-LOC", "I-PER"), may_follow("O", "O")
    (True, False, False, True)
    """
    return not tag.startswith("I-") or before in (tag, "B" + tag[1:])
