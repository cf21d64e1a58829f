"""English sentences by rules: a mark that ends one, white space, and something that can begin one.

After an abbreviation or a single letter only what begins sentences and no names does (the cat sat.
The, plan B. Then; not St. Mary, J. Smith), and no digit or small letter; after any other word whatever
comes, for many write without capital letters. Punctuation, lists' numbers, references and emoticons
stay with what they belong to.

Not here: the abbreviations and the words that begin sentences (`abbreviations.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nlpcli.engine.text import abbreviations as known

_LETTERS = "[^\\W\\d_]"
_STARTER = "|".join(sorted(known.STARTERS, key=len, reverse=True)).replace("'", "['’]")
EMOTICON = (
    r"(?:[<>]?[:;=]['’^o-]?[)(\]\[DPpOo3|/\\*]+|\^[_.o-]*\^;*|[-ㅡ]_*[-ㅡ];+|-_+-|<3+|~+|[ㅋㅎㅠㅜ]+"
    "|[\u2600-\u27bf\U0001f300-\U0001faff][\ufe0f\u200d\u2600-\u27bf\U0001f300-\U0001faff]*)"
)
_CLOSING = "[\\])}\"'”’“‘»›«‹*_\u200b\u2060\ufeff]"
END = re.compile(
    # marks, also apart (". . ."), what they close, and emoticons that belong to what they end
    rf"(?P<mark>(?<![.!?…])[.!?…‼⁇⁈⁉؟।۔](?:[.!?…‼⁇⁈⁉]|[ \u00a0][.!?…](?![.!?…]))*)"
    rf"(?P<closed>(?:[ \u00a0](?:[\])}}”»]|'')(?!\w)|{_CLOSING}|[ \u00a0]?\[\d[\d, –-]*\])*)"
    rf"(?P<smile>(?:\s+{EMOTICON}(?=\s|\Z))*)(?=\s|\Z)"
    r"|(?P<wide>[。！？｡]+[」』）”’]*)"
    # a rule drawn across the line; an emoticon instead of a mark; a space left out
    r"|(?P<rule>(?<!\S)[-=_*~]{5,}(?:\s+[-=_*~]{3,})*(?=\s))"
    rf"|(?<=\s){EMOTICON}(?=\s+[A-Z][a-z'’ ])"
    rf"|(?P<tight>(?<=[a-z]{{2}})[.!?])(?=(?:{_STARTER}|I)(?:['’ ]))"
)
# With one of these each of them begins: looking for a character is far faster than trying them all.
_SIGN = re.compile("[.!?…‼⁇⁈⁉؟।۔。！？｡<>:;=^ㅋㅎㅠㅜㅡ*_~\u2600-\u27bf\U0001f300-\U0001faff-]")
_OPENING = "([{\"'“‘„‚«‹»›¿¡-–—*#•·>"
_STARTS = re.compile(rf"(?:(?:{_STARTER}|I(?=[\s'’]))(?![\w.])|A(?=\s+[a-z]))")
_STARTS_TOO = re.compile(rf"(?:{'|'.join(known.MORE_STARTERS)})(?![\w.])")
_SURNAME = re.compile(rf"(?:{'|'.join(known.SURNAMES)}),")
_COUNTS = re.compile(r"(?:[IVXLC]+|[A-Z]|One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Zero)\b(?!['’])")
_PRONOUN = re.compile(r"(?:I|A)\s+[a-z]")
_TIME = re.compile(r"(?:[A-Z]{2,5}\b|Eastern|Pacific|Central|Mountain|Greenwich|Local|UTC)")
_DATE = re.compile(
    rf"(?i:{'|'.join(known.DATES)}|january|february|march|april|june|july|august|september|october"
    r"|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|(?:Night|Morning|Afternoon|Evening)\b"
)
_OPENS = re.compile(
    r"(?:At|By|In|On|Around|Before|After|Until|Since|From|During|Every|Last|Next|This)\s(?:\S+\s){0,2}\S+"
)
ENUMERATOR = re.compile(
    r"(?:(?:Figure|Fig\.|Table|Chapter|Section|Part|Step|Appendix|Article|Rule|Lesson|Example|Exercise|Question)"
    r"\s+|[(\[*•–-]*\s*)(?:\d{1,3}(?:[.-]\d{1,2})*|[A-Za-z]|[ivx]{1,4}|[IVX]{1,4})"
)
_NEXT_ENUMERATOR = re.compile(r"\d{1,2}[.)]\s+\D")
_NEXT_OF_DATE = re.compile(r"\d{1,2}(?:\.\s+\d{1,2}\b|\.?\s*\Z|\.)")
_DOTTED = re.compile(rf"(?:{_LETTERS}{{1,2}}\.)+{_LETTERS}{{1,2}}")
_LATTER = re.compile(r"[-–—/(\[{\"“”‘«]")
_SAYS = re.compile(
    r"(?:[A-Z][\w.'’-]*\s+){1,2}(?:said|says|asked|asks|cried|cries|replied|replies|answered|shouted"
    r"|whispered|exclaimed|added|wondered|demanded|inquired|enquired|called|told|yelled|screamed)\b"
)
_WHEN = known.TIMES | known.DATES
_SPACE = re.compile(r"\s*")
_NEAR = 60  # characters of what stands before and after that are looked at
_VOWELS = re.compile("[aeiouyà-ɏ]")


def split_english(text: str) -> list[tuple[int, int]]:
    """Where the sentences of `text` begin and end.

    >>> text = "Dr. Kim paid $3.50 in the U.S. yesterday. Why? (Nobody knows.)"
    >>> [text[a:b] for a, b in split_english(text)]
    ['Dr. Kim paid $3.50 in the U.S. yesterday.', 'Why?', '(Nobody knows.)']
    """
    return list(spans(text, ends_of(text)))


def signs_of(text: str) -> Iterator[re.Match[str]]:
    """What may end a sentence of `text`: matches of `END`, in order."""
    position = 0
    while sign := _SIGN.search(text, position):
        match = END.match(text, sign.start())
        position = sign.end()
        if match:
            position = match.end()
            yield match


def ends_of(text: str) -> Iterator[int]:
    """Where a sentence of `text` ends and another follows."""
    start = 0
    for match in signs_of(text):
        if ends_sentence(text, start, match):
            if match["rule"] is not None:
                yield match.start()
            start = match.end()
            yield start


def spans(text: str, ends: Iterable[int]) -> Iterator[tuple[int, int]]:
    """What lies between the ends, but for the white space around it."""
    start = 0
    for end in (*ends, len(text)):
        piece = text[start:end]
        kept = piece.strip()
        if kept:
            begin = start + piece.index(kept)
            yield begin, begin + len(kept)
        start = end


def ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a match of `END` ends the sentence that began at `start`."""
    begin = _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]  # it matches anything
    following = text[begin : begin + _NEAR]
    if not following or match["mark"] is None or match["smile"]:
        return bool(following)
    at = match.start()
    if following[0] in ",;:)]}" or text[at - 1 : at] in ("(", "["):
        return False
    before = text[max(start, at - _NEAR) : at]
    word = "" if before[-1:].isspace() else (before.rsplit(None, 1) or [""])[-1]
    first = following.lstrip(_OPENING)
    if first[:1].islower():
        return not match["closed"] and _ends_before_small(word, first, re.sub(r"\s", "", match["mark"]))
    if match["mark"] != ".":
        asked = match["closed"] and _SAYS.match(following)
        return not asked and (word.lower() not in known.EXCLAIMED or bool(_STARTS.match(first)))
    if at - start < _NEAR and ENUMERATOR.fullmatch(before.strip()):
        return False
    if first[:1].isdigit():
        return _ends_before_digit(word, first)
    return not word or _ends_before_capital(before, word, first)


