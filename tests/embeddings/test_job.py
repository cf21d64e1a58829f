"""The jobs of train-w2v and train-fasttext: phrases, going on, beginning with vectors, interruption."""

import shutil
import signal

import numpy as np
import pytest

from nlpcli.engine.embeddings.fasttext import FastText
from nlpcli.engine.embeddings.hogwild import Run
from nlpcli.engine.embeddings.job import train_fasttext, train_w2v
from nlpcli.engine.embeddings.word2vec import Word2Vec
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.vectors.job import similar
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.embeddings import (
    ContinuationSettings,
    FastTextSettings,
    PhraseSettings,
    Word2VecSettings,
)
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

PLAIN = AnalysisSettings()
ALL = VocabularySettings(min_count=1)
WORDS = ["red", "green", "blue", "one", "two", "three", "four", "five", "six", "seven"]

W2V = (train_w2v, Word2Vec, Word2VecSettings(dim=8, epochs=4, sample=0, window=2))
FT = (train_fasttext, FastText, FastTextSettings(dim=8, epochs=4, sample=0, window=2, bucket=1000))
BOTH = pytest.mark.parametrize(("train", "kind", "settings"), [W2V, FT], ids=["word2vec", "fasttext"])


@pytest.fixture
def text(tmp_path):
    random = np.random.default_rng(1)
    lines = [" ".join(random.choice(WORDS, 8)) for _ in range(120)]
    (tmp_path / "text").write_text("\n".join(lines))
    return str(tmp_path / "text")


def job(text, **rest):
    return [text], {"analysis": PLAIN, "vocabulary": ALL, **rest}


def run(train, job, output, *settings, progress=SILENT):
    """Train as a job says: its texts, and what else it names."""
    paths, rest = job
    return train(paths, output, *settings, progress=progress, **rest)


class Interrupting(Progress):
    """Presses Ctrl-C when a share of the words is done."""

    def __init__(self, share):
        self.share = share
        self.notes = []

    def update(self, stage, done, total=None, detail=""):
        if stage == "training" and done >= self.share * total:
            self.share = 2
            raise KeyboardInterrupt

    def note(self, message):
        self.notes.append(message)


@pytest.fixture
def slow(monkeypatch):
    """In its block, training takes its time, so that it can be interrupted in the middle."""
    import contextlib
    import time

    go = Run.go

    def slowed(self, *arguments):
        step = self._step

        def wait(part):
            time.sleep(0.002)
            return step(part)

        self._step = wait
        go(self, *arguments)

    @contextlib.contextmanager
    def slowly():
        with monkeypatch.context() as patch:
            patch.setattr(Run, "go", slowed)
            yield

    return slowly


@BOTH
def test_interrupted_and_resumed_training_gives_the_bytes_of_one_go(
    train, kind, settings, text, tmp_path, slow
):
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    run(train, job(text), whole, settings)
    progress = Interrupting(0.3)
    with slow(), pytest.raises(KeyboardInterrupt):
        run(train, job(text), broken, settings, progress=progress)
    checkpoint = tmp_path / "broken.checkpoint.safetensors"
    assert not broken.exists()
    assert f"--resume {checkpoint}" in progress.notes[-1]
    left = kind.load(checkpoint).unfinished
    assert 0 < left.chunks < 256
    old_name = tmp_path / "broken.safetensors.partial"
    shutil.copy(checkpoint, old_name)
    for left_file in (checkpoint, old_name):
        run(train, job(text, continuation=ContinuationSettings(resume=str(left_file))), broken, settings)
        assert broken.read_bytes() == whole.read_bytes()
        assert not checkpoint.exists()


