"""Text as a sequence of units, and back: characters, jamo, bytes, or subwords (`subword_units.py`).

The text of several files is joined by line ends. A line end is `\\n` (a `\\r` before it is
dropped), and the one at the very end of a file is not part of the text. With unit `jamo` each
Hangul syllable is taken apart into its two or three conjoining letters (Unicode's NFD) and put
together again on output; other characters stay as they are.

Not here: how a model is trained on it (`training.py`).
"""

from __future__ import annotations

import codecs
import functools
import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.subword_units import SubwordUnit, SubwordWriter
from nlpcli.engine.corpus.vocabulary import Vocabulary, select
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.tokenizers.rules import graphemes
from nlpcli.engine.text.tokenizers.sentencepiece import SPACE
from nlpcli.errors import InputError
from nlpcli.settings.charlm import CharLMSettings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.vocabulary import VocabularySettings

RARE = "\ufffd"
_POINTS = 0x110000
_SYLLABLES, _LEADS, _VOWELS, _TAILS = 0xAC00, 0x1100, 0x1161, 0x11A7
_LEAD_COUNT, _VOWEL_COUNT, _TAIL_COUNT = 19, 21, 28
_SYLLABLE_COUNT = _LEAD_COUNT * _VOWEL_COUNT * _TAIL_COUNT


@dataclass(frozen=True, eq=False)
class CharText:
    """A text as ids of its alphabet; its size in characters and in UTF-8 bytes."""

    ids: NDArray[np.int32]
    alphabet: Vocabulary
    characters: int
    bytes: int

    @property
    def sha256(self) -> str:
        """A fingerprint of the text, by which a resumed training knows it again."""
        return hashlib.sha256(self.ids.tobytes()).hexdigest()


def read_text(
    paths: Sequence[str] | None,
    unit: str,
    reading: InputSettings = InputSettings(),
    *,
    min_count: int = 1,
    progress: Progress = SILENT,
) -> CharText:
    """The text of `paths` as ids; the alphabet is ordered by frequency.

    Units seen fewer than `min_count` times become one, U+FFFD. Raises InputError for an empty
    text and all that `Lines` raises.
    """
    return text_of(text_blocks(paths, reading, progress), unit, min_count=min_count)


def text_of(blocks: Iterable[str], unit: str, *, min_count: int = 1) -> CharText:
    """The same of a text that is at hand, in pieces."""
    parts: list[NDArray[np.uint32]] = []
    counts = np.zeros(_POINTS, dtype=np.int64)
    first = np.full(_POINTS, -1, dtype=np.int64)
    position = characters = size = 0
    for block in blocks:
        units = to_units(block, unit)
        parts.append(units)
        counts += np.bincount(units, minlength=_POINTS)
        fresh, index = np.unique(units[first[units] < 0], return_index=True)
        first[fresh] = position + np.flatnonzero(first[units] < 0)[index]
        position += len(units)
        characters += len(block)
        size += len(block.encode("utf-8"))
    if not position:
        raise InputError("the input holds no text", hint="is the file empty?")
    alphabet, new_id = _alphabet(counts, first, min_count)
    ids = np.concatenate([new_id[part] for part in parts])
    return CharText(ids, alphabet, characters, size)


def text_blocks(
    paths: Sequence[str] | None, reading: InputSettings, progress: Progress = SILENT
) -> Iterator[str]:
    """The text in pieces; each but the first begins with the line end before it."""
    separator = ""
    for batch in text_lines(paths, reading, progress).batches():
        yield separator + "\n".join(batch)
        separator = "\n"


def first_characters(path: str, limit: int, reading: InputSettings = InputSettings()) -> str:
    """The first `limit` characters of a text; no more of it is read than they take."""
    text = ""
    for block in text_blocks([path], reading):
        text += block
        if len(text) >= limit:
            break
    return text[:limit]


def _alphabet(
    counts: NDArray[np.int64], first: NDArray[np.int64], min_count: int
) -> tuple[Vocabulary, NDArray[np.int32]]:
    """The alphabet, and the id of every code point in it."""
    points = np.flatnonzero(counts)
    points = points[np.argsort(first[points], kind="stable")]
    rare = counts[points] < min_count
    if rare.all():
        raise InputError("every character is rarer than --min-count", hint="use a smaller --min-count")
    total = int(counts[points[rare]].sum())
    kept = points[~rare & (points != ord(RARE))]
    tokens, kept_counts = [chr(point) for point in kept], counts[kept]
    if total or counts[ord(RARE)]:
        tokens.append(RARE)
        kept_counts = np.append(
            kept_counts, total + (counts[ord(RARE)] if counts[ord(RARE)] >= min_count else 0)
        )
    alphabet, order = select(Vocabulary.of(tokens, kept_counts), VocabularySettings())
    new_id = np.full(_POINTS, alphabet.id_of.get(RARE, -1), dtype=np.int32)
    new_id[kept] = order[: len(kept)]
    return alphabet, new_id


