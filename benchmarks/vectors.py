"""Questions to 400,000 word vectors of 300 numbers, and loading them from text, beside gensim.

The vectors are made up (normal random numbers, five decimals as in GloVe's files), the analogies
are Google's on vectors that `train-w2v` makes from English Wikipedia.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from side_by_side import NLPCLI, data, measure, peer, print_table

from nlpcli.engine.vectors.writing import write_vectors

WORDS, DIM, QUESTIONS = 400_000, 300, 1_000
MAKE_NATIVE = """
import sys
from gensim.models import KeyedVectors
KeyedVectors.load_word2vec_format(sys.argv[1], no_header=True).save(sys.argv[2])
"""
ASK = """
import sys
from gensim.models import KeyedVectors
vectors = KeyedVectors.load(sys.argv[1])
for word in sys.argv[2:] or map(str.strip, sys.stdin):
    for neighbour, score in vectors.most_similar(word, topn=10):
        print(word, neighbour, f"{score:.4f}", sep="\\t")
"""
LOAD = """
import sys
from gensim.models import KeyedVectors
print(len(KeyedVectors.load_word2vec_format(sys.argv[1], no_header=True)))
"""
OURS_LOAD = """
import sys
from nlpcli.engine.vectors import Vectors
print(len(Vectors.load(sys.argv[1])))
"""
EVALUATE = """
import sys
from gensim.models import KeyedVectors
vectors = KeyedVectors.load_word2vec_format(sys.argv[1])
for path in sys.argv[2:-1]:
    pearson, spearman, _ = vectors.evaluate_word_pairs(path)
    print(f"{spearman[0]:.4f}", f"{pearson[0]:.4f}", end=" ")
print(f"{vectors.evaluate_word_analogies(sys.argv[-1])[0]:.4f}")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"making {WORDS:,} × {DIM} vectors", file=sys.stderr)
        words = make(folder)
        load(folder)
        ask(folder, words)
        evaluate(folder)


def make(folder: Path) -> list[str]:
    """The words; their vectors are in files, and no longer in memory, which would count for the peers."""
    words = [f"w{number * 7919 % 1_000_003}" for number in range(WORDS)]
    matrix = (np.random.default_rng(0).normal(size=(WORDS, DIM)) * 0.3).astype(np.float32)
    with open(folder / "glove.txt", "w", encoding="ascii") as file:
        for word, row in zip(words, matrix, strict=True):
            file.write(word + (" %.5g" * DIM) % tuple(row.tolist()) + "\n")
    write_vectors(folder / "v.safetensors", words, matrix)
    return words


def load(folder: Path) -> None:
    """GloVe text into memory."""
    rows = {"nlpcli": measure([sys.executable, "-c", OURS_LOAD, folder / "glove.txt"], repeat=2)}
    if program := peer(LOAD):
        rows["gensim load_word2vec_format"] = measure([*program, folder / "glove.txt"])
    print_table(f"GloVe text, {WORDS:,} × {DIM}", rows, "nlpcli")


def ask(folder: Path, words: list[str]) -> None:
    """One word, and a thousand from stdin, whole process from shell to answer."""
    command = [*NLPCLI, "similar", folder / "v.safetensors"]
    asked = words[:: WORDS // QUESTIONS]
    lines = folder / "words.txt"
    lines.write_text("\n".join(asked) + "\n")
    one = {"nlpcli": measure([*command, asked[0]], repeat=5)}
    with open(lines, "rb") as stdin:
        many = {"nlpcli": measure(command, stdin=stdin)}
    if program := peer(ASK):
        native = folder / "native.kv"
        measure([*(peer(MAKE_NATIVE) or []), folder / "glove.txt", native])
        one["gensim load + most_similar"] = measure([*program, native, asked[0]], repeat=3)
        with open(lines, "rb") as stdin:
            many["gensim load + most_similar"] = measure([*program, native], stdin=stdin)
    print_table("similar: one word", one, "nlpcli")
    print_table(f"similar: {len(asked):,} words from stdin", many, "nlpcli")


def evaluate(folder: Path) -> None:
    """Word pairs and analogies on the same vectors."""
    vectors = folder / "en.txt"
    measure([*NLPCLI, "train-w2v", "-q", data("en/enwiki-100mb.txt.gz"), "-o", vectors, "--epochs", "1"])
    pairs, analogies = [data("eval/ws353-all.txt"), data("eval/men-3k.txt")], data("eval/questions-words.txt")
    rows = {"nlpcli": measure([*NLPCLI, "evaluate-vectors", vectors, *pairs, analogies])}
    values = [line.split("\t") for line in rows["nlpcli"].stdout.splitlines()]
    numbers = {"nlpcli": " ".join(value[3] for value in values if not value[1] or value[1] == "total")}
    if program := peer(EVALUATE):
        rows["gensim"] = measure([*program, vectors, *pairs, analogies])
        numbers["gensim"] = rows["gensim"].stdout.strip()
    print_table("evaluate-vectors: ws353, men, questions-words", rows, "nlpcli", results=numbers)


if __name__ == "__main__":
    main()
