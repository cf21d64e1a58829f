"""From running text to a masked language model.

    15 % of the words are asked for; of these 80 % become [MASK], 10 % another word, 10 % stay as they are
    loss = −Σ log P(word), over the words that are asked for                    (Devlin et al. 2019)

Which words they are is drawn anew at every update. Only words with a row of their own are asked for. The
softmax is over the right word and some candidates, drawn for the whole batch by frequency^0.75; from every
score log P(w is drawn) is taken, so that it learns what the softmax over all words would (Jean et al. 2015).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.io.schemas.masked import MASK, masked_head_shapes
from nlpcli.engine.neural.batch_trainer import usual_epochs
from nlpcli.engine.neural.encoder_weights import initial_head
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.sequence_trainer import WORDS, Part, Sentences
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.sequences.masked_lm import UNFINISHED, MaskedLM, MaskedNetwork
from nlpcli.engine.sequences.network_checkpoint import ResumableTraining
from nlpcli.errors import InputError
from nlpcli.settings.masked import MASKED_TRAINING, MaskedSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import AnalysisSettings
from nlpcli.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

UPDATES = 3000  # that a training has, where the epochs are left to it
_EPOCHS = 1, 40  # but so many at least and at most
_TOKENS = 2000  # words a batch, where nothing is said
_MASKED, _OTHER = 0.8, 0.9  # shares of asked words: up to the first are masked, up to the second replaced
_HELD_OUT = 1000  # sentences held out, at most
_HEAD, _CHOICE, _TEST, _DRAW = 4, 5, 6, 7  # what a draw of chance is for
_POWER = 0.75  # of frequencies, by which candidates are drawn (Mikolov et al. 2013)


class MaskedTraining(ResumableTraining):
    """A masked language model in training. The same text, settings and seed give the same model.

    Raises InputError for a text without a word that is frequent enough, or of no more than a sentence.
    """

    unfinished = UNFINISHED

    def __init__(
        self,
        corpus: EncodedCorpus,
        analysis: AnalysisSettings = AnalysisSettings(),
        settings: MaskedSettings = MaskedSettings(),
        encoder: EncoderSettings = EncoderSettings(),
        training: NetworkTraining = MASKED_TRAINING,
    ) -> None:
        self._analysis, self.masking = analysis, settings
        whole = _cut(corpus, settings.context)
        held = _held_out(len(whole.starts) - 1, training.val_frac)
        text = _chosen(whole, ~held)
        self._inputs, counts = _inputs(text, encoder, settings.max_vocab)
        self._mask = len(text.kinds) - 1
        self._draws, self._corrections = _draws(counts, settings.candidates)
        self.accuracies: dict[float, float] = {}
        batch = training.batch_tokens or _TOKENS
        super().__init__(
            text, self._inputs, self._first_head(encoder, counts), encoder, training, seed=settings.seed,
            epochs=settings.epochs or usual_epochs(len(text.words), batch, UPDATES, _EPOCHS),
        )  # fmt: skip
        self._can_be_asked = (self.rows.own > 0) & (np.arange(len(text.kinds)) != self._mask)
        self._others = np.flatnonzero(self._can_be_asked)
        self._asked = np.zeros(len(text.words), np.bool_)
        self._tests = self._held_out_masks(_chosen(whole, held))
        self.best_weights = self.snapshot()

    def _first_head(self, encoder: EncoderSettings, counts: NDArray[np.int64]) -> Weights:
        """The head's weights to start from: a word is as likely as it is frequent."""
        random = np.random.default_rng([self.masking.seed, _HEAD])
        shapes: Any = masked_head_shapes(encoder, len(counts))
        frequencies = np.log(np.maximum(counts, 0.5) / counts.sum())
        return {**initial_head(shapes, (), random), "head.b": frequencies.astype(np.float32)}

    def _held_out_masks(self, text: Sentences) -> tuple[list[list[str]], list[int], Ids]:
        """Sentences held out with a mask in each, its place, and the row of the word that stood there."""
        random = np.random.default_rng([self.masking.seed, _TEST])
        sentences, places, rows = [], [], []
        for begin, end in zip(text.starts[:-1].tolist(), text.starts[1:].tolist(), strict=True):
            words = text.words[begin:end]
            able = np.flatnonzero(self._can_be_asked[words])
            count = min(len(able), max(1, round(self.masking.mask_share * len(able))))
            for place in np.sort(random.choice(able, count, replace=False)).tolist() if count else ():
                spelt = [text.kinds[word] for word in words.tolist()]
                sentences.append([*spelt[:place], MASK, *spelt[place + 1 :]])
                places.append(place)
                rows.append(int(self.rows.own[words[place]]) - 1)
        return sentences, places, np.array(rows, np.int64)

    @property
    def batch_tokens(self) -> int:
        """Words a batch."""
        return self.training.batch_tokens or _TOKENS

    # --- a batch ----------------------------------------------------------------------------

    def begin_update(self) -> int:
        """The next batch, some of its words masked."""
        places = self.sentences.places(self.batch())
        words = self.sentences.words
        there = words[places]
        random = np.random.default_rng([self.seed, _CHOICE, self.step])
        asked = (random.random(len(there)) < self.masking.mask_share) & self._can_be_asked[there]
        how, others = random.random(len(there)), random.choice(self._others, len(there))
        shown = np.where(asked & (how < _MASKED), self._mask, there)
        shown = np.where(asked & (how >= _MASKED) & (how < _OTHER), others, shown)
        self._asked[:] = False
        self._asked[places] = asked
        self._candidates = self._drawn()
        self._golds = self.rows.own[there[asked]]
        words[places] = shown  # for as long as the batch is put together
        try:
            super().begin_update()
        finally:
            words[places] = there
        self._word_places = self.tables[WORDS].places
        self._shown[self._words == self._mask] = 0
        return max(1, int(asked.sum()))

    def chances(self, words: Ids, random: np.random.Generator) -> NDArray[np.float64]:
        """By which words are dropped; masks are not."""
        found = super().chances(words, random)
        found[words == self._mask] = 1
        return found

    def read(self, table: str, rows: Ids) -> Ids:
        """The rows that a batch reads, and of words those that are predicted, or might be."""
        return np.concatenate([rows, self._golds, self._candidates]) if table == WORDS else rows

    def _drawn(self) -> Ids:
        """The rows of the candidates of an update, ascending."""
        if not len(self._draws):
            return np.arange(1, len(self._inputs.known) + 1)
        random = np.random.default_rng([self.seed, _DRAW, self.step])
        places = np.searchsorted(self._draws, random.random(self.masking.candidates), side="right")
        found: Ids = np.unique(np.minimum(places, len(self._draws) - 1)) + 1
        return found

    def head_loss(self, y: Tensor, part: Part, places: Ids, random: np.random.Generator) -> Tensor:  # noqa: ARG002
        """Summed negative log-probability of the words that are asked for."""
        import torch
        from torch.nn import functional

        asked = np.flatnonzero(self._asked[places])
        gold = self.rows.own[self.sentences.words[places[asked]]]
        h = y[torch.from_numpy(asked)] @ self.network.weights["head.w"]
        vectors, b = self._vectors(self._candidates)
        scores = h @ vectors.T + b
        if not len(self._draws):
            return functional.cross_entropy(scores, torch.from_numpy(gold - 1), reduction="sum")
        again = torch.from_numpy(self._candidates[None] == gold[:, None])
        vectors, b = self._vectors(gold)
        right = (h * vectors).sum(dim=1) + b
        every = torch.cat([right[:, None], scores.masked_fill(again, -torch.inf)], dim=1)
        return (torch.logsumexp(every, dim=1) - right).sum()

    def _vectors(self, rows: Ids) -> tuple[Tensor, Tensor]:
        """The vectors of some words in training, and what is added to their scores: [W, D], [W]."""
        import torch

        b = self.network.weights["head.b"][torch.from_numpy(rows - 1)]
        if len(self._draws):
            b = b - torch.from_numpy(self._corrections[rows - 1])
        return self.leaves()[0][torch.from_numpy(self._word_places[rows])], b

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:  # noqa: ARG002
        """The negative log-probability of masked words held out, and how many these are."""
        sentences, places, rows = self._tests
        if not sentences:
            return []
        total, right = 0.0, 0
        for some, likely in self.model(self.snapshot()).log_probabilities(sentences, places):
            total -= float(likely[np.arange(len(some)), rows[some]].sum(dtype=np.float64))
            right += int((likely.argmax(axis=1) == rows[some]).sum())
        self.accuracies[total / len(rows)] = right / len(rows)
        return [(total, len(rows))]

    def told(self, loss: float) -> str:
        """A validation in words."""
        found = f"perplexity {math.exp(min(loss, 50)):.1f}"
        right = self.accuracies.get(loss)
        return found if right is None else f"{found}, {right:.1%} right"

    # --- what comes of it -------------------------------------------------------------------

    def model(self, weights: Weights) -> MaskedLM:
        """The model with some weights."""
        network = MaskedNetwork.of(self._inputs, weights, None, self.encoder, None)
        return MaskedLM(network, self._analysis, self.masking)  # type: ignore[arg-type]

    def best(self) -> MaskedLM:
        """The model that did best on what is held out."""
        return self.model(self.best_weights)

    def head_fields(self) -> dict[str, Any]:
        """What the shapes of the head's weights follow from."""
        return {"words": len(self._inputs.known)}

    def digest(self) -> str:
        """A sum of all that decides what is learnt: the text, what is held out, and settings."""
        total = hashlib.sha256("\n".join(self.sentences.kinds).encode("utf-8", "surrogatepass"))
        sentences, places, rows = self._tests
        for array in (self.sentences.words, self.sentences.starts, np.array(places, np.int64), rows):
            total.update(np.ascontiguousarray(array).data)
        record: list[Any] = [
            sentences, self._analysis.to_record(), self.masking.to_record(), self.encoder.to_record(),
            {**self.training.to_record(), "threads": 0},
        ]  # fmt: skip
        total.update(json.dumps(record, sort_keys=True).encode())
        return total.hexdigest()


