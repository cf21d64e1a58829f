"""Phrases: neighbouring words joined to one."""

import itertools

import numpy as np
import pytest

from nlpcli.engine.corpus.encoded_corpus import renumber
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.phrases import choose, join_phrases
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.kernels.counts import bigrams
from nlpcli.errors import InputError
from nlpcli.settings.embeddings import PhraseSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings


def encoded(lines):
    return encode_documents([lines], AnalysisSettings(), VocabularySettings())


def lines_of(corpus):
    return [" ".join(corpus.vocabulary.tokens[number] for number in line) for line in corpus]


def test_a_pair_is_joined_where_its_score_is_above_the_threshold():
    # score = (count(ab) - discount) * N / (count(a) count(b)); 9 words, a 3 times, b 3, ab twice
    corpus = encoded(["a b c", "a b d", "b e a"])
    assert (2 - 1) * 9 / (3 * 3) == 1.0
    for threshold, expected in ((0.99, ["a_b c", "a_b d", "b e a"]), (1.0, ["a b c", "a b d", "b e a"])):
        settings = PhraseSettings(phrases=1, phrase_threshold=threshold, phrase_discount=1)
        assert lines_of(join_phrases(corpus, settings)) == expected


def test_joining_goes_from_left_to_right_and_over_a_word_once():
    corpus = encoded(["a b a b a", "b a"] * 3)
    joined = join_phrases(corpus, PhraseSettings(phrases=1, phrase_threshold=0, phrase_discount=0))
    assert lines_of(joined)[:2] == ["a_b a_b a", "b_a"]


def test_a_second_pass_joins_phrases():
    corpus = encoded(["new york city hall"] * 3)
    joined = join_phrases(corpus, PhraseSettings(phrases=2, phrase_threshold=0, phrase_discount=0))
    assert lines_of(joined)[0] == "new_york_city_hall"


def test_phrases_do_not_reach_over_a_line_end():
    joined = join_phrases(encoded(["a", "b"] * 9), PhraseSettings(phrases=1, phrase_threshold=0))
    assert lines_of(joined) == ["a", "b"] * 9


def test_counts_are_those_of_the_joined_text():
    joined = join_phrases(
        encoded(["a b c", "a b d", "b e a"]),
        PhraseSettings(phrases=1, phrase_threshold=0.9, phrase_discount=1),
    )
    counts = dict(zip(joined.vocabulary.tokens, joined.vocabulary.counts.tolist(), strict=True))
    assert counts == {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "a_b": 2}


def test_a_phrase_that_is_a_word_already_is_that_word():
    corpus = encoded(["a b", "a b", "a_b"])
    joined = join_phrases(corpus, PhraseSettings(phrases=1, phrase_threshold=0, phrase_discount=1))
    assert joined.ids.tolist() == [joined.vocabulary.id_of["a_b"]] * 3


def test_the_table_of_pairs_grows_and_counts_all():
    random = np.random.default_rng(0)
    ids = random.integers(0, 200, 30_000).astype(np.int32)
    offsets = np.array([0, 12_000, 30_000])
    expected = {}
    for a, b in (pair for line in (ids[:12_000], ids[12_000:]) for pair in itertools.pairwise(line)):
        expected[(int(a), int(b))] = expected.get((int(a), int(b)), 0) + 1
    ends = np.zeros(len(ids), np.bool_)
    ends[offsets[1:] - 1] = True
    for function in (bigrams.count_bigrams, bigrams.count_bigrams.py_func):
        keys, counts, place, used = np.full(16, -1, np.int64), np.zeros(16, np.int64), 0, 0
        last = len(ids) if function is bigrams.count_bigrams else 1000
        while place < last:
            place, used = function(ids, ends, place, last, np.ones(200, np.bool_), keys, counts, used)
            if place < last:
                old = keys, counts
                keys, counts = np.full(2 * len(keys), -1, np.int64), np.zeros(2 * len(keys), np.int64)
                bigrams.refill(*old, keys, counts)
        found = {
            divmod(int(key), 200): int(count) for key, count in zip(keys, counts, strict=True) if key >= 0
        }
        if last == len(ids):
            assert found == expected
        else:
            assert sum(found.values()) == 1000


def test_dropped_words_close_the_gap_within_their_line():
    corpus = encoded(["a b a", "b b", "a"])
    kept = renumber(corpus, np.array([0, -1], np.int32), Vocabulary.of(["a"], [3]))
    assert kept.ids.tolist() == [0, 0, 0]
    assert kept.offsets.tolist() == [0, 2, 2, 3]


def test_choosing_by_count_is_what_encoding_by_count_does():
    lines = ["a b a c", "b a", "d"]
    chosen = choose(encoded(lines), VocabularySettings(min_count=2))
    direct = encode_documents([lines], AnalysisSettings(), VocabularySettings(min_count=2))
    assert chosen.ids.tolist() == direct.ids.tolist()
    assert chosen.offsets.tolist() == direct.offsets.tolist()
    assert chosen.vocabulary.tokens == direct.vocabulary.tokens
    with pytest.raises(InputError, match="no token is left"):
        choose(encoded(lines), VocabularySettings(min_count=5))
