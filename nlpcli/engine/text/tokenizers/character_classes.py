"""What each character is to a word, for the kernels that find words in raw bytes.

Here the tokenizers' definition of a word (`rules.py`) meets the kernels': it asks the same `str` methods that
Python's regular expressions ask.
"""

from __future__ import annotations

import functools
import re

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.text import codes
from nlpcli.engine.text.invisible import INVISIBLE, SPACE
from nlpcli.engine.text.unicode_marks import APOSTROPHES, MARKS, UNAPOSTROPHED
from nlpcli.settings.text import TokenizerName

# Letters and marks end at U+323AF in Unicode 15.1; the variation selectors stand apart at
# U+E0100. Beyond that nothing is a word character.
_LAST_LETTER = 0x33480
_LAST_MARK = 0xE01F0
_UNICODE_SIZE = 0x110000


@functools.cache
def character_classes(tokenizer: TokenizerName) -> NDArray[np.uint8]:
    """What each code point is to a word: uint8, indexed by code point."""
    if tokenizer == "whitespace":
        classes = np.full(_UNICODE_SIZE, codes.LETTER, dtype=np.uint8)
        classes[[code for code in range(0x3001) if chr(code).isspace()]] = codes.BREAK
        _set(classes, INVISIBLE, codes.INVISIBLE)
        _set(classes, SPACE, codes.BREAK)
        return classes
    classes = np.zeros(_LAST_MARK, dtype=np.uint8)
    characters = np.arange(_LAST_LETTER, dtype=np.uint32).view("<U1")
    classes[:_LAST_LETTER][np.strings.isalnum(characters)] = codes.LETTER
    classes[:_LAST_LETTER][np.strings.isdecimal(characters)] = codes.DIGIT
    _set(classes, UNAPOSTROPHED, codes.OTHER_LETTER, only=codes.LETTER)
    _set(classes, MARKS, codes.MARK)
    _set(classes, INVISIBLE, codes.INVISIBLE)
    _set(classes, APOSTROPHES, codes.APOSTROPHE)
    classes[ord("_")] = codes.UNDERSCORE
    classes[[ord("."), ord(",")]] = codes.POINT
    return classes


def _set(classes: NDArray[np.uint8], ranges: str, kind: int, only: int | None = None) -> None:
    """Give the characters in the `ranges` of a regular expression's class (those of class `only`) a class."""
    for first, last in re.findall(r"(.)(?:-(.))?", ranges, flags=re.DOTALL):
        part = classes[ord(first) : ord(last or first) + 1]
        part[... if only is None else part == only] = kind
