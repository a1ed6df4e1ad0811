"""Between a variable and the booster: fine bins in, effects of merged bins out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.apply import bin_column
from credit_risk.binning.manual import trend_of
from credit_risk.binning.record import RegularBins, record_bins
from credit_risk.binning.solve import bin_variable, cells_between, ordinary_rows
from credit_risk.numerics.cut_refinement import readable_cuts
from credit_risk.numerics.sorted_outcome import SortedOutcome
from credit_risk.numerics.step_merging import merge_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from credit_risk.binning.columns import Column
    from credit_risk.binning.rules import BinningRules, Outcome
    from credit_risk.binning.spec import VariableBins
    from credit_risk.scorecard.boosting.stumps import Stumps


@dataclass(frozen=True, slots=True, kw_only=True)
class FineVariable:
    """A variable as the booster sees it: the number of its fine bin, and one flag for each kind of value that is no quantity.

    Attributes
    ----------
    bins : VariableBins
        Fine bins: up to some hundred of a number, the groups of categories.
    index : ndarray of int16, shape (n_rows,)
    direction : int
        Sign that the effect must have: +1 risk rises with the value, -1 falls, 0 free.
    """

    bins: VariableBins
    index: NDArray[np.int16]
    direction: int

    @property
    def flagged(self) -> list[int]:
        """Bins beyond the regular ones that speak for themselves: missing values and special codes seen often enough."""
        own = {"own", "smoothed"}
        return [at for at in range(self.bins.n_regular, self.bins.n_bins) if self.bins.origins[at] in own]

    def encoded(self, index: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the columns for the booster: number of the regular bin (NaN where none), then the flags."""
        owner = np.arange(self.bins.n_bins, dtype=np.float32)
        owner[self.bins.n_regular :] = np.nan
        for at, origin in enumerate(self.bins.origins):
            if origin.startswith("bin "):
                owner[at] = int(origin[4:])
        flags = [(index == at).astype(np.float32) for at in self.flagged]
        return np.column_stack([owner[index], *flags])


def fine_variable(
    column: Column, outcome: Outcome, rules: BinningRules, *, n_cells: int, direction: int | None
) -> FineVariable:
    """Cut a variable finely; its direction, where None, is the trend that its best bins follow if no turn is clearly better.

    Parameters
    ----------
    column : Column
    outcome : Outcome
    rules : BinningRules
        Policies and special codes; and the limits under which the trend is looked for.
    n_cells : int
        Fine cells of a number.
    direction : int, optional
    """
    coarse = bin_variable(column, outcome, replace(rules, turning_gain=0.0))
    if direction is None:
        clear = coarse.information_value >= 0.02 and column.kind != "categorical"
        direction = {"ascending": 1, "descending": -1}.get(coarse.trend, 0) if clear else 0
    if column.kind == "categorical":
        codes = {name: at for at, name in enumerate(name for group in coarse.groups for name in group)}
        places = np.array([*(codes.get(name, -1) for name in column.categories), np.nan])
        return FineVariable(bins=coarse, index=bin_column(coarse, places[column.codes]), direction=direction)
    ordinary = ordinary_rows(column, rules)
    inside = outcome.where(ordinary)
    ordered = SortedOutcome.build(column.values[ordinary], inside.is_bad, inside.weight)
    candidates = ordered.quantile_cuts(n_cells)
    cuts = readable_cuts(ordered, candidates).tolist()
    cells = cells_between(ordered, candidates)
    counts = np.stack([cells.goods, cells.bads, cells.n_goods, cells.n_bads])
    regular = RegularBins(counts=counts, trend=coarse.trend, cuts=tuple(cuts), rare_counts=np.zeros(4))
    bins = record_bins(column, outcome, rules, regular)
    return FineVariable(bins=bins, index=bin_column(bins, column.values), direction=direction)


def encoded(fine: Sequence[FineVariable]) -> tuple[NDArray[np.float32], list[int]]:
    """Return the booster's matrix and the direction of each of its columns."""
    matrix = np.column_stack([variable.encoded(variable.index) for variable in fine])
    directions = [sign for one in fine for sign in (one.direction, *[0] * len(one.flagged))]
    return matrix, directions


def effect_tables(stumps: Stumps, fine: Sequence[FineVariable]) -> tuple[list[NDArray[np.float64]], float]:
    """Return what the stumps add to the log odds of bad in each fine bin of each variable, and what every row gets.

    A bin without rows of its own (policies, values never seen) gets what the booster gives a missing value.
    """
    tables, column = [], 0
    for one in fine:
        every_bin = np.arange(one.bins.n_bins)
        codes = one.encoded(every_bin).astype(np.float64)
        parts = [stumps.table(column + at, codes[:, at]) for at in range(codes.shape[1])]
        tables.append(np.sum(parts, axis=0))
        column += codes.shape[1]
    return tables, stumps.constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """One variable on the card: its bins, effects on the log odds of bad, and the effects before bins were merged.

    ``exact`` is the booster's effect of each row's fine bin; ``effects`` belong to ``bins``; ``n_before`` counts the steps of the
    booster.
    """

    bins: VariableBins
    index: NDArray[np.int16]
    effects: NDArray[np.float64]
    exact: NDArray[np.float64]
    n_before: int

    @property
    def is_by_policy(self) -> NDArray[np.bool_]:
        """Rows whose effect a policy says (neutral, worst, a neighbour's), not the booster; shape (n_rows,)."""
        own = {"own", "smoothed"}
        return np.array([origin not in own for origin in self.bins.origins])[self.index]


def columns_of(fine: list[FineVariable]) -> list[range]:
    """Return the booster's columns that belong to each variable."""
    sizes = [1 + len(one.flagged) for one in fine]
    ends = np.cumsum(sizes).tolist()
    return [range(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def steps_of(
    source: tuple[Column, Outcome, BinningRules],
    fine: FineVariable,
    table: NDArray[np.float64],
    max_bins: int | None,
) -> Steps:
    """Join fine bins that no tree tells apart, and more where fewer bins are asked for."""
    column, outcome, rules = source
    n_regular, exact = fine.bins.n_regular, table[fine.index]
    n_steps = int(np.count_nonzero(np.diff(table[:n_regular]))) + 1
    if column.kind == "categorical":
        return Steps(bins=fine.bins, index=fine.index, effects=table, exact=exact, n_before=n_regular)
    counts = outcome.counts_by(fine.index.astype(np.int64), fine.bins.n_bins)
    weights = counts[0, :n_regular] + counts[1, :n_regular]
    starts = merge_steps(table[:n_regular], weights, max_bins or n_regular)
    merged = np.add.reduceat(counts[:, :n_regular], starts, axis=1)
    regular = RegularBins(
        counts=merged,
        trend=trend_of(merged[:2]),
        cuts=tuple(fine.bins.cuts[start - 1] for start in starts[1:].tolist()),
        rare_counts=np.zeros(4),
    )
    bins = record_bins(column, outcome, rules, regular)
    totals = np.add.reduceat(weights, starts)
    sums = np.add.reduceat(weights * table[:n_regular], starts)
    means = sums / np.where(totals > 0, totals, 1.0)  # a variable without any value has one bin without rows
    same = np.minimum.reduceat(table[:n_regular], starts) == np.maximum.reduceat(table[:n_regular], starts)
    effects = np.concatenate([np.where(same, table[starts], means), table[n_regular:]])
    index = bin_column(bins, column.values)
    return Steps(bins=bins, index=index, effects=effects, exact=exact, n_before=n_steps)
