"""Models that come with nlpcli say where they come from."""

import shutil
from pathlib import Path

import pytest

import nlpcli
from nlpcli.engine.io.shipped import SHIPPED, located


@pytest.mark.parametrize("name", SHIPPED)
def test_inspect_names_the_licence_of_what_comes_with_nlpcli(name, tmp_path):
    summary = nlpcli.inspect(located(name)).summary
    licence = summary.rpartition("learnt from: ")[2]
    assert "CC BY-SA 4.0" in summary
    assert f"{name}.safetensors" in Path(licence).read_text(encoding="utf-8")
    shutil.copy(located(name), tmp_path / "own.safetensors")
    assert "comes with nlpcli" not in nlpcli.inspect(tmp_path / "own.safetensors").summary
