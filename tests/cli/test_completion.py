"""Completion of command lines: what is offered, and real shells that ask for it."""

import contextlib
import os
import pty
import select
import shutil
import subprocess
import sys
import time

import pytest

from nlpcli.cli.completion import complete
from nlpcli.commands import COMMANDS
from tests.command_line import ROOT


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["train-"], [name for name in COMMANDS if name.startswith("train-")]),
        (["he"], ["help"]),
        (["help", "train-n"], ["train-nb"]),
        (["--v"], ["--version"]),
        (["--show-completion", ""], ["bash", "zsh", "fish"]),
        (["tokenize", "--tokenizer", "ki"], ["kiwi"]),
        (["tokenize", "--tokenizer=ki"], ["kiwi"]),
        (["tokenize", "--tokenizer", "=", "ki"], ["kiwi"]),  # as bash cuts it
        (["tokenize", "--mask", "url,em"], ["url,email", "url,emoji"]),
        (["compare-tokenizers", "a.txt", "--tokenizers", "word,kk"], ["word,kkma"]),
        (["tokenize", "--lowercase", "--no-l"], []),
        (["tokenize", "--no-lo"], ["--no-lowercase"]),
        (["train-nb", "a.tsv", "--test", "b.tsv", "--te"], ["--text-col"]),  # --test is there
        (["similar", "v.vec", ""], []),  # a word
        (["classify", "m.safetensors", ""], [":files"]),
        (["classify", ""], [":files safetensors bin ftz model"]),
        (["tag", "english-"], ["english-ner", "english-pos", ":files safetensors bin ftz model"]),
        (["similar", "kor"], ["korean-words", ":files safetensors vec txt bin glove gz bz2 xz zst"]),
        (["inspect", "english-w"], ["english-words", ":files safetensors bin ftz model"]),
        (["train-nb", "-o", ""], [":files"]),
        (["tokenize", "--", "--low"], [":files"]),
        (["no-such-command", "--"], []),
        (["tokenize", "--no-such=x"], []),
        (["train-w2v", "--dim", ""], []),
    ],
    ids=" ".join,
)
def test_what_is_offered(words, offered):
    assert complete("bash", words) == offered


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_completes_its_options_and_what_it_works_on(command):
    options = complete("bash", [command, "--"])
    assert {"--output", "--help", "--help-all"} & {*options} and len(options) == len({*options})
    assert complete("bash", [command, ""])[-1:][0][:6] == ":files"


def test_zsh_and_fish_get_remarks():
    assert complete("zsh", ["tokeniz"]) == ["tokenize:Split text into tokens, one output line per input line"]
    assert complete("fish", ["tokenize", "--tokenizer=kiw"]) == ["--tokenizer=kiwi"]


@pytest.mark.parametrize("words", [["tok"], ["train-charlm", "--"], ["vectorize", "--method", ""]])
def test_nothing_heavy_is_imported_for_it(process, words):
    program = (
        "import sys; from nlpcli.cli.completion import complete; complete('zsh', sys.argv[1:]);"
        "print([name for name in ('numpy', 'scipy', 'numba', 'torch', 'rich') if name in sys.modules])"
    )
    assert process.python(program, *words).out == "[]\n"


def test_an_unknown_shell_is_an_error_that_lists_the_known_ones(nlpcli):
    done = nlpcli("--show-completion", "tcsh", code=2)
    assert "hint: there is for bash, zsh, fish" in done.err


@pytest.mark.parametrize(("shell", "start_up"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", None)])
def test_it_is_installed_once_where_the_shell_looks_for_it(nlpcli, tmp_path, shell, start_up):
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'")
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "", "ZDOTDIR": ""}
    first = nlpcli("--install-completion", shell, **home)
    path = first.out.split(",")[0].strip()
    script = (ROOT / path).read_text()
    assert script == nlpcli("--show-completion", shell).out
    if start_up is None:
        return
    line = (tmp_path / start_up).read_text().splitlines()[-1]
    assert path.rpartition("/")[0] in line
    nlpcli("--install-completion", shell, **home)
    assert (tmp_path / start_up).read_text().splitlines().count(line) == 1


# --- real shells ----------------------------------------------------------------------------

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set bell-style none'; source {}"),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit && compinit -u -D; source {}"),
    "fish": (["fish", "--no-config", "-i"], "source {}"),
}


class Shell:
    """A shell at a terminal, in a folder with a few files."""

    def __init__(self, name, folder):
        command, start = SHELLS[name]
        script = folder / "script"
        script.write_text(
            subprocess.run(
                [sys.executable, "-m", "nlpcli", "--show-completion", name],
                capture_output=True, check=True, text=True, cwd=ROOT,
            ).stdout
        )  # fmt: skip
        (folder / "nlpcli").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m nlpcli "$@"\n')
        (folder / "nlpcli").chmod(0o755)
        place = folder / "place"
        place.mkdir()
        for file in ("a.safetensors", "my model.safetensors", "text.txt"):
            (place / file).touch()
        environment = {**os.environ, "HOME": str(folder), "TERM": "xterm", "PS1": "> "}
        environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(place)
            os.execvpe(command[0], command, environment)
        os.write(self.terminal, f"{start.format(script)}; echo rea''dy\n".encode())
        self.until("ready")

    def until(self, wanted, seconds=30):
        """Read until the terminal has shown this."""
        shown, end = "", time.monotonic() + seconds
        while wanted not in shown:
            assert time.monotonic() < end, f"{wanted!r} is not in {shown!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                shown += os.read(self.terminal, 65536).decode(errors="replace")
        return shown

    def complete(self, line, wanted):
        os.write(self.terminal, f"{line}\t".encode())
        self.until(wanted)
        os.write(self.terminal, b"\x15")  # takes the line away

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self.terminal)
        os.kill(self.process, 9)
        os.waitpid(self.process, 0)


@pytest.mark.parametrize("name", SHELLS)
def test_a_real_shell_completes(name, tmp_path):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    shell = Shell(name, tmp_path)
    try:
        # What is typed is shown too, so what is waited for begins where that ends.
        shell.complete("nlpcli token", "ize")
        shell.complete("nlpcli tokenize --tokeni", "zer")
        shell.complete("nlpcli tokenize --tokenizer ki", "wi")
        shell.complete("nlpcli tokenize --tokenizer=ki", "wi")
        shell.complete("nlpcli classify my", "\\ model.safetensors")
        shell.complete("nlpcli count te", "xt.txt")
    finally:
        shell.close()
