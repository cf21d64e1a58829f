"""What every settings class is made of: one setting, its bounds, its record.

A settings class is a frozen dataclass (`frozen`), one line a setting. It is the option list of its command
(`cli/options.py` reads it), the argument of its engine function (bounds are checked when it is
made), and the record in the model file (`to_record` and `from_record`).
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Collection, Hashable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple, Self, TypeVar

from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.frozen import Frozen, frozen

T = TypeVar("T")

MOST = 2**31 - 1  # of what is counted: documents, words and features have 32-bit numbers
LAST_SEED = 2**63 - 1
_MAY_BE_NUMBERS = ("COLUMN", "N|P%")  # of texts that Python may give as whole numbers


def setting(
    default: T,
    help: str,
    *,
    min: float | None = None,
    max: float | None = None,
    above: float | None = None,
    flags: tuple[str, ...] = (),
    metavar: str | None = None,
    panel: str | None = None,
    hidden: bool = False,
    reads: str | None = None,
    listed: tuple[str, ...] = (),
    old: tuple[str, ...] = (),
) -> T:
    """One setting: its default, its help text, its bounds (`min`/`max` inclusive, `above` exclusive).

    Every number has a lower and an upper one, so that nothing overflows further in.
    `flags` replaces the option's name, which otherwise is the field's name with dashes.
    `panel` is the heading under which `--help` lists it. `reads` names the reader in
    `text/resources.py` that turns what the user wrote (a file's name) into what is stored
    (its content): no path goes into a model. `listed` are the words that texts with commas may be
    made of. `old` are former names of the option, which are taken and not shown.
    """
    metadata = {
        "help": help,
        "min": min,
        "max": max,
        "above": above,
        "flags": flags,
        "metavar": metavar,
        "panel": panel,
        "hidden": hidden,
        "reads": reads,
        "listed": listed,
        "old": old,
    }
    return dataclasses.field(default=default, metadata=metadata)


class Needs(NamedTuple):
    """What gives a setting something to do: another one at some value, or at any but some.

    `unless` names settings that do so as well, when they are given.
    """

    name: str
    values: tuple[object, ...] = ()
    but: tuple[object, ...] = ()
    unless: tuple[str, ...] = ()

    def met(self, settings: Settings) -> bool:
        """Whether the setting has something to do."""
        value = getattr(settings, self.name)
        return value in self.values if self.values else value not in self.but

    def told(self, settings: Settings) -> str:
        """The option and the values without which, or with which, it does nothing, as a user writes them."""
        fields = {field.name: field for field in dataclasses.fields(settings)}
        option = option_name(fields[self.name])
        if self.but:
            value = getattr(settings, self.name)
            was_given = value not in (None, (), fields[self.name].default)
            return f"with {option} {value}" if was_given else f"without {option}"
        return f"without {option} {' or '.join(map(str, self.values))}"


def option_name(field: dataclasses.Field[Any]) -> str:
    """The name a user knows a field by: `min_count` is `--min-count`."""
    flags: tuple[str, ...] = field.metadata["flags"]
    long = [flag.split("/")[0] for flag in flags if flag.startswith("--")]
    return long[0] if long else "--" + field.name.replace("_", "-")


def keyword_names(field: dataclasses.Field[Any]) -> tuple[str, ...]:
    """What a field is called in Python: as its option first, then by former names and as it is stored."""
    flags = (*field.metadata["flags"], *field.metadata["old"])
    long = [flag.split("/")[0][2:].replace("-", "_") for flag in flags if flag.startswith("--")]
    return tuple(dict.fromkeys([option_name(field)[2:].replace("-", "_"), *long, field.name]))


def changed(settings: Settings, *names: str) -> list[str]:
    """The options, by the names a user knows, that are not at their default; of some fields, or of all."""
    return [
        option_name(field)
        for field in dataclasses.fields(settings)
        if (not names or field.name in names) and getattr(settings, field.name) != field.default
    ]


@frozen
class Settings(Frozen):
    """What all settings can do: check themselves, become a JSON record and come back.

    `RARE` names the fields that few people touch: a long help page leaves them to --help-all. `NEEDS` says
    which fields do nothing without another one; giving one that does nothing is an error.
    """

    RARE: ClassVar[frozenset[str]] = frozenset()
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({})

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is field.default:  # what a class says itself is right (`test_settings.py`)
                continue
            kind: Any = type(self)
            hints = _hints(kind)
            if isinstance(value, str) and typing.get_origin(hints[field.name]) is tuple:
                value = [value]
            if type(value) is int and field.metadata["metavar"] in _MAY_BE_NUMBERS:
                object.__setattr__(self, field.name, value := str(value))
            if isinstance(value, str) and int in _alternatives(hints[field.name]):
                object.__setattr__(self, field.name, value := _number_or_word(value))
            if isinstance(value, list):
                object.__setattr__(self, field.name, value := tuple(value))
            _check(option_name(field), value, hints[field.name], field.metadata)

    def to_record(self) -> dict[str, Any]:
        """The settings as JSON types, to stand in a model file."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """The settings that `to_record` wrote; a field it lacks has its default.

        Raises ModelError for a field or value this version does not know.
        """
        if not isinstance(record, dict):
            raise ModelError("the model file's settings are damaged")
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := set(record) - known:
            raise ModelError(
                f"the model file holds settings this version does not know: {', '.join(sorted(unknown))}",
                hint="it was written by a newer nlpcli: upgrade nlpcli to use it",
            )
        try:
            return cls(**record)
        except (SettingsError, TypeError) as error:
            raise ModelError(f"the model file holds settings that make no sense: {error}") from error


@functools.cache
def _hints(kind: Hashable) -> dict[str, Any]:
    """The types of a class's fields; finding them takes as long as making the class."""
    return typing.get_type_hints(kind)


def refuse_idle(settings: Settings, given: Collection[str]) -> None:
    """Raise SettingsError for a field that was given, and does nothing for want of another (`NEEDS`)."""
    for field in dataclasses.fields(settings):
        needs = settings.NEEDS.get(field.name)
        if needs is None or field.name not in given or getattr(settings, field.name) is False:
            continue
        if not needs.met(settings) and not {*needs.unless} & {*given}:
            raise SettingsError(f"{option_name(field)} does nothing {needs.told(settings)}")


def given_options(given: Collection[str], *kinds: type[Settings], but: Collection[str] = ()) -> list[str]:
    """The options of some settings classes that were given, by name."""
    return [
        option_name(field)
        for kind in kinds
        for field in dataclasses.fields(kind)
        if field.name in given and field.name not in but
    ]


def refuse(options: Collection[str], where: str, hint: str | None = None) -> None:
    """Raise SettingsError if there are options that do nothing, saying where that is so."""
    for option in options:
        raise SettingsError(f"{option} does nothing {where}", hint=hint)


def _check(name: str, value: Any, hint: Any, bounds: typing.Mapping[str, Any]) -> None:
    """Raise SettingsError unless `value` has the type `hint` names and lies within `bounds`."""
    options = _alternatives(hint)
    if value is None:
        if type(None) not in options:
            raise SettingsError(f"{name} needs a value")
        return
    choices = [choice for option in options for choice in _literals(option)]
    if choices and int in options:
        if isinstance(value, str) and value not in choices:
            raise SettingsError(
                f"{name} must be a whole number or {' or '.join(choices)}, not {value[:40]!r}"
            )
        if value in choices:
            return
    elif choices and value not in choices:
        raise no_such_choice(name, value, list(map(str, choices)))
    if str in options and not choices and not isinstance(value, str):
        raise SettingsError(f"{name} must be text, not {value!r}")
    if typing.get_origin(hint) is tuple and str in typing.get_args(hint) and not _all_texts(value):
        raise SettingsError(f"{name} must be texts, not {value!r}")
    if bool in options and not isinstance(value, bool):
        raise SettingsError(f"{name} is on or off, not {value!r}")
    if typing.get_origin(hint) is tuple and float in typing.get_args(hint):
        for part in value if isinstance(value, tuple) else [value]:
            _check_number(name, part, True, bounds)
    if int in options or float in options:
        _check_number(name, value, float in options, bounds)


_MOST_CHOICES = 30  # that a message lists


def no_such_choice(name: str, value: object, choices: Collection[str]) -> SettingsError:
    """The error for a value that is none of the choices, with the nearest of them."""
    import difflib

    near = difflib.get_close_matches(str(value), choices, 1)
    hint = f"did you mean {near[0]}?" if near else None
    if len(choices) > _MOST_CHOICES:
        return SettingsError(f"{name} cannot be {value!r}: it is none of {len(choices)} choices", hint=hint)
    return SettingsError(f"{name} cannot be {value!r}: choose from {', '.join(choices)}", hint=hint)


def check_whole_number(name: str, value: Any, min: int, max: int = MOST) -> None:
    """Raise SettingsError unless `value`, which is no field of a settings class, lies within bounds."""
    _check_number(name, value, False, {"min": min, "max": max, "above": None})


def _all_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(part, str) for part in value)


