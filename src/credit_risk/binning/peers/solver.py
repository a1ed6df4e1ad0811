"""optbinning as a second solver behind the same spec: it merges the same fine cells or categories, with its own programme.

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
DIVERGENCE = {"information_value": "iv", "jensen_shannon": "js", "hellinger": "hellinger"}
"""Objectives that optbinning knows, by its names."""
PEER_OPTIONS = frozenset(
    {
        "class_weight",
        "gamma",
        "max_bin_n_event",
        "max_bin_n_nonevent",
        "max_bin_size",
        "max_pvalue_policy",
        "min_event_rate_diff",
        "mip_solver",
        "monotonic_trend",
        "solver",
        "time_limit",
    }
)
"""Constraints and settings of optbinning that the rules of this library do not express."""


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
    solver = _fitted(values, outcome, rules, min_weight, {"dtype": "numerical", "user_splits": candidates})
    cuts = np.asarray(solver.splits, dtype=np.float64)
    return cuts, realized_trend(values, outcome, cuts)


def optbinning_groups(
    codes: NDArray[np.int64], outcome: Outcome, rules: BinningRules, min_weight: float
) -> list[NDArray[np.intp]]:
    """Return how optbinning groups categories: their codes, group by group, the safest group first.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        Of the frequent categories only.
    outcome : Outcome
        Of the same rows.
    rules : BinningRules
    min_weight : float
        Least weight of a bin.
    """
    solver = _fitted(codes.astype(str).astype(object), outcome, rules, min_weight, {"dtype": "categorical"})
    groups = [np.array([int(code) for code in group], dtype=np.intp) for group in solver.splits]
    size = int(codes.max()) + 1
    counts = outcome.counts_by(codes, size)
    rates = [counts[1, group].sum() / counts[:2, group].sum() for group in groups]
    return [groups[at] for at in np.argsort(rates, kind="stable")]


def _fitted(
    values: NDArray[Any], outcome: Outcome, rules: BinningRules, min_weight: float, fixed: dict[str, Any]
) -> Any:
    """Fit optbinning under the rules; the caller's own options come on top."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optbinning import OptimalBinning

        total = float(outcome.counts()[:2].sum())
        asked = {
            "divergence": DIVERGENCE[rules.objective],
            "monotonic_trend": _TREND.get(rules.trend, rules.trend),
            "min_n_bins": rules.min_bins,
            "max_n_bins": rules.max_bins,
            "min_bin_size": max(min_weight / total, 1e-9),
            "min_bin_n_event": max(rules.min_bads, 1),
            "min_bin_n_nonevent": max(rules.min_goods, 1),
            "max_pvalue": rules.max_p_value if rules.max_p_value < 1 else None,
        }
        solver: Any = OptimalBinning(**{**asked, **(rules.solver_options or {}), **fixed})
        solver.fit(values, outcome.is_bad.astype(int), sample_weight=outcome.weight)
    return solver


def realized_trend(values: NDArray[np.float64], outcome: Outcome, cuts: NDArray[np.float64]) -> str:
    """Name the trend that bad rates between cuts follow."""
    return trend_of(outcome.counts_by(np.searchsorted(cuts, values, side="right"), len(cuts) + 1))
