"""Fonts that can show what is to be drawn: Hangul above all, which matplotlib's own font cannot."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from nlpcli.errors import InputError, MissingDependency

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
_DEFAULT = "DejaVu Sans"  # comes with matplotlib


def fonts_for(texts: Iterable[str], font: str | None = None) -> tuple[list[str], str]:
    """Font families that together show `texts`, and the characters that no font here has.

    `font` is a font file that goes first. Raises InputError when it is not a font, and
    MissingDependency, with what to install, when there is Hangul and no font for it.
    """
    wanted = {letter for text in texts for letter in text if not letter.isspace()}
    families: list[str] = []
    if font is not None:
        families.append(_added(font))
        wanted -= _letters(families[0], wanted)
    wanted -= _letters(_DEFAULT, wanted)
    families.append(_DEFAULT)
    for family in _KOREAN if wanted else ():
        if wanted and family in _installed():
            shown = _letters(family, wanted)
            families += [family] * bool(shown)
            wanted -= shown
    for family in sorted(_installed()) if wanted else ():
        shown = _letters(family, wanted)
        families += [family] * bool(shown)
        wanted -= shown
        if not wanted:
            break
    if any("가" <= letter <= "힣" or "ㄱ" <= letter <= "ㆎ" for letter in wanted):
        raise MissingDependency(
            "no font with Hangul is installed, which pictures of Korean words need",
            hint="Debian and Ubuntu: apt-get install fonts-nanum; macOS and Windows have one; "
            "or name a font file with --font; an .html map needs none here",
        )
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

    return frozenset(entry.name for entry in font_manager.fontManager.ttflist)


def _letters(family: str, wanted: set[str]) -> set[str]:
    """Which of the letters a font family has."""
    from matplotlib import font_manager

    try:
        path = font_manager.findfont(font_manager.FontProperties(family=family), fallback_to_default=False)
        face: Any = font_manager.get_font(path)
    except (OSError, ValueError, RuntimeError):
        return set()
    return {letter for letter in wanted if face.get_char_index(ord(letter))}
