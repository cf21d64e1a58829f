"""Drawing the next character: temperature, top-k, top-p, and the loop that writes a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.conditions import END
from nlpcli.engine.charlm.units import RARE, begins_character, encode, writer_of
from nlpcli.engine.charlm.windows import last_window
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.settings.charlm import ATTENTION, GenerateSettings

# A model that was trained to expect everything is less sure of a label than texts are: drawn with this, texts
# agree with their labels about as often as real ones, and are as varied (`benchmarks/README.md`).
GUIDANCE = 1.5

if TYPE_CHECKING:
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.neural.recurrent_step import CharStep
    from nlpcli.engine.neural.transformer_lm_step import TransformerStep

kernels = Kernels("neural.drawing")


def probabilities(logits: NDArray[np.float32], settings: GenerateSettings) -> NDArray[np.float64]:
    """What each id is drawn with: softmax(logits / temperature), cut to top-k, then to top-p.

    Temperature 0 puts everything on the likeliest. The likeliest always stays.

    >>> p = probabilities(np.log(np.array([0.5, 0.3, 0.2], np.float32)), GenerateSettings(top_k=2))
    >>> p.round(3).tolist()
    [0.625, 0.375, 0.0]
    """
    if settings.temperature == 0:
        weights = np.zeros(len(logits))
        weights[int(np.argmax(logits))] = 1.0
        return weights
    # Subtract the maximum first: dividing by a tiny temperature may overflow to minus infinity only.
    weights = logits.astype(np.float64)
    weights -= weights.max()
    with np.errstate(over="ignore"):
        weights /= settings.temperature
    np.exp(weights, out=weights)
    if 0 < settings.top_k < len(weights):
        weights[np.argsort(-weights, kind="stable")[settings.top_k :]] = 0.0
    if settings.top_p < 1:
        order = np.argsort(-weights, kind="stable")
        reached = np.cumsum(weights[order]) / weights.sum()
        weights[order[int(np.searchsorted(reached, settings.top_p)) + 1 :]] = 0.0
    weights /= weights.sum()
    return weights


def draw(logits: NDArray[np.float32], settings: GenerateSettings, random: np.random.Generator) -> int:
    """One id, drawn from `probabilities`."""
    if settings.temperature == 0:
        return int(np.argmax(logits))
    return int(kernels.drawn(logits, *_cuts(settings), random.random()))


def _cuts(settings: GenerateSettings) -> tuple[float, int, float]:
    """What a kernel is told of how to draw."""
    return float(settings.temperature), settings.top_k, float(settings.top_p)


def generate(
    model: CharLM,
    prime: str = "",
    settings: GenerateSettings = GenerateSettings(),
    *,
    sample: int = 0,
    skip_unknown: bool = False,
    echo: bool = True,
    condition: NDArray[np.float32] | None = None,
) -> Iterator[str]:
    """A text in pieces, as it is made: the prime (unless not `echo`), then its continuation.

    `sample` numbers the texts of one seed. With no prime the model begins as after a line end
    or, if its alphabet has none, after a unit drawn by frequency, which begins the text; at
    temperature 0 that is the most frequent one. A text under a `condition`, of a model that learnt texts by
    themselves, ends at its end marker, which is not given.
    Raises InputError for a prime with characters the model has never seen.
    """
    random = np.random.default_rng([settings.seed, sample])
    ids = encode(prime, model.unit, model.alphabet, skip_unknown=skip_unknown).tolist()
    writer, out = writer_of(model.unit), _Until(settings.until)
    network = model.stepper(conditions=condition, guidance=_guidance(model, settings, condition))
    end = None if model.condition is None else model.alphabet.id_of[END]
    given = "".join(writer.write(model.alphabet.tokens[number]) for number in ids)
    if not echo:
        writer = writer_of(model.unit, given)
    elif given:
        yield given
    if end is not None:
        ids = [end, *ids]
    if not ids:
        ids = [_beginning(model, settings, random)]
        if model.alphabet.tokens[ids[0]] != "\n":
            yield writer.write(model.alphabet.tokens[ids[0]])
    before = last_window(model.settings, ids[:-1])
    if model.settings.cell == ATTENTION:
        cast("TransformerStep", network).begin(np.array(before, np.int64)[:, None])
    else:
        for number in before:
            network.read([number])
    for number in _written(model, network, ids[-1], settings, random):
        if number == end:
            break
        piece = writer.write(model.alphabet.tokens[number])
        if piece:
            yield piece
            if out.reached(piece):
                return
    if (rest := writer.end()) and model.unit != "byte":  # bytes held back are no whole character
        yield rest


def _written(
    model: CharLM,
    network: CharStep | TransformerStep,
    number: int,
    settings: GenerateSettings,
    random: np.random.Generator,
) -> Iterator[int]:
    """The units that follow a unit, one after the other; a transformer writes some at once."""
    together = getattr(network, "together", 0)
    if not together:
        for _ in range(settings.length):
            number = draw(next_logits(model, network, number), settings, random)
            yield number
        return
    left, never = settings.length, model.alphabet.id_of.get(RARE, -1) if len(model.alphabet) > 1 else -1
    writer, numbers = cast("TransformerStep", network), np.empty(0)
    while left:
        if not len(numbers):
            numbers = random.random(min(left, together))
        found = writer.write(number, (*_cuts(settings), never), numbers)
        numbers, left = numbers[len(found) :], left - len(found)
        yield from found.tolist()
        number = int(found[-1])


def next_logits(model: CharLM, network: CharStep | TransformerStep, number: int) -> NDArray[np.float32]:
    """What follows the unit `number`, which the network reads: logits [V]. Rare characters do not."""
    logits: NDArray[np.float32] = network.step([number])[0]
    banned = model.alphabet.id_of.get(RARE)
    if banned is not None and len(logits) > 1:
        logits[banned] = -np.inf
    return logits


def _guidance(model: CharLM, settings: GenerateSettings, condition: NDArray[np.float32] | None) -> float:
    """What is asked for; else GUIDANCE, where the model has learnt to write with a condition and without."""
    if settings.guidance is not None:
        return settings.guidance
    if condition is None or not condition.any() or model.condition is None:
        return 1.0
    return GUIDANCE if 0 < model.condition.dropout < 1 else 1.0


def _beginning(model: CharLM, settings: GenerateSettings, random: np.random.Generator) -> int:
    """What stands before a text, a line end, or else its first unit: drawn like any other, by frequency."""
    alphabet = model.alphabet
    newline = alphabet.id_of.get("\n")
    if newline is not None:
        return newline
    fit = [token != RARE and begins_character(token, model.unit) for token in alphabet.tokens]
    counts = np.where(fit, alphabet.counts, 0) if any(fit) else alphabet.counts
    return draw(np.log(np.maximum(counts, 1e-30)).astype(np.float32), settings, random)


class _Until:
    """Whether a text has been written, in whatever pieces it came."""

    def __init__(self, text: str | None) -> None:
        self._text = text
        self._tail = ""

    def reached(self, piece: str) -> bool:
        if not self._text:
            return False
        self._tail += piece
        found = self._text in self._tail
        self._tail = self._tail[-len(self._text) :]
        return found
