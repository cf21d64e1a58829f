"""A line in, a line out: whatever stands in the lines, and however they end."""

import csv
import io
import json

import pytest

from tests.cli.test_terminal import CHARLM, MODELS, NB

# Commands that answer each line with one, and what they are told.
LINE_BY_LINE = {
    "tokenize": [[], ["--tokenizer", "char"], ["--tokenizer", "nltk", "--pos"], ["--tokenizer", "sentence"],
                 ["--tokenizer", "kiwi"],
                 ["--tokenizer", "subword", "--model", MODELS / "sentencepiece.model"],
                 ["--unicode", "nfkc", "--lowercase", "--stopwords", "en", "--ngrams", "1-2"]],
    "normalize": [[], ["--squeeze-space", "--strip-control", "--unicode", "nfkc"],
                  ["--html", "--mask", "url"]],
    "detokenize": [["--model", MODELS / "sentencepiece.model"]],
    "classify": [[NB], [NB, "--explain"], [MODELS / "recurrent-classifier.safetensors"],
                 [MODELS / "linear-classifier.safetensors", "--proba"], [MODELS / "fasttext-ns.bin"]],
    "tag": [[MODELS / "tagger.safetensors"], [MODELS / "recurrent-tagger.safetensors"],
            ["english-ner", "--proba"]],
    "topics": [[MODELS / "topics.safetensors"], [MODELS / "topics-nmf.safetensors"]],
    "translate": [[MODELS / "seq2seq.safetensors"]],
    "perplexity": [[CHARLM, "--per-line"]],
    "vectorize": [["--method", "hashing"], ["--model", MODELS / "vectorizer.safetensors"]],
}  # fmt: skip
ODD = [
    "plain words here", "", " ", "\t", "a\u2028b\u2029c", "n\0ul", "\x85next", "v\x0bt\x0cf",
    "fs\x1cgs\x1drs\x1e", "a&#10;b&#13;c&NewLine;d", "\ufeffmark", "zero\u200bwidth", "한국어",
    "\U0001f468\u200d\U0001f469", "e\u0301\u0301", "a\tb\tc", '"quoted, ""twice""', "__label__x text",
    "{}", "\u3000", "\ufffe\uffff", "x" * 3000, "",
]  # fmt: skip


def cases():
    return [
        pytest.param(command, told, id=f"{command} {' '.join(str(one).rsplit('/', 1)[-1] for one in told)}")
        for command, several in LINE_BY_LINE.items()
        for told in several
    ]


def lines_out(done):
    *lines, rest = done.stdout.decode().split("\n")
    assert rest == ""
    return lines


@pytest.mark.parametrize(("command", "told"), cases())
def test_as_many_lines_come_out_as_go_in(nlpcli, command, told):
    pytest.importorskip("kiwipiepy") if "kiwi" in told else None
    wanted = lines_out(nlpcli(command, *told, input="\n".join([*ODD, ""])))
    assert len(wanted) == len(ODD)
    assert (
        lines_out(nlpcli(command, *told, input="\n".join(ODD[:-1]))) == wanted[:-1]
    )  # no line end at the end
    ended = lines_out(nlpcli(command, *told, input="\r\n".join([*ODD, ""])))
    assert ended == wanted
    assert lines_out(nlpcli(command, *told, input="")) == []
    assert len(lines_out(nlpcli(command, *told, input="\n"))) == 1


@pytest.mark.parametrize(("command", "told"), cases())
def test_as_many_rows_come_out_as_go_in(nlpcli, tmp_path, command, told):
    if command == "vectorize":
        told = [*told, "--top", 1]
    (tmp_path / "in.txt").write_bytes("\n".join([*ODD, ""]).encode())
    name, *rest = told if not str(told[:1]).startswith("['-") and told else (None, *told)
    words = [name, "in.txt", *rest] if name is not None else ["in.txt", *rest]
    nlpcli(command, *words, "-o", "out.csv", cwd=tmp_path)
    text = (tmp_path / "out.csv").read_bytes().decode()
    rows = [*csv.reader(io.StringIO(text, newline=""))]
    assert [row[0] for row in rows] == ["text", *ODD]
    nlpcli(command, *words, "-o", "out.jsonl", cwd=tmp_path)
    objects = (tmp_path / "out.jsonl").read_bytes().decode().split("\n")[:-1]
    assert [json.loads(one)["text"] for one in objects] == ODD


@pytest.mark.parametrize("command", [name for name in LINE_BY_LINE if name != "vectorize"])
def test_as_many_objects_come_out_as_go_in(nlpcli, command):
    told = LINE_BY_LINE[command][0]
    text = "\n".join([*ODD, ""])
    assert len([*map(json.loads, lines_out(nlpcli(command, *told, "--jsonl", input=text)))]) == len(ODD)
    assert len(json.loads(nlpcli(command, *told, "--json", input=text).out)) == len(ODD)
