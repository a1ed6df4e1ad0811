"""What must hold for every binning, whatever the data."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from credit_risk.binning import WoeBinner, apply_binning
from credit_risk.numerics.bin_effects import monotone_means
from credit_risk.numerics.cut_refinement import RefinementInput, refine_cuts, shortest_decimal_between
from credit_risk.numerics.optimal_binning import BinLimits, Cells, segment_objective, solve
from credit_risk.numerics.sorted_outcome import SortedOutcome
from credit_risk.numerics.woe import information_value_parts, weight_of_evidence

counts = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=7)
finite = st.floats(-1e9, 1e9, allow_nan=False, width=32)


def cells_of(pairs):
    goods, bads = np.array(pairs, dtype=float).T
    return Cells(goods=goods, bads=bads, n_goods=goods, n_bads=bads)


@given(
    counts,
    st.integers(1, 5),
    st.integers(0, 30),
    st.sampled_from(["ascending", "descending", "peak", "valley", "none"]),
    st.sampled_from(["information_value", "jensen_shannon", "hellinger", "kolmogorov_smirnov"]),
)
def test_no_binning_that_satisfies_the_limits_is_better(pairs, max_bins, min_weight, trend, objective):
    cells = cells_of(pairs)
    assume(cells.goods.sum() > 0 and cells.bads.sum() > 0)
    limits = BinLimits(max_bins=max_bins, min_weight=min_weight, objective=objective)
    found = solve(cells, limits, (trend,)).get(trend)
    p, best = len(pairs), -np.inf
    for n_bins in range(1, min(max_bins, p) + 1):
        for inner in combinations(range(1, p), n_bins - 1):
            g = np.add.reduceat(cells.goods, (0, *inner))
            b = np.add.reduceat(cells.bads, (0, *inner))
            if (g + b < max(min_weight, 1e-9)).any() or not in_order(b / (g + b), trend):
                continue
            best = max(best, segment_objective(g, b, (cells.goods.sum(), cells.bads.sum()), objective).sum())
    if found is None:
        assert best == -np.inf
    else:
        assert abs(found.objective - best) <= 1e-9 * max(1.0, abs(best))


def in_order(rates, trend):
    steps = np.diff(rates)
    if trend == "none":
        return True
    if trend in {"ascending", "descending"}:
        return bool(((steps if trend == "ascending" else -steps) >= 0).all())
    sign = 1 if trend == "peak" else -1
    return any((sign * steps[:k] >= 0).all() and (sign * steps[k:] <= 0).all() for k in range(len(rates)))


@given(
    st.lists(st.tuples(finite, st.booleans()), min_size=12, max_size=120),
    st.sampled_from(["ascending", "descending", "none"]),
)
def test_refinement_never_loses_information_and_keeps_the_limits(rows, trend):
    values = np.array([value for value, _ in rows])
    is_bad = np.array([bad for _, bad in rows])
    assume(0 < is_bad.sum() < len(rows))
    outcome = SortedOutcome.build(values, is_bad)
    candidates = outcome.quantile_cuts(5)
    limits = BinLimits(max_bins=4, min_weight=2.0, min_goods=1, min_bads=0)
    found = solve(cells_at(outcome, candidates), limits, (trend,)).get(trend)
    assume(found is not None and len(found.starts) > 1)
    totals = (float((~is_bad).sum()), float(is_bad.sum()))
    cuts = candidates[np.array(found.starts[1:]) - 1]
    moved = refine_cuts(RefinementInput(outcome=outcome, limits=limits, totals=totals), cuts, trend)
    after = cells_at(outcome, moved)
    assert segment_objective(after.goods, after.bads, totals).sum() >= found.objective - 1e-9
    assert (np.diff(moved) > 0).all()
    assert (after.goods + after.bads >= 2).all()
    assert (after.goods >= 1).all()
    assert in_order(after.bads / (after.goods + after.bads), trend)


def cells_at(outcome, cuts):
    below = outcome.below(np.concatenate([[-np.inf], cuts, [np.inf]]))
    return Cells(
        goods=np.diff(below.goods),
        bads=np.diff(below.bads),
        n_goods=np.diff(below.n_goods),
        n_bads=np.diff(below.n_bads),
    )


@given(finite, finite)
def test_the_readable_cut_splits_the_data_as_the_exact_one_does(one, other):
    low, high = min(one, other), max(one, other)
    assume(low < high)
    cut = shortest_decimal_between(low, high)
    assert low < cut <= high


@given(st.lists(finite, min_size=1, max_size=30), st.booleans())
def test_monotone_means_are_monotone_and_keep_the_mean(values, descending):
    x = np.array(values)
    weights = 1.0 + np.arange(len(x)) % 3
    fitted = monotone_means(x, weights, descending=descending)
    tolerance = 1e-6 * max(1.0, np.abs(x).max())
    assert ((np.diff(fitted) if not descending else -np.diff(fitted)) >= -tolerance).all()
    assert abs((weights * (fitted - x)).sum()) <= tolerance * weights.sum()


@given(counts)
def test_information_value_is_never_below_zero_and_woe_never_infinite(pairs):
    goods, bads = np.array(pairs, dtype=float).T
    assume(goods.sum() > 0 and bads.sum() > 0)
    woe, smoothed = weight_of_evidence(goods, bads)
    assert np.isfinite(woe).all()
    np.testing.assert_array_equal(smoothed, (goods == 0) != (bads == 0))
    if not smoothed.any():
        assert information_value_parts(goods, bads).sum() >= -1e-12


@given(
    st.integers(0, 10_000),
    st.lists(
        st.one_of(finite, st.just(float("nan")), st.just(float("inf")), st.just(-9.0)),
        min_size=1,
        max_size=40,
    ),
)
def test_one_value_gets_the_bin_that_many_get(seed, values):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=400) * 10
    is_bad = rng.random(400) < 1 / (1 + np.exp(-x / 10))
    binner = WoeBinner(min_goods=5, min_bads=5, special_codes=(-9,)).fit(x[:, None], is_bad)
    column = np.array(values)[:, None]
    together = apply_binning(binner.spec_, column)
    for at in range(len(values)):
        alone = apply_binning(binner.spec_, column[at : at + 1])
        assert alone.bin_index[0, 0] == together.bin_index[at, 0]
        assert alone.woe[0, 0] == together.woe[at, 0]
        assert alone.flags[0, 0] == together.flags[at, 0]
    bins = binner.spec_.variables[0]
    regular = together.flags[:, 0] == 0
    np.testing.assert_array_equal(
        together.bin_index[regular, 0], np.searchsorted(bins.cuts, column[regular, 0], side="right")
    )
