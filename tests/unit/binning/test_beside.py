"""Bins of what a variable adds beside others: found where there is something, and not where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from credit_risk.binning.beside import BesideSearch
from credit_risk.binning.columns import Column
from credit_risk.binning.rules import BinningRules, Outcome
from credit_risk.binning.spec import SpecialBin

RULES = BinningRules(max_bins=10, min_share=0.02)


def search_of(values, is_bad, rules=RULES):
    return BesideSearch.prepare(
        Column(name="x", kind="numeric", values=values), Outcome(is_bad=is_bad), rules
    )


@pytest.fixture
def world():
    """A bill follows its limit; alone it says nothing, beside the limit it is risky."""
    rng = np.random.default_rng(4)
    n = 20_000
    limit = rng.normal(size=n)
    bill = limit + rng.normal(size=n)
    log_odds = -1.5 - 1.2 * limit + 0.6 * bill
    is_bad = rng.random(n) < 1 / (1 + np.exp(-log_odds))
    return bill, is_bad, 1 / (1 + np.exp(1.5 + 0.9 * limit))


def test_an_effect_hidden_by_another_variable_is_found_with_its_own_trend(world):
    bill, is_bad, expected = world
    found = search_of(bill, is_bad).bins(expected)
    assert found.trend == "ascending"
    assert found.is_clear
    assert found.needed == 20
    assert found.chi_squared > 100
    assert sum(found.bins.n_rows) == len(bill)
    alone = np.array(found.bins.n_bads) + np.array(found.bins.n_goods)
    assert (alone[: found.bins.n_regular] >= 0.02 * len(bill)).all()


def test_a_declared_trend_is_the_only_one_looked_at(world):
    bill, is_bad, expected = world
    against = search_of(bill, is_bad, replace(RULES, trend="descending")).bins(expected)
    assert against is None or not against.is_clear


def test_an_effect_that_turns_needs_twice_the_evidence(world):
    bill, _, expected = world
    rng = np.random.default_rng(1)
    shape = 1.2 * (np.abs(bill) > 1.5)
    is_bad = rng.random(len(bill)) < 1 / (1 + np.exp(-np.log(expected / (1 - expected)) - shape))
    found = search_of(bill, is_bad).bins(expected)
    assert (found.trend, found.needed, found.is_clear) == ("valley", 40, True)


def test_pure_noise_hardly_ever_looks_clear():
    rng = np.random.default_rng(9)
    is_bad = rng.random(3000) < 0.2
    expected = np.full(3000, 0.2)
    found = [search_of(rng.normal(size=3000), is_bad).bins(expected) for _ in range(200)]
    assert sum(one.is_clear for one in found if one is not None) <= 2


def test_missing_values_and_special_codes_stay_out_of_the_cells_and_in_the_record(world):
    bill, is_bad, expected = world
    values = bill.copy()
    values[:500], values[500:900] = np.nan, -999.0
    special = SpecialBin(label="no record", codes=(-999.0,))
    found = search_of(values, is_bad, replace(RULES, specials=(special,))).bins(expected)
    assert min(found.bins.cuts) > -10
    assert found.bins.n_rows[found.bins.missing_index] == 500
    assert found.bins.n_rows[found.bins.missing_index + 1] == 400


def test_a_constant_has_no_bins():
    is_bad = np.arange(400) % 4 == 0
    assert search_of(np.ones(400), is_bad).bins(np.full(400, 0.25)) is None
    assert search_of(np.full(400, np.nan), is_bad).bins(np.full(400, 0.25)) is None
