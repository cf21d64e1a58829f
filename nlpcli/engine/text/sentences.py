"""Lines into sentences: English by rules, any line with Hangul as Korean.

Not here: the rules (`english_sentences.py`, `korean_sentences.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from nlpcli.engine.text.english_sentences import split_english
from nlpcli.engine.text.token import Token

__all__ = ["make_sentences", "split_english"]

_HANGUL = re.compile("[ㄱ-ㅣ가-힣]")


def make_sentences(*, unmarked: bool = True) -> Callable[[str], list[Token]]:
    """A function from a line to its sentences as tokens.

    Where they end without a mark in Korean kiwi says, which is loaded at the first Hangul; not so without
    `unmarked`, which is many times as fast.
    """
    loaded: list[Callable[[str], list[tuple[int, int]]]] = []

    def sentences(text: str) -> list[Token]:
        if not _HANGUL.search(text):
            return [Token(text[start:end], start, end) for start, end in split_english(text)]
        if not loaded:
            from nlpcli.engine.text.korean_sentences import make_splitter

            loaded.append(make_splitter(unmarked=unmarked))
        return [Token(text[start:end], start, end) for start, end in loaded[0](text)]

    return sentences