def _check_number(name: str, value: Any, may_be_float: bool, bounds: typing.Mapping[str, Any]) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float) if may_be_float else int):
        raise SettingsError(f"{name} must be a {'number' if may_be_float else 'whole number'}, not {value!r}")
    if not (isinstance(value, int) or math.isfinite(value)):
        raise SettingsError(f"{name} must be a finite number, not {value}")
    if bounds["min"] is not None and value < bounds["min"]:
        raise SettingsError(f"{name} must be at least {bounds['min']}, not {_shown(value)}")
    if bounds["max"] is not None and value > bounds["max"]:
        raise SettingsError(f"{name} must be at most {bounds['max']}, not {_shown(value)}")
    if bounds["above"] is not None and value <= bounds["above"]:
        raise SettingsError(f"{name} must be greater than {bounds['above']}, not {_shown(value)}")


def _shown(value: float) -> str:
    """A number as it stands; Python writes no whole number of more than 4,300 digits."""
    return (
        str(value) if isinstance(value, float) or value.bit_length() < 300 else "a number of so many digits"
    )


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)


def _literals(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def whole_number(digits: str) -> int:
    """The number that decimal digits say; of more than 18 of them 2^63, which is beyond every bound.

    Python reads no number of more than 4,300 digits.

    >>> whole_number("0012"), whole_number("9" * 5000) == 2**63
    (12, True)
    """
    digits = digits.lstrip("0") if digits.isascii() else digits
    return int(digits or "0") if len(digits) <= 18 else 1 << 63


def _number_or_word(value: str) -> int | str:
    """The number that a text is, for a setting that may also be a word.

    >>> _number_or_word(" 20"), _number_or_word("-3"), _number_or_word("auto")
    (20, -3, 'auto')
    """
    digits = value.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        return value
    return whole_number(digits) * (-1 if value.strip().startswith("-") else 1)


def ngram_range(name: str, text: str) -> tuple[int, int]:
    """The two ends of a range of lengths; "0" is the empty range (1, 0).

    >>> ngram_range("--ngrams", "2-5"), ngram_range("--ngrams", "1"), ngram_range("--ngrams", "0")
    ((2, 5), (1, 1), (1, 0))
    """
    low, dash, high = text.strip().partition("-")
    if text.strip() == "0":
        return 1, 0
    if not low.isdecimal() or (dash and not high.isdecimal()):
        raise SettingsError(f"{name} is a range such as 1-3, a number, or 0 for none, not {text[:80]!r}")
    first, last = whole_number(low), whole_number(high or low)
    if not 1 <= first <= last <= 16:
        raise SettingsError(
            f"{name} goes from a length of at least 1 to one of at most 16, not {text[:80]!r}"
        )
    return first, last


class NgramRanges:
    """The options --ngrams and --char-ngrams of a settings class as pairs of numbers."""

    ngrams: str
    char_ngrams: str

    @property
    def word_range(self) -> tuple[int, int]:
        """Shortest and longest n-gram of words; (1, 0) is none."""
        return ngram_range("--ngrams", self.ngrams)

    @property
    def char_range(self) -> tuple[int, int]:
        """Shortest and longest n-gram of characters; (1, 0) is none."""
        return ngram_range("--char-ngrams", self.char_ngrams)
