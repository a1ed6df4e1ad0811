"""Cuts moved to the best raw values, and written with as few digits as the data allow.

A dynamic programme over some dozens of cells finds which bins there should be; here each cut in turn is moved, between
its two neighbours, to the exact raw value where the objective is largest and every constraint still holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.optimal_binning import segment_objective, significance_threshold
from credit_risk.numerics.woe import ZERO_CELL_ADDITION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.numerics.optimal_binning import BinLimits, Trend
    from credit_risk.numerics.sorted_outcome import SortedOutcome

_ZOOM = 384
"""Candidates looked at per zoom step; a window narrower than this is looked at value by value."""
_GAIN = 1e-12
"""A cut moves only for a larger gain than this, so that equal places never alternate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefinementInput:
    """What the refinement needs beside the cuts.

    Attributes
    ----------
    outcome : SortedOutcome
        All rows.
    periods : tuple of SortedOutcome
        The same rows by period, where the order must hold in every period; else empty.
    limits : BinLimits
    totals : tuple of float
        Weight of all goods and of all bads.
    """

    outcome: SortedOutcome
    limits: BinLimits
    totals: tuple[float, float]
    periods: tuple[SortedOutcome, ...] = ()


def refine_cuts(
    task: RefinementInput, cuts: NDArray[np.float64], trend: Trend, *, n_passes: int = 3
) -> NDArray[np.float64]:
    """Move each cut to the raw value that is best between its neighbours; never worse than before.

    Parameters
    ----------
    task : RefinementInput
    cuts : ndarray of float64, shape (n_cuts,), ascending
        A feasible binning.
    trend : str
    n_passes : int
        Rounds over all cuts; stops early when nothing moves.
    """
    moved = cuts.copy()
    if len(moved) == 0:
        return moved
    signs = _pair_signs(task, moved, trend)
    is_settled = np.zeros(len(moved), dtype=bool)
    for _ in range(n_passes):
        for k in np.flatnonzero(~is_settled):
            place = _best_place(task, moved, int(k), signs)
            if place != moved[k]:
                moved[k] = place
                is_settled[max(k - 2, 0) : k + 3] = False
            is_settled[k] = True
        if is_settled.all():
            break
    return moved


def shortest_decimal_between(low: float, high: float) -> float:
    """Return the number c with ``low < c <= high`` that has the fewest digits.

    Cutting there splits the data exactly as cutting at ``high`` does.

    Examples
    --------
    >>> shortest_decimal_between(0.348716, 0.351002), shortest_decimal_between(9, 12), shortest_decimal_between(-3, -2)
    (0.35, 10.0, -2.0)
    """
    written = Decimal(repr(float(high)))
    exponent = math.ceil(math.log10(high - low)) + 1 if high - low > 0 else 0
    for power in range(exponent, exponent - 20, -1):
        candidate = float(written.quantize(Decimal((0, (1,), power)), rounding=ROUND_FLOOR))
        if low < candidate <= high:
            return candidate
    return high


def _pair_signs(task: RefinementInput, cuts: NDArray[np.float64], trend: Trend) -> NDArray[np.int64]:
    """+1 where the bad rate must not fall from bin k to k + 1, -1 where it must not rise, 0 where free."""
    if trend in {"ascending", "descending", "none"}:
        sign = {"ascending": 1, "descending": -1, "none": 0}[trend]
        return np.full(len(cuts), sign, dtype=np.int64)
    bins = _bin_counts(task.outcome, cuts)
    rate = bins[1] / (bins[0] + bins[1])
    turn = int(np.argmax(rate) if trend == "peak" else np.argmin(rate))
    sign = 1 if trend == "peak" else -1
    return np.where(np.arange(len(cuts)) < turn, sign, -sign).astype(np.int64)


