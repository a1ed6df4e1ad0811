"""Annual percentage rates as statutes define them: US Regulation Z (actuarial method) and EU directives.

Beside `rates`, for lenders abroad and because both have published answers to test against. Read
:func:`regulation_z_rate`, then :func:`eu_annual_percentage_rate`, then :func:`rounded_percent`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import add_months, check_date_order
from credit_risk.loans.rates import internal_rate
from credit_risk.loans.terms import check_count, is_finite_number, round_half_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_HIGHEST_RATE = 1000.0


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


def unit_periods_between(start_on: date, end_on: date, *, unit_months: int = 1) -> tuple[int, Fraction]:
    """Count unit-periods of whole months back from a payment; the odd days are a fraction of 30-day months.

    Parameters
    ----------
    start_on, end_on : date
        Advance and payment.
    unit_months : int
        Months in a unit-period: 1 monthly, 3 quarterly.

    Returns
    -------
    whole : int
        Whole unit-periods.
    fraction : Fraction
        Odd days over ``30 * unit_months``.

    Raises
    ------
    LoanError
        Dates out of order (``CR-LON-005``); `unit_months` below 1 (``CR-LON-002``).

    Examples
    --------
    >>> from datetime import date
    >>> unit_periods_between(date(1978, 5, 23), date(1978, 10, 1), unit_months=3)
    (1, Fraction(13, 30))
    """
    check_date_order(start_on, end_on, "end_on")
    check_count(unit_months, "unit_months")
    whole = 0
    while add_months(end_on, -(whole + 1) * unit_months) >= start_on:
        whole += 1
    odd_days = (add_months(end_on, -whole * unit_months) - start_on).days
    return whole, Fraction(odd_days, 30 * unit_months)


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
