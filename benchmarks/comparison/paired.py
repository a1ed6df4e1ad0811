"""Differences between two predictions on the same customers: paired bootstrap, DeLong, corrected resampled t-test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.stats

from credit_risk.evaluation.discrimination import compare_models
from credit_risk.numerics.discrimination import area_under_curve

if TYPE_CHECKING:
    from comparison.task import Task


@dataclass(frozen=True, kw_only=True)
class Lift:
    """AUC of ``better`` less AUC of ``base``, with both 95 % intervals."""

    difference: float
    bootstrap: tuple[float, float]
    delong: tuple[float, float]


def lift(better: np.ndarray, base: np.ndarray, is_bad: np.ndarray, *, n_resamples: int = 4000) -> Lift:
    """Compare two PDs of the same test customers.

    The bootstrap draws customers, goods and bads apart, and takes both predictions of each: the pairing stays.
    """
    rng = np.random.default_rng(20170730)
    bads, goods = np.flatnonzero(is_bad), np.flatnonzero(~is_bad)
    drawn = np.empty(n_resamples)
    for i in range(n_resamples):
        rows = np.concatenate([rng.choice(bads, bads.size), rng.choice(goods, goods.size)])
        drawn[i] = area_under_curve(better[rows], is_bad[rows]) - area_under_curve(base[rows], is_bad[rows])
    (pair,) = compare_models({"better": better, "base": base}, is_bad, n_bootstrap=50)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Lift(
        difference=pair.auc_difference,
        bootstrap=(float(low), float(high)),
        delong=(pair.auc_difference_low, pair.auc_difference_high),
    )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Mean difference of AUC between two tools on the same folds, with its 95 % interval."""

    mean: float
    low: float
    high: float


def difference(better: list[np.ndarray], base: list[np.ndarray], task: Task) -> Difference:
    """Compare the PDs of two tools, fold by fold: bootstrap of the test set for one fold, else the corrected t-test."""
    outcomes = [task.is_bad[test] for _, test in task.folds[: len(better)]]
    if len(better) == 1:
        gain = lift(better[0], base[0], outcomes[0], n_resamples=1000)
        return Difference(mean=gain.difference, low=gain.bootstrap[0], high=gain.bootstrap[1])
    gains = [
        area_under_curve(a, y) - area_under_curve(b, y)
        for a, b, y in zip(better, base, outcomes, strict=True)
    ]
    train, test = task.folds[0]
    return resampled_difference(np.array(gains), len(test) / len(train))


def resampled_difference(gains: np.ndarray, test_over_train: float) -> Difference:
    """Return mean and interval of differences over folds whose training rows overlap.

    Nadeau and Bengio, Machine Learning 52 (2003): the variance of the mean is (1/J + n_test/n_train) times the variance of the
    J differences, which holds the dependence that the plain t-test leaves out.
    """
    n = len(gains)
    error = math.sqrt((1.0 / n + test_over_train) * float(np.var(gains, ddof=1)))
    half = float(scipy.stats.t.ppf(0.975, n - 1)) * error
    mean = float(np.mean(gains))
    return Difference(mean=mean, low=mean - half, high=mean + half)
