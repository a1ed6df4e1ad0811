"""Association and concentration of bins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.numerics.woe import concentration, cramers_v

bins = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=7).filter(
    lambda pairs: sum(g for g, _ in pairs) > 0 and sum(b for _, b in pairs) > 0
)


@given(bins)
def test_cramers_v_is_that_of_the_contingency_table(pairs):
    from scipy.stats.contingency import association

    goods, bads = np.array(pairs).T
    full = np.array([goods, bads])[:, goods + bads > 0]
    expected = 0.0 if full.shape[1] == 1 else association(full, method="cramer", correction=False)
    assert cramers_v(goods, bads) == pytest.approx(expected, abs=1e-9)


def test_concentration_runs_from_even_to_one_bin():
    assert concentration([7]) == (1.0, 1.0)
    assert concentration([5, 5, 5, 5]) == pytest.approx((0.25, 0.0))
    assert concentration([9, 0, 0]) == pytest.approx((1.0, 1.0))
