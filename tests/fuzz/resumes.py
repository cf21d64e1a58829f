"""Trainings that are interrupted, once or in a row, and resumed: the bytes of the uninterrupted one.

A process of its own trains on a small text and gets SIGINT, SIGTERM or, where checkpoints are written as it
goes on, SIGKILL, mostly at a moment of its training; the next goes on from the checkpoint, if there is one.
"""

from __future__ import annotations

import functools
import re
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.forked import Forked

SHORT = 1
_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
_SYLLABLES = ("ba", "ko", "li", "mu", "ne", "ras", "tin", "vor", "서", "울")
_COMPILING = "compiling for this processor"
_VECTORS = ("--min-count", "1", "--dim", "12", "--window", "4")
_TOPICS = ("--num-topics", "5", "--iterations", "400", "--min-df", "1", "--max-df", "1")


@dataclass(frozen=True)
class Kind:
    """A training: its command, what it says when it begins to train, and what may change between resumes.

    `threads` are the numbers of threads that give the same bytes, `every` how a checkpoint is asked for.
    """

    command: str
    options: tuple[str, ...]
    begins: str
    threads: tuple[int, ...] = (1,)
    every: tuple[str, ...] = ()


def _w2v(*options: str, threads: tuple[int, ...] = (1,), epochs: int = 8) -> Kind:
    more = (*_VECTORS, "--epochs", str(epochs), *options)
    return Kind("train-w2v", more, " lines", threads, ("0.1", "0.37", "3"))


def _fasttext(*options: str, threads: tuple[int, ...] = (1,), epochs: int = 8) -> Kind:
    more = (*_VECTORS, "--epochs", str(epochs), "--bucket", "500", *options)
    return Kind("train-fasttext", more, " lines", threads, ("0.1", "0.37", "3"))


def _charlm(*options: str) -> Kind:
    more = ("--rnn-size", "12", "--batch-size", "8", "--seq-length", "16", "--epochs", "1", *options)
    return Kind("train-charlm", more, "updates of", (1,), ("7", "40"))


def _transformer(*options: str) -> Kind:
    more = ("--cell", "transformer", "--num-layers", "1", "--batch-size", "8", "--epochs", "1", *options)
    return Kind("train-charlm", more, "updates of", (1, 2), ("7", "40"))


def _glove(*options: str) -> Kind:
    return Kind("train-glove", (*_VECTORS, "--epochs", "4", *options), "co-occurrence cells of", (1, 2, 3))


KINDS = {
    "train-w2v, skip-gram": _w2v(),
    "train-w2v, CBOW, a path for each word": _w2v(
        "--model", "cbow", "--loss", "hs", "--sample", "0", epochs=5
    ),
    "train-w2v, softmax": _w2v("--loss", "softmax", epochs=2),
    "train-w2v in rounds": _w2v("--deterministic", threads=(1, 2, 3), epochs=3),
    "train-fasttext": _fasttext(),
    "train-fasttext, CBOW": _fasttext("--model", "cbow", "--maxn", "4"),
    "train-fasttext in rounds": _fasttext("--deterministic", threads=(1, 2, 3), epochs=2),
    "train-glove": _glove(),
    "train-glove of both sides": _glove("--model", "both", "--x-max", "5"),
    "train-topics": Kind("train-topics", _TOPICS, "different words", (1, 2, 3), ("3", "40")),
    "train-charlm, LSTM": _charlm(),
    "train-charlm, transformer": _transformer("--rnn-size", "16", "--num-heads", "2", "--context", "16"),
    "train-charlm, two layers, often validated": _charlm(
        "--cell", "gru", "--num-layers", "2", "--dropout", "0.2", "--eval-every", "9", "--threads", "2"
    ),
}


@functools.cache
def _texts() -> dict[str, str]:
    random = Random("texts")
    words = sorted({"".join(random.choices(_SYLLABLES, k=random.randint(1, 3))) for _ in range(30)})
    lines = [" ".join(random.choices(words, range(len(words), 0, -1), k=9)) for _ in range(300)]
    uneven = [" ".join(line.split()[: number % 11]) for number, line in enumerate(lines)]
    return {"lines": "\n".join(uneven), "one line": " ".join(lines[:150])}


@dataclass(frozen=True)
class _Whole:
    """An uninterrupted training: what it writes, how long it takes, and how many epochs it tells of."""

    content: bytes
    seconds: float
    epochs: int


