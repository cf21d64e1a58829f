"""GloVe on 100 MB of English beside the authors' own program (Stanford's C).

    python benchmarks/glove.py [--epochs N] [--threads N]

Whole processes on the same text, with the same settings: dim 100, window 10, min-count 5, x-max
10. Three tables: from text to shuffled counts, one epoch of training (N epochs less one, over
N − 1), and everything from text to vectors with its quality: Spearman's ρ on WordSim-353 and
MEN, Google analogies, 30,000 words. The C programs (vocab_count, cooccur, shuffle, glove) are
found in the folder $GLOVE_BUILD and skipped where that is not set.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import tempfile
from pathlib import Path

from side_by_side import NLPCLI, Measured, data, measure

DIM, WINDOW, MIN_COUNT, X_MAX = 100, 10, 5, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "text.txt"
        with gzip.open(data("en/enwiki-100mb.txt.gz")) as packed, text.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        contest(text, folder, arguments.epochs, arguments.threads)


def contest(text: Path, folder: Path, epochs: int, threads: int) -> None:
    build = os.environ.get("GLOVE_BUILD")
    if not build:
        print("GLOVE_BUILD is not set: Stanford's GloVe is skipped")
    ours, theirs = folder / "ours.bin", folder / "theirs.txt"
    counting: dict[str, Measured] = {"nlpcli cooccur": count_ours(text, folder, threads)}
    if build:
        counting["Stanford vocab_count, cooccur, shuffle"] = count_theirs(Path(build), text, folder)
    show("From text to counts", counting)
    one = train_ours(folder, folder / "one.bin", 1, threads)
    some = train_ours(folder, ours, epochs, threads)
    training = {"nlpcli train-glove": per_epoch(one, some, epochs)}
    if build:
        one = train_theirs(Path(build), folder, folder / "one.txt", 1, threads)
        last = train_theirs(Path(build), folder, theirs, epochs, threads)
        training["Stanford glove"] = per_epoch(one, last, epochs)
    show("One epoch", training)
    whole = {"nlpcli train-glove": whole_ours(text, ours, epochs, threads)}
    quality = {"nlpcli train-glove": qualities(ours)}
    if build:
        whole["Stanford GloVe"] = joined(counting["Stanford vocab_count, cooccur, shuffle"], last)
        quality["Stanford GloVe"] = qualities(theirs)
    show(f"From text to vectors, {epochs} epochs", whole, quality)


def show(title: str, rows: dict[str, Measured], quality: dict[str, list[str]] | None = None) -> None:
    """A Markdown table; every row is compared with the first."""
    columns = ["", "wall s", "CPU s", "peak MB", "wall ratio", "CPU ratio"]
    columns += ["WS-353", "MEN", "analogies"] if quality else []
    print(f"\n### {title}\n\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    first = next(iter(rows.values()))
    for name, row in rows.items():
        cells = [name, f"{row.wall:.1f}", f"{row.cpu:.1f}", f"{row.peak:.0f}"]
        cells += [f"{row.wall / first.wall:.1f}×", f"{row.cpu / first.cpu:.1f}×"]
        print("| " + " | ".join(cells + (quality[name] if quality else [])) + " |", flush=True)


def joined(*steps: Measured) -> Measured:
    """Commands one after the other: times add up, the peak is the highest."""
    wall, cpu = sum(step.wall for step in steps), sum(step.cpu for step in steps)
    return Measured(wall, cpu, max(step.peak for step in steps), steps[-1].stdout)


def per_epoch(one: Measured, some: Measured, epochs: int) -> Measured:
    more = max(1, epochs - 1)
    return Measured((some.wall - one.wall) / more, (some.cpu - one.cpu) / more, some.peak, "")


def qualities(vectors: Path) -> list[str]:
    files = [data(f"eval/{name}") for name in ("ws353-all.txt", "men-3k.txt", "questions-words.txt")]
    command = [*NLPCLI, "evaluate-vectors", vectors, *files, "--vocab", 30000, "--jsonl"]
    rows = [json.loads(line) for line in measure(command).stdout.splitlines()]
    wanted = [row for row in rows if row["measure"] == "spearman" or row["section"] == "total"]
    return [f"{100 * row['value']:.1f}" for row in wanted]


# --- ours -----------------------------------------------------------------------------------

TEXT = ["--tokenizer", "whitespace", "--min-count", MIN_COUNT, "--window", WINDOW, "-q"]


def count_ours(text: Path, folder: Path, threads: int) -> Measured:
    return measure([*NLPCLI, "cooccur", text, "-o", folder / "counts.npz", "--threads", threads, *TEXT])


def training(epochs: int, threads: int) -> list[object]:
    return ["--dim", DIM, "--x-max", X_MAX, "--epochs", epochs, "--threads", threads]


def train_ours(folder: Path, output: Path, epochs: int, threads: int) -> Measured:
    counts = ["--cooccurrences", folder / "counts.npz", "-q"]
    return measure([*NLPCLI, "train-glove", *counts, "-o", output, *training(epochs, threads)])


def whole_ours(text: Path, output: Path, epochs: int, threads: int) -> Measured:
    return measure([*NLPCLI, "train-glove", text, "-o", output, *TEXT, *training(epochs, threads)])


# --- Stanford's -----------------------------------------------------------------------------


def count_theirs(build: Path, text: Path, folder: Path) -> Measured:
    vocabulary, counts, shuffled = folder / "vocab.txt", folder / "counts.bin", folder / "shuffled.bin"
    steps = [
        (text, vocabulary, ["vocab_count", "-min-count", MIN_COUNT, "-verbose", 0]),
        (text, counts, ["cooccur", "-vocab-file", vocabulary, "-window-size", WINDOW, "-verbose", 0]),
        (counts, shuffled, ["shuffle", "-verbose", 0, "-seed", 1, "-temp-file", folder / "temporary"]),
    ]
    done = []
    for source, target, (program, *options) in steps:
        # Through a shell: measure() keeps stdout, and these write gigabytes to it.
        line = " ".join(map(str, [build / program, *options, "<", source, ">", target, "2>/dev/null"]))
        done.append(measure(["sh", "-c", line]))
    return joined(*done)


def train_theirs(build: Path, folder: Path, output: Path, epochs: int, threads: int) -> Measured:
    options = ["-vector-size", DIM, "-x-max", X_MAX, "-iter", epochs, "-threads", threads]
    files = ["-input-file", folder / "shuffled.bin", "-vocab-file", folder / "vocab.txt"]
    options += [
        "-save-file",
        output.with_suffix(""),
        "-binary",
        0,
        "-seed",
        1,
        "-verbose",
        0,
    ]
    return measure([build / "glove", *files, *options])


if __name__ == "__main__":
    main()
