"""A map of words as lines of text, for the terminal."""

from __future__ import annotations

import unicodedata

from nlpcli.engine.plots.word_map import WordMap

_FREE = ""
_TAIL = "\0"  # the second cell of a wide character


def draw_word_map(word_map: WordMap, columns: int = 80, rows: int = 24) -> list[list[tuple[str, int]]]:
    """A map of words in `columns` × `rows` cells: lines of (text, group), group −1 for what is empty.

    A word stands beside its dot where there is room; the first words have the first choice. Wide
    characters (Hangul) take two cells.
    """
    cells = [[_FREE] * columns for _ in range(rows)]
    groups = [[-1] * columns for _ in range(rows)]
    spots = []
    for (x, y), group in zip(word_map.places.tolist(), word_map.groups, strict=True):
        column = round((x + 1) / 2 * (columns - 1))
        row = round((1 - y) / 2 * (rows - 1))
        spots.append((row, column))
        cells[row][column], groups[row][column] = "•", group
    for (row, column), word, group in zip(spots, word_map.words, word_map.groups, strict=True):
        letters = _cells(word)
        sides = (column + 2, column - 1 - len(letters))
        for line, start in [*((row, side) for side in sides), *((row + step, column) for step in (-1, 1))]:
            if 0 <= line < rows and _is_free(cells[line], start, len(letters), column if line == row else -1):
                cells[line][start : start + len(letters)] = letters
                groups[line][start : start + len(letters)] = [group] * len(letters)
                break
    return [_runs(line, group) for line, group in zip(cells, groups, strict=True)]


def _is_free(cells: list[str], start: int, length: int, own: int) -> bool:
    """Is there room for a word with an empty cell, or its own dot, at each end?"""
    if start < 0 or start + length > len(cells):
        return False
    around = range(max(start - 1, 0), min(start + length + 1, len(cells)))
    return all(cells[place] == _FREE or place == own for place in around)


def _cells(word: str) -> list[str]:
    cells: list[str] = []
    for letter in word:
        if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf", "Cc"):
            continue
        cells.append(letter)
        if unicodedata.east_asian_width(letter) in "WF":
            cells.append(_TAIL)
    return cells


def _runs(cells: list[str], groups: list[int]) -> list[tuple[str, int]]:
    runs: list[tuple[str, int]] = []
    for cell, group in zip(cells, groups, strict=True):
        text = "" if cell == _TAIL else cell or " "
        if runs and runs[-1][1] == group:
            runs[-1] = (runs[-1][0] + text, group)
        else:
            runs.append((text, group))
    if runs and runs[-1][1] == -1:
        runs.pop()
    return runs
