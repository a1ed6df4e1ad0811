from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from credit_risk.errors import LoanError, PolicyError
from credit_risk.loans.day_count import DayCount, year_fraction
from credit_risk.loans.ledger import (
    Parts,
    ServicingPolicy,
    accrued_interest_minor,
    advance,
    imbalances,
    open_account,
    position,
    withheld_penalty_minor,
)
from credit_risk.loans.schedule import equal_instalment_schedule, repayment_schedule
from credit_risk.loans.servicing import (
    Deferral,
    EarlyRepayment,
    Repayment,
    Restructuring,
    Waiver,
    apply_event,
    payoff_minor,
    replay,
)
from credit_risk.loans.terms import Fee, LoanTerms

RATES = {"annual_rate": Decimal("0.144"), "penalty_rate": Decimal("0.216")}
POLICY = ServicingPolicy(**RATES)
DAY = date(2026, 1, 10)


@pytest.fixture
def schedule():
    return equal_instalment_schedule(
        1_000_000, annual_rate=Decimal("0.144"), n_instalments=12, disbursed_on=DAY
    )


def _with_fee(amount_minor):
    fee = Fee(code="service", timing="per_instalment", collector="lender", amount_minor=amount_minor)
    return repayment_schedule(
        LoanTerms(
            principal_minor=1_000_000,
            annual_rate=Decimal("0.144"),
            n_instalments=12,
            disbursed_on=DAY,
            fees=(fee,),
        )
    )


def test_allocation_order_changes_what_a_partial_payment_settles():
    schedule = _with_fee(1_000)
    late = date(2026, 3, 12)
    first = replay(schedule, POLICY, [Repayment(on=late, amount_minor=50_000)])
    principal_first = ServicingPolicy(**RATES, allocation=("principal", "interest", "fee", "penalty"))
    second = replay(schedule, principal_first, [Repayment(on=late, amount_minor=50_000)])
    assert first.paid == Parts(penalty=1_404, fee=1_000, interest=12_000, principal=35_596)
    assert second.paid == Parts(principal=50_000)


def test_by_part_settles_a_kind_across_all_instalments_first():
    schedule = _with_fee(1_000)
    late = date(2026, 3, 12)
    across = ServicingPolicy(
        **RATES, by_instalment=False, allocation=("fee", "interest", "penalty", "principal")
    )
    oldest = ServicingPolicy(**RATES, allocation=("fee", "interest", "penalty", "principal"))
    paid = [
        replay(schedule, policy, [Repayment(on=late, amount_minor=25_064)]).paid
        for policy in (across, oldest)
    ]
    assert paid[0] == Parts(fee=2_000, interest=23_064)
    assert paid[1] == Parts(penalty=1_404, fee=1_000, interest=12_000, principal=10_660)


def test_money_too_early_waits_for_the_due_date(schedule):
    account = replay(schedule, POLICY, [Repayment(on=date(2026, 1, 20), amount_minor=100_000)])
    assert (account.credit_minor, account.paid.total) == (100_000, 0)
    later = advance(account, date(2026, 2, 10))
    assert (later.credit_minor, later.paid) == (10_025, Parts(interest=12_000, principal=77_975))


def test_position_shows_buckets_and_days_past_due(schedule):
    account = open_account(schedule, POLICY)
    at = position(account, date(2026, 5, 15))
    assert at.days_past_due == 94
    assert {name: amount > 0 for name, amount in at.overdue_by_bucket.items()} == {
        "1-30": True, "31-60": True, "61-90": True, "91+": True,
    }  # fmt: skip
    assert sum(at.overdue_by_bucket.values()) == at.due.total
    assert at.principal_outstanding_minor == 1_000_000
    assert position(account, date(2026, 2, 10)).days_past_due == 0


def test_grace_days_without_penalty_then_from_the_due_date(schedule):
    account = open_account(schedule, ServicingPolicy(**RATES, grace_days=3))
    assert advance(account, date(2026, 2, 13)).posted.penalty == 0
    after = advance(account, date(2026, 2, 14)).posted.penalty
    assert after == round(77_975 * 0.216 * 4 / 360)


