"""Sentences of lines with Hangul.

Marks end them as in English, but not within a quotation that its sentence goes on around ("…"라고
말했다). Where no mark is, polite endings (습니다, 세요) and requests (줘) end them by themselves; what
else may end one (다, 지, 어: or does it go on?) kiwi decides from the morphemes, if it is asked.

Not here: the morphemes themselves (`tokenizers/korean.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from nlpcli.engine.text.english_sentences import EMOTICON, END, ENUMERATOR, ends_sentence, signs_of, spans

_Span = tuple[int, int]

_HANGUL = re.compile("[ㄱ-ㅣ가-힣]")
_QUOTED = re.compile(
    r"“[^“”]{1,500}”|‘[^‘’]{1,500}’|「[^「」]{1,500}」|『[^『』]{1,500}』|《[^《》]{1,200}》|〈[^〈〉]{1,200}〉"
    r"|\((?:[^()]|\([^()]{0,100}\)){1,300}\)|\[[^\[\]]{1,300}\]"
    r"|(?<![^\s(\[“‘'])\"(?=\S)[^\"]{1,500}\"|(?<![^\s(\[“‘\"])'(?=\S)[^']{1,200}'(?![A-Za-z])"
)
# Words that take up what was said before them: its end is not the sentence's.
_GOES_ON = re.compile(
    r"\s*(?:라고|라는|라며|라면|라니|라던|라[,\s]|이라|고\s|고는|고요|며\s|며,|하고|하는|하며|했다|했던|한다|인데|등[이을은의에과\s]|만\s)"
)
_ENUMERATOR = re.compile(r"(?<!\S)[(\[]*[가나다라마바사아자차카타파하]\Z")
_DATED = re.compile(r"\d\.\s*\d{1,2}\Z")
_POLITE = re.compile(
    "(?:니다|세요|시오|네요|[아어여해워와에예봐줘돼]요|까요|게요|나요|죠|지요|군요|[가-힣]줘|[아어여]\\s줘)"
    rf"[~♡♥]*(?:\s?(?:{EMOTICON}|[ㅋㅎㅠㅜ]+|[~^]{{2,}})(?=\s|\Z))*(?=\s|\Z)"
)
_NO_SPACE = re.compile("(?:(?<=[다요죠까네음함])[.!?]+|(?<=[가-힣])[!?]+)(?=[가-힣“‘「])")
# Where an unmarked end may be: kiwi looks at these alone. 지 but not 까지, 해 but not 위해, and 게 of 할게.
_RIEUL = "".join(chr(code) for code in range(ord("가") + 8, ord("힣"), 28))
_PERHAPS = re.compile(
    rf"(?:[다요죠까네어아줘봐음함임됨군니자걸래오냐야여당염렴려]|(?<![까가단현토유])지|(?<![위통대관인비난올피오이번])해"
    rf"|(?<![니따나])라|(?<![거하이러누구])나|(?<=[{_RIEUL}])게)[)\]'\"”’》」~♡♥^]*(?:\s?[ㅋㅎㅠㅜ^]+)?\s"
    r"|[가-힣]{12,}|(?:니다|[네어아해세]요)[가-힣0-9]{2}|~[가-힣]|[가-힣ㅋㅎㅠㅜ^][.!?ㅋㅎㅠㅜ^]+[가-힣]|…|\.\.|\d\.\s|[~♡♥]\s"
)
_CLOSED = ")]}'\"”’》〉」』"
_MARKS = ".!?…。~"
_LAUGHTER = "ㅋㅎㅠㅜ^;"
_WINDOW = 4096  # characters given to kiwi at once


def make_splitter(*, unmarked: bool = True) -> Callable[[str], list[_Span]]:
    """A function from a line to where its sentences begin and end; kiwi is loaded for unmarked ends."""
    from nlpcli.engine.text.tokenizers.morphemes import fit

    model = None
    if unmarked:
        from nlpcli.engine.text.tokenizers.korean import kiwi_model

        model = kiwi_model()

    def split(line: str) -> list[_Span]:
        aligned = fit(line)
        ends = (aligned.place(end - 1, end)[1] for end in _ends(aligned.text, model))
        return list(spans(line, ends))

    return split


def _ends(text: str, model: Any) -> list[int]:
    """Where a sentence of `text` ends and another follows."""
    within = list(_embedded(text))
    ends: list[int] = []
    start = 0
    for end in (*_plain_ends(text, within), len(text)):
        if model is not None:
            ends += _unmarked_ends(text, start, end, model)
        ends.append(end)
        start = end
    return ends[:-1]


def _embedded(text: str) -> Iterator[_Span]:
    """What stands in quotation marks or brackets within a sentence."""
    for match in _QUOTED.finditer(text):
        before = text[max(0, match.start() - 8) : match.start()].rstrip()
        begins = not before or before[-1] in _MARKS or before[-1:] == "\n"
        closed = not text[match.end() : match.end() + 1].strip() and not _GOES_ON.match(text, match.end())
        if not (begins and closed):
            yield match.start(), match.end()


def _plain_ends(text: str, within: list[_Span]) -> list[int]:
    """Ends that need no morphemes: marks, polite endings."""
    places = sorted(
        [(match.end(), match, END) for match in signs_of(text)]
        + [(match.end(), match, _POLITE) for match in _POLITE.finditer(text)]
        + [(match.end(), match, _NO_SPACE) for match in _NO_SPACE.finditer(text)],
        key=lambda place: place[0],
    )
    ends: list[int] = []
    start, number = 0, 0
    for end, match, pattern in places:
        while number < len(within) and within[number][1] <= match.start():
            number += 1
        if number < len(within) and within[number][0] < match.start() < end <= within[number][1]:
            continue
        if end > start and (
            _ends_at(text, start, match) if pattern is END else not _GOES_ON.match(text, end)
        ):
            if pattern is END and match["rule"] is not None:
                ends.append(match.start())
            ends.append(end)
            start = end
    return ends


def _ends_at(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a mark ends a sentence; one after Hangul does, whatever follows."""
    mark = match["mark"]
    if mark is None or match["smile"]:
        return ends_sentence(text, start, match)
    before = text[max(start, match.start() - 12) : match.start()]
    if not _HANGUL.match(before[-1:]):
        after = text[match.end() : match.end() + 8].lstrip()
        numbered = before[-1:].isdigit() and (_HANGUL.match(after) or _DATED.search(before))
        return not numbered and ends_sentence(text, start, match)
    if ".." in mark or "…" in mark or _GOES_ON.match(text, match.end()):
        return False
    return not _ENUMERATOR.search(before)


