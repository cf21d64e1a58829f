"""One name, one meaning: the table of all options, and the rules that hold in it."""

import pytest

from nlpcli.cli.described import described
from nlpcli.cli.options import command_of
from nlpcli.commands import COMMANDS
from tests import option_table

OPTIONS = {name: [one for one in described(command_of(name)) if not one.is_argument] for name in COMMANDS}
# What prints no result: it writes a file, or a picture, and says so.
WRITING = {
    "index",
    "train-fasttext",
    "convert",
    "plot",
    "train-charlm",
    "train-mlm",
    "train-reader",
    "merge",
}
# Alike in meaning, but for their unit, or with one choice more where there is something to choose.
SEVERAL_KINDS = {
    "--checkpoint-every": {"UPDATES", "EPOCHS", "SWEEPS"},
    "--resume": {"CHECKPOINT", "MODEL"},
    "--jamo": {"choice", "switch"},
    "--k": {"N", "N|auto"},
    "--init": {"VECTORS", "MODEL"},
    "--test": {"FILE", "SHARE"},
    "--dev": {"FILE", "SHARE"},
    "-o": {"FILE", "FOLDER"},
    "--output": {"FILE", "FOLDER"},
}
FORMER = {
    "train-subword": ["--model"],
    "compare-tokenizers": ["--lines", "--limit"],
    "vectorize": ["--format", "--kind"],
    "index": ["--unit"],
    "search": ["--unit", "--top-k", "-k"],
    "train-nb": ["--format", "--min-docs", "--variant"],
    "train-rnn": ["--format", "--hidden-size", "--min-word-count"],
    "classify": ["--format", "--top-k"],
    "evaluate": ["--format", "--show-errors"],
    "train-tagger": ["--hidden-size", "--min-word-count"],
    "train-w2v": ["--model", "--alpha", "--min-alpha"],
    "train-fasttext": ["--model", "--alpha", "--min-alpha"],
    "train-glove": ["--model", "--alpha", "--eta", "--window-size"],
    "cooccur": ["--pairs", "--window-size"],
    "similar": ["--top-k", "-k"],
    "analogy": ["--top-k", "-k"],
    "convert": ["--top"],
    "plot": ["--pairs"],
    "cluster": ["--terms"],
    "train-charlm": ["--format", "--hidden-size", "--min-char-count"],
    "perplexity": ["--format"],
    "activations": ["--count", "--cell"],
    "gradients": ["--max-text"],
    "train-mlm": ["--hidden-size", "--min-word-count"],
    "train-seq2seq": ["--format"],
    "translate": ["--format"],
    "train-topics": ["--format"],
    "topics": ["--format"],
    "keywords": ["--format"],
    "split": ["--format"],
    "report": ["--format"],
    "dedup": ["--format"],
    "language": ["--format"],
}


def test_the_page_is_current():
    assert option_table.PATH.read_text(encoding="utf-8") == option_table.table(), (
        "run: python -m tests.option_table"
    )


def named(name):
    return {command: one for command, several in OPTIONS.items() for one in several if name in one.every_name}


def kind(one):
    """A switch, a choice, or what the value is called."""
    return (
        "switch" if not one.metavar else "choice" if one.choices and "…" not in one.metavar else one.metavar
    )


def test_a_name_takes_the_same_kind_of_value_everywhere():
    kinds = {}
    for one in [one for several in OPTIONS.values() for one in several]:
        for name in (*one.names, *one.negated):
            kinds.setdefault(name, set()).add(kind(one))
    assert {name: found for name, found in kinds.items() if len(found) > 1} == SEVERAL_KINDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_where_and_how_loud(command):
    names = {name for one in OPTIONS[command] for name in one.names}
    assert {"-o", "--output", "-q", "--quiet"} <= names
    assert ({"--json", "--jsonl"} <= names) == (command not in WRITING)


def test_names_that_had_several_meanings_have_one():
    shown = {
        name: {command for command, one in named(name).items() if name in one.names}
        for name in ("--model", "--alpha", "--pairs", "--top-k", "--format", "--unit", "--cell", "--errors")
    }
    assert all(
        one.metavar == "FILE" for command, one in named("--model").items() if command in shown["--model"]
    )
    assert shown["--alpha"] == {"train-nb", "train-topics"} and shown["--top-k"] == {"generate"}
    assert shown["--pairs"] == {"train-w2v"} and shown["--unit"] == {
        "train-charlm",
        "train-seq2seq",
        "summarize",
    }
    assert shown["--format"] == {"tokenize", "tag", "convert"}  # of what is written
    assert all("not text" in one.help for one in named("--errors").values())
    assert all(one.choices for one in named("--method").values())
    assert all("--lr" in one.names for one in named("--learning-rate").values())
    assert all({"--top", "--num-samples"} & {*one.names} for one in named("-n").values())
    assert all("-n" in one.names for one in named("--top").values() if "--top" in one.names)


def test_former_names_are_taken_and_not_shown():
    old = {command: {name for one in several for name in one.old} for command, several in OPTIONS.items()}
    assert {command: names for command, names in old.items() if names} == {
        command: {*names} for command, names in FORMER.items()
    }


def test_a_former_name_does_what_the_new_one_does(nlpcli, tmp_path):
    (tmp_path / "text").write_text("the king and the queen\nthe queen drinks tea\n" * 9)
    small = ("--dim", 4, "--epochs", 1, "--min-count", 1)
    nlpcli("train-w2v", "text", "-o", "new.vec", "--method", "cbow", "--lr", "0.1", *small)
    done = nlpcli("train-w2v", "text", "-o", "old.vec", "--model", "cbow", "--alpha", "0.1", *small)
    assert (tmp_path / "new.vec").read_bytes() == (tmp_path / "old.vec").read_bytes()
    assert "--alpha" not in done.err
    assert (
        nlpcli("similar", "new.vec", "king", "--top-k", 2).out
        == nlpcli("similar", "new.vec", "king", "-n", 2).out
    )


def test_new_and_former_names_from_python(tmp_path):
    import nlpcli

    (tmp_path / "text").write_text("the king and the queen\nthe queen drinks tea\n" * 9)
    small = {"dim": 4, "epochs": 1, "min_count": 1}
    for name, names in (("a", {"method": "cbow", "lr": 0.1}), ("b", {"model": "cbow", "alpha": 0.1})):
        nlpcli.train_w2v(tmp_path / "text", tmp_path / f"{name}.vec", **names, **small)
    assert (tmp_path / "a.vec").read_bytes() == (tmp_path / "b.vec").read_bytes()
    with pytest.raises(TypeError, match="alpha is given twice, once by another name"):
        nlpcli.train_w2v(tmp_path / "text", tmp_path / "c.vec", lr=0.1, alpha=0.1)


def test_counting_first_gives_the_vectors_of_training_at_once(nlpcli, tmp_path):
    (tmp_path / "text").write_text("The King and the queen\nThe Queen drinks Tea\n" * 9)
    small = ("--dim", 4, "--epochs", 2)
    nlpcli("cooccur", "text", "-o", "counts.npz", "--min-count", 5)
    nlpcli("train-glove", "--cooccurrences", "counts.npz", "-o", "two.safetensors", *small)
    nlpcli("train-glove", "text", "-o", "one.safetensors", *small)
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()
