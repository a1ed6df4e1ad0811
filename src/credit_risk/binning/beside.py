"""Bins of what a variable says beside others, where alone it says little or something else.

A bill amount may tell nothing alone and much beside the credit limit: a large bill on a small limit. Its bins are then found on the
residuals of the other variables instead of on its own counts; what it says alone stays in the record (WoE, bad rates).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from credit_risk.binning.manual import trend_of
from credit_risk.binning.record import RegularBins, record_bins
from credit_risk.binning.solve import TURNING_CHI_SQUARED, cells_between, choose_trend, ordinary_rows
from credit_risk.numerics.cut_refinement import readable_cuts
from credit_risk.numerics.partial_binning import PartialCells, solve_partial
from credit_risk.numerics.sorted_outcome import SortedOutcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.columns import Column
    from credit_risk.binning.rules import BinningRules, Outcome
    from credit_risk.binning.spec import VariableBins
    from credit_risk.numerics.optimal_binning import Partition, Trend

STRAIGHT_CHI_SQUARED = 20.0
"""Score statistic that a straight effect must reach beside the others; one that turns must reach ``TURNING_CHI_SQUARED``
more. Of columns of pure noise with at most 10 bins of 2 %, 1 in 100 reaches 15 straight and 25 turning, whether 1,000
or 30,000 rows; see ``tests/unit/binning/test_beside.py``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideBins:
    """What a variable adds beside others.

    Attributes
    ----------
    bins : VariableBins
        Its counts and WoE are those of the variable alone, in the bins found beside the others.
    trend : str
        Of the risk beside the others, as the value rises.
    chi_squared, needed : float
        Score statistic that the bins reach, and what was asked.
    """

    bins: VariableBins
    trend: Trend
    chi_squared: float
    needed: float

    @property
    def is_clear(self) -> bool:
        """Whether chance is ruled out."""
        return self.chi_squared >= self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideSearch:
    """One numeric variable made ready, so that it can be looked at again whenever the card beside it has changed.

    Attributes
    ----------
    column : Column
    outcome : Outcome
    rules : BinningRules
        Limits of a bin and the trend allowed (of the risk beside the others); constraints between neighbours are not used.
    ordinary : ndarray of bool, shape (n_rows,)
        Rows neither missing nor special.
    ordered : SortedOutcome
    candidates : ndarray of float64
        Where cuts may be.
    cell : ndarray of int
        Cell of each ordinary row between the candidates.
    """

    column: Column
    outcome: Outcome
    rules: BinningRules
    ordinary: NDArray[np.bool_]
    ordered: SortedOutcome
    candidates: NDArray[np.float64]
    cell: NDArray[np.intp]

    @classmethod
    def prepare(cls, column: Column, outcome: Outcome, rules: BinningRules) -> BesideSearch:
        """Sort the values and find the cells.

        Parameters
        ----------
        column : Column
            Numbers or datetimes.
        outcome : Outcome
        rules : BinningRules
        """
        ordinary = ordinary_rows(column, rules)
        values, inside = column.values[ordinary], outcome.where(ordinary)
        ordered = SortedOutcome.build(values, inside.is_bad, inside.weight)
        candidates = ordered.quantile_cuts(rules.n_prebins)
        return cls(
            column=column,
            outcome=outcome,
            rules=rules,
            ordinary=ordinary,
            ordered=ordered,
            candidates=candidates,
            cell=candidates.searchsorted(values, side="right"),
        )

    def bins(self, expected: NDArray[np.float64]) -> BesideBins | None:
        """Find the bins that add most to what is known already; None where fewer than two are possible.

        Parameters
        ----------
        expected : ndarray of float64, shape (n_rows,)
            PD of each row by the other variables.
        """
        if len(self.candidates) == 0:
            return None
        inside = self.outcome.where(self.ordinary)
        outcome = (inside.is_bad, inside.weight)
        cells = PartialCells.count(self.cell, len(self.candidates) + 1, outcome, expected[self.ordinary])
        best = _best(cells, self.rules, float(self.outcome.counts()[:2].sum()))
        if best is None or len(best.starts) < 2:
            return None
        cuts = self.candidates[np.array(best.starts[1:]) - 1]
        turns = best.trend in {"peak", "valley"}
        return BesideBins(
            bins=_record(self, cuts),
            trend=best.trend,
            chi_squared=best.objective,
            needed=STRAIGHT_CHI_SQUARED + (TURNING_CHI_SQUARED if turns else 0.0),
        )


def _best(cells: PartialCells, rules: BinningRules, total_weight: float) -> Partition | None:
    auto: tuple[Trend, ...] = ("ascending", "descending", "peak", "valley")
    trends = auto if rules.trend == "auto" else (cast("Trend", rules.trend),)
    found = solve_partial(cells, rules.limits(total_weight), trends)
    return choose_trend(found, rules.turning_gain, TURNING_CHI_SQUARED)


def _record(search: BesideSearch, cuts: NDArray[np.float64]) -> VariableBins:
    """Record what the bins hold, as for bins found on the variable alone."""
    ordered = search.ordered
    readable = readable_cuts(ordered, cuts)
    final = cells_between(ordered, cuts)
    counts = np.stack([final.goods, final.bads, final.n_goods, final.n_bads])
    regular = RegularBins(
        counts=counts, trend=trend_of(counts[:2]), cuts=tuple(readable.tolist()), rare_counts=np.zeros(4)
    )
    return record_bins(search.column, search.outcome, search.rules, regular)
