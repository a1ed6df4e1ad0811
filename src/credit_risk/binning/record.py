"""From the counts of each bin to the record that travels: WoE, its origin, and the policies for what is not ordinary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.spec import VariableBins
from credit_risk.numerics.woe import weight_of_evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.columns import Column
    from credit_risk.binning.rules import BinningRules, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularBins:
    """The regular bins a solver chose.

    Attributes
    ----------
    counts : ndarray of float64, shape (4, n_regular)
        Weight of goods, weight of bads, rows of goods, rows of bads.
    trend : str
    cuts : tuple of float
    groups : tuple of tuple of str
    rare : tuple of str
        Categories left out of the groups; their rows stand in the unseen bin.
    rare_counts : ndarray of float64, shape (4,)
    other_counts : ndarray of float64, shape (4, 1 + n_specials), optional
        Of missing values and special codes, where the solver has counted them already.
    """

    counts: NDArray[np.float64]
    trend: str
    cuts: tuple[float, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    rare: tuple[str, ...] = ()
    rare_counts: NDArray[np.float64]
    other_counts: NDArray[np.float64] | None = None


def record_bins(column: Column, outcome: Outcome, rules: BinningRules, regular: RegularBins) -> VariableBins:
    """Add the bins of missing, special and unseen values, and give every bin its WoE and the origin of it."""
    others = regular.other_counts
    if others is None:
        others = _other_counts(column, outcome, rules)
    counts = np.column_stack([regular.counts, others, regular.rare_counts])
    totals = outcome.counts()
    n_regular = regular.counts.shape[1]
    woe, origins = _own_woe(counts, totals)
    policies = _policies(counts, rules, n_regular, column.kind == "categorical")
    safest_first = _apply_policies(counts, totals, woe, origins, policies)
    share_gap = counts[0] / totals[0] - counts[1] / totals[1]
    return VariableBins(
        name=column.name,
        kind=column.kind,
        cuts=regular.cuts,
        groups=regular.groups,
        specials=rules.specials if column.kind != "categorical" else (),
        n_goods=tuple(counts[0].tolist()),
        n_bads=tuple(counts[1].tolist()),
        n_rows=tuple(int(n) for n in counts[2] + counts[3]),
        woe=tuple(safest_first.tolist()),
        origins=tuple(origins),
        trend=regular.trend,
        information_value=float(np.sum(share_gap * safest_first)),
        unseen_categories=regular.rare,
    )


def _other_counts(column: Column, outcome: Outcome, rules: BinningRules) -> NDArray[np.float64]:
    """Count missing values and each group of special codes; shape (4, 1 + n_specials)."""
    missing = column.codes < 0 if column.kind == "categorical" else np.isnan(column.values)
    parts = [outcome.where(missing).counts() if missing.any() else np.zeros(4)]
    for special in rules.specials if column.kind != "categorical" else ():
        inside = column.values == special.codes[0]
        for code in special.codes[1:]:
            inside |= column.values == code
        parts.append(outcome.where(inside).counts() if inside.any() else np.zeros(4))
    return np.stack(parts, axis=1)


def _own_woe(
    counts: NDArray[np.float64], totals: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[str]]:
    woe, smoothed = weight_of_evidence(
        counts[0], counts[1], total_goods=float(totals[0]), total_bads=float(totals[1])
    )
    return woe, ["smoothed" if one else "own" for one in smoothed]


def _policies(
    counts: NDArray[np.float64], rules: BinningRules, n_regular: int, is_categorical: bool
) -> dict[int, str]:
    """Return bin -> policy for the bins that are not regular."""
    rows = counts[2] + counts[3]
    thin = rows < rules.min_own_rows
    last = counts.shape[1] - 1
    policies = {at: rules.fallback if thin[at] else "own" for at in range(n_regular, last)}
    if not (rules.missing == "own" and thin[n_regular]):
        policies[n_regular] = rules.missing
    policies[last] = rules.unseen
    if rules.unseen == "own" and (thin[last] or not is_categorical):
        policies[last] = rules.fallback
    return policies


def _apply_policies(
    counts: NDArray[np.float64],
    totals: NDArray[np.float64],
    woe: NDArray[np.float64],
    origins: list[str],
    policies: dict[int, str],
) -> NDArray[np.float64]:
    """Replace the WoE of bins whose policy is not their own; ``origins`` is updated in place."""
    result = woe.copy()
    n_regular = min(policies)
    for at, policy in policies.items():
        if policy == "nearest":
            twin = _nearest(counts, woe, at, n_regular)
            pooled = counts[:, twin] + counts[:, at]
            result[[twin, at]] = _own_woe(pooled[:, None], totals)[0][0]
            origins[at] = f"bin {twin}"
        elif policy in {"neutral", "error"}:
            result[at], origins[at] = 0.0, policy
    owners = [at for at in range(len(woe)) if policies.get(at, "own") in {"own", "nearest"}]
    worst = min(result[at] for at in owners)
    for at, policy in policies.items():
        if policy == "worst":
            result[at], origins[at] = worst, "worst"
    return result


def _nearest(counts: NDArray[np.float64], woe: NDArray[np.float64], at: int, n_regular: int) -> int:
    """Return the regular bin whose WoE is nearest; an empty bin counts as neutral."""
    own = woe[at] if counts[:, at].any() else 0.0
    return int(np.argmin(np.abs(woe[:n_regular] - own)))
