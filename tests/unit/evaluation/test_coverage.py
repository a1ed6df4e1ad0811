"""Do 95 % intervals hold the true value about 95 times in 100? Measured on samples whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from credit_risk.evaluation import (
    auc_interval,
    bad_rate_interval,
    calibration_in_the_large,
    calibration_line,
    ks_interval,
)

N_SAMPLES = 400
#: 400 samples at a true 95 %: four standard errors are 0.044.
ALLOWED = (0.906, 0.994)


def samples(n_samples: int, n_rows: int):
    """Yield binormal risks (goods around 0, bads around 1, spread 1), the true PDs and outcomes."""
    generator = np.random.default_rng(77)
    for _ in range(n_samples):
        is_bad = generator.random(n_rows) < 0.2
        risk = generator.normal(size=n_rows) + is_bad
        yield risk, 1 / (1 + np.exp(-(math.log(0.25) - 0.5 + risk))), is_bad


def test_auc_slope_intercept_and_bad_rate_are_covered() -> None:
    true_auc = 0.5 * (1 + math.erf(0.5))
    held = dict.fromkeys(("auc", "slope", "intercept", "bad_rate"), 0)
    for risk, pd, is_bad in samples(N_SAMPLES, 600):
        auc, slope = auc_interval(risk, is_bad), calibration_line(pd, is_bad).slope
        intercept = calibration_in_the_large(pd, is_bad)
        low, high = bad_rate_interval([is_bad.sum()], [is_bad.size])
        held["auc"] += auc.low <= true_auc <= auc.high
        held["slope"] += slope.low <= 1.0 <= slope.high
        held["intercept"] += intercept.low <= 0.0 <= intercept.high
        held["bad_rate"] += bool(low[0] <= 0.2 <= high[0])
    for name, count in held.items():
        assert ALLOWED[0] <= count / N_SAMPLES <= ALLOWED[1], name


@pytest.mark.slow
def test_ks_is_covered_where_models_discriminate() -> None:
    true_ks = math.erf(0.5 / math.sqrt(2))
    held = 0
    for risk, _, is_bad in samples(N_SAMPLES, 800):
        interval = ks_interval(risk, is_bad, n_bootstrap=150)
        held += interval.low <= true_ks <= interval.high
    assert ALLOWED[0] <= held / N_SAMPLES <= ALLOWED[1]
