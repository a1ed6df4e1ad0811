from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from credit_risk.domain.money import Currency
from credit_risk.errors import LoanError, SpecificationError
from credit_risk.loans.day_count import DayCount
from credit_risk.loans.rates import annual_rates, dated_internal_rate
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.statutory_rates import UnitPeriodFlow, regulation_z_rate
from credit_risk.loans.terms import Fee, LoanTerms

GOOD = {"principal_minor": 1_000_000, "annual_rate": Decimal("0.144"), "n_instalments": 12}
DATED = {"disbursed_on": date(2026, 1, 10)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"principal_minor": 0}, r"CR-LON-001: principal_minor must be at least 1 minor unit\(s\)\.$"),
        ({"principal_minor": -5}, r"CR-LON-001: principal_minor must be at least 1"),
        ({"principal_minor": 100.5}, r"CR-LON-008: principal_minor must be a whole number of minor units"),
        ({"principal_minor": float("nan")}, r"CR-LON-008: .*Got a float"),
        ({"principal_minor": 10**13}, r"CR-LON-007: principal_minor overflows: at most 1000000000000"),
        ({"n_instalments": 0}, r"CR-LON-002: n_instalments must be a whole number from 1 to 1200"),
        ({"n_instalments": -1}, r"CR-LON-002: n_instalments"),
        ({"n_instalments": 2.5}, r"CR-LON-002: n_instalments"),
        ({"periods_per_year": 0}, r"CR-LON-002: periods_per_year must be a whole number"),
        ({"annual_rate": Decimal("-0.01")}, r"CR-LON-003: annual_rate must not be negative"),
        ({"annual_rate": 0.144}, r"CR-LON-008: annual_rate must be an exact, finite number. Got a float"),
        ({"annual_rate": Decimal("NaN")}, r"CR-LON-008: .*Got a Decimal"),
        ({"annual_rate": Decimal("Infinity")}, r"CR-LON-008: .*not a binary float or NaN"),
        ({"method": "balloon"}, r"CR-LON-015: .*method must be one of"),
        ({"first_due_on": date(2026, 2, 10)}, r"CR-LON-015: .*first_due_on needs disbursed_on"),
        ({"day_count": DayCount.ACTUAL_360}, r"CR-LON-015: .*day_count needs disbursed_on"),
        ({"due_day": 32}, r"CR-LON-015: .*due_day must lie from 1 to 31"),
        ({"interest_free_days": -1}, r"CR-LON-015: .*interest_free_days must be 0 or more"),
        ({"interest_free_days": 7, **DATED}, r"CR-LON-015: .*interest_free_days needs day_count"),
        ({"n_grace_instalments": 12}, r"CR-LON-015: .*must leave at least one instalment"),
        ({"balloon_minor": 1_000_000}, r"CR-LON-015: .*balloon_minor must lie below the principal"),
        ({"balloon_minor": 5, "method": "bullet"}, r"CR-LON-015: .*belongs to equal instalments"),
        (
            {**DATED, "first_due_on": date(2026, 1, 10)},
            r"CR-LON-005: .*first_due_on must lie after the date before it",
        ),
        ({"annual_rate": Decimal("1e999999")}, r"CR-LON-003: annual_rate is no rate: its size lies outside"),
        ({"annual_rate": Decimal("1e-999999")}, r"CR-LON-003: annual_rate is no rate"),
        ({"annual_rate": 10**31}, r"CR-LON-003: annual_rate is no rate"),
        ({"disbursed_on": date(9999, 6, 1)}, r"CR-LON-005: A date lies outside the calendar"),
        (
            {"disbursed_on": date(9999, 6, 1), "periods_per_year": 26, "n_instalments": 50},
            r"CR-LON-005: A date lies outside the calendar",
        ),
        (
            {**DATED, "day_count": DayCount.ACTUAL_360, "interest_free_days": 10**10},
            r"CR-LON-015: .*at most 36600",
        ),
        (
            {
                "disbursed_on": date(9998, 6, 1),
                "day_count": DayCount.ACTUAL_360,
                "interest_free_days": 30_000,
            },
            r"CR-LON-015: .*must end before the calendar does",
        ),
        ({"balloon_minor": 100.5}, r"CR-LON-008: balloon_minor must be a whole number. Got a float"),
        ({"n_grace_instalments": "1"}, r"CR-LON-008: n_grace_instalments must be a whole number. Got a str"),
        ({"interest_free_days": True}, r"CR-LON-008: interest_free_days must be a whole number"),
        ({"due_day": 1.5}, r"CR-LON-008: due_day must be a whole number"),
        ({**DATED, "day_count": "foo"}, r"CR-LON-015: The day-count convention is unknown"),
        ({**DATED, "periods_per_year": 24}, r"CR-LON-012: No calendar rule"),
        ({"disbursed_on": "2026-01-10"}, r"CR-LON-013: disbursed_on must be a datetime.date. Got a str"),
        ({"disbursed_on": 20260110}, r"CR-LON-013: disbursed_on must be a datetime.date. Got a int"),
        (
            {"disbursed_on": datetime(2026, 1, 10)},
            r"CR-LON-013: .*of a moment take .date\(\) in the lender's",
        ),
        ({**DATED, "first_due_on": "2026-02-10"}, r"CR-LON-013: first_due_on must be a datetime.date"),
        ({"fees": ("service",)}, r"CR-LON-014: fees must be a tuple of Fee"),
        ({"fees": None}, r"CR-LON-014: fees must be a tuple of Fee"),
    ],
)
def test_bad_terms_are_refused_with_a_code(changes, message):
    with pytest.raises(LoanError, match=message):
        LoanTerms(**{**GOOD, **changes})


