"""Tokenizers by name: functions from one line of text to its tokens.

Not here: lower-casing, stop words and stems (`analysis.py`), Korean morphemes (`korean.py`),
and the kernel that runs `word` and `whitespace` over raw bytes (`kernels/scan.py`), which gives
the same tokens.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nlpcli.engine.tokens import Token, locate
from nlpcli.engine.unicode_marks import MARKS
from nlpcli.errors import SettingsError
from nlpcli.settings import ENGLISH, KOREAN, AnalysisSettings

Tokenize = Callable[[str], list[str]]
Analyse = Callable[[str], list[Token]]

# A word: letters, digits and underscore (`\w`) with the marks that follow them (accents of
# decomposed text, vowel signs); an apostrophe stays between letters (don't), a point or comma
# between digits (3.14). UAX #29 without its dictionary scripts. Each alternative begins with
# a consuming class, so that an ordinary word costs one failed test and no look-behind.
_WORD = re.compile(
    rf"\w+(?:(?:[{MARKS}]"
    r"|['’](?<![\d_]['’])(?=[^\W\d_])"
    r"|[.,](?<=\d[.,])(?=\d))\w*)*"
)
_NOT_SPACE = re.compile(r"\S+")
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


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


def char(text: str) -> list[str]:
    """Characters as a reader sees them: a letter with its marks, an emoji with its joiners.

    >>> char("한글 👍🏽!")
    ['한', '글', '👍🏽', '!']
    """
    return _character().findall(text)


@functools.cache
def _character() -> re.Pattern[str]:
    """A character as a reader sees it: what joins (marks, conjoining jamo, skin tones, ZWJ) stays on."""
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
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SettingsError(
            f"--pattern is not a regular expression: {error}", hint=r"a word is '\w+', a gap '\s+'"
        ) from error

    def tokens(text: str) -> list[Token]:
        spans = [match.span() for match in compiled.finditer(text)]
        if gaps:
            edges = [0, *(edge for span in spans for edge in span), len(text)]
            spans = list(zip(edges[::2], edges[1::2], strict=True))
        return [Token(text[start:end], start, end) for start, end in spans if start < end]

    return tokens


# --- the family -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer, loaded: `tokens` gives the texts alone, `analyse` all that is known.

    `tagged`: its tokens carry tags and dictionary forms.
    """

    tokens: Tokenize
    analyse: Analyse
    tagged: bool = False


def _matched(tokens: Tokenize, pattern: re.Pattern[str]) -> Tokenizer:
    """A tokenizer whose tokens are the matches of a pattern."""
    return Tokenizer(
        tokens, lambda text: [Token(found[0], *found.span()) for found in pattern.finditer(text)]
    )


def _spanned(analyse: Analyse) -> Tokenizer:
    return Tokenizer(lambda text: [token.form for token in analyse(text)], analyse)


def _nltk() -> Tokenizer:
    from nlpcli.engine.treebank import treebank

    return Tokenizer(treebank, lambda text: locate(text, treebank(text)))


def _sentence() -> Tokenizer:
    from nlpcli.engine.sentences import make_sentences

    return _spanned(make_sentences())


def _jamo() -> Tokenizer:
    def analyse(text: str) -> list[Token]:
        return [
            Token(letter, token.start, token.end)
            for token in locate(text, char(text))
            for letter in letters(token.form)
        ]

    return Tokenizer(jamo, analyse)


TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "word": lambda: _matched(word, _WORD),
    "whitespace": lambda: _matched(whitespace, _NOT_SPACE),
    "char": lambda: _matched(char, _character()),
    "jamo": _jamo,
    "sentence": _sentence,
    "nltk": _nltk,
}


def make_tokenizer(settings: AnalysisSettings) -> Tokenizer:
    """The tokenizer the settings name, its library loaded. Raises MissingDependency.

    A Java analyser is loaded into this process: `analysis.py` puts it into one of its own.
    """
    if settings.tokenizer in ENGLISH and settings.tagged:
        from nlpcli.engine.english import tagging

        return tagging(_untagged(settings))
    return _untagged(settings)


def _untagged(settings: AnalysisSettings) -> Tokenizer:
    if settings.tokenizer in KOREAN:
        from nlpcli.engine.korean import make_analyser

        analyse = make_analyser(settings.tokenizer, settings.user_dict)
        return Tokenizer(lambda text: [token.form for token in analyse(text)], analyse, tagged=True)
    if settings.tokenizer == "regexp":
        return _spanned(make_regexp(settings.pattern, settings.gaps))
    if settings.tokenizer == "subword":
        from nlpcli.engine.subword_models import make_subwords

        return make_subwords(settings.subword_model)
    return TOKENIZERS[settings.tokenizer]()
