"""Tokenizers by name, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable

from nlpcli.engine.text.invisible import has_invisible, seen, visible, visible_forms
from nlpcli.engine.text.token import Token, locate
from nlpcli.engine.text.tokenizers.rules import (
    _NOT_SPACE,
    char,
    graphemes,
    jamo,
    letters,
    make_regexp,
    placed_words,
    whitespace,
    word,
)
from nlpcli.engine.text.tokenizers.tokenizer import Tokenizer, _matched, _spanned
from nlpcli.settings.text import ENGLISH, KOREAN, AnalysisSettings


def _nltk() -> Tokenizer:
    from nlpcli.engine.text.tokenizers import treebank

    return Tokenizer(treebank.words, treebank.placed_words)


def _sentence() -> Tokenizer:
    from nlpcli.engine.text.sentences import make_sentences

    sentences = make_sentences()
    return _spanned(lambda text: [found for found in sentences(text) if visible(found.form).strip()])


def _jamo() -> Tokenizer:
    def analyse(text: str) -> list[Token]:
        return [
            Token(letter, token.start, token.end)
            for token in locate(text, char(text))
            for letter in letters(token.form)
        ]

    return Tokenizer(jamo, analyse)


def _morph(user_dict: str) -> Tokenizer:
    from nlpcli.engine.text.tokenizers.morph import Morphemes

    found = Morphemes.shipped(user_dict)

    def analyse(text: str) -> list[Token]:
        tokens = found.analyse(text)
        return visible_forms(tokens) if has_invisible(text) else tokens

    def tokens(text: str) -> list[str]:
        return [token.form for token in analyse(text)] if has_invisible(text) else found.tokens(text)

    return Tokenizer(tokens, analyse, tagged=True, prepare=found.prepare)


TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "word": lambda: Tokenizer(word, placed_words),
    "whitespace": lambda: _matched(whitespace, _NOT_SPACE),
    "char": lambda: _matched(char, graphemes()),
    "jamo": _jamo,
    "sentence": _sentence,
    "nltk": _nltk,
}


def make_tokenizer(settings: AnalysisSettings) -> Tokenizer:
    """The tokenizer the settings name, its library loaded. Raises MissingDependency.

    A Java analyser is loaded into this process: `text/analyzer.py` puts it into one of its own.
    """
    if settings.tokenizer in ENGLISH and settings.tagged:
        from nlpcli.engine.text.tokenizers.english_tagger import tagging

        return tagging(_untagged(settings))
    return _untagged(settings)


def _untagged(settings: AnalysisSettings) -> Tokenizer:
    if settings.tokenizer == "morph":
        return _morph(settings.user_dict)
    if settings.tokenizer in KOREAN:
        from nlpcli.engine.text.tokenizers.korean import make_analyser

        analyse = seen(make_analyser(settings.tokenizer, settings.user_dict))
        return Tokenizer(lambda text: [token.form for token in analyse(text)], analyse, tagged=True)
    if settings.tokenizer == "regexp":
        return _spanned(make_regexp(settings.pattern, settings.gaps))
    if settings.tokenizer == "subword":
        from nlpcli.engine.text.tokenizers.sentencepiece import make_subwords

        return make_subwords(settings.subword_model)
    return TOKENIZERS[settings.tokenizer]()
