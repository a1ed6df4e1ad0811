"""Log-odds and probabilities, the same bits for one value and for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

_NEAR = 8
_FEW = 1000


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


def single_logit(share: float | np.float32) -> np.float32:
    """Return the log-odds of a share in single precision, by the formula of XGBoost: -log(1/share - 1).

    Examples
    --------
    >>> single_logit(0.25)
    np.float32(-1.0986123)
    """
    one = np.float32(1.0)
    return np.float32(-np.log(one / np.float32(share) - one, dtype=np.float32))


def base_that_gives(
    expected: NDArray[np.float32], margin: Callable[[float, slice], NDArray[np.float32]], start: float
) -> float | None:
    """Return the base from which sums are bit for bit as expected: ``start`` or one of its 8 neighbours on each side.

    A library's logarithm may differ from ours in the last bits; the neighbour that reproduces every row is the one it used.

    Parameters
    ----------
    expected : ndarray of float32, shape (n_rows,)
    margin : callable
        (base, rows) -> float32 sums of those rows.
    start : float
        A single-precision number; it is tried first.

    Returns
    -------
    float or None
        None where no neighbour gives them.

    Examples
    --------
    >>> rows = np.array([0.5, 1.5], dtype=np.float32)
    >>> used = np.nextafter(np.float32(0.3), np.float32(1))
    >>> base_that_gives(used + rows, lambda base, few: np.float32(base) + rows[few], 0.3) == float(used)
    True
    """
    up = down = np.float32(start)
    candidates = [up]
    for _ in range(_NEAR):
        up, down = np.nextafter(up, np.float32(np.inf)), np.nextafter(down, np.float32(-np.inf))
        candidates += [up, down]
    few = slice(0, _FEW)  # enough to refuse nearly every wrong one
    for base in map(float, candidates):
        if not np.array_equal(margin(base, few), expected[few]):
            continue
        if np.array_equal(margin(base, slice(None)), expected):
            return base
    return None
