"""Fonts that can show what is to be drawn: Hangul above all, which matplotlib's own font cannot."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable
from typing import Any

from nlpcli.errors import InputError

# Fonts with Hangul on Linux, macOS and Windows, the pleasant ones first.
_KOREAN = (
    "Pretendard",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "NanumGothic",
    "NanumBarunGothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "Malgun Gothic",
    "Nanum Gothic",
    "UnDotum",
    "Baekmuk Gulim",
    "Noto Sans CJK JP",
    "Source Han Sans KR",
)
# Comes with matplotlib too: a box for every letter.
_EMPTY = {"Last Resort High-Efficiency"}
_DEFAULT = "DejaVu Sans"  # comes with matplotlib


def fonts_for(texts: Iterable[str], font: str | None = None) -> tuple[list[str], str]:
    """Font families that together show `texts`, and the characters that no font here has.

    `font` is a font file that goes first. Raises InputError when it is not a font.
    """
    wanted = {letter for text in texts for letter in text if not letter.isspace()}
    families: list[str] = []
    if font is not None:
        families.append(_added(font))
        wanted -= _letters(families[0], wanted)
    wanted -= _letters(_DEFAULT, wanted)
    families.append(_DEFAULT)
    for look in (_installed, _found_anew):
        known = look() if wanted else frozenset()
        for family in (*_KOREAN, *sorted(known)):
            if wanted and family in known and family not in families:
                shown = _letters(family, wanted)
                families += [family] * bool(shown)
                wanted -= shown
    return families, "".join(sorted(wanted))


def _added(path: str) -> str:
    from matplotlib import font_manager

    try:
        font_manager.fontManager.addfont(path)
        return str(font_manager.FontProperties(fname=path).get_name())
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: not a font file", hint="--font takes a .ttf or .otf file") from error


@functools.cache
def _installed() -> frozenset[str]:
    from matplotlib import font_manager

    return frozenset(entry.name for entry in font_manager.fontManager.ttflist) - _EMPTY


@functools.cache
def _found_anew() -> frozenset[str]:
    """Fonts that were installed after matplotlib made its list, which it keeps in a file."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {entry.fname for entry in manager.ttflist}
    for path in sorted(font_manager.findSystemFonts()):
        if path not in known:
            with contextlib.suppress(OSError, RuntimeError):  # no font that can be read
                manager.addfont(path)
    return frozenset(entry.name for entry in manager.ttflist if entry.fname not in known) - _EMPTY


def _letters(family: str, wanted: set[str]) -> set[str]:
    """Which of the letters a font family has, in its plainest font."""
    from matplotlib import font_manager

    fonts = [entry for entry in font_manager.fontManager.ttflist if entry.name == family]
    try:
        plainest = min(fonts, key=lambda entry: (entry.style != "normal", _boldness(entry.weight)))
        face: Any = font_manager.get_font(plainest.fname)
    except (OSError, ValueError, RuntimeError):
        return set()
    return {letter for letter in wanted if face.get_char_index(ord(letter))}


def _boldness(weight: int | str) -> int:
    """How far a weight is from that of running text."""
    from matplotlib import font_manager

    number = font_manager.weight_dict.get(weight, 400) if isinstance(weight, str) else weight
    return abs(number - 400)


def is_hangul(letter: str) -> bool:
    """Is it a syllable or a letter of Korean?"""
    return "가" <= letter <= "힣" or "ㄱ" <= letter <= "ㆎ" or "\u1100" <= letter <= "\u11ff"
