"""Bins of residuals: the programme against every possible binning, and counts against plain sums."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.numerics.optimal_binning import BinLimits
from credit_risk.numerics.partial_binning import PartialCells, solve_partial

TRENDS = ("ascending", "descending", "peak", "valley", "none")


def follows(effects, trend):
    steps = np.diff(effects)
    if trend == "ascending":
        return (steps >= 0).all()
    if trend == "descending":
        return (steps <= 0).all()
    if trend == "none":
        return True
    sign = 1 if trend == "peak" else -1
    return any((sign * steps[:k] >= 0).all() and (sign * steps[k:] <= 0).all() for k in range(len(effects)))


def best_by_brute_force(cells, limits, trend):
    n, best = len(cells.gradient), -np.inf
    level = cells.gradient.sum() / cells.information.sum()
    for n_bins in range(limits.min_bins, limits.max_bins + 1):
        for inner in itertools.combinations(range(1, n), n_bins - 1):
            starts = [0, *inner]
            gradient, information, goods, bads, weight = (
                np.add.reduceat(x, starts)
                for x in (cells.gradient, cells.information, cells.n_goods, cells.n_bads, cells.weight)
            )
            if (goods < limits.min_goods).any() or (bads < limits.min_bads).any():
                continue
            if (weight < limits.min_weight).any() or not follows(gradient / information, trend):
                continue
            best = max(best, float(np.sum((gradient - level * information) ** 2 / information)))
    return best


@st.composite
def some_cells(draw):
    n = draw(st.integers(1, 7))
    goods, bads = (np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)), float) for _ in "gb")
    # eighths: sums are exact, so that ties of effects are the same ties on both sides
    gradient = np.array(draw(st.lists(st.integers(-40, 40), min_size=n, max_size=n)), float) / 8
    information = np.array(draw(st.lists(st.integers(1, 16), min_size=n, max_size=n)), float) / 8
    return PartialCells(
        gradient=gradient, information=information, n_goods=goods, n_bads=bads, weight=goods + bads
    )


@given(some_cells(), st.integers(1, 4), st.integers(0, 4), st.integers(0, 6))
def test_it_finds_what_trying_every_binning_finds(cells, max_bins, least, min_weight):
    limits = BinLimits(max_bins=max_bins, min_goods=least, min_bads=least, min_weight=min_weight)
    found = solve_partial(cells, limits, TRENDS)
    for trend in TRENDS:
        expected = best_by_brute_force(cells, limits, trend)
        if expected == -np.inf:
            assert trend not in found
        else:
            assert found[trend].objective == pytest.approx(expected, abs=1e-9)


def test_limits_between_neighbours_are_those_of_counts_and_are_left_out():
    rows = np.full(3, 50.0)
    cells = PartialCells(
        gradient=np.array([-6.0, 1.0, 5.0]),
        information=np.full(3, 20.0),
        n_goods=rows,
        n_bads=rows,
        weight=2 * rows,
    )
    asked = BinLimits(max_bins=3, min_woe_gap=5.0, max_p_value=0.001)
    assert solve_partial(cells, asked, ("ascending",))["ascending"].starts == (0, 1, 2)


def test_counts_are_sums_by_cell_with_and_without_weights():
    rng = np.random.default_rng(5)
    index, is_bad = rng.integers(0, 4, 300), rng.random(300) < 0.3
    expected, weight = rng.random(300) * 0.5 + 0.1, rng.random(300) + 0.5
    for w in (None, weight):
        cells = PartialCells.count(index, 5, (is_bad, w), expected)
        ones = np.ones(300) if w is None else w
        for k in range(5):
            inside = index == k
            assert cells.n_bads[k] == is_bad[inside].sum()
            assert cells.n_goods[k] == (~is_bad)[inside].sum()
            assert cells.weight[k] == pytest.approx(ones[inside].sum())
            assert cells.gradient[k] == pytest.approx((ones * (is_bad - expected))[inside].sum())
            assert cells.information[k] == pytest.approx((ones * expected * (1 - expected))[inside].sum())