# --- units ----------------------------------------------------------------------------------


def to_units(text: str, unit: str) -> NDArray[np.uint32]:
    """The units of `text` as numbers: code points, or bytes for unit `byte`.

    >>> [chr(point) for point in to_units("한a", "jamo")] == ["ᄒ", "ᅡ", "ᆫ", "a"]
    True
    >>> to_units("é", "byte").tolist()
    [195, 169]
    """
    if isinstance(unit, SubwordUnit):
        return unit.points(text)
    if unit == "byte":
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8).astype(np.uint32)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
    return _decomposed(points) if unit == "jamo" else points


def _decomposed(points: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Hangul syllables as leading consonant, vowel and, where there is one, trailing consonant."""
    index = points.astype(np.int64) - _SYLLABLES
    hangul = (index >= 0) & (index < _SYLLABLE_COUNT)
    tail = np.where(hangul, index % _TAIL_COUNT, 0)
    sizes = 1 + hangul + (tail > 0)
    starts = np.cumsum(sizes) - sizes
    out = np.empty(int(sizes.sum()), dtype=np.uint32)
    out[starts] = np.where(hangul, _LEADS + index // (_VOWEL_COUNT * _TAIL_COUNT), points)
    out[starts[hangul] + 1] = _VOWELS + index[hangul] // _TAIL_COUNT % _VOWEL_COUNT
    out[starts[tail > 0] + 2] = _TAILS + tail[tail > 0]
    return out


def unit_of(settings: CharLMSettings) -> str:
    """The unit that settings name, with its subword model where it needs one. Raises ModelError without."""
    return SubwordUnit(settings.subword_model) if settings.unit == "subword" else settings.unit


def writer_of(unit: str, after: str = "") -> Writer | SubwordWriter:
    """What makes text of units that follow a text."""
    return SubwordWriter(unit, after) if isinstance(unit, SubwordUnit) else Writer(unit)


class Writer:
    """Units back to text, as they come: `write` gives what is complete, `end` the rest.

    >>> w = Writer("jamo")
    >>> [w.write("ᄒ"), w.write("ᅡ"), w.write("ᆫ"), w.write("!"), w.end()]
    ['', '', '', '한!', '']
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, token: str) -> str:
        """The text that `token` completes; nothing while a syllable or a byte sequence is open."""
        if self._unit == "char":
            return token
        if self._unit == "byte":
            return self._decoder.decode(bytes([ord(token)]))
        joined = _composed(self._held, token)
        if joined is not None:
            self._held = joined
            return ""
        out, self._held = self._held, token
        if not _may_grow(token):
            out, self._held = out + token, ""
        return out

    def end(self) -> str:
        """What was held back."""
        rest = self._held + (self._decoder.decode(b"", final=True) if self._unit == "byte" else "")
        self._held = ""
        return rest


def _may_grow(token: str) -> bool:
    return _LEADS <= ord(token) < _LEADS + _LEAD_COUNT


def _composed(held: str, token: str) -> str | None:
    """`held` and `token` as one syllable, or None when they do not make one."""
    if not held:
        return None
    left, right = ord(held), ord(token)
    if _may_grow(held) and _VOWELS <= right < _VOWELS + _VOWEL_COUNT:
        return chr(_SYLLABLES + ((left - _LEADS) * _VOWEL_COUNT + right - _VOWELS) * _TAIL_COUNT)
    open_syllable = 0 <= left - _SYLLABLES < _SYLLABLE_COUNT and (left - _SYLLABLES) % _TAIL_COUNT == 0
    if open_syllable and _TAILS < right < _TAILS + _TAIL_COUNT:
        return chr(left + right - _TAILS)
    return None


