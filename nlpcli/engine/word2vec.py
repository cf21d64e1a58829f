"""Word2Vec: vectors of words from the words around them (Mikolov et al. 2013).

    text ─ encoding.encode ─▶ ids ─ train ─▶ Word2Vec ─ save ─▶ .safetensors, .txt, .vec, .bin

A model keeps both matrices: the input vectors (W1), which are "the word vectors", and the
output vectors (W2).

Not here: the arithmetic (`kernels/sgns.py`, `kernels/cbow.py`), the order of the work
(`stretches.py`), questions to vectors (`neighbours.py`), subwords (`fasttext.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine import store, vectors
from nlpcli.engine.encoding import EncodedCorpus, encode
from nlpcli.engine.progress import SILENT, Progress
from nlpcli.engine.stretches import Run, Schedule, Step, Stretch, diverged, stream
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import InputError
from nlpcli.settings import AnalysisSettings, InputSettings, VocabularySettings, Word2VecSettings

if TYPE_CHECKING:
    from nlpcli.engine.kernels.noise import Text
    from nlpcli.engine.kernels.targets import Objective
    from nlpcli.engine.kernels.windows import Window

KIND = "word2vec"

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Word2Vec:
    """Words with their input and output vectors, float32 [V, dim] each.

    `losses` is the mean loss of each epoch: per pair of words for skip-gram, per word for CBOW.
    """

    vocabulary: Vocabulary
    vectors: Floats
    output_vectors: Floats
    settings: Word2VecSettings
    analysis: AnalysisSettings
    losses: list[float] = field(default_factory=list)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model (`.safetensors`), or its word vectors alone in another layout, by the extension."""
        if vectors.layout_of(path) == "safetensors":
            store.write_model(path, KIND, self._header(), self._tensors())
        else:
            vectors.write_vectors(path, self.vocabulary.tokens, self.vectors, counts=self.vocabulary.counts)

    def _header(self) -> dict[str, Any]:
        settings = self.settings.to_record()
        del settings["threads"]  # how it was computed, not what
        return {"settings": settings, "analysis": self.analysis.to_record(), "losses": self.losses}

    def _tensors(self) -> dict[str, NDArray[Any]]:
        return {
            "vectors": self.vectors,
            "output_vectors": self.output_vectors,
            **self.vocabulary.to_tensors(),
        }

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:
        """A model from its file. Raises ModelError when it is damaged or of another kind."""
        model = store.read_model(path, KIND)
        vocabulary = Vocabulary.from_model(model)
        settings = Word2VecSettings.from_record(model.header["settings"])
        shape = (len(vocabulary), settings.dim)
        return cls(
            vocabulary,
            store.take_tensor(model, "vectors", "float32", shape),
            store.take_tensor(model, "output_vectors", "float32", shape),
            settings,
            AnalysisSettings.from_record(model.header["analysis"]),
            [float(loss) for loss in model.header.get("losses", [])],
        )


def train_word2vec(
    paths: Sequence[str] | None,
    output: str | os.PathLike[str],
    settings: Word2VecSettings = Word2VecSettings(),  # noqa: B008 (frozen)
    analysis: AnalysisSettings = AnalysisSettings(),  # noqa: B008 (frozen)
    vocabulary: VocabularySettings = VocabularySettings(min_count=5),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> Word2Vec:
    """Train on text files and write the model, as `nlpcli train-w2v` does.

    Raises InputError when no word is left after `min_count`, and OutputError, before any work,
    when `output` cannot be written.
    """
    vectors.layout_of(output)
    store.check_writable(output)
    corpus = encode(paths, analysis, vocabulary, reading, progress)
    progress.note(
        f"{len(corpus.ids):,} words of {len(corpus.vocabulary):,} kinds in {corpus.documents:,} lines"
    )
    model = train(corpus, settings, analysis, progress)
    model.save(output)
    return model


def train(
    corpus: EncodedCorpus,
    settings: Word2VecSettings,
    analysis: AnalysisSettings = AnalysisSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> Word2Vec:
    """Train on an encoded text; a line is a sentence, and no window reaches over its end.

    >>> from nlpcli.engine.encoding import encode_documents
    >>> lines = ["the king rules the land", "the queen rules the land"] * 50
    >>> corpus = encode_documents([lines], AnalysisSettings(), VocabularySettings())
    >>> train(corpus, Word2VecSettings(dim=10, epochs=1)).vectors.shape
    (5, 10)
    """
    if len(corpus.ids) < 2:
        raise InputError("there is only one word to train on", hint="word vectors need words next to words")
    training = Training(corpus, settings)
    run = Run(training.schedule, training.step)
    run.go(settings.threads, training.epoch_ends(), training.check, progress)
    training.check()
    return training.model(analysis, run.epoch_losses())


class Training:
    """The matrices while they are trained, and what the kernels need beside them."""

    def __init__(self, corpus: EncodedCorpus, settings: Word2VecSettings) -> None:
        from nlpcli.engine.kernels.rows import aligned_rows

        self.settings = settings
        self.corpus = corpus
        words = len(corpus.vocabulary)
        self.inputs = aligned_rows(words + 1, settings.dim)
        self.outputs = aligned_rows(words + 1, settings.dim)
        self.inputs[:words, : settings.dim] = first_vectors(words, settings.dim, settings.seed)
        self.schedule = Schedule(
            corpus.offsets, settings.epochs, settings.alpha, settings.min_alpha, settings.seed, self._cost()
        )
        self.step: Step = self._softmax_step() if settings.loss == "softmax" else self._tiled_step()

    def _cost(self) -> float:
        """Nanoseconds a word takes, roughly; from measurements at dim 100, window 5, negative 5."""
        settings = self.settings
        rows = {"ns": settings.negative + 1, "hs": 12, "softmax": 2 * len(self.corpus.vocabulary)}
        return 400 * settings.dim / 100 * max(settings.window / 5, 0.2) * rows[settings.loss] / 6

    def _tiled_step(self) -> Step:
        from nlpcli.engine.kernels.windows import train_words

        text, window = self.text(), make_window(self.settings)
        objective = make_objective(self.corpus.vocabulary.counts, self.settings)
        inputs, outputs = self.inputs, self.outputs

        def step(part: Stretch) -> tuple[float, int]:
            return train_words(
                inputs, outputs, text, objective, window, part.first, part.last, part.alpha, part.stream
            )

        return step

    def _softmax_step(self) -> Step:
        from nlpcli.engine.kernels.softmax import train_softmax

        text, window = self.text(), make_window(self.settings)
        inputs, outputs = self.inputs, self.outputs

        def step(part: Stretch) -> tuple[float, int]:
            return train_softmax(
                inputs, outputs, text, window, part.first, part.last, part.alpha, part.stream
            )

        return step

    def text(self) -> Text:
        """The corpus as kernels take it."""
        from nlpcli.engine.kernels.noise import Text

        corpus = self.corpus
        return Text(corpus.ids, corpus.offsets, keep_chances(corpus.vocabulary.counts, self.settings.sample))

    def epoch_ends(self) -> list[int]:
        """The numbers of the stretches with which epochs begin."""
        return [epoch * self.schedule.stretches for epoch in range(1, self.settings.epochs)]

    def check(self) -> None:
        """Raise NlpcliError when a number is no longer finite."""
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.outputs).all()):
            raise diverged()

    def model(self, analysis: AnalysisSettings, losses: list[float]) -> Word2Vec:
        """The trained vectors, without padding."""
        words, dim = len(self.corpus.vocabulary), self.settings.dim
        return Word2Vec(
            self.corpus.vocabulary,
            np.ascontiguousarray(self.inputs[:words, :dim]),
            np.ascontiguousarray(self.outputs[:words, :dim]),
            self.settings,
            analysis,
            losses,
        )


