"""What happens to a loan: payments, early repayment, deferral, restructuring, waivers, as events on an account.

Downstream of `ledger`. Read the event records, then :func:`apply_event` and :func:`replay`. Unearned interest is never
charged: whoever repays early owes interest to that day and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from credit_risk.errors import LoanError, PolicyError
from credit_risk.loans.day_count import MONTHS_APART, add_months, year_fraction
from credit_risk.loans.ledger import (
    Claim,
    LoanAccount,
    Part,
    Parts,
    ServicingPolicy,
    accrued_interest_minor,
    advance,
    joint_cap_room_minor,
    open_account,
    settle,
)
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.terms import ExactRate, LoanTerms, check_amount, check_count, round_half_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from credit_risk.loans.schedule import Schedule


Effect = Literal["smaller_instalment", "shorter_term"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """Money comes in; what is due is settled in the policy's order, the rest is held for the next due date."""

    on: date
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyRepayment:
    """Money comes in to reduce what is not yet due.

    Attributes
    ----------
    amount_minor : int or None
        None repays the whole loan: exactly :func:`payoff_minor`.
    effect : {'smaller_instalment', 'shorter_term'}
        What a part repayment changes.
    fee_minor : int
        Early-repayment fee, if the contract has one and the disclosure lists it; taken from the money, or on top of the
        payoff.
    """

    on: date
    amount_minor: int | None = None
    effect: Effect = "smaller_instalment"
    fee_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """Every instalment not yet due moves by whole months; the gap bears interest if agreed.

    Interest of the gap is charged with the next instalment: by months, or by days where the contract counts days.
    """

    on: date
    n_months: int
    bears_interest: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Restructuring:
    """All principal is scheduled anew in equal instalments; unpaid interest, fees and penalty never become principal.

    Money held settles them at once; what stays unpaid is asked for with the first new instalment, and remains past due
    since its original date.
    """

    on: date
    annual_rate: ExactRate
    n_instalments: int
    first_due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """The lender forgives some of what is due."""

    on: date
    part: Part
    amount_minor: int


Event: TypeAlias = Repayment | EarlyRepayment | Deferral | Restructuring | Waiver


def replay(schedule: Schedule, policy: ServicingPolicy, events: Iterable[Event]) -> LoanAccount:
    """Open an account and let events happen to it, in order of their dates.

    Parameters
    ----------
    schedule : Schedule
        With dates.
    policy : ServicingPolicy
        How the account is run.
    events : iterable of events
        Dates ascending.

    Returns
    -------
    LoanAccount
        On the day of the last event.

    Raises
    ------
    LoanError
        As :func:`apply_event`.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.loans.schedule import equal_instalment_schedule
    >>> schedule = equal_instalment_schedule(
    ...     1_000_000, annual_rate=Decimal("0.144"), n_instalments=12, disbursed_on=date(2026, 1, 10))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> paid = [Repayment(on=due_on, amount_minor=89_975) for due_on in schedule.due_on[:3]]
    >>> account = replay(schedule, policy, paid)
    >>> payoff_minor(account, date(2026, 4, 20))
    766309
    """
    account = open_account(schedule, policy)
    for event in events:
        account = apply_event(account, event)
    return account


def apply_event(account: LoanAccount, event: Event) -> LoanAccount:
    """Return the account after a payment, an early repayment, a deferral, a restructuring or a waiver.

    Raises
    ------
    LoanError
        Event before the account's day (``CR-LON-005``); bad amounts (``CR-LON-001``); nothing left to change, or an
        amount that does not fit (``CR-LON-018``); no event, or a choice it does not have (``CR-LON-017``).
    PolicyError
        An early-repayment fee or a new rate beyond the joint cap (``CR-CEI-005``).

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.loans import LoanTerms, ServicingPolicy, open_account, repayment_schedule
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12,
    ...     disbursed_on=date(2026, 8, 31))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> account = open_account(repayment_schedule(terms), policy)
    >>> paid = apply_event(account, Repayment(on=date(2026, 9, 30), amount_minor=90_000))
    >>> paid.received_minor, paid.credit_minor  # the instalment was 899.75: 25 fen are held for the next
    (90000, 25)
    """
    _check_event(event)
    account = advance(account, event.on)
    if isinstance(event, Repayment):
        return settle(account, check_amount(event.amount_minor, "amount_minor"))
    if isinstance(event, EarlyRepayment):
        return _repay_early(account, event)
    if isinstance(event, Deferral):
        return _defer(account, event)
    if isinstance(event, Restructuring):
        return _restructure(account, event)
    return _waive(account, event)


