"""Word vectors from text files to a model file: the jobs of `train-w2v` and `train-fasttext`.

    files ─ encode ─▶ ids ─ phrases ─▶ ids ─ stretches of training ─▶ model ─▶ file
                                        ▲ a model or vectors to begin with

Interrupted training leaves OUTPUT.partial, a model file from which it goes on as if nothing had
happened: with one thread the result has the same bytes.

Not here: the models (`word2vec.py`, `fasttext.py`).
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine import store, vectors
from nlpcli.engine.corpus import Lines
from nlpcli.engine.encoding import EncodedCorpus, encode, renumber
from nlpcli.engine.fasttext import FastText, FastTextTraining
from nlpcli.engine.machine_code import let_go_of_llvm
from nlpcli.engine.phrases import choose, join_phrases
from nlpcli.engine.progress import SILENT, Progress
from nlpcli.engine.stretches import Run
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.engine.word2vec import PairTraining, Training, Unfinished, Word2Vec
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings import (
    AnalysisSettings,
    ContinuationSettings,
    FastTextSettings,
    InputSettings,
    PhraseSettings,
    VocabularySettings,
    Word2VecSettings,
)

PARTIAL = ".partial"

Model = TypeVar("Model", Word2Vec, FastText)


@dataclass(frozen=True)
class Job:
    """What is trained on, and how it is read."""

    paths: Sequence[str] | None
    analysis: AnalysisSettings = field(default_factory=lambda: AnalysisSettings(lowercase=True))
    vocabulary: VocabularySettings = field(default_factory=lambda: VocabularySettings(min_count=5))
    phrases: PhraseSettings = field(default_factory=PhraseSettings)
    continuation: ContinuationSettings = field(default_factory=ContinuationSettings)
    reading: InputSettings = field(default_factory=InputSettings)


def train_word2vec(
    job: Job,
    output: str | os.PathLike[str],
    settings: Word2VecSettings = Word2VecSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> Word2Vec:
    """Train on text files and write the model, as `nlpcli train-w2v` does.

    Raises InputError when no word is left after `min_count`, ModelError when the model to go on
    with is of another kind, and OutputError, before any work, when `output` cannot be written.
    """
    return _train(Word2Vec, job, output, settings, progress)


def train_fasttext(
    job: Job,
    output: str | os.PathLike[str],
    settings: FastTextSettings = FastTextSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> FastText:
    """Train with subwords on text files and write the model, as `nlpcli train-fasttext` does.

    Raises what `train_word2vec` raises.
    """
    return _train(FastText, job, output, settings, progress)


def train_word2vec_on_pairs(
    path: str,
    output: str | os.PathLike[str],
    settings: Word2VecSettings = Word2VecSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> Word2Vec:
    """Train on the lines `context<TAB>target` of a file with the full softmax, and write the model.

    P(target | context) = softmax(W2 · W1[context]); words stand in the order of appearance.

    Raises InputError, with the line, for one that is not two words.
    """
    vectors.layout_of(output)
    store.check_writable(output)
    pairs, vocabulary = _read_pairs(path, reading, progress)
    progress.note(f"{len(pairs):,} pairs of {len(vocabulary):,} words")
    training = PairTraining(pairs, vocabulary, dataclasses.replace(settings, loss="softmax"))
    run = Run(training.schedule, training.step)
    run.go(1, (), lambda _: training.check(), progress)
    analysis = AnalysisSettings(tokenizer="whitespace")
    model = training.model(analysis, at_end=True, losses=run.epoch_losses())
    model.save(output)
    return model


def _read_pairs(
    path: str, reading: InputSettings, progress: Progress
) -> tuple[NDArray[np.int32], Vocabulary]:
    lines = Lines([path], reading, progress)
    id_of: dict[str, int] = {}
    pairs = []
    for line in lines:
        words = line.split("\t")
        if not line.strip():
            continue
        if len(words) != 2 or not all(word.strip() for word in words):
            raise InputError(f"{lines.place}: expected context<TAB>target, found {line!r}")
        pairs.append([id_of.setdefault(word.strip(), len(id_of)) for word in words])
    if not pairs:
        raise InputError(f"{path}: there are no pairs")
    numbers = np.array(pairs, dtype=np.int32)
    return numbers, Vocabulary.of(id_of, np.bincount(numbers.ravel(), minlength=len(id_of)))


def _train(
    kind: type[Model],
    job: Job,
    output: str | os.PathLike[str],
    settings: Word2VecSettings,
    progress: Progress,
) -> Model:
    vectors.layout_of(output)
    store.check_writable(output)
    before = kind.load(job.continuation.resume) if job.continuation.resume else None
    if before is not None:
        job, settings = _as_before(job, settings, before)
    corpus = _corpus(job, before, progress)
    _give_back_memory()
    progress.note(
        f"{len(corpus.ids):,} words of {len(corpus.vocabulary):,} kinds in {corpus.documents:,} lines"
    )
    training = _training(kind, corpus, settings)
    _begin(training, job, before, progress)
    left = before.unfinished if before is not None else None
    if left is not None and not 0 <= left.stretches <= len(training.schedule):
        raise ModelError(f"{job.continuation.resume} is damaged: it cannot have come so far")
    run = Run(
        training.schedule,
        training.step,
        *((left.stretches, (left.loss, left.predictions)) if left else ()),
    )
    work = _Work(job, Path(output), training, run, list(before.losses) if before is not None else [])
    work.go(progress)
    model = work.model()
    model.save(output)
    with contextlib.suppress(OSError):
        work.partial.unlink()
    return model  # type: ignore[return-value]


def _give_back_memory() -> None:
    """Give what the counting of words has left free back to the system, where the C library can (glibc)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    let_go_of_llvm()


