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
    LATEST_US,
    local_clock,
    local_day,
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
