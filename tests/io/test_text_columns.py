"""A column of a table is read as lines are, by every command that reads texts."""

import csv
import json
import re

import pytest

from nlpcli.cli.described import described
from nlpcli.cli.options import command_of
from nlpcli.commands import COMMANDS
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings, TextInputSettings
from tests.cli.test_terminal import CHARLM, MODELS, NB

# They read models, questions, pairs of words, or text that is tagged already.
NO_TEXTS = {"similar", "analogy", "odd-one-out", "evaluate-vectors", "convert", "plot", "inspect", "merge",
            "train-reader"}  # fmt: skip
OTHERWISE = {"train-tagger", "generate", "fill-mask", "ask", "chat", "report", "split", "dedup", "language"}
OPTIONS = {"--text-col", "--delimiter", "--sheet", "--header", "--quoting", "--input-format"}
TEXTS = [
    "the king and the queen", 'a "good" film, the best', "the queen drinks tea", "", "한국어 영화, 좋다",
    "the king eats rice", "bake bread in the oven", "the moon and a comet", "good",
] * 4  # fmt: skip
SMALL = ["--dim", 4, "--epochs", 1, "--min-count", 1]
NETWORK = ["--rnn-size", 4, "--epochs", 1, "--val-frac", 0, "--label-col", "label"]
# What follows the command, {} for the file; `out` is what it writes, if not stdout.
CALLS = {
    "tokenize": ["{}"],
    "normalize": ["{}", "--unicode", "nfkc"],
    "train-subword": ["{}", "--vocab-size", 330, "-o", "out.model"],
    "detokenize": ["{}", "--model", MODELS / "sentencepiece.model"],
    "compare-tokenizers": ["{}", "--tokenizers", "word,whitespace", "--limit", 5],
    "count": ["{}", "--ngrams", "1-2"],
    "keywords": ["{}"],
    "vectorize": ["{}"],
    "train-topics": ["{}", "--num-topics", 2, "--iterations", 3, "--max-df", 1.0, "-o", "out.safetensors"],
    "topics": [MODELS / "topics.safetensors", "{}"],
    "index": ["{}", "-o", "out.safetensors"],
    "search": ["{}", "king"],
    "summarize": ["{}", "--sentences", 1],
    "train-nb": ["{}", "--label-col", "label", "-o", "out.safetensors"],
    "train-rnn": ["{}", *NETWORK, "-o", "out.safetensors"],
    "classify": [NB, "{}", "--proba"],
    "evaluate": [NB, "{}", "--label-col", "label"],
    "tag": [MODELS / "tagger.safetensors", "{}"],
    "train-seq2seq": ["{}", "--target-col", "label", *NETWORK[:6], "-o", "out.safetensors"],
    "translate": [MODELS / "seq2seq.safetensors", "{}"],
    "train-w2v": ["{}", *SMALL, "-o", "out.safetensors"],
    "train-fasttext": ["{}", *SMALL, "--bucket", 100, "-o", "out.safetensors"],
    "train-glove": ["{}", *SMALL, "-o", "out.safetensors"],
    "cooccur": ["{}"],
    "cluster": ["{}", "--k", 2],
    "train-charlm": ["{}", "--rnn-size", 8, "--epochs", 1, "--batch-size", 2, "--seq-length", 8,
                     "-o", "out.safetensors"],
    "train-mlm": ["{}", "--rnn-size", 4, "--epochs", 1, "-o", "out.safetensors"],
    "perplexity": [CHARLM, "{}", "--per-line"],
    "activations": [CHARLM, "{}", "--find", "word-length", "--skip-unknown"],
    "gradients": [CHARLM, "{}", "--steps", 3],
}  # fmt: skip
LABELLED = {"train-nb", "train-rnn", "evaluate", "train-seq2seq"}


def labels():
    return ["pos", "neg"] * (len(TEXTS) // 2)


@pytest.fixture
def tables(tmp_path):
    rows = [
        ["번호", "label", "본문"],
        *map(list, zip(map(str, range(len(TEXTS))), labels(), TEXTS, strict=True)),
    ]
    for name, encoding in (("t.csv", "utf-8"), ("cp949.csv", "cp949")):
        with (tmp_path / name).open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)
    (tmp_path / "t.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    objects = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects))
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    found = {"t.csv": [], "cp949.csv": ["--encoding", "cp949"], "t.tsv": [], "t.jsonl": []}
    if workbook(tmp_path / "t.xlsx", rows):
        found["t.xlsx"] = ["--sheet", "자료"]
    if parquet(tmp_path / "t.parquet", rows):
        found["t.parquet"] = []
    return found


def workbook(path, rows):
    try:
        import openpyxl
    except ImportError:
        return False
    book = openpyxl.Workbook()
    book.active.append(["이 표는", "아니다"])
    sheet = book.create_sheet("자료")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return True


def parquet(path, rows):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return False
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return True


def test_every_command_that_reads_texts_is_among_them():
    assert {*CALLS} == {*COMMANDS} - NO_TEXTS - OTHERWISE


@pytest.mark.parametrize("command", CALLS)
def test_every_command_that_reads_texts_takes_the_options_of_tables(command):
    known = {name for one in described(command_of(command)) for name in one.names}
    assert {*OPTIONS, "--encoding"} <= known


@pytest.mark.parametrize("command", [command for command in CALLS if command != "summarize"])
def test_a_column_gives_what_its_texts_give_as_lines(nlpcli, tmp_path, tables, command):
    has_quiet = any("--quiet" in one.names for one in described(command_of(command)))

    def result(name, options):
        words = [name if word == "{}" else word for word in CALLS[command]]
        shown = nlpcli(command, *words, *options, *["-q"] * has_quiet, cwd=tmp_path).out
        written = next(tmp_path.glob("out.*"), None)
        if command == "index":  # it holds the names of files, and lines
            return nlpcli("search", written, "king", "--jsonl", cwd=tmp_path).out.count('"text"')
        if command == "compare-tokenizers":  # it measures seconds
            return [line.split()[0] for line in shown.splitlines() if line]
        return re.sub(
            r"[\w.]+:\d+|texts\.txt|(t|cp949)\.\w+", "PLACE", shown
        ), written and written.read_bytes()

    wanted = result(*(("t.tsv", ["--text-col", "본문"]) if command in LABELLED else ("texts.txt", [])))
    assert wanted
    for name, options in tables.items():
        assert result(name, ["--text-col", "본문", *options]) == wanted, (command, name)


def test_each_row_of_a_table_is_summarized_by_itself(nlpcli, tmp_path, tables):
    for name, options in tables.items():
        shown = nlpcli("summarize", name, "--sentences", 1, "--text-col", "본문", *options, cwd=tmp_path).out
        first = 1 if name == "t.jsonl" else 2
        places = (f"{name}:{number}\t{text}" for number, text in enumerate(TEXTS, first) if text)
        assert shown.splitlines() == [*places]


def read(path, **settings):
    return list(text_lines([str(path)], TextInputSettings(**settings)))


def test_a_line_end_within_a_cell_is_a_space_and_an_empty_row_an_empty_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'id,text\r\n1,"one\r\ntwo\nthree"\r\n,\r\n2,\r\n3,end')
    assert read(path, text_col="text") == ["one two three", "", "", "end"]
    lines = text_lines([str(path)], TextInputSettings(text_col="text"))
    assert [lines.number for _ in lines] == [2, 3, 4, 5]  # as a spreadsheet program counts them
    assert b"".join(lines.blocks()) == b"one two three\n\n\nend\n"


