"""docs/QUICKSTART.md and docs/COOKBOOK.md: every block is run, those of the Korean pages' own too."""

import doctest
import re
import shlex

import pytest

from tests.command_line import ROOT
from tests.console_pages import runs_as_written, steps
from tests.course_blocks import DOCUMENTS, has_other_commands, own_part, sections, with_blocks_of

PAGES = [path.name for path in DOCUMENTS]
KOREAN = [name.replace(".md", ".ko.md") for name in PAGES]
_PYTHON = re.compile(r"^```python\n(>>> .*?)^```", flags=re.DOTALL | re.MULTILINE)


def read(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def recipes(text):
    """Each recipe: its number and what stands below its heading."""
    return re.findall(r"^## (\d+)\. [^\n]*\n(.*?)(?=^## |\Z)", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", [*PAGES, *KOREAN])
def test_every_block_prints_what_stands_there(nlpcli, process, name, tmp_path, monkeypatch):
    pytest.importorskip("openpyxl")
    # Of `make test`: a make within would tell its level.
    for variable in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "sample_corpora").symlink_to(ROOT / "sample_corpora")
    text = read(name)
    if name in KOREAN:
        text = own_part(text, read(name.replace(".ko.md", ".md")))
    runs_as_written(nlpcli, process, name, text)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_have_the_same_sections_and_lead_to_each_other(name):
    english, korean = read(name), read(name.replace(".md", ".ko.md"))
    for section, like in zip(sections(korean), sections(english), strict=True):
        if not has_other_commands(section, like):
            assert with_blocks_of(section, like) == section and steps(section) == steps(like)
        assert section.count("```") == like.count("```")
    assert _PYTHON.findall(english) == _PYTHON.findall(korean) and english.count("\n```sh") == korean.count(
        "\n```sh"
    )
    assert name.replace(".md", ".ko.md") in english and f"]({name})" in korean
    for text in (english, korean):
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / "docs" / link).exists(), f"{name}: {link}"


@pytest.mark.parametrize("name", ["COOKBOOK.md", "COOKBOOK.ko.md"])
def test_every_recipe_has_a_wish_commands_and_a_reason(name):
    found = recipes(read(name))
    assert [int(number) for number, _ in found] == list(range(1, 25))
    for number, text in found:
        assert re.match(r"\n\*[^*]+\*\n", text), f"{name}: the wish of recipe {number}"
        assert "```console" in text, f"{name}: the commands of recipe {number}"
        assert not text.rstrip().endswith("```"), f"{name}: the reason of recipe {number}"


def test_gensim_reads_the_vectors(nlpcli, tmp_path, monkeypatch):
    pytest.importorskip("gensim")
    text = read("COOKBOOK.md")
    (block,) = _PYTHON.findall(text)
    (training,) = [command for command, _ in steps(text) if "-o wiki.bin" in command]
    (folder,) = [command for command, _ in steps(text) if "text/AA" in command and "mkdir" in command]
    assert folder and "text/*/*" in training
    source = ROOT / "sample_corpora" / "english.txt"
    nlpcli(*shlex.split(training.replace("text/*/*", shlex.quote(str(source))))[1:])
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(block, {}, "COOKBOOK.md", "COOKBOOK.md", 0)
    shown: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert not runner.run(test, out=shown.append).failed, "".join(shown)
