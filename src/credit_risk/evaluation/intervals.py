"""Intervals and tests for shares: the bad rate of a group, and the difference between two groups."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaincinv

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_STANDARD_NORMAL = NormalDist()


class Interval(NamedTuple):
    """An estimate with the range that holds the true value with the stated confidence."""

    estimate: float
    low: float
    high: float


def interval_columns(name: str, interval: Interval) -> dict[str, float]:
    """Return an interval as columns of a table: ``name``, ``name_low``, ``name_high``.

    Examples
    --------
    >>> interval_columns("auc", Interval(0.75, 0.70, 0.80))
    {'auc': 0.75, 'auc_low': 0.7, 'auc_high': 0.8}
    """
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


class ZTest(NamedTuple):
    """A test statistic and its p-value."""

    statistic: float
    p_value: float


def normal_quantile(confidence_level: float) -> float:
    """Return how many standard errors a two-sided interval reaches: 1.96 at 95 %."""
    return _STANDARD_NORMAL.inv_cdf(0.5 + confidence_level / 2.0)


def two_sided_p(z: float) -> float:
    """Return the two-sided p-value of a standard normal statistic."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def normal_interval(
    estimate: float,
    standard_error: float,
    confidence_level: float = 0.95,
    *,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Return ``estimate +- z * standard_error``, cut to `bounds` where given."""
    reach = normal_quantile(confidence_level) * standard_error
    low, high = estimate - reach, estimate + reach
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Interval(estimate, low, high)


def bad_rate_interval(
    n_bads: ArrayLike, n_rows: ArrayLike, confidence_level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Jeffreys interval of bad rates, group by group.

    Quantiles of Beta(bads + 1/2, goods + 1/2); the low end is 0 where there is no bad, the high end 1 where there is
    no good, so the interval always holds the observed rate.

    Parameters
    ----------
    n_bads, n_rows : array_like of int, shape (n_groups,)
        Bads and rows per group; a group without rows has the interval 0..1.
    confidence_level : float, default 0.95
        Strictly between 0 and 1.

    References
    ----------
    .. [1] Brown, Cai, DasGupta, Statistical Science 16 (2001), section 4.1.1; ECB validation reporting, 2019.

    Examples
    --------
    >>> low, high = bad_rate_interval([15], [1000])
    >>> round(float(low[0]), 8), round(float(high[0]), 8)
    (0.00879465, 0.02399998)
    """
    bads, rows = np.asarray(n_bads, dtype=np.float64), np.asarray(n_rows, dtype=np.float64)
    tail = (1.0 - confidence_level) / 2.0
    low = betaincinv(bads + 0.5, rows - bads + 0.5, tail)
    high = betaincinv(bads + 0.5, rows - bads + 0.5, 1.0 - tail)
    return np.where(bads == 0, 0.0, low), np.where(bads == rows, 1.0, high)


def two_proportion_test(n_hits_a: float, n_a: float, n_hits_b: float, n_b: float) -> ZTest:
    """Test whether two groups have the same share (pooled z; its square is the chi-square with 1 degree).

    Examples
    --------
    >>> result = two_proportion_test(180, 300, 420, 500)
    >>> round(result.statistic, 10)
    -7.5894663844
    """
    pooled = (n_hits_a + n_hits_b) / (n_a + n_b)
    variance = pooled * (1.0 - pooled) * (1.0 / n_a + 1.0 / n_b)
    if variance == 0.0:
        return ZTest(0.0, 1.0)
    z = (n_hits_a / n_a - n_hits_b / n_b) / math.sqrt(variance)
    return ZTest(z, two_sided_p(z))
