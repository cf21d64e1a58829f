"""Excel workbooks as tables: what cells become, which sheet, and files that would do harm."""

from __future__ import annotations

import bz2
import datetime
import gzip
import io
import lzma
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nlpcli.engine.io.workbooks import cell_text, workbook_rows
from nlpcli.errors import InputError

openpyxl = pytest.importorskip("openpyxl", reason="the extra excel is not installed")


def saved(path: Path, **sheets: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    with path.open("wb") as file:  # whatever the file's name
        workbook.save(file)
    return path


def rows_of(path: Path, sheet: str | None = None) -> list[list[str]]:
    return [[*map(cell_text, row)] for batch in workbook_rows(str(path), sheet) for row in batch]


REVIEWS = [
    ["번호", "본문", "라벨"],
    [1, "좋은 영화", "긍정"],
    [],
    [2, "나쁜\n영화", "부정"],
    [None, "", None],
    [],
]


def test_the_commands_that_read_tables_read_workbooks_told_by_their_content(nlpcli, tmp_path):
    path = saved(tmp_path / "reviews.dat", 리뷰=REVIEWS)
    for name in (path, "-"):
        content = path.read_bytes() if name == "-" else b""
        told = nlpcli("train-nb", name, "-o", "m.safetensors", "--text-col", "본문", input=content).err
        assert "2 texts, 2 classes" in told
    assert nlpcli("classify", "m.safetensors", path, "--text-col", "2", "--header", "yes").out == (
        "긍정\n긍정\n부정\n"
    )
    assert "accuracy" in nlpcli("evaluate", "m.safetensors", path).out
    assert nlpcli("vectorize", path, "--text-col", "본문", "--method", "bow").out.splitlines() == [
        '{"영화": 1, "좋은": 1}', "{}", '{"영화": 1, "나쁜": 1}',
    ]  # fmt: skip
    assert "no column is called '본뭉'" in nlpcli("vectorize", path, "--text-col", "본뭉", code=1).err
    saved(path, a=[["label", "text"], ["x", "a"], [None, "b"]])
    told = nlpcli("train-nb", path, "-o", "m.safetensors", code=1).err
    assert "reviews.dat: row 3: the label is empty" in told


def test_cells_become_text_as_excel_keeps_them(tmp_path):
    cells = {
        2.0: "2", 3.5: "3.5", 0.1 + 0.2: "0.3", 1e20: "1e+20", True: "TRUE", False: "FALSE",
        datetime.date(2026, 3, 1): "2026-03-01",
        datetime.datetime(2026, 3, 1, 12, 30): "2026-03-01 12:30:00",
        datetime.time(9, 5): "09:05:00",
        datetime.timedelta(hours=26, minutes=1): "26:01:00",
        "#N/A": "#N/A", "a_x000D_\nb": "a\r\nb", "_x005F_x000D_": "_x000D_", "=1+1": "", "007": "007",
    }  # fmt: skip
    path = saved(tmp_path / "t.xlsx", a=[[value, "end"] for value in [*cells, 1]])
    assert [row[0] for row in rows_of(path)] == [*cells.values(), "1"]


def test_a_sheet_is_named_or_numbered(nlpcli, tmp_path):
    path = saved(tmp_path / "t.xlsx", One=[["a"]], Two=[["b"]], **{"1": [["c"]]})
    chosen = {None: "a", "Two": "b", " two": "b", "2": "b", "3": "c", "1": "c"}
    assert {sheet: rows_of(path, sheet)[0][0] for sheet in chosen} == chosen
    for wrong in ("Three", "4", "0", "²"):
        with pytest.raises(InputError, match="there are: One, Two, 1"):
            rows_of(path, wrong)
    assert "the sheet 'One' is read, the first of 3" in nlpcli("vectorize", path, "--text-col", "1").err


def test_the_first_sheet_that_is_shown_is_read(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.title = "lists"
    workbook.active.append(["hidden"])
    workbook.active.sheet_state = "hidden"
    workbook.create_sheet("한국").append(["shown"])
    workbook.active = 1
    workbook.save(tmp_path / "t.xlsx")
    assert rows_of(tmp_path / "t.xlsx") == [["shown"]]
    assert rows_of(tmp_path / "t.xlsx", "lists") == [["hidden"]]
    assert rows_of(tmp_path / "t.xlsx", unicodedata.normalize("NFD", "한국")) == [["shown"]]
    with pytest.raises(InputError, match="no sheet is called '9999"):
        rows_of(tmp_path / "t.xlsx", "9" * 5_000)


def test_a_title_above_the_table_and_cells_beside_it_are_told(nlpcli, tmp_path):
    saved(tmp_path / "t.xlsx", a=[["Reviews of 2026"], ["label", "text"], ["a", "one"], ["b", "two"]])
    told = nlpcli("train-nb", "t.xlsx", "-o", "m.safetensors", code=1).err
    assert "the first row has one cell: Reviews of 2026\nhint: the first row names the columns" in told
    saved(tmp_path / "t.xlsx", a=[["label", "text"], ["a", "one"], ["b", "two", None, "a remark"]])
    told = nlpcli("train-nb", "t.xlsx", "-o", "m.safetensors").err
    assert "1 row has more cells than the first row (t.xlsx: row 3)" in told


def edited(source: Path, target: Path, member: str, edit: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, edit(content) if member in name else content)
    return target


def test_hostile_and_damaged_workbooks_are_errors(tmp_path):
    good = saved(tmp_path / "good.xlsx", a=[["text"], ["words"]])
    bad = tmp_path / "bad.xlsx"
    long_cell = b"<row><c t='inlineStr'><is><t>" + b"a" * (80 << 20) + b"</t></is></c></row></sheetData>"
    edited(good, bad, "sheet1.xml", lambda xml: xml.replace(b"</sheetData>", long_cell))
    with pytest.raises(InputError, match="would unpack to"):
        rows_of(bad)
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 20) for n in range(1, 9))
    for kind in (b'<!ENTITY e0 "aaaaaaaaaa">' + entities, b'<!ENTITY e8 SYSTEM "file:///etc/hostname">'):
        declared = b"<!DOCTYPE x [" + kind + b"]><worksheet"

        def with_entity(xml: bytes, declared: bytes = declared) -> bytes:
            found = xml.replace(b"<worksheet", declared, 1).replace(b"words", b"&e8;")
            assert found.count(b"&e8;") and declared in found
            return found

        edited(good, bad, "sheet1.xml", with_entity)
        with pytest.raises(InputError, match="cannot be read"):
            rows_of(bad)
    content = good.read_bytes()
    for cut in range(4, len(content), 400):
        bad.write_bytes(content[:cut])
        with pytest.raises(InputError):
            rows_of(bad)
    edited(good, bad, "sheet1.xml", lambda xml: xml[: len(xml) // 2])
    with pytest.raises(InputError, match="cannot be read"):
        rows_of(bad)
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("word/document.xml", "")
    with pytest.raises(InputError, match="this is a Word document"):
        rows_of(bad)


def test_the_size_that_a_sheet_claims_is_not_believed(tmp_path):
    good = saved(tmp_path / "good.xlsx", a=[["text", "label"], ["words", "x"]])
    lying = edited(
        good, tmp_path / "t.xlsx", "sheet1.xml", lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1"')
    )
    assert rows_of(lying) == [["text", "label"], ["words", "x"]]
    far = saved(tmp_path / "far.xlsx", a=[["a"]])
    edited(far, lying, "sheet1.xml", lambda xml: xml.replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'))  # fmt: skip
    batches = workbook_rows(str(lying))
    assert next(batches)[0] == ["a"]  # a row after the other, not the whole rectangle
    batches.close()


def test_without_the_extra_the_error_names_it(nlpcli, tmp_path, monkeypatch):
    path = saved(tmp_path / "t.xlsx", a=[["a"]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    told = nlpcli("vectorize", path, "--text-col", "1", code=1).err
    assert "this is an Excel workbook" in told
    assert "hint: pip install 'nlpcli[excel]'" in told


def test_a_packed_workbook_and_one_from_stdin_are_the_same(tmp_path, monkeypatch):
    path = saved(tmp_path / "t.xlsx", a=REVIEWS)
    packed = tmp_path / "t.xlsx.bz2"
    packed.write_bytes(bz2.compress(path.read_bytes()))
    assert rows_of(packed) == rows_of(path) != []
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(path.read_bytes()))))
    assert rows_of(Path("-")) == rows_of(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_workbook_in_a_pipe_is_read_packed_too(nlpcli, tmp_path, pack):
    content = pack(saved(tmp_path / "t.xlsx", a=REVIEWS).read_bytes())
    told = nlpcli("train-nb", "-o", "m.safetensors", "--text-col", "본문", input=content).err
    assert "2 texts, 2 classes" in told


@pytest.mark.parametrize("charts_first", [True, False])
def test_sheets_for_charts_are_passed_over(nlpcli, tmp_path, charts_first):
    workbook = openpyxl.Workbook()
    for row in (["label", "text"], ["a", "one"], ["b", "two"]):
        workbook.active.append(row)
    workbook.active.print_title_rows = "1:1"
    workbook.create_chartsheet("Empty", 0 if charts_first else None)
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(workbook["Sheet"], 1, 1, 1, 3))
    workbook.create_chartsheet("Chart", 0 if charts_first else None).add_chart(chart)
    workbook.save(tmp_path / "t.xlsx")
    assert rows_of(tmp_path / "t.xlsx") == rows_of(tmp_path / "t.xlsx", "1") != []
    for sheet in ("Chart", "Empty"):
        with pytest.raises(InputError, match=f"the sheet '{sheet}' is a chart"):
            rows_of(tmp_path / "t.xlsx", sheet)
    workbook.remove(workbook["Sheet"])
    workbook.save(tmp_path / "t.xlsx")
    told = nlpcli("train-nb", "t.xlsx", "-o", "m", code=1).err
    assert "error: t.xlsx: this workbook holds charts alone: there are no cells in it" in told


def test_of_merged_labels_the_error_says_where_they_stand(nlpcli, tmp_path):
    rows = [["label", "text"], ["a", "one"], [None, "two"], ["b", "three"]]
    path = saved(tmp_path / "t.xlsx", a=rows)
    workbook = openpyxl.load_workbook(path)
    workbook["a"].merge_cells("A2:A3")
    workbook.save(path)
    told = nlpcli("train-nb", path, "-o", "m", code=1).err
    assert (
        "row 3: the label is empty\nhint: label every row or take it out; of merged cells the first" in told
    )


# --- titles and merged names ----------------------------------------------------------------

TITLED = [["Reviews of 2026"], [], ["id", "text", "team"], [1, "good", "a"], [2, "bad", "b"]]
MERGED = [
    ["id", "review", None, "team"],
    [None, "title", "text"],
    [1, "x", "good", "a"],
    [2, "y", "bad", "b"],
]


@pytest.mark.parametrize(
    ("rows", "told", "names"),
    [
        (TITLED, "row 3 is taken for the first", "id,text,team"),
        (MERGED, "rows 1 and 2 together are taken for the names", "id,title,text,team"),
    ],
)
def test_names_that_stand_under_titles_or_in_merged_cells(nlpcli, tmp_path, rows, told, names):
    saved(tmp_path / "t.xlsx", Sheet=rows)
    for command in ("dedup", "language", "normalize"):
        done = nlpcli(command, "t.xlsx", "--text-col", "text", "-o", "o.csv", cwd=tmp_path, code=0)
        assert told in done.err and "more cells" not in done.err
        lines = (tmp_path / "o.csv").read_text(encoding="utf-8-sig").splitlines()
        assert "\ufeff" not in "".join(lines)  # one mark, before the first row
        named = next(line for line in lines if line.startswith(names))
        assert lines[lines.index(named) + 1].startswith("1,")
    nlpcli("train-nb", "t.xlsx", "--text-col", "text", "--label-col", "team", "-o", "m", cwd=tmp_path, code=0)
    lines = ["".join(f"{cell or ''}," for cell in row)[:-1] for row in rows]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    done = nlpcli("evaluate", "m", "t.csv", "--text-col", "text", "--label-col", "team", cwd=tmp_path, code=0)
    assert told in done.err and "accuracy\t1.0000" in done.out
