"""Parts of counts to be merged: empty ones, ones that lack words, and the names of what is written."""

import pytest

TEXTS = {"one": "a b c a b\n", "two": "a b d a b\n", "none": "", "blank": "\n\n"}


@pytest.fixture(autouse=True)
def texts(tmp_path):
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.txt").write_text(text)


def test_an_empty_part_adds_nothing(nlpcli, tmp_path):
    for name in TEXTS:
        told = nlpcli("cooccur", f"{name}.txt", "-o", f"{name}.npz").err
        assert ("holds no tokens" in told) == (name in ("none", "blank"))
    nlpcli("cooccur", "one.txt", "two.txt", "-o", "all.npz")
    everything = (tmp_path / "all.npz").read_bytes()
    for parts in (["none", "one", "blank", "two"], ["one", "two", "none"]):
        nlpcli("merge", *(f"{name}.npz" for name in parts), "-o", "merged.npz")
        assert (tmp_path / "merged.npz").read_bytes() == everything
    nlpcli("merge", "none.npz", "blank.npz", "-o", "merged.npz")
    assert (tmp_path / "merged.npz").read_bytes() == (tmp_path / "none.npz").read_bytes()
    error = nlpcli("train-glove", "--cooccurrences", "none.npz", "-o", "glove.txt", code=1).err
    assert "none.npz: these are counts of no words" in error
    assert "holds no tokens" in nlpcli("cooccur", "none.txt", code=1).err


@pytest.mark.parametrize("option", [["--min-count", "2"], ["--max-vocab", "2"]])
def test_dropped_words_are_told_by_merge(nlpcli, option):
    nlpcli("cooccur", "one.txt", *option, "-o", "one.npz")
    nlpcli("cooccur", "two.txt", *option, "-o", "two.npz")  # of the same words
    nlpcli("cooccur", "two.txt", "-o", "whole.npz")
    assert (
        "2 parts dropped words that may be frequent in all together, if these were not given; count all parts"
        in nlpcli("merge", "one.npz", "two.npz", "-o", "all.npz").err
    )
    for first in ("one.npz", "all.npz"):
        told = nlpcli("merge", first, "whole.npz", "-o", "some.npz").err
        assert f"{first} was counted without some of its words: what other parts hold" in told
        assert "count all parts with one vocabulary: --read-vocab" in told


def test_nothing_is_dropped_by_a_vocabulary_that_is_given(nlpcli):
    nlpcli("count", "one.txt", "-o", "words.tsv")
    for name in ("one", "two", "none"):
        nlpcli("cooccur", f"{name}.txt", "--read-vocab", "words.tsv", "-o", f"{name}.npz")
    assert nlpcli("merge", "one.npz", "two.npz", "none.npz", "-o", "all.npz").err == ""


def test_words_that_a_given_vocabulary_leaves_out_are_meant_to_be(nlpcli, tmp_path):
    (tmp_path / "words.tsv").write_text("b\t4\na\t4\n")  # not the order that each part alone has
    for name in ("one", "two"):
        nlpcli("cooccur", f"{name}.txt", "--read-vocab", "words.tsv", "-o", f"{name}.npz")
    assert nlpcli("merge", "one.npz", "two.npz", "-o", "all.npz").err == ""
    for name in ("one", "two"):
        nlpcli("cooccur", f"{name}.txt", "--max-vocab", "2", "-o", f"{name}.npz")
    assert "2 parts dropped words" in nlpcli("merge", "one.npz", "two.npz", "-o", "all.npz").err


def test_words_given_to_one_part_are_given_to_all(nlpcli, tmp_path):
    """Also where they happen to be in another part's own order."""
    (tmp_path / "one.txt").write_text("a a a b b c\n")
    (tmp_path / "two.txt").write_text("b b b a a c\n")
    (tmp_path / "words.tsv").write_text("a\t5\nb\t5\n")
    for name in ("one", "two"):
        nlpcli("cooccur", f"{name}.txt", "--read-vocab", "words.tsv", "-o", f"{name}.npz")
    assert nlpcli("merge", "one.npz", "two.npz", "-o", "all.npz").err == ""


def test_a_part_without_rare_words_has_dropped_none(nlpcli, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(f"a {name} a {name}\n")
        nlpcli("cooccur", f"{name}.txt", "-o", f"{name}.npz")
    assert nlpcli("merge", "one.npz", "two.npz", "-o", "all.npz").err == ""


def test_sums_have_the_names_of_parts(nlpcli, tmp_path):
    nlpcli("cooccur", "one.txt", "-o", "one.npz")
    error = nlpcli("merge", "one.npz", "-o", "all.tsv", code=1).err
    assert "all.tsv: added up, counts of cooccur are written as .npz" in error
    error = nlpcli("vectorize", "one.txt", "--save-frequencies", "one.npz", code=1).err
    assert "one.npz: frequencies for merge are written as .safetensors" in error
    nlpcli("vectorize", "one.txt", "--save-frequencies", "one.safetensors")
    assert "name a .safetensors file" in nlpcli("merge", "one.safetensors", "-o", "all.npz", code=1).err
    assert not [*tmp_path.glob("all.*")]
