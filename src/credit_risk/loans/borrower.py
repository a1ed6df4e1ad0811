"""What loans mean to a household: what is due when, whether the money will be there, what one more loan would do.

Downstream of `ledger` and `servicing`. Read :func:`customer_view`, then :func:`coming_shortfall`, then
:func:`before_you_borrow`. The words are plain, state costs before anything else, and never encourage.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from credit_risk.domain.texts import text
from credit_risk.errors import LoanError
from credit_risk.loans.ledger import advance, open_account
from credit_risk.loans.schedule import repayment_schedule
from credit_risk.loans.servicing import Repayment, replay, waived_interest_minor
from credit_risk.loans.statutory_rates import rounded_percent
from credit_risk.loans.terms import MAX_AMOUNT_MINOR, check_amount, check_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from credit_risk.domain.money import Currency
    from credit_risk.loans.ledger import LoanAccount, ServicingPolicy
    from credit_risk.loans.schedule import Schedule
    from credit_risk.loans.terms import LoanTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One amount of one loan on one day."""

    on: date
    loan_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """A loan as its borrower feels it: what is still to be paid, and when."""

    loan_id: str
    dues: tuple[Due, ...]
    principal_outstanding_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """All loans of one person together.

    Attributes
    ----------
    exposure_minor : int
        Principal outstanding.
    calendar : tuple of Due
        Everything still to be paid, by date; what is overdue stands first, on its old date.
    due_this_month_minor : int
        Overdue and due until the end of the month.
    share_of_income : float or None
        Of this month's income, when it is known and above 0.
    missing_minor : int or None
        What the balance lacks for this month, when it is known; 0 when it suffices.
    """

    exposure_minor: int
    calendar: tuple[Due, ...]
    due_this_month_minor: int
    share_of_income: float | None
    missing_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """The first debit that the balance will not cover."""

    on: date
    due_minor: int
    balance_minor: int
    missing_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowingReview:
    """What one more loan would mean.

    Attributes
    ----------
    worst_month : str
        Year and month in which most is due with the new loan.
    burden_before_minor, burden_after_minor : int
        Due in the worst month without it, and with it.
    monthly_after_minor : dict
        Due by month, existing and new.
    share_of_income : float or None
        Burden of the worst month over monthly income; None when the income is unknown, or 0.
    monthly_income_minor, own_monthly_cap_minor : int or None
        As given.
    is_within_own_cap : bool
        False: the borrower's own limit is exceeded, and the loan must not be offered.
    late_days : int
    late_cost_minor : int
        Penalty on the first instalment that repays principal, paid that late.
    early_after : int
    early_fee_minor : int
        Early-repayment fee of that example.
    early_saving_minor : int
        Interest saved, less that fee, by repaying everything after that many instalments; below 0 it costs more.
    """

    worst_month: str
    burden_before_minor: int
    burden_after_minor: int
    monthly_after_minor: Mapping[str, int]
    share_of_income: float | None
    monthly_income_minor: int | None
    own_monthly_cap_minor: int | None
    is_within_own_cap: bool
    late_days: int
    late_cost_minor: int
    early_after: int
    early_saving_minor: int
    early_fee_minor: int = 0


def obligation_of(loan_id: str, account: LoanAccount) -> Obligation:
    """Return what an account still asks of its borrower; money the lender holds comes off the next dues.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.loans import LoanTerms, ServicingPolicy, open_account, repayment_schedule
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12,
    ...     disbursed_on=date(2026, 8, 31))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> account = open_account(repayment_schedule(terms), policy)
    >>> obligation_of("L1", account).dues[0]
    Due(on=datetime.date(2026, 9, 30), loan_id='L1', amount_minor=89975)
    """
    held, dues = account.credit_minor, []
    for claim in account.claims:
        used = min(held, claim.owed.total)
        held -= used
        if claim.owed.total > used:
            dues.append(Due(on=claim.due_on, loan_id=loan_id, amount_minor=claim.owed.total - used))
    principal = sum(claim.owed.principal for claim in account.claims)
    return Obligation(loan_id=loan_id, dues=tuple(dues), principal_outstanding_minor=principal)


