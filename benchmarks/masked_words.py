"""Whether it pays to begin with masked words: taggers and classifiers with and without `--init`.

`train-mlm` learns from the texts alone, which for names are those of CoNLL-2003 twice over and the first 8 MB
of 100 MB of Wikipedia, for reviews all of NSMC's training part. Then a part of the labelled texts is learnt
from twice, with the same settings and seed, and the test part is read. CPU seconds are of whole processes.

`python masked_words.py names|reviews`
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
from pathlib import Path

from side_by_side import NLPCLI, data, measure

NAMES, WIKI = "tasks/tag-ner/conll2003-en", 8_000_000
EVERY = 5  # which sentence is learnt from
REVIEW_SIZES = ["--rnn-size", "64", "--bucket", "131072", "--jamo", "no", "--minn", "1", "--maxn", "3"]
LABELLED, HELD_OUT = 10_000, 2_000
ONE = ("--threads", "1", "-q")
LABELS = {"location": "LOC", "organisation": "ORG", "person": "PER", "misc": "MISC"}  # as CoNLL++ has them


def read(name: str) -> str:
    """A compressed text."""
    return gzip.decompress(data(name).read_bytes()).decode()


def tagged(name: str) -> list[str]:
    """Tagged sentences with the labels of CoNLL++."""
    text = read(name)
    for label, short in LABELS.items():
        text = text.replace(f"-{label}\n", f"-{short}\n")
    return text.strip().split("\n\n")


def names(folder: Path) -> None:
    """Names in news, of every fifth sentence; the test part is CoNLL++."""
    sentences, held_out = (tagged(f"{NAMES}/{part}.conll.gz") for part in ("train", "dev"))
    words = "\n".join(" ".join(row.split("\t")[0] for row in one.split("\n")) for one in sentences)
    with gzip.open(data("en/enwiki-100mb.txt.gz"), "rt", encoding="utf-8") as file:
        text = f"{words}\n{words}\n{file.read(WIKI)}\n"
    (folder / "text").write_text(text, encoding="utf-8")
    (folder / "train").write_text("\n\n".join(sentences[::EVERY]) + "\n", encoding="utf-8")
    (folder / "dev").write_text("\n\n".join(held_out[::3]) + "\n", encoding="utf-8")
    learnt = ["--tokenizer", "whitespace", "--epochs", "1", "--max-vocab", "15000", "--candidates", "1500"]
    task = ["train-tagger", folder / "train", "--method", "rnn", "--dev", folder / "dev", "--epochs", "8"]
    compare(folder, learnt, task, data(f"{NAMES}/test-conllpp.conll.gz"))


def reviews(folder: Path) -> None:
    """10,000 reviews of films; the test part is NSMC's."""
    head, *rows = read("ko/nsmc-train.tsv.gz").splitlines()
    (folder / "text").write_text("\n".join(row.split("\t")[1] for row in rows) + "\n", encoding="utf-8")
    random.Random(1).shuffle(rows)
    for name, some in (("train", rows[:LABELLED]), ("dev", rows[LABELLED : LABELLED + HELD_OUT])):
        (folder / name).write_text("\n".join([head, *some]) + "\n", encoding="utf-8")
    task = ["train-rnn", folder / "train", "--text-col", "document", "--label-col", "label"]
    task += [*REVIEW_SIZES, "--dev", folder / "dev", "--epochs", "4"]
    compare(folder, [*REVIEW_SIZES, "--epochs", "3"], task, data("ko/nsmc-test.tsv.gz"))


def compare(folder: Path, learnt: list[str], task: list[str | Path], test: Path) -> None:
    """Learn masked words, then the task with and without them; what `--test` gives is printed."""
    masked = folder / "masked.safetensors"
    done = measure([*NLPCLI, "train-mlm", folder / "text", *learnt, *ONE, "-o", masked])
    print(f"train-mlm: {done.cpu:.0f} CPU-s")
    for name, more in (("alone", []), ("--init", ["--init", masked])):
        model = folder / "model.safetensors"
        done = measure([*NLPCLI, *task, *more, *ONE, "--test", test, "--json", "-o", model])
        found = json.loads(done.stdout)
        measures = {key: value for key, value in found.items() if not isinstance(value, (list, dict))}
        print(f"{name}: {done.cpu:.0f} CPU-s, {measures}")


def main() -> None:
    """The set that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=["names", "reviews"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        {"names": names, "reviews": reviews}[asked.set](Path(folder))


if __name__ == "__main__":
    main()
