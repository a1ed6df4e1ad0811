"""Annual percentage rates as statutes define them: US Regulation Z (actuarial method) and EU directives.

Beside `rates`, for lenders abroad and because both have published answers to test against. Read
:func:`regulation_z_rate`, then :func:`dated_regulation_z_rate`, then :func:`eu_annual_percentage_rate`, then :func:`rounded_percent`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import add_months, check_date_order
from credit_risk.loans.rates import internal_rate
from credit_risk.loans.terms import check_count, is_finite_number, round_half_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_HIGHEST_RATE = 1000.0

UnitPeriod = Literal["day", "week", "half_month", "month", "year", "term"]
#: Unit-periods a year, as Appendix J says them.
_PER_YEAR = {"day": 365, "week": 52, "half_month": 24, "month": 12, "year": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPeriodFlow:
    """An advance or a payment, placed in unit-periods after the first advance.

    Attributes
    ----------
    amount : float
        Above 0.
    whole : int
        Whole unit-periods.
    fraction : Fraction or float
        Remaining part of a unit-period, from 0 to below 1; it bears SIMPLE interest.
    """

    amount: float
    whole: int
    fraction: Fraction | float = Fraction(0)

    def __post_init__(self) -> None:
        if not (is_finite_number(self.amount) and self.amount > 0):
            raise LoanError("The amount of a unit-period flow must be finite and above 0.", code="CR-LON-008")
        if self.whole < 0 or not 0 <= self.fraction < 1:
            raise LoanError(
                "A flow lies whole >= 0 unit-periods and a fraction from 0 to below 1 after the first advance.",
                code="CR-LON-005",
            )


def regulation_z_rate(
    advances: Sequence[UnitPeriodFlow],
    payments: Sequence[UnitPeriodFlow],
    *,
    unit_periods_per_year: float,
) -> float:
    r"""Return the US annual percentage rate by the actuarial method of Regulation Z, Appendix J.

    .. math:: \sum_k A_k / [(1 + e_k i)(1 + i)^{q_k}] = \sum_j P_j / [(1 + f_j i)(1 + i)^{t_j}]

    Parameters
    ----------
    advances, payments : sequence of UnitPeriodFlow
        Money lent and money repaid.
    unit_periods_per_year : float
        12 for monthly, 24 semi-monthly, 4 quarterly, ``365 / days`` for a single payment in less than a year.

    Returns
    -------
    float
        Nominal annual rate: rate per unit-period times `unit_periods_per_year`.

    Raises
    ------
    LoanError
        No flows on one side, or less repaid than lent (``CR-LON-009``); no rate up to 100,000 % per unit-period
        (``CR-LON-010``); `unit_periods_per_year` (``CR-LON-008``).

    References
    ----------
    .. [1] 12 CFR 1026, Appendix J, (b)(8).

    Examples
    --------
    >>> payments = [UnitPeriodFlow(amount=230, whole=k) for k in range(1, 25)]
    >>> rate = regulation_z_rate([UnitPeriodFlow(amount=5000, whole=0)], payments, unit_periods_per_year=12)
    >>> print(f"{rate:.4%}")
    9.6857%
    """
    if not (is_finite_number(unit_periods_per_year) and unit_periods_per_year > 0):
        raise LoanError("unit_periods_per_year must be finite and above 0.", code="CR-LON-008")
    lent, repaid = sum(flow.amount for flow in advances), sum(flow.amount for flow in payments)
    if not advances or not payments or repaid < lent:
        raise LoanError(
            "No annual percentage rate exists: expected flows on both sides and no less repaid than lent.",
            code="CR-LON-009",
        )
    low, high = 0.0, _HIGHEST_RATE
    if _excess(advances, payments, high) > 0:
        raise LoanError("No rate up to 100,000 % per unit-period balances these flows.", code="CR-LON-010")
    while True:
        middle = (low + high) / 2
        if middle in {low, high}:
            return middle * unit_periods_per_year
        if _excess(advances, payments, middle) > 0:
            low = middle
        else:
            high = middle


def dated_regulation_z_rate(
    advances: Sequence[tuple[date, float]],
    payments: Sequence[tuple[date, float]],
    *,
    unit: UnitPeriod = "month",
    multiple: int = 1,
) -> float:
    """Return the US annual percentage rate (Regulation Z) of a loan from the dates and amounts of its flows.

    Parameters
    ----------
    advances, payments : sequence of (date, amount)
        Money lent and money repaid; the term begins with the first advance.
    unit : {'day', 'week', 'half_month', 'month', 'year', 'term'}
        The unit-period: the commonest time between payments; 'term' for one advance repaid at once within a year.
    multiple : int
        How many of these make up the unit-period: 2 for every two weeks, 3 for quarters.

    Returns
    -------
    float
        Nominal annual rate.

    Raises
    ------
    LoanError
        As :func:`regulation_z_rate` and :func:`unit_periods_between`; 'term' with several flows or over a year
        (``CR-LON-015``).

    References
    ----------
    .. [1] 12 CFR 1026, Appendix J, (b)(5) and (c).

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> weekly = [(date(1978, 4, 21) + timedelta(weeks=k), 17.60) for k in range(30)]
    >>> rate = dated_regulation_z_rate([(date(1978, 3, 20), 500)], weekly, unit="week")
    >>> rounded_percent(rate, 2)
    Decimal('14.96')
    """
    if not advances or not payments:
        raise LoanError("No annual percentage rate exists: expected flows on both sides.", code="CR-LON-009")
    start_on = min(on for on, _ in advances)
    if unit == "term":
        return _rate_of_one_payment(advances, payments)
    placed = [
        [
            UnitPeriodFlow(amount=amount, whole=whole, fraction=fraction)
            for on, amount in flows
            for whole, fraction in [unit_periods_between(start_on, on, unit=unit, multiple=multiple)]
        ]
        for flows in (advances, payments)
    ]
    return regulation_z_rate(*placed, unit_periods_per_year=_PER_YEAR[unit] / multiple)


def unit_periods_between(
    start_on: date, end_on: date, *, unit: UnitPeriod = "month", multiple: int = 1
) -> tuple[int, Fraction]:
    """Count unit-periods back from a payment to the start; what is left over is a fraction of one.

    Months are counted back from the later date. Days left over count as 1/30 of a month (so half a month has 15), whole
    months left over as 30 days each; of a year, as 1/12 if they are whole months, else as 1/365 a day. Weeks and days are
    counted by the calendar.

    Parameters
    ----------
    start_on, end_on : date
        Start of the term and payment.
    unit : {'day', 'week', 'half_month', 'month', 'year'}
        The unit-period.
    multiple : int
        How many of these make up the unit-period; 1 for half months and years.

    Returns
    -------
    whole : int
        Whole unit-periods.
    fraction : Fraction
        Remaining part of a unit-period.

    Raises
    ------
    LoanError
        Dates out of order (``CR-LON-005``); `multiple` (``CR-LON-002``); no such unit-period (``CR-LON-015``).

    References
    ----------
    .. [1] 12 CFR 1026, Appendix J, (b)(5)(ii) to (v).

    Examples
    --------
    >>> from datetime import date
    >>> unit_periods_between(date(1978, 5, 23), date(1978, 10, 1), multiple=3)
    (1, Fraction(13, 30))
    >>> unit_periods_between(date(1978, 2, 23), date(1978, 3, 16), unit="half_month")
    (1, Fraction(2, 5))
    """
    check_date_order(start_on, end_on, "end_on")
    check_count(multiple, "multiple")
    if unit not in _PER_YEAR or (multiple > 1 and unit in {"half_month", "year"}):
        raise LoanError(
            f"No unit-period of {multiple} {unit}. Expected days, weeks or months and how many, or half_month or year.",
            code="CR-LON-015",
        )
    if unit in {"day", "week"}:
        return _whole_and_rest(Fraction((end_on - start_on).days, multiple * (7 if unit == "week" else 1)))
    months, days = _months_and_days(start_on, end_on)
    if unit == "year":
        whole, rest = divmod(months, 12)
        left = add_months(end_on, -12 * whole)
        return whole, Fraction((left - start_on).days, 365) if days else Fraction(rest, 12)
    unit_days = 15 if unit == "half_month" else 30 * multiple
    return _whole_and_rest(Fraction(30 * months + days, unit_days))


def _whole_and_rest(periods: Fraction) -> tuple[int, Fraction]:
    whole = int(periods)
    return whole, periods - whole


def _months_and_days(start_on: date, end_on: date) -> tuple[int, int]:
    """Count whole months back from the later date, and the days then left."""
    months = (end_on.year - start_on.year) * 12 + end_on.month - start_on.month
    if add_months(end_on, -months) < start_on:
        months -= 1
    return months, (add_months(end_on, -months) - start_on).days


def _rate_of_one_payment(
    advances: Sequence[tuple[date, float]], payments: Sequence[tuple[date, float]]
) -> float:
    """Return the rate when the term itself is the unit-period: one advance, one payment, within a year."""
    (start_on, lent), (end_on, repaid) = advances[0], payments[-1]
    check_date_order(start_on, end_on, "the payment", strictly=True)
    months, days = _months_and_days(start_on, end_on)
    if len(advances) + len(payments) > 2 or months >= 12:
        raise LoanError(
            "The term is the unit-period only of one advance repaid by one payment in less than a year.",
            code="CR-LON-015",
        )
    per_year = 365 / (end_on - start_on).days if days else 12 / months
    flows = [UnitPeriodFlow(amount=lent, whole=0)], [UnitPeriodFlow(amount=repaid, whole=1)]
    return regulation_z_rate(*flows, unit_periods_per_year=per_year)


def eu_annual_percentage_rate(
    drawdowns: Sequence[tuple[float | Fraction, float]], repayments: Sequence[tuple[float | Fraction, float]]
) -> float:
    r"""Return the EU annual percentage rate of charge: the effective rate that balances drawdowns and repayments.

    .. math:: \sum_k C_k (1 + X)^{-t_k} = \sum_l D_l (1 + X)^{-s_l}

    Parameters
    ----------
    drawdowns, repayments : sequence of (years, amount)
        Years after the first drawdown; days over 365 (366 in leap years), weeks over 52 or months over 12.

    Returns
    -------
    float
        Effective annual rate; :func:`rounded_percent` gives the published form.

    Raises
    ------
    LoanError
        As :func:`~credit_risk.loans.rates.internal_rate`.

    References
    ----------
    .. [1] Directive 98/7/EC, Annex II and III; Directive 2008/48/EC, Annex I.

    Examples
    --------
    >>> rounded_percent(eu_annual_percentage_rate([(0, 1000)], [(1, 600), (2, 600)]), 1)
    Decimal('13.1')
    """
    flows = [-amount for _, amount in drawdowns] + [amount for _, amount in repayments]
    times = [float(years) for years, _ in [*drawdowns, *repayments]]
    return internal_rate(flows, times)


def rounded_percent(rate: float, decimals: int) -> Decimal:
    """Write a rate in percent, rounded half-up, as statutes print it.

    Parameters
    ----------
    rate : float
        Fraction; any finite real number.
    decimals : int
        Digits after the point, 0 to 30.

    Raises
    ------
    LoanError
        NaN, infinity, no number, or an impossible number of digits (``CR-LON-008``).

    Examples
    --------
    >>> rounded_percent(0.09685708, 2)
    Decimal('9.69')
    """
    if not is_finite_number(rate) or decimals not in range(31):
        raise LoanError(
            "A percentage needs a finite rate and 0 to 30 decimals. Got something else.", code="CR-LON-008"
        )
    with localcontext(prec=400):
        percent = Decimal(repr(float(rate))) * 100
        return percent.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def exact_percent(rate: Fraction, *, at_least: int = 2, at_most: int = 8) -> Decimal:
    """Write an agreed rate in percent with all its digits: 7.125 % stays 7.125 %, 0.004 % never reads 0.00 %.

    Parameters
    ----------
    rate : Fraction
        Exact rate.
    at_least, at_most : int
        Digits after the point; a rate without an end (one third) is rounded half-up to `at_most`.

    Examples
    --------
    >>> exact_percent(Fraction(7125, 100_000)), exact_percent(Fraction(18, 100))
    (Decimal('7.125'), Decimal('18.00'))
    """
    percent = rate * 100
    decimals = at_least
    while decimals < at_most and (percent * 10**decimals).denominator != 1:
        decimals += 1
    return Decimal(round_half_up(percent * 10**decimals)).scaleb(-decimals)


def _excess(advances: Sequence[UnitPeriodFlow], payments: Sequence[UnitPeriodFlow], rate: float) -> float:
    """Present value of payments less that of advances, at a rate per unit-period."""
    return _present(payments, rate) - _present(advances, rate)


def _present(flows: Sequence[UnitPeriodFlow], rate: float) -> float:
    growth = math.log1p(rate)
    return sum(
        flow.amount * math.exp(-flow.whole * growth) / (1.0 + float(flow.fraction) * rate) for flow in flows
    )
