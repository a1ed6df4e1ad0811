"""Laws every loan account keeps, whatever happens to it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from credit_risk.errors import LoanError, PolicyError
from credit_risk.loans.day_count import DayCount
from credit_risk.loans.ledger import (
    ServicingPolicy,
    accrued_interest_minor,
    advance,
    imbalances,
    open_account,
    position,
    withheld_penalty_minor,
)
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.servicing import (
    Deferral,
    EarlyRepayment,
    Repayment,
    Restructuring,
    Waiver,
    apply_event,
    payoff_minor,
)
from credit_risk.loans.terms import Fee, LoanTerms

START = date(2026, 1, 31)
ORDERS = st.permutations(["penalty", "fee", "interest", "principal"])


@st.composite
def accounts(draw, *, fees=True):
    monthly = draw(st.integers(0, 300)) if fees else 0
    rate = Fraction(draw(st.sampled_from([0, 72_000, 144_000, 240_000])), 1_000_000)
    contract_days = draw(st.sampled_from([None, *DayCount]))
    free_days = draw(st.integers(0, 45)) if contract_days else 0
    deducted = draw(st.integers(0, 400)) if fees else 0
    terms = LoanTerms(
        principal_minor=draw(st.integers(5_000, 5_000_000)),
        annual_rate=rate,
        n_instalments=draw(st.integers(1, 18)),
        method=draw(st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"])),
        disbursed_on=START,
        day_count=contract_days,
        interest_free_days=free_days,
        fees=(
            Fee(code="service", timing="per_instalment", collector="lender", amount_minor=monthly),
            Fee(code="opening", timing="deducted", collector="lender", amount_minor=deducted),
        ),
    )
    policy = ServicingPolicy(
        annual_rate=rate,
        penalty_rate=rate * 3 / 2,
        day_count=draw(st.sampled_from(list(DayCount))),
        grace_days=draw(st.integers(0, 5)),
        allocation=tuple(draw(ORDERS)),
        by_instalment=draw(st.booleans()),
        joint_cap_rate=draw(st.sampled_from([None, Decimal("0.36"), max(rate * 3 / 2, Fraction(2, 100))])),
    )
    return terms, open_account(repayment_schedule(terms), policy)


@st.composite
def events(draw, on, account):  # noqa: PLR0911
    kind = draw(st.sampled_from(["pay", "pay", "pay due", "early", "whole", "defer", "restructure", "waive"]))
    amount = draw(st.integers(1, 2 * account.principal_minor))
    due = position(account, on).due
    if kind == "pay due" and due.total:
        return Repayment(on=on, amount_minor=due.total)
    if kind == "early":
        effect = draw(st.sampled_from(["smaller_instalment", "shorter_term"]))
        return EarlyRepayment(on=on, amount_minor=amount, effect=effect, fee_minor=draw(st.integers(0, 500)))
    if kind == "whole":
        return EarlyRepayment(on=on)
    if kind == "defer":
        return Deferral(on=on, n_months=draw(st.integers(1, 3)), bears_interest=draw(st.booleans()))
    if kind == "restructure":
        first = on + timedelta(days=draw(st.integers(5, 60)))
        return Restructuring(
            on=on, annual_rate=Decimal("0.12"), n_instalments=draw(st.integers(1, 24)), first_due_on=first
        )
    if kind == "waive":
        part = draw(st.sampled_from(["penalty", "fee", "interest", "principal"]))
        return Waiver(on=on, part=part, amount_minor=draw(st.integers(1, max(getattr(due, part), 1))))
    return Repayment(on=on, amount_minor=amount)


def _after(account, event):
    """Apply an event; one that does not fit the account leaves it as time left it."""
    try:
        return apply_event(account, event)
    except (LoanError, PolicyError) as error:
        if error.code not in {"CR-LON-018", "CR-LON-004", "CR-CEI-005"}:
            raise
        return advance(account, event.on)


@given(accounts(), st.data())
def test_no_sequence_of_events_loses_a_cent(opened, data):
    _, account = opened
    on = START
    for _ in range(data.draw(st.integers(1, 10))):
        on += timedelta(days=data.draw(st.integers(0, 75)))
        event = data.draw(events(on, account))
        account = _after(account, event)
        assert not any(imbalances(account).values())
        assert account.credit_minor >= 0
        assert account.credit_minor == 0 or not account.due_claims
        for claim in account.claims:
            assert min(claim.owed.penalty, claim.owed.fee, claim.owed.interest, claim.owed.principal) >= 0
    final = advance(account, on + timedelta(days=400 * 30))
    assert not any(imbalances(final).values())


@given(accounts(), st.integers(0, 600), st.integers(1, 100), st.booleans())
def test_early_repayment_never_costs_more_than_staying(opened, days, percent, is_shorter):
    terms, account = opened
    schedule = repayment_schedule(terms)
    on = START + timedelta(days=days)
    due_before = [day for day in schedule.due_on if day <= on]
    remaining = schedule.n_instalments - len(due_before)
    assume(remaining > 0)
    for k, day in enumerate(due_before):
        if schedule.instalment_minor[k]:
            account = apply_event(account, Repayment(on=day, amount_minor=schedule.instalment_minor[k]))
    undue = position(account, on).principal_outstanding_minor
    assume(undue > 0)
    whole = apply_event(account, EarlyRepayment(on=on))
    assert whole.is_closed
    assert whole.received_minor <= schedule.total_repayment_minor
    accrued = position(account, on).accrued_interest_minor
    amount = accrued + max(undue * percent // 100, 1)
    effect = "shorter_term" if is_shorter else "smaller_instalment"
    part = apply_event(account, EarlyRepayment(on=on, amount_minor=amount, effect=effect))
    still_owed = sum(claim.owed.total for claim in part.claims)
    assert part.received_minor - part.credit_minor + still_owed <= schedule.total_repayment_minor + remaining
    assert len(part.claims) <= remaining


@given(accounts(), st.integers(0, 900))
def test_paying_the_payoff_closes_the_loan_exactly(opened, days):
    _, account = opened
    on = START + timedelta(days=days)
    amount = payoff_minor(account, on)
    closed = apply_event(account, EarlyRepayment(on=on))
    assert closed.is_closed
    assert (closed.received_minor, closed.credit_minor) == (amount, 0)


@given(accounts(), st.integers(0, 900), st.integers(1, 400))
def test_the_joint_cap_holds_and_time_may_pass_in_steps(opened, days, more):
    _, account = opened
    middle = advance(account, START + timedelta(days=days))
    late = advance(middle, START + timedelta(days=days + more))
    cap_rate = account.policy.joint_cap_rate
    assert late == advance(account, late.as_of)
    if cap_rate is None:
        assert withheld_penalty_minor(late) == 0
    else:
        most = account.disbursed_minor * Fraction(cap_rate) * Fraction((late.as_of - START).days, 365)
        charged = late.posted.total + accrued_interest_minor(late, late.as_of)
        assert late.posted.penalty == 0 or charged + account.principal_minor - account.disbursed_minor <= most
        assert withheld_penalty_minor(late) >= 0


@given(accounts(), st.data())
def test_the_debt_never_depends_on_how_often_somebody_looks(opened, data):
    _, watched = opened
    unwatched, on = watched, START
    for _ in range(data.draw(st.integers(1, 4))):
        for _ in range(data.draw(st.integers(0, 6))):
            on += timedelta(days=data.draw(st.integers(0, 25)))
            watched = advance(watched, on)
        event = data.draw(events(on, watched))
        watched, unwatched = _after(watched, event), _after(unwatched, event)
        assert watched == unwatched
