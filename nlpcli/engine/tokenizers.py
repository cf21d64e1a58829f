"""Tokenizers by name: functions from one line of text to its tokens.

Not here: lower-casing, stop words and stems (`analysis.py`), and the kernel that runs `word`
and `whitespace` over raw bytes (`kernels/scan.py`), which gives the same tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from nlpcli.engine.unicode_marks import MARKS
from nlpcli.settings import TokenizerName

Tokenize = Callable[[str], list[str]]

# A word: letters, digits and underscore (`\w`) with the marks that follow them (accents of
# decomposed text, vowel signs); an apostrophe stays between letters (don't), a point or comma
# between digits (3.14). UAX #29 without its dictionary scripts. Each alternative begins with
# a consuming class, so that an ordinary word costs one failed test and no look-behind.
_WORD = re.compile(
    rf"\w+(?:(?:[{MARKS}]"
    r"|['’](?<![\d_]['’])(?=[^\W\d_])"
    r"|[.,](?<=\d[.,])(?=\d))\w*)*"
)


def word(text: str) -> list[str]:
    """Unicode words; punctuation and symbols are dropped.

    >>> word("Don't panic: 3.14 ≈ π, 서울은 맑음!")
    ["Don't", 'panic', '3.14', 'π', '서울은', '맑음']
    """
    return _WORD.findall(text)


def whitespace(text: str) -> list[str]:
    """What stands between white space, punctuation and all.

    >>> whitespace("Don't panic!  3.14")
    ["Don't", 'panic!', '3.14']
    """
    return text.split()


TOKENIZERS: dict[str, Callable[[], Tokenize]] = {
    "word": lambda: word,
    "whitespace": lambda: whitespace,
}


def make_tokenizer(name: TokenizerName) -> Tokenize:
    """The tokenizer of that name, its library loaded. Raises MissingDependency."""
    return TOKENIZERS[name]()