def begins_character(token: str, unit: str) -> bool:
    """Whether a text may begin with that unit: no byte inside a character, no mark, no jamo but a first one.

    >>> [begins_character(unit, "jamo") for unit in ("ᄒ", "ᅡ", "ᆫ", "ㅏ", "a")]
    [True, False, False, True, True]
    """
    if isinstance(unit, SubwordUnit):
        return unit.piece(token).startswith(SPACE)
    if unit == "byte":
        return not 0x80 <= ord(token) < 0xC0
    return not unicodedata.category(token).startswith("M") and not _VOWELS - 1 <= ord(token) <= 0x11FF


# --- short texts, such as a prime -----------------------------------------------------------


def encode(text: str, unit: str, alphabet: Vocabulary, *, skip_unknown: bool = False) -> NDArray[np.int32]:
    """The ids of a short text in the model's own form. Raises InputError as `in_own_form` does."""
    if isinstance(unit, SubwordUnit):
        return unit.ids(text, alphabet, skip_unknown=skip_unknown)
    return ids_of(in_own_form(text, unit, alphabet, skip_unknown=skip_unknown), unit, alphabet)


def ids_of(text: str, unit: str, alphabet: Vocabulary) -> NDArray[np.int32]:
    """The ids of a text whose units are all known."""
    return np.array([alphabet.id_of[chr(point)] for point in to_units(text, unit).tolist()], dtype=np.int32)


def in_own_form(text: str, unit: str, alphabet: Vocabulary, *, skip_unknown: bool = False) -> str:
    """A short text as the model knows it: line ends `\\n`, characters composed or apart as in its own text.

    Raises InputError naming the characters the model has never seen, unless they are skipped; either
    way a character is what a reader sees, with its marks, and all of its units or none are kept.
    """
    characters = _characters().findall(text.replace("\r\n", "\n"))
    forms = {character: _own_form(character, unit, alphabet) for character in dict.fromkeys(characters)}
    unknown = [character for character, form in forms.items() if form is None]
    if unknown and not skip_unknown:
        shown = " ".join(_shown(character) for character in unknown[:10]) + " …" * (len(unknown) > 10)
        raise InputError(
            f"the model has never seen {shown}", hint="leave them out, or use --skip-unknown to ignore them"
        )
    return "".join(forms[character] or "" for character in characters)


@functools.cache
def _characters() -> re.Pattern[str]:
    """Characters as a reader sees them, white space among them."""
    return re.compile(rf"{graphemes().pattern}|\s")


def _own_form(character: str, unit: str, alphabet: Vocabulary) -> str | None:
    """The character composed or decomposed, whichever the model has seen more of; None: it knows neither."""

    def seen(form: str) -> int:
        """How often the rarest of its units stood in the model's text, plus 1; 0: never."""
        numbers = (alphabet.id_of.get(chr(point)) for point in to_units(form, unit).tolist())
        return min(0 if number is None else int(alphabet.counts[number]) + 1 for number in numbers)

    composed = unicodedata.normalize("NFC", character)
    if character == composed and seen(character):
        return character
    forms = [composed, character, unicodedata.normalize("NFD", character)]
    if unit == "jamo" and "ㄱ" <= character <= "ㆎ":  # half a syllable, as a keyboard gives it
        forms.append(unicodedata.normalize("NFKD", character))
    if character == "\r":
        forms.append("\n")
    best = max(forms, key=seen)
    return best if seen(best) else None


def _shown(character: str) -> str:
    character = unicodedata.normalize("NFC", character)
    return repr(character) if len(character) <= 10 else f"{character[:10]!r}…"


# --- baselines ------------------------------------------------------------------------------


def entropies(ids: NDArray[Any], size: int) -> tuple[float, float]:
    """Bits per unit: of a unit alone, H(X), and of a unit given the one before, H(X | previous).

    What a model that knows only the frequencies of units, or of pairs, needs on the same text.

    >>> entropies(np.array([0, 1, 0, 1, 0]), 2)[1]
    0.0
    """
    unigram = _entropy(np.bincount(ids, minlength=size))
    pairs = ids[:-1].astype(np.int64) * size + ids[1:]
    counts = np.bincount(pairs) if size * size <= 1 << 24 else np.unique(pairs, return_counts=True)[1]
    return unigram, max(0.0, _entropy(counts) - _entropy(np.bincount(ids[:-1], minlength=size)))


def _entropy(counts: NDArray[np.int64]) -> float:
    seen = counts[counts > 0].astype(np.float64)
    total = seen.sum()
    return float(math.log2(total) - (seen * np.log2(seen)).sum() / total) if len(seen) else 0.0
