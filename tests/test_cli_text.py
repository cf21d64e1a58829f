"""Text commands through the command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def nlpcli(*arguments, text="", code=0):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", "nlpcli", *arguments],
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
        env=env,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode() if code == 0 else done.stderr.decode()


def test_one_line_out_per_line_in():
    assert nlpcli("tokenize", text="a b\n\n  \nc\n") == "a b\n\n\nc\n"


@pytest.mark.parametrize("name", ["word", "whitespace", "char", "jamo", "nltk", "kiwi"])
def test_emoji_and_blank_lines_pass_every_tokenizer(name):
    out = nlpcli("tokenize", "--tokenizer", name, text="맑은 하늘😀\n\n \n끝\n")
    assert out.count("\n") == 4
    assert "😀" in out or name == "word"


def test_sentences_are_set_apart_by_tabs():
    assert nlpcli("tokenize", "--tokenizer", "sentence", text="One. Two.\n") == "One.\tTwo.\n"


def test_tokenize_starts_without_heavy_libraries():
    code = (
        "import sys, io; sys.argv = ['nlpcli', 'tokenize', '--lowercase'];"
        "import nlpcli.cli, atexit;"
        "heavy = ['numpy', 'numba', 'torch', 'nltk', 'konlpy', 'rich', 'scipy', 'kiwipiepy'];"
        "atexit.register(lambda: print([m for m in heavy if m in sys.modules], file=sys.stderr));"
        "nlpcli.cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b"A b\n", capture_output=True, check=True)
    assert done.stdout == b"a b\n"
    assert done.stderr.strip() == b"[]"
