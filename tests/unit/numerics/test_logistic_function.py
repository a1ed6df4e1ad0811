"""The base of single-precision sums is found among its neighbours, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.numerics.logistic_function import base_that_gives, single_logit

ROWS = np.random.default_rng(5).normal(size=3000).astype(np.float32)


def moved(value, steps):
    for _ in range(abs(steps)):
        value = np.nextafter(value, np.float32(np.copysign(np.inf, steps)))
    return value


def sums(base, rows):
    """Sums that keep every bit of the base where a row adds nothing."""
    return np.float32(base) + np.where(np.arange(len(ROWS)) % 2, ROWS, np.float32(0))[rows]


@pytest.mark.parametrize("start", [-1.2549, -1.0, 0.3, 2.0])
@pytest.mark.parametrize("steps", range(-9, 10))
def test_eight_neighbours_on_each_side_are_tried_and_no_more(start, steps):
    used = moved(np.float32(start), steps)
    found = base_that_gives(sums(used, slice(None)), sums, float(np.float32(start)))
    assert found == (None if abs(steps) > 8 else float(used))


def test_a_base_that_only_the_first_rows_agree_with_is_refused():
    expected = sums(0.3, slice(None))
    expected[-1] += 1
    assert base_that_gives(expected, sums, float(np.float32(0.3))) is None


def test_a_single_logit_is_near_the_exact_one():
    shares = np.random.default_rng(6).uniform(0.001, 0.49, 500).astype(np.float32)
    exact = np.log(shares.astype(float)) - np.log1p(-shares.astype(float))
    ours = np.array([single_logit(share) for share in shares])
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, exact, rtol=2e-5, atol=1e-6)
