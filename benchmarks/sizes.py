"""How fast and how large: MB a processor second and peak memory of each command on large files.

sizes.py 100 [COMMAND …]    the first 100 MB of enwiki and of kowiki, or 1000: enwiki ten times over
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import NLPCLI, data, measure

LABELS, LINE = 20, 2000
# What each command is given besides the file; {out} is an output. Training runs for one epoch.
COMMANDS = {
    "tokenize": ["tokenize", "{text}", "-o", "{out}.txt"],
    "tokenize --lowercase --stopwords en": [
        "tokenize", "{text}", "--lowercase", "--stopwords", "en", "-o", "{out}.txt",
    ],
    "normalize": ["normalize", "{text}", "-o", "{out}.txt"],
    "normalize --mask (all)": [
        "normalize", "{lines}", "--mask", "url,email,mention,hashtag,date,phone,number,emoji",
        "-o", "{out}.txt",
    ],
    "count": ["count", "{text}", "-o", "{out}.tsv"],
    "vectorize": ["vectorize", "{lines}", "-o", "{out}.npz"],
    "vectorize --method hashing": ["vectorize", "{lines}", "--method", "hashing", "-o", "{out}.npz"],
    "language": ["language", "{lines}", "-o", "{out}.tsv"],
    "split": ["split", "{lines}", "-o", "{out}-folder"],
    "dedup": ["dedup", "{lines}", "-o", "{out}.txt"],
    "index": ["index", "{lines}", "-o", "{out}.index"],
    "train-nb": ["train-nb", "{labelled}", "-o", "{out}.safetensors"],
    "train-nb --method nbsvm": ["train-nb", "{labelled}", "--method", "nbsvm", "-o", "{out}.safetensors"],
    "cooccur": ["cooccur", "{text}", "-o", "{out}.npz"],
    "train-w2v": ["train-w2v", "{text}", "--epochs", "1", "-o", "{out}.safetensors"],
    "train-fasttext": ["train-fasttext", "{text}", "--epochs", "1", "-o", "{out}.safetensors"],
    "train-topics": [
        "train-topics", "{lines}", "--num-topics", "20", "--iterations", "20", "-o", "{out}.safetensors",
    ],
    "train-glove": ["train-glove", "{text}", "--epochs", "1", "-o", "{out}.safetensors"],
}  # fmt: skip


def files(name: str, megabytes: int, folder: Path) -> dict[str, Path]:
    """The text as it is, in lines of about 2 kB, and with labels in front of these."""
    with gzip.open(data(name)) as packed:
        whole = packed.read()
    repeated = -(-megabytes * 1_000_000 // len(whole))
    text = (whole * repeated)[: megabytes * 1_000_000].decode("utf-8", "ignore")
    words, lines, size = text.split(" "), [[]], 0
    for word in words:
        lines[-1].append(word.replace("\n", " "))
        size += len(word) + 1
        if size > LINE:
            lines.append([])
            size = 0
    made = {kind: folder / f"{kind}.txt" for kind in ("text", "lines")}
    made["labelled"] = folder / "labelled.tsv"
    made["text"].write_text(text, encoding="utf-8")
    texts = [" ".join(line) for line in lines if line]
    made["lines"].write_text("\n".join(texts) + "\n", encoding="utf-8")
    labelled = (f"class {number * LABELS // len(texts)}\t{text}" for number, text in enumerate(texts))
    made["labelled"].write_text("label\ttext\n" + "\n".join(labelled) + "\n", encoding="utf-8")
    return made


def main() -> None:
    """Print a row of the table in README.md for each command."""
    megabytes, wanted = int(sys.argv[1]), sys.argv[2:]
    for name in ("en/enwiki-100mb.txt.gz", "ko/kowiki-100mb.txt.gz"):
        print(f"\n{name}, {megabytes} MB\n\n| command | CPU s | MB/s | peak MB |\n|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            made = files(name, megabytes, Path(folder))
            for title, words in COMMANDS.items():
                if wanted and title.split()[0] not in wanted:
                    continue
                filled = [word.format(out=Path(folder) / "out", **made) for word in words]
                try:
                    took = measure([*NLPCLI, *filled, "-q"])
                except subprocess.CalledProcessError as error:
                    print(f"| {title} | ended with {error.returncode} | | |", flush=True)
                else:
                    print(
                        f"| {title} | {took.cpu:.1f} | {megabytes / took.cpu:.3g} | {took.peak:.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