@functools.cache
def _uninterrupted(name: str, text: str, output: str) -> _Whole:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "text").write_text(_texts()[text], encoding="utf-8")
        said = _COMPILING
        while _COMPILING in said:  # then the time says nothing
            started = time.monotonic()
            code, said = Forked(folder, _command(KINDS[name], output, KINDS[name].threads[0])).ended()
            seconds = time.monotonic() - started
            assert code == 0, said
        assert {path.name for path in folder.iterdir()} == {"text", output}
        return _Whole(
            (folder / output).read_bytes(), seconds, max(1, len(re.findall("^epoch", said, re.MULTILINE)))
        )


def _command(kind: Kind, output: str, threads: int) -> list[str]:
    several = () if "--threads" in kind.options else ("--threads", str(threads))
    return [kind.command, "text", "-o", output, *kind.options, *several]


def attempt(random: Random, folder: Path, name: str) -> None:
    """One training, interrupted a few times, and brought to its end."""
    kind, text = KINDS[name], random.choice([*_texts()])
    output = "m.safetensors" if kind.command == "train-charlm" or random.random() < 0.7 else "m.txt"
    whole = _uninterrupted(name, text, output)
    (folder / "text").write_text(_texts()[text], encoding="utf-8")
    story = [f"{name} on {text} to {output}"]
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        _interrupt(random, folder, kind, output, whole, story)
    checkpoint = _checkpoint(folder, output)
    if checkpoint.exists() or not (folder / output).exists():
        command = _resumed(random, folder, kind, output, story)
        code, said = Forked(folder, command).ended()
        assert code == 0, "\n".join([*story, said])
        assert not checkpoint.exists(), "\n".join([*story, "the checkpoint stays"])
    content = (folder / output).read_bytes()
    assert content == whole.content, "\n".join([*story, "other bytes than the uninterrupted training's"])


def _checkpoint(folder: Path, output: str) -> Path:
    return folder / f"{output.removesuffix('.safetensors')}.checkpoint.safetensors"


def _resumed(random: Random, folder: Path, kind: Kind, output: str, story: list[str]) -> list[str]:
    """The command, which goes on from the checkpoint when there is one."""
    command = _command(kind, output, random.choice(kind.threads))
    if _checkpoint(folder, output).exists():
        command += ["--resume", _checkpoint(folder, output).name]
    story.append("nlpcli " + " ".join(command))
    return command


def _interrupt(
    random: Random, folder: Path, kind: Kind, output: str, whole: _Whole, story: list[str]
) -> None:
    """Run the command, and send it a signal at some moment; it may have come to its end before."""
    command = _resumed(random, folder, kind, output, story)
    numbers = [signal.SIGINT, signal.SIGTERM]
    if kind.every and random.random() < 0.4:
        command += ["--checkpoint-every", random.choice(kind.every)]
        numbers.append(signal.SIGKILL)
    number, twice = random.choice(numbers), random.random() < 0.2
    process = Forked(folder, command)
    if random.random() < 0.15:
        said, wait = "", random.random() * whole.seconds
    else:
        said = process.said_until(kind.begins)
        for _ in range(int(random.random() * random.random() * whole.epochs)):
            said += process.said_until("epoch")
        wait = random.random() * whole.seconds / whole.epochs / 2
    time.sleep(wait)
    process.send(number)
    if twice:
        time.sleep(random.random() * 0.01)
        process.send(number)
    code, rest = process.ended()
    said += rest
    story.append(f"{number.name}{' twice' if twice else ''} after {wait:.3f} s; {said}")
    _check(folder, output, whole, code, number, said, "\n".join(story))


def _check(
    folder: Path, output: str, whole: _Whole, code: int, number: signal.Signals, said: str, story: str
) -> None:
    """It ended by the signal or well, said what it left, and left nothing else."""
    assert code in (0, -number), f"{story}\nexit code {code}"
    assert "Traceback" not in said, story
    left = {path.name for path in folder.iterdir()} - {"text", output}
    checkpoint = _checkpoint(folder, output).name
    if signal.SIGKILL.name in story:  # also an earlier one: they are swept when they are an hour old
        left = {name for name in left if not _LEFTOVER.fullmatch(name)}
    assert left <= {checkpoint}, f"{story}\nleft {left}"
    assert "interrupted after" not in said or checkpoint in left, f"{story}\nno checkpoint"
    if code == 0 or (folder / output).exists():
        assert (folder / output).read_bytes() == whole.content, f"{story}\nwrote other bytes"
