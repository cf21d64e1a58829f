"""A tokenizer: from a line of text to its tokens, or to tokens with their places and tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nlpcli.engine.text.token import Token
from nlpcli.errors import InputError
from nlpcli.settings.frozen import Frozen, frozen

Tokenize = Callable[[str], list[str]]


Analyse = Callable[[str], list[Token]]


class LineFailed(InputError):
    """A line that a tokenizer cannot do; which one of a file it is, is known to the one who read it."""


@frozen
class Tokenizer(Frozen):
    """A tokenizer, loaded: `tokens` gives the texts alone, `analyse` all that is known.

    `tagged`: its tokens carry tags and dictionary forms. `prepare`, where there is one, is told lines that
    will be asked for soon.
    """

    tokens: Tokenize
    analyse: Analyse
    tagged: bool = False
    prepare: Callable[[Sequence[str]], None] | None = None


def _matched(tokens: Tokenize, pattern: re.Pattern[str]) -> Tokenizer:
    """A tokenizer whose tokens are the matches of a pattern."""
    return Tokenizer(
        tokens, lambda text: [Token(found[0], *found.span()) for found in pattern.finditer(text)]
    )


def _spanned(analyse: Analyse) -> Tokenizer:
    return Tokenizer(lambda text: [token.form for token in analyse(text)], analyse)
