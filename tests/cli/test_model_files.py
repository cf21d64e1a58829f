"""`inspect` and `merge`, which serve more than one kind of file."""

import json

import pytest

ROWS = [
    f"{label}\t{text}\n"
    for label, text in [("a", "red red wine"), ("b", "blue sea"), ("a", "wine"), ("b", "sea")]
]


def table(path, rows):
    path.write_text("label\ttext\n" + "".join(rows))
    return path


def test_merged_classifiers_have_the_bytes_of_training_on_all_the_text(nlpcli, tmp_path):
    for name, rows in (("one", ROWS[:2]), ("two", ROWS[2:]), ("all", ROWS)):
        nlpcli("train-nb", table(tmp_path / f"{name}.tsv", rows), "-o", f"{name}.safetensors")
    nlpcli("merge", "one.safetensors", "two.safetensors", "-o", "sum.safetensors")
    assert (tmp_path / "sum.safetensors").read_bytes() == (tmp_path / "all.safetensors").read_bytes()


def test_merged_counts_have_the_bytes_of_counting_all_the_text(nlpcli, tmp_path):
    texts = ["I like deep learning\nI like NLP\n", "I enjoy flying\n"]
    for name, text in (("one", texts[0]), ("two", texts[1]), ("all", "".join(texts))):
        nlpcli("cooccur", "--window", "1", "-o", f"{name}.npz", input=text)
    nlpcli("merge", "one.npz", "two.npz", "-o", "sum.npz")
    assert (tmp_path / "sum.npz").read_bytes() == (tmp_path / "all.npz").read_bytes()


def test_models_of_another_kind_are_not_added_up(nlpcli, tmp_path):
    nlpcli("vectorize", "--save-model", "v.safetensors", input="a b\n")
    nlpcli("train-nb", table(tmp_path / "t.tsv", ROWS), "-o", "nb.safetensors")
    stderr = nlpcli("merge", "nb.safetensors", "v.safetensors", "-o", "sum", code=1).stderr.decode()
    assert "is a vectorizer model" in stderr
    assert not (tmp_path / "sum").exists()


def test_the_most_telling_features_of_a_class_are_shown(nlpcli, tmp_path):
    nlpcli(
        "train-nb",
        table(tmp_path / "t.tsv", ROWS),
        "-o",
        "nb.safetensors",
        "--ngrams",
        "1",
        "--char-ngrams",
        "0",
    )
    lines = nlpcli("inspect", "nb.safetensors", "--top", "1").stdout.decode().splitlines()
    assert [line.split("\t")[:2] for line in lines[1:]] == [["a", "wine"], ["b", "sea"]]


@pytest.mark.parametrize("damage", [b"", b"not a model", b"\xff" * 64])
def test_what_is_no_model_is_said_to_be_none(nlpcli, tmp_path, damage):
    (tmp_path / "m").write_bytes(damage)
    assert b"is not a model file" in nlpcli("inspect", "m", code=1).stderr


def test_inspect_prints_a_header_other_tools_can_read(nlpcli):
    nlpcli("vectorize", "--save-model", "v.safetensors", "--quiet", input="a b\nb\n")
    record = json.loads(nlpcli("inspect", "v.safetensors", "--json").stdout)
    assert record["kind"] == "vectorizer" and record["documents"] == 2
    assert record["tensors"]["document_frequencies"]["shape"] == [2]
    assert "(verified)" in nlpcli("inspect", "--verify", "v.safetensors").stdout.decode()
