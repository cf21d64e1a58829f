"""Text to ids and word counts of 100 MB, beside Stanford GloVe's vocab_count and collections.Counter.

vocab_count is found by $GLOVE_BUILD, the build folder of a GloVe checkout; it is skipped where
that is not set.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from side_by_side import NLPCLI, data, measure, print_table

COUNTER = """
import collections, re, sys
with open(sys.argv[1], encoding="utf-8") as file:
    counted = collections.Counter(word for line in file for word in re.findall(r"\\w+", line))
with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.writelines(f"{word}\\t{count}\\n" for word, count in counted.most_common())
"""
ENCODE = """
import sys
from nlpcli.engine.corpus.encoding import encode
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
corpus = encode([sys.argv[1]], AnalysisSettings(), VocabularySettings(min_count=5))
print(len(corpus.ids))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for corpus in ("en/enwiki-100mb.txt.gz", "ko/kowiki-100mb.txt.gz"):
            plain = folder / "plain.txt"
            with gzip.open(data(corpus), "rb") as packed, plain.open("wb") as file:
                shutil.copyfileobj(packed, file)
            count(corpus, plain, folder)
            scan(corpus, plain)
        plain.unlink()
        large(folder)


def count(corpus: str, plain: Path, folder: Path) -> None:
    ours, counter = folder / "ours.tsv", folder / "counter.tsv"
    rows = {"nlpcli count": measure([*NLPCLI, "count", "-q", plain, "-o", ours], repeat=3)}
    same = {}
    glove = os.environ.get("GLOVE_BUILD")
    if glove:
        command = f"{glove}/vocab_count -min-count 1 -verbose 0 < {plain} > {folder}/glove.txt"
        rows["GloVe vocab_count"] = measure(["sh", "-c", command], repeat=3)
    else:
        print("GLOVE_BUILD is not set: vocab_count is skipped")
    rows["collections.Counter(re.findall)"] = measure([sys.executable, "-c", COUNTER, plain, counter])
    if corpus.startswith("en"):  # plain letters and spaces: all three mean the same by a word
        lines = sorted(ours.read_text().splitlines())
        same["collections.Counter(re.findall)"] = (
            "equal" if lines == sorted(counter.read_text().splitlines()) else "differs"
        )
        if glove:
            theirs = sorted((folder / "glove.txt").read_text().replace(" ", "\t").splitlines())
            same["GloVe vocab_count"] = "equal" if lines == theirs else "differs"
    rows["nlpcli: ids and vocabulary"] = measure([sys.executable, "-c", ENCODE, plain], repeat=3)
    print_table(f"Counting the words of {corpus}", rows, "nlpcli count", counts=same)


def scan(corpus: str, plain: Path) -> None:
    """The kernel alone on one thread, beside the speed at which memory can be read."""
    from nlpcli.engine.corpus.scanner import Scanner

    text = plain.read_bytes()
    cut = text.rfind(b" ", 0, 50_000_000) + 1
    blocks = [text[start : start + (1 << 20)] for start in range(0, cut, 1 << 20)]
    Scanner("word").scan(blocks[0], 0)
    scanner = Scanner("word")
    started = time.perf_counter()
    for number, block in enumerate(blocks):
        scanner.scan(block, number)
    seconds = time.perf_counter() - started
    array = np.frombuffer(text, dtype=np.uint8)[: len(text) // 8 * 8].view(np.uint64)
    started = time.perf_counter()
    array.sum()
    memory = array.nbytes / (time.perf_counter() - started)
    speed = sum(map(len, blocks)) / seconds
    print(
        f"\n{corpus}: scan kernel {speed / 1e6:.0f} MB/s on one thread, "
        f"{speed / memory:.1%} of the read bandwidth"
    )


def large(folder: Path) -> None:
    """Peak memory of encoding 1 GB: the English corpus ten times over."""
    file = folder / "large.txt"
    with gzip.open(data("en/enwiki-100mb.txt.gz"), "rb") as packed:
        text = packed.read()
    with file.open("wb") as out:
        for _ in range(10):
            out.write(text + b"\n")
    print_table("Ids of 1 GB", {"nlpcli": measure([sys.executable, "-c", ENCODE, file])}, "nlpcli")


if __name__ == "__main__":
    main()
