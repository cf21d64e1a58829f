"""The console blocks of docs/course and of the documents: written anew after a change of what commands print.

`python -m tests.course_blocks [PAGE...]` runs the blocks of the English pages (all, if none is named), writes
what they print below each command, and puts the same blocks into the Korean pages; `test_course.py` and
`test_cookbook.py` check them. A section of a Korean document may have commands of its own, which are run too.
Read the difference before it is committed: a page's text speaks of its numbers.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
COURSE = ROOT / "docs" / "course"
DOCUMENTS = [ROOT / "docs" / name for name in ("QUICKSTART.md", "COOKBOOK.md")]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ .*\n(?:^> ?.*\n)*", flags=re.MULTILINE)


def filled(page, folder):
    """The text of a page with what its commands print now, run in that folder."""

    def block(found):
        lines = []
        for command in _COMMAND.findall(found[1]):
            script = "\n".join(line[2:] for line in command.splitlines())
            shell = ["bash", "-c", f"exec 2>&1\n{script}"]
            done = subprocess.run(shell, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
            shown = [line for line in done.stdout.splitlines() if not line.startswith("compiling for this")]
            lines += [*command.splitlines(), *shown]
        return "\n".join(["```console", *lines, "```"])

    return _BLOCK.sub(block, page)


def with_blocks_of(page, other):
    """The text of a page with the blocks of another, one after the other."""
    blocks = iter(found[0] for found in _BLOCK.finditer(other))
    return _BLOCK.sub(lambda _: next(blocks), page)


def sections(page):
    """A page cut before each heading of the second level."""
    return re.split(r"^(?=## )", page, flags=re.MULTILINE)


def has_other_commands(section, other):
    """Whether a section has commands, and others than this one."""
    own, others = (
        [command for block in _BLOCK.findall(text) for command in _COMMAND.findall(block)]
        for text in (section, other)
    )
    return bool(own) and own != others


def own_part(page, other):
    """The sections of a page that have other commands than those of the other page."""
    pairs = zip(sections(page), sections(other), strict=True)
    return "".join(section for section, like in pairs if has_other_commands(section, like))


def with_sections_of(page, other, folder):
    """The text of a page with the blocks of another; sections with commands of their own are run."""
    pairs = zip(sections(page), sections(other), strict=True)
    return "".join(
        filled(section, folder) if has_other_commands(section, like) else with_blocks_of(section, like)
        for section, like in pairs
    )


def main(names):
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["LC_ALL"] = "C.UTF-8"
    for path in (*sorted(COURSE.glob("[0-9]*.md")), *DOCUMENTS):
        if path.name.endswith(".ko.md") or (names and path.name not in names):
            continue
        with _folder() as folder:
            english = filled(path.read_text(encoding="utf-8"), folder)
        path.write_text(english, encoding="utf-8")
        korean = path.with_suffix(".ko.md")
        text = korean.read_text(encoding="utf-8")
        if path in DOCUMENTS:
            with _folder() as folder:
                text = with_sections_of(text, english, folder)
        else:
            text = with_blocks_of(text, english)
        korean.write_text(text, encoding="utf-8")
        print(path.name)


@contextlib.contextmanager
def _folder():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sample_corpora").symlink_to(ROOT / "sample_corpora")
        yield folder


if __name__ == "__main__":
    main(sys.argv[1:])
