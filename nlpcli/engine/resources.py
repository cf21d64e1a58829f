"""Files that settings name and models carry: stop lists, user dictionaries, subword models.

A setting holds the content, never the path, so that a model works on another machine. A field
of the settings says by `reads=` which reader turns its option's value into its content.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nlpcli.engine.corpus import Lines


def read_text(path: str) -> str:
    """The whole of a small text file, UTF-8, as lines that end in a newline."""
    return "".join(line + "\n" for line in Lines([path]))


READERS: dict[str, Callable[[Any], Any]] = {"text": read_text}
