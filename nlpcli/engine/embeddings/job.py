"""Word vectors from text files to a model file: the jobs of `train-w2v` and `train-fasttext`.

    files ─ encode ─▶ ids ─ phrases ─▶ ids ─ chunks of training ─▶ model ─▶ file
                                        ▲ a model or vectors to begin with

Interrupted training leaves a checkpoint (`io/checkpoints.py`), a model file from which it goes on as
if nothing had happened: with one thread the result has the same bytes.

Not here: the models (`word2vec.py`, `fasttext.py`).
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus, renumber
from nlpcli.engine.corpus.encoding import encode
from nlpcli.engine.corpus.phrases import choose, join_phrases
from nlpcli.engine.corpus.subwords import rule_of
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.embeddings.fasttext import FastText
from nlpcli.engine.embeddings.fasttext_training import FastTextTraining
from nlpcli.engine.embeddings.hogwild import Run
from nlpcli.engine.embeddings.word2vec import Unfinished, Word2Vec
from nlpcli.engine.embeddings.word2vec import pairs as pairs_within
from nlpcli.engine.embeddings.word2vec_training import PairTraining, Training
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.checkpoints import checkpoint_path, interrupted, remove_checkpoint
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.runtime.compiled import release_llvm
from nlpcli.engine.runtime.interrupts import postponed_signals, saved_when_interrupted
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.vectors import word_vectors
from nlpcli.engine.vectors.writing import holds_subwords, layout_of
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.embeddings import (
    ContinuationSettings,
    FastTextSettings,
    PhraseSettings,
    Word2VecSettings,
)
from nlpcli.settings.fields import given_options, refuse
from nlpcli.settings.input import InputSettings, TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import FIVE_OR_MORE, VocabularySettings
from nlpcli.wording import counted

Model = TypeVar("Model", Word2Vec, FastText)


# What pairs that are given have no use for.
_OF_WINDOWS = frozenset(
    {"model", "loss", "window", "negative", "sample", "ns_exponent", "fixed_window", "deterministic"}
)


@dataclass(frozen=True)
class _Job:
    """What is trained on, and how it is read."""

    paths: Paths
    analysis: AnalysisSettings
    vocabulary: VocabularySettings
    phrases: PhraseSettings
    continuation: ContinuationSettings
    reading: InputSettings


@plain_settings
def train_w2v(
    paths: Paths,
    output: str,
    settings: Word2VecSettings = Word2VecSettings(),
    *,
    vocabulary: VocabularySettings = FIVE_OR_MORE,
    phrasing: PhraseSettings = PhraseSettings(),
    continuation: ContinuationSettings = ContinuationSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    pairs: str | None = None,
    given: frozenset[str] = frozenset(),
    progress: Progress = SILENT,
) -> Word2Vec:
    """Word2Vec vectors of the words in some texts, written in the layout that the extension names.

    With `pairs`, a file of lines context<TAB>target is trained on instead, with the full softmax; settings
    that were `given`, and do nothing then, are refused.

    Raises InputError when no word is left after `min_count`, ModelError when the model to go on
    with is of another kind, and OutputError, before any work, when `output` cannot be written.
    """
    _check_output(output)
    if pairs is not None:
        if paths:
            raise SettingsError("--pairs is the text: other files have no place beside it")
        kinds = (VocabularySettings, PhraseSettings, ContinuationSettings, AnalysisSettings)
        refuse(given_options(given & _OF_WINDOWS, Word2VecSettings), "beside --pairs")
        refuse(given_options(given, *kinds), "beside --pairs")
        refuse(reading.of_tables, "beside --pairs")
        return _train_on_pairs(pairs, output, settings, reading, progress)
    job = _Job(paths, analysis, vocabulary, phrasing, continuation, reading)
    return _train(Word2Vec, job, output, settings, progress)


@plain_settings
def train_fasttext(
    paths: Paths,
    output: str,
    settings: FastTextSettings = FastTextSettings(),
    *,
    vocabulary: VocabularySettings = FIVE_OR_MORE,
    phrasing: PhraseSettings = PhraseSettings(),
    continuation: ContinuationSettings = ContinuationSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    progress: Progress = SILENT,
) -> FastText:
    """FastText vectors of words and their subwords, written in the layout that the extension names.

    Raises what `train_w2v` raises.
    """
    _check_output(output)
    if settings.maxn and not holds_subwords(layout_of(output, rule_of(settings))):
        progress.note(f"{output} will hold the words alone: for vectors of unseen words write .safetensors")
    job = _Job(paths, analysis, vocabulary, phrasing, continuation, reading)
    return _train(FastText, job, output, settings, progress)


@plain_settings
def skipgram_pairs(
    paths: Paths,
    window: int = 5,
    *,
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
) -> Iterator[tuple[str, str]]:
    """The pairs of word and neighbour that skip-gram would be trained on, in their order."""
    return pairs_within(encode(paths, analysis, vocabulary, reading), window)


def _check_output(output: str) -> None:
    if not output:
        raise SettingsError("no file to write is named", hint="add -o vectors.safetensors")
    if output == "-":
        raise SettingsError(
            "vectors are written to a file, not to stdout", hint="name a file: -o vectors.txt"
        )
    layout_of(output)
    check_writable(output)


def _train_on_pairs(
    path: str, output: str, settings: Word2VecSettings, reading: InputSettings, progress: Progress
) -> Word2Vec:
    """P(target | context) = softmax(W2 · W1[context]); words stand in the order of appearance.

    Raises InputError, with the line, for one that is not two words.
    """
    pairs, vocabulary = read_pairs(path, reading, progress)
    progress.note(f"{counted(len(pairs), 'pair')} of {counted(len(vocabulary), 'word')}")
    training = PairTraining(pairs, vocabulary, dataclasses.replace(settings, loss="softmax"))
    run = Run(training.schedule, training.step)
    run.go(1, (), lambda _: training.check(), progress)
    analysis = AnalysisSettings(tokenizer="whitespace")
    model = training.model(analysis, at_end=True, losses=run.epoch_losses())
    model.save(output)
    return model


def read_pairs(
    path: str, reading: InputSettings, progress: Progress = SILENT
) -> tuple[NDArray[np.int32], Vocabulary]:
    """The lines context<TAB>target of a file as numbers [N, 2] of words, in the order of appearance."""
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
    job: _Job,
    output: str,
    settings: Word2VecSettings,
    progress: Progress,
) -> Model:
    before = kind.load(job.continuation.resume) if job.continuation.resume else None
    if before is not None:
        job, settings = _as_before(job, settings, before)
    corpus = _corpus(job, before, progress)
    _give_back_memory()
    progress.note(
        f"{counted(len(corpus.ids), 'word')} of {counted(len(corpus.vocabulary), 'kind')} "
        f"in {counted(corpus.documents, 'line')}"
    )
    training = _training(kind, corpus, settings)
    _begin(training, job, before, progress)
    left = before.unfinished if before is not None else None
    run = Run(training.schedule, training.step, *_place(left, job, training))
    work = _Work(
        job, checkpoint_path(output), training, run, list(before.losses) if before is not None else []
    )
    model = work.go(output, progress)
    remove_checkpoint(work.checkpoint, work.has_written, job.continuation.resume)
    return model  # type: ignore[return-value]


def _place(left: Unfinished | None, job: _Job, training: Training) -> tuple[int, tuple[float, int]]:
    """How many chunks are done, and the loss of the epoch under way. Raises ModelError when it cannot be."""
    if left is None:
        return 0, (0.0, 0)
    if left.chunks is None:
        raise ModelError(
            f"{job.continuation.resume} was interrupted by an earlier nlpcli, which cut the text otherwise",
            hint=f"let that one finish it, or train anew from its vectors: --init {job.continuation.resume}",
        )
    if not 0 <= left.chunks <= len(training.schedule):
        raise ModelError(f"{job.continuation.resume} is damaged: it cannot have come so far")
    return left.chunks, (left.loss, left.predictions)


def _give_back_memory() -> None:
    """Give what the counting of words has left free back to the system, where the C library can (glibc)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    release_llvm()


