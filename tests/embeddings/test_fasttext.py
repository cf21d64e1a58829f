"""FastText: subwords, unseen words, Korean jamo."""

import numpy as np
import pytest

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.subwords import SubwordRule, decomposed
from nlpcli.engine.embeddings.fasttext import FastText
from nlpcli.engine.embeddings.fasttext_training import FastTextTraining, train
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.embeddings import FastTextSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

SMALL = FastTextSettings(dim=12, epochs=8, sample=0, window=2, bucket=5000)


def encoded(lines):
    return encode_documents([lines], AnalysisSettings(), VocabularySettings())


def lines(count=300, seed=0):
    random = np.random.default_rng(seed)
    fruit, tools = (
        ["apple", "apples", "pear", "pears", "plum", "plums"],
        ["hammer", "hammers", "nail", "nails", "saws", "drills"],
    )
    return [" ".join(random.choice((fruit, tools)[n % 2], 6)) for n in range(count)]


def cosine(x, y):
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


@pytest.fixture(scope="module")
def model():
    return train(encoded(lines()), SMALL)


def test_subwords_are_hashed_into_the_buckets_of_fasttext():
    # As gensim and fastText number them; 한 is three bytes, and one letter.
    starts, buckets = SubwordRule(3, 6, 2_000_000).buckets(["where", "한글"])
    assert starts.tolist() == [0, 14, 17]
    assert buckets[:5].tolist() == [167652, 989715, 1526707, 1071586, 420941]
    assert buckets[14:].tolist() == [1396067, 1341415, 41517]


def test_single_brackets_are_no_subwords():
    starts, _ = SubwordRule(1, 1, 1000).buckets(["ab"])
    assert starts.tolist() == [0, 2]


def test_compiled_subwords_do_what_their_python_does():
    from nlpcli.engine.kernels.text.subword_hashes import subword_buckets

    text = "<where><한글><é>".encode()
    offsets = np.array([0, 7, 15, 19])
    outcomes = []
    for fill in (subword_buckets, subword_buckets.py_func):
        starts, buckets = np.empty(4, np.int64), np.zeros(30, np.int32)
        with np.errstate(over="ignore"):
            fill(np.frombuffer(text, np.uint8), offsets, 2, 4, 997, starts, buckets)
        outcomes.append((starts.tolist(), buckets.tolist()))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0][1] == 15  # 6 + 5 + 4 runs of two to four of the seven characters


def test_jamo_are_three_letters_to_a_syllable():
    assert decomposed("값 나비 a") == "ㄱㅏㅄ ㄴㅏ_ㅂㅣ_ a"
    same = SubwordRule(3, 3, 1000).buckets([decomposed("학교")])
    jamo = SubwordRule(3, 3, 1000, jamo=True).buckets(["학교"])
    np.testing.assert_array_equal(jamo[1], same[1])


def test_words_of_one_topic_come_together(model):
    assert cosine(model.vector("apple"), model.vector("plum")) > 0.7
    assert cosine(model.vector("apple"), model.vector("nail")) < 0.5
    assert model.losses[-1] < model.losses[0]


def test_an_unseen_word_is_near_what_it_is_spelt_like(model):
    assert "hamers" not in model.vocabulary.id_of
    unseen = model.vector("hamers")
    assert cosine(unseen, model.vector("hammers")) > cosine(unseen, model.vector("apples"))


def test_a_word_without_a_known_subword_is_zeros(model):
    assert not model.vector("xyz").any()


def test_a_words_vector_is_the_mean_of_its_rows(model):
    word = "pears"
    _, buckets = SubwordRule(3, 6, 5000).buckets([word])
    number = model.vocabulary.id_of[word]
    rows = [model.word_rows[number], *(model.ngram_rows[np.searchsorted(model.buckets, b)] for b in buckets)]
    np.testing.assert_allclose(model.vector(word), np.mean(rows, axis=0), rtol=1e-5)


def test_a_saved_model_is_the_same_after_loading(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    loaded = FastText.load(tmp_path / "m.safetensors")
    for word in ("apple", "hamers", "xyz"):
        np.testing.assert_array_equal(loaded.vector(word), model.vector(word))
    np.testing.assert_array_equal(loaded.output_vectors, model.output_vectors)
    assert (loaded.settings, loaded.analysis, loaded.losses) == (model.settings, model.analysis, model.losses)


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["ns", "hs"])
def test_one_thread_and_a_seed_give_the_same_bytes(tmp_path, kind, loss):
    settings = FastTextSettings(**{**SMALL.to_record(), "model": kind, "loss": loss, "epochs": 1})
    for name in ("a", "b"):
        train(encoded(lines(50)), settings).save(tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_without_subwords_it_is_word2vec(tmp_path):
    model = train(encoded(lines(50)), FastTextSettings(dim=4, epochs=1, maxn=0))
    assert len(model.buckets) == 0
    np.testing.assert_allclose(model.vectors, model.word_rows)
    assert not model.vector("unseen").any()


def test_only_buckets_that_are_used_have_a_row():
    training = FastTextTraining(encoded(["abc abd"] * 3), SMALL)
    assert len(training.inputs) == 2 + len(training.buckets) + 1
    assert len(training.buckets) == len(set(training.buckets.tolist())) <= 20


def test_a_longest_subword_below_the_shortest_is_an_error():
    with pytest.raises(SettingsError, match="--maxn 2 is below --minn 3"):
        FastTextSettings(maxn=2)


def test_a_model_of_another_kind_is_refused(tmp_path):
    from nlpcli.engine.io.model_file import write_model

    write_model(tmp_path / "m.safetensors", "word2vec", {}, {"vectors": np.zeros((1, 1), np.float32)})
    with pytest.raises(ModelError, match="is a word2vec model"):
        FastText.load(tmp_path / "m.safetensors")
