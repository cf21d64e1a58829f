"""What a classifier looks at where nobody said: decided by the texts that it learns from.

    long texts             words, pairs and triples of words
    short texts            words and pairs; with nbsvm pairs with a word between, and letters within words;
                           and of sentences the words at their edges (keywords have no order)
    single words, names    their letters too, for every variant: the next name is a new word
    Korean, Chinese,       words, and characters across them: endings are glued to words, or there are
    Japanese               no spaces at all

Counts of separate texts add up only where all of them look at the same, so what is decided stands in
the model, and can be said by --ngrams and --char-ngrams.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.settings.classify import AUTO, FeatureSettings

_BINARY = ("binary-multinomial", "bernoulli", "nbsvm")
LONG_TEXT = 30  # words of a text, on average
_LONG_NAME = 4
_FEW = 20  # texts, of which all words are new whatever they are
_SMALL_WORDS, _MANY_SMALL_WORDS = 10, 0.17  # how many, and which part of all words they are
_MANY_NEW = 0.3  # of the words of other texts of that kind, by Good and Turing's estimate


def resolved(features: FeatureSettings, variant: str, corpus: EncodedCorpus) -> FeatureSettings:
    """The features as they will be counted: some variants are binary, and what is `auto` is decided."""
    facts = TextFacts(corpus.vocabulary, corpus.documents, len(corpus.ids), lambda: np.bincount(corpus.ids))
    return decided(features, variant, facts)


class TextFacts(NamedTuple):
    """What decides about the features of some texts.

    documents: how many texts; tokens: how many in all; seen: gives how often each token was seen, int64 [V]
    """

    vocabulary: Vocabulary
    documents: int
    tokens: int
    seen: Callable[[], NDArray[np.int64]]


def decided(features: FeatureSettings, variant: str, facts: TextFacts) -> FeatureSettings:
    """The same from what is known of the texts, which adds up over parts of them."""
    binary = features.binary or variant in _BINARY
    if features.decided:
        return dataclasses.replace(features, binary=binary)
    syllables = has_syllable_script(facts.vocabulary)
    length = facts.tokens / max(facts.documents, 1)
    word, char, span = features.ngrams, features.char_ngrams, features.char_span
    short = length < LONG_TEXT
    skips = word == AUTO and variant == "nbsvm" and short and not syllables
    skip_grams, edges = features.skip_grams or skips, features.edges or (skips and is_running_text(facts))
    if word == AUTO:
        word = "1-2" if short else "1-3"
    if char == AUTO:
        letters = is_names(facts) or (variant == "nbsvm" and short)
        char = "2-4" if syllables else "2-5" if letters else "0"
    if span == AUTO:
        span = "text" if syllables else "word"
    return dataclasses.replace(
        features,
        ngrams=word,
        char_ngrams=char,
        char_span=span,
        skip_grams=skip_grams,
        edges=edges,
        binary=binary,
    )


def is_names(facts: TextFacts) -> bool:
    """Whether the texts are names or single words, of which further ones will mostly be new.

    The share of new words is estimated by that of words seen once (Good 1953).

    >>> names = Vocabulary.of([f"Khoury{number}" for number in range(40)], [1] * 40)
    >>> is_names(TextFacts(names, 40, 40, lambda: names.counts))
    True
    >>> is_names(TextFacts(names, 40, 40, lambda: np.array([5] * 8)))
    False
    """
    if facts.documents < _FEW or facts.tokens > _LONG_NAME * facts.documents:
        return False
    once = np.bincount(facts.seen(), minlength=2)[1]
    return bool(once > _MANY_NEW * facts.tokens)


def is_running_text(facts: TextFacts) -> bool:
    """Whether the texts are sentences: ten words, such as "the" and "of", are a good part of all.

    A quarter and more in questions, reviews and messages, a tenth where stop words were left out.

    >>> words = Vocabulary.of([f"w{number}" for number in range(100)], [1] * 100)
    >>> is_running_text(TextFacts(words, 20, 100, lambda: words.counts))
    False
    >>> is_running_text(TextFacts(words, 20, 100, lambda: np.array([5] * 20)))
    True
    """
    seen = np.sort(facts.seen())[::-1]
    return bool(seen[:_SMALL_WORDS].sum() > _MANY_SMALL_WORDS * facts.tokens)


def has_syllable_script(vocabulary: Vocabulary) -> bool:
    """Whether most letters of the types are Hangul, kana or Han.

    A character then says much, and words are glued to endings or not spaced at all, so that
    character n-grams across the words tell more than words do.

    >>> has_syllable_script(Vocabulary.of(["영화", "CGV"], [1, 1]))
    False
    >>> has_syllable_script(Vocabulary.of(["영화가", "재미있다", "CGV"], [1, 1, 1]))
    True
    """
    text = vocabulary.packed[0].tobytes().decode("utf-8", "surrogatepass")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    letters = int(((codes >= 0x41) & ((codes < 0x2000) | (codes >= 0x2C00))).sum())
    # Hangul jamo; kana, Han and Hangul syllables; their full-width and supplementary forms.
    syllables = ((codes >= 0x1100) & (codes < 0x1200)) | ((codes >= 0x3040) & (codes < 0xD7FC))
    return 2 * int((syllables | ((codes >= 0x20000) & (codes < 0x32000))).sum()) > letters
