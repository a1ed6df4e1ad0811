"""Recalibration on recent outcomes: what it repairs, that lines compose, and which outcomes it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.calibration import (
    CalibrationSpec,
    LogisticCalibrator,
    apply_calibration,
    is_mature,
    recalibrate,
)
from credit_risk.calibration.maturity import horizon_end
from credit_risk.errors import FitError, SpecificationError
from credit_risk.evaluation.reliability import calibration_in_the_large, calibration_line

OLD = CalibrationSpec(intercept=0.3, slope=0.8, horizon="12m", n_rows=9000, n_bads=900)
IN_TIME = {"observed_until": "2026-06-30"}


def drawn(n_rows: int, seed: int, *, shift: float, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Return synthetic raw PDs, and outcomes whose log-odds are off the PDs of ``OLD`` by a line."""
    rng = np.random.default_rng(seed)
    raw = 1 / (1 + np.exp(-rng.normal(-1.8, 1.1, n_rows)))
    old = apply_calibration(OLD, raw)
    log_odds = shift + slope * np.log(old / (1 - old))
    return raw, rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))


def recent(raw: np.ndarray, is_bad: np.ndarray, **changes) -> CalibrationSpec:
    request = {"applied_at": np.full(len(raw), "2025-03-01"), **IN_TIME, **changes}
    return recalibrate(OLD, apply_calibration(OLD, raw), is_bad, **request)


@given(
    seed=st.integers(0, 10**6),
    shift=st.floats(-0.8, 0.8),
    slope=st.floats(0.6, 1.5),
)
def test_a_line_removes_shift_and_slope_on_its_own_rows(seed, shift, slope):
    raw, is_bad = drawn(6000, seed, shift=shift, slope=slope)
    new = apply_calibration(recent(raw, is_bad), raw)
    line = calibration_line(new, is_bad)
    assert line.slope.estimate == pytest.approx(1.0, abs=1e-6)
    assert new.mean() == pytest.approx(is_bad.mean(), abs=1e-9)


def test_it_removes_the_shift_on_other_rows_of_the_same_period():
    raw, is_bad = drawn(40_000, 1, shift=0.5, slope=0.8)
    half = np.arange(len(raw)) % 2 == 0
    before = calibration_in_the_large(apply_calibration(OLD, raw[half]), is_bad[half])
    after = apply_calibration(recent(raw[~half], is_bad[~half]), raw[half])
    shift, slope = calibration_in_the_large(after, is_bad[half]), calibration_line(after, is_bad[half]).slope
    assert before.low > 0.3
    assert shift.low < 0.0 < shift.high
    assert slope.low < 1.0 < slope.high


def test_the_new_line_takes_raw_pds_and_is_that_fitted_on_them():
    raw, is_bad = drawn(5000, 2, shift=0.4, slope=1.2)
    new, direct = recent(raw, is_bad), LogisticCalibrator().fit(raw, is_bad).spec_
    assert new.intercept == pytest.approx(direct.intercept, abs=1e-6)
    assert new.slope == pytest.approx(direct.slope, abs=1e-6)
    assert (new.horizon, new.n_rows, new.n_bads) == ("12m", 5000, int(is_bad.sum()))


def test_a_shift_leaves_the_slope_alone():
    raw, is_bad = drawn(5000, 3, shift=0.4, slope=1.3)
    new = recent(raw, is_bad, change="shift")
    assert new.slope == OLD.slope
    assert apply_calibration(new, raw).mean() == pytest.approx(is_bad.mean(), abs=1e-9)


def test_who_is_riskier_stays():
    raw, is_bad = drawn(3000, 4, shift=-0.3, slope=0.7)
    order = np.argsort(raw, kind="stable")
    assert (np.diff(apply_calibration(recent(raw, is_bad), raw)[order]) >= 0).all()


def test_two_recalibrations_give_the_same_bits_and_leave_the_old_one():
    raw, is_bad = drawn(3000, 5, shift=0.2, slope=1.0)
    assert recent(raw, is_bad) == recent(raw, is_bad)
    assert CalibrationSpec(intercept=0.3, slope=0.8, horizon="12m", n_rows=9000, n_bads=900) == OLD


