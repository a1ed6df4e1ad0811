"""Whole numbers that neither overflow nor round, and the one division."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.numerics.exact_integers import ExactIntegers, exact_array, exact_quotient, minimum, present

INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
HUGE = st.integers(-(2**126), 2**126)
NEAR = st.integers(-(2**54), 2**54)


@given(left=st.lists(INT64, min_size=1, max_size=5), right=INT64)
def test_arithmetic_is_pythons(left, right):
    array, other = exact_array(left), exact_array([right] * len(left))
    assert (array + other).values.tolist() == [a + right for a in left]
    assert (array - other).values.tolist() == [a - right for a in left]
    assert (array * other).values.tolist() == [a * right for a in left]
    assert (array * other * other - array).values.tolist() == [a * right * right - a for a in left]
    assert (array * right + 1).values.tolist() == [a * right + 1 for a in left]
    assert (1 - array).values.tolist() == [1 - a for a in left]
    assert (array % 100).values.tolist() == [a % 100 for a in left]
    assert minimum(array, other).values.tolist() == [min(a, right) for a in left]
    assert present(array).values.tolist() == [int(a > 0) for a in left]


@given(numbers=st.lists(HUGE, min_size=1, max_size=5))
def test_two_limbs_are_one_number(numbers):
    low = np.array([n & (2**64 - 1) for n in numbers], dtype=np.uint64)
    high = np.array([n >> 64 for n in numbers], dtype=np.int64)
    assert ExactIntegers.from_limbs(low, high).values.tolist() == numbers


def test_narrow_numbers_stay_64_bit():
    numbers = ExactIntegers.from_limbs(np.array([5, 2**64 - 7], np.uint64), np.array([0, -1]))
    assert numbers.values.dtype == np.int64
    assert numbers.values.tolist() == [5, -7]
    assert (numbers * 1000).values.dtype == np.int64
    assert (numbers * 2**62).values.dtype == object


@given(top=st.one_of(NEAR, HUGE), bottom=st.one_of(NEAR, st.integers(1, 2**126)))
def test_the_quotient_is_the_nearest_float_alone_and_among_others(top, bottom):
    bottom = abs(bottom)
    expected = float(Fraction(top, bottom)) if bottom else math.nan
    alone = exact_quotient(exact_array([top]), exact_array([bottom]))
    among = exact_quotient(exact_array([1, top, 2**80]), exact_array([3, bottom, 7]))
    assert np.array_equal(alone, [expected], equal_nan=True)
    assert alone.tobytes() == among[1:2].tobytes()


def test_zero_has_one_sign():
    for top in (exact_array([0]), exact_array([0, 2**90])):
        assert math.copysign(1, exact_quotient(top, top + 1)[0]) == 1
