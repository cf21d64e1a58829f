"""Tables out: rows stay rows, their columns stay, and what was asked for is added."""

import csv
import gc
import io
import json
import sys

import pytest

from nlpcli.errors import SettingsError
from tests.cli.test_terminal import CHARLM, MODELS, NB

ROWS = [
    ["id", "text", "memo"],
    ["007", 'a "good" film,\nand long', "=1+1"],
    ["", "", ""],
    ["1.50", "한국어 영화", "tab\there"],
    ["12", "the king", "@SUM(A1)"],
]
# A command, what it is told, and the columns that it adds.
ADDING = {
    "tokenize": (["{}"], ["tokens"]),
    "normalize": (["{}"], ["normalized"]),
    "detokenize": (["{}", "--model", MODELS / "sentencepiece.model"], ["detokenized"]),
    "classify": ([NB, "{}"], ["label", "probability"]),
    "tag": ([MODELS / "tagger.safetensors", "{}"], ["tags"]),
    "topics": ([MODELS / "topics.safetensors", "{}"], ["topic", "weight"]),
    "translate": ([MODELS / "seq2seq.safetensors", "{}"], ["translation"]),
    "perplexity": ([CHARLM, "{}", "--per-line"], ["bits_per_character"]),
    "vectorize": (["{}", "--top", 2], ["terms", "weights"]),
    "summarize": (["{}", "--sentences", 1], ["summary"]),
}
KINDS = [".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".parquet"]


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.csv", ROWS)
    return tmp_path


def write(path, rows, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)


def needs(suffix):
    packages = {".xlsx": "openpyxl", ".parquet": "pyarrow.parquet"}
    return pytest.importorskip(packages[suffix], reason="an extra") if suffix in packages else None


def rows_of(path):
    """The rows of a table of any kind, with the names of the columns first; cells as they stand there."""
    library = needs(path.suffix)
    if path.suffix == ".csv":
        return [*csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))]
    if path.suffix == ".tsv":
        return [line.split("\t") for line in path.read_text().split("\n")[:-1]]
    if path.suffix == ".xlsx":
        return [[*row] for row in library.load_workbook(path).active.iter_rows(values_only=True)]
    if path.suffix == ".parquet":
        found = library.read_table(path).to_pylist()
    else:
        text = path.read_text()
        found = json.loads(text) if path.suffix == ".json" else [*map(json.loads, text.split("\n")[:-1])]
    return [[*found[0]], *([*row.values()] for row in found)]


def test_every_command_with_the_option_is_among_them():
    from nlpcli.cli.described import described
    from nlpcli.cli.options import command_of
    from nlpcli.commands import COMMANDS

    known = {name: {one for each in described(command_of(name)) for one in each.names} for name in COMMANDS}
    having = {name for name, names in known.items() if "--output-encoding" in names}
    # Others have it for the table that they print, which is none of rows that were read.
    assert {*ADDING} <= having and all("--no-header" in known[name] for name in having - {*ADDING})


@pytest.mark.parametrize("command", ADDING)
def test_rows_and_columns_stay_and_columns_are_added(nlpcli, files, command):
    arguments, added = ADDING[command]
    words = ["in.csv" if word == "{}" else word for word in arguments]
    nlpcli(command, *words, "--text-col", "text", "-o", "out.csv")
    head, *found = rows_of(files / "out.csv")
    assert head == ROWS[0] + added
    assert [row[:3] for row in found] == ROWS[1:]
    assert all(len(row) == len(head) for row in found)
    assert any(any(row[3:]) for row in found) or command in ("topics", "translate")


@pytest.mark.parametrize("suffix", KINDS)
def test_the_name_of_the_file_says_what_is_written(nlpcli, files, suffix):
    needs(suffix)
    nlpcli("classify", NB, "in.csv", "--text-col", "text", "-o", f"out{suffix}")
    head, *found = rows_of(files / f"out{suffix}")
    assert head == [*ROWS[0], "label", "probability"]
    escaped = [[cell.replace("\n", "\\n").replace("\t", "\\t") for cell in row] for row in ROWS[1:]]
    wanted = escaped if suffix == ".tsv" else ROWS[1:]
    as_shown = [["" if cell is None else str(cell) for cell in row[:3]] for row in found]
    assert as_shown == wanted
    assert {row[3] for row in found} <= {"pos", "neg"}
    assert all(0 < float(row[4]) <= 1 for row in found)
    if suffix not in (".csv", ".tsv"):
        assert all(isinstance(row[4], float | int) for row in found)
    if suffix == ".json":  # an array, which is not read
        return
    read = nlpcli("normalize", f"out{suffix}", "--text-col", "text").out
    assert read.replace("\\n", " ") == nlpcli("normalize", "in.csv", "--text-col", "text").out


