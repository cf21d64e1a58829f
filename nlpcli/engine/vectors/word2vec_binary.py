"""word2vec's binary layout: `V D`, newline; per word its bytes, a space, D float32, perhaps a newline."""

from __future__ import annotations

import numpy as np

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.binary_input import BinaryInput, CutShort
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.vectors.text_layout import BOM, not_vectors, packed, wrong_count
from nlpcli.errors import InputError
from nlpcli.wording import counted

_LONGEST_HEADER, _LONGEST_TOKEN = 64, 1 << 16
_ROWS = 1 << 22  # numbers that there is room for at first; then room grows with what has come


def read_binary(source: BinaryInput, name: str) -> tuple[PackedTokens, Floats]:
    """The words and their vectors [V, dim].

    Raises InputError for more or fewer words than promised, and for numbers that are not finite.
    """
    try:
        count, dim = (int(number) for number in source.take_until(b"\n", _LONGEST_HEADER).lstrip(BOM).split())
    except (CutShort, ValueError) as error:
        raise not_vectors(name) from error
    if not count or not dim:
        raise not_vectors(name)
    matrix = np.empty((min(count, max(1, _ROWS // dim)), dim), np.float32)
    tokens: list[bytes] = []
    for number in range(count):
        try:
            token = source.take_until(b" ", _LONGEST_TOKEN).lstrip(b"\n")
            row = source.take(4 * dim)
        except CutShort as error:
            raise wrong_count(name, count, number) from error
        if not token:  # a word of nothing, or of a space, after which every number would be out of place
            raise InputError(f"{name}: word {number + 1:,} is empty", hint="is the file damaged?")
        if number == len(matrix):
            matrix.resize((min(count, 2 * number), dim), refcheck=False)
        tokens.append(token)
        matrix[number] = np.frombuffer(row, "<f4")
    if not source.at_end and (source.take(1) != b"\n" or not source.at_end):
        raise InputError(f"{name}: more data than the {counted(count, 'word')} that the first line promises")
    check_finite(matrix, name)
    return packed(tokens), matrix


def check_finite(matrix: Floats, name: str) -> None:
    """Raise InputError for nan and inf."""
    step = max(1, _ROWS // max(matrix.shape[1], 1))
    for start in range(0, len(matrix), step):
        if not np.isfinite(matrix[start : start + step]).all():
            raise InputError(f"{name}: the vectors hold nan or inf", hint="is the file damaged?")
