"""The best labels for the characters of Korean text.

A label says which pieces of morphemes a character holds; which labels a unit can have is known
(`SyllableLexicon`). Among these the best sequence is found by dynamic programming over the tag that a
character ends in (Viterbi 1967), without those whose score is far below the best one's (`beam`).

A feature's hash chooses a line of LINE weights, and how its blocks are turned; a label has its place in a
line (`slots`). So all labels of a character cost one line of memory a feature, and are added up side by side.

Words that are always analysed alike (`SyllableMemory`) are searched alone, once; in lines their labels
are given.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.simd.rows import prefetch_start
from nlpcli.engine.kernels.tagging.arguments import (
    FREE,
    LANES,
    LENGTHS,
    LINE,
    LONGEST_KNOWN,
    SYLLABLE_FEATURES,
    TURNS,
)
from nlpcli.engine.kernels.tagging.syllable_features import SPACE, WORD_SEED, describe, joined
from nlpcli.engine.kernels.tagging.syllable_memory import is_known, keep, slot_of

_LEAST = np.int32(-(2**30))
_BEGINS = -2  # what a unit is bound to: nothing; a label that needs no tag before it


@nb.njit(nogil=True)
def units_of(codes, table, units):
    """Set units int32 [N] to those of characters uint32 [N]: table uint16 [65536].

    In the places of control characters, which no clean text holds, stand the units of what is beyond U+FFFF:
    1 pictures, 2 Chinese characters, 0 all others.
    """
    for i in range(codes.size):
        code = codes[i]
        if code >= 0x20000:
            code = np.uint32(2) if code < 0x32000 else np.uint32(0)
        elif code >= 0x10000:
            code = np.uint32(1) if 0x1F000 <= code < 0x1FB00 else np.uint32(0)
        units[i] = table[code]


@nb.njit(nogil=True, forceinline=True)
def _ask_for(hashes, place, weights):
    """Ask for the lines of weights of the features of a place, which will be there when they are needed."""
    lines = np.uint64(weights.shape[0])
    for k in range(SYLLABLE_FEATURES):
        prefetch_start(weights, int((np.uint64(hashes[place, k]) * lines) >> np.uint64(32)))


@nb.njit(nogil=True, forceinline=True)
def _add_up(hashes, place, weights, sums, total):
    """Set total [LINE] to the weights of the features of a place, by slot.

    sums: [TURNS, LINE], room: lines are added up as they lie, those that are turned alike together.
    """
    lines = np.uint64(weights.shape[0])
    sums[:] = 0
    for k in range(SYLLABLE_FEATURES):
        hashed = np.uint64(hashes[place, k])
        row, turned = (hashed * lines) >> np.uint64(32), hashed & np.uint64(TURNS - 1)
        for slot in range(LINE):
            sums[turned, slot] += weights[row, slot]
    for block in range(TURNS):
        for lane in range(LANES):
            total[block * LANES + lane] = sums[0, block * LANES + lane]
        for turn in range(1, TURNS):
            for lane in range(LANES):
                total[block * LANES + lane] += sums[turn, (block ^ turn) * LANES + lane]


@nb.njit(nogil=True, forceinline=True)
def _choices(first, end, follows, needs, heads, then, row):
    """Set `row` to those of the choices from `first` to `end` that can stand here; how many they are.

    follows: whether a morpheme can go on; heads[then]: where states end that are alive.
    """
    count = 0
    for place in range(first, end):
        need = needs[place]
        row[count] = place
        count += (need < 0) | (follows & (heads[then, need] >= 0))
    return count


@nb.njit(nogil=True, forceinline=True)
def _take_bound(
    label, spaced, then, number, variants, needs, lasts, holds, steps,
    scores, lengths, weighs, choices, sources, heads, alive, ends,
):  # fmt: skip
    """Set what is known of a character that is bound to a label, where it can only follow one state or any.

    Returns: whether it is so. Features are left out, which would add the same to whatever follows.
    """
    variant, now = variants[label], 1 - then
    if needs[variant] >= 0:
        if number == 0 or alive[then, 0] != 1:
            return False
        while variant + 1 < variants[label + 1] and needs[variant] != alive[then, 1]:
            variant += 1
        if needs[variant] != alive[then, 1]:
            return False
    score, source, length = np.int32(0), np.int32(-1), abs(holds[variant])
    if number:
        state, score = alive[then, 1], _LEAST
        for j in range(1, alive[then, 0] + 1):
            other = np.int32(ends[then, j] + steps[spaced, variant, alive[then, j]])
            if other > score:
                score, state = other, alive[then, j]
        source = heads[then, state]
        if holds[variant] < 0:
            length = min(lengths[then, source] + 1, LENGTHS - 1)
    for j in range(1, alive[now, 0] + 1):
        heads[now, alive[now, j]] = -1
    last = lasts[variant]
    heads[now, last], alive[now, 0], alive[now, 1], ends[now, 1] = 0, 1, last, score
    scores[now, 0], lengths[now, 0], weighs[now, 0] = score, length, 0
    choices[number, 0], sources[number, 0] = variant, source
    return True


@nb.njit(nogil=True)
def _bound_choices(bound, lexicon, heads, then, row):
    """The same for a character that is bound to a label: its variants that can stand here, or the first."""
    first, count = lexicon.starts[-1] + lexicon.variants[bound], 0
    row[0] = first
    for place in range(first, lexicon.starts[-1] + lexicon.variants[bound + 1]):
        need = lexicon.choice_needs[place]
        if need >= 0 and heads[then, need] >= 0:
            row[count] = place
            count += 1
    return max(count, 1)


@nb.njit(nogil=True, forceinline=True)
def _extend(
    count, row, labels, needs, lasts, slots, holds, spot, first, then, steps, morphemes, kinds,
    total, scores, lengths, weighs, sources, choices, heads, alive, ends, number,
):  # fmt: skip
    """Set what is known of the choices in `row` for the character `number`: scores, lengths, weighs, sources.

    spot: the character's place, whether a space is before it, its number in its word, and whether it is the
    last one there; first: whether nothing is before.
    """
    place, spaced, within, is_last = spot
    now, edge = 1 - then, steps.shape[2] - 1
    for c in range(count):
        choice = row[c]
        label, need, length, source = labels[choice], needs[choice], holds[choice], np.int32(-1)
        if first:
            score, length = np.int32(steps[1, label, edge]), abs(length)
        elif need >= 0 and heads[then, need] >= 0:
            source = heads[then, need]
            score = np.int32(scores[then, source] + steps[0, label, need])
        else:
            score, state = _LEAST, alive[then, 1]
            for j in range(1, alive[then, 0] + 1):
                other = np.int32(ends[then, j] + steps[spaced, label, alive[then, j]])
                if other > score:
                    score, state = other, alive[then, j]
            source = heads[then, state]
        if length < 0:
            length = min(lengths[then, source] + 1, LENGTHS - 1)
            score -= weighs[then, source]
        begins_and_ends = 2 * (length == within) + is_last
        weight = np.int32(morphemes[length, begins_and_ends, kinds[place, length], lasts[choice]])
        scores[now, c] = score + total[slots[choice]] + weight
        lengths[now, c] = length
        weighs[now, c] = weight
        choices[number, c] = label
        sources[number, c] = source


@nb.njit(nogil=True, forceinline=True)
def _survivors(count, row, lasts, beam, now, scores, tops, heads, alive, ends):
    """Set heads[now] to the best choice of each state, and alive[now] and ends[now] to those that are not
    far behind and their scores. What they held before is taken away.

    tops: int64 [S], _LEAST << 16 before and after. There are no jumps that nobody could foresee: a score and
    its choice are one number.
    """
    for j in range(1, alive[now, 0] + 1):
        heads[now, alive[now, j]] = -1
    top = _LEAST
    for c in range(count):
        last = lasts[row[c]]
        top = max(top, scores[now, c])
        tops[last] = max(tops[last], (np.int64(scores[now, c]) << 16) + (65535 - c))
    kept = 0
    for c in range(count):
        last, score = lasts[row[c]], scores[now, c]
        lives = (tops[last] == (np.int64(score) << 16) + (65535 - c)) & (score >= top - beam)
        heads[now, last] = c if lives else heads[now, last]
        alive[now, kept + 1] = last
        ends[now, kept + 1] = score
        kept += lives
    alive[now, 0] = kept
    for c in range(count):
        tops[lasts[row[c]]] = np.int64(_LEAST) << 16


@nb.njit(nogil=True)
def _ahead(units, bound, place):
    """The next place whose label is to be found; the same where there is none."""
    then = place + 1
    while then < units.size and (units[then] == SPACE or bound[then] >= 0):
        then += 1
    return then if then < units.size else place


@nb.njit(nogil=True)
def search(units, bound, hashes, lexicon, model, gold, margin, lattice):
    """Set lattice.path to the best labels of units int32 [N], a line, and −1 for spaces.

    bound: int32 [N], a label for each unit, or FREE or _BEGINS; where it is a label, features count for
    nothing (they would add the same to all that can stand there). gold: the right labels, which lack
    `margin`; or −1 alone.
    """
    # Arrays are taken out of tuples here and once: numba counts who holds one, and that takes time.
    starts, labels, needs, lasts, slots, holds, _, variants, plain_needs, plain_lasts, _, begun = lexicon
    weights, steps, morphemes, beam = model
    choices, sources, row, scores, lengths, weighs, tops, heads, alive, ends, kinds, sums, total, _ = lattice
    tops[:] = np.int64(_LEAST) << 16
    heads[:] = -1
    alive[:, 0] = 0
    number, spaced, within, asked = 0, 1, 0, _ahead(units, bound, -1)
    if asked >= 0:
        _ask_for(hashes, asked, weights)
        asked = _ahead(units, bound, asked)
        _ask_for(hashes, asked, weights)
    for place in range(units.size):
        if units[place] == SPACE:
            spaced = 1
            continue
        then = 1 - (number & 1)
        within = 1 if spaced else within + 1
        if bound[place] >= 0 and gold[0] < 0 and _take_bound(
            bound[place], spaced, then, number, variants, plain_needs, plain_lasts, begun, steps,
            scores, lengths, weighs, choices, sources, heads, alive, ends,
        ):  # fmt: skip
            number, spaced = number + 1, 0
            continue
        if bound[place] >= 0:
            count = _bound_choices(bound[place], lexicon, heads, then, row)
        else:
            follows = spaced == 0 and bound[place] != _BEGINS
            begin, end = starts[units[place]], starts[units[place] + 1]
            count = _choices(begin, end, follows, needs, heads, then, row)
            asked = _ahead(units, bound, asked)
            _ask_for(hashes, asked, weights)
            _add_up(hashes, place, weights, sums, total)
        spot = place, spaced, within, place + 1 == units.size or units[place + 1] == SPACE
        _extend(
            count, row, labels, needs, lasts, slots, holds, spot, number == 0, then, steps, morphemes, kinds,
            total, scores, lengths, weighs, sources, choices, heads, alive, ends, number,
        )  # fmt: skip
        if gold[0] >= 0:
            for c in range(count):
                scores[1 - then, c] += margin if choices[number, c] != gold[place] else 0
        _survivors(count, row, lasts, beam, 1 - then, scores, tops, heads, alive, ends)
        number, spaced = number + 1, 0
    _trace(units, number, lattice)


@nb.njit(nogil=True)
def _trace(units, number, lattice):
    """Set lattice.path, from the best choice of the last of so many units back."""
    choices, sources, path = lattice.choices, lattice.sources, lattice.path
    best, row = -1, (number - 1) & 1
    for j in range(1, lattice.alive[row, 0] + 1):
        other = lattice.heads[row, lattice.alive[row, j]]
        if best < 0 or lattice.scores[row, other] > lattice.scores[row, best]:
            best = other
    for place in range(units.size - 1, -1, -1):
        if units[place] == SPACE:
            path[place] = -1
        else:
            number -= 1
            path[place] = choices[number, best]
            best = sources[number, best]


@nb.njit(nogil=True)
def _search_alone(first, end, line, words, lexicon, model, memory, gold, room, hashes, lattice):
    """Set lattice.path to the best labels of a word line[first:end] on its own."""
    word, free = line[first:end], memory.free
    describe(word, free, 0, end - first, words, room, lattice.kinds, hashes)
    search(word, free, hashes, lexicon, model, gold, 0, lattice)


@nb.njit(nogil=True)
def _recall(line, bound, words, lexicon, model, memory, gold, room, hashes, lattice):
    """Bind the units of words that are always analysed alike to the labels that they have on their own."""
    place = 0
    while place < line.size:
        first, hashed, is_free = place, np.uint64(WORD_SEED), True
        while place < line.size and line[place] != SPACE:
            hashed = joined(hashed, line[place])
            is_free &= bound[place] == FREE
            place += 1
        if is_free and first < place <= first + LONGEST_KNOWN and is_known(memory.marks, hashed):
            slot = slot_of(memory.keys, hashed)
            if memory.keys[slot] == hashed:
                kept = memory.places[slot]
                for unit in range(first, place):
                    bound[unit] = memory.labels[kept + unit - first]
            else:
                _search_alone(first, place, line, words, lexicon, model, memory, gold, room, hashes, lattice)
                for unit in range(first, place):
                    bound[unit] = lexicon.plain[lattice.path[unit - first]]
                keep(memory, slot, hashed, bound[first:place])
        place += 1


@nb.njit(nogil=True)
def best_labels(units, bound, lines, words, lexicon, model, memory, gold, room, hashes, lattice, found):
    """Set found int16 [N] to the label of every unit int32 [N], −1 for spaces.

    Line i is units[lines[i]:lines[i + 1]]; bound: int32 [N], is changed; words: the dictionary; gold: −1
    alone; room: uint64 [N + 1, ROOM]; hashes: uint32 [N, SYLLABLE_FEATURES]; N here the longest line's
    length, and lattice has room for it.
    """
    for i in range(lines.size - 1):
        begin, end = lines[i], lines[i + 1]
        line, given = units[begin:end], bound[begin:end]
        if memory.marks.size:
            _recall(line, given, words, lexicon, model, memory, gold, room, hashes, lattice)
        describe(line, given, 0, end - begin, words, room, lattice.kinds, hashes)
        search(line, given, hashes, lexicon, model, gold, 0, lattice)
        for place in range(end - begin):
            label = lattice.path[place]
            found[begin + place] = lexicon.plain[label] if label >= 0 else -1


@nb.njit(nogil=True)
def morphemes_of(found, pieces, morphemes):
    """Set rows of morphemes int32 [M, 6] to those in labels int16 [N]; how many they are.

    pieces: uint8 [L, P, 3]: the mark of each piece of a label (1 begins, 2 goes on, 3 and 4 have no letters
    of their own, before and behind the character's; 0 none), whether its letters are the character, and its
    tag. A row: start, end, tag, whether the form is not just as it is written, the place of its first piece,
    and which piece of the label there that is.
    """
    count = 0
    for place in range(found.size):
        label = found[place]
        if label < 0:
            continue
        for k in range(pieces.shape[1]):
            mark, same, tag = pieces[label, k, 0], pieces[label, k, 1], pieces[label, k, 2]
            if mark == 0:
                break
            if mark == 2 and count:
                morphemes[count - 1, 1] = place + 1
                morphemes[count - 1, 3] |= 1 - same
                continue
            row = morphemes[count]
            row[0] = place + (mark == 4)
            row[1] = place + (mark != 3)
            row[2] = tag
            row[3] = 1 - same if mark < 3 else 1
            row[4] = place
            row[5] = k
            count += 1
    return count
