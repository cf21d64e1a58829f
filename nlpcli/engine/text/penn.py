"""Penn Treebank tags to the universal parts of speech (UPOS), by tag, word and what follows.

A Penn tag alone does not tell an auxiliary from a verb (is, has, does), a conjunction from a
preposition (IN), or a pronoun from a determiner (this): the word and the tags after it do. On the
gold tags of UD English-EWT (train) these rules give 98 % of the words their UPOS.

Not here: the tagger (`text/tokenizers/english_tagger.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from nlpcli.engine.text.unicode_marks import typewriter


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BY_TAG = {
    "NN": "NOUN", "NNS": "NOUN", "NNP": "PROPN", "NNPS": "PROPN", "CD": "NUM", "LS": "NUM",
    "PRP": "PRON", "PRP$": "PRON", "WP": "PRON", "WP$": "PRON", "EX": "PRON", "WDT": "PRON",
    "DT": "DET", "PDT": "DET", "JJ": "ADJ", "JJR": "ADJ", "JJS": "ADJ", "AFX": "ADJ",
    "RB": "ADV", "RBR": "ADV", "RBS": "ADV", "WRB": "ADV", "MD": "AUX", "TO": "PART", "POS": "PART",
    "VB": "VERB", "VBD": "VERB", "VBG": "VERB", "VBN": "VERB", "VBP": "VERB", "VBZ": "VERB",
    "IN": "ADP", "RP": "ADP", "CC": "CCONJ", "UH": "INTJ", "SYM": "SYM", "$": "SYM", "#": "SYM",
    "FW": "X", "GW": "X", "ADD": "X", "XX": "X",
}  # fmt: skip
PENN_TAGS = frozenset({*_BY_TAG, *_words(". , : `` '' -LRB- -RRB- HYPH NFP")})
_BE = _words("be am is are was were been being 's 'm 're")
# What makes one of these an auxiliary is the form of the verb it goes with.
_AUXILIARIES = {
    **dict.fromkeys(_words("have has had having 've 'd"), "VBN"),
    **dict.fromkeys(("do", "does", "did"), "VB"),
}
_PASSED_OVER = ("RB", "RBR", "RBS", "PRP", "EX", "NNP")  # did you not go, has never been
_CONJUNCTIONS = _words("if because while although though whether unless whereas lest that")
_MAY_JOIN = _words("as than until till after before since for once like so with")
_MAY_GOVERN = _words("about at by from in into of on to without")  # before a verb in -ing
_PARTS_OF_A_SUBJECT = ("PRP", "EX", "NN", "NNS", "NNP", "NNPS", "DT", "CD", "WP")
_BESIDE_A_SUBJECT = ("JJ", "RB", "PRP$", "PDT", "POS", "VBN", "HYPH")
_FINITE = ("VBD", "VBP", "VBZ", "MD")
_BEFORE_A_NOUN = ("NN", "NNS", "NNP", "NNPS", "JJ", "JJR", "JJS", "CD", "VBG", "$", "HYPH")
_ALONE_OR_BEFORE_A_NOUN = _words("this that these those some any each another either neither")
_PRONOUNS = frozenset(
    f"{begin}{end}" for begin in ("some", "any", "no", "every") for end in ("thing", "one", "body")
) | {"none"}


def upos(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """The universal part of speech of each word of a line with its Penn tag.

    >>> upos(["She", "has", "n't", "seen", "this"], ["PRP", "VBZ", "RB", "VBN", "DT"])
    ['PRON', 'AUX', 'PART', 'VERB', 'PRON']
    """
    return [_one(typewriter(word.lower()), tag, tags[place + 1 : place + 9]) for place, (word, tag) in
            enumerate(zip(words, tags, strict=True))]  # fmt: skip


def _one(word: str, tag: str, following: Sequence[str]) -> str:
    if tag.startswith("VB"):
        is_auxiliary = word in _BE or (word in _AUXILIARIES and _AUXILIARIES[word] == _verb(following))
        return "AUX" if is_auxiliary else "VERB"
    if tag == "IN":
        return "SCONJ" if _joins_clauses(word, following) else "ADP"
    if tag == "RB" and word in ("not", "n't"):
        return "PART"
    if word in _PRONOUNS and tag in ("NN", "DT"):
        return "PRON"
    before_noun = bool(following) and following[0] in _BEFORE_A_NOUN
    if tag == "DT" and word in _ALONE_OR_BEFORE_A_NOUN:
        return "DET" if before_noun else "PRON"
    if tag in ("WDT", "WP") and word in ("what", "which", "whatever", "whichever") and before_noun:
        return "DET"
    if tag == "NN" and word in ("%", "#"):
        return "SYM"
    return _BY_TAG.get(tag, "PUNCT")


def _verb(following: Sequence[str]) -> str:
    """The tag of the verb that comes next, past adverbs and a short subject."""
    return next((tag for tag in following[:5] if tag not in _PASSED_OVER), "")


def _joins_clauses(word: str, following: Sequence[str]) -> bool:
    if word in _CONJUNCTIONS:
        return True
    governs_verb = bool(following) and following[0] == "VBG"
    if word in _MAY_GOVERN:
        return governs_verb
    return word in _MAY_JOIN and (governs_verb or _begins_clause(following))


def _begins_clause(tags: Sequence[str]) -> bool:
    """Whether a subject and then a finite verb come next."""
    subject = False
    for tag in tags[:7]:
        if tag in _FINITE:
            return subject
        if tag in _PARTS_OF_A_SUBJECT:
            subject = True
        elif tag not in _BESIDE_A_SUBJECT:
            return False
    return False
