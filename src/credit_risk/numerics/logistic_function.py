"""Log-odds and probabilities, the same bits for one value and for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def sigmoid(log_odds: ArrayLike) -> NDArray[np.float64]:
    """Return the probability whose log-odds are given, without overflow.

    Examples
    --------
    >>> sigmoid([0.0, 800.0, -800.0])
    array([0.5, 1. , 0. ])
    """
    x = np.ascontiguousarray(log_odds, dtype=np.float64)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def logit(probability: ArrayLike) -> NDArray[np.float64]:
    """Return the log-odds of a probability strictly between 0 and 1.

    Examples
    --------
    >>> logit([0.5])
    array([0.])
    """
    p = np.ascontiguousarray(probability, dtype=np.float64)
    return np.log(p) - np.log1p(-p)
