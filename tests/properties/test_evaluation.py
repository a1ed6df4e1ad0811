"""Laws every evaluation obeys."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from credit_risk.evaluation import (
    auc_interval,
    bad_rate_interval,
    calibration_table,
    evaluate_predictions,
    ks_interval,
    population_stability_index,
    roc_curve,
    score_band_table,
    stability_of_counts,
)
from credit_risk.numerics.discrimination import area_under_curve, kolmogorov_smirnov


@st.composite
def judged(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Return PDs on a coarse grid (so ties occur) and outcomes with at least two of each class."""
    n = draw(st.integers(4, 60))
    pd = draw(npst.arrays(np.int64, n, elements=st.integers(0, 20))) / 20.0
    is_bad = draw(npst.arrays(np.bool_, n))
    is_bad[:4] = [True, True, False, False]
    return pd, is_bad


@given(judged())
def test_auc_and_ks_do_not_change_under_rising_transforms(rows) -> None:
    pd, is_bad = rows
    stretched = np.exp(3.0 * pd) - 7.0
    assert area_under_curve(stretched, is_bad) == area_under_curve(pd, is_bad)
    assert kolmogorov_smirnov(stretched, is_bad) == kolmogorov_smirnov(pd, is_bad)


@given(judged())
def test_turning_the_risk_around_mirrors_the_auc(rows) -> None:
    pd, is_bad = rows
    assert abs(area_under_curve(-pd, is_bad) + area_under_curve(pd, is_bad) - 1.0) < 1e-12


@given(judged())
def test_auc_is_the_area_under_the_curve_drawn(rows) -> None:
    pd, is_bad = rows
    good_share, bad_share = roc_curve(pd, is_bad)
    assert abs(np.trapezoid(bad_share, good_share) - area_under_curve(pd, is_bad)) < 1e-9


@given(judged(), st.integers(0, 2**32 - 1))
def test_intervals_hold_their_estimates(rows, seed) -> None:
    pd, is_bad = rows
    for interval in (auc_interval(pd, is_bad), ks_interval(pd, is_bad, seed=seed, n_bootstrap=30)):
        assert 0.0 <= interval.low <= interval.estimate <= interval.high <= 1.0


@given(judged())
def test_every_reported_interval_holds_its_estimate_or_does_not_exist(rows) -> None:
    pd, is_bad = rows
    model = evaluate_predictions({"m": pd}, is_bad, n_bootstrap=20)["m"]
    for key in ("auc", "gini", "ks", "brier", "log_loss", "calibration_slope", "bad_rate"):
        value, low, high = (getattr(model, f"{key}{end}") for end in ("", "_low", "_high"))
        exists = not np.isnan(value)
        assert exists or key == "calibration_slope"  # a line may not exist; everything else does
        assert not exists or low <= value <= high


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_jeffreys_interval_holds_the_observed_rate(counts) -> None:
    low, high = bad_rate_interval([counts[0]], [counts[1]])
    assert 0.0 <= low[0] <= counts[0] / counts[1] <= high[0] <= 1.0


@given(
    npst.arrays(np.int64, 6, elements=st.integers(0, 1000)),
    npst.arrays(np.int64, 6, elements=st.integers(0, 1000)),
)
def test_stability_is_never_negative_and_symmetric(expected, actual) -> None:
    expected[0], actual[0] = expected[0] + 1, actual[0] + 1
    parts = stability_of_counts(expected, actual)
    assert (parts >= 0).all()
    assert np.isfinite(parts).all()
    np.testing.assert_allclose(
        parts, stability_of_counts(actual, expected), rtol=1e-12, atol=1e-15
    )  # near-equal shares cancel


@given(npst.arrays(np.float64, st.integers(2, 80), elements=st.floats(-1e6, 1e6)))
def test_stability_of_a_population_with_itself_is_zero(values) -> None:
    assert population_stability_index(values, values)["psi"].sum() == 0.0


@given(judged(), st.integers(2, 12))
def test_tables_lose_nobody(rows, n_groups) -> None:
    pd, is_bad = rows
    for table in (
        calibration_table(pd, is_bad, n_groups=n_groups),
        score_band_table(-pd, is_bad, n_bands=n_groups),
    ):
        assert table["n"].sum() == pd.size
        assert table["n_bads"].sum() == is_bad.sum()
        assert (table["n"] > 0).all()


@given(judged())
def test_the_order_of_rows_does_not_matter(rows) -> None:
    pd, is_bad = rows
    order = np.random.default_rng(0).permutation(pd.size)
    assert area_under_curve(pd[order], is_bad[order]) == area_under_curve(pd, is_bad)
    assert abs(auc_interval(pd[order], is_bad[order]).low - auc_interval(pd, is_bad).low) < 1e-9