def _latter(word: str) -> str:
    """The part of a word that an abbreviation could be: (mid-Jan gives Jan."""
    part = _LATTER.split(word)[-1].lstrip("'’*_")
    return part if part[1:] or word[:1] not in "'’" else word


def _is_short(part: str) -> bool:
    """Whether the word looks like an abbreviation."""
    listed = part.lower() in known.ALL and part not in known.ACRONYMS
    return (len(part) == 1 and part.isalpha()) or listed or bool(_DOTTED.fullmatch(part))


def stop_is_mark(word: str) -> bool:
    """Whether the full stop after a word is a mark, and no part of an abbreviation, whatever follows.

    >>> [stop_is_mark(word) for word in ("movie", "(movie", "Dr", "U.S", "mfg", "5")]
    [True, True, False, False, False, True]
    """
    part = _latter(word)
    return not (_is_short(part) or (part.isalpha() and not _VOWELS.search(part.lower())))


def _ends_before_small(word: str, following: str, mark: str) -> bool:
    """Before a small letter: people who write so end sentences with words, not with abbreviations."""
    part = _latter(word)
    if ".." in mark or "…" in mark:
        return False
    if mark != ".":
        return not (mark == "!" and part[:1].isupper() and part[1:].islower())  # Yahoo! and
    if not part or _is_short(part) or (part.isalpha() and not _VOWELS.search(part.lower())):
        return not part
    if part[0].isupper() and len(part) < (3 if part.isupper() else 5):
        return following.startswith("http") or bool(_STARTS.match(following[:1].upper() + following[1:]))
    return True


