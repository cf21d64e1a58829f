"""How topics are trained: interrupted and resumed, steered by words, as many as the texts have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.topics import lda
from nlpcli.engine.topics.seed_words import Seeds, find_seeds, seed_counts
from nlpcli.engine.topics.topic_number import Trial
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings
from nlpcli.settings.vocabulary import VocabularySettings
from tests.conftest import Run
from tests.topics.test_topics import SUBJECTS, made_texts

SMALL = {"num_topics": 3, "iterations": 25, "optimize_interval": 10}


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(made_texts()) + "\n")
    return path


def checkpoint_of(output: Path) -> Path:
    return output.with_name(f"{output.stem}.checkpoint.safetensors")


# --- interrupted ----------------------------------------------------------------------------


@pytest.mark.parametrize("many_shards", [False, True])
def test_a_training_interrupted_within_any_sweep_is_the_training_itself(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many_shards: bool
) -> None:
    if many_shards:
        monkeypatch.setattr(lda, "_FEW", 100)
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    api.train_topics(texts, whole, **SMALL)
    sweep = lda._Sampler.sweep
    struck = []

    def interrupted(sampler: lda._Sampler, number: int) -> None:
        sweep(sampler, number)
        if number not in struck and number % 6 == 3:
            struck.append(number)  # with every token drawn anew, but before the sweep is told
            raise KeyboardInterrupt

    monkeypatch.setattr(lda._Sampler, "sweep", interrupted)
    while not broken.exists():
        left = checkpoint_of(broken)
        try:
            api.train_topics(texts, broken, **SMALL, threads=2, resume=left if left.exists() else None)
        except KeyboardInterrupt:
            assert left.exists()
    assert struck == [3, 9, 15, 21]
    assert broken.read_bytes() == whole.read_bytes()
    assert not checkpoint_of(broken).exists()


def test_checkpoints_come_on_the_way_and_go_with_the_end(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, saved = tmp_path / "m.safetensors", []
    from nlpcli.engine.topics import lda_checkpoint

    save = lda_checkpoint.save
    monkeypatch.setattr(
        lda_checkpoint,
        "save",
        lambda training, *rest: saved.append(training.standing.done) or save(training, *rest),
    )
    api.train_topics(texts, output, **SMALL, checkpoint_every=10)
    assert saved == [10, 20]
    assert not checkpoint_of(output).exists()


def test_only_the_same_training_goes_on_and_more_sweeps_may_be_asked_for(
    nlpcli: Run, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "m.safetensors"
    left = checkpoint_of(output)
    fit = lda._Sampler.fit_alpha

    def stop(sampler: lda._Sampler) -> None:
        fit(sampler)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lda._Sampler, "fit_alpha", stop)
        api.train_topics(texts, output, **SMALL)
    for other in ({"beta": 0.02}, {"num_topics": 4}, {"seed": 2}, {"min_df": 20}):
        with pytest.raises(ModelError, match="of another training"):
            api.train_topics(texts, output, **{**SMALL, **other}, resume=left)
    with pytest.raises(ModelError, match="9 sweeps already"):
        api.train_topics(texts, output, **{**SMALL, "iterations": 5}, resume=left)
    with pytest.raises(ModelError, match="was interrupted"):
        api.load(left)
    api.train_topics(texts, output, **{**SMALL, "iterations": 40}, resume=left)
    longer = tmp_path / "longer.safetensors"
    api.train_topics(texts, longer, **{**SMALL, "iterations": 40})
    assert output.read_bytes() == longer.read_bytes()
    said = nlpcli("train-topics", texts, "-o", output, "--method", "nmf", "--resume", longer, code=2).err
    assert "--resume does nothing with --method nmf" in said


# --- steered --------------------------------------------------------------------------------


def test_topics_hold_the_words_that_are_named_for_them(nlpcli: Run, texts: Path, tmp_path: Path) -> None:
    orders = (0, 1, 2), (2, 0, 1)
    for number, order in enumerate(orders):
        seeds = tmp_path / "seeds.txt"
        named = [" ".join(SUBJECTS[subject].split()[:2]) for subject in order]
        seeds.write_text("# a topic a line\n" + "\n".join(named) + "\n")
        model = api.train_topics(texts, tmp_path / f"{number}.safetensors", **SMALL, seed_words=[str(seeds)])
        assert model.settings.seed_words == tuple(named)
        for subject, words in zip(order, model.top_words(8), strict=True):
            assert {word for word, _ in words} == {*SUBJECTS[subject].split()}
    model_file = tmp_path / "by_options.safetensors"
    options = [part for words in named for part in ("--seed-words", words.upper())]
    options += ["--num-topics", 3, "--iterations", 25, "--optimize-interval", 10]
    nlpcli("train-topics", texts, "-o", model_file, *options)
    assert np.array_equal(api.load(model_file).word_counts, model.word_counts)


def test_a_word_weighs_as_its_prior_says(texts: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    api.train_topics(texts, path, **SMALL, seed_words=["oven comet", "goal"], seed_weight=0.5)
    model = api.load(path)
    assert model.seeds is not None and len(model.seeds) == 3
    weights = model.word_counts + 0.01
    for word, topic in (("oven", 0), ("comet", 0), ("goal", 1)):
        row = model.vocabulary.id_of[word]
        weights[row, topic] += 0.5 * model.word_counts[row].sum()
    assert model.word_weights == pytest.approx(weights / weights.sum(axis=0), rel=1e-5)
    assert model.word_weights.sum(axis=0) == pytest.approx(1, abs=1e-5)


def test_the_likelihood_of_seeded_topics_is_that_of_scipy() -> None:
    from scipy.special import gammaln

    corpus = encode_documents([made_texts(30)], AnalysisSettings(), VocabularySettings())
    seeds = Seeds(np.array([[2, 0], [5, 0], [5, 1]], dtype=np.int32), 2)
    settings = TopicSettings(num_topics=4, beta=0.3, optimize_interval=0)
    training = lda.Training(corpus, settings, 1, seeds)
    training.begin()
    sampler = training._sampler
    sampler.sweep(0)
    words = len(corpus.vocabulary)
    eta = np.full((words, 4), 0.3)
    frequencies = np.bincount(corpus.ids)
    eta[seeds.pairs[:, 0], seeds.pairs[:, 1]] += seed_counts(seeds.pairs, frequencies, 1.0)
    counts = sampler.word_counts[:, :4]
    expected = (gammaln(counts + eta) - gammaln(eta)).sum()
    expected += (gammaln(eta.sum(axis=0)) - gammaln((counts + eta).sum(axis=0))).sum()
    document = np.repeat(np.arange(30), np.diff(corpus.offsets))
    by_text = np.bincount(document * 4 + sampler.topics, minlength=120).reshape(30, 4)
    expected += (gammaln(by_text + 0.1) - gammaln(0.1)).sum()
    expected += (gammaln(0.4) - gammaln(np.diff(corpus.offsets) + 0.4)).sum()
    assert sampler.log_likelihood() == pytest.approx(expected / len(corpus.ids), rel=1e-9)
    assert np.bincount(sampler.topics[corpus.ids == 2], minlength=4)[0] > 0


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (["oven", "goal", "comet", "dough"], "words of 4 topics, and there are 3"),
        (["oven", "seds.txt"], "no seed word of 'seds.txt'"),
    ],
)
def test_seeds_that_cannot_be_are_told(texts: Path, tmp_path: Path, seeds: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        api.train_topics(texts, tmp_path / "m", **SMALL, seed_words=seeds)
    assert caught.value.hint
    with pytest.raises(SettingsError, match="--seed-words does nothing without --method lda"):
        api.train_topics(texts, tmp_path / "m", method="nmf", seed_words=["oven"])
    with pytest.raises(SettingsError, match="--seed-weight does nothing without --seed-words"):
        api.train_topics(texts, tmp_path / "m", seed_weight=2.0)


def test_words_that_the_texts_lack_are_passed_over() -> None:
    corpus = encode_documents([["bread oven"]], AnalysisSettings(), VocabularySettings())
    found = find_seeds(TopicSettings(seed_words=("oven oven tea",)), AnalysisSettings(), corpus.vocabulary)
    assert found.pairs.tolist() == [[corpus.vocabulary.id_of["oven"], 0]] and found.topics == 1


# --- as many as there are -------------------------------------------------------------------


@pytest.mark.parametrize("method", ["lda", "nmf"])
def test_the_number_of_topics_is_found_and_the_model_is_that_of_the_number(
    texts: Path, tmp_path: Path, method: str
) -> None:
    told: list[tuple[list[Trial], int]] = []
    options = {"method": method, "iterations": 30}
    auto, given = tmp_path / "auto", tmp_path / "given"
    model = api.train_topics(
        texts, auto, num_topics="auto", tried=lambda *trials: told.append(trials), **options
    )
    [(trials, number)] = told
    assert [trial.topics for trial in trials] == sorted({trial.topics for trial in trials})
    assert number in [trial.topics for trial in trials] and len(trials) >= 3
    assert len(model) == number == model.settings.num_topics
    assert all((trial.perplexity is None) == (method == "nmf") for trial in trials)
    api.train_topics(texts, given, num_topics=number, **options)
    assert auto.read_bytes() == given.read_bytes()


def test_an_interrupted_training_keeps_the_number_that_was_found(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    auto = {"num_topics": "auto", "iterations": 20}
    model = api.train_topics(texts, whole, **auto)
    from nlpcli.engine.topics import topic_job

    class Interrupted(lda.Training):
        def go(self, *rest):  # type: ignore[no-untyped-def]
            super().go(*rest)
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(topic_job, "Training", Interrupted)
        api.train_topics(texts, broken, **auto)
    monkeypatch.setattr(topic_job, "choose_number", None)  # nothing is tried again
    resumed = api.train_topics(texts, broken, **auto, resume=checkpoint_of(broken))
    assert len(resumed) == len(model) and broken.read_bytes() == whole.read_bytes()


def test_what_was_tried_is_a_table(nlpcli: Run, texts: Path, tmp_path: Path) -> None:
    options = ("--num-topics", "auto", "--iterations", 10, "-o", tmp_path / "m", "-q")
    rows = json.loads(nlpcli("train-topics", texts, *options, "--json").out)
    assert [row["chosen"] for row in rows].count("yes") == 1
    assert all(row["perplexity"] > 1 and -1 <= row["npmi"] <= 1 for row in rows)
    for number, said in (
        ("many", "whole number or auto, not 'many'"),
        ("0", "at least 1"),
        ("5000", "at most"),
    ):
        done = nlpcli("train-topics", texts, "--num-topics", number, "-o", tmp_path / "m", code=2)
        assert said in done.err
    nmf = nlpcli("train-topics", texts, "--method", "nmf", *options).out.splitlines()
    assert nmf[0] == "topics\tnpmi\tchosen" and "None" not in "".join(nmf)
    done = nlpcli("train-topics", texts, "--json", "-o", tmp_path / "m", code=2)
    assert "--json does nothing without --num-topics auto" in done.err
    done = nlpcli(
        "train-topics", texts, "--method", "lsa", "--num-topics", "auto", "-o", tmp_path / "m", code=2
    )
    assert "lsa has dimensions" in done.err
