"""What a report says of a corpus, in one pass over its texts and some over its tokens.

Of every text its length, a hash and its tokens' ids are kept (the ids on the disk once there are many);
nearly the same texts are looked for among the first, languages are told of some drawn evenly.
"""

from __future__ import annotations

import hashlib
import random
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus import statistics
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.near_duplicates import NearDuplicates
from nlpcli.engine.corpus.statistics import Curve
from nlpcli.engine.documents.keywords import (
    Keywords,
    class_counts,
    document_counts,
    keywords_of_classes,
    keywords_of_corpus,
    usable,
)
from nlpcli.errors import MissingDependency

NEAR, SIMILAR, SHINGLE = 20_000, 0.8, 4  # texts compared with each other; what is nearly the same
SAMPLED = 2_000  # texts whose language is told
_REPEATED, _SHOWN = 8, 120  # texts that are shown, and characters of each
_STEPS = (1, 2, 5)
_NO_CURVE = Curve([], [], 0.0, 0.0)


class FileFacts(NamedTuple):
    """A file as it is on the disk: bytes (unpacked), encoding and line ends, as its bytes tell them."""

    file: str
    bytes: int
    encoding: str
    line_ends: str


class LengthClass(NamedTuple):
    """How many texts have `least` to `most` characters, or tokens."""

    least: int
    most: int
    texts: int


@dataclass
class CorpusReport:
    """All figures of a report. measures: single ones by name, as `--json` has them; shares are 0 to 1."""

    measures: dict[str, float | int] = field(default_factory=dict)
    files: list[FileFacts] = field(default_factory=list)
    characters: list[LengthClass] = field(default_factory=list)
    tokens: list[LengthClass] = field(default_factory=list)
    growth: Curve = _NO_CURVE
    zipf: Curve = _NO_CURVE
    words: list[tuple[str, int]] = field(default_factory=list)
    ngrams: list[tuple[str, int]] = field(default_factory=list)
    labels: list[tuple[str, int]] = field(default_factory=list)
    languages: list[tuple[str, int]] = field(default_factory=list)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    keywords: Keywords = field(default_factory=lambda: Keywords("corpus", []))

    def tables(self) -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
        """Name to headings and rows; curves among them."""
        lengths = ("least", "most", "texts")
        return {
            "files": (FileFacts._fields, [*self.files]),
            "labels": (("label", "texts"), [*self.labels]),
            "words": (("word", "count"), [*self.words]),
            "ngrams": (("ngram", "count"), [*self.ngrams]),
            "keywords": (self.keywords.columns, [*self.keywords.rows()]),
            "repeated": (("text", "times"), [*self.repeated]),
            "languages": (("language", "sampled"), [*self.languages]),
            "characters": (lengths, [*self.characters]),
            "tokens": (lengths, [*self.tokens]),
            "growth": (("tokens", "types"), [*zip(self.growth.x, self.growth.y, strict=True)]),
            "zipf": (("rank", "count"), [*zip(self.zipf.x, self.zipf.y, strict=True)]),
        }


class Watched:
    """Batches of texts on their way to be counted, with what is noted of them."""

    def __init__(self) -> None:
        self.lengths = array("q")
        self._hashes = array("Q")
        self._examples: dict[int, str] = {}
        self._near = NearDuplicates(SIMILAR, SHINGLE)
        self.compared = self.nearly = self.empty = 0
        self.sample: list[str] = []
        self._dice = random.Random(1)

    def through(self, batches: Iterable[Sequence[str]]) -> Iterator[list[str]]:
        """The same batches."""
        for batch in batches:
            for text in batch:
                self._look(text)
            some = list(batch[: NEAR - self.compared])
            if some:
                self.compared += len(some)
                found = self._near.add(some)
                self.nearly += sum(one is not None and one.similarity < 1 for one in found)
            yield list(batch)

    def _look(self, text: str) -> None:
        number = len(self.lengths)
        self.lengths.append(len(text))
        if number < SAMPLED:
            self.sample.append(text)
        elif (place := self._dice.randrange(number + 1)) < SAMPLED:
            self.sample[place] = text
        if not text.strip():
            self.empty += 1
            return
        digest = hashlib.blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=8).digest()
        value = int.from_bytes(digest, "little")
        self._hashes.append(value)
        if len(self._examples) < NEAR:
            self._examples.setdefault(value, text.strip()[:_SHOWN])

    def duplicates(self) -> tuple[int, list[tuple[str, int]]]:
        """How many texts were there before, and those that are there most often among the first ones."""
        hashes, counts = np.unique(np.frombuffer(self._hashes, dtype=np.uint64), return_counts=True)
        order = np.argsort(-counts, kind="stable")
        often = [
            (self._examples[value], count)
            for value, count in zip(hashes[order].tolist(), counts[order].tolist(), strict=True)
            if count > 1 and value in self._examples
        ] if len(self._hashes) else []  # fmt: skip
        often.sort(key=lambda one: (-one[1], one[0]))
        return len(self._hashes) - len(hashes), often[:_REPEATED]