def test_a_workbook_holds_texts_numbers_and_no_formulas(nlpcli, files):
    openpyxl = needs(".xlsx")
    write(files / "in.csv", [["text", "n"], ["=HYPERLINK(1)", "5"], ["a\x01b_x0041_", "-2.5"], ["+1", "1e5"]])
    nlpcli("normalize", "in.csv", "--text-col", "text", "-o", "out.xlsx")
    sheet = openpyxl.load_workbook(files / "out.xlsx").active
    assert [(cell.value, cell.data_type) for cell in sheet["A"]][1] == ("=HYPERLINK(1)", "s")
    assert [cell.value for cell in sheet["B"]] == ["n", 5, -2.5, "1e5"]
    assert nlpcli("normalize", "out.xlsx", "--text-col", "text").out == "=HYPERLINK(1)\na\x01b_x0041_\n+1\n"


def test_cells_of_a_workbook_keep_their_types(nlpcli, files):
    openpyxl = needs(".xlsx")
    import datetime

    row = ["good film", 3, 2.5, True, datetime.datetime(2026, 3, 1, 12, 30), None]
    book = openpyxl.Workbook()
    book.active.append(["text", "a", "b", "c", "d", "e"])
    book.active.append(row)
    book.save(files / "in.xlsx")
    nlpcli("classify", NB, "in.xlsx", "-o", "out.xlsx")
    assert rows_of(files / "out.xlsx")[1][:6] == row
    nlpcli("classify", NB, "in.xlsx", "-o", "out.json")
    assert rows_of(files / "out.json")[1][:6] == [*row[:4], "2026-03-01 12:30:00", None]


def test_columns_of_parquet_keep_their_types(nlpcli, files):
    needs(".parquet")
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({"text": ["good film", None], "n": [1, None], "list": [[1.5], []]})
    parquet.write_table(table, files / "in.parquet")
    nlpcli("classify", NB, "in.parquet", "-o", "out.parquet")
    found = parquet.read_table(files / "out.parquet")
    assert found.select(["text", "n", "list"]).equals(table)
    assert found.schema.field("probability").type == pyarrow.float64()


def test_a_column_that_is_there_already_is_kept(nlpcli, files):
    write(files / "in.csv", [["label", "text"], ["mine", "good"]])
    told = nlpcli("classify", NB, "in.csv", "--text-col", "text", "-o", "out.csv").err
    head, row = rows_of(files / "out.csv")
    assert head == ["label", "text", "label_2", "probability"]
    assert row[0] == "mine"
    assert "there is a column label already: what is added is label_2" in told


def test_the_likeliest_labels_get_columns_by_rank(nlpcli, files):
    nlpcli("classify", NB, "in.csv", "--text-col", "text", "--top", 2, "--explain", "-o", "out.csv")
    head, first, *_ = rows_of(files / "out.csv")
    assert head[3:] == ["label", "probability", "label_rank2", "probability_rank2", "explanation"]
    assert "good:" in first[-1]


def test_numbers_and_several_labels_have_columns_of_their_own(nlpcli, files):
    nlpcli("classify", MODELS / "recurrent-classifier-labels.safetensors", "in.csv", "--text-col", "text",
           "-o", "out.csv")  # fmt: skip
    assert rows_of(files / "out.csv")[0][3:] == ["labels", "probabilities"]
    (files / "people.csv").write_text("height,age,name\n150,70,ann\n180,20,bob\n")
    nlpcli("classify", MODELS / "vector-classifier.safetensors", "people.csv", "-o", "out.csv")
    head, *rows = rows_of(files / "out.csv")
    assert head[:4] == ["height", "age", "name", "label"]
    assert [row[2] for row in rows] == ["ann", "bob"]


