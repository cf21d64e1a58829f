"""How fast and how large: MB a processor second and peak memory of each command on large files.

    sizes.py                                       every command on the first 100 MB of enwiki and of kowiki
    sizes.py --megabytes 1000 --text en count     one command on enwiki ten times over

The inputs are written in pieces and kept in --inputs for the next run. A command that comes to have more
memory of its own than --limit, or takes longer than --minutes, is stopped, and its row says so.
"""

from __future__ import annotations

import argparse
import codecs
import gzip
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from side_by_side import NLPCLI, LimitExceeded, Limits, data, measure

LABELS, LINE = 20, 2000
TEXTS = {"en": "en/enwiki-100mb.txt.gz", "ko": "ko/kowiki-100mb.txt.gz"}
_PIECE = 1 << 20  # bytes read at a time
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


class Inputs:
    """The files a command may be given, each written when it is first asked for.

    text: the text as it is; lines: in lines of about 2 kB; labelled: with labels in front of these.
    """

    def __init__(self, language: str, megabytes: int, folder: Path) -> None:
        self.language, self.megabytes, self._folder = language, megabytes, folder

    def __getitem__(self, kind: str) -> Path:
        """The path of an input; of one that is half written there is nothing."""
        suffix = "tsv" if kind == "labelled" else "txt"
        path = self._folder / f"{self.language}-{self.megabytes}mb-{kind}.{suffix}"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            with part.open("w", encoding="utf-8", newline="") as file:
                for piece in getattr(self, f"_{kind}")():
                    file.write(piece)
            part.replace(path)
        return path

    def _text(self) -> Iterator[str]:
        left = self.megabytes * 1_000_000
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        while left:
            with gzip.open(data(TEXTS[self.language])) as packed:
                while left and (piece := packed.read(min(_PIECE, left))):
                    left -= len(piece)
                    yield decoder.decode(piece)

    def _lines(self) -> Iterator[str]:
        held = ""
        words: list[str] = []
        size = 0
        for piece in self._text():
            *whole, held = (held + piece).split(" ")
            for word in whole:
                words.append(word.replace("\n", " "))
                size += len(word) + 1
                if size > LINE:
                    yield " ".join(words) + "\n"
                    words, size = [], 0
        yield " ".join([*words, held.replace("\n", " ")]) + "\n"

    def _labelled(self) -> Iterator[str]:
        with self["lines"].open(encoding="utf-8", newline="\n") as lines:
            number_of_lines = sum(1 for _ in lines)
            lines.seek(0)
            yield "label\ttext\n"
            for number, line in enumerate(lines):
                yield f"class {number * LABELS // number_of_lines}\t{line}"


def row(title: str, words: list[str], inputs: Inputs, limits: Limits) -> str:
    """The row of a command in the table of README.md."""
    with tempfile.TemporaryDirectory() as folder:
        named = {kind: inputs[kind] for kind in ("text", "lines", "labelled") if f"{{{kind}}}" in words}
        filled = [word.format(out=Path(folder) / "out", **named) for word in words]
        try:
            took = measure([*NLPCLI, *filled, "-q"], limits=limits)
        except LimitExceeded as error:
            return f"| {title} | stopped: {error} | | | |"
        except subprocess.CalledProcessError as error:
            return f"| {title} | ended with {error.returncode} | | | |"
        speed = inputs.megabytes / took.cpu
        return f"| {title} | {took.cpu:.2f} | {speed:.3g} | {took.peak:.0f} | {took.own:.0f} |"


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "commands", nargs="*", metavar="COMMAND", help="as the table calls it; all without any"
    )
    parser.add_argument(
        "--megabytes", type=int, action="append", help="size of the text, also several times: 100"
    )
    parser.add_argument("--text", choices=TEXTS, help="one of the texts; both without")
    parser.add_argument("--limit", type=float, default=12.0, help="GB of its own a command may have: 12")
    parser.add_argument("--minutes", type=float, default=30.0, help="of wall time a command may take: 30")
    parser.add_argument(
        "--inputs",
        type=Path,
        default=Path(tempfile.gettempdir()) / "nlpcli-sizes",
        help="the folder where inputs are kept; this can be gigabytes",
    )
    wanted = parser.parse_args()
    if unknown := [title for title in wanted.commands if title not in COMMANDS]:
        parser.error(f"{unknown[0]} is none of {', '.join(COMMANDS)}")
    return wanted


def main() -> None:
    """Print a row of the table in README.md for each command."""
    wanted = arguments()
    limits = Limits(own=wanted.limit * 1000, seconds=wanted.minutes * 60)
    for megabytes in wanted.megabytes or [100]:
        for language in [wanted.text] if wanted.text else TEXTS:
            inputs = Inputs(language, megabytes, wanted.inputs)
            print(f"\n{TEXTS[language]}, {megabytes} MB\n")
            print("| command | CPU s | MB/s | peak MB | of its own |\n|---|---|---|---|---|", flush=True)
            for title in wanted.commands or COMMANDS:
                print(row(title, COMMANDS[title], inputs, limits), flush=True)


if __name__ == "__main__":
    main()
