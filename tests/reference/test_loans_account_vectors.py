"""Published vectors of a loan's life: early payoff, penalty, unearned interest. [C]: computed, inputs fully given."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from credit_risk.loans.day_count import DayCount
from credit_risk.loans.ledger import ServicingPolicy, advance, open_account, position
from credit_risk.loans.schedule import equal_instalment_schedule, repayment_schedule
from credit_risk.loans.servicing import (
    EarlyRepayment,
    Repayment,
    apply_event,
    payoff_minor,
    replay,
    waived_interest_minor,
)
from credit_risk.loans.terms import LoanTerms

POLICY = ServicingPolicy(
    annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"), day_count=DayCount.ACTUAL_360
)


@pytest.fixture
def after_three():
    schedule = equal_instalment_schedule(
        1_000_000, annual_rate=Decimal("0.144"), n_instalments=12, disbursed_on=date(2026, 1, 10)
    )
    return replay(schedule, POLICY, [Repayment(on=day, amount_minor=89_975) for day in schedule.due_on[:3]])


def test_v_b27_early_payoff_ten_days_after_the_third_instalment(after_three):
    on = date(2026, 4, 20)
    assert position(after_three, on).principal_outstanding_minor == 763_256
    assert position(after_three, on).accrued_interest_minor == 3_053
    assert payoff_minor(after_three, on) == 766_309
    closed = apply_event(after_three, EarlyRepayment(on=on))
    assert closed.is_closed
    assert closed.paid.total == 3 * 89_975 + 766_309


def test_v_b38_unearned_interest_is_waived_not_rebated_by_78ths(after_three):
    on = date(2026, 4, 10)
    waived = waived_interest_minor(after_three, on)
    rule_of_78 = round(79_705 * (9 * 10 / 2) / (12 * 13 / 2))
    assert waived == 46_524
    assert waived - rule_of_78 == 540  # the rule of 78 would keep 5.40 more of the borrower's money
    assert payoff_minor(after_three, on) == 763_256


def test_v_b28_penalty_on_overdue_principal():
    terms = LoanTerms(
        principal_minor=80_690,
        annual_rate=0,
        n_instalments=1,
        disbursed_on=date(2026, 1, 10),
        first_due_on=date(2026, 2, 10),
    )
    account = open_account(repayment_schedule(terms), POLICY)
    assert advance(account, date(2026, 2, 25)).posted.penalty == 726
    assert position(account, date(2026, 2, 25)).days_past_due == 15


def test_v_e01_days_past_due_count_from_the_day_after():
    terms = LoanTerms(
        principal_minor=100,
        annual_rate=0,
        n_instalments=1,
        disbursed_on=date(2026, 1, 8),
        first_due_on=date(2026, 2, 8),
    )
    account = open_account(repayment_schedule(terms), POLICY)
    assert [position(account, date(2026, 2, day)).days_past_due for day in (8, 9, 10)] == [0, 1, 2]
