"""Part-of-speech tags: from each analyser's own set to Sejong's and to UPOS.

The Sejong set is the common one: kiwi, mecab and Komoran use it but for details. Okt's coarse
tags have no Sejong counterpart (endings stay inside its verbs), so they go to UPOS only.
A tag that is not known becomes X. English words have Penn tags (`penn.py`).
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Sequence

from nlpcli.engine.text.penn import PENN_TAGS, upos
from nlpcli.engine.text.token import Token
from nlpcli.errors import SettingsError
from nlpcli.settings.text import ENGLISH

_UPOS_TAGS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
_UNIVERSAL = frozenset(_UPOS_TAGS.split())
_TAGS = """
    NNG NNP NNB NR NP VV VA VX VCP VCN MM MAG MAJ IC JKS JKC JKG JKO JKB JKV JKQ JX JC EP EF EC ETN ETM
    XPN XSN XSV XSA XSM XR SF SP SS SE SO SW SL SH SN SB NF NV NA
    W_URL W_EMAIL W_HASHTAG W_MENTION W_SERIAL W_EMOJI Z_CODA Z_SIOT
"""
_SEJONG = frozenset(_TAGS.split())
_MECAB = {"NNBC": "NNB", "SC": "SP", "SY": "SW", "SSO": "SS", "SSC": "SS", "UNKNOWN": "NA"}
_KIWI = {"SSO": "SS", "SSC": "SS", "UN": "NA", "MMD": "MM", "MMN": "MM", "MMA": "MM"}
_KKMA = {
    "NNM": "NNB", "MDN": "MM", "MDT": "MM", "MAC": "MAJ", "VXV": "VX", "VXA": "VX", "JKM": "JKB",
    "JKI": "JKV",
    "ETD": "ETM", "XPV": "XPN", "UN": "NF", "EMO": "SW", "OL": "SL", "OH": "SH", "ON": "SN",
}  # fmt: skip
# Of endings Kkma tells more: statements, questions, orders, honour, tense.
_KKMA_TAGS = "ECD ECE ECS EFA EFI EFN EFO EFQ EFR EPH EPP EPT"
_HANNANUM = {
    "NC": "NNG", "NQ": "NNP", "NB": "NNB", "NP": "NP", "NN": "NR", "PV": "VV", "PA": "VA", "PX": "VX",
    "MM": "MM",
    "MA": "MAG", "II": "IC", "JC": "JKB", "JX": "JX", "JP": "VCP", "EP": "EP", "EC": "EC", "EF": "EF",
    "ET": "ETM",
    "XP": "XPN", "XS": "XSN", "F": "SL", "S": "SW",
}  # fmt: skip
_OKT = {
    "Noun": "NOUN", "Verb": "VERB", "Adjective": "ADJ", "Adverb": "ADV", "Determiner": "DET",
    "Exclamation": "INTJ",
    "Josa": "ADP", "Conjunction": "CCONJ", "Number": "NUM", "Punctuation": "PUNCT", "Eomi": "PART",
    "PreEomi": "PART",
    "Suffix": "PART", "Modifier": "DET", "VerbPrefix": "PART", "KoreanParticle": "INTJ",
    "Hashtag": "SYM",
    "ScreenName": "SYM", "Email": "SYM", "URL": "SYM", "CashTag": "SYM",
}  # fmt: skip
# Okt's tags that stand for what Sejong calls particles, endings and so on, for stop lists.
_OKT_ROLES = {
    "Josa": "JX", "Eomi": "EF", "PreEomi": "EP", "Suffix": "XSN", "Punctuation": "SF", "Noun": "NNG",
    "Verb": "VV",
    "Adjective": "VA", "Adverb": "MAG", "Determiner": "MM", "Conjunction": "MAJ", "Exclamation": "IC",
    "Number": "SN",
    "KoreanParticle": "SW", "Foreign": "SW",
}  # fmt: skip
_UPOS = {
    "NNP": "PROPN", "NR": "NUM", "SN": "NUM", "NP": "PRON", "VX": "AUX", "VCP": "AUX", "VCN": "ADJ",
    "VA": "ADJ",
    "XSA": "ADJ", "MM": "DET", "MAJ": "CCONJ", "JC": "CCONJ", "IC": "INTJ", "SW": "SYM", "SL": "X",
    "SH": "X",
    "XR": "NOUN", "NF": "NOUN", "NV": "VERB", "NA": "X", "XSM": "ADV", "Z_CODA": "PART",
    "Z_SIOT": "PART",
}  # fmt: skip
_UPOS_BY_LETTER = {
    "NN": "NOUN", "VV": "VERB", "XSV": "VERB", "XSN": "PART", "XPN": "PART", "MA": "ADV", "J": "ADP",
    "E": "PART",
    "S": "PUNCT", "W_": "SYM", "USER": "NOUN",
}  # fmt: skip


@functools.cache
def to_sejong(analyser: str, tag: str) -> str:
    """The Sejong tag for an analyser's own; X when there is none.

    >>> to_sejong("kiwi", "VV-R"), to_sejong("kkma", "EFN"), to_sejong("hannanum", "PV")
    ('VV', 'EF', 'VV')
    """
    if analyser in ("kiwi", "morph"):  # the same tags
        bare = tag.split("-")[0]
        return _known(_KIWI.get(bare, bare))
    if analyser == "mecab":
        return _known(_MECAB.get(tag, tag))
    if analyser == "kkma":
        return _known(_KKMA.get(tag) or (tag[:2] if tag[:2] in ("EC", "EF", "EP") else tag))
    if analyser == "hannanum":
        return _known(_HANNANUM.get(tag, tag))
    return "X" if analyser == "okt" else _known(tag)


def _known(tag: str) -> str:
    return tag if tag in _SEJONG else "X"


@functools.cache
def to_upos(analyser: str, tag: str) -> str:
    """The universal part of speech (UPOS) for an analyser's own tag.

    >>> to_upos("kiwi", "JKS"), to_upos("okt", "Josa"), to_upos("kiwi", "?")
    ('ADP', 'ADP', 'X')
    """
    if analyser == "okt":
        return _OKT.get(tag, "X")
    sejong = to_sejong(analyser, tag)
    if sejong in _UPOS:
        return _UPOS[sejong]
    return next((upos for begin, upos in _UPOS_BY_LETTER.items() if sejong.startswith(begin)), "X")


def converted(analyser: str, tokens: Sequence[Token], tagset: str) -> list[Token]:
    """The tokens of a line with their tags in another set: `own`, `sejong` or `upos`.

    >>> [token.tag for token in converted("kiwi", [Token("하늘", 0, 2, "NNG")], "upos")]
    ['NOUN']
    """
    if tagset == "own":
        return list(tokens)
    if analyser in ENGLISH:
        tags = upos([token.form for token in tokens], [token.tag for token in tokens])
    elif tagset == "upos":
        tags = [to_upos(analyser, token.tag) for token in tokens]
    else:
        tags = [to_sejong(analyser, token.tag) for token in tokens]
    return [token._replace(tag=tag) for token, tag in zip(tokens, tags, strict=True)]


def check_beginnings(analyser: str, option: str, beginnings: Iterable[str]) -> None:
    """Raise SettingsError for the beginning of a tag with which no tag of the analyser begins.

    Its own tags count, Sejong's and UPOS, as in `tag_begins`; and finer ones, such as kiwi's VV-R.
    """
    known = _tags_of(analyser)
    for begin in beginnings:
        if any(tag.startswith(begin) for tag in known) or begin.split("-")[0] in known:
            continue
        raise SettingsError(
            f"{option} {begin}: no tag of the tokenizer {analyser} begins so", hint=_meant(begin, analyser)
        )


def _meant(begin: str, analyser: str) -> str:
    """Which tag may have been meant, or which tokenizer; else all tags."""
    for name in ("kiwi", "okt", "nltk"):
        if begin in _tags_of(name):
            return f"it is one of --tokenizer {name}"
    own = sorted(_tags_of(analyser) - _UNIVERSAL)
    by_case = {tag.upper(): tag for tag in own}
    if near := difflib.get_close_matches(begin.upper(), by_case, 1):
        return f"did you mean {by_case[near[0]]}?"
    return f"there are {', '.join(own)}; and those of UPOS, such as NOUN and VERB"


@functools.cache
def _tags_of(analyser: str) -> frozenset[str]:
    """The tags that an analyser may give a token, in its own set, in Sejong's and in UPOS."""
    if analyser in ENGLISH:
        return frozenset({*PENN_TAGS, *_UNIVERSAL})
    own = {"kiwi": _KIWI, "morph": _KIWI, "mecab": _MECAB, "kkma": _KKMA, "hannanum": _HANNANUM, "okt": _OKT}
    of_okt = {"Foreign", "Alpha"} if analyser == "okt" else set()
    finer = _KKMA_TAGS.split() if analyser == "kkma" else ()
    return frozenset({*own.get(analyser, {}), *of_okt, *finer, *_SEJONG, *_UNIVERSAL})


def check_tagset(analyser: str, tagset: str) -> None:
    """Raise SettingsError where an analyser's tags cannot be converted to a set."""
    if tagset == "sejong" and analyser in ("okt", *ENGLISH):
        reason = {
            "okt": "Okt's tags have no counterpart in the Sejong set: endings stay inside its verbs"
        }.get(analyser, "English words have no tags of the Sejong set")
        raise SettingsError(reason, hint="use --tagset upos")


def tag_begins(analyser: str, tag: str, beginnings: Iterable[str]) -> bool:
    """Whether a tag begins with one of those, in the analyser's own set or Sejong's, or is that UPOS.

    >>> tag_begins("okt", "Josa", ["J"]), tag_begins("kkma", "ETD", ["ETM"])
    (True, True)
    """
    sejong = _OKT_ROLES.get(tag, "X") if analyser == "okt" else to_sejong(analyser, tag)
    return any(
        sejong.startswith(begin) or tag.startswith(begin) or begin == to_upos(analyser, tag)
        for begin in beginnings
    )
