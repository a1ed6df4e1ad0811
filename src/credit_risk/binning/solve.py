"""One variable: from its values and outcomes to its bins.

Reading order: :func:`bin_variable` (orchestrates), :func:`best_cuts` (numbers), :func:`best_groups` (categories).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from credit_risk.binning.columns import refuse_infinite
from credit_risk.binning.manual import decided_bins, forced_woe
from credit_risk.binning.peers.solver import optbinning_cuts, optbinning_groups
from credit_risk.binning.record import RegularBins, record_bins
from credit_risk.errors import FitError
from credit_risk.numerics.cut_refinement import RefinementInput, readable_cuts, refine_cuts
from credit_risk.numerics.optimal_binning import Cells, Partition, solve
from credit_risk.numerics.sorted_outcome import SortedOutcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.columns import Column
    from credit_risk.binning.decisions import BinDecision
    from credit_risk.binning.rules import BinningRules, Outcome
    from credit_risk.binning.spec import VariableBins
    from credit_risk.numerics.optimal_binning import Trend

TURNING_CHI_SQUARED = 20.0
"""Information value over (1 / goods + 1 / bads) that a turning trend must add. Of 400 columns of pure noise binned with at
most 8 bins of 5 % a turn added more in about 2 % (the median was 10); see ``tests/unit/binning/test_solve.py``."""


def bin_variable(
    column: Column, outcome: Outcome, rules: BinningRules, decisions: tuple[BinDecision, ...] = ()
) -> VariableBins:
    """Find the best bins of one variable and record what they hold.

    Raises
    ------
    FitError
        ``min_bins`` cannot be reached (``CR-BIN-022``) or a decision cannot be kept (``CR-BIN-042``).
    """
    find = best_groups if column.kind == "categorical" else best_cuts
    regular = decided_bins(column, outcome, find(column, outcome, rules), decisions, rules.specials)
    bins = record_bins(column, outcome, rules, regular)
    return forced_woe(bins, decisions) if decisions else bins


def best_cuts(column: Column, outcome: Outcome, rules: BinningRules) -> RegularBins:
    """Return the regular bins of a number or a datetime.

    Raises
    ------
    FitError
        Infinite numbers (``CR-BIN-021``) or unreachable ``min_bins`` (``CR-BIN-022``).
    """
    if outcome.is_plain and outcome.bad_rows is not None and rules.solver == "exact":
        groups = tuple(special.codes for special in rules.specials)
        # without refinement the quantiles themselves are the cuts, so they are taken in full precision
        sorted_outcome, others = SortedOutcome.split(
            column.values, outcome.bad_rows, groups, may_round=rules.refine
        )
        if np.isinf(sorted_outcome.values[[0, -1][: len(sorted_outcome.values)]]).any():
            refuse_infinite(column.name, column.values)
        return replace(_cut(column.name, sorted_outcome, (), outcome, rules), other_counts=others)
    refuse_infinite(column.name, column.values)
    ordinary = ordinary_rows(column, rules)
    values, inside = column.values[ordinary], outcome.where(ordinary)
    sorted_outcome = SortedOutcome.build(values, inside.is_bad, inside.weight)
    if rules.solver == "exact":
        return _cut(column.name, sorted_outcome, _by_period(values, inside), outcome, rules)
    min_weight = rules.min_share * float(outcome.counts()[:2].sum())
    candidates = sorted_outcome.quantile_cuts(rules.n_prebins)
    cuts, trend = optbinning_cuts(values, inside, candidates, rules, min_weight)
    if len(cuts) + 1 < rules.min_bins:
        raise _infeasible(column.name, rules)
    return _regular(sorted_outcome, cuts, trend)


def _cut(
    name: str,
    sorted_outcome: SortedOutcome,
    periods: tuple[SortedOutcome, ...],
    outcome: Outcome,
    rules: BinningRules,
) -> RegularBins:
    """Solve over fine cells, then move each cut to its best raw value."""
    candidates = sorted_outcome.quantile_cuts(rules.n_prebins)
    cells = cells_between(sorted_outcome, candidates, periods)
    partition = _solve(name, cells, rules, outcome)
    cuts, trend = _chosen_cuts(partition, candidates)
    if rules.refine and len(cuts):
        totals = (float(cells.goods.sum()), float(cells.bads.sum()))
        limits = rules.limits(float(outcome.counts()[:2].sum()))
        task = RefinementInput(outcome=sorted_outcome, limits=limits, totals=totals, periods=periods)
        cuts = refine_cuts(task, cuts, cast("Trend", trend))
    return _regular(sorted_outcome, cuts, trend)


def _regular(sorted_outcome: SortedOutcome, cuts: NDArray[np.float64], trend: str) -> RegularBins:
    """Write the cuts with few digits and count what lies between them."""
    readable = readable_cuts(sorted_outcome, cuts)
    final = cells_between(sorted_outcome, cuts)
    return RegularBins(
        counts=np.stack([final.goods, final.bads, final.n_goods, final.n_bads]),
        trend=trend,
        cuts=tuple(readable.tolist()),
        rare_counts=np.zeros(4),
    )


def _chosen_cuts(
    partition: Partition | None, candidates: NDArray[np.float64]
) -> tuple[NDArray[np.float64], str]:
    if partition is None or len(partition.starts) == 1:
        return np.empty(0), "single"
    return candidates[np.array(partition.starts[1:]) - 1], partition.trend


def best_groups(column: Column, outcome: Outcome, rules: BinningRules) -> RegularBins:
    """Group categories: neighbours in their given order, or in the order of their bad rates.

    Raises
    ------
    FitError
        Unreachable ``min_bins`` (``CR-BIN-022``).
    """
    if len(column.codes) and int(column.codes.min()) >= 0:
        counts = outcome.counts_by(column.codes, len(column.categories))
    else:
        counts = outcome.counts_by(column.codes + 1, len(column.categories) + 1)[:, 1:]
    weight = counts[0] + counts[1]
    is_frequent = weight >= rules.rare_share * float(outcome.counts()[:2].sum())
    frequent = np.flatnonzero(is_frequent)
    rate = counts[1, frequent] / weight[frequent]
    order = frequent if column.is_ordered else frequent[np.lexsort((frequent, rate))]
    members, trend = _members(column, outcome, rules, counts, order)
    if len(members) < rules.min_bins:
        raise _infeasible(column.name, rules)
    groups = tuple(tuple(column.categories[at] for at in member) for member in members)
    return RegularBins(
        counts=np.stack([counts[:, member].sum(axis=1) for member in members], axis=1),
        trend=trend if len(groups) > 1 else "single",
        groups=groups,
        rare=tuple(column.categories[at] for at in np.flatnonzero(~is_frequent)),
        rare_counts=counts[:, ~is_frequent].sum(axis=1),
    )


def _members(
    column: Column,
    outcome: Outcome,
    rules: BinningRules,
    counts: NDArray[np.float64],
    order: NDArray[np.intp],
) -> tuple[list[NDArray[np.intp]], str]:
    """Return the places of the categories of each group, and the trend of ordered ones."""
    if len(order) and rules.solver == "optbinning":
        return _peer_members(column, outcome, rules, order)
    runs = np.array_split(order, max(1, min(len(order), rules.n_prebins)))
    partition = None
    if len(order):
        starts = np.cumsum([0, *(len(run) for run in runs[:-1])])
        cells = _category_cells(column, outcome, counts, order, starts)
        asked = rules if column.is_ordered else replace(rules, trend="ascending")
        partition = _solve(column.name, cells, asked, outcome)
    first = (0,) if partition is None else partition.starts
    members = [np.concatenate(runs[a:b]) for a, b in zip(first, [*first[1:], len(runs)], strict=True)]
    return members, partition.trend if partition is not None and column.is_ordered else "none"


def _peer_members(
    column: Column, outcome: Outcome, rules: BinningRules, order: NDArray[np.intp]
) -> tuple[list[NDArray[np.intp]], str]:
    """Let optbinning group categories; ordered ones are cut like numbers."""
    inside = np.isin(column.codes, order)
    codes, part = np.asarray(column.codes[inside], dtype=np.int64), outcome.where(inside)
    min_weight = rules.min_share * float(outcome.counts()[:2].sum())
    if not column.is_ordered:
        return optbinning_groups(codes, part, rules, min_weight), "none"
    cuts, trend = optbinning_cuts(
        codes.astype(np.float64), part, order[1:].astype(np.float64), rules, min_weight
    )
    return np.split(order, np.searchsorted(order, cuts)), trend


def _category_cells(
    column: Column,
    outcome: Outcome,
    counts: NDArray[np.float64],
    order: NDArray[np.intp],
    starts: NDArray[np.intp],
) -> Cells:
    """Pool runs of categories, also by period where the order must hold in each."""
    pooled = np.add.reduceat(counts[:, order], starts, axis=1)
    goods, bads = None, None
    if outcome.period is not None:
        size, n_periods = len(column.categories) + 1, int(outcome.period.max()) + 1
        place = outcome.period * size + column.codes + 1
        by_period = outcome.counts_by(place, size * n_periods)[:2].reshape(2, n_periods, size)[..., 1:]
        goods, bads = np.add.reduceat(by_period[..., order], starts, axis=2)
    return Cells(
        goods=pooled[0],
        bads=pooled[1],
        n_goods=pooled[2],
        n_bads=pooled[3],
        period_goods=goods,
        period_bads=bads,
    )


def cells_between(
    outcome: SortedOutcome, cuts: NDArray[np.float64], periods: tuple[SortedOutcome, ...] = ()
) -> Cells:
    """Count goods and bads in the cells between cuts."""
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    counts = outcome.below(edges)
    by_period = [period.below(edges) for period in periods]
    return Cells(
        goods=np.diff(counts.goods),
        bads=np.diff(counts.bads),
        n_goods=np.diff(counts.n_goods),
        n_bads=np.diff(counts.n_bads),
        period_goods=np.array([np.diff(one.goods) for one in by_period]) if by_period else None,
        period_bads=np.array([np.diff(one.bads) for one in by_period]) if by_period else None,
    )


def choose_trend(
    found: dict[Trend, Partition], turning_gain: float, evidence: float = 0.0
) -> Partition | None:
    """Prefer a straight trend unless a turning one explains clearly more; ties go to the order of the dictionary.

    Parameters
    ----------
    found : dict
    turning_gain : float
        Relative gain of the objective that a turn must bring.
    evidence : float
        Absolute gain that it must bring: more than chance brings.
    """
    straight = [found[t] for t in ("ascending", "descending", "none") if t in found]
    turning = [found[t] for t in ("peak", "valley") if t in found and _turns(found[t])]
    best = max(straight, key=lambda one: one.objective, default=None)
    bent = max(turning, key=lambda one: one.objective, default=None)
    if best is None or bent is None:
        return best or bent
    return bent if bent.objective > needed_to_turn(best.objective, turning_gain, evidence) else best


def needed_to_turn(straight: float, turning_gain: float, evidence: float) -> float:
    """Return what a turning trend must exceed to be preferred to the best straight one."""
    return max(straight * (1.0 + turning_gain), straight + evidence)


def _turns(partition: Partition) -> bool:
    return len(partition.starts) >= 3


def ordinary_rows(column: Column, rules: BinningRules) -> NDArray[np.bool_]:
    """Return which rows are neither missing nor a special code."""
    ordinary = ~np.isnan(column.values)
    for special in rules.specials:
        for code in special.codes:
            ordinary &= column.values != code
    return ordinary


def _by_period(values: NDArray[np.float64], outcome: Outcome) -> tuple[SortedOutcome, ...]:
    if outcome.period is None:
        return ()
    parts = [outcome.period == number for number in np.unique(outcome.period)]
    return tuple(
        SortedOutcome.build(
            values[part], outcome.is_bad[part], None if outcome.weight is None else outcome.weight[part]
        )
        for part in parts
    )


def _solve(name: str, cells: Cells, rules: BinningRules, outcome: Outcome) -> Partition | None:
    """Solve for the trend asked for; None where not even one bin is large enough."""
    partition = None
    if float(cells.goods.sum()) > 0 and float(cells.bads.sum()) > 0:
        auto: tuple[Trend, ...] = ("ascending", "descending", "peak", "valley")
        trends = auto if rules.trend == "auto" else (cast("Trend", rules.trend),)
        limits = rules.limits(float(outcome.counts()[:2].sum()))
        chance = TURNING_CHI_SQUARED * (1.0 / float(cells.n_goods.sum()) + 1.0 / float(cells.n_bads.sum()))
        evidence = chance if rules.objective == "information_value" else 0.0
        gain = rules.turning_gain
        found = solve(cells, limits, trends, turning_above=lambda best: needed_to_turn(best, gain, evidence))
        partition = choose_trend(found, gain, evidence)
    if partition is None and rules.min_bins > 1:
        raise _infeasible(name, rules)
    return partition


def _infeasible(name: str, rules: BinningRules) -> FitError:
    return FitError(
        f"Variable {name!r} has no {rules.min_bins} bins that satisfy together min_share={rules.min_share:g}, "
        f"min_goods={rules.min_goods}, min_bads={rules.min_bads}, trend={rules.trend!r}, "
        f"min_woe_gap={rules.min_woe_gap:g} and max_p_value={rules.max_p_value:g}. Hint: relax one of them.",
        code="CR-BIN-022",
        context={"variable": name},
    )
