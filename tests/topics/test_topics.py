from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.kernels.simd.weighted_draw import draw
from nlpcli.engine.kernels.topics import factors as factor_kernels
from nlpcli.engine.kernels.topics import gibbs
from nlpcli.engine.topics import lda
from nlpcli.engine.topics.coherence import coherence
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.errors import InputError, ModelError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings
from nlpcli.settings.vocabulary import VocabularySettings
from tests.conftest import Run

SUBJECTS = (
    "bread oven flour butter dough bake yeast crust",
    "goal match striker referee keeper league penalty coach",
    "orbit rocket comet planet telescope launch crater moon",
)


def made_texts(count: int = 120, seed: int = 3) -> list[str]:
    """Texts about one subject each, with a few words of another."""
    generator = np.random.default_rng(seed)
    texts = []
    for number in range(count):
        mine, other = SUBJECTS[number % 3].split(), SUBJECTS[(number + 1) % 3].split()
        texts.append(" ".join([*generator.choice(mine, 14), *generator.choice(other, 2)]))
    return texts


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(made_texts()) + "\n")
    return path


@pytest.mark.parametrize("method", ["lda", "nmf"])
def test_subjects_are_found_and_told_apart_in_new_texts(texts: Path, tmp_path: Path, method: str) -> None:
    out = tmp_path / "m.safetensors"
    model = api.train_topics(texts, out, method=method, num_topics=3, iterations=60)
    found = [{word for word, _ in words} for words in model.top_words(8)]
    assert sorted(map(sorted, found)) == sorted(sorted(subject.split()) for subject in SUBJECTS)
    loaded = api.load(out)
    assert isinstance(loaded, TopicModel)
    weights = loaded.transform(["the oven and the dough", "a rocket to the moon", "nothing known", ""])
    assert [found[topic] for topic in weights[:2].argmax(axis=1)] == [
        {*SUBJECTS[0].split()}, {*SUBJECTS[2].split()},
    ]  # fmt: skip
    assert weights[:2].sum(axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert not weights[2:].any()
    # A text's answer does not depend on those beside it.
    assert np.array_equal(loaded.transform(["a rocket to the moon"])[0], weights[1])


def test_lsa_gives_the_singular_values_and_vectors_of_the_rows(texts: Path, tmp_path: Path) -> None:
    model = api.train_topics(texts, tmp_path / "m", method="lsa", num_topics=5)
    table = api.vectorize(texts, sublinear_tf=True, min_df=2, max_df=0.5)
    rows = table.matrix.to_dense()
    values = np.linalg.svd(rows, compute_uv=False)[:5]
    assert model.strengths == pytest.approx(values, rel=5e-3)
    assert model.components is not None
    assert model.components.T @ model.components == pytest.approx(np.eye(5), abs=1e-3)
    assert np.linalg.norm(model.transform(made_texts()), axis=0) == pytest.approx(values, rel=5e-3)


@pytest.mark.parametrize("method", ["lda", "nmf", "lsa"])
def test_any_number_of_threads_gives_the_same_bytes(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lda, "_FEW", 100)  # several shards, which long texts have
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(made_texts(300)) + "\n")
    files = []
    for threads in (1, 2, 3):
        files.append(tmp_path / f"{threads}.safetensors")
        api.train_topics(path, files[-1], method=method, num_topics=4, iterations=12, threads=threads)
    assert len({file.read_bytes() for file in files}) == 1
    other = tmp_path / "other.safetensors"
    api.train_topics(path, other, method=method, num_topics=4, iterations=12, seed=2)
    assert method != "lda" or other.read_bytes() != files[0].read_bytes()


def test_shards_see_each_others_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lda, "_FEW", 100)
    corpus = encode_documents([made_texts(200)], AnalysisSettings(), VocabularySettings())
    sampler = lda._Sampler(corpus, TopicSettings(num_topics=3), 2)
    assert len(sampler._rooms) > 1
    sampler.sweep(0)
    for room in sampler._rooms:
        assert room.word_rows - np.float32(0.01) == pytest.approx(sampler.word_counts, abs=1e-3)


