"""What lender and borrower agreed: principal, rate, term, calendar and fees, checked before anything is computed.

Upstream of `schedule`. Read :class:`LoanTerms`, then :class:`Fee`. Amounts are whole minor units (cents, fen), rates are
exact decimals or fractions per year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount, check_date, due_dates, read_convention, read_date

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

ExactRate: TypeAlias = Decimal | Fraction | int
Method = Literal["equal_instalment", "equal_principal", "interest_only", "bullet"]
FeeTiming = Literal["deducted", "upfront", "per_instalment", "contingent"]
FeeNature = Literal["service", "guarantee", "membership", "insurance", "penalty", "early_repayment", "other"]

#: Largest amount in minor units. The int64 kernels test every product besides (see `tables`).
MAX_AMOUNT_MINOR = 10**12
MAX_INSTALMENTS = 1200
#: A rate has at most this many digits before, and its first one at most so far behind, the point.
MAX_RATE_DIGITS = 30
_LONGEST_RATE = 200
MAX_FREE_DAYS = 36_600


def round_half_up(value: Fraction) -> int:
    """Round an exact amount to whole minor units, halves away from zero.

    Examples
    --------
    >>> round_half_up(Fraction(5, 2)), round_half_up(Fraction(-5, 2)), round_half_up(Fraction(7, 3))
    (3, -3, 2)
    """
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return -magnitude if value < 0 else magnitude


def is_finite_number(value: object) -> bool:
    """Whether a value is a real, finite number: no text, no truth value, no NaN.

    Examples
    --------
    >>> is_finite_number(Fraction(1, 3)), is_finite_number("1"), is_finite_number(float("nan"))
    (True, False, False)
    """
    if isinstance(value, bool):
        return False
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, Real) and math.isfinite(value)


def exact_rate(value: ExactRate, name: str = "annual_rate") -> Fraction:
    """Return a rate as an exact fraction; refuse binary floats, NaN, infinity and negative rates.

    Parameters
    ----------
    value : Decimal, Fraction or int
        Decimal fraction per stated period: ``Decimal("0.144")`` is 14.4 %.
    name : str
        What the rate is, for the message.

    Raises
    ------
    LoanError
        Not exact or not finite (``CR-LON-008``), negative or of impossible size (``CR-LON-003``).

    Examples
    --------
    >>> exact_rate(Decimal("0.144"))
    Fraction(18, 125)
    """
    is_exact = isinstance(value, (Decimal, Fraction, int)) and not isinstance(value, bool)
    if not is_exact or (isinstance(value, Decimal) and not value.is_finite()):
        raise LoanError(
            f"{name} must be an exact, finite number. Got a {type(value).__name__}. "
            "Hint: write Decimal('0.144') or Fraction(144, 1000), not a binary float or NaN.",
            code="CR-LON-008",
        )
    if isinstance(value, Decimal) and value and not -MAX_RATE_DIGITS <= value.adjusted() <= MAX_RATE_DIGITS:
        raise _rate_out_of_range(name)
    rate = Fraction(value)
    if rate < 0:
        raise LoanError(f"{name} must not be negative.", code="CR-LON-003")
    if rate > 10**MAX_RATE_DIGITS:
        raise _rate_out_of_range(name)
    return rate


def _rate_out_of_range(name: str) -> LoanError:
    return LoanError(
        f"{name} is no rate: its size lies outside 1e-{MAX_RATE_DIGITS} to 1e{MAX_RATE_DIGITS}.",
        code="CR-LON-003",
    )


def read_rate(text: object, name: str) -> Fraction:
    """Read an exact rate from its written form, such as '18/125' or '0.144' (``CR-LON-008`` when it is none).

    Examples
    --------
    >>> read_rate("18/125", "annual_rate")
    Fraction(18, 125)
    """
    written = str(text)
    is_plain = len(written) <= _LONGEST_RATE and "e" not in written.lower()  # 1e999999 would take forever
    try:
        return Fraction(written if is_plain else "")
    except (ValueError, ZeroDivisionError) as error:
        raise LoanError(
            f"{name} is no exact rate. Expected for instance '0.144' or '18/125'.", code="CR-LON-008"
        ) from error


def check_keys(
    values: Mapping[str, object], known: Collection[str], required: Collection[str], what: str
) -> None:
    """Refuse stored values with unknown or missing keys (``CR-LON-020``)."""
    missing, unknown = sorted(set(required) - set(values)), sorted(set(values) - set(known))
    if missing or unknown:
        raise LoanError(
            f"{what} cannot be read: missing keys {missing}, unknown keys {unknown}.", code="CR-LON-020"
        )


def check_amount(value: int, name: str, *, minimum: int = 1) -> int:
    """Return an amount in minor units, or refuse it.

    Raises
    ------
    LoanError
        Not a whole number (``CR-LON-008``), below the minimum (``CR-LON-001``), too large for exact 64-bit arithmetic
        (``CR-LON-007``).
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise LoanError(
            f"{name} must be a whole number of minor units (cents, fen). Got a {type(value).__name__}.",
            code="CR-LON-008",
        )
    amount = int(value.__index__())
    if amount < minimum:
        raise LoanError(f"{name} must be at least {minimum} minor unit(s).", code="CR-LON-001")
    if amount > MAX_AMOUNT_MINOR:
        raise LoanError(
            f"{name} overflows: at most {MAX_AMOUNT_MINOR} minor units are computed exactly.",
            code="CR-LON-007",
        )
    return amount


