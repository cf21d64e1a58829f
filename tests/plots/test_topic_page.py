"""The page of topics: what it says, and that a browser shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.topics.topic_map import distances, places, telling_words
from nlpcli.errors import InputError, SettingsError
from tests.browser import CHROMIUM, Browser
from tests.conftest import Run
from tests.topics.test_topics import SUBJECTS, made_texts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three subjects, and texts with dates: the last month has no text about the first one."""
    folder = tmp_path_factory.mktemp("page")
    texts = made_texts(90)
    (folder / "t.txt").write_text("\n".join(texts) + "\n")
    rows = [(f"2024-{1 + number // 30:02}-{1 + number % 28:02}", text) for number, text in enumerate(texts)]
    rows = [row for number, row in enumerate(rows) if number < 60 or number % 3]
    rows.append(("some day", "oven"))
    (folder / "dated.csv").write_text("date,text\n" + "".join(f"{date},{text}\n" for date, text in rows))
    seeds = [subject.split()[0] for subject in SUBJECTS]
    api.train_topics(
        folder / "t.txt", folder / "m.safetensors", num_topics=3, iterations=40, seed_words=seeds
    )
    return folder


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page.read_text())
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_page_says_what_the_topics_and_the_texts_are(nlpcli: Run, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "p.html"
    done = nlpcli(
        "topics", folder / "m.safetensors", folder / "dated.csv", "--text-col", "text", "--date-col", "date",
        "--page", page,
    )  # fmt: skip
    assert "1 text has no date" in done.err and "3 topics, 81 texts" in done.err
    data = data_of(page)
    model = api.load(folder / "m.safetensors")
    assert data["texts"] == 81 and sum(data["main"]) == 81 and data["main"][0] == 21
    assert sum(data["shares"]) == pytest.approx(1, abs=1e-4) and data["shares"][1] > data["shares"][0]
    assert data["sizes"] == pytest.approx(model.sizes, abs=1e-5)
    for subject, words, best in zip(SUBJECTS, data["telling"], data["best"], strict=True):
        heaviest = [data["words"][number] for number, _ in words[:8]]
        assert {*heaviest} == {*subject.split()}
        assert [weight for _, weight, _ in best] == sorted((weight for _, weight, _ in best), reverse=True)
        assert len(best) == 12 and all({*text.split()} & {*subject.split()} for _, _, text in best)
    for number, count in zip(range(len(data["words"])), data["counts"], strict=True):
        assert model.vocabulary.counts[model.vocabulary.id_of[data["words"][number]]] == count
    assert data["periods"] == ["2024-01", "2024-02", "2024-03"] and data["textsOverTime"] == [30, 30, 20]
    assert data["overTime"][0][0] > 0.25 > data["overTime"][0][2]
    again = tmp_path / "again.html"
    options = {"text_col": "text", "date_col": "date"}
    api.topic_page(folder / "m.safetensors", folder / "dated.csv", again, **options)
    assert again.read_bytes() == page.read_bytes()


def test_places_are_those_of_distances_and_distances_those_of_scipy() -> None:
    from scipy.spatial.distance import jensenshannon

    generator = np.random.default_rng(5)
    shares = generator.dirichlet(np.full(40, 0.3), 5)
    apart = distances(shares)
    for one in range(5):
        for other in range(5):
            expected = jensenshannon(shares[one], shares[other], base=2)
            assert apart[one, other] == pytest.approx(expected, abs=1e-9)
    flat = generator.random((6, 2))
    given = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    found = places(given)
    assert np.linalg.norm(found[:, None] - found[None], axis=2) == pytest.approx(given, abs=1e-9)
    assert not places(np.zeros((1, 1))).any() and not places(np.zeros((3, 3))).any()


def test_a_large_vocabulary_is_compared_by_its_heaviest_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from nlpcli.engine.topics import topic_map

    shares = np.random.default_rng(6).dirichlet(np.full(60, 0.05), 4)
    whole = distances(shares)
    monkeypatch.setattr(topic_map, "_MOST_WORDS", 30)
    fewer = distances(shares)
    assert (fewer <= whole + 1e-12).all() and fewer == pytest.approx(whole, abs=0.1)


def test_the_most_relevant_words_for_any_weight_are_there() -> None:
    generator = np.random.default_rng(7)
    shares, everywhere = generator.dirichlet(np.full(200, 0.2), 3), generator.dirichlet(np.full(200, 0.5))
    found = telling_words(shares, everywhere, 5)
    for row, words in zip(shares, found, strict=True):
        with np.errstate(divide="ignore"):
            inside, lift = np.log(row), np.log(row / everywhere)
        for weight in (0.0, 0.35, 1.0):
            best = np.argsort(-(weight * inside + (1 - weight) * lift))[:5]
            assert {*best.tolist()} <= {*words.tolist()}
        assert (np.diff(row[words]) <= 0).all() and 5 <= len(words) < 40


def test_what_cannot_be_shown_is_told(nlpcli: Run, folder: Path, tmp_path: Path) -> None:
    page, model = tmp_path / "p.html", folder / "m.safetensors"
    for arguments, said in (
        (("--keys",), "--keys does nothing beside --page"),
        (("--top", 3), "--top does nothing beside --page"),
        (("--json",), "--json does nothing beside --page"),
        (("-o", "x"), "-o does nothing beside --page"),
    ):
        assert said in nlpcli("topics", model, "--page", page, *arguments, code=2).err
    assert "--date-col does nothing without --page" in nlpcli("topics", model, "--date-col", "d", code=2).err
    (tmp_path / "t.csv").write_text("date,text\nMay,oven\nJune,bread\n")
    with pytest.raises(InputError, match="no text has a date"):
        api.topic_page(model, tmp_path / "t.csv", page, text_col="text", date_col="date")
    (tmp_path / "unknown").write_text("zzz\n")
    with pytest.raises(InputError, match="no text has a word"):
        api.topic_page(model, tmp_path / "unknown", page)
    api.train_topics(folder / "t.txt", tmp_path / "lsa", method="lsa", num_topics=3)
    with pytest.raises(SettingsError, match="lsa"):
        api.topic_page(tmp_path / "lsa", folder / "t.txt", page)
    assert not page.exists()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_shows_topics_words_and_time(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "p.html"
    api.topic_page(folder / "m.safetensors", folder / "dated.csv", page, text_col="text", date_col="date")
    with Browser(page, tmp_path / "profile") as browser:
        text = "document.getElementById('{}').innerText".format
        assert browser.run("document.querySelectorAll('#map g.topic').length") == 3
        assert browser.run(text("words-title")) == "Most telling words of all topics"
        browser.key("ArrowRight")
        browser.key("ArrowRight")
        assert browser.run("topicPage.state().picked") == 1
        assert browser.run(text("words-title")) == "Words of topic 2"
        shown = browser.run("[...document.querySelectorAll('#bars dt')].map(one => one.innerText)")
        assert {*shown[:8]} == {*SUBJECTS[1].split()}
        assert browser.run("document.querySelectorAll('#texts tr').length") == 13
        assert browser.run("document.querySelectorAll('#time polyline').length") == 1
        browser.run(
            "(s => { s.value = 0; s.dispatchEvent(new Event('input')); })(document.getElementById('lambda'))"
        )
        assert browser.run("topicPage.state().lambda") == 0 and browser.run(text("lambda-value")) == "0.00"
        x, y = browser.run(
            "(b => [b.x + b.width / 2, b.y + b.height / 2])"
            "(document.querySelectorAll('#map g.topic')[0].getBoundingClientRect())"
        )
        browser.click(x, y)
        assert browser.run("topicPage.state().picked") != 1
        browser.run("document.querySelector('#bars dt button').click()")
        assert "discs show the word" in browser.run(text("note"))
        browser.key("Escape")
        assert browser.run("topicPage.state()") == {"picked": -1, "word": -1, "lambda": 0}
        ground = "getComputedStyle(document.body).backgroundColor"
        light = browser.run(ground)
        browser.run("document.getElementById('theme').click()")
        assert browser.run(ground) != light
        browser.call(
            "Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True
        )
        assert browser.run("document.documentElement.scrollWidth") <= 360
        assert all(request.startswith("file:") for request in browser.requests)
