"""Keys of features counted by class, in a hash table for each value of their leading bits."""

from __future__ import annotations

import numba as nb
import numpy as np

_STEP = np.uint64(0x9E3779B97F4A7C15)
_HELD, _STAMP_BITS = np.uint64(0xFFFFFFFF), np.uint64(32)
_SEVERAL = np.uint64(1 << 31)
_LOW, _LOW_BITS, _NONE = np.uint64(255), np.uint64(8), np.uint64(0)


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
def count_keys(
    keys, documents, start, labels, class_bits, binary, slots, table, several, carries, sizes, rows
):
    """Count features by class into a hash table, from the one at `start` on.

    A document with a negative label is left out. With `binary` a feature counts once per
    document, so features of a document must come one after the other.

    slots int32 [2^k], −1 where free; table uint64 [F, 2]: key, then (last document + 1) · 2^32 + what is
    held. Of most features one class alone has any, and count · 2^class_bits + class is held. Those of
    several classes, and of one with more than that has room for, have a row in several uint8 [S, C], zero
    beyond what is used, of which the number is held, with bit 31 set. There only the last 8 bits of each
    count stand; carries int64 [N, 2] has the rest: places in `several`, and how many times 256 to add.
    sizes int64 [3]: how much is used of table, several and carries. rows int32 [N], unless empty: gets the
    row in the table, −1 where a feature does not count.
    Returns: the feature reached; stops when a table is full.
    """
    used, shared, carried = sizes[0], sizes[1], sizes[2]
    room = min(slots.size // 2, len(table))
    mask = np.uint64(slots.size - 1)
    class_bits = np.uint64(class_bits)
    one_more = np.uint64(1) << class_bits
    class_mask = one_more - np.uint64(1)
    classes = several.shape[1]
    for at in range(start, keys.size):
        document = documents[at]
        label = labels[document]
        if rows.size:
            rows[at] = -1
        if label < 0:
            continue
        key = keys[at]
        stamp = np.uint64(document + 1) << _STAMP_BITS
        slot = _slot(key, mask)
        while slots[slot] >= 0 and table[slots[slot], 0] != key:
            slot = (slot + np.uint64(1)) & mask
        row = slots[slot]
        if row < 0:
            if used == room:
                break
            slots[slot] = used
            table[used, 0], table[used, 1] = key, stamp | one_more | np.uint64(label)
            used += 1
            row = np.int32(used - 1)
        else:
            held = table[row, 1] & _HELD
            if binary and table[row, 1] - held == stamp:
                continue
            if held & _SEVERAL:
                place = np.int64(held & ~_SEVERAL)
                if several[place, label] == _LOW:
                    if carried == len(carries):
                        break
                    carries[carried, 0], carries[carried, 1] = place * classes + label, 1
                    carried += 1
                several[place, label] += np.uint8(1)
            elif held & class_mask == np.uint64(label) and held + one_more < _SEVERAL:
                held += one_more
            elif shared == len(several) or carried + 1 >= len(carries):
                break
            else:
                first, seen = np.int64(held & class_mask), held >> class_bits
                if first == label:
                    seen += np.uint64(1)
                else:
                    several[shared, label] = 1
                several[shared, first] = seen & _LOW
                if seen > _LOW:
                    carries[carried, 0], carries[carried, 1] = shared * classes + first, seen >> _LOW_BITS
                    carried += 1
                held = _SEVERAL | np.uint64(shared)
                shared += 1
            table[row, 1] = stamp | held
        if rows.size:
            rows[at] = row
    else:
        at = keys.size
    sizes[0], sizes[1], sizes[2] = used, shared, carried
    return at


@nb.njit(nogil=True)
def largest_single(table, class_bits):
    """The largest count of the features that one class alone has."""
    class_bits = np.uint64(class_bits)
    largest = _NONE
    for row in range(len(table)):
        held = table[row, 1] & _HELD
        if held & _SEVERAL == _NONE:
            largest = max(largest, held >> class_bits)
    return largest


@nb.njit(nogil=True)
def write_counts(table, order, class_bits, most, several, counts, places):
    """The counts of the features in `order` [F], class by class, into `counts` [F, C].

    Of those of one class alone at most `most`, and of the others what stands in `several`. places int32 [S]
    gets the place in `order` of each row of `several` that is there.
    """
    class_bits = np.uint64(class_bits)
    class_mask = (np.uint64(1) << class_bits) - np.uint64(1)
    for place in range(order.size):
        held = table[order[place], 1] & _HELD
        if held & _SEVERAL:
            row = np.int64(held & ~_SEVERAL)
            places[row] = place
            for label in range(counts.shape[1]):
                counts[place, label] = several[row, label]
        else:
            counts[place, :] = 0
            counts[place, held & class_mask] = min(held >> class_bits, np.uint64(most))


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
def count_totals(table, class_bits, several, totals, rows):
    """How often each feature of a table was seen in all classes, into `totals` int64 [F], without carries.

    rows int32 [S] gets the row in the table of each row of `several`.
    """
    class_bits = np.uint64(class_bits)
    for row in range(totals.size):
        held = table[row, 1] & _HELD
        if held & _SEVERAL:
            place = np.int64(held & ~_SEVERAL)
            rows[place] = row
            total = np.int64(0)
            for label in range(several.shape[1]):
                total += np.int64(several[place, label])
            totals[row] = total
        else:
            totals[row] = np.int64(held >> class_bits)
