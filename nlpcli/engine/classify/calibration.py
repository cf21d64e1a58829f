"""Probabilities that mean what they say.

Naive Bayes counts every feature as new evidence, so its probabilities crowd at 0 and 1, the
more so the longer the text. `fit` learns on held-out texts how far to trust the scores:

    p = softmax(scores · exp(a − b · log(1 + features found)))

which is temperature scaling (Guo et al. 2017) with a temperature that grows with the length.
The highest class stays the highest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.errors import InputError


def log_probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of classes as log-probabilities that add up to one, each document by itself.

    Where all classes are impossible (unsmoothed, an unseen word), they are equally so.

    >>> np.exp(log_probabilities(np.log([[1.0, 3.0]]))).round(9).tolist()
    [[0.25, 0.75]]
    """
    highest = scores.max(axis=1, keepdims=True)
    possible = np.isfinite(highest)
    shifted = np.where(possible, scores - np.where(possible, highest, 0.0), 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def probabilities(
    scores: NDArray[np.float64], found: NDArray[np.int64], calibration: dict[str, Any] | None
) -> NDArray[np.float64]:
    """Probabilities of the classes [D, C], calibrated where the model is.

    found: int64 [D], how many features each document has that the model knows.
    """
    return np.asarray(np.exp(log_probabilities(scores * trust(found, calibration)[:, None])))


def trust(found: NDArray[np.int64], calibration: dict[str, Any] | None) -> NDArray[np.float64]:
    """What the scores of each document are multiplied by [D]; 1 without a calibration."""
    if calibration is None:
        return np.ones(len(found))
    return _trust(found, calibration["scale"], calibration["length"])


def _trust(found: NDArray[np.int64], scale: float, length: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(scale - length * np.log1p(found)))


def fit(scores: NDArray[np.float64], found: NDArray[np.int64], labels: NDArray[np.int32]) -> dict[str, Any]:
    """The calibration under which the held-out labels are likeliest.

    Rounded to six digits, so that it does not depend on the last bits of a sum. Raises InputError
    when no text was held out.
    """
    from scipy.optimize import minimize

    usable = np.isfinite(scores).all(axis=1)
    scores, found, labels = scores[usable], found[usable], labels[usable]
    if not len(labels):
        raise InputError(
            "there are too few texts to calibrate probabilities on some of them",
            hint="give more texts of each class, or leave --calibrate out",
        )
    rows = np.arange(len(labels))

    def surprise(parameters: NDArray[np.float64]) -> float:
        scaled = scores * _trust(found, parameters[0], parameters[1])[:, None]
        # A normal prior on both (a within ±2, b within ±0.5) steadies the fit on a few texts.
        prior = ((parameters / (2.0, 0.5)) ** 2).sum() / 2
        return float((prior - log_probabilities(scaled)[rows, labels].sum()) / len(labels))

    best = minimize(surprise, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-9})
    return {"scale": round(float(best.x[0]), 6), "length": round(float(best.x[1]), 6), "texts": len(labels)}
