from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from credit_risk.domain.money import Currency
from credit_risk.errors import LoanError
from credit_risk.loans.borrower import (
    Due,
    Obligation,
    before_you_borrow,
    coming_shortfall,
    customer_view,
    obligation_of,
    review_sentences,
    shortfall_sentence,
)
from credit_risk.loans.ledger import ServicingPolicy, advance, open_account
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.servicing import Repayment, apply_event
from credit_risk.loans.terms import LoanTerms

CNY = Currency.of("CNY")
POLICY = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
TERMS = LoanTerms(
    principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12, disbursed_on=date(2026, 8, 20)
)


def _loan(loan_id, *dues):
    entries = tuple(Due(on=on, loan_id=loan_id, amount_minor=amount) for on, amount in dues)
    return Obligation(loan_id=loan_id, dues=entries, principal_outstanding_minor=sum(a for _, a in dues))


A = _loan("A", (date(2026, 8, 25), 30_000), (date(2026, 9, 25), 30_000))
B = _loan("B", (date(2026, 9, 5), 50_000), (date(2026, 9, 25), 10_000))


def test_view_puts_all_loans_in_one_calendar_overdue_first():
    view = customer_view([B, A], on=date(2026, 9, 1), monthly_income_minor=400_000, balance_minor=100_000)
    assert [(entry.on.isoformat(), entry.loan_id) for entry in view.calendar] == [
        ("2026-08-25", "A"), ("2026-09-05", "B"), ("2026-09-25", "A"), ("2026-09-25", "B"),
    ]  # fmt: skip
    assert (view.exposure_minor, view.due_this_month_minor, view.missing_minor) == (120_000, 120_000, 20_000)
    assert view.share_of_income == 0.3


def test_what_is_unknown_stays_unknown():
    view = customer_view([A], on=date(2026, 9, 1))
    assert (view.share_of_income, view.missing_minor) == (None, None)
    assert customer_view([], on=date(2026, 9, 1), monthly_income_minor=0).share_of_income is None
    with pytest.raises(LoanError, match="CR-LON-001: balance_minor must be at least 0"):
        customer_view([A], on=date(2026, 9, 1), balance_minor=-1)


def test_obligation_includes_penalty_already_charged():
    account = advance(open_account(repayment_schedule(TERMS), POLICY), date(2026, 10, 5))
    first = obligation_of("L", account).dues[0]
    assert first.amount_minor == 89_975 + round(77_975 * 0.216 * 15 / 360)


@pytest.mark.parametrize(
    ("balance", "expected", "on", "missing"),
    [
        (29_999, [], date(2026, 9, 1), 1),
        (50_000, [], date(2026, 9, 5), 30_000),
        (80_000, [], date(2026, 9, 25), 40_000),
        (80_000, [(date(2026, 9, 25), 39_999)], date(2026, 9, 25), 1),
        (120_000, [(date(2026, 9, 10), -5_000)], date(2026, 9, 25), 5_000),
    ],
)
def test_the_first_debit_that_fails_is_foreseen(balance, expected, on, missing):
    shortfall = coming_shortfall([A, B], on=date(2026, 9, 1), balance_minor=balance, expected=expected)
    assert (shortfall.on, shortfall.missing_minor) == (on, missing)


def test_no_shortfall_when_income_comes_in_time_or_beyond_the_horizon():
    assert coming_shortfall([A, B], on=date(2026, 9, 1), balance_minor=120_000) is None
    assert coming_shortfall([A, B], on=date(2026, 9, 1), balance_minor=80_000, horizon_days=10) is None
    with pytest.raises(LoanError, match="CR-LON-002: horizon_days must be 0 or more"):
        coming_shortfall([A], on=date(2026, 9, 1), balance_minor=0, horizon_days=-1)


def test_shortfall_is_said_in_both_languages():
    shortfall = coming_shortfall([A, B], on=date(2026, 9, 1), balance_minor=50_000)
    english = shortfall_sentence(shortfall, until=date(2026, 10, 1), currency=CNY, language="en")
    assert english.startswith(
        "On 2026-09-05, 500.00 CNY will be debited, but your balance will then be about 200.00 CNY: 300.00 CNY"
    )
    assert "还差 300.00 元" in shortfall_sentence(shortfall, until=date(2026, 10, 1), currency=CNY)
    assert "2026-10-01" in shortfall_sentence(None, until=date(2026, 10, 1), currency=CNY)


def test_review_states_burden_late_cost_and_saving():
    review = before_you_borrow(TERMS, POLICY, existing=[A, B], monthly_income_minor=400_000)
    assert (review.burden_before_minor, review.burden_after_minor, review.worst_month) == (
        90_000,
        179_975,
        "2026-09",
    )
    assert review.share_of_income == pytest.approx(179_975 / 400_000)
    assert review.late_cost_minor == round(77_975 * 0.216 * 30 / 360)
    assert review.early_saving_minor == sum(repayment_schedule(TERMS).interest_minor[6:])