def test_fees_need_their_own_code():
    fee = Fee(code="service", timing="deducted", collector="lender", amount_minor=1)
    with pytest.raises(LoanError, match="CR-LON-015: .*every fee needs its own code"):
        LoanTerms(**GOOD, fees=(fee, fee))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timing": "monthly"}, r"CR-LON-014: Fee 'service': timing must be one of"),
        ({"collector": None}, r"CR-LON-014: The code and the collector of a fee must be texts"),
        ({"nature": "tip"}, r"CR-LON-014: .*nature one of"),
        (
            {"amount_minor": 1, "rate": Decimal("0.1")},
            r"CR-LON-014: Fee 'service' has both an amount and a rate",
        ),
        ({"amount_minor": -1}, r"CR-LON-001: Amount of fee 'service' must be at least 0"),
        ({"rate": Decimal("-0.1")}, r"CR-LON-003: Rate of fee 'service' must not be negative"),
    ],
)
def test_bad_fees_are_refused(changes, message):
    with pytest.raises(LoanError, match=message):
        Fee(**{"code": "service", "timing": "deducted", "collector": "lender", **changes})


def test_a_fee_of_unknown_amount_gives_no_rate_and_is_named():
    terms = LoanTerms(**GOOD, fees=(Fee(code="insurance", timing="per_instalment", collector="insurer"),))
    with pytest.raises(
        LoanError, match="CR-LON-006: Fee 'insurance' has an unknown amount, so no annual rate"
    ):
        repayment_schedule(terms)


def test_a_currency_without_minor_unit_is_refused():
    with pytest.raises(SpecificationError, match="CR-MNY-001: Currency 'XAU' has no known minor unit"):
        Currency.of("XAU")


def test_fee_rates_are_exact_and_terms_round_trip():
    fee = Fee(code="service", timing="deducted", collector="lender", rate=Decimal("0.0333"))
    assert fee.charge_minor(1_000_005) == 33_300
    assert fee.rate == Fraction(333, 10_000)
    terms = LoanTerms(**GOOD, **DATED, day_count=DayCount.ACTUAL_360, fees=(fee,))
    assert LoanTerms.from_dict(terms.to_dict()) == terms


