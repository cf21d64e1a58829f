"""Training Word2Vec vectors: the first vectors, the windows, the objective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.embeddings.hogwild import Run, Step, diverged
from nlpcli.engine.embeddings.schedule import Chunk, Schedule, stream
from nlpcli.engine.embeddings.word2vec import Word2Vec
from nlpcli.engine.kernels.embeddings.arguments import WIDTH, Objective, Text, Window
from nlpcli.engine.kernels.simd.padding import aligned_rows, unpadded
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels, release_llvm
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import release
from nlpcli.errors import InputError
from nlpcli.settings.embeddings import Word2VecSettings
from nlpcli.settings.text import AnalysisSettings

if TYPE_CHECKING:
    from nlpcli.engine.embeddings.deterministic import SubwordShards, WordShards

_BLOCK = 1024  # rows drawn at a time


kernels = Kernels("embeddings.windows")


def train(
    corpus: EncodedCorpus,
    settings: Word2VecSettings,
    analysis: AnalysisSettings = AnalysisSettings(),
    progress: Progress = SILENT,
) -> Word2Vec:
    """Train on an encoded text; a line is a sentence, and no window reaches over its end.

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.vocabulary import VocabularySettings
    >>> lines = ["the king rules the land", "the queen rules the land"] * 50
    >>> corpus = encode_documents([lines], AnalysisSettings(), VocabularySettings())
    >>> train(corpus, Word2VecSettings(dim=10, epochs=1)).vectors.shape
    (5, 10)
    """
    training = Training(corpus, settings)
    run = Run(training.schedule, training.step)
    run.go(training.threads, (), lambda _: training.check(), progress)
    return training.model(analysis, at_end=True, losses=run.epoch_losses())


class Training:
    """The matrices while they are trained, and what the kernels need beside them.

    Raises InputError for a text in which no two words stand in one line.
    """

    def __init__(self, corpus: EncodedCorpus, settings: Word2VecSettings) -> None:
        self.settings = settings
        self.corpus = corpus
        self.window = self._window()
        self.words = len(corpus.vocabulary)
        self.objective = make_objective(corpus.vocabulary.counts, settings)
        self.inputs = self._first_inputs()
        self.outputs = aligned_rows(self.words + self._copies() + 1, settings.dim)
        self.schedule = self._schedule()
        self.step = self._step()

    def _step(self) -> Step:
        if self.settings.loss == "softmax":
            step = self._softmax_step()
        else:
            step = self._round_step() if self.settings.deterministic else self._tiled_step()
        ids = self.corpus.ids

        def step_and_release(part: Chunk) -> tuple[float, int]:
            sums = step(part)
            release(ids, part.first, part.last)
            if part.first == 0:  # by now all that an epoch needs has been loaded
                release_llvm()
            return sums

        return step_and_release

    def _first_inputs(self) -> Floats:
        inputs = aligned_rows(self.words + self._copies() + 1, self.settings.dim)
        set_first_vectors(inputs[: self.words, : self.settings.dim], self.settings.seed)
        return inputs

    def _copies(self) -> int:
        """How many rows must be there beyond the words'."""
        if not self.settings.deterministic:
            return 0
        from nlpcli.engine.embeddings import deterministic

        return deterministic.copies(self.words, self.objective.tiles, self.window.most)

    def _window(self) -> Window:
        settings, longest = self.settings, int(np.diff(self.corpus.offsets).max(initial=0))
        if longest < 2:
            raise InputError(
                "no two words stand near each other: there is nothing to train on",
                hint="give lines of several words, or lower --min-count",
            )
        most = min(settings.window, longest - 1)
        return Window(settings.window, settings.fixed_window, settings.model == "cbow", most)

    def go_on_from(self, model: Word2Vec) -> None:
        """Begin with the vectors of a model, for the words it knows."""
        new, old = self.shared_words(model.vocabulary.tokens)
        self.inputs[new, : self.settings.dim] = model.vectors[old]
        self.outputs[new, : self.settings.dim] = model.output_vectors[old]

    def begin_with(self, tokens: Sequence[str], matrix: Floats) -> int:
        """Begin with these input vectors, for the words that are there; how many are."""
        new, old = self.shared_words(tokens)
        self.inputs[new, : self.settings.dim] = matrix[old]
        return len(new)

    def shared_words(self, tokens: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The ids here and the places there of the words that both have."""
        id_of = self.corpus.vocabulary.id_of
        shared = [(id_of[token], place) for place, token in enumerate(tokens) if token in id_of]
        here, there = np.array(shared, dtype=np.int64).reshape(-1, 2).T
        return here, there

    def _schedule(self, **rest: int) -> Schedule:
        settings = self.settings
        rates = settings.alpha, settings.min_alpha
        return Schedule(self._length(), settings.epochs, *rates, settings.seed, self._cost(), **rest)

    def _length(self) -> int:
        return len(self.corpus.ids)

    def _cost(self) -> float:
        """Nanoseconds a word takes, roughly; from measurements at dim 100, window 5, negative 5."""
        settings = self.settings
        window = self.window.most
        rows = {"ns": settings.negative + 1, "hs": 12, "softmax": 2 * len(self.corpus.vocabulary)}
        return 400 * settings.dim / 100 * max(window / 5, 0.2) * rows[settings.loss] / 6

    def _tiled_step(self) -> Step:
        arguments = self.inputs, self.outputs, self.text(), self.objective, self.window

        def step(part: Chunk) -> tuple[float, int]:
            sums: tuple[float, int] = kernels.train_words(*arguments, *part.arguments())
            return sums

        return step

    def _round_step(self) -> Step:
        from nlpcli.engine.embeddings.deterministic import Rounds

        text, threads = self.text(), self.settings.threads
        return Rounds(self._shards(), text, self.objective, self.window, threads).step

    def _shards(self) -> WordShards | SubwordShards:
        from nlpcli.engine.embeddings.deterministic import WordShards

        return WordShards(self.inputs, self.outputs)

    @property
    def threads(self) -> int:
        """How many threads take chunks; rounds have threads of their own."""
        return 1 if self.settings.deterministic else self.settings.threads

    def _softmax_step(self) -> Step:
        train_softmax = Kernels("embeddings.softmax").train_softmax
        inputs, outputs, text, window = self.inputs, self.outputs, self.text(), self.window

        def step(part: Chunk) -> tuple[float, int]:
            sums: tuple[float, int] = train_softmax(inputs, outputs, text, window, *part.arguments())
            return sums

        return step

    def text(self) -> Text:
        """The corpus as kernels take it."""
        corpus = self.corpus
        return Text(corpus.ids, corpus.offsets, keep_chances(corpus.vocabulary.counts, self.settings.sample))

    def check(self) -> None:
        """Raise NlpcliError when a number is no longer finite."""
        edges = (edge for matrix in (self.inputs, self.outputs) for edge in (matrix.min(), matrix.max()))
        if not np.isfinite(list(edges)).all():
            raise diverged()

    def model(self, analysis: AnalysisSettings, *, at_end: bool = False, **rest: Any) -> Word2Vec:
        """The vectors as they are, without padding; `rest` are other fields of the model.

        At the end they are not copied: the training cannot go on.
        """
        inputs, outputs = (self._words_of(matrix, at_end) for matrix in (self.inputs, self.outputs))
        return Word2Vec(self.corpus.vocabulary, inputs, outputs, self.settings, analysis, **rest)

    def _words_of(self, matrix: Floats, at_end: bool) -> Floats:
        shape = self.words, self.settings.dim
        return unpadded(matrix, *shape) if at_end else matrix[: shape[0], : shape[1]].copy()


class PairTraining(Training):
    """Training on explicit pairs [N, 2] of input and target instead of a text."""

    def __init__(self, pairs: NDArray[np.int32], vocabulary: Vocabulary, settings: Word2VecSettings) -> None:
        self.pairs = pairs
        super().__init__(EncodedCorpus(pairs.ravel(), np.array([0, pairs.size]), vocabulary), settings)

    def _length(self) -> int:
        return len(self.pairs)

    def _schedule(self, **_: int) -> Schedule:
        return super()._schedule(at_least=1)  # pairs are shuffled within a chunk

    def _softmax_step(self) -> Step:
        train_pairs = Kernels("embeddings.softmax").train_pairs
        inputs, outputs, pairs = self.inputs, self.outputs, self.pairs

        def step(part: Chunk) -> tuple[float, int]:
            sums: tuple[float, int] = train_pairs(
                inputs, outputs, pairs, part.first, part.last, part.alpha, part.stream
            )
            return sums

        return step


def make_objective(counts: NDArray[np.int64], settings: Word2VecSettings) -> Objective:
    """What words are discriminated from: noise words, or paths in a Huffman tree, of these counts [V]."""
    starts, nodes, codes = np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    table = np.zeros((0, 2), np.uint32)
    if settings.loss == "hs":
        starts, nodes, codes = Kernels("embeddings.targets").huffman_paths(counts)
        slots, negative = int(np.diff(starts).max()), 0
    else:
        table = np.empty((len(counts), 2), np.uint32)
        Kernels("embeddings.negative_sampling").set_alias_table(
            np.power(counts, settings.ns_exponent, dtype=np.float64), table
        )
        slots, negative = settings.negative + 1, settings.negative
    return Objective(negative, table, starts, nodes, codes, -(-slots // WIDTH))


def set_first_vectors(rows: Floats, seed: int) -> None:
    """Set the rows [N, dim] to random vectors to begin with, uniform in ±1/(2·dim), as word2vec.c does."""
    random = np.random.Generator(np.random.PCG64(stream(seed, 1 << 62)))
    for block in np.array_split(rows, len(rows) // _BLOCK + 1):  # all at once would be a second matrix
        block[:] = random.random(block.shape, dtype=np.float32)
        block -= np.float32(0.5)
        block /= np.float32(rows.shape[1])


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
