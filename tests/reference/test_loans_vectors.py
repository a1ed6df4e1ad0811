"""Verdicts that the domain rules state about the loan itself: lawful or not, refused or not, listed or not.

The numbers beside them are rows of ``loan_vectors.py``, checked by ``test_loan_vector_table.py``. Ids are those of the project's
domain notes; sources as there.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from loan_vectors import LPR

from credit_risk.errors import LoanError, PolicyError
from credit_risk.loans.ceilings import (
    check_amount_and_tenor,
    check_ceiling,
    check_joint_lending,
    load_ceilings,
    lpr_rate,
)
from credit_risk.loans.day_count import DayCount, days_between, year_fraction
from credit_risk.loans.rates import annual_rates, annualise, instalment_parts
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.statutory_rates import eu_annual_percentage_rate, rounded_percent, unit_periods_between
from credit_risk.loans.terms import Fee, LoanTerms

V_B22 = {"principal_minor": 1_000_000, "annual_rate": Decimal("0.144"), "n_instalments": 12}


@pytest.fixture(scope="module")
def ceilings():
    return load_ceilings()


# ---- A: China ----


@pytest.mark.parametrize("on", [on for on, *_ in LPR[1:15]])
def test_v_a01_lpr_is_a_step_function(ceilings, on):
    start = date.fromisoformat(on)
    before = [row for row in ceilings.lpr if row.from_on < start][-1]
    assert lpr_rate(start - timedelta(days=1), ceilings=ceilings) == before.one_year
    assert lpr_rate(start, ceilings=ceilings, term="five_year") == lpr_rate(
        start + timedelta(days=1), ceilings=ceilings, term="five_year"
    )


def test_v_a01_no_lpr_before_the_first_publication(ceilings):
    with pytest.raises(
        PolicyError, match=r"CR-CEI-002: No LPR on 2019-08-19: it is published since 2019-08-20"
    ):
        lpr_rate(date(2019, 8, 19), ceilings=ceilings)


def _rates_with(fee):
    return annual_rates(repayment_schedule(LoanTerms(**V_B22, fees=(fee,))))


def test_v_a02_third_party_guarantee_fee_breaks_24_percent(ceilings):
    rates = _rates_with(
        Fee(code="guarantee", timing="per_instalment", collector="guarantor", amount_minor=5_000)
    )
    check = _consumer_finance(rates.nominal, rates.effective, ceilings)
    assert not check.is_lawful
    assert rates.nominal > 0.24


def test_v_a03_deducted_fee(ceilings):
    rates = _rates_with(Fee(code="service", timing="deducted", collector="lender", amount_minor=30_000))
    assert _consumer_finance(rates.nominal, rates.effective, ceilings).is_lawful
    assert min(rates.nominal, rates.effective) > 0.20


def test_v_a04_two_percent_a_month_straddles_24_percent(ceilings):
    rates = annualise(Decimal("0.02"), 12)
    assert rates.nominal == 0.24
    check = _consumer_finance(rates.nominal, rates.effective, ceilings)
    assert (check.is_lawful, check.measure) == (False, "effective")
    assert _consumer_finance(rates.nominal, rates.nominal, ceilings).is_lawful


def _consumer_finance(nominal, effective, ceilings):
    return check_ceiling(
        nominal=nominal,
        effective=effective,
        lender_type="consumer_finance",
        product="consumer_loan",
        contract_on=date(2026, 8, 20),
        ceilings=ceilings,
    )


def test_v_a05_small_loan_ceiling_at_the_end_of_2027(ceilings):
    check = check_ceiling(
        nominal=0.12,
        effective=0.12,
        lender_type="small_loan",
        product="consumer_loan",
        contract_on=date(2027, 12, 31),
        ceilings=ceilings,
    )
    assert (check.ceiling_rate, check.is_lawful, check.rule_id) == (0.12, True, "cn-small-loan-4-lpr")
    assert "LPR of 2027-12-31 is not known: the file ends on 2026-08-20" in check.warnings[0]


@pytest.mark.parametrize(
    ("amount", "last_due_on", "broken"),
    [
        ("200000.00", date(2027, 1, 10), ()),
        ("200000.01", date(2027, 1, 10), ("cn-internet-200k",)),
        ("200000.00", date(2027, 1, 11), ("cn-internet-bullet-1y",)),
    ],
)
def test_v_a06_amount_and_bullet_tenor(ceilings, amount, last_due_on, broken):
    check = check_amount_and_tenor(
        amount=Decimal(amount),
        method="bullet",
        disbursed_on=date(2026, 1, 10),
        last_due_on=last_due_on,
        lender_type="consumer_finance",
        ceilings=ceilings,
    )
    assert (check.is_lawful, check.broken) == (not broken, broken)


def test_v_a06_partner_share_of_thirty_percent_is_accepted(ceilings):
    check = check_joint_lending(
        partner_share=Decimal("0.30"),
        one_partner_to_tier1=Decimal("0.25"),
        joint_to_total_loans=Decimal("0.50"),
        lender_type="bank",
        contract_on=date(2026, 1, 1),
        ceilings=ceilings,
    )
    assert check.is_lawful
    assert len(check.tested) == 3


# ---- B: rates ----


def test_v_b03_b07_unit_periods_are_counted_back_from_the_payment():
    assert unit_periods_between(date(1978, 5, 23), date(1978, 10, 1), multiple=3) == (1, Fraction(39, 90))
    assert days_between(date(1978, 1, 3), date(1978, 9, 15)) == 255


def test_v_b09_the_basis_of_the_interval_matters_and_halves_go_up():
    years = year_fraction(date(1994, 1, 1), date(1995, 7, 1), DayCount.ACTUAL_365_FIXED)
    rate = eu_annual_percentage_rate([(0, 1000)], [(years, 1200)])
    assert years == Fraction(546, 365)
    assert [rounded_percent(rate, n) for n in (1, 2)] == [Decimal("13.0"), Decimal("12.96")]
    assert rounded_percent(eu_annual_percentage_rate([(0, 1000)], [(1.5, 1200)]), 2) == Decimal("12.92")


@pytest.mark.parametrize(
    ("rate", "period", "n_periods", "principal"),
    [
        (0.0824 / 12, 0, 12, 25_000),
        (0.0824 / 12, 13, 12, 25_000),
        (0.05, 0, 10, 50_000),
        (0.05, 11, 10, 50_000),
    ],
)
def test_v_b18_b32_parts_outside_the_term_are_undefined(rate, period, n_periods, principal):
    with pytest.raises(LoanError, match="CR-LON-008: The interest part is undefined"):
        instalment_parts(rate, period, n_periods, principal)
