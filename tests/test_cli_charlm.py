"""train-charlm and generate as a user runs them."""

import subprocess
import sys

import pytest

TINY = ["--rnn-size", "16", "--threads", "1"]


def nlpcli(*arguments, text=None):
    return subprocess.run(
        [sys.executable, "-m", "nlpcli", *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def hello(tmp_path_factory):
    path = tmp_path_factory.mktemp("hello") / "hello.safetensors"
    done = nlpcli(
        "train-charlm", "-", "-o", path, "--epochs", 200, "--learning-rate", 0.01, *TINY, text="hello"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "alphabet 4" in done.stderr
    return path


def test_a_model_of_hello_continues_h_with_ello(hello):
    done = nlpcli("generate", hello, "--prime", "h", "--length", 4, "--no-echo", "--temperature", 0)
    assert (done.stdout, done.stderr, done.returncode) == ("ello\n", "", 0)


def test_the_prime_is_printed_before_its_continuation(hello):
    assert nlpcli("generate", hello, "--prime", "h", "--length", 4, "--temperature", 0).stdout == "hello\n"


def test_a_final_line_end_is_not_part_of_the_text(hello, tmp_path):
    again = tmp_path / "again.safetensors"
    (tmp_path / "hello.txt").write_bytes(b"hello\r\n")
    nlpcli(
        "train-charlm", tmp_path / "hello.txt", "-o", again, "--epochs", 200, "--learning-rate", 0.01, *TINY
    )
    assert again.read_bytes() == hello.read_bytes()


def test_an_unknown_character_in_the_prime_is_named(hello):
    done = nlpcli("generate", hello, "--prime", "hxy")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the model has never seen 'x' 'y'\nhint: ")
    assert nlpcli("generate", hello, "--prime", "xh", "--skip-unknown", "--length", 0).stdout == "h\n"


def test_an_empty_text_is_an_error(tmp_path):
    done = nlpcli("train-charlm", "-", "-o", tmp_path / "m.safetensors", text="")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the input holds no text")
    assert list(tmp_path.iterdir()) == []


def test_generate_imports_neither_torch_nor_numba(hello):
    code = (
        "import sys; from nlpcli.cli import main\n"
        f"sys.argv = ['nlpcli', 'generate', {str(hello)!r}, '--prime', 'h', '--length', '3']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(str([m for m in ('torch', 'numba', 'scipy', 'rich') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "[]"


def test_generate_takes_the_prime_from_stdin_or_a_file(hello, tmp_path):
    (tmp_path / "prime.txt").write_text("hel\n")
    options = ["--length", 2, "--temperature", 0]
    assert nlpcli("generate", hello, "--prime", "-", *options, text="hel\n").stdout == "hello\n"
    assert nlpcli("generate", hello, "--prime", f"@{tmp_path / 'prime.txt'}", *options).stdout == "hello\n"
