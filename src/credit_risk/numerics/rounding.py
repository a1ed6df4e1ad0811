"""Rounding that is the same on every path: half-up for money, significant digits for features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def round_half_up_ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.int64]:
    """Divide whole numbers and round half away from zero, exactly (no floating point).

    Parameters
    ----------
    numerator : int64 array_like
        Any sign; ``2 * abs(numerator) + denominator`` must fit into 64 bits.
    denominator : int64 array_like
        Above 0.

    Examples
    --------
    >>> round_half_up_ratio([5, -5, 4], [2, 2, 3])
    array([ 3, -3,  1])
    """
    top = np.asarray(numerator, dtype=np.int64)
    bottom = np.asarray(denominator, dtype=np.int64)
    magnitude = (2 * np.abs(top) + bottom) // (2 * bottom)
    return np.where(top < 0, -magnitude, magnitude)


def round_significant(values: ArrayLike, digits: int = 9) -> NDArray[np.float64]:
    """Round numbers to significant decimal digits, element by element; NaN stays NaN.

    The result depends on the element alone, never on its neighbours or on the array's length, so one row and a million
    rows agree. Powers of ten up to 10**22 are exact in binary64; magnitudes beyond are left unrounded.

    Examples
    --------
    >>> round_significant([1 / 3, 2e-12 / 3, 0.0, float("nan")], 3)
    array([3.33e-01, 6.67e-13, 0.00e+00,      nan])
    """
    x = np.ascontiguousarray(values, dtype=np.float64)
    rounded = x.copy()
    usable = np.isfinite(x) & (x != 0.0)
    if not usable.any():
        return rounded
    exponent = digits - 1 - _decimal_exponent(np.abs(x[usable]))
    scaled = np.where(
        exponent >= 0,
        x[usable] * _POWERS[np.clip(exponent, 0, 22)],
        x[usable] / _POWERS[np.clip(-exponent, 0, 22)],
    )
    whole = np.rint(scaled)
    result = np.where(
        exponent >= 0, whole / _POWERS[np.clip(exponent, 0, 22)], whole * _POWERS[np.clip(-exponent, 0, 22)]
    )
    rounded[usable] = np.where(np.abs(exponent) <= 22, result, x[usable])
    return rounded


_POWERS = np.array([float(10**k) for k in range(23)])
_ALL_POWERS = np.array([float(f"1e{k}") for k in range(-307, 309)])


def _decimal_exponent(magnitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return floor(log10(magnitude)) by comparison with exact powers, not by a logarithm."""
    return np.searchsorted(_ALL_POWERS, magnitude, side="right").astype(np.int64) - 308
