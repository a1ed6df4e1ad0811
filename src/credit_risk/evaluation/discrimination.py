"""Discrimination with intervals: AUC after DeLong, KS by stratified resampling, and models compared in pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.evaluation.checks import checked_level, checked_numbers, checked_outcome
from credit_risk.evaluation.intervals import Interval, normal_interval, two_sided_p
from credit_risk.numerics.discrimination import (
    class_distributions,
    delong_covariance,
    kolmogorov_smirnov,
    resampled_kolmogorov_smirnov,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

#: Variances of an AUC difference below this are rounding noise of identical curves.
_NO_VARIANCE = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedComparison:
    """Two models on the same customers: how far apart they are, and whether chance explains it.

    Attributes
    ----------
    model_a, model_b : str
        Differences are `model_a` minus `model_b`.
    auc_difference, auc_difference_low, auc_difference_high : float
        Paired DeLong interval.
    z, p_value : float
        Two-sided test of equal AUC; identical curves give 0 and 1.
    ks_difference, ks_difference_low, ks_difference_high : float
        From the same resamples for both models.
    """

    model_a: str
    model_b: str
    auc_difference: float
    auc_difference_low: float
    auc_difference_high: float
    z: float
    p_value: float
    ks_difference: float
    ks_difference_low: float
    ks_difference_high: float


def roc_curve(risk: ArrayLike, is_bad: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ROC curve: share of goods and share of bads caught, from the riskiest customer on.

    Returns
    -------
    good_share, bad_share : ndarray, shape (n_distinct + 1,)
        False and true positive rates, both rising from 0 to 1; customers with equal risk are one step.

    Examples
    --------
    >>> good_share, bad_share = roc_curve([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    >>> bad_share.tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0]
    """
    bad = checked_outcome(is_bad)
    _, below_bad, below_good = class_distributions(checked_numbers(risk, bad.size, "risk"), bad)
    good_share = np.concatenate([1.0 - below_good[::-1], [1.0]])
    return good_share, np.concatenate([1.0 - below_bad[::-1], [1.0]])


def auc_interval(risk: ArrayLike, is_bad: ArrayLike, confidence_level: float = 0.95) -> Interval:
    """Return the AUC and its DeLong interval, on the AUC scale and cut to 0..1.

    Parameters
    ----------
    risk : array_like, shape (n_rows,)
        Higher means riskier: a PD, or minus a score.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    confidence_level : float, default 0.95
        Strictly between 0 and 1.

    Raises
    ------
    SpecificationError
        Arrays that do not fit (``CR-EVL-001``, ``CR-EVL-003``, ``CR-EVL-004``) or a level outside 0..1 (``CR-EVL-006``).
    SampleError
        Fewer than two goods or two bads (``CR-EVL-002``).

    References
    ----------
    .. [1] DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988) 837-845; Sun, Xu, IEEE Signal Processing Letters 21 (2014) 1389-1393.

    Examples
    --------
    >>> auc_interval([0.1, 0.4, 0.35, 0.8, 0.4, 0.4], [0, 0, 1, 1, 0, 1]).estimate
    0.6666666666666666
    """
    bad = checked_outcome(is_bad)
    areas, covariance = delong_covariance([checked_numbers(risk, bad.size, "risk")], bad)
    standard_error = math.sqrt(covariance[0, 0])
    return normal_interval(
        float(areas[0]), standard_error, checked_level(confidence_level), bounds=(0.0, 1.0)
    )


def ks_interval(
    risk: ArrayLike,
    is_bad: ArrayLike,
    *,
    seed: int = 0,
    n_bootstrap: int = 1000,
    confidence_level: float = 0.95,
) -> Interval:
    """Return the KS distance and its interval from a stratified bootstrap with a stated seed.

    KS is a maximum, so a sample overstates it and a resample overstates it once more. The percentile interval is
    therefore moved down by twice the bias seen in the resamples, and widened to hold the estimate.

    Notes
    -----
    Share of 95 % intervals that held the true KS, 600 normal samples of 2,000 rows with 20 % bads: true KS 0.35: 93 %
    (plain percentiles: 85 %); true KS 0.08: 91 % (74 %). Near a true KS of 0 no such interval covers: it is a bound.

    Examples
    --------
    >>> interval = ks_interval([0.1, 0.4, 0.35, 0.8, 0.4, 0.4], [0, 0, 1, 1, 0, 1], n_bootstrap=100)
    >>> interval.low <= interval.estimate <= interval.high
    True
    """
    bad = checked_outcome(is_bad)
    numbers = checked_numbers(risk, bad.size, "risk")
    resampled = resampled_kolmogorov_smirnov(
        [numbers], bad, n_replicates=n_bootstrap, generator=np.random.default_rng(seed)
    )
    return debiased_interval(
        kolmogorov_smirnov(numbers, bad), resampled[0], checked_level(confidence_level), bounds=(0.0, 1.0)
    )


