"""Settings check themselves and survive a model file."""

import dataclasses
import importlib
import pkgutil
import typing
from typing import Literal

import pytest

from nlpcli import settings
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings import fields
from nlpcli.settings.fields import Settings, setting
from nlpcli.settings.frozen import frozen
from nlpcli.settings.input import RecordSettings


@frozen
class Knobs(Settings):
    size: int = setting(3, "A size.", min=1, max=9)
    rate: float = setting(0.5, "A rate.", above=0)
    mode: Literal["a", "b"] = setting("a", "A mode.")
    on: bool = setting(True, "A switch.")
    cap: int | None = setting(None, "A cap.", min=1)
    words: tuple[str, ...] = setting((), "Words.")


FAMILIES = [name for _, name, _ in pkgutil.iter_modules(settings.__path__) if name != "fields"]
EVERY_CLASS = [
    value
    for family in FAMILIES
    for value in vars(importlib.import_module(f"nlpcli.settings.{family}")).values()
    if isinstance(value, type) and issubclass(value, Settings) and value.__module__.endswith(f".{family}")
]


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("size", 0, "--size must be at least 1"),
        ("size", 10, "--size must be at most 9"),
        ("size", 1.5, "--size must be a whole number"),
        ("size", True, "--size must be a whole number"),
        ("size", None, "--size needs a value"),
        ("rate", 0, "--rate must be greater than 0"),
        ("rate", float("inf"), "--rate must be a finite number"),
        ("rate", float("nan"), "--rate must be a finite number"),
        ("mode", "c", "--mode cannot be 'c': choose from a, b"),
        ("on", 1, "--on is on or off"),
        ("cap", 0, "--cap must be at least 1"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(field, value, complaint):
    with pytest.raises(SettingsError, match=complaint):
        Knobs(**{field: value})


def test_a_record_comes_back_as_it_was():
    knobs = Knobs(size=5, words=("x", "y"), cap=None)
    assert knobs.to_record()["words"] == ["x", "y"]
    assert Knobs.from_record(knobs.to_record()) == knobs


def test_a_record_with_an_unknown_field_says_which_and_that_nlpcli_is_older():
    with pytest.raises(ModelError, match="does not know: colour") as caught:
        Knobs.from_record({"colour": 1})
    assert "upgrade" in (caught.value.hint or "")


def test_a_record_out_of_bounds_is_a_damaged_model():
    with pytest.raises(ModelError, match="at least 1"):
        Knobs.from_record({"size": -4})


@pytest.mark.parametrize("kind", EVERY_CLASS, ids=lambda kind: kind.__name__)
def test_every_settings_class_has_valid_defaults_help_texts_and_a_record(kind):
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):  # which are not checked whenever settings are made
        assert not isinstance(field.default, list)
        assert not (isinstance(field.default, str) and typing.get_origin(hints[field.name]) is tuple)
        fields._check(field.name, field.default, hints[field.name], field.metadata)
    made = kind()
    assert kind.from_record(made.to_record()) == made
    for field in dataclasses.fields(kind):
        assert field.metadata["help"].endswith("."), field.name


def test_option_names_are_unique_within_each_command():
    from nlpcli.cli import COMMANDS, build_app

    build_app(COMMANDS)  # with_settings asserts it when the command is built


def test_settings_of_other_families_are_not_imported(process):
    program = "import sys; from nlpcli.settings.input import InputSettings\n"
    program += "print('nlpcli.settings.vectors' in sys.modules)"
    assert process.python(program).stdout.strip() == b"False"


def test_a_number_stands_for_its_text():
    assert RecordSettings(text_col=2, label_col=1).columns == ("2", None, "1")
    with pytest.raises(SettingsError, match=r"--text-col must be text, not 1\.5"):
        RecordSettings(text_col=1.5)
    with pytest.raises(SettingsError, match="--text-col must be text, not True"):
        RecordSettings(text_col=True)