def _training(kind: type[Model], corpus: EncodedCorpus, settings: Word2VecSettings) -> Training:
    return (FastTextTraining if kind is FastText else Training)(corpus, settings)


class _Work:
    """A run with its checkpoints."""

    def __init__(self, job: Job, output: Path, training: Training, run: Run, losses: list[float]) -> None:
        self.partial = Path(f"{output}{PARTIAL}")
        self._job, self._training, self._run, self._losses = job, training, run, losses

    def go(self, progress: Progress) -> None:
        """Train to the end; what is done by then is written when the user or the system ends it."""
        schedule = self._run.schedule
        every = self._job.continuation.checkpoint_every
        size = max(1, round(every * schedule.stretches)) if every else len(schedule)
        checkpoints = range(size, len(schedule), size)

        def pause(number: int) -> None:
            self._training.check()
            if number in checkpoints:
                self._save_partial()
                progress.note(f"checkpoint after {number / schedule.stretches:.2f} epochs: {self.partial}")

        try:
            self._run.go(self._training.threads, checkpoints, pause, progress)
        except BaseException as end:
            if not isinstance(end, Exception) and self._run.done:
                self._save_partial()
                done = self._run.done / schedule.stretches
                progress.note(
                    f"interrupted after {done:.2f} of {schedule.epochs} epochs; "
                    f"go on with the same command and --resume {self.partial}"
                )
            raise

    def model(self, unfinished: Unfinished | None = None) -> Word2Vec | FastText:
        """What is trained so far; with nothing unfinished, the training is over."""
        losses, job = self._losses + self._run.epoch_losses(), self._job
        rest = {"phrases": job.phrases, "losses": losses, "unfinished": unfinished}
        return self._training.model(job.analysis, at_end=unfinished is None, **rest)

    def _save_partial(self) -> None:
        loss, predictions = self._run.under_way()
        words = self._run.schedule.words
        self.model(Unfinished(self._run.done, words, loss, predictions)).save_model(self.partial)


