"""A character model whose training is interrupted after every update, and resumed, is the same model."""

import contextlib
import os
import signal

import pytest

from nlpcli.engine import jobs
from nlpcli.engine.charlm.training import Training
from nlpcli.engine.io.model_file import read_model
from nlpcli.engine.neural.trainer import Trainer
from nlpcli.errors import NlpcliError

TINY = {"rnn_size": 6, "batch_size": 4, "seq_length": 8, "epochs": 2, "learning_rate": 0.01}
WAYS = {
    "LSTM": {"threads": 1},
    "two layers of GRU, dropout, on two threads": {
        "cell": "gru",
        "num_layers": 2,
        "dropout": 0.3,
        "threads": 2,
        "eval_every": 3,
        "schedule": "cosine",
    },
    "a transformer": {
        "cell": "transformer",
        "num_heads": 1,
        "context": 8,
        "optimizer": "adamw",
        "dropout": 0.3,
        "threads": 1,
        "seq_length": None,
    },
    "a transformer by Muon": {
        "cell": "transformer",
        "num_heads": 1,
        "context": 8,
        "optimizer": "muon",
        "weight_decay": 0.1,
        "seq_length": None,
    },
    "stopped by patience": {"threads": 1, "eval_every": 2, "patience": 2, "learning_rate": 0.5},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_training_interrupted_after_every_update_is_the_training_itself(way, tmp_path, monkeypatch):
    settings = {name: value for name, value in {**TINY, **WAYS[way]}.items() if value is not None}
    (tmp_path / "text").write_text("the cat sat on the mat. " * 12)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    output, checkpoint = tmp_path / "m.safetensors", tmp_path / "m.checkpoint.safetensors"
    jobs.train_charlm([tmp_path / "text"], output, **settings)
    whole = output.read_bytes()
    output.unlink()
    update, steps = Trainer._update, []

    def interrupted(trainer, pool):
        signal.raise_signal(signal.SIGINT)  # in the midst of it
        update(trainer, pool)

    monkeypatch.setattr(Trainer, "_update", interrupted)
    while not output.exists():
        going_on = {"resume": str(checkpoint)} if steps else settings
        with contextlib.suppress(KeyboardInterrupt):
            jobs.train_charlm([tmp_path / "text"], output, **going_on)
        if checkpoint.exists():
            steps.append(read_model(checkpoint, "charlm-checkpoint").header["training"]["step"])
    assert output.read_bytes() == whole
    assert steps == [*range(1, len(steps) + 1)] and len(steps) > 4
    assert not checkpoint.exists()


def test_a_training_that_diverges_keeps_the_best_weights_or_says_so(tmp_path, monkeypatch):
    (tmp_path / "text").write_text("the cat sat on the mat. " * 12)
    output = tmp_path / "m.safetensors"
    loss = Training.part_loss
    for bad, is_kept in ((0, False), (7, True)):

        def broken(trainer, n, bad=bad):
            return loss(trainer, n) * (float("nan") if trainer.step >= bad else 1.0)

        monkeypatch.setattr(Training, "part_loss", broken)
        if is_kept:
            jobs.train_charlm([tmp_path / "text"], output, **TINY, eval_every=2)
            assert len(read_model(output, "charlm").fields["record"]["history"]) == 3
        else:
            with pytest.raises(NlpcliError, match="training has diverged"):
                jobs.train_charlm([tmp_path / "text"], output, **TINY)
            assert not output.exists()
