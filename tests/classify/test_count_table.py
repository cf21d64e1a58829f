"""Counts of features by class in bytes, with carries: the same as counting plainly."""

from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine.classify.count_table import CountTable
from nlpcli.engine.classify.features import FeatureCounts
from nlpcli.engine.classify.packed_counts import PackedCounts

LABELS = np.array([0, 1, 2, 2, -1, 0], np.int32)


def _seen(times):
    """Keys and their documents: keys up to 40, of which some are frequent, some in one document alone."""
    random = np.random.default_rng(3)
    keys = np.concatenate([random.integers(0, 40, times) ** 2 // 40, np.full(times // 2, 7), [50, 51, 51]])
    documents = np.concatenate([random.integers(0, 6, times), np.full(times // 2, 1), [0, 1, 1]])
    order = np.argsort(documents, kind="stable")
    return keys[order].astype(np.uint64), documents[order].astype(np.int32)


def _plainly(keys, documents, binary):
    counts = {}
    stamps = set()
    for key, document in zip(keys.tolist(), documents.tolist(), strict=True):
        if LABELS[document] >= 0 and not (binary and (key, document) in stamps):
            stamps.add((key, document))
            counts.setdefault(key, [0, 0, 0])[LABELS[document]] += 1
    return dict(sorted(counts.items()))


def _table(keys, documents, binary):
    table = CountTable(LABELS, 3, binary)
    for begin in range(0, len(keys), 1000):
        table.add(keys[begin : begin + 1000], documents[begin : begin + 1000])
    return table


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("times", [60, 3000, 30_000])
def test_counts_of_any_size_are_those_of_counting_plainly(times, binary):
    keys, documents = _seen(times)
    plain = _plainly(keys, documents, binary)
    table = _table(keys, documents, binary)
    assert table.largest == max(map(max, plain.values()))
    found, small = np.empty(table.used, np.uint64), np.empty((table.used, 3), np.uint8)
    packed = PackedCounts(small, table.move(found, small))
    assert found.tolist() == list(plain)
    assert packed.unpacked().tolist() == list(plain.values())
    of_all = PackedCounts.of(np.array(list(plain.values())))
    assert (of_all.small.tolist(), of_all.large.tolist()) == (small.tolist(), packed.large.tolist())
    blocks = list(FeatureCounts(found, packed).blocks())
    assert np.concatenate(blocks).tolist() == list(plain.values())


@pytest.mark.parametrize("least", [1, 2, 300])
def test_what_was_seen_often_enough_has_its_totals_and_counts(least):
    keys, documents = _seen(10_000)
    plain = {
        key: counts for key, counts in _plainly(keys, documents, binary=False).items() if sum(counts) >= least
    }
    counted = _table(keys, documents, binary=False).counted(least, np.int16)
    assert counted.keys.tolist() == list(plain)
    assert counted.totals.tolist() == [sum(counts) for counts in plain.values()]
    assert counted.counts.tolist() == [counts for counts in plain.values() if sum(counts) > 1]
    last = {key: document for key, document in zip(keys, documents, strict=True) if LABELS[document] >= 0}
    assert counted.last.tolist() == [last[key] for key in plain]


def test_a_count_beside_a_large_class_number_may_outgrow_its_bits():
    classes, times = 1 << 18, 10_000
    labels = np.array([classes - 1, 5], np.int32)
    table = CountTable(labels, classes, binary=False)
    table.add(np.full(times + 1, 9, np.uint64), np.array([0] * times + [1], np.int32))
    keys, small = np.empty(1, np.uint64), np.empty((1, classes), np.uint8)
    large = table.move(keys, small)
    assert (keys.tolist(), large.tolist(), np.flatnonzero(small).tolist()) == ([9], [times], [5, classes - 1])
    assert (small[0, 5], small[0, -1]) == (1, 255)


def test_blocks_of_counts_have_their_own_large_ones(monkeypatch):
    counts = np.random.default_rng(0).integers(240, 270, (50, 4))
    monkeypatch.setattr("nlpcli.engine.classify.packed_counts._ROWS", 7)
    assert np.concatenate(list(PackedCounts.of(counts).blocks())).tolist() == counts.tolist()