# --- what it begins with --------------------------------------------------------------------


def _as_before(
    job: Job, settings: Word2VecSettings, before: Word2Vec | FastText
) -> tuple[Job, Word2VecSettings]:
    """Job and settings for going on: what shapes the model is the model's."""
    if before.unfinished is not None:
        settings = dataclasses.replace(before.settings, threads=settings.threads)
    else:
        kept = {name: getattr(before.settings, name) for name in before.fixed}
        settings = dataclasses.replace(settings, **kept)
    phrases = job.phrases if job.phrases.phrases and before.unfinished is None else before.phrases
    return dataclasses.replace(job, analysis=before.analysis, phrases=phrases), settings


def _corpus(job: Job, before: Word2Vec | FastText | None, progress: Progress) -> EncodedCorpus:
    """The text in ids, with phrases joined and, for going on, in the ids of the model."""
    everything = VocabularySettings()
    simple = before is None and not job.phrases.phrases
    corpus = encode(job.paths, job.analysis, job.vocabulary if simple else everything, job.reading, progress)
    if simple:
        return corpus
    corpus = join_phrases(corpus, job.phrases, progress)
    if before is None:
        return choose(corpus, job.vocabulary)
    if before.unfinished is None and before.settings.loss != "hs":
        return _with_new_words(corpus, before.vocabulary, job.vocabulary.min_count)
    corpus = _in_ids_of(corpus, before.vocabulary)
    found, left = len(corpus.ids), before.unfinished
    if left is not None and found != left.words:
        raise InputError(
            f"this is not the text that was interrupted: {found:,} words, not {left.words:,}",
            hint="give the same files and options as before",
        )
    return corpus


def _in_ids_of(corpus: EncodedCorpus, vocabulary: Vocabulary) -> EncodedCorpus:
    id_of = vocabulary.id_of
    new_id = np.array([id_of.get(token, -1) for token in corpus.vocabulary.tokens], dtype=np.int32)
    if not (new_id >= 0).any():
        raise InputError("the text has no word that the model knows")
    return renumber(corpus, new_id, vocabulary)


def _with_new_words(corpus: EncodedCorpus, known: Vocabulary, min_count: int) -> EncodedCorpus:
    """The text in the ids of `known`, grown by its frequent new words; counts are added."""
    new = [
        (token, count)
        for token, count in zip(corpus.vocabulary.tokens, corpus.vocabulary.counts.tolist(), strict=True)
        if count >= min_count and token not in known.id_of
    ]
    tokens = [*known.tokens, *(token for token, _ in new)]
    grown = _in_ids_of(corpus, Vocabulary.of(tokens, np.zeros(len(tokens), np.int64)))
    counts = np.bincount(grown.ids, minlength=len(tokens))
    counts[: len(known)] += known.counts
    return dataclasses.replace(grown, vocabulary=Vocabulary.of(tokens, counts))


def _begin(training: Training, job: Job, before: Word2Vec | FastText | None, progress: Progress) -> None:
    if before is not None:
        training.go_on_from(before)  # type: ignore[arg-type]
        new = training.words - len(before.vocabulary)
        progress.note(f"going on with {job.continuation.resume}" + (f", {new:,} new words" if new else ""))
    if job.continuation.init:
        _begin_with_vectors(training, job.continuation.init, progress)


def _begin_with_vectors(training: Training, path: str, progress: Progress) -> None:
    first = vectors.Vectors.load(path)
    if first.dim != training.settings.dim:
        raise SettingsError(
            f"{path} has vectors of {first.dim} numbers, --dim is {training.settings.dim}",
            hint=f"add --dim {first.dim}",
        )
    found = training.begin_with(first.tokens, np.asarray(first.matrix, dtype=np.float32))
    if not found:
        raise InputError(f"{path} has none of the words of the text")
    progress.note(f"{found:,} of {training.words:,} words begin with their vector in {path}")