def test_a_column_is_drawn_as_often_as_its_weight_says() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.random((2, 3, 24)).astype(np.float32)
    sums = np.empty(24, np.float32)
    weights = a[1].astype(float) * b[2]
    delta = np.float32(-0.7 * weights[13])
    weights[13] += delta
    chances = (np.arange(20_000) + 0.5) / 20_000

    def drawn(function):  # type: ignore[no-untyped-def]
        return [function(a, 1, b, 2, 13, delta, np.float32(chance), sums) for chance in chances]

    import numba

    compiled = numba.njit(
        lambda a, i, b, j, old, delta, chance, sums: draw(a, i, b, j, old, delta, chance, sums)
    )
    for found in (drawn(draw), drawn(compiled)):
        shares = np.bincount(found, minlength=24) / len(found)
        assert shares == pytest.approx(weights / weights.sum(), abs=2e-3)


def test_digamma_and_likelihood_are_those_of_scipy() -> None:
    from scipy.special import digamma, gammaln

    for x in (1e-4, 0.1, 1.0, 5.9, 6.0, 123.4):
        assert gibbs.digamma(x) == pytest.approx(digamma(x), rel=1e-9)
    corpus = encode_documents([made_texts(30)], AnalysisSettings(), VocabularySettings())
    training = lda.Training(corpus, TopicSettings(num_topics=4, beta=0.3), 1)
    training.begin()
    sampler = training._sampler
    topics, words = sampler._topics, len(corpus.vocabulary)
    lengths = np.diff(corpus.offsets)
    document = np.repeat(np.arange(30), lengths)
    counts = np.bincount(document * 4 + topics, minlength=120).reshape(30, 4)
    by_word = np.bincount(corpus.ids * 4 + topics, minlength=words * 4).reshape(words, 4)
    alpha = sampler.alpha
    expected = (gammaln(counts + alpha) - gammaln(alpha)).sum()
    expected += (gammaln(alpha.sum()) - gammaln(lengths + alpha.sum())).sum()
    expected += (gammaln(by_word + 0.3) - gammaln(0.3)).sum()
    expected += 4 * gammaln(words * 0.3) - gammaln(by_word.sum(axis=0) + words * 0.3).sum()
    assert sampler.log_likelihood() == pytest.approx(expected / len(corpus.ids), rel=1e-9)
    sampler.fit_alpha()
    above = (digamma(counts + alpha) - digamma(alpha)).sum(axis=0)
    below = (digamma(lengths + alpha.sum()) - digamma(alpha.sum())).sum()
    assert sampler.alpha == pytest.approx((alpha * above + 0.001) / (below + 1), rel=1e-9)


def test_jacobi_and_gram_schmidt() -> None:
    generator = np.random.default_rng(2)
    half = generator.random((7, 7))
    matrix = half @ half.T
    work, vectors = matrix.copy(), np.eye(7)
    factor_kernels.jacobi(work, vectors, 50)
    assert np.sort(np.diagonal(work)) == pytest.approx(np.linalg.eigvalsh(matrix))
    assert vectors @ matrix @ vectors.T == pytest.approx(np.diag(np.diagonal(work)), abs=1e-8)
    rows = generator.random((3, 9)).astype(np.float32)
    rows[2] = rows[0] + rows[1]
    independent = np.empty(3, np.bool_)
    factor_kernels.orthonormalise(rows, independent)
    assert independent.tolist() == [True, True, False]
    assert rows @ rows.T == pytest.approx(np.diag([1, 1, 0]), abs=1e-6)


def test_windows_slide_and_short_texts_are_one() -> None:
    corpus = encode_documents(
        [["a x x x x x x x x x x b a", "a b", "c d"]], AnalysisSettings(), VocabularySettings()
    )
    # 4 windows of 10 of the first text, 1 of each other: a in 1 + 1 + 1, b in 2 + 1, together in 1 + 1.
    [npmi], _ = coherence(corpus, [["a", "b"]])
    expected = math.log((2 / 6) / ((3 / 6) * (3 / 6))) / -math.log(2 / 6)
    assert npmi == pytest.approx(expected)


