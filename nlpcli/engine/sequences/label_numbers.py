"""Labels that are numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.examples import Labelled
from nlpcli.errors import InputError

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", re.ASCII)
_MOST = 1e15  # of a number to learn


def numbers_of(examples: Labelled) -> NDArray[np.float64]:
    """The labels of examples as numbers. Raises InputError for one that is none."""
    values = np.array([np.nan if (value := _number(name)) is None else value for name in examples.names])
    found: NDArray[np.float64] = values[examples.labels]
    if np.isnan(found).any():
        first = int(np.isnan(found).argmax())
        raise InputError(
            f"the label {examples.names[examples.labels[first]]!r} (that of text {first + 1:,}) is no number",
            hint="numbers are learnt: is --label-col the right column? --label-type class learns names",
        )
    return found


def are_decimals(names: Sequence[str], least: int) -> bool:
    """Whether labels are more than `least` different numbers, decimal fractions among them.

    >>> are_decimals(["0.5", "1.25", "3"], 2), are_decimals(["1", "2", "3"], 2), are_decimals(["a", "1.5"], 1)
    (True, False, False)
    """
    values = {_number(name) for name in names}
    return (
        None not in values and len(values) > least and any(value % 1 for value in values if value is not None)
    )


def _number(name: str) -> float | None:
    stripped = name.strip()
    if not _NUMBER.fullmatch(stripped) or abs(float(stripped)) > _MOST:
        return None
    return float(stripped)
