"""Scaling numbers: no digit lost, every rule named, the same for one value and for many."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.sources import ColumnContract
from credit_risk.sources.normalization import (
    ScaledColumn,
    Violation,
    normalize_codes,
    normalize_numbers,
    scale_few,
)

MONEY = ColumnContract(name="amount", role="measure", kind="money", scale=2)


@given(cents=st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=20))
def test_every_decimal_of_fifteen_digits_survives_its_float(cents):
    written = np.array([float(Decimal(c).scaleb(-2)) for c in cents])
    assert normalize_numbers(written, None, MONEY).values.tolist() == cents


@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_a_float_is_taken_exactly_or_refused(value):
    result = normalize_numbers(np.array([value]), None, MONEY)
    if isinstance(result, ScaledColumn):
        assert float(Decimal(int(result.values[0])).scaleb(-2)) == value
    else:
        assert result.rule in ("finite", "range", "decimal_places")


@given(value=st.integers(-(2**63), 2**63 - 1))
def test_a_whole_number_is_taken_exactly_or_is_out_of_range(value):
    result = normalize_numbers(np.array([value]), None, MONEY)
    if abs(value) <= 10**13:
        assert result.values.tolist() == [value * 100]
    else:
        assert result.rule == "range"


def test_missing_values_need_leave_and_become_none():
    missing = np.array([False, True])
    assert isinstance(normalize_numbers(np.array([1, 0]), missing, MONEY), Violation)
    column = ColumnContract(name="amount", role="measure", kind="money", scale=2, nullable=True, minimum=50)
    assert normalize_numbers(np.array([1.0, np.nan]), missing, column).to_list() == [100, None]


def test_codes_take_missing_words_only_with_leave():
    column = ColumnContract(name="c", role="measure", kind="code", codes=("a", "b"))
    assert normalize_codes(["a", None], column).rule == "not_null"
    nullable = ColumnContract(name="c", role="measure", kind="code", codes=("a", "b"), nullable=True)
    assert normalize_codes(["b", None], nullable).to_list() == [1, None]
    assert normalize_codes(["b", "z", "y"], nullable).positions.tolist() == [1, 2]


def test_whole_number_codes_are_a_closed_list():
    column = ColumnContract(name="c", role="measure", kind="integer", codes=(0, 1), nullable=True)
    assert normalize_numbers(np.array([0, 1, 5]), np.array([False, False, True]), column).to_list() == [
        0,
        1,
        None,
    ]
    assert normalize_numbers(np.array([0, 1, 5]), None, column).rule == "codes"


@given(
    values=st.lists(
        st.one_of(
            st.integers(-(2**70), 2**70), st.floats(), st.integers(-(10**6), 10**6).map(lambda c: c / 100)
        ),
        min_size=1,
        max_size=6,
    ),
    codes=st.sampled_from([(), (0, 1, 2)]),
)
def test_a_handful_of_numbers_is_scaled_as_many_are(values, codes):
    scale = 0 if codes else 2
    column = ColumnContract(
        name="x", role="measure", kind="decimal", scale=scale, minimum=-(10**9), codes=codes
    )
    few = scale_few(values, column)
    with np.errstate(all="ignore"):
        array = np.array([float(v) for v in values])
        many = normalize_numbers(array, None, column)
    assert few == (many.values.tolist() if isinstance(many, ScaledColumn) else None)
