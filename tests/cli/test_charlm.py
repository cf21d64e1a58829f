"""train-charlm and generate as a user runs them."""

import json
import signal
import subprocess
import sys
import tempfile

import pytest
from typer.testing import CliRunner

from nlpcli.cli import build_app
from nlpcli.errors import NlpcliError, OutputError, SettingsError

TINY = ["--rnn-size", "16", "--threads", "1"]


def nlpcli(*arguments, text=None):
    """The command in a process of its own, as the shell runs it."""
    command = [sys.executable, "-m", "nlpcli", *map(str, arguments)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def run(*arguments, text=None):
    """The command in this process, which need not import torch again; errors are raised."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text or "")
        file.flush()
        names = [file.name if name == "-" else str(name) for name in arguments]
        done = CliRunner().invoke(build_app([names[0]]), names)
    if isinstance(done.exception, NlpcliError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return done


@pytest.fixture(scope="module")
def hello(tmp_path_factory):
    path = tmp_path_factory.mktemp("hello") / "hello.safetensors"
    done = run("train-charlm", "-", "-o", path, "--epochs", 100, "--learning-rate", 0.02, *TINY, text="hello")
    assert done.stdout == ""
    assert "alphabet 4" in done.stderr
    return path


def test_a_model_of_hello_continues_h_with_ello(hello):
    done = nlpcli("generate", hello, "--prime", "h", "--length", 4, "--no-echo", "--temperature", 0)
    assert (done.stdout, done.stderr, done.returncode) == ("ello\n", "", 0)


def test_the_prime_is_printed_before_its_continuation(hello):
    assert run("generate", hello, "--prime", "h", "--length", 4, "--temperature", 0).stdout == "hello\n"


def test_a_final_line_end_is_not_part_of_the_text(hello, tmp_path):
    again = tmp_path / "again.safetensors"
    (tmp_path / "hello.txt").write_bytes(b"hello\r\n")
    run("train-charlm", tmp_path / "hello.txt", "-o", again, "--epochs", 100, "--learning-rate", 0.02, *TINY)
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


def test_perplexity_is_low_on_the_text_itself_and_high_on_another(hello):
    def bits(text):
        done = run("perplexity", hello, "-", "--json", text=text)
        return json.loads(done.stdout)

    # The first character of a text is predicted from the frequencies alone: 3 of 9 times at most.
    assert bits("hello")["bits_per_character"] < 0.7
    assert bits("hello")["unknown"] == 0
    odd = bits("hex")
    assert odd["bits_per_character"] > 1
    assert odd["unknown"] == 1


def test_perplexity_per_line_gives_a_line_for_every_line(hello):
    done = run("perplexity", hello, "-", "--per-line", text="hello\n\nolleh\n")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[1] for row in rows] == ["hello", "", "olleh"]
    assert float(rows[0][0]) < 1 < float(rows[2][0])


def test_an_interrupted_training_goes_on_with_resume(tmp_path):
    (tmp_path / "text.txt").write_text("the cat sat on the mat.\n" * 400)
    output = tmp_path / "m.safetensors"
    command = ["train-charlm", tmp_path / "text.txt", "-o", output, *TINY, "--epochs", 40, "--eval-every", 5]
    command = [sys.executable, "-m", "nlpcli", *map(str, command)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("epoch"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == -signal.SIGINT
    checkpoint = tmp_path / "m.checkpoint.safetensors"
    assert f"--resume {checkpoint}" in rest
    assert sorted(path.name for path in tmp_path.iterdir()) == [checkpoint.name, "text.txt"]
    run("train-charlm", tmp_path / "text.txt", "-o", output, "--resume", checkpoint, "--epochs", 1)
    assert output.exists()
    with pytest.raises(SettingsError, match="--cell cannot change"):
        run("train-charlm", tmp_path / "text.txt", "-o", output, "--resume", checkpoint, "--cell", "gru")


def test_a_preset_gives_way_to_options_beside_it(hello, tmp_path):
    output = tmp_path / "m.safetensors"
    run(
        "train-charlm",
        "-",
        "-o",
        output,
        "--preset",
        "medium",
        "--rnn-size",
        9,
        "--epochs",
        1,
        text="hello there",
    )
    settings = json.loads(run("inspect", output, "--json").stdout)["settings"]
    assert (settings["rnn_size"], settings["epochs"]) == (9, 1)
    assert (settings["num_layers"], settings["dropout"]) == (2, 0.4)


def test_activations_make_a_page_a_ranking_and_colours(hello, tmp_path):
    page = tmp_path / "states.html"
    done = run("activations", hello, "-", "-o", page, "--find", "word-length", "--count", 3, text="hello")
    assert page.read_text().startswith("<!doctype html>")
    assert done.stdout.splitlines()[0] == "layer\tsignal\tcell\tcorrelation"
    assert len(done.stdout.splitlines()) == 4
    coloured = run("activations", hello, "-", "--terminal", "--cell", 2, "--signal", "f", text="hello")
    assert coloured.stdout.count("\033[30;48;2;") == 5
    for wrong in (["--signal", "z"], ["--cell", 99], ["--layer", 5], []):
        with pytest.raises(SettingsError):
            run("activations", hello, "-", *(["--terminal", *wrong] if wrong else []), text="hello")


def test_gradients_come_as_a_table_or_a_page(hello, tmp_path):
    (tmp_path / "text.txt").write_text("hello" * 20)
    done = run("gradients", hello, tmp_path / "text.txt", "--steps", 5)
    rows = done.stdout.splitlines()
    assert rows[0] == "k\thello (lstm) h\thello (lstm) c"
    assert len(rows) == 7
    page = tmp_path / "g.html"
    run("gradients", hello, hello, tmp_path / "text.txt", "-o", page, "--steps", 5)
    assert "<svg" in page.read_text()
    with pytest.raises(SettingsError):
        run("gradients", hello)
    with pytest.raises(OutputError):
        run("gradients", hello, tmp_path / "text.txt", "-o", tmp_path / "g.doc")


def test_the_notes_toy_example_shows_every_factor():
    done = run("gradients", "--toy", "--w-hh", 3, "--w-xh", 2, "--b", 1, "--steps", 3)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert rows[0] == ["t", "x_t", "h_t", "factor", "written out", "∂h_3/∂h_t-1", "w_hh alone"]
    assert rows[1] == ["1", "0", "0.761594", "1.25992", "3 × (1 − 0.761594²)", "8.64987e-05", "27"]
    assert [row[6] for row in rows[1:]] == ["27", "9", "3"]


def test_korean_trains_as_jamo_and_comes_back_as_syllables(tmp_path):
    output = tmp_path / "ko.safetensors"
    text = "한국어 문장을 배운다.\n" * 40
    run(
        "train-charlm",
        "-",
        "-o",
        output,
        "--unit",
        "jamo",
        "--epochs",
        30,
        "--learning-rate",
        0.02,
        *TINY,
        text=text,
    )
    done = run("generate", output, "--prime", "한국", "--until", "\n", "--temperature", 0)
    assert done.stdout == "한국어 문장을 배운다.\n"


def test_bytes_come_back_as_text(tmp_path):
    output = tmp_path / "b.safetensors"
    text = "한글 é 🙂\n" * 60
    run(
        "train-charlm",
        "-",
        "-o",
        output,
        "--unit",
        "byte",
        "--epochs",
        40,
        "--learning-rate",
        0.02,
        *TINY,
        text=text,
    )
    done = run("generate", output, "--prime", "한", "--until", "\n", "--temperature", 0)
    assert done.stdout == "한글 é 🙂\n"
