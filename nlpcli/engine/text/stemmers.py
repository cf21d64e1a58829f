"""Words to their stems and dictionary forms, English and Korean, without downloads.

    porter, snowball, lancaster   English stems by suffix rules (NLTK)
    english                       English dictionary forms: simplemma's tables, and lists of what
                                  they miss; by part of speech where the words are tagged
    korean                        먹었으므로 → 먹다, 학교에서 → 학교: by kiwi's morphemes

Each is a function from a token to its stem. Morphemes that already carry their lemma are
joined in `dictionary_forms`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.text.stopwords import DATA
from nlpcli.engine.text.tagsets import to_sejong
from nlpcli.engine.text.token import Token
from nlpcli.engine.text.unicode_marks import typewriter
from nlpcli.errors import MissingDependency

Stem = Callable[[str], str]
TaggedStem = Callable[[str, str], str]

_HANGUL = re.compile("[가-힣]")
_SURROGATE = re.compile("[\ud800-\udfff]")  # alone they are in no table, and simplemma fails on them
_REMEMBERED = 1 << 17


def make_stemmer(name: str) -> Stem:
    """The stemmer of that name, its library loaded; words are remembered. Apostrophes are a typewriter's."""
    stem = STEMMERS[name]()
    return functools.lru_cache(_REMEMBERED)(lambda word: stem(typewriter(word)))


def make_lemmatizer() -> Stem:
    """Dictionary forms of English and Korean words; kiwi is loaded at the first Hangul."""
    english, korean = _english(), _korean_when_met()
    return functools.lru_cache(_REMEMBERED)(
        lambda word: korean(word) if _HANGUL.search(word) else english(word)
    )


def make_english_lemmatizer() -> Stem:
    """Dictionary forms of English words; anything else as it is."""
    english = _english()
    return functools.lru_cache(_REMEMBERED)(lambda word: english(word) if word.isascii() else word)


def make_tagged_lemmatizer(exceptions: Mapping[tuple[str, str], str] | None = None) -> TaggedStem:
    """Dictionary forms of words with their Penn tags, Korean ones as they are without.

    `exceptions` are the lemmas of lower-case forms with a tag; by default those of the table.

    >>> lemma = make_tagged_lemmatizer()
    >>> [lemma(*word) for word in (("saw", "VBD"), ("saw", "NN"), ("better", "JJR"), ("'s", "VBZ"))]
    ['see', 'saw', 'good', 'be']
    """
    by_rule, korean = _english_by_rule(), _korean_when_met()
    if exceptions is None:
        exceptions = {(form, tag): lemma for form, lemma, tags in _exceptions() for tag in tags}

    def lemma(word: str, tag: str) -> str:
        if _HANGUL.search(word):
            return korean(word)
        return exceptions.get((_plain(word), tag)) or by_rule(word, tag)

    return functools.lru_cache(_REMEMBERED)(lemma)


def _english_by_rule() -> TaggedStem:
    """A lemma by simplemma's tables as far as the tag lets it be one."""
    lemmatize, known = _simplemma()

    def lemma(word: str, tag: str) -> str:
        form = _plain(word)
        if tag in _NAMES or _is_contraction(form):
            return word
        found = lemmatize(form if tag == "NNPS" else word)
        if tag == "NNPS":
            return word if found == form else word[:1] + found[1:]
        if tag in _UNINFLECTED:
            return found if found.lower() == form else form
        if tag == "NNS" and found == form and len(form) > 3 and known(stem := form.removesuffix("s")):
            return stem
        if tag in _INFLECTED and (found == form or not known(found)):
            return next((stem for stem in _verbs(form) if known(stem) and lemmatize(stem) == stem), found)
        return found

    return lemma


_NAMES = ("NNP", "ADD", "GW", "FW", "AFX", "POS")
_UNINFLECTED = ("NN", "JJ", "RB", "UH", "IN", "RP", "CC", "VB")  # what they look like is what they are
_INFLECTED = ("VBG", "VBD", "VBN", "VBZ")
_ENDINGS = {
    "ying": ("ie",), "ing": ("", "e"), "ied": ("y",), "ed": ("", "e"), "ies": ("y",), "es": ("e", ""),
    "s": ("",),
}  # fmt: skip


def _verbs(form: str) -> Iterator[str]:
    """What a verb's form may have been made from: sitting from sitt, sitte and sit."""
    for ending, begins in _ENDINGS.items():
        stem = form.removesuffix(ending)
        if stem != form and len(stem) > 1:
            yield from (stem + begin for begin in begins)
            if stem[-1] == stem[-2]:
                yield stem[:-1]


def resolve_clitics(words: list[str]) -> list[str]:
    """The words with be for 's where it is a verb, as the words beside it show.

    >>> resolve_clitics(["It", "'s", "Ann", "'s", "."]), resolve_clitics(["Let", "'s", "go"])
    (['It', 'be', 'Ann', "'s", '.'], ['Let', 'we', 'go'])
    """
    found = list(words)
    for place, word in enumerate(words):
        if word in ("'s", "’s", "'S"):
            before = words[place - 1].lower() if place else ""
            after = words[place + 1].lower() if place + 1 < len(words) else ""
            if before == "let":
                found[place] = "we"
            elif before in _SUBJECTS or after in _AFTER_BE or after.endswith("ing"):
                found[place] = "be"
    return found


# On UD English-EWT (train) these tell 96 of 100 right.
_SUBJECTS = """
    it he she that there what who where how here this when why everything something nothing everyone
    someone
""".split()  # noqa: SIM905
_AFTER_BE = """
    a an the not n't no in on at my your our their just so very too been going all about why what how
    because to
""".split()  # noqa: SIM905


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


def _english() -> Stem:
    """English dictionary forms.

    >>> [_english()(word) for word in ("is", "am", "are", "went", "women", "worse")]
    ['be', 'be', 'be', 'go', 'woman', 'bad']
    """
    lemmatize, _ = _simplemma()
    exceptions = {form: lemma for form, lemma, tags in _exceptions() if not tags}

    def lemma(word: str) -> str:
        form = _plain(word)
        return exceptions.get(form) or (word if _is_contraction(form) else lemmatize(word))

    return lemma


def _plain(word: str) -> str:
    return typewriter(word.lower())


def _is_contraction(form: str) -> bool:
    """Whether it is two words, which have no lemma together: it's, don't; but not n't."""
    return "'" in form[1:] and form != "n't"


def _simplemma() -> tuple[Stem, Callable[[str], bool]]:
    """English lemmas by simplemma, and whether it knows a word."""
    try:
        from simplemma import is_known, lemmatize
    except ImportError as error:
        raise MissingDependency("simplemma is not installed", hint="pip install simplemma") from error

    def lemma(word: str) -> str:
        return word if _SURROGATE.search(word) else lemmatize(word, lang="en")

    def known(word: str) -> bool:
        return not _SURROGATE.search(word) and is_known(word, lang="en")

    return lemma, known


def _exceptions() -> Iterator[tuple[str, str, list[str]]]:
    """What simplemma misses: form, lemma, and the tags it has them with (none: no tag is known)."""
    for line in Lines([str(DATA / "lemmas_en.tsv")]):
        if not line.startswith("#"):
            form, lemma, *tags = line.split("\t")
            yield form, lemma, tags


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
