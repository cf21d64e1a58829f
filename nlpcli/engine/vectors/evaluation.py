"""How well word vectors agree with people: word pairs and analogies.

The numbers are those of gensim's `evaluate_word_pairs` and `evaluate_word_analogies` on the same
vectors: words are compared without regard to case unless asked, only the first `vocab` words
take part, and a question with an unknown word is passed over or counts as wrong.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.correlation import pearson, spearman
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import display_name
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings
from nlpcli.settings.vectors import VectorEvaluationSettings

_ROWS, _QUESTIONS = 4096, 64  # a tile of scores that stays in the cache
_LEAST = np.float32(-np.inf)
Row = tuple[str, str, str, float, int, int]  # file, section, measure, value, questions known, in all


@dataclass(frozen=True)
class PairsResult:
    """Agreement with scored word pairs: correlations (nan below two pairs), pairs known, pairs in all."""

    file: str
    spearman: float
    pearson: float
    known: int
    pairs: int

    def record(self) -> dict[str, Any]:
        """The result as a JSON record."""
        return dataclasses.asdict(self)

    def rows(self) -> Iterator[Row]:
        """The result as rows of a table: both correlations."""
        yield self.file, "", "spearman", self.spearman, self.known, self.pairs
        yield self.file, "", "pearson", self.pearson, self.known, self.pairs


@dataclass
class SectionResult:
    """One section of an analogy file: questions answered right, answerable, in all."""

    section: str
    correct: int = 0
    known: int = 0
    questions: int = 0

    @property
    def accuracy(self) -> float:
        """Right answers per answerable question; 0 when there is none."""
        return self.correct / self.known if self.known else 0.0

    @property
    def syntactic(self) -> bool:
        """Is it about grammar? In the Google set those sections are called gram…"""
        return self.section.startswith("gram")


@dataclass(frozen=True)
class AnalogiesResult:
    """Accuracy on analogy questions by section."""

    file: str
    sections: list[SectionResult]

    def sums(self) -> list[SectionResult]:
        """Semantic and syntactic sections together, where there are both, and all of them."""
        parts = [("semantic", [s for s in self.sections if not s.syntactic])]
        parts += [("syntactic", [s for s in self.sections if s.syntactic]), ("total", self.sections)]
        if not parts[0][1] or not parts[1][1]:
            del parts[:2]
        return [
            SectionResult(
                name,
                sum(section.correct for section in sections),
                sum(section.known for section in sections),
                sum(section.questions for section in sections),
            )
            for name, sections in parts
        ]

    def record(self) -> dict[str, Any]:
        """The result as a JSON record, with the sums as sections."""
        sections = [*self.sections, *self.sums()]
        return {
            "file": self.file,
            "accuracy": sections[-1].accuracy,
            "sections": [
                {**dataclasses.asdict(section), "accuracy": section.accuracy} for section in sections
            ],
        }

    def rows(self) -> Iterator[Row]:
        """The result as rows of a table: a section each, the sums last."""
        for section in (*self.sections, *self.sums()):
            yield self.file, section.section, "accuracy", section.accuracy, section.known, section.questions


@dataclass
class _Questions:
    """The lines of an evaluation file: pairs with scores, or analogies with sections."""

    pairs: list[tuple[str, str, float]] = field(default_factory=list)
    analogies: list[tuple[int, tuple[str, str, str, str]]] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)


def evaluate(
    vectors: Vectors,
    paths: Sequence[str],
    settings: VectorEvaluationSettings = VectorEvaluationSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> list[PairsResult | AnalogiesResult]:
    """The result of each file; the file's own lines tell what kind it is.

    Raises InputError, with `file:line`, for a line that is neither kind, and when the vectors know
    no question of a file.
    """
    results: list[PairsResult | AnalogiesResult] = []
    known = _Known(vectors, settings)
    for path in paths:
        questions = _read(path, reading)
        name = display_name(path)
        if questions.analogies:
            results.append(_analogies(known, name, questions, progress))
        else:
            results.append(_pairs(known, name, questions))
    return results


# --- reading --------------------------------------------------------------------------------


def _read(path: str, reading: InputSettings) -> _Questions:
    found = _Questions()
    lines = Lines([path], reading)
    first = True
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(":"):
            found.sections.append(line.lstrip(": ").strip())
            first = False
            continue
        fields = line.split() if found.sections else _fields(line)
        score = next((place for place in range(2, len(fields)) if _is_number(fields[place])), None)
        if found.analogies or found.sections or (score is None and len(fields) == 4):
            if len(fields) != 4:
                raise _bad_line(lines.place, line, "an analogy of four words")
            found.sections = found.sections or ["all"]
            found.analogies.append((len(found.sections) - 1, (fields[0], fields[1], fields[2], fields[3])))
        elif score is not None:
            found.pairs.append((fields[0].strip(), fields[1].strip(), float(fields[score])))
        elif not first:  # the first line may name the columns
            raise _bad_line(lines.place, line, "two words and a score")
        first = False
    if not found.pairs and not found.analogies:
        raise InputError(f"{display_name(path)}: neither word pairs with scores nor analogies in it")
    return found


def _fields(line: str) -> list[str]:
    """The fields of a line separated by tabs, else commas or semicolons, else white space.

    >>> _fields("tiger,cat,7.35"), _fields("tiger cat 7.35")
    (['tiger', 'cat', '7.35'], ['tiger', 'cat', '7.35'])
    """
    for separator in "\t,;":
        if separator in line:
            return next(csv.reader([line], delimiter=separator))
    return line.split()


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _bad_line(place: str, line: str, expected: str) -> InputError:
    return InputError(
        f"{place}: expected {expected}: {line.strip()[:60]}",
        hint="pairs: word, word, score, separated by tab, comma or space; analogies: four words",
    )


# --- answering ------------------------------------------------------------------------------


class _Known:
    """The words that take part, as unit vectors, found by their spelling (case folded or not)."""

    def __init__(self, vectors: Vectors, settings: VectorEvaluationSettings) -> None:
        self.settings = settings
        self.matrix = vectors.matrix[: settings.vocab]
        words = vectors.tokens[: settings.vocab]
        self.words = words
        forms = words if settings.case_sensitive else [word.upper() for word in words]
        self.variants: dict[str, list[int]] = {}
        for row, form in enumerate(forms):
            self.variants.setdefault(form, []).append(row)
        self._meant = functools.cache(vectors.find)

    def form(self, word: str) -> str:
        """A word as the look-up spells it."""
        return word if self.settings.case_sensitive else word.upper()

    def find(self, word: str) -> int:
        """The first row of a word, or of what the model's analysis makes of it; −1 when it is unknown."""
        rows = self.variants.get(self.form(word))
        if rows is not None:
            return rows[0]
        meant = self._meant(word)
        return self.variants_of(meant)[0] if meant is not None and meant < len(self.words) else -1

    def variants_of(self, row: int) -> list[int]:
        """The rows of all words spelt like that of `row`, itself among them."""
        return self.variants[self.form(self.words[row])]

    def unit(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Vectors of length 1."""
        chosen = self.matrix[rows].astype(np.float64)
        lengths = np.linalg.norm(chosen, axis=1, keepdims=True)
        scaled: NDArray[np.float64] = chosen / np.where(lengths == 0, 1.0, lengths)
        return scaled


def _pairs(known: _Known, name: str, questions: _Questions) -> PairsResult:
    rows = np.array([(known.find(a), known.find(b)) for a, b, _ in questions.pairs], dtype=np.int64)
    gold = np.array([score for _, _, score in questions.pairs])
    both = (rows >= 0).all(axis=1)
    if not both.any():
        raise InputError(f"{name}: the vectors know none of its {len(gold):,} word pairs")
    cosines = np.zeros(len(gold))
    cosines[both] = np.einsum("ij,ij->i", known.unit(rows[both, 0]), known.unit(rows[both, 1]))
    used = np.ones_like(both) if known.settings.unknown == "wrong" else both
    return PairsResult(
        name,
        spearman(gold[used], cosines[used]),
        pearson(gold[used], cosines[used]),
        int(both.sum()),
        len(gold),
    )


def _analogies(known: _Known, name: str, questions: _Questions, progress: Progress) -> AnalogiesResult:
    sections = [SectionResult(section) for section in questions.sections]
    asked = []
    for section, words in questions.analogies:
        sections[section].questions += 1
        rows = [known.find(word) for word in words]
        if min(rows) >= 0:
            sections[section].known += 1
            asked.append((section, rows))
        elif known.settings.unknown == "wrong":
            sections[section].known += 1
    if not asked:
        raise InputError(f"{name}: the vectors know none of its {len(questions.analogies):,} analogies")
    quadruples = np.array([rows for _, rows in asked], dtype=np.int64)
    answers = _answer(known, quadruples[:, :3], progress)
    for (section, _), expected, answer in zip(
        asked, quadruples[:, 3].tolist(), answers.tolist(), strict=True
    ):
        sections[section].correct += answer in known.variants_of(expected)
    return AnalogiesResult(name, [section for section in sections if section.questions])


def _answer(known: _Known, asked: NDArray[np.int64], progress: Progress) -> NDArray[np.int64]:
    """The best row for each question a : b :: c : ? [Q, 3], case variants of a, b and c excepted.

    cos(x, b − a + c) orders the x as cos(x, b) − cos(x, a) + cos(x, c) does (Levy and Goldberg
    2014), so every word of the questions meets the vocabulary once, however many questions it
    stands in.
    """
    words, places = np.unique(asked, return_inverse=True)
    places = places.reshape(asked.shape)
    turned = np.ascontiguousarray(known.unit(words), dtype=np.float32)
    barred = _barred(known, asked)
    best = np.zeros(len(asked), dtype=np.int64)
    scores = np.full(len(asked), _LEAST)
    jobs = ((known, turned, places, barred, start) for start in range(0, len(known.matrix), _ROWS))
    for number, (rows, tops) in enumerate(in_threads(_answer_block, jobs), start=1):
        better = tops > scores
        best[better], scores[better] = rows[better], tops[better]
        progress.update("analogies", min(number * _ROWS, len(known.matrix)), len(known.matrix))
    return best


def _barred(known: _Known, asked: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that may not be the answer and the questions they may not answer, by question."""
    pairs = [
        (row, question)
        for question, words in enumerate(asked.tolist())
        for word in words
        for row in known.variants_of(word)
    ]
    rows, questions = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return rows, questions


def _answer_block(
    known: _Known,
    turned: NDArray[np.float32],
    places: NDArray[np.int64],
    barred: tuple[NDArray[np.int64], NDArray[np.int64]],
    start: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Of the rows from `start` on, the best for each question and its score."""
    block = np.asarray(known.matrix[start : start + _ROWS], dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
    cosines = (turned @ block.T) / np.where(lengths == 0, 1.0, lengths).astype(np.float32)
    if known.settings.method == "3cosmul":
        cosines = (1 + cosines) / 2
    rows, tops = np.empty(len(places), np.int64), np.empty(len(places), np.float32)
    rows_barred, questions_barred = barred
    inside = (rows_barred >= start) & (rows_barred < start + len(block))
    rows_barred, questions_barred = rows_barred[inside] - start, questions_barred[inside]
    for first in range(0, len(places), _QUESTIONS):
        a, b, c = places[first : first + _QUESTIONS].T
        scores = cosines[b]
        if known.settings.method == "3cosmul":
            scores *= cosines[c]
            scores /= cosines[a] + np.float32(1e-6)
        else:
            scores -= cosines[a]
            scores += cosines[c]
        low, high = np.searchsorted(questions_barred, (first, first + len(a)))
        scores[questions_barred[low:high] - first, rows_barred[low:high]] = _LEAST
        found = scores.argmax(axis=1)
        rows[first : first + len(a)] = found + start
        tops[first : first + len(a)] = scores[np.arange(len(a)), found]
    return rows, tops
