"""Deterministic training: shards apart, and the same bytes with any number of threads."""

import dataclasses
import math

import numpy as np
import pytest

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.embeddings import fasttext_training, word2vec_training
from nlpcli.engine.kernels.embeddings import shard_merge, shards
from nlpcli.engine.kernels.embeddings.arguments import Subwords
from nlpcli.engine.kernels.simd.padding import aligned_rows
from nlpcli.errors import SettingsError
from nlpcli.settings.embeddings import FastTextSettings, Word2VecSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

FRUIT, TOOLS = ["apple", "pear", "plum", "grape", "cherry"], ["hammer", "saw", "drill", "nail", "wrench"]


def encoded(count=600):
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice((FRUIT, TOOLS)[n % 2], 6)) for n in range(count)]
    return encode_documents([lines], AnalysisSettings(), VocabularySettings())


W2V = (
    word2vec_training.train,
    Word2VecSettings(dim=12, epochs=5, sample=0, window=3, alpha=0.05, deterministic=True),
)
FT = (
    fasttext_training.train,
    FastTextSettings(dim=12, epochs=5, sample=0, window=3, bucket=99, deterministic=True),
)
BOTH = pytest.mark.parametrize(("train", "settings"), [W2V, FT], ids=["word2vec", "fasttext"])


@BOTH
@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
def test_any_number_of_threads_gives_the_same_bytes(train, settings, kind, tmp_path):
    corpus = encoded(1200)
    for threads in (1, 2, 3):
        model = train(corpus, dataclasses.replace(settings, epochs=1, threads=threads, model=kind))
        model.save(tmp_path / f"{threads}.safetensors")
    first, *others = ((tmp_path / f"{threads}.safetensors").read_bytes() for threads in (1, 2, 3))
    assert others == [first, first]


@BOTH
def test_shards_apart_learn_what_one_after_the_other_does(train, settings):
    model = train(encoded(), settings)
    x, y, z = (model.vectors[model.vocabulary.id_of[word]] for word in ("apple", "plum", "saw"))
    for other, expected in ((y, 0.7), (z, -1)):
        cosine = x @ other / np.linalg.norm(x) / np.linalg.norm(other)
        assert cosine > expected
    assert cosine < 0.5
    assert model.losses[-1] < model.losses[0]


def test_one_shard_that_shares_nothing_goes_all_the_way():
    assert shard_merge.together(1, 3.0) == 1.0
    assert shard_merge.together(4, 0.0) == 1.0


def test_shards_that_share_a_row_go_as_far_as_one_after_the_other():
    share = 1 - math.exp(-0.3)  # of the way, by one shard
    left = (1 - share) ** 4
    assert shard_merge.together(4, 0.3) * 4 * share == pytest.approx(1 - left)
    assert shard_merge.together.py_func(4, 0.3) == pytest.approx(shard_merge.together(4, 0.3))


def lists_by_hand():
    """Of three rows, shard 0 has row 2 once and row 0 once, shard 1 has row 2 three times."""
    place_of = np.array([[1, -1, 0], [-1, -1, 0]], np.int32)
    rows, uses = np.array([[2, 0], [2, 0]], np.int32), np.array([[1, 1], [3, 0]], np.int32)
    return shards.Uses(place_of, rows, np.array([2, 1]), uses, np.zeros((2, 2), np.int32))


def test_a_row_that_two_shards_use_is_copied_and_any_other_is_trained_where_it_lies():
    for function in (shards._choose_rows, shards._choose_rows.py_func):
        lists, matrix = lists_by_hand(), aligned_rows(3 + 2 * 2 + 1, 16)
        matrix[:3] = [[1], [2], [3]]
        for shard in (0, 1):
            function(matrix, lists, shard)
        assert lists.trained.tolist() == [[3, 0], [5, 0]]
        assert matrix[:, 0].tolist() == [1, 2, 3, 3, 0, 3, 0, 0]


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_copies_are_merged_into_the_row_they_are_of(parts):
    scale = shard_merge.together(2, 0.1 * 4 / 2)
    for function in (shard_merge.merge_copies, shard_merge.merge_copies.py_func):
        lists, matrix = lists_by_hand(), aligned_rows(3 + 2 * 2 + 1, 16)
        matrix[:3] = [[1], [2], [3]]
        for shard in (0, 1):
            shards._choose_rows(matrix, lists, shard)
        matrix[3] += 2  # what shard 0 has gained
        matrix[5] += 4
        for part in range(parts):
            function(part, parts, matrix, lists, 0.1)
        np.testing.assert_allclose(matrix[:3, 0], [1, 2, 3 + scale * 6], rtol=1e-6)


def gains_by_hand():
    """Shard 0 has gained 2 on word 2 and 1 on word 0, shard 1 has gained 4 on word 2."""
    gains = aligned_rows(2 * 3, 16).reshape(2, 3, 16)
    gains[0, 0], gains[0, 1], gains[1, 0] = 2, 1, 4
    return gains


def tally(rows=4):
    shards, uses, last = (np.full(rows, start, np.int32) for start in (0, 0, -1))
    return shard_merge.Tally(shards, last, uses, np.zeros(rows, np.float32))


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_gains_of_words_go_to_all_their_subwords(parts):
    subwords = Subwords(np.array([0, 2, 2, 3]), np.array([0, 3, 1], np.int32))  # 0: rows 0 and 3; 2: row 1
    scale = shard_merge.together(2, 0.1 * 4 / 2)
    for function in (shard_merge.add_gains_of_words, shard_merge.add_gains_of_words.py_func):
        matrix, counts = aligned_rows(4, 16), tally()
        for part in range(parts):
            function(part, parts, matrix, subwords, lists_by_hand(), gains_by_hand(), counts, 0.1)
        np.testing.assert_allclose(matrix[:, 0], [1, scale * 6, 0, 1], rtol=1e-6)
        for left, fresh in zip(counts[:3], tally()[:3], strict=True):
            assert left.tolist() == fresh.tolist()


def test_the_full_softmax_is_not_deterministic_on_threads():
    with pytest.raises(SettingsError, match="--loss softmax has no --deterministic"):
        Word2VecSettings(loss="softmax", deterministic=True)
