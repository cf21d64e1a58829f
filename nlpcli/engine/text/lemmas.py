"""English words to their dictionary forms, without downloads.

Two dictionaries are asked: simplemma's tables say what a word usually comes from; LemmInflect's, made
from the NIH's SPECIALIST lexicon, what it can come from as a noun, a verb, an adjective or an adverb.
Where the second excludes what the first gives (singing from singe), the second decides. What both
miss or mistake stands in `data/lemmas_en.tsv`.

Not here: stems, and Korean dictionary forms (`stemmers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.text.stopwords import DATA
from nlpcli.engine.text.unicode_marks import typewriter
from nlpcli.errors import MissingDependency

Lemma = Callable[[str], str]
TaggedLemma = Callable[[str, str], str]
Lexicon = Callable[[str, str], Sequence[str]]

_SURROGATE = re.compile("[\ud800-\udfff]")  # alone they are in no table, and simplemma fails on them

_VERB, _NOUN, _ADJECTIVE, _ADVERB = "VERB", "NOUN", "ADJ", "ADV"  # the lexicon's own names
_INFLECTED = {
    **dict.fromkeys(("VBD", "VBN", "VBG", "VBZ"), _VERB),
    **dict.fromkeys(("NNS", "NNPS"), _NOUN),
    **dict.fromkeys(("JJR", "JJS"), _ADJECTIVE),
    **dict.fromkeys(("RBR", "RBS"), _ADVERB),
}
_NAMES = ("NNP", "ADD", "GW", "AFX")
_UNINFLECTED = ("NN", "JJ", "RB", "UH", "IN", "RP", "CC", "VB", "VBP")  # what they look like is what they are


def english_lemmas(exceptions: Mapping[str, str] | None = None) -> Lemma:
    """Lemmas of English words whose part of speech is not known.

    `exceptions` are the lemmas of lower-case forms; by default those of the table.

    >>> lemma = english_lemmas()
    >>> [lemma(word) for word in ("is", "went", "women", "worse", "singing", "crosses", "physics")]
    ['be', 'go', 'woman', 'bad', 'sing', 'cross', 'physics']
    """
    lemmatize, _ = _simplemma()
    lexicon, _ = _lemminflect()
    if exceptions is None:
        exceptions = {form: lemma for form, lemma, tags in _exceptions() if not tags}

    def lemma(word: str) -> str:
        form = plain(word)
        if form in exceptions or _is_contraction(form):
            return exceptions.get(form, word)
        if form in _PAIRS:
            return form
        found = lemmatize(word)
        before, hyphen, last = form.rpartition("-")
        if before and last and hyphen not in found:  # non-violence is not to become nonviolence
            return before + hyphen + lemma(last)
        if base := _respelt(form, _VERB, lexicon) or _respelt(form, _NOUN, lexicon):
            return base
        possible = [each for part in (_VERB, _NOUN, _ADJECTIVE, _ADVERB) for each in lexicon(form, part)]
        if not possible or found.lower() in possible or found.lower() in _CLOSED or lexicon(form, "AUX"):
            return found
        if found.lower() == form and form.endswith(_NOUNS_OF_VERBS):
            return found
        return next((each for each in possible if each != form), form)

    return lemma


_CLOSED = frozenset("i you he she it we they this that who not".split())  # noqa: SIM905
_NOUNS_OF_VERBS = ("ing", "ed")  # trading, bearded: as often words of their own


def tagged_english_lemmas(exceptions: Mapping[tuple[str, str], str] | None = None) -> TaggedLemma:
    """Lemmas of English words with their Penn tags.

    `exceptions` are the lemmas of lower-case forms with a tag; by default those of the table.

    >>> lemma = tagged_english_lemmas()
    >>> words = ("saw VBD", "saw NN", "leaves NNS", "leaves VBZ", "singed VBD", "better JJR", "'s VBZ")
    >>> [lemma(*word.split()) for word in words]
    ['see', 'saw', 'leaf', 'leave', 'singe', 'good', 'be']
    """
    inflected, (lemmatize, _) = _inflected(), _simplemma()
    if exceptions is None:
        exceptions = {(form, tag): lemma for form, lemma, tags in _exceptions() for tag in tags}

    def lemma(word: str, tag: str) -> str:
        form = plain(word)
        if (form, tag) in exceptions:
            found = exceptions[form, tag]
            return _cased_as(word, found, tag) if tag == "NNPS" else found  # Beatles
        if tag == "CD":
            return word.replace(",", "") if _THOUSANDS.fullmatch(word) else word
        if tag == "POS":
            return "'s"
        if tag in _NAMES:
            return _DATES.get(form.removesuffix("."), word)
        if _DECADE.fullmatch(form):
            return form
        if tag in _INFLECTED and not _is_contraction(single := _PLURAL.sub("", form)):
            return _cased_as(word, inflected(single, _INFLECTED[tag]), tag)
        if _is_contraction(form):
            return word
        found = lemmatize(word)
        return found if tag not in _UNINFLECTED or found.lower() == form else form

    return lemma


_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECADE = re.compile(r"(mid-)?'?\d+'?s")  # 1990s: never one of them
_PLURAL = re.compile(r"(?<=\w)'s$")  # NGO's, where several are meant
_DATE_NAMES = """
    January February March April June July August September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday
