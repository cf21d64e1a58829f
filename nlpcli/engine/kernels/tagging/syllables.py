"""The best labels for the characters of Korean text, and the averaged perceptron that learns to find them.

A label says which pieces of morphemes a character holds; which labels a unit can have is known
(`SyllableLexicon`). Among these the best sequence is found by dynamic programming over the tag that a
character ends in (Viterbi 1967), without those whose score is far below the best one's (`beam`). Learning is
Collins's (2002), as in `viterbi.py`.

A feature's hash chooses a line of LINE weights, and how its blocks are turned; a label has its place in a
line (`slots`). So all labels of a character cost one line of memory a feature, and are added up side by side.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.simd.rows import prefetch_start
from nlpcli.engine.kernels.tagging.arguments import LANES, LINE, SYLLABLE_FEATURES, TURNS
from nlpcli.engine.kernels.tagging.syllable_features import describe

_SPACE = 1
_LEAST = np.int32(-(2**30))
_FREE, _BEGINS = -1, -2  # what a unit is bound to: nothing; a label that needs no tag before it
_LIMIT = 32000  # of a weight


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


@nb.njit(nogil=True)
def _add_up(hashes, place, ahead, weights, sums, total):
    """Set total [LINE] to the weights of the features of a place, by slot.

    ahead: a place whose lines are asked for already.
    sums: [TURNS, LINE], room: lines are added up as they lie, those that are turned alike together.
    """
    lines = np.uint64(weights.shape[0])
    for k in range(SYLLABLE_FEATURES):
        prefetch_start(weights, int((np.uint64(hashes[ahead, k]) * lines) >> np.uint64(32)))
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


@nb.njit(nogil=True)
def _choices(unit, bound, follows, heads, lexicon, row):
    """Set `row` to the labels that the unit can have here; how many they are.

    follows: whether a morpheme can go on; heads: where tags end that are alive.
    """
    starts, labels, needs, _, _ = lexicon
    if bound >= 0:
        row[0] = bound
        return 1
    count = 0
    for place in range(starts[unit], starts[unit + 1]):
        label = labels[place]
        if needs[label] < 0 or (follows and heads[needs[label]] >= 0):
            row[count] = label
            count += 1
    return count


@nb.njit(nogil=True)
def _extend(count, lexicon, first, here, step, total, scores, heads, alive, came):
    """Set `came` to the scores of a unit's choices, and where they come from: −1 at the beginning.

    here: their labels; first: whether nothing is before; step: steps between them, and those without a space;
    scores, heads, alive: what is known before; the second half of alive holds the scores where tags end.
    """
    _, _, needs, _, slots = lexicon
    between, joined = step
    tags, living, half = between.shape[0] - 1, alive[0], alive.size // 2
    for c in range(count):
        label = here[c]
        need, best, source = needs[label], _LEAST, -1
        if first:
            best = np.int32(between[tags, label])
        elif need >= 0 and heads[need] >= 0:
            source = heads[need]
            best = np.int32(scores[source] + joined[need, label])
        else:
            for j in range(1, living + 1):
                score = np.int32(alive[half + j] + between[alive[j], label])
                if score > best:
                    best, source = score, j
            source = heads[alive[source]]
        came[0, c] = best + total[slots[label]]
        came[1, c] = source


@nb.njit(nogil=True)
def _survivors(count, here, lasts, beam, scores, heads, alive):
    """Set `heads` to the best choice of each tag, and `alive` to those tags that are not far behind."""
    heads[:] = -1
    living, top, half = 0, _LEAST, alive.size // 2
    for c in range(count):
        last = lasts[here[c]]
        top = max(top, scores[c])
        if heads[last] < 0:
            living += 1
            alive[living] = last
            heads[last] = c
        elif scores[c] > scores[heads[last]]:
            heads[last] = c
    kept = 0
    for j in range(1, living + 1):
        tag = alive[j]
        if scores[heads[tag]] < top - beam:
            heads[tag] = -1
        else:
            kept += 1
            alive[kept] = tag
            alive[half + kept] = scores[heads[tag]]
    alive[0] = kept


@nb.njit(nogil=True)
def _ahead(units, place):
    """The next place that is no space; the same where there is none."""
    then = place + 1
    while then < units.size and units[then] == _SPACE:
        then += 1
    return then if then < units.size else place


@nb.njit(nogil=True)
def _search(units, bound, hashes, lexicon, model, gold, margin, lattice):
    """Set lattice.path to the best labels of units int32 [N], a line, and −1 for spaces.

    bound: int32 [N], a label for each unit, or _FREE or _BEGINS. gold: the right labels, which lack `margin`;
    or −1 alone.
    """
    weights, steps, beam = model
    labels, ways, heads, alive, sums, total, _ = lattice
    previous, spaced = -1, 0
    for place in range(units.size):
        if units[place] == _SPACE:
            spaced = 1
            continue
        now, before = previous + 1, max(previous, 0)
        here = labels[now]
        follows = previous >= 0 and spaced == 0 and bound[place] != _BEGINS
        count = _choices(units[place], bound[place], follows, heads[before], lexicon, here)
        _add_up(hashes, place, _ahead(units, _ahead(units, place)), weights, sums, total)
        first = previous < 0
        step = steps[1 if first else spaced], steps[0]
        _extend(
            count, lexicon, first, here, step, total, ways[before, 0], heads[before], alive[before], ways[now]
        )
        if gold[0] >= 0:
            for c in range(count):
                ways[now, 0, c] += margin if here[c] != gold[place] else 0
        _survivors(count, here, lexicon.lasts, beam, ways[now, 0], heads[now], alive[now])
        previous, spaced = now, 0
    _trace(units, previous, lattice)


@nb.njit(nogil=True)
def _trace(units, last, lattice):
    """Set lattice.path, from the best choice of the last unit back."""
    labels, ways, heads, alive, _, _, path = lattice
    best = -1
    if last >= 0:
        for j in range(1, alive[last, 0] + 1):
            other = heads[last, alive[last, j]]
            if best < 0 or ways[last, 0, other] > ways[last, 0, best]:
                best = other
    for place in range(units.size - 1, -1, -1):
        if units[place] == _SPACE:
            path[place] = -1
        else:
            path[place] = labels[last, best]
            best = ways[last, 1, best]
            last -= 1


@nb.njit(nogil=True)
def best_labels(units, bound, lines, words, lexicon, model, gold, room, hashes, lattice, found):
    """Set found int16 [N] to the label of every unit int32 [N], −1 for spaces.

    Line i is units[lines[i]:lines[i + 1]]; words: the dictionary; gold: −1 alone; room: uint64 [N + 1, ROOM];
    hashes: uint32 [N, SYLLABLE_FEATURES]; N here the longest line's length, and lattice has room for it.
    """
    for i in range(lines.size - 1):
        begin, end = lines[i], lines[i + 1]
        line = units[begin:end]
        describe(line, 0, end - begin, words, room, hashes)
        _search(line, bound[begin:end], hashes, lexicon, model, gold, 0, lattice)
        for place in range(end - begin):
            found[begin + place] = lattice.path[place]


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


@nb.njit(nogil=True)
def _learn_line(line, gold, hashes, lexicon, model, sums, step, path):
    """Where the path is not the right one, the right one's weights go up and the other's down."""
    weights, steps, _ = model
    weight_sums, step_sums = sums
    rows, tags = np.uint64(weights.shape[0]), steps.shape[1] - 1
    wrong, before, before_gold, spaced = 0, tags, tags, 1
    for place in range(line.size):
        if line[place] == _SPACE:
            spaced = 1
            continue
        label, right = path[place], gold[place]
        if label != right:
            wrong += 1
            for k in range(SYLLABLE_FEATURES):
                hashed = np.uint64(hashes[place, k])
                row = (hashed * rows) >> np.uint64(32)
                turn = np.int64(hashed & np.uint64(TURNS - 1)) * LANES
                one, two = lexicon.slots[right] ^ turn, lexicon.slots[label] ^ turn
                if abs(weights[row, one]) < _LIMIT and abs(weights[row, two]) < _LIMIT:
                    weights[row, one] += 1
                    weights[row, two] -= 1
                    weight_sums[row, one] += step
                    weight_sums[row, two] -= step
        if label != right or before != before_gold:
            steps[spaced, before_gold, right] += 1
            steps[spaced, before, label] -= 1
            step_sums[spaced, before_gold, right] += step
            step_sums[spaced, before, label] -= step
        before, before_gold, spaced = lexicon.lasts[label], lexicon.lasts[right], 0
    return wrong


@nb.njit(nogil=True)
def learn(units, gold, lines, order, words, lexicon, model, sums, margin, step, room, hashes, lattice, free):
    """Go through the lines `order` int64 once; free: int32, −1 for the longest line's units.

    Returns: (steps so far, units got wrong).
    """
    wrong = 0
    for i in order:
        begin, end = lines[i], lines[i + 1]
        line, right = units[begin:end], gold[begin:end]
        describe(line, 0, end - begin, words, room, hashes)
        _search(line, free, hashes, lexicon, model, right, margin, lattice)
        step += 1
        wrong += _learn_line(line, right, hashes, lexicon, model, sums, step, lattice.path)
    return step, wrong
