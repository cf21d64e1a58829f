"""Help pages fit their terminal, can be pasted from, and are short; manual pages say all."""

import re
import shutil
import subprocess

import pytest

from nlpcli.cli.described import described
from nlpcli.cli.help_pages import MOST_LINES, cells, page, pasteable
from nlpcli.cli.manual import manual_pages
from nlpcli.cli.options import command_of
from nlpcli.commands import COMMANDS


def shown(name, width=80, full=False):
    return page(command_of(name), f"nlpcli {name}", width, full=full)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_fits_and_breaks_no_word(name):
    for full in (False, True):
        assert max(map(cells, shown(name, full=full).split("\n"))) <= 80
    narrow, wide = (shown(name, width, full=True).replace(" \\\n", " ").split() for width in (80, 100))
    assert narrow == wide


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_short_and_help_all_has_every_option(name):
    text, whole = shown(name), shown(name, full=True)
    assert text.count("\n") < MOST_LINES
    for one in described(command_of(name)):
        for option in one.names:
            assert re.search(rf"(?m)^  .*{re.escape(option.lstrip('-'))}\b", whole), option
    left = re.search(r"and (\d+) more options", text)
    assert bool(left) == (text != whole)
    if left:
        assert int(left[1]) == whole.count("\n  -") - text.count("\n  -")


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_can_be_pasted(name):
    """What is cut over several lines is, to a shell, the line in the source."""
    block = re.search(r"Examples:\n((?:  .*\n)+)", shown(name, width=60))[1]
    written = re.search(r"Examples:\n((?:  .*\n?)+)", command_of(name).help)[1]
    joined = re.sub(r" \\\n +", " ", block)
    assert joined.split("\n")[:-1] == written.rstrip("\n").split("\n")
    assert subprocess.run(["bash", "-n", "-c", block], check=False).returncode == 0


def test_an_example_is_cut_before_options_and_never_within_quotes():
    line = "  nlpcli generate m.safetensors --until 'a b c  d' --seed 3 | head -n 3"
    assert pasteable(line, 40) == [
        "  nlpcli generate m.safetensors \\",
        "      --until 'a b c  d' --seed 3 | \\",
        "      head -n 3",
    ]


def test_help_in_all_its_spellings(nlpcli):
    page = nlpcli("train-nb", "--help").out
    assert page == nlpcli("train-nb", "-h").out == nlpcli("help", "train-nb").out
    assert nlpcli("help").out == nlpcli().out == nlpcli("-h").out == nlpcli("--help-all").out
    assert "--squeeze-repeats" in nlpcli("train-nb", "--help-all").out and "--squeeze-repeats" not in page
    assert "did you mean train-nb?" in nlpcli("help", "train-bn", code=2).err


def test_what_stands_after_two_dashes_is_no_option(nlpcli, tmp_path):
    (tmp_path / "--help-all").write_text("a text\n")
    assert nlpcli("tokenize", "--", "--help-all").out == "a text\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_manual_page_has_every_option(name):
    text = manual_pages()[f"nlpcli-{name}.1"].replace("\\-", "-")
    for one in described(command_of(name)):
        assert all(option.removeprefix("--no-").lstrip("-") in text for option in (*one.names, *one.negated))


def test_manual_pages_are_sound():
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    for name, text in manual_pages().items():
        done = subprocess.run(
            ["groff", "-man", "-ww", "-Kutf8", "-Tutf8"], input=text.encode(), capture_output=True, check=True
        )
        assert not done.stderr, (name, done.stderr)
        assert name.removesuffix(".1").encode() in done.stdout
