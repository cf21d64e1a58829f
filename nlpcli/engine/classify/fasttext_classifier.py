"""Supervised fastText models (Joulin et al. 2017): their labels and probabilities of texts.

A text is the mean of the rows of its words, of their character n-grams and of the hashed n-grams of
words; the output matrix makes of it a score per label. Numbers are those that fastText gives, also
where it rounds: a table for the sigmoid, and 1e-5 that is added before each logarithm.

Not here: the file (`io/fasttext_file.py`), and how such models are trained.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import Examples, read_labelled
from nlpcli.engine.classify.findings import Predictions
from nlpcli.engine.classify.metrics import Evaluation, evaluate
from nlpcli.engine.corpus.subwords import LINE_END, SubwordRule
from nlpcli.engine.io import fasttext_file
from nlpcli.engine.io.fasttext_file import FastTextFile
from nlpcli.engine.io.table_signs import FASTTEXT_PREFIX
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import as_list
from nlpcli.errors import ModelError
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.text import AnalysisSettings

_WORD_FACTOR = np.uint64(116049371)  # by which fastText joins the hashes of words
_STEPS, _FARTHEST = 512, 8.0  # of fastText's table of sigmoids
_ADDED = np.float32(1e-5)
_ROWS = 1 << 14  # rows of a text that are added up at a time


class FastTextClassifier:
    """The labels of a supervised model, the most frequent first, as the model spells them."""

    def __init__(self, content: FastTextFile, name: str) -> None:
        if content.arguments.model != fasttext_file.SUPERVISED or not content.labels:
            raise ModelError(
                f"{name} holds word vectors, and no labels to classify by",
                hint=f"nlpcli similar {name} WORD; fastText trains classifiers with `supervised`",
            )
        assert content.outputs is not None
        if not np.isfinite(content.outputs).all():
            raise ModelError(f"{name}: its numbers are nan or inf", hint="is the file damaged?")
        self.name = name
        self.labels = tuple(label.decode("utf-8", "surrogateescape") for label in content.labels)
        self._inputs, self._outputs = content.inputs, content.outputs
        self._loss, self._counts = content.arguments.loss, content.label_counts
        self._text = _TextRows(content)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FastTextClassifier:
        """The classifier in a `.bin` or `.ftz` file, plain or compressed. Raises ModelError."""
        name = os.fspath(path)
        with fasttext_file.opened(name) as source:
            return cls(fasttext_file.read(source, name), name)

    def encode(self, texts: list[str]) -> list[NDArray[np.int64]]:
        """The rows that each text is the mean of."""
        return self._text.rows(texts)

    def predict(self, rows: Sequence[NDArray[np.int64]], progress: Progress = SILENT) -> Predictions:
        """The likeliest label of every text, and how likely each label is; a text without a row that is
        known has no number in it that speaks, and the most frequent label wins a tie."""
        found = np.empty((len(rows), len(self.labels)))
        likeliest = np.empty(len(rows), np.int32)
        for number, chosen in enumerate(rows):
            scores = self._scores(self._mean(chosen))
            # Of labels with equal scores fastText gives the last.
            best = len(scores) - 1 - int(scores[::-1].argmax()) if len(chosen) else int(scores.argmax())
            likeliest[number], found[number] = best, np.minimum(np.exp(scores, dtype=np.float32), 1.0)
            progress.update("classifying", number + 1, len(rows))
        if not np.isfinite(found).all():
            raise ModelError(f"{self.name}: its numbers are nan or inf", hint="is the file damaged?")
        return Predictions(likeliest, found)

    def _mean(self, rows: NDArray[np.int64]) -> Floats:
        total = np.zeros(self._inputs.shape[1], np.float32)
        for start in range(0, len(rows), _ROWS):
            total += self._inputs[rows[start : start + _ROWS]].sum(axis=0, dtype=np.float32)
        return total / np.float32(max(len(rows), 1))

    def _scores(self, hidden: Floats) -> Floats:
        """The logarithm of every label's probability, as fastText has it."""
        with np.errstate(over="ignore", invalid="ignore"):  # of a forged file; what comes out is checked
            scores: Floats = self._outputs @ hidden
            if self._loss == fasttext_file.HIERARCHICAL_SOFTMAX:
                return self._tree_scores(scores)
            if self._loss == fasttext_file.SOFTMAX:
                chances = np.exp(scores - scores.max())
                chances /= chances.sum()
            else:
                chances = _sigmoid(scores)
            logarithms: Floats = np.log(chances + _ADDED)
            return logarithms

    def _tree_scores(self, nodes: Floats) -> Floats:
        """The same from a score per inner node of the Huffman tree of the labels."""
        right = 1 / (1 + np.exp(-nodes))
        steps = np.log(np.stack([1 - right, right]) + _ADDED)
        inner, turns = self._paths
        taken: Floats = np.where(inner >= 0, steps[turns, inner], 0).sum(axis=1, dtype=np.float32)
        return taken

    @functools.cached_property
    def _paths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The inner nodes on the way to each label and the turns taken there [C, depth], −1 after its end."""
        if (np.diff(self._counts) > 0).any():
            raise ModelError(f"{self.name} is damaged: its labels are not in the order of their counts")
        paths = huffman_paths(self._counts.tolist())
        inner = np.full((len(paths), max(map(len, paths), default=0) or 1), -1, np.int64)
        turns = np.zeros_like(inner)
        for label, path in enumerate(paths):
            for step, (node, turn) in enumerate(path):
                inner[label, step], turns[label, step] = node, turn
        return inner, turns

    def classify(self, texts: Iterable[str]) -> list[str]:
        """The label of each text."""
        return [self.labels[label] for label in self.predict(self.encode([*as_list(texts)])).labels.tolist()]

    def probabilities(self, texts: Iterable[str]) -> NDArray[np.float64]:
        """How likely each label is for each text, float64 [texts, C], in the order of `labels`."""
        return self.predict(self.encode([*as_list(texts)])).probabilities


def _sigmoid(scores: Floats) -> Floats:
    """1 / (1 + e^−x) from fastText's table."""
    ends = np.linspace(-_FARTHEST, _FARTHEST, _STEPS + 1, dtype=np.float32)
    table = (1 / (1 + np.exp(-ends))).astype(np.float32)
    inside = np.nan_to_num(np.clip(scores, -_FARTHEST, _FARTHEST))
    found = table[((inside + np.float32(_FARTHEST)) * np.float32(_STEPS / (2 * _FARTHEST))).astype(np.int64)]
    found[scores < -_FARTHEST], found[scores > _FARTHEST] = 0.0, 1.0
    return found


