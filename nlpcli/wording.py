"""Numbers in sentences."""

from __future__ import annotations


def counted(count: int, one: str, several: str | None = None) -> str:
    """So many of something: `several` is what more or fewer than one are called, with an s where not given.

    >>> counted(1, "text"), counted(1200, "different word"), counted(0, "class", "classes")
    ('1 text', '1,200 different words', '0 classes')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"