def _check_event(event: Event) -> None:
    """Refuse what is no event, and an effect or part that does not exist: it would silently mean another."""
    if not isinstance(event, get_args(Event)):
        raise LoanError(f"This is not an event. Got a {type(event).__name__}.", code="CR-LON-017")
    if isinstance(event, EarlyRepayment) and event.effect not in get_args(Effect):
        raise LoanError(f"effect must be one of {get_args(Effect)}.", code="CR-LON-017")
    if isinstance(event, Waiver) and event.part not in get_args(Part):
        raise LoanError(f"part must be one of {get_args(Part)}.", code="CR-LON-017")


def payoff_minor(account: LoanAccount, on: date) -> int:
    """Return what settles the whole loan on a date: dues, principal, interest to that day; less money held.

    Parameters
    ----------
    account : LoanAccount
        Before that date or on it.
    on : date
        Day of payment.

    Returns
    -------
    int
        Minor units, 0 or more.

    Raises
    ------
    LoanError
        As :func:`~credit_risk.loans.ledger.advance`.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.loans import LoanTerms, ServicingPolicy, open_account, repayment_schedule
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12,
    ...     disbursed_on=date(2026, 8, 31))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> account = open_account(repayment_schedule(terms), policy)
    >>> payoff_minor(account, date(2026, 9, 15))  # 10,000 yuan and interest of 15 days
    1006000
    """
    account = advance(account, on)
    due = sum(claim.owed.total for claim in account.due_claims)
    future = sum(claim.owed.principal for claim in account.future_claims)
    return max(due + future + accrued_interest_minor(account, on) - account.credit_minor, 0)


def waived_interest_minor(account: LoanAccount, on: date) -> int:
    """Return the contractual interest that repaying the whole loan on a date saves.

    The rule of 78, which would give the borrower less back, is not used anywhere.
    """
    account = advance(account, on)
    return sum(claim.owed.interest for claim in account.future_claims) - accrued_interest_minor(account, on)


def _repay_early(account: LoanAccount, event: EarlyRepayment) -> LoanAccount:
    fee = check_amount(event.fee_minor, "fee_minor", minimum=0)
    whole = payoff_minor(account, event.on) + fee
    amount = whole if event.amount_minor is None else check_amount(event.amount_minor, "amount_minor")
    if account.is_closed:
        raise _misfit("The loan is already repaid")
    interest = accrued_interest_minor(account, event.on)
    paid = settle(account, amount)
    balance = sum(claim.owed.principal for claim in paid.future_claims)
    part = paid.credit_minor - interest - fee
    if part < 0 or (part == 0 and balance > 0):
        raise _misfit("The amount does not reach the principal that is not yet due")
    room = joint_cap_room_minor(account, event.on, is_closing=part >= balance)
    if room is not None and fee > room:
        raise PolicyError(
            "The early-repayment fee exceeds what the joint cap on interest, penalty and fees leaves on that day. "
            "Hint: charge less or nothing; it is never clipped.",
            code="CR-CEI-005",
        )
    part = min(part, balance)
    future = _rescheduled(paid, interest, part, event) if part < balance else ()
    charged = Parts(interest=interest, fee=fee)
    return replace(
        paid,
        claims=paid.due_claims + future,
        credit_minor=paid.credit_minor - interest - fee - part,
        posted=paid.posted + charged,
        paid=paid.paid + charged.plus("principal", part),
        interest_from=event.on,
    )


def _rescheduled(
    account: LoanAccount, interest: int, repaid: int, event: EarlyRepayment
) -> tuple[Claim, ...]:
    """Return the future instalments after part of the principal is repaid early."""
    old = account.future_claims
    balance = sum(claim.owed.principal for claim in old)
    left = balance - repaid
    share = Fraction(left, balance)
    claims: list[Claim] = []
    running = balance
    for k, claim in enumerate(old):
        period_interest = claim.owed.interest - (interest if claim is account.running_claim else 0)
        new_interest = round_half_up(Fraction(left * period_interest, running)) if running else 0
        if k == len(old) - 1:
            part = left
        elif event.effect == "smaller_instalment":
            part = min(round_half_up(claim.owed.principal * share), left)
        else:
            part = min(max(claim.owed.principal + period_interest - new_interest, 0), left)
        running -= claim.owed.principal
        left -= part
        owed = replace(claim.owed, principal=part, interest=new_interest)
        claims.append(replace(claim, owed=owed))
        if left == 0:
            break
    return tuple(claims)


