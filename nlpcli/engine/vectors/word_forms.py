"""The word that is meant by a question, as the model spells it.

    as it is asked → canonically composed (NFC) → lower-cased, analysed as the model's text was
                   → any word that looks the same: the same letters, composed otherwise or with
                     characters that are not seen between them

The first that the vocabulary has is meant. A file that does not tell how its text was analysed is
asked for what looks the same alone. Not here: words that are merely alike (`spelling.py`).
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.errors import InputError, MissingDependency
from nlpcli.settings.text import AnalysisSettings


class WordForms:
    """Finds words by what they mean to a model. `header` is that of its file.

    >>> forms = WordForms(PackedTokens.of(["the", "한국"]), {"analysis": {"lowercase": True}})
    >>> forms.find("The"), forms.find(unicodedata.normalize("NFD", "한국")), forms.find("a")
    (0, 1, None)
    """

    def __init__(self, tokens: PackedTokens, header: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._header = header

    def find(self, word: str) -> int | None:
        """The row of the word that is meant; None when there is none."""
        row = self._tokens.find(word)
        if row is not None:
            return row
        for form in self._forms(word):
            row = self._tokens.find(form)
            if row is not None:
                return row
        return self._otherwise_composed.get(_seen(word))

    def spelt(self, word: str) -> str:
        """An unknown word as the model would spell it, for its n-grams."""
        composed = unicodedata.normalize("NFC", word)
        if composed != word and self._otherwise_composed:
            return word
        return next(self._analysed(composed), composed)

    def _forms(self, word: str) -> Iterator[str]:
        for form in dict.fromkeys((unicodedata.normalize("NFC", word), _seen(word))):
            yield form
            if self._analysis is not None:
                if self._analysis.lowercase:
                    yield form.lower()
                yield from self._analysed(form)

    def _analysed(self, word: str) -> Iterator[str]:
        """What the model's analysis makes of a word, if that is one; in a model of phrases, also several."""
        tokens = self._tokenize(word) if self._tokenize is not None else []
        if len(tokens) == 1 or (tokens and self._header.get("phrases", {}).get("phrases")):
            yield "_".join(tokens)

    @functools.cached_property
    def _analysis(self) -> AnalysisSettings | None:
        record = self._header.get("analysis")
        return None if record is None else AnalysisSettings.from_record(record)

    @functools.cached_property
    def _tokenize(self) -> Callable[[str], list[str]] | None:
        """The model's analysis; None where there is none, or not what it takes."""
        from nlpcli.engine.text.analyzer import Analyzer

        if self._analysis is None:
            return None
        try:
            tokens = Analyzer(self._analysis).tokens
        except MissingDependency:
            return None

        def tokenize(text: str) -> list[str]:
            try:
                return tokens(text)
            except InputError:  # an analyser that fails on it makes no word of it
                return []

        return tokenize

    @functools.cached_property
    def _otherwise_composed(self) -> dict[str, int]:
        """The rows of the words that are not as NFC has them, by what is seen of them."""
        found: dict[str, int] = {}
        text = self._tokens.text.decode("utf-8", "surrogateescape")
        if text.isascii() or (unicodedata.is_normalized("NFC", text) and _seen(text) == text):
            return found
        for row, token in enumerate(self._tokens):
            seen = _seen(token)
            if seen != token:
                found.setdefault(seen, row)
        return found


def _seen(word: str) -> str:
    """A word composed, without white space around it and characters that show nothing."""
    composed = unicodedata.normalize("NFC", word)
    if composed.isascii():
        return composed.strip()
    kept = "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", kept.strip())
