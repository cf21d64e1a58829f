"""Tables as spreadsheets and databases write them: the same records come out of every way of writing them."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import sys
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.io.dialects import delimiter_of
from nlpcli.engine.io.record_formats import as_texts
from nlpcli.engine.io.records import Records
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings, RecordSettings

ENCODINGS = {
    "utf-8": b"", "utf-8-sig": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "cp949": b"",
}  # fmt: skip
SUFFIX = {",": "csv", ";": "csv", "|": "csv", "\t": "tsv"}


def read(path, *, labelled=True, encoding="utf-8", as_lines=False, notes=None, **options):
    """(label, text) of each record; the texts alone where they have no labels."""

    class Notes:
        def note(self, text):
            if notes is not None:
                notes.append(text)

        def update(self, *_):
            pass

        lost = note

    records = Records(
        [str(path)], RecordSettings(**options), InputSettings(encoding=encoding),
        labelled=labelled, progress=Notes(),
    )  # fmt: skip
    batches = records.documents() if as_lines else records.texts()
    texts = [text for batch in batches for text in as_texts(batch)]
    return list(zip(records.labels(), texts, strict=True)) if labelled else texts


def one_line(text: str) -> str:
    return re.sub(r"\r*\n|\r", " ", text)  # \r\r\n, from files converted twice, is one line end too


def by_csv(table: str, delimiter: str, header: bool) -> list[tuple[str, str]]:
    """What Python's csv module makes of it: the reference."""
    rows = [row for row in csv.reader(io.StringIO(table, newline=""), delimiter=delimiter) if row]
    return [(row[1], one_line(row[2])) for row in rows[header:]]


def written(rows: Sequence[Sequence[str]], delimiter: str, ends: str, all_quoted: bool = False) -> str:
    """A table as RFC 4180 has it: the csv module would not quote a line end that is not its own."""

    def cell(text: str) -> str:
        is_quoted = all_quoted or any(sign in text for sign in ('"', "\r", "\n", delimiter))
        return '"' + text.replace('"', '""') + '"' if is_quoted else text

    return "".join(delimiter.join(map(cell, row)) + ends for row in rows)


def sample_rows(break_: str, delimiter: str, encoding: str, header: bool) -> list[list[str]]:
    """Rows with everything in them that makes a table hard; in TSV quotes only where line ends are quoted."""
    mark = "" if encoding == "cp949" else "\x85\u2028"
    quote = '"' if break_ or delimiter != "\t" else ""
    rows = [
        ["1", "좋음", f"정말, 좋은{break_} 영화; 3,5점 | {quote}최고{quote}"],
        ["2", "나쁨", f"a\x0bb\x0cc {mark} d"],
        ["3", "좋음", f"{break_}끝{break_}{break_}"],
        ["4", "나쁨", " 띄어쓰기 "],
        ["5", "좋음", f"{quote}{quote}" if break_ else "끝"],
    ]
    return [["번호", "label", f"the {break_}text"], *rows] if header else rows


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_same_records_come_out_of_every_way_of_writing_them(tmp_path, delimiter, ends):
    path = tmp_path / f"table.{SUFFIX[delimiter]}"
    for break_, encoding, header in itertools.product(["", "\n", "\r", "\r\n"], ENCODINGS, [True, False]):
        table = written(sample_rows(break_, delimiter, encoding, header), delimiter, ends)
        wanted = by_csv(table, delimiter, header)
        path.write_bytes(ENCODINGS[encoding] + table.encode(encoding))
        names = ("the text", "label") if header else ("3", "2")
        reading = {"encoding": "auto" if encoding == "cp949" else "utf-8"}
        columns = {"text_col": names[0], "label_col": names[1]}
        assert read(path, **columns, **reading) == wanted, (break_, encoding, header)
        if encoding in ("utf-8", "utf-16-le"):
            assert read(path, as_lines=True, **columns) == wanted, (break_, encoding, header)
            found = read(path, labelled=False, text_col=names[0])
            assert found == [text for _, text in wanted], (break_, encoding, header)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_packed_and_piped_tables_are_the_same(tmp_path, monkeypatch, delimiter, ends):
    table = written(sample_rows("\n", delimiter, "utf-8", True), delimiter, ends)
    wanted = by_csv(table, delimiter, True)
    columns = {"text_col": "the text", "label_col": "label", "format": SUFFIX[delimiter]}
    for content in (table.encode(), table.encode("utf-16")):
        packed = tmp_path / "table.gz"
        packed.write_bytes(gzip.compress(content))
        assert read(packed, **columns) == wanted
        for labelled in (True, False):
            pipe = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)))
            monkeypatch.setattr(sys, "stdin", pipe)
            found = read("-", labelled=labelled, **columns)
            assert found == (wanted if labelled else [text for _, text in wanted])


