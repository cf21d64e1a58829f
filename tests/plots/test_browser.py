"""Every page in a browser: on a phone and on a desk, light and dark, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from nlpcli.engine.vectors.writing import write_vectors
from tests.browser import CHROMIUM, Browser
from tests.command_line import within

ROOT = Path(__file__).parents[2]
PACKAGE, SAMPLES, MODELS = ROOT / "nlpcli", ROOT / "sample_corpora", ROOT / "tests" / "models"
AUDIT = (Path(__file__).parent / "audit.js").read_text()
# What a canvas shows is told by its pen: text, colour, opacity, font of the last picture.
PEN = """{
const pen = CanvasRenderingContext2D.prototype, write = pen.fillText, clear = pen.clearRect;
window.drawnTexts = [];
pen.clearRect = function (...box) { if (box[2] > 1) window.drawnTexts = []; return clear.apply(this, box); };
pen.fillText = function (text, ...place) {
  window.drawnTexts.push([text, this.fillStyle, this.globalAlpha, this.font]);
  return write.call(this, text, ...place);
}; }"""
SHOWN = "document.getElementById('{}').innerText".format


class Page(NamedTuple):
    """A page, its template, the command that writes it, and what keys do: (keys, JavaScript, its value)."""

    name: str
    template: str
    command: tuple[object, ...]
    keys: tuple[tuple[str, str, object], ...] = ()


READING = (MODELS / "charlm.safetensors", "text", "--skip-unknown")
TRANSFORMER = (MODELS / "charlm-transformer.safetensors", "text", "--skip-unknown")
LABELLED = ("--text-col", "text", "--label-col", "label")
PAGES = [
    Page(
        "map", "word_map",
        ("plot", "v.safetensors", "--color-by", "cluster", "--k", 9, "--arrow", "w1 w2", "서울", "부산",
         *(f"w{n}" for n in range(1, 60)), "-q", "-o", "map.html"),
    ),
    Page("clusters", "word_map", ("cluster", "dated.tsv", "--text-col", "text", "--k", 4, "--page",
         "clusters.html", "-q")),
    Page("confusion", "confusion", ("evaluate", "nb.safetensors", "labelled.tsv", "--plot",
         "confusion.html")),
    Page("gradients", "gradients", ("gradients", READING[0], "text", "--steps", 30, "-o", "gradients.html")),
    Page("toy", "gradients", ("gradients", "--toy", "--w-hh", 0.5, "--steps", 20, "-o", "toy.html")),
    Page("cells", "activations", ("activations", *READING, "--find", "word-length", "-o", "cells.html")),
    Page("heads", "heads", ("activations", *TRANSFORMER, "-o", "heads.html")),
    Page("topics", "topics", ("topics", "t.safetensors", "dated.tsv", "--text-col", "text", "--date-col",
         "date", "--page", "topics.html")),
    Page("attention", "attention", ("translate", MODELS / "seq2seq.safetensors", "dates", "--attention-page",
         "attention.html", "-o", "translated")),
    Page("bars", "panels", ("keywords", SAMPLES / "reviews_ko.tsv", *LABELLED, "--chart", "bars.html",
         "--cloud", "cloud.html", "-o", "keywords.tsv", "-q")),
    Page("cloud", "panels", ()),
    Page("report", "panels", ("report", "few.tsv", *LABELLED, "-o", "report.html", "-q")),
]  # fmt: skip
BY_NAME = {page.name: page for page in PAGES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages of the table."""
    folder = tmp_path_factory.mktemp("pages")
    generator = np.random.default_rng(3)
    words = ["서울", "부산", *(f"w{n}" for n in range(1, 70))]
    middles = generator.normal(size=(9, 6)) * 4
    matrix = middles[np.arange(len(words)) % 9] + generator.normal(size=(len(words), 6))
    write_vectors(folder / "v.safetensors", words, matrix.astype(np.float32))
    labels = ["정치", "a class with quite a long name", "IT과학", "sport", "culture", "c6", "c7", "c8"]
    rows = [f"{labels[(n + (n % 5 == 0)) % 8]}\tword{n % 8} here is{n % 3} number{n % 7}" for n in range(120)]
    (folder / "labelled.tsv").write_text("label\ttext\n" + "\n".join(rows) + "\n")
    (folder / "text").write_text("the king and the queen of the land\nsaid that it was so\n" * 2)
    (folder / "dates").write_text("abi\ncdj\nabcdefghij\n")
    reviews = (SAMPLES / "reviews_en.tsv").read_text().splitlines()
    (folder / "few.tsv").write_text("\n".join(reviews[:150]) + "\n")
    lines = [line.split("\t")[1] for line in reviews[1:81]]
    dated = (f"2024-{1 + n % 12:02}-0{1 + n % 9}\t{line}" for n, line in enumerate(lines))
    (folder / "dated.tsv").write_text("date\ttext\n" + "\n".join(dated) + "\n")
    table = ("dated.tsv", "--text-col", "text")
    within("train-nb", "labelled.tsv", "-q", "-o", "nb.safetensors", cwd=folder)
    within(
        "train-topics", *table, "--num-topics", 7, "--iterations", 30, "-q", "-o", "t.safetensors", cwd=folder
    )
    for page in PAGES:
        if page.command:
            within(*page.command, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all pages."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with Browser(None, tmp_path_factory.mktemp("profile")) as browser:
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=PEN)
        yield browser


@pytest.mark.parametrize("name", BY_NAME)
def test_a_page_is_read_by_all(folder: Path, browser: Browser, name: str) -> None:
    wrong = {}
    for width, height in ((400, 800), (1400, 900)):
        browser.look(width, height, "light")
        browser.open(folder / f"{name}.html")
        for scheme in ("light", "dark"):
            browser.look(width, height, scheme)
            browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if found := browser.run(f"{AUDIT}({width})"):
                wrong[f"{width} px, {scheme}"] = found
        assert not browser.errors
        assert all(request.startswith(("file:", "data:", "about:")) for request in browser.requests)
    assert not wrong


# --- that no page is missing above ----------------------------------------------------------


def test_every_template_and_every_writer_is_in_the_table() -> None:
    assert {page.template for page in PAGES} == {path.stem for path in (PACKAGE / "data").glob("*.html")}
    sources = {path: path.read_text() for path in PACKAGE.rglob("*.py")}
    named = {name for text in sources.values() for name in re.findall(r'page_style\.page\(\s*"(\w+)"', text)}
    assert named == {page.template for page in PAGES}
