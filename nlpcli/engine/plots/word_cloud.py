"""Where the words of a cloud stand: the first in the middle, the others on a spiral around, none on another.

Whoever draws says how wide and high each word is; boxes are placed here, nothing is drawn.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, width, height
_SHRINK = 0.9  # of all words, where one found no room
_TRIES = 16
_SMALLEST, _LARGEST = 0.022, 0.13  # of the frame's longer side: the height of words


def sizes(scores: Sequence[float], longer: float) -> list[float]:
    """The height of each word: by the root of its score, so that its area goes by it.

    >>> sizes([4.0, 1.0], 1000)
    [130.0, 76.0]
    """
    highest = max(scores, default=1.0) or 1.0
    span = _LARGEST - _SMALLEST
    return [round(longer * (_SMALLEST + span * math.sqrt(max(score, 0) / highest)), 6) for score in scores]


def placed(
    heights: Sequence[float],
    measure: Callable[[int, float], tuple[float, float]],
    width: float,
    height: float,
) -> list[tuple[float, Box] | None]:
    """For each word its height and box within the frame; None for one that has no room even when all shrink.

    measure: the width and height of word number n at a height of letters.
    """
    scale, found = 1.0, list[tuple[float, Box] | None]()
    for _ in range(_TRIES):
        boxes = [measure(number, size * scale) for number, size in enumerate(heights)]
        places = _spiralled(boxes, width, height)
        found = [
            None if place is None else (size * scale, (*place, *box))
            for place, size, box in zip(places, heights, boxes, strict=True)
        ]
        if None not in found:
            break
        scale *= _SHRINK
    return found


def _spiralled(
    boxes: Sequence[tuple[float, float]], width: float, height: float
) -> list[tuple[float, float] | None]:
    """The left upper corner of each box; None once the frame is full for it."""
    turns = _spiral(width, height)
    taken = np.empty((len(boxes), 4))
    known = 0
    places: list[tuple[float, float] | None] = []
    for wide, high in boxes:
        lefts, tops = turns[:, 0] - wide / 2, turns[:, 1] - high / 2
        inside = (lefts >= 0) & (tops >= 0) & (lefts + wide <= width) & (tops + high <= height)
        place = _first_free(lefts[inside], tops[inside], wide, high, taken[:known])
        places.append(place)
        if place is not None:
            taken[known] = (*place, place[0] + wide, place[1] + high)
            known += 1
    return places


def _first_free(
    lefts: NDArray[np.float64],
    tops: NDArray[np.float64],
    wide: float,
    high: float,
    taken: NDArray[np.float64],
) -> tuple[float, float] | None:
    for first in range(0, len(lefts), 256):  # a piece of the spiral against all boxes at once
        left, top = lefts[first : first + 256, None], tops[first : first + 256, None]
        overlaps = (left < taken[:, 2]) & (taken[:, 0] < left + wide)
        overlaps &= (top < taken[:, 3]) & (taken[:, 1] < top + high)
        free = np.flatnonzero(~overlaps.any(axis=1))
        if len(free):
            return float(lefts[first + free[0]]), float(tops[first + free[0]])
    return None


def _spiral(width: float, height: float) -> NDArray[np.float64]:
    """Points from the middle outwards, as far apart along the spiral as its turns are: [n, 2]."""
    step = max(width, height) / 120
    ends = math.hypot(width, height) / 2
    angles = np.sqrt(np.arange(0, (ends / step * 2 * math.pi) ** 2 / 2, math.pi) * 2)
    radii = step * angles / (2 * math.pi)
    x = width / 2 + radii * np.cos(angles) * min(1.0, width / height)
    y = height / 2 + radii * np.sin(angles) * min(1.0, height / width)
    return np.stack([x, y], axis=1)


def estimated_width(word: str) -> float:
    """About how wide a word is in the letters of a usual font, in its height.

    >>> estimated_width("한글"), round(estimated_width("words"), 2)
    (2.0, 2.96)
    """
    return sum(map(_letter, word)) or 0.5


def _letter(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in "ijlt.,;:'|!fI ":
        return 0.33
    return 0.72 if letter.isupper() or letter in "mwMW@%" else 0.56
