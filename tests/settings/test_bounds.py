"""Every number has a lower and an upper bound, in settings, on the command line and in a model's record."""

import dataclasses
import math
import re
import typing

import pytest
import typer

import nlpcli
from nlpcli.cli import build_app
from nlpcli.cli.described import describe
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.embeddings import Word2VecSettings
from nlpcli.settings.fields import ngram_range, option_name
from tests.command_line import ROOT
from tests.settings.test_settings import EVERY_CLASS


def named(kind, field):
    return f"{kind.__name__}.{field.name}"


NOWHERE = [2**63, 2**64 + 1, -(2**63), 10**5000, float("nan"), float("inf"), -float("inf"), 1e308, -1e308]
NUMBERS = [
    (kind, field)
    for kind in EVERY_CLASS
    for field in dataclasses.fields(kind)
    if re.search(r"\b(int|float)\b", str(field.type))
]
COMMANDS = typer.main.get_command(build_app()).commands
OPTIONS = [
    (name, describe(option).name, type(option.type).__name__.startswith("Float"))
    for name, command in COMMANDS.items()
    for option in command.params
    if type(option.type).__name__ in ("IntRange", "FloatRange", "IntParamType", "FloatParamType")
]


def made(kind, field, value):
    several = typing.get_origin(typing.get_type_hints(kind)[field.name]) is tuple
    return kind(**{field.name: (value,) if several else value})


@pytest.mark.parametrize(("kind", "field"), NUMBERS, ids=[named(*number) for number in NUMBERS])
def test_values_within_the_bounds_are_taken_and_no_others(kind, field):
    low = field.metadata["min"] if field.metadata["min"] is not None else field.metadata["above"]
    high = field.metadata["max"]
    assert low is not None and high is not None, f"{named(kind, field)} has no bounds"
    whole = "float" not in str(field.type)
    step = 1 if whole else 1e-3
    probes = [low - step, low, low + step, high, high + step * max(1, high), 2**31, 2**32, *NOWHERE, -0.0]
    for value in probes:
        inside = math.isfinite(value) if isinstance(value, float) else True
        inside = inside and low <= value <= high and not (value == low == field.metadata["above"])
        try:
            made(kind, field, value)
        except SettingsError as error:
            assert option_name(field) in error.message
            beside = re.search(
                "is below --minn|needs at least 2 parts|is more than --beam-size|is for --cell none",
                error.message,
            )
            assert not inside or (whole and isinstance(value, float)) or beside, (named(kind, field), error)
        else:
            assert inside, (named(kind, field), value)


@pytest.mark.parametrize("value", NOWHERE, ids=map(str, range(len(NOWHERE))))
def test_a_model_with_a_number_of_nowhere_is_refused(value):
    for field in dataclasses.fields(Word2VecSettings):
        if re.search(r"\b(int|float)\b", str(field.type)):
            with pytest.raises(ModelError, match="make no sense"):
                Word2VecSettings.from_record({field.name: value})


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_refuses_numbers_of_nowhere_by_the_name_of_the_option(nlpcli, tmp_path, command):
    (tmp_path / "text").write_text("a b c\n")
    words = {
        "analogy": ["a", "-", "b", "+", "c"],
        "convert": ["out.vec"],
        "search": ["a"],
        "evaluate-vectors": ["text"],
    }
    for option in [option for name, option, _ in OPTIONS if name == command]:
        for value in ("18446744073709551617", "nan", "-9223372036854775809"):
            arguments = ["text", *words.get(command, [])]
            if any(parameter.name == "output" for parameter in COMMANDS[command].params):
                output = "out.html" if command == "report" else "out.safetensors"
                arguments += ["-o", output] if command != "convert" else []
            done = nlpcli(command, *arguments, f"{option}={value}", code=2)
            assert done.err.startswith("error: ") and option in done.err, (command, option, value, done.err)
            assert len(done.err) < 500


def test_help_shows_no_bound_that_only_keeps_numbers_within_32_bits(nlpcli):
    assert "2147483647" not in nlpcli("train-w2v", "--help").out


@pytest.mark.parametrize(
    "text", ["9" * 5000, "1-" + "9" * 5000, "17", "0-1", "1--2", "٣-1", "1e9", "-1", "2-1"]
)
def test_a_range_is_short_and_ascending(text):
    with pytest.raises(SettingsError, match="--ngrams") as refused:
        ngram_range("--ngrams", text)
    assert len(refused.value.message) < 300