""".split()  # noqa: SIM905
_LONGER = ("sept", "tues", "thur", "thurs")  # than three letters
_DATES = {name[:3].lower(): name for name in _DATE_NAMES}
_DATES |= {short: _DATES[short[:3]] for short in _LONGER}


def _inflected() -> TaggedLemma:
    """The lemma of a lower-case inflected form of a part of speech."""
    (lemmatize, known), (lexicon, unknown) = _simplemma(), _lemminflect()

    def lemma(form: str, part: str) -> str:
        if part == _NOUN and form in _PAIRS:
            return form
        if base := _respelt(form, part, lexicon):
            return base
        usual, possible = lemmatize(form).lower(), lexicon(form, part)
        if possible:
            if part == _VERB:  # bound from bind, not from bound, whose form would be bounded
                possible = [each for each in possible if each != form] or possible
            return usual if usual in possible else possible[0]
        before, hyphen, last = form.rpartition("-")
        if before and last:
            return usual if hyphen in usual and usual != form else before + hyphen + lemma(last, part)
        bases = [each for each in _bases(form) if each in lexicon(each, part)]
        if bases:
            return usual if usual in bases else bases[0]
        return usual if usual != form and known(usual) else unknown(form, part)

    return lemma


_PAIRS = """
    trousers pants jeans tights leggings scissors shears tweezers pliers tongs binoculars goggles pyjamas
    pajamas
""".split()  # noqa: SIM905


def _respelt(form: str, part: str, lexicon: Lexicon) -> str:
    """The base of a form whose spelling changes before its ending: mimicking, shelves; or empty."""
    if part == _VERB and (base := form.removesuffix("king").removesuffix("ked")) != form:
        return base if base.endswith("ic") and len(base) > 4 and lexicon(base, part) else ""
    if part == _NOUN and form.endswith("ves"):
        return next((each for each in lexicon(form, part) if each.endswith(("f", "fe"))), "")
    return ""


def _bases(form: str) -> Iterator[str]:
    """What a regular form may have been made from: sitting from sit, siting from site."""
    for ending, begins in _ENDINGS.items():
        stem = form.removesuffix(ending)
        if stem != form and len(stem) > 1:
            if ending in ("ing", "ed", "er", "est") and stem[-1] == stem[-2]:
                yield stem[:-1]
            yield from (stem + begin for begin in begins)


_ENDINGS = {
    "ying": ("ie",), "ing": ("", "e"), "ied": ("y",), "ed": ("", "e"), "ies": ("y",), "es": ("", "e"),
    "s": ("",), "ier": ("y",), "iest": ("y",), "er": ("", "e"), "est": ("", "e"),
}  # fmt: skip


def _cased_as(word: str, lemma: str, tag: str) -> str:
    """The lemma as the word is written, where its capitals are its own: CDs, Palestinians."""
    if tag != "NNPS" and (word.isupper() or word[1:].islower()):
        return lemma
    same = next(
        (
            place
            for place, (mine, theirs) in enumerate(zip(word.lower(), lemma, strict=False))
            if mine != theirs
        ),
        None,
    )
    kept = word[: len(lemma)][:same]
    return kept + lemma[len(kept) :]


def resolve_clitics(words: list[str]) -> list[str]:
    """The words with be for 's where it is a verb, as the words beside it show.

    >>> resolve_clitics(["It", "'s", "Ann", "'s", "."]), resolve_clitics(["Let", "'s", "go"])
    (['It', 'be', 'Ann', "'s", '.'], ['Let', 'we', 'go'])
    """
    found = list(words)
    for place, word in enumerate(words):
        if plain(word) == "'s":
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


def plain(word: str) -> str:
    """A word as the tables write it: lower-case, with typewriter apostrophes."""
    return typewriter(word.lower())


def _is_contraction(form: str) -> bool:
    """Whether it is two words, which have no lemma together: it's, don't; but not n't."""
    return "'" in form[1:] and form != "n't"


def _simplemma() -> tuple[Lemma, Callable[[str], bool]]:
    """What a word usually comes from, and whether the tables have it."""
    try:
        from simplemma import is_known, lemmatize
    except ImportError as error:
        raise MissingDependency("simplemma is not installed", hint="pip install simplemma") from error

    def lemma(word: str) -> str:
        return word if _SURROGATE.search(word) else lemmatize(word, lang="en")

    def known(word: str) -> bool:
        return not _SURROGATE.search(word) and is_known(word, lang="en")

    return lemma, known


def _lemminflect() -> tuple[Lexicon, TaggedLemma]:
    """What a form can come from as a part of speech (none: not in it), and a guess for other forms."""
    try:
        from lemminflect import getAllLemmas, getAllLemmasOOV
    except ImportError as error:
        raise MissingDependency("lemminflect is not installed", hint="pip install lemminflect") from error

    def lexicon(form: str, part: str) -> Sequence[str]:
        found: Sequence[str] = getAllLemmas(form, part).get(part, ())
        return found

    def guess(form: str, part: str) -> str:
        return next(iter(getAllLemmasOOV(form, part).get(part, ())), "") or form

    return lexicon, guess


def _exceptions() -> Iterator[tuple[str, str, list[str]]]:
    """What both dictionaries miss: form, lemma, and the tags it has them with (none: no tag is known)."""
    for line in Lines([str(DATA / "lemmas_en.tsv")]):
        if not line.startswith("#"):
            form, lemma, *tags = line.split("\t")
            yield form, lemma, tags