def _below(outcome: SortedOutcome, cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Goods, bads, rows of goods, rows of bads below each cut; shape (4, n_cuts)."""
    counts = outcome.below(cuts)
    return np.stack([counts.goods, counts.bads, counts.n_goods, counts.n_bads])


def _bin_counts(outcome: SortedOutcome, cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    return np.diff(_below(outcome, edges), axis=1)


def _best_place(task: RefinementInput, cuts: NDArray[np.float64], k: int, signs: NDArray[np.int64]) -> float:
    """Return the best value for cut k between its neighbours, zooming in on raw values."""
    values = task.outcome.values
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    around = [_below(one, edges[max(k - 1, 0) : k + 4]) for one in (task.outcome, *task.periods)]
    at = 1 if k > 0 else 0
    n_below = around[0][2] + around[0][3]
    first, last = int(n_below[at]) + 1, int(n_below[at + 2]) - 1
    best_cut, best_value = float(cuts[k]), -np.inf
    while last >= first:
        step = max(1, -(-(last - first + 1) // _ZOOM))
        candidates = np.append(values[first : last + 1 : step], best_cut)
        reached = _evaluate(task, around, k, candidates, signs)
        best_value = max(best_value, float(reached[-1]))
        best_at = int(np.argmax(reached))
        if reached[best_at] > best_value + _GAIN:
            best_cut, best_value = float(candidates[best_at]), float(reached[best_at])
        if step == 1:
            break
        row = int(np.searchsorted(values, best_cut, side="left"))
        first, last = max(first, row - step), min(last, row + step)
    return best_cut


def _evaluate(
    task: RefinementInput,
    around: list[NDArray[np.float64]],
    k: int,
    candidates: NDArray[np.float64],
    signs: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Objective of the two bins beside cut k for each candidate value; -inf where a constraint breaks."""
    limits = task.limits
    pairs = _pairs(task.outcome, around[0], k, candidates, signs)
    left, right, _ = pairs[0]
    both = np.concatenate([left, right], axis=1)
    large = _large_enough(both, limits)
    n = len(candidates)
    allowed = large[:n] & large[n:]
    for one, other, sign in pairs:
        allowed &= _pair_allowed(one, other, sign, limits)
    for period, counts in zip(task.periods, around[1:], strict=True):
        for one, other, sign in _pairs(period, counts, k, candidates, signs):
            allowed &= ~_breaks(one, other, sign)
    safe = np.where(np.concatenate([allowed, allowed]), both[:2], 1.0)
    value = segment_objective(safe[0], safe[1], task.totals, limits.objective)
    return np.where(allowed, value[:n] + value[n:], -np.inf)


def _pairs(
    outcome: SortedOutcome,
    around: NDArray[np.float64],
    k: int,
    candidates: NDArray[np.float64],
    signs: NDArray[np.int64],
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], int]]:
    """Return the neighbouring bins that cut k touches, with the order asked of them; first the two beside it."""
    here = _below(outcome, candidates)
    at = 1 if k > 0 else 0
    left = here - around[:, at, None]
    right = around[:, at + 2, None] - here
    pairs = [(left, right, int(signs[k]))]
    if k > 0:
        pairs.append(((around[:, at] - around[:, at - 1])[:, None], left, int(signs[k - 1])))
    if at + 3 < around.shape[1]:
        pairs.append((right, (around[:, at + 3] - around[:, at + 2])[:, None], int(signs[k + 1])))
    return pairs


def _large_enough(counts: NDArray[np.float64], limits: BinLimits) -> NDArray[np.bool_]:
    weight = counts[0] + counts[1]
    large = (weight >= limits.min_weight) & (weight > 0)
    return np.asarray(large & (counts[2] >= limits.min_goods) & (counts[3] >= limits.min_bads))


def _pair_allowed(
    left: NDArray[np.float64], right: NDArray[np.float64], sign: int, limits: BinLimits
) -> NDArray[np.bool_]:
    allowed = ~_breaks(left, right, sign)
    if limits.min_woe_gap > 0:
        allowed &= np.abs(_log_odds(right) - _log_odds(left)) >= limits.min_woe_gap
    if limits.max_p_value < 1:
        allowed &= _squared_z(left, right) >= significance_threshold(limits.max_p_value)
    return allowed


def _breaks(left: NDArray[np.float64], right: NDArray[np.float64], sign: int) -> NDArray[np.bool_]:
    """Whether the order of the bad rates is broken; an empty bin breaks nothing.

    Odds are compared by cross-multiplication, which is exact for counts.
    """
    return np.asarray(sign * (right[1] * left[0] - left[1] * right[0]) < 0)


def _log_odds(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    addition = np.where((counts[0] <= 0) | (counts[1] <= 0), ZERO_CELL_ADDITION, 0.0)
    return np.asarray(
        np.log(np.maximum(counts[0] + addition, 1e-300) / np.maximum(counts[1] + addition, 1e-300))
    )


def _squared_z(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    g1, b1, g2, b2 = left[2], left[3], right[2], right[3]
    scale = (g1 + b1) * (g2 + b2) * (b1 + b2) * (g1 + g2)
    cross = (g1 + b1 + g2 + b2) * np.square(b1 * g2 - b2 * g1)
    return np.asarray(np.divide(cross, scale, out=np.zeros_like(cross), where=scale > 0))
