"""What streams takes no more memory for more of it: peaks of processes of their own."""

import gzip

import pytest

from tests.command_line import NLPCLI, ROOT

MEBIBYTE = 1 << 20


# A process begins with the peak of the one that starts it, so a small one starts it.
LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_maxrss >> 10)
"""


@pytest.fixture
def peak(process):
    """Runs a command and gives the most memory it had, in mebibytes."""

    def run(*arguments, code=0):
        done = process.python(LAUNCHER, *NLPCLI, *arguments, timeout=3600)
        ended, mebibytes = map(int, done.out.split())
        assert ended == code
        return mebibytes

    return run


def lines_of_nothing(path, mebibytes):
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(mebibytes):
            file.write(b"\n" * MEBIBYTE)


def one_line(path, mebibytes):
    with open(path, "wb") as file:
        for number in range(mebibytes):
            words = b"".join(b"word%d " % (word % 5000 + number) for word in range(MEBIBYTE // 10))
            file.write(words)


@pytest.mark.parametrize(
    ("command", "code"),
    [(("count", "text.gz"), 0), (("train-w2v", "text.gz", "-o", "out.vec"), 1), (("cooccur", "text.gz"), 1)],
)
def test_lines_of_nothing_take_no_memory(peak, tmp_path, command, code):
    lines_of_nothing(tmp_path / "text.gz", 48)  # eight bytes for each would be 384 MiB
    assert peak(*command, code=code) < 300


@pytest.mark.parametrize(
    "command",
    [
        ("tokenize", "text"),
        ("tokenize", "--tokenizer", "whitespace", "--lowercase", "text"),
        ("normalize", "text", "--unicode", "nfkc"),
        ("count", "text"),
    ],
    ids=" ".join,
)
def test_a_long_line_is_not_held(peak, tmp_path, command):
    one_line(tmp_path / "text", 24)  # the tokens of it as strings are 200 MiB
    assert peak(*command) < 260


def test_what_is_compressed_to_nearly_nothing_is_not_held(peak, tmp_path):
    with gzip.open(tmp_path / "bomb.gz", "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(b"word other\n" * (MEBIBYTE // 11))
    assert peak("count", "bomb.gz") < 300


@pytest.mark.slow
@pytest.mark.parametrize("command", [("count",), ("train-w2v", "-o", "out.vec")], ids=" ".join)
def test_a_gigabyte_of_nothing(peak, tmp_path, command):
    lines_of_nothing(tmp_path / "text.gz", 1000)
    assert peak(*command, "text.gz", code=int(command[0] == "train-w2v")) < 300


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("tokenize",),
        ("normalize",),
        ("count",),
        ("vectorize", "-o", "out.npz"),
        ("vectorize", "--method", "hashing", "-o", "out.npz"),
        ("index", "-o", "out"),
        ("classify", str(ROOT / "tests" / "models" / "naive-bayes.safetensors")),
    ],
    ids=" ".join,
)
def test_a_line_of_a_hundred_megabytes(peak, tmp_path, command):
    one_line(tmp_path / "text", 96)
    assert peak(*command, "text") < 500


@pytest.mark.slow
def test_ten_gigabytes_of_a_bomb(peak, tmp_path):
    with gzip.open(tmp_path / "bomb.gz", "wb", compresslevel=1) as file:
        for _ in range(10_000):
            file.write(b"word other\n" * (MEBIBYTE // 11))
    assert peak("count", "bomb.gz") < 300
