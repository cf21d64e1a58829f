"""English parts of speech: Penn tags and lemmas for the tokens of a tokenizer of words.

The model is the one of gruut (package gruut-lang-en): a conditional random field over words and
their neighbours, trained on the UD English Web Treebank, which CRFsuite runs. It knows Treebank
tokens of one sentence, so a line is cut into those, and a token of another tokenizer has the tag
of the first word in it: don't is a verb as do is.

Not here: other tag sets (`text/tagsets.py`), lemmas by tag (`text/lemmas.py`).
"""

from __future__ import annotations

import base64
import bisect
import functools
import re
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from nlpcli.engine.text.stemmers import make_tagged_lemmatizer
from nlpcli.engine.text.token import Token
from nlpcli.engine.text.tokenizers.tokenizer import Tokenizer
from nlpcli.engine.text.tokenizers.treebank import placed_sentences
from nlpcli.engine.text.unicode_marks import typewriter
from nlpcli.errors import MissingDependency

_MOST = 200  # words tagged at once, should a line have no sentences
_SURROGATE = re.compile("[\ud800-\udfff]")
_REMEMBERED = 1 << 16


def tagging(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer with tags and lemmas on the tokens of `analyse`.

    Raises MissingDependency when the tagger is not installed.
    """
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


def _tagged_words(text: str, tag: Callable[[Sequence[str]], list[str]]) -> Iterator[_Word]:
    for tokens in placed_sentences(text):
        for first in range(0, len(tokens), _MOST):
            part = tokens[first : first + _MOST]
            forms = [text[token.start : token.end] for token in part]  # as written: " and not ``
            for token, form, found in zip(part, forms, tag(forms), strict=True):
                yield _Word(token.start, token.end, found, any(map(str.isalnum, form)))


def _tag_of(token: Token, words: Sequence[_Word], starts: Sequence[int]) -> str:
    """The tag of the first word within a token; of its first sign when it holds no word."""
    number = max(0, bisect.bisect_right(starts, token.start) - 1)
    if number < len(words) and words[number].end <= token.start < token.end:
        number += 1
    within = words[number : bisect.bisect_left(starts, token.end, lo=number)]
    return next((word.tag for word in within if word.spoken), within[0].tag if within else "")


def make_tagger() -> Callable[[Sequence[str]], list[str]]:
    """A function from the words of a sentence to their Penn tags.

    >>> make_tagger()(["I", "saw", "the", "saw", "."])
    ['PRP', 'VBD', 'DT', 'NN', '.']
    """
    try:
        import gruut_lang_en
        import pycrfsuite
    except ImportError as error:
        raise MissingDependency(
            "English parts of speech need gruut-lang-en and python-crfsuite",
            hint="pip install 'nlpcli[english]'",
        ) from error
    model = pycrfsuite.Tagger()
    model.open(str(gruut_lang_en.get_lang_dir() / "pos" / "model.crf"))

    def tag(words: Sequence[str]) -> list[str]:
        tags: list[str] = model.tag(_features([_known(word) for word in words]))
        return tags

    return tag


def _known(word: str) -> str:
    """A word as the model's texts have it, which know few typographic apostrophes."""
    word = _SURROGATE.sub("\ufffd", word)
    return typewriter(word) if len(word) > 1 else word  # alone it may be a quotation mark


def _features(words: Sequence[str]) -> list[dict[str, Any]]:
    """What the model was trained to look at: a word and the two on either side."""
    own = [_word_features(word) for word in words]
    items = []
    for place, features in enumerate(own):
        item = dict(features)
        for distance in (-2, -1, 1, 2):
            if 0 <= place + distance < len(own):
                item[f"{distance:+d}"] = own[place + distance]  # CRFsuite joins the names with a colon
        item |= {"BOS": True} if place == 0 else {}
        item |= {"EOS": True} if place == len(own) - 1 else {}
        items.append(item)
    return items


@functools.lru_cache(_REMEMBERED)
def _word_features(word: str) -> dict[str, Any]:
    return {
        "bias": 1.0,
        "word": base64.b64encode(word.encode()).decode(),
        "len(word)": len(word),
        "word.ispunctuation": word in string.punctuation,
        "word.isdigit()": word.isdigit(),
        "word[:2]": word[:2],
        "word[:3]": word[:3],
        "word[-2:]": word[-2:],
        "word[-3:]": word[-3:],
    }
