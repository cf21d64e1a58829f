"""Counts of shards on the command line: what is refused is told, and how it is meant."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["count", "text", "--json", "-o", "c.safetensors"], "--json does nothing with .safetensors", ""),
        (
            ["count", "text", "--min-count", 2, "-o", "c.safetensors"],
            "--min-count does nothing",
            "nlpcli merge",
        ),
        (["cooccur", "text", "--read-vocab", "v", "--max-vocab", 2], "--max-vocab does nothing", ""),
        (["vectorize", "text", "--save-frequencies", "f", "-o", "o.npz"], "-o does nothing", ""),
        (["vectorize", "text", "--save-frequencies", "f", "--top", 2], "--top does nothing", ""),
        (["vectorize", "text", "--save-frequencies", "f", "--min-df", 2], "--min-df", "--read-frequencies"),
        (["vectorize", "text", "--save-frequencies", "text"], "is read and would be replaced", ""),
        (["vectorize", "text", "--read-frequencies", "f", "--stem", "porter"], "--stem does nothing", ""),
        (["train-nb", "table", "--partial"], "where should the counts go?", "-o"),
        (["train-nb", "table", "--partial", "-o", "p", "--prune"], "--prune does nothing", "nlpcli merge"),
        (["train-nb", "table", "-o", "m"], "there is only one class", "--partial"),
    ],
)
def test_what_does_nothing_is_refused(nlpcli, tmp_path, arguments, error, hint):
    (tmp_path / "text").write_text("a rose is a rose\n")
    (tmp_path / "table").write_text("good\ta film\ngood\tb\n")
    (tmp_path / "v").write_text("rose\t2\n")
    before = {path.name for path in tmp_path.iterdir()}
    is_setting = "does nothing" in error or "where" in error or error.startswith("--")
    done = nlpcli(*arguments, code=2 if is_setting else 1)
    assert error in done.err and hint in done.err
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_part_is_no_model_and_says_what_it_is(nlpcli, tmp_path):
    (tmp_path / "table").write_text("good\ta film\ngood\tb\n")
    done = nlpcli("train-nb", "table", "--partial", "-o", "part.safetensors")
    assert "2 texts, 1 class" in done.err and "for merge" in done.err
    assert "merge makes a classifier of parts" in nlpcli("inspect", "part.safetensors").out
    done = nlpcli("classify", "part.safetensors", "table", code=1)
    assert "is a naive-bayes-counts model" in done.err