CELL = st.text(st.sampled_from('a1가 ,;|\t"\r\n\x85\u2028'), max_size=6)


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["x", "y"]), CELL, CELL), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;|\t"),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    all_quoted=st.booleans(),
)
def test_any_table_is_read_as_the_csv_module_reads_it(
    tmp_path_factory, rows, delimiter, ends, encoding, all_quoted
):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    table = written(
        [("label", "other", "text"), *rows],
        delimiter,
        ends,
        csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL,
    )
    path.write_bytes(table.encode(encoding))
    wanted = [(label, one_line(text)) for label, _, text in rows]
    assert read(path, text_col="text", label_col="label") == wanted
    assert read(path, text_col="3", label_col="1", header="yes", delimiter=delimiter) == wanted


# --- line ends ------------------------------------------------------------------------------


ABC = [("a", "one"), ("b", "two"), ("c", "three")]


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("mixed.csv", "label,text\r\na,one\nb,two\rc,three\r\n", ABC),
        ("mixed.tsv", "label\ttext\na\tone\rb\ttwo\r\nc\tthree", ABC),
        ("cell.csv", "label,text\r\na,one\rtwo\r\nb,three\r\n", [("a", "one two"), ("b", "three")]),
        ("cell.tsv", "label\ttext\r\na\tone\rtwo\r\nb\tthree\r\n", [("a", "one two"), ("b", "three")]),
        ("twice.csv", "label,text\r\r\na,one\r\r\nb,two\r\r\n", [("a", "one"), ("b", "two")]),
        ("twice.tsv", "label\ttext\r\r\na\tone\r\r\nb\ttwo\r\r\n", [("a", "one"), ("b", "two")]),
        ("quoted.csv", 'label,text\r\na,"one\rtwo"\r\nb,"three"\r\n', [("a", "one two"), ("b", "three")]),
        ("mac.csv", 'label,text\ra,"one\ntwo"\rb,three', [("a", "one two"), ("b", "three")]),
        ("mac.txt", "a\tone\rb\ttwo\r", [("a", "one"), ("b", "two")]),
        ("mac.jsonl", '{"label": 1, "text": "a"}\r{"label": 2, "text": "b"}\r', [("1", "a"), ("2", "b")]),
        ("mac.fasttext", "__label__a one\r__label__b two\r", [("a", "one"), ("b", "two")]),
        ("blank.csv", "\n\r\nlabel,text\n\na,one\n\n\nb,two\n\n", [("a", "one"), ("b", "two")]),
        ("blank.tsv", "\n\nlabel\ttext\n\na\tone\n\n\nb\ttwo\n\n", [("a", "one"), ("b", "two")]),
        ("empty.csv", "label;text;\n;;\na;one;\n;;\nb;two;\n;;\n;;\n", [("a", "one"), ("b", "two")]),
        ("empty.tsv", "label\ttext\t\na\tone\t\n\t\t\nb\ttwo\n\t\t\n  \n", [("a", "one"), ("b", "two")]),
    ],
)  # fmt: skip
def test_rows_are_found_whatever_the_line_ends(tmp_path, name, content, wanted):
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert read(path) == wanted
    assert read(path, as_lines=True) == wanted