def huffman_paths(counts: Sequence[int]) -> list[list[tuple[int, int]]]:
    """For labels with descending counts the way from the root of their Huffman tree, as fastText builds it.

    >>> huffman_paths([5, 2, 1])  # node 0 joins the two rarest, node 1 that with the most frequent
    [[(1, 1)], [(1, 0), (0, 1)], [(1, 0), (0, 0)]]
    """
    labels = len(counts)
    weights = [*counts, *([1 << 62] * max(labels - 1, 0))]
    parents, turns = [0] * len(weights), [0] * len(weights)
    leaf, inner = labels - 1, labels
    for made in range(labels, 2 * labels - 1):
        weight = 0
        for turn in (0, 1):
            if leaf >= 0 and weights[leaf] < weights[inner]:
                child, leaf = leaf, leaf - 1
            else:
                child, inner = inner, inner + 1
            parents[child], turns[child] = made, turn
            weight += weights[child]
        weights[made] = weight
    paths = []
    for label in range(labels):
        path, node = [], label
        while node != 2 * labels - 2:
            path.append((parents[node] - labels, turns[node]))
            node = parents[node]
        paths.append(path[::-1])
    return paths


class _TextRows:
    """Which rows of the input matrix a text is the mean of."""

    def __init__(self, content: FastTextFile) -> None:
        self._arguments = arguments = content.arguments
        self._row_of = {token: row for row, token in enumerate(content.tokens)}
        self._labels = {*content.labels}
        self._rule = SubwordRule(max(1, arguments.minn), arguments.maxn, max(1, arguments.bucket))
        self._kept = None
        if content.kept is not None:
            order = np.argsort(content.kept[:, 0], kind="stable")
            self._kept = content.kept[order, 0], content.kept[order, 1].astype(np.int64)

    def rows(self, texts: list[str]) -> list[NDArray[np.int64]]:
        """The rows of each text. Words are what white space parts; a line end is a word of its own."""
        longest, bucket = self._arguments.word_ngrams, np.uint64(max(1, self._arguments.bucket))
        words = [self._words(text) for text in texts]
        distinct = [*dict.fromkeys(word for text in words for word in text)]
        own = dict(zip(distinct, self._own_rows(distinct), strict=True))
        hashes = {word: _hash(word) for word in distinct} if longest > 1 else {}
        found = []
        for text in words:
            parts = [own[word] for word in text]
            if hashes:
                joined = _joined(np.array([hashes[word] for word in text], np.int32), longest)
                parts.append(self._ngram_rows((joined % bucket).astype(np.int64)))
            found.append(np.concatenate(parts))
        return found

    def _words(self, text: str) -> list[bytes]:
        words = text.encode("utf-8", "surrogateescape").replace(b"\0", b" ").split()
        end = LINE_END.encode()
        if end in words:
            del words[words.index(end) :]
        words = [word for word in words if not self._is_label(word)]
        return [*words, end]

    def _is_label(self, word: bytes) -> bool:
        return word in self._labels or (
            word.startswith(FASTTEXT_PREFIX.encode()) and word not in self._row_of
        )

    def _own_rows(self, words: list[bytes]) -> list[NDArray[np.int64]]:
        """The rows of each word: its own, if it is known, and those of its character n-grams."""
        starts, buckets = self._rule.buckets([word.decode("utf-8", "surrogateescape") for word in words])
        rows = []
        for number, word in enumerate(words):
            ngrams = self._ngram_rows(buckets[starts[number] : starts[number + 1]].astype(np.int64))
            known = self._row_of.get(word)
            rows.append(ngrams if known is None else np.concatenate([[known], ngrams]))
        return rows

    def _ngram_rows(self, buckets: NDArray[np.int64]) -> NDArray[np.int64]:
        words = len(self._row_of)
        if self._kept is None:
            return buckets + words
        known, rows = self._kept
        places = np.searchsorted(known, buckets)
        places[places == len(known)] = 0
        return rows[places[known[places] == buckets]] + words if len(known) else buckets[:0]


