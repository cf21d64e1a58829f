"""Morphemes of a line as one label for each of its characters, and back.

A label names the pieces of morphemes that a character holds, in order, each with a mark, a tag and what the
piece's letters are beside the character:

    B   a morpheme begins here         갔 of 갔다   B VV =,=,0 (가) and B EP ㅇ,ㅏ,= (았)
    I   the last one goes on           온 of 나온   I VV =,=,0 (오) and B ETM ㄴ
    Z   one with no letters of its own, before those of the character: 다 of 언어다   Z VCP 이 and B EF =
    E   the same, behind them

A syllable's letters are described by its onset, vowel and coda, "=" for what is as in the character, so that
갔, 났 and 샀 share a label.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

Morpheme = tuple[str, str, int, int]  # form, tag, start and end
_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_CODAS = "0ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST, _LAST = ord("가"), ord("힣")


class Piece(NamedTuple):
    """A part of a morpheme: its mark, its tag, and its letters (`letters_of`)."""

    mark: str
    tag: str
    letters: str


Label = tuple[Piece, ...]


def _is_syllable(text: str) -> bool:
    return len(text) == 1 and _FIRST <= ord(text) <= _LAST


def _jamo(syllable: str) -> tuple[str, str, str]:
    rest, coda = divmod(ord(syllable) - _FIRST, 28)
    onset, vowel = divmod(rest, 21)
    return _ONSETS[onset], _VOWELS[vowel], _CODAS[coda]


def described(letters: str, character: str) -> str:
    """Letters as they are beside a character.

    >>> described("가", "갔"), described("았", "갔"), described("ㄴ", "온"), described("갔", "갔")
    ('==0', 'ㅇ==', 'ㄴ', '=')
    """
    if letters == character:
        return "="
    if _is_syllable(letters) and _is_syllable(character):
        pairs = zip(_jamo(letters), _jamo(character), strict=True)
        return "".join("=" if one == other else one for one, other in pairs)
    return letters


@functools.lru_cache(maxsize=1 << 16)
def letters_of(description: str, character: str) -> str:
    """What `described` described.

    >>> letters_of("==0", "났"), letters_of("ㅇ==", "났"), letters_of("=", "났")
    ('나', '았', '났')
    """
    if description == "=":
        return character
    described_by = letter_numbers(description) if _is_syllable(character) else None
    if described_by is None:
        return description
    rest, own_coda = divmod(ord(character) - _FIRST, 28)
    onset, vowel, coda = (
        own if number < 0 else number
        for number, own in zip(described_by, (*divmod(rest, 21), own_coda), strict=True)
    )
    return chr(_FIRST + (onset * 21 + vowel) * 28 + coda)


def letter_numbers(description: str) -> tuple[int, int, int] | None:
    """The onset, vowel and coda that stand for the character's, −1 for those that are the same.

    None for a description that is the letters themselves.

    >>> letter_numbers("==0"), letter_numbers("ㅇ=="), letter_numbers("에게")
    ((-1, -1, 0), (11, -1, -1), None)
    """
    if len(description) != 3:
        return None
    onset, vowel, coda = (
        -1 if mark == "=" else letters.find(mark) if mark in letters else -2
        for mark, letters in zip(description, (_ONSETS, _VOWELS, _CODAS), strict=True)
    )
    return None if -2 in (onset, vowel, coda) else (onset, vowel, coda)


def labels_of(text: str, morphemes: Sequence[Morpheme]) -> list[Label] | None:
    """The label of every character, () for spaces; None where the morphemes cannot be told so."""
    pieces: list[list[Piece]] = [[] for _ in text]
    for form, tag, start, end in morphemes:
        if start == end:
            if (
                start < len(text)
                and not text[start].isspace()
                and not (pieces[start] and pieces[start][-1].mark != "Z")
            ):
                pieces[start].append(Piece("Z", tag, form))
            elif start and not text[start - 1].isspace():
                pieces[start - 1].append(Piece("E", tag, form))
            else:
                return None
            continue
        width = end - start
        if not form or any(map(str.isspace, text[start:end])):
            return None
        for place in range(start, end):
            number = place - start
            letters = form[number:] if number == width - 1 else form[number : number + 1]
            own = pieces[place]
            if number and own:
                return None
            own.append(Piece("I" if number else "B", tag, described(letters, text[place])))
    if any((not own) != character.isspace() for own, character in zip(pieces, text, strict=True)):
        return None
    return [tuple(own) for own in pieces]


def form_of(characters: str, labels: Sequence[Label], piece: int) -> str:
    """The form of a morpheme: that of piece number `piece` in the first of its characters' labels.

    >>> on = Piece("I", "VV", "==0"), Piece("B", "ETM", "ㄴ")
    >>> form_of("나온", [(Piece("B", "VV", "="),), on], 0), form_of("온", [on], 1)
    ('나오', 'ㄴ')
    """
    rest = zip(characters[1:], labels[1:], strict=True)
    return letters_of(labels[0][piece].letters, characters[0]) + "".join(
        letters_of(label[0].letters, character) for character, label in rest
    )