@pytest.mark.parametrize("inner", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("header", ["", "label,text\r"])
@pytest.mark.parametrize("size", [3, 6_000])
def test_an_old_mac_may_begin_with_a_long_text_of_many_lines(tmp_path, inner, header, size):
    path = tmp_path / "mac.csv"
    line = "x y " * 50
    lines = f"{line}{inner}" * size  # the larger one is more than what line ends are told by
    path.write_bytes(f'{header}a,"{lines}"\rb,two\r'.encode())
    assert read(path) == [("a", f"{line} " * size), ("b", "two")]


def test_lines_of_an_old_mac_are_lines(nlpcli):
    assert nlpcli("tokenize", input="one two\rthree\r").out == "one two\nthree\n"
    assert nlpcli("tokenize", input="10%\r20%\rdone\nnext\n").out.count("\n") == 2


# --- the first record -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ('"the\ntext",label', {"text_col": "the text", "label_col": "label"}),
        ('"the\r\n text",label', {"text_col": "the text"}),
        ('"text, as written",label', {"text_col": "text, as written"}),
        ('"the ""text""",label', {"text_col": 'the "text"'}),
        ("\ufeffText , LABEL ", {"text_col": "text", "label_col": "label"}),
        ("\ufeff\ufefftext,label", {}),
        ("text,,label,", {}),
        ("text,x,x,label", {}),
        (f"text,label,{'long ' * 40_000}", {}),
        (f'text,"{"길게 " * 100_000}",label', {}),
        ('sep=,\ntext,"a\nb",label', {}),
        ('sep=,\n\n\ntext,"a\nb",label', {}),
        ('\ufeff\ufeff"text","label"', {}),
        (unicodedata.normalize("NFD", "본문,라벨,label"), {"label_col": "label"}),
        ("본문 내용,label", {"text_col": unicodedata.normalize("NFD", "본문  내용")}),
        ("ＴＥＸＴ,label", {}),
        ("\u200btext\u200b,label\u00a0", {}),
        ("Straße,label", {"text_col": "STRASSE"}),
    ],
)  # fmt: skip
def test_the_first_record_is_a_record(tmp_path, header, columns):
    names = next(csv.reader(io.StringIO(header.removeprefix("sep=,\n").lstrip("\n\ufeff"), newline="")))
    row = [""] * len(names)
    row[0] = "영화"
    row[next(number for number, name in enumerate(names) if name.strip().lower() == "label")] = "x"
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\n{','.join(row)}\n", newline="")
    assert read(path, **columns) == [("x", "영화")]


@pytest.mark.parametrize("line", ["x y", 'x ""y""'])
def test_a_first_text_of_very_many_lines_takes_time_as_its_length(tmp_path, line):
    path = tmp_path / "t.csv"
    size = 30_000  # lines: looked at anew for each of them, it would be minutes
    lines = f"{line}\n" * size
    path.write_text(f'a,"{lines}"\nb,two\n')
    wanted = lines.replace('""', '"').replace("\n", " ")
    assert read(path) == [("a", wanted), ("b", "two")]


def test_a_first_row_as_long_as_a_book_is_a_row(tmp_path):
    text = "긴 글 " * 50_000
    for name, content in {"t.csv": f'a,"{text}"\nb,x\n', "t.tsv": f"a\t{text}\nb\tx\n"}.items():
        (tmp_path / name).write_text(content)
        assert read(tmp_path / name) == [("a", text), ("b", "x")]


