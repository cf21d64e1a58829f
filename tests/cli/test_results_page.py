"""docs/RESULTS.md names every key that a command prints, and every array of its .npz, and no other."""

import json
import re

import numpy as np
import pytest

from nlpcli.commands import COMMANDS
from tests.cli import test_results
from tests.cli.test_results import LINES, TABLES
from tests.cli.test_terminal import MODELS, NB, SILENT, VECTORS, files  # noqa: F401
from tests.command_line import ROOT

PAGE = (ROOT / "docs" / "RESULTS.md").read_text(encoding="utf-8")
# What is shown besides what test_results tries: other kinds of models, and options that add keys.
PIECES = ["--tokenizer", "subword", "--subword-model", MODELS / "sentencepiece.model", "--ids"]
BOTH, SCORE = ["--text-col", "text", "--text2-col", "text2"], ["--label-col", "score"]
MORE = [
    ("tokenize", ["text", "--tokenizer", "nltk", "--pos"]),
    ("tokenize", ["text", *PIECES]),
    ("keywords", ["text"]),
    ("search", ["text"], "king\nqueen\n"),
    ("ask", ["text", "--min-score", 0], "king\n"),
    ("classify", [NB, "text", "--explain"]),
    ("cluster", ["text", "--k", 2, "--members"]),
    ("cluster", [VECTORS, "--k", 2]),
    ("classify", [MODELS / "recurrent-classifier-labels.safetensors", "text"]),
    ("classify", [MODELS / "recurrent-classifier-pairs.safetensors", "alike", *BOTH]),
    ("evaluate", [MODELS / "recurrent-classifier-labels.safetensors", "table.tsv"]),
    ("evaluate", [MODELS / "recurrent-classifier-pairs.safetensors", "alike", *BOTH, *SCORE]),
    ("evaluate", [MODELS / "topics.safetensors", "kitchen"]),
    ("evaluate", [MODELS / "seq2seq.safetensors", "pairs", "-n", 2]),
    ("evaluate", [MODELS / "tagger.safetensors", "tagged", "-n", 2]),
    ("evaluate", [MODELS / "reader.safetensors", "squad.json"]),
    ("translate", [MODELS / "seq2seq.safetensors", "text", "--proba"]),
    ("topics", [MODELS / "topics.safetensors", "--keys"]),
    ("summarize", ["kitchen", "--sentences", 1, "--reference", "summary"]),
    ("generate", [MODELS / "charlm-label.safetensors", "--length", 20, "--label", "cow"]),
    (
        "perplexity",
        [MODELS / "charlm-label.safetensors", "-", "--text-col", "text", "--label-col", "label"],
        "label\ttext\ncow\tmoo\nduck\tquack\n",
    ),
]
QUESTION = {"question": "Who eats rice?", "answers": [{"text": "king", "answer_start": 4}]}
SQUAD = {"data": [{"paragraphs": [{"context": "The king eats rice.", "qas": [QUESTION]}]}]}


def runs():
    """(command, arguments, what comes on stdin) of all that is shown."""
    marks = test_results.test_several_tables_are_one_object.pytestmark
    (several,) = (mark.args[1] for mark in marks if mark.name == "parametrize")
    for command, arguments, *_ in [*TABLES, *LINES, *several]:
        yield command, arguments, ""
    for command, arguments, *given in MORE:
        yield command, arguments, *(given or [""])


def told(section):
    """What the page says of a section: {(table, key)}, where a key of None allows any."""
    text = re.search(rf"^##+ {section}\n(.*?)(?=^##|\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)[1]
    found = set()
    for line in re.findall(r"^\| (.*) \|$", text, flags=re.MULTILINE):
        cells = re.split(r" ?(?<!\\)\| ?", line)
        if cells[0] in ("key", "table", "written by"):
            continue
        tables, keys = (cells[0], cells[1]) if len(cells) == 3 else ("", cells[0])
        assert cells[-1], line
        table = None if "*" in tables else tables.strip("`")
        found |= {(table, key) for key in re.findall(r"`([^`]+)`", keys)}
        found |= {(table, None)} if "*" in re.sub("`[^`]+`", "", keys) else set()
    return found


def keys_of(value):
    """What a JSON document has: {(table, key)}."""
    if isinstance(value, list):
        return {("", key) for one in value for key in one}
    tables = {name: rows for name, rows in value.items() if rows and _is_table(rows)}
    keys = {(name, key) for name, rows in tables.items() for one in rows for key in one}
    return keys | {("", name) for name, rows in value.items() if name not in tables and rows != []}


def _is_table(value):
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


@pytest.fixture
def samples(files):  # noqa: F811
    (files / "alike").write_text("text\ttext2\tscore\na king\ta queen\t3.5\nland\ttea\t1\nrice\trice\t5\n")
    (files / "summary").write_text("the oven and the moon\n")
    (files / "squad.json").write_text(json.dumps(SQUAD))
    return files


def test_every_key_is_told_and_every_key_told_is_printed(samples, nlpcli):
    printed = {}
    for command, arguments, given in runs():
        value = json.loads(nlpcli(command, *arguments, "-q", "--json", input=given).out)
        printed[command] = printed.get(command, set()) | keys_of(value)
    for command, keys in printed.items():
        section = told(command)
        unknown = {
            (table, key) for table, key in keys - section if not {(table, None), (None, None)} & section
        }
        assert not unknown, f"docs/RESULTS.md, {command}: these are not told"
        assert not {pair for pair in section - keys if None not in pair}, f"{command} prints none of these"


def test_every_command_that_prints_has_its_section():
    sections = re.findall(r"^### (\S+)$", PAGE, flags=re.MULTILINE)
    measured_as_evaluate = {"train-rnn", "train-seq2seq"}
    drawn = {"plot"}
    assert sections == [name for name in COMMANDS if name not in SILENT | measured_as_evaluate | drawn]


def test_every_array_is_told(samples, nlpcli):
    nlpcli("vectorize", "table.tsv", "--label-col", "label", "-o", "v.npz", "-q")
    nlpcli("cooccur", "text", "-o", "c.npz", "-q")
    for command, name in (("vectorize", "v.npz"), ("cooccur", "c.npz")):
        with np.load(samples / name) as arrays:
            assert {(command, key) for key in arrays} == {
                pair for pair in told("Arrays in .npz files") if pair[0] == command
            }


def test_headings_of_tsv(samples, nlpcli):
    """Those that are told in a sentence above a table."""
    assert nlpcli("tokenize", "text", "--tokenizer", "nltk", "--pos", "--format", "tsv").out.startswith(
        "line\ttoken\ttag\tlemma\tstart\tend\n"
    )
    spans = nlpcli("tag", MODELS / "tagger.safetensors", "text", "--spans").out
    assert spans.startswith("line\tstart\tend\tlabel\ttext\n")
    assert nlpcli("inspect", VECTORS).out.startswith("what\tvalue\n")