def _training(kind: type[Model], corpus: EncodedCorpus, settings: Word2VecSettings) -> Training:
    return (FastTextTraining if kind is FastText else Training)(corpus, settings)


class _Work:
    """A run with its checkpoints."""

    def __init__(self, job: _Job, checkpoint: str, training: Training, run: Run, losses: list[float]) -> None:
        self.checkpoint = checkpoint
        self.has_written = False
        self._job, self._training, self._run, self._losses = job, training, run, losses
        self._final: Word2Vec | FastText | None = None

    def go(self, output: str, progress: Progress) -> Word2Vec | FastText:
        """Train to the end and write it; a checkpoint of what is done when the user or the system ends it."""
        schedule = self._run.schedule
        every = self._job.continuation.checkpoint_every
        size = max(1, round(every * schedule.chunks)) if every else len(schedule)
        checkpoints = range(size, len(schedule), size)

        def pause(number: int) -> None:
            self._training.check()
            if number in checkpoints:
                self._save_checkpoint()
                done = number / schedule.chunks
                progress.note(f"checkpoint after {done:.2f} epochs: {self.checkpoint}")

        def save() -> None:
            if self._run.done:
                self._save_checkpoint()
                done = f"{self._run.done / schedule.chunks:.2f} of {schedule.epochs} epochs"
                progress.note(interrupted(done, self.checkpoint))

        with saved_when_interrupted(save):
            self._run.go(self._training.threads, checkpoints, pause, progress)
            with postponed_signals():
                self._final = self._model()
            self._final.save(output)
        if len(schedule) and not any(self._losses + self._run.epoch_losses()):
            progress.lost("nothing was learnt: --sample passed over all words; --sample 0 keeps them")
        return self._final

    def _model(self, unfinished: Unfinished | None = None) -> Word2Vec | FastText:
        """What is trained so far; with nothing unfinished, the training is over."""
        if self._final is not None:  # its vectors have been taken out of the training
            return dataclasses.replace(self._final, unfinished=unfinished)
        losses, job = self._losses + self._run.epoch_losses(), self._job
        rest = {"phrases": job.phrases, "losses": losses, "unfinished": unfinished}
        return self._training.model(job.analysis, at_end=unfinished is None, **rest)

    def _save_checkpoint(self) -> None:
        self.has_written = True
        loss, predictions = self._run.under_way()
        words = self._run.schedule.words
        self._model(Unfinished(self._run.done, words, loss, predictions)).save_model(self.checkpoint)