def test_a_name_that_two_columns_have_is_not_guessed(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text,label,text\na,x,b\n")
    with pytest.raises(InputError, match="more than one column is called 'text': 1 and 3") as caught:
        read(path)
    assert "--text-col 1 --header yes" in (caught.value.hint or "")
    assert read(path, text_col="3", label_col="2", header="yes") == [("x", "b")]


@pytest.mark.parametrize(
    ("content", "options", "wanted", "note"),
    [
        ("id,text\n1,one\n", {"text_col": "2"}, ["one"], None),
        ("num,words\n1,one\n2,two\n", {"text_col": "2"}, ["one", "two"], "for the names of the columns"),
        ("words,author\none,kim\n", {"text_col": "1"}, ["words", "one"], "for data; --header yes"),
        ("words,author\none,kim\n", {"text_col": "1", "header": "yes"}, ["one"], None),
        ("words,author\none,kim\n", {"text_col": "1", "header": "no"}, ["words", "one"], None),
        ("1,one\n2,two\n", {"text_col": "2"}, ["one", "two"], None),
        ("x,one\nx,two\n", {"text_col": "2"}, ["one", "two"], None),
        ("1.5,one\nn/a,two\n", {"text_col": "2"}, ["one", "two"], None),
    ],
)
def test_a_header_is_not_taken_for_a_text_in_silence(tmp_path, content, options, wanted, note):
    path = tmp_path / "t.csv"
    path.write_text(content)
    notes: list[str] = []
    assert read(path, labelled=False, notes=notes, **options) == wanted
    assert [note in line for line in notes] == ([True] if note else [])


@pytest.mark.parametrize(
    ("content", "options", "wanted"),
    [
        ("1\tgood\n0\tbad\n", {"label_col": "1", "text_col": "2"}, [("1", "good"), ("0", "bad")]),
        ("1,good\n2,bad\n", {"label_col": "1", "text_col": "2"}, [("1", "good"), ("2", "bad")]),
        ("good|2|\nbad|1|\n", {"label_col": "2", "text_col": "1"}, [("2", "good"), ("1", "bad")]),
        ("label,2,1\na,x,one\nb,y,two\n", {"text_col": "1"}, [("a", "one"), ("b", "two")]),
        ("0,1\ngood,a\nbad,b\n", {"label_col": "1", "text_col": "0"}, [("a", "good"), ("b", "bad")]),
        (",0,1\n0,good,a\n", {"label_col": "1", "text_col": "0"}, [("a", "good")]),
        ("0,good\n1,bad\n", {}, [("0", "good"), ("1", "bad")]),
    ],
)
def test_a_number_is_a_columns_place_unless_the_first_row_has_names(tmp_path, content, options, wanted):
    path = tmp_path / "t.csv"
    path.write_text(content)
    assert read(path, **options) == wanted


@pytest.mark.parametrize("as_lines", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", "label,text\na,one, and more\nb,two\n", "1 row has more cells than the first row .*:2"),
        ("t.csv", "label,text\na,one\nb,two,x\nb,two,,y\n", "2 rows have more cells .*:3"),
        ("t.tsv", "label\ttext\na\tone\tmore\nb\ttwo\n", "1 row has more cells .*:2"),
        ("t.tsv", "a\tone\nb\ttwo\r\nb\ttwo\tx\r\n", "1 row has more cells .*:3"),
        ("t.tsv", "label\ttext\na\tone\t\nb\ttwo\t\t\n", None),
        ("t.csv", "label,text\na,one,\nb,two,,\n", None),
    ],
)
def test_cells_beyond_the_first_rows_are_not_left_out_in_silence(tmp_path, name, content, told, as_lines):
    path = tmp_path / name
    path.write_text(content)
    notes: list[str] = []
    found = read(path, notes=notes, as_lines=as_lines)
    assert [text for _, text in found][:2] == ["one", "two"]
    assert [bool(re.search(told or "", note)) for note in notes] == ([True] if told else [])


