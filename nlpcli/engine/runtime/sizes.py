"""Amounts of memory and of data, as people write them."""

from __future__ import annotations

import re

from nlpcli.errors import SettingsError

_FACTORS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def parse_size(text: str, option: str = "--memory") -> int:
    """Bytes, from how people write them.

    >>> parse_size("4GB"), parse_size("512MiB"), parse_size("1.5g")
    (4000000000, 536870912, 1500000000)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text.lower())
    if not match or match[2] not in _FACTORS:
        what = "memory" if option == "--memory" else "data"
        raise SettingsError(f"{option}: {text!r} is no amount of {what}", hint="write it like 4GB or 500MB")
    return int(float(match[1]) * _FACTORS[match[2]])
