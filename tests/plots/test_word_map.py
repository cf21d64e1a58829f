from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.io import fonts
from nlpcli.engine.io.palette import DARK, GRAPHICS, LIGHT, TEXT, contrast, series
from nlpcli.engine.plots.projection import pca, project
from nlpcli.engine.plots.word_map import WordMap, make_map
from nlpcli.engine.plots.word_map_image import _figure, picture
from nlpcli.engine.plots.word_map_page import page
from nlpcli.engine.plots.word_map_text import draw_word_map
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.engine.vectors.writing import write_vectors
from nlpcli.errors import InputError
from nlpcli.settings.plots import PlotSettings
from tests.browser import CHROMIUM, Browser
from tests.conftest import Run

WORDS = ["king", "queen", "man", "woman", "서울", "부산", "</script>", 'say "a&b"', "café", "$x$"]
MATRIX = np.random.default_rng(6).normal(size=(10, 8)).astype(np.float32)
VECTORS = Vectors(WORDS, MATRIX)

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is absent"
)
needs_sklearn = pytest.mark.skipif(
    importlib.util.find_spec("sklearn") is None, reason="scikit-learn is absent"
)


def has_hangul_font() -> bool:
    if importlib.util.find_spec("matplotlib") is None:
        return False
    return not fonts.fonts_for(["한"])[1]


# --- places ---------------------------------------------------------------------------------


def test_pca_finds_the_axes_of_an_ellipse() -> None:
    angles = np.arange(8) * np.pi / 4
    flat = np.stack([np.cos(angles), np.sin(angles)], axis=1) * [10, 1]
    tilted = flat @ np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0]]) + [5, 5, 5]
    placed, shares = pca(tilted, 2)
    assert placed[:, 0] == pytest.approx(flat[:, 0])
    assert np.abs(placed[:, 1]) == pytest.approx(np.abs(flat[:, 1]))
    assert shares == pytest.approx([100 / 101, 1 / 101])


def test_pca_of_points_on_a_line_has_nothing_on_the_second_axis() -> None:
    assert project(np.outer(np.arange(4), np.ones(3)))[:, 1] == pytest.approx(0, abs=1e-12)


@needs_sklearn
def test_tsne_keeps_two_groups_apart_and_is_the_same_each_time() -> None:
    points = np.random.default_rng(0).normal(size=(40, 10)) + np.repeat([[0.0], [20.0]], 20, axis=0)
    placed = project(points, "tsne", perplexity=5)
    assert (project(points, "tsne", perplexity=5) == placed).all()
    within = np.linalg.norm(placed[:20] - placed[:20].mean(axis=0), axis=1).max()
    assert np.linalg.norm(placed[:20].mean(axis=0) - placed[20:].mean(axis=0)) > 2 * within


def test_map_of_one_word_is_refused() -> None:
    with pytest.raises(InputError, match="two words"):
        make_map(VECTORS, ["king"])


def test_pairs_are_arrows_between_words_named_once() -> None:
    word_map = make_map(VECTORS, ["queen", "서울"], ["king queen", "man woman"])
    assert word_map.words == ["queen", "서울", "king", "man", "woman"]
    assert word_map.arrows == [(2, 0), (3, 4)]
    with pytest.raises(InputError, match="two words each"):
        make_map(VECTORS, [], ["king"])


def test_both_matrices_give_each_word_two_places() -> None:
    word_map = make_map(VECTORS, ["king", "queen"], output=Vectors(WORDS, -MATRIX))
    assert word_map.words == ["king", "queen"] * 2
    assert [word_map.group_names[group] for group in word_map.groups] == ["input"] * 2 + ["output"] * 2
    assert word_map.places[:2] == pytest.approx(-word_map.places[2:])


def test_places_fill_the_square_and_near_words_are_those_of_all_dimensions() -> None:
    word_map = make_map(VECTORS)
    assert np.abs(word_map.places).max() == pytest.approx(1)
    unit = MATRIX / np.linalg.norm(MATRIX, axis=1, keepdims=True)
    best = np.argsort(-(unit @ unit[0]))[1]
    assert word_map.near[0][0][0] == WORDS[best]
    assert word_map.near[0][0][1] == pytest.approx(float(unit[best] @ unit[0]))


def test_words_that_only_have_ngrams_are_drawn_too() -> None:
    subwords = Vectors(
        WORDS, MATRIX, unseen=lambda word: MATRIX[0] if word == "kings" else np.zeros(8, np.float32)
    )
    word_map = make_map(subwords, ["kings", "queen"])
    assert word_map.words == ["kings", "queen"]
    assert word_map.near[0][0] == ("king", pytest.approx(1))
    with pytest.raises(InputError, match="no vector for 'xyz'"):
        make_map(subwords, ["xyz", "queen"])


