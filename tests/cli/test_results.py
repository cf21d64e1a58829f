"""Results of every command as TSV, JSON and JSON lines: the headings are the keys."""

import json

import pytest

from tests.cli.test_option_table import WRITING
from tests.cli.test_terminal import CHARLM, MODELS, NB, PRINTING, VECTORS, files  # noqa: F401

TABLES = [
    ("train-subword", ["text", "--vocab-size", 280, "--show-merges", 3, "-o", "m.model"]),
    ("vectorize", ["text", "--top", 2]),
    ("train-topics", ["text", "--num-topics", "auto", "--iterations", 5, "--max-df", 1, "-o", "m"]),
    ("similar", [VECTORS, "king", "queen"]),
    ("analogy", [VECTORS, "king", "queen", "land"]),
    ("odd-one-out", [VECTORS, "king", "queen", "land"]),
    ("evaluate-vectors", [VECTORS, "scores.tsv"]),
    ("keywords", ["table.tsv", "--label-col", "label"]),
    ("keywords", ["text", "--by", "document"]),
    ("split", ["table.tsv", "-o", "parts", "--label-col", "label"]),
    ("search", ["text", "king"]),
    ("fill-mask", [MODELS / "masked-lm.safetensors", "the [MASK] drinks [MASK]", "-n", 2]),
    ("ask", ["text", "king", "--min-score", 0]),
    ("cluster", ["text", "--k", 2]),
    ("cluster", [VECTORS, "--k", 2, "--members"]),
    ("activations", [CHARLM.with_name("charlm-transformer.safetensors"), "known"]),
    ("activations", [CHARLM, "known", "--find", "word-length"]),
    ("gradients", ["--toy", "--steps", 3]),
    ("gradients", [CHARLM, "known", "--steps", 3]),
    ("inspect", [NB, "--top", 2]),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("command", "arguments"), TABLES)
def test_headings_are_keys_and_every_row_is_an_object(nlpcli, command, arguments):
    head, *rows = [line.split("\t") for line in nlpcli(command, *arguments, "-q").out.splitlines()]
    found = json.loads(nlpcli(command, *arguments, "-q", "--json").out)
    assert len(found) == len(rows) > 0
    assert all([*one][: len(head)] == head for one in found)
    lines = [json.loads(line) for line in nlpcli(command, *arguments, "-q", "--jsonl").out.splitlines()]
    assert lines == found
    texts = {(number, key): value for number, one in enumerate(found) for key, value in one.items()}
    for number, row in enumerate(rows):
        for key, shown in zip(head, row, strict=True):
            if isinstance(texts[number, key], str):
                assert texts[number, key] == shown
    if (command, arguments[0]) != ("gradients", CHARLM):
        assert [line.split("\t") for line in
                nlpcli(command, *arguments, "-q", "--no-header").out.splitlines()] == rows  # fmt: skip


LINES = [
    ("tokenize", ["text"], "tokens"),
    ("normalize", ["text"], "text"),
    ("detokenize", ["pieces", "--model", MODELS / "sentencepiece.model"], "text"),
    ("count", ["text"], "count"),
    ("vectorize", ["text"], None),
    ("classify", [NB, "text"], "label"),
    ("translate", [MODELS / "seq2seq.safetensors", "text"], "target"),
    ("chat", [MODELS / "index-answers.safetensors", "text"], "answer"),
    ("topics", [MODELS / "topics.safetensors", "text"], "topics"),
    ("summarize", ["text", "--sentences", 2], "text"),
    ("dedup", ["table.tsv"], "text"),
    ("language", ["text", "--among", "ko,en"], "probability"),
    ("tag", [MODELS / "tagger.safetensors", "text"], "tokens"),
    ("train-w2v", ["text", "--show-pairs", "--window", 1, "--min-count", 1], "neighbour"),
    ("cooccur", ["text"], "count"),
    ("generate", [CHARLM, "--length", 20, "-n", 2], "text"),
    ("perplexity", [CHARLM, "known", "--per-line"], "bits_per_character"),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("command", "arguments", "key"), LINES)
