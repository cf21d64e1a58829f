"""Names of files that are not UTF-8: kept where they are stored, shown with `\\xe9` for a byte."""

import json
import os

import pytest

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.model_file import Model

NAMES = [
    b"caf\xe9",
    b"\xff",
    b"\xed\xa0\x80",
    b"a\xf0\x9f\x98",
    "하늘".encode("cp949"),
    b"\xc0\xaf",
    "하늘".encode(),
]


@pytest.fixture
def folder(tmp_path):
    """A class of texts by each name."""
    for number, name in enumerate(NAMES):
        path = os.path.join(os.fsencode(tmp_path / "texts"), name)
        os.makedirs(path)
        for text in range(3):
            with open(os.path.join(path, b"t%d" % text + name), "w") as file:
                file.write(f"word{number} and word{number} again\n")
    return tmp_path / "texts"


def shown(name):
    return name.decode("utf-8", "backslashreplace")


def test_packed_tokens_come_back_byte_by_byte():
    packed = PackedTokens.of(map(os.fsdecode, NAMES))
    again = PackedTokens.from_model(Model("index", {}, {}, packed.to_tensors("names")), "names")
    assert list(map(os.fsencode, again)) == NAMES


def test_an_index_finds_files_by_their_own_names(nlpcli, folder):
    assert "21 documents" in nlpcli("index", "texts", "-o", "index.safetensors").err
    for texts in ("index.safetensors", "texts"):
        for number, name in enumerate(NAMES):
            done = nlpcli("search", texts, f"word{number}", "--json", "--top-k", "1")
            (hit,) = json.loads(done.out)
            assert os.fsencode(hit["file"]) == b"texts/" + name + b"/t0" + name
            row = nlpcli("search", texts, f"word{number}").out.split("\n")[1].split("\t")
            assert row[1] == f"texts/{shown(name)}/t0{shown(name)}:1"


def test_labels_from_folders_are_shown_the_same_wherever_they_come(nlpcli, folder):
    nlpcli("train-nb", "texts", "-o", "nb.safetensors")
    answer = nlpcli("evaluate", "nb.safetensors", "texts", "--json").out
    assert json.loads(answer)["accuracy"] == 1
    labels = {row["class"] for row in json.loads(answer)["classes"]}
    assert labels == {*map(shown, NAMES), "macro", "micro"}
    for number, name in enumerate(NAMES):
        assert nlpcli("classify", "nb.safetensors", input=f"word{number}\n").out == shown(name) + "\n"
    assert nlpcli("inspect", "nb.safetensors", "--top", "1").out.count("word") >= len(NAMES)
    nlpcli("merge", "nb.safetensors", "nb.safetensors", "-o", "twice.safetensors")


def test_errors_show_the_name(nlpcli, tmp_path):
    for name in NAMES:
        path = os.fsdecode(name) + ".txt"
        done = nlpcli("tokenize", path, code=1)
        assert done.err.startswith(f"error: {shown(name)}.txt: no such file\n")
        with open(tmp_path / path, "wb") as file:
            file.write(b"fine\n\xff\n")
        assert f"error: {shown(name)}.txt:2: not utf-8" in nlpcli("count", path, code=1).err


def test_series_are_named_after_their_models(nlpcli, tmp_path):
    (tmp_path / "text").write_text("hello hello hello hello " * 8)
    model = os.fsdecode(b"m\xe9.safetensors")
    nlpcli("train-charlm", "text", "-o", model, "--rnn-size", 2, "--epochs", 1, "--seq-length", 8, "-q")
    assert "m\\xe9" in nlpcli("gradients", model, "text", "--steps", 3).out
    nlpcli("gradients", model, "text", "--steps", 3, "-o", "page.html")
    assert "m\\xe9" in (tmp_path / "page.html").read_text()