def test_cp949_and_the_mark_for_excel(nlpcli, files):
    write(files / "in.csv", ROWS, "cp949")
    call = ["normalize", "in.csv", "--encoding", "cp949", "--text-col", "text", "-o", "out.csv", "-q"]
    nlpcli(*call, "--output-encoding", "cp949")
    assert "한국어" in (files / "out.csv").read_bytes().decode("cp949")
    nlpcli(*call, "--output-encoding", "utf-8-sig")
    content = (files / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert [row[:3] for row in rows_of(files / "out.csv")] == ROWS


def test_a_character_that_the_encoding_has_not_is_an_error_that_names_it(nlpcli, files):
    write(files / "in.csv", [*ROWS, ["1", "좋아요 😀", ""]])
    (files / "out.csv").write_text("as it was")
    told = nlpcli("normalize", "in.csv", "--text-col", "text", "-o", "out.csv", "--output-encoding", "cp949",
                  code=1).err  # fmt: skip
    assert "out.csv: row 6: cp949 has no '😀' (U+1F600)" in told
    assert "utf-8-sig" in told
    assert (files / "out.csv").read_text() == "as it was"
    assert sorted(path.name for path in files.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("output", ["out.txt", "out.xlsx", "out.json", "-"])
def test_an_output_encoding_that_does_nothing_is_refused(nlpcli, output):
    told = nlpcli("normalize", "in.csv", "-o", output, "--output-encoding", "cp949", code=2).err
    assert "--output-encoding does nothing" in told


def test_rows_that_are_short_or_long_keep_their_cells(nlpcli, files):
    (files / "in.csv").write_text("text,a\ngood,1,more\nbad,2\n\nfine,\n")
    nlpcli("normalize", "in.csv", "--text-col", "text", "-o", "out.csv", "-q")
    assert rows_of(files / "out.csv") == [
        ["text", "a", "normalized"], ["good", "1", "good", "more"], ["bad", "2", "bad"], ["", "", ""],
        ["fine", "", "fine"],
    ]  # fmt: skip
    nlpcli("normalize", "in.csv", "--text-col", "text", "-o", "out.jsonl", "-q")
    assert json.loads((files / "out.jsonl").read_text().split("\n")[0])["4"] == "more"


def test_a_table_without_names_gets_none(nlpcli, files):
    (files / "in.tsv").write_text("1\tgood film\n2\tbad film\n")
    call = ["normalize", "in.tsv", "--text-col", "2", "--header", "no", "-q", "-o"]
    nlpcli(*call, "out.csv")
    assert rows_of(files / "out.csv") == [["1", "good film", "good film"], ["2", "bad film", "bad film"]]
    nlpcli(*call, "out.jsonl")
    assert rows_of(files / "out.jsonl")[0] == ["1", "2", "3"]


def test_lines_of_text_are_a_table_of_one_column(nlpcli, files):
    (files / "in.txt").write_text("good film\n\nbad, film")
    nlpcli("classify", NB, "in.txt", "-o", "out.csv")
    found = rows_of(files / "out.csv")
    assert found[0] == ["text", "label", "probability"]
    assert [row[0] for row in found[1:]] == ["good film", "", "bad, film"]
    nlpcli("classify", NB, "in.txt", "--jsonl", "-o", "out.jsonl")  # a layout of its own, as it is asked for
    assert [*json.loads((files / "out.jsonl").read_text().split("\n")[0])] == ["label", "proba"]


def test_objects_keep_what_they_hold(nlpcli, files):
    (files / "in.jsonl").write_text('{"text": "good", "n": {"a": [1]}}\n\n{"text": "bad", "more": null}\n')
    nlpcli("normalize", "in.jsonl", "--text-col", "text", "-o", "out.jsonl")
    assert [*map(json.loads, (files / "out.jsonl").read_text().splitlines())] == [
        {"text": "good", "n": {"a": [1]}, "normalized": "good"},
        {"normalized": ""},
        {"text": "bad", "more": None, "normalized": "bad"},
    ]
    told = nlpcli("normalize", "in.jsonl", "--text-col", "text", "-o", "out.csv", code=1).err
    assert "it has a field 'more', which the first one has not" in told
    assert not (files / "out.csv").exists()


def test_several_files_are_one_table_if_their_columns_are_the_same(nlpcli, files):
    write(files / "more.csv", [ROWS[0], ["8", "more", ""]])
    nlpcli("normalize", "in.csv", "more.csv", "--text-col", "text", "-o", "out.csv", "-q")
    assert [row[0] for row in rows_of(files / "out.csv")] == ["id", "007", "", "1.50", "12", "8"]
    write(files / "more.csv", [["text", "id"], ["more", "8"]])
    told = nlpcli("normalize", "in.csv", "more.csv", "--text-col", "text", "-o", "new.csv", code=1).err
    assert "more.csv: other columns than in.csv has" in told
    assert not (files / "new.csv").exists()


def test_a_header_alone_is_a_table_without_rows(nlpcli, files):
    (files / "in.csv").write_text("id,text\n")
    for suffix in KINDS:
        if suffix in (".xlsx", ".parquet"):
            needs(suffix)
        nlpcli("normalize", "in.csv", "--text-col", "text", "-o", f"out{suffix}")
    assert rows_of(files / "out.csv") == [["id", "text", "normalized"]]
    assert (files / "out.json").read_text() == "[]\n"


def test_what_writes_lines_of_its_own_is_no_row_of_a_workbook(nlpcli):
    told = nlpcli("tokenize", "in.csv", "--text-col", "text", "--format", "conllu", "-o", "out.xlsx", code=1)
    assert "--format conllu writes lines, and .xlsx holds a row for each text" in told.err


def test_a_table_without_a_named_column_is_not_taken_for_lines(nlpcli):
    told = nlpcli("normalize", "in.csv", "-o", "out.csv", code=1).err
    assert "in.csv: this is a table by its name, and no column is named" in told
    nlpcli("normalize", "in.csv", "--input-format", "text", "-o", "out.csv")


@pytest.mark.parametrize("suffix", [".xls", ".ods"])
def test_formats_that_are_not_written_are_refused(nlpcli, suffix):
    told = nlpcli("normalize", "in.csv", "--text-col", "text", "-o", f"out{suffix}", code=1).err
    assert f"{suffix} is not written" in told
    assert "name a .xlsx" in told


@pytest.mark.parametrize("suffix", KINDS)
def test_tables_of_results_are_written_by_the_name_of_the_file(nlpcli, files, suffix):
    needs(suffix)
    (files / "t.txt").write_text("a king and a queen\nthe king\n")
    nlpcli("count", "t.txt", "-o", f"out{suffix}")
    head, first, *_ = rows_of(files / f"out{suffix}")
    assert head == (["token", "count"] if suffix != ".tsv" else ["a", "2"])  # TSV of words has no names
    assert first == (["a", "2"] if suffix == ".csv" else ["king", "2"] if suffix == ".tsv" else ["a", 2])
    nlpcli("search", "t.txt", "king", "-o", f"out{suffix}")
    assert rows_of(files / f"out{suffix}")[0][0] in ("score", "query")


def test_several_tables_of_results_stand_one_below_the_other(nlpcli, files):
    needs(".xlsx")
    (files / "t.tsv").write_text("label\ttext\npos\tgood\nneg\tbad\n")
    nlpcli("evaluate", NB, "t.tsv", "-o", "out.xlsx")
    rows = rows_of(files / "out.xlsx")
    assert rows[0][:2] == ["measure", "value"]
    assert ["class", "precision", "recall", "f1", "texts"] in [row[:5] for row in rows]
    assert "holds one" in nlpcli("evaluate", NB, "t.tsv", "-o", "out.parquet", code=1).err
    assert (
        "--jsonl does nothing with .xlsx"
        in nlpcli("evaluate", NB, "t.tsv", "--jsonl", "-o", "o.xlsx", code=2).err
    )


@pytest.mark.parametrize("command", [name for name in ADDING if name not in ("vectorize", "summarize")])
def test_lines_begin_with_what_a_column_holds(nlpcli, files, command):
    words = ["in.csv" if word == "{}" else word for word in ADDING[command][0]]
    call = [command, *words, "--text-col", "text"]
    plain = nlpcli(*call).out.split("\n")[:-1]
    shown = nlpcli(*call, "--id-col", "id").out.split("\n")[:-1]
    assert shown == [f"{row[0]}\t{line}" for row, line in zip(ROWS[1:], plain, strict=True)]
    assert nlpcli(*call, "--id-col", "1", "-o", "out.txt").out == ""
    assert (files / "out.txt").read_text().split("\n")[:-1] == shown
    assert "there are: id, text, memo" in nlpcli(*call, "--id-col", "nobody", code=1).err
    assert "--id-col does nothing" in nlpcli(*call, "--id-col", "id", "-o", "out.csv", code=2).err
    assert "--id-col does nothing beside --" in nlpcli(*call, "--id-col", "id", "--jsonl", code=2).err


def test_the_column_before_lines_may_be_a_field(nlpcli, files):
    (files / "in.jsonl").write_text('{"text": "good", "n": 7}\n{"text": "bad"}\n')
    call = ["normalize", "in.jsonl", "--text-col", "text", "--id-col", "n"]
    assert nlpcli(*call).out == "7\tgood\n\tbad\n"


def test_terms_need_a_file_that_can_be_read_twice(nlpcli):
    told = nlpcli("vectorize", "--text-col", "1", "--top", 2, "-o", "out.csv", input="a\nb\n", code=2).err
    assert "read twice" in told


@pytest.mark.parametrize(("suffix", "package", "extra"), [(".xlsx", "openpyxl", "excel"),
                                                          (".parquet", "pyarrow", "parquet")])  # fmt: skip
def test_without_the_package_it_is_told_how_to_get_it(nlpcli, files, monkeypatch, suffix, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    done = nlpcli("normalize", "in.csv", "--text-col", "text", "-o", f"out{suffix}", code=None)
    assert done.returncode != 0
    assert f"pip install 'nlpcli[{extra}]'" in done.err
    (files / "in.parquet").write_bytes(b"PAR1\x15\x04\x15\x10\x15\x14L")
    if extra == "parquet":
        assert "nlpcli[parquet]" in nlpcli("count", "in.parquet", code=None).err


def test_a_damaged_parquet_file_is_told(nlpcli, files):
    needs(".parquet")
    (files / "in.parquet").write_bytes(b"PAR1\x15\x04\x15\x10\x15\x14L" * 9)
    assert "in.parquet: the Parquet file cannot be read" in nlpcli("count", "in.parquet", code=1).err


def test_the_python_api_writes_the_same_table(files):
    from nlpcli.engine import jobs

    jobs.classify(NB, ["in.csv"], "out.csv", text_col="text", output_encoding="utf-8-sig")
    assert rows_of(files / "out.csv")[0] == [*ROWS[0], "label", "probability"]
    with pytest.raises(SettingsError, match="--output-encoding: no encoding is called 'klingon'"):
        jobs.classify(NB, ["in.csv"], "out.csv", text_col="text", output_encoding="klingon")


def test_a_workbook_that_is_given_up_leaves_nothing(nlpcli, files):
    needs(".xlsx")
    (files / "uneven.jsonl").write_text('{"text": "a"}\n{"text": "b", "more": 1}\n')
    done = nlpcli("normalize", "uneven.jsonl", "--text-col", "text", "-o", "out.xlsx", code=1)
    gc.collect()  # a sheet that is still open would now complain on stderr, of which pytest makes a failure
    assert "it has a field 'more'" in done.err and not (files / "out.xlsx").exists()
    row = ",".join("a" * 16_385)
    (files / "wide.csv").write_text(f"{row}\n{row}\n")
    done = nlpcli("normalize", "wide.csv", "--text-col", "1", "--header", "no", "-o", "out.xlsx", code=1)
    assert "a sheet holds 16,384 columns" in done.err


# --- tables that are printed ----------------------------------------------------------------


@pytest.mark.parametrize(
    "call", [["keywords", "in.csv"], ["cluster", "in.csv", "--k", 2], ["count", "in.csv"]]
)
def test_printed_tables_have_an_encoding_too(nlpcli, files, call):
    if call[0] == "count":  # it prints lines, and has no such option
        assert "it is an option of" in nlpcli(*call, "--output-encoding", "cp949", code=2).err
        return
    call = [*call, "--text-col", "text"]
    nlpcli(*call, "-o", "plain.csv", code=0)
    wanted = (files / "plain.csv").read_text()
    assert "[" not in wanted and "good" in wanted
    for encoding in ("cp949", "utf-8-sig"):
        nlpcli(*call, "-o", "o.csv", "--output-encoding", encoding, code=0)
        assert (files / "o.csv").read_bytes() == wanted.encode(encoding)
        nlpcli(*call, "-o", "o.tsv", "--output-encoding", encoding, code=0)
        assert (files / "o.tsv").read_bytes().decode(encoding).splitlines()[0].split("\t") == (
            wanted.splitlines()[0].split(",")
        )
    for more in (["-o", "o.xlsx"], ["--json"], []):
        assert "-output-encoding" in nlpcli(*call, *more, "--output-encoding", "cp949", code=2).err
    assert "no encoding is called" in nlpcli(*call, "-o", "o.csv", "--output-encoding", "x", code=2).err