def _hash(word: bytes) -> np.int32:
    """FastText's hash of a word: FNV-1a over signed bytes."""
    value = 2166136261
    for byte in word:
        value = ((value ^ (byte | 0xFFFFFF00 if byte > 127 else byte)) * 16777619) & 0xFFFFFFFF
    return np.uint32(value).astype(np.int32)


def _joined(hashes: NDArray[np.int32], longest: int) -> NDArray[np.uint64]:
    """The hashes of all n-grams of words, of two words and more."""
    signed = hashes.astype(np.int64).astype(np.uint64)  # as C++ widens an int32
    value, found = signed, []
    for length in range(1, min(longest, len(signed))):
        value = value[:-1] * _WORD_FACTOR + signed[length:]
        found.append(value)
    return np.concatenate(found) if found else np.empty(0, np.uint64)


# --- classifiers of both kinds --------------------------------------------------------------


def load_classifier(path: str | os.PathLike[str]) -> Classifier | FastTextClassifier:
    """The classifier in a file, ours or fastText's, told by its content. Raises ModelError."""
    name = os.fspath(path)
    return FastTextClassifier.load(name) if fasttext_file.is_fasttext(name) else Classifier.load(name)


def measure_file(
    classifier: FastTextClassifier,
    paths: Sequence[str] | None,
    records: RecordSettings,
    reading: InputSettings,
    progress: Progress,
    keep: list[str],
) -> tuple[Evaluation, Predictions, Examples]:
    """How well it does on labelled texts, which are kept. A label may lack fastText's `__label__`."""
    analysis = AnalysisSettings(tokenizer="whitespace")
    examples = read_labelled(paths, analysis, records, reading, progress, keep)
    known = {label.removeprefix(FASTTEXT_PREFIX): label for label in classifier.labels} | {
        label: label for label in classifier.labels
    }
    meant = [known.get(name, name) for name in examples.names]
    names = (*classifier.labels, *sorted({*meant} - {*classifier.labels}))
    position = np.array([names.index(name) for name in meant], dtype=np.int32)
    examples = Examples(examples.corpus, position[examples.labels], names)
    found = classifier.predict(classifier.encode(keep), progress)
    result = evaluate(examples.labels, found.labels, names, found.probabilities)
    return result, found, examples
