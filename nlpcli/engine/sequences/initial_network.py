"""A trained network that another begins with (`--init`): a tagger's or a classifier's, or a masked language
model.

    encoder      all its weights; its sizes must be the same
    words        the row of each word that both know, and that of unknown words; of a masked language model
                 all its words, which need not be in the text to learn from
    n-grams      the table, where n-grams are made and hashed in the same way
    head         where it is for the same labels and has the same shapes

Not here: training itself (`classifier_training.py`, `recurrent_training.py`), and how the units of a
sequence-to-sequence model get vectors of it (`translation/begun.py`).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.io.model_file import read_info, read_model
from nlpcli.engine.neural.sequence_trainer import FEATURES, GIVEN, WORDS, SequenceTrainer
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.sequences import masked_lm, recurrent_tagger, text_classifier
from nlpcli.engine.sequences.masked_lm import MaskedLM
from nlpcli.engine.sequences.recurrent_tagger import RecurrentTagger
from nlpcli.engine.sequences.text_classifier import TextClassifier
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.fields import Settings, option_name
from nlpcli.settings.text import AnalysisSettings
from nlpcli.wording import counted

KINDS = (recurrent_tagger.KIND, text_classifier.KIND, masked_lm.KIND)
UNFINISHED = (recurrent_tagger.UNFINISHED, text_classifier.UNFINISHED, masked_lm.UNFINISHED)
_SIZES = ("cell", "bidirectional", "rnn_size", "num_layers", "num_heads", "word_dim", "ngram_dim")
_TOGETHER = "embedding_dim"  # where words have one vector: the length of theirs, with that of n-grams
_NGRAMS = ("minn", "maxn", "bucket")
HEAD = "head."


@dataclass(frozen=True, eq=False)
class InitialNetwork:
    """The network in a file.

    name: the file's; purpose: what its head is for; digest: of all of it; analysis: what cut its text into
    words; words: those that the network which begins with it should know whether they are in its text or not.
    """

    name: str
    network: WordNetwork
    purpose: Sequence[Any]
    digest: str
    analysis: AnalysisSettings
    words: Sequence[str] = ()

    @classmethod
    def load(cls, path: str, settings: Settings | None = None) -> InitialNetwork:
        """That of a file, to begin a network with; where there are settings, with an encoder of their sizes.

        Raises ModelError for a file that is none, SettingsError where the sizes are not the same.
        """
        model = read_model(path, (*KINDS, *UNFINISHED))
        if model.kind in UNFINISHED:
            raise ModelError(
                f"{path} is a training that was interrupted, no network to begin with",
                hint="let it go on to its end with --resume",
            )
        loaded: TextClassifier | RecurrentTagger | MaskedLM
        if model.kind == text_classifier.KIND:
            loaded = TextClassifier.from_model(model)
        elif model.kind == masked_lm.KIND:
            loaded = MaskedLM.from_model(model)
        else:
            loaded = RecurrentTagger.from_model(model)
        total = hashlib.sha256(json.dumps(model.header, sort_keys=True).encode())
        total.update(read_info(path).sha256.encode())
        words = loaded.words if isinstance(loaded, MaskedLM) else ()
        found = cls(path, loaded.network, loaded.purpose, total.hexdigest(), loaded.analysis, words)
        if settings is not None:
            found.check_sizes(settings)
        return found

    def check_sizes(self, settings: Settings) -> None:
        """Raise SettingsError where the encoder has other sizes than in these settings."""
        encoder = self.network.encoder
        sizes: dict[str, Any] = {name: getattr(encoder, name) for name in _SIZES}
        sizes[_TOGETHER] = encoder.word_dim + encoder.ngram_dim
        other = {
            field.name: (_option(field, sizes[field.name]), getattr(settings, field.name))
            for field in dataclasses.fields(settings)
            if field.name in sizes and getattr(settings, field.name) != sizes[field.name]
        }
        if not other:
            return
        wanted = [option for option, _ in other.values()]
        (first, ours), *more = other.values()
        told = f"{', '.join(wanted[:-1])} and {wanted[-1]}" if more else first
        if not (more or isinstance(ours, bool)):
            told += f", and here it is {ours}"
        try:
            dataclasses.replace(settings, **{name: sizes[name] for name in other})
            hint = f"add {' '.join(wanted)}"
        except SettingsError as error:  # a cell that the other network cannot have
            hint = f"begin with another model: {error}"
        raise SettingsError(f"{self.name} has a network made with {told}", hint=hint)

    @property
    def encoder_weights(self) -> Weights:
        """All but the head's."""
        return {name: array for name, array in self.network.weights.items() if not name.startswith(HEAD)}

    def give(
        self, training: SequenceTrainer, inputs: WordInputs, lm: WordStates | None, purpose: Sequence[Any]
    ) -> str:
        """Let a training that has not begun yet begin with the weights; what it took, in words.

        Raises SettingsError where one of the two is told of vectors or states that the other is not.
        """
        self._check_told(training, inputs, lm)
        theirs = self.network.weights
        ours = training.network.arrays()
        head = {name: theirs[name] for name in theirs if name.startswith(HEAD)}
        alike = [*self.purpose] == [*purpose] and _shapes(head) == _shapes(
            {name: ours[name] for name in ours if name.startswith(HEAD)}
        )
        training.begin_with({name: theirs[name] for name in ours if alike or not name.startswith(HEAD)})
        words = training.tables[WORDS].now
        known = {word: row for row, word in enumerate(self.network.inputs.known, 1)}
        pairs = [(row, known[word]) for row, word in enumerate(inputs.known, 1) if word in known]
        mine, other = np.array([(0, 0), *pairs], np.int64).T
        words[mine] = self.network.tables[WORDS][other]
        taken = f"the encoder, {len(pairs):,} of {counted(len(inputs.known), 'word')}"
        if self._has_ngrams_of(inputs):
            training.tables[FEATURES].now[:] = self.network.tables[FEATURES]
            taken += ", the n-grams"
        return taken + (", the head" if alike else "")

    def _has_ngrams_of(self, inputs: WordInputs) -> bool:
        theirs = self.network.inputs
        same = all(getattr(theirs.settings, name) == getattr(inputs.settings, name) for name in _NGRAMS)
        return same and theirs.jamo == inputs.jamo

    def _check_told(self, training: SequenceTrainer, inputs: WordInputs, lm: WordStates | None) -> None:
        theirs, ours = self.network.tables.get(GIVEN), training.given
        same = (theirs is None) == (ours is None)
        if same and theirs is not None and ours is not None:
            same = theirs.shape[1] == ours.shape[1] and self._is_given(inputs.given, ours)
        if not same:
            told = (
                "without --vectors"
                if theirs is None
                else f"with --vectors of {counted(theirs.shape[1], 'number')}"
            )
            raise SettingsError(
                f"{self.name} has a network made {told}, and here they are others",
                hint="leave --vectors out" if theirs is None else "give the same --vectors",
            )
        if _tensors(self.network.lm) != _tensors(lm):
            told = "without --lm" if self.network.lm is None else "with --lm"
            raise SettingsError(
                f"{self.name} has a network made {told}, and here it is otherwise",
                hint="leave --lm out" if self.network.lm is None else "give the same --lm",
            )

    def _is_given(self, words: Sequence[str], rows: Any) -> bool:
        """Whether the words that both are given vectors of have the same ones."""
        known = {word: row for row, word in enumerate(self.network.inputs.given, 1)}
        pairs = [(row, known[word]) for row, word in enumerate(words, 1) if word in known]
        mine, other = np.array([(0, 0), *pairs], np.int64).T
        return bool(np.array_equal(rows[mine], self.network.tables[GIVEN][other]))


def _option(field: dataclasses.Field[Any], value: Any) -> str:
    """What a user gives for a field to have this value."""
    option = option_name(field)
    if isinstance(value, bool):
        return option if value else f"--no-{option[2:]}"
    return f"{option} {value}"


def _shapes(weights: Weights) -> dict[str, tuple[int, ...]]:
    return {name: tuple(array.shape) for name, array in weights.items()}


def _tensors(lm: WordStates | None) -> dict[str, bytes]:
    return {} if lm is None else {name: array.tobytes() for name, array in lm.model.tensors().items()}
