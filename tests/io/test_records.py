from __future__ import annotations

import gzip
import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.record_formats import as_texts
from nlpcli.engine.io.record_layouts import Layout
from nlpcli.engine.io.records import Records
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings, RecordSettings


def rows_of(path, labelled=True, reading=InputSettings(), **settings):
    batches = list(Records([str(path)], RecordSettings(**settings), reading, labelled=labelled).batches())
    texts = [text for batch in batches for text in batch.texts]
    if not labelled:
        return texts
    return list(zip([label for batch in batches for label in batch.labels], texts, strict=True))


WANTED = [("1", "좋아요, 정말"), ("0", 'so "bad"')]
FORMS = {
    "header.tsv": '문서\tid\tlabel\tdocument\nx\t1\t1\t좋아요, 정말\nx\t2\t0\tso "bad"\n',
    "header.csv": 'id,label,text\r\n1,1,"좋아요, 정말"\r\n2,0,"so ""bad"""\r\n',
    "rows.jsonl": '{"label": 1, "text": "좋아요, 정말"}\n\n{"text": "so \\"bad\\"", "label": "0"}\n',
    "lines.txt": '__label__1 좋아요, 정말\n__label__0 so "bad"\n',
    "bare.tsv": '1\t좋아요, 정말\n0\tso "bad"\n',
    "bare-crlf.txt": '1\t좋아요, 정말\r\n0\tso "bad"\r\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_rows(tmp_path, name):
    (tmp_path / name).write_bytes(FORMS[name].encode())
    assert rows_of(tmp_path / name) == WANTED
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(FORMS[name].encode("cp949")))
    assert rows_of(packed, reading=InputSettings(encoding="cp949")) == WANTED
    assert (
        rows_of(tmp_path / name, labelled=False, format="text")
        == FORMS[name].replace("\r", "").split("\n")[:-1]
    )


def test_columns_by_name_or_number(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\nx,y,z\n")
    assert rows_of(path, text_col="c", label_col="a") == [("x", "z")]
    assert rows_of(path, text_col="3", label_col="1", header="yes") == [("x", "z")]
    assert rows_of(path, text_col="3", label_col="1") == [("a", "c"), ("x", "z")]
    assert rows_of(path, labelled=False, text_col="b") == ["y"]


def test_newline_in_a_quoted_field_is_white_space(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('label,text\na,"one\ntwo"\nb,"three\r\n\r\nfour"\n', newline="")
    assert rows_of(path) == [("a", "one two"), ("b", "three  four")]


def test_tsv_quotes_are_plain_unless_asked(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text('a\t"half a quote\nb\t"whole"\n')
    assert rows_of(path) == [("a", '"half a quote'), ("b", '"whole"')]
    path.write_text('a\t"tab\there"\n')
    assert rows_of(path, quoting="rfc4180") == [("a", "tab\there")]


def test_folder_per_class(tmp_path):
    for label, name, text in (
        ("pos", "1.txt", "good\nfilm\n"),
        ("neg", "1.txt", "bad"),
        ("neg", "2.txt", "dull"),
    ):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / name).write_text(text)
    assert rows_of(tmp_path) == [("neg", "bad"), ("neg", "dull"), ("pos", "good film")]
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="the class 'none' is empty"):
        rows_of(tmp_path)


def test_multi_label_lines_count_for_the_first_or_for_each(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("__label__a __label__b text\n__label__c other\n")
    assert rows_of(path) == [("a", "text"), ("c", "other")]
    assert rows_of(path, multi_label="each") == [("a", "text"), ("b", "text"), ("c", "other")]


def test_texts_gathers_the_labels_on_the_side(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("b\tone\na\ttwo\nb\tthree\n")
    records = Records([str(path)])
    assert [text for batch in records.texts() for text in batch] == ["one", "two", "three"]
    assert (list(records.codes), records.names) == ([0, 1, 0], ["b", "a"])


def test_rows_from_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"a\tone\nb\ttwo\n"))))
    assert rows_of("-") == [("a", "one"), ("b", "two")]


