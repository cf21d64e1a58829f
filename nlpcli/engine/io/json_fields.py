"""Objects of JSON lines and their fields, as texts and labels."""

from __future__ import annotations

import json
from typing import Any

from nlpcli.engine.io.line_ends import one_line
from nlpcli.errors import InputError


def json_object(line: str, place: str) -> dict[str, Any]:
    """The object that a line is. Raises InputError for what is none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: not JSON: {error}", hint="wanted: one JSON object per line") from error
    if not isinstance(record, dict):
        raise InputError(f"{place}: not a JSON object but {type(record).__name__}")
    return record


def field_of(record: dict[str, Any], name: str, place: str) -> Any:
    """A field of an object. Raises InputError where it is not there."""
    try:
        return record[name]
    except KeyError:
        raise InputError(f"{place}: no field {name!r}; there are: {', '.join(record)}") from None


def json_text(value: Any) -> str:
    """A value as a text of one line."""
    return one_line(value) if isinstance(value, str) else _json_scalar(value)


def json_labels(value: Any, place: str) -> list[str]:
    """A value as labels. Raises InputError for what is none."""
    values = value if isinstance(value, list) else [value]
    if not values or any(isinstance(entry, (dict, list)) or entry in (None, "") for entry in values):
        raise InputError(f"{place}: {json.dumps(value, ensure_ascii=False)} is not a label")
    return [json_text(entry) for entry in values]


def _json_scalar(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
