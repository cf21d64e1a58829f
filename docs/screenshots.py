"""The pictures of docs/images, made of the sample texts: `python -m docs.screenshots` (a few minutes).

Needs Chromium, Pillow, a font with Hangul, kiwipiepy, scikit-learn and torch. Each is under 80 kB.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.browser import Browser
from tests.command_line import within

ROOT = Path(__file__).parents[1]
SAMPLES, IMAGES = ROOT / "sample_corpora", ROOT / "docs" / "images"
MOST_BYTES = 80_000


class Picture(NamedTuple):
    """A picture: the commands that make its page, the window, and what is done there (JavaScript)."""

    name: str
    commands: tuple[str, ...]
    size: tuple[int, int]
    scheme: str = "light"
    script: str = "0"


VECTORS = "--dim 50 --epochs 40 --min-count 4 --sample 0 --seed 1 -q"
MAP = "--method tsne --color-by cluster --k 9"
PICTURES = (
    Picture(
        "word-map",
        (
            f"train-w2v {SAMPLES}/english.txt -o en.safetensors {VECTORS}",
            f"plot en.safetensors -o word-map.html --top 250 {MAP} --title english.txt -q",
        ),
        (1100, 700),
    ),
    Picture(
        "word-map-ko",
        (
            f"train-w2v {SAMPLES}/korean.txt --tokenizer kiwi --keep-pos N,VV,VA -o ko.safetensors {VECTORS}",
            f"plot ko.safetensors -o word-map-ko.html --top 200 {MAP} --title korean.txt -q",
        ),
        (1100, 700),
        "dark",
        "pick(number.get('여왕'))",
    ),
    Picture(
        "confusion",
        (
            "train-nb train.csv --text-col title --label-col topic --tokenizer kiwi -o nb.safetensors -q",
            "evaluate nb.safetensors test.csv --text-col title --label-col topic --plot confusion.html",
        ),
        (760, 500),
        "light",
        "cells[8].focus()",
    ),
    Picture(
        "topics",
        (
            f"train-topics {SAMPLES}/english.txt --stopwords en --num-topics 8 -o topics.safetensors -q",
            f"topics topics.safetensors {SAMPLES}/english.txt --page topics.html -q",
        ),
        (1100, 700),
        "light",
        "pick(2)",
    ),
    Picture(
        "attention",
        (
            f"train-seq2seq {SAMPLES}/dates_en.tsv --unit char --rnn-size 64 --epochs 25 --lr 0.01 "
            "-o dates.safetensors -q",
            "translate dates.safetensors dates.txt --attention-page attention.html -o iso.txt",
        ),
        (760, 540),
        "dark",
        "[...document.querySelectorAll('td')].sort((a, b) => b.innerText - a.innerText)[0].focus()",
    ),
    Picture(
        "states",
        (
            f"train-charlm {SAMPLES}/play.txt --cell lstm --rnn-size 48 --seq-length 64 --batch-size 16 "
            "--epochs 12 --lr 0.01 -o play.safetensors -q",
            "activations play.safetensors play.txt --find upper-case -n 4 -o states.html",
        ),
        (900, 560),
    ),
)


def texts(folder: Path) -> None:
    """What the commands read beside the sample texts."""
    head, *rows = (SAMPLES / "headlines_ko.csv").read_text(encoding="utf-8").splitlines()
    for name, part in (
        ("train", [r for n, r in enumerate(rows) if n % 3]),
        ("test", rows[::3]),
    ):
        (folder / f"{name}.csv").write_text("\n".join([head, *part]) + "\n", encoding="utf-8")
    (folder / "dates.txt").write_text("7 March 1996\nAugust 21, 2004\n", encoding="utf-8")
    lines = (SAMPLES / "play.txt").read_text(encoding="utf-8").splitlines()
    (folder / "play.txt").write_text("\n".join(lines[:22]) + "\n", encoding="utf-8")


def shoot(picture: Picture, folder: Path, browser: Browser) -> bytes:
    """The picture as WebP, without loss."""
    from PIL import Image

    for command in picture.commands:
        within(*command.split(), cwd=folder)
    browser.look(*picture.size, picture.scheme)
    browser.open(folder / f"{picture.name}.html")
    browser.run(f"{picture.script}; new Promise(done => setTimeout(done, 300))")
    shot = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
    file = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").save(file, "WEBP", lossless=True, quality=100, method=6)
    return file.getvalue()


def main(names: list[str]) -> None:
    """Make the pictures that are named, or all."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as profile:
        texts(Path(kept))
        with Browser(None, Path(profile)) as browser:
            browser.call("Emulation.setFocusEmulationEnabled", enabled=True)
            browser.call("Emulation.setScrollbarsHidden", hidden=True)
            for picture in PICTURES:
                if names and picture.name not in names:
                    continue
                content = shoot(picture, Path(kept), browser)
                assert len(content) < MOST_BYTES, (picture.name, len(content))
                (IMAGES / f"{picture.name}.webp").write_bytes(content)
                print(f"{picture.name}.webp {len(content):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
