"""Word2Vec as the engine has it."""

from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.embeddings.job import train_w2v
from nlpcli.engine.embeddings.schedule import Schedule
from nlpcli.engine.embeddings.word2vec import Word2Vec, pairs
from nlpcli.engine.embeddings.word2vec_training import keep_chances, set_first_vectors, train
from nlpcli.engine.kernels.simd.padding import aligned_rows, unpadded
from nlpcli.errors import InputError, ModelError, NlpcliError, OutputError, SettingsError
from nlpcli.settings.embeddings import Word2VecSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

FRUIT = ["apple", "pear", "plum", "grape", "cherry"]
TOOLS = ["hammer", "saw", "drill", "nail", "wrench"]


def sentences(count=600, seed=0):
    """Sentences about fruit or about tools, never both."""
    random = np.random.default_rng(seed)
    return [" ".join(random.choice((FRUIT, TOOLS)[n % 2], 6)) for n in range(count)]


def encoded(lines, **vocabulary):
    return encode_documents([lines], AnalysisSettings(), VocabularySettings(**vocabulary))


SMALL = Word2VecSettings(dim=12, epochs=5, sample=0, window=3, alpha=0.05)


def cosine(model, a, b):
    x, y = (model.vectors[model.vocabulary.id_of[word]] for word in (a, b))
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["ns", "hs", "softmax"])
def test_words_of_one_topic_come_together(kind, loss):
    settings = Word2VecSettings(**{**SMALL.to_record(), "model": kind, "loss": loss})
    model = train(encoded(sentences()), settings)
    assert cosine(model, "apple", "plum") > 0.7 > 0.3 > cosine(model, "apple", "saw")
    assert model.losses[-1] < model.losses[0]


def test_a_saved_model_is_the_same_after_loading(tmp_path):
    model = train(encoded(sentences(100)), SMALL, AnalysisSettings(lowercase=True))
    model.save(tmp_path / "m.safetensors")
    loaded = Word2Vec.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.vectors, model.vectors)
    np.testing.assert_array_equal(loaded.output_vectors, model.output_vectors)
    assert loaded.vocabulary.tokens == model.vocabulary.tokens
    assert (loaded.settings, loaded.analysis) == (model.settings, model.analysis)
    assert loaded.losses == model.losses
    assert loaded.vectors.shape == (10, 12)


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
def test_one_thread_and_a_seed_give_the_same_bytes(tmp_path, kind):
    (tmp_path / "text").write_text("\n".join(sentences(100)))
    settings = Word2VecSettings(**{**SMALL.to_record(), "model": kind})
    for name in ("a", "b"):
        train_w2v([str(tmp_path / "text")], tmp_path / f"{name}.safetensors", settings)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_another_seed_gives_other_vectors():
    corpus = encoded(sentences(20))
    a, b = (train(corpus, Word2VecSettings(dim=4, epochs=1, seed=seed)) for seed in (1, 2))
    assert not np.array_equal(a.vectors, b.vectors)


def test_two_threads_learn_as_well_as_one():
    model = train(encoded(sentences()), Word2VecSettings(**{**SMALL.to_record(), "threads": 2}))
    assert cosine(model, "apple", "plum") > 0.7 > 0.3 > cosine(model, "apple", "saw")


@pytest.mark.parametrize("extension", ["txt", "vec", "bin"])
def test_vectors_alone_go_into_foreign_layouts(tmp_path, extension):
    (tmp_path / "text").write_text("\n".join(sentences(20)))
    path = tmp_path / f"w.{extension}"
    train_w2v([str(tmp_path / "text")], path, Word2VecSettings(dim=4, epochs=1))
    assert path.read_bytes().startswith(b"10 4\n")


def test_pairs_of_a_window_of_one_are_those_of_the_notes():
    found = list(pairs(encoded(["I study math"]), 1))
    assert found == [("I", "study"), ("study", "I"), ("study", "math"), ("math", "study")]


def test_pairs_do_not_reach_into_the_next_line():
    assert list(pairs(encoded(["a b", "c d"]), 5)) == [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]


PAIRS = Path(__file__).parents[2] / "sample_corpora" / "fruit_pairs.tsv"


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (3, 4))])
def test_pairs_of_fruit_and_juice_put_the_drinks_together(tmp_path, seed):
    settings = Word2VecSettings(dim=5, alpha=0.2, epochs=500, seed=seed)
    model = train_w2v(None, tmp_path / "m.safetensors", settings, pairs=PAIRS)
    for a, b in (("juice", "milk"), ("juice", "water"), ("milk", "water")):
        assert cosine(model, a, b) > 0.95
    for word in ("juice", "milk", "water"):
        products = model.output_vectors @ model.vectors[model.vocabulary.id_of[word]]
        assert model.vocabulary.tokens[products.argmax()] == "drink"


