"""train-charlm and generate as a user runs them."""

import json
import signal

import pytest

from tests.command_line import within

TINY = ["--rnn-size", "16", "--threads", "1"]


@pytest.fixture(scope="module")
def hello(tmp_path_factory):
    path = tmp_path_factory.mktemp("hello") / "hello.safetensors"
    training = ("train-charlm", "-", "-o", path, "--epochs", 100, "--learning-rate", 0.02, *TINY)
    done = within(*training, input="hello", cwd=path.parent)
    assert done.out == ""
    assert "alphabet 4" in done.err
    return path


def test_a_model_of_hello_continues_h_with_ello(nlpcli, hello):
    done = nlpcli("generate", hello, "--prime", "h", "--length", 4, "--no-echo", "--temperature", 0)
    assert (done.out, done.err, done.returncode) == ("ello\n", "", 0)


def test_the_prime_is_printed_before_its_continuation(nlpcli, hello):
    assert nlpcli("generate", hello, "--prime", "h", "--length", 4, "--temperature", 0).out == "hello\n"


def test_a_final_line_end_is_not_part_of_the_text(nlpcli, hello, tmp_path):
    again = tmp_path / "again.safetensors"
    (tmp_path / "hello.txt").write_bytes(b"hello\r\n")
    nlpcli(
        "train-charlm", tmp_path / "hello.txt", "-o", again, "--epochs", 100, "--learning-rate", 0.02, *TINY
    )
    assert again.read_bytes() == hello.read_bytes()


def test_an_unknown_character_in_the_prime_is_named(nlpcli, hello):
    done = nlpcli("generate", hello, "--prime", "hxy", code=1)
    assert done.err.startswith("error: the model has never seen 'x' 'y'\nhint: ")
    assert nlpcli("generate", hello, "--prime", "xh", "--skip-unknown", "--length", 0).out == "h\n"


def test_an_empty_text_is_an_error(nlpcli, tmp_path):
    done = nlpcli("train-charlm", "-", "-o", tmp_path / "m.safetensors", input="", code=1)
    assert done.err.startswith("error: the input holds no text")
    assert list(tmp_path.iterdir()) == []


def test_generate_imports_neither_torch_nor_numba(process, hello):
    code = (
        "import sys; from nlpcli.cli import main\n"
        f"sys.argv = ['nlpcli', 'generate', {str(hello)!r}, '--prime', 'h', '--length', '3']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(str([m for m in ('torch', 'numba', 'scipy', 'rich') if m in sys.modules]))"
    )
    done = process.python(code)
    assert done.err == "[]"


def test_generate_takes_the_prime_from_stdin_or_a_file(nlpcli, hello, tmp_path):
    (tmp_path / "prime.txt").write_text("hel\n")
    options = ["--length", 2, "--temperature", 0]
    assert nlpcli("generate", hello, "--prime", "-", *options, input="hel\n").out == "hello\n"
    assert nlpcli("generate", hello, "--prime", f"@{tmp_path / 'prime.txt'}", *options).out == "hello\n"


def test_perplexity_is_low_on_the_text_itself_and_high_on_another(nlpcli, hello):
    def bits(text):
        done = nlpcli("perplexity", hello, "-", "--json", input=text)
        return json.loads(done.out)

    # The first character of a text is predicted from the frequencies alone: 3 of 9 times at most.
    assert bits("hello")["bits_per_character"] < 0.7
    assert bits("hello")["unknown"] == 0
    odd = bits("hex")
    assert odd["bits_per_character"] > 1
    assert odd["unknown"] == 1


def test_perplexity_per_line_gives_a_line_for_every_line(nlpcli, hello):
    done = nlpcli("perplexity", hello, "-", "--per-line", input="hello\n\nolleh\n")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[1] for row in rows] == ["hello", "", "olleh"]
    assert float(rows[0][0]) < 1 < float(rows[2][0])


def test_an_interrupted_training_goes_on_with_resume(nlpcli, process, tmp_path):
    (tmp_path / "text.txt").write_text("the cat sat on the mat.\n" * 400)
    output = tmp_path / "m.safetensors"
    command = ["train-charlm", tmp_path / "text.txt", "-o", output, *TINY, "--epochs", 40, "--eval-every", 5]
    training = process.start(*command)
    for line in training.stderr:
        if line.startswith(b"epoch"):
            break
    training.send_signal(signal.SIGINT)
    rest = training.stderr.read().decode()
    assert training.wait() == -signal.SIGINT
    checkpoint = tmp_path / "m.checkpoint.safetensors"
    assert f"--resume {checkpoint}" in rest
    assert sorted(path.name for path in tmp_path.iterdir()) == [checkpoint.name, "text.txt"]
    resuming = ("train-charlm", tmp_path / "text.txt", "-o", output, "--resume", checkpoint)
    assert "--cell cannot change" in nlpcli(*resuming, "--cell", "gru", code=2).err
    nlpcli(*resuming, "--epochs", 1)
    assert output.exists() and not checkpoint.exists()