def test_lines_as_json(nlpcli, tmp_path, command, arguments, key):
    found = json.loads(nlpcli(command, *arguments, "-q", "--json").out)
    lines = [json.loads(line) for line in nlpcli(command, *arguments, "-q", "--jsonl").out.splitlines()]
    assert found == lines and found
    assert key is None or all(key in one for one in found)
    if command not in ("vectorize", "train-w2v"):
        nlpcli(command, *arguments, "-q", "--json", "-o", "out.json")
        assert json.loads((tmp_path / "out.json").read_text()) == found


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("command", "arguments", "keys"),
    [
        ("evaluate", [NB, "table.tsv", "-n", 3], {"accuracy", "texts", "classes", "confusion"}),
        ("train-nb", ["table.tsv", "--cross-validate", 2], {"accuracy", "texts", "classes", "confusion"}),
        ("train-tagger", ["tagged", "--test", "tagged", "--hash-bits", 8, "-o", "m"], {"tags"}),
        ("compare-tokenizers", ["text", "--tokenizers", "word"], {"lines", "tokenizers"}),
        ("perplexity", [CHARLM, "known"], {"perplexity", "bits_per_byte"}),
        ("inspect", [NB], {"kind", "settings"}),
        ("report", ["table.tsv", "--label-col", "label"], {"measures", "words", "keywords"}),
        ("train-nb", ["table.tsv", "--show-work"], {"classes", "features"}),
        ("classify", [NB, "kitchen", "--show-work"], {"classes", "features", "decisions"}),
        ("vectorize", ["kitchen", "--show-work"], {"idf", "weights"}),
        ("train-w2v", ["kitchen", "--show-work", "--min-count", 1, "--window", 1, "--dim", 2], {"W1", "W2"}),
        ("train-glove", ["kitchen", "--show-work", "--min-count", 1, "--dim", 2, "-o", "g.txt"], {"J"}),
        ("generate", [CHARLM, "--prime", "the", "--show-work"], {"states", "outputs"}),
    ],
)  # fmt: skip
def test_several_tables_are_one_object(nlpcli, command, arguments, keys):
    found = json.loads(nlpcli(command, *arguments, "-q", "--json").out)
    assert keys <= {*found}
    shown = nlpcli(command, *arguments, "-q").out
    heads = {name for line in shown.splitlines() for name in line.split("\t")}
    for table in [value for value in found.values() if isinstance(value, list) and value]:
        assert command == "inspect" or {*table[0]} <= heads
    for line in nlpcli(command, *arguments, "-q", "--jsonl").out.splitlines():
        assert isinstance(json.loads(line), dict)


def test_every_command_that_prints_is_tried():
    tried = {name for name, *_ in (*TABLES, *LINES)}
    tried |= {"evaluate", "train-nb", "train-tagger", "train-glove"}
    assert tried | {
        "compare-tokenizers",
        "perplexity",
        "inspect",
        "train-rnn",
        "train-seq2seq",
        "report",
    } == {*PRINTING} - {"plot"}
    assert not tried & WRITING


@pytest.mark.usefixtures("files")
def test_what_is_no_number_is_null(nlpcli, tmp_path):
    (tmp_path / "alike.tsv").write_text("king\tqueen\t3\nking\tland\t3\n")
    rows = json.loads(nlpcli("evaluate-vectors", VECTORS, "alike.tsv", "--json").out)
    assert {row["value"] for row in rows} == {None}


@pytest.mark.parametrize("options", [("--json", "--no-header"), ("--jsonl", "--no-header")])
def test_ways_to_write_that_exclude_each_other(nlpcli, options):
    assert "JSON" in nlpcli("similar", VECTORS, "king", *options, code=2).err


def test_one_kind_of_json_at_a_time(nlpcli):
    done = nlpcli("similar", VECTORS, "king", "--json", "--jsonl", code=2)
    assert "--json and --jsonl exclude each other" in done.err


def test_json_has_nothing_to_say_where_nothing_is_measured(nlpcli, tmp_path):
    (tmp_path / "t.tsv").write_text("pos\tgood\nneg\tbad\n")
    assert (
        "--json does nothing where nothing is measured"
        in nlpcli("train-nb", "t.tsv", "-o", "m", "--json", code=2).err
    )


def test_rows_go_out_as_they_come_and_nothing_is_printed_before_an_error(nlpcli):
    assert nlpcli("similar", VECTORS, "no-such-word", "--json", code=1).out == ""
    assert json.loads(nlpcli("similar", VECTORS, "--json", input="").out) == []
