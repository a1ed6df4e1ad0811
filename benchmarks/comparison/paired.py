"""Differences between two predictions on the same customers: paired bootstrap and DeLong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_risk.evaluation.discrimination import compare_models
from credit_risk.numerics.discrimination import area_under_curve


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
