"""chat: an answer a line, from an index of pairs or a network, in a pipe and with the turns before."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import nlpcli as package
from nlpcli.errors import InputError, ModelError, SettingsError
from tests.command_line import ROOT

MODELS = ROOT / "tests" / "models"
ANSWERS, SEQ2SEQ = MODELS / "index-answers.safetensors", MODELS / "seq2seq.safetensors"
PAIRS = (
    "q,a\nweather in Seoul,Sunny.\nweather in Busan,Rain.\ntrains to Busan,Hourly.\ntrains to Seoul,Daily.\n"
)


@pytest.fixture
def trips(tmp_path):
    (tmp_path / "trips.csv").write_text(PAIRS)
    package.index(tmp_path / "trips.csv", tmp_path / "trips.safetensors", text_col="q", answer_col="a")
    return tmp_path / "trips.safetensors"


def test_each_line_has_one_line_of_answer(nlpcli):
    done = nlpcli("chat", ANSWERS, input="When do you OPEN\n\ntea?\nzebra\n")
    assert done.out == "At nine.\n\nThree coins.\n…\n"
    done = nlpcli("chat", ANSWERS, "--fallback", "Sorry?", "--jsonl", input="zebra\nwhere\n")
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"question": "zebra", "answer": "Sorry?", "score": 0.0},
        {"question": "where", "answer": "In Seoul.", "score": pytest.approx(0.6, abs=0.2)},
    ]
    assert nlpcli("chat", ANSWERS, input="").out == ""


def test_an_answer_that_is_not_sure_enough_is_none():
    asked = ["where", "where are you?", "zebra"]
    plain = [*package.chat(ANSWERS, asked)]
    assert plain[0].score < 0.9 < plain[1].score
    sure = [*package.chat(ANSWERS, asked, min_score=0.9, fallback="?")]
    assert [reply.answer for reply in sure] == ["?", "In Seoul.", "?"]
    assert [reply.score for reply in sure] == [reply.score for reply in plain]  # which say how near it was


def test_lines_of_files_go_into_a_file(nlpcli, tmp_path):
    (tmp_path / "lines").write_text("tea\nwhere are you?")
    nlpcli("chat", ANSWERS, "lines", "-o", "answers")
    assert (tmp_path / "answers").read_text() == "Three coins.\nIn Seoul.\n"


@pytest.mark.parametrize("end", ["csv", "tsv", "json", "jsonl", "xlsx"])
def test_a_table_has_a_row_for_each_answer(nlpcli, tmp_path, end):
    (tmp_path / "lines").write_text("tea\nzebra\n")
    nlpcli("chat", ANSWERS, "lines", "-o", f"a.{end}")
    if end == "json":
        found = [one["answer"] for one in json.loads((tmp_path / "a.json").read_text())]
    else:
        nlpcli("normalize", f"a.{end}", "--text-col", "answer", "-o", "answers.txt")
        found = (tmp_path / "answers.txt").read_text().splitlines()
    assert found == ["Three coins.", "…"]


def test_a_training_that_was_interrupted_says_how_it_goes_on():
    with pytest.raises(ModelError, match="is a training that was interrupted") as found:
        package.chat(MODELS / "seq2seq-checkpoint.safetensors", ["tea"])
    assert found.value.hint.startswith("repeat the train-seq2seq command with --resume")


def test_a_pipe_has_its_answer_before_the_next_line_is_written():
    command = [sys.executable, "-m", "nlpcli", "chat", str(ANSWERS)]
    for more, wanted in ([], "Three coins.\n"), (["--jsonl"], '{"question": "tea", "answer": "Three coins."'):
        with subprocess.Popen([*command, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            for _ in range(2):
                process.stdin.write(b"tea\n")
                process.stdin.flush()
                assert process.stdout.readline().decode().startswith(wanted)
            process.stdin.close()
            assert process.wait(30) == 0


def test_ctrl_c_in_a_pipe_ends_as_every_command_does():
    command = [sys.executable, "-m", "nlpcli", "chat", str(ANSWERS)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdin.write(b"tea\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"Three coins.\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (130, -signal.SIGINT)
        assert b"Traceback" not in process.stderr.read()


def _ended(child, terminal, key):
    """The exit status after a key, struck again where it came before anybody listened."""
    for _ in range(60):
        os.write(terminal, key)
        for _ in range(10):
            time.sleep(0.05)
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the key did nothing")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_on_a_terminal_there_is_a_prompt_and_ctrl_d_ends():
    import pty

    for end, code in ((b"\x04", 0), (b"\x03", 0)):
        child, terminal = pty.fork()
        if not child:
            os.execv(sys.executable, [sys.executable, "-m", "nlpcli", "chat", str(ANSWERS)])
        shown = _until(terminal, b"> ")
        os.write(terminal, b"\ntea\n")
        shown = _until(terminal, b"Three coins.\r\n> ")
        assert shown.count(b"> ") == 2  # after the empty line, and after the answer
        assert _ended(child, terminal, end) == code
        os.close(terminal)


def _until(terminal, wanted):
    shown = b""
    while not shown.endswith(wanted):
        shown += os.read(terminal, 1000)
    return shown


def test_earlier_turns_decide_between_answers(trips):
    asked = ["weather in Busan", "and trains"]
    assert [reply.answer for reply in package.chat(trips, asked)] == ["Rain.", "Hourly."]
    asked = ["weather in Seoul", "and trains"]
    assert [reply.answer for reply in package.chat(trips, asked)] == ["Sunny.", "Hourly."]
    found = [*package.chat(trips, asked, turns=1)]
    assert [reply.answer for reply in found] == ["Sunny.", "Daily."]
    asked = ["weather in Seoul", "thanks", "and trains"]
    assert [reply.answer for reply in package.chat(trips, asked, turns=1)][-1] == "Hourly."
    assert [reply.answer for reply in package.chat(trips, asked, turns=2)][-1] == "Daily."


def test_a_network_answers_and_reads_the_turns_before():
    model = package.load(SEQ2SEQ)
    first, second = package.chat(SEQ2SEQ, ["ab", "dc"])
    assert (first.answer, second.answer) == (*model.translate(["ab", "dc"]),)
    assert 0 < first.score <= 1
    first, second = package.chat(SEQ2SEQ, ["ab", "dc"], turns=1)
    assert second.answer == model.translate([f"ab {first.answer} dc"])[0]


def test_search_finds_the_questions(trips):
    [(_, hits)] = package.search(trips, ["trains Busan"], top_k=1)
    assert (hits[0].snippet.text, hits[0].line) == ("trains to Busan", 3)


def test_pairs_with_an_empty_side_are_left_out(nlpcli, tmp_path):
    (tmp_path / "faq.jsonl").write_text('{"q": "a b", "a": "c"}\n{"q": "d", "a": " "}\n')
    done = nlpcli("index", "faq.jsonl", "--text-col", "q", "--answer-col", "a", "-o", "i.safetensors")
    assert "1 pair with an empty question or answer left out" in done.err
    assert [*package.load(tmp_path / "i.safetensors").answers] == ["c"]
    (tmp_path / "none.tsv").write_text("q\ta\n\tx\n")
    with pytest.raises(InputError):
        package.index(tmp_path / "none.tsv", tmp_path / "no", text_col="q", answer_col="a")


def test_what_cannot_answer_is_told(tmp_path):
    with pytest.raises(ModelError, match="texts, which have no answers"):
        package.chat(MODELS / "index.safetensors", ["a"])
    with pytest.raises(ModelError, match="is a charlm model, and chat takes"):
        package.chat(MODELS / "charlm.safetensors", ["a"])
    with pytest.raises(ModelError):
        package.chat(tmp_path / "missing", ["a"])
    with pytest.raises(SettingsError, match="go together"):
        package.index("a.tsv", tmp_path / "i", answer_col="a")