def debiased_interval(
    estimate: float, resampled: NDArray[np.float64], confidence_level: float, *, bounds: tuple[float, float]
) -> Interval:
    """Return percentiles of resamples moved by twice their bias, cut to `bounds`, widened to hold the estimate."""
    tail = (1.0 - confidence_level) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail])
    shift = 2.0 * (float(resampled.mean()) - estimate)
    return Interval(
        estimate,
        min(max(float(low) - shift, bounds[0]), estimate),
        max(min(float(high) - shift, bounds[1]), estimate),
    )


def compare_models(
    risks: Mapping[str, ArrayLike],
    is_bad: ArrayLike,
    *,
    seed: int = 0,
    n_bootstrap: int = 1000,
    confidence_level: float = 0.95,
) -> tuple[PairedComparison, ...]:
    """Compare every pair of models on the same customers.

    Examples
    --------
    >>> pd = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4]
    >>> pair, = compare_models({"a": pd, "b": pd}, [0, 0, 1, 1, 0, 1], n_bootstrap=50)
    >>> pair.auc_difference, pair.z, pair.p_value
    (0.0, 0.0, 1.0)
    """
    bad = checked_outcome(is_bad)
    numbers = {name: checked_numbers(risk, bad.size, f"risk of {name!r}") for name, risk in risks.items()}
    resampled = resampled_kolmogorov_smirnov(
        list(numbers.values()), bad, n_replicates=n_bootstrap, generator=np.random.default_rng(seed)
    )
    return paired_comparisons(numbers, bad, resampled, checked_level(confidence_level))


def paired_comparisons(
    risks: Mapping[str, NDArray[np.float64]],
    is_bad: NDArray[np.bool_],
    resampled_ks: NDArray[np.float64],
    confidence_level: float,
) -> tuple[PairedComparison, ...]:
    """Compare every pair of models, given KS distances of common resamples, shape (n_models, n_replicates)."""
    names = list(risks)
    areas, covariance = delong_covariance(list(risks.values()), is_bad)
    distances = [kolmogorov_smirnov(risk, is_bad) for risk in risks.values()]
    pairs = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            variance = covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j]
            auc, z = _difference(float(areas[i] - areas[j]), float(variance), confidence_level)
            ks = debiased_interval(
                distances[i] - distances[j],
                resampled_ks[i] - resampled_ks[j],
                confidence_level,
                bounds=(-1.0, 1.0),
            )
            pairs.append(_pair((names[i], names[j]), auc, z, ks))
    return tuple(pairs)


def _difference(difference: float, variance: float, confidence_level: float) -> tuple[Interval, float]:
    """Return the interval of an AUC difference and its z; identical curves have z = 0, never 0/0."""
    if variance <= _NO_VARIANCE:
        z = 0.0 if difference == 0.0 else math.copysign(math.inf, difference)
        return Interval(difference, difference, difference), z
    standard_error = math.sqrt(variance)
    interval = normal_interval(difference, standard_error, confidence_level, bounds=(-1.0, 1.0))
    return interval, difference / standard_error


def _pair(names: tuple[str, str], auc: Interval, z: float, ks: Interval) -> PairedComparison:
    return PairedComparison(
        model_a=names[0],
        model_b=names[1],
        auc_difference=auc.estimate,
        auc_difference_low=auc.low,
        auc_difference_high=auc.high,
        z=z,
        p_value=two_sided_p(z),
        ks_difference=ks.estimate,
        ks_difference_low=ks.low,
        ks_difference_high=ks.high,
    )