def test_a_line_that_is_no_pair_is_named(tmp_path):
    (tmp_path / "pairs.tsv").write_text("a\tb\nc\n")
    with pytest.raises(InputError, match=r"pairs.tsv:2: expected context<TAB>target, found 'c'"):
        train_w2v(None, tmp_path / "m.safetensors", pairs=tmp_path / "pairs.tsv")


def test_an_empty_vocabulary_after_min_count_is_an_error(tmp_path):
    (tmp_path / "text").write_text("a b c\n")
    with pytest.raises(InputError, match="no token is left"):
        train_w2v([str(tmp_path / "text")], tmp_path / "w.txt")
    assert not (tmp_path / "w.txt").exists()


def test_a_single_word_is_not_a_text():
    with pytest.raises(InputError, match="no two words stand near each other"):
        train(encoded(["word"]), SMALL)


def test_a_window_below_one_is_an_error():
    with pytest.raises(SettingsError, match="--window must be at least 1"):
        Word2VecSettings(window=0)


def test_training_that_diverges_is_an_error_and_not_a_file_of_nan():
    with pytest.raises(NlpcliError, match="diverged"):
        train(encoded(sentences(50)), Word2VecSettings(dim=4, alpha=100, sample=0))


def test_an_output_that_cannot_be_written_is_an_error_before_training(tmp_path):
    for name in ("w.xyz", "missing/w.txt"):
        with pytest.raises(OutputError):
            train_w2v(["nowhere"], tmp_path / name)


def test_a_model_of_another_kind_is_refused(tmp_path):
    from nlpcli.engine.io.model_file import write_model

    write_model(tmp_path / "m.safetensors", "glove", {}, {"vectors": np.zeros((1, 1), np.float32)})
    with pytest.raises(ModelError, match="is a glove model"):
        Word2Vec.load(tmp_path / "m.safetensors")


def test_frequent_words_are_thinned_by_the_formula_of_word2vec():
    counts = np.array([9_000, 1_000])
    share = keep_chances(counts, 0.01) / (2**32 - 1)
    f = counts / counts.sum()
    np.testing.assert_allclose(share, np.sqrt(0.01 / f) + 0.01 / f, rtol=1e-6)
    assert (keep_chances(counts, 0) == 2**32 - 1).all()


def test_the_first_vectors_are_small_and_depend_on_the_seed():
    vectors = np.zeros((2, 50, 10), np.float32)
    for seed, rows in enumerate(vectors):
        set_first_vectors(rows, seed)
    assert 0.04 < np.abs(vectors).max() <= 0.05
    assert not np.array_equal(*vectors)


@pytest.mark.parametrize("dim", [5, 16, 20])
def test_rows_lose_their_padding_in_place(dim):
    matrix = aligned_rows(3001, dim)
    matrix[:, :dim] = np.arange(3001 * dim).reshape(3001, dim)
    rows = unpadded(matrix, 3000, dim)
    assert np.shares_memory(rows, matrix)
    np.testing.assert_array_equal(rows.ravel(), np.arange(3000 * dim))


def test_the_rate_falls_from_alpha_to_min_alpha_over_all_epochs():
    schedule = Schedule(10_000, 2, 0.1, 0.01, seed=1, cost=100)
    rates = [schedule[number].alpha for number in range(len(schedule))]
    assert rates[0] == 0.1 and rates == sorted(rates, reverse=True)
    assert rates[schedule.chunks] == pytest.approx(0.055)
    assert 0.01 <= rates[-1] < 0.012


@pytest.mark.parametrize("words", [2, 3, 63, 64, 65, 1_000, 123_457, 10_000_000])
@pytest.mark.parametrize("epochs", [1, 5, 1000])
def test_every_word_has_its_turn_once_an_epoch(words, epochs):
    schedule = Schedule(words, epochs, 0.1, 0.01, seed=1, cost=100)
    for number in (*range(schedule.chunks), len(schedule) - 1):
        chunk = schedule[number]
        assert 0 < chunk.last - chunk.first <= 50_000
        assert chunk.last == schedule.words_before(number + 1) - number // schedule.chunks * words
        assert chunk.first == schedule.words_before(number) - number // schedule.chunks * words
    assert schedule.words_before(len(schedule)) == words * epochs
    assert len(schedule) >= min(words * epochs, 64) / 2


def test_chunks_of_an_epoch_are_thinned_alike_and_those_of_another_not():
    schedule = Schedule(1000, 2, 0.1, 0.01, seed=1, cost=100)
    first, second = (
        {schedule[n].thinning for n in range(schedule.chunks * e, schedule.chunks * (e + 1))} for e in (0, 1)
    )
    assert len(first) == len(second) == 1 and first != second
    assert len({schedule[n].stream for n in range(len(schedule))}) == len(schedule)
