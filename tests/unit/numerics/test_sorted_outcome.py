"""Counts below cuts, against counting row by row."""

from __future__ import annotations

import numpy as np
import pytest

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
