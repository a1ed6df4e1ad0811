from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount
from credit_risk.loans.rates import annual_rates
from credit_risk.loans.schedule import (
    Schedule,
    daily_interest_minor,
    equal_instalment_minor,
    equal_instalment_schedule,
    equal_principal_schedule,
    flat_rate_schedule,
    open_ended_interest_minor,
    repayment_schedule,
)
from credit_risk.loans.terms import Fee, LoanTerms

DAY = date(2026, 1, 10)


def naive_schedule(principal: Decimal, rate: Decimal, n: int) -> list[tuple[Decimal, Decimal]]:
    """Twin of the kernel in plain decimals: one interest product and one rounding per instalment."""
    cent = Decimal("0.01")
    annuity = sum((1 + rate) ** -k for k in range(1, n + 1))
    instalment = (principal / annuity).quantize(cent, rounding=ROUND_HALF_UP)
    rows, balance = [], principal
    for k in range(n):
        interest = (balance * rate).quantize(cent, rounding=ROUND_HALF_UP)
        part = balance if k == n - 1 else instalment - interest
        rows.append((part + interest, interest))
        balance -= part
    return rows


@given(st.integers(100_000, 50_000_000), st.integers(1, 300_000), st.integers(1, 36))
def test_schedule_equals_a_plain_decimal_loop(principal, ppm, n):
    rate = Decimal(ppm) / 1_000_000
    ours = equal_instalment_schedule(principal, annual_rate=rate, n_instalments=n)
    naive = naive_schedule(Decimal(principal).scaleb(-2), rate / 12, n)
    assert [
        (i / Decimal(100), p / Decimal(100))
        for i, p in zip(ours.instalment_minor, ours.interest_minor, strict=True)
    ] == naive


def test_schedule_round_trips_through_plain_values():
    schedule = equal_instalment_schedule(
        1_000_000,
        annual_rate=Decimal("0.144"),
        n_instalments=12,
        disbursed_on=DAY,
        first_due_on=date(2026, 2, 28),
    )
    assert Schedule.from_dict(schedule.to_dict()) == schedule


def test_zero_rate_is_lawful_and_costs_its_fees():
    fee = Fee(code="service", timing="upfront", collector="lender", amount_minor=12_000)
    terms = LoanTerms(principal_minor=1_200_000, annual_rate=0, n_instalments=12, fees=(fee,))
    schedule = repayment_schedule(terms)
    assert set(schedule.instalment_minor) == {100_000}
    assert schedule.total_cost_minor == 12_000
    assert annual_rates(schedule).nominal > 0


def test_one_period_is_a_bullet():
    schedule = equal_instalment_schedule(1_000_000, annual_rate=Decimal("0.12"), n_instalments=1)
    assert schedule.instalment_minor == (1_010_000,)
    assert annual_rates(schedule).nominal == pytest.approx(0.12, abs=1e-15)


def test_bullet_over_several_periods_pays_all_interest_at_the_end():
    terms = LoanTerms(
        principal_minor=1_000_000, annual_rate=Decimal("0.12"), n_instalments=3, method="bullet"
    )
    assert repayment_schedule(terms).instalment_minor == (0, 0, 1_030_000)


def test_grace_instalments_pay_interest_only():
    terms = LoanTerms(
        principal_minor=1_000_000, annual_rate=Decimal("0.12"), n_instalments=6, n_grace_instalments=2
    )
    schedule = repayment_schedule(terms)
    assert schedule.instalment_minor[:2] == (10_000, 10_000)
    assert schedule.balance_minor[:2] == (1_000_000, 1_000_000)
    plain = equal_instalment_schedule(1_000_000, annual_rate=Decimal("0.12"), n_instalments=4)
    assert schedule.instalment_minor[2:] == plain.instalment_minor


def test_interest_free_days_bear_no_interest():
    terms = LoanTerms(
        principal_minor=1_000_000,
        annual_rate=Decimal("0.146"),
        n_instalments=2,
        method="interest_only",
        disbursed_on=DAY,
        day_count=DayCount.ACTUAL_365_FIXED,
        interest_free_days=11,
    )
    assert repayment_schedule(terms).interest_minor == (400 * 20, 400 * 28)


def test_free_days_longer_than_the_first_period_reach_into_the_second():
    terms = LoanTerms(
        principal_minor=1_000_000,
        annual_rate=Decimal("0.146"),
        n_instalments=2,
        method="interest_only",
        disbursed_on=DAY,
        day_count=DayCount.ACTUAL_365_FIXED,
        interest_free_days=40,
    )
    assert repayment_schedule(terms).interest_minor == (0, 400 * 19)


def test_odd_first_days_bear_interest_by_the_day_on_top_of_one_period():
    schedule = equal_instalment_schedule(
        1_000_000,
        annual_rate=Decimal("0.144"),
        n_instalments=12,
        disbursed_on=DAY,
        first_due_on=date(2026, 2, 25),
    )
    assert schedule.interest_minor[0] == 12_000 + 5_918  # 15 days of 14.4 % over 365
    assert not schedule.has_equal_periods
    assert annual_rates(schedule).method == "xirr act/365f"


def test_balloon_is_left_for_the_last_instalment():
    terms = LoanTerms(
        principal_minor=1_000_000, annual_rate=Decimal("0.12"), n_instalments=12, balloon_minor=400_000
    )
    schedule = repayment_schedule(terms)
    assert schedule.instalment_minor[-1] == pytest.approx(schedule.instalment_minor[0] + 400_000, abs=12)