def length_classes(lengths: NDArray[np.int64]) -> list[LengthClass]:
    """How many texts are of which length, in classes that begin at 0, 1, 2, 5, 10, 20, 50 and so on.

    >>> [tuple(one) for one in length_classes(np.array([0, 3, 3, 12]))]
    [(0, 0, 1), (1, 1, 0), (2, 4, 2), (5, 9, 0), (10, 19, 1)]
    """
    if not len(lengths):
        return []
    begins = [0, 1]
    while begins[-1] <= lengths.max():
        step = 10 ** ((len(begins) - 1) // 3) * _STEPS[(len(begins) - 1) % 3]
        begins.append(step)
    counts = np.histogram(lengths, bins=begins)[0].tolist()
    # The last class of a histogram holds its right edge too: no text is as long.
    return [
        LengthClass(least, most - 1, count)
        for least, most, count in zip(begins[:-1], begins[1:], counts, strict=True)
    ]


def report_of(
    corpus: EncodedCorpus, seen: Watched, codes: NDArray[np.int32] | None, names: Sequence[str], top: int
) -> CorpusReport:
    """The figures of a corpus whose ids are in order of first appearance. codes: the class of each text."""
    report = CorpusReport(growth=statistics.growth(corpus), zipf=statistics.ranks(corpus.vocabulary.counts))
    vocabulary = corpus.vocabulary
    counts, lengths = vocabulary.counts, np.frombuffer(seen.lengths, dtype=np.int64)
    per_text = np.diff(corpus.offsets)
    same, report.repeated = seen.duplicates()
    report.characters, report.tokens = length_classes(lengths), length_classes(per_text)
    order = np.argsort(-counts, kind="stable")[:top].tolist()
    report.words = [(vocabulary.tokens[word], int(counts[word])) for word in order]
    for size in (2, 3):
        report.ngrams += [
            (" ".join(vocabulary.tokens[word] for word in run), count)
            for run, count in statistics.top_ngrams(corpus, size, top)
        ]
    report.languages = _languages(seen.sample)
    allowed = usable(vocabulary, 2)
    if codes is not None:
        sizes = np.bincount(codes, minlength=len(names)).tolist()
        report.labels = list(zip(names, sizes, strict=True))
    if codes is not None and len(names) > 1:
        per_class = class_counts(corpus, codes, len(names))
        groups = keywords_of_classes(per_class, names, vocabulary, min(top, 10), allowed=allowed)
        report.keywords = Keywords("class", groups)
    else:
        found = keywords_of_corpus(
            counts, document_counts(corpus), corpus.documents, vocabulary, top, allowed
        )
        report.keywords = Keywords("corpus", found)
    report.measures = _measures(report, seen, lengths, per_text, counts, same)
    return report


def _measures(
    report: CorpusReport,
    seen: Watched,
    lengths: NDArray[np.int64],
    per_text: NDArray[np.int64],
    counts: NDArray[np.int64],
    same: int,
) -> dict[str, float | int]:
    tokens, types = int(counts.sum()), len(counts)
    return {
        "texts": len(lengths),
        "empty_texts": seen.empty,
        "characters": int(lengths.sum()),
        "tokens": tokens,
        "types": types,
        "types_seen_once": int((counts == 1).sum()),
        "characters_per_text": _mean(lengths),
        "characters_median": _quantile(lengths, 0.5),
        "characters_95_percent": _quantile(lengths, 0.95),
        "characters_longest": int(lengths.max(initial=0)),
        "tokens_per_text": _mean(per_text),
        "tokens_median": _quantile(per_text, 0.5),
        "tokens_95_percent": _quantile(per_text, 0.95),
        "tokens_longest": int(per_text.max(initial=0)),
        "heaps_factor": report.growth.factor,
        "heaps_exponent": report.growth.exponent,
        "zipf_exponent": -report.zipf.exponent,
        "same_texts": same,
        "texts_compared": seen.compared,
        "nearly_same_texts": seen.nearly,
        "texts_with_language": sum(count for _, count in report.languages),
    }


def _mean(values: NDArray[np.int64]) -> float:
    return round(float(values.mean()), 2) if len(values) else 0.0


def _quantile(values: NDArray[np.int64], share: float) -> int:
    return int(np.quantile(values, share, method="lower")) if len(values) else 0


def _languages(texts: Sequence[str]) -> list[tuple[str, int]]:
    """How many of some texts are in which language, the commonest first; nothing without the library."""
    from nlpcli.engine.text.languages import Languages

    try:
        languages = Languages()
    except MissingDependency:
        return []
    counts = Counter(languages.of(text)[0] for text in texts if text.strip())
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