@pytest.mark.parametrize("separator", [",", "\t"])
def test_labels_of_white_space_are_errors_and_those_that_differ_in_it_are_told(tmp_path, separator):
    path = tmp_path / "t.csv"
    path.write_text(f"label{separator}text\n {separator}one\nb{separator}two\n")
    with pytest.raises(InputError, match="a label is nothing but white space"):
        read(path)
    path.write_text(f"label{separator}text\na{separator}one\na {separator}two\nb{separator}x\n")
    notes: list[str] = []
    assert [label for label, _ in read(path, notes=notes)] == ["a", "a ", "b"]
    assert notes == ["labels that differ in white space only: 'a' and 'a '"]


# --- delimiters and quotes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["id;wert;text", "1;3,5;gut, ja", "2;4,5;nein"], ";"),
        (["1;3,5;2,5", "2;4,5;1,0"], ";"),
        (["a,b", "x;y,z", "x,z;y"], ","),
        (["x;1,one", "y;2,two"], ","),
        (["name,person", "a,O&#039;Connor", "b,Kim"], ","),
        (["id|text", "1|a, b", "2|c"], "|"),
        (['"a,b";"c"', '"d";"e"'], ";"),
        (["id;has_data;cost", "1;False;62,25", "4;True;['112', '112']"], ";"),
        (["country,unit", '"KR","Per cent | of GDP"', '"DE","Euro | total"'], ","),
        (["하나\t둘, 셋", "넷\t다섯, 여섯"], "\t"),
        (["pos;good, nice", "neg;bad, awful"], ";"),
        (["pos, good; nice", "neg, bad; awful"], ","),
        (["text"], None),
        (["a text; of one column", "and more"], ";"),
    ],
)
def test_what_separates_columns_is_told_by_the_rows(lines, delimiter):
    assert delimiter_of(lines, (), ()) == delimiter


def test_the_delimiter_may_be_given(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("a:b, c\nd:e; f\n")
    assert read(path, delimiter=":") == [("a", "b, c"), ("d", "e; f")]
    path.write_text("1\ta b\n2\tc d\n")
    for tab in ("tab", "\\t", "\t"):
        assert read(path, delimiter=tab, labelled=False, text_col="2") == ["a b", "c d"]
    for wrong in ("", "::", '"', "\n", "semicolon"):
        with pytest.raises(SettingsError, match="--delimiter must be one character"):
            RecordSettings(delimiter=wrong)


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_that_tells_excel_the_delimiter_is_no_row(tmp_path, line):
    path = tmp_path / "t.csv"
    path.write_text(f"{line}\nlabel;text\na;one, two\n")
    assert read(path) == [("a", "one, two")]
    for name in ("t.tsv", "t.txt", "t"):
        (tmp_path / name).write_text(f"\ufeff{line}\n\nlabel;text\na;one, two\n")
        assert read(tmp_path / name) == [("a", "one, two")]
    path.write_text(f"{line}\na;one, two\n")
    assert read(path, labelled=False, text_col="2") == ["one, two"]
    path.write_text(f'{line}\nlabel;text\na;"x\n')
    with pytest.raises(InputError, match=r"t\.csv:3: the quoting is not CSV"):
        read(path)


def test_quotes_enclose_fields_of_a_tsv_only_where_its_rows_show_it(tmp_path):
    path = tmp_path / "t.tsv"
    broken = 'a\t"one\ntwo"\nb\tthree\n'
    path.write_text(broken)
    assert read(path) == [("a", "one two"), ("b", "three")]
    path.write_text('a\t"one\nb\ttwo"\n')  # rows of equal length without quoting: reviews that begin so
    assert read(path) == [("a", '"one'), ("b", 'two"')]
    path.write_text('a\t"whole"\nb\ttwo\n')
    assert read(path) == [("a", '"whole"'), ("b", "two")]
    path.write_bytes(b"\xff\xfe" + 'a\t"one, two"\nb\ttwo\n'.encode("utf-16-le"))  # as Excel writes a comma
    assert read(path) == [("a", "one, two"), ("b", "two")]
    path.write_text("a\tx\n" * 100_000 + broken)
    with pytest.raises(InputError, match=r"t\.tsv:100002: 1 field") as caught:
        read(path)
    assert "is the separator right" in (caught.value.hint or "")
    path.write_text("x\ta\n" * 100_000 + '"one\ntwo"\tb\n')
    with pytest.raises(InputError, match=r"t\.tsv:100001: 1 field") as caught:
        read(path)
    assert "--quoting rfc4180" in (caught.value.hint or "")
    assert read(path, quoting="rfc4180", label_col="1", text_col="2")[-1] == ("one two", "b")


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ('"label"\t"text"\n"a"\t"one"\n"b"\t"two"\n', ["one", "two"]),
        ('"label"\t"n"\t"text"\r\n"a"\t1.5\t"say ""so"""\r\n"b"\tNA\t"two"\r\n', ['say "so"', "two"]),
        ('label\ttext\na\t"one"\nb\ttwo\n', ['"one"', "two"]),
        ('label, text\n"a", "one, and"\nb, "two"\n', ["one, and", "two"]),
        ('"label"; "text"\n"a"; "one; and"\n"b"; "two"\n', ["one; and", "two"]),
        ('label, text\na, "one" and\nb, two\n', [' "one" and', " two"]),
        ('label,text\na,"one, ""x"""\nb, two\n', ['one, "x"', " two"]),
    ],
)
def test_quotes_enclose_fields_where_all_are_quoted_or_stand_behind_a_space(tmp_path, content, wanted):
    path = tmp_path / ("t.tsv" if "\t" in content else "t.csv")
    path.write_text(content, newline="")
    assert [text for _, text in read(path)] == wanted


