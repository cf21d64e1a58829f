"""What a text is made of for a sequence-to-sequence model: subwords, words, characters or jamo; and back.

    subword   ▁the ▁dat es            sentencepiece's pieces
    word      ▁the ▁dates ,           words and signs; ▁ where a space stands before
    char      d a t e s
    jamo      ᄂ ᅡ ᄂ ᅳ ᆫ              Hangul taken apart (Unicode's NFD), the rest as characters

`join` gives back what `split` was given, but for white space, of which one space is left. Not here: which of
them have numbers (`vocabulary.py`).
"""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nlpcli.errors import SettingsError
from nlpcli.settings.translation import Seq2SeqSettings

if TYPE_CHECKING:
    from nlpcli.engine.text.tokenizers.sentencepiece import Subwords

SPACE = "▁"
_WORDS = re.compile(r" ?(?:\w+|[^\w\s])|\s")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
Split = Callable[[str], list[str]]


def cleaned(text: str) -> str:
    """The text in one line, with single spaces, and none at its ends.

    >>> cleaned("  a\\tb\\r")
    'a b'
    """
    return " ".join(_SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text)).split())


class Units:
    """The units of texts, as settings name them. Raises SettingsError for subwords without a model."""

    def __init__(self, settings: Seq2SeqSettings) -> None:
        self.unit = settings.unit
        self._subwords: Subwords | None = None
        if self.unit == "subword":
            from nlpcli.engine.text.tokenizers.sentencepiece import Subwords

            if not settings.subword_model:
                raise SettingsError("the unit subword needs a model")
            self._subwords = Subwords(base64.b64decode(settings.subword_model))

    def split(self, text: str) -> list[str]:
        """The units of a cleaned text."""
        if self._subwords is not None:
            return self._subwords.split(text)
        if self.unit == "word":
            return [part.replace(" ", SPACE) for part in _WORDS.findall(" " + text)] if text else []
        if self.unit == "jamo":
            from nlpcli.engine.charlm.units import to_units

            return [*map(chr, to_units(text, "jamo").tolist())]
        return list(text)

    def join(self, units: Sequence[str]) -> str:
        """The text of units, in one line."""
        if self._subwords is not None:
            # Bytes that are no character come out as U+FFFD.
            return cleaned(self._subwords.join(units).replace("\ufffd", ""))
        if self.unit == "word":
            return cleaned("".join(units).replace(SPACE, " "))
        if self.unit == "jamo":
            from nlpcli.engine.charlm.units import Writer

            writer = Writer("jamo")
            return cleaned("".join([*map(writer.write, units), writer.end()]))
        return cleaned("".join(units))

    def begins_word(self, unit: str) -> bool:
        """Whether a text may be cut before this unit."""
        return unit.startswith((" ", SPACE))


def with_subwords(settings: Seq2SeqSettings, texts: Iterable[str]) -> Seq2SeqSettings:
    """The settings with a subword model of the texts, where they have none and need one.

    Raises InputError where the texts are too few for the subwords asked for.
    """
    if settings.unit != "subword" or settings.subword_model:
        return settings
    from nlpcli.engine.text.tokenizers.own_subwords import own_subwords

    return dataclasses.replace(settings, subword_model=own_subwords([*texts], settings.vocab_size))
