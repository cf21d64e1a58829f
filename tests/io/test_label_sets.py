"""Several labels in a cell, and second texts of pairs: what each layout gives, as strings and as bytes."""

import pytest

from nlpcli.engine.io.record_formats import as_texts
from nlpcli.engine.io.records import Records
from nlpcli.errors import SettingsError
from nlpcli.settings.input import RecordSettings


def rows_of(path, *, pairs=False, several=False, labelled=True, **settings):
    """Labels and texts, read in both ways, which must agree."""
    found = []
    for way in ("texts", "documents"):
        records = Records(
            [str(path)], RecordSettings(**settings), pairs=pairs, several=several, labelled=labelled
        )
        texts = [text for batch in getattr(records, way)() for text in as_texts(batch)]
        found.append((texts, records.labels()))
    assert found[0] == found[1]
    texts, labels = found[0]
    if pairs:
        texts = list(zip(texts[::2], texts[1::2], strict=True))
    return list(zip(labels, texts, strict=True)) if labelled else texts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.tsv", "text\tlabels\none\tb, a\ntwo\tc\n"),
        ("t.csv", 'text,labels\none,"b, a"\ntwo,c\n'),
        ("t.jsonl", '{"text": "one", "labels": "b, a"}\n{"text": "two", "labels": ["c"]}\n'),
        ("t.jsonl", '{"text": "one", "labels": ["b", "a", "b"]}\n{"text": "two", "labels": "c"}\n'),
    ],
)
def test_labels_in_a_cell_count_for_the_first_each_or_all(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    assert rows_of(path, label_sep=",") == [("b", "one"), ("c", "two")]
    each = [("b", "one"), ("a", "one"), ("c", "two")]
    assert rows_of(path, label_sep=",", multi_label="each") == each
    assert rows_of(path, several=True, label_sep=",") == [("a\nb", "one"), ("c", "two")]
    assert rows_of(path, several=True, multi_label="all") == [("a\nb", "one"), ("c", "two")]
    assert rows_of(path, several=True, label_sep=",", multi_label="first") == [("b", "one"), ("c", "two")]


def test_a_text_may_have_no_label_where_it_may_have_several(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("text\tlabels\none\t\ntwo\t ,\nthree\ta\n\n")
    assert rows_of(path, several=True, label_sep=",") == [("", "one"), ("", "two"), ("a", "three")]
    (tmp_path / "t.jsonl").write_text('{"text": "one", "labels": []}\n')
    assert rows_of(tmp_path / "t.jsonl", several=True, multi_label="all") == [("", "one")]
    (tmp_path / "t.txt").write_text("__label__b __label__a one\n__label__c two\n")
    assert rows_of(tmp_path / "t.txt", several=True, multi_label="all") == [("a\nb", "one"), ("c", "two")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.tsv", "text\tlabels\none\t\ntwo\t ,\nthree\ta\nfour\tb\n"),
        ("t.csv", 'text,labels\none,\ntwo," ,"\nthree,a\nfour,b\n'),
        (
            "t.jsonl",
            '{"text": "one", "labels": []}\n{"text": "two", "labels": ","}\n'
            '{"text": "three", "labels": ["a"]}\n{"text": "four", "labels": "b"}\n',
        ),
    ],
)
def test_a_text_without_labels_where_cells_may_hold_several_is_left_out_and_told(
    nlpcli, tmp_path, name, content
):
    path = tmp_path / name
    path.write_text(content)
    for which in ("first", "each"):
        assert rows_of(path, label_sep=",", multi_label=which) == [("a", "three"), ("b", "four")]
    told = nlpcli("keywords", path, "--label-col", "labels", "--label-sep", ",")
    assert "left out, for want of a label: 2 lines" in told.err and "three" in told.out


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("t.tsv", "a\tb\tlabel\none\ttwo\tx\nthree\t\ty\n\n", {}),
        ("t.tsv", "one\ttwo\tx\nthree\t\ty\n", {"text_col": "1", "text2_col": "2"}),
        ("t.tsv", "x\tone\ttwo\ny\tthree\t\n", {"text_col": "2", "text2_col": "3"}),
        ("t.csv", 'a,b,label\n"one","two",x\nthree,,y\n', {}),
        ("t.csv", "label;b;a\nx;two;one\ny;;three\n", {}),
        (
            "t.jsonl",
            '{"a": "one", "b": "two", "label": "x"}\n\n{"a": "three", "b": null, "label": "y"}\n',
            {},
        ),
    ],
)
def test_pairs_come_as_two_texts_for_one_label(tmp_path, name, content, more):
    path = tmp_path / name
    path.write_text(content)
    columns = {"text_col": "a", "text2_col": "b", **more}
    assert rows_of(path, pairs=True, **columns) == [("x", ("one", "two")), ("y", ("three", ""))]
    texts = rows_of(path, pairs=True, labelled=False, **columns)
    assert [pair for pair in texts if any(pair)] == [("one", "two"), ("three", "")]


def test_pairs_may_have_several_labels(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\tlabel\none\ttwo\tx|y\n")
    columns = {"text_col": "a", "text2_col": "b", "label_sep": "|"}
    assert rows_of(path, pairs=True, several=True, **columns) == [("x\ny", ("one", "two"))]
    each = [("x", ("one", "two")), ("y", ("one", "two"))]
    assert rows_of(path, pairs=True, multi_label="each", **columns) == each


def test_pairs_and_sets_of_labels_are_only_for_those_who_take_them():
    with pytest.raises(SettingsError, match="--text2-col is for pairs of texts"):
        Records(["t"], RecordSettings(text_col="1", text2_col="2"))
    with pytest.raises(SettingsError, match="--multi-label all is for models that give several labels"):
        Records(["t"], RecordSettings(multi_label="all"))
    for wrong in ("", " ", "\n"):
        with pytest.raises(SettingsError, match="--label-sep cannot be"):
            RecordSettings(label_sep=wrong)