def customer_view(
    obligations: Sequence[Obligation],
    *,
    on: date,
    monthly_income_minor: int | None = None,
    balance_minor: int | None = None,
) -> CustomerView:
    """Put all loans of one person side by side: what is owed, when it falls due, and against what income.

    Parameters
    ----------
    obligations : sequence of Obligation
        One per loan.
    on : date
        Today, handed in.
    monthly_income_minor, balance_minor : int, optional
        None when unknown or not consented to; the answers that need them are then None, never 0.

    Returns
    -------
    CustomerView
        Exposure, calendar, this month.

    Raises
    ------
    LoanError
        Negative income or balance (``CR-LON-001``).

    Examples
    --------
    >>> from datetime import date
    >>> dues = (Due(on=date(2026, 9, 20), loan_id="L1", amount_minor=90_000),)
    >>> loan = Obligation(loan_id="L1", dues=dues, principal_outstanding_minor=85_000)
    >>> view = customer_view([loan], on=date(2026, 9, 1), monthly_income_minor=600_000, balance_minor=70_000)
    >>> view.due_this_month_minor, view.share_of_income, view.missing_minor
    (90000, 0.15, 20000)
    """
    calendar = _calendar(obligations)
    due = sum(entry.amount_minor for entry in calendar if _month(entry.on) <= _month(on))
    share = None
    if monthly_income_minor is not None and check_amount(
        monthly_income_minor, "monthly_income_minor", minimum=0
    ):
        share = due / monthly_income_minor
    missing = None
    if balance_minor is not None:
        missing = max(due - check_amount(balance_minor, "balance_minor", minimum=0), 0)
    return CustomerView(
        exposure_minor=sum(loan.principal_outstanding_minor for loan in obligations),
        calendar=calendar,
        due_this_month_minor=due,
        share_of_income=share,
        missing_minor=missing,
    )


def coming_shortfall(
    obligations: Sequence[Obligation],
    *,
    on: date,
    balance_minor: int,
    expected: Iterable[tuple[date, int]] = (),
    horizon_days: int = 31,
) -> Shortfall | None:
    """Foresee the first automatic debit that will fail, so that the borrower hears of it in time.

    Parameters
    ----------
    obligations : sequence of Obligation
        All loans debited from the account.
    on : date
        Today, handed in.
    balance_minor : int
        Balance now; below 0 when overdrawn.
    expected : iterable of (date, int)
        Incomes (above 0) and other payments (below 0) still to come; on one day incomes count before debits.
    horizon_days : int
        How far to look.

    Returns
    -------
    Shortfall or None
        None when every debit until the horizon is covered.

    Raises
    ------
    LoanError
        A negative horizon (``CR-LON-002``); a balance or payment that is not whole minor units (``CR-LON-008``).

    Examples
    --------
    >>> from datetime import date
    >>> dues = (Due(on=date(2026, 9, 20), loan_id="L1", amount_minor=90_000),)
    >>> loan = Obligation(loan_id="L1", dues=dues, principal_outstanding_minor=85_000)
    >>> coming_shortfall([loan], on=date(2026, 9, 1), balance_minor=70_000).missing_minor
    20000
    >>> coming_shortfall([loan], on=date(2026, 9, 1), balance_minor=70_000, expected=[(date(2026, 9, 20), 20_000)])
    """
    if horizon_days < 0:
        raise LoanError(f"horizon_days must be 0 or more. Got {horizon_days}.", code="CR-LON-002")
    balance = check_amount(balance_minor, "balance_minor", minimum=-MAX_AMOUNT_MINOR)
    until = on + timedelta(days=horizon_days)
    by_day: dict[date, int] = defaultdict(int)
    for entry in _calendar(obligations):
        if entry.on <= until:
            by_day[max(entry.on, on)] += entry.amount_minor
    flows = sorted(
        (max(day, on), check_amount(amount, "expected", minimum=-MAX_AMOUNT_MINOR))
        for day, amount in expected
        if day <= until
    )
    for day in sorted(by_day):
        while flows and flows[0][0] <= day:
            balance += flows.pop(0)[1]
        if balance < by_day[day]:
            return Shortfall(
                on=day,
                due_minor=by_day[day],
                balance_minor=balance,
                missing_minor=by_day[day] - balance,
            )
        balance -= by_day[day]
    return None


