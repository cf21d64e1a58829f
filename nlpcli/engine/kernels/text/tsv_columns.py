"""The text and the label of every row of a tab-separated table, straight from the bytes."""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.text.utf8 import WINDOW, lowest_bit, separators

_TAB, _LINE_END, _RETURN = 9, 10, 13
_ONE = np.uint64(1)


@nb.njit(nogil=True, inline="always")
def _append(copies, size, table, begin, end):
    """Put `table[begin:end]` and a line end behind the `size` bytes of `copies`; the new size."""
    # Unsigned, as an index that may be negative keeps LLVM from copying many bytes at once.
    target, source = np.uint64(size), np.uint64(begin)
    for offset in range(np.uint64(end - begin)):
        copies[target + offset] = table[source + offset]
    size += end - begin + 1
    copies[size - 1] = _LINE_END
    return size


@nb.njit(nogil=True)
def take_columns(table, text, label, width, texts, labels):
    """Copy column `text` of every row into `texts`, a line each, and column `label` into `labels`.

    `table` ends with a line end; so do the copies, which have room for as many bytes. A `\\r`
    before a line end belongs to it. With labels (`label` ≥ 0) empty lines are passed over,
    without (−1) they are empty texts.

    Returns: (bytes of texts, bytes of labels, True if all is well); stops at a row that lacks a
    column, has more than `width` of them, or has an empty label.
    """
    wanted = max(text, label)
    text_size = label_size = 0
    row = field = begin = 0  # where the row begins; the field's number, and where it begins
    text_begin = text_end = label_begin = label_end = 0
    window = 0
    while window < table.size:
        if window + WINDOW <= table.size:
            found = separators(table, window)
        else:
            found = np.uint64(0)
            for at in range(window, table.size):
                if table[at] == _TAB or table[at] == _LINE_END:
                    found |= _ONE << np.uint64(at - window)
        while found:
            at = window + lowest_bit(found)
            found &= found - _ONE
            ends_row = table[at] == _LINE_END
            end = at - 1 if ends_row and at > begin and table[at - 1] == _RETURN else at
            if field == text:
                text_begin, text_end = begin, end
            if field == label:
                label_begin, label_end = begin, end
            field += 1
            begin = at + 1
            if not ends_row:
                continue
            if end == row:
                text_begin = text_end = row
            elif field <= wanted or field > width or (label >= 0 and label_begin == label_end):
                return text_size, label_size, False
            if end > row or label < 0:
                text_size = _append(texts, text_size, table, text_begin, text_end)
                if label >= 0:
                    label_size = _append(labels, label_size, table, label_begin, label_end)
            row, field = begin, 0
        window += WINDOW
    return text_size, label_size, True
