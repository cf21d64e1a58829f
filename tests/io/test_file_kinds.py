"""A file that is not text is called by its name, with what to do about it."""

from __future__ import annotations

import io
import zipfile

import pytest

from nlpcli.engine.io.file_kinds import kind_of


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        if first:
            zipped.writestr(*first, compress_type=zipfile.ZIP_STORED)
        for name in names:
            zipped.writestr(name, "content " * 20)
    return file.getvalue()


def compound(*streams: str) -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    return head + b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))


OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
KINDS = {
    "Excel workbook": archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
    ".xlsb": archive("[Content_Types].xml", "xl/workbook.bin"),
    ".docx": archive("[Content_Types].xml", "word/document.xml"),
    ".pptx": archive("[Content_Types].xml", "ppt/presentation.xml"),
    ".hwpx": archive("Contents/section0.xml", first=("mimetype", "application/hwp+zip")),
    ".ods": archive("content.xml", first=("mimetype", OPEN_DOCUMENT + "spreadsheet")),
    "OpenDocument file": archive("content.xml", first=("mimetype", OPEN_DOCUMENT + "text")),
    "Numbers": archive("Index/Document.iwa", "Metadata/Properties.plist"),
    ".epub": archive("META-INF/container.xml", first=("mimetype", "application/epub+zip")),
    "zip archive": archive("reviews.csv"),
    "file of numpy arrays": archive("data.npy", "indices.npy"),
    ".xls": compound("Workbook"),
    ".doc": compound("1Table", "WordDocument"),
    ".hwp": compound("FileHeader", "DocInfo", "\x05HwpSummaryInformation"),
    "password": compound("EncryptionInfo", "EncryptedPackage"),
    "old Office file": compound("Something"),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "Parquet": b"PAR1\x15\x04\x15\x10\x15\x14L",
    "SQLite": b"SQLite format 3\0\x10\0\x01\x01",
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "GIF": b"GIF89a\x01\0\x01\0",
    "tar": b"reviews/one.txt".ljust(257, b"\0") + b"ustar\x0000",
    "model file": (70).to_bytes(8, "little") + b'{"__metadata__":{"format":"nlpcli"}}',
    "pickle": b"\x80\x04\x95\x0b\0\0\0",
    "numpy": b"\x93NUMPY\x01\0v\0{'descr'",
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04",
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_text_is_told_by_its_content(nlpcli, tmp_path, kind):
    path = tmp_path / "reviews.txt"
    path.write_bytes(KINDS[kind])
    told = nlpcli("tokenize", path, code=1).err
    assert "hint: " in told
    if kind in ("Excel workbook", "Parquet"):  # which are opened, and cannot be read
        return
    assert "reviews.txt: this is " in told
    assert kind in told
    assert kind in nlpcli("count", input=KINDS[kind], code=1).err
    assert kind in nlpcli("train-nb", path, "-o", "m.safetensors", code=1).err


@pytest.mark.parametrize(
    "text", ["%PDF- begins a PDF", "PAR1 of 3", "GIF8 bit", "ORC army", "Rar! 맛있다", "PK", "ID3 v2"]
)
def test_text_that_begins_as_such_a_file_stays_text(text):
    assert kind_of(text.encode()) is None
    assert kind_of(text.encode() + "한".encode() * 2_000) is None


def test_a_folder_and_a_text_where_a_file_is_wanted(nlpcli, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "hint: name its files: folder/*\n" in nlpcli("tokenize", "folder", code=1).err
    (tmp_path / "folder" / "AA" / "00").mkdir(parents=True)
    (tmp_path / "folder" / "AA" / "00" / "text").write_text("hello\n")
    for options in ((), ("--text-col", "1")):
        told = nlpcli("tokenize", "folder/", *options, code=1).err
        assert "hint: name its files: folder/*/*/*\n" in told
    for name, ending in (("a.txt.gz", ".txt.gz"), ("b.1.txt.gz", ".txt.gz"), ("b.gz", ".gz"), ("c", "")):
        (tmp_path / "shards").mkdir(exist_ok=True)
        (tmp_path / "shards" / name).write_text("hello\n")
        assert f"hint: name its files: shards/*{ending}\n" in nlpcli("count", "shards", code=1).err
    told = nlpcli("train-nb", "shards", "-o", "m.safetensors", code=1).err
    assert told.split("tables are named: ")[1].endswith("shards/*\n")
    hint = 'hint: a text itself comes through a pipe: echo "hello world" | nlpcli tokenize\n'
    assert nlpcli("tokenize", "hello world", code=1).err.endswith(hint)
    assert nlpcli("tokenize", "--lowercase", "hello world", code=1).err.endswith(hint)
    assert nlpcli("tokenize", "hello", "world", code=1).err.endswith(hint)
    assert 'echo "안녕" | nlpcli count' in nlpcli("count", "안녕", code=1).err
    assert "echo 'It costs $5' | nlpcli vectorize" in nlpcli("vectorize", "It costs $5", code=1).err
    assert "…" in (told := nlpcli("normalize", "긴 글 " * 500, code=1).err)
    assert "no such file" in told
    for name in ("reviews.txt", "data/reviews", "my reviews.csv"):
        assert "hint: check the name" in nlpcli("tokenize", name, code=1).err


def test_wide_text_without_a_mark_is_not_read_as_letters_with_nuls(nlpcli):
    text = "plain English text\n"
    told = nlpcli("tokenize", input=text.encode("utf-16-le"), code=1).err
    assert "--encoding utf-16-le" in told
    assert nlpcli("tokenize", "--encoding", "auto", input=text.encode("utf-16-be")).out == text
