"""Chains of bins, against trying every chain."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from credit_risk.numerics.bin_chains import largest_sums, only_best_chain, ordered_chains


def random_bins(seed, p=6):
    """Values and rates with many ties; one bin in four is not allowed."""
    rng = np.random.default_rng(seed)
    allowed = np.triu(rng.random((p, p)) < 0.75)
    value = np.where(allowed, rng.integers(0, 5, (p, p)).astype(float), -np.inf)
    return value, np.where(allowed, rng.integers(0, 4, (p, p)) / 4, np.nan)


def chains_up_to(j, n_bins):
    """Return every way to cover cells 0..j with so many bins, as (first, last) pairs."""
    for inner in combinations(range(1, j + 1), n_bins - 1):
        starts = (0, *inner)
        yield list(zip(starts, [*(start - 1 for start in inner), j], strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_chains_reach_what_trying_every_chain_reaches(seed):
    value, rate = random_bins(seed)
    p = len(value)
    # two problems side by side: rates that never fall, and rates that never rise
    found = ordered_chains(np.stack([value, value]), np.stack([rate, -rate]), 4)
    expected = np.full((4, 2, p, p), -np.inf)
    for n_bins in range(1, 5):
        for j in range(p):
            for chain in chains_up_to(j, n_bins):
                rates = np.array([rate[bin_] for bin_ in chain])
                total, last = sum(value[bin_] for bin_ in chain), chain[-1]
                for at, steps in enumerate((np.diff(rates), -np.diff(rates))):
                    if total > -np.inf and (steps >= 0).all():
                        here = (n_bins - 1, at, *last)
                        expected[here] = max(expected[here], total)
    np.testing.assert_array_equal(found, expected)
    assert np.isfinite(expected[1:]).any()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n_bins", [1, 2, 4])
def test_the_largest_sums_are_those_of_the_best_chains_in_any_order(seed, n_bins):
    value, _ = random_bins(seed)
    p = len(value)
    reached = largest_sums(value, 4)
    for j in range(p):
        totals = [sum(value[bin_] for bin_ in chain) for chain in chains_up_to(j, n_bins)]
        assert reached[n_bins - 1, j] == max(totals, default=-np.inf)


@pytest.mark.parametrize("seed", range(40))
def test_a_best_chain_is_named_only_where_it_is_alone(seed):
    value, _ = random_bins(seed)
    reached = largest_sums(value, 3)
    totals = {
        tuple(first for first, _ in chain): sum(value[bin_] for bin_ in chain)
        for chain in chains_up_to(len(value) - 1, 3)
    }
    best = [starts for starts, total in totals.items() if total == max(totals.values()) > -np.inf]
    if best:
        found = only_best_chain(value, reached, 3, 1e-9)
        assert found is None if len(best) > 1 else found == list(best[0])


def test_one_cell_is_one_bin():
    one = np.array([[[2.0]]])
    assert ordered_chains(one, np.zeros((1, 1, 1)), 3).ravel().tolist() == [2.0, -np.inf, -np.inf]
    assert largest_sums(one[0], 1).tolist() == [[2.0]]
