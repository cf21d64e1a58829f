"""Character models beside plain PyTorch loops: training speed, time to a loss, generation, long memory.

    python benchmarks/charlm.py train      training characters per second, LSTM 256, same batch
    python benchmarks/charlm.py losses     updates and time to the losses of the plain loop after 40, 80, 120
    python benchmarks/charlm.py reach      time until the validation loss of tinyshakespeare is 1.88
    python benchmarks/charlm.py best       lowest validation loss within ten minutes
    python benchmarks/charlm.py generate   characters per second, one stream, LSTM 256; then a transformer
                                           beside nanoGPT, if $NLPCLI_NANOGPT is a folder with its model.py
    python benchmarks/charlm.py copy       a copy task over a lag of 100: RNN, LSTM, GRU
    python benchmarks/charlm.py            all of these but `best`

The plain loops are what a tutorial writes: nn.Embedding, nn.LSTM, nn.Linear, cross_entropy, Adam;
one character at a time through nn.LSTM and torch.multinomial to generate. `losses` also runs the loop at the
step size that suits it best.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from side_by_side import NLPCLI, data, measure
from torch import nn
from torch.nn import functional

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.report import Report
from nlpcli.engine.charlm.sampling import generate
from nlpcli.engine.charlm.training import Training
from nlpcli.engine.charlm.units import read_text
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.neural.nets.recurrent_network import CharRNN
from nlpcli.engine.neural.transformer_lm import initial_lm
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.charlm import CharLMSettings, GenerateSettings

TEXT = "en/tinyshakespeare.txt"
TARGET = 1.88
LSTM = {"rnn_size": 256, "batch_size": 64, "seq_length": 64, "val_frac": 0.1}
RATE, BEST_RATE = 0.004, 0.008  # of the plain loop: a tutorial's, and the best of 0.004, 0.008, 0.012, 0.016


class Stop(Exception):
    """Ends a training that has shown what it was run for."""


class Plain(nn.Module):
    """The tutorial's model: embedding, LSTM, linear layer."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size, 64)
        self.lstm = nn.LSTM(64, hidden)
        self.output = nn.Linear(hidden, size)

    def forward(self, ids, state):
        """Logits [T, B, V] and the state after them."""
        out, state = self.lstm(self.embedding(ids), state)
        return self.output(out), state