def check_count(value: int, name: str = "n_instalments") -> int:
    """Return a number of instalments, or refuse it (``CR-LON-002``)."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 1 <= int(value) <= MAX_INSTALMENTS:
        raise LoanError(f"{name} must be a whole number from 1 to {MAX_INSTALMENTS}.", code="CR-LON-002")
    return int(value)


def _check_whole(value: object, name: str) -> None:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise LoanError(f"{name} must be a whole number. Got a {type(value).__name__}.", code="CR-LON-008")


def _field_names(kind: type[Fee | LoanTerms]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One charge beside interest: what for, when, how much, and who collects it.

    Exactly one of `amount_minor` and `rate` says how much; with neither the amount is unknown, and no annual rate is
    ever computed from it.

    Attributes
    ----------
    code : str
        Short name, unique in a loan, for instance ``"guarantee"``.
    timing : {'deducted', 'upfront', 'per_instalment', 'contingent'}
        Kept back from the payout; paid by the borrower on day 0; due with every instalment; only if something happens.
    collector : str
        Who receives it (lender, guarantor, platform, ...); may be empty here, but the disclosure refuses that.
    amount_minor : int, optional
        Minor units per charge.
    rate : Fraction, optional
        Share of the original principal per charge.
    nature : str
        Kind of charge, for the disclosure.
    is_mandatory : bool
        False only if the loan can be had, on the same terms, without it; then it is left out of the rate.
    """

    code: str
    timing: FeeTiming
    collector: str
    amount_minor: int | None = None
    rate: Fraction | None = None
    nature: FeeNature = "service"
    is_mandatory: bool = True

    def __post_init__(self) -> None:
        if self.timing not in get_args(FeeTiming) or self.nature not in get_args(FeeNature):
            raise LoanError(
                f"Fee {self.code!r}: timing must be one of {get_args(FeeTiming)} and nature one of "
                f"{get_args(FeeNature)}. Got {self.timing!r}, {self.nature!r}.",
                code="CR-LON-014",
            )
        if not isinstance(self.code, str) or not isinstance(self.collector, str):
            raise LoanError(
                "The code and the collector of a fee must be texts. Hint: '' if not yet known.",
                code="CR-LON-014",
            )
        if self.amount_minor is not None and self.rate is not None:
            raise LoanError(
                f"Fee {self.code!r} has both an amount and a rate. Expected one of them.", code="CR-LON-014"
            )
        if self.amount_minor is not None:
            check_amount(self.amount_minor, f"Amount of fee {self.code!r}", minimum=0)
        if self.rate is not None:
            object.__setattr__(self, "rate", exact_rate(self.rate, f"Rate of fee {self.code!r}"))

    @property
    def is_contingent(self) -> bool:
        """Whether it is charged only if something happens (late or early payment)."""
        return self.timing == "contingent"

    def charge_minor(self, principal_minor: int) -> int:
        """Return one charge in minor units.

        Raises
        ------
        LoanError
            If the amount is unknown; the message names the fee (code ``CR-LON-006``).
        """
        if self.amount_minor is not None:
            return self.amount_minor
        if self.rate is not None:
            return round_half_up(principal_minor * self.rate)
        raise LoanError(
            f"Fee {self.code!r} has an unknown amount, so no annual rate can be given. Expected amount_minor or rate. "
            "Hint: ask its collector for the amount; a rate without it would be too low.",
            code="CR-LON-006",
            context={"fee": self.code},
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "code": self.code,
            "timing": self.timing,
            "collector": self.collector,
            "amount_minor": self.amount_minor,
            "rate": None if self.rate is None else str(self.rate),
            "nature": self.nature,
            "is_mandatory": self.is_mandatory,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Fee:
        """Build a fee from :meth:`to_dict`."""
        content = dict(values)
        check_keys(content, _field_names(cls), ("code", "timing", "collector"), "A fee")
        if content.get("rate") is not None:
            content["rate"] = read_rate(content["rate"], "Rate of a fee")
        return cls(**content)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanTerms:
    """Everything that decides the instalments of one loan.

    Attributes
    ----------
    principal_minor : int
        Amount lent, minor units, above 0.
    annual_rate : Fraction
        Contract rate a year (given as Decimal, Fraction or int), 0 or more.
    n_instalments : int
        At least 1.
    method : {'equal_instalment', 'equal_principal', 'interest_only', 'bullet'}
        How principal returns. 'interest_only' pays principal with the last instalment; 'bullet' pays everything then.
    periods_per_year : int
        Instalments a year.
    disbursed_on, first_due_on : date, optional
        Calendar; without `disbursed_on` the schedule has no dates.
    due_day : int, optional
        Agreed day of the month when the first due date is clamped.
    day_count : DayCount, optional
        Interest by days; without it every period bears ``annual_rate / periods_per_year``, whatever its length, and the
        odd days of an irregular first period bear ``annual_rate / 365`` each on top.
    n_grace_instalments : int
        First instalments that pay interest only.
    balloon_minor : int
        Principal left on purpose for the last instalment (equal instalments only).
    interest_free_days : int
        Days from disbursement that bear no interest (needs `day_count`).
    fees : tuple of Fee
        Every charge beside interest.

    Raises
    ------
    LoanError
        Principal (``CR-LON-001``), term (``CR-LON-002``), rate (``CR-LON-003``, ``CR-LON-008``), dates
        (``CR-LON-005``, ``CR-LON-013``), overflow (``CR-LON-007``), fees (``CR-LON-014``), options that do not fit together
        (``CR-LON-015``).

    Examples
    --------
    >>> LoanTerms(principal_minor=0, annual_rate=Decimal("0.144"), n_instalments=12)
    Traceback (most recent call last):
        ...
    credit_risk.errors.LoanError: CR-LON-001: principal_minor must be at least 1 minor unit(s).
    """

    principal_minor: int
    annual_rate: ExactRate
    n_instalments: int
    method: Method = "equal_instalment"
    periods_per_year: int = 12
    disbursed_on: date | None = None
    first_due_on: date | None = None
    due_day: int | None = None
    day_count: DayCount | None = None
    n_grace_instalments: int = 0
    balloon_minor: int = 0
    interest_free_days: int = 0
    fees: tuple[Fee, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "principal_minor", check_amount(self.principal_minor, "principal_minor"))
        object.__setattr__(self, "annual_rate", exact_rate(self.annual_rate))
        object.__setattr__(self, "n_instalments", check_count(self.n_instalments))
        check_count(self.periods_per_year, "periods_per_year")
        for name in ("n_grace_instalments", "balloon_minor", "interest_free_days"):
            _check_whole(getattr(self, name), name)
        for name in ("disbursed_on", "first_due_on"):
            if getattr(self, name) is not None:
                check_date(getattr(self, name), name)
        if not isinstance(self.fees, (tuple, list)) or not all(isinstance(fee, Fee) for fee in self.fees):
            raise LoanError("fees must be a tuple of Fee.", code="CR-LON-014")
        object.__setattr__(self, "fees", tuple(self.fees))
        if self.due_day is not None:
            _check_whole(self.due_day, "due_day")
        if self.day_count is not None:
            object.__setattr__(self, "day_count", read_convention(self.day_count))
        for broken, rule in self._contradictions():
            if broken:
                raise LoanError(f"The terms contradict each other: {rule}.", code="CR-LON-015")
        self.due_on()

    def _contradictions(self) -> Sequence[tuple[bool, str]]:
        codes = [fee.code for fee in self.fees]
        return (
            (self.method not in get_args(Method), f"method must be one of {get_args(Method)}"),
            (self.first_due_on is not None and self.disbursed_on is None, "first_due_on needs disbursed_on"),
            (self.day_count is not None and self.disbursed_on is None, "day_count needs disbursed_on"),
            (self.due_day is not None and not 1 <= self.due_day <= 31, "due_day must lie from 1 to 31"),
            (
                not 0 <= self.interest_free_days <= MAX_FREE_DAYS,
                f"interest_free_days must be 0 or more, at most {MAX_FREE_DAYS}",
            ),
            (self.interest_free_days > 0 and self.day_count is None, "interest_free_days needs day_count"),
            (
                self.disbursed_on is not None
                and self.disbursed_on.toordinal() + self.interest_free_days > date.max.toordinal(),
                "interest_free_days must end before the calendar does",
            ),
            (
                not 0 <= self.n_grace_instalments < self.n_instalments,
                "n_grace_instalments must leave at least one instalment that repays principal",
            ),
            (
                not 0 <= self.balloon_minor < self.principal_minor
                or (self.balloon_minor > 0 and self.method != "equal_instalment"),
                "balloon_minor must lie below the principal and belongs to equal instalments",
            ),
            (len(set(codes)) < len(codes), "every fee needs its own code"),
        )

    @property
    def rate(self) -> Fraction:
        """The annual rate as an exact fraction."""
        return Fraction(self.annual_rate)

    @property
    def first_period_extra_days(self) -> int:
        """Days by which an irregular first period is longer (shorter: below 0) than a regular one."""
        due_on = self.due_on()
        if self.disbursed_on is None or due_on is None:
            return 0
        regular = due_dates(self.disbursed_on, 1, periods_per_year=self.periods_per_year)[0]
        return (due_on[0] - regular).days

    def due_on(self) -> tuple[date, ...] | None:
        """Return the due dates, or None when the terms have no calendar."""
        if self.disbursed_on is None:
            return None
        return due_dates(
            self.disbursed_on,
            self.n_instalments,
            periods_per_year=self.periods_per_year,
            first_due_on=self.first_due_on,
            due_day=self.due_day,
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values, lossless."""
        return {
            "principal_minor": self.principal_minor,
            "annual_rate": str(self.rate),
            "n_instalments": self.n_instalments,
            "method": self.method,
            "periods_per_year": self.periods_per_year,
            "disbursed_on": None if self.disbursed_on is None else self.disbursed_on.isoformat(),
            "first_due_on": None if self.first_due_on is None else self.first_due_on.isoformat(),
            "due_day": self.due_day,
            "day_count": None if self.day_count is None else self.day_count.value,
            "n_grace_instalments": self.n_grace_instalments,
            "balloon_minor": self.balloon_minor,
            "interest_free_days": self.interest_free_days,
            "fees": [fee.to_dict() for fee in self.fees],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> LoanTerms:
        """Build terms from :meth:`to_dict`."""
        content = dict(values)
        check_keys(
            content, _field_names(cls), ("principal_minor", "annual_rate", "n_instalments"), "Loan terms"
        )
        content["annual_rate"] = read_rate(content["annual_rate"], "annual_rate")
        for name in ("disbursed_on", "first_due_on"):
            if content.get(name) is not None:
                content[name] = read_date(str(content[name]), name)
        if content.get("day_count") is not None:
            content["day_count"] = read_convention(content["day_count"])
        rows = content.get("fees") or ()
        content["fees"] = tuple(Fee.from_dict(row) for row in rows)  # type: ignore[attr-defined]
        return cls(**content)  # type: ignore[arg-type]
