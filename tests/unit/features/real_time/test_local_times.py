"""Local times by day are those of the calendar, in every zone."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from pathlib import Path

import numpy as np
import pytest

from credit_risk.features.real_time import local_times
from credit_risk.sources.calendar import DAY_US, HOUR_US, local_clock

YEAR_2000_US = 10_957 * DAY_US


def clock_changes(name):
    """Seconds at which a zone's file changes the clock (RFC 9636, second block)."""
    paths = [Path(folder) / name for folder in zoneinfo.TZPATH]
    found = next((path for path in paths if path.exists()), None)
    data = (found or importlib.resources.files("tzdata") / "zoneinfo" / name).read_bytes()
    start = 0
    for width in (4, 8):
        counts = np.frombuffer(data, ">i4", 6, start + 20)
        n_utc, n_standard, n_leap, n_times, n_types, n_letters = counts.tolist()
        if width == 8:
            return np.frombuffer(data, ">i8", n_times, start + 44)
        start += 44 + n_times * 5 + n_types * 6 + n_letters + n_leap * 8 + n_standard + n_utc
    raise AssertionError


def test_no_zone_changes_its_clock_twice_within_two_days():
    gaps = []
    for name in sorted(zoneinfo.available_timezones()):
        changes = clock_changes(name)
        gaps += np.diff(changes[changes > -2_208_988_800 - 86_400]).tolist()
    assert len(gaps) > 10_000
    assert min(gaps) > 2 * 86_400


@pytest.mark.parametrize(
    "name",
    ["Asia/Taipei", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago"],
)
def test_local_times_are_those_of_the_calendar(name):
    moments = np.sort(np.random.default_rng(7).integers(-30 * 365, 60 * 365, 300)) * DAY_US
    moments = np.concatenate([moments, YEAR_2000_US + np.arange(0, 366 * 24) * HOUR_US, moments + DAY_US - 1])
    expected = local_clock(moments, name)
    local_times._offsets_by_day.cache_clear()
    assert np.array_equal(local_times.local_times(moments, name), expected)
    assert np.array_equal(local_times.local_times(moments, name), expected)
