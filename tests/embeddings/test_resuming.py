"""Interrupted trainings go on to the bytes of an unbroken one, wherever the interrupt comes.

A scheduler of our own says where: before a worker gets a chunk or a block of cells, while it has one, or at
any line of the thread that waits for the workers, which is where Python handles signals.
"""

import contextlib
import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.embeddings.glove_blocks import BlockScheduler
from nlpcli.engine.embeddings.hogwild import Run
from nlpcli.engine.io.model_file import read_model
from nlpcli.engine.runtime.threads import run_threads
from nlpcli.errors import NlpcliError

SMALL = {"dim": 6, "epochs": 2, "min_count": 1}
KINDS = {
    "skip-gram": (jobs.train_w2v, {"window": 2}),
    "CBOW with paths": (jobs.train_w2v, {"window": 2, "model": "cbow", "loss": "hs"}),
    "softmax": (jobs.train_w2v, {"window": 2, "loss": "softmax"}),
    "deterministic": (jobs.train_w2v, {"window": 2, "deterministic": True, "threads": 3}),
    "fastText": (jobs.train_fasttext, {"window": 2, "bucket": 99}),
    "GloVe": (jobs.train_glove, {"threads": 1}),
    "GloVe on two threads": (jobs.train_glove, {"threads": 2}),
}


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.setattr("nlpcli.engine.embeddings.schedule._AT_LEAST", 8)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    random = np.random.default_rng(1)
    words = ["red", "green", "blue", "one", "two"]
    (tmp_path / "text").write_text("\n".join(" ".join(random.choice(words, 8)) for _ in range(30)))
    return tmp_path / "text"


@pytest.fixture
def training(request, text, tmp_path):
    """Trains the kind to an output; from the checkpoint beside it, when there is one."""
    command, options = KINDS[request.param]

    def train(output):
        checkpoint = checkpoint_of(output)
        resume = {"resume": str(checkpoint)} if checkpoint.exists() else {}
        command([str(text)], str(output), **{**SMALL, **options, **resume})

    return train


def every(kinds=KINDS):
    return pytest.mark.parametrize("training", kinds, indirect=True)


def checkpoint_of(output):
    return output.with_name(f"{output.stem}.checkpoint.safetensors")


@pytest.fixture
def whole(training, tmp_path):
    training(tmp_path / "whole.safetensors")
    return (tmp_path / "whole.safetensors").read_bytes()


@contextlib.contextmanager
def interrupted(turn, within):
    """Presses Ctrl-C when a worker is given its chunk or block of this turn: `within` it, or right before.

    The worker waits until it has been noticed: then a chunk that it has is trained, and one that it
    has not is not given to it any more.
    """
    turns = itertools.count(1)

    def interrupt(stop):
        os.kill(os.getpid(), signal.SIGINT)
        while not stop:
            time.sleep(0.0002)

    def taking(take):
        def take_or_interrupt(scheduler, *rest):
            stop = rest[-1]
            left = scheduler._next < rest[0] if isinstance(scheduler, Run) else scheduler._left
            if not within and left and next(turns) == turn:
                interrupt(stop)
            taken = take(scheduler, *rest)
            if within and taken is not None and next(turns) == turn:
                interrupt(stop)
            return taken

        return take_or_interrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_take", taking(Run._take))
        patch.setattr(BlockScheduler, "take", taking(BlockScheduler.take))
        yield


def place(checkpoint):
    """How far a training has come: epochs and blocks, or chunks."""
    model = read_model(checkpoint, ("word2vec", "fasttext", "glove"))
    if model.kind == "glove":
        costs = model.tensors.get("unfinished", np.zeros(0))
        return len(model.header["costs"]), int(np.count_nonzero(~np.isnan(costs)))
    return model.header["unfinished"]["chunks"]


@every()
@pytest.mark.parametrize(
    ("turn", "within"),
    [
        (1, True),
        pytest.param(2, False, marks=pytest.mark.slow),
        pytest.param(3, True, marks=pytest.mark.slow),
    ],
)
def test_a_training_interrupted_at_every_boundary_is_the_training_itself(
    training, whole, turn, within, tmp_path
):
    """Again and again after so many chunks, until it has come to its end."""
    output, places = tmp_path / "broken.safetensors", []
    while not output.exists():
        with contextlib.suppress(KeyboardInterrupt), interrupted(turn, within):
            training(output)
        if not output.exists():
            places.append(place(checkpoint_of(output)))
    assert output.read_bytes() == whole
    assert len(places) > 2 and places == sorted(set(places))
    assert len(places) > 6 or turn > 1 or "two threads" in os.environ["PYTEST_CURRENT_TEST"]
    assert not checkpoint_of(output).exists()


