"""Do PDs mean what they say? Calibration tables, lines and tests, and losses that punish wrong probabilities.

Named after the reliability diagram; `calibration` is the package that fits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas
from scipy.special import betainc, chdtrc

from credit_risk.evaluation.checks import checked_level, checked_outcome, checked_pd, inside
from credit_risk.evaluation.grouping import group_of, group_sums, inner_edges
from credit_risk.evaluation.intervals import (
    Interval,
    ZTest,
    bad_rate_interval,
    normal_interval,
    two_sided_p,
)
from credit_risk.numerics.logistic_function import logit
from credit_risk.numerics.logistic_line import fit_logistic_line, fit_logistic_shift

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class GroupTest(NamedTuple):
    """A chi-square statistic over groups, its degrees of freedom and p-value."""

    statistic: float
    degrees: int
    p_value: float


class CalibrationLine(NamedTuple):
    """Intercept and slope of the outcome on the logit of the PD; 0 and 1 are perfect."""

    intercept: Interval
    slope: Interval


def brier_score(pd: ArrayLike, is_bad: ArrayLike, confidence_level: float = 0.95) -> Interval:
    """Return the mean squared error of the PDs, with a normal interval of the mean; lower is better.

    Examples
    --------
    >>> round(brier_score([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]).estimate, 6)
    0.025
    """
    bad = checked_outcome(is_bad)
    return _mean_interval((checked_pd(pd, bad.size) - bad) ** 2, confidence_level)


def log_loss(pd: ArrayLike, is_bad: ArrayLike, confidence_level: float = 0.95) -> Interval:
    """Return the mean negative log-likelihood, with a normal interval; PDs are kept 1e-9 away from 0 and 1.

    Examples
    --------
    >>> round(log_loss([0.5, 0.5, 0.5, 0.5], [0, 0, 1, 1]).estimate, 6)
    0.693147
    """
    bad = checked_outcome(is_bad)
    probability = inside(checked_pd(pd, bad.size))
    return _mean_interval(-np.log(np.where(bad, probability, 1.0 - probability)), confidence_level)


def calibration_in_the_large(pd: ArrayLike, is_bad: ArrayLike, confidence_level: float = 0.95) -> Interval:
    """Return the shift in log-odds that the PDs need on the whole: 0 is right, above 0 means PDs are too low.

    Examples
    --------
    >>> round(calibration_in_the_large([0.25, 0.25, 0.25, 0.25] * 2, [1, 0, 0, 0] * 2).estimate, 9)
    0.0
    """
    bad = checked_outcome(is_bad)
    line = fit_logistic_shift(logit(inside(checked_pd(pd, bad.size))), bad)
    return normal_interval(line.intercept, line.intercept_se, checked_level(confidence_level))


def calibration_line(pd: ArrayLike, is_bad: ArrayLike, confidence_level: float = 0.95) -> CalibrationLine:
    """Return the calibration line: a slope below 1 means the PDs are too extreme, above 1 too timid.

    The numbers are NaN where no line exists: constant PDs, or PDs that separate goods from bads perfectly.

    References
    ----------
    .. [1] Cox, Biometrika 45 (1958) 562-565; Van Calster et al., BMC Medicine 17 (2019) 230.

    Examples
    --------
    >>> pd = [0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75]
    >>> round(calibration_line(pd, [1, 0, 0, 0, 1, 1, 1, 0]).slope.estimate, 9)
    1.0
    """
    bad = checked_outcome(is_bad)
    line = fit_logistic_line(logit(inside(checked_pd(pd, bad.size))), bad)
    level = checked_level(confidence_level)
    return CalibrationLine(
        normal_interval(line.intercept, line.intercept_se, level),
        normal_interval(line.slope, line.slope_se, level),
    )


def jeffreys_test(n_bads: float, n_rows: float, pd: float) -> float:
    """Return the Jeffreys p-value of a PD: the posterior chance that the true rate is at most that PD.

    Small means that the PD is too low for what happened.

    References
    ----------
    .. [1] ECB, Instructions for reporting the validation results of internal models (2019), 2.5.3.1.

    Examples
    --------
    >>> round(jeffreys_test(15, 1000, 0.01), 10)
    0.0632284289
    """
    return float(betainc(n_bads + 0.5, n_rows - n_bads + 0.5, pd))


def binomial_test(n_bads: float, n_rows: float, pd: float) -> float:
    """Return the one-sided binomial p-value: the chance of at least so many bads if the PD is right.

    Examples
    --------
    >>> round(binomial_test(15, 1000, 0.01), 10)
    0.0824123195
    """
    return 1.0 if n_bads <= 0 else float(betainc(n_bads, n_rows - n_bads + 1.0, pd))


def hosmer_lemeshow_of_groups(
    n_rows: ArrayLike, n_bads: ArrayLike, expected_bads: ArrayLike, *, is_development: bool = False
) -> GroupTest:
    """Test observed against expected bads, group by group.

    Parameters
    ----------
    n_rows, n_bads, expected_bads : array_like, shape (n_groups,)
        Expected bads are sums of PDs, strictly between 0 and the rows.
    is_development : bool, default False
        True on the rows the model was fitted on: two degrees of freedom are then lost.

    Examples
    --------
    >>> result = hosmer_lemeshow_of_groups([200, 200], [2, 10], [2.0, 8.0])
    >>> round(result.statistic, 6), result.degrees
    (0.520833, 2)
    """
    rows, observed = np.asarray(n_rows, dtype=np.float64), np.asarray(n_bads, dtype=np.float64)
    expected = np.asarray(expected_bads, dtype=np.float64)
    statistic = float(((observed - expected) ** 2 / (expected * (1.0 - expected / rows))).sum())
    degrees = rows.size - (2 if is_development else 0)
    return GroupTest(statistic, degrees, float(chdtrc(degrees, statistic)) if degrees > 0 else math.nan)


def hosmer_lemeshow(
    pd: ArrayLike, is_bad: ArrayLike, *, n_groups: int = 10, is_development: bool = False
) -> GroupTest:
    """Test calibration over groups of equal size; ties may leave fewer groups, and the degrees say so.

    Examples
    --------
    >>> pd = np.tile([0.1, 0.2, 0.3, 0.4], 50)
    >>> bad = np.arange(200) % 4 == 3
    >>> hosmer_lemeshow(pd, bad, n_groups=4).degrees
    4
    """
    bad = checked_outcome(is_bad)
    probability = inside(checked_pd(pd, bad.size))
    edges = inner_edges(probability, n_groups)
    position, n = group_of(probability, edges), edges.size + 1
    return hosmer_lemeshow_of_groups(
        group_sums(position, n),
        group_sums(position, n, bad.astype(np.float64)),
        group_sums(position, n, probability),
        is_development=is_development,
    )


def spiegelhalter_test(pd: ArrayLike, is_bad: ArrayLike) -> ZTest:
    """Test calibration without groups: z above 0 means that losses are larger than the PDs promise.

    ``sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p))``.

    References
    ----------
    .. [1] Spiegelhalter, Statistics in Medicine 5 (1986) 421-433.

    Examples
    --------
    >>> round(spiegelhalter_test([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 1]).statistic, 6)
    -0.666667
    """
    bad = checked_outcome(is_bad)
    p = checked_pd(pd, bad.size)
    variance = float(((1.0 - 2.0 * p) ** 2 * p * (1.0 - p)).sum())
    if variance == 0.0:
        return ZTest(math.nan, math.nan)
    z = float(((bad - p) * (1.0 - 2.0 * p)).sum()) / math.sqrt(variance)
    return ZTest(z, two_sided_p(z))


def calibration_table(
    pd: ArrayLike, is_bad: ArrayLike, *, n_groups: int = 10, confidence_level: float = 0.95
) -> pandas.DataFrame:
    """Return predicted against observed bad rates over groups of rising PD.

    Returns
    -------
    DataFrame, one row per group
        `pd_low`, `pd_high`, `n`, `n_bads`, `mean_pd`, `bad_rate`, `bad_rate_low`, `bad_rate_high` (Jeffreys),
        `jeffreys_p` (small: the PD is too low).

    Examples
    --------
    >>> table = calibration_table([0.1, 0.1, 0.6, 0.6], [0, 0, 1, 1], n_groups=2)
    >>> table["n_bads"].tolist()
    [0, 2]
    """
    bad = checked_outcome(is_bad, min_per_class=0)
    probability = checked_pd(pd, bad.size)
    edges = inner_edges(probability, n_groups)
    position, n = group_of(probability, edges), edges.size + 1
    rows, bads = group_sums(position, n), group_sums(position, n, bad.astype(np.float64))
    mean_pd = group_sums(position, n, probability) / rows
    low, high = bad_rate_interval(bads, rows, checked_level(confidence_level))
    return pandas.DataFrame(
        {
            "pd_low": [float(probability[position == g].min()) for g in range(n)],
            "pd_high": [float(probability[position == g].max()) for g in range(n)],
            "n": rows.astype(np.int64),
            "n_bads": bads.astype(np.int64),
            "mean_pd": mean_pd,
            "bad_rate": bads / rows,
            "bad_rate_low": low,
            "bad_rate_high": high,
            "jeffreys_p": [jeffreys_test(d, m, p) for d, m, p in zip(bads, rows, mean_pd, strict=True)],
        }
    )


def _mean_interval(losses: NDArray[np.float64], confidence_level: float) -> Interval:
    mean = float(losses.mean())
    standard_error = float(losses.std(ddof=1)) / math.sqrt(losses.size)
    return normal_interval(mean, standard_error, checked_level(confidence_level), bounds=(0.0, math.inf))
