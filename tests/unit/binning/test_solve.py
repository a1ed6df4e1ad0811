"""Which trend the data get when nobody says, and that noise does not make it turn."""

from __future__ import annotations

import numpy as np

from credit_risk.binning import WoeBinner
from credit_risk.binning.solve import choose_trend
from credit_risk.numerics.optimal_binning import Partition


def partition(trend, objective, n_bins=3):
    return Partition(starts=tuple(range(n_bins)), objective=objective, trend=trend)


def test_a_turn_must_bring_clearly_more_than_a_straight_trend():
    found = {"ascending": partition("ascending", 1.0), "peak": partition("peak", 1.09)}
    assert choose_trend(found, 0.1).trend == "ascending"
    assert choose_trend({**found, "peak": partition("peak", 1.11)}, 0.1).trend == "peak"
    assert choose_trend({**found, "peak": partition("peak", 1.11)}, 0.1, evidence=0.2).trend == "ascending"
    assert choose_trend({**found, "peak": partition("peak", 9.0, n_bins=2)}, 0.1).trend == "ascending"
    assert choose_trend({}, 0.1) is None


def test_pure_noise_rarely_turns():
    rng = np.random.default_rng(12)
    X = rng.normal(size=(2000, 100))
    spec = WoeBinner().fit(X, rng.random(2000) < 0.3).spec_
    n_turning = sum(variable.trend in {"peak", "valley"} for variable in spec.variables)
    assert n_turning <= 8


def test_a_true_peak_is_found():
    rng = np.random.default_rng(13)
    x = rng.uniform(-2, 2, 5000)
    is_bad = rng.random(5000) < 1 / (1 + np.exp(-1 + 2 * np.abs(x)))
    variable = WoeBinner().fit(x[:, None], is_bad).spec_.variables[0]
    assert variable.trend == "peak"
    assert variable.cuts[0] < 0 < variable.cuts[-1]


def test_categories_that_are_all_rare_leave_one_bin():
    import pandas as pd

    X = pd.DataFrame({"id": [f"a{k}" for k in range(1000)]})
    is_bad = np.arange(1000) % 3 == 0
    variable = WoeBinner().fit(X, is_bad).spec_.variables[0]
    assert variable.n_regular == 1
    assert variable.n_rows[variable.unseen_index] == 1000
    assert variable.information_value == 0.0


def test_sorting_without_masks_counts_like_masks_do():
    rng = np.random.default_rng(21)
    x = np.round(rng.normal(size=3000), 1)
    x[rng.random(3000) < 0.1] = np.nan
    x[rng.random(3000) < 0.1] = -9.0
    x[rng.random(3000) < 0.05] = -8.0
    is_bad = rng.random(3000) < 0.3
    settings = {"special_codes": {"x0": {"both": (-9, -8)}}, "min_share": 0.02}
    plain = WoeBinner(**settings).fit(x[:, None], is_bad).spec_.variables[0]
    masked = WoeBinner(**settings).fit(x[:, None], is_bad, sample_weight=np.ones(3000)).spec_.variables[0]
    assert plain == masked
    at = plain.missing_index
    assert plain.n_rows[at : at + 2] == (int(np.isnan(x).sum()), int(np.isin(x, [-9, -8]).sum()))
    assert plain.n_bads[at + 1] == (np.isin(x, [-9, -8]) & is_bad).sum()
