"""What is asked of a binning, and the outcome it is fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.numerics.optimal_binning import BinLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from credit_risk.binning.spec import SpecialBin
    from credit_risk.numerics.optimal_binning import Objective

_BLOCK = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class BinningRules:
    """What is asked of one variable's bins; see :class:`~credit_risk.binning.fit.WoeBinner` for each meaning."""

    max_bins: int = 8
    min_bins: int = 1
    min_share: float = 0.05
    min_goods: int = 30
    min_bads: int = 30
    trend: str = "auto"
    turning_gain: float = 0.1
    min_woe_gap: float = 0.0
    max_p_value: float = 1.0
    objective: Objective = "information_value"
    specials: tuple[SpecialBin, ...] = ()
    missing: str = "own"
    unseen: str = "neutral"
    fallback: str = "neutral"
    min_own_rows: int = 30
    rare_share: float = 0.01
    n_prebins: int = 48
    refine: bool = True
    solver: str = "exact"
    solver_options: Mapping[str, Any] | None = None

    def limits(self, total_weight: float) -> BinLimits:
        """Return what every bin must satisfy in a sample of this weight."""
        return BinLimits(
            min_bins=self.min_bins,
            max_bins=self.max_bins,
            min_weight=self.min_share * total_weight,
            min_goods=self.min_goods,
            min_bads=self.min_bads,
            min_woe_gap=self.min_woe_gap,
            max_p_value=self.max_p_value,
            objective=self.objective,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Outcome of the development sample.

    Attributes
    ----------
    is_bad : ndarray of bool, shape (n_rows,)
    weight : ndarray of float64, shape (n_rows,), optional
    period : ndarray of int64, shape (n_rows,), optional
        Number of the period of each row, from 0.
    bad_rows : ndarray of int, optional
        Places of the bads, found once for all variables.
    """

    is_bad: NDArray[np.bool_]
    weight: NDArray[np.float64] | None = None
    period: NDArray[np.int64] | None = None
    bad_rows: NDArray[np.intp] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether every row counts once and periods do not matter."""
        return self.weight is None and self.period is None

    def where(self, mask: NDArray[np.bool_]) -> Outcome:
        """Return the outcome of some rows."""
        return Outcome(
            is_bad=self.is_bad[mask],
            weight=None if self.weight is None else self.weight[mask],
            period=None if self.period is None else self.period[mask],
        )

    def counts(self) -> NDArray[np.float64]:
        """Return weight of goods, weight of bads, rows of goods, rows of bads; shape (4,)."""
        n = float(len(self.is_bad))
        n_bads = float(np.count_nonzero(self.is_bad) if self.bad_rows is None else len(self.bad_rows))
        if self.weight is None:
            return np.array([n - n_bads, n_bads, n - n_bads, n_bads])
        bads = float(self.weight[self.is_bad].sum())
        return np.array([float(self.weight[~self.is_bad].sum()), bads, n - n_bads, n_bads])

    def counts_by(self, index: NDArray[np.integer], size: int) -> NDArray[np.float64]:
        """Return the same per index 0..size-1; shape (4, size)."""
        rows = _tally(index, size)
        bad_index = index[self.is_bad if self.bad_rows is None else self.bad_rows]
        bads = _tally(bad_index, size)
        if self.weight is None:
            return np.stack([rows - bads, bads, rows - bads, bads])
        good = ~self.is_bad
        good_weight = np.bincount(index[good], weights=self.weight[good], minlength=size)
        bad_weight = np.bincount(bad_index, weights=self.weight[self.is_bad], minlength=size)
        return np.stack([good_weight, bad_weight, rows - bads, bads])


def _tally(index: NDArray[np.integer], size: int) -> NDArray[np.float64]:
    """Count each index, block by block: ``bincount`` widens small integers, which is cheap only inside the cache."""
    parts = [
        np.bincount(index[at : at + _BLOCK], minlength=size) for at in range(0, max(1, len(index)), _BLOCK)
    ]
    return np.asarray(np.sum(parts, axis=0, dtype=np.float64))
