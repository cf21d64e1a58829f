"""The word vectors that come with nlpcli, made anew: nlpcli/data/vectors/*.safetensors (`make vectors`).

python benchmarks/shipped_vectors.py WIKI   from a folder with enwiki-100mb.txt.gz and kowiki-100mb.txt.gz

english-words: a text of the English Wikipedia in lower case, words as they stand there. korean-words: the
first 150,000 lines of the Korean Wikipedia, as kiwi's morphemes that have a meaning of their own, verbs and
adjectives by their dictionary forms. Of each the most frequent words, whatever they are; skip-gram by one
thread from the first seed, so every run gives the same bytes; then int8. Settings were chosen on every other
question of the analogies, without those of families, and on judged word pairs; docs/SHIPPED_VECTORS.md says
how good the vectors are.
"""

from __future__ import annotations

import gzip
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import NLPCLI, ROOT

VECTORS = ROOT / "nlpcli" / "data" / "vectors"
WORDS = 30_000
LINES = 150_000  # of the Korean text; kiwi takes a second of a processor for 500
ENGLISH = "--dim 100 --epochs 10 --min-count 20 --sample 1e-4"
KOREAN = (
    "--tokenizer kiwi --lemma --keep-pos NNG,NNP,NP,NR,VV,VA,MA,XR,SL "
    "--dim 100 --window 10 --epochs 15 --min-count 8 --sample 1e-4"
)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    english, korean = (found(sys.argv[1], name) for name in ("enwiki-100mb.txt.gz", "kowiki-100mb.txt.gz"))
    make(english, None, VECTORS / "english-words.safetensors", ENGLISH)
    make(korean, LINES, VECTORS / "korean-words.safetensors", KOREAN)


def found(folder: str, name: str) -> Path:
    """The one file of a name below a folder."""
    paths = [*Path(folder).rglob(name)]
    if len(paths) != 1:
        sys.exit(f"{folder} holds {len(paths)} files {name}; one is wanted")
    return paths[0]


def make(text: Path, lines: int | None, output: Path, options: str) -> None:
    """Train on the first lines of a text, and keep its most frequent words in int8."""
    with tempfile.TemporaryDirectory() as folder:
        part, model = Path(folder, "text.txt"), f"{folder}/model.safetensors"
        with gzip.open(text, "rb") as source, part.open("wb") as target:
            target.writelines(itertools.islice(source, lines))
        subprocess.run([*NLPCLI, "train-w2v", str(part), "-o", model, *options.split()], check=True)
        size = ["--vocab", str(WORDS), "--dtype", "int8"]
        subprocess.run([*NLPCLI, "convert", model, str(output), *size], check=True)


if __name__ == "__main__":
    main()
