"""Labels of spans in a sequence: which scheme they are written in, one scheme for all, and the spans.

    BIO-1   B- only where two spans of a type touch (Ramshaw & Marcus 1995; CoNLL-2002 and 2003 as issued)
    BIO-2   every span begins with B-
    BIOES   its last word has E-, a single word S- (also BILOU: L- and U-; IOBES)

Tags that are no labels of spans (parts of speech) are none of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

OUTSIDE = "O"
_BEGINS, _LASTS = frozenset("BSU"), frozenset("ESLU")
_MARKS = frozenset("BIESLUM")
_STRANGE = 0.05  # of what is not O may be no labels: mistakes, not another kind of tags


class Span(NamedTuple):
    """Words `start` up to but without `end`, of a type."""

    start: int
    end: int
    label: str


class Scheme(NamedTuple):
    """How labels of spans are written, and what is not right in it.

    name: "bio1", "bio2", "bioes", or "" for tags that are no labels of spans; wrong: how many spans of BIO-2
    begin with I-; strange: (sentence, word) of the first label that is of no scheme, where nearly all are.
    """

    name: str
    wrong: int = 0
    strange: tuple[int, int] | None = None


def is_label(tag: str) -> bool:
    """Whether a tag is a label of spans.

    >>> [is_label(tag) for tag in ("O", "B-PER", "S-LOC", "NN", "X-PER", "B-", "I-entity_name")]
    [True, True, True, False, False, False, True]
    """
    mark, hyphen, label = tag.partition("-")
    return tag == OUTSIDE or (mark in _MARKS and bool(hyphen and label))


def scheme_of(sentences: Sequence[Sequence[str]]) -> Scheme:
    """The scheme of the tags of a corpus.

    >>> scheme_of([["B-PER", "I-PER", "O"]]).name, scheme_of([["I-PER", "I-PER", "O", "I-LOC", "B-LOC"]]).name
    ('bio2', 'bio1')
    >>> scheme_of([["B-PER", "E-PER", "S-LOC"]]).name, scheme_of([["NOUN", "O"]]).name
    ('bioes', '')
    >>> scheme_of([["B-A", "O", "I-B"]])
    Scheme(name='bio2', wrong=1, strange=None)
    """
    seen = Counter(tag for tags in sentences for tag in tags)
    labels = sum(times for tag, times in seen.items() if tag != OUTSIDE and is_label(tag))
    strange = sum(times for tag, times in seen.items() if not is_label(tag))
    if not labels or strange > _STRANGE * (labels + strange):
        return Scheme("")
    places = ((sentence, word) for sentence, tags in enumerate(sentences) for word in range(len(tags)))
    first = next((place for place in places if not is_label(sentences[place[0]][place[1]])), None)
    if {tag[0] for tag in seen if tag != OUTSIDE and is_label(tag)} & _LASTS:
        return Scheme("bioes", 0, first)
    inside = parted = 0  # spans that begin with I-; with B- where no span of the type touches
    for tags in sentences:
        before = OUTSIDE
        for tag in tags:
            touches = before[2:] == tag[2:] and before != OUTSIDE
            inside += tag[0] == "I" and tag != OUTSIDE and not touches
            parted += tag[0] == "B" and not touches
            before = tag
    return Scheme("bio1", 0, first) if inside and not parted else Scheme("bio2", inside, first)


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The spans of a sentence in any of the schemes, read as conlleval does.

    A span begins at B-, S- or U-, and at any other label whose type differs from that before it or that
    stands behind O or the end of a span.

    >>> [tuple(span) for span in spans_of(["B-PER", "I-PER", "O", "I-LOC", "B-LOC", "S-ORG"])]
    [(0, 2, 'PER'), (3, 4, 'LOC'), (4, 5, 'LOC'), (5, 6, 'ORG')]
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


def bioes(spans: Iterable[Span], length: int) -> list[str]:
    """The same in BIOES.

    >>> bioes([Span(0, 2, "PER"), Span(3, 4, "LOC")], 4)
    ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    tags = [OUTSIDE] * length
    for start, end, label in spans:
        middle = [f"I-{label}"] * (end - start - 2)
        tags[start:end] = [f"B-{label}", *middle, f"E-{label}"] if end - start > 1 else [f"S-{label}"]
    return tags


def may_follow(before: str, tag: str) -> bool:
    """Whether a tag of BIO-2 may stand behind another; `before` is O at the beginning.

    >>> may_follow("B-PER", "I-PER"), may_follow("O", "I-PER"), may_follow("B-LOC", "I-PER")
    (True, False, False)
    """
    return not tag.startswith("I-") or before in (tag, "B" + tag[1:])
