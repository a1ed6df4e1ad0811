"""Rounding that is the same on every path: half-up for money, significant digits for features."""

from __future__ import annotations

from functools import lru_cache
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
    up, down, is_rounded = _scales(digits)
    place = np.searchsorted(_ALL_POWERS, np.abs(x), side="right")
    raised, lowered = up[place], down[place]
    # one of the two is 1, so each step is the one multiplication or division by an exact power that is wanted
    whole = np.rint(x * raised / lowered)
    return np.where(is_rounded[place], whole / raised * lowered, x)


_ALL_POWERS = np.array([float(f"1e{k}") for k in range(-307, 309)])


@lru_cache(maxsize=16)
def _scales(digits: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return powers of ten to multiply and to divide by, by the number of powers that are not above a magnitude.

    The decimal exponent is so found by comparison with exact powers, not by a logarithm. Zero, infinity, NaN and what would need a
    power beyond 10**22 is not rounded.
    """
    exponents = [digits - 1 - (place - 308) for place in range(_ALL_POWERS.size + 1)]
    usable = [0 < place < _ALL_POWERS.size and abs(k) <= 22 for place, k in enumerate(exponents)]
    pairs = list(zip(exponents, usable, strict=True))
    up = np.array([float(10**k) if fits and k > 0 else 1.0 for k, fits in pairs])
    down = np.array([float(10**-k) if fits and k < 0 else 1.0 for k, fits in pairs])
    return up, down, np.array(usable, dtype=bool)
