"""Word vectors of 100 MB of English beside gensim, fastText, word2vec.c and pWord2Vec.

    python benchmarks/word2vec.py [--epochs N] [--only WORD] [--words N]

Whole processes, vocabulary and writing of the vectors included, on the same text (lines of 1,000
words, since gensim and word2vec.c cut longer ones; of 10 to 30 words where lines are what is compared),
with the same settings and two threads; the first of our skip-gram rows has the peers' learning rate too,
the others ours.
Quality: Spearman's ρ on WordSim-353 and MEN, Google analogies, 30,000 words. gensim and fasttext
are Python packages among the peers; the compiled programs are found in $WORD2VEC_BUILD (a folder
with word2vec) and $PWORD2VEC_BUILD (a folder with pWord2Vec) and skipped where that is not set.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from side_by_side import NLPCLI, Measured, data, measure, peer

DIM, WINDOW, NEGATIVE, SAMPLE, MIN_COUNT, THREADS = 100, 5, 5, 1e-3, 5, 2

GENSIM = """
import sys
from gensim.models import Word2Vec
text, output, sg, alpha = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
model = Word2Vec(corpus_file=text, sg=sg, alpha=alpha, **{settings})
model.wv.save_word2vec_format(output, binary=True)
"""
FASTTEXT = """
import sys
import fasttext
text, output, maxn, lr = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
model = fasttext.train_unsupervised(
    text, model="skipgram", minn=3 if maxn else 0, maxn=maxn, lr=lr, verbose=0, **{settings})
