"""The dynamic programme against a search through every binning."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from credit_risk.numerics.optimal_binning import BinLimits, Cells, solve

TRENDS = ("ascending", "descending", "peak", "valley", "none")


def every_binning(cells, limits, trend):
    """Naive twin: try all 2^(p-1) binnings and keep the best objective."""
    p = len(cells.goods)
    best = -np.inf
    for n_bins in range(limits.min_bins, min(limits.max_bins, p) + 1):
        for inner in combinations(range(1, p), n_bins - 1):
            starts = (0, *inner)
            value = objective(cells, limits, starts, trend)
            if value is not None:
                best = max(best, value)
    return best


def objective(cells, limits, starts, trend):
    ends = [*starts[1:], len(cells.goods)]
    spans = list(zip(starts, ends, strict=True))
    g = [cells.goods[a:b].sum() for a, b in spans]
    b = [cells.bads[a:b].sum() for a, b in spans]
    for one, other in zip(g, b, strict=True):
        if (
            one + other < limits.min_weight
            or one + other == 0
            or one < limits.min_goods
            or other < limits.min_bads
        ):
            return None
    rates = [y / (x + y) for x, y in zip(g, b, strict=True)]
    if not follows(rates, trend):
        return None
    if cells.period_goods is not None:
        for pg, pb in zip(cells.period_goods, cells.period_bads, strict=True):
            sums = [(pg[a:z].sum(), pb[a:z].sum()) for a, z in spans]
            if trend != "none" and not follows([y / (x + y) for x, y in sums], trend, turn=rates):
                return None
    if any(abs(gap) < limits.min_woe_gap for gap in np.diff([woe(x, y) for x, y in zip(g, b, strict=True)])):
        return None
    if limits.max_p_value < 1 and any(
        p_value(g[k], b[k], g[k + 1], b[k + 1]) > limits.max_p_value for k in range(len(g) - 1)
    ):
        return None
    G, B = cells.goods.sum(), cells.bads.sum()
    return sum((x / G - y / B) * (woe(x, y) - np.log(G / B)) for x, y in zip(g, b, strict=True))


def woe(goods, bads):
    extra = 0.5 if goods == 0 or bads == 0 else 0.0
    return np.log((goods + extra) / (bads + extra))


def p_value(g1, b1, g2, b2):
    from scipy.stats import norm

    n1, n2 = g1 + b1, g2 + b2
    pooled = (b1 + b2) / (n1 + n2)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return 1.0 if spread == 0 else 2 * norm.sf(abs(b1 / n1 - b2 / n2) / spread)


def follows(rates, trend, turn=None):
    steps = np.diff(rates)
    if trend == "none":
        return True
    if trend == "ascending":
        return bool((steps >= 0).all())
    if trend == "descending":
        return bool((steps <= 0).all())
    sign = 1 if trend == "peak" else -1
    return any((sign * steps[:k] >= 0).all() and (sign * steps[k:] <= 0).all() for k in range(len(rates)))


def random_cells(rng, p, zero=0.0):
    goods = rng.integers(1, 60, p).astype(float)
    bads = rng.integers(1, 40, p).astype(float)
    goods[rng.random(p) < zero] = 0
    bads[rng.random(p) < zero] = 0
    goods[0], bads[0] = max(goods[0], 1), max(bads[0], 1)
    return Cells(goods=goods, bads=bads, n_goods=goods, n_bads=bads)


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize(
    "limits",
    [
        BinLimits(max_bins=4),
        BinLimits(max_bins=9, min_weight=60.0),
        BinLimits(min_bins=3, max_bins=5, min_goods=20, min_bads=15),
        BinLimits(max_bins=6, min_woe_gap=0.3),
        BinLimits(max_bins=6, max_p_value=0.1),
    ],
)
def test_the_programme_finds_what_trying_every_binning_finds(trend, limits):
    rng = np.random.default_rng(7)
    for round_number in range(12):
        cells = random_cells(rng, int(rng.integers(1, 10)), zero=0.15 if round_number % 3 == 0 else 0.0)
        found = solve(cells, limits, (trend,))
        expected = every_binning(cells, limits, trend)
        if trend not in found:
            assert expected == -np.inf
            continue
        assert found[trend].objective == pytest.approx(expected, rel=1e-12, abs=1e-14)
        assert objective(cells, limits, found[trend].starts, trend) == pytest.approx(
            expected, rel=1e-12, abs=1e-14
        )


@pytest.mark.parametrize("trend", ["ascending", "descending"])
def test_the_order_can_be_asked_for_in_every_period(trend):
    rng = np.random.default_rng(3)
    for _ in range(20):
        p = 8
        goods = rng.integers(1, 60, (3, p)).astype(float)
        bads = rng.integers(1, 40, (3, p)).astype(float)
        cells = Cells(
            goods=goods.sum(0), bads=bads.sum(0), n_goods=goods.sum(0), n_bads=bads.sum(0),
            period_goods=goods, period_bads=bads,
        )  # fmt: skip
        limits = BinLimits(max_bins=5)
        found = solve(cells, limits, (trend,))[trend]
        assert found.objective == pytest.approx(every_binning(cells, limits, trend), rel=1e-12, abs=1e-14)


def test_equal_binnings_are_settled_by_fewer_bins():
    goods = np.array([10.0, 10.0, 20.0, 20.0])
    bads = np.array([5.0, 5.0, 2.0, 2.0])
    cells = Cells(goods=goods, bads=bads, n_goods=goods, n_bads=bads)
    assert solve(cells, BinLimits(), ("descending",))["descending"].starts == (0, 2)


def test_limits_that_nothing_satisfies_leave_no_answer():
    cells = random_cells(np.random.default_rng(0), 5)
    assert solve(cells, BinLimits(min_bads=10_000), ("ascending", "peak")) == {}