def _unmarked_ends(text: str, start: int, end: int, model: Any) -> Iterator[int]:
    """Kiwi's ends between two others, but for those that cut a word or a quotation from its particle."""
    while _PERHAPS.search(text, start, end - 1):
        stop = (
            end if end - start <= _WINDOW else text.rfind(" ", start, start + _WINDOW) + 1 or start + _WINDOW
        )
        found = [start + sentence.end for sentence in model.split_into_sents(text[start:stop])][:-1]
        found = [place for place in found if _separates(text, start, place)]
        yield from found
        if stop == end:
            return
        start = found[-1] if found else stop


def _separates(text: str, start: int, place: int) -> bool:
    """Whether an end of kiwi's parts sentences: not a list's number, a quotation, a word from its rest."""
    last, following = text[place - 1], text[place : place + 1]
    if last in _CLOSED and text[place - 2] not in _MARKS + "다요죠까네음함임":
        return False
    if ENUMERATOR.fullmatch(text[max(start, place - 12) : place].rsplit(None, 1)[-1].rstrip(".")):
        return False
    if following.isspace():
        return True
    if last in _MARKS + _LAUGHTER:
        return bool(re.match("[가-힣A-Z“‘「\"']", following))
    rest = re.match("[가-힣0-9]*", text[place:])
    least = {"요": 2, "다": 3, "음": 3, "함": 3, "임": 3}.get(last, 4)  # syllables, or the word goes on
    return bool(rest and len(rest[0]) >= least and not _GOES_ON.match(rest[0] + " "))
