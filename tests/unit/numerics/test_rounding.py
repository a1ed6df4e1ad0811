"""Rounding: exact halves, significant digits as decimals would give them, the same for one and for many."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.numerics.logistic_function import logit, sigmoid
from credit_risk.numerics.rounding import round_half_up_ratio, round_significant

MODERATE = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False).filter(
    lambda x: x == 0 or abs(x) > 1e-9
)


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_half_up_equals_decimal(top, bottom):
    exact = Fraction(top, bottom)
    scaled = Decimal(abs(top)) / Decimal(bottom)
    expected = int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if abs(exact - round(exact)) != Fraction(1, 2) and scaled % 1 == Decimal("0.5"):
        return  # the decimal itself was rounded to a half
    assert int(round_half_up_ratio([top], [bottom])[0]) == (expected if top >= 0 else -expected)


@given(st.lists(MODERATE, min_size=1, max_size=20), st.integers(3, 12))
def test_rounding_is_within_half_a_unit_and_repeats(values, digits):
    rounded = round_significant(values, digits)
    for value, result in zip(values, rounded, strict=True):
        unit = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1) if value else 1.0
        assert abs(result - value) <= 0.5000001 * unit
    assert np.array_equal(round_significant(rounded, digits), rounded)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30))
def test_one_value_rounds_as_among_many(values):
    together = round_significant(values)
    alone = np.concatenate([round_significant([value]) for value in values])
    assert np.array_equal(together, alone, equal_nan=True)


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=40))
def test_probabilities_are_the_same_bits_for_one_and_for_many(log_odds):
    together = sigmoid(log_odds)
    assert np.array_equal(together, np.concatenate([sigmoid([x]) for x in log_odds]))
    assert ((together >= 0) & (together <= 1)).all()


@given(st.floats(1e-12, 1 - 1e-12))
def test_log_odds_invert_probabilities(p):
    assert math.isclose(float(sigmoid(logit([p]))[0]), p, rel_tol=1e-9)
