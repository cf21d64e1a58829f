"""English parts of speech: Penn tags and lemmas for the tokens of a tokenizer of words.

The tagger is the one that comes with nlpcli, `english-pos`. It knows Treebank tokens of one sentence, so a
line is cut into those, and a token of another tokenizer has the tag of the first word in it: don't is a verb
as do is.

Not here: other tag sets (`text/tagsets.py`), lemmas by tag (`text/lemmas.py`), the tagger (`tagging/`).
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from nlpcli.engine.io.shipped import path_of
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.engine.text.stemmers import make_tagged_lemmatizer
from nlpcli.engine.text.token import Token
from nlpcli.engine.text.tokenizers.tokenizer import Tokenizer
from nlpcli.engine.text.tokenizers.treebank import placed_sentences

TagSentences = Callable[[Sequence[Sequence[str]]], list[list[str]]]
_MOST = 200  # words tagged at once, should a line have no sentences


def tagging(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer with tags and lemmas on the tokens of `analyse`."""
    tag = make_tagger()
    lemma = make_tagged_lemmatizer()

    def analyse(text: str) -> list[Token]:
        tokens = tokenizer.analyse(text)
        words = list(_tagged_words(text, tag)) if tokens else []
        starts = [word.start for word in words]
        tags = (_tag_of(token, words, starts) for token in tokens)
        return [
            token._replace(tag=tag, lemma=lemma(token.form, tag))
            for token, tag in zip(tokens, tags, strict=True)
        ]

    return Tokenizer(tokenizer.tokens, analyse, tagged=True)


class _Word(NamedTuple):
    """A Treebank token's place in the line, its tag, and whether it holds a letter or digit."""

    start: int
    end: int
    tag: str
    spoken: bool


def _tagged_words(text: str, tag: TagSentences) -> Iterator[_Word]:
    parts = [
        tokens[first : first + _MOST]
        for tokens in placed_sentences(text)
        for first in range(0, len(tokens), _MOST)
    ]
    forms = [[text[token.start : token.end] for token in part] for part in parts]  # as written: " and not ``
    for part, written, found in zip(parts, forms, tag(forms), strict=True):
        for token, form, name in zip(part, written, found, strict=True):
            yield _Word(token.start, token.end, name, any(map(str.isalnum, form)))


def _tag_of(token: Token, words: Sequence[_Word], starts: Sequence[int]) -> str:
    """The tag of the first word within a token; of its first sign when it holds no word."""
    number = max(0, bisect.bisect_right(starts, token.start) - 1)
    if number < len(words) and words[number].end <= token.start < token.end:
        number += 1
    within = words[number : bisect.bisect_left(starts, token.end, lo=number)]
    return next((word.tag for word in within if word.spoken), within[0].tag if within else "")


def make_tagger() -> TagSentences:
    """A function from the words of sentences to their Penn tags.

    >>> make_tagger()([["I", "saw", "the", "saw", "."]])
    [['PRP', 'VBD', 'DT', 'NN', '.']]
    """
    return LinearTagger.load(path_of("english-pos")).tag