def test_penalty_falls_with_principal_paid(schedule):
    due = date(2026, 2, 10)
    half = replay(schedule, POLICY, [Repayment(on=due, amount_minor=12_000 + 40_000)])
    assert advance(half, date(2026, 2, 25)).posted.penalty == round(37_975 * 0.216 * 15 / 360)


def test_the_joint_cap_withholds_penalty(schedule):
    capped = ServicingPolicy(
        annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.15"), joint_cap_rate=Decimal("0.15")
    )
    account = open_account(schedule, capped)
    late = advance(account, date(2028, 1, 10))
    most = 1_000_000 * 15 * 730 // 36_500
    assert late.posted.total <= most
    assert late.posted.penalty > 0
    free = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.15"))
    uncapped = advance(open_account(schedule, free), date(2028, 1, 10))
    assert late.posted.penalty + withheld_penalty_minor(late) == uncapped.posted.penalty


def test_running_interest_and_fee_come_before_penalty_under_the_joint_cap():
    schedule = _with_fee(2_000)
    policy = ServicingPolicy(
        annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.18"), joint_cap_rate=Decimal("0.18")
    )
    account = open_account(schedule, policy)
    for days in range(31, 360, 7):
        late = advance(account, DAY + timedelta(days=days))
        most = 1_000_000 * 18 * days // 36_500
        by_contract = late.posted.interest + late.posted.fee
        if late.posted.penalty:
            running = accrued_interest_minor(late, late.as_of) + late.future_claims[0].owed.fee
            assert late.posted.total + running <= max(most, by_contract + running)


def test_running_interest_is_never_more_than_the_period_will_charge(schedule):
    free = apply_event(open_account(schedule, POLICY), Deferral(on=DAY, n_months=2, bears_interest=False))
    assert position(free, date(2026, 4, 9)).accrued_interest_minor == 12_000
    assert payoff_minor(free, date(2026, 4, 9)) == 1_012_000


def test_interest_left_after_principal_was_paid_in_grace_bears_no_penalty(schedule):
    policy = ServicingPolicy(**RATES, grace_days=5, allocation=("principal", "interest", "fee", "penalty"))
    account = replay(schedule, policy, [Repayment(on=date(2026, 2, 13), amount_minor=77_975)])
    assert advance(account, date(2026, 3, 5)).posted.penalty == 0


def test_a_penalty_rate_above_the_joint_cap_is_refused_not_clipped():
    with pytest.raises(PolicyError, match="CR-CEI-005: The penalty rate 0.2160 exceeds the joint cap 0.2000"):
        ServicingPolicy(**RATES, joint_cap_rate=Decimal("0.20"))


@pytest.mark.parametrize(
    "changes",
    [
        {"allocation": ("fee", "interest")},
        {"allocation": ("fee",) * 4},
        {"allocation": (1, "fee", None)},
        {"grace_days": -1},
        {"grace_days": float("nan")},
        {"grace_days": 1.5},
    ],
)
def test_bad_policies_are_refused(changes):
    with pytest.raises(LoanError, match="CR-LON-017: allocation must order"):
        ServicingPolicy(**RATES, **changes)


def test_an_account_needs_dates():
    with pytest.raises(LoanError, match="CR-LON-017: An account needs a schedule with dates"):
        open_account(equal_instalment_schedule(100, annual_rate=0, n_instalments=2), POLICY)


def test_ledgers_are_never_rewritten(schedule):
    account = advance(open_account(schedule, POLICY), date(2026, 3, 1))
    with pytest.raises(LoanError, match="CR-LON-005: Dates are out of order"):
        apply_event(account, Repayment(on=date(2026, 2, 28), amount_minor=1))


