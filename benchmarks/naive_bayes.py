"""Classifiers beside scikit-learn and fastText: training and prediction, whole processes.

`python naive_bayes.py pages` does many classes of long texts alone: pieces of 2,000 characters of enwiki,
whose class is the twentieth part of the text that they come from; every fifth is held out.

fastText is found by $FASTTEXT, the path of its program; it is skipped where that is not set.
Its input is shuffled, since nsmc-train and imdb-train are sorted by label.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from side_by_side import NLPCLI, Measured, data, measure, peer, print_table

CORPORA = {"nsmc": ("ko/nsmc", "document"), "imdb": ("en/imdb", "text")}
SCIKIT_LEARN = """
import gzip, os, pickle, sys
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
train, test, column, analyzer, low, high, model = sys.argv[1:]
def read(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="\\n") as file:
        rows = [line.rstrip("\\n").split("\\t") for line in file]
    text, label = rows[0].index(column), rows[0].index("label")
    return [row[text] for row in rows[1:]], [row[label] for row in rows[1:]]
texts, labels = read(train)
pattern = r"\\w+(?:['’]\\w+)*" if analyzer == "word" else None
lengths = int(low), int(high)
vectorizer = CountVectorizer(analyzer=analyzer, ngram_range=lengths, binary=True, token_pattern=pattern)
classifier = MultinomialNB(alpha=0.5).fit(vectorizer.fit_transform(texts), labels)
texts, labels = read(test)
print((classifier.predict(vectorizer.transform(texts)) == labels).mean())
with open(model, "wb") as file:
    pickle.dump((vectorizer, classifier), file)
"""

LINEAR_SVC = """
import sys
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
def read(path):
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\\n").split("\\t") for line in file][1:]
    return [row[0] for row in rows], [row[1] for row in rows]