def test_the_commands_print_lines_keys_and_measures(nlpcli: Run, texts: Path, tmp_path: Path) -> None:
    model = str(tmp_path / "m.safetensors")
    nlpcli("train-topics", texts, "-o", model, "--num-topics", "3", "--iterations", "60", "-q")
    lines = nlpcli("topics", model, input="oven dough oven bread\n\nmoon goal\n").stdout.decode().split("\n")
    assert len(lines) == 4 and lines[1] == "" and float(lines[0].split("\t")[1]) > 0.5
    records = [
        json.loads(line)
        for line in nlpcli("topics", model, "--jsonl", "-n", "1", input="moon\n\n").stdout.splitlines()
    ]
    assert len(records[0]["topics"]) == 1 and records[1] == {"topics": []}
    keys = nlpcli("topics", model, "--keys", "-n", "4").stdout.decode().splitlines()
    assert keys[0] == "topic\tshare\twords" and len(keys) == 4
    shares = [row["share"] for row in json.loads(nlpcli("topics", model, "--keys", "--json").stdout)]
    assert sum(shares) == pytest.approx(1, abs=1e-4) and shares == sorted(shares, reverse=True)
    measured = json.loads(nlpcli("evaluate", model, texts, "--json").stdout)
    assert 6 < measured["perplexity"] < 16  # eight words of a subject, and some of another
    assert measured["npmi"] > 0.1 and measured["diversity"] > 0.3
    shown = nlpcli("evaluate", model, texts).stdout.decode()
    assert "perplexity" in shown and "npmi" in shown


def test_what_cannot_be_is_said(nlpcli: Run, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no word is left") as caught:
        api.train_topics(texts, tmp_path / "m", min_df=1000)
    assert "min-df" in (caught.value.hint or "")
    assert not (tmp_path / "m").exists()
    with pytest.raises(ModelError):
        api.topics(texts, ["a text"])
    model = tmp_path / "n.safetensors"
    api.train_topics(texts, model, num_topics=2, iterations=3)
    (tmp_path / "unknown").write_text("zzz\n")
    with pytest.raises(InputError, match="no text has a word"):
        api.evaluate(model, tmp_path / "unknown")
    assert "--keys" in nlpcli("topics", model, texts, "--keys", code=2).stderr.decode()
    assert "no mistakes" in nlpcli("evaluate", model, texts, "--errors", "3", code=2).stderr.decode()


def test_more_topics_than_words_are_told(nlpcli, tmp_path):
    (tmp_path / "t.txt").write_text("tea cup\nsea ship\ntea sea\n")
    options = ["--iterations", 2, "--min-df", 1, "--max-df", 1.0, "-o", tmp_path / "m"]
    few = nlpcli("train-topics", tmp_path / "t.txt", "--num-topics", 2, *options, code=0)
    many = nlpcli("train-topics", tmp_path / "t.txt", "--num-topics", 9, *options, code=0)
    assert "9 topics are more than there are texts or words" in many.err
    assert "more than there are" not in few.err


def test_topics_of_stop_words_are_told(nlpcli: Run, tmp_path: Path) -> None:
    nouns = ("boat", "wind", "sail", "bread", "oven", "flour")
    lines = [f"the and of in to is it that was for {nouns[at % 6]} {nouns[(at + 1) % 6]}" for at in range(12)]
    (tmp_path / "t.txt").write_text("\n".join(lines) + "\n")
    given = ("train-topics", "t.txt", "--num-topics", "1", "--iterations", "2", "--max-df", "1", "-o", "m")
    assert "1 of 1 topic is mostly stop words" in nlpcli(*given).stderr.decode()
    assert "stop words" not in nlpcli(*given, "--stopwords", "en").stderr.decode()
