"""From sentences of words and tags to a tagger by a recurrent network."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.neural.batch_trainer import usual_epochs
from nlpcli.engine.neural.encoder_weights import initial_head
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.sequence_trainer import TOKENS, Part, Sentences
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.sequences.network_checkpoint import ResumableTraining
from nlpcli.engine.sequences.recurrent_tagger import UNFINISHED, RecurrentTagger, purpose_of
from nlpcli.engine.sequences.tag_heads import head_of
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.engine.tagging.features import hashes_of
from nlpcli.engine.tagging.labels import spans_of
from nlpcli.engine.tagging.training import tag_names
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings

if TYPE_CHECKING:
    from torch import Tensor

UPDATES = 2500  # that a training has, where the epochs are left to it
_EPOCHS = 8, 50  # but so many at least and at most
_ZEROS = ("head.b", "head.transitions")  # at first
_HEAD = 4  # what a draw of chance is for
Tagged = tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]


class RecurrentTraining(ResumableTraining):
    """A tagger in training. The same sentences, settings and seed give the same model, on any threads.

    Labels of spans (target "ner") are in BIO-2. dev: sentences and tags to stop and to choose by; None: some
    of the sentences are held out. vectors: words, and float16 [V + 1, D], the first row zeros. lm: a
    character language model whose states the encoder is told too. initial: a network whose weights are the
    first; `begun_with` says which of them.
    Raises InputError for tags of one kind, and for too many.
    """

    unfinished = UNFINISHED

    def __init__(
        self,
        sentences: Sequence[Sequence[str]],
        tags: Sequence[Sequence[str]],
        target: str,
        settings: TaggerSettings = TaggerSettings(),
        analysis: AnalysisSettings = AnalysisSettings(tokenizer="nltk"),
        space: str = "",
        encoder: EncoderSettings = EncoderSettings(),
        training: NetworkTraining = NetworkTraining(),
        dev: Tagged | None = None,
        vectors: tuple[Sequence[str], NDArray[np.float16]] | None = None,
        lm: WordStates | None = None,
        initial: InitialNetwork | None = None,
    ) -> None:
        self._initial, self.begun_with = initial, ""
        self._target, self._space, self._analysis = target, space, analysis
        self._tagger_settings = settings
        self.names, self.most, gold = tag_names([tag for sentence in tags for tag in sentence], settings)
        if dev is None:
            learnt, dev = (
                _held_out(len(sentences), training.val_frac),
                _some(sentences, tags, training.val_frac),
            )
        else:
            learnt = np.arange(len(sentences))
        self.dev = dev
        self.lm = lm
        text = Sentences(kept_sentences := [sentences[n] for n in learnt.tolist()])
        places = Sentences(sentences).places(learnt)
        kept: list[list[int]] | NDArray[np.int64]
        kept = [gold[n] for n in places.tolist()] if self.most else np.asarray(gold, np.int64)[places]
        self._gold = kept
        words = [text.kinds[word] for word in text.words.tolist()]
        self._seen = np.unique(hashes_of(text.kinds))
        self._inputs = WordInputs.of_text(
            words, encoder, () if vectors is None else vectors[0], () if initial is None else initial.words
        )
        crf = target == "ner" and not self.most
        self.head = head_of(encoder, self.names, self.most, crf=crf, gold=kept)
        random = np.random.default_rng([settings.seed, _HEAD])
        batch = training.batch_tokens or TOKENS
        super().__init__(
            text, self._inputs, initial_head(self.head.shapes, _ZEROS, random), encoder, training,
            epochs=settings.epochs or usual_epochs(len(words), batch, UPDATES, _EPOCHS), seed=settings.seed,
            given=None if vectors is None else vectors[1],
            states=None if lm is None else lm.of(kept_sentences),
        )  # fmt: skip
        if initial is not None:
            purpose = purpose_of(self.names, self.most, "head.transitions" in self.head.shapes)
            self.begun_with = initial.give(self, self._inputs, lm, purpose)
        self.best_weights = self.snapshot()

    def head_loss(self, y: Tensor, part: Part, places: Ids, random: np.random.Generator) -> Tensor:  # noqa: ARG002
        """That of the tags."""
        return self.head.loss(y, self.network.weights, places, part.packing)

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:  # noqa: ARG002
        """How many words, or of spans, are wrong on what is held out, and of how many."""
        sentences, gold = self.dev
        if not sentences:
            return []
        found = self.tagger(self.snapshot()).tag(sentences)
        if self._target != "ner":
            pairs = [(a, b) for x, y in zip(found, gold, strict=True) for a, b in zip(x, y, strict=True)]
            return [(float(sum(a != b for a, b in pairs)), len(pairs))]
        wrong = every = 0
        for ours, right in zip(found, gold, strict=True):
            there, given = set(spans_of(right)), set(spans_of(ours))
            wrong += len(there ^ given)
            every += len(there) + len(given)
        return [(float(wrong), every)]  # its share is 1 − F1

    def tagger(self, weights: Weights) -> RecurrentTagger:
        """The tagger with some weights."""
        network = WordNetwork.of(self._inputs, weights, self.given, self.encoder, self.lm)
        return RecurrentTagger(
            tuple(self.names), self.most, self._target, self._space, network, self._seen, self._analysis,
            self._tagger_settings,
        )  # fmt: skip

    def best(self) -> RecurrentTagger:
        """The tagger that did best on what is held out."""
        return self.tagger(self.best_weights)

    def head_fields(self) -> dict[str, Any]:
        """What the shapes of the head's weights follow from."""
        crf = "head.transitions" in self.head.shapes
        return {"tags": len(self.names), "most_pieces": self.most, "crf": crf}

    def digest(self) -> str:
        """A sum of all that decides what is learnt: text, tags, vectors, what is held out, and settings."""
        total = hashlib.sha256("\n".join(self.sentences.kinds).encode("utf-8", "surrogatepass"))
        for array in (self.sentences.words, self.sentences.starts, self.given, self.states):
            if array is not None:
                total.update(np.ascontiguousarray(array).data)
        record: list[Any] = [
            self.names, self._target, self._space, self._tagger_settings.to_record(),
            self.encoder.to_record(), {**self.training.to_record(), "threads": 0},
            [*map(list, self.dev[0])], [*map(list, self.dev[1])],
            self._gold if isinstance(self._gold, list) else self._gold.tolist(),
        ]  # fmt: skip
        if self._initial is not None:
            record.append({"initial": self._initial.digest})
        total.update(json.dumps(record, sort_keys=True).encode())
        return total.hexdigest()


def _held_out(count: int, share: float) -> Ids:
    """The sentences that are learnt from, where some are held out: every k-th is."""
    every = _every(count, share)
    numbers = np.arange(count)
    return numbers if not every else numbers[numbers % every != every - 1]


def _some(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], share: float) -> Tagged:
    every = _every(len(sentences), share)
    return (sentences[every - 1 :: every], tags[every - 1 :: every]) if every else ([], [])


def _every(count: int, share: float) -> int:
    """Every which sentence is held out; 0 for none."""
    every = max(2, round(1 / share)) if share and not math.isinf(1 / share) else 0
    return every if every <= count else 0
