"""Counts below cuts, against counting row by row."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.numerics import sorted_outcome
from credit_risk.numerics.cut_refinement import readable_cuts, shortest_decimal_between
from credit_risk.numerics.sorted_outcome import SortedOutcome


@pytest.mark.parametrize("digits", [0, 1, 9])
@pytest.mark.parametrize(("first", "last", "step"), [(1, 199, 1), (3, 190, 7), (50, 50, 1)])
def test_rows_below_values_are_counted_through_ties(digits, first, last, step):
    rng = np.random.default_rng(4)
    outcome = SortedOutcome.build(np.round(rng.normal(size=200), digits), rng.random(200) < 0.3)
    found = outcome.rows_below_values(first, last, step)
    values = outcome.values[first : last + 1 : step]
    assert found.tolist() == [int((outcome.values < value).sum()) for value in values]
    np.testing.assert_array_equal(outcome.table_below(values, found), outcome.table_below(values))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_table_holds_weights_then_rows(weighted):
    rng = np.random.default_rng(5)
    x, bad = rng.integers(0, 9, 100).astype(float), rng.random(100) < 0.4
    weight = rng.integers(1, 5, 100).astype(float) if weighted else None
    table = SortedOutcome.build(x, bad, weight).table_below(np.array([0.0, 4.0, 20.0]))
    w = np.ones(100) if weight is None else weight
    rows = [[float((one & (x < cut)).sum()) for cut in (0, 4, 20)] for one in (~bad, bad)]
    sums = [[float(w[one & (x < cut)].sum()) for cut in (0, 4, 20)] for one in (~bad, bad)]
    assert table.tolist() == ([*sums, *rows] if weighted else rows)


@pytest.mark.parametrize("code", [-9.0, 2.0, 9.0, 7.5])
def test_a_code_is_cut_out_wherever_it_sorts(code):
    x = np.array([1.0, code, np.nan, 3.0, code, 1.0, np.nan, 3.0])
    bad = np.array([True, True, True, False, False, False, False, True])
    ordinary, counts = SortedOutcome.split(x, np.flatnonzero(bad), ((code,),))
    assert ordinary.values.tolist() == [1.0, 1.0, 3.0, 3.0]
    assert ordinary.bad_values.tolist() == [1.0, 3.0]
    assert counts.tolist() == [[1.0, 1.0], [1.0, 1.0]] * 2


def test_few_distinct_values_are_all_cuts_and_many_are_not():
    values = np.repeat(np.arange(5.0), [1, 500, 1, 1, 300])
    few = SortedOutcome.build(values, values > 2)
    assert few.quantile_cuts(4).tolist() == [1.0, 2.0, 3.0, 4.0]
    many = SortedOutcome.build(np.arange(1000.0), np.arange(1000) > 2)
    assert many.quantile_cuts(4).tolist() == [250.0, 500.0, 750.0]


@pytest.fixture
def single_precision(monkeypatch):
    monkeypatch.setattr(sorted_outcome, "SINGLE_PRECISION_FROM", 1)


COLUMNS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "cents": lambda rng, n: np.round(np.exp(rng.normal(size=n) * 2) * 100, 2),
    "whole": lambda rng, n: rng.integers(0, 50, n).astype(float),
    "missing": lambda rng, n: np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
    "coded": lambda rng, n: np.where(rng.random(n) < 0.2, -9999.0, rng.normal(size=n)),
    "near a code": lambda rng, n: np.where(rng.random(n) < 0.2, -9999.0, -9999.0 + rng.normal(size=n) * 1e-4),
    "narrow": lambda rng, n: 1e9 + rng.integers(0, 30, n),
    "huge": lambda rng, n: rng.normal(size=n) * 1e300,
    "tiny": lambda rng, n: rng.normal(size=n) * 1e-44,
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_in_single_precision_every_count_and_every_cut_is_exact(kind, single_precision):
    rng = np.random.default_rng(len(kind))
    x = COLUMNS[kind](rng, 4000)
    bad = rng.random(4000) < 0.3
    outcome, others = SortedOutcome.split(x, np.flatnonzero(bad), ((-9999.0,),))
    exact, exact_others = SortedOutcome.split(x, np.flatnonzero(bad), ((-9999.0,),), may_round=False)
    np.testing.assert_array_equal(others, exact_others)
    ordinary = x[~np.isnan(x) & (x != -9999.0)]
    assert len(outcome.values) == len(exact.values) == len(ordinary)
    cuts = outcome.quantile_cuts(40)
    readable = readable_cuts(outcome, cuts)
    assert len(cuts) >= 10
    below = outcome.below(cuts)
    is_bad = bad[~np.isnan(x) & (x != -9999.0)]
    for at, cut in enumerate(readable):
        assert below.n_bads[at] == np.count_nonzero(is_bad & (ordinary < cut))
        assert below.n_goods[at] == np.count_nonzero(~is_bad & (ordinary < cut))
        # and no shorter number splits the raw values there
        low, high = ordinary[ordinary < cut].max(), ordinary[ordinary >= cut].min()
        assert cut == shortest_decimal_between(low, high)


@pytest.mark.parametrize(
    ("kind", "is_rounded"),
    [
        ("normal", True),
        ("cents", True),
        ("near a code", False),
        ("narrow", False),
        ("huge", False),
        ("tiny", False),
    ],
)
def test_a_column_that_single_precision_would_spoil_keeps_double(kind, is_rounded, single_precision):
    x = COLUMNS[kind](np.random.default_rng(3), 4000)
    outcome, _ = SortedOutcome.split(x, np.arange(0, 4000, 3), ((-9999.0,),))
    assert (outcome.rounded is not None) == is_rounded
    assert outcome.values.dtype == (np.float32 if is_rounded else np.float64)


def test_few_rows_stay_in_double_precision():
    outcome, _ = SortedOutcome.split(np.arange(100.0), np.arange(10), ())
    assert outcome.rounded is None
