"""The console blocks of docs/course and of the documents: written anew after a change of what commands print.

`python -m tests.course_blocks [PAGE...]` runs the blocks of the English pages (all, if none is named), writes
what they print below each command, and puts the same blocks into the Korean pages; `test_course.py` and
`test_cookbook.py` check them. Read the difference before it is committed: a page's text speaks of its
numbers.
"""

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


def filled(page, folder):
    """The text of a page with what its commands print now, run in that folder."""

    def block(found):
        lines = []
        for command in re.findall(r"^\$ .*\n(?:^> ?.*\n)*", found[1], flags=re.MULTILINE):
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


def main(names):
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["LC_ALL"] = "C.UTF-8"
    for path in (*sorted(COURSE.glob("[0-9]*.md")), *DOCUMENTS):
        if path.name.endswith(".ko.md") or (names and path.name not in names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "sample_corpora").symlink_to(ROOT / "sample_corpora")
            path.write_text(filled(path.read_text(encoding="utf-8"), folder), encoding="utf-8")
        korean = path.with_suffix(".ko.md")
        english = path.read_text(encoding="utf-8")
        korean.write_text(with_blocks_of(korean.read_text(encoding="utf-8"), english), encoding="utf-8")
        print(path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
