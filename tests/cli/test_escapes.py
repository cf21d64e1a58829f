"""A terminal shows what it would otherwise obey; a pipe gets the bytes as they are."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nlpcli.cli.visible import Visible, coloured, on_one_line, visible
from nlpcli.engine.io.writing import cell
from nlpcli.engine.vectors.writing import write_vectors

HOSTILE = {
    "colour": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://x\x1b\\here",
    "C1": "a\x9b31mb",
    "delete": "a\x7f\x08b",
    "bidi": "abc\u202edcba\u2066x",
    "markup": "[red]x[/red]",
    "bad markup": "[/]",
}
NAMES = list(HOSTILE)


def on_a_terminal(*arguments: object, cwd: Path, input: str = "") -> bytes:
    """What `nlpcli ARGUMENTS` writes to a terminal 300 columns wide that is both its stdout and stderr."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": "300", "TERM": "xterm", "NO_COLOR": "1"}
    running = subprocess.Popen(
        [sys.executable, "-m", "nlpcli", *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=slave, stderr=slave, cwd=cwd, env=environment,
    )  # fmt: skip
    os.close(slave)
    assert running.stdin is not None
    running.stdin.write(input.encode("utf-8", "surrogateescape"))
    running.stdin.close()
    shown = b""
    while True:
        ready, _, _ = select.select([master], [], [], 120)
        assert ready, "the command hangs"
        try:
            part = os.read(master, 1 << 16)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        shown += part
    os.close(master)
    running.wait()
    assert b"Traceback" not in shown, shown.decode()
    return shown


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every sort with hostile words, labels and names in them."""
    from tests.command_line import within

    folder = tmp_path_factory.mktemp("hostile")
    words = ["king", *HOSTILE.values()]
    matrix = np.random.default_rng(1).standard_normal((len(words), 4)).astype(np.float32)
    write_vectors(folder / "v.safetensors", words, matrix)
    lines = [f"{label}\tgood {label} king\n" for label in HOSTILE.values()]
    (folder / "films.tsv").write_text("".join(lines) * 2)
    (folder / "t.txt").write_text("".join(f"king {word} tea\n" for word in HOSTILE.values()))
    (folder / HOSTILE["colour"]).write_text("king tea\n")
    for command in (
        ("train-nb", "films.tsv", "--tokenizer", "whitespace", "-q", "-o", "nb.safetensors"),
        ("index", "t.txt", HOSTILE["colour"], "--tokenizer", "whitespace", "-q", "-o", "i.safetensors"),
    ):
        within(*command, cwd=folder)
    return folder


# Each prints words, labels or names; the last is an error that quotes one.
COMMANDS = {
    "similar": ("similar", "v.safetensors", "king"),
    "odd-one-out": ("odd-one-out", "v.safetensors", *HOSTILE.values()),
    "classify": ("classify", "nb.safetensors", "t.txt", "--explain"),
    "top-k": ("classify", "nb.safetensors", "t.txt", "--top-k", "9"),
    "evaluate": ("evaluate", "nb.safetensors", "films.tsv"),
    "inspect": ("inspect", "nb.safetensors"),
    "telling": ("inspect", "nb.safetensors", "--top", "9"),
    "search": ("search", "i.safetensors", "king", "--top-k", "99"),
    "cluster": ("cluster", "v.safetensors", "--k", "2"),
    "tokenize": ("tokenize", "t.txt", "--tokenizer", "whitespace"),
    "count": ("count", "t.txt", "--tokenizer", "whitespace"),
    "plot": ("plot", "v.safetensors", "--terminal"),
}
FORBIDDEN = [
    b"\x1b[31m",
    b"\x1b]",
    b"\x07",
    b"\xc2\x9b",
    b"\x7f",
    b"\x08",
    "\u202e".encode(),
    "\u2066".encode(),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_hands_control_characters_to_a_terminal(folder: Path, command: str) -> None:
    shown = on_a_terminal(*COMMANDS[command], cwd=folder)
    for sequence in FORBIDDEN:
        assert sequence not in shown, shown
    if command != "plot":  # which leaves them out
        escapes = (rb"\x1b[31mred", rb"\u001b[31mred")  # of JSON, in `inspect`
        assert any(escape in shown for escape in escapes) and b"error: " not in shown, shown.decode()
        assert b"[red]x[/red]" in shown or command in ("cluster", "telling"), shown.decode()


@pytest.mark.parametrize("name", NAMES)
def test_an_error_that_quotes_a_name_is_one_line_of_plain_characters_everywhere(
    folder: Path, nlpcli, name: str
) -> None:
    hostile = HOSTILE[name].replace("/", "_") + "\nerror: forged"
    for arguments in (("tokenize", hostile), ("similar", "v.safetensors", hostile), ("inspect", hostile)):
        shown = on_a_terminal(*arguments, cwd=folder)
        piped = nlpcli(*arguments, code=1, cwd=folder)
        for text in (shown, piped.stderr):
            assert not any(sequence in text for sequence in FORBIDDEN), text
            assert text.count(b"\nerror: ") + text.startswith(b"error: ") == 1, text


def test_a_pipe_gets_the_bytes_as_they_are(folder: Path, nlpcli) -> None:
    tokens = nlpcli("tokenize", "t.txt", "--tokenizer", "whitespace", cwd=folder)
    seen = (folder / "t.txt").read_text().translate({ord(mark): None for mark in "\u202e\u2066"})
    assert tokens.stdout == seen.encode()  # no token holds what turns the direction of text
    assert HOSTILE["colour"].encode() in nlpcli("similar", "v.safetensors", "king", cwd=folder).stdout
    assert HOSTILE["title"].encode() in nlpcli("classify", "nb.safetensors", "t.txt", cwd=folder).stdout


def test_tabs_and_line_breaks_in_labels_do_not_break_a_table(nlpcli, tmp_path: Path) -> None:
    rows = ['{"text": "good film", "label": "a\\tb"}', '{"text": "bad film", "label": "d\\re"}']
    (tmp_path / "films.jsonl").write_text("\n".join(rows * 3) + "\n")
    reading = ("--text-col", "text", "--label-col", "label")
    nlpcli("train-nb", "films.jsonl", *reading, "-q", "-o", "nb.safetensors")
    labelled = (
        nlpcli("classify", "nb.safetensors", "--proba", input="good film\nbad film\n").out.strip().split("\n")
    )
    assert [line.split("\t")[0] for line in labelled] == [r"a\tb", "d e"]
    tables = nlpcli("evaluate", "nb.safetensors", "films.jsonl", *reading).out
    widths = {len(line.split("\t")) for line in tables.split("\n") if line.startswith((r"a\tb", "d e"))}
    assert widths == {5, 3}  # of the table of classes, and of the confusion


def test_a_label_that_is_half_a_character_is_written_and_read(nlpcli, tmp_path: Path) -> None:
    rows = ['{"text": "good film", "label": "\\ud800"}', '{"text": "bad film", "label": "neg"}']
    (tmp_path / "films.jsonl").write_text("\n".join(rows * 3) + "\n")
    nlpcli(
        "train-nb", "films.jsonl", "--text-col", "text", "--label-col", "label", "-q", "-o", "nb.safetensors"
    )
    assert nlpcli("classify", "nb.safetensors", input="good film\n").stdout == b"?\n"


# --- the functions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", [*range(32), 127, *range(128, 160), 0x61C, 0x200E, 0x2028, 0x202E, 0x2066, 0xD800]
)
def test_every_control_character_is_seen(code: int) -> None:
    shown = on_one_line(f"a{chr(code)}b")
    assert shown.isascii() and shown.isprintable() and len(shown) > 3


@pytest.mark.parametrize("text", ["한국어 café", "👩‍👩‍👧 🏳️‍🌈", "العربية עברית", "e\u0301 ⟨⟩", "[red] \\x1b"])
def test_all_other_text_is_as_it_was(text: str) -> None:
    assert visible(text) == text and cell(text) == text


@pytest.mark.parametrize("size", range(1, 30))
def test_a_stream_is_the_same_in_any_pieces(size: int) -> None:
    content = (coloured("한\x1b글", "31") + "x\x1b[31m\xff").encode() + b"\xff\xc3"
    terminal = _Terminal()
    stream = Visible(terminal)  # type: ignore[arg-type]
    for start in range(0, len(content), size):
        stream.write(content[start : start + size])
    stream.flush()
    assert terminal.content == "\x1b[31m한\\x1b글\x1b[0mx\\x1b[31mÿ\\xff".encode()


class _Terminal:
    def __init__(self) -> None:
        self.content = b""

    def write(self, content: bytes) -> None:
        self.content += content

    def flush(self) -> None:
        pass
