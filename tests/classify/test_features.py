from __future__ import annotations

import itertools

import numpy as np
import pytest

from nlpcli.engine.classify.automatic_features import has_syllable_script
from nlpcli.engine.classify.features import (
    FeatureCounts,
    FeatureExtractor,
    FeatureIndex,
    count,
)
from nlpcli.engine.classify.packed_counts import PackedCounts
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.kernels.classify import features as kernel
from nlpcli.engine.kernels.classify.arguments import Documents, Letters, Made, TokenTypes, Wanted
from nlpcli.settings.classify import FeatureSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

TEXTS = ["a b a", "", "가나 b", "b a b a 가나다"]
SETTINGS = [
    FeatureSettings(ngrams="1-3", char_ngrams="0"),
    FeatureSettings(ngrams="2", char_ngrams="1-3", char_span="word"),
    FeatureSettings(ngrams="0", char_ngrams="2-4", char_span="text"),
    FeatureSettings(ngrams="1", char_ngrams="1", binary=True),
]


def corpus_of(texts=TEXTS):
    return encode_documents([list(texts)], AnalysisSettings(), VocabularySettings())


def features_by_hand(words, settings):
    """What the kernel's keys stand for, in its order, straight from the definition."""
    low, high = settings.word_range
    lengths = range(low, high + 1)
    found = [
        ("word", tuple(words[at : at + n]))
        for at in range(len(words))
        for n in lengths
        if at + n <= len(words)
    ]
    low, high = settings.char_range
    spans = words if settings.char_span == "word" else ["".join(words)] if words else []
    for span in spans if high else []:
        text = f" {span} "
        for at, n in itertools.product(range(len(text)), range(low, high + 1)):
            if at + n <= len(text) and text[at : at + n] != " ":
                found.append(("char", text[at : at + n]))
    return found


@pytest.mark.parametrize("settings", SETTINGS)
def test_features_are_those_of_the_definition(settings):
    corpus = corpus_of()
    keys, ends, _ = FeatureExtractor(corpus, settings).make(0, len(TEXTS))
    known = {}
    for number, text in enumerate(TEXTS):
        made = keys[ends[number - 1] if number else 0 : ends[number]].tolist()
        wanted = features_by_hand(text.split(), settings)
        assert len(made) == len(wanted)
        for key, feature in zip(made, wanted, strict=True):
            assert known.setdefault(feature, key) == key  # one key per feature
    assert len(set(known.values())) == len(known)  # and one feature per key


def test_spans_say_which_tokens_a_feature_covers():
    settings = FeatureSettings(ngrams="1-2", char_ngrams="2", char_span="text")
    _, _, spans = FeatureExtractor(corpus_of(["ab c"]), settings).make(0, 1, spans=True)
    # ab, "ab c", c; then " a", "ab", "bc", "c "
    assert spans.tolist() == [[0, 1], [0, 2], [1, 2], [0, 1], [0, 1], [0, 2], [1, 2]]


WITH_GAPS = [FeatureSettings(ngrams="1", char_ngrams="0", skip_grams=True, edges=it) for it in (False, True)]


@pytest.mark.parametrize("settings", [*SETTINGS, *WITH_GAPS])
def test_compiled_kernels_agree_with_python(settings):
    corpus = corpus_of()
    tensors = corpus.vocabulary.to_tensors()
    pool, starts = tensors["vocabulary.bytes"], tensors["vocabulary.offsets"]

    across, mask = settings.char_span == "text", np.uint64(2**64 - 1)
    wanted = Wanted(
        *settings.word_range, *settings.char_range, across, settings.skip_grams, settings.edges, mask
    )

    def run(hash_tokens, make_features):
        hashes = np.empty(len(corpus.vocabulary), np.uint64)
        hash_tokens(pool, starts, hashes)
        keys, ends = np.zeros(300, np.uint64), np.empty(len(TEXTS), np.int64)
        total = make_features(
            Documents(corpus.ids, corpus.offsets), 0, len(TEXTS), TokenTypes(hashes, pool, starts),
            wanted, Letters(np.empty(50, np.uint8), np.empty(50, np.int64), np.empty(50, np.int32)),
            Made(ends, keys, np.empty((0, 2), np.int32)),
        )  # fmt: skip
        return keys[:total].tolist(), ends.tolist()

    with np.errstate(over="ignore"):
        plain = run(kernel.hash_tokens.py_func, kernel.make_features.py_func)
    assert plain == run(kernel.hash_tokens, kernel.make_features)


def test_counts_do_not_depend_on_the_size_of_the_work(monkeypatch):
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(list("abcdefghij"), 30)) for _ in range(300)]
    labels = random.integers(-1, 3, 300).astype(np.int32)
    corpus = corpus_of(texts)
    for settings in (*SETTINGS, FeatureSettings(ngrams="1-3", char_ngrams="0", hash_bits=6)):
        whole = count(corpus, labels, 3, settings)
        with monkeypatch.context() as patched:
            patched.setattr("nlpcli.engine.classify.features._WORK", 500)
            pieces = count(corpus, labels, 3, settings)
        assert whole.keys.tolist() == pieces.keys.tolist()
        assert whole.counts.tolist() == pieces.counts.tolist()


