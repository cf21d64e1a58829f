"""Pages and pictures of hostile text: nothing in it is obeyed, and a page may ask nothing of the network."""

import base64
import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from nlpcli.engine.io import pages
from nlpcli.engine.vectors.writing import write_vectors
from tests.browser import CHROMIUM, Browser

BAD = "</script><img src=http://x.invalid/ onerror='document.title=1'><b>\x1b]0;t\x07\x00@DATA@\u202e$x^$"
MODELS = Path(__file__).parents[1] / "models"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page and a picture of each kind, made of hostile words, labels, titles and names."""
    from tests.command_line import within

    folder = tmp_path_factory.mktemp("pages")
    matrix = np.random.default_rng(1).standard_normal((9, 4)).astype(np.float32)
    write_vectors(folder / "v.safetensors", [BAD, *(f"w{n}\x01" for n in range(8))], matrix)
    (folder / "films.tsv").write_text("".join(f"{BAD}\tgood\nneg{BAD}\tbad\n" for _ in range(3)))
    named = "@DATA@<b>\x1b[31m.safetensors"
    (folder / named).write_bytes((MODELS / "charlm.safetensors").read_bytes())
    (folder / "t.txt").write_text("the king and the queen\n" * 9)
    (folder / "dated.tsv").write_text("".join(f"{BAD} king\t2024-0{n}{BAD}\n" for n in range(1, 5)))
    table = ("dated.tsv", "--text-col", "1")
    other = "@DATA@<i>.safetensors"
    (folder / other).write_bytes((MODELS / "charlm-transformer.safetensors").read_bytes())
    reading = (named, "t.txt", "--skip-unknown", "-o", "activations.html")
    for command in (
        ("plot", "v.safetensors", "--title", BAD, "-q", "-o", "map.html"),
        ("activations", *reading),
        ("activations", other, "t.txt", "--skip-unknown", "-o", "heads.html"),
        ("gradients", named, "t.txt", "--steps", "5", "-o", "gradients.html"),
        ("train-nb", "films.tsv", "-q", "-o", "nb.safetensors"),
        ("evaluate", "nb.safetensors", "films.tsv", "--plot", "confusion.html"),
        (
            "train-topics",
            *table,
            "--tokenizer",
            "whitespace",
            "--num-topics",
            "2",
            "--max-df",
            "1",
            "-q",
            "-o",
            "topics.safetensors",
        ),
        ("topics", "topics.safetensors", *table, "--date-col", "2", "--page", "topics.html"),
    ):
        within(*command, cwd=folder)
    return folder


PAGES = ["map.html", "activations.html", "heads.html", "gradients.html", "confusion.html", "topics.html"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_allows_its_own_script_and_nothing_else(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes().decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', content)
    assert policy and content.index(policy[0]) < content.index("<title>")
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert not {"connect-src", "frame-src", "object-src", "font-src"} & {*rules}  # so the default counts
    scripts = re.findall(r"<script>(.*?)</script>", content, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert rules["script-src"].split() == ([f"'sha256-{digest}'" for digest in digests] or ["'none'"])
    assert "unsafe" not in rules["script-src"] and "http" not in policy[1].replace("http-equiv", "")


@pytest.mark.parametrize("name", PAGES)
def test_no_word_of_a_page_is_markup(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes().decode()
    assert "<img" not in content and "\x1b" not in content and "\x00" not in content
    assert content.count("</script>") == len(re.findall("<script", content))
    assert content.count("<b>") == 0 or (name == "activations.html" and "@DATA@<b>" not in content)


@pytest.mark.parametrize("command", ["plot", "confusion"])
def test_a_picture_is_sound_xml(folder: Path, nlpcli, command: str) -> None:
    pytest.importorskip("matplotlib")
    if command == "plot":
        nlpcli("plot", "v.safetensors", "--title", BAD, "-q", "-o", "out.svg", cwd=folder)
    else:
        nlpcli("evaluate", "nb.safetensors", "films.tsv", "--plot", "out.svg", cwd=folder)
    content = (folder / "out.svg").read_bytes()
    assert b"\x1b" not in content and b"\x01" not in content
    assert ElementTree.fromstring(content).tag.endswith("svg")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("name", ["map.html", "activations.html", "heads.html", "topics.html"])
def test_a_browser_runs_the_script_and_asks_for_nothing(folder: Path, tmp_path: Path, name: str) -> None:
    ready = {
        "map.html": "window.wordMap !== undefined",
        "topics.html": "document.querySelectorAll('#bars dt').length > 0",
        "heads.html": "document.querySelectorAll('#text span').length > 9",
        "activations.html": "document.querySelectorAll('#text span').length > 9",
    }
    with Browser(folder / name, tmp_path) as browser:
        answer = browser.call("Runtime.evaluate", expression=ready[name])
        assert answer["result"]["value"] is True
        assert browser.call("Runtime.evaluate", expression="document.title")["result"]["value"] != "1"
        assert not [url for url in browser.requests if not url.startswith(("file:", "data:"))]


@pytest.mark.parametrize("code", [*range(9), 11, 12, *range(14, 32), 127, 0x9B, 0xD800, 0xFFFE, 0x202E])
def test_what_xml_forbids_is_left_out(code: int) -> None:
    assert pages.escaped(f"a{chr(code)}<") == "a&lt;"


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    made = pages.page('<meta charset="utf-8"><p>@A@ @B@ @C@</p>', A="@B@", B="@A@")
    assert made.endswith("<p>@B@ @A@ @C@</p>")
