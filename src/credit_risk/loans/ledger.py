"""The account of one loan: what was charged, paid, waived and is still owed, on any date, to the cent.

Downstream of `schedule`; `servicing` changes an account by events. Read :class:`ServicingPolicy`, then
:func:`open_account`, :func:`advance` and :func:`position`. Accounts are values: every step returns a new one, and the
three laws of :func:`imbalances` hold after each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

from credit_risk.errors import LoanError, PolicyError
from credit_risk.loans.day_count import DayCount, check_date_order, year_fraction
from credit_risk.loans.terms import ExactRate, exact_rate, round_half_up

if TYPE_CHECKING:
    from datetime import date

    from credit_risk.loans.schedule import Schedule

Part = Literal["penalty", "fee", "interest", "principal"]
#: Overdue buckets, as days past due: first and last day.
BUCKETS = ((1, 30), (31, 60), (61, 90), (91, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Minor units by kind of debt."""

    penalty: int = 0
    fee: int = 0
    interest: int = 0
    principal: int = 0

    @property
    def total(self) -> int:
        """All kinds together."""
        return self.penalty + self.fee + self.interest + self.principal

    def plus(self, part: Part, amount: int) -> Parts:
        """Return these parts with an amount added to one of them."""
        return replace(self, **{part: getattr(self, part) + amount})

    def __add__(self, other: Parts) -> Parts:
        return Parts(
            penalty=self.penalty + other.penalty,
            fee=self.fee + other.fee,
            interest=self.interest + other.interest,
            principal=self.principal + other.principal,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicingPolicy:
    """How an account is run: interest by days, penalty, grace, order of allocation, joint cap.

    Attributes
    ----------
    annual_rate : Fraction
        Contract rate a year (given as Decimal, Fraction or int); an account is refused when its schedule says another,
        and an interest-free schedule stays free.
    penalty_rate : Fraction
        Rate a year on overdue PRINCIPAL, in place of the contract rate.
    day_count : DayCount
        For penalty, and for interest within a period when the contract itself does not count days. Penalty of a stretch is
        what has run since the due date at its end, less at its start: so it adds up under every convention.
    grace_days : int
        Days late without penalty; later than that, penalty runs from the due date.
    allocation : tuple of {'penalty', 'fee', 'interest', 'principal'}
        Order in which money settles what is due.
    by_instalment : bool
        True: the oldest instalment is settled wholly before the next; False: each kind across all instalments first.
    joint_cap_rate : Fraction, optional
        Most that interest, all fees (those of day 0 too) and penalty together may reach a year, simple, on the amount
        paid out; penalty beyond it is withheld, and unpaid penalty withdrawn when interest needs the room.

    Raises
    ------
    LoanError
        Rates (``CR-LON-003``, ``CR-LON-008``); allocation, grace or day count (``CR-LON-017``).
    PolicyError
        If the contract or the penalty rate alone exceeds the joint cap (``CR-CEI-005``): it is refused, never clipped.
    """

    annual_rate: ExactRate
    penalty_rate: ExactRate
    day_count: DayCount = DayCount.ACTUAL_360
    grace_days: int = 0
    allocation: tuple[Part, ...] = ("penalty", "fee", "interest", "principal")
    by_instalment: bool = True
    joint_cap_rate: ExactRate | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "annual_rate", exact_rate(self.annual_rate))
        object.__setattr__(self, "penalty_rate", exact_rate(self.penalty_rate, "penalty_rate"))
        self._check_options()
        if self.joint_cap_rate is not None:
            object.__setattr__(self, "joint_cap_rate", exact_rate(self.joint_cap_rate, "joint_cap_rate"))
            for name, rate in (("contract", self.rate), ("penalty", self.penalty)):
                if rate > Fraction(self.joint_cap_rate):
                    raise PolicyError(
                        f"The {name} rate {float(rate):.4f} exceeds the joint cap "
                        f"{float(self.joint_cap_rate):.4f} on interest, penalty and fees. Hint: agree a lower rate.",
                        code="CR-CEI-005",
                    )

    def _check_options(self) -> None:
        is_whole = isinstance(self.grace_days, int) and not isinstance(self.grace_days, bool)
        if sorted(map(str, self.allocation)) != sorted(get_args(Part)) or not is_whole or self.grace_days < 0:
            raise LoanError(
                f"allocation must order {sorted(get_args(Part))}, each once, and grace_days be a whole number, "
                f"0 or more. Got {self.allocation}, {self.grace_days}.",
                code="CR-LON-017",
            )
        if self.day_count not in tuple(DayCount):
            known = [convention.value for convention in DayCount]
            raise LoanError(f"day_count is unknown. Expected one of {known}.", code="CR-LON-017")
        object.__setattr__(self, "day_count", DayCount(self.day_count))

    @property
    def rate(self) -> Fraction:
        """Contract rate, exact."""
        return Fraction(self.annual_rate)

    @property
    def penalty(self) -> Fraction:
        """Penalty rate, exact."""
        return Fraction(self.penalty_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one instalment still claims.

    Attributes
    ----------
    due_on : date
        Due date.
    owed : Parts
        Not yet paid. Interest and fee count as charged only once `is_posted`.
    is_posted : bool
        Whether the due date has come.
    accrued_penalty : Fraction
        Penalty so far, unrounded; `posted_penalty_minor` of it has been charged.
    overdue_since : date or None
        For arrears that a restructuring moved: their original due date, from which days past due count on.
    """

    due_on: date
    owed: Parts
    is_posted: bool = False
    accrued_penalty: Fraction = Fraction(0)
    posted_penalty_minor: int = 0
    overdue_since: date | None = None

    @property
    def bears(self) -> bool:
        """Whether it asks for interest or principal; a due date that asks for neither ends no interest period."""
        return self.owed.interest > 0 or self.owed.principal > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAccount:
    """What one loan has charged, received and still claims at the end of a day.

    Attributes
    ----------
    policy : ServicingPolicy
        How it is run.
    principal_minor : int
        Amount lent.
    disbursed_minor : int
        Amount paid out: less fees deducted or paid upfront. The joint cap is counted on it, and those fees in it.
    opened_on, as_of : date
        Day of payout; day of this state.
    claims : tuple of Claim
        Open instalments, by due date.
    credit_minor : int
        Money received and not yet used; it settles the next instalments when they fall due.
    received_minor : int
        All money received.
    posted, paid, waived : Parts
        Charged (interest, fee, penalty), settled, forgiven.
    interest_from : date
        Since when the running period bears interest.
    periods_per_year : int
        Instalments a year.
    due_day : int
        Agreed day of the month.
    day_count : DayCount or None
        Convention of the contract, when it charges interest by days.
    bears_interest_from : date or None
        End of the contract's interest-free days.
    restructured_on : date or None
        Last restructuring.
    """

    policy: ServicingPolicy
    principal_minor: int
    disbursed_minor: int
    opened_on: date
    as_of: date
    claims: tuple[Claim, ...]
    interest_from: date
    periods_per_year: int
    due_day: int
    credit_minor: int = 0
    received_minor: int = 0
    posted: Parts = Parts()
    paid: Parts = Parts()
    waived: Parts = Parts()
    day_count: DayCount | None = None
    bears_interest_from: date | None = None
    restructured_on: date | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing is owed and nothing will fall due."""
        return not self.claims

    @property
    def future_claims(self) -> tuple[Claim, ...]:
        """Instalments not yet due."""
        return tuple(claim for claim in self.claims if not claim.is_posted)

    @property
    def due_claims(self) -> tuple[Claim, ...]:
        """Instalments due and not settled."""
        return tuple(claim for claim in self.claims if claim.is_posted)

    @property
    def running_claim(self) -> Claim | None:
        """The next instalment that charges interest or principal: the one the running interest belongs to."""
        return next((claim for claim in self.future_claims if claim.bears), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is owed on a date.

    Attributes
    ----------
    on : date
        The date.
    principal_outstanding_minor : int
        All principal, due or not.
    due : Parts
        Charged and unpaid (after a restructuring, unpaid arrears too, whose new due date may lie ahead).
    accrued_interest_minor : int
        Interest of the running period, not yet due.
    days_past_due : int
        Days since the oldest unpaid due date, restructured or not; 0 when nothing is overdue.
    overdue_by_bucket : dict
        Overdue amount by bucket ('1-30', '31-60', '61-90', '91+').
    credit_minor : int
        Money held for the borrower.
    """

    on: date
    principal_outstanding_minor: int
    due: Parts
    accrued_interest_minor: int
    days_past_due: int
    overdue_by_bucket: dict[str, int]
    credit_minor: int


def open_account(schedule: Schedule, policy: ServicingPolicy) -> LoanAccount:
    """Open the account of a loan on its day of payout.

    Parameters
    ----------
    schedule : Schedule
        With dates.
    policy : ServicingPolicy
        How to run it.

    Raises
    ------
    LoanError
        A schedule without dates, or a policy of another rate (``CR-LON-017``).

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.loans import LoanTerms, ServicingPolicy, repayment_schedule
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12,
    ...     disbursed_on=date(2026, 8, 31))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> account = open_account(repayment_schedule(terms), policy)
    >>> account.as_of, account.principal_minor, len(account.claims)
    (datetime.date(2026, 8, 31), 1000000, 12)
    """
    if schedule.due_on is None or schedule.disbursed_on is None:
        raise LoanError(
            "An account needs a schedule with dates. Hint: give disbursed_on in the terms.", code="CR-LON-017"
        )
    if schedule.annual_rate == 0:
        policy = replace(policy, annual_rate=schedule.annual_rate)
    elif schedule.annual_rate is not None and schedule.annual_rate != policy.rate:
        raise LoanError(
            "The policy's annual_rate is not the contract's. Hint: give the policy the annual_rate of the terms.",
            code="CR-LON-017",
        )
    claims = tuple(
        Claim(due_on=due_on, owed=Parts(principal=part, interest=interest, fee=fee))
        for due_on, part, interest, fee in zip(
            schedule.due_on,
            schedule.principal_part_minor,
            schedule.interest_minor,
            schedule.fee_minor,
            strict=True,
        )
    )
    return LoanAccount(
        policy=policy,
        principal_minor=schedule.principal_minor,
        disbursed_minor=schedule.disbursed_minor,
        opened_on=schedule.disbursed_on,
        as_of=schedule.disbursed_on,
        claims=claims,
        interest_from=schedule.disbursed_on,
        periods_per_year=schedule.periods_per_year,
        due_day=max(day.day for day in schedule.due_on),
        day_count=schedule.day_count,
        bears_interest_from=schedule.bears_interest_from,
    )


def advance(account: LoanAccount, on: date) -> LoanAccount:
    """Let time pass: instalments fall due, held money settles them, penalty runs.

    Raises
    ------
    LoanError
        If `on` lies before the account's day (``CR-LON-005``): ledgers are never rewritten.
    """
    check_date_order(account.as_of, on, "on")
    while upcoming := [claim.due_on for claim in account.future_claims if claim.due_on <= on]:
        account = settle(_with_penalty(_fall_due(account, upcoming[0]), upcoming[0]), 0)
    return _with_penalty(account, on)


def settle(account: LoanAccount, amount_minor: int) -> LoanAccount:
    """Use money on what is due, in the policy's order; what is left stays as credit."""
    left = amount_minor + account.credit_minor
    owed = [claim.owed for claim in account.claims]
    paid = account.paid
    due = [i for i, claim in enumerate(account.claims) if claim.is_posted]
    order = account.policy.allocation
    steps = (
        [(i, p) for i in due for p in order]
        if account.policy.by_instalment
        else [(i, p) for p in order for i in due]
    )
    for i, part in steps:
        used = min(left, getattr(owed[i], part))
        owed[i] = owed[i].plus(part, -used)
        paid = paid.plus(part, used)
        left -= used
    claims = (replace(claim, owed=parts) for claim, parts in zip(account.claims, owed, strict=True))
    return replace(
        account,
        claims=tuple(claim for claim in claims if not (claim.is_posted and claim.owed.total == 0)),
        paid=paid,
        credit_minor=left,
        received_minor=account.received_minor + amount_minor,
    )


def accrued_interest_minor(account: LoanAccount, on: date) -> int:
    """Return interest of the running period up to a date, never above what the period will charge.

    Days count as the contract counts them, from the end of its interest-free days; without a convention of its own, as
    the policy says.
    """
    running = account.running_claim
    if running is None:
        return 0
    balance = sum(claim.owed.principal for claim in account.future_claims)
    start = max(account.interest_from, account.bears_interest_from or account.interest_from)
    years = year_fraction(start, max(on, start), account.day_count or account.policy.day_count)
    return min(round_half_up(balance * account.policy.rate * years), running.owed.interest)


def position(account: LoanAccount, on: date) -> Position:
    """Return what is owed on a date, as if nothing more had been paid.

    Raises
    ------
    LoanError
        As :func:`advance`.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from credit_risk.loans import LoanTerms, ServicingPolicy, open_account, repayment_schedule
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12,
    ...     disbursed_on=date(2026, 8, 31))
    >>> policy = ServicingPolicy(annual_rate=Decimal("0.144"), penalty_rate=Decimal("0.216"))
    >>> account = open_account(repayment_schedule(terms), policy)
    >>> ten_days_late = position(account, date(2026, 10, 10))
    >>> ten_days_late.days_past_due, ten_days_late.due.penalty, ten_days_late.due.interest, ten_days_late.due.principal
    (10, 468, 12000, 77975)
    """
    account = advance(account, on)
    due = sum((claim.owed for claim in account.due_claims), Parts())
    overdue = [
        ((on - (claim.overdue_since or claim.due_on)).days, claim.owed.total) for claim in account.due_claims
    ]
    buckets = {
        (f"{first}-{last}" if last else f"{first}+"): sum(
            amount for late, amount in overdue if first <= late and (last is None or late <= last)
        )
        for first, last in BUCKETS
    }
    return Position(
        on=on,
        principal_outstanding_minor=sum(claim.owed.principal for claim in account.claims),
        due=due,
        accrued_interest_minor=accrued_interest_minor(account, on),
        days_past_due=max((late for late, _ in overdue if late > 0), default=0),
        overdue_by_bucket=buckets,
        credit_minor=account.credit_minor,
    )


def imbalances(account: LoanAccount) -> dict[str, int]:
    """Return what each law of the ledger is out by; all are 0 in every account.

    Money: received = settled + held. Principal: lent = settled + forgiven + owed. Interest, fee and penalty: charged =
    settled + forgiven + owed.
    """
    due = sum((claim.owed for claim in account.due_claims), Parts())
    principal = sum(claim.owed.principal for claim in account.claims)
    laws = {
        "money": account.received_minor - account.paid.total - account.credit_minor,
        "principal": account.principal_minor - account.paid.principal - account.waived.principal - principal,
    }
    for part in ("interest", "fee", "penalty"):
        charged, settled = getattr(account.posted, part), getattr(account.paid, part)
        laws[part] = charged - settled - getattr(account.waived, part) - getattr(due, part)
    return laws


def withheld_penalty_minor(account: LoanAccount) -> int:
    """Return penalty that has run on unpaid instalments but may not be charged while the joint cap is reached."""
    late = [c for c in account.due_claims if (account.as_of - c.due_on).days > account.policy.grace_days]
    return sum(round_half_up(claim.accrued_penalty) - claim.posted_penalty_minor for claim in late)


def joint_cap_room_minor(
    account: LoanAccount, on: date, *, is_closing: bool = False, besides_penalty_minor: int = 0
) -> int | None:
    """Return what may still be charged under the joint cap, on top of interest; None without a cap.

    Fees of day 0, all that was charged, interest of the running period and its fee come first; a loan that closes
    (`is_closing`) pays no fee for the running period. `besides_penalty_minor` of the charged penalty is not counted.
    """
    if account.policy.joint_cap_rate is None:
        return None
    years = year_fraction(account.opened_on, on, DayCount.ACTUAL_365_FIXED)
    most = account.disbursed_minor * Fraction(account.policy.joint_cap_rate) * years
    used = account.principal_minor - account.disbursed_minor + account.posted.total - besides_penalty_minor
    used += accrued_interest_minor(account, on)
    used += account.future_claims[0].owed.fee if account.future_claims and not is_closing else 0
    return max(most.numerator // most.denominator - used, 0)


def _fall_due(account: LoanAccount, on: date) -> LoanAccount:
    """Charge the interest and fees of one due date."""
    charged, interest_from = Parts(), account.interest_from
    claims = []
    for claim in account.claims:
        falls_due = not claim.is_posted and claim.due_on == on
        if falls_due:
            interest_from = on if claim.bears else interest_from
            charged += replace(claim.owed, principal=0, penalty=0)
        claims.append(replace(claim, is_posted=True) if falls_due else claim)
    return replace(
        account, claims=tuple(claims), posted=account.posted + charged, interest_from=interest_from
    )


def _with_penalty(account: LoanAccount, on: date) -> LoanAccount:
    """Accrue penalty on overdue principal since the account's day, and charge whole cents within the joint cap.

    What stands charged is a function of the day, never of the days on which somebody looked: all that has accrued, or
    what the cap leaves for it, oldest instalment first. If interest needs the room later, unpaid penalty is withdrawn.
    """
    claims = [_with_accrual(claim, account, on) for claim in account.claims]
    open_now = [c for c in claims if c.is_posted and c.owed.principal > 0]
    room = joint_cap_room_minor(
        account, on, besides_penalty_minor=sum(c.posted_penalty_minor for c in open_now)
    )
    settled = sum(c.posted_penalty_minor - c.owed.penalty for c in open_now)
    left = None if room is None else max(room - settled, 0)
    charged = 0
    for i, claim in enumerate(claims):
        if not claim.is_posted or claim.owed.principal == 0:
            continue
        is_charged = (on - claim.due_on).days > account.policy.grace_days
        unpaid = claim.owed.penalty
        new = (
            round_half_up(claim.accrued_penalty) - claim.posted_penalty_minor + unpaid
            if is_charged
            else unpaid
        )
        new = new if left is None else min(new, left)
        left = None if left is None else left - new
        charged += new - unpaid
        posted = claim.posted_penalty_minor + new - unpaid
        claims[i] = replace(claim, posted_penalty_minor=posted, owed=claim.owed.plus("penalty", new - unpaid))
    return replace(account, claims=tuple(claims), posted=account.posted.plus("penalty", charged), as_of=on)


def _with_accrual(claim: Claim, account: LoanAccount, on: date) -> Claim:
    """Let penalty run on a claim's overdue principal, unrounded.

    Days are counted from the due date both times: under some 30/360 conventions the days of two stretches do not add up to
    the days of both, and the debt must not depend on when somebody looks.
    """
    if not claim.is_posted or on <= claim.due_on:
        return claim
    since, convention = max(account.as_of, claim.due_on), account.policy.day_count
    years = year_fraction(claim.due_on, on, convention) - year_fraction(claim.due_on, since, convention)
    accrued = claim.accrued_penalty + claim.owed.principal * account.policy.penalty * years
    return replace(claim, accrued_penalty=accrued)