words = model.get_words()
with open(output, "w") as file:
    print(len(words), model.get_dimension(), file=file)
    for word in words:
        print(word, *(f"{{x:.6g}}" for x in model.get_word_vector(word)), file=file)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--only", default="", help="Only contests whose title has this word.")
    parser.add_argument("--words", type=int, help="Only so many words of the text.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = lines_of_words(folder / "text.txt", arguments.words)
        for title, contest in CONTESTS.items():
            if arguments.only in title:
                show(title, contest(text, folder, arguments.epochs))


def lines_of_words(path: Path, most: int | None = None) -> Path:
    with gzip.open(data("en/enwiki-100mb.txt.gz"), "rt") as file:
        return write_lines(path, file.read().split()[:most], itertools.repeat(1000))


def write_lines(path: Path, words: list[str], sizes: Iterator[int]) -> Path:
    """The words in lines of these sizes."""
    ends = itertools.accumulate(sizes, initial=0)
    bounds = itertools.pairwise(itertools.takewhile(lambda end: end < len(words), ends))
    lines, last = [], 0
    for first, last in bounds:
        lines.append(" ".join(words[first:last]))
    path.write_text("\n".join([*lines, " ".join(words[last:])]) + "\n")
    return path


def show(title: str, rows: dict[str, tuple[list[object], Path]]) -> None:
    """Run the commands and print a Markdown table; the first is the one all are compared with."""
    print(f"\n### {title}\n")
    columns = ("", "wall s", "CPU s", "peak MB", "wall ratio", "CPU ratio", "WS-353", "MEN", "analogies")
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    first: Measured | None = None
    for name, (command, vectors) in rows.items():
        done = measure(command)
        first = first or done
        cells = [f"{done.wall:.1f}", f"{done.cpu:.1f}", f"{done.peak:.0f}"]
        cells += [f"{done.wall / first.wall:.1f}×", f"{done.cpu / first.cpu:.1f}×", *quality(vectors)]
        print("| " + " | ".join([name, *cells]) + " |", flush=True)
        vectors.unlink()


def quality(vectors: Path) -> list[str]:
    files = [data(f"eval/{name}") for name in ("ws353-all.txt", "men-3k.txt", "questions-words.txt")]
    command = [*NLPCLI, "evaluate-vectors", vectors, *files, "--vocab", 30000, "--jsonl"]
    return [f"{100 * value:.1f}" for value in scores(measure(command).stdout)]


def scores(lines: str) -> list[float]:
    """Of each file Spearman's correlation, or the accuracy in all its sections."""
    rows = [json.loads(line) for line in lines.splitlines()]
    wanted = [row for row in rows if row["measure"] == "spearman" or row["section"] == "total"]
    return [row["value"] for row in wanted]


# --- contests -------------------------------------------------------------------------------

Rows = dict[str, tuple[list[object], Path]]


def ours(command: str, text: Path, folder: Path, epochs: int, *options: object) -> tuple[list[object], Path]:
    output = folder / "ours.bin"
    settings = ["--dim", DIM, "--window", WINDOW, "--negative", NEGATIVE, "--sample", SAMPLE]
    settings += ["--min-count", MIN_COUNT, "--threads", THREADS, "--epochs", epochs, "-q"]
    whole: list[object] = [
        *NLPCLI,
        command,
        "--tokenizer",
        "whitespace",
        "--no-lowercase",
        text,
        "-o",
        output,
    ]
    return [*whole, *settings, *options], output


def gensim(text: Path, folder: Path, epochs: int, sg: int, alpha: float) -> Rows:
    settings = {"vector_size": DIM, "window": WINDOW, "negative": NEGATIVE, "sample": SAMPLE}
    settings |= {"min_count": MIN_COUNT, "workers": THREADS, "epochs": epochs}
    command = peer(GENSIM.format(settings=settings))
    output = folder / "gensim.bin"
    return {"gensim Word2Vec(corpus_file)": ([*command, text, output, sg, alpha], output)} if command else {}


def fasttext(text: Path, folder: Path, epochs: int, maxn: int, alpha: float) -> Rows:
    settings = {"dim": DIM, "ws": WINDOW, "neg": NEGATIVE, "t": SAMPLE, "minCount": MIN_COUNT}
    settings |= {"thread": THREADS, "epoch": epochs}
    command = peer(FASTTEXT.format(settings=settings))
    output = folder / "fasttext.vec"
    return {"fastText": ([*command, text, output, maxn, alpha], output)} if command else {}


def compiled(variable: str, program: str, text: Path, folder: Path, epochs: int, *options: object) -> Rows:
    build = os.environ.get(variable)
    if not build:
        print(f"{variable} is not set: {program} is skipped")
        return {}
    output = folder / f"{program}.bin"
    settings = [
        "-size",
        DIM,
        "-window",
        WINDOW,
        "-negative",
        NEGATIVE,
        "-sample",
        SAMPLE,
        "-min-count",
        MIN_COUNT,
    ]
    settings += ["-threads", THREADS, "-iter", epochs, "-binary", 1, *options]
    return {program: ([Path(build) / program, "-train", text, "-output", output, *settings], output)}


def skipgram(text: Path, folder: Path, epochs: int) -> Rows:
    return {
        "nlpcli train-w2v --lr 0.025": ours("train-w2v", text, folder, epochs, "--lr", 0.025),
        "nlpcli train-w2v": ours("train-w2v", text, folder, epochs),
        "nlpcli train-w2v --deterministic": ours("train-w2v", text, folder, epochs, "--deterministic"),
        **gensim(text, folder, epochs, sg=1, alpha=0.025),
        **fasttext(text, folder, epochs, maxn=0, alpha=0.025),
        **compiled("WORD2VEC_BUILD", "word2vec", text, folder, epochs, "-cbow", 0, "-hs", 0),
        **compiled("PWORD2VEC_BUILD", "pWord2Vec", text, folder, epochs, "-batch-size", 11),
    }


# gensim's corpus_file mode lets the rate fall only half way in an epoch when there are two workers:
# its mean rate from 0.05 on is that of ours from 0.075 on.
def cbow(text: Path, folder: Path, epochs: int) -> Rows:
    return {
        "nlpcli train-w2v --method cbow": ours(
            "train-w2v", text, folder, epochs, "--method", "cbow", "--lr", 0.075
        ),
        **gensim(text, folder, epochs, sg=0, alpha=0.05),
        **compiled("WORD2VEC_BUILD", "word2vec", text, folder, epochs, "-cbow", 1, "-hs", 0, "-alpha", 0.05),
    }


def subwords(text: Path, folder: Path, epochs: int) -> Rows:
    return {
        "nlpcli train-fasttext": ours("train-fasttext", text, folder, epochs),
        **fasttext(text, folder, epochs, maxn=6, alpha=0.05),
    }


def lines(text: Path, folder: Path, epochs: int) -> Rows:
    sizes = Random(1)
    short = write_lines(
        folder / "short.txt", text.read_text().split(), iter(lambda: sizes.randint(10, 30), None)
    )
    of_cbow = {f"{name}, CBOW": row for name, row in gensim(short, folder, epochs, sg=0, alpha=0.05).items()}
    cbow = "--method", "cbow", "--lr", 0.075
    return {
        "nlpcli train-w2v --lr 0.025": ours("train-w2v", short, folder, epochs, "--lr", 0.025),
        **gensim(short, folder, epochs, sg=1, alpha=0.025),
        "nlpcli train-w2v": ours("train-w2v", short, folder, epochs),
        "nlpcli train-w2v --method cbow": ours("train-w2v", short, folder, epochs, *cbow),
        **of_cbow,
        "nlpcli train-w2v, lines of 1,000 words": ours("train-w2v", text, folder, epochs),
    }


def threads(text: Path, folder: Path, epochs: int) -> Rows:
    return {
        f"{count} thread{'s' * (count > 1)}": ours("train-w2v", text, folder, epochs, "--threads", count)
        for count in (1, 2)
    }


CONTESTS = {
    "skip-gram with negative sampling": skipgram,
    "CBOW with negative sampling": cbow,
    "skip-gram with subwords": subwords,
    "lines of 10 to 30 words": lines,
    "nlpcli alone: threads": threads,
}

if __name__ == "__main__":
    main()
