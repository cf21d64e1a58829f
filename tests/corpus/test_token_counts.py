"""Token counts of shards: merged in any order, they are those of the whole."""

from __future__ import annotations

import itertools
import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.corpus import token_counts
from nlpcli.engine.corpus.token_counts import TokenCounting, Tokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import Shard, merge_all
from nlpcli.errors import InputError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

EVERYTHING = VocabularySettings(vocab_order="first-seen")


def parts_of(folder, lines, cuts, counting):
    """The partial counts of the lines between cuts, each through pickle, as to another machine."""
    parts = []
    for number, (begin, end) in enumerate(itertools.pairwise([0, *sorted(cuts), len(lines)])):
        path = folder / f"shard{number}"
        path.write_text("".join(f"{line}\n" for line in lines[begin:end]))
        parts.append(pickle.loads(pickle.dumps(counting.part(Shard(number, (str(path),))))))
    return parts


def whole(folder, lines, counting):
    path = folder / "whole"
    path.write_text("".join(f"{line}\n" for line in lines))
    return counting.part(Shard(0, (str(path),)))


def rows(vocabulary):
    return list(zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True))


lines_of_words = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "가", "나", "É", "dd"]), max_size=5).map(" ".join)
)
orders = st.sampled_from(["frequency", "first-seen", "alphabetical"])


@settings(max_examples=60)
@given(
    lines=lines_of_words,
    cuts=st.lists(st.integers(0, 12), max_size=7),
    seed=st.integers(0, 99),
    ngrams=st.sampled_from(["1", "2", "1-3"]),
    order=orders,
    min_count=st.integers(1, 3),
)
def test_shards_in_any_order_count_as_the_whole_does(
    tmp_path_factory, lines, cuts, seed, ngrams, order, min_count
):
    folder = tmp_path_factory.mktemp("shards")
    counting = TokenCounting(
        AnalysisSettings(lowercase=True), ngrams, VocabularySettings(min_count, None, order)
    )
    parts = parts_of(folder, lines, [min(cut, len(lines)) for cut in cuts], counting)
    random.Random(seed).shuffle(parts)
    merged, expected = merge_all(parts, counting.merge), whole(folder, lines, counting)
    assert (
        (merged.documents, merged.words) == (expected.documents, expected.words) == (len(lines), merged.words)
    )
    try:
        found = rows(counting.finish(expected))
    except InputError as error:
        with pytest.raises(InputError) as raised:
            counting.finish(merged)
        assert raised.value.message == error.message
    else:
        assert rows(counting.finish(merged)) == found


def test_words_whose_hashes_are_the_same_are_told_apart(monkeypatch):
    def hash_tokens(text, offsets, keys):
        keys[:] = np.diff(offsets) // 2

    monkeypatch.setattr(token_counts.hashing, "hash_tokens", hash_tokens, raising=False)
    one = Tokens.of(Vocabulary.of(["bb", "c", "aa", "bbb", "c1"], [1, 2, 3, 4, 5]))
    other = Tokens.of(Vocabulary.of(["c1", "a", "bb", "ccc"], [6, 7, 8, 9]), 1)
    for merged in (one.plus(other), other.plus(one)):
        assert rows(merged.vocabulary()) == [
            ("bb", 9), ("c", 2), ("aa", 3), ("bbb", 4), ("c1", 11), ("a", 7), ("ccc", 9)
        ]  # fmt: skip


def test_long_tables_are_merged_in_steps(monkeypatch):
    monkeypatch.setattr(token_counts, "_STEPS", 7)
    words = [f"w{number}" for number in range(200)]
    one = Tokens.of(Vocabulary.of(words[:150], np.arange(150)))
    other = Tokens.of(Vocabulary.of(words[:50:-1], np.arange(149)), 1)
    merged = dict(rows(one.plus(other).vocabulary()))
    assert merged == {
        word: (n if n < 150 else 0) + (199 - n if n > 50 else 0) for n, word in enumerate(words)
    }
    assert list(merged) == [*words[:150], *words[:149:-1]]