def test_part_repayment_with_smaller_instalments_or_a_shorter_term(schedule):
    paid = [Repayment(on=day, amount_minor=89_975) for day in schedule.due_on[:3]]
    account = replay(schedule, POLICY, paid)
    on = schedule.due_on[2]
    smaller = apply_event(account, EarlyRepayment(on=on, amount_minor=381_628))
    assert {claim.owed.total for claim in smaller.claims} <= {44_987, 44_988, 44_989, 44_990, 44_986}
    assert len(smaller.claims) == 9
    shorter = apply_event(account, EarlyRepayment(on=on, amount_minor=381_628, effect="shorter_term"))
    assert [claim.owed.total for claim in shorter.claims[:-1]] == [89_975] * (len(shorter.claims) - 1)
    assert len(shorter.claims) == 5
    interest = [sum(claim.owed.interest for claim in a.claims) for a in (account, smaller, shorter)]
    assert interest[2] < interest[1] < interest[0]


def test_early_repayment_that_does_not_fit_is_refused(schedule):
    account = open_account(schedule, POLICY)
    with pytest.raises(
        LoanError, match="CR-LON-018: The amount does not reach the principal that is not yet due"
    ):
        apply_event(account, EarlyRepayment(on=date(2026, 1, 20), amount_minor=4_000))
    closed = apply_event(account, EarlyRepayment(on=date(2026, 1, 20)))
    with pytest.raises(LoanError, match="CR-LON-018: The loan is already repaid"):
        apply_event(closed, EarlyRepayment(on=date(2026, 1, 20)))
    with pytest.raises(LoanError, match="CR-LON-018: No instalment is left to defer"):
        apply_event(closed, Deferral(on=date(2026, 1, 20), n_months=1))
    with pytest.raises(LoanError, match="CR-LON-018: No principal is left to restructure"):
        apply_event(
            closed,
            Restructuring(
                on=date(2026, 1, 20), annual_rate=0, n_instalments=1, first_due_on=date(2026, 2, 20)
            ),
        )
    with pytest.raises(LoanError, match="CR-LON-001: amount_minor must be at least 1"):
        apply_event(account, Repayment(on=date(2026, 1, 20), amount_minor=0))


def test_an_early_repayment_fee_is_charged_and_paid(schedule):
    account = open_account(schedule, POLICY)
    free = apply_event(account, EarlyRepayment(on=date(2026, 1, 20)))
    dear = apply_event(account, EarlyRepayment(on=date(2026, 1, 20), fee_minor=5_000))
    assert dear.received_minor == free.received_minor + 5_000
    assert (dear.posted.fee, dear.paid.fee) == (5_000, 5_000)
    assert not any(imbalances(dear).values())
    part = apply_event(account, EarlyRepayment(on=date(2026, 1, 20), amount_minor=109_000, fee_minor=5_000))
    assert sum(claim.owed.principal for claim in part.claims) == 900_000


def test_deferral_moves_dates_from_the_original_day_and_charges_the_gap():
    schedule = equal_instalment_schedule(
        1_000_000, annual_rate=Decimal("0.12"), n_instalments=3, disbursed_on=date(2026, 1, 31)
    )
    account = open_account(schedule, ServicingPolicy(annual_rate=Decimal("0.12"), penalty_rate=0))
    moved = apply_event(account, Deferral(on=date(2026, 2, 10), n_months=1))
    assert [claim.due_on.isoformat() for claim in moved.claims] == ["2026-03-31", "2026-04-30", "2026-05-31"]
    assert moved.claims[0].owed.interest == 20_000
    free = apply_event(account, Deferral(on=date(2026, 2, 10), n_months=1, bears_interest=False))
    assert free.claims[0].owed.interest == 10_000


def test_weekly_loans_are_deferred_by_thirty_days_a_month():
    schedule = equal_instalment_schedule(
        10_000, annual_rate=0, n_instalments=2, periods_per_year=52, disbursed_on=DAY
    )
    account = open_account(schedule, ServicingPolicy(annual_rate=0, penalty_rate=0))
    moved = apply_event(account, Deferral(on=DAY, n_months=1))
    assert [claim.due_on.isoformat() for claim in moved.claims] == ["2026-02-16", "2026-02-23"]


