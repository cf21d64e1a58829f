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


@pytest.mark.parametrize(
    ("name", "source", "first"),
    [("english-words", "Wikipedia of 2015", "the"), ("korean-words", "Wikipedia of 2023", "있다")],
)
def test_inspect_tells_source_and_words_of_vectors_that_come_with_it(name, source, first):
    info = nlpcli.inspect(name)
    assert source in info.summary
    assert info.header["first_tokens"][0] == first
    assert len(info.header["first_tokens"]) == 10
