"""Values that fill whole cells: zeros and what is above them can be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.binning import WoeBinner
from credit_risk.numerics.sorted_outcome import SortedOutcome


@pytest.mark.parametrize("heavy", [0.0, 5.0, 9.99])
def test_a_value_held_by_most_rows_has_a_cut_on_either_side(heavy):
    rng = np.random.default_rng(1)
    values = np.where(rng.uniform(size=20_000) < 0.9, heavy, rng.uniform(0, 10, 20_000).round(2))
    cuts = SortedOutcome.build(values, rng.uniform(size=20_000) < 0.2).quantile_cuts(48)
    distinct = np.unique(values)
    assert np.isin(cuts, distinct).all()
    assert (cuts > distinct[0]).all()
    assert heavy in cuts or heavy == distinct[0]
    above = distinct[distinct > heavy]
    assert above.size == 0 or above[0] in cuts


def test_many_zeros_and_a_risky_rest_are_two_bins():
    rng = np.random.default_rng(2)
    amount = np.where(rng.uniform(size=20_000) < 0.9, 0.0, rng.lognormal(size=20_000))
    is_bad = rng.uniform(size=20_000) < np.where(amount > 0, 0.3, 0.15)
    variable = WoeBinner().fit(amount[:, None], is_bad).spec_.variables[0]
    assert len(variable.cuts) == 1
    assert 0.0 < variable.cuts[0] < np.quantile(amount[amount > 0], 0.01)
    assert 0 < variable.cuts[0] < 0.2
