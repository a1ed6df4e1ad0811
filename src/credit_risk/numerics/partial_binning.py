"""Bins of what a variable adds beside others: the same exact dynamic programme on residuals instead of counts.

A weight of evidence looks at a variable alone. Here the log odds of bad that the other variables give are known row by row;
the bins sought are those whose constant effects, added to them, raise the log-likelihood most. To second order the gain
of a bin is G^2 / H, with G the sum of ``is_bad - p`` and H that of ``p (1 - p)`` over its rows; summed over the bins this
is Rao's score statistic of the variable (chi-squared with as many degrees of freedom as bins less one, were the bins not chosen).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.optimal_binning import Segments, solve_segments, window_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.numerics.optimal_binning import BinLimits, Partition, Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialCells:
    """Residuals in ordered cells.

    Attributes
    ----------
    gradient : ndarray of float64, shape (n_cells,)
        Sum of weight times (is_bad - p): bads beyond those expected.
    information : ndarray of float64, shape (n_cells,)
        Sum of weight times p (1 - p).
    n_goods, n_bads : ndarray of float64, shape (n_cells,)
        Rows.
    weight : ndarray of float64, shape (n_cells,)
        Sum of weights.
    """

    gradient: NDArray[np.float64]
    information: NDArray[np.float64]
    n_goods: NDArray[np.float64]
    n_bads: NDArray[np.float64]
    weight: NDArray[np.float64]

    @classmethod
    def count(
        cls,
        index: NDArray[np.integer],
        size: int,
        outcome: tuple[NDArray[np.bool_], NDArray[np.float64] | None],
        expected: NDArray[np.float64],
    ) -> PartialCells:
        """Sum up rows by cell.

        Parameters
        ----------
        index : ndarray of int, shape (n_rows,)
            Cell of each row, 0..size-1.
        size : int
        outcome : tuple
            ``is_bad`` and weights (or None).
        expected : ndarray of float64, shape (n_rows,)
            PD that the other variables give.

        Examples
        --------
        >>> cells = PartialCells.count(np.array([0, 1, 1]), 2, (np.array([True, False, True]), None), np.full(3, 0.5))
        >>> cells.gradient.tolist(), cells.information.tolist(), cells.n_bads.tolist()
        ([0.5, 0.0], [0.25, 0.5], [1.0, 1.0])
        """
        is_bad, weight = outcome
        w = np.ones(len(index)) if weight is None else weight

        def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.bincount(index, weights=values, minlength=size).astype(np.float64)

        return cls(
            gradient=total(w * (is_bad - expected)),
            information=total(w * expected * (1.0 - expected)),
            n_goods=total((~is_bad).astype(np.float64)),
            n_bads=total(is_bad.astype(np.float64)),
            weight=total(w),
        )


def solve_partial(
    cells: PartialCells, limits: BinLimits, trends: tuple[Trend, ...]
) -> dict[Trend, Partition]:
    """Find the bins that add most beside the other variables, for each trend of the effect asked for.

    Parameters
    ----------
    cells : PartialCells
        At least one cell.
    limits : BinLimits
        Numbers of bins, least weight, goods and bads of each bin; its objective and its constraints between neighbours
        speak of counts and are not used.
    trends : tuple of str
        'ascending' means that the risk beside the others rises with the value.

    Returns
    -------
    dict of str to Partition
        ``objective`` is the score statistic. The level of all cells together is left out: only differences count.

    References
    ----------
    .. [1] Rao, Large sample tests of statistical hypotheses, 1948.
    .. [2] Chen and Guestrin, XGBoost, 2016, equation 6 (the same gain of a step, there for trees).

    Examples
    --------
    >>> from credit_risk.numerics.optimal_binning import BinLimits
    >>> rows = np.full(3, 100.0)
    >>> cells = PartialCells(gradient=np.array([-6.0, 1.0, 5.0]), information=np.full(3, 20.0),
    ...     n_goods=rows, n_bads=rows, weight=2 * rows)
    >>> best = solve_partial(cells, BinLimits(max_bins=2), ("ascending", "descending"))
    >>> sorted(best), best["ascending"].starts, round(best["ascending"].objective, 6)
    (['ascending', 'descending'], (0, 1), 2.7)
    """
    table = _segments(cells, limits)
    return solve_segments(table, _numbers_only(limits), trends)


def _numbers_only(limits: BinLimits) -> BinLimits:
    return type(limits)(min_bins=limits.min_bins, max_bins=limits.max_bins)


def _segments(cells: PartialCells, limits: BinLimits) -> Segments:
    gradient, information = window_sums(cells.gradient), window_sums(cells.information)
    n_goods, n_bads = window_sums(cells.n_goods), window_sums(cells.n_bads)
    allowed = np.triu(np.ones(gradient.shape, dtype=bool)) & (information > 0)
    allowed &= window_sums(cells.weight) >= limits.min_weight
    allowed &= (n_goods >= limits.min_goods) & (n_bads >= limits.min_bads)
    level = float(cells.gradient.sum()) / float(cells.information.sum())
    safe = np.where(allowed, information, 1.0)
    return Segments(
        value=np.where(allowed, np.square(gradient - level * information) / safe, -np.inf),
        rate=np.where(allowed, gradient / safe, np.nan),
        goods=n_goods,
        bads=n_bads,
        n_goods=n_goods,
        n_bads=n_bads,
    )
