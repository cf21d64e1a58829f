"""Deterministic training: shards apart, and the same bytes with any number of threads."""

import dataclasses
import math

import numpy as np
import pytest

from nlpcli.engine import fasttext, rounds, word2vec
from nlpcli.engine.encoding import encode_documents
from nlpcli.engine.kernels import apart
from nlpcli.engine.kernels.rows import aligned_rows
from nlpcli.engine.kernels.windows import Subwords
from nlpcli.errors import SettingsError
from nlpcli.settings import AnalysisSettings, FastTextSettings, VocabularySettings, Word2VecSettings

FRUIT, TOOLS = ["apple", "pear", "plum", "grape", "cherry"], ["hammer", "saw", "drill", "nail", "wrench"]


def encoded(count=600):
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice((FRUIT, TOOLS)[n % 2], 6)) for n in range(count)]
    return encode_documents([lines], AnalysisSettings(), VocabularySettings())


W2V = (word2vec.train, Word2VecSettings(dim=12, epochs=5, sample=0, window=3, alpha=0.05, deterministic=True))
FT = (fasttext.train, FastTextSettings(dim=12, epochs=5, sample=0, window=3, bucket=99, deterministic=True))
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
    assert apart.together(1, 3.0) == 1.0
    assert apart.together(4, 0.0) == 1.0


def test_shards_that_share_a_row_go_as_far_as_one_after_the_other():
    share = 1 - math.exp(-0.3)  # of the way, by one shard
    left = (1 - share) ** 4
    assert apart.together(4, 0.3) * 4 * share == pytest.approx(1 - left)
    assert apart.together.py_func(4, 0.3) == pytest.approx(apart.together(4, 0.3))


def copies_by_hand(width=16):
    """Two shards: the first gained 1 on vector 0 and 2 on vector 2, the second 4 on vector 2."""
    vectors = aligned_rows(2 * 3, width).reshape(2, 3, width)
    vectors[0, 0], vectors[0, 1], vectors[1, 0] = 1, 2, 4
    origins = np.array([[0, 2], [2, 0]], np.int32)
    uses = np.array([[1, 1], [3, 0]], np.int32)
    return apart.Copies(np.zeros((2, 3), np.int32), origins, uses, np.array([2, 1]), vectors)


def tally():
    return apart.Tally(np.zeros(4, np.int32), np.full(4, -1, np.int32), np.zeros(4, np.int32))


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_gains_are_added_to_the_rows_they_belong_to(parts):
    scale = apart.together(2, 0.1 * 4 / 2)
    for function in (apart.add_up, apart.add_up.py_func):
        matrix = aligned_rows(4, 16)
        for part in range(parts):
            function(part, parts, matrix, rounds.plain_subwords(3), copies_by_hand(), tally(), 2, 0.1)
        np.testing.assert_allclose(matrix[:, 0], [1, 0, scale * 6, 0], rtol=1e-6)


def test_gains_of_a_mean_go_to_all_its_subwords():
    subwords = Subwords(np.array([0, 2, 2, 3]), np.array([0, 3, 1], np.int32))  # 0: rows 0 and 3; 2: row 1
    matrix = aligned_rows(4, 16)
    apart.add_up(0, 1, matrix, subwords, copies_by_hand(), tally(), 2, 0.0)
    np.testing.assert_allclose(matrix[:, 0], [1, 6, 0, 1])


def test_the_full_softmax_is_not_deterministic_on_threads():
    with pytest.raises(SettingsError, match="--loss softmax has no --deterministic"):
        Word2VecSettings(loss="softmax", deterministic=True)
