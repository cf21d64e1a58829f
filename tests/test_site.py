"""The site: a page for each command with its options, every page of docs/ in the navigation, no dead link."""

import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys

import pytest

from nlpcli.cli.described import described
from nlpcli.cli.options import command_of
from nlpcli.commands import COMMANDS
from nlpcli.engine import jobs
from nlpcli.engine.io.model_file import read_info
from nlpcli.engine.io.schemas.by_kind import SCHEMAS
from tests.browser import CHROMIUM, Browser
from tests.command_line import ROOT
from tests.site_pages import api, commands, hook, tags

DOCS = ROOT / "docs"
CONFIG = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
SOURCES = [*hook.PAGES, *(f"docs/{page}" for page in PAGES)]


@pytest.fixture(scope="module")
def generated():
    return hook.generated()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_stands_on_its_page(name, generated):
    page = generated[commands.place(name)]
    for one in described(command_of(name)):
        assert f'<a id="{one.name}"></a>' in page
        entry = page.split(f'<a id="{one.name}"></a>\n', 1)[1].split("\n\n", 1)[0]
        assert 'class="facts"' in entry and (not one.default or f"`{one.default}`" in entry)
        for option in one.names:
            assert re.search(rf"`[^`]*{re.escape(option.lstrip('-'))}", page), option
    assert all(line in page for line in commands.examples(name))
    assert commands.examples(name)


def test_no_two_pages_stand_in_one_place(generated):
    pages = [*PAGES, *hook.PAGES.values(), *generated]
    places = [re.sub(r"(^|/)README\.md$", r"\1index.md", page) for page in pages]
    assert len(places) == len({*places})


def test_bounds_are_those_of_the_settings(generated):
    page = generated[commands.place("train-w2v")]
    entry = page.split('id="--dim"', 1)[1].split("\n\n", 1)[0]
    assert "whole number from 1 to 4,096 · default `100`" in entry
    assert "number above 0 up to 100" in page.split('id="--learning-rate"', 1)[1].split("\n\n", 1)[0]
    assert "one of `ns`, `hs`, `softmax`" in page


def test_the_navigation_names_every_page():
    named = re.findall(r"^ +- (?:[^#\n]*: )?([\w./-]+\.md)$", CONFIG, flags=re.MULTILINE)
    assert len(named) == len({*named})
    assert {*named} == {*PAGES, *hook.PAGES.values(), *hook.GENERATED}, (
        "a page is missing in mkdocs.yml's nav"
    )


@pytest.mark.parametrize("source", SOURCES)
def test_every_link_leads_to_a_file(source):
    text = (ROOT / source).read_text(encoding="utf-8")
    for target, found in hook.targets(text, source):
        assert (ROOT / target).exists(), f"{source}: {found[0]}"
        assert hook.place_of(target), f"{source}: {found[0]} is a folder without README.md"


def test_links_lead_on_in_the_site():
    links = "[a](docs/TOUR.md#tokens) [b](benchmarks/README.md) [c](docs/course/README.md) [d](Makefile)"
    assert hook.with_links(links, "index.md") == (
        "[a](TOUR.md#tokens) [b](benchmarks.md) [c](course/README.md) [d](files/Makefile)"
    )
    assert hook.with_links("[a](../../README.md) [b](http://x.y)", "course/README.md") == (
        "[a](../index.md) [b](http://x.y)"
    )
    assert hook.with_links("```\n[a](README.md)\n```\n", "TOUR.md") == "```\n[a](README.md)\n```\n"
    assert [*hook.copied("[d](Makefile) [e](docs/TOUR.md)", "README.md")] == ["Makefile"]


def test_every_function_and_class_of_the_api_has_its_place():
    page = api.page()
    for name in dir(jobs):
        assert f"\n{name}(\n" in page or f"\n{name}(" in page, name
    for kind in api.loaded_classes():
        assert f"### {kind.__name__}\n" in page
    assert len(api.loaded_classes()) == 18
    assert "`SettingsError(NlpcliError)`" in page


def test_every_tag_is_told_in_words():
    told, of = tags.words(), tags.sets()
    assert {name: {*group} for name, group in told.items()} == {name: {*group} for name, group in of.items()}
    page = tags.page()
    assert "| `VV` | verb (가-) | `VERB` |" in page and "| `NNS` | plural noun (dogs) |" in page


def test_every_array_of_a_model_file_is_in_the_schemas(generated):
    for kind in SCHEMAS:
        section = generated["schemas.md"].split(f"\n## {kind}\n", 1)[1].split("\n## ", 1)[0]
        path = ROOT / "tests" / "models" / f"{kind}.safetensors"
        for name in read_info(str(path)).tensors if path.exists() else ():
            assert f"| `{name}` |" in section, (kind, name)
    assert "| `transitions` | int32 | [W + 1, W] |" in generated["schemas.md"]


@pytest.mark.parametrize("source", SOURCES)
def test_lists_and_tables_follow_an_empty_line(source):
    """Without it a forge sees a list, and the site a paragraph."""
    text = re.sub(r"^```.*?^```", "", (ROOT / source).read_text(encoding="utf-8"), flags=re.M | re.S)
    for before, line in itertools.pairwise(text.splitlines()):
        for begins in (r"\|", r"([-*+]|\d+\.) "):
            if re.match(begins, line) and before and not before.startswith((" ", "#")):
                assert re.match(begins, before), f"{source}: an empty line is missing before: {line[:60]}"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built without a warning."""
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs is not installed: make docs installs it")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_asks_nobody(site):
    pages = [*site.rglob("*.html")]
    assert len(pages) > len(COMMANDS) + len(PAGES)
    for page in pages:
        assert not hook.FROM_THE_WEB.search(page.read_text(encoding="utf-8")), page
    assert '<html lang="ko"' in (site / "TOUR.ko.html").read_text(encoding="utf-8")


# The titles that the search finds, once what is wanted is among them, or after ten seconds.
FOUND = """(wanted) => new Promise((done) => {
  let left = 100;
  const look = () => {
    document.querySelector(".md-search__input").dispatchEvent(new KeyboardEvent("keyup", {bubbles: true}));
    const titles = [...document.querySelectorAll(".md-search-result__item h1")];
    const text = titles.map((one) => one.textContent).join("|");
    if (text.includes(wanted) || !left--) done(text); else setTimeout(look, 100);
  };
  look();
})"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_search_works_on_a_page_opened_from_a_disk(site, tmp_path):
    with Browser(site / "TOUR.ko.html", tmp_path) as browser:
        for width in (400, 1400):
            browser.call(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=900, deviceScaleFactor=1, mobile=False,
            )  # fmt: skip
            assert browser.run("document.documentElement.scrollWidth") <= width
        x, y = browser.run(
            "(() => { const r = document.querySelector('.md-search__input').getBoundingClientRect();"
            " return [r.x + 20, r.y + 10]; })()"
        )
        browser.click(x, y)
        for query, wanted in (("형태소", "글에서 토큰으로"), ("perplexity", "perplexity")):
            browser.run("document.querySelector('.md-search__input').value = ''")
            browser.write(query)
            found = browser.run(f"({FOUND})({json.dumps(wanted)})")
            assert wanted in found
        assert all(url.startswith(("file:", "data:", "about:")) for url in browser.requests)
