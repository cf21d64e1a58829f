"""What a file is when it is not text, told by its first bytes, and what to do about it."""

from __future__ import annotations

import re

from nlpcli.errors import InputError

WORKBOOK, NPZ, ZIPPED = "an Excel workbook", "a file of numpy arrays (.npz)", "a zip archive"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_AS_TEXT = "save it as plain text"
_AS_TABLE = "save the sheet as .xlsx or as CSV UTF-8"
_BY_MAGIC = (  # (how the bytes begin, what it is, what to do)
    (b"%PDF-", "a PDF", "take its text out first: pdftotext FILE.pdf"),
    (b"PAR1", "a Parquet file", "write its table as CSV or JSON lines, as duckdb or pandas can"),
    (b"ORC", "an ORC file", "write its table as CSV or JSON lines"),
    (b"ARROW1", "an Arrow file", "write its table as CSV or JSON lines, as duckdb or pandas can"),
    (b"Obj\x01", "an Avro file", "write its records as JSON lines"),
    (b"SQLite format 3\0", "a SQLite database", "export a table: sqlite3 -csv -header FILE 'select …'"),
    (b"\x89PNG\r\n", "a picture (PNG)", "its text has to be recognised first"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "its text has to be recognised first"),
    (b"GIF8", "a picture (GIF)", "its text has to be recognised first"),
    (b"II*\0", "a picture (TIFF)", "its text has to be recognised first"),
    (b"MM\0*", "a picture (TIFF)", "its text has to be recognised first"),
    (b"HWP Document File", "a Hangul document (.hwp)", _AS_TEXT),
    (b"\x89HDF\r\n", "an HDF5 file", "write what it holds as text"),
    (b"\x93NUMPY", "a numpy array", "write what it holds as text"),
    (b"\x80\x02", "a Python pickle", "write what it holds as text"),
    (b"\x80\x03", "a Python pickle", "write what it holds as text"),
    (b"\x80\x04", "a Python pickle", "write what it holds as text"),
    (b"\x80\x05", "a Python pickle", "write what it holds as text"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it and name the files in it"),
    (b"Rar!", "a RAR archive", "unpack it and name the files in it"),
    (b"\x7fELF", "a program", "name a text file"),
    (b"ID3", "a sound file", "its speech has to be written down first"),
    (b"RIFF", "a sound, film or picture file", "name a text file"),
)
_IN_ZIP = (  # (how a member's name begins, what it is, what to do)
    (b"xl/workbook.bin", "a binary Excel workbook (.xlsb)", _AS_TABLE),
    (b"xl/", WORKBOOK, "commands with --text-col read it; or save the sheet as CSV UTF-8"),
    (b"Index/", "a Numbers, Pages or Keynote document", "export it as .xlsx or CSV, or as plain text"),
    (b"word/", "a Word document (.docx)", _AS_TEXT),
    (b"ppt/", "a PowerPoint file (.pptx)", _AS_TEXT),
    (b"Contents/", "a Hangul document (.hwpx)", _AS_TEXT),
    (b"META-INF/container.xml", "an e-book (.epub)", _AS_TEXT),
)
_BY_MIMETYPE = (
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _AS_TABLE),
    (b"opendocument", "an OpenDocument file", _AS_TEXT),
    (b"hwp", "a Hangul document (.hwpx)", _AS_TEXT),
    (b"epub", "an e-book (.epub)", _AS_TEXT),
)
_IN_OLE = (  # names of streams, in UTF-16
    ("EncryptedPackage", "an Office file with a password", "take the password off, or save it as CSV UTF-8"),
    ("Workbook", "an old Excel workbook (.xls)", _AS_TABLE),
    ("Book", "an old Excel workbook (.xls)", _AS_TABLE),
    ("WordDocument", "an old Word document (.doc)", _AS_TEXT),
    ("PowerPoint Document", "an old PowerPoint file (.ppt)", _AS_TEXT),
    ("HwpSummaryInformation", "a Hangul document (.hwp)", _AS_TEXT),
)
_MEMBER = re.compile(rb"PK\x03\x04.{22}(..)..(?=([ -~]{1,60}))", re.DOTALL)
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x7f]")
_MODEL = re.compile(rb'.{6}\0\0\{\s*"', re.DOTALL)


def kind_of(head: bytes) -> tuple[str, str] | None:
    """What a file with this beginning is, and what to do about it; None for what may be text.

    >>> kind_of(b"%PDF-1.7\\n%\\xe2\\xe3\\xcf\\xd3")[0], kind_of(b"%PDF- is how it begins")
    ('a PDF', None)
    """
    if head.startswith(_ZIP):
        return _in_zip(head)
    if head.startswith(_OLE):
        named = (row for row in _IN_OLE if row[0].encode("utf-16-le") in head)
        return next(((what, todo) for _, what, todo in named), ("an old Office file", _AS_TEXT))
    if head[257:262] == b"ustar":
        return "a tar archive", "unpack it and name the files in it"
    if _MODEL.match(head):
        return (
            "a model file (.safetensors)",
            "name it where the command's help says MODEL, or a text file here",
        )
    for magic, what, todo in _BY_MAGIC:
        if head.startswith(magic) and _is_binary(head[:1024]):
            return what, todo
    return None


def _in_zip(head: bytes) -> tuple[str, str]:
    names = [match[2][: int.from_bytes(match[1], "little")] for match in _MEMBER.finditer(head)]
    if names[:1] == [b"mimetype"]:
        for word, what, todo in _BY_MIMETYPE:
            if word in head[:256]:
                return what, todo
    for start, what, todo in _IN_ZIP:
        if any(name.startswith(start) for name in names):
            return what, todo
    if names and all(name.endswith(b".npy") for name in names):
        return NPZ, "cluster, train-rnn and inspect read those of vectorize"
    return ZIPPED, "unpack it and name the files in it: unzip FILE.zip"


def _is_binary(head: bytes) -> bool:
    """Whether bytes occur that no text has."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start < 1020  # what begins later may only be cut
    return _NOT_IN_TEXT.search(head) is not None


def refuse_other_kinds(name: str, head: bytes) -> None:
    """Raise InputError for a file that is not text, with what it is."""
    if found := kind_of(head):
        what, todo = found
        raise InputError(f"{name}: this is {what}, not text", hint=todo)
