"""Characters that a reader does not see and that part no words: what becomes of them (UAX #29, rule WB4).

    dropped    soft hyphen, word joiner, byte order mark, marks of direction, joiners, variation selectors,
               fillers of Hangul and Khmer, and tags, where they change nothing that is seen
    kept       joiners in Arabic, Mongolian and the scripts of India and its neighbours, where they shape
               letters; joiners, variation selectors and tags in emoji; variants of Chinese characters,
               but for tokenizers that know no variants and would part words there
    a space    U+200B, ZERO WIDTH SPACE, which is there to part words

A word is thus the same with and without them, and none is a token of its own. Tokens keep their places
in the user's line (`alignment.py`). Subword models and sentences take the text as it is.

Not here: control characters, which are no part of a word (`normalizers.py` removes them).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from nlpcli.engine.text.token import Token
from nlpcli.engine.text.unicode_marks import HAN, MARKS

if TYPE_CHECKING:
    from nlpcli.engine.text.alignment import Aligned

SPACE = "\u200b"
_DROPPED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
)
_JOINERS = "\u200c\u200d"
_MONGOLIAN_VOWEL = "\u180e"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_TAGS = "\U000e0020-\U000e007f"
_NOT_SELECTORS = f"{_DROPPED}{_JOINERS}{_MONGOLIAN_VOWEL}{_TAGS}"
INVISIBLE = f"{_NOT_SELECTORS}{_SELECTORS}"

# Scripts whose letters join: Arabic and its like, those of India and South-East Asia, Mongolian; without
# what is invisible there (U+061C, U+17B4, U+17B5, U+180E), beside which nothing can join.
_JOINING = (
    "\u0600-\u061b\u061d-\u0dff\u0f00-\u109f\u1700-\u17b3\u17b6-\u180d\u180f-\u18af\u1900-\u1cff\ua800-\ua95f\ua980-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_PICTURES = (  # without the numbers in circles, which are words
    "\u2190-\u245f\u24b6-\u24e9\u2500-\u2775\u2794-\u2bff\U0001f000-\U0001f0ff\U0001f10d-\U0001faff"
)
_MONGOLIAN = "\u1800-\u180d\u180f-\u18af"
_KEYS = "#*0-9"  # with U+20E3 behind they are keycaps
# What has variants: pictures, signs that can be one, full-width signs, letters of some scripts.
_VARIED_LETTERS = rf"{HAN}{_MONGOLIAN}\u1000-\u109f\ua840-\ua87f"
_VARIED = (
    rf"{_PICTURES}{_KEYS}\u00a9\u00ae\u203c\u2049\u2122\u2139\u3000-\u303f\u3297\u3299\uff00-\uff65"
    rf"{_VARIED_LETTERS}"
)

_ANY = re.compile(f"[{SPACE}{INVISIBLE}]")
_UNSEEN = re.compile(f"[{INVISIBLE}]+")


@functools.cache
def _changed(variants: bool) -> re.Pattern[str]:
    """What is dropped, and U+200B; made when it is needed, which takes some milliseconds."""
    no_variants = "" if variants else rf"|(?<=[{_VARIED_LETTERS}{_KEYS}])[{_SELECTORS}]+"
    return re.compile(
        rf"[{SPACE}{_DROPPED}]"
        rf"|(?:(?<![{_MONGOLIAN}])|(?<={_MONGOLIAN_VOWEL})){_MONGOLIAN_VOWEL}"
        rf"|\u200c(?:(?<![{_JOINING}].)|(?![{_JOINING}])|(?![\w{MARKS}]))"
        rf"|\u200d(?<![{_JOINING}].)(?:(?<![{_PICTURES}].)(?<![{_PICTURES}]\ufe0f.)|(?![{_PICTURES}]))"
        rf"|(?<![{_PICTURES}{_TAGS}])[{_TAGS}]+"
        rf"|(?:(?<![{_VARIED}])|(?<=[{_NOT_SELECTORS}]))[{_SELECTORS}]+|(?<=[{_KEYS}])[{_SELECTORS}]+(?!\u20e3)"
        + no_variants
    )


def _change(match: re.Match[str]) -> str:
    return " " if match[0] == SPACE else ""


def has_invisible(text: str) -> bool:
    """Whether there is a character that no reader sees, or U+200B."""
    return not text.isascii() and _ANY.search(text) is not None


def visible(text: str, variants: bool = True) -> str:
    """The text without what nobody sees, and where `variants` of letters are not wanted without those.

    >>> visible("soft\\u00adhyphen, 1\\u200b2, \\ufeffmark")
    'softhyphen, 1 2, mark'
    """
    if not has_invisible(text):
        return text
    return _changed(variants).sub(_change, text)


def seen(analyse: Callable[[str], list[Token]]) -> Callable[[str], list[Token]]:
    """The analyser, but that it gives no token of which nothing is seen, such as a joiner of emoji."""

    def analyse_seen(text: str) -> list[Token]:
        tokens = analyse(text)
        if not has_invisible(text):
            return tokens
        return [token for token in tokens if not _UNSEEN.fullmatch(token.form)]

    return analyse_seen


def visible_forms(tokens: Iterable[Token]) -> list[Token]:
    """The tokens without what nobody sees, and without those that were nothing else."""
    formed = (
        token._replace(form=visible(token.form, False), lemma=visible(token.lemma, False))
        if has_invisible(token.form)
        else token
        for token in tokens
    )
    return [token for token in formed if token.form and not _UNSEEN.fullmatch(token.form)]


def aligned_visible(aligned: Aligned, variants: bool = True) -> Aligned:
    """The same, with the place of each character in the original."""
    if not has_invisible(aligned.text):
        return aligned
    return aligned.sub(_changed(variants), _change)
