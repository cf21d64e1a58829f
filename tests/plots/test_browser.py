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


class Page(NamedTuple):
    """A page, its template, the command that writes it, and what keys do: pressed one after the other, each
    with what is true then (JavaScript)."""

    name: str
    template: str
    command: tuple[object, ...]
    keys: tuple[tuple[str, str], ...]


PICKED = "document.getElementById('hint').innerText.includes(wordMap.picked())"
WALK = (
    ("Tab", "document.activeElement.id === 'map'"),
    ("Enter", f"(window.first = wordMap.picked()) && {PICKED}"),
    ("ArrowRight ArrowUp ArrowUp", f"wordMap.picked() !== first && {PICKED}"),
    ("Escape", "wordMap.picked() === null"),
    ("ArrowLeft", "wordMap.view.x < 0"),
    ("+", "wordMap.view.zoom > 1"),
    ("0", "wordMap.view.zoom === 1"),
    ("/", "document.activeElement.id === 'search'"),
)
SAID = "document.getElementById('said').innerText.{}".format
TOLD = "document.getElementById('told').innerText.{}".format
SLIDE = (
    ("Tab Tab ArrowRight ArrowRight", "document.getElementById('step').innerText === '2'"),
    ("End", "document.querySelector('.names output').innerText === "
     "document.querySelector('#numbers tr:last-child td:nth-child(2)').textContent"),
)  # fmt: skip
THROUGH = (
    ("Tab Tab", SAID("includes(document.activeElement.dataset.say)")),
    (
        "ArrowRight",
        SAID("includes(document.activeElement.dataset.say)") + " && document.activeElement.tabIndex === 0",
    ),
    ("End Tab", "!document.activeElement.dataset.say || document.activeElement.closest('ol, svg') !== null"),
)
READING = (MODELS / "charlm.safetensors", "text", "--skip-unknown")
TRANSFORMER = (MODELS / "charlm-transformer.safetensors", "text", "--skip-unknown")
LABELLED = ("--text-col", "text", "--label-col", "label")
PAGES = [
    Page(
        "map", "word_map",
        ("plot", "v.safetensors", "--color-by", "cluster", "--k", 9, "--arrow", "w1 w2", "서울", "부산",
         *(f"w{n}" for n in range(1, 60)), "-q", "-o", "map.html"),
        WALK,
    ),
    Page("clusters", "word_map", ("cluster", "dated.tsv", "--text-col", "text", "--k", 4, "--page",
         "clusters.html", "-q"), WALK),
    Page("confusion", "confusion", ("evaluate", "nb.safetensors", "labelled.tsv", "--plot",
         "confusion.html"), (
             ("Tab Tab", SAID("startsWith('IT과학, predicted as IT과학: 12 of 15')")),
             ("ArrowRight", SAID("startsWith('IT과학, predicted as a class')")),
             ("ArrowDown", SAID("startsWith('a class with quite a long name, predicted as a class')")),
         )),
    Page("gradients", "gradients", ("gradients", READING[0], "text", "--steps", 30, "-o", "gradients.html"),
         SLIDE),
    Page("toy", "gradients", ("gradients", "--toy", "--w-hh", 0.5, "--steps", 20, "-o", "toy.html"), SLIDE),
    Page("cells", "activations", ("activations", *READING, "--find", "word-length", "-o", "cells.html"), (
             ("ArrowRight", "document.getElementById('cell').value === '2'"),
             ("ArrowLeft ArrowLeft", "document.getElementById('cell').value === '0'"),
             ("focus:text ArrowRight ArrowRight", TOLD("startsWith('after h')")),
             ("ArrowDown", "document.getElementById('cell').value === '1'"),
         )),
    Page("heads", "heads", ("activations", *TRANSFORMER, "-o", "heads.html"), (
             ("focus:text ArrowLeft", TOLD("startsWith('n at 11')")),
             ("ArrowDown", "document.getElementById('head').value === '1'"),
         )),
    Page("topics", "topics", ("topics", "t.safetensors", "dated.tsv", "--text-col", "text", "--date-col",
         "date", "--page", "topics.html"), (
             ("ArrowRight", "topicPage.state().picked === 0"),
             ("Escape", "topicPage.state().picked === -1"),
             ("Tab Tab Tab Tab Tab Tab Enter", "topicPage.state().picked >= 0"),
         )),
    Page("attention", "attention", ("translate", MODELS / "seq2seq.safetensors", "dates", "--attention-page",
         "attention.html", "-o", "translated"), (
             ("Tab Tab", SAID("match(/line 1: . ← a: \\d+ %/)")),
             ("ArrowRight", SAID("includes('← b')")),
         )),
    Page("bars", "panels", ("keywords", SAMPLES / "reviews_ko.tsv", *LABELLED, "--chart", "bars.html",
         "--cloud", "cloud.html", "-o", "keywords.tsv", "-q"), THROUGH),
    Page("cloud", "panels", (), THROUGH),
    Page("summary", "summary", ("summarize", "few.txt", "--highlight", "summary.html", "-o", "sentences"), (
        ("Tab Enter", "[...document.querySelectorAll('section span')].every(one => !one.offsetWidth)"),
        ("Tab Tab", SAID("endsWith('in the summary')")),
        ("ArrowRight", SAID("endsWith('in the summary')")),
        ("ArrowRight", "document.activeElement.tagName === 'MARK'"),
    )),
    Page("report", "panels", ("report", "few.tsv", *LABELLED, "-o", "report.html", "-q"), (
             ("Tab Enter", "document.querySelector('h2').innerText === '크기'"),
             ("Enter", "document.querySelector('h2').innerText === 'Size'"),
             ("Tab Tab Tab ArrowRight", SAID("includes(document.activeElement.dataset.say)")),
         )),
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
    (folder / "few.txt").write_text("\n".join(line.partition("\t")[2] for line in reviews[1:40]))
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


def stumbled(browser: Browser, width: int, height: int, scheme: str) -> list[str]:
    """What a reader with such a window stumbles over, after the page is drawn."""
    browser.look(width, height, scheme)
    browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found: list[str] = browser.run(f"{AUDIT}({width})")
    return found


@pytest.mark.parametrize("name", BY_NAME)
def test_a_page_is_read_by_all(folder: Path, browser: Browser, name: str) -> None:
    wrong = {}
    for width, height in ((400, 800), (1400, 900)):
        browser.look(width, height, "light")
        browser.open(folder / f"{name}.html")
        for scheme in ("light", "dark"):
            if found := stumbled(browser, width, height, scheme):
                wrong[f"{width} px, {scheme}"] = found
        assert not browser.errors
        assert all(request.startswith(("file:", "data:", "about:")) for request in browser.requests)
    assert not wrong


STOP = """(() => {
  const one = document.activeElement, style = getComputedStyle(one);
  if (one === document.body) return null;
  const disc = one.matches(".topic") && getComputedStyle(one.firstChild);
  const ring = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  const seen = disc ? parseFloat(disc.strokeWidth) >= 3 : ring >= 2;
  return [one.outerHTML.slice(0, 80), seen];
})()"""


@pytest.mark.parametrize("name", BY_NAME)
def test_a_page_is_used_by_keys_alone(folder: Path, browser: Browser, name: str) -> None:
    browser.look(1000, 800, "light")
    browser.open(folder / f"{name}.html")
    for keys, wanted in BY_NAME[name].keys:
        for key in keys.split():
            if key.startswith("focus:"):
                browser.run(f"document.getElementById('{key[6:]}').focus()")
            else:
                browser.key(key)
        assert browser.run(f"Boolean({wanted})"), (keys, wanted)
        for scheme in ("light", "dark"):
            assert not stumbled(browser, 1000, 800, scheme), (keys, scheme)
    browser.open(folder / f"{name}.html")
    stops = []
    for _ in range(90):
        browser.key("Tab")
        stop = browser.run(STOP)
        if stop is None or stop in stops[:1]:
            break
        stops.append(stop)
    assert 2 <= len(stops) < 90 and [seen for _, seen in stops] == [True] * len(stops), stops
    assert any('id="theme"' in stop for stop, _ in stops)
    assert not browser.errors


# --- that no page is missing above ----------------------------------------------------------


def test_every_template_and_every_writer_is_in_the_table() -> None:
    assert {page.template for page in PAGES} == {path.stem for path in (PACKAGE / "data").glob("*.html")}
    sources = {path: path.read_text() for path in PACKAGE.rglob("*.py")}
    named = {name for text in sources.values() for name in re.findall(r'page_style\.page\(\s*"(\w+)"', text)}
    assert named == {page.template for page in PAGES}


def test_every_option_that_writes_a_page_is_in_the_table() -> None:
    from nlpcli.cli.described import described
    from nlpcli.cli.options import command_of
    from nlpcli.commands import COMMANDS

    given = [[str(word) for word in page.command] for page in PAGES]
    missing = [
        f"{command} {one.names[0]}"
        for command in COMMANDS
        for one in described(command_of(command))
        if "FILE" in (one.metavar or "") and re.search(r"\bhtml\b|\bpage\b", one.help, re.IGNORECASE)
        and not any(words[:1] == [command] and {*one.names} & {*words} for words in given)
    ]  # fmt: skip
    assert not missing


def test_what_is_wrong_with_a_page_is_found(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<!doctype html><meta name='viewport' content='width=device-width'><body style='background:#fff'>"
        "<p>fine</p><p style='color:#000;background:#1f5bb5'>black on blue</p>"
        "<p style='color:#000;opacity:.4'>faint</p><p style='font-size:8px'>tiny</p><button></button>"
        "<p style='color:#8a8a8a;font-size:24px'>large and grey</p><div style='width:500px'>wide</div>"
        "<svg width='90' height='30'><rect width='90' height='30' fill='#123'/><text y='20'>dark</text></svg>"
    )
    browser.look(400, 800, "light")
    browser.open(page)
    found = "\n".join(stumbled(browser, 400, 800, "light"))
    for wrong in (
        "black on blue",
        "faint",
        "8.0 px",
        "no name",
        "px wide in a window of 400",
        '"dark" in text',
    ):
        assert wrong in found
    assert "large and grey" not in found and '"fine"' not in found
