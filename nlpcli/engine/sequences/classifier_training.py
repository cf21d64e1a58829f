"""From labelled texts to a classifier by a recurrent network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.classify.examples import Examples, held_out
from nlpcli.engine.neural.encoder_weights import initial_head
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.sequence_trainer import TOKENS, Part, usual_epochs
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.sequences.network_checkpoint import ResumableTraining
from nlpcli.engine.sequences.pooling import PoolingHead
from nlpcli.engine.sequences.text_classifier import UNFINISHED, TextClassifier, sentences_of
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import AnalysisSettings

if TYPE_CHECKING:
    from torch import Tensor

UPDATES = 1500  # that a training has, where the epochs are left to it
_EPOCHS = 3, 50  # but so many at least and at most
_TEXTS = 32  # of the usual length a batch, where nothing is said
_HEAD = 4  # what a draw of chance is for


class ClassifierTraining(ResumableTraining):
    """A classifier in training. The same texts, settings and seed give the same model, on any threads.

    dev: texts to stop and to choose by, of the same classes; None: some of the texts are held out.
    vectors: words, and float16 [V + 1, D], the first row zeros. lm: a character language model whose states
    the encoder is told too.
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
    ) -> None:
        self._analysis, self._rnn, self.lm = analysis, settings, lm
        if dev is None and training.val_frac:
            kept = held_out(examples, training.val_frac, settings.seed)
            examples, dev = examples.chosen(~kept), examples.chosen(kept)
        self.dev = dev
        self.names = examples.names
        counts = examples.documents_per_class()
        self._priors = np.log((counts + 1) / (counts.sum() + len(counts))).astype(np.float32)
        examples = examples.chosen(np.diff(examples.corpus.offsets) > 0)
        self._labels = examples.labels.astype(np.int64)
        text, words = sentences_of(examples.corpus, 0, len(self._labels), settings.max_words)
        self._inputs = WordInputs.of_text(
            (text.kinds[word] for word in text.words.tolist()), encoder, () if vectors is None else vectors[0]
        )
        self.head = PoolingHead(encoder, settings.pooling, len(self.names))
        self._usual_batch = max(TOKENS, round(_TEXTS * len(text.words) / max(len(self._labels), 1)))
        batch = training.batch_tokens or self._usual_batch
        random = np.random.default_rng([settings.seed, _HEAD])
        head = {
            **initial_head(self.head.shapes, ("head.attention_b",), random),
            "head.b": self._priors.copy(),
        }
        super().__init__(
            text, self._inputs, head, encoder, training, seed=settings.seed,
            epochs=settings.epochs or usual_epochs(len(text.words), batch, UPDATES, _EPOCHS),
            given=None if vectors is None else vectors[1],
            states=None if lm is None else lm.of(words),
        )  # fmt: skip
        self.best_weights = self.snapshot()

    @property
    def batch_tokens(self) -> int:
        """Words a batch."""
        return self.training.batch_tokens or self._usual_batch

    def predictions(self, found: Sequence[tuple[Part, Ids]]) -> int:
        """How many predictions the loss of a batch is the sum of: its texts."""
        return sum(len(part.sentences) for part, _ in found)

    def head_loss(self, y: Tensor, part: Part, places: Ids, random: np.random.Generator) -> Tensor:  # noqa: ARG002
        """Summed cross entropy of the classes."""
        import torch
        from torch.nn import functional

        scores = self.head.scores(y, self.network.weights, part.packing)
        gold = torch.from_numpy(self._labels[part.sentences])
        return functional.cross_entropy(scores, gold, reduction="sum")

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:  # noqa: ARG002
        """How many texts of what is held out are wrong, and of how many."""
        if self.dev is None or not len(self.dev.labels):
            return []
        found = self.classifier(self.snapshot()).predict(self.dev.corpus)
        return [(float((found.labels != self.dev.labels).sum()), len(self.dev.labels))]

    def classifier(self, weights: Weights) -> TextClassifier:
        """The classifier with some weights."""
        network = WordNetwork.of(self._inputs, weights, self.given, self.encoder, self.lm)
        return TextClassifier(self.names, self._priors, network, self._analysis, self._rnn)

    def best(self) -> TextClassifier:
        """The classifier that did best on what is held out."""
        return self.classifier(self.best_weights)

    def head_fields(self) -> dict[str, Any]:
        """What the shapes of the head's weights follow from."""
        return {"classes": len(self.names), "pooling": self._rnn.pooling}

    def digest(self) -> str:
        """A sum of all that decides what is learnt: texts, labels, vectors, what is held out, settings."""
        total = hashlib.sha256("\n".join(self.sentences.kinds).encode("utf-8", "surrogatepass"))
        arrays: list[NDArray[Any] | None] = [
            self.sentences.words,
            self.sentences.starts,
            self._labels,
            self.given,
            self.states,
        ]
        if self.dev is not None:
            arrays += [self.dev.corpus.ids, self.dev.corpus.offsets, self.dev.labels]
            total.update("\n".join(self.dev.corpus.vocabulary.tokens).encode("utf-8", "surrogatepass"))
        for array in arrays:
            if array is not None:
                total.update(np.ascontiguousarray(array).data)
        record = [
            [*self.names], self._analysis.to_record(), self._rnn.to_record(), self.encoder.to_record(),
            {**self.training.to_record(), "threads": 0},
        ]  # fmt: skip
        total.update(json.dumps(record, sort_keys=True).encode())
        return total.hexdigest()
