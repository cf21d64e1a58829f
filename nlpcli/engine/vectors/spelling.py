"""Which known words are spelt most like an unknown one.

Letters are compared after canonical decomposition, so that an accent or one jamo of a Hangul
syllable is one mistake. All words are compared at once, a column of the distance table at a time.
"""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens

_MOST_WORDS = 1_000_000


def nearest_spellings(word: str, tokens: PackedTokens, count: int = 3) -> list[str]:
    """Up to `count` tokens spelt like `word`: in another case first, then by edit distance.

    Distance counts insertions, deletions, substitutions and swaps of neighbours among decomposed
    letters (Damerau 1964) and is at most a third of the word, so that a single letter or emoji is like
    nothing; equals are in vocabulary order, which in most files means the more frequent first.

    >>> nearest_spellings("kign", PackedTokens.of(["the", "sing", "king"]))
    ['king']
    """
    cased = [form for form in _cases(word) if tokens.find(form) is not None]
    wanted = _letters(word)
    if len(wanted) < 2:
        return cased[:count]
    codes, bounds = _decomposed(tokens)
    lengths = np.diff(bounds)
    allowed = max(1, len(wanted) // 3)
    near = np.flatnonzero(np.abs(lengths - 1 - len(wanted)) <= allowed)
    if not len(near):
        return cased[:count]
    distances = _distances(wanted, codes, bounds[near], lengths[near], allowed)
    order = np.argsort(distances, kind="stable")[: count + len(cased)]
    spelt = [tokens[int(near[place])] for place in order if distances[place] <= allowed]
    return [*cased, *(token for token in spelt if token not in cased)][:count]


def _cases(word: str) -> list[str]:
    forms = dict.fromkeys((word.lower(), word.capitalize(), word.title(), word.upper(), word.casefold()))
    return [form for form in forms if form != word]


def _letters(text: str) -> NDArray[np.uint32]:
    decomposed = unicodedata.normalize("NFD", text)
    return np.frombuffer(decomposed.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _decomposed(tokens: PackedTokens) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The letters of all tokens, and where each token starts [V + 1]; a LF ends every token."""
    limit = min(len(tokens), _MOST_WORDS)
    words = tokens[:limit]
    if b"\n" in tokens.text:
        words = [word.replace("\n", " ") for word in words]
    codes = _letters("\n".join(words) + "\n")
    ends = np.flatnonzero(codes == ord("\n"))
    return codes, np.concatenate([np.zeros(1, np.int64), ends + 1])


def _distances(
    wanted: NDArray[np.uint32],
    codes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    allowed: int,
) -> NDArray[np.int16]:
    """The distance of `wanted` to every token: the tables of all tokens, filled row by row together."""
    ends = lengths - 1
    before = above = np.tile(np.arange(len(wanted) + 1, dtype=np.int16)[:, None], len(starts))
    answer = np.where(ends == 0, np.int16(len(wanted)), np.int16(len(wanted) + allowed + 1))
    letters = last = np.zeros(len(starts), dtype=np.uint32)
    for place in range(int(ends.max())):
        last, letters = letters, codes[np.minimum(starts + place, len(codes) - 1)]
        row = np.empty_like(above)
        row[0] = place + 1
        for at, wish in enumerate(wanted):
            np.minimum(above[at + 1], row[at], out=row[at + 1])
            row[at + 1] += 1
            np.minimum(row[at + 1], above[at] + (letters != wish), out=row[at + 1])
            if at and place:
                swapped = (letters == wanted[at - 1]) & (last == wish)
                np.minimum(row[at + 1], before[at - 1] + 1, out=row[at + 1], where=swapped)
        before, above = above, row
        done = ends == place + 1
        answer[done] = row[-1][done]
    return answer
