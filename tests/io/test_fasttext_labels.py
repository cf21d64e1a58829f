"""Lines with fastText's labels that are read as texts: it is said that the labels stay in them."""

import pytest

COMMANDS = [
    "tokenize",
    "count",
    "keywords",
    "vectorize -o out.npz",
    "dedup",
    "split -o parts --dev 0 --test .5",
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_labels_that_stay_in_texts_are_told(nlpcli, tmp_path, arguments):
    (tmp_path / "labelled.txt").write_text("__label__a one more text\n__label__b others of them\n")
    command, *rest = arguments.split()
    said = "labelled.txt: every line is a text, its __label__ too; --input-format fasttext takes them apart\n"
    assert said in nlpcli(command, "labelled.txt", *rest).err
    for known in ("text", "fasttext"):
        assert "__label__" not in nlpcli(command, "labelled.txt", *rest, "--input-format", known).err