def test_young_applications_are_refused_whatever_their_outcome_says():
    raw, is_bad = drawn(3000, 6, shift=0.2, slope=1.0)
    applied_at = np.where(np.arange(3000) < 7, "2025-07-01", "2025-06-30")
    with pytest.raises(FitError, match=r"CR-CAL-008.*7 of 3000 applications.*horizon of 12m") as caught:
        recent(raw, is_bad, applied_at=applied_at)
    assert "2025" not in str(caught.value)  # no date of a person
    kept = is_mature(applied_at, "12m", **IN_TIME)
    assert recent(raw[kept], is_bad[kept], applied_at=applied_at[kept]).n_rows == 2993


def test_few_outcomes_are_refused_unless_asked_for():
    raw, is_bad = drawn(300, 7, shift=0.0, slope=1.0)
    n_bads = int(is_bad.sum())
    with pytest.raises(
        FitError, match=rf"CR-CAL-007.*at least 100 bads and 100 goods. Got {n_bads} bads and {300 - n_bads}"
    ):
        recent(raw, is_bad)
    assert recent(raw, is_bad, change="shift", min_outcomes=30).n_bads == n_bads


@pytest.mark.parametrize("changes", [{"change": "bend"}, {"min_outcomes": 0}])
def test_unknown_requests_are_refused(changes):
    raw, is_bad = drawn(1000, 8, shift=0.0, slope=1.0)
    with pytest.raises(SpecificationError, match=r"CR-CAL-010.*'line' or 'shift'"):
        recent(raw, is_bad, **changes)


def test_days_of_another_length_pds_and_outcomes_that_are_none_are_refused():
    raw, is_bad = drawn(1000, 9, shift=0.0, slope=1.0)
    with pytest.raises(FitError, match=r"CR-CAL-003.*a day for each of 1000 rows"):
        recent(raw, is_bad, applied_at=["2025-01-01"] * 999)
    with pytest.raises(FitError, match=r"CR-CAL-003.*1 other values"):
        recent(raw, np.where(np.arange(1000) == 3, np.nan, is_bad))


def test_a_falling_line_is_refused():
    raw, is_bad = drawn(4000, 10, shift=-4.0, slope=-1.0)
    with pytest.raises(FitError, match=r"CR-CAL-006.*4000 rows"):
        recent(raw, is_bad)


@given(
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.integers(1, 60),
)
def test_the_end_of_months_is_that_of_pandas(day, months):
    expected = (pd.Timestamp(day) + pd.DateOffset(months=months)).date()
    assert horizon_end([day], f"{months}m").astype(object).tolist() == [expected]


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 400))
def test_days_are_days(day, days):
    assert horizon_end([day], f"{days}d").astype(object).tolist() == [day + timedelta(days=days)]


def test_times_with_a_zone_count_by_their_utc_day():
    late = datetime(2025, 1, 31, 2, tzinfo=timezone(timedelta(hours=8)))  # 18:00 UTC of the 30th
    column = pd.Series([pd.Timestamp(late)])
    for given_times in ([late], column, [late.astimezone(UTC)]):
        assert horizon_end(given_times, "1d").astype(str).tolist() == ["2025-01-31"]


def test_the_last_day_of_the_horizon_counts_as_seen():
    assert is_mature(["2025-06-30", "2025-07-01"], "12m", **IN_TIME).tolist() == [True, False]


@pytest.mark.parametrize("horizon", ["12", "m12", "0m", "1y", "12 m", ""])
def test_a_horizon_must_be_months_or_days(horizon):
    with pytest.raises(SpecificationError, match=r"CR-CAL-009.*'12m' or '30d'"):
        horizon_end(["2025-01-01"], horizon)


@pytest.mark.parametrize("days", [["yesterday"], [None], ["2025-01-01", "NaT"]])
def test_days_must_be_readable_and_the_message_holds_no_value(days):
    with pytest.raises(SpecificationError, match="CR-CAL-009") as caught:
        is_mature(days, "12m", **IN_TIME)
    assert "yesterday" not in str(caught.value)