def _defer(account: LoanAccount, event: Deferral) -> LoanAccount:
    n_months = check_count(event.n_months, "n_months")
    if not account.future_claims:
        raise _misfit("No instalment is left to defer")
    moved = {claim: _months_later(claim.due_on, n_months, account) for claim in account.future_claims}
    extra: dict[Claim, int] = {}
    if event.bears_interest:
        extra = _extra_by_days(account, moved) if account.day_count else _extra_by_months(account, n_months)
    claims = (
        replace(
            claim,
            due_on=moved.get(claim, claim.due_on),
            owed=claim.owed.plus("interest", max(extra.get(claim, 0), -claim.owed.interest)),
        )
        for claim in account.claims
    )
    return replace(account, claims=tuple(claims))


def _extra_by_months(account: LoanAccount, n_months: int) -> dict[Claim, int]:
    """Interest of whole months on all that is not yet due, charged with the next instalment."""
    running = account.running_claim
    balance = sum(claim.owed.principal for claim in account.future_claims)
    extra = round_half_up(balance * account.policy.rate * Fraction(n_months, 12))
    return {} if running is None else {running: extra}


def _extra_by_days(account: LoanAccount, moved: dict[Claim, date]) -> dict[Claim, int]:
    """Interest of the days by which each period grows or shrinks, as a contract that counts days says."""
    convention = account.day_count or account.policy.day_count
    balance = sum(claim.owed.principal for claim in account.future_claims)
    old_start = new_start = max(account.interest_from, account.bears_interest_from or account.interest_from)
    extra = {}
    for claim in account.future_claims:
        if claim.bears:
            old_end, new_end = max(claim.due_on, old_start), max(moved[claim], new_start)
            years = year_fraction(new_start, new_end, convention) - year_fraction(
                old_start, old_end, convention
            )
            extra[claim] = round_half_up(balance * account.policy.rate * years)
            balance, old_start, new_start = balance - claim.owed.principal, old_end, new_end
    return extra


def _months_later(due_on: date, n_months: int, account: LoanAccount) -> date:
    if account.periods_per_year in MONTHS_APART:
        return add_months(due_on, n_months, day=account.due_day)
    return due_on + timedelta(days=30 * n_months)


def _restructure(account: LoanAccount, event: Restructuring) -> LoanAccount:
    principal = sum(claim.owed.principal for claim in account.claims)
    if principal == 0:
        raise _misfit("No principal is left to restructure")
    interest = accrued_interest_minor(account, event.on)
    policy = replace(account.policy, annual_rate=event.annual_rate)
    free_days = (max(account.bears_interest_from or event.on, event.on) - event.on).days
    terms = LoanTerms(
        principal_minor=principal,
        annual_rate=event.annual_rate,
        n_instalments=event.n_instalments,
        disbursed_on=event.on,
        first_due_on=event.first_due_on,
        periods_per_year=account.periods_per_year,
        day_count=account.day_count,
        interest_free_days=free_days,
    )
    fresh = open_account(repayment_schedule(terms), policy).claims
    moved = replace(
        account,
        policy=policy,
        claims=_moved_arrears(account, interest, event.first_due_on) + fresh,
        posted=account.posted.plus("interest", interest),
        interest_from=event.on,
        due_day=event.first_due_on.day,
        restructured_on=event.on,
    )
    return settle(moved, 0)


def _moved_arrears(account: LoanAccount, interest: int, due_on: date) -> tuple[Claim, ...]:
    """Return unpaid interest, fees and penalty on a new due date; days past due count on from the old one."""
    arrears = [
        Claim(
            due_on=due_on,
            owed=replace(claim.owed, principal=0),
            is_posted=True,
            overdue_since=claim.overdue_since or claim.due_on,
        )
        for claim in account.due_claims
    ]
    running = Claim(due_on=due_on, owed=Parts(interest=interest), is_posted=True)
    return tuple(claim for claim in (*arrears, running) if claim.owed.total)


def _waive(account: LoanAccount, event: Waiver) -> LoanAccount:
    left = check_amount(event.amount_minor, "amount_minor")
    claims = list(account.claims)
    for i, claim in enumerate(claims):
        used = min(left, getattr(claim.owed, event.part)) if claim.is_posted else 0
        claims[i] = replace(claim, owed=claim.owed.plus(event.part, -used))
        left -= used
    if left > 0:
        raise _misfit(f"The waiver exceeds the {event.part} that is due")
    open_claims = tuple(claim for claim in claims if not (claim.is_posted and claim.owed.total == 0))
    return replace(account, claims=open_claims, waived=account.waived.plus(event.part, event.amount_minor))


def _misfit(fact: str) -> LoanError:
    return LoanError(f"{fact}. Hint: read the account's position on that day first.", code="CR-LON-018")


__all__: Sequence[str] = [
    "Deferral",
    "EarlyRepayment",
    "Event",
    "Repayment",
    "Restructuring",
    "Waiver",
    "apply_event",
    "payoff_minor",
    "replay",
    "waived_interest_minor",
]