# --- what is wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "options", "message", "hint"),
    [
        ("t.csv", "id,review_text\n1,a\n", {"text_col": "reviewtext"}, "no column", "'review_text'"),
        ("t.csv", "번호,본문내용\n1,a\n", {"text_col": "본문"}, "there are: 번호, 본문내용", "본문내용"),
        ("t.csv", "id,text\n1,a\n", {"text_col": "7"}, "no column 7: the first row has 2", "from 1"),
        ("t.csv", "id,text\n1,a\n", {"text_col": "²"}, "no column is called '²'", "number from 1"),
        ("t.csv", "id,text\n1,a\n", {"text_col": "9" * 5_000}, "no column 9999", "from 1"),
        ("t.xls", "<html><table><tr><td>text</td></tr>\n", {}, "a page in HTML", "save it as .xlsx"),
        ("t.xls", '<?xml version="1.0"?>\n<Workbook/>\n', {}, "a page in HTML or XML", "save it as .xlsx"),
        ("t.csv", "id,text\n1,a\n", {"text_col": "0"}, "there is no column 0", "number from 1"),
        ("t.tsv", "id,text\n1,a\n", {"text_col": "3"}, "there is no column 3", "number from 1"),
        ("t.csv", "id:doc\n1:a\n", {"text_col": "doc"}, "no column is called 'doc'", "--delimiter"),
        ("t.csv", "id,text\n1,a\n", {}, "which column is the label\\? there are: id, text", "--label-col"),
        ("t.csv", "label,text\nx,a\n,b\n", {}, r"t\.csv:3: the label is empty", "take it out"),
        ("t.json", '[{"label": 1, "text": "a"}]\n', {}, "a JSON array", "jq -c"),
        ("t.json", '[\n  {"label": 1}\n]\n', {}, "a JSON array", "jq -c"),
        ("t.csv", "label,text\nx,a\n", {"sheet": "1"}, "no Excel workbook", "--sheet"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do(tmp_path, name, content, options, message, hint):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path / name, **options)
    assert hint in (caught.value.hint or "")


def test_a_header_of_thousands_of_columns_is_not_all_printed(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",".join(f"column {number}" for number in range(5_000)) + "\n" + "1," * 5_000 + "\n")
    with pytest.raises(InputError, match=r"and 4970 more") as caught:
        read(path, text_col="nothing like it")
    assert len(str(caught.value)) < 1_000
