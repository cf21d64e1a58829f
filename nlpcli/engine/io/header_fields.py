"""The JSON header of a file, declared: what each field may be, and what is made of it.

A reader takes a JSON value and gives what it stands for (settings, a tuple of labels); for any other
value it raises ValueError that says what was expected. Not here: arrays (`schema.py`), and which
fields each kind of file has (`schemas/`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nlpcli.settings.fields import Settings

LARGEST = 1e15  # numbers beyond it are damage: the squares of some thousand of them overflow float32
MOST = 2**53  # counts beyond it are no longer exact as float64
_REQUIRED: Any = object()

Read = Callable[[Any], Any]


class Field(NamedTuple):
    """An entry of the header: how it is read, and what it is when the file lacks it."""

    read: Read
    default: Any = _REQUIRED


def whole(least: int = 0, most: int = MOST) -> Read:
    """Whole numbers from `least` to `most`."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return value

    return read


def number(least: float = -LARGEST, most: float = LARGEST) -> Read:
    """Numbers from `least` to `most`."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise ValueError(f"expected a number from {least:g} to {most:g}")
        return float(value)

    return read


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ValueError("expected text")
    return value


def one_of(*values: str) -> Read:
    """One of these strings."""

    def read(value: Any) -> str:
        if value not in values:
            raise ValueError(f"expected one of {', '.join(values)}")
        return str(value)

    return read


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """An object whose entries nobody relies on."""
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    return value


def nothing_or(read: Read) -> Read:
    """null, or what `read` reads."""
    return lambda value: None if value is None else read(value)


def each(read: Read, least: int = 0, distinct: bool = False) -> Read:
    """A list of at least so many of what `read` reads, as a tuple."""

    def read_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < least:
            raise ValueError(f"expected a list of {least} or more" if least else "expected a list")
        found = tuple(map(read, value))
        if distinct and len(set(found)) < len(found):
            raise ValueError("one stands there twice")
        return found

    return read_all


def parts(**fields: Field) -> Read:
    """An object with these entries; others are passed over."""
    return lambda value: read_fields(mapping(value), fields)


def settings_of(kind: type[Settings]) -> Read:
    """The record of a settings class."""
    return lambda value: kind.from_record(mapping(value))


def read_fields(header: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The fields of a header, read. Raises ValueError, or what settings raise, for another header."""
    found = {}
    for name, field in fields.items():
        if name not in header:
            if field.default is _REQUIRED:
                raise ValueError(f"{name} is missing")
            found[name] = field.default
            continue
        try:
            found[name] = field.read(header[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return found