def row(*cells: object) -> None:
    print(
        "| " + " | ".join(f"{cell:,.3g}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"
    )


def header(title: str, *cells: str) -> None:
    print(f"\n### {title}\n")
    row(*cells)
    print("|" + "---|" * len(cells))


def plain_training(
    streams: np.ndarray, size: int, updates: int, amp: bool = False, rate: float = RATE
) -> tuple[float, float, list[float]]:
    """Wall and processor seconds of `updates` steps of the tutorial's loop, and its losses."""
    torch.manual_seed(1)
    model = Plain(size, LSTM["rnn_size"])
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    ids, state, losses = torch.from_numpy(streams.astype(np.int64)), None, []
    wall, cpu = time.perf_counter(), time.process_time()
    for n in range(updates):
        start = n * LSTM["seq_length"] % (len(ids) - LSTM["seq_length"] - 1)
        part = ids[start : start + LSTM["seq_length"] + 1]
        with torch.autocast("cpu", torch.bfloat16, enabled=amp):
            logits, state = model(part[:-1], state)
        state = tuple(s.detach() for s in state)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), part[1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    return time.perf_counter() - wall, time.process_time() - cpu, losses


def our_training(text, updates: int, **changes: object) -> tuple[float, float, list[float]]:
    """The same for nlpcli's loop."""
    settings = CharLMSettings(**{**LSTM, "eval_every": 10**6, "schedule": "constant", **changes})
    training = Training(text, settings, initial_weights(settings, text.alphabet))
    losses: list[float] = []

    def after_update() -> None:
        losses.append(training.loss_sum / training.loss_count)
        training.loss_sum, training.loss_count = 0.0, 0
        if training.step == updates:
            raise Stop

    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.suppress(Stop):
        training.run(Report(training, SILENT), after_update)
    return time.perf_counter() - wall, time.process_time() - cpu, losses


def train(updates: int = 120) -> None:
    """Training speed, and the loss curve beside it."""
    text = read_text([str(data(TEXT))], "char")
    settings = CharLMSettings(**LSTM)
    our_training(text, 3)  # compiles
    our_training(text, 3, precision="float32")
    streams = Training(text, settings, initial_weights(settings, text.alphabet)).split.streams
    rows = {
        "torch nn.LSTM loop": plain_training(streams, len(text.alphabet), updates),
        "torch nn.LSTM loop, bfloat16 autocast": plain_training(
            streams, len(text.alphabet), updates, amp=True
        ),
        "nlpcli": our_training(text, updates),
        "nlpcli --precision float32": our_training(text, updates, precision="float32"),
    }
    count = updates * LSTM["batch_size"] * LSTM["seq_length"]
    third = updates // 3
    header(
        "Training, LSTM 256, batch 64, sequence 64, 2 threads",
        "", "chars/s", "chars per CPU s", "ratio", "by CPU", *(f"loss {n * third}" for n in (1, 2, 3)),
    )  # fmt: skip
    base_wall, base_cpu, _ = rows["torch nn.LSTM loop"]
    for name, (wall, cpu, losses) in rows.items():
        points = (f"{np.mean(losses[n - 10 : n]):.3f}" for n in (third, 2 * third, updates))
        row(name, f"{count / wall:,.0f}", f"{count / cpu:,.0f}", base_wall / wall, base_cpu / cpu, *points)


def losses(updates: int = 120) -> None:
    """Updates and time until the mean loss of ten updates is that of the plain loop, one thread, float32."""
    torch.set_num_threads(1)
    text = read_text([str(data(TEXT))], "char")
    settings, one = CharLMSettings(**LSTM), {"threads": 1, "precision": "float32"}
    our_training(text, 3, **one)  # compiles
    streams = Training(text, settings, initial_weights(settings, text.alphabet)).split.streams
    size, points = len(text.alphabet), [updates // 3 * n for n in (1, 2, 3)]
    rows = {
        f"torch nn.LSTM loop, step size {RATE}": plain_training(streams, size, updates),
        f"the loop, step size {BEST_RATE}": plain_training(streams, size, updates, rate=BEST_RATE),
        "nlpcli": our_training(text, updates, **one),
    }
    plain = next(iter(rows.values()))[2]
    targets = [np.mean(plain[n - 10 : n]) for n in points]
    header(
        "Updates, CPU s", "", *(f"{n} updates, {loss:.3f}" for n, loss in zip(points, targets, strict=True))
    )
    for name, (_, cpu, found) in rows.items():
        means = np.convolve(found, np.ones(10) / 10, mode="valid")
        needed = [10 + int(np.argmax(means <= loss + 1e-6)) for loss in targets]
        row(name, *(f"{n}, {n * cpu / updates:.1f}" for n in needed))


class Watch(Progress):
    """Raises Stop as soon as a validation loss is reached."""

    def __init__(self, training: Training, target: float) -> None:
        self.training, self.target = training, target

    def note(self, message: str) -> None:
        """Called after each validation."""
        del message
        if self.training.best_loss <= self.target:
            raise Stop


def reach() -> None:
    """Time to a validation loss of 1.88 nats."""
    text = read_text([str(data(TEXT))], "char")
    our_training(text, 3)
    settings = CharLMSettings(**LSTM, epochs=3, eval_every=40)
    training = Training(text, settings, initial_weights(settings, text.alphabet))
    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.suppress(Stop):
        training.run(Report(training, Watch(training, TARGET)))
    header("tinyshakespeare 90/10, until validation loss 1.88", "", "loss", "wall s", "CPU s")
    row(
        "nlpcli train-charlm",
        f"{training.best_loss:.3f}",
        time.perf_counter() - wall,
        time.process_time() - cpu,
    )
    row("nanoGPT's CPU recipe, as published (measured once)", "1.886", "", 576.0)


def best() -> None:
    """Lowest validation loss within ten minutes."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "best.safetensors"
        options = [
            "--rnn-size",
            512,
            "--dropout",
            0.5,
            "--seq-length",
            128,
            "--epochs",
            20,
            "--val-frac",
            0.1,
        ]
        taken = measure([*NLPCLI, "train-charlm", data(TEXT), "-o", model, *options])
        header("tinyshakespeare 90/10, LSTM 512, 20 epochs", "", "loss", "wall s", "CPU s")
        row("nlpcli train-charlm", f"{CharLM.load(model).record['val_loss']:.4f}", taken.wall, taken.cpu)
        row("nanoGPT's CPU recipe, as published", "1.88", "", "")


def speed_of_generation(length: int = 4000) -> None:
    """Characters per second of one stream, and the time to a first character."""
    alphabet = Vocabulary.of([chr(97 + n) for n in range(65)], [1] * 65)
    settings = CharLMSettings(rnn_size=256)
    model = CharLM(settings, alphabet, initial_weights(settings, alphabet), {})
    header("Generation, one stream, LSTM 256", "", "chars/s", "CPU s per 1,000", "ratio")
    plain = Plain(65, 256)
    torch.set_num_threads(1)
    wall, cpu = time.perf_counter(), time.process_time()
    with torch.no_grad():
        ids, state = torch.zeros((1, 1), dtype=torch.int64), None
        for _ in range(length):
            logits, state = plain(ids, state)
            ids = torch.multinomial(torch.softmax(logits[0] / 0.8, dim=1), 1)
    plain_wall, plain_cpu = time.perf_counter() - wall, time.process_time() - cpu
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in generate(model, "a", GenerateSettings(length=length, temperature=0.8)):
        pass
    our_wall, our_cpu = time.perf_counter() - wall, time.process_time() - cpu
    row("torch loop over nn.LSTM", f"{length / plain_wall:,.0f}", plain_cpu / length * 1000, 1.0)
    row("nlpcli generate", f"{length / our_wall:,.0f}", our_cpu / length * 1000, plain_wall / our_wall)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.safetensors"
        model.save(path)
        started = measure([*NLPCLI, "generate", path, "--prime", "a", "--length", 1], repeat=5)
    print(f"\nFrom start to the first character and out: {started.wall:.2f} s (CPU {started.cpu:.2f} s)")
    speed_of_transformers()


def speed_of_transformers(length: int = 512) -> None:
    """The same of transformers of 1 M drawn weights, 5 layers of 128, context 256, which is full."""
    settings = CharLMSettings(cell="transformer", rnn_size=128, num_layers=5, num_heads=4, context_size=256)
    alphabet = Vocabulary.of([chr(97 + n) for n in range(65)], [1] * 65)
    random, weights = np.random.default_rng(1), initial_lm(settings, alphabet)
    for name, weight in weights.items():
        if weight.ndim == 2 and not name.startswith("embedding"):
            weights[name] = (random.standard_normal(weight.shape) / len(weight) ** 0.5).astype(np.float32)
    model, prime = CharLM(settings, alphabet, weights, {}), "ab" * 128
    header("Generation, one stream, transformer 5 × 128, context 256 full", "", "weights", "chars/CPU s")

    def ours() -> None:
        for _ in generate(model, prime, GenerateSettings(length=length, temperature=0.8), echo=False):
            pass

    size = sum(weight.size for weight in weights.values())
    row("nlpcli generate", f"{size:,}", f"{length / quickest(ours):,.0f}")
    folder = os.environ.get("NLPCLI_NANOGPT")
    if not folder or not (Path(folder) / "model.py").exists():
        print("nanoGPT is not at hand: set NLPCLI_NANOGPT to a clone of it")
        return
    spec = importlib.util.spec_from_file_location("nanogpt", Path(folder) / "model.py")
    nanogpt = importlib.util.module_from_spec(spec)
    sys.modules["nanogpt"] = nanogpt
    spec.loader.exec_module(nanogpt)
    sizes = {"n_layer": 5, "n_head": 4, "n_embd": 128, "block_size": 256, "vocab_size": 65}
    theirs = nanogpt.GPT(nanogpt.GPTConfig(**sizes, dropout=0.0, bias=False)).eval()
    ids, some = torch.zeros((1, 256), dtype=torch.int64), length // 16
    torch.set_num_threads(1)
    with torch.no_grad():
        taken = quickest(lambda: theirs.generate(ids, some, temperature=0.8, top_k=200))
    row("nanoGPT, as sample.py calls it", f"{theirs.get_num_params(False):,}", f"{some / taken:,.0f}")


def quickest(work, times: int = 4) -> float:
    """Processor seconds of some work, the least of some times."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


def copy(lag: int = 100, updates: int = 600, symbols: int = 8) -> None:
    """Say a symbol again after `lag` blanks: chance is 1 in 8.

    The gates of LSTM and GRU start at the time scales of the task (chrono initialisation, Tallec
    and Ollivier 2018). The vanilla RNN is tried with random and with orthogonal weights.
    """
    title = f"Say one of {symbols} symbols again after {lag} blanks, 64 units, {updates} updates of 32"
    header(title, "", "right", "CPU s")
    torch.set_num_threads(1)
    alphabet = Vocabulary.of([chr(97 + n) for n in range(symbols + 2)], [1] * (symbols + 2))
    for name in ("rnn", "rnn, orthogonal", "lstm", "gru"):
        cell = name.split(",")[0]
        weights = initial_weights(CharLMSettings(cell=cell, rnn_size=64), alphabet)
        draw = np.random.default_rng(3)
        scales = np.log(draw.uniform(1, 2 * lag, 64)).astype(np.float32)
        weights["layer0.w_xh"] *= 0.3
        if name == "rnn":
            weights["layer0.w_hh"] = draw.uniform(-1 / 8, 1 / 8, (64, 64)).astype(np.float32)
        if cell == "lstm":
            weights["layer0.b"][:64], weights["layer0.b"][64:128] = -scales, scales
        if cell == "gru":
            weights["layer0.b"][:64] = -scales
        cpu = time.process_time()
        right = copied(CharRNN(cell, 1, 0.0, weights), lag, updates, symbols)
        row(name, f"{right:.1%}", time.process_time() - cpu)


def copied(network: CharRNN, lag: int, updates: int, symbols: int) -> float:
    """Share of right answers in the last 50 updates of a training on the copy task."""
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
    random, right = np.random.default_rng(1), []
    for _ in range(updates):
        said = random.integers(0, symbols, (1, 32))
        ids = np.concatenate([said, np.full((lag, 32), symbols), np.full((1, 32), symbols + 1)])
        logits, _ = network.forward(torch.from_numpy(ids), network.zero_state(32))
        answers = logits.view(*ids.shape, -1)[-1]
        loss = functional.cross_entropy(answers, torch.from_numpy(said[0]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        right.append((answers.argmax(1).numpy() == said[0]).mean())
    return float(np.mean(right[-50:]))


PARTS = {
    "train": train,
    "losses": losses,
    "reach": reach,
    "generate": speed_of_generation,
    "copy": copy,
    "best": best,
}


def main() -> None:
    for name in sys.argv[1:] or [name for name in PARTS if name != "best"]:
        PARTS[name]()


if __name__ == "__main__":
    main()
