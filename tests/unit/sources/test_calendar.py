"""Moments and days in the lender's calendar, against the standard library one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.sources.calendar import (
    DAY_US,
    EARLIEST_US,
    EPOCH,
    HOUR_US,
    LATEST_US,
    local_clock,
    local_day,
    local_days,
    microseconds,
    moment_of_date,
)

ZONES = (
    "Asia/Taipei",
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Monrovia",
    "Asia/Kathmandu",
)
MOMENTS = st.lists(st.integers(EARLIEST_US, LATEST_US), min_size=1, max_size=50)


def naive_clock(us, zone):
    moment = EPOCH + timedelta(microseconds=us)
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    return (local - EPOCH) // timedelta(microseconds=1)


@given(moments=MOMENTS, zone=st.sampled_from(ZONES))
def test_local_clock_is_the_standard_librarys(moments, zone):
    expected = [naive_clock(us, zone) for us in moments]
    assert local_clock(np.array(moments), zone).tolist() == expected
    assert [local_day(us, zone) for us in moments] == [us // DAY_US for us in expected]


def test_a_change_of_clocks_inside_a_quarter_of_an_hour_is_honoured():
    change = int(datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC).timestamp()) * 1_000_000
    around = [change + shift for shift in (-1, 0, 1)]
    assert local_clock(np.array(around), "Africa/Monrovia").tolist() == [
        naive_clock(us, "Africa/Monrovia") for us in around
    ]


@pytest.mark.parametrize(
    ("day", "moment", "expected"),
    [
        (date(2024, 2, 1), "last_instant_of_month", "2024-02-29T23:59:59.999999+08:00"),
        (date(2005, 12, 31), "last_instant_of_month", "2005-12-31T23:59:59.999999+08:00"),
        (date(2005, 9, 30), "last_instant_of_day", "2005-09-30T23:59:59.999999+08:00"),
        (date(2005, 9, 30), "start_of_day", "2005-09-30T00:00:00+08:00"),
    ],
)
def test_a_written_date_becomes_the_stated_moment(day, moment, expected):
    us = moment_of_date(day, moment, "Asia/Taipei")
    assert EPOCH + timedelta(microseconds=us) == datetime.fromisoformat(expected)


def test_the_last_instant_of_a_day_with_a_change_of_clocks_is_one_microsecond_before_the_next():
    end = moment_of_date(date(2024, 3, 31), "last_instant_of_day", "Europe/Berlin")
    start = moment_of_date(date(2024, 3, 31), "start_of_day", "Europe/Berlin")
    assert end - start + 1 == 23 * 3_600_000_000


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # from 00:01 back to 23:01
        ("America/Goose_Bay", datetime(2009, 11, 1, 3, 1, tzinfo=UTC)),  # from 00:01 back to 23:01
    ],
)
def test_days_never_run_backwards_where_a_clock_is_set_back_over_midnight(zone, change):
    moments = np.arange(-2000, 3000) * HOUR_US // 60 + microseconds(change)
    clock_days = local_clock(moments, zone) // DAY_US
    assert (np.diff(clock_days) < 0).any()
    assert np.array_equal(local_days(moments, zone), np.maximum.accumulate(clock_days))
    assert [local_day(moment, zone) for moment in moments.tolist()] == local_days(moments, zone).tolist()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"])
def test_days_are_those_of_the_clock_where_it_is_not_set_back_over_midnight(zone):
    moments = np.arange(0, 400_000) * HOUR_US * 3 // 2
    assert np.array_equal(local_days(moments, zone), local_clock(moments, zone) // DAY_US)
