"""Every option of input that a command lists is read by it: a value that cannot be right is told."""

import dataclasses
import importlib
import os

import pytest

from nlpcli.cli.options import _spread
from nlpcli.commands import COMMANDS, Command
from nlpcli.settings.input import InputSettings
from tests.command_line import ROOT, within

MODELS = ROOT / "tests" / "models"

# Of each option what is asked for and said. The columns of the files are called label and text.
ASKED = {
    "encoding": ("table.tsv --encoding nosuch", "no encoding is called 'nosuch'"),
    "errors": ("bad.tsv --errors replace --text-col nosuch", "no column is called 'nosuch'"),
    "on_error": ("folder --on-error skip", "passed over folder/a/locked: "),
    "text_col": ("table.tsv --text-col nosuch", "no column is called 'nosuch'"),
    "header": ("table.tsv --text-col nosuch --header no", "there is no column nosuch: the first row has"),
    "delimiter": ("table.tsv --text-col nosuch --delimiter x", "there are: label te, t"),
    "quoting": ("quoted.tsv --text-col nosuch --quoting none", 'there are: "label", "text"'),
    "sheet": ("table.tsv --sheet nosuch", "is no Excel workbook"),
    "format": ("table.tsv --input-format jsonl", "not JSON"),
    "label_col": ("table.tsv --label-col nosuch", "no column is called 'nosuch'"),
    "text2_col": ("table.tsv --text-col text --text2-col nosuch", "no column is called 'nosuch'"),
    "vector_col": ("table.tsv --vector-col nosuch", "no column is called 'nosuch'"),
    "label_sep": ("sets.jsonl --label-col label --label-sep ;", "the label 'a;b' holds ';'"),
    "multi_label": ("sets.tsv --label-col label --multi-label all", "models that give several labels"),
}
ASKED["input_format"] = ASKED["format"]
# The same of commands that take no tables, or labels only where they are named.
_NUMBERS = ("table.tsv --text-col text --vector-col nosuch", "no column is called 'nosuch'")
_NAMED = {"on_error": ("folder --label-col label --on-error skip", "passed over folder/a/locked: ")}
_JUDGED = {
    "text2_col": ("PAIRS table.tsv --text-col text --text2-col nosuch", "no column is called 'nosuch'"),
    "vector_col": ("NUMBERS table.tsv --vector-col nosuch", "no column is called 'nosuch'"),
}
_BY_LABEL = {
    option: (f"LABEL {asked}", said)
    for option, (asked, said) in {**ASKED, **_NAMED}.items()
    if "label" in asked
}
OTHERWISE = {
    "vectorize": _NAMED,
    "keywords": _NAMED,
    "report": _NAMED,
    "split": {
        "header": (
            "table.tsv --header no --label-col nosuch",
            "there is no column nosuch: the first row has",
        ),
        "delimiter": ("table.tsv --delimiter x --label-col nosuch", "there are: label te, t"),
        "quoting": ("quoted.tsv --quoting none --label-col nosuch", 'there are: "label", "text"'),
        "errors": ("bad.tsv --errors replace --label-col nosuch", "no column is called 'nosuch'"),
    },
    "train-reader": {"errors": ("byte --errors replace", "byte: not a file of questions")},
    "train-tagger": {"errors": ("byte --errors replace", "byte: not tagged text")},
    "train-rnn": {
        "vector_col": ("--cell none table.tsv --vector-col nosuch", "no column is called 'nosuch'"),
        "multi_label": ("sets.tsv --label-col label --multi-label all", "sets.tsv:4: 1 field"),
    },
    "classify": _JUDGED,
    "evaluate": _JUDGED,
    "train-charlm": {**_NAMED, "vector_col": _NUMBERS},
    "perplexity": {**_NAMED, **_BY_LABEL, "vector_col": ("VECTOR " + _NUMBERS[0], _NUMBERS[1])},
    "chat": {"errors": ("byte --errors replace", "")},
    "evaluate-vectors": {"errors": ("bad.tsv --errors replace", "bad.tsv")},
    "generate": {
        "encoding": ("--prime @table.tsv --encoding nosuch", "no encoding is called 'nosuch'"),
        "errors": ("--prime @byte --errors replace", "has never seen"),
    },
}
MODEL = {
    "detokenize": "--model sentencepiece.model",
    "classify": "naive-bayes.safetensors",
    "evaluate": "naive-bayes.safetensors",
    "tag": "tagger.safetensors",
    "translate": "seq2seq.safetensors",
    "topics": "topics.safetensors",
    "perplexity": "charlm.safetensors",
    "activations": "charlm.safetensors",
    "gradients": "charlm.safetensors",
    "generate": "charlm.safetensors",
    "evaluate-vectors": "word2vec.safetensors",
    "chat": "index-answers.safetensors",
    "PAIRS": "recurrent-classifier-pairs.safetensors",
    "NUMBERS": "vector-classifier.safetensors",
    "LABEL": "charlm-label.safetensors",
    "VECTOR": "charlm-vector.safetensors",
}
OUTPUT = {"index": "out.safetensors", "split": "parts", "train-subword": "out.model"}


def options_of_input(command):
    """The names of the fields of a command's settings of input."""
    module = importlib.import_module(f"nlpcli.cli.{COMMANDS[command].cli}")
    _, plan = _spread(getattr(module, Command.function(command)).__wrapped__)
    kinds = [kind for kind in plan.values() if kind.__module__ == InputSettings.__module__]
    return [field.name for kind in kinds for field in dataclasses.fields(kind)]


OPTIONS = {command: found for command in COMMANDS if (found := options_of_input(command))}


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "table.tsv").write_text("label\ttext\na\tx\n")
    (tmp_path / "bad.tsv").write_bytes(b"label\ttext\n\xff\tx\n")
    (tmp_path / "byte").write_bytes(b"\xff\n")
    (tmp_path / "quoted.tsv").write_text('"label"\t"text"\n"a"\t"x"\n')
    (tmp_path / "sets.tsv").write_text("label\ttext\n;\tx\n\ty\nz\n")
    (tmp_path / "sets.jsonl").write_text('{"label": ["a;b", "c"], "text": "x"}\n')
    (tmp_path / "folder" / "a").mkdir(parents=True)
    (tmp_path / "folder" / "a" / "locked").write_text("a\n")
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, *how: "locked" not in str(path) and may(path, *how))
    return tmp_path


def call(command, option):
    """The arguments that ask a command for an option, and what is to be said."""
    asked, said = {**ASKED, **OTHERWISE.get(command, {})}[option]
    first, *others = asked.split()
    model = [
        MODELS / part if "." in part else part for part in MODEL.get(first, MODEL.get(command, "")).split()
    ]
    writes = command.startswith("train") or command in OUTPUT
    output = ["-o", OUTPUT.get(command, "out.safetensors")] if writes else []
    return [*model, *([] if first in MODEL else [first]), *others, *output], said


@pytest.mark.parametrize("command", OPTIONS)
def test_every_one_that_is_listed_is_read(files, command):
    for option in OPTIONS[command]:
        arguments, said = call(command, option)
        done = within(command, *arguments, code=None, cwd=files)
        assert said in done.err if said else not done.returncode, (option, done.err)


def test_where_no_labels_are_read_nothing_stands_between_them(nlpcli, files):
    for command in ("vectorize", "keywords", "report"):
        done = nlpcli(command, "table.tsv", "--text-col", "text", "--label-sep", ",", code=2)
        assert "--label-sep does nothing where no labels are read\nhint: --label-col names" in done.err
