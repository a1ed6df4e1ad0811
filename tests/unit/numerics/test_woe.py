"""Figures of bins against the same figures of the rows they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.numerics.discrimination import area_under_curve, kolmogorov_smirnov
from credit_risk.numerics.woe import (
    concentration,
    cramers_v,
    gini_of_bins,
    kolmogorov_smirnov_of_bins,
)

bins = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=7).filter(
    lambda pairs: sum(g for g, _ in pairs) > 0 and sum(b for _, b in pairs) > 0
)


@given(bins)
def test_gini_and_ks_of_bins_are_those_of_their_rows(pairs):
    goods, bads = np.array(pairs).T
    rate = np.divide(bads, goods + bads, out=np.zeros(len(pairs)), where=goods + bads > 0)
    risk = np.concatenate([np.repeat(rate, goods), np.repeat(rate, bads)])
    is_bad = np.repeat([False, True], [goods.sum(), bads.sum()])
    assert gini_of_bins(goods, bads) == pytest.approx(2 * area_under_curve(risk, is_bad) - 1, abs=1e-12)
    assert kolmogorov_smirnov_of_bins(goods, bads) >= kolmogorov_smirnov(risk, is_bad) - 1e-12


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
