"""A file that is named twice counts twice, and that is told."""

import pytest


@pytest.mark.parametrize(
    "command",
    [
        ["count"],
        ["cooccur"],
        ["index", "-o", "i.safetensors"],
        ["vectorize", "-o", "v.npz"],
        ["report"],
    ],
    ids=lambda command: command[0],
)
def test_a_file_that_is_named_twice_is_told(nlpcli, tmp_path, command):
    (tmp_path / "a.txt").write_text("the cat sat\n")
    (tmp_path / "b.txt").write_text("the dog sat\n")
    (tmp_path / "c.txt").symlink_to("b.txt")
    name, *rest = command
    told = "c.txt is named twice, and counts twice\n"
    assert told in nlpcli(name, "a.txt", "b.txt", "c.txt", *rest).err
    assert told not in nlpcli(name, "a.txt", "b.txt", "c.txt", *rest, "-q").err
    assert "twice" not in nlpcli(name, "a.txt", "b.txt", *rest).err


def test_several_are_told_in_one_line(nlpcli, tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(f"{name} word\n")
    told = nlpcli("count", "a", "b", "c", "./a", "a", "b").err
    assert told == "./a is named twice, and counts twice, as do 2 more\n"


def test_maps_give_what_they_are_given(nlpcli, tmp_path):
    (tmp_path / "a").write_text("one\n")
    done = nlpcli("tokenize", "a", "a")
    assert (done.out, done.err) == ("one\none\n", "")
