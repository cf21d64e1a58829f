"""train-mlm and fill-mask as a user types them."""

import json
import os

import pytest

from tests.command_line import ROOT, within

MODEL = ROOT / "tests/models/masked-lm.safetensors"


def test_masks_are_filled_from_arguments_and_from_stdin(tmp_path):
    text = "the [MASK] drinks tea"
    rows = [
        line.split("\t") for line in within("fill-mask", MODEL, text, "-n", 2, cwd=tmp_path).out.splitlines()
    ]
    assert rows[0] == ["text", "mask", "word", "probability"] and len(rows) == 3
    assert all(row[:2] == [text, "1"] for row in rows[1:])
    piped = within("fill-mask", MODEL, "-n", 2, input=f"{text}\n\nno mask\n", cwd=tmp_path)
    assert [line.split("\t") for line in piped.out.splitlines()] == rows
    assert piped.err.startswith("no [MASK] in 'no mask'")
    found = json.loads(
        within("fill-mask", MODEL, "a ___ and a ___", "--mask-token", "___", "--json", cwd=tmp_path).out
    )
    assert [one["mask"] for one in found] == [1] * 5 + [2] * 5
    within("fill-mask", MODEL, text, "--jsonl", "-o", "out", cwd=tmp_path)
    assert len((tmp_path / "out").read_text().splitlines()) == 5


@pytest.mark.parametrize("sign", ["<mask>", "___", "[mask]"])
def test_the_signs_of_others_are_known_and_told(tmp_path, sign):
    text = f"the {sign} drinks tea"
    for done in (
        within("fill-mask", MODEL, text, code=1, cwd=tmp_path),
        within("fill-mask", MODEL, input=text + "\n", code=1, cwd=tmp_path),
    ):
        assert f"hint: is {sign} the mask? --mask-token '{sign}' says so" in done.err
    assert within("fill-mask", MODEL, text, "--mask-token", sign, cwd=tmp_path).out.count("\n") == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fill-mask", MODEL, "nothing here"], "no [MASK] in 'nothing here'"),
        (["fill-mask", MODEL, "x", "--mask-token", ""], "--mask-token is empty"),
        (
            ["fill-mask", ROOT / "tests/models/charlm.safetensors", "a [MASK]"],
            "this command needs a masked-lm",
        ),
        (["train-mlm", "text", "-o", "m", "--num-heads", "2"], "--num-heads does nothing without --cell"),
        (
            ["train-mlm", "text", "-o", "m", "--cell", "transformer", "--rnn-size", "9"],
            "--rnn-size 9 cannot be",
        ),
        (["train-mlm", "none", "-o", "m"], "none: no such file"),
        (["train-mlm", "text", "-o", "m", "--resume", MODEL], "this command needs a masked-lm-checkpoint"),
    ],
)
def test_errors_are_plain(tmp_path, arguments, message):
    pytest.importorskip("torch")
    (tmp_path / "text").write_text("the king drinks tea\n" * 9)
    done = within(*arguments, code=None, cwd=tmp_path)
    assert done.returncode != 0 and message in done.err and "Traceback" not in done.err
    assert not (tmp_path / "m").exists()


def test_filling_masks_needs_no_torch(process):
    program = f"""
import sys
sys.argv = ["nlpcli", "fill-mask", {os.fspath(MODEL)!r}, "the [MASK] drinks tea"]
from nlpcli.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write("loaded:" + " ".join({{"torch", "scipy", "nltk", "rich"}} & {{*sys.modules}}))
"""
    assert process.python(program).err.endswith("loaded:")