# --- at any line ----------------------------------------------------------------------------

WAITING = (
    "hogwild.py",
    "threads.py",
    "interrupts.py",
    "job.py",
    "glove.py",
    "glove_job.py",
    "glove_blocks.py",
)


class Lines:
    """Traces the lines of the main thread in what waits for workers; interrupts at the one numbered `at`.

    Of lines that are repeated while it waits, only the first few count.
    """

    def __init__(self, at):
        self.at, self.count, self.seen = at, 0, {}

    def __enter__(self):
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_):
        sys.settrace(None)

    def trace(self, frame, event, _):
        path = Path(frame.f_code.co_filename)
        if threading.current_thread() is not threading.main_thread() or path.name not in WAITING:
            return None
        if event == "line":
            line = (path.name, frame.f_lineno)
            self.seen[line] = self.seen.get(line, 0) + 1
            if self.seen[line] <= 3:
                self.count += 1
                if self.count == self.at + 1:
                    signal.raise_signal(signal.SIGINT)
        return self.trace


@every(["skip-gram", "fastText", "GloVe on two threads"])
@pytest.mark.parametrize(
    "step", [pytest.param(31, id="some"), pytest.param(1, marks=pytest.mark.slow, id="all")]
)
def test_an_interrupt_at_any_line_of_the_waiting_thread_changes_nothing(training, whole, step, tmp_path):
    output = tmp_path / "broken.safetensors"
    interrupts = left = 0
    for at in itertools.count(step // 2, step):
        output.unlink(missing_ok=True)
        try:
            with Lines(at) as lines:
                training(output)
        except KeyboardInterrupt:
            interrupts += 1
            left += checkpoint_of(output).exists()
            assert not any(name.endswith(".tmp") for name in os.listdir(tmp_path))
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            training(output)
        assert output.read_bytes() == whole, at
        checkpoint_of(output).unlink(missing_ok=True)
        if lines.count <= at:
            break
    assert interrupts > 5 and left > 2


# --- at any time ----------------------------------------------------------------------------


# Python shows an exception that comes while an object is deleted, and goes on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@every()
def test_interrupts_at_random_times_change_nothing(training, whole, tmp_path):
    """As they come, until 200 have ended a training; one that comes to its end is the whole one."""
    output, random = tmp_path / "broken.safetensors", Random(1)
    started = time.monotonic()
    training(output)
    took = time.monotonic() - started
    struck = 0
    while struck < 200 or not output.exists():
        output.unlink(missing_ok=True)
        timer = threading.Timer(random.random() * took, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            training(output)
            timer.cancel()
            timer.join()
        except (KeyboardInterrupt, SystemError):  # as which it comes out of a call of numba's
            struck += 1
            timer.join()
        if output.exists():
            assert output.read_bytes() == whole


# --- what waits -----------------------------------------------------------------------------


def test_no_worker_is_at_work_when_an_interrupt_takes_effect():
    """An exception in `Thread.join` makes Python take a running thread for one that has ended."""
    for delay in (0, 0.001, 0.02, 0.15):
        at_work = []

        def work(number, stop, delay=delay, at_work=at_work):
            at_work.append(number)
            if number == 0:
                time.sleep(delay)
                os.kill(os.getpid(), signal.SIGINT)
            while not stop:
                time.sleep(0.001)
            time.sleep(0.03)
            at_work.remove(number)

        with pytest.raises(KeyboardInterrupt):
            run_threads(work, 3)
        assert not at_work


def test_an_error_goes_before_an_interrupt_that_comes_with_it():
    """What an error has left half done is not to be saved as a checkpoint."""

    def work(number, stop):
        os.kill(os.getpid(), signal.SIGINT)
        while not stop:
            time.sleep(0.001)
        raise NlpcliError("the training diverged")

    with pytest.raises(NlpcliError):
        run_threads(work, 2)