def test_binary_features_count_once_per_document():
    settings = FeatureSettings(ngrams="1", char_ngrams="0", binary=True)
    labels = np.array([0, 0, 1, 1], np.int32)
    assert sorted(map(tuple, count(corpus_of(), labels, 2, settings).counts.tolist())) == [
        (0, 1), (0, 1), (1, 1), (1, 2)
    ]  # fmt: skip


def test_hashing_bounds_the_number_of_features():
    labels = np.zeros(len(TEXTS), np.int32)
    settings = FeatureSettings(ngrams="1-3", char_ngrams="1-4", hash_bits=3)
    counts = count(corpus_of(), labels, 1, settings)
    assert len(counts) <= 8
    free = count(corpus_of(), labels, 1, FeatureSettings(ngrams="1-3", char_ngrams="1-4"))
    assert counts.counts.sum() == free.counts.sum()


def test_finder_gives_the_rows_of_known_features_only():
    corpus, settings = corpus_of(), SETTINGS[0]
    table = count(corpus, np.zeros(len(TEXTS), np.int32), 1, settings)
    feature_index = FeatureIndex(table.keys, settings)
    assert feature_index.find(table.keys).tolist() == list(range(len(table)))
    assert (feature_index.find(table.keys ^ np.uint64(1 << 40)) < 0).all()
    ((_, rows, ends),) = feature_index.rows(corpus_of(["a b zzz", "zzz"]))
    assert (len(rows), ends.tolist()) == (3, [3, 3])


def test_tables_add_up_key_by_key():
    one = FeatureCounts(np.array([1, 5], np.uint64), np.array([[1, 0], [2, 2]]))
    other = FeatureCounts(np.array([5, 9], np.uint64), np.array([[1, 1], [0, 4]]))
    both = one.plus(other)
    assert both.keys.tolist() == [1, 5, 9]
    assert both.counts.tolist() == [[1, 0], [3, 3], [0, 4]]


def test_tables_of_large_counts_and_other_classes_add_up():
    random = np.random.default_rng(1)
    keys = np.arange(40, dtype=np.uint64)
    counts = random.integers(0, 4, (40, 3)) * random.integers(1, 200, (40, 3))
    one = FeatureCounts(keys[:30], counts[:30])
    other = FeatureCounts(keys[10:], counts[10:, :2]).of_classes(("a", "c"), ("a", "b", "c"))
    wanted = np.zeros((40, 3), np.int64)
    wanted[:30] = counts[:30]
    wanted[10:, [0, 2]] += counts[10:, :2]
    both = one.plus(other)
    assert (both.keys.tolist(), both.counts.tolist()) == (keys.tolist(), wanted.tolist())
    assert [array.tolist() for array in both.packed] == [array.tolist() for array in PackedCounts.of(wanted)]
    turned = FeatureCounts(keys, counts[:, :2]).of_classes(("c", "a"), ("a", "b", "c"))
    assert turned.counts[:, 2].tolist() == counts[:, 0].tolist() and not turned.counts[:, 1].any()


def test_auto_takes_characters_for_korean_and_words_for_english():
    assert has_syllable_script(Vocabulary.of(["영화가", "ㅋㅋㅋ", "좋다", "CGV"], [1, 1, 1, 1]))
    assert has_syllable_script(Vocabulary.of(["映画が", "面白い"], [1, 1]))
    assert not has_syllable_script(Vocabulary.of(["good", "naïve", "서울", "123"], [1, 1, 1, 1]))
    assert not has_syllable_script(Vocabulary.of([], []))


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("ngrams", ["1", "1-3", "2-4"])
def test_a_long_document_comes_in_parts_with_the_same_rows(monkeypatch, ngrams, binary):
    random = np.random.default_rng(7)
    sizes = (0, 1, 2, 3, 7, 1000, 10, 998, 12)
    corpus = corpus_of([" ".join(random.choice(list("abcdefghij"), size)) for size in sizes])
    settings = FeatureSettings(ngrams=ngrams, char_ngrams="0", binary=binary)
    known = np.unique(FeatureExtractor(corpus, settings).make(0, len(sizes))[0])[::2]
    index = FeatureIndex(known, settings)

    def rows(in_parts):
        found = [[] for _ in sizes]
        parts = list(index.rows(corpus, in_parts=in_parts))
        for first, some, ends in parts:
            for number, (begin, end) in enumerate(itertools.pairwise([0, *ends.tolist()]), start=first):
                found[number] += some[begin:end].tolist()
        return found, len(parts)

    whole, _ = rows(in_parts=False)
    monkeypatch.setattr("nlpcli.engine.classify.features._WORK", 50)
    parted, number = rows(in_parts=True)
    assert parted == whole
    assert number > 20
