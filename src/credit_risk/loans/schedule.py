"""What is due, and when: the repayment schedule of one loan, exact to the cent.

Between `terms` (what was agreed) and `rates` (what it costs). Read :class:`Schedule`, then :func:`repayment_schedule`;
the shorthand functions below it cover the common loans. This is the readable truth: exact fractions, one half-up rounding
per amount. `tables` repeats it for a million loans and is tested equal to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount, read_date, year_fraction
from credit_risk.loans.terms import (
    MAX_AMOUNT_MINOR,
    ExactRate,
    LoanTerms,
    check_amount,
    exact_rate,
    round_half_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The instalments of one loan; every tuple has one entry per instalment, money in whole minor units.

    Attributes
    ----------
    principal_minor : int
        Amount lent.
    instalment_minor : tuple of int
        What is due: principal part + interest + fee.
    principal_part_minor, interest_minor, fee_minor : tuple of int
        Its parts.
    balance_minor : tuple of int
        Principal still owed after each instalment; the last is 0.
    due_on : tuple of date or None
        Due dates, if the loan has a calendar.
    disbursed_minor : int
        What the borrower has in hand on day 0: principal less fees deducted or paid upfront.
    disbursed_on : date or None
        Day 0.
    periods_per_year : int
        Instalments a year.
    has_equal_periods : bool
        Whether every period counts as one period of the year; if not, annual rates need the dates.
    annual_rate : Fraction or None
        Contract rate a year; None when the interest does not follow from one (flat rates).
    day_count : DayCount or None
        Convention of the contract, when it charges interest by days.
    bears_interest_from : date or None
        First day that bears interest, when the contract has interest-free days.
    """

    principal_minor: int
    instalment_minor: tuple[int, ...]
    principal_part_minor: tuple[int, ...]
    interest_minor: tuple[int, ...]
    fee_minor: tuple[int, ...]
    balance_minor: tuple[int, ...]
    due_on: tuple[date, ...] | None
    disbursed_minor: int
    disbursed_on: date | None = None
    periods_per_year: int = 12
    has_equal_periods: bool = True
    annual_rate: Fraction | None = None
    day_count: DayCount | None = None
    bears_interest_from: date | None = None

    @property
    def n_instalments(self) -> int:
        """Number of instalments."""
        return len(self.instalment_minor)

    @property
    def total_repayment_minor(self) -> int:
        """All that the borrower pays back after day 0."""
        return sum(self.instalment_minor)

    @property
    def total_cost_minor(self) -> int:
        """All that the loan costs: repayments less money received."""
        return self.total_repayment_minor - self.disbursed_minor

    def _repr_html_(self) -> str:
        names = ("No.", "Due", "Instalment", "Principal", "Interest", "Fee", "Still owed")
        due_on = [day.isoformat() for day in self.due_on] if self.due_on else [""] * self.n_instalments
        columns = (
            self.instalment_minor,
            self.principal_part_minor,
            self.interest_minor,
            self.fee_minor,
            self.balance_minor,
        )
        rows = [
            (str(k), day, *(f"{amount:,}" for amount in amounts))
            for k, (day, *amounts) in enumerate(zip(due_on, *columns, strict=True), 1)
        ]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        caption = (
            f"{self.principal_minor:,} lent, {self.disbursed_minor:,} paid out; minor units (cents, fen)"
        )
        return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>"

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values, lossless."""
        return {
            "principal_minor": self.principal_minor,
            "instalment_minor": list(self.instalment_minor),
            "principal_part_minor": list(self.principal_part_minor),
            "interest_minor": list(self.interest_minor),
            "fee_minor": list(self.fee_minor),
            "balance_minor": list(self.balance_minor),
            "due_on": None if self.due_on is None else [day.isoformat() for day in self.due_on],
            "disbursed_minor": self.disbursed_minor,
            "disbursed_on": None if self.disbursed_on is None else self.disbursed_on.isoformat(),
            "periods_per_year": self.periods_per_year,
            "has_equal_periods": self.has_equal_periods,
            "annual_rate": None if self.annual_rate is None else str(self.annual_rate),
            "day_count": None if self.day_count is None else self.day_count.value,
            "bears_interest_from": None
            if self.bears_interest_from is None
            else self.bears_interest_from.isoformat(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Schedule:
        """Build a schedule from :meth:`to_dict`; missing or unknown keys are refused (``CR-LON-020``)."""
        content = dict(values)
        known = [field.name for field in fields(cls)]
        missing = sorted(set(known[: known.index("disbursed_on")]) - set(content))
        unknown = sorted(set(content) - set(known))
        if missing or unknown:
            raise LoanError(
                f"A schedule cannot be read: missing keys {missing}, unknown keys {unknown}.",
                code="CR-LON-020",
            )
        for name, value in content.items():
            if isinstance(value, list):
                content[name] = tuple(value)
        if content["due_on"] is not None:
            content["due_on"] = tuple(read_date(str(day), "due_on") for day in content["due_on"])  # type: ignore[attr-defined]
        for name in ("disbursed_on", "bears_interest_from"):
            if content.get(name) is not None:
                content[name] = read_date(str(content[name]), name)
        if content.get("annual_rate") is not None:
            content["annual_rate"] = Fraction(str(content["annual_rate"]))
        if content.get("day_count") is not None:
            content["day_count"] = DayCount(str(content["day_count"]))
        return cls(**content)  # type: ignore[arg-type]


def repayment_schedule(terms: LoanTerms) -> Schedule:
    """Work out every instalment of a loan; principal parts sum to the principal exactly.

    Each interest amount is rounded half-up once; the regular instalment is rounded half-up once; the last instalment pays
    the remaining balance and its interest, and so absorbs the residue.

    Parameters
    ----------
    terms : LoanTerms
        What was agreed.

    Returns
    -------
    Schedule
        One entry per instalment.

    Raises
    ------
    LoanError
        If an instalment would not exceed its interest, so that the loan never shrinks (``CR-LON-004``); if a fee has
        no known amount (``CR-LON-006``).

    Notes
    -----
    With interest by days the instalment is ``P / sum_k prod_{j<=k} 1 / (1 + r_j)`` over the exact period rates ``r_j``,
    the annuity formula when they are equal.

    Examples
    --------
    >>> from decimal import Decimal
    >>> terms = LoanTerms(principal_minor=1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> schedule = repayment_schedule(terms)
    >>> schedule.instalment_minor[0], schedule.instalment_minor[-1], sum(schedule.interest_minor)
    (89975, 89980, 79705)
    """
    rates = period_rates(terms)
    planned = _planned_principal(terms, rates)
    balance = terms.principal_minor
    principal_parts, interests, balances = [], [], []
    for k, rate in enumerate(rates):
        interest = round_half_up(balance * rate)
        part = balance if k == len(rates) - 1 else min(planned(k, interest), balance)
        balance -= part
        principal_parts.append(part)
        interests.append(interest)
        balances.append(balance)
    if terms.method == "bullet":
        interests = [0] * (len(rates) - 1) + [round_half_up(terms.principal_minor * sum(rates, Fraction(0)))]
    return _with_fees(terms, principal_parts, interests, balances)


def period_rates(terms: LoanTerms) -> tuple[Fraction, ...]:
    """Return the exact interest rate of every period.

    Examples
    --------
    >>> period_rates(LoanTerms(principal_minor=1, annual_rate=1, n_instalments=2, method="bullet"))
    (Fraction(1, 12), Fraction(1, 12))
    """
    due_on = terms.due_on()
    if terms.day_count is None or due_on is None or terms.disbursed_on is None:
        regular = terms.rate / terms.periods_per_year
        first = regular + terms.rate * Fraction(terms.first_period_extra_days, 365)
        return (max(first, Fraction(0)),) + (regular,) * (terms.n_instalments - 1)
    starts = [terms.disbursed_on, *due_on[:-1]]
    bears_from = _bears_interest_from(terms) or terms.disbursed_on
    return tuple(
        terms.rate * year_fraction(min(max(start, bears_from), end), end, terms.day_count)
        for start, end in zip(starts, due_on, strict=True)
    )


def equal_instalment_minor(principal_minor: int, rates: Sequence[Fraction], balloon_minor: int = 0) -> int:
    """Return the equal instalment that repays a principal over periods of given rates, rounded half-up.

    Parameters
    ----------
    principal_minor : int
        Amount lent, minor units.
    rates : sequence of Fraction
        Interest rate of each period.
    balloon_minor : int
        Principal left for the last instalment, on top of the equal one.

    Raises
    ------
    LoanError
        If the rounded instalment does not exceed the first interest (``CR-LON-004``); no period at all
        (``CR-LON-002``); amounts (``CR-LON-001``, ``CR-LON-008``).

    Examples
    --------
    >>> equal_instalment_minor(1_000_000, [Fraction(12, 1000)] * 12)
    89975
    """
    check_amount(principal_minor, "principal_minor")
    check_amount(balloon_minor, "balloon_minor", minimum=0)
    if len(rates) == 0:
        raise LoanError("rates must name at least one period.", code="CR-LON-002")
    instalment = level_payment_minor(principal_minor, rates, balloon_minor)
    if instalment <= round_half_up(principal_minor * rates[0]) and len(rates) > 1:
        raise LoanError(
            "The instalment does not exceed the first period's interest, so the balance would never fall. "
            "Hint: a larger principal, a lower rate or fewer instalments.",
            code="CR-LON-004",
        )
    return instalment


def level_payment_minor(principal_minor: int, rates: Sequence[Fraction], balloon_minor: int) -> int:
    """Return the equal instalment rounded half-up, whether or not it exceeds its interest."""
    discount, annuity = Fraction(1), Fraction(0)
    for rate in rates:
        discount /= 1 + rate
        annuity += discount
    return round_half_up((principal_minor - balloon_minor * discount) / annuity)


def equal_instalment_schedule(
    principal_minor: int,
    *,
    annual_rate: ExactRate,
    n_instalments: int,
    periods_per_year: int = 12,
    disbursed_on: date | None = None,
    first_due_on: date | None = None,
    day_count: DayCount | None = None,
) -> Schedule:
    """Schedule a loan repaid in equal instalments (等额本息).

    Parameters
    ----------
    principal_minor : int
        Amount lent, minor units.
    annual_rate : Decimal, Fraction or int
        Contract rate a year.
    n_instalments, periods_per_year : int
        How many instalments, and how many a year.
    disbursed_on, first_due_on : date, optional
        Calendar.
    day_count : DayCount, optional
        Interest by days.

    Returns
    -------
    Schedule
        Without fees; give a :class:`LoanTerms` to :func:`repayment_schedule` for fees and grace.

    Raises
    ------
    LoanError
        As :class:`LoanTerms` and :func:`repayment_schedule`.

    Examples
    --------
    >>> from decimal import Decimal
    >>> schedule = equal_instalment_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> schedule.interest_minor[:3], schedule.balance_minor[0]
    ((12000, 11064, 10117), 922025)
    >>> equal_instalment_schedule(1_200, annual_rate=0, n_instalments=12).instalment_minor[0]  # zero rate is lawful
    100
    """
    return repayment_schedule(
        LoanTerms(
            principal_minor=principal_minor,
            annual_rate=annual_rate,
            n_instalments=n_instalments,
            periods_per_year=periods_per_year,
            disbursed_on=disbursed_on,
            first_due_on=first_due_on,
            day_count=day_count,
        )
    )


def equal_principal_schedule(
    principal_minor: int,
    *,
    annual_rate: ExactRate,
    n_instalments: int,
    periods_per_year: int = 12,
    disbursed_on: date | None = None,
    first_due_on: date | None = None,
    day_count: DayCount | None = None,
) -> Schedule:
    """Schedule a loan repaid in equal principal parts, with interest on the falling balance (等额本金).

    Parameters, result and errors are those of :func:`equal_instalment_schedule`.

    Examples
    --------
    >>> from decimal import Decimal
    >>> schedule = equal_principal_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> schedule.instalment_minor[0], schedule.instalment_minor[-1], sum(schedule.interest_minor)
    (95333, 84337, 78000)
    """
    return repayment_schedule(
        LoanTerms(
            principal_minor=principal_minor,
            annual_rate=annual_rate,
            n_instalments=n_instalments,
            method="equal_principal",
            periods_per_year=periods_per_year,
            disbursed_on=disbursed_on,
            first_due_on=first_due_on,
            day_count=day_count,
        )
    )


def flat_rate_schedule(
    principal_minor: int, *, flat_rate: ExactRate, n_instalments: int, periods_per_year: int = 12
) -> Schedule:
    """Schedule a loan priced by a flat rate on the ORIGINAL principal, as instalment adverts do.

    The headline misleads: interest is charged on money already repaid. :func:`annual_rates` of the result tells the truth.

    Parameters
    ----------
    principal_minor : int
        Amount lent, minor units.
    flat_rate : Decimal, Fraction or int
        Share of the original principal charged per PERIOD.
    n_instalments, periods_per_year : int
        How many instalments, and how many a year.

    Raises
    ------
    LoanError
        As :class:`LoanTerms`.

    Examples
    --------
    >>> from decimal import Decimal
    >>> flat_rate_schedule(1_200_000, flat_rate=Decimal("0.006"), n_instalments=12).instalment_minor[0]
    107200
    """
    terms = LoanTerms(
        principal_minor=principal_minor,
        annual_rate=0,
        n_instalments=n_instalments,
        method="equal_principal",
        periods_per_year=periods_per_year,
    )
    base = repayment_schedule(terms)
    charge = round_half_up(terms.principal_minor * exact_rate(flat_rate, "flat_rate"))
    interests = [charge] * terms.n_instalments
    flat = _with_fees(terms, base.principal_part_minor, interests, base.balance_minor)
    return replace(flat, annual_rate=None)


def daily_interest_minor(
    balance_minor: int,
    *,
    annual_rate: ExactRate,
    from_on: date,
    to_on: date,
    day_count: DayCount = DayCount.ACTUAL_365_FIXED,
) -> int:
    """Return simple interest by days on a balance: borrow and repay at will (随借随还).

    Parameters
    ----------
    balance_minor : int
        Principal owed throughout, minor units.
    annual_rate : Decimal, Fraction or int
        Contract rate a year.
    from_on, to_on : date
        Value date (bears interest) and repayment date (does not).
    day_count : DayCount
        Convention of the contract.

    Returns
    -------
    int
        Minor units, rounded half-up once.

    Raises
    ------
    LoanError
        Bad amount, rate or order of dates.

    Examples
    --------
    >>> from decimal import Decimal
    >>> daily_interest_minor(1_000_000, annual_rate=Decimal("0.146"), from_on=date(2028, 2, 10), to_on=date(2028, 3, 10))
    11600
    """
    balance = check_amount(balance_minor, "balance_minor", minimum=0)
    return round_half_up(balance * exact_rate(annual_rate) * year_fraction(from_on, to_on, day_count))


def open_ended_interest_minor(
    movements: Sequence[tuple[date, int]],
    *,
    annual_rate: ExactRate,
    settle_on: date,
    day_count: DayCount = DayCount.ACTUAL_365_FIXED,
) -> int:
    """Return the interest of a line drawn and repaid at will (随借随还), to the day it is settled.

    Parameters
    ----------
    movements : sequence of (date, int)
        Principal drawn (above 0) and repaid (below 0), minor units, dates ascending.
    annual_rate : Decimal, Fraction or int
        Contract rate a year, simple.
    settle_on : date
        On or after the last movement.
    day_count : DayCount
        Convention of the contract.

    Returns
    -------
    int
        Minor units: every day's balance counts, rounded half-up once at the end.

    Raises
    ------
    LoanError
        More repaid than drawn (``CR-LON-019``), dates out of order (``CR-LON-005``), rate.

    Examples
    --------
    >>> from decimal import Decimal
    >>> drawn = [(date(2026, 1, 1), 1_000_000), (date(2026, 1, 11), -400_000)]
    >>> open_ended_interest_minor(drawn, annual_rate=Decimal("0.146"), settle_on=date(2026, 1, 21))
    6400
    """
    rate, interest, balance = exact_rate(annual_rate), Fraction(0), 0
    ends = [*(on for on, _ in movements[1:]), settle_on]
    for (on, amount), end in zip(movements, ends, strict=False):
        balance += check_amount(amount, "movements", minimum=-MAX_AMOUNT_MINOR)
        if balance < 0:
            raise LoanError(
                "More principal is repaid than was drawn. Hint: check the order and the signs of movements.",
                code="CR-LON-019",
            )
        interest += balance * rate * year_fraction(on, end, day_count)
    return round_half_up(interest)


def _planned_principal(terms: LoanTerms, rates: Sequence[Fraction]) -> Callable[[int, int], int]:
    """Return the rule (period, interest) -> principal part before the last instalment."""
    n_grace = terms.n_grace_instalments
    if terms.method in {"interest_only", "bullet"}:
        return lambda _k, _interest: 0
    if terms.method == "equal_principal":
        part = round_half_up(Fraction(terms.principal_minor, terms.n_instalments - n_grace))
        if part == 0:
            raise LoanError(
                f"principal_minor is too small for {terms.n_instalments} instalments. "
                "Hint: a larger principal or fewer instalments.",
                code="CR-LON-004",
            )
        return lambda k, _interest: part if k >= n_grace else 0
    instalment = equal_instalment_minor(terms.principal_minor, rates[n_grace:], terms.balloon_minor)
    return lambda k, interest: max(instalment - interest, 0) if k >= n_grace else 0


def _bears_interest_from(terms: LoanTerms) -> date | None:
    """Return the first day that bears interest, or None when every day does."""
    if terms.disbursed_on is None or not terms.interest_free_days:
        return None
    return terms.disbursed_on + timedelta(days=terms.interest_free_days)


def _with_fees(
    terms: LoanTerms, principal_parts: Sequence[int], interests: Sequence[int], balances: Sequence[int]
) -> Schedule:
    """Add mandatory fees to the instalments and take initial ones off the payout."""
    charged = [fee for fee in terms.fees if fee.is_mandatory and not fee.is_contingent]
    monthly = sum(
        fee.charge_minor(terms.principal_minor) for fee in charged if fee.timing == "per_instalment"
    )
    initial = sum(
        fee.charge_minor(terms.principal_minor) for fee in charged if fee.timing != "per_instalment"
    )
    return Schedule(
        principal_minor=terms.principal_minor,
        instalment_minor=tuple(p + i + monthly for p, i in zip(principal_parts, interests, strict=True)),
        principal_part_minor=tuple(principal_parts),
        interest_minor=tuple(interests),
        fee_minor=(monthly,) * terms.n_instalments,
        balance_minor=tuple(balances),
        due_on=terms.due_on(),
        disbursed_minor=terms.principal_minor - initial,
        disbursed_on=terms.disbursed_on,
        periods_per_year=terms.periods_per_year,
        has_equal_periods=terms.day_count is None and terms.first_period_extra_days == 0,
        annual_rate=terms.rate,
        day_count=terms.day_count,
        bears_interest_from=_bears_interest_from(terms),
    )
