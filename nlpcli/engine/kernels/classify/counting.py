"""Keys of features counted by class, in a hash table for each value of their leading bits."""

from __future__ import annotations

import numba as nb
import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)
_CLASS_BITS = np.uint64(24)
_CLASS, _ONE_MORE, _SEVERAL = np.uint64((1 << 24) - 1), np.uint64(1 << 24), np.uint64(1 << 63)


@nb.njit(nogil=True)
def sort_by_part(made, ends, first, shift, part_ends, keys, documents):
    """Bring features whose keys have the same bits from `shift` up together, in stable order.

    keys, documents [N] get the sorted keys and their documents, counted from `first`;
    part_ends int64 [parts] where each part ends.
    """
    shift = np.uint64(shift)
    part_ends[:] = 0
    for key in made:
        part_ends[key >> shift] += 1
    places = np.empty_like(part_ends)
    total = 0
    for part in range(part_ends.size):
        places[part] = total
        total += part_ends[part]
        part_ends[part] = total
    begin = 0
    for number in range(ends.size):
        for at in range(begin, ends[number]):
            part = made[at] >> shift
            place = places[part]
            keys[place] = made[at]
            documents[place] = first + number
            places[part] = place + 1
        begin = ends[number]


@nb.njit(nogil=True, inline="always")
def _slot(key, mask):
    """Where to look first; a product's high bits, since hashed keys have no low ones."""
    return ((key * _STEP) >> np.uint64(32)) & mask


@nb.njit(nogil=True)
def count_keys(keys, documents, start, labels, binary, slots, table, several, used, shared, rows):
    """Count features by class into a hash table, from the one at `start` on.

    A document with a negative label is left out. With `binary` a feature counts once per
    document, so features of a document must come one after the other.

    slots int32 [2^k], −1 where free; table uint64 [F, 3]: key, last document + 1, and the count: of most
    features one class alone has any, and it is kept as count · 2^24 + class. Those of several have a row in
    several [S, C], zero beyond `shared`, of which the number is kept, with the highest bit set.
    rows int32 [N], unless empty: gets the row in the table, −1 where a feature does not count.
    Returns: (feature reached, used, shared: rows used of either); stops when a table is full.
    """
    room = min(slots.size // 2, len(table))
    mask = np.uint64(slots.size - 1)
    for at in range(start, keys.size):
        document = documents[at]
        label = labels[document]
        if rows.size:
            rows[at] = -1
        if label < 0:
            continue
        key = keys[at]
        stamp = np.uint64(document + 1)
        slot = _slot(key, mask)
        while slots[slot] >= 0 and table[slots[slot], 0] != key:
            slot = (slot + np.uint64(1)) & mask
        row = slots[slot]
        if row < 0:
            if used == room:
                return at, used, shared
            slots[slot] = used
            table[used, 0], table[used, 1], table[used, 2] = key, stamp, _ONE_MORE | np.uint64(label)
            used += 1
            row = np.int32(used - 1)
        elif not binary or table[row, 1] != stamp:
            held = table[row, 2]
            if held & _SEVERAL:
                several[held & ~_SEVERAL, label] += np.uint64(1)
            elif held & _CLASS == np.uint64(label):
                table[row, 2] = held + _ONE_MORE
            elif shared == len(several):
                return at, used, shared
            else:
                several[shared, held & _CLASS] = held >> _CLASS_BITS
                several[shared, label] = 1
                table[row, 2] = _SEVERAL | np.uint64(shared)
                shared += 1
            table[row, 1] = stamp
        else:
            continue
        if rows.size:
            rows[at] = row
    return keys.size, used, shared


@nb.njit(nogil=True)
def largest_count(table, several):
    """The largest count that one class has of a feature."""
    largest = np.uint64(0)
    for row in range(len(table)):
        if table[row, 2] & _SEVERAL == 0:
            largest = max(largest, table[row, 2] >> _CLASS_BITS)
    for row in range(len(several)):
        for label in range(several.shape[1]):
            largest = max(largest, np.uint64(several[row, label]))
    return largest


@nb.njit(nogil=True)
def write_counts(table, order, several, counts):
    """The counts of the features in `order` [F], class by class, into `counts` [F, C]."""
    for place in range(order.size):
        held = table[order[place], 2]
        if held & _SEVERAL:
            for label in range(counts.shape[1]):
                counts[place, label] = several[held & ~_SEVERAL, label]
        else:
            counts[place, :] = 0
            counts[place, held & _CLASS] = held >> _CLASS_BITS


@nb.njit(nogil=True)
def rehash(slots, table, used):
    """Fill an empty (−1), larger table with the keys there are."""
    mask = np.uint64(slots.size - 1)
    for row in range(used):
        slot = _slot(table[row, 0], mask)
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = row


# --- which document has which feature ----------------------------------------------------------

_PLACE_BITS = np.uint32(24)
_ROW = np.uint32((1 << 24) - 1)


@nb.njit(nogil=True)
def by_document(parts, ends, part_ends, rows, places, place_ends):
    """Bring rows that `sort_by_part` brought together by part, and `count_keys` found, back into order.

    parts uint8 [N]: the part of each feature of documents that end at `ends`; places uint32 [N] get
    part · 2^24 + row of those that count, which end at place_ends [documents].
    Returns: how many count.
    """
    begins = np.empty_like(part_ends)
    before = 0
    for part in range(part_ends.size):
        begins[part] = before
        before = part_ends[part]
    total = begin = 0
    for number in range(ends.size):
        for at in range(begin, ends[number]):
            part = parts[at]
            row = rows[begins[part]]
            begins[part] += 1
            if row >= 0:
                places[total] = (np.uint32(part) << _PLACE_BITS) | np.uint32(row)
                total += 1
        begin = ends[number]
        place_ends[number] = total
    return total


@nb.njit(nogil=True)
def resolve(places, ends, bases, numbers, rows, row_ends, alone):
    """The final numbers of the features of documents, from `places` as `by_document` gives them.

    numbers int32 [F], those of part p from bases[p] on: −1 of a feature that one document alone has, which
    is counted in `alone` [documents], −2 of one that is left out; the others are written into `rows`.
    Returns: how many are written.
    """
    total = begin = 0
    for document in range(ends.size):
        for at in range(begin, ends[document]):
            number = numbers[bases[places[at] >> _PLACE_BITS] + np.int64(places[at] & _ROW)]
            if number >= 0:
                rows[total] = number
                total += 1
            elif number == -1:
                alone[document] += 1
        begin = ends[document]
        row_ends[document] = total
    return total


@nb.njit(nogil=True)
def count_totals(table, several, totals):
    """How often each feature of a table was seen in all classes, into `totals` int64 [F]."""
    for row in range(totals.size):
        held = table[row, 2]
        if held & _SEVERAL:
            total = np.int64(0)
            for label in range(several.shape[1]):
                total += np.int64(several[held & ~_SEVERAL, label])
            totals[row] = total
        else:
            totals[row] = np.int64(held >> _CLASS_BITS)