def test_a_place_is_the_row_of_the_sheet(nlpcli, tmp_path):
    (tmp_path / "t.csv").write_text('id,text\n1,"a king\nand more"\n2,the queen\n')
    shown = nlpcli("search", "t.csv", "queen", "--text-col", "text", cwd=tmp_path).out
    assert "t.csv:3" in shown or "\t3\t" in shown


TITLED = 'Reviews of 2026,,\n,,\n"id","the text",label\n1,good,pos\n,,\n2,bad,neg\n'


def test_settings_without_columns_are_taken_from_python(tmp_path):
    from nlpcli.engine import jobs

    (tmp_path / "t.txt").write_bytes("한국어 영화\n".encode("cp949"))
    counted = jobs.count(tmp_path / "t.txt", reading=InputSettings(encoding="cp949"))
    assert counted.tokens == ("한국어", "영화")


@pytest.mark.parametrize("head", [",,", ""])
def test_titles_above_the_names_of_the_columns_are_passed_over(nlpcli, tmp_path, head):
    (tmp_path / "t.csv").write_text(TITLED.replace("Reviews of 2026,,\n", f"Reviews of 2026{head}\n"))
    done = nlpcli("normalize", "t.csv", "--text-col", "the text", "-o", "out.csv", cwd=tmp_path)
    assert "t.csv: row 3 is taken for the first of the table; what stands above it is left out" in done.err
    assert (tmp_path / "out.csv").read_text() == (
        "id,the text,label,normalized\n1,good,pos,good\n,,,\n2,bad,neg,bad\n"
    )
    assert nlpcli("normalize", "t.csv", "--text-col", "2", "--header", "yes", cwd=tmp_path).out
    nlpcli("train-nb", "t.csv", "--text-col", "the text", "--label-col", "label", "-o", "m", cwd=tmp_path)


def test_titles_of_a_workbook_are_passed_over(nlpcli, tmp_path):
    rows = [["월간 보고"], [], ["번호", "본문"], [1, "good"], [None, None], [2, "bad"]]
    if not workbook(tmp_path / "t.xlsx", rows):
        pytest.skip("the extra excel is not installed")
    call = ["normalize", "t.xlsx", "--sheet", "자료", "-q", "--text-col"]
    assert nlpcli(*call, "본문", cwd=tmp_path).out == "good\n\nbad\n"
    assert nlpcli(*call, "2", "--header", "yes", cwd=tmp_path).out == "good\n\nbad\n"
    told = nlpcli(*call, "없음", cwd=tmp_path, code=1).err
    assert "there are: 월간 보고" in told
    assert "--delimiter" not in told


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"header": "no"}, "--header does nothing with lines"), ({"sheet": "1"}, "no Excel workbook")],
)
def test_what_does_nothing_is_refused(tmp_path, settings, told):
    (tmp_path / "t.txt").write_text("one\n")
    with pytest.raises((InputError, SettingsError), match=told):
        read(tmp_path / "t.txt", **settings)


def test_a_table_that_is_read_as_lines_is_told(nlpcli, tmp_path):
    (tmp_path / "t.csv").write_text("id,text\n1,a king\n")
    done = nlpcli("tokenize", "t.csv", cwd=tmp_path)
    assert done.out == "id text\n1 a king\n"
    assert "t.csv: every line is taken as a text, as it stands; --text-col names a column" in done.err
    assert not nlpcli("tokenize", "t.csv", "-q", cwd=tmp_path).err


def test_texts_come_as_they_are_read(tmp_path):
    """Of a long table no more than a piece is in memory."""
    import tracemalloc

    path = tmp_path / "t.csv"
    with path.open("w") as file:
        file.write("id,text\n")
        for number in range(60_000):
            file.write(f'{number},"a text of some words, {"x" * 400}"\n')
    tracemalloc.start()
    count = sum(1 for _ in text_lines([str(path)], TextInputSettings(text_col="text")))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert most < path.stat().st_size / 2