def test_fees_of_every_timing():
    terms = LoanTerms(
        principal_minor=1_000_000,
        annual_rate=Decimal("0.12"),
        n_instalments=12,
        fees=(
            Fee(code="a", timing="deducted", collector="lender", amount_minor=100),
            Fee(code="b", timing="upfront", collector="platform", amount_minor=20),
            Fee(code="c", timing="per_instalment", collector="guarantor", amount_minor=7),
            Fee(code="d", timing="contingent", collector="lender", amount_minor=5_000),
            Fee(code="e", timing="per_instalment", collector="club", amount_minor=9_000, is_mandatory=False),
        ),
    )
    schedule = repayment_schedule(terms)
    assert schedule.disbursed_minor == 1_000_000 - 120
    assert set(schedule.fee_minor) == {7}


def test_instalment_below_interest_is_refused():
    with pytest.raises(LoanError, match="CR-LON-004: The instalment does not exceed the first period's"):
        equal_instalment_schedule(10, annual_rate=Decimal("0.36"), n_instalments=360)
    with pytest.raises(LoanError, match="CR-LON-004: principal_minor is too small for 12 instalments"):
        equal_principal_schedule(5, annual_rate=0, n_instalments=12)


def test_rounding_that_repays_early_stops_at_zero():
    schedule = equal_instalment_schedule(18, annual_rate=0, n_instalments=12)
    assert schedule.instalment_minor == (2,) * 9 + (0,) * 3


def test_bad_flat_rates_and_daily_balances_are_refused():
    with pytest.raises(LoanError, match="CR-LON-003: flat_rate must not be negative"):
        flat_rate_schedule(1_000, flat_rate=Decimal("-0.01"), n_instalments=2)
    with pytest.raises(LoanError, match="CR-LON-001: balance_minor must be at least 0"):
        daily_interest_minor(-1, annual_rate=0, from_on=DAY, to_on=DAY)


def test_a_line_drawn_and_repaid_at_will_bears_interest_on_each_days_balance():
    movements = [(date(2026, 1, 1), 500_000), (date(2026, 1, 11), 500_000), (date(2026, 2, 10), -1_000_000)]
    interest = open_ended_interest_minor(movements, annual_rate=Decimal("0.146"), settle_on=date(2026, 3, 1))
    assert interest == 200 * 10 + 400 * 30
    assert open_ended_interest_minor([], annual_rate=0, settle_on=date(2026, 3, 1)) == 0


def test_an_open_line_refuses_more_repaid_than_drawn_and_dates_out_of_order():
    drawn = [(date(2026, 1, 1), 100), (date(2026, 1, 2), -101)]
    with pytest.raises(LoanError, match="CR-LON-019: More principal is repaid than was drawn. Hint"):
        open_ended_interest_minor(drawn, annual_rate=0, settle_on=date(2026, 3, 1))
    with pytest.raises(LoanError, match="CR-LON-005: Dates are out of order"):
        open_ended_interest_minor([(date(2026, 1, 2), 1)], annual_rate=0, settle_on=date(2026, 1, 1))


def test_a_schedule_says_how_its_interest_runs_and_reads_older_records():
    terms = LoanTerms(
        principal_minor=100_000,
        annual_rate=Decimal("0.146"),
        n_instalments=3,
        disbursed_on=date(2026, 1, 10),
        day_count=DayCount.ACTUAL_365_FIXED,
        interest_free_days=10,
    )
    schedule = repayment_schedule(terms)
    assert (schedule.annual_rate, schedule.day_count, schedule.bears_interest_from) == (
        terms.rate, DayCount.ACTUAL_365_FIXED, date(2026, 1, 20),
    )  # fmt: skip
    content = schedule.to_dict()
    assert Schedule.from_dict(content) == schedule
    older = {name: content[name] for name in list(content)[:11]}
    assert Schedule.from_dict(older).annual_rate is None
    assert flat_rate_schedule(1_200, flat_rate=Decimal("0.006"), n_instalments=12).annual_rate is None


@pytest.mark.parametrize(
    ("principal", "rates", "balloon", "code"),
    [
        (100, [], 0, "002"),
        (100.5, [0], 0, "008"),
        ("a", [0], 0, "008"),
        (100, [0], 0.5, "008"),
        (0, [0], 0, "001"),
    ],
)
def test_an_equal_instalment_needs_amounts_and_periods(principal, rates, balloon, code):
    with pytest.raises(LoanError, match=f"CR-LON-{code}"):
        equal_instalment_minor(principal, rates, balloon)


def test_stored_schedules_with_other_keys_are_refused():
    content = equal_instalment_schedule(1_200, annual_rate=0, n_instalments=12).to_dict()
    with pytest.raises(LoanError, match=r"CR-LON-020: .*missing keys \['due_on'\], unknown keys \['due'\]"):
        Schedule.from_dict({("due" if name == "due_on" else name): value for name, value in content.items()})


def test_movements_are_whole_minor_units():
    with pytest.raises(LoanError, match="CR-LON-008: movements"):
        open_ended_interest_minor([(DAY, 0.5)], annual_rate=0, settle_on=DAY)


def test_a_notebook_shows_every_instalment():
    schedule = equal_instalment_schedule(
        1_000_000, annual_rate=Decimal("0.144"), n_instalments=12, disbursed_on=date(2026, 1, 10)
    )
    shown = schedule._repr_html_()
    assert shown.count("<tr>") == 13
    assert "<td>1</td><td>2026-02-10</td><td>89,975</td><td>77,975</td><td>12,000</td><td>0</td>" in shown
    assert "1,000,000 lent, 1,000,000 paid out" in shown
