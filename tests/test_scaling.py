"""docs/SCALING.md tells the truth: its Makefile gives the bytes of one command over all shards."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from nlpcli.engine import jobs

DOCUMENT = (Path(__file__).parents[1] / "docs" / "SCALING.md").read_text(encoding="utf-8")
SHARDS = ["the king and the queen\ntea for the king\n", "", "A Queen\nking\n", "다 같이 tea\n\ntea and tea\n"]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_the_makefile_counts_shards_as_one_command_counts_the_text(process, tmp_path):
    (makefile,) = re.findall(r"^```make\n(.*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "counts.mk").write_text(makefile, encoding="utf-8")
    (tmp_path / "shards").mkdir()
    paths = [tmp_path / "shards" / f"{number}.txt" for number in range(len(SHARDS))]
    for path, text in zip(paths, SHARDS, strict=True):
        path.write_text(text, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process.run("make", "-j2", "-f", "counts.mk", timeout=300, PATH=path, LC_ALL="C.UTF-8")
    jobs.cooccur([str(path) for path in paths], str(tmp_path / "at-once.npz"), min_count=2)
    assert (tmp_path / "cells.npz").read_bytes() == (tmp_path / "at-once.npz").read_bytes()
    jobs.count([str(path) for path in paths], str(tmp_path / "at-once.tsv"), lowercase=True, min_count=2)
    assert (tmp_path / "vocabulary.tsv").read_bytes() == (tmp_path / "at-once.tsv").read_bytes()