def test_a_name_says_how_what_is_written_stands_in_the_file(nlpcli, hello, tmp_path):
    call = ("generate", hello, "--prime", "h", "--length", 4, "--temperature", 0, "-o")
    nlpcli(*call, "a.txt")
    nlpcli(*call, "a.jsonl")
    nlpcli(*call, "a.json")
    assert (tmp_path / "a.txt").read_text() == "hello\n"
    assert json.loads((tmp_path / "a.jsonl").read_text()) == {"sample": 1, "text": "hello"}
    assert json.loads((tmp_path / "a.json").read_text()) == [{"sample": 1, "text": "hello"}]
    done = nlpcli(*call, "a.xlsx", code=1)
    assert "a.xlsx: this is text as it comes, and .xlsx holds rows" in done.err


def test_a_checkpoint_goes_when_the_training_ends_well_unless_it_was_named(nlpcli, tmp_path):
    (tmp_path / "text.txt").write_text("the cat sat on the mat.\n" * 40)
    command = ["train-charlm", tmp_path / "text.txt", "-o", tmp_path / "m.safetensors", *TINY]
    kept = tmp_path / "m.checkpoint.safetensors"
    kept.write_bytes(b"of another training")
    nlpcli(*command, "--epochs", 1)
    assert kept.read_bytes() == b"of another training"
    nlpcli(*command, "--epochs", 1, "--checkpoint-every", 1)
    assert not kept.exists()
    nlpcli(*command, "--epochs", 1, "--checkpoint-every", 1, "--checkpoint", tmp_path / "named")
    nlpcli(*command, "--epochs", 2, "--resume", tmp_path / "named", "--checkpoint", tmp_path / "named")
    assert (tmp_path / "named").exists()


def test_a_preset_gives_way_to_options_beside_it(nlpcli, hello, tmp_path):
    output = tmp_path / "m.safetensors"
    nlpcli(
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
        input="hello there",
    )
    settings = json.loads(nlpcli("inspect", output, "--json").out)["settings"]
    assert (settings["rnn_size"], settings["epochs"]) == (9, 1)
    assert (settings["num_layers"], settings["dropout"]) == (2, 0.4)


def test_activations_make_a_page_a_ranking_and_colours(nlpcli, hello, tmp_path):
    page = tmp_path / "states.html"
    done = nlpcli("activations", hello, "-", "-o", page, "--find", "word-length", "--count", 3, input="hello")
    assert page.read_text().startswith("<!doctype html>")
    assert done.out.splitlines()[0] == "layer\tsignal\tcell\tcorrelation"
    assert len(done.out.splitlines()) == 4
    coloured = nlpcli("activations", hello, "-", "--terminal", "--cell", 2, "--signal", "f", input="hello")
    assert coloured.out.count("\033[30;48;2;") == 5
    for wrong, said in (
        (["--terminal", "--signal", "z"], "--signal"),
        (["--terminal", "--cell", 99], "--cell 99: the model's cells are 0 to 15"),
        (["--terminal", "--layer", 5], "--layer 5: the model's layers are 0 to 0"),
        ([], "there is nothing to show"),
    ):
        assert said in nlpcli("activations", hello, "-", *wrong, input="hello", code=2).err


def test_gradients_come_as_a_table_or_a_page(nlpcli, hello, tmp_path):
    (tmp_path / "text.txt").write_text("hello" * 20)
    done = nlpcli("gradients", hello, tmp_path / "text.txt", "--steps", 5)
    rows = done.out.splitlines()
    assert rows[0] == "k\thello (lstm) h\thello (lstm) c"
    assert len(rows) == 7
    page = tmp_path / "g.html"
    nlpcli("gradients", hello, hello, tmp_path / "text.txt", "-o", page, "--steps", 5)
    assert "<svg" in page.read_text()
    assert "at least a model and a text" in nlpcli("gradients", hello, code=2).err
    arguments = (hello, tmp_path / "text.txt", "-o", tmp_path / "g.doc")
    assert "a page is .html, a picture .png" in nlpcli("gradients", *arguments, code=1).err


def test_the_notes_toy_example_shows_every_factor(nlpcli):
    done = nlpcli("gradients", "--toy", "--w-hh", 3, "--w-xh", 2, "--b", 1, "--steps", 3)
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert rows[0] == ["t", "x_t", "h_t", "factor", "written_out", "∂h_3/∂h_t-1", "w_hh_alone"]
    assert rows[1] == ["1", "0", "0.761594", "1.25992", "3 × (1 − 0.761594²)", "8.64987e-05", "27"]
    assert [row[6] for row in rows[1:]] == ["27", "9", "3"]


def test_korean_trains_as_jamo_and_comes_back_as_syllables(nlpcli, tmp_path):
    output = tmp_path / "ko.safetensors"
    text = "한국어 문장을 배운다.\n" * 40
    nlpcli(
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
        input=text,
    )
    done = nlpcli("generate", output, "--prime", "한국", "--until", "\n", "--temperature", 0)
    assert done.out == "한국어 문장을 배운다.\n"


def test_bytes_come_back_as_text(nlpcli, tmp_path):
    output = tmp_path / "b.safetensors"
    text = "한글 é 🙂\n" * 60
    nlpcli(
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
        input=text,
    )
    done = nlpcli("generate", output, "--prime", "한", "--until", "\n", "--temperature", 0)
    assert done.out == "한글 é 🙂\n"
