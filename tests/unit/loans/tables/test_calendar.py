"""Calendars of many loans: the same dates and parts of a year as one loan has, and counted refusals."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount
from credit_risk.loans.tables.calendar import calendar_table, year_parts


def test_month_ends_are_kept_from_the_original_day():
    calendar = calendar_table(["2026-01-31", "2028-01-31"], 3, day_count=DayCount.ACTUAL_365_FIXED)
    assert calendar.due_on[:, 0].tolist() == [date(2026, 2, 28), date(2028, 2, 29)]
    assert calendar.due_on[:, 1].tolist() == [date(2026, 3, 31), date(2028, 3, 31)]
    parts, denominator = calendar.interest_parts()
    assert (parts.T.tolist(), denominator) == ([[28, 31, 30], [29, 31, 30]], 365)


def test_free_days_bear_no_interest():
    calendar = calendar_table(
        ["2026-01-10"] * 3, 2, day_count=DayCount.ACTUAL_360, interest_free_days=[0, 7, 400]
    )
    assert calendar.interest_parts()[0].T.tolist() == [[31, 28], [24, 28], [0, 0]]


@pytest.mark.parametrize(
    ("disbursed_on", "options", "message"),
    [
        (["2026-02-30"], {}, "CR-LON-013: disbursed_on must be whole days in one dimension"),
        (["2027-02-29"], {}, "CR-LON-013: disbursed_on must be whole days"),
        ([20260110], {}, "CR-LON-013: disbursed_on must be whole days"),
        ([["2026-01-10"]], {}, "CR-LON-013"),
        ([datetime(2026, 1, 10, 8)], {}, "CR-LON-013"),
        (np.array(["2026-01-10T08"], dtype="datetime64[h]"), {}, "CR-LON-013"),
        (
            np.array(["2026-01-10", "NaT"], dtype="datetime64[D]"),
            {},
            "CR-LON-013: disbursed_on must be a date of the calendar: broken by 1 of 2 loans, first at row 1",
        ),
        (
            np.array(["10000-01-01"], dtype="datetime64[D]"),
            {},
            "CR-LON-005: disbursed_on must lie in the years",
        ),
        (["9999-12-10"], {}, "CR-LON-005: due dates must lie in the years 1 to 9999: broken by 1 of 1"),
        (
            ["2026-01-10", "2026-01-10"],
            {"first_due_on": ["2026-02-10", "2026-01-10"]},
            "CR-LON-005: the first due date must lie after disbursed_on: broken by 1 of 2 loans, first at row 1",
        ),
        (
            ["2026-01-10"],
            {"first_due_on": ["2026-02-10"] * 2},
            "CR-LON-008: first_due_on must have one date per loan",
        ),
        (["2026-01-10"], {"due_day": [32]}, "CR-LON-015: due_day must lie from 1 to 31"),
        (["2026-01-10"], {"due_day": [1, 2]}, "CR-LON-008: due_day must have one entry, or one per loan"),
        (["2026-01-10"], {"interest_free_days": 7}, "CR-LON-015: interest_free_days .* need day_count"),
        (
            ["2026-01-10"],
            {"interest_free_days": -1, "day_count": DayCount.ACTUAL_360},
            "CR-LON-015: interest_free_days must lie from 0",
        ),
        (["2026-01-10"], {"periods_per_year": 13}, "CR-LON-012: No calendar rule for 13 instalments a year"),
        (["2026-01-10"], {"day_count": "act/364"}, "CR-LON-015: The day-count convention is unknown"),
    ],
)
def test_dates_that_make_no_calendar_are_refused(disbursed_on, options, message):
    with pytest.raises(LoanError, match=message):
        calendar_table(disbursed_on, 1, **options)


def test_no_instalment_is_refused():
    with pytest.raises(LoanError, match="CR-LON-002: n_instalments must be a whole number"):
        calendar_table(["2026-01-10"], 0)


def test_a_calendar_without_day_count_has_no_interest_days():
    with pytest.raises(LoanError, match="CR-LON-015: The calendar has no day count"):
        calendar_table(["2026-01-10"], 1).interest_parts()


def test_parts_of_a_year_need_ordered_dates():
    days = np.array(["2026-01-10", "2026-01-09"], dtype="datetime64[D]")
    with pytest.raises(LoanError, match="CR-LON-005: end_on must lie on or after start_on: broken by 1 of 1"):
        year_parts(days[:1], days[1:], DayCount.ACTUAL_360)
