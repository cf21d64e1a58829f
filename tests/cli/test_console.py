"""The terminal manners: exit codes, signals, pipes, full devices."""

import signal
import time

import pytest


def test_a_reader_that_leaves_early_ends_the_command_quietly(process):
    done = process.shell("yes 한국어 | head -100000 | $nlpcli tokenize | head -1; echo ${PIPESTATUS[2]}")
    assert done.out == "한국어\n141\n"
    assert done.err == ""


def test_a_full_device_is_an_error_and_not_success(process):
    done = process.shell("echo some text | $nlpcli tokenize > /dev/full", code=1)
    assert done.err.startswith("error: cannot write the output: No space left on device\nhint: ")
    assert "Traceback" not in done.err and "Exception ignored" not in done.err


def test_a_mendable_error_has_message_hint_and_exit_code_1(nlpcli):
    done = nlpcli("tokenize", "missing.txt", code=1)
    assert done.stdout == b""
    assert (
        done.stderr.decode() == "error: missing.txt: no such file\nhint: check the name; - reads from stdin\n"
    )


@pytest.mark.parametrize(
    "arguments", [["--wrong"], ["tokenize", "--wrong"], ["tokenize", "--tokenizer", "wrong"], ["tokenise"]]
)
def test_a_wrong_call_has_exit_code_2(nlpcli, arguments):
    stderr = nlpcli(*arguments, code=2).stderr.decode()
    assert stderr.startswith("error: ")
    assert "hint: " in stderr and "see nlpcli" in stderr


@pytest.mark.parametrize(
    ("option", "said"),
    [("--dim", "a whole number"), ("--sample", "a number")],
)
def test_what_is_no_number_is_told_so(nlpcli, option, said):
    told = nlpcli("train-w2v", "text", "-o", "w.vec", option, "x", code=2).err
    assert told == f"error: {option} must be {said}, not 'x'\nhint: see nlpcli train-w2v --help\n"


@pytest.mark.parametrize("command", [[], ["train-w2v"]])
def test_h_is_help(nlpcli, command):
    assert nlpcli(*command, "-h").out == nlpcli(*command, "--help").out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_died_of_so_that_loops_stop(process, number, tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("old")
    running = process.start("tokenize", "-", "-o", target)
    running.stdin.write(b"a line\n")
    running.stdin.flush()
    deadline = time.monotonic() + 30
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)  # until its temporary file is there
    time.sleep(0.2)  # and the command knows its name: between the two, a signal leaves it
    running.send_signal(number)
    assert running.wait(timeout=10) == -number
    assert running.stderr.read() == b"interrupted; nothing was written\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
    assert target.read_text() == "old"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_amid_the_end_of_the_process_shows_no_traceback(process, number):
    """Libraries tidy up there; torch takes a second for it."""
    program = f"""
import atexit, os, sys, time
from nlpcli.program import run
atexit.register(lambda: (os.kill(os.getpid(), {int(number)}), time.sleep(9)))
sys.argv = ["nlpcli", "--version"]
run()
"""
    done = process.python(program, code=-number)
    assert done.out.startswith("nlpcli ") and not done.err


@pytest.mark.parametrize("pause", [0, 0.001, 0.05, 0.3])
def test_a_second_signal_does_not_cut_off_what_the_first_has_begun(process, pause):
    program = f"""
import os, signal, threading, time
from nlpcli.cli import process
def signals():
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        signal.pthread_kill(threading.main_thread().ident, number)
        time.sleep({pause})
def work():
    threading.Timer(0.05, signals).start()
    try:
        time.sleep(9)
    finally:
        time.sleep(0.1)
        print("tidied up", flush=True)
process.run(work)
"""
    done = process.python(program, code=-signal.SIGINT)
    assert done.out == "tidied up\n" and not done.err


@pytest.mark.parametrize(
    ("outputs", "written", "said"),
    [
        (["m.safetensors"], [], "interrupted; nothing was written\n"),
        (["m.safetensors"], ["m.checkpoint.safetensors"], ""),
        ([], [], ""),  # what goes to stdout is seen there
    ],
)
def test_a_command_that_is_interrupted_early_says_that_nothing_is_there(process, outputs, written, said):
    program = f"""
import os, signal
from nlpcli.cli import process
from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.runtime import interrupts
interrupts.outputs += {outputs!r}
def work():
    for name in {written!r}:
        with write_atomically(name) as file:
            file.write(b"a checkpoint")
    os.kill(os.getpid(), signal.SIGINT)
process.run(work)
"""
    assert process.python(program, code=-signal.SIGINT).err == said


def test_a_signal_that_a_library_swallowed_is_obeyed_when_it_comes_again(process):
    program = """
import contextlib, os, signal, time
from nlpcli.cli import process
process._AT_ONCE = 0.1
def work():
    with contextlib.suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
process.run(work)
"""
    assert process.python(program, code=-signal.SIGINT).err == ""


def test_a_signal_that_a_library_turned_into_an_error_is_died_of_all_the_same(process):
    program = """
import os, signal
from nlpcli.cli import process
def work():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except BaseException as error:
        raise RuntimeError("compilation failed") from error
process.run(work)
"""
    done = process.python(program, code=-signal.SIGTERM)
    assert done.stderr == b""


def test_an_ignored_hang_up_stays_ignored(process):
    done = process.shell(
        "(trap '' HUP; (sleep 0.5; echo text) | $nlpcli tokenize & sleep 0.3; kill -HUP $!; wait $!; echo $?)"
    )
    assert done.out == "text\n0\n"


def test_data_goes_to_stdout_as_it_comes_and_not_only_at_the_end(process):
    running = process.start("tokenize")
    running.stdin.write(b"first line\n")
    running.stdin.flush()
    assert running.stdout.readline() == b"first line\n"
    running.stdin.close()
    running.stdout.close()
    assert running.wait(timeout=30) == 0


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_printed(nlpcli, option):
    from nlpcli import __version__

    assert nlpcli(option).stdout.decode() == f"nlpcli {__version__}\n"


def test_no_arguments_show_the_help(nlpcli):
    assert b"Examples:" in nlpcli().stdout


def test_without_a_terminal_nothing_is_coloured(nlpcli):
    assert b"\x1b" not in nlpcli("tokenize", "missing.txt", code=1).stderr


def test_quiet_hides_notes_and_not_what_was_lost(capsys):
    from nlpcli.cli import console
    from nlpcli.engine.text.streaming import LineRate

    for quiet in (False, True):
        progress = LineRate(console.progress(quiet))
        progress.note("an epoch is over")
        progress.lost("news.txt:3: kkma failed")
    said = capsys.readouterr().err
    assert said == "an epoch is over\nnews.txt:3: kkma failed\nnews.txt:3: kkma failed\n"


def test_ctrl_c_while_the_program_loads_ends_it_without_a_word(process):
    program = (
        "import signal, sys, types\n"
        "sys.modules['nlpcli.cli'] = cli = types.ModuleType('cli')\n"  # what takes long to load
        "cli.main = lambda: print(signal.getsignal(signal.SIGINT) == signal.SIG_DFL)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from nlpcli.program import run; run()"
    )
    assert process.python(program).out == "True\n"


def test_a_signal_while_an_object_is_finalised_is_not_lost(process):
    ended = process.python(
        """
import os, signal, time
from nlpcli.cli import process

class Slow:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.05)

def work():
    slow = Slow()
    del slow
    time.sleep(20)
    print("went on")

process.run(work)
""",
        code=-signal.SIGTERM,
    )
    assert "Traceback" not in ended.err and "went on" not in ended.out
