"""Moving one cut, against trying every raw value."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.numerics.cut_refinement import RefinementInput, refine_cuts, shortest_decimal_between
from credit_risk.numerics.optimal_binning import BinLimits, segment_objective
from credit_risk.numerics.sorted_outcome import SortedOutcome


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("trend", ["ascending", "none"])
def test_a_single_cut_ends_at_the_best_raw_value(trend, weighted):
    rng = np.random.default_rng(6)
    for _ in range(10):
        x = np.round(rng.normal(size=150), 2)
        bad = rng.random(150) < 1 / (1 + np.exp(-x))
        weight = rng.integers(1, 4, 150).astype(float) if weighted else None
        w = np.ones(150) if weight is None else weight
        outcome = SortedOutcome.build(x, bad, weight)
        totals = (float(w[~bad].sum()), float(w[bad].sum()))
        limits = BinLimits(min_weight=15, min_goods=3, min_bads=3)
        start = np.array([np.sort(x)[75]])
        moved = refine_cuts(RefinementInput(outcome=outcome, limits=limits, totals=totals), start, trend)
        best = max(value_at(x, bad, w, cut, totals, limits, trend) for cut in np.unique(x)[1:])
        assert value_at(x, bad, w, moved[0], totals, limits, trend) == pytest.approx(best, abs=1e-10)


def value_at(x, bad, w, cut, totals, limits, trend):
    right = x >= cut
    goods = np.array([w[~bad & ~right].sum(), w[~bad & right].sum()])
    bads = np.array([w[bad & ~right].sum(), w[bad & right].sum()])
    rows = [((~bad & side).sum(), (bad & side).sum()) for side in (~right, right)]
    if min(goods + bads) < limits.min_weight or min(r[0] for r in rows) < 3 or min(r[1] for r in rows) < 3:
        return -np.inf
    rate = bads / (goods + bads)
    if trend == "ascending" and rate[1] < rate[0]:
        return -np.inf
    return segment_objective(goods, bads, totals).sum()


@pytest.mark.parametrize(
    ("low", "high", "cut"),
    [
        (0.1234, 0.1291, 0.129),
        (1, 2, 2),
        (9, 12, 10),
        (-3.5, -3.2, -3.2),
        (0, 1e-12, 1e-12),
        (99, 100, 100),
        (0.5, np.nextafter(0.5, 1), np.nextafter(0.5, 1)),
    ],
)
def test_cuts_are_short_numbers_in_between(low, high, cut):
    found = shortest_decimal_between(low, high)
    assert low < found <= high
    assert found == pytest.approx(cut, rel=1e-15)
