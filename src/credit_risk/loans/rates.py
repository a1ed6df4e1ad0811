"""What a loan costs a year: internal rates of the rounded flows, nominal and effective.

Downstream of `schedule`. Read :func:`annual_rates`, then :func:`internal_rate` for flows of any shape. Rates come from the
flows the borrower really pays, never from the contract rate. pyxirr serves present values and annuity parts; rates are
solved here, because it returns one of several roots without a word and depends on a starting guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import pyxirr

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DayCount, check_date, year_fraction
from credit_risk.loans.terms import check_count, is_finite_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from fractions import Fraction

    from credit_risk.loans.schedule import Schedule

#: Forces of interest searched by :func:`internal_rates`, per unit of time: -99.9 % up to the largest floating-point rate.
#: (A loan of eleven days with a heavy fee really costs over 1,000,000 % a year.)
LOWEST_FORCE, HIGHEST_FORCE = math.log1p(-0.999), 700.0
_REMAINING_ERROR = 1e-17
_MAX_STEPS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualRates:
    """What a loan costs a year in both measures, nominal and effective: no seen law says which one a ceiling means.

    Attributes
    ----------
    nominal : float
        Rate per period times periods a year ("simple" presentation).
    effective : float
        The same cost compounded over a year.
    method : str
        How it was found: ``'irr'`` (evenly spaced flows), ``'xirr act/365f'`` (dated flows) or ``'conversion'``.
    """

    nominal: float
    effective: float
    method: str


def annual_rates(schedule: Schedule) -> AnnualRates:
    """Return the annual rates of a loan from its rounded flows: what it truly costs.

    The borrower receives ``disbursed_minor`` and pays ``instalment_minor``: all mandatory fees, whoever collects them, on the
    principal really outstanding.

    Parameters
    ----------
    schedule : Schedule
        With equal periods, or with dates.

    Returns
    -------
    AnnualRates
        Fractions a year.

    Raises
    ------
    LoanError
        If nothing is received or nothing repaid (``CR-LON-009``).

    References
    ----------
    .. [1] People's Bank of China, announcement [2021] No. 3, articles 2 and 3.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from credit_risk.loans.schedule import equal_instalment_schedule
    >>> schedule = equal_instalment_schedule(1_000_000, annual_rate=Decimal("0.144"), n_instalments=12)
    >>> rates = annual_rates(schedule)
    >>> print(f"{rates.nominal:.8f} {rates.effective:.8f} {rates.method}")
    0.14399908 0.15389357 irr
    """
    if schedule.disbursed_minor <= 0 or not any(schedule.instalment_minor):
        raise LoanError(
            "No annual rate exists: the borrower must receive and repay something, both above 0.",
            code="CR-LON-009",
        )
    periods = schedule.periods_per_year
    if schedule.has_equal_periods or schedule.due_on is None or schedule.disbursed_on is None:
        rate = _periodic_rate(schedule.disbursed_minor, schedule.instalment_minor)
        effective = _power(1.0 + rate, periods) - 1.0
        if not math.isfinite(effective):
            raise LoanError("The effective annual rate exceeds any floating-point number.", code="CR-LON-010")
        return AnnualRates(nominal=rate * periods, effective=effective, method="irr")
    dates = [schedule.disbursed_on, *schedule.due_on]
    effective = dated_internal_rate(dates, [-schedule.disbursed_minor, *schedule.instalment_minor])
    nominal = math.expm1(math.log1p(effective) / periods) * periods
    return AnnualRates(nominal=nominal, effective=effective, method="xirr act/365f")


def annualise(rate_per_period: float | Decimal | Fraction, periods_per_year: int) -> AnnualRates:
    """Express a rate per period as nominal and effective rates a year.

    Parameters
    ----------
    rate_per_period : float, Decimal or Fraction
        Above -1.
    periods_per_year : int
        At least 1.

    Returns
    -------
    AnnualRates
        Nominal and effective.

    Raises
    ------
    LoanError
        NaN, infinite or at most -1 (``CR-LON-008``); periods (``CR-LON-002``); no floating-point number is large
        enough (``CR-LON-010``).

    Examples
    --------
    >>> from decimal import Decimal
    >>> rates = annualise(Decimal("0.0005"), 365)  # "0.05 % a day"
    >>> print(f"{rates.nominal:.4%} {rates.effective:.4%}")
    18.2500% 20.0159%
    """
    periods = check_count(periods_per_year, "periods_per_year")
    if not is_finite_number(rate_per_period) or rate_per_period <= -1:
        raise LoanError("rate_per_period must be finite and above -1.", code="CR-LON-008")
    exponent = periods * math.log1p(float(rate_per_period))
    if exponent > HIGHEST_FORCE:
        raise LoanError("The effective annual rate exceeds any floating-point number.", code="CR-LON-010")
    nominal = float(rate_per_period * periods)
    return AnnualRates(nominal=nominal, effective=math.expm1(exponent), method="conversion")


def internal_rate(flows: Sequence[float], times: Sequence[float] | None = None) -> float:
    """Return the internal rate of return: the ONE rate at which all that is paid is worth what was received.

    Parameters
    ----------
    flows : sequence of float, shape (n_flows,)
        Signed amounts; receipts and payments of opposite sign.
    times : sequence of float, shape (n_flows,), optional
        When, in any unit; default 0, 1, 2, ... The rate is per unit.

    Returns
    -------
    float
        Fraction per unit of time.

    Raises
    ------
    LoanError
        NaN or lengths (``CR-LON-008``), no sign change (``CR-LON-009``), no rate above -99.9 % (``CR-LON-010``),
        several rates (``CR-LON-011``; :func:`internal_rates` lists them).

    Examples
    --------
    >>> print(f"{internal_rate([-100, 39, 59, 55, 20]):.11f}")
    0.28094842116
    >>> internal_rate([-100, 230, -132])
    Traceback (most recent call last):
        ...
    credit_risk.errors.LoanError: CR-LON-011: 2 rates make these flows worth nothing, so none is the annual rate. ...
    """
    rates = internal_rates(flows, times)
    if not rates:
        raise LoanError(
            "No rate above -99.9 % makes these flows worth nothing.",
            code="CR-LON-010",
        )
    if len(rates) > 1:
        raise LoanError(
            f"{len(rates)} rates make these flows worth nothing, so none is the annual rate. "
            "Hint: payouts and payments alternate; see internal_rates for all of them.",
            code="CR-LON-011",
            context={"n_rates": len(rates)},
        )
    return rates[0]


def internal_rates(flows: Sequence[float], times: Sequence[float] | None = None) -> tuple[float, ...]:
    """Return every internal rate of flows above -99.9 % per unit of time, lowest first.

    Parameters are those of :func:`internal_rate`. Where no rate exists in that range the tuple is empty.

    Raises
    ------
    LoanError
        NaN or lengths (``CR-LON-008``), no sign change (``CR-LON-009``).

    Notes
    -----
    Laguerre's proof of Descartes' rule, made a method: times ``exp(x t*)`` with ``t*`` at a sign change, the derivative has
    one sign change less; its roots, found the same way, cut the line into pieces that hold at most one root each. A double
    root is reported once.

    References
    ----------
    .. [1] Jameson, "Counting zeros of generalised polynomials", Mathematical Gazette 90 (2006), 223-234.

    Examples
    --------
    >>> [round(rate, 12) for rate in internal_rates([-100, 230, -132])]
    [0.1, 0.2]
    """
    terms = _merged_terms(flows, times)
    if _n_sign_changes([amount for _, amount in terms]) == 0:
        raise LoanError(
            "No internal rate exists: all flows have one sign. Expected at least one payout and one payment.",
            code="CR-LON-009",
        )
    return tuple(math.expm1(force) for force in _roots(terms, LOWEST_FORCE, HIGHEST_FORCE))


def dated_internal_rate(
    dates: Sequence[date], amounts: Sequence[float], *, day_count: DayCount = DayCount.ACTUAL_365_FIXED
) -> float:
    """Return the effective annual rate of dated flows (XIRR); dates may come in any order.

    Parameters
    ----------
    dates : sequence of date, shape (n_flows,)
        When; the earliest is day 0.
    amounts : sequence of float, shape (n_flows,)
        Signed amounts.
    day_count : DayCount
        How years are counted.

    Returns
    -------
    float
        Effective annual rate.

    Raises
    ------
    LoanError
        As :func:`internal_rate`.

    Examples
    --------
    >>> from datetime import date
    >>> rate = dated_internal_rate([date(2026, 1, 10), date(2026, 7, 9)], [-10_000, 10_720])
    >>> print(f"{rate:.10f}")
    0.1514055400
    """
    if len(dates) != len(amounts) or len(dates) == 0:
        raise _wrong_lengths(len(amounts), len(dates))
    for day in dates:
        check_date(day, "A date")
    start = min(dates)
    return internal_rate(amounts, [float(year_fraction(start, day, day_count)) for day in dates])


def net_present_value(rate: float, flows: Sequence[float], dates: Sequence[date] | None = None) -> float:
    """Return what flows are worth on day 0; without dates they are one period apart, the first undiscounted.

    Parameters
    ----------
    rate : float
        Per period; per year (ACT/365F) with dates.
    flows : sequence of float
        Signed amounts.
    dates : sequence of date, optional
        When.

    Raises
    ------
    LoanError
        If no value exists (``CR-LON-008``).

    Examples
    --------
    >>> round(net_present_value(0.08, [-40000, 5000, 8000, 12000, 30000]), 6)
    3065.222668
    """
    what = "net present value"
    at, amounts = _real(rate, what), [_real(flow, what) for flow in flows]
    if dates is None:
        return _defined(pyxirr.npv(at, amounts), what)
    days = list(dates)
    if len(days) != len(amounts) or not all(isinstance(day, date) for day in days):
        raise _wrong_lengths(len(amounts), len(days))
    return _defined(pyxirr.xnpv(at, days, amounts), what)


def instalment_parts(rate: float, period: int, n_periods: int, principal: float) -> tuple[float, float]:
    """Return interest and principal part of one UNROUNDED equal instalment (IPMT and PPMT of spreadsheets).

    Parameters
    ----------
    rate : float
        Per period.
    period, n_periods : int
        Which instalment, 1 to `n_periods`, of how many.
    principal : float
        Amount lent.

    Raises
    ------
    LoanError
        If there is no such instalment or an argument is no finite number (``CR-LON-008``); `n_periods`
        (``CR-LON-002``).

    Examples
    --------
    >>> interest, part = instalment_parts(0.0824 / 12, 1, 12, 25_000)
    >>> round(interest, 10)
    171.6666666667
    """
    what, n = "interest part", check_count(n_periods, "n_periods")
    if period not in range(1, n + 1):
        raise _undefined(what)
    at, lent = _real(rate, what), _real(principal, what)
    interest = _defined(pyxirr.ipmt(at, int(period), n, lent), what)
    return abs(interest), abs(_defined(pyxirr.ppmt(at, int(period), n, lent), "principal part"))


def unrounded_instalment(rate: float, n_periods: int, principal: float) -> float:
    """Return the equal instalment before rounding (PMT of spreadsheets), as a positive amount.

    Examples
    --------
    >>> round(unrounded_instalment(0.08 / 12, 60, 15_000), 10)
    304.1459143262
    """
    n, at, lent = (
        check_count(n_periods, "n_periods"),
        _real(rate, "instalment"),
        _real(principal, "instalment"),
    )
    return abs(_defined(pyxirr.pmt(at, n, lent), "instalment"))


def _defined(value: float | None, what: str) -> float:
    if value is None or not math.isfinite(value):
        raise _undefined(what)
    return float(value)


def _real(value: object, what: str) -> float:
    """Return a finite number as float: pyxirr may crash the process on anything else."""
    if not is_finite_number(value):
        raise _undefined(what)
    return float(value)  # type: ignore[arg-type]


def _undefined(what: str) -> LoanError:
    return LoanError(
        f"The {what} is undefined for these arguments. Expected finite numbers and an existing period.",
        code="CR-LON-008",
    )


def _wrong_lengths(n_flows: int, n_times: int) -> LoanError:
    return LoanError(
        f"Flows and their times must be finite and as many. Got {n_flows} flows and {n_times} times.",
        code="CR-LON-008",
    )


def _merged_terms(flows: Sequence[float], times: Sequence[float] | None) -> list[tuple[float, float]]:
    """Return (time, amount) in order of time, equal times added up, zeros dropped."""
    amounts = list(flows)
    when = list(range(len(amounts))) if times is None else list(times)
    is_finite = all(is_finite_number(x) for x in [*amounts, *when])
    if len(when) != len(amounts) or not amounts or not is_finite:
        raise _wrong_lengths(len(amounts), len(when))
    merged: dict[float, float] = {}
    for time, amount in sorted(zip(map(float, when), map(float, amounts), strict=True)):
        merged[time] = merged.get(time, 0.0) + amount
    return [(time, amount) for time, amount in merged.items() if amount != 0.0]


def _n_sign_changes(amounts: Sequence[float]) -> int:
    return sum((a < 0) != (b < 0) for a, b in pairwise(amounts))


def _value(terms: Sequence[tuple[float, float]], force: float) -> float:
    """Present value at a force of interest, over its largest discount factor (so that it never overflows)."""
    exponents = [-force * time for time, _ in terms]
    largest = max(exponents)
    value = 0.0
    for exponent, (_, amount) in zip(exponents, terms, strict=True):
        value += amount * math.exp(exponent - largest)
    size = sum(abs(amount) * math.exp(e - largest) for e, (_, amount) in zip(exponents, terms, strict=True))
    return 0.0 if abs(value) <= 4e-16 * size else value


def _roots(terms: Sequence[tuple[float, float]], low: float, high: float) -> list[float]:
    """Return all roots of the present value between two forces of interest, ascending."""
    n_changes = _n_sign_changes([amount for _, amount in terms])
    if n_changes == 0:
        return []
    edges = [low, high]
    if n_changes > 1:
        pairs = pairwise(terms)
        turn = next((t + u) / 2 for (t, a), (u, b) in pairs if (a < 0) != (b < 0))
        edges[1:1] = _roots([(t, a * (turn - t)) for t, a in terms], low, high)
    found: list[float] = []
    for left, right in pairwise(edges):
        root = _root_between(terms, left, right)
        if root is not None and (not found or root > found[-1]):
            found.append(root)
    return found


def _root_between(terms: Sequence[tuple[float, float]], left: float, right: float) -> float | None:
    """Return the only root between two points by bisection, or None."""
    at_left, at_right = _value(terms, left), _value(terms, right)
    if at_left == 0.0:
        return left
    if at_right == 0.0:
        return right
    if (at_left < 0) == (at_right < 0):
        return None
    while True:
        middle = (left + right) / 2
        if middle in {left, right}:
            return middle
        if (_value(terms, middle) < 0) == (at_left < 0):
            left = middle
        else:
            right = middle


def _power(base: float, exponent: int) -> float:
    """Return ``base**exponent`` by doubling, bit for bit as `tables` does."""
    power = base
    for bit in bin(exponent)[3:]:
        power *= power
        if bit == "1":
            power *= base
    return power


def _periodic_rate(disbursed_minor: int, payments_minor: Sequence[int]) -> float:
    """Solve for the rate per period, step by step and bit for bit as `tables.annual.annual_rates_table` does.

    The few flows on which Newton's method does not settle are bisected.
    """
    disbursed, payments = float(disbursed_minor), [float(payment) for payment in payments_minor]
    n_instalments = max((k for k, payment in enumerate(payments, 1) if payment > 0), default=len(payments))
    total = moment = 0.0
    for k, payment in enumerate(payments):
        total += payment
        moment += payment * (k + 1.0)
    factor = 1.0 / (1.0 + (total - disbursed) * total / (disbursed * moment))
    for _ in range(_MAX_STEPS):
        value, slope = payments[-1], 0.0
        for payment in reversed(payments[:-1]):
            slope = slope * factor + value
            value = value * factor + payment
        step = (value * factor - disbursed) / (slope * factor + value)
        factor -= step
        relative = step / factor
        if n_instalments * (relative * relative) <= _REMAINING_ERROR:
            return (1.0 - factor) / factor
    return internal_rate([-disbursed, *payments])
