"""From labelled texts to a classifier by a recurrent network."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.classify.classifier import Trained
from nlpcli.engine.classify.examples import Examples, held_out, with_mismatched
from nlpcli.engine.classify.training import train as train_linear
from nlpcli.engine.neural.batch_trainer import usual_epochs
from nlpcli.engine.neural.encoder_weights import initial_head
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.sequence_trainer import TOKENS, Part
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.sequences.answers import Answer, Classes, Labels
from nlpcli.engine.sequences.blend import fitted
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.sequences.network_checkpoint import ResumableTraining
from nlpcli.engine.sequences.pairs import Likeness, Pairs, measures
from nlpcli.engine.sequences.text_classifier import UNFINISHED, TextClassifier, purpose_of, sentences_of
from nlpcli.engine.sequences.text_heads import head_of
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import AnalysisSettings

if TYPE_CHECKING:
    from torch import Tensor

UPDATES = 1500  # that a training has, where the epochs are left to it
_EPOCHS = 3, 50  # but so many at least and at most
_TEXTS = 32  # of the usual length a batch, where nothing is said
_ALIGN = 2.0  # how strongly words that are alike are aligned in the beginning
_HEAD = 4  # what a draw of chance is for


class ClassifierTraining(ResumableTraining):
    """A classifier in training. The same texts, settings and seed give the same model, on any threads.

    dev: texts to stop and to choose by, of the same classes; None: some of the texts are held out.
    vectors: words, and float16 [V + 1, D], the first row zeros. lm: a character language model whose states
    the encoder is told too. initial: a network whose weights are the first; `begun_with` says
    which. blend: a linear classifier that judges besides, of which how much is chosen on
    what is held out.
    """

    unfinished = UNFINISHED

    def __init__(
        self,
        examples: Examples,
        analysis: AnalysisSettings,
        settings: RnnSettings = RnnSettings(),
        encoder: EncoderSettings = EncoderSettings(),
        training: NetworkTraining = NetworkTraining(),
        dev: Examples | None = None,
        vectors: tuple[Sequence[str], NDArray[np.float16]] | None = None,
        lm: WordStates | None = None,
        answer: Answer | None = None,
        blend: Trained | None = None,
        initial: InitialNetwork | None = None,
    ) -> None:
        self._initial, self.begun_with = initial, ""
        self._analysis, self._rnn, self.lm, self._blend = analysis, settings, lm, blend
        self._blend_learns: Examples | None = None
        self.answer: Answer = answer or Classes(examples.names)
        if dev is None and training.val_frac:
            kept = held_out(
                examples, training.val_frac, settings.seed, by_class=isinstance(self.answer, Classes)
            )
            examples, dev = examples.chosen(~kept), examples.chosen(kept)
            self._blend_learns = examples  # a twin of the blend, which has not seen what is held out
        self.dev, self._sides = dev, examples.sides
        if settings.negatives is not None:
            examples = with_mismatched(examples, settings.negatives, settings.seed)
        self._priors = self.answer.priors(self.answer.gold(examples))
        examples = examples.chosen(examples.filled)
        self._gold = self.answer.gold(examples)
        text, words = sentences_of(examples.corpus, 0, examples.corpus.documents, settings.max_words)
        self._inputs = WordInputs.of_text(
            (text.kinds[word] for word in text.words.tolist()), encoder,
            () if vectors is None else vectors[0], () if initial is None else initial.words,
        )  # fmt: skip
        given = None if vectors is None else vectors[1]
        text = Pairs.of(text) if self._sides == 2 else text
        self._likeness = Likeness(text.kinds, self._inputs, given) if self._sides == 2 else None
        self._measures = measures(given is not None) if self._sides == 2 else 0
        self.whole_output = self._sides == 2
        self.head = head_of(
            encoder, settings.pooling, self.answer.outputs, self._measures, settings.symmetric
        )
        self._usual_batch = max(TOKENS, round(_TEXTS * len(text.words) / max(len(self._gold), 1)))
        batch = training.batch_tokens or self._usual_batch
        super().__init__(
            text, self._inputs, self._first_head(), encoder, training, seed=settings.seed,
            epochs=settings.epochs or usual_epochs(len(text.words), batch, UPDATES, _EPOCHS),
            given=given, states=None if lm is None else lm.of(words),
        )  # fmt: skip
        if initial is not None:
            purpose = purpose_of(self.answer, settings, self._sides)
            self.begun_with = initial.give(self, self._inputs, lm, purpose)
        self.best_weights = self.snapshot()

    def _first_head(self) -> Weights:
        """The head's weights to start from: it says what is frequent, and aligns words that are alike."""
        random = np.random.default_rng([self._rnn.seed, _HEAD])
        zeros = ("head.attention_b", "head.compare_b", "head.hidden_b")
        found = {**initial_head(self.head.shapes, zeros, random), "head.b": self._priors.copy()}
        if self._measures:
            found["head.align"] = np.full(self._measures, _ALIGN, np.float32)
        return found

    @property
    def batch_tokens(self) -> int:
        """Words a batch."""
        return self.training.batch_tokens or self._usual_batch

    def predictions(self, found: Sequence[tuple[Part, Ids]]) -> int:
        """How many predictions the loss of a batch is the sum of: its texts or pairs."""
        return sum(len(part.sentences) for part, _ in found) // self._sides

    def head_loss(self, y: Tensor, part: Part, places: Ids, random: np.random.Generator) -> Tensor:  # noqa: ARG002
        """Summed loss of the answers."""
        scores = self.head.scores(
            y, self.network.weights, part, self._likeness, self.training.dropout, random
        )
        return self.answer.loss(scores, self._gold[self.head.judged(part)])

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:  # noqa: ARG002
        """How bad the answers for what is held out are."""
        if self.dev is None or not len(self.dev.labels):
            return []
        scores = self.classifier(self.snapshot()).scores(self.dev.corpus)
        return [self.answer.wrong(scores, self.answer.gold(self.dev))]

    def classifier(self, weights: Weights) -> TextClassifier:
        """The classifier with some weights."""
        network = WordNetwork.of(self._inputs, weights, self.given, self.encoder, self.lm)
        return TextClassifier(self.answer, self._priors, network, self._analysis, self._rnn, self._sides)

    def best(self) -> TextClassifier:
        """The classifier that did best on what is held out, and what else is chosen there."""
        found = self.classifier(self.best_weights)
        if self.dev is None or not len(self.dev.labels):
            return found
        if isinstance(self.answer, Labels):
            answer = self.answer.chosen_on(found.scores(self.dev.corpus), self.answer.gold(self.dev))
            return dataclasses.replace(found, answer=answer)
        return found if self._blend is None else self._blended(found, self._blend, self.dev)

    def _blended(self, found: TextClassifier, blend: Trained, dev: Examples) -> TextClassifier:
        """With the linear classifier, and as much of it as is best for what is held out."""
        twin = blend
        if self._blend_learns is not None:
            twin = train_linear(self._blend_learns, blend.analysis, blend.features, blend.settings)
        scores = found.network_scores(dev.corpus)
        return dataclasses.replace(
            found, blend=fitted(twin, blend, scores, dev.corpus, self.answer.gold(dev))
        )

    def head_fields(self) -> dict[str, Any]:
        """What the shapes of the head's weights follow from."""
        return {
            "classes": self.answer.outputs, "pooling": self._rnn.pooling, "measures": self._measures,
        }  # fmt: skip

    def digest(self) -> str:
        """A sum of all that decides what is learnt: texts, labels, vectors, what is held out, settings."""
        total = hashlib.sha256("\n".join(self.sentences.kinds).encode("utf-8", "surrogatepass"))
        arrays: list[NDArray[Any] | None] = [
            self.sentences.words,
            self.sentences.starts,
            self._gold,
            self.given,
            self.states,
        ]
        if self.dev is not None:
            arrays += [self.dev.corpus.ids, self.dev.corpus.offsets, self.dev.labels]
            total.update("\n".join(self.dev.corpus.vocabulary.tokens).encode("utf-8", "surrogatepass"))
        for array in arrays:
            if array is not None:
                total.update(np.ascontiguousarray(array).data)
        settings = self._rnn.to_record()
        del settings["label_type"]  # the answer says it
        for name, usual in (("symmetric", False), ("negatives", None)):
            if settings[name] == usual:
                del settings[name]  # as before there was such a setting
        record: list[Any] = [
            [*self.answer.labels], self._analysis.to_record(), settings, self.encoder.to_record(),
            {**self.training.to_record(), "threads": 0},
        ]  # fmt: skip
        if self._sides == 2 or not isinstance(self.answer, Classes):
            record += [self.answer.to_record(), self._sides]
        if self._initial is not None:
            record.append({"initial": self._initial.digest})
        total.update(json.dumps(record, sort_keys=True).encode())
        return total.hexdigest()
