"""Morphemes out of the labels of characters into text: a space between those of a line, tags where asked."""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.tagging.arguments import AS_IT_IS, BY_LETTERS

_SPACE, _LINE_END = np.uint8(0x20), np.uint8(0x0A)
_FIRST, _SYLLABLES = 0xAC00, 11172
_VOWELS, _CODAS = 21, 28


@nb.njit(nogil=True)
def _put(code, written, out):
    """Write a character; where the next one goes."""
    if code < 0x80:
        written[out] = code
        return out + 1
    if code < 0x800:
        written[out] = 0xC0 | code >> 6
    else:
        if code < 0x10000:
            written[out] = 0xE0 | code >> 12
        else:
            written[out] = 0xF0 | code >> 18
            out += 1
            written[out] = 0x80 | (code >> 12 & 0x3F)
        out += 1
        written[out] = 0x80 | (code >> 6 & 0x3F)
    written[out + 1] = 0x80 | (code & 0x3F)
    return out + 2


@nb.njit(nogil=True)
def _copy(text, begin, end, written, out):
    for place in range(begin, end):
        written[out] = text[place]
        out += 1
    return out


@nb.njit(nogil=True)
def _spell(code, how, spelt, written, out):
    """Write the letters of a piece of a morpheme beside a character; where the next one goes."""
    if how[0] == AS_IT_IS:
        return _put(code, written, out)
    number = code - _FIRST
    if how[0] == BY_LETTERS and 0 <= number < _SYLLABLES:
        onset, vowel, coda = number // (_VOWELS * _CODAS), number // _CODAS % _VOWELS, number % _CODAS
        onset = onset if how[1] < 0 else how[1]
        vowel = vowel if how[2] < 0 else how[2]
        coda = coda if how[3] < 0 else how[3]
        return _put(_FIRST + (onset * _VOWELS + vowel) * _CODAS + coda, written, out)
    return _copy(spelt, how[4], how[5], written, out)


@nb.njit(nogil=True)
def write_morphemes(codes, found, ends, ended, begun, spelling, written):
    """Write the morphemes of characters uint32 [N] with labels int16 [N].

    Part i of the text ends at ends[i] int64; ended[i] uint8: whether a line does, too. begun: whether the
    first part's line has morphemes already.

    Returns: how many bytes they are, −1 where `written` may be too small; and `begun` for the next part.
    """
    place = out = 0
    for part in range(ends.size):
        going = shown = False
        tag = 0
        while place < ends[part]:
            if out + spelling.most > written.size:
                return -1, begun
            label = found[place]
            k = 0
            while label >= 0 and k < spelling.pieces.shape[1] and spelling.pieces[label, k, 0]:
                if spelling.pieces[label, k, 0] != 2 or not going:
                    if shown:
                        out = _copy(
                            spelling.tags,
                            spelling.tag_starts[tag],
                            spelling.tag_starts[tag + 1],
                            written,
                            out,
                        )
                    tag = spelling.pieces[label, k, 2]
                    going, shown = True, spelling.kept[tag] != 0
                    if shown and begun:
                        written[out] = _SPACE
                        out += 1
                    begun |= shown
                if shown:
                    out = _spell(
                        np.int64(codes[place]), spelling.letters[label, k], spelling.spelt, written, out
                    )
                k += 1
            place += 1
        if out + spelling.most > written.size:
            return -1, begun
        if shown:
            out = _copy(spelling.tags, spelling.tag_starts[tag], spelling.tag_starts[tag + 1], written, out)
        if ended[part]:
            written[out] = _LINE_END
            out += 1
            begun = False
    return out, begun
