"""Tables in random dialects: the records come out as written; a spoilt table gives an answer or one error.

A table is written with any delimiter, any line ends, quotes where they are needed or everywhere, in any
encoding, plain or packed, from a file or a pipe, or as a workbook; then it may be spoilt at some places.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from tests.command_line import within

SHORT = 25
MODEL = Path(__file__).parents[1] / "models" / "naive-bayes.safetensors"
_PACK: tuple[Callable[[bytes], bytes], ...] = (
    bytes,
    bytes,
    bytes,
    gzip.compress,
    bz2.compress,
    lzma.compress,
)
_ENCODINGS = {
    "utf-8": (b"", "utf-8"), "utf-8-sig": (b"", "utf-8"), "utf-16-le": (b"\xff\xfe", "utf-8"),
    "utf-16-be": (b"\xfe\xff", "utf-8"), "cp949": (b"", "auto"), "utf-32-le": (b"\xff\xfe\0\0", "utf-8"),
}  # fmt: skip
_WORDS = (
    *(
        "good",
        "영화",
        "3,5",
        "a;b",
        "x|y",
        "a\tb",
        'say "so"',
        '""',
        '"',
        "'",
        "\\",
        "",
        " ",
        "  끝 ",
        '5" disk',
    ),
    *(
        "one\ntwo",
        "one\rtwo",
        "one\r\ntwo",
        "\n",
        "=1+1",
        "#",
        "sep=;",
        "NA",
        "가나다 " * 300,
        "__label__x",
        "{",
    ),
)
_ODD = ("\x85", "\u2028", "\x0b", "\x0c", "\x1c", "\u3000", "\ufeff", "e\u0301", "\U0001f600", "\0")
_NAMES = (("label", "text"), ("라벨", "본문"), ("the\nlabel", "a, text"), ("Class", ' "text" '))
_PIECES = (
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"sep=;\n",
    b"\xef\xbb\xbf",
    b" ",
)
_QUESTIONS = (
    ("vectorize", "{}", "--text-col", "{text}", "--label-col", "{label}"),
    ("vectorize", "{}", "--text-col", "2"),
    ("vectorize", "{}", "--text-col", "2", "--quoting", "none", "--header", "no"),
    ("train-nb", "{}", "-o", "m.safetensors"),
    ("train-nb", "{}", "--text-col", "{text}", "--label-col", "{label}", "-o", "m.safetensors"),
    ("classify", str(MODEL), "{}", "--text-col", "{text}"),
    ("classify", str(MODEL), "{}", "--delimiter", ";", "--text-col", "1"),
    ("evaluate", str(MODEL), "{}", "--text-col", "2", "--label-col", "1"),
    ("tokenize", "{}"),
)  # fmt: skip


def attempt(random: Random, folder: Path) -> None:
    """One table, read back; or spoilt, and one question to it."""
    names = random.choice(_NAMES)
    rows = [
        (random.choice(("x", "y", "긍정, 매우")), _cell(random), _cell(random)) for _ in range(_count(random))
    ]
    table = [(names[0], names[1], "other"), *rows]
    if random.random() < 0.15:
        data, reading, delimiter = _workbook(table), "utf-8", None
    else:
        delimiter = random.choice(",;|\t")
        data, reading = _bytes(random, table, delimiter)
    name = random.choice(("t", "t.csv", "t.tsv", "t.txt", "t.xlsx", "t.xls"))
    pack = random.choice(_PACK)
    if random.random() < 0.5:
        (folder / name).write_bytes(pack(data))
        told = {} if delimiter is None or random.random() < 0.3 else {"delimiter": delimiter}
        _is_read_back(folder / name, rows, names, reading, told)
        return
    spoilt = _spoilt(random, pack(data)) if random.random() < 0.2 else pack(_spoilt(random, data))
    _is_answered(random, folder, name, spoilt, names, reading)


def _count(random: Random) -> int:
    return random.choice((1, 2, 5, 5, 40))


def _cell(random: Random) -> str:
    parts = random.choices(_WORDS, k=random.choice((1, 1, 2, 4)))
    if random.random() < 0.2:
        parts.append(random.choice(_ODD))
    return random.choice(("", " ")).join(parts)


def _bytes(random: Random, table: Sequence[Sequence[str]], delimiter: str) -> tuple[bytes, str]:
    """The table as RFC 4180 has it, and the encoding with which it is to be read."""
    ends, is_quoted = random.choice(("\n", "\r\n", "\r")), random.random() < 0.3

    def written(cell: str) -> str:
        needs = is_quoted or any(sign in cell for sign in ('"', "\r", "\n", delimiter))
        return '"' + cell.replace('"', '""') + '"' if needs else cell

    text = ends.join(delimiter.join(map(written, row)) for row in table)
    text += ends * random.choice((0, 1, 1, 3))
    if random.random() < 0.2:
        text = ends * random.choice((1, 3)) + text
    if random.random() < 0.2:
        text = f"sep={delimiter}{ends}{text}"
    encoding = random.choice([*_ENCODINGS])
    mark, reading = _ENCODINGS[encoding]
    try:
        return mark + text.encode(encoding), reading
    except UnicodeEncodeError:
        return text.encode(), "utf-8"


def _workbook(table: Sequence[Sequence[str]]) -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook()
    for row in table:
        # A workbook holds no characters that XML has not, and takes what begins with = for a formula.
        workbook.active.append(["" if cell.startswith("=") else _in_xml(cell) for cell in row])
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _in_xml(cell: str) -> str:
    return "".join(sign for sign in cell if sign >= " " or sign in "\t\n")


def _is_read_back(
    path: Path, rows: Sequence[Sequence[str]], names: Sequence[str], encoding: str, told: dict[str, str]
) -> None:
    from nlpcli.engine.io.records import Records
    from nlpcli.settings.input import InputSettings, RecordSettings

    columns = {"label_col": names[0], "text_col": names[1], "quoting": "rfc4180"}
    records = Records([str(path)], RecordSettings(**columns, **told), InputSettings(encoding=encoding))  # type: ignore[arg-type]
    is_workbook = path.read_bytes()[:2] == b"PK" or _unpacked(path)[:2] == b"PK"
    wanted = []
    for label, text, _ in rows:
        if is_workbook:
            text = "" if text.startswith("=") else _in_xml(text)
        wanted.append((label, text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")))
    for as_lines in (False, True):
        records.codes = records.codes[:0]
        batches = records.documents() if as_lines else records.texts()
        texts = [text for batch in batches for text in _texts(batch)]
        found = list(zip(records.labels(), texts, strict=True))
        assert found == wanted, f"{path.read_bytes()!r} {columns} {told} {encoding}: {found} and not {wanted}"


def _texts(batch: list[str] | bytes) -> list[str]:
    from nlpcli.engine.io.record_formats import as_texts

    return as_texts(batch)


def _unpacked(path: Path) -> bytes:
    for unpack in (gzip.decompress, bz2.decompress, lzma.decompress):
        with contextlib.suppress(OSError, lzma.LZMAError, EOFError):
            return unpack(path.read_bytes())
    return b""


def _spoilt(random: Random, data: bytes) -> bytes:
    for _ in range(random.choice((1, 1, 2, 6))):
        at = random.randrange(len(data) + 1)
        cut = random.choice((0, 0, 1, 5))
        data = data[:at] + random.choice((*_PIECES, bytes([random.randrange(256)]))) + data[at + cut :]
    return data[: random.randrange(len(data) + 1)] if random.random() < 0.15 else data


def _is_answered(
    random: Random, folder: Path, name: str, data: bytes, names: Sequence[str], encoding: str
) -> None:
    question = random.choice(_QUESTIONS)
    is_piped = random.random() < 0.3
    if not is_piped:
        (folder / name).write_bytes(data)
    told = ("--encoding", random.choice((encoding, "auto"))) if random.random() < 0.7 else ()
    told += ("--errors", "replace") if random.random() < 0.2 else ()
    file = "-" if is_piped else name
    command = [part.replace("{}", file).format(label=names[0], text=names[1]) for part in question]
    done = within(*command, *told, input=data if is_piped else b"", cwd=folder, code=None)
    errors = [line for line in done.err.splitlines() if line.startswith("error:")]
    what = f"nlpcli {' '.join(command)} {told}\n{done.err}\n{data!r}"
    assert done.returncode in (0, 1), what
    assert len(errors) == (done.returncode != 0), what
    assert "Traceback" not in done.err and "Warning" not in done.err, what
    done.stdout.decode()


def missing() -> str:
    """Why workbooks cannot be written here, if so."""
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        return "the extra excel is not installed"
    return ""
