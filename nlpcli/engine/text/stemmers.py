"""Words to their stems and dictionary forms, English and Korean, without downloads.

    porter, snowball, lancaster   English stems by suffix rules (NLTK)
    korean                        먹었으므로 → 먹다, 학교에서 → 학교: by kiwi's morphemes

Each is a function from a token to its stem; so are the lemmatizers, whose English half is in `lemmas.py`.
Morphemes that already carry their lemma are joined in `dictionary_forms`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

from nlpcli.engine.text.tagsets import to_sejong
from nlpcli.engine.text.token import Token
from nlpcli.engine.text.unicode_marks import typewriter

Stem = Callable[[str], str]
TaggedStem = Callable[[str, str], str]

_HANGUL = re.compile("[가-힣]")
_REMEMBERED = 1 << 17


def make_stemmer(name: str) -> Stem:
    """The stemmer of that name, its library loaded; words are remembered. Apostrophes are a typewriter's."""
    stem = STEMMERS[name]()
    return functools.lru_cache(_REMEMBERED)(lambda word: stem(typewriter(word)))


def make_lemmatizer() -> Stem:
    """Dictionary forms of English and Korean words; kiwi is loaded at the first Hangul."""
    from nlpcli.engine.text.lemmas import english_lemmas

    english, korean = english_lemmas(), _korean_when_met()
    return functools.lru_cache(_REMEMBERED)(
        lambda word: korean(word) if _HANGUL.search(word) else english(word)
    )


def make_english_lemmatizer() -> Stem:
    """Dictionary forms of English words; anything else as it is."""
    from nlpcli.engine.text.lemmas import english_lemmas

    english = english_lemmas()
    return functools.lru_cache(_REMEMBERED)(lambda word: english(word) if word.isascii() else word)


def make_tagged_lemmatizer() -> TaggedStem:
    """Dictionary forms of words with their Penn tags, Korean ones as they are without."""
    from nlpcli.engine.text.lemmas import tagged_english_lemmas

    english, korean = tagged_english_lemmas(), _korean_when_met()
    return functools.lru_cache(_REMEMBERED)(
        lambda word, tag: korean(word) if _HANGUL.search(word) else english(word, tag)
    )


def _porter() -> Stem:
    from nltk.stem.porter import PorterStemmer

    stem: Stem = PorterStemmer().stem
    return stem


def _snowball() -> Stem:
    from nltk.stem.snowball import EnglishStemmer

    stem: Stem = EnglishStemmer().stem
    return stem


def _lancaster() -> Stem:
    from nltk.stem.lancaster import LancasterStemmer

    stem: Stem = LancasterStemmer().stem
    return stem


def _korean() -> Stem:
    """Dictionary forms of Korean words as they stand between spaces.

    >>> [_korean()(word) for word in ("먹으므로", "맑았는데", "공부했다", "학교에서", "OK")]
    ['먹다', '맑다', '공부하다', '학교', 'OK']
    """
    from nlpcli.engine.text.tokenizers.korean import make_analyser

    analyse = make_analyser("kiwi")

    def stem(word: str) -> str:
        return _head(word, analyse(word)) if _HANGUL.search(word) else word

    return stem


def _korean_when_met() -> Stem:
    """The same, loaded at the first word."""
    loaded: list[Stem] = []

    def stem(word: str) -> str:
        if not loaded:
            loaded.append(_korean())
        return loaded[0](word)

    return stem


def _head(word: str, tokens: list[Token]) -> str:
    """The dictionary form of a word from its morphemes: what stands before particles and endings."""
    head = ""
    for token in tokens:
        tag = to_sejong("kiwi", token.tag)
        if tag.startswith(("VV", "VA", "XSV", "XSA", "VCN")) or (tag == "VX" and not head):
            return head + token.form + "다"
        if tag.startswith(("J", "E", "VCP", "VX")):
            break
        head += token.form
    return head or word


def dictionary_forms(tokens: Iterable[Token], analyser: str) -> list[Token]:
    """Morphemes with their lemma as form; a noun and the 하 that makes it a verb become one token.

    >>> noun, suffix = Token("공부", 0, 2, "NNG", "공부"), Token("하", 2, 3, "XSV", "하")
    >>> [token.form for token in dictionary_forms([noun, suffix, Token("었", 2, 3, "EP")], "kiwi")]
    ['공부하다', '었']
    """
    joined: list[Token] = []
    for token in tokens:
        kind = _verbal_suffix(token, analyser)
        if not kind:
            joined.append(token._replace(form=token.dictionary_form))
            continue
        verb = token.form + "다"
        before = joined[-1] if joined else None
        if before and token.start <= before.end and to_sejong(analyser, before.tag).startswith(_ROOTS):
            token = joined.pop()._replace(end=token.end)
            verb = token.form + verb
        joined.append(token._replace(form=verb, lemma=verb, tag=kind))
    return joined


_ROOTS = ("NN", "XR", "MAG", "SL", "NF")
_VERBAL = ("하", "되", "시키", "당하", "스럽", "롭", "답", "받")


def _verbal_suffix(token: Token, analyser: str) -> str:
    """The tag of the verb or adjective that this suffix makes, in the analyser's set; else empty."""
    if analyser == "hannanum":  # one tag for all suffixes
        return "PV" if token.tag == "XS" and token.form in _VERBAL else ""
    return {"XSV": "VV", "XSA": "VA"}.get(to_sejong(analyser, token.tag), "")


STEMMERS: dict[str, Callable[[], Stem]] = {
    "porter": _porter,
    "snowball": _snowball,
    "lancaster": _lancaster,
    "korean": _korean,
}
