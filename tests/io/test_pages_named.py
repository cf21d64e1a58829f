"""Outputs of every command: none takes the place of an input, and a page is not called a picture."""

import inspect

import pytest

from nlpcli.engine import jobs
from nlpcli.engine.io.file_names import OUTPUTS
from tests.command_line import ROOT
from tests.site_pages.api import stub_signatures

MODELS = ROOT / "tests" / "models"


def test_every_output_of_a_job_is_among_those_that_are_checked():
    found = set()
    for name, signature in stub_signatures().items():
        parameters = inspect.signature(getattr(jobs, name)).parameters
        found |= {one for one in parameters if f"{one}: Output" in signature}
    assert "highlight" in found and found <= {*OUTPUTS}


@pytest.mark.parametrize(
    "command",
    [
        ["summarize", "in.txt", "--highlight", "out.png"],
        ["cluster", "in.txt", "--k", 2, "--page", "out.pdf"],
        ["cluster", "in.txt", "--k", 2, "--page", "out"],
        ["report", "in.txt", "-o", "out.txt"],
        ["topics", MODELS / "topics.safetensors", "in.txt", "--page", "out.txt"],
        ["translate", MODELS / "seq2seq.safetensors", "in.txt", "--attention-page", "out.txt"],
    ],
)
def test_a_page_is_not_called_something_else(nlpcli, tmp_path, command):
    (tmp_path / "in.txt").write_text("a b c. d e f.\nx y z.\n")
    done = nlpcli(*command, cwd=tmp_path, code=1)
    assert "what is written is a page, and this is no name of one" in done.err and ".html" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


def test_what_counts_twice_is_told(nlpcli, tmp_path):
    (tmp_path / "in.txt").write_text("a b a\n")
    nlpcli("count", "in.txt", "-o", "1.safetensors", cwd=tmp_path)
    done = nlpcli("merge", "1.safetensors", "./1.safetensors", "-o", "1.safetensors", cwd=tmp_path)
    assert "./1.safetensors is named twice, and counts twice" in done.err
    assert "1.safetensors is a part, and is replaced by the sum" in done.err
