"""A feature against the risk and over time: groups, missing values, intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import SpecificationError
from credit_risk.evaluation import bad_rate_interval, risk_by_value, value_by_period


@given(
    values=st.lists(st.one_of(st.just(float("nan")), st.integers(-3, 3).map(float)), min_size=2, max_size=80),
    n_groups=st.integers(2, 6),
    seed=st.integers(0, 99),
)
def test_every_row_is_in_one_group_and_rates_are_counts(values, n_groups, seed):
    numbers = np.array(values)
    is_bad = np.random.default_rng(seed).random(numbers.size) < 0.4
    is_bad[:2] = [True, False]
    table = risk_by_value(numbers, is_bad, n_groups=n_groups)
    assert table["n_rows"].sum() == numbers.size
    assert table["n_bads"].sum() == is_bad.sum()
    assert table["share"].sum() == pytest.approx(1.0)
    gone = np.isnan(numbers)
    assert ("missing" in table.index) == gone.any()
    if gone.any():
        assert table.loc["missing", "n_rows"] == gone.sum()
        assert table.loc["missing", "n_bads"] == is_bad[gone].sum()
    low, high = bad_rate_interval(table["n_bads"], table["n_rows"])
    np.testing.assert_array_equal(table["bad_rate_low"], low)
    np.testing.assert_array_equal(table["bad_rate_high"], high)


def test_groups_are_left_closed_and_equal_values_stay_together():
    table = risk_by_value([1, 2, 2, 2, 3, 4], [0, 1, 0, 1, 1, 1], n_groups=3)
    assert table.index.tolist() == ["< 2", "[2, 3)", ">= 3"]
    assert table["n_rows"].tolist() == [1, 3, 2]
    assert table["bad_rate"].tolist() == [0.0, 2 / 3, 1.0]


def test_a_feature_nobody_has_is_one_group():
    table = risk_by_value([np.nan, np.nan], [0, 1])
    assert table.index.tolist() == ["missing"]
    assert table.loc["missing", "bad_rate"] == 0.5


def test_periods_are_sorted_and_missing_values_are_a_share():
    table = value_by_period([4.0, np.nan, 1.0, 2.0], ["b", "b", "a", "a"])
    assert table.index.tolist() == ["a", "b"]
    assert table["share_missing"].tolist() == [0.0, 0.5]
    assert table["median"].tolist() == [1.5, 4.0]
    assert table.loc["a", "p10"] == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: risk_by_value([1, 2], [0, 1], n_groups=1), "CR-EVL-020: n_groups = 1 is below 2"),
        (
            lambda: risk_by_value([1, 2, 3], [0, 1]),
            "CR-EVL-020: values has the shape .3,.. Expected one value for each of 2",
        ),
        (lambda: value_by_period([1, 2, 3], ["a", "b"]), "CR-EVL-020: values has the shape .3,."),
        (lambda: value_by_period([], []), "CR-EVL-020: There is no row to look at"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(SpecificationError, match=message):
        call()


def test_a_row_without_a_period_is_refused_not_lost():
    with pytest.raises(SpecificationError, match="CR-EVL-004: periods gives no group for 1 of 2 rows"):
        value_by_period([1.0, 2.0], ["2026-01", None])
