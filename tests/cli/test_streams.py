"""Streams that are closed, full, pipes or files: nothing is lost without a word, and stderr stops nothing."""

import os
from pathlib import Path

import pytest

TEXT = "the cat sat on the mat\n"
CORPUS = Path(__file__).parents[2] / "sample_corpora" / "english.txt"


@pytest.fixture
def there(tmp_path):
    (tmp_path / "text").write_text(TEXT)
    return tmp_path


# What a shell line prints, and its exit code; `$nlpcli` is the command.
LINES = [
    # -o names what is open already
    ("$nlpcli tokenize text -o /dev/stdout", TEXT, 0),
    ("$nlpcli tokenize text -o /dev/stdout | cat", TEXT, 0),
    ("$nlpcli tokenize text -o /dev/fd/1 | cat", TEXT, 0),
    ("$nlpcli tokenize text -o /proc/self/fd/1 | cat", TEXT, 0),
    ("(echo head; $nlpcli tokenize text -o /dev/stdout; echo tail) > out; cat out", f"head\n{TEXT}tail\n", 0),
    ("echo head > out; $nlpcli tokenize text -o /dev/stdout >> out; cat out", f"head\n{TEXT}", 0),
    ("$nlpcli tokenize text -o /dev/fd/7 7> out; cat out", TEXT, 0),
    ("ln -s /dev/stdout link; $nlpcli tokenize text -o link | cat; readlink link", f"{TEXT}/dev/stdout\n", 0),
    ("$nlpcli tokenize text -o /dev/stderr 2>&1 >/dev/null", TEXT, 0),
    ("$nlpcli tokenize text -o >(gzip > out.gz); sleep 0.3; zcat out.gz", TEXT, 0),
    # a name that promises compression is refused, and nothing is written
    ("$nlpcli tokenize text -o out.gz 2> err; echo $?; cat err; ls out.gz 2> /dev/null",
     "1\nerror: out.gz: results are not compressed\n"
     "hint: write out, then gzip out; what goes to stdout can be piped: | gzip > out.gz\n", 2),
    ("$nlpcli keywords text -q -o out.tsv.xz 2> err; head -n 1 err; ls",
     "error: out.tsv.xz: results are not compressed\nerr\ntext\n", 0),
    ("$nlpcli train-w2v text -q -o m.safetensors.zst 2> err; head -n 1 err; ls",
     "error: m.safetensors.zst: results are not compressed\nerr\ntext\n", 0),
    ("mkfifo pipe; cat pipe & $nlpcli tokenize text -o pipe; wait; test -p pipe", TEXT, 0),
    ("$nlpcli tokenize text -o /dev/null; test -c /dev/null", "", 0),
    ("$nlpcli tokenize text -o /dev/fd/7 2> err; echo $?; cat err",
     "1\nerror: cannot write /dev/fd/7: Bad file descriptor\n", 0),
    ("$nlpcli tokenize text -o /dev/fd/7 7< text 2> /dev/null", "", 1),
    ("$nlpcli tokenize text -o /dev/full 2> err; echo $?; cat err",
     "1\nerror: cannot write /dev/full: No space left on device\n", 0),
    # closed streams
    ("$nlpcli tokenize text <&-", TEXT, 0),
    ("$nlpcli tokenize text 2>&-", TEXT, 0),
    ("$nlpcli tokenize text <&- 2>&-", TEXT, 0),
    ("$nlpcli tokenize <&- 2>&1", "error: -: cannot be read: Bad file descriptor\n", 1),
    ("$nlpcli tokenize text 2>&1 >&-",
     "error: cannot write the output: Bad file descriptor\nhint: stdout is closed\n", 1),
    ("$nlpcli tokenize text -o /dev/stdout 2> err >&-; echo $? >> err; cat err",
     "error: cannot write /dev/stdout: Bad file descriptor\n1\n", 0),
    ("$nlpcli tokenize text <&- >&- 2>&-", "", 1),
    ("$nlpcli tokenize text -o out <&- >&- 2>&-; echo $?; cat out", f"0\n{TEXT}", 0),
    ("$nlpcli --version 2>/dev/null >&-", "", 1),
    # full devices
    ("$nlpcli tokenize text 2>/dev/full", TEXT, 0),
    ("$nlpcli tokenize missing 2>/dev/full", "", 1),
    ("$nlpcli tokenize --no-such-option 2>/dev/full", "", 2),
    ("$nlpcli tokenize text 2>&1 >/dev/full",
     "error: cannot write the output: No space left on device\nhint: the device is full\n", 1),
    ("$nlpcli --help 2>/dev/null >/dev/full", "", 1),
    # readers that go away
    ("yes text | $nlpcli tokenize | head -n 1", "text\n", 0),
    ("yes text | $nlpcli tokenize -o /dev/stdout | head -n 1", "text\n", 0),
    ("set -o pipefail; yes text | $nlpcli tokenize -o /dev/stdout 2>&1 | head -n 1", "text\n", 141),
]  # fmt: skip


@pytest.mark.parametrize(("line", "out", "code"), LINES)
@pytest.mark.usefixtures("there")
def test_a_line_of_shell(process, line, out, code):
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = process.shell(line, code=None)
    assert (done.out, done.returncode) == (out, code), done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("streams", ["2>/dev/full", "<&- >&- 2>&-"])
def test_a_training_ends_with_its_model_whatever_the_streams(there, process, streams):
    settings = "--dim 4 --epochs 1 --min-count 5"
    process.shell(f"$nlpcli train-w2v {CORPUS} -o usual.safetensors {settings} --deterministic")
    process.shell(f"$nlpcli train-w2v {CORPUS} -o model.safetensors {settings} --deterministic {streams}")
    assert (there / "model.safetensors").read_bytes() == (there / "usual.safetensors").read_bytes()


def test_a_model_goes_through_a_pipe_as_it_goes_into_a_file(there, process):
    command = f"$nlpcli train-w2v {CORPUS} --dim 4 --epochs 1 --min-count 5 --deterministic -q"
    process.shell(f"{command} -o usual.safetensors; {command} -o >(cat > piped.safetensors); sleep 0.5")
    assert (there / "piped.safetensors").read_bytes() == (there / "usual.safetensors").read_bytes()
    assert not [path for path in there.iterdir() if "checkpoint" in path.name]


def test_torch_leaves_nothing_among_temporary_files(there, process):
    (there / "tmp").mkdir()
    options = ["--epochs", "1", "--rnn-size", "4", "--batch-size", "1", "--seq-length", "5"]
    process("train-charlm", "text", "-o", "model.safetensors", *options, TMPDIR=str(there / "tmp"))
    assert not os.listdir(there / "tmp")