def _ends_before_digit(word: str, following: str) -> bool:
    part = _latter(word)
    if part.isdigit():
        return not (_NEXT_OF_DATE.match(following) and len(part) in (1, 2, 4))
    if _is_short(part):
        key = part.lower()
        countable = key in known.BEFORE_NUMBER or key in known.DATES or key in known.NEVER or len(part) == 1
        return not countable and bool(_NEXT_ENUMERATOR.match(following))
    return bool(_VOWELS.search(part)) or not (part.isalpha() and part.islower())


def _ends_before_capital(before: str, word: str, following: str) -> bool:
    part = _latter(word)
    if not _is_short(part):
        return True
    key = part.lower()
    starts = bool(_STARTS.match(following))
    if len(key) == 1:
        return _ends_after_letter(before, word, part, following)
    if key in known.NEVER:
        return False
    if not starts and key in _WHEN and _OPENS.fullmatch(before.strip()):
        return False  # At 5 p.m. Peter left
    if key in known.TIMES:
        return not (_TIME.match(following) or _DATE.match(following)) or starts
    if key in known.DATES:
        return starts or not _DATE.match(following)
    if key in known.BEFORE_NUMBER and _COUNTS.match(following):
        return bool(_PRONOUN.match(following)) and (part.islower() or key == "no")
    if key in known.BEFORE_NAME and key not in known.SMALL_WORDS:
        return starts
    small_word = part.islower() and "." not in part
    return small_word or starts or key in ("no", "etc") or bool(_STARTS_TOO.match(following))


def _ends_after_letter(before: str, word: str, letter: str, following: str) -> bool:
    """Whether a single letter is the last word of its sentence (plan B), and not an initial (J. Smith)."""
    others = before[: len(before) - len(word)].split()
    previous = others[-1].strip("([\"“‘'") if others else ""
    if letter == "v":
        return False
    if letter == "I" and previous.islower() and previous not in ("by", "of", "from", "to", "with", "for"):
        return True
    if letter == "p" and _COUNTS.match(following) and not _PRONOUN.match(following):
        return False
    if previous.lower() in known.LABELLED or len(word.strip("([\"“‘'*_")) > 1:
        return True
    return bool(_STARTS.match(following)) and not _SURNAME.match(following)
