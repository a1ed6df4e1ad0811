"""Calibration figures against direct sums and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from credit_risk.evaluation import (
    binomial_test,
    brier_score,
    calibration_table,
    hosmer_lemeshow,
    jeffreys_test,
    log_loss,
    spiegelhalter_test,
)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(21)
    pd = generator.beta(1.5, 6.0, size=1500)
    return pd, generator.random(1500) < pd


def test_losses_equal_scikit_learn(rows) -> None:
    pd, is_bad = rows
    assert brier_score(pd, is_bad).estimate == pytest.approx(metrics.brier_score_loss(is_bad, pd), rel=1e-12)
    assert log_loss(pd, is_bad).estimate == pytest.approx(metrics.log_loss(is_bad, pd), rel=1e-12)


def test_log_loss_of_a_certain_error_is_finite() -> None:
    assert log_loss([0.0, 0.0, 1.0, 0.0], [1, 0, 1, 0]).estimate == pytest.approx(
        -math.log(1e-9) / 4, rel=1e-6
    )


def test_spiegelhalter_equals_its_sum(rows) -> None:
    pd, is_bad = rows
    top = sum((y - p) * (1 - 2 * p) for p, y in zip(pd, is_bad, strict=True))
    bottom = math.sqrt(sum((1 - 2 * p) ** 2 * p * (1 - p) for p in pd))
    result = spiegelhalter_test(pd, is_bad)
    assert result.statistic == pytest.approx(top / bottom, rel=1e-9)
    assert result.p_value == pytest.approx(2 * stats.norm.sf(abs(top / bottom)), rel=1e-9)


def test_spiegelhalter_does_not_exist_without_variance() -> None:
    assert math.isnan(spiegelhalter_test([0.5] * 4, [0, 1, 0, 1]).statistic)


def test_binomial_and_jeffreys_equal_scipy_distributions() -> None:
    assert binomial_test(7, 90, 0.05) == pytest.approx(stats.binom.sf(6, 90, 0.05), rel=1e-10)
    assert jeffreys_test(7, 90, 0.05) == pytest.approx(stats.beta.cdf(0.05, 7.5, 83.5), rel=1e-10)


def test_hosmer_lemeshow_equals_a_loop_over_its_groups(rows) -> None:
    pd, is_bad = rows
    table = calibration_table(pd, is_bad)
    total = 0.0
    for row in table.itertuples():
        expected = row.mean_pd * row.n
        total += (row.n_bads - expected) ** 2 / (expected * (1 - row.mean_pd))
    result = hosmer_lemeshow(pd, is_bad)
    assert result.statistic == pytest.approx(total, rel=1e-9)
    assert result.p_value == pytest.approx(stats.chi2.sf(total, 10), rel=1e-9)
    assert hosmer_lemeshow(pd, is_bad, is_development=True).degrees == 8


def test_calibration_groups_are_about_equal_and_rise(rows) -> None:
    table = calibration_table(*rows, n_groups=10)
    assert table["n"].between(149, 151).all()
    assert (np.diff(table["mean_pd"]) > 0).all()
    assert (table["pd_high"].to_numpy()[:-1] < table["pd_low"].to_numpy()[1:]).all()
    assert (table["bad_rate_low"] <= table["bad_rate"]).all()


def test_equal_pds_are_never_separated() -> None:
    table = calibration_table([0.1] * 6 + [0.3] * 2, [0, 1, 0, 0, 1, 0, 1, 1], n_groups=4)
    assert table["n"].tolist() == [6, 2]