def test_restructuring_never_turns_unpaid_interest_into_principal(schedule):
    account = advance(open_account(schedule, POLICY), date(2026, 3, 20))
    unpaid = account.posted
    event = Restructuring(
        on=date(2026, 3, 20), annual_rate=Decimal("0.12"), n_instalments=24, first_due_on=date(2026, 4, 20)
    )
    fresh = apply_event(account, event)
    accrued = fresh.posted.interest - unpaid.interest
    assert sum(claim.owed.principal for claim in fresh.claims) == 1_000_000
    arrears = fresh.due_claims
    assert sum((claim.owed for claim in arrears), Parts()) == Parts(
        penalty=unpaid.penalty, interest=unpaid.interest + accrued
    )
    assert {claim.due_on for claim in arrears} == {date(2026, 4, 20)}
    assert arrears[-1].owed == Parts(interest=accrued)
    at = position(fresh, date(2026, 3, 21))
    assert at.days_past_due == (date(2026, 3, 21) - schedule.due_on[0]).days
    again = apply_event(fresh, replace(event, on=date(2026, 4, 1), first_due_on=date(2026, 5, 1)))
    assert position(again, date(2026, 4, 1)).days_past_due == (date(2026, 4, 1) - schedule.due_on[0]).days
    paid = apply_event(fresh, Repayment(on=date(2026, 3, 21), amount_minor=at.due.total))
    assert position(paid, date(2026, 3, 21)).days_past_due == 0
    assert fresh.restructured_on == date(2026, 3, 20)
    assert not any(imbalances(fresh).values())


def test_a_waiver_forgives_what_is_due_and_no_more(schedule):
    account = advance(open_account(schedule, POLICY), date(2026, 3, 12))
    penalty = account.posted.penalty
    forgiven = apply_event(account, Waiver(on=date(2026, 3, 12), part="penalty", amount_minor=penalty))
    assert position(forgiven, date(2026, 3, 12)).due.penalty == 0
    assert forgiven.waived == Parts(penalty=penalty)
    with pytest.raises(LoanError, match="CR-LON-018: The waiver exceeds the penalty that is due"):
        apply_event(account, Waiver(on=date(2026, 3, 12), part="penalty", amount_minor=penalty + 1))


def test_whole_repayment_includes_dues_and_uses_held_money(schedule):
    account = replay(schedule, POLICY, [Repayment(on=date(2026, 1, 20), amount_minor=200_000)])
    amount = payoff_minor(account, date(2026, 2, 20))
    closed = apply_event(account, EarlyRepayment(on=date(2026, 2, 20)))
    assert closed.is_closed
    assert amount + 200_000 == closed.paid.total
    assert closed.credit_minor == 0


def _dated(**changes):
    values = {"principal_minor": 1_000_000, "annual_rate": Decimal("0.146"), "n_instalments": 12, **changes}
    schedule = repayment_schedule(LoanTerms(disbursed_on=DAY, **values))
    return schedule, ServicingPolicy(annual_rate=Decimal("0.146"), penalty_rate=0)


@pytest.mark.parametrize("day_count", [None, DayCount.ACTUAL_365_FIXED])
def test_a_bullet_loan_owes_the_interest_of_every_day_since_payout(day_count):
    schedule, policy = _dated(method="bullet", day_count=day_count)
    year = 365 if day_count else 360
    for days in (20, 31, 200, 333):
        payoff = payoff_minor(open_account(schedule, policy), DAY + timedelta(days=days))
        assert payoff == 1_000_000 + round(1_000_000 * 0.146 * days / year)


def test_a_bullet_loan_with_monthly_fees_keeps_its_interest_and_its_deferral():
    fee = Fee(code="service", timing="per_instalment", collector="lender", amount_minor=500)
    schedule, policy = _dated(method="bullet", fees=(fee,))
    account = apply_event(open_account(schedule, policy), Deferral(on=DAY, n_months=2))
    assert [claim.owed.interest for claim in account.claims] == [0] * 11 + [146_000 + 24_333]
    part = apply_event(account, EarlyRepayment(on=DAY + timedelta(days=100), amount_minor=541_000))
    assert min(claim.owed.interest for claim in part.claims) == 0
    assert part.posted.interest == round(1_000_000 * 0.146 * 100 / 360)