def before_you_borrow(
    terms: LoanTerms,
    policy: ServicingPolicy,
    *,
    existing: Sequence[Obligation] = (),
    monthly_income_minor: int | None = None,
    own_monthly_cap_minor: int | None = None,
    late_days: int = 30,
    early_repayment_fee_minor: int = 0,
) -> BorrowingReview:
    """Work out what one more loan would mean, before it is taken.

    Parameters
    ----------
    terms : LoanTerms
        The proposed loan, with dates.
    policy : ServicingPolicy
        Its penalty.
    existing : sequence of Obligation
        Loans already running, from any lender; what is overdue on the day of payout burdens that month.
    monthly_income_minor : int, optional
        None when unknown; 0 means no income.
    own_monthly_cap_minor : int, optional
        The borrower's own limit on monthly repayments: honoured, not argued with.
    late_days : int
        For the example of a late payment, 1 or more.
    early_repayment_fee_minor : int
        What the contract charges for repaying everything early, if anything.

    Returns
    -------
    BorrowingReview
        Figures; :func:`review_sentences` says them in words.

    Raises
    ------
    LoanError
        Terms without dates, or a policy of another rate (``CR-LON-017``); negative income, cap or fee (``CR-LON-001``); late
        days (``CR-LON-002``); and all errors of schedules.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.loans import LoanTerms, ServicingPolicy
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12,
    ...     disbursed_on=date(2026, 8, 31))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> review = before_you_borrow(terms, policy, monthly_income_minor=600_000)
    >>> review.worst_month, review.burden_after_minor, round(review.share_of_income, 4), review.late_cost_minor
    ('2027-08', 89980, 0.15, 1404)
    """
    schedule = repayment_schedule(terms)
    account = open_account(schedule, policy)
    opened_on = account.opened_on
    before = _by_month(_calendar(existing), opened_on)
    after = _by_month(_calendar([*existing, obligation_of("new", account)]), opened_on)
    worst = max(sorted(after), key=lambda month: after[month])
    income, fee = monthly_income_minor, early_repayment_fee_minor
    if income is not None:
        income = check_amount(income, "monthly_income_minor", minimum=0)
    check_amount(fee, "early_repayment_fee_minor", minimum=0)
    if own_monthly_cap_minor is not None:
        check_amount(own_monthly_cap_minor, "own_monthly_cap_minor", minimum=0)
    early_after = schedule.n_instalments // 2
    saving = _early_saving(schedule, policy, early_after)
    return BorrowingReview(
        worst_month=worst,
        burden_before_minor=max(before.values(), default=0),
        burden_after_minor=after[worst],
        monthly_after_minor=after,
        share_of_income=after[worst] / income if income else None,
        monthly_income_minor=income,
        own_monthly_cap_minor=own_monthly_cap_minor,
        is_within_own_cap=own_monthly_cap_minor is None or after[worst] <= own_monthly_cap_minor,
        late_days=check_count(late_days, "late_days"),
        late_cost_minor=_late_cost(schedule, policy, late_days),
        early_after=early_after,
        early_saving_minor=saving - fee if early_after else 0,
        early_fee_minor=fee if early_after else 0,
    )


def review_sentences(
    review: BorrowingReview, *, currency: Currency, language: str = "zh-CN"
) -> tuple[str, ...]:
    """Say a review in plain words, warnings included, ending with what every borrower should know.

    Parameters
    ----------
    review : BorrowingReview
        From :func:`before_you_borrow`.
    currency : Currency
        Of its amounts.
    language : {'zh-CN', 'en'}
        The reader's.

    Raises
    ------
    SpecificationError
        Unknown language (``CR-TXT-001``).

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.domain.money import Currency
    >>> from credit_risk.loans import LoanTerms, ServicingPolicy
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12,
    ...     disbursed_on=date(2026, 8, 31))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> review_sentences(before_you_borrow(terms, policy), currency=Currency.of("CNY"), language="en")[1]
    'With this loan it would be 899.80 CNY, in 2027-08.'
    """

    def say(key: str, **values: object) -> str:
        return text(f"loans.burden.{key}", language, **values)

    def money(minor: int) -> str:
        return currency.say(minor, language)

    lines = [
        say("monthly_before", amount=money(review.burden_before_minor)),
        say("monthly_after", amount=money(review.burden_after_minor), month=review.worst_month),
    ]
    lines += _income_sentences(review, say, money)
    if review.own_monthly_cap_minor is not None:
        key = "own_cap_kept" if review.is_within_own_cap else "own_cap_broken"
        lines.append(say(key, cap=money(review.own_monthly_cap_minor)))
    lines.append(say("late", days=review.late_days, amount=money(review.late_cost_minor)))
    if review.early_after:
        key = "early" if review.early_fee_minor == 0 else "early_with_fee"
        key = key if review.early_saving_minor >= 0 else "early_costs_more"
        saving, fee = money(abs(review.early_saving_minor)), money(review.early_fee_minor)
        if review.early_saving_minor or review.early_fee_minor:
            lines.append(say(key, n=review.early_after, amount=saving, fee=fee))
    return (*lines, say("prompt"))


