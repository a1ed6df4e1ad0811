"""A table of loans is its loans: every method, calendar and day count, to the cent, refusals included."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount, due_dates, year_fraction
from credit_risk.loans.rates import annual_rates
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.tables.annual import annual_rates_table, dated_rates_table
from credit_risk.loans.tables.calendar import calendar_table, year_parts
from credit_risk.loans.tables.repayment import repayment_table
from credit_risk.loans.terms import Fee, LoanTerms

METHODS = ["equal_instalment", "equal_principal", "interest_only", "bullet"]
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))
all_days = st.dates(date(1895, 1, 1), date(2205, 12, 31))
principals = st.one_of(st.integers(1, 500), st.integers(1_000, 50_000_000))
rates_ppm = st.one_of(st.just(0), st.integers(1, 360_000), st.integers(360_000, 3_000_000))


@st.composite
def like_loans(draw):
    """Draw loans that may stand in one table: same term, method, grace and convention; the rest differs."""
    n = draw(st.integers(1, 30))
    method = draw(st.sampled_from(METHODS))
    is_dated = draw(st.booleans())
    day_count = draw(st.sampled_from([None, *DayCount])) if is_dated else None
    same = {
        "n_instalments": n,
        "method": method,
        "periods_per_year": draw(st.sampled_from([1, 2, 4, 12, 26, 52])),
        "day_count": day_count,
        "n_grace_instalments": draw(st.integers(0, n - 1)) if draw(st.booleans()) else 0,
    }
    loans = []
    for _ in range(draw(st.integers(1, 4))):
        principal = draw(principals)
        own = {"principal_minor": principal, "annual_rate": Fraction(draw(rates_ppm), 1_000_000)}
        if method == "equal_instalment":
            own["balloon_minor"] = draw(st.integers(0, principal // 2))
        if is_dated:
            own["disbursed_on"] = draw(days)
            if draw(st.booleans()):
                own["due_day"] = draw(st.sampled_from([None, 1, 15, 29, 30, 31]))
                shortest = 31 if own["due_day"] else 1  # the agreed day must still lie after the payout
                own["first_due_on"] = own["disbursed_on"] + timedelta(days=draw(st.integers(shortest, 90)))
        if day_count is not None:
            own["interest_free_days"] = draw(st.sampled_from([0, 0, 7, 30, 400]))
        if draw(st.booleans()):
            amounts = draw(st.integers(0, principal // 4)), draw(st.integers(0, 300))
            own["fees"] = (
                Fee(code="opening", timing="deducted", collector="lender", amount_minor=amounts[0]),
                Fee(code="service", timing="per_instalment", collector="lender", amount_minor=amounts[1]),
            )
        loans.append(LoanTerms(**same, **own))
    return loans


def _table(loans, out=None):
    first = loans[0]
    calendar = None
    if first.disbursed_on is not None:
        calendar = calendar_table(
            [terms.disbursed_on for terms in loans],
            first.n_instalments,
            periods_per_year=first.periods_per_year,
            first_due_on=np.array([terms.first_due_on for terms in loans], dtype="datetime64[D]"),
            due_day=[terms.due_day or 0 for terms in loans],
            day_count=first.day_count,
            interest_free_days=[terms.interest_free_days for terms in loans],
        )
    table = repayment_table(
        [terms.principal_minor for terms in loans],
        [int(terms.rate * 1_000_000) for terms in loans],
        n_instalments=first.n_instalments,
        periods_per_year=first.periods_per_year,
        method=first.method,
        n_grace_instalments=first.n_grace_instalments,
        balloon_minor=[terms.balloon_minor for terms in loans],
        calendar=calendar,
        initial_fee_minor=[_fee(terms, 0) for terms in loans],
        instalment_fee_minor=[_fee(terms, 1) for terms in loans],
        out=out,
    )
    return table, calendar


def _schedule_or_refusal(terms):
    try:
        return repayment_schedule(terms)
    except LoanError as refusal:
        return refusal.code


def _refusal(loans):
    try:
        _table(loans)
    except LoanError as refusal:
        return refusal.code
    return None


def _fee(terms, which):
    return terms.fees[which].amount_minor if terms.fees else 0


@given(like_loans())
def test_a_table_equals_its_loans_to_the_cent(loans):
    schedules = [_schedule_or_refusal(terms) for terms in loans]
    if "CR-LON-004" in schedules:
        with pytest.raises(LoanError, match="CR-LON-004"):
            _table(loans)
        return
    columns = np.full((4, loans[0].n_instalments, len(loans)), -1, dtype=np.int64)
    refused_as = _refusal(loans)
    if refused_as is not None:
        # 64 bits hold less than the scalar path's integers; what they cannot hold is refused, never wrong
        assert refused_as == "CR-LON-007"
        assert max(terms.principal_minor * terms.rate for terms in loans) > 1_000_000
        return
    for table, calendar in (_table(loans), _table(loans, out=columns)):
        np.testing.assert_array_equal(table.interest_minor, [s.interest_minor for s in schedules])
        np.testing.assert_array_equal(table.principal_part_minor, [s.principal_part_minor for s in schedules])
        np.testing.assert_array_equal(table.balance_minor, [s.balance_minor for s in schedules])
        np.testing.assert_array_equal(table.instalment_minor, [s.instalment_minor for s in schedules])
        np.testing.assert_array_equal(table.disbursed_minor, [s.disbursed_minor for s in schedules])
        if calendar is not None:
            assert calendar.due_on.tolist() == [list(s.due_on) for s in schedules]
            assert calendar.first_period_extra_days.tolist() == [t.first_period_extra_days for t in loans]
    written = [table.instalment_minor, table.principal_part_minor, table.interest_minor, table.balance_minor]
    np.testing.assert_array_equal(columns.transpose(0, 2, 1), written)
    assert (table.principal_part_minor.sum(axis=1) == table.principal_minor).all()


@given(
    st.lists(st.tuples(all_days, st.integers(0, 4000)), min_size=1, max_size=5),
    st.sampled_from(list(DayCount)),
)
def test_parts_of_a_year_are_the_scalar_ones(pairs, convention):
    starts = [start for start, _ in pairs]
    ends = [start + timedelta(days=n) for start, n in pairs]
    parts, denominator = year_parts(
        np.array(starts, dtype="datetime64[D]"), np.array(ends, dtype="datetime64[D]"), convention
    )
    assert [Fraction(int(part), denominator) for part in parts] == [
        year_fraction(start, end, convention) for start, end in zip(starts, ends, strict=True)
    ]


@given(
    all_days,
    st.integers(1, 40),
    st.sampled_from([1, 2, 3, 4, 6, 12, 26, 52, 365]),
    st.one_of(st.none(), st.integers(1, 120)),
    st.integers(0, 31),
)
def test_due_dates_are_the_scalar_ones(disbursed_on, n, periods_per_year, gap, due_day):
    first = None if gap is None else disbursed_on + timedelta(days=gap)
    options = {"periods_per_year": periods_per_year, "first_due_on": first}
    try:
        expected = due_dates(disbursed_on, n, due_day=due_day or None, **options)
    except LoanError as refusal:
        with pytest.raises(LoanError, match=refusal.code):
            calendar_table(
                [disbursed_on],
                n,
                due_day=due_day,
                periods_per_year=periods_per_year,
                first_due_on=np.array([first], dtype="datetime64[D]"),
            )
        return
    several = calendar_table(
        np.array([disbursed_on, date(2026, 1, 31)], dtype="datetime64[D]"),
        n,
        periods_per_year=periods_per_year,
        first_due_on=np.array([first, None], dtype="datetime64[D]"),
        due_day=[due_day, 0],
    )
    assert several.due_on.tolist()[0] == list(expected)
    assert several.due_on.tolist()[1] == list(
        due_dates(date(2026, 1, 31), n, periods_per_year=periods_per_year)
    )
    assert several.days[0].tolist() == [(day - disbursed_on).days for day in expected]


@given(st.data())
def test_loans_of_different_terms_have_the_rates_of_each_alone(data):
    terms = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=5))
    schedules = [
        repayment_schedule(
            LoanTerms(
                principal_minor=data.draw(st.integers(100_000, 5_000_000)),
                annual_rate=Fraction(data.draw(st.integers(0, 360_000)), 1_000_000),
                n_instalments=n,
                method=data.draw(st.sampled_from(METHODS)),
                disbursed_on=data.draw(days),
            )
        )
        for n in terms
    ]
    disbursed = [s.disbursed_minor for s in schedules]
    flows = [s.instalment_minor for s in schedules]
    offsets = [[(day - s.disbursed_on).days for day in s.due_on] for s in schedules]
    nominal, effective = annual_rates_table(disbursed, flows)
    dated = dated_rates_table(disbursed, flows, offsets)
    for i, schedule in enumerate(schedules):
        rates = annual_rates(schedule)
        assert (nominal[i], effective[i]) == (rates.nominal, rates.effective)
        alone = dated_rates_table(disbursed[i : i + 1], [flows[i]], [offsets[i]])
        assert (dated[0][i], dated[1][i]) == (alone[0][0], alone[1][0])