def test_interest_free_days_are_free_when_repaid_early():
    schedule, policy = _dated(
        day_count=DayCount.ACTUAL_365_FIXED, interest_free_days=20, method="equal_principal"
    )
    account = open_account(schedule, policy)
    payoffs = [payoff_minor(account, DAY + timedelta(days=days)) for days in (10, 20, 25, 31)]
    assert payoffs == [1_000_000, 1_000_000, 1_002_000, 1_000_000 + schedule.interest_minor[0]]
    event = Restructuring(on=DAY, annual_rate=0, n_instalments=2, first_due_on=date(2026, 2, 10))
    again = Restructuring(on=DAY, annual_rate=policy.rate, n_instalments=2, first_due_on=date(2026, 2, 10))
    fresh = apply_event(apply_event(account, event), again)
    assert fresh.claims[0].owed.interest == round(1_000_000 * 0.146 * 11 / 365)


def test_the_contract_counts_its_days_not_the_policy():
    schedule, policy = _dated(day_count=DayCount.ACTUAL_365_FIXED, annual_rate=Decimal("0.146"))
    assert policy.day_count is DayCount.ACTUAL_360
    on = DAY + timedelta(days=25)
    assert payoff_minor(open_account(schedule, policy), on) == 1_010_000


def test_a_policy_of_another_rate_is_refused_and_a_free_loan_stays_free():
    schedule, _ = _dated()
    with pytest.raises(LoanError, match="CR-LON-017: The policy's annual_rate is not the contract's"):
        open_account(schedule, ServicingPolicy(annual_rate=0, penalty_rate=0))
    free, policy = _dated(annual_rate=0)
    account = apply_event(open_account(free, policy), Deferral(on=DAY, n_months=2))
    assert sum(claim.owed.interest for claim in account.claims) == 0


@pytest.mark.parametrize("timing", ["deducted", "upfront"])
def test_the_joint_cap_counts_on_the_money_paid_out_and_initial_fees_use_it_up(timing):
    def late(fee_minor):
        fee = Fee(code="f", timing=timing, collector="lender", amount_minor=fee_minor)
        schedule, _ = _dated(annual_rate=Decimal("0.06"), n_instalments=1, fees=(fee,))
        policy = ServicingPolicy(
            annual_rate=Decimal("0.06"), penalty_rate=Decimal("0.24"), joint_cap_rate=Decimal("0.24")
        )
        return advance(open_account(schedule, policy), DAY + timedelta(days=365)).posted

    assert late(200_000) == Parts(interest=5_000)
    assert late(50_000).total + 50_000 == 950_000 * 24 // 100
    assert late(0).total < 240_000


def test_no_rate_and_no_early_fee_passes_the_joint_cap():
    with pytest.raises(
        PolicyError, match="CR-CEI-005: The contract rate 0.6000 exceeds the joint cap 0.2400"
    ):
        ServicingPolicy(annual_rate=Decimal("0.6"), penalty_rate=0, joint_cap_rate=Decimal("0.24"))
    schedule, _ = _dated(day_count=DayCount.ACTUAL_365_FIXED)
    account = open_account(
        schedule,
        ServicingPolicy(annual_rate=Decimal("0.146"), penalty_rate=0, joint_cap_rate=Decimal("0.292")),
    )
    on = DAY + timedelta(days=10)
    with pytest.raises(PolicyError, match="CR-CEI-005: The contract rate 5.0000"):
        apply_event(
            account, Restructuring(on=on, annual_rate=5, n_instalments=2, first_due_on=DAY.replace(month=3))
        )
    closed = apply_event(account, EarlyRepayment(on=on, fee_minor=4_000))
    assert closed.posted == Parts(interest=4_000, fee=4_000)
    for amount_minor in (None, 500_000):
        with pytest.raises(
            PolicyError, match="CR-CEI-005: The early-repayment fee exceeds what the joint cap"
        ):
            apply_event(account, EarlyRepayment(on=on, amount_minor=amount_minor, fee_minor=4_001))


