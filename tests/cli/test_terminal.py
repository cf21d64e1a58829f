"""On a terminal: results are never mixed with progress, tables are whole, nothing is silent for long."""

import re
import time

import pytest

from nlpcli.cli import bars, console
from nlpcli.commands import COMMANDS
from tests.command_line import ROOT
from tests.terminal import COLUMNS, Screen, at_terminal

MODELS = ROOT / "tests" / "models"
TEXT = "a king and a queen\nthe king eats rice\nthe queen drinks tea\n" * 9
TABLE = "label\ttext\n" + "pos\ta good film\nneg\ta bad film\npos\tgood\nneg\tdull\n" * 9
NB, VECTORS, CHARLM = (
    MODELS / "naive-bayes.safetensors",
    MODELS / "word2vec.safetensors",
    MODELS / "charlm.safetensors",
)

PRINTING = {
    "tokenize": [["text"], ["text", "--format", "tsv"]],
    "normalize": [["text"]],
    "train-subword": [["text", "--vocab-size", 280, "--show-merges", 3, "-o", "m.model"]],
    "detokenize": [["pieces", "--model", MODELS / "sentencepiece.model"]],
    "compare-tokenizers": [["text", "--tokenizers", "word"]],
    "count": [["text"], ["text", "--json"]],
    "vectorize": [["text"], ["text", "--top", 2], ["kitchen", "--show-work"]],
    "search": [["text", "king"]],
    "ask": [["text", "king"]],
    "train-nb": [["table.tsv", "--holdout", 0.2, "-o", "m"], ["table.tsv", "--cross-validate", 2]],
    "train-rnn": [["table.tsv", "--test", "table.tsv", "--rnn-size", 4, "--epochs", 1, "-o", "m"]],
    "classify": [[NB, "text"], [NB, "text", "--explain"]],
    "evaluate": [[NB, "table.tsv"], [NB, "table.tsv", "--json"]],
    "train-seq2seq": [["pairs", "--test", "pairs", "--rnn-size", 4, "--epochs", 1, "-o", "m"]],
    "translate": [[MODELS / "seq2seq.safetensors", "text"]],
    "report": [["text"], ["table.tsv", "--label-col", "label"]],
    "split": [["table.tsv", "-o", "parts"]],
    "dedup": [["text"], ["table.tsv", "--threshold", 1]],
    "language": [["text", "--among", "ko,en"]],
    "keywords": [["text"], ["table.tsv", "--label-col", "label"]],
    "train-topics": [
        ["text", "--num-topics", "auto", "--iterations", 5, "--max-df", 1, "--no-header", "-o", "m"]
    ],
    "chat": [[MODELS / "index-answers.safetensors", "text"]],
    "topics": [[MODELS / "topics.safetensors", "kitchen"], [MODELS / "topics.safetensors", "--keys"]],
    "summarize": [["text", "--sentences", 2], ["text", "--sentences", 2, "--lines"]],
    "train-tagger": [["tagged", "--test", "tagged", "--hash-bits", 8, "-o", "m"]],
    "tag": [[MODELS / "tagger.safetensors", "text"]],
    "train-w2v": [["text", "--show-pairs", "--window", 1, "--min-count", 1]],
    "train-glove": [["kitchen", "--show-work", "--min-count", 1, "--dim", 2, "--epochs", 1, "-o", "g.txt"]],
    "cooccur": [["text"], ["text", "--pairs"]],
    "similar": [[VECTORS, "king", "queen"]],
    "analogy": [[VECTORS, "king", "queen", "land"]],
    "odd-one-out": [[VECTORS, "king", "queen", "land"]],
    "evaluate-vectors": [[VECTORS, "scores.tsv"]],
    "plot": [[VECTORS, "--terminal"]],
    "cluster": [["text", "--k", 2], [VECTORS, "--k", 2, "--members"]],
    "generate": [[CHARLM, "--length", 20]],
    "perplexity": [[CHARLM, "known"], [CHARLM, "known", "--per-line"]],
    "activations": [
        [CHARLM, "known", "--find", "word-length"], [MODELS / "charlm-transformer.safetensors", "known"],
    ],
    "gradients": [["--toy"], [CHARLM, "known", "--steps", 3]],
    "inspect": [[NB], [NB, "--top", 2]],
    "fill-mask": [[MODELS / "masked-lm.safetensors", "the [MASK] drinks tea", "a [MASK]"]],
}  # fmt: skip
SILENT = {
    "index",
    "train-fasttext",
    "convert",
    "train-charlm",
    "train-mlm",
    "merge",
    "train-reader",
}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "table.tsv").write_text(TABLE)
    (tmp_path / "tagged").write_text("the/D king/N eats/V\nthe/D queen/N drinks/V tea/N\n" * 6)
    (tmp_path / "known").write_text("the king and the queen\n" * 9)
    (tmp_path / "pairs").write_text("one king\t1 k\ntwo queens\t2 q\n" * 8)
    (tmp_path / "kitchen").write_text("bake bread in the oven\nthe moon and a comet\n")
    (tmp_path / "pieces").write_text("▁the ▁ k i n g\n")
    (tmp_path / "scores.tsv").write_text("king\tqueen\t3\nking\tland\t9\nland\tand\t1\n")
    return tmp_path