@pytest.mark.parametrize(("cap", "is_kept"), [(179_975, True), (179_974, False), (None, True)])
def test_the_borrowers_own_cap_is_honoured(cap, is_kept):
    review = before_you_borrow(TERMS, POLICY, existing=[A, B], own_monthly_cap_minor=cap)
    assert review.is_within_own_cap == is_kept
    text = " ".join(review_sentences(review, currency=CNY, language="en"))
    assert ("We will not offer this loan" in text) != is_kept


@pytest.mark.parametrize(
    ("income", "said"),
    [
        (None, "We do not know your income"),
        (100_000, "would exceed your income. Do not take this loan"),
        (200_000, "More than half of your income"),
        (900_000, "That is 20% of your monthly income"),
    ],
)
def test_the_risk_is_said_plainly(income, said):
    review = before_you_borrow(TERMS, POLICY, existing=[A, B], monthly_income_minor=income)
    lines = review_sentences(review, currency=CNY, language="en")
    assert said in " ".join(lines)
    assert lines[-1].startswith("A loan must be repaid with interest.")
    assert len(review_sentences(review, currency=CNY)) == len(lines)


def test_a_loan_of_one_instalment_has_no_early_example():
    terms = LoanTerms(
        principal_minor=100_000, annual_rate=Decimal("0.144"), n_instalments=1, disbursed_on=date(2026, 8, 1)
    )
    review = before_you_borrow(terms, POLICY)
    assert review.early_saving_minor == 0
    assert not any("save" in line for line in review_sentences(review, currency=CNY, language="en"))


def test_a_review_needs_dates():
    with pytest.raises(LoanError, match="CR-LON-017: An account needs a schedule with dates"):
        before_you_borrow(LoanTerms(principal_minor=100, annual_rate=0, n_instalments=1), POLICY)


def _terms(**changes):
    return replace(TERMS, **changes)


def test_late_cost_is_shown_where_principal_falls_due():
    for method in ("interest_only", "bullet"):
        review = before_you_borrow(_terms(method=method), POLICY, existing=[A])
        assert review.late_cost_minor == round(1_000_000 * 0.216 * 30 / 360)
    with pytest.raises(LoanError, match="CR-LON-002: late_days"):
        before_you_borrow(TERMS, POLICY, late_days=0)


def test_no_income_is_not_an_unknown_income():
    review = before_you_borrow(TERMS, POLICY, monthly_income_minor=0)
    said = " ".join(review_sentences(review, currency=CNY, language="en"))
    assert "Do not take this loan" in said
    assert "We do not know your income" not in said
    with pytest.raises(LoanError, match="CR-LON-001: monthly_income_minor must be at least 0"):
        before_you_borrow(TERMS, POLICY, monthly_income_minor=-1)


def test_overdue_amounts_burden_the_month_of_the_payout():
    overdue = _loan("C", (date(2026, 5, 1), 60_000), (date(2026, 6, 1), 60_000))
    review = before_you_borrow(TERMS, POLICY, existing=[overdue], own_monthly_cap_minor=100_000)
    assert (review.worst_month, review.burden_after_minor) == ("2026-08", 120_000)
    assert not review.is_within_own_cap


def test_money_held_comes_off_the_next_dues():
    account = open_account(repayment_schedule(TERMS), POLICY)
    account = apply_event(account, Repayment(on=date(2026, 9, 1), amount_minor=100_000))
    dues = obligation_of("L", account).dues
    assert [(due.on, due.amount_minor) for due in dues[:2]] == [
        (date(2026, 10, 20), 2 * 89_975 - 100_000), (date(2026, 11, 20), 89_975),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"balance_minor": float("nan")},
        {"balance_minor": 0.5},
        {"expected": [(date(2026, 9, 2), float("nan"))]},
    ],
)
def test_a_shortfall_is_never_foreseen_from_figures_that_are_none(changes):
    with pytest.raises(LoanError, match="CR-LON-008"):
        coming_shortfall([A], **{"on": date(2026, 9, 1), "balance_minor": 0, **changes})
    assert coming_shortfall([A], on=date(2026, 9, 1), balance_minor=-10_000).missing_minor == 40_000


@pytest.mark.parametrize(
    ("fee", "said"),
    [(0, "you save"), (1_000, "less the early-repayment fee of 10.00 CNY"), (900_000, "more than")],
)
def test_the_early_repayment_fee_is_part_of_the_example(fee, said):
    review = before_you_borrow(TERMS, POLICY, early_repayment_fee_minor=fee)
    assert review.early_saving_minor == sum(repayment_schedule(TERMS).interest_minor[6:]) - fee
    assert said in " ".join(review_sentences(review, currency=CNY, language="en"))
    assert len(review_sentences(review, currency=CNY)) == 6