def _cut(corpus: EncodedCorpus, most: int) -> Sentences:
    """The documents as sentences of up to `most` words; the last of the different words is the mask."""
    lengths = np.diff(corpus.offsets)
    pieces = -(-lengths // most)
    first = np.repeat(corpus.offsets[:-1], pieces) + ranges(np.zeros_like(pieces), pieces) * most
    starts = np.append(first, corpus.offsets[-1]).astype(np.int64)
    return Sentences.of_ids(corpus.ids.astype(np.int64), starts, [*corpus.vocabulary.tokens, MASK])


def _held_out(count: int, share: float) -> NDArray[np.bool_]:
    """Which of some sentences are held out: a share, evenly spread, and no more than are needed."""
    number = min(round(count * share), _HELD_OUT)
    held = np.zeros(count, np.bool_)
    held[(np.arange(number) * count) // max(1, number)] = True
    return held


def _chosen(text: Sentences, which: NDArray[np.bool_]) -> Sentences:
    some = np.flatnonzero(which)
    return Sentences.of_ids(text.words[text.places(some)], offsets_of(text.sizes[some]), text.kinds)


def _inputs(text: Sentences, encoder: EncoderSettings, most: int) -> tuple[WordInputs, NDArray[np.int64]]:
    """The words with a row of their own, the most frequent and the mask, and how often each is there."""
    seen = np.bincount(text.words, minlength=len(text.kinds)).tolist()
    times: Counter[str] = Counter()
    for kind, count in zip(text.kinds, seen, strict=True):
        times[kind.lower()] += count
    times.pop(MASK)
    frequent = [word for word, count in times.items() if count >= encoder.min_word_count]
    known = sorted(sorted(frequent, key=lambda word: (-times[word], word))[:most])
    if not known:
        raise InputError(
            f"no word is in the text {counted(encoder.min_word_count, 'time')} "
            "or more: there is nothing to learn",
            hint="give more text, or --min-count 1",
        )
    found = WordInputs.of_text((kind for kind, count in zip(text.kinds, seen, strict=True) if count), encoder)
    counts = np.array([*(times[word] for word in known), 0], np.int64)
    return WordInputs([*known, MASK], (), encoder, found.jamo), counts


def _draws(counts: NDArray[np.int64], candidates: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Sums of chances by which candidates are drawn, and the logarithm of how probably each word is drawn.

    The first is empty where all words are candidates.
    """
    if not candidates or candidates >= len(counts):
        return np.zeros(0), np.zeros(len(counts), np.float32)
    chances = counts.astype(np.float64) ** _POWER  # the mask's is 0
    chances /= chances.sum()
    drawn = -np.expm1(candidates * np.log1p(-chances))
    return np.cumsum(chances[:-1]), np.log(np.maximum(drawn, 1e-30)).astype(np.float32)