def test_every_command_that_prints_is_among_them():
    assert {*PRINTING} == {*COMMANDS} - SILENT


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(command, arguments) for command, several in PRINTING.items() for arguments in several],
    ids=lambda value: value if isinstance(value, str) else " ".join(map(str, value[1:])),
)
def test_progress_does_not_garble_results(files, monkeypatch, command, arguments):
    """What stands on the terminal with bars is what stands there without, and lines of remarks."""
    monkeypatch.setattr(bars, "_PAUSE", 0.0)  # bars come back at once
    quiet = at_terminal(command, *arguments, *_quiet(command), cwd=files)
    assert quiet
    loud = at_terminal(command, *arguments, cwd=files)
    place = 0
    for line in loud:
        if place < len(quiet) and _steady(line, command) == _steady(quiet[place], command):
            place += 1
        else:
            assert "│" not in line and "╭" not in line and len(line) < 2 * COLUMNS, line
    assert place == len(quiet), (quiet[place], loud)


def _quiet(command):
    """What silences a command, where it has something to silence."""
    import typer

    from nlpcli.cli import build_app

    known = typer.main.get_command(build_app([command])).commands[command].params
    return ["--quiet"] if any(parameter.name == "quiet" for parameter in known) else []


def _steady(line, command):
    """A line as it is in every run: times, and the widths of their columns, are left out."""
    return re.sub(r"[─━ ]+", " ", re.sub(r"[\d.,]+", "", line)) if command == "compare-tokenizers" else line


class _Slowly:
    """A clock that moves on by a second at every look."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1.0
        return self.now


def test_a_bar_makes_way_for_data_and_comes_back_below(files, monkeypatch):
    def work(progress):
        for number in range(4):
            progress.update("counting", number, 4)
            console.print_line(f"result {number}")
            progress.note(f"remark {number}")

    monkeypatch.setattr(bars, "_PAUSE", 0.0)
    monkeypatch.setattr("nlpcli.engine.jobs.count", lambda *_, progress, **__: work(progress), raising=False)
    shown = at_terminal("count", "text", cwd=files)
    assert [line for line in shown if "counting" not in line] == [
        f"{kind} {number}" for number in range(4) for kind in ("result", "remark")
    ]
    assert len([line for line in shown if "counting" in line]) <= 1


def test_no_bar_is_drawn_into_an_unfinished_line():
    data = bars._Data()
    assert data.may_be_drawn(0)
    data.written, data.line_is_whole = 0, False
    assert not data.may_be_drawn(99)


def test_long_silence_is_broken_without_a_terminal(monkeypatch, capsys):
    clock = _Slowly()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    notes = console.Notes()
    for number in range(100):
        notes.update("training", number, 100, "loss 1.5")
    said = capsys.readouterr().err.splitlines()
    assert said == ["training 9%, loss 1.5", "training 29%, loss 1.5", "training 69%, loss 1.5"]


def test_the_screen_of_these_tests():
    screen = Screen()
    screen.feed("one\r\ntwo\r\x1b[2K\x1b[1A\x1b[2Kthree\r\nfour \x1b[1mx\x1b[0m")
    assert screen.lines == ["three", "four x"]
