"""The word vectors that come with nlpcli: there, small, under a licence of their own, and found by name."""

import json
from pathlib import Path

import numpy as np
import pytest

import nlpcli as package
from nlpcli.engine.io.model_file import read_info
from nlpcli.engine.io.shipped import WORD_VECTORS, path_of
from nlpcli.engine.vectors.conversion import convert
from nlpcli.engine.vectors.word_vectors import Vectors

KNOWN = {"english-words": ("king", "queen", "london"), "korean-words": ("왕", "여왕", "서울")}


def test_they_are_small_and_their_licence_names_each():
    folder = Path(path_of("english-words")).parent
    named = {f"{name}.safetensors" for name in WORD_VECTORS}
    assert {path.name for path in folder.iterdir()} == {"LICENSE", *named}
    licence = (folder / "LICENSE").read_text(encoding="utf-8")
    for name in WORD_VECTORS:
        assert Path(path_of(name)).stat().st_size <= 4_000_000
        assert f"{name}.safetensors\n\n  Wikipedia" in licence


@pytest.mark.parametrize("name", WORD_VECTORS)
def test_they_are_the_most_frequent_words_in_int8(name):
    info = read_info(path_of(name))
    assert info.kind == "vectors" and info.tensors["vectors"].dtype == "int8"
    vectors = Vectors.load(name)
    assert vectors.counts is not None
    assert (np.diff(vectors.counts) <= 0).all() and np.isfinite(vectors.matrix).all()
    assert all(word in vectors for word in KNOWN[name])


def test_korean_words_tell_how_text_becomes_words(nlpcli, tmp_path):
    analysis = read_info("korean-words").header["analysis"]
    assert (analysis["tokenizer"], analysis["lemma"]) == ("kiwi", True)
    vectors = package.load("korean-words")
    assert vectors.similar("먹었다") == vectors.similar("먹다")  # found by its dictionary form
    nlpcli("vectorize", "--vectors", "korean-words", "-o", "texts.npy", input="왕이 서울로 갔다\n")
    mean = np.mean([vectors[word] for word in ("왕", "서울", "가다")], axis=0)
    assert np.load(tmp_path / "texts.npy") == pytest.approx(mean[None], abs=1e-6)


@pytest.mark.parametrize("name", WORD_VECTORS)
def test_a_name_stands_for_a_file_everywhere(nlpcli, name, tmp_path):
    king, queen, city = KNOWN[name]
    by_path = nlpcli("similar", path_of(name), king, "-n", "3").out
    assert nlpcli("similar", name, king, "-n", "3").out == by_path and by_path.count("\n") == 4
    assert city in nlpcli("odd-one-out", name, king, queen, city).out.splitlines()[1]
    assert nlpcli("analogy", name, f"{king} - {queen} + {city}", "-n", "2").out.count("\n") == 3
    pairs = f"{king}\t{queen}\t9\n{king}\t{city}\t1\n{queen}\t{city}\t2\n"
    (tmp_path / "pairs.tsv").write_text(pairs, encoding="utf-8")
    assert json.loads(nlpcli("evaluate-vectors", name, "pairs.tsv", "--json").out)[0]["known"] == 3
    assert nlpcli("cluster", name, "--k", "2", "--vocab", "100").out.count("\n") == 3
    nlpcli("plot", name, king, queen, city, "-o", "map.html")
    nlpcli("convert", name, "few.vec", "--vocab", "5")
    assert (tmp_path / "few.vec").read_text("utf-8").startswith("5 ")
    assert "kind\tvectors\n" in nlpcli("inspect", name, "--verify").out
    assert len(package.load(name)) == len(Vectors.load(path_of(name)))


def test_what_is_called_so_goes_first(nlpcli, tmp_path):
    (tmp_path / "english-words").write_text("2 2\nking 1 0\nqueen 0 1\n", encoding="utf-8")
    assert nlpcli("similar", "english-words", "king").out == "word\tneighbour\tcosine\nking\tqueen\t0.0000\n"


def test_a_name_that_none_has_is_told_with_those_that_are(nlpcli):
    told = nlpcli("similar", "english_words", "king", code=1).err
    assert told == (
        "error: english_words: no such file\n"
        "hint: check the name; english-words and korean-words come with nlpcli; - reads from stdin\n"
    )
    assert "error: english-pos is a tagger model" in nlpcli("similar", "english-pos", "king", code=1).err
    assert "korean" not in nlpcli("similar", "words.vec", "king", code=1).err


def test_a_converted_model_still_says_how_text_becomes_words(tmp_path, nlpcli):
    (tmp_path / "text.txt").write_text("The King saw the Queen\n" * 20, encoding="utf-8")
    nlpcli("train-w2v", "text.txt", "-o", "w.safetensors", "--dim", "4", "--min-count", "1", "--quiet")
    for dtype in ("float32", "int8"):
        convert(str(tmp_path / "w.safetensors"), str(tmp_path / "c.safetensors"), dtype=dtype)
        first, second = (read_info(tmp_path / name).header for name in ("w.safetensors", "c.safetensors"))
        assert {name: first[name] for name in ("analysis", "phrases")} == {
            name: second[name] for name in ("analysis", "phrases")
        }
        assert "KING" in Vectors.load(str(tmp_path / "c.safetensors"))
