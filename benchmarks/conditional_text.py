"""Text that is written for a label: does a classifier give the label back, and what is the label worth?

    python benchmarks/conditional_text.py [names18] [ynat] [chat] [--rows N] [--epochs N] [--texts N]

Of each set a model is trained with its labels, and an unconditional twin of the same size; 200 texts (or as
--texts says) are written for each label, and judged by nlpcli's nbsvm, trained on the same rows. What the
judge says of real texts that nobody has seen, every label counting the same, is beside it: it judges no
better what is written.
How varied texts are is told by the share of different words (distinct-1) and of different pairs of words
(distinct-2; Li et al. 2016) among those of a label, beside as many real ones.
chat: how long an answer takes from an index of 10,000 pairs (tasks/dialogue/songys-chatbot-ko).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from side_by_side import NLPCLI, data, measure

import nlpcli
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.classify.classifier import Classifier

Rows = list[tuple[str, str]]
# Of each set what its training takes, but for the epochs.
TRAINING = {
    "names18": ("--rnn-size", "128"),
    "ynat": ("--min-count", "3", "--lr", "0.006"),
}
EPOCHS = {"names18": 12, "ynat": 3}
WAYS = ((1.5, 1.0), (1.0, 1.0), (1.0, 0.7), (2.0, 1.0), (3.0, 0.7))  # guidance, temperature; first the usual


def rows_of(name: str) -> tuple[Rows, Rows]:
    """(text, label) to learn from, and others."""
    if name == "names18":
        return _tsv("train"), _tsv("test")
    with data("ko/ynat-topics.csv").open(encoding="utf-8") as file:
        topics = {row["topic_idx"]: row["topic"] for row in csv.DictReader(file)}
    with data("ko/ynat-headlines.csv").open(encoding="utf-8") as file:
        rows = [(row["title"], topics[row["topic_idx"]]) for row in csv.DictReader(file)]
    random.Random(1).shuffle(rows)
    return rows[:-5000], rows[-5000:]


def _tsv(part: str) -> Rows:
    """A table that is sorted by label, shuffled."""
    path = data(f"tasks/classify/names18-en/{part}.tsv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file, delimiter="\t")]
    random.Random(1).shuffle(rows)
    return rows


def write(path: Path, rows: Rows) -> Path:
    """A table of texts and labels."""
    with path.open("w", encoding="utf-8") as file:
        file.write("text\tlabel\n")
        file.writelines(f"{text}\t{label}\n".replace("\r", " ") for text, label in rows)
    return path


def agreement(judge: Classifier, texts: Sequence[tuple[str, str]]) -> float:
    """The share of texts to which the judge gives their label, every label counting the same."""
    right: dict[str, list[bool]] = {}
    said = judge.classify([text for text, _ in texts])
    for (_, label), found in zip(texts, said, strict=True):
        right.setdefault(label, []).append(found == label)
    return sum(sum(some) / len(some) for some in right.values()) / len(right)


def distinct(texts: Rows, n: int) -> float:
    """The share of different n-grams of words among those of a label, every label counting the same."""
    grams: dict[str, list[tuple[str, ...]]] = {}
    for text, label in texts:
        words = text.split()
        grams.setdefault(label, []).extend(zip(*(words[start:] for start in range(n)), strict=False))
    return sum(len({*some}) / max(1, len(some)) for some in grams.values()) / len(grams)


def some_of_each(rows: Rows, count: int) -> Rows:
    """So many texts of each label, or as many as there are."""
    found: dict[str, Rows] = {}
    for row in rows:
        if len(found.setdefault(row[1], [])) < count:
            found[row[1]].append(row)
    return [row for some in found.values() for row in some]


def told(agreed: float, texts: Rows) -> list[str]:
    """A row's figures."""
    return [f"{agreed:.3f}", f"{distinct(texts, 1):.3f}", f"{distinct(texts, 2):.3f}"]


