"""The taggers that come with nlpcli: there, small, under a licence of their own, and found by name."""

from pathlib import Path

import pytest

import nlpcli as package
from nlpcli.engine.io.model_file import read_info
from nlpcli.engine.io.shipped import TAGGERS, path_of
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.engine.text.tokenizers.morph import MODEL
from nlpcli.errors import ModelError

LINE = "Jim bought 300 shares of Acme Corp. in 2006."
TAGGED = {
    "english-pos": "Jim/NNP bought/VBD 300/CD shares/NNS of/IN Acme/NNP Corp./NNP in/IN 2006/CD ./.\n",
    "english-ner": "<Jim:PER> bought 300 shares of <Acme Corp.:ORG> in 2006.\n",
}


def test_they_are_small_and_their_licence_names_each():
    folder = Path(path_of("english-pos")).parent
    assert {path.name for path in folder.iterdir()} == {
        "LICENSE",
        *(f"{name}.safetensors" for name in (*TAGGERS, MODEL)),
    }
    for name in (*TAGGERS, MODEL):
        assert Path(path_of(name)).stat().st_size <= (8_000_000 if name == MODEL else 5_000_000)
        assert f"{name}.safetensors" in (folder / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TAGGERS)
def test_a_name_stands_for_a_file(nlpcli, name):
    assert nlpcli("tag", name, input=LINE + "\n").out == TAGGED[name]
    assert "kind\ttagger\n" in nlpcli("inspect", name, "--verify").out
    assert package.load(name).model.tags == LinearTagger.load(path_of(name)).tags


def test_evaluate_knows_the_names(nlpcli, tmp_path):
    (tmp_path / "names.conll").write_text("Jim B-PER\nleft O\nParis B-LOC\n. O\n", encoding="utf-8")
    (tmp_path / "tags").write_text("Jim NNP\nleft VBD\nParis NNP\n. .\n", encoding="utf-8")
    assert "accuracy\t1.0000" in nlpcli("evaluate", "english-ner", "names.conll").out
    assert "accuracy\t1.0000" in nlpcli("evaluate", "english-pos", "tags").out


def test_what_is_called_so_goes_first(nlpcli, tmp_path):
    (tmp_path / "english-pos").write_text("mine", encoding="utf-8")
    assert "english-pos is not a model file" in nlpcli("tag", "english-pos", input="x\n", code=1).err
    (tmp_path / "english-ner").mkdir()
    assert "english-ner is a folder" in nlpcli("tag", "english-ner", input="x\n", code=1).err
    assert nlpcli("tag", path_of("english-pos"), input=LINE + "\n").out == TAGGED["english-pos"]


def test_a_name_that_none_has_is_told_with_those_that_are(nlpcli):
    done = nlpcli("tag", "english_pos", input="x\n", code=1)
    assert "cannot read english_pos" in done.err
    told = "hint: check the name; english-ner, english-pos, english-words and korean-words come with nlpcli"
    assert told in done.err
    with pytest.raises(ModelError) as caught:
        read_info("english.pos")
    assert caught.value.hint == "check the name"
    assert "this command needs" in nlpcli("generate", "english-pos", code=1).err


def test_they_answer_without_torch(process, tmp_path):
    process.python(f"import nlpcli; nlpcli.tag('english-ner', [{LINE!r}])")  # compiles, if it was never done
    program = f"import sys, nlpcli; nlpcli.tag('english-ner', [{LINE!r}]); "
    process.python(program + "sys.exit('torch' in sys.modules)")


def test_typographic_text_is_tagged_like_other_text(nlpcli):
    shown = nlpcli("tag", "english-pos", input="“We don’t know,” said Ann’s mother.\n").out
    assert shown.startswith("“/`` We/PRP do/VBP n’t/RB know/VB ,/, ”/'' said/VBD Ann/NNP ’s/POS mother/NN")
