"""train-seq2seq, translate and evaluate as a user types them."""

import json

import pytest

from tests.command_line import ROOT, within

MODEL = ROOT / "tests/models/seq2seq.safetensors"
PAIRS = "ab\tb a\ndc\tc d\nbd\td b\n" * 4
SMALL = ("--unit", "char", "--rnn-size", "4", "--embedding-dim", "4", "--epochs", "1")


def test_one_line_out_for_each_line_in(tmp_path):
    text = "ab\n\n  \ndc\r\nx\ty\nlast"
    lines = within("translate", MODEL, input=text, cwd=tmp_path).out.split("\n")
    assert len(lines) == 7 and lines[-1] == ""
    assert lines[:4] == ["b a", "", "", "c d"]
    rows = within("translate", MODEL, "--n-best", "3", "--proba", input=text, cwd=tmp_path).out.split("\n")
    assert [len(row.split("\t")) for row in rows[:2]] == [6, 2]
    found = within("translate", MODEL, "--jsonl", input="ab\n", cwd=tmp_path).out
    assert json.loads(found) == {"source": "ab", "target": "b a"}
    table = "id,text\n1,ab\n2,dc\n"
    (tmp_path / "a.csv").write_text(table)
    assert within("translate", MODEL, "a.csv", "--text-col", "text", cwd=tmp_path).out == "b a\nc d\n"


def test_evaluate_shows_both_measures_with_their_signatures(tmp_path):
    (tmp_path / "test.tsv").write_text(PAIRS + "zz\tnothing\n")
    shown = within("evaluate", MODEL, "test.tsv", "--top", "1", cwd=tmp_path).out
    assert "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:" in shown
    assert "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:" in shown
    assert "of 13 lines" in shown and "furthest off" not in shown.splitlines()[0]
    assert "zz\tnothing" in shown
    record = json.loads(within("evaluate", MODEL, "test.tsv", "--json", cwd=tmp_path).out)
    values = {row["measure"]: row["value"] for row in record["measures"]}
    assert values["exact"] == pytest.approx(12 / 13)
    chars = within("evaluate", MODEL, "test.tsv", "--json", "--bleu-tokenize", "char", cwd=tmp_path).out
    assert "tok:char" in json.loads(chars)["measures"][0]["how"]


def test_training_says_what_it_leaves_out_even_when_quiet(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "pairs.tsv").write_text(PAIRS + "\tempty\n" + "a" * 200 + "\tb\n")
    done = within("train-seq2seq", "pairs.tsv", *SMALL, "-q", "-o", "m.safetensors", cwd=tmp_path)
    assert "1 pair has an empty side and is left out (the first: pairs.tsv:13)" in done.err
    assert "1 pair left out, of which one side is more than 9 times longer (--max-ratio)" in done.err
    assert (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["bad.tsv", "-o", "m"], "bad.tsv:2: no tab in the line, so there is no target", "source TAB target"),
        (["empty.tsv", "-o", "m"], "there are no pairs in empty.tsv", "a tab between"),
        (["--source", "bad.tsv", "--target", "one", "-o", "m"], "bad.tsv has 2 lines, one 1", "line missing"),
        (["--source", "bad.tsv", "-o", "m"], "--source and --target go together", "add --target FILE"),
        (["bad.tsv"], "where should the model go?", "name a file with -o"),
        (["bad.tsv", "-o", "m", "--unit", "char", "--subword-model", "one"], "not a sentencepiece model", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_and_nothing_is_written(tmp_path, arguments, error, hint):
    (tmp_path / "bad.tsv").write_text("a\tb\nno target\n")
    (tmp_path / "empty.tsv").write_text("")
    (tmp_path / "one").write_text("one line\n")
    done = within("train-seq2seq", *arguments, code=None, cwd=tmp_path)
    assert done.returncode != 0 and error in done.err and hint in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tsv", "empty.tsv", "one"]


def test_a_model_of_another_kind_is_refused(tmp_path):
    other = ROOT / "tests/models/naive-bayes.safetensors"
    done = within("translate", other, input="a\n", code=None, cwd=tmp_path)
    assert done.returncode != 0 and "this command needs a seq2seq" in done.err
    (tmp_path / "test.tsv").write_text("pos\ta\n")
    done = within("evaluate", other, "test.tsv", "--target-col", "2", code=None, cwd=tmp_path)
    assert "are for models of train-seq2seq" in done.err
