"""Whether it pays to begin with masked words: taggers and classifiers with and without `--init`.

`train-mlm` learns from the texts alone. For names these have their capital letters: the sentences of
CoNLL-2003 eight times, of other tagged corpora and treebanks three times, and 12,000 reviews of films once;
for reviews they are all of NSMC's training part. Then a part of the labelled texts is learnt from with and
without it, with the same settings and seeds, and the development and test parts are read. CPU seconds are of
whole processes.

`python masked_words.py [names] [reviews] [--small]`: small passes through all of it in a minute or two, and
its figures say nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from side_by_side import NLPCLI, data, measure

import nlpcli

NAMES = "tasks/tag-ner/conll2003-en"
OTHERS = ("tasks/tag-ner/gum-ner-en/train", "tasks/tag-ner/wnut17-en/train", "tasks/tag-ner/wikigold-en/all")
TREEBANK, FILMS = "en/ud-ewt-train.conllu.gz", "en/imdb-train.tsv.gz"
OWN, OTHER, REVIEWS = 8, 3, 12_000  # how often sentences are read; how many reviews
EVERY = 5  # which sentence is learnt from
SEEDS = (1, 2)
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


def words_of(sentences: list[str], column: int = 0) -> list[str]:
    """The words of tagged sentences, with spaces between."""
    rows = ([row.split() for row in one.split("\n") if row and row[0] != "#"] for one in sentences)
    return [" ".join(row[column] for row in some if len(row) > column) for some in rows]


def films(count: int) -> list[str]:
    """Sentences of reviews, cut as those of CoNLL-2003 are."""
    rows = read(FILMS).split("\n")[1:]
    random.Random(1).shuffle(rows)
    texts = [row.split("\t")[3].replace("<br />", " ") for row in rows[:count] if row]
    sentences = [one for text in texts for one in re.split(r"(?<=[.!?])\s+", text) if one.strip()]
    return [" ".join(words) for words in nlpcli.tokenize(sentences, tokenizer="nltk")]


def names(folder: Path, small: bool) -> None:
    """Names in news, of every fifth sentence; the test part is CoNLL++."""
    sentences, held_out = (tagged(f"{NAMES}/{part}.conll.gz") for part in ("train", "dev"))
    others = [one for name in OTHERS for one in words_of(read(f"{name}.conll.gz").strip().split("\n\n"))]
    others += words_of(read(TREEBANK).strip().split("\n\n"), column=1)
    if small:
        sentences, held_out, others = sentences[:500], held_out[:100], others[:200]
    lines = [*words_of(sentences) * OWN, *others * OTHER, *films(20 if small else REVIEWS)]
    (folder / "text").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "train").write_text("\n\n".join(sentences[::EVERY]) + "\n", encoding="utf-8")
    (folder / "dev").write_text("\n\n".join(held_out[::3]) + "\n", encoding="utf-8")
    (folder / "chosen-by").write_text("\n\n".join(held_out) + "\n", encoding="utf-8")
    learnt = ["--tokenizer", "whitespace", "--epochs", "1", "--max-vocab", "20000", "--candidates", "1500"]
    epochs = "1" if small else "8"
    task = ["train-tagger", folder / "train", "--method", "rnn", "--dev", folder / "dev", "--epochs", epochs]
    tests = {"development": folder / "chosen-by", "test": data(f"{NAMES}/test-conllpp.conll.gz")}
    compare(folder, learnt, task, tests)


def reviews(folder: Path, small: bool) -> None:
    """10,000 reviews of films; the test part is NSMC's."""
    head, *rows = read("ko/nsmc-train.tsv.gz").splitlines()
    rows = rows[::300] if small else rows
    (folder / "text").write_text("\n".join(row.split("\t")[1] for row in rows) + "\n", encoding="utf-8")
    random.Random(1).shuffle(rows)
    labelled, held_out = (200, 50) if small else (LABELLED, HELD_OUT)
    for name, some in (("train", rows[:labelled]), ("dev", rows[labelled : labelled + held_out])):
        (folder / name).write_text("\n".join([head, *some]) + "\n", encoding="utf-8")
    columns = ["--text-col", "document", "--label-col", "label"]
    task = ["train-rnn", folder / "train", *columns, *REVIEW_SIZES, "--dev", folder / "dev"]
    task += ["--epochs", "1" if small else "4"]
    learnt = [*REVIEW_SIZES, "--epochs", "1" if small else "9"]
    compare(folder, learnt, task, {"test": data("ko/nsmc-test.tsv.gz")}, columns)


def compare(
    folder: Path,
    learnt: list[str],
    task: list[str | Path],
    tests: dict[str, Path],
    columns: Sequence[str] = (),
) -> None:
    """Learn masked words, then the task with and without them, from each seed; what is found is printed."""
    masked, model = folder / "masked.safetensors", folder / "model.safetensors"
    done = measure([*NLPCLI, "train-mlm", folder / "text", *learnt, *ONE, "-o", masked])
    print(f"train-mlm: {done.cpu:.0f} CPU-s", flush=True)
    for seed in SEEDS:
        for name, more in (("alone", []), ("--init", ["--init", masked])):
            done = measure([*NLPCLI, *task, *more, *ONE, "--seed", seed, "-o", model])
            found = []
            for part, test in tests.items():
                command = [*NLPCLI, "evaluate", model, test, *columns, "--json", "-q"]
                found.append(f"{part} {figure(json.loads(measure(command).stdout)):.2f}")
            print(f"seed {seed}, {name}: {done.cpu:.0f} CPU-s, {', '.join(found)}", flush=True)


def figure(measures: dict[str, Any]) -> float:
    """F1 of spans where there are any, else accuracy, in hundredths."""
    spans = [one["f1"] for one in measures.get("spans", []) if one["type"] == "micro"]
    return 100 * (spans[0] if spans else measures["accuracy"])


def main() -> None:
    """The sets that were asked for, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", choices=[[], "names", "reviews"], default=[])
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    for name in asked.sets or ["names", "reviews"]:
        print(name)
        with tempfile.TemporaryDirectory() as folder:
            {"names": names, "reviews": reviews}[name](Path(folder), asked.small)


if __name__ == "__main__":
    main()
