"""How the step size falls as a training goes on."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["constant", "linear", "cosine"]
_FLOOR = 0.01  # the last step size, as a share of the first


def share(schedule: Schedule, done: float) -> float:
    """The step size after a share `done` of the training, as a share of the first one.

    >>> [round(share("linear", done), 3) for done in (0, 0.5, 1)]
    [1.0, 0.505, 0.01]
    """
    shape = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}
    return _FLOOR + (1 - _FLOOR) * shape[schedule]