# --- what it begins with --------------------------------------------------------------------


def _as_before(
    job: _Job, settings: Word2VecSettings, before: Word2Vec | FastText
) -> tuple[_Job, Word2VecSettings]:
    """Job and settings for going on: what shapes the model is the model's."""
    if before.unfinished is not None:
        settings = dataclasses.replace(before.settings, threads=settings.threads)
    else:
        kept = {name: getattr(before.settings, name) for name in before.fixed}
        settings = dataclasses.replace(settings, **kept)
    phrases = job.phrases if job.phrases.phrases and before.unfinished is None else before.phrases
    return dataclasses.replace(job, analysis=before.analysis, phrases=phrases), settings


def _corpus(job: _Job, before: Word2Vec | FastText | None, progress: Progress) -> EncodedCorpus:
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
            f"this is not the text that was interrupted: {counted(found, 'word')}, not {left.words:,}",
            hint="give the same files and options as before",
        )
    return corpus


def _in_ids_of(corpus: EncodedCorpus, vocabulary: Vocabulary) -> EncodedCorpus:
    new_id = vocabulary.ids_of(corpus.vocabulary.tokens)
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


def _begin(training: Training, job: _Job, before: Word2Vec | FastText | None, progress: Progress) -> None:
    if before is not None:
        training.go_on_from(before)  # type: ignore[arg-type]
        new = training.words - len(before.vocabulary)
        progress.note(f"going on with {job.continuation.resume}" + (f", {new:,} new words" if new else ""))
    if job.continuation.init:
        _begin_with_vectors(training, job.continuation.init, progress)


def _begin_with_vectors(training: Training, path: str, progress: Progress) -> None:
    first = word_vectors.Vectors.load(path)
    if first.dim != training.settings.dim:
        raise SettingsError(
            f"{path} has vectors of {counted(first.dim, 'number')}, --dim is {training.settings.dim}",
            hint=f"add --dim {first.dim}",
        )
    found = training.begin_with(first.tokens, np.asarray(first.matrix, dtype=np.float32))
    if not found:
        raise InputError(f"{path} has none of the words of the text")
    progress.note(f"{found:,} of {counted(training.words, 'word')} begin with their vector in {path}")