texts, labels = read(sys.argv[1])
vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\\w+(?:['’]\\w+)*")
classifier = LinearSVC().fit(vectorizer.fit_transform(texts), labels)
if len(sys.argv) > 2:
    texts, labels = read(sys.argv[2])
    print((classifier.predict(vectorizer.transform(texts)) == labels).mean())
"""
PIECES, PIECE, PARTS, EVERY = 20_000, 2000, 20, 5  # texts, their characters, classes, one held out of so many


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        if sys.argv[1:] == ["pages"]:
            pages(Path(name))
            return
        for corpus in CORPORA:
            beside(corpus, Path(name))
        pages(Path(name))
        small()


def pages(folder: Path) -> None:
    """Training on 16,000 texts of 2 kB in 20 classes; then once more with the test, for accuracy."""
    train, test = folder / "pages.tsv", folder / "held-out.tsv"
    with gzip.open(data("en/enwiki-100mb.txt.gz"), "rt", encoding="utf-8") as file:
        text = " ".join(file.read(PIECES * PIECE).split())
    pieces = [text[first : first + PIECE] for first in range(0, len(text) - PIECE + 1, PIECE)]
    with open(train, "w", encoding="utf-8") as learnt, open(test, "w", encoding="utf-8") as held_out:
        for out in (learnt, held_out):
            out.write("text\tlabel\n")
        for number, piece in enumerate(pieces):
            part = number * PARTS // len(pieces)
            (learnt if number % EVERY else held_out).write(f"{piece}\tpart{part:02}\n")
    commands = {
        f"nlpcli{' ' * bool(options)}{' '.join(options)}": [
            *NLPCLI, "train-nb", train, "-o", folder / "model.safetensors", "-q", *options
        ] for options in ([], ["--method", "nbsvm"])
    }  # fmt: skip
    program = peer(LINEAR_SVC)
    if program:
        commands["scikit-learn, TF-IDF of words 1-2, LinearSVC"] = [*program, train]
    rows, accuracy = {}, {}
    for name, command in commands.items():
        rows[name] = measure(command, repeat=3 if "nlpcli" in name else 1)
        told = measure([*command, test] if "scikit" in name else [*command, "--json", "--test", test]).stdout
        accuracy[name] = f"{json.loads(told)['accuracy'] if 'nlpcli' in name else float(told):.4f}"
    print_table("16,000 texts of 2 kB in 20 classes", rows, "nlpcli --method nbsvm", accuracy=accuracy)


def beside(corpus: str, folder: Path) -> None:
    stem, column = CORPORA[corpus]
    train, test = data(f"{stem}-train.tsv.gz"), data(f"{stem}-test.tsv.gz")
    rows: dict[str, Measured] = {}
    accuracy: dict[str, str] = {}
    size: dict[str, str] = {}
    ours = {
        "nlpcli, words 1-2": ["--ngrams", "1-2", "--char-ngrams", "0"],
        "nlpcli, as it comes": [],
        "nlpcli --prune": ["--prune"],
        "nlpcli --method nbsvm": ["--method", "nbsvm"],
    }
    for name, options in ours.items():
        model = folder / "model.safetensors"
        columns = ["--text-col", column, "--label-col", "label", "-q", "--json"]
        command = [*NLPCLI, "train-nb", train, "-o", model, "--test", test, *columns, *options]
        rows[name] = measure(command, repeat=3)
        accuracy[name] = f"{json.loads(rows[name].stdout)['accuracy']:.4f}"
        size[name] = f"{model.stat().st_size / 1e6:.0f}"
    features = {"scikit-learn, words 1-2": ("word", 1, 2)}
    if corpus == "nsmc":
        features["scikit-learn, char_wb 1-4"] = ("char_wb", 1, 4)
    for name, (analyzer, low, high) in features.items():
        program = peer(SCIKIT_LEARN)
        if program:
            pickled = folder / "model.pickle"
            rows[name] = measure([*program, train, test, column, analyzer, low, high, pickled])
            accuracy[name] = f"{float(rows[name].stdout):.4f}"
            size[name] = f"{pickled.stat().st_size / 1e6:.0f}"
    fasttext(corpus, folder, rows, accuracy, size)
    title = f"{corpus}: train on {train.name}, predict {test.name}"
    print_table(title, rows, "nlpcli, words 1-2", **{"accuracy": accuracy, "model MB": size})


def added(one: Measured, two: Measured) -> Measured:
    return Measured(one.wall + two.wall, one.cpu + two.cpu, max(one.peak, two.peak), two.stdout)


def fasttext(
    corpus: str, folder: Path, rows: dict[str, Measured], accuracy: dict[str, str], size: dict[str, str]
) -> None:
    program = os.environ.get("FASTTEXT")
    if not program:
        print("FASTTEXT is not set: fastText is skipped")
        return
    stem, column = CORPORA[corpus]
    for part in ("train", "test"):
        with gzip.open(data(f"{stem}-{part}.tsv.gz"), "rt", encoding="utf-8", newline="\n") as file:
            table = [line.rstrip("\n").split("\t") for line in file]
        text, label = table[0].index(column), table[0].index("label")
        lines = [f"__label__{row[label]} {row[text].lower()}\n" for row in table[1:]]
        random.Random(1).shuffle(lines)
        (folder / part).write_text("".join(lines), encoding="utf-8")
    name = "fastText, words 1-2" + (" and characters 1-4" if corpus == "nsmc" else "")
    chars = ["-minn", 1, "-maxn", 4] if corpus == "nsmc" else []
    options = ["-wordNgrams", 2, *chars, "-epoch", 5, "-lr", 0.5, "-thread", 2, "-verbose", 0]
    model = folder / "fasttext"
    trained = measure([program, "supervised", "-input", folder / "train", "-output", model, *options])
    tested = measure([program, "test", f"{model}.bin", folder / "test"])
    rows[name] = added(trained, tested)
    accuracy[name] = next(line.split("\t")[1] for line in tested.stdout.split("\n") if line.startswith("P@1"))
    size[name] = f"{Path(f'{model}.bin').stat().st_size / 1e6:.0f}"


def small() -> None:
    """Headlines in seven topics and spam: quality by cross-validation."""
    print(
        "\n### Cross-validation in five parts\n\n| data | variant | accuracy | macro F1 |\n|---|---|---|---|"
    )
    for name, columns in (
        ("ko/ynat-headlines.csv", ["--text-col", "title", "--label-col", "topic_idx"]),
        ("en/sms-spam-crlf.tsv", []),
    ):
        for variant in ("binary-multinomial", "complement", "bernoulli", "nbsvm"):
            command = [*NLPCLI, "train-nb", data(name), *columns, "--cross-validate", "5", "--json", "-q"]
            record = json.loads(measure([*command, "--method", variant]).stdout)
            macro = next(row for row in record["classes"] if row["class"] == "macro")
            print(f"| {name} | {variant} | {record['accuracy']:.4f} | {macro['f1']:.4f} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