def test_numbers_given_from_python_are_refused_alike():
    for arguments in ({"limit": -1}, {"limit": 0}, {"lines": -1}, {"limit": 2**64}):
        with pytest.raises(SettingsError, match=r"--(max-lines|top) must be"):
            nlpcli.compare_tokenizers(["nothing"], ["word"], **arguments)
    with pytest.raises(SettingsError, match="top must be at least 1"):
        nlpcli.telling_features("nothing", -1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: nlpcli.tokenize([1]),
        lambda: nlpcli.tokenize(part for part in [b"a"]),
        lambda: nlpcli.tokenize(5),
        lambda: nlpcli.normalize(["a", None]),
        lambda: nlpcli.compare_tokenizers(["text"], [3]),
        lambda: nlpcli.analyse([3.5]),
    ],
)
def test_what_is_no_text_is_refused_where_it_comes_in(call):
    with pytest.raises(TypeError, match=r"must be (texts|str), not "):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: nlpcli.count([]),
        lambda: nlpcli.compare_tokenizers([], ["word"]),
        lambda: nlpcli.tokenize([], "output"),
        lambda: nlpcli.train_w2v([], "output.vec"),
    ],
)
def test_an_empty_list_of_files_is_not_stdin(call):
    with pytest.raises(SettingsError, match="no files at all"):
        call()
    assert nlpcli.tokenize([]) == []


@pytest.mark.parametrize("texts", ["a b c\n" * 3, "a\n\na\na\n", "a b\na b\nc d\n"])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_texts_that_are_alike_make_fewer_clusters(nlpcli, tmp_path, texts, k):
    (tmp_path / "text").write_text(texts)
    done = nlpcli("cluster", "text", "--k", k)
    sizes = [int(row.split("\t")[1]) for row in done.out.splitlines()[1:]]
    assert sum(sizes) == texts.count("\n") - texts.count("\n\n") and len(sizes) <= k
    assert f"{len(sizes)} of {k} clusters" in done.err or len(sizes) == k
    assert all("cluster" in remark for remark in done.err.splitlines())


@pytest.mark.parametrize("variant", ["binary-multinomial", "complement", "bernoulli", "nbsvm"])
def test_too_few_texts_to_calibrate_are_told(nlpcli, tmp_path, variant):
    (tmp_path / "text").write_text("x y\tp\nz w\tq\n")
    columns = ("--text-col", 1, "--label-col", 2, "--header", "no")
    done = nlpcli("train-nb", "text", "-o", "m", *columns, "--calibrate", "--method", variant, code=1)
    assert "error: there are too few texts to calibrate" in done.err


def test_powers_beyond_a_float_are_infinite(nlpcli):
    rows = nlpcli("gradients", "--toy", "--w-hh=-1000000", "--steps", 1001).out.splitlines()
    assert rows[1].split("\t")[-1] == "-inf" and rows[2].split("\t")[-1] == "inf"


@pytest.mark.parametrize("command", ["train-w2v", "cooccur", "train-glove"])
def test_a_window_longer_than_every_line_is_that_of_the_longest(nlpcli, tmp_path, command):
    (tmp_path / "text").write_text("a b c d\nb c a\n" * 5)
    window = {"train-w2v": 10_000}.get(command, 1_000_000)
    name = {"cooccur": "out.npz"}.get(command, "out.vec")
    nlpcli(command, "text", "-o", name, "--window", window, "--min-count", 1)
    assert (tmp_path / name).exists()


MANY = "9" * 5000
MODEL = str(ROOT / "tests" / "models" / "naive-bayes.safetensors")


@pytest.mark.parametrize(
    "command",
    [
        ["tokenize", "rows.tsv", "--ngrams", f"1-{MANY}"],
        ["train-nb", "rows.tsv", "-o", "m", "--char-ngrams", MANY],
        ["train-nb", "rows.tsv", "-o", "m", "--text-col", MANY],
        ["train-tagger", "rows.tsv", "-o", "m", "--columns", f"word={MANY},tag=2"],
        ["evaluate", MODEL, "rows.tsv", "--errors", MANY],
        ["vectorize", "rows.tsv", "--read-vocab", "counts"],
        ["tokenize", "rows.tsv", "-o", f"/dev/fd/{MANY}"],
        ["train-nb", "rows.jsonl", "-o", "m"],
        ["tokenize", "rows.tsv", "--tokenizer", "regexp", "--pattern", f"a{{{MANY}}}"],
    ],
    ids=lambda command: " ".join(command).replace(MANY, "N"),
)
def test_numbers_of_thousands_of_digits_are_plain_errors(nlpcli, tmp_path, command):
    (tmp_path / "rows.tsv").write_text("pos\ta good film\nneg\ta bad film\n")
    (tmp_path / "rows.jsonl").write_text(f'{{"label": {MANY}, "text": "a film"}}\n')
    (tmp_path / "counts").write_text(f"film\t{MANY}\n")
    done = nlpcli(*command, code=None)
    assert done.returncode in (1, 2)
    assert "error: " in done.err and "Traceback" not in done.err
