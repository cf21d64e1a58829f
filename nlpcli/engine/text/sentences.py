"""Lines into sentences, English and Korean.

English by rules: a mark that ends a sentence, white space, and something that can begin one;
not after an abbreviation or an initial. Korean (any line with Hangul) by kiwi, which knows the
endings that close a sentence where no mark does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from nlpcli.engine.text.alignment import Aligned
from nlpcli.engine.text.token import Token, pieces

_TITLES = """
    mr mrs ms dr prof rev fr sr jr st messrs gen col maj capt lt sgt adm cmdr gov sen rep pres hon
    vs etc al cf ca approx est dept univ inc ltd co corp bros no nos vol vols pp p fig figs eq sec ch
    ed eds trans jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri
    sat sun ave blvd rd mt ft e.g i.e a.m p.m u.s u.k u.n ph.d m.d b.a m.a b.c a.d d.c
"""
_ABBREVIATIONS = frozenset(_TITLES.split())
# Those that also end sentences: split when a capital follows that is no name's.
_BOTH = "etc al inc ltd co corp jr sr a.m p.m u.s u.k u.n d.c b.c a.d ph.d m.d"
_MAY_END = frozenset(_BOTH.split())
_STARTERS = re.compile(
    r"(?:The|A|An|This|That|These|Those|It|He|She|We|They|I|You|There|Then|But|And|Or|So|In|On|At|For"
    r"|As|If|When|While|After|Before|However|His|Her|Its|Our|Their|My|Your|What|Why|How|Who|Where)\b"
)
_END = re.compile(r"[.!?…]+[\])}\"'”’»]*(?=\s)|[。！？]+[」』）”’]*")
_LAST_WORD = re.compile(r"(?:^|[\s(\[\"'“‘])([^\s(\[\"'“‘]{1,24})\Z")
_OPENING = "([{\"'“‘«¿¡-–—*#"
_HANGUL = re.compile("[ㄱ-ㅣ가-힣]")


def split_english(text: str) -> list[tuple[int, int]]:
    """Where the sentences of `text` begin and end.

    >>> text = "Dr. Kim paid $3.50 in the U.S. yesterday. Why? (Nobody knows.)"
    >>> [text[a:b] for a, b in split_english(text)]
    ['Dr. Kim paid $3.50 in the U.S. yesterday.', 'Why?', '(Nobody knows.)']
    """
    bounds: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _ends_sentence(text, match):
            _add(bounds, text, start, match.end())
            start = match.end()
    _add(bounds, text, start, len(text))
    return bounds


def _add(bounds: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    if start < end and piece.strip():
        bounds.append((start, start + len(piece.strip())))


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    following = text[match.end() : match.end() + 40].lstrip()
    if not following:
        return False
    first = following.lstrip(_OPENING)[:1]
    if first.islower():
        return False
    if not match[0].startswith(".") or match[0].startswith(".."):
        return True
    word = _LAST_WORD.search(text[max(0, match.start() - 26) : match.start()])
    if word is None:
        return True
    before = word[1].lower()
    if len(before) == 1 and before.isalpha() and before != "i":
        return False  # an initial: J. Smith
    if before in _ABBREVIATIONS:
        return before in _MAY_END and bool(_STARTERS.match(following))
    # "1. First" at the start of a line is a list's number
    return not (before.isdigit() and len(before) < 4 and not text[: match.start()].strip(before).strip())


def make_sentences() -> Callable[[str], list[Token]]:
    """A function from a line to its sentences as tokens; loads kiwi at the first Hangul."""
    loaded: list[Callable[[Aligned], list[tuple[int, int]]]] = []

    def sentences(text: str) -> list[Token]:
        if not _HANGUL.search(text):
            return [Token(text[start:end], start, end) for start, end in split_english(text)]
        if not loaded:
            loaded.append(_korean_splitter())
        from nlpcli.engine.text.tokenizers.morphemes import fit

        aligned = fit(text)
        places = [aligned.place(start, end) for start, end in loaded[0](aligned)]
        return [Token(text[start:end], start, end) for start, end in places]

    return sentences


def _korean_splitter() -> Callable[[Aligned], list[tuple[int, int]]]:
    from nlpcli.engine.text.tokenizers.korean import kiwi_model
    from nlpcli.engine.text.tokenizers.morphemes import CHUNK

    model = kiwi_model()

    def split(aligned: Aligned) -> list[tuple[int, int]]:
        return [
            (start + sentence.start, start + sentence.end)
            for start, piece in pieces(aligned.text, CHUNK)
            for sentence in model.split_into_sents(piece)
            if sentence.text.strip()
        ]

    return split
