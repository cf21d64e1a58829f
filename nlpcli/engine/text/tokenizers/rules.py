"""Tokenizers by rules: functions from one line of text to its tokens.

Not here: lower-casing, stop words and stems (`text/analyzer.py`), Korean morphemes (`korean.py`),
and the kernel that runs `word` and `whitespace` over raw bytes (`kernels/text/scan.py`), which gives
the same tokens.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

from nlpcli.engine.text.token import Token
from nlpcli.engine.text.tokenizers.patterns import LinePattern
from nlpcli.engine.text.tokenizers.tokenizer import Analyse
from nlpcli.engine.text.unicode_marks import APOSTROPHES, MARKS, UNAPOSTROPHED

# A word: letters, digits and underscore (`\w`) with the marks that follow them (accents of
# decomposed text, vowel signs); an apostrophe stays between letters (don't) of scripts that write
# so, a point or comma between digits (3.14), marks on either side being passed over. UAX #29
# without its dictionary scripts. Most texts need the first pattern; sets of characters beyond ASCII
# take milliseconds to compile, so that the others are made when they are needed.
_ASCII_WORD = re.compile(r"\w++(?:(?:'(?<=[^\W\d_]')(?=[^\W\d_])|[.,](?<=\d[.,])(?=\d))\w++)*+", re.ASCII)


def _word(text: str) -> re.Pattern[str]:
    """What finds the words of that text."""
    return _ASCII_WORD if text.isascii() else _unicode_word(any(mark in text for mark in APOSTROPHES))


@functools.cache
def _unicode_word(apostrophes: bool) -> re.Pattern[str]:
    """The pattern of a word, of texts with or without an apostrophe anywhere."""
    marks, letter = f"[{MARKS}]", rf"[^\W\d_{UNAPOSTROPHED}]"
    inside = rf"(?<=\d){marks}*+[.,]{marks}*+(?=\d)\w++|{marks}++\w*+"
    if apostrophes:
        inside = rf"(?<={letter}){marks}*+[{APOSTROPHES}]{marks}*+(?={letter})\w++|{inside}"
    # An ordinary word costs one failed test and no look-behind.
    return re.compile(rf"\w++(?:(?=[^\w\s])(?:{inside}))*+")


_NOT_SPACE = re.compile(r"\S+")
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


def word(text: str) -> list[str]:
    """Unicode words; punctuation and symbols are dropped.

    >>> word("Don't panic: 3.14 ≈ π, '서울'은 맑음!")
    ["Don't", 'panic', '3.14', 'π', '서울', '은', '맑음']
    """
    return _word(text).findall(text)


def placed_words(text: str) -> list[Token]:
    """The same words with their places."""
    return [Token(found[0], *found.span()) for found in _word(text).finditer(text)]


def whitespace(text: str) -> list[str]:
    """What stands between white space, punctuation and all.

    >>> whitespace("Don't panic!  3.14")
    ["Don't", 'panic!', '3.14']
    """
    return text.split()


def char(text: str) -> list[str]:
    """Characters as a reader sees them: a letter with its marks, an emoji with its joiners.

    >>> char("한글 👍🏽!")
    ['한', '글', '👍🏽', '!']
    """
    return graphemes().findall(text)


@functools.cache
def graphemes() -> re.Pattern[str]:
    """Finds characters as a reader sees them: marks, conjoining jamo, skin tones and ZWJ join."""
    return re.compile(
        rf"(?:[\U0001f1e6-\U0001f1ff]{{2}}|[\u1100-\u115f]*[\u1160-\u11ff]+|\S)"
        rf"(?:[{MARKS}\U0001f3fb-\U0001f3ff]|(?<=\u200d)[^\W\d_]?[\u2190-\u2bff\U0001f000-\U0001faff])*"
    )


def jamo(text: str) -> list[str]:
    """Hangul syllables as initial, vowel and final letter (ㄺ is one); other characters whole.

    >>> jamo("값 OK")
    ['ㄱ', 'ㅏ', 'ㅄ', 'O', 'K']
    """
    return [letter for character in char(text) for letter in letters(character)]


def letters(character: str) -> Sequence[str]:
    """The compatibility jamo of a Hangul syllable; anything else in one piece."""
    if len(character) > 1:
        character = unicodedata.normalize("NFC", character)
    if len(character) != 1 or not "가" <= character <= "힣":
        return (character,)
    number = ord(character) - 0xAC00
    final = number % 28
    parts = _INITIALS[number // 588] + _VOWELS[number % 588 // 28]
    return parts + _FINALS[final - 1] if final else parts


def make_regexp(pattern: str, gaps: bool) -> Analyse:
    """Tokens are what `pattern` matches (NLTK's RegexpTokenizer), or with `gaps` what lies between.

    Raises SettingsError when the pattern is not a regular expression.
    """
    spans_of = LinePattern(pattern)

    def tokens(text: str) -> list[Token]:
        spans = spans_of(text)
        if gaps:
            edges = [0, *(edge for span in spans for edge in span), len(text)]
            spans = list(zip(edges[::2], edges[1::2], strict=True))
        return [Token(text[start:end], start, end) for start, end in spans if start < end]

    return tokens