def test_an_agreed_due_day_without_a_first_due_date_makes_the_first_period_irregular():
    terms = LoanTerms(
        principal_minor=1_000_000,
        annual_rate=Decimal("0.21"),
        n_instalments=3,
        disbursed_on=date(2026, 1, 31),
        due_day=1,
    )
    assert terms.due_on()[0] == date(2026, 2, 1)
    assert terms.first_period_extra_days == -27
    schedule = repayment_schedule(terms)
    assert schedule.interest_minor[0] == 1_966  # 10,000.00 x 0.21 x (1/12 - 27/365)
    assert not schedule.has_equal_periods
    flows = [-1_000_000, *schedule.instalment_minor]
    rate = dated_internal_rate([terms.disbursed_on, *schedule.due_on], flows)
    assert annual_rates(schedule).effective == rate
    assert replace(terms, due_day=31).first_period_extra_days == 0


def test_an_agreed_day_never_puts_a_due_date_before_the_payout():
    with pytest.raises(LoanError, match="CR-LON-005"):
        LoanTerms(**GOOD, disbursed_on=date(2026, 2, 7), first_due_on=date(2026, 2, 10), due_day=5)


def test_a_convention_may_be_given_in_its_written_form():
    terms = LoanTerms(**GOOD, **DATED, day_count="act/360")
    assert terms.day_count is DayCount.ACTUAL_360


@pytest.mark.parametrize(
    ("kind", "changes", "dropped", "message"),
    [
        (
            LoanTerms,
            {},
            "annual_rate",
            r"CR-LON-020: Loan terms cannot be read: missing keys \['annual_rate'\]",
        ),
        (LoanTerms, {"rat": 1}, None, r"CR-LON-020: .*unknown keys \['rat'\]"),
        (LoanTerms, {"annual_rate": "1e999999"}, None, "CR-LON-008: annual_rate is no exact rate"),
        (LoanTerms, {"annual_rate": "a"}, None, "CR-LON-008: annual_rate is no exact rate"),
        (LoanTerms, {"annual_rate": "1/0"}, None, "CR-LON-008: annual_rate is no exact rate"),
        (LoanTerms, {"day_count": "act/364"}, None, "CR-LON-015: The day-count convention is unknown"),
        (Fee, {}, "collector", r"CR-LON-020: A fee cannot be read: missing keys \['collector'\]"),
        (Fee, {"rate": "x"}, None, "CR-LON-008: Rate of a fee is no exact rate"),
    ],
)
def test_stored_values_that_cannot_be_read_are_refused_with_a_code(kind, changes, dropped, message):
    fee = Fee(code="service", timing="deducted", collector="lender")
    content = {**(fee if kind is Fee else LoanTerms(**GOOD, **DATED)).to_dict(), **changes}
    content.pop(dropped, None)
    with pytest.raises(LoanError, match=message):
        kind.from_dict(content)


@pytest.mark.parametrize(
    ("build", "code", "value"),
    [
        (lambda: LoanTerms(**{**GOOD, "principal_minor": -987_654}), "CR-LON-001", "987"),
        (lambda: LoanTerms(**{**GOOD, "principal_minor": 9_876_543_210_123}), "CR-LON-007", "987"),
        (lambda: LoanTerms(**{**GOOD, "annual_rate": Decimal("-0.0987")}), "CR-LON-003", "987"),
        (
            lambda: LoanTerms(**GOOD, disbursed_on=date(2026, 3, 9), first_due_on=date(2026, 3, 8)),
            "CR-LON-005",
            "2026",
        ),
        (
            lambda: annual_rates(replace(repayment_schedule(LoanTerms(**GOOD)), disbursed_minor=-987_654)),
            "CR-LON-009",
            "987",
        ),
        (
            lambda: regulation_z_rate(
                [UnitPeriodFlow(amount=987_654, whole=0)],
                [UnitPeriodFlow(amount=1, whole=1)],
                unit_periods_per_year=12,
            ),
            "CR-LON-009",
            "987",
        ),
    ],
)
def test_messages_name_the_field_never_the_value(build, code, value):
    with pytest.raises(LoanError, match=code) as caught:
        build()
    assert value not in str(caught.value)
    assert value not in repr(caught.value.context)