def make_window(settings: Word2VecSettings) -> Window:
    """The window as kernels take it."""
    from nlpcli.engine.kernels.windows import Window

    return Window(settings.window, settings.fixed_window, settings.model == "cbow")


def make_objective(counts: NDArray[np.int64], settings: Word2VecSettings) -> Objective:
    """What words are told from: noise words, or paths in a Huffman tree, of these counts [V]."""
    from nlpcli.engine.kernels import noise, targets, tiles

    starts, nodes, turns = np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    table = np.zeros((0, 2), np.uint32)
    if settings.loss == "hs":
        starts, nodes, turns = targets.huffman_paths(counts)
        slots, negative = int(np.diff(starts).max()), 0
    else:
        table = noise.alias_table(np.power(counts, settings.ns_exponent, dtype=np.float64))
        slots, negative = settings.negative + 1, settings.negative
    return targets.Objective(negative, table, starts, nodes, turns, -(-slots // tiles.WIDTH))


def first_vectors(rows: int, dim: int, seed: int) -> Floats:
    """Random vectors to begin with, uniform in ±1/(2·dim), as word2vec.c does."""
    random = np.random.Generator(np.random.PCG64(stream(seed, 1 << 62)))
    return (random.random((rows, dim), dtype=np.float32) - np.float32(0.5)) / np.float32(dim)


def keep_chances(counts: NDArray[np.int64], sample: float) -> NDArray[np.uint32]:
    """The chance of each word [V] to stay in a sentence, of 2^32 − 1.

    √(t/f) + t/f with f the word's share of the text and t = `sample`, as in word2vec.c (the
    paper has √(t/f) alone); 0 keeps all.

    >>> (keep_chances(np.array([100, 1]), 0.01) / (2**32 - 1)).round(3).tolist()
    [0.111, 1.0]
    """
    if sample == 0:
        return np.full(len(counts), 0xFFFFFFFF, dtype=np.uint32)
    ratio = sample * counts.sum() / counts
    chances: NDArray[np.float64] = np.minimum(np.sqrt(ratio) + ratio, 1.0) * 0xFFFFFFFF
    return chances.astype(np.uint32)


def pairs(corpus: EncodedCorpus, window: int) -> Iterator[tuple[str, str]]:
    """Every word with each of its neighbours up to `window` words away, in the order of the text.

    >>> from nlpcli.engine.encoding import encode_documents
    >>> corpus = encode_documents([["I study math"]], AnalysisSettings(), VocabularySettings())
    >>> list(pairs(corpus, 1))
    [('I', 'study'), ('study', 'I'), ('study', 'math'), ('math', 'study')]
    """
    tokens = corpus.vocabulary.tokens
    for sentence in corpus:
        words = [tokens[number] for number in sentence.tolist()]
        for centre, word in enumerate(words):
            for place in range(max(0, centre - window), min(len(words), centre + window + 1)):
                if place != centre:
                    yield word, words[place]
