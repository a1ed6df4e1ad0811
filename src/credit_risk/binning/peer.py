"""optbinning as a second solver behind the same spec: it merges the same fine cells, with its own constraint programme.

Imported only when a binner is asked for ``solver="optbinning"``.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.binning.manual import trend_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.rules import BinningRules, Outcome

_TREND = {"none": None, "auto": "auto"}


def optbinning_cuts(
    values: NDArray[np.float64],
    outcome: Outcome,
    candidates: NDArray[np.float64],
    rules: BinningRules,
    min_weight: float,
) -> tuple[NDArray[np.float64], str]:
    """Return the cuts that optbinning chooses among the candidates, and the trend they follow.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        Ordinary values only.
    outcome : Outcome
        Of the same rows.
    candidates : ndarray of float64, shape (n_candidates,)
    rules : BinningRules
    min_weight : float
        Least weight of a bin.
    """
    if len(candidates) == 0:
        return candidates, "single"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optbinning import OptimalBinning

        total = float(outcome.counts()[:2].sum())
        solver: Any = OptimalBinning(
            user_splits=candidates,
            monotonic_trend=_TREND.get(rules.trend, rules.trend),
            min_n_bins=rules.min_bins,
            max_n_bins=rules.max_bins,
            min_bin_size=max(min_weight / total, 1e-9),
            min_bin_n_event=max(rules.min_bads, 1),
            min_bin_n_nonevent=max(rules.min_goods, 1),
            max_pvalue=rules.max_p_value if rules.max_p_value < 1 else None,
        )
        solver.fit(values, outcome.is_bad.astype(int), sample_weight=outcome.weight)
    cuts = np.asarray(solver.splits, dtype=np.float64)
    return cuts, realized_trend(values, outcome, cuts)


def realized_trend(values: NDArray[np.float64], outcome: Outcome, cuts: NDArray[np.float64]) -> str:
    """Name the trend that bad rates between cuts follow."""
    return trend_of(outcome.counts_by(np.searchsorted(cuts, values, side="right"), len(cuts) + 1))
