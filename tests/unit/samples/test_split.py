"""The split depends on the customer alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import SampleError
from credit_risk.samples import SplitRule
from credit_risk.samples.split import PARTS


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


@given(st.lists(st.integers(0, 4000), min_size=10, max_size=40, unique=True), st.integers(1, 3), st.randoms())
def test_by_time_no_later_part_holds_an_earlier_application(days, n_each, random):
    rule = SplitRule(by="time", development=0.4, validation=0.3, holdout=0.3)
    days = days * n_each
    moments = np.array(days, dtype="datetime64[D]")
    parts = rule.assign(map(str, days), moments)
    ends = [(moments[parts == part].min(), moments[parts == part].max()) for part in PARTS]
    assert ends[0][1] < ends[1][0]
    assert ends[1][1] < ends[2][0]
    order = list(range(len(days)))
    random.shuffle(order)
    assert rule.assign(map(str, days), moments[order]).tolist() == parts[order].tolist()


def test_by_time_shares_are_met_where_moments_differ():
    moments = np.arange(1000).astype("datetime64[h]")
    parts = SplitRule(by="time").assign(map(str, range(1000)), moments)
    assert [int((parts == part).sum()) for part in PARTS] == [500, 200, 300]


def test_one_moment_cannot_be_split_by_time():
    moments = np.zeros(50, dtype="datetime64[us]")
    with pytest.raises(SampleError, match=r"50 applications of 1 different moments .* --applied-at for init"):
        SplitRule(by="time").assign(map(str, range(50)), moments)


def test_an_unknown_way_is_refused():
    with pytest.raises(SampleError, match=r"one of \['customer', 'time'\]"):
        SplitRule(by="region")
