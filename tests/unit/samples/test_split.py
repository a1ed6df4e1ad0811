"""The split depends on the customer alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import SampleError
from credit_risk.samples import SplitRule


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=40, unique=True), st.randoms())
def test_order_and_company_never_matter(keys, random):
    shuffled = list(keys)
    random.shuffle(shuffled)
    rule = SplitRule()
    parts = dict(zip(keys, rule.assign(keys), strict=True))
    assert dict(zip(shuffled, rule.assign(shuffled), strict=True)) == parts
    assert rule.assign(keys[:1])[0] == parts[keys[0]]


def test_shares_are_met_on_many_customers():
    parts = SplitRule().assign(str(i) for i in range(20_000))
    names, counts = np.unique(parts, return_counts=True)
    shares = dict(zip(names.tolist(), (counts / 20_000).tolist(), strict=True))
    assert shares == pytest.approx({"development": 0.5, "validation": 0.2, "holdout": 0.3}, abs=0.012)


def test_another_salt_is_another_split():
    keys = [str(i) for i in range(200)]
    assert (SplitRule().assign(keys) != SplitRule(salt="other").assign(keys)).any()


def test_shares_must_add_up():
    with pytest.raises(SampleError, match="must add up to 1"):
        SplitRule(development=0.5, validation=0.5, holdout=0.5)
