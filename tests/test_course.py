"""docs/course: every block is run and prints what stands there; both languages have the same blocks."""

import re

import pytest

from tests.command_line import ROOT
from tests.console_pages import is_close, runs_as_written, steps
from tests.course_blocks import COURSE, with_blocks_of

PAGES = sorted(path.name for path in COURSE.glob("[0-9]*.md") if not path.name.endswith(".ko.md"))
# No network is trained in these, or its numbers are few: every digit is the same everywhere.
EXACT = [name for name in PAGES if name < "06"]


def read(name):
    return (COURSE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_block_prints_what_stands_there(nlpcli, process, name, tmp_path):
    (tmp_path / "sample_corpora").symlink_to(ROOT / "sample_corpora")
    runs_as_written(nlpcli, process, name, read(name), exact=name in EXACT)


def test_close_lines_differ_in_decimals_alone():
    assert is_close("1\tI\t0.5003\t-2", "1\tI\t0.5\t-2".replace("0.5", "0.5000"))
    assert is_close("J 0.000000212153", "J 0.000000212188")
    assert not is_close("1\tI\t0.6\t-2", "1\tI\t0.5\t-2")
    assert not is_close("2\tI\t0.5", "1\tI\t0.5")


@pytest.mark.parametrize("name", [*PAGES, "README.md"])
def test_both_languages_have_the_same_blocks_and_lead_to_each_other(name):
    english, korean = read(name), read(name.replace(".md", ".ko.md"))
    assert steps(english) == steps(korean) and with_blocks_of(korean, english) == korean
    assert english.count("\n## ") == korean.count("\n## ")
    assert name.replace(".md", ".ko.md") in english and f"]({name})" in korean
    for text in (english, korean):
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (COURSE / link).exists(), f"{name}: {link}"


def test_the_contents_list_every_page():
    for readme, ending in (("README.md", ".md"), ("README.ko.md", ".ko.md")):
        found = re.findall(r"^\| \[[^]]+\]\((\d[^)]+)\)", read(readme), flags=re.MULTILINE)
        assert found == [name.replace(".md", ending) for name in PAGES]


def test_the_numbers_of_the_notes_stand_there():
    numbers = {
        "02": ["1.41421"],
        "03": ["1,2,1,1,1,0,0,0", "0,1,0,1,0,1,1,1", "1,1,1,1,1,0,0,0,0,0,0", "0,0,1,1,1,1,1,1,1,1,1"],
        "05": ["1/14", "2/10", "2/4 × 1/14 × 1/14 × 1/14 × 1/14", "0.0000130154", "0.0001"],
        "06": ["study\tmath", "0 1 0", "0.333333"],
        "08": ["여왕"],
        "09": ["I\t0\t2\t0\t0\t0\t1\t0", "like\t2\t0\t1\t0\t1\t0\t0"],
        "10": ["hellohello"],
        "11": ["3 × (1 − 0.962964²)"],
    }
    for beginning, expected in numbers.items():
        (name,) = (name for name in PAGES if name.startswith(beginning))
        shown = "\n".join(line for _, lines in steps(read(name)) for line in lines)
        for number in expected:
            assert number in shown, f"{name}: {number}"
