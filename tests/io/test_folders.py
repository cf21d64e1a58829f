"""What of a folder cannot be read is named, and ends the command unless it was said not to."""

import os
import shutil

import pytest

from nlpcli.engine.io.folders import files_in
from nlpcli.engine.runtime.progress import SILENT, Progress
from tests.command_line import NLPCLI


class Heard(Progress):
    def __init__(self):
        self.lines = []

    def note(self, message):
        self.lines.append(message)


@pytest.fixture
def nlpcli_of_a_user(process):
    """Runs `nlpcli` as one whom permissions bind; root is without the rights that lift them."""
    if os.geteuid():
        prefix = ()
    elif shutil.which("setpriv"):
        prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    else:
        pytest.skip("root may read everything, and setpriv is not installed")
    return lambda *arguments, code=0: process.run(*prefix, *NLPCLI, *arguments, code=code)


@pytest.fixture
def texts(tmp_path):
    for name in ("good/a.txt", "good/more/b.txt", "bad/c.txt", "bad/closed/d.txt", ".hidden/e.txt", "bad/.f"):
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the text of {name}\n")
    yield tmp_path / "texts"
    for path in (tmp_path / "texts").glob("**"):
        path.chmod(0o700)


def test_files_come_in_order_without_what_is_hidden(texts):
    found = [os.path.relpath(path, texts) for path in files_in(str(texts), "stop", SILENT)]
    assert found == ["bad/c.txt", "bad/closed/d.txt", "good/a.txt", "good/more/b.txt"]


def test_links_to_nothing_and_pipes_are_told_and_left_out(texts):
    (texts / "dangling").symlink_to("nowhere")
    (texts / "round").symlink_to(".")
    os.mkfifo(texts / "pipe")
    heard = Heard()
    assert len(list(files_in(str(texts), "stop", heard))) == 4
    assert heard.lines == [
        f"passed over {texts}/dangling: a link to nothing",
        f"passed over {texts}/pipe: not a file",
    ]


@pytest.mark.parametrize("command", ["index", "train-nb"])
@pytest.mark.parametrize(
    ("closed", "mode"), [("bad/closed", 0o000), ("bad/closed", 0o400), ("bad/c.txt", 0o000)]
)
def test_what_may_not_be_read_ends_the_command_or_is_left_out(nlpcli_of_a_user, texts, command, closed, mode):
    (texts / closed).chmod(mode)
    done = nlpcli_of_a_user(command, "texts", "-o", "out.safetensors", code=1)
    assert f"error: texts/{closed}" in done.err and "cannot be read: Permission denied" in done.err
    assert "hint: --on-error skip" in done.err and not (texts.parent / "out.safetensors").exists()
    done = nlpcli_of_a_user(command, "texts", "-o", "out.safetensors", "--on-error", "skip")
    assert f"passed over texts/{closed}" in done.err and (texts.parent / "out.safetensors").exists()


def test_a_class_that_may_not_be_read_is_named(nlpcli_of_a_user, texts):
    (texts / "closed").mkdir(mode=0o000)
    done = nlpcli_of_a_user("train-nb", "texts", "-o", "out.safetensors", code=1)
    assert "error: texts/closed: cannot be read: Permission denied" in done.err
    done = nlpcli_of_a_user("train-nb", "texts", "-o", "out.safetensors", "--on-error", "skip")
    assert "passed over texts/closed: cannot be read" in done.err
    texts.chmod(0o000)
    for command in ("train-nb", "index"):
        done = nlpcli_of_a_user(command, "texts", "-o", "other.safetensors", code=1)
        assert "error: texts: cannot be read: Permission denied" in done.err