def test_under_a_joint_cap_a_daily_look_costs_the_same_as_one_look():
    policy = ServicingPolicy(
        annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.18"), joint_cap_rate=Decimal("0.18")
    )
    account = daily = open_account(_with_fee(2_000), policy)
    for days in range(1, 330):
        daily = advance(daily, DAY + timedelta(days=days))
        running = accrued_interest_minor(daily, daily.as_of)
        most = 1_000_000 * 18 * days // 36_500
        assert daily.posted.penalty == 0 or daily.posted.total + running <= most
        assert daily == advance(account, daily.as_of)
    assert daily.posted.penalty > 0


@pytest.mark.parametrize("convention", list(DayCount))
def test_penalty_of_daily_looks_is_the_penalty_of_one_look_under_every_convention(schedule, convention):
    account = daily = open_account(schedule, ServicingPolicy(**RATES, day_count=convention))
    due_on = schedule.due_on[0]
    for days in range(31, 120):
        on = DAY + timedelta(days=days)
        daily = advance(daily, on)
        assert daily == advance(account, on)
        first = daily.due_claims[0] if daily.due_claims else None
        if first is not None:
            years = year_fraction(due_on, on, convention)
            assert first.accrued_penalty == first.owed.principal * Fraction(RATES["penalty_rate"]) * years
    assert daily.posted.penalty > 0


def test_nobody_becomes_delinquent_while_the_lender_holds_the_money(schedule):
    on = date(2026, 1, 20)
    held = replay(schedule, POLICY, [Repayment(on=on, amount_minor=500_000)])
    event = Restructuring(
        on=on, annual_rate=Decimal("0.12"), n_instalments=12, first_due_on=date(2026, 2, 20)
    )
    moved = apply_event(apply_event(held, event), Deferral(on=on, n_months=4))
    assert moved.paid == Parts(interest=4_000)
    at = position(moved, date(2026, 6, 19))
    assert (at.days_past_due, at.due.total, at.credit_minor) == (0, 0, 496_000)
    assert not any(imbalances(moved).values())


def test_a_policy_reads_a_written_convention_and_refuses_an_unknown_one():
    assert ServicingPolicy(**RATES, day_count="act/365f").day_count is DayCount.ACTUAL_365_FIXED
    with pytest.raises(LoanError, match="CR-LON-017: day_count is unknown. Expected one of"):
        ServicingPolicy(**RATES, day_count="act/364")


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (EarlyRepayment(on=DAY, amount_minor=50_000, effect="smaller"), "effect must be one of"),
        (Waiver(on=DAY, part="interests", amount_minor=1), "part must be one of"),
        ("pay", "This is not an event. Got a str"),
    ],
)
def test_events_that_mean_nothing_are_refused(schedule, event, message):
    with pytest.raises(LoanError, match=f"CR-LON-017: {message}"):
        apply_event(open_account(schedule, POLICY), event)


@pytest.mark.parametrize(
    ("convention", "years"),
    [(DayCount.ACTUAL_360, Fraction(59, 360)), (DayCount.THIRTY_360_US, Fraction(60, 360))],
)
def test_deferral_counts_days_where_the_contract_does(convention, years):
    terms = LoanTerms(
        principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=3, method="interest_only",
        disbursed_on=DAY, day_count=convention,
    )  # fmt: skip
    schedule = repayment_schedule(terms)
    account = open_account(schedule, ServicingPolicy(**RATES, day_count=DayCount.ACTUAL_360))
    moved = apply_event(account, Deferral(on=DAY, n_months=1))
    assert [claim.due_on for claim in moved.claims] == [date(2026, month, 10) for month in (3, 4, 5)]
    assert (
        moved.claims[0].owed.interest == 144_000 * years
    )  # 10 January to 10 March, not a twelfth for the month
    by_hand = [
        round(144_000 * year_fraction(date(2026, month, 10), date(2026, month + 1, 10), convention))
        for month in (3, 4)
    ]
    assert [claim.owed.interest for claim in moved.claims[1:]] == by_hand
    free = apply_event(account, Deferral(on=DAY, n_months=1, bears_interest=False))
    assert [claim.owed.interest for claim in free.claims] == list(schedule.interest_minor)
    again = apply_event(free, Deferral(on=DAY, n_months=1))
    assert sum(c.owed.interest for c in again.claims) < sum(c.owed.interest for c in moved.claims) + 14_400
