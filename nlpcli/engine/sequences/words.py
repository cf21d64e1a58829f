"""From a text to the sentences of words that a tagger sees: the same in training and at work."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.sentences import split_english
from nlpcli.engine.text.token import Token
from nlpcli.settings.text import KOREAN, AnalysisSettings

_MOST = 1000  # words tagged at once, should a line have no sentences
_SPACE = re.compile(r"\s")
WRITTEN = {"(": "-LRB-", ")": "-RRB-", "[": "-LSB-", "]": "-RSB-", "{": "-LCB-", "}": "-RCB-"}
QUOTES = ("``", "''")


class Words:
    """Cuts lines into sentences of words.

    space: a word for white space between others, "" for none; quotes: nltk's `` and '' stay as they are, and
    are else what was written; brackets: they are written -LRB- and so on, as in the Penn Treebank.
    """

    def __init__(
        self, analysis: AnalysisSettings, space: str = "", *, quotes: bool = False, brackets: bool = False
    ) -> None:
        self._analyzer = Analyzer(analysis)
        self._whole = analysis.tokenizer in ("char", "whitespace")  # characters and words need no sentences
        self._as_written = analysis.tokenizer not in KOREAN
        self._space, self._quotes, self._brackets = space, quotes, brackets

    def sentences(self, text: str) -> list[list[Token]]:
        """The sentences of a line, each of at least one token; spaces are tokens where `space` is one."""
        found = []
        for begin, end in [(0, len(text))] if self._whole else split_english(text):
            tokens = [self._placed(token, begin, text) for token in self._analyzer.analyse(text[begin:end])]
            if self._space:
                tokens = self._with_spaces(tokens, text)
            found += [tokens[first : first + _MOST] for first in range(0, len(tokens), _MOST)]
        return found

    def _placed(self, token: Token, begin: int, text: str) -> Token:
        start, end, form = token.start + begin, token.end + begin, token.form
        if self._as_written and not (self._quotes and form in QUOTES):
            form = text[start:end]
        if self._brackets:
            form = WRITTEN.get(form, form)
        return Token(form, start, end)

    def _with_spaces(self, tokens: Sequence[Token], text: str) -> list[Token]:
        found: list[Token] = []
        for token in tokens:
            if found and _SPACE.search(text, found[-1].end, max(token.start, found[-1].end)):
                found.append(Token(self._space, found[-1].end, token.start))
            found.append(token)
        return found