def test_every_group_has_its_own_colour() -> None:
    assert len({series(number) for number in range(40)}) == 40
    for theme in (LIGHT, DARK):
        for least in (GRAPHICS, TEXT):
            colours = [series(number, theme["ground"], least) for number in range(40)]
            assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)
            assert min(contrast(colour, theme["ground"]) for colour in colours) >= least


# --- text -----------------------------------------------------------------------------------


def small_map(words: list[str], places: list[tuple[float, float]]) -> WordMap:
    return WordMap(words, np.array(places), [0] * len(words), [], [], [[] for _ in words], "")


def test_text_map_puts_words_where_they_belong() -> None:
    lines = draw_word_map(small_map(["a", "나라", "c"], [(-1, 1), (0, 0), (1, -1)]), 21, 5)
    text = ["".join(part for part, _ in line) for line in lines]
    assert text == ["• a", "", "          • 나라", "", "                  c •"]


def test_text_map_never_overlaps_and_keeps_to_the_width() -> None:
    places = np.random.default_rng(3).uniform(-1, 1, (120, 2)).tolist()
    for line in draw_word_map(small_map(["한글단어"] * 120, places), 60, 15):
        text = "".join(part for part, _ in line)
        assert sum(2 if unicodedata.east_asian_width(letter) == "W" else 1 for letter in text) <= 60
        assert all(
            word in ("•", "한글단어", "")
            for word in re.split(r"[ ]", text.replace("•", " • ").replace("  ", " "))
        )


# --- HTML -----------------------------------------------------------------------------------


def test_page_holds_all_words_and_needs_no_other_file() -> None:
    text = page(make_map(VECTORS, title="<b>&")).decode()
    assert not re.search(r"(?:src|href)\s*=|@import|url\(|https?://", text)
    assert "<title>&lt;b&gt;&amp;</title>" in text
    match = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert match is not None
    assert json.loads(match[1])["words"] == WORDS


def test_same_map_gives_the_same_page() -> None:
    assert page(make_map(VECTORS)) == page(make_map(VECTORS))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize("words", [["king", "queen"], ["서울", "부산"]])
def test_browser_hovers_searches_zooms_and_changes_the_background(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "map.html"
    path.write_bytes(page(make_map(VECTORS, title="Map")))
    with Browser(path, tmp_path / "profile") as browser:
        hint = 'document.getElementById("hint")'
        x, y = browser.run(f'wordMap.place("{words[0]}")')
        browser.move(x + 2, y + 1)
        assert browser.run(f"{hint}.innerText").split("\n")[0] == words[0]
        assert browser.run(f"getComputedStyle({hint}).display") == "block"
        browser.move(995, 695)
        assert browser.run(f"getComputedStyle({hint}).display") == "none"
        before = browser.run("wordMap.view.zoom")
        browser.wheel(x, y, -400)
        assert (
            browser.run("new Promise(done => setTimeout(() => done(wordMap.view.zoom), 300))") > before * 1.5
        )
        assert browser.run(f'wordMap.place("{words[0]}")') == pytest.approx([x, y], abs=0.5)
        browser.key("/")
        browser.write(unicodedata.normalize("NFD", words[1][:2]))
        assert browser.run('document.getElementById("found").innerText') == words[1]
        browser.key("Enter")
        assert browser.run(f"{hint}.innerText").split("\n")[0] == words[1]
        ground = "getComputedStyle(document.body).backgroundColor"
        light = browser.run(ground)
        browser.run('document.getElementById("theme").click()')
        assert browser.run(ground) != light
        assert all(request.startswith("file:") for request in browser.requests)


# --- pictures and the command line ----------------------------------------------------------


@needs_matplotlib
@pytest.mark.skipif(not has_hangul_font(), reason="no font with Hangul")
@pytest.mark.parametrize("name", ["m.png", "m.svg", "m.pdf"])
def test_pictures_are_the_same_each_time(nlpcli: Run, tmp_path: Path, name: str) -> None:
    write_vectors(tmp_path / "v.safetensors", WORDS, MATRIX)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        run = nlpcli(
            "plot", "v.safetensors", "-o", f"{folder}/{name}", "--pairs", "king queen", "--pairs", "서울 부산"
        )
        assert b"4 words, PCA" in run.stderr
    content = (tmp_path / "a" / name).read_bytes()
    assert content == (tmp_path / "b" / name).read_bytes()
    assert content.startswith({"m.png": b"\x89PNG", "m.svg": b"<?xml", "m.pdf": b"%PDF"}[name])


@needs_matplotlib
def test_words_stand_beside_their_dots_in_an_svg() -> None:
    content, unseen = picture(small_map(["left", "right"], [(-1, 0), (1, 0)]), "svg")
    assert unseen == ""
    dots = [float(x) for x in re.findall(r'<use [^>]*x="([\d.]+)" y="[\d.]+" style', content.decode())]
    words = [
        float(x) for x in re.findall(r'<g id="text_\d+">.*?translate\(([\d.]+) ', content.decode(), re.DOTALL)
    ]
    assert len(dots) == 2
    assert 0 < words[0] - dots[0] < 10
    assert 0 < dots[1] - words[1] < 40 or 0 < words[1] - dots[1] < 10


@needs_matplotlib
def test_no_word_is_cut_at_the_edge_of_a_picture() -> None:
    words = ["a-word-that-is-long-" * 3, "another-" * 6, "unter", "über"]
    corners = small_map(words, [(1, 1), (1, -1), (-1, -1), (1, 0.98)])
    drawn = _figure(dataclasses.replace(corners, chosen=True), dict(LIGHT))
    boxes = [text.get_window_extent() for text in drawn.axes[0].texts]
    assert len(boxes) == len(words)
    width, height = drawn.get_size_inches() * drawn.dpi
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)


