"""N-grams of tokens, and of characters inside a token.

"New York Times" cut into three words is found again as `New_York_Times`. N-grams do not reach
across lines.
"""

from __future__ import annotations

from nlpcli.engine.text.token import Token
from nlpcli.settings.text import NgramSettings

JOINER = "_"


def ngrams(tokens: list[str], shortest: int, longest: int) -> list[str]:
    """All n-grams of `shortest` to `longest` tokens, joined by `_`; shorter ones first.

    >>> ngrams(["New", "York", "Times"], 1, 3)
    ['New', 'York', 'Times', 'New_York', 'York_Times', 'New_York_Times']
    """
    return [
        JOINER.join(tokens[start : start + size])
        for size in range(shortest, longest + 1)
        for start in range(len(tokens) - size + 1)
    ]


def char_ngrams(tokens: list[str], shortest: int, longest: int) -> list[str]:
    """All n-grams of `shortest` to `longest` characters in each token; a shorter token gives itself.

    >>> char_ngrams(["where", "a"], 3, 4)
    ['whe', 'her', 'ere', 'wher', 'here', 'a']
    """
    runs: list[str] = []
    for token in tokens:
        found = [
            token[start : start + size]
            for size in range(shortest, longest + 1)
            for start in range(len(token) - size + 1)
        ]
        runs += found or [token]
    return runs


def apply(tokens: list[str], settings: NgramSettings) -> list[str]:
    """The n-grams that the settings ask for."""
    if settings.char_range[1]:
        return char_ngrams(tokens, *settings.char_range)
    return tokens if settings.word_range == (1, 1) else ngrams(tokens, *settings.word_range)


def apply_to_details(tokens: list[Token], settings: NgramSettings) -> list[Token]:
    """The same for tokens with places: a run reaches from its first to its last."""
    if settings.char_range[1]:
        return [
            Token(run, token.start, token.end, token.tag)
            for token in tokens
            for run in char_ngrams([token.form], *settings.char_range)
        ]
    if settings.word_range == (1, 1):
        return tokens
    return [
        _run(tokens[start : start + size])
        for size in range(settings.word_range[0], settings.word_range[1] + 1)
        for start in range(len(tokens) - size + 1)
    ]


def _run(tokens: list[Token]) -> Token:
    if len(tokens) == 1:
        return tokens[0]
    form, tag = (JOINER.join(getattr(token, name) for token in tokens) for name in ("form", "tag"))
    return Token(form, tokens[0].start, tokens[-1].end, tag.strip(JOINER))
