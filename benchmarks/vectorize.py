"""TF-IDF of 25,000 film reviews beside scikit-learn; the matrices are compared."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse
from side_by_side import NLPCLI, data, measure, peer, print_table

SCIKIT_LEARN = """
import csv, gzip, sys, numpy, scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer
source, output, longest = sys.argv[1], sys.argv[2], int(sys.argv[3])
with gzip.open(source, "rt", encoding="utf-8", newline="\\n") as file:
    texts = [line.rstrip("\\n").split("\\t")[3] for line in file][1:]
vectorizer = TfidfVectorizer(ngram_range=(1, longest), token_pattern=TOKEN)
matrix = vectorizer.fit_transform(texts)
scipy.sparse.save_npz(output, matrix)
numpy.save(output + ".names.npy", vectorizer.get_feature_names_out())
"""
# What nlpcli calls a word, in a regular expression of the peer's: letters keep an apostrophe,
# digits a point or comma between them.
TOKEN = r"\w+(?:(?:['’](?<![\d_]['’])(?=[^\W\d_])|[.,](?<=\d[.,])(?=\d))\w*)*"


def main() -> None:
    source = data("en/imdb-train.tsv.gz")
    with tempfile.TemporaryDirectory() as folder:
        for longest in (1, 2):
            ours, theirs = str(Path(folder) / "ours.npz"), str(Path(folder) / "theirs.npz")
            command = [*NLPCLI, "vectorize", "-q", source, "--text-col", "text"]
            rows = {"nlpcli": measure([*command, "--ngrams", f"1-{longest}", "-o", ours], repeat=3)}
            program = peer(SCIKIT_LEARN.replace("TOKEN", repr(TOKEN)))
            same = {}
            if program:
                rows["scikit-learn TfidfVectorizer + save_npz"] = measure([*program, source, theirs, longest])
                same = {"nlpcli": equal(ours, theirs)}
            print_table(f"TF-IDF of imdb-train, words 1-{longest}", rows, "nlpcli", matrix=same)
        small(Path(folder))


def equal(ours: str, theirs: str) -> str:
    """Whether both have the same features with the same weights."""
    with np.load(ours) as archive:
        names = archive["features"].tolist()
    peers = np.load(theirs + ".names.npy", allow_pickle=True).tolist()
    if sorted(names) != sorted(peers):
        only = set(names) ^ set(peers)
        return f"{len(only):,} of {len(peers):,} features differ"
    place = {name: number for number, name in enumerate(names)}
    difference = scipy.sparse.load_npz(ours).tocsc()[:, [place[name] for name in peers]]
    difference = abs(difference - scipy.sparse.load_npz(theirs).tocsc()).max()
    return f"equal to {difference:.0e}"


def small(folder: Path) -> None:
    """What a small file takes from start to end."""
    with gzip.open(data("en/imdb-train.tsv.gz"), "rb") as file:
        (folder / "small.txt").write_bytes(file.read(1024))
    command = [
        *NLPCLI,
        "vectorize",
        "--method",
        "bow",
        "-q",
        folder / "small.txt",
        "-o",
        folder / "small.npz",
    ]
    print_table("Bag of words of a file of 1 kB", {"nlpcli": measure(command, repeat=5)}, "nlpcli")


if __name__ == "__main__":
    main()
