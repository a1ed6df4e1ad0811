"""Calibration: spec, application and fit."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from credit_risk.calibration import CalibrationSpec, LogisticCalibrator, apply_calibration
from credit_risk.errors import FitError, SpecificationError


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(4)
    log_odds = generator.normal(-1.5, 1.2, size=4000)
    is_bad = generator.random(4000) < 1 / (1 + np.exp(-log_odds))
    return 1 / (1 + np.exp(-(0.4 + 1.8 * log_odds))), is_bad


@pytest.fixture(scope="module")
def spec(rows) -> CalibrationSpec:
    return LogisticCalibrator(horizon="12m").fit(*rows).spec_


def test_calibrated_pds_match_the_bad_rate_and_need_no_further_calibration(rows, spec) -> None:
    pd = apply_calibration(spec, rows[0])
    assert pd.mean() == pytest.approx(rows[1].mean(), abs=1e-9)
    again = LogisticCalibrator().fit(pd, rows[1]).spec_
    assert again.intercept == pytest.approx(0.0, abs=1e-6)
    assert again.slope == pytest.approx(1.0, abs=1e-6)


def test_spec_survives_json_exactly(spec) -> None:
    assert CalibrationSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    assert (spec.horizon, spec.n_rows) == ("12m", 4000)


def test_refit_gives_the_same_bits(rows, spec) -> None:
    assert clone(LogisticCalibrator(horizon="12m")).fit(*rows).spec_ == spec


def test_one_row_gives_the_same_bits_as_many(rows, spec) -> None:
    many = apply_calibration(spec, rows[0])
    one_by_one = np.concatenate([apply_calibration(spec, rows[0][i : i + 1]) for i in range(500)])
    assert many[:500].tobytes() == one_by_one.tobytes()


def test_order_is_kept_and_ends_are_clipped(spec) -> None:
    pd = apply_calibration(spec, [0.0, 1e-12, 0.01, 0.5, 0.99, 1.0])
    assert (np.diff(pd) >= 0).all()
    assert pd[0] >= 1e-9
    assert pd[-1] <= 1 - 1e-9


def test_a_steep_line_never_reaches_certainty() -> None:
    steep = CalibrationSpec(intercept=0.0, slope=3.0, horizon="12m", n_rows=2, n_bads=1)
    assert apply_calibration(steep, [0.0, 1.0]).tolist() == [1e-9, 0.999999999]


def test_missing_pd_stays_missing(spec) -> None:
    assert np.isnan(apply_calibration(spec, [np.nan])[0])


def test_transform_calls_the_pure_function(rows, spec) -> None:
    calibrator = LogisticCalibrator().fit(*rows)
    assert calibrator.transform(rows[0]).tobytes() == apply_calibration(spec, rows[0]).tobytes()


@pytest.mark.parametrize(
    ("pd_raw", "is_bad", "match"),
    [
        ([0.1, 0.2], [0, 1, 1], r"CR-CAL-003.*equal length"),
        ([0.1, 1.2], [0, 1], r"CR-CAL-003.*1 other values"),
        ([0.1, np.nan], [0, 1], r"CR-CAL-003.*1 other values"),
        ([0.1, 0.2], [0, 2], r"CR-CAL-003.*1 other values"),
        ([0.1, 0.2], [0, 0], r"CR-CAL-004.*0 bads in 2 rows"),
        ([0.1, 0.1, 0.1], [0, 1, 0], r"CR-CAL-005.*no maximum on 3 rows"),
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], r"CR-CAL-005.*no maximum"),
        ([0.1, 0.2, 0.8, 0.9] * 3, [1, 1, 0, 1] * 3, r"CR-CAL-006.*slope must be above 0"),
    ],
)
def test_fit_refuses(pd_raw, is_bad, match) -> None:
    with pytest.raises(FitError, match=match):
        LogisticCalibrator().fit(pd_raw, is_bad)


@pytest.mark.parametrize(("intercept", "slope"), [(0.0, 0.0), (0.0, -1.0), (float("nan"), 1.0)])
def test_spec_refuses_a_line_that_turns_the_order(intercept, slope) -> None:
    with pytest.raises(SpecificationError, match=r"CR-CAL-001.*slope above 0"):
        CalibrationSpec(intercept=intercept, slope=slope, horizon="12m", n_rows=2, n_bads=1)


@pytest.mark.parametrize("change", [{"kind": "isotonic"}, {"extra": 1}])
def test_spec_refuses_what_it_does_not_know(spec, change) -> None:
    with pytest.raises(SpecificationError, match=r"CR-CAL-002.*logistic"):
        CalibrationSpec.from_dict(spec.to_dict() | change)


def test_applying_loads_no_heavy_library() -> None:
    code = (
        "import sys; from credit_risk.calibration import CalibrationSpec, apply_calibration;"
        "apply_calibration(CalibrationSpec(intercept=0.0, slope=1.0, horizon='12m', n_rows=2, n_bads=1), [0.1]);"
        "print([m for m in ('sklearn', 'scipy', 'pandas') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