@BOTH
def test_a_finished_model_goes_on_with_new_text_and_new_words(train, kind, settings, text, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    before = run(train, job(text), first, settings)
    (tmp_path / "more").write_text("\n".join(["red wine and white wine"] * 30))
    going_on = ContinuationSettings(resume=str(first))
    after = run(train, job(str(tmp_path / "more"), continuation=going_on), second, settings)
    assert after.vocabulary.tokens == (*before.vocabulary.tokens, "wine", "and", "white")
    red = before.vocabulary.id_of["red"]
    assert after.vocabulary.counts[red] == before.vocabulary.counts[red] + 30
    one = before.vocabulary.id_of["one"]  # not in the new text: as it was, but for shared subwords
    assert kind is FastText or np.array_equal(after.vectors[one], before.vectors[one])
    assert not np.allclose(after.vectors[red], before.vectors[red])
    assert len(after.losses) == 8


def test_what_shapes_a_model_stays_when_it_goes_on(text, tmp_path):
    first = tmp_path / "first.safetensors"
    run(train_w2v, job(text), first, Word2VecSettings(dim=6, epochs=1, model="cbow"))
    going_on = job(text, continuation=ContinuationSettings(resume=str(first)))
    after = run(train_w2v, going_on, tmp_path / "second.safetensors", Word2VecSettings(dim=100, epochs=1))
    assert (after.settings.dim, after.settings.model, after.analysis) == (6, "cbow", PLAIN)


def test_a_model_of_another_kind_cannot_go_on(text, tmp_path):
    run(train_fasttext, job(text), tmp_path / "ft.safetensors", FT[2])
    going_on = job(text, continuation=ContinuationSettings(resume=str(tmp_path / "ft.safetensors")))
    with pytest.raises(ModelError, match="is a fasttext model; this command needs a word2vec model"):
        run(train_w2v, going_on, tmp_path / "w.safetensors")


def test_an_interrupted_model_wants_its_own_text(text, tmp_path, slow):
    with slow(), pytest.raises(KeyboardInterrupt):
        run(train_w2v, job(text), tmp_path / "w.txt", W2V[2], progress=Interrupting(0.3))
    (tmp_path / "other").write_text("one two three\n")
    going_on = ContinuationSettings(resume=str(tmp_path / "w.txt.checkpoint.safetensors"))
    with pytest.raises(InputError, match="not the text that was interrupted: 3 words, not 960"):
        run(train_w2v, job(str(tmp_path / "other"), continuation=going_on), tmp_path / "w.txt", W2V[2])


@BOTH
def test_checkpoints_do_not_change_the_result(train, kind, settings, text, tmp_path):
    seen = []

    class Watching(Progress):
        def note(self, message):
            if message.startswith("checkpoint"):
                seen.append(kind.load(tmp_path / "b.checkpoint.safetensors").unfinished.chunks)

    run(train, job(text), tmp_path / "a.safetensors", settings)
    often = ContinuationSettings(checkpoint_every=0.5)
    run(train, job(text, continuation=often), tmp_path / "b.safetensors", settings, progress=Watching())
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert seen == [8, 16, 24, 32, 40, 48, 56]
    assert not (tmp_path / "b.checkpoint.safetensors").exists()


def test_training_begins_with_given_vectors(text, tmp_path):
    (tmp_path / "v.txt").write_text("2 3\nred 1 2 3\nviolet 4 5 6\n")
    first = ContinuationSettings(init=str(tmp_path / "v.txt"))
    tiny = Word2VecSettings(dim=3, epochs=1, alpha=1e-9, min_alpha=0, sample=0)
    model = run(train_w2v, job(text, continuation=first), tmp_path / "w.safetensors", tiny)
    np.testing.assert_allclose(model.vectors[model.vocabulary.id_of["red"]], [1, 2, 3], rtol=1e-5)
    with pytest.raises(SettingsError, match="vectors of 3 numbers, --dim is 8"):
        run(train_w2v, job(text, continuation=first), tmp_path / "w.safetensors", W2V[2])


def test_phrases_become_words_and_stay_with_the_model(tmp_path):
    (tmp_path / "text").write_text("\n".join(["we saw new york", "new york is big", "a new day"] * 20))
    phrases = PhraseSettings(phrases=1, phrase_threshold=2)
    model = run(train_w2v, job(str(tmp_path / "text"), phrasing=phrases), tmp_path / "w.safetensors", W2V[2])
    assert "new_york" in model.vocabulary.tokens
    assert Word2Vec.load(tmp_path / "w.safetensors").phrases == phrases


def test_ctrl_c_ends_by_the_signal_and_says_how_to_go_on(process, tmp_path):
    random = np.random.default_rng(2)
    (tmp_path / "text").write_text("\n".join(" ".join(random.choice(WORDS, 50)) for _ in range(2000)))
    training = process.start("train-w2v", "text", "-o", "w.txt", "--epochs", "10000")
    for line in training.stderr:
        if line.startswith(b"epoch"):
            break
    training.send_signal(signal.SIGINT)
    rest = training.stderr.read().decode()
    assert training.wait() == -signal.SIGINT
    assert "repeat the command with --resume w.txt.checkpoint.safetensors" in rest
    assert not (tmp_path / "w.txt").exists()
    assert Word2Vec.load(tmp_path / "w.txt.checkpoint.safetensors").unfinished.chunks > 0


TOY = """\
the cat sleeps on the warm mat
the dog sleeps on the warm mat
the hen sleeps on the warm mat
the cat chased a small mouse home
the dog chased a small mouse home
the hen chased a small mouse home
we drink hot tea every morning
we drink hot milk every morning
we drink hot soup every morning
pour some tea into my cup
pour some milk into my cup
pour some soup into my cup
red paint covers their old wall
blue paint covers their old wall
green paint covers their old wall
she wore her red coat
she wore her blue coat
she wore her green coat
"""
ALIKE = [{"cat", "dog", "hen"}, {"tea", "milk", "soup"}, {"red", "blue", "green"}]


@pytest.mark.parametrize(
    ("train", "options"),
    [
        (train_w2v, {}),
        (train_w2v, {"model": "cbow"}),
        (train_w2v, {"loss": "hs"}),
        (train_w2v, {"loss": "softmax"}),
        (train_w2v, {"deterministic": True, "threads": 2}),
        (train_fasttext, {"bucket": 2000}),
    ],
    ids=["skip-gram", "CBOW", "paths", "softmax", "deterministic", "fastText"],
)
def test_words_that_stand_alike_are_neighbours_after_111_words(train, options, tmp_path):
    """gensim's Word2Vec, trained with these settings by skip-gram and by CBOW, has the same neighbours."""
    (tmp_path / "text").write_text(TOY)
    settings = {"dim": 16, "window": 3, "min_count": 1, "sample": 0, "epochs": 120, "alpha": 0.1}
    train([tmp_path / "text"], tmp_path / "w.safetensors", **settings, **options)
    for word, near in similar(tmp_path / "w.safetensors", set.union(*ALIKE), top_k=2):
        (group,) = (group for group in ALIKE if word in group)
        assert {neighbour for neighbour, _ in near} == group - {word}


def test_more_epochs_learn_more_from_five_short_lines(tmp_path):
    lines = ["the cat sat on the mat", "the dog sat on the rug", "the cat ran", "the dog ran", "the bird sat"]
    (tmp_path / "kid").write_text("\n".join(lines))
    settings = {"min_count": 1, "dim": 8, "sample": 0}
    one, many = (
        train_w2v([tmp_path / "kid"], tmp_path / f"{epochs}.safetensors", epochs=epochs, **settings)
        for epochs in (1, 150)
    )
    assert one.losses[0] > many.losses[-1] > 0
    assert not np.allclose(one.vectors, many.vectors, atol=0.1)


@pytest.mark.parametrize("command", ["train-w2v", "train-fasttext", "train-glove"])
@pytest.mark.parametrize("text", ["one\ntwo\none\n", "one\n\n\ntwo", "one two\nthree one\n"])
def test_a_text_without_any_pair_is_refused_with_a_hint(nlpcli, command, text, tmp_path):
    least = 1 if "one two" not in text else 2
    done = nlpcli(command, "-", "-o", "w.txt", "--min-count", least, input=text, code=1)
    assert "error: no two words stand near each other: there is nothing to train on" in done.err
    assert "hint: " in done.err and "--min-count" in done.err
    assert not (tmp_path / "w.txt").exists()


def test_a_partial_model_with_a_mad_header_is_refused(text, tmp_path):
    from nlpcli.engine.io.model_file import read_model, write_model

    run(train_w2v, job(text), tmp_path / "w.safetensors", W2V[2])
    whole = read_model(tmp_path / "w.safetensors", "word2vec")
    going_on = job(text, continuation=ContinuationSettings(resume=str(tmp_path / "mad.safetensors")))
    far = {"chunks": 10**9, "words": 960, "loss": 0.0, "predictions": 0}
    old = {"stretches": 9, "words": 960, "loss": 0.0, "predictions": 0}
    for left, message in (
        (far, "cannot have come so far"),
        ({"chunks": 1}, "unfinished: words is missing"),
        (old, "was interrupted by an earlier nlpcli"),
    ):
        write_model(
            tmp_path / "mad.safetensors", "word2vec", {**whole.header, "unfinished": left}, whole.tensors
        )
        with pytest.raises(ModelError, match=message):
            run(train_w2v, going_on, tmp_path / "x.safetensors", W2V[2])
