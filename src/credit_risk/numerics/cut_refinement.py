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
    from credit_risk.numerics.sorted_outcome import RoundedColumn, SortedOutcome

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
    edges = np.concatenate([[-np.inf], moved, [np.inf]])
    below = [one.table_below(edges) for one in (task.outcome, *task.periods)]
    signs = _pair_signs(below[0], trend)
    is_settled = np.zeros(len(moved), dtype=bool)
    for _ in range(n_passes):
        for k in np.flatnonzero(~is_settled).tolist():
            place = _best_place(task, below, float(moved[k]), k, signs)
            if place != moved[k]:
                moved[k] = place
                for one, table in zip((task.outcome, *task.periods), below, strict=True):
                    table[:, k + 1] = one.table_below(moved[k : k + 1])[:, 0]
                is_settled[max(k - 2, 0) : k + 3] = False
            is_settled[k] = True
        if is_settled.all():
            break
    return moved


def readable_cuts(outcome: SortedOutcome, cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cuts with as few digits as split the column as the given ones do.

    Parameters
    ----------
    outcome : SortedOutcome
    cuts : ndarray of float64
        Values of the column (as ``outcome`` holds them) with others below.
    """
    pairs = [(outcome.value_before(cut), float(cut)) for cut in cuts]
    if outcome.rounded is None or outcome.rounded.is_exact():
        return np.array([shortest_decimal_between(*pair) for pair in pairs])
    return np.array([_unrounded_decimal(outcome.rounded, *pair) for pair in pairs])


def _unrounded_decimal(rounded: RoundedColumn, below: float, above: float) -> float:
    """Return the shortest decimal between the raw values behind two neighbouring single-precision numbers.

    Raw values are looked up (one pass over the column) only where the digits that were rounded away could change the answer: the
    shortest decimal of the widest interval there could be is the answer wherever it lies in the true interval.
    """
    low, high = (float(np.spacing(np.abs(np.float32(value)))) for value in (below, above))
    shortest = shortest_decimal_between(below - low, above + high)
    least = float(rounded.raw_of(above).min()) if shortest > above - high else above - high
    if shortest <= least:
        most = float(rounded.raw_of(below).max()) if shortest < below + low else below + low
        if shortest > most:
            return shortest
    return shortest_decimal_between(float(rounded.raw_of(below).max()), float(rounded.raw_of(above).min()))


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


def _pair_signs(below: NDArray[np.float64], trend: Trend) -> list[int]:
    """+1 where the bad rate must not fall from bin k to k + 1, -1 where it must not rise, 0 where free."""
    n_cuts = below.shape[1] - 2
    if trend in {"ascending", "descending", "none"}:
        return [{"ascending": 1, "descending": -1, "none": 0}[trend]] * n_cuts
    bins = np.diff(below, axis=1)
    rate = bins[1] / (bins[0] + bins[1])
    turn = int(np.argmax(rate) if trend == "peak" else np.argmin(rate))
    sign = 1 if trend == "peak" else -1
    return [sign if k < turn else -sign for k in range(n_cuts)]


def _best_place(
    task: RefinementInput, below: list[NDArray[np.float64]], best_cut: float, k: int, signs: list[int]
) -> float:
    """Return the best value for cut k between its neighbours, zooming in on raw values.

    ``below`` holds what lies below each edge (-inf, the cuts, inf), for all rows and then for each period.
    """
    values = task.outcome.values
    first, row, last = (int(n) for n in below[0][-2, k : k + 3] + below[0][-1, k : k + 3])
    first, last, best_value = first + 1, last - 1, -np.inf
    while last >= first:
        step = max(1, -(-(last - first + 1) // _ZOOM))
        raw = values[first : last + 1 : step]
        candidates, rows = np.empty(len(raw) + 1), np.empty(len(raw) + 1, dtype=np.intp)
        candidates[:-1], candidates[-1] = raw, best_cut
        rows[:-1], rows[-1] = task.outcome.rows_below_values(first, last, step), row
        reached = _evaluate(task, below, k, (candidates, rows), signs)
        best_value = max(best_value, float(reached[-1]))
        best_at = int(reached.argmax())
        if reached[best_at] > best_value + _GAIN:
            best_cut, best_value = float(candidates[best_at]), float(reached[best_at])
            row = int(rows[best_at])
        if step == 1:
            break
        first, last = max(first, row - step), min(last, row + step)
    return best_cut


def _evaluate(
    task: RefinementInput,
    below: list[NDArray[np.float64]],
    k: int,
    places: tuple[NDArray[np.float64], NDArray[np.intp]],
    signs: list[int],
) -> NDArray[np.float64]:
    """Objective of the two bins beside cut k for each candidate value; -inf where a constraint breaks.

    ``places`` holds the candidate values and the number of rows below each.
    """
    limits = task.limits
    candidates, rows = places
    both = _two_bins(task.outcome.table_below(candidates, rows), below[0], k)
    large = _large_enough(both, limits)
    allowed = large[0] & large[1]
    for one, other, sign in _pairs(both, below[0], k, signs):
        _allow_pair(allowed, one, other, sign, limits)
    for period, table in zip(task.periods, below[1:], strict=True):
        for one, other, sign in _pairs(_two_bins(period.table_below(candidates), table, k), table, k, signs):
            _allow_order(allowed, one, other, sign)
    safe = np.where(allowed, both[:2], 1.0)
    value = segment_objective(safe[0], safe[1], task.totals, limits.objective)
    return np.where(allowed, value[0] + value[1], -np.inf)


def _two_bins(here: NDArray[np.float64], below: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return what the bins left and right of cut k hold; shape (2 or 4, 2, n_candidates)."""
    both = np.empty((len(here), 2, here.shape[1]))
    np.subtract(here, below[:, k, None], out=both[:, 0])
    np.subtract(below[:, k + 2, None], here, out=both[:, 1])
    return both


def _pairs(
    both: NDArray[np.float64], below: NDArray[np.float64], k: int, signs: list[int]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], int]]:
    """Return the neighbouring bins that cut k touches, with the order asked of them; first the two beside it."""
    left, right = both[:, 0], both[:, 1]
    pairs = [(left, right, signs[k])]
    if k > 0:
        pairs.append((below[:, k, None] - below[:, k - 1, None], left, signs[k - 1]))
    if k + 3 < below.shape[1]:
        pairs.append((right, below[:, k + 3, None] - below[:, k + 2, None], signs[k + 1]))
    return pairs


