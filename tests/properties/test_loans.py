"""Laws every loan keeps, whatever its figures."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount, add_months, due_dates, year_fraction
from credit_risk.loans.rates import annual_rates, dated_internal_rate, internal_rates
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.tables.annual import annual_rates_table, dated_rates_table
from credit_risk.loans.tables.repayment import repayment_table
from credit_risk.loans.terms import Fee, LoanTerms

#: Solvers stop below rounding; published formulas are compared at ten digits.
RATE_TOLERANCE = 1e-10

principals = st.integers(1_000, 50_000_000)
rates_ppm = st.one_of(st.just(0), st.integers(1, 360_000), st.integers(360_000, 3_000_000))
terms_count = st.integers(1, 60)
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@st.composite
def loans(draw, *, max_balloon=True, dated=False):
    principal = draw(principals)
    n = draw(terms_count)
    method = draw(st.sampled_from(["equal_instalment", "equal_principal", "interest_only"]))
    disbursed_on = draw(days) if dated or draw(st.booleans()) else None
    first_due_on = None
    if disbursed_on is not None and draw(st.booleans()):
        first_due_on = add_months(disbursed_on, 1) + timedelta(days=draw(st.integers(-20, 60)))
    balloon = draw(st.integers(0, principal // 2)) if max_balloon and method == "equal_instalment" else 0
    return LoanTerms(
        principal_minor=principal,
        annual_rate=Fraction(draw(rates_ppm), 1_000_000),
        n_instalments=n,
        method=method,
        disbursed_on=disbursed_on,
        first_due_on=first_due_on,
        balloon_minor=balloon if n > 1 else 0,
    )


def _schedule_or_assume(terms):
    try:
        return repayment_schedule(terms)
    except LoanError as error:
        assume(error.code != "CR-LON-004")
        raise


@given(loans())
@example(LoanTerms(principal_minor=18, annual_rate=0, n_instalments=12))
def test_principal_parts_sum_to_the_principal_exactly(terms):
    schedule = _schedule_or_assume(terms)
    assert sum(schedule.principal_part_minor) == terms.principal_minor
    assert schedule.balance_minor[-1] == 0
    assert min(schedule.principal_part_minor) >= 0
    for instalment, part, interest, fee in zip(
        schedule.instalment_minor,
        schedule.principal_part_minor,
        schedule.interest_minor,
        schedule.fee_minor,
        strict=True,
    ):
        assert instalment == part + interest + fee


@given(loans(), st.sampled_from(list(DayCount)))
def test_principal_sums_with_interest_by_days_too(terms, day_count):
    assume(terms.disbursed_on is not None)
    schedule = _schedule_or_assume(LoanTerms.from_dict({**terms.to_dict(), "day_count": day_count.value}))
    assert sum(schedule.principal_part_minor) == terms.principal_minor


@given(loans())
def test_the_annual_rate_inverts_the_schedule(terms):
    schedule = _schedule_or_assume(terms)
    assume(schedule.has_equal_periods)
    rate = annual_rates(schedule).nominal / 12
    present = sum(flow / (1 + rate) ** k for k, flow in enumerate(schedule.instalment_minor, 1))
    assert present == pytest.approx(schedule.disbursed_minor, rel=1e-11)
    rounding = 0.5 * schedule.n_instalments / min(schedule.principal_minor, 10**9)
    assert rate == pytest.approx(float(terms.rate) / 12, abs=3 * rounding + 1e-12)


@given(
    loans(),
    st.integers(0, 500),
    st.integers(1, 500),
    st.sampled_from(["deducted", "upfront", "per_instalment"]),
)
def test_more_fee_never_lowers_the_rate(terms, fee_minor, extra_minor, timing):
    assume(terms.principal_minor > 2_000)
    fee = Fee(code="service", timing=timing, collector="lender", amount_minor=fee_minor)
    more = Fee(code="service", timing=timing, collector="guarantor", amount_minor=fee_minor + extra_minor)
    base = LoanTerms.from_dict({**terms.to_dict(), "fees": [fee.to_dict()]})
    dearer = LoanTerms.from_dict({**terms.to_dict(), "fees": [more.to_dict()]})
    low, high = annual_rates(_schedule_or_assume(base)), annual_rates(repayment_schedule(dearer))
    assert high.nominal > low.nominal
    assert high.effective > low.effective


@given(st.lists(loans(), min_size=1, max_size=5), st.integers(1, 60))
def test_scalar_equals_vectorised_to_the_cent_and_to_the_last_bit(several, n):
    first = several[0]
    same = []
    for terms in several:
        values = {**terms.to_dict(), "n_instalments": n, "method": first.method}
        if first.method != "equal_instalment" or n == 1:
            values["balloon_minor"] = 0
        same.append(LoanTerms.from_dict(values))
    schedules = [_schedule_or_assume(terms) for terms in same]
    table = repayment_table(
        [terms.principal_minor for terms in same],
        [int(terms.rate * 1_000_000) for terms in same],
        n_instalments=n,
        method=first.method,
        balloon_minor=[terms.balloon_minor for terms in same],
        first_period_extra_days=[terms.first_period_extra_days for terms in same],
    )
    np.testing.assert_array_equal(table.interest_minor, [s.interest_minor for s in schedules])
    np.testing.assert_array_equal(table.balance_minor, [s.balance_minor for s in schedules])
    np.testing.assert_array_equal(table.principal_part_minor, [s.principal_part_minor for s in schedules])
    np.testing.assert_array_equal(table.instalment_minor, [s.instalment_minor for s in schedules])
    for column, again in zip(
        table.written_out(),
        (table.instalment_minor, table.principal_part_minor, table.balance_minor),
        strict=True,
    ):
        np.testing.assert_array_equal(column, again)
    nominal, effective = annual_rates_table(table.disbursed_minor, table.instalment_minor)
    for i, schedule in enumerate(schedules):
        if schedule.has_equal_periods:
            rates = annual_rates(schedule)
            assert (nominal[i], effective[i]) == (rates.nominal, rates.effective)


@given(loans(dated=True))
def test_dated_rates_equal_the_scalar_ones(terms):
    schedule = _schedule_or_assume(terms)
    offsets = [(day - schedule.disbursed_on).days for day in schedule.due_on]
    nominal, effective = dated_rates_table([schedule.disbursed_minor], [schedule.instalment_minor], [offsets])
    dates = [schedule.disbursed_on, *schedule.due_on]
    expected = dated_internal_rate(dates, [-schedule.disbursed_minor, *schedule.instalment_minor])
    assert effective[0] == pytest.approx(expected, rel=RATE_TOLERANCE, abs=RATE_TOLERANCE)
    assert nominal[0] == pytest.approx(12 * ((1 + expected) ** (1 / 12) - 1), abs=1e-9)


@given(st.integers(1, 40), st.data())
def test_one_loan_and_many_loans_give_the_same_bits(n_loans, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    flows = rng.integers(0, 200_000, (n_loans, 12)) + 1
    disbursed = rng.integers(500_000, 3_000_000, n_loans)
    gaps = np.cumsum(rng.integers(1, 60, (n_loans, 12)), axis=1)
    i = data.draw(st.integers(0, n_loans - 1))
    for table in (
        annual_rates_table,
        lambda d, f: dated_rates_table(d, f, gaps[i : i + 1] if len(d) == 1 else gaps),
    ):
        many = table(disbursed, flows)
        one = table(disbursed[i : i + 1], flows[i : i + 1])
        assert [array[i] for array in many] == [array[0] for array in one]


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=8))
def test_every_reported_internal_rate_makes_the_flows_worth_nothing(flows):
    assume(any(f > 0 for f in flows) and any(f < 0 for f in flows))
    for rate in internal_rates(flows):
        present = sum(flow * (1 + rate) ** -k for k, flow in enumerate(flows))
        size = sum(abs(flow) * (1 + rate) ** -k for k, flow in enumerate(flows))
        assert abs(present) <= 1e-9 * size


@given(st.lists(st.floats(-0.5, 3.0), min_size=1, max_size=4, unique=True))
def test_internal_rates_finds_all_planted_rates(planted):
    planted = sorted(planted)
    assume(all(b - a > 0.05 for a, b in pairwise(planted)))
    flows = np.poly1d([-1.0])
    for rate in planted:
        flows = flows * np.poly1d([1.0, -(1.0 + rate)])
    found = internal_rates(list(flows.coeffs))
    assert found == pytest.approx(planted, abs=1e-8)


@given(days, st.integers(1, 60), st.integers(1, 31))
def test_due_dates_keep_the_original_day(start, n, due_day):
    listed = due_dates(start, n, first_due_on=add_months(start, 1), due_day=due_day)
    assert list(listed) == sorted(listed)
    for k, day in enumerate(listed):
        month_end = add_months(date(start.year, start.month, 1), k + 2) - timedelta(days=1)
        if k > 0:
            assert day == min(month_end, date(month_end.year, month_end.month, min(due_day, month_end.day)))


@given(days, st.integers(0, 4000), st.integers(0, 4000))
def test_actual_day_counts_add_up(start, a, b):
    middle, end = start + timedelta(days=a), start + timedelta(days=a + b)
    for convention in (
        DayCount.ACTUAL_ACTUAL_ISDA,
        DayCount.ACTUAL_365_FIXED,
        DayCount.ACTUAL_360,
        DayCount.NO_LEAP_365,
    ):
        parts = year_fraction(start, middle, convention) + year_fraction(middle, end, convention)
        assert parts == year_fraction(start, end, convention)


@given(loans())
def test_terms_and_schedules_round_trip(terms):
    assert LoanTerms.from_dict(terms.to_dict()) == terms
    schedule = _schedule_or_assume(terms)
    assert type(schedule).from_dict(schedule.to_dict()) == schedule
    assert Decimal(schedule.total_cost_minor) == sum(schedule.interest_minor)