def _income_sentences(
    review: BorrowingReview, say: Callable[..., str], money: Callable[[int], str]
) -> list[str]:
    """Say what the worst month takes of the income; nothing is affordable without any."""
    if review.monthly_income_minor is None:
        return [say("no_income")]
    if review.share_of_income is None:
        return [say("exceeds_income", month=review.worst_month)]
    share = f"{rounded_percent(review.share_of_income, 0)}%"
    lines = [say("share", share=share, income=money(review.monthly_income_minor))]
    if review.share_of_income > 1:
        lines.append(say("exceeds_income", month=review.worst_month))
    elif review.share_of_income > 0.5:
        lines.append(say("above_half"))
    return lines


def shortfall_sentence(
    shortfall: Shortfall | None, *, until: date, currency: Currency, language: str = "zh-CN"
) -> str:
    """Say in plain words whether the next debits are covered.

    Parameters
    ----------
    shortfall : Shortfall or None
        From :func:`coming_shortfall`.
    until : date
        Last day looked at; said where everything is covered.
    currency : Currency
        Of its amounts.
    language : {'zh-CN', 'en'}
        The reader's.

    Raises
    ------
    SpecificationError
        Unknown language (``CR-TXT-001``).

    Examples
    --------
    >>> from datetime import date
    >>> from credit_risk.domain.money import Currency
    >>> short = Shortfall(on=date(2026, 9, 20), due_minor=90_000, balance_minor=70_000, missing_minor=20_000)
    >>> shortfall_sentence(short, until=date(2026, 10, 1), currency=Currency.of("CNY"))
    '2026-09-20 将扣款 900.00 元，届时账户余额约 700.00 元，还差 200.00 元。请提前存入或与我们联系。'
    """
    if shortfall is None:
        return text("loans.burden.no_shortfall", language, on=until.isoformat())
    return text(
        "loans.burden.shortfall",
        language,
        on=shortfall.on.isoformat(),
        due=currency.say(shortfall.due_minor, language),
        balance=currency.say(shortfall.balance_minor, language),
        missing=currency.say(shortfall.missing_minor, language),
    )


def _calendar(obligations: Iterable[Obligation]) -> tuple[Due, ...]:
    entries = [entry for loan in obligations for entry in loan.dues]
    return tuple(sorted(entries, key=lambda entry: (entry.on, entry.loan_id)))


def _month(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def _by_month(calendar: Iterable[Due], on: date) -> dict[str, int]:
    """Return what is due in each month; what was due before a day burdens that day's month."""
    months: dict[str, int] = defaultdict(int)
    for entry in calendar:
        months[_month(max(entry.on, on))] += entry.amount_minor
    return dict(months)


def _paid_in_time(schedule: Schedule, policy: ServicingPolicy, n_paid: int) -> LoanAccount:
    """Return the account after the first instalments were paid on their due dates."""
    paid = [
        Repayment(on=on, amount_minor=amount)
        for on, amount in zip(schedule.due_on or (), schedule.instalment_minor, strict=True)
        if amount > 0
    ]
    last_on = (schedule.due_on or ())[n_paid - 1] if n_paid else None
    return replay(schedule, policy, [event for event in paid if last_on is not None and event.on <= last_on])


def _late_cost(schedule: Schedule, policy: ServicingPolicy, late_days: int) -> int:
    """Penalty on the first instalment that repays principal, alone paid late."""
    first = next(k for k, part in enumerate(schedule.principal_part_minor) if part > 0)
    account = _paid_in_time(schedule, policy, first)
    late = advance(account, (schedule.due_on or ())[first] + timedelta(days=late_days))
    return late.claims[0].posted_penalty_minor


def _early_saving(schedule: Schedule, policy: ServicingPolicy, early_after: int) -> int:
    """Interest saved by repaying everything on the due date of an instalment; 0 for one-instalment loans."""
    if early_after == 0 or schedule.due_on is None:
        return 0
    paid = _paid_in_time(schedule, replace(policy, penalty_rate=0), early_after)
    return waived_interest_minor(paid, schedule.due_on[early_after - 1])