def written(model: CharLM, guidance: float, temperature: float, count: int) -> Rows:
    """So many texts for each label."""
    assert model.condition is not None
    return [
        (text, label)
        for label in model.condition.names
        for text in model.generate(
            label=label, num_samples=count, guidance=guidance, temperature=temperature, length=150
        ).split("\n")
    ]


def conditional(name: str, most: int | None, epochs: int | None, texts: int, folder: Path) -> None:
    """A set's table."""
    train, test = rows_of(name)
    train, test = train[:most], test[:most]
    table, unseen = write(folder / "train.tsv", train), write(folder / "test.tsv", test[:2000])
    columns = ["--text-col", "text", "--label-col", "label"]
    measure([*NLPCLI, "train-nb", table, *columns, "--method", "nbsvm", "-q", "-o", folder / "judge"])
    judge = nlpcli.load(folder / "judge")
    models, seconds = {}, {}
    for kind, more in (("label", ()), ("twin", ("--condition-dropout", "1"))):
        command = [
            *NLPCLI, "train-charlm", table, *columns, *TRAINING[name], *more, "--threads", 1, "-q",
            "--epochs", epochs or EPOCHS[name], "-o", folder / kind,
        ]  # fmt: skip
        seconds[kind] = measure(command).cpu
        models[kind] = nlpcli.load(folder / kind)
    under, without = (
        nlpcli.perplexity(str(folder / kind), [str(unseen)], text_col="text", label_col="label")
        for kind in ("label", "twin")
    )
    found = [["unseen texts themselves", "", "", *told(agreement(judge, test), some_of_each(test, texts))]]
    for kind, ways in (("label", WAYS), ("twin", WAYS[1:2])):
        for guidance, temperature in ways:
            rows = written(models[kind], guidance, temperature, texts)
            found.append([kind, str(guidance), str(temperature), *told(agreement(judge, rows), rows)])
    print(f"\n### {name}: {len(train):,} texts, {len(models['label'].condition)} labels\n")
    print("| written by | guidance | temperature | judge agrees | distinct-1 | distinct-2 |")
    print("|---|---|---|---|---|---|")
    for row in found:
        print(f"| {' | '.join(row)} |")
    print(
        f"\nbits per character: {under.bits_per_character:.3f} with the label, {under.bits_without:.3f} "
        f"without, {without.bits_per_character:.3f} the twin; "
        f"{under.bits_saved:.2f} bits a text. CPU s: {seconds['label']:.0f}, the twin {seconds['twin']:.0f}."
    )


def chat(folder: Path) -> None:
    path = data("tasks/dialogue/songys-chatbot-ko/train.tsv.gz")
    columns = ["--text-col", "question", "--answer-col", "answer"]
    measure([*NLPCLI, "index", path, *columns, "-q", "-o", folder / "pairs"])
    with gzip.open(path.with_name("test.tsv.gz"), "rt", encoding="utf-8") as file:
        rows = [*csv.DictReader(file, delimiter="\t")]
    conversation = nlpcli.chat(str(folder / "pairs"), iter(["안녕", *(row["question"] for row in rows)]))
    next(conversation)  # which compiles
    started = time.process_time()
    replies = [*conversation]
    took = (time.process_time() - started) / len(replies)
    exact = sum(reply.answer == row["answer"] for reply, row in zip(replies, rows, strict=True))
    pairs = len(nlpcli.load(folder / "pairs"))
    print(f"\nchat: {pairs:,} pairs, {took * 1e3:.2f} ms an answer, the very answer {exact / len(rows):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="*", choices=[[], "names18", "ynat", "chat"], default=[])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--texts", type=int, default=200)
    asked = parser.parse_args()
    for name in asked.sets or ["names18", "ynat", "chat"]:
        with tempfile.TemporaryDirectory() as folder:
            if name == "chat":
                chat(Path(folder))
            else:
                conditional(name, asked.rows, asked.epochs, asked.texts, Path(folder))


if __name__ == "__main__":
    main()