def test_one_text_out_per_line_when_unlabelled(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("id\ttext\n1\tone\n\n2\ttwo\n")
    assert rows_of(path, labelled=False, text_col="text") == ["one", "", "two"]


@pytest.mark.parametrize(
    ("name", "content", "settings", "message"),
    [
        ("t.tsv", "id\ttext\tlabel\n1\ta\tx\n2\tb\n", {}, r"t\.tsv:3: 2 fields"),
        ("t.csv", 'text,label\n"a\nb",x\nc\n', {}, r"t\.csv:4: 1 field,"),
        (
            "t.tsv",
            "id\ttext\tlabel\n",
            {"text_col": "doc"},
            "no column is called 'doc'; there are: id, text, label",
        ),
        ("t.tsv", "id\tx\ty\n", {"text_col": "x"}, "which column is the label"),
        ("t.tsv", "a\tb\n", {"text_col": "7"}, "no column 7"),
        ("t.txt", "just a line\n", {}, "no labels found"),
        (
            "t.jsonl",
            '{"text": "a", "label": 1}\n{"text": "b"}\n',
            {},
            r"t\.jsonl:2: no field 'label'; there are: text",
        ),
        ("t.jsonl", '{"text": "a", "label": 1}\nnot json\n', {}, r"t\.jsonl:2: not JSON"),
        ("t.jsonl", "[1]\n", {}, r"t\.jsonl:1: not a JSON object"),
        ("t.jsonl", '{"a": 1}\n', {}, "which field is the text"),
        ("t.txt", "__label__a x\ny\n", {}, r"t\.txt:2: no __label__"),
        ("t.csv", 'label,text\na,"x\nb,y\n', {}, r"t\.csv:2: the quoting is not CSV"),
        ("t.tsv", "a\tone\n\ttwo\n", {}, r"t\.tsv:2: the label is empty"),
    ],
)
def test_every_mistake_says_where_and_what(tmp_path, name, content, settings, message):
    (tmp_path / name).write_text(content, newline="")
    with pytest.raises(InputError, match=message):
        rows_of(tmp_path / name, **settings)


COLUMN = st.text(st.sampled_from('ab\t"가é\r 1'), max_size=70)


@settings(max_examples=150)
@given(
    rows=st.lists(COLUMN, max_size=8),
    ends=st.sampled_from(["\n", "\r\n"]),
    text=st.integers(0, 2),
    label=st.sampled_from([None, 0, 1, 3]),
    width=st.integers(1, 3),
)
def test_columns_cut_from_bytes_are_those_of_the_split_lines(rows, ends, text, label, width):
    records = Records(["table.tsv"], labelled=label is not None)
    layout = Layout("tsv", text, label, width=width)
    block = "".join(row + ends for row in rows).encode()
    outcomes = []
    for cut in (
        lambda lines: records._formats.cut(lines, 0, block, layout),
        lambda lines: records._formats.split(lines, as_texts(block), layout),
    ):
        try:
            batch = cut(Lines(["table.tsv"]))
            # A carriage return that ends a text is white space: as a line it may be without.
            outcomes.append(([text.rstrip("\r") for text in as_texts(batch.texts)], batch.labels))
        except InputError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_documents_are_the_texts_as_lines_of_bytes(tmp_path):
    table = tmp_path / "table.tsv"
    table.write_text("id\tlabel\ttext\n" + "".join(f"{n}\t{n % 3}\t본문 {n}\n" for n in range(200_000)))
    as_bytes, as_strings = Records([str(table)]), Records([str(table)])
    found = list(as_bytes.documents())
    assert any(isinstance(documents, bytes) for documents in found)
    assert [text for documents in found for text in as_texts(documents)] == [
        text for texts in as_strings.texts() for text in texts
    ]
    assert (as_bytes.codes, as_bytes.names) == (as_strings.codes, as_strings.names)


def test_a_bad_row_is_named_by_its_line_also_far_down_a_table(tmp_path):
    table = tmp_path / "table.tsv"
    rows = ["label\ttext", *("1\tgood film" for _ in range(200_000)), "broken", "1\tgood"]
    table.write_text("\n".join(rows))
    with pytest.raises(InputError, match=r"table\.tsv:200002: 1 field, the columns asked for need"):
        list(Records([str(table)]).documents())