@needs_matplotlib
@pytest.mark.parametrize("name", ["m.png", "m.svg", "m.pdf"])
def test_without_a_font_for_hangul_one_remark_says_what_to_install(
    nlpcli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for look in ("_installed", "_found_anew"):
        monkeypatch.setattr(fonts, look, lambda: frozenset({"DejaVu Sans"}))
    assert fonts.fonts_for(["Seoul", "🦄"]) == (["DejaVu Sans"], "🦄")
    write_vectors(tmp_path / "v.safetensors", WORDS, MATRIX)
    run = nlpcli("plot", "v.safetensors", "서울", "부산", "-q", "-o", name)
    assert len(run.err.splitlines()) == 1 and "no installed font shows 부산서울" in run.err
    assert "fonts-nanum" in run.err and "Glyph" not in run.err
    assert (tmp_path / name).stat().st_size > 1000


@needs_sklearn
def test_html_map_from_the_command_line(nlpcli: Run, tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.txt", [word for word in WORDS if " " not in word], MATRIX[:9])
    nlpcli(
        "plot",
        "v.txt",
        "-o",
        "m.html",
        "--method",
        "tsne",
        "--color-by",
        "cluster",
        "--k",
        "3",
        "--title",
        "T",
    )
    data = re.search(r'application/json">(.*?)</script>', (tmp_path / "m.html").read_text(encoding="utf-8"))
    assert data is not None
    shown = json.loads(data[1])
    for number, name in enumerate(shown["names"]):
        inside = [
            word for word, group in zip(shown["words"], shown["groups"], strict=True) if group == number
        ]
        found = re.fullmatch(rf"{number + 1}: (.*) \({len(inside)}\)", name)
        assert found is not None
        assert {*found[1].split(", ")} <= {*inside}
    assert len(shown["names"]) == 3
    to_stdout = nlpcli("plot", "v.txt", "-o", "-", "king", "queen", "서울", "--quiet")
    assert to_stdout.stdout.startswith(b"<!doctype html>")
    assert to_stdout.stderr == b""


def test_terminal_map_and_words_from_stdin(nlpcli: Run, tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.safetensors", WORDS, MATRIX)
    run = nlpcli("plot", "v.safetensors", "--terminal", "--words-file", "-", input="king\n서울\n\nqueen\n")
    assert all(word in run.stdout.decode() for word in ("king", "서울", "queen"))


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        ([], "where to?", 2),
        (["-o", "m.gif"], "maps are .html, .png, .svg or .pdf", 1),
        (["-o", "m.html", "--both"], "one matrix only", 1),
        (["-o", "no/m.html"], "cannot write no/m.html: the folder", 1),
        (["-o", "m.html", "kign", "king"], "no vector for 'kign'", 1),
    ],
)
def test_plot_errors(nlpcli: Run, tmp_path: Path, arguments: list[str], message: str, code: int) -> None:
    write_vectors(tmp_path / "v.safetensors", WORDS, MATRIX)
    assert message in nlpcli("plot", "v.safetensors", *arguments, code=code).stderr.decode()


def test_settings_need_a_perplexity_above_one() -> None:
    with pytest.raises(Exception, match="--perplexity"):
        PlotSettings(perplexity=1)
