from datetime import date, datetime
from decimal import Decimal

import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import LoanError
from credit_risk.loans.ceilings import check_ceiling, load_ceilings, lpr_rate
from credit_risk.loans.day_count import (
    DayCount,
    add_months,
    days_between,
    due_dates,
    read_date,
    year_fraction,
)
from credit_risk.loans.ledger import ServicingPolicy, open_account, position
from credit_risk.loans.rates import dated_internal_rate
from credit_risk.loans.schedule import equal_instalment_schedule
from credit_risk.loans.servicing import Repayment, apply_event

#: Our names -> pyxirr's, an independent implementation.
PEER = {
    DayCount.ACTUAL_ACTUAL_ISDA: "act/act",
    DayCount.ACTUAL_365_FIXED: "act/365f",
    DayCount.ACTUAL_360: "act/360",
    DayCount.NO_LEAP_365: "nl/365",
    DayCount.THIRTY_360_ISDA: "30/360",
    DayCount.THIRTY_E_360: "30e/360",
    DayCount.THIRTY_E_PLUS_360: "30e+/360",
    DayCount.THIRTY_360_US: "30u/360",
}
days = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@given(days, days, st.sampled_from(list(PEER)))
def test_year_fractions_equal_an_independent_implementation(a, b, convention):
    start, end = min(a, b), max(a, b)
    ours = float(year_fraction(start, end, convention))
    assert ours == pytest.approx(pyxirr.year_fraction(start, end, PEER[convention]), abs=1e-12)


def test_month_end_is_clamped_from_the_original_day_across_leap_years():
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert add_months(date(2028, 2, 29), 48) == date(2032, 2, 29)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("periods", "expected"),
    [(52, "2026-01-17"), (26, "2026-01-24"), (365, "2026-01-11"), (4, "2026-04-10"), (2, "2026-07-10")],
)
def test_other_frequencies(periods, expected):
    assert due_dates(date(2026, 1, 10), 1, periods_per_year=periods)[0].isoformat() == expected


def test_unknown_frequency_is_refused():
    with pytest.raises(LoanError, match=r"CR-LON-012: No calendar rule for 24 instalments a year"):
        due_dates(date(2026, 1, 10), 1, periods_per_year=24)


def test_dates_out_of_order_are_refused():
    with pytest.raises(
        LoanError, match=r"CR-LON-005: Dates are out of order: end_on must lie on or after the date before it"
    ):
        days_between(date(2026, 2, 1), date(2026, 1, 31))
    with pytest.raises(LoanError, match=r"CR-LON-005: .*end_on must lie on or after"):
        year_fraction(date(2026, 2, 1), date(2026, 1, 31), DayCount.ACTUAL_ACTUAL_ISDA)
    with pytest.raises(LoanError, match=r"CR-LON-005: .*first_due_on must lie after the date"):
        due_dates(date(2026, 2, 1), 3, first_due_on=date(2026, 2, 1))


def test_29_february_of_a_common_year_is_refused():
    assert read_date("2028-02-29", "due_on") == date(2028, 2, 29)
    with pytest.raises(LoanError, match=r"CR-LON-013: due_on is not a date of the calendar") as caught:
        read_date("2027-02-29", "due_on")
    assert "2027-02-29" not in str(caught.value)


def test_an_unknown_convention_is_refused_not_guessed():
    for function in (days_between, year_fraction):
        with pytest.raises(LoanError, match="CR-LON-015: The day-count convention is unknown"):
            function(date(2026, 1, 1), date(2026, 2, 1), "act/364")
        assert function(date(2026, 1, 1), date(2026, 2, 1), "30/360") == function(
            date(2026, 1, 1), date(2026, 2, 1), DayCount.THIRTY_360_ISDA
        )


@pytest.mark.parametrize("due_day", [0, 99, -1])
def test_an_impossible_day_of_the_month_is_refused(due_day):
    with pytest.raises(LoanError, match="CR-LON-015: due_day must be a whole number from 1 to 31"):
        due_dates(date(2026, 1, 1), 2, due_day=due_day)


def test_dates_beyond_the_calendar_are_errors_with_a_code():
    for start, n_months in ((date(9999, 12, 1), 1), (date(1, 1, 1), -1)):
        with pytest.raises(LoanError, match="CR-LON-005: A date lies outside the calendar"):
            add_months(start, n_months)


@pytest.mark.parametrize("day", ["2026-01-10", 20260110, datetime(2026, 1, 10, 8), None])
def test_what_is_no_date_is_refused_everywhere(day):
    schedule = equal_instalment_schedule(
        1_000_000, annual_rate=Decimal("0.144"), n_instalments=2, disbursed_on=date(2026, 1, 10)
    )
    policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.2"))
    account, ceilings = open_account(schedule, policy), load_ceilings()
    works = (
        lambda: year_fraction(day, date(2026, 2, 10)),
        lambda: days_between(date(2026, 1, 1), day, DayCount.THIRTY_360_US),
        lambda: due_dates(day, 2),
        lambda: position(account, day),
        lambda: apply_event(account, Repayment(on=day, amount_minor=1)),
        lambda: dated_internal_rate([date(2026, 1, 1), day], [-1, 2]),
        lambda: lpr_rate(day, ceilings=ceilings),
        lambda: check_ceiling(
            nominal=0.1,
            effective=0.1,
            lender_type="bank",
            product="consumer_loan",
            contract_on=day,
            ceilings=ceilings,
        ),
    )
    for work in works:
        with pytest.raises(LoanError, match="CR-LON-013: .* must be a datetime.date. Got a"):
            work()
