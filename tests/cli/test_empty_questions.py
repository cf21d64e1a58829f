"""What is asked on the command line is something: an empty question is one error everywhere."""

import pytest

import nlpcli as api
from nlpcli.errors import InputError
from tests.command_line import ROOT

MODELS = ROOT / "tests" / "models"


@pytest.mark.parametrize(
    ("command", "asked", "kind"),
    [
        ("search", "index", "query"),
        ("ask", "index", "question"),
        ("similar", "word2vec", "word"),
        ("analogy", "word2vec", "analogy"),
        ("odd-one-out", "word2vec", "group of words"),
        ("fill-mask", "masked-lm", "text"),
    ],
)
def test_an_empty_one_is_refused(nlpcli, command, asked, kind):
    model = MODELS / f"{asked}.safetensors"
    for empty in ([""], [" "], ["", ""]):
        done = nlpcli(command, model, *empty, code=1)
        assert f"error: the {kind} is empty\n" in done.err and not done.out
    with pytest.raises(InputError, match=f"the {kind} is empty"):
        list(getattr(api, command.replace("-", "_"))(model, ["  "]))
    assert not nlpcli(command, model, "-", input="\n \n").out.strip().count("\n")


@pytest.mark.parametrize(
    ("command", "asked", "text"),
    [
        ("fill-mask", "masked-lm", "the [MASK] drinks tea"),
        ("search", "index", "king"),
        ("ask", "index", "king"),
        ("similar", "word2vec", "king"),
        ("analogy", "word2vec", "queen - woman + man"),
        ("odd-one-out", "word2vec", "king queen"),
    ],
)
def test_stdin_beside_others_is_refused(nlpcli, command, asked, text):
    for given in (("-", text), (text, "-"), ("-", "")):
        done = nlpcli(command, MODELS / f"{asked}.safetensors", *given, input="king\n", code=2)
        assert "error: - does nothing beside others\nhint: alone it reads one per line from stdin" in done.err
        assert not done.out