def _large_enough(counts: NDArray[np.float64], limits: BinLimits) -> NDArray[np.bool_]:
    weight = counts[0] + counts[1]
    large = weight >= limits.min_weight
    if limits.min_weight <= 0:
        large &= weight > 0
    large &= counts[-2] >= limits.min_goods
    large &= counts[-1] >= limits.min_bads
    return np.asarray(large)


def _allow_pair(
    allowed: NDArray[np.bool_],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    sign: int,
    limits: BinLimits,
) -> None:
    """Take back, in place, the permission of candidates that break a constraint between two bins."""
    _allow_order(allowed, left, right, sign)
    if limits.min_woe_gap > 0:
        allowed &= np.abs(_log_odds(right) - _log_odds(left)) >= limits.min_woe_gap
    if limits.max_p_value < 1:
        allowed &= _squared_z(left, right) >= significance_threshold(limits.max_p_value)


def _allow_order(
    allowed: NDArray[np.bool_], left: NDArray[np.float64], right: NDArray[np.float64], sign: int
) -> None:
    """Take back the permission where the order of the bad rates is broken; an empty bin breaks nothing.

    Odds are compared by cross-multiplication, which is exact for counts.
    """
    if sign > 0:
        allowed &= right[1] * left[0] >= left[1] * right[0]
    elif sign < 0:
        allowed &= right[1] * left[0] <= left[1] * right[0]


def _log_odds(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    addition = np.where((counts[0] <= 0) | (counts[1] <= 0), ZERO_CELL_ADDITION, 0.0)
    return np.asarray(
        np.log(np.maximum(counts[0] + addition, 1e-300) / np.maximum(counts[1] + addition, 1e-300))
    )


def _squared_z(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    g1, b1, g2, b2 = left[-2], left[-1], right[-2], right[-1]
    scale = (g1 + b1) * (g2 + b2) * (b1 + b2) * (g1 + g2)
    cross = (g1 + b1 + g2 + b2) * np.square(b1 * g2 - b2 * g1)
    return np.asarray(np.divide(cross, scale, out=np.zeros_like(cross), where=scale > 0))
