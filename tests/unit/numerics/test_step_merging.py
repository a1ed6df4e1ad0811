"""Fewer steps: against every possible grouping."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.numerics.step_merging import merge_steps


def loss(values, weights, starts):
    total = 0.0
    for start, end in itertools.pairwise([*starts, len(values)]):
        w, v = weights[start:end], values[start:end]
        total += float(w @ (v - (w @ v) / w.sum()) ** 2) if w.sum() > 0 else 0.0
    return total


@given(
    st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 5)), min_size=1, max_size=9), st.integers(1, 5)
)
def test_no_grouping_changes_less(steps, max_steps):
    values, weights = (np.array(x, float) for x in zip(*steps, strict=True))
    starts = merge_steps(values, weights, max_steps).tolist()
    assert len(starts) <= max_steps or len(starts) == 1
    best = min(
        loss(values, weights, [0, *inner])
        for k in range(min(max_steps, len(values)))
        for inner in itertools.combinations(range(1, len(values)), k)
    )
    assert loss(values, weights, starts) == pytest.approx(best, abs=1e-9)


def test_equal_neighbours_are_one_step_even_where_more_are_allowed():
    assert merge_steps(np.array([1.0, 1.0, 2.0, 2.0, 1.0]), np.ones(5), 9).tolist() == [0, 2, 4]
