"""Optimal merging of ordered cells into bins: an exact dynamic programme.

The question: given goods and bads in ``p`` ordered cells, which neighbouring cells should be merged so that the
information value (or another sum over bins) is as large as possible, while every bin is large enough and the bad rate
follows a trend? All constraints are either on one bin (size) or on two neighbouring bins (order of bad rates, WoE gap,
significance, order in every period), so the state "last bin" is enough and the optimum is exact.

Reading order: :class:`Cells`, :class:`BinLimits`, :func:`solve`, then the private sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from credit_risk.numerics.bin_chains import largest_sums, only_best_chain, ordered_chains
from credit_risk.numerics.woe import ZERO_CELL_ADDITION

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Trend = Literal["ascending", "descending", "peak", "valley", "none"]
Objective = Literal["information_value", "jensen_shannon", "hellinger", "kolmogorov_smirnov"]

TRENDS: tuple[Trend, ...] = ("ascending", "descending", "peak", "valley", "none")
_TURNING = frozenset({"peak", "valley"})
_NEAR = 1e-11
"""A binning is the only best one if every other is worse by more than this, which is far more than sums are rounded."""
_TIE = 1e-12
"""Two binnings whose objectives differ by less count as equal; then the one with fewer bins is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Goods and bads in ordered cells.

    Attributes
    ----------
    goods, bads : ndarray of float64, shape (n_cells,)
        Sums of weights.
    n_goods, n_bads : ndarray of float64, shape (n_cells,)
        Rows.
    period_goods, period_bads : ndarray of float64, shape (n_periods, n_cells), optional
        The same by period, where the order of bad rates must hold in every period.
    """

    goods: NDArray[np.float64]
    bads: NDArray[np.float64]
    n_goods: NDArray[np.float64]
    n_bads: NDArray[np.float64]
    period_goods: NDArray[np.float64] | None = None
    period_bads: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BinLimits:
    """What every binning must satisfy.

    Attributes
    ----------
    min_bins, max_bins : int
    min_weight : float
        Least weight in a bin (the minimum share times the weight of the whole sample).
    min_goods, min_bads : float
        Least rows of each kind in a bin.
    min_woe_gap : float
        Least difference of WoE between neighbours; 0 switches it off.
    max_p_value : float
        Largest p-value of a two-proportion test between neighbours; 1 switches it off.
    objective : str
        What is maximised.
    """

    min_bins: int = 1
    max_bins: int = 8
    min_weight: float = 0.0
    min_goods: float = 0.0
    min_bads: float = 0.0
    min_woe_gap: float = 0.0
    max_p_value: float = 1.0
    objective: Objective = "information_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """An optimal binning: the first cell of each bin, and what it reaches.

    Attributes
    ----------
    starts : tuple of int
        First cell of each bin, ascending, beginning with 0.
    objective : float
    trend : str
    """

    starts: tuple[int, ...]
    objective: float
    trend: Trend


def solve(
    cells: Cells,
    limits: BinLimits,
    trends: tuple[Trend, ...],
    *,
    turning_above: Callable[[float], float] | None = None,
) -> dict[Trend, Partition]:
    """Find the best binning for each trend asked for; a trend that cannot be satisfied is absent from the answer.

    Parameters
    ----------
    cells : Cells
        At least one cell; totals of goods and bads above 0.
    limits : BinLimits
    trends : tuple of str
        'ascending' means the bad rate rises with the value; 'peak' rises, then falls.
    turning_above : callable, optional
        From the best straight objective to what a peak or valley must exceed to be of interest. Trends that provably
        cannot be chosen are then left out without being solved.

    Returns
    -------
    dict of str to Partition

    Notes
    -----
    Time O(p^3 x max_bins) elementary steps in p vectorised sweeps; memory O(p^2 x max_bins).

    Examples
    --------
    >>> goods = np.array([50.0, 75.0, 125.0, 175.0, 200.0])
    >>> bads = np.array([120.0, 110.0, 90.0, 80.0, 70.0])
    >>> cells = Cells(goods=goods, bads=bads, n_goods=goods, n_bads=bads)
    >>> best = solve(cells, BinLimits(max_bins=2), ("descending",))["descending"]
    >>> best.starts, round(best.objective, 4)
    ((0, 2), 0.3888)
    """
    table = _segments(cells, limits)
    sweeps = _Sweeps(table, limits)
    reached = largest_sums(table.value, max(1, min(limits.max_bins, len(cells.goods))))
    if turning_above is not None:
        settled = _settled_without_order(table, sweeps, reached, trends, turning_above)
        if settled is not None:
            return {settled.trend: settled}
    found: dict[Trend, Partition] = {}
    for trend in _sorted_by_cost(trends):
        if trend in _TURNING and turning_above is not None:
            straight = max((one.objective for t, one in found.items() if t not in _TURNING), default=None)
            if straight is not None and not _may_exceed(
                cells, limits, float(reached[:, -1].max()), turning_above(straight)
            ):
                continue
        sweeps.run(_directions(tuple(one for one in trends if (one in _TURNING) == (trend in _TURNING))))
        partition = _turning(sweeps, trend) if trend in _TURNING else _straight(sweeps, trend)
        if partition is not None:
            found[trend] = partition
    return found


def _sorted_by_cost(trends: tuple[Trend, ...]) -> list[Trend]:
    """Straight trends first: they may show that turning ones need not be looked at."""
    return sorted(trends, key=lambda trend: trend in _TURNING)


def _settled_without_order(
    table: Segments,
    sweeps: _Sweeps,
    reached: NDArray[np.float64],
    trends: tuple[Trend, ...],
    turning_above: Callable[[float], float],
) -> Partition | None:
    """Return the best of all binnings where it happens to follow a straight trend asked for, and nothing comes near it."""
    limits, per_count = sweeps.limits, reached[:, -1]
    m = _fewest_best(per_count, limits.min_bins)
    if m is None or not sweeps.is_free([(False, 1)]):
        return None
    objective = float(per_count[m])
    if np.count_nonzero(per_count >= objective - _NEAR) > 1 or turning_above(objective) < objective + _NEAR:
        return None
    starts = only_best_chain(table.value, reached, m + 1, _NEAR)
    if starts is None:
        return None
    ends = [*(start - 1 for start in starts[1:]), reached.shape[1] - 1]
    steps = np.diff(table.rate[starts, ends])
    for trend, sign in (("ascending", 1), ("descending", -1)):
        if trend in trends and (sign * steps >= 0).all():
            return Partition(starts=tuple(starts), objective=objective, trend=trend)
    return None


def _may_exceed(cells: Cells, limits: BinLimits, largest: float, needed: float) -> bool:
    """Whether any binning could exceed what is needed, by two upper bounds.

    Merging never adds, so all cells apart are one; the largest sum over bins in any order of bad rates is the other.
    """
    if float(cells.goods.min()) > 0 and float(cells.bads.min()) > 0:
        totals = (float(cells.goods.sum()), float(cells.bads.sum()))
        if float(segment_objective(cells.goods, cells.bads, totals, limits.objective).sum()) <= needed:
            return False
    return largest + _TIE > needed


def _directions(trends: tuple[Trend, ...]) -> list[tuple[bool, int]]:
    """Return the sweeps that the trends need: (mirrored, sign of the bad rate's steps)."""
    needed: dict[Trend, list[tuple[bool, int]]] = {
        "ascending": [(False, 1)],
        "descending": [(False, -1)],
        "none": [(False, 0)],
        "peak": [(False, 1), (True, 1)],
        "valley": [(False, -1), (True, -1)],
    }
    return list(dict.fromkeys(direction for trend in trends for direction in needed[trend]))


def segment_objective(
    goods: NDArray[np.float64],
    bads: NDArray[np.float64],
    totals: tuple[float, float],
    objective: Objective = "information_value",
) -> NDArray[np.float64]:
    """Return the part of the objective that each bin contributes, element by element."""
    p, q = goods / totals[0], bads / totals[1]
    if objective == "kolmogorov_smirnov":
        return np.asarray(0.5 * np.abs(p - q))
    if objective == "hellinger":
        return np.asarray(0.5 * np.square(np.sqrt(p) - np.sqrt(q)))
    if objective == "jensen_shannon":
        middle = np.maximum(0.5 * (p + q), 1e-300)
        left = p * np.log(np.maximum(p, 1e-300) / middle)
        return np.asarray(0.5 * (left + q * np.log(np.maximum(q, 1e-300) / middle)))
    lacks_one = (goods <= 0) | (bads <= 0)
    if lacks_one.any():
        addition = np.where(lacks_one, ZERO_CELL_ADDITION, 0.0)
        goods, bads = goods + addition, bads + addition
    woe = np.log(goods / bads) - np.log(totals[0] / totals[1])
    return np.asarray((p - q) * woe)


def significance_threshold(max_p_value: float) -> float:
    """Return the least squared z of a two-proportion test whose p-value is at most ``max_p_value``."""
    return NormalDist().inv_cdf(1.0 - max_p_value / 2.0) ** 2 if 0.0 < max_p_value < 1.0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """All candidate bins (first cell, last cell): value, bad rate, counts; value -inf and rate NaN where not allowed."""

    value: NDArray[np.float64]
    rate: NDArray[np.float64]
    goods: NDArray[np.float64]
    bads: NDArray[np.float64]
    n_goods: NDArray[np.float64]
    n_bads: NDArray[np.float64]
    period_rate: NDArray[np.float64] | None = None


def solve_segments(table: Segments, limits: BinLimits, trends: tuple[Trend, ...]) -> dict[Trend, Partition]:
    """Find the best chain of candidate bins for each trend; a trend that cannot be satisfied is absent.

    Of ``limits`` only the number of bins and the constraints between neighbours are used; what one bin must satisfy is
    already in ``table``.
    """
    sweeps = _Sweeps(table, limits)
    sweeps.run(_directions(trends))
    found = {t: _turning(sweeps, t) if t in _TURNING else _straight(sweeps, t) for t in trends}
    return {trend: partition for trend, partition in found.items() if partition is not None}


def _segments(cells: Cells, limits: BinLimits) -> Segments:
    goods, bads = window_sums(cells.goods), window_sums(cells.bads)
    n_goods, n_bads = window_sums(cells.n_goods), window_sums(cells.n_bads)
    weight = goods + bads
    upper = np.triu(np.ones(goods.shape, dtype=bool))
    allowed = upper & (weight >= limits.min_weight) & (weight > 0)
    allowed &= (n_goods >= limits.min_goods) & (n_bads >= limits.min_bads)
    totals = (float(cells.goods.sum()), float(cells.bads.sum()))
    safe_goods, safe_bads = np.where(allowed, goods, 1.0), np.where(allowed, bads, 1.0)
    value = np.where(allowed, segment_objective(safe_goods, safe_bads, totals, limits.objective), -np.inf)
    return Segments(
        value=value,
        rate=np.where(allowed, bads / np.where(allowed, weight, 1.0), np.nan),
        goods=goods,
        bads=bads,
        n_goods=n_goods,
        n_bads=n_bads,
        period_rate=_period_rates(cells),
    )


def window_sums(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of cells i..j at [..., i, j] (meaningless below the diagonal)."""
    total = np.concatenate([np.zeros((*x.shape[:-1], 1)), np.cumsum(x, axis=-1)], axis=-1)
    return np.asarray(total[..., None, 1:] - total[..., :-1, None])


def _period_rates(cells: Cells) -> NDArray[np.float64] | None:
    if cells.period_goods is None or cells.period_bads is None:
        return None
    goods, bads = window_sums(cells.period_goods), window_sums(cells.period_bads)
    both = goods + bads
    return np.where(both > 0, bads / np.where(both > 0, both, 1.0), np.nan)


class _Sweeps:
    """Runs each direction of the dynamic programme once, several directions side by side.

    ``best[m, i, j]`` is the largest objective of a chain of ``m + 1`` bins that covers all cells up to ``j`` and whose
    last bin holds cells ``i..j``. The mirrored sweep answers the same for chains that begin with a bin and run to the end.
    """

    def __init__(self, table: Segments, limits: BinLimits) -> None:
        self.table = table
        self.limits = limits
        self.n_cells = table.value.shape[0]
        self._mirrored: Segments | None = None
        self._best: dict[tuple[bool, int], NDArray[np.float64]] = {}

    def side(self, mirrored: bool) -> Segments:
        """Return the bins as seen from the left or, mirrored, from the right."""
        if not mirrored:
            return self.table
        if self._mirrored is None:
            self._mirrored = _mirror_table(self.table)
        return self._mirrored

    def best(self, *, mirrored: bool, sign: int) -> NDArray[np.float64]:
        """Return the sweep in which sign x bad rate never falls; sign 0 asks for no order."""
        if (mirrored, sign) not in self._best:
            self.run([(mirrored, sign)])
        return self._best[mirrored, sign]

    def run(self, directions: list[tuple[bool, int]]) -> None:
        """Sweep several directions at once: the steps are small, so their number is what costs."""
        directions = [direction for direction in directions if direction not in self._best]
        if not directions:
            return
        depth = max(1, min(self.limits.max_bins, self.n_cells))
        value = np.stack([self.side(mirrored).value for mirrored, _ in directions])
        order = np.stack([_signed(self.side(mirrored).rate, sign) for mirrored, sign in directions])
        if self.is_free(directions):
            best = ordered_chains(value, order, depth).swapaxes(0, 1)
        else:
            best = self._sweep(value, order, directions, depth)
        self._best.update(zip(directions, best, strict=True))

    def is_free(self, directions: list[tuple[bool, int]]) -> bool:
        """Whether the order of the whole sample is all that is asked of neighbours."""
        periods = self.table.period_rate is not None and any(sign for _, sign in directions)
        return not periods and self.limits.min_woe_gap <= 0 and self.limits.max_p_value >= 1

    def _sweep(
        self,
        value: NDArray[np.float64],
        order: NDArray[np.float64],
        directions: list[tuple[bool, int]],
        depth: int,
    ) -> NDArray[np.float64]:
        """Sweep over the first cell of the last bin, with every constraint between neighbours."""
        p = self.n_cells
        best = np.full((len(directions), depth, p, p), -np.inf)
        best[:, 0, 0, :] = value[:, 0, :]
        for i in range(1, p):
            before = best[:, :-1, :i, i - 1]
            if before.size == 0 or not (before > -np.inf).any():
                continue
            allowed = order[:, None, i, i:] >= order[:, :i, i - 1, None]
            for at, (mirrored, sign) in enumerate(directions):
                self._restrict(allowed[at], self.side(mirrored), sign, i)
            reached = np.where(allowed[:, None], before[..., None], -np.inf).max(axis=2)
            best[:, 1:, i, i:] = reached + value[:, None, i, i:]
        return best

    def may_follow(self, table: Segments, sign: int, i: int) -> NDArray[np.bool_]:
        """Whether bin ``i..j`` may stand right of bin ``h..i-1``; shape (i, p - i)."""
        order = _signed(table.rate, sign)
        allowed = order[None, i, i:] >= order[:i, i - 1, None]
        self._restrict(allowed, table, sign, i)
        return np.asarray(allowed)

    def _restrict(self, allowed: NDArray[np.bool_], table: Segments, sign: int, i: int) -> None:
        """Apply the constraints between neighbours beside the order of the whole sample, in place."""
        left, right = (slice(0, i), i - 1), (i, slice(i, None))
        if sign and table.period_rate is not None:
            allowed &= _ordered_in_every_period(table.period_rate, sign, i)
        if self.limits.min_woe_gap > 0:
            gap = np.abs(_log_odds(table, right)[None, :] - _log_odds(table, left)[:, None])
            allowed &= gap >= self.limits.min_woe_gap
        if self.limits.max_p_value < 1:
            allowed &= _squared_z(table, left, right) >= significance_threshold(self.limits.max_p_value)

    def trace(self, *, mirrored: bool, sign: int, last: tuple[int, int, int]) -> list[int]:
        """Return the first cells of the chain that ends with state ``(m, i, j)``, in sweep order."""
        table = self.side(mirrored)
        best = self.best(mirrored=mirrored, sign=sign)
        m, i, _ = last
        j = last[2]
        starts = [i]
        while m > 0:
            allowed = self.may_follow(table, sign, i)[:, j - i]
            before = np.where(allowed, best[m - 1, :i, i - 1], -np.inf)
            m, i, j = m - 1, int(np.argmax(before)), i - 1
            starts.append(i)
        return starts[::-1]


def _signed(rate: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    """Bad rates to be compared; all equal where no order is asked for."""
    return rate if sign == 1 else (-rate if sign == -1 else np.zeros_like(rate))


def _straight(sweeps: _Sweeps, trend: Trend) -> Partition | None:
    sign = {"ascending": 1, "descending": -1, "none": 0}[trend]
    best = sweeps.best(mirrored=False, sign=sign)
    final = best[:, :, -1]
    per_count = final.max(axis=1)
    m = _fewest_best(per_count, sweeps.limits.min_bins)
    if m is None:
        return None
    i = int(np.argmax(final[m]))
    starts = sweeps.trace(mirrored=False, sign=sign, last=(m, i, sweeps.n_cells - 1))
    return Partition(starts=tuple(starts), objective=float(per_count[m]), trend=trend)


def _turning(sweeps: _Sweeps, trend: Trend) -> Partition | None:
    """Join a chain that ends in the turning bin with a mirrored chain that ends in it too."""
    sign = 1 if trend == "peak" else -1
    forward = sweeps.best(mirrored=False, sign=sign)
    backward = _mirror(sweeps.best(mirrored=True, sign=sign))
    value = np.where(np.isfinite(sweeps.table.value), sweeps.table.value, 0.0)
    depth = forward.shape[0]
    total = np.full(depth, -np.inf)
    state: list[tuple[int, int]] = [(0, 0)] * depth
    beyond = backward - value
    for m in range(depth):
        joined = (forward[: m + 1] + beyond[m::-1]).reshape(m + 1, -1)
        at = int(np.argmax(joined))
        total[m], state[m] = joined.flat[at], divmod(at, joined.shape[1])
    m_best = _fewest_best(total, sweeps.limits.min_bins)
    if m_best is None:
        return None
    left, at = state[m_best]
    starts = _turning_starts(sweeps, sign, m_best, (left, *divmod(at, sweeps.n_cells)))
    return Partition(starts=tuple(starts), objective=float(total[m_best]), trend=trend)


def _turning_starts(sweeps: _Sweeps, sign: int, m: int, turn: tuple[int, int, int]) -> list[int]:
    left, i, j = turn
    p = sweeps.n_cells
    head = sweeps.trace(mirrored=False, sign=sign, last=(left, i, j))
    # mirrored cell c is cell p-1-c; a mirrored bin that starts at s ends (in true order) at cell p-1-s
    mirrored = sweeps.trace(mirrored=True, sign=sign, last=(m - left, p - 1 - j, p - 1 - i))
    tail = [p - start for start in mirrored[::-1][:-1]]
    return head + tail


def _fewest_best(per_count: NDArray[np.float64], min_bins: int) -> int | None:
    """Index of the smallest number of bins that reaches the best objective."""
    allowed = per_count.copy()
    allowed[: max(min_bins - 1, 0)] = -np.inf
    if not np.isfinite(allowed).any():
        return None
    return int(np.argmax(allowed >= allowed.max() - _TIE))


def _mirror(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bin i..j becomes bin p-1-j..p-1-i."""
    return np.ascontiguousarray(np.swapaxes(x[..., ::-1, ::-1], -1, -2))


def _mirror_table(table: Segments) -> Segments:
    return Segments(
        value=_mirror(table.value),
        rate=_mirror(table.rate),
        goods=_mirror(table.goods),
        bads=_mirror(table.bads),
        n_goods=_mirror(table.n_goods),
        n_bads=_mirror(table.n_bads),
        period_rate=None if table.period_rate is None else _mirror(table.period_rate),
    )


def _ordered_in_every_period(rate: NDArray[np.float64], sign: int, i: int) -> NDArray[np.bool_]:
    """Whether no period breaks the order; an empty bin breaks nothing."""
    right, left = rate[:, i, None, i:], rate[:, :i, i - 1, None]
    broken = sign * right < sign * left
    return np.asarray(~broken.any(axis=0))


def _log_odds(table: Segments, at: tuple[slice | int, slice | int]) -> NDArray[np.float64]:
    goods, bads = table.goods[at], table.bads[at]
    addition = np.where((goods <= 0) | (bads <= 0), ZERO_CELL_ADDITION, 0.0)
    return np.asarray(np.log(np.maximum(goods + addition, 1e-300) / np.maximum(bads + addition, 1e-300)))


def _squared_z(
    table: Segments, left: tuple[slice | int, slice | int], right: tuple[slice | int, slice | int]
) -> NDArray[np.float64]:
    """Squared z of the pooled two-proportion test between every left and every right bin, on rows."""
    g1, b1 = table.n_goods[left][:, None], table.n_bads[left][:, None]
    g2, b2 = table.n_goods[right][None, :], table.n_bads[right][None, :]
    scale = (g1 + b1) * (g2 + b2) * (b1 + b2) * (g1 + g2)
    n = g1 + b1 + g2 + b2
    return np.divide(n * np.square(b1 * g2 - b2 * g1), scale, out=np.zeros_like(scale), where=scale > 0)
