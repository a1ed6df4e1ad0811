"""Annual rates of a million loans at once, from their rounded flows, numpy only.

The fast twin of `rates`: periodic rates equal the scalar path to the last bit, dated rates to 1e-10. Read
:func:`annual_rates_table`, then :func:`dated_rates_table`. Both start where Newton's method cannot fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import LoanError
from credit_risk.loans.rates import HIGHEST_FORCE, LOWEST_FORCE, internal_rate
from credit_risk.loans.tables.columns import chunks, power_and_sum, rectangle, refuse
from credit_risk.loans.terms import check_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from credit_risk.loans.tables.columns import FloatArray, IntArray

#: Loans worked on together: the working set stays in the processor's second-level cache.
_CHUNK = 8192
#: A rate is taken when Newton's remaining error, at most (n / 2) * step**2, is below rounding.
_REMAINING_ERROR = 1e-17
_MAX_STEPS = 400
_NOT_FOUND = "no annual rate could be found"
_TOO_LOW = "no annual rate above -99.9 % exists"
_TOO_HIGH = "the effective annual rate exceeds any floating-point number"


def annual_rates_table(
    disbursed_minor: ArrayLike, flows_minor: ArrayLike, *, periods_per_year: int = 12
) -> tuple[FloatArray, FloatArray]:
    """Return nominal and effective annual rates of many loans from their rounded, evenly spaced flows.

    Parameters
    ----------
    disbursed_minor : int64 array_like, shape (n_loans,)
        What each borrower received on day 0, above 0.
    flows_minor : int64 array_like, shape (n_loans, n_instalments), or sequence of rows of different lengths
        What each borrower pays, 0 or more, at least one above 0. Loans of different terms may stand together: shorter rows
        count as ending with zeros, which change no rate.
    periods_per_year : int
        Instalments a year.

    Returns
    -------
    nominal, effective : ndarray of float64, shape (n_loans,)
        ``i * periods`` and ``(1 + i)**periods - 1`` of the internal rate ``i`` per period.

    Raises
    ------
    LoanError
        No sign change (``CR-LON-009``), no convergence (``CR-LON-010``), negative flows (``CR-LON-016``).

    Notes
    -----
    With one payout and payments of one sign, ``sum c_k v**k - D`` is convex and rising in the discount factor ``v``: from
    any ``v > 0`` Newton's method is on the right of the only root after one step and falls to it monotonically. Only sums,
    products and quotients are used, so results are the same bits on every machine. The few rows on which rounding keeps it
    from settling are bisected one by one.

    Examples
    --------
    >>> nominal, effective = annual_rates_table([1_000_000], [[89975] * 11 + [89980]])
    >>> print(f"{nominal[0]:.8f} {effective[0]:.8f}")
    0.14399908 0.15389357
    """
    check_count(periods_per_year, "periods_per_year")
    disbursed, flows = _checked_flows(disbursed_minor, flows_minor)
    rate = np.empty(disbursed.shape[0], dtype=np.float64)
    for rows in chunks(rate.size, _CHUNK):
        payments = np.ascontiguousarray(flows[rows].T, dtype=np.float64)
        if _has_no_rate(disbursed[rows], payments):
            raise _why_no_rate(disbursed, flows)
        rate[rows] = _periodic_rate(disbursed[rows].astype(np.float64), payments)
    for row in np.flatnonzero(np.isnan(rate)):
        rate[row] = _bisected(disbursed[row], flows[row], None)
    refuse(np.isnan(rate), _NOT_FOUND, "CR-LON-010")
    with np.errstate(over="ignore"):
        effective = power_and_sum(1.0 + rate, periods_per_year)[0] - 1.0
    refuse(~np.isfinite(effective), _TOO_HIGH, "CR-LON-010")
    return rate * periods_per_year, effective


def dated_rates_table(
    disbursed_minor: ArrayLike,
    flows_minor: ArrayLike,
    days: ArrayLike,
    *,
    periods_per_year: int = 12,
) -> tuple[FloatArray, FloatArray]:
    """Return nominal and effective annual rates of many loans from dated flows (XIRR, ACT/365F).

    Parameters
    ----------
    disbursed_minor, flows_minor : int64 array_like
        As in :func:`annual_rates_table`.
    days : int64 array_like, shape (n_loans, n_instalments) or (n_instalments,), or rows as long as those of the flows
        Days from payout to each payment, 0 or more.
    periods_per_year : int
        Compounding frequency of the nominal rate.

    Returns
    -------
    nominal, effective : ndarray of float64, shape (n_loans,)
        ``effective`` solves ``sum c_k (1 + X)**(-days_k / 365) = D``; nominal is its equivalent with
        `periods_per_year` compoundings.

    Raises
    ------
    LoanError
        As :func:`annual_rates_table`, payments on day 0 taken off the payout; days below 0 or all 0 (``CR-LON-005``).

    Notes
    -----
    Newton's method on ``ln(sum c_k exp(-x d_k) / D)``, convex and falling in the force of interest ``x``, from beside
    Jensen's lower bound ``ln(S / D) / mean day``: after at most one step left, every step rises to the root.

    Examples
    --------
    >>> nominal, effective = dated_rates_table([1_000_000], [[1_072_000]], [180])
    >>> print(f"{effective[0]:.10f}")
    0.1514055400
    """
    check_count(periods_per_year, "periods_per_year")
    disbursed, flows = _checked_flows(disbursed_minor, flows_minor)
    day = rectangle(days, "days")
    if not np.issubdtype(day.dtype, np.integer) or day.shape not in {flows.shape, flows.shape[1:]}:
        raise LoanError(
            f"days must be whole numbers, per instalment or per loan and instalment. Got {day.dtype} {day.shape}.",
            code="CR-LON-008",
        )
    _check_row_lengths(flows_minor, days)
    day = np.broadcast_to(day, flows.shape)
    force = np.empty(disbursed.shape[0], dtype=np.float64)
    for rows in chunks(force.size, _CHUNK):
        payments = np.ascontiguousarray(flows[rows].T, dtype=np.float64)
        times = np.ascontiguousarray(day[rows].T, dtype=np.float64)
        if _has_no_rate(disbursed[rows], payments) or not _follow_day_zero(payments, times):
            raise _why_no_rate(disbursed, flows, day)
        received = _net_of_day_zero(disbursed[rows].astype(np.float64), payments, times)
        if received.min() <= 0:
            raise _why_no_rate(disbursed, flows, day)
        force[rows] = _daily_force(received, payments, times)
    for row in np.flatnonzero(np.isnan(force)):
        force[row] = np.log1p(_bisected(disbursed[row], flows[row], day[row])) / 365.0
    refuse(np.isnan(force), _NOT_FOUND, "CR-LON-010")
    refuse(force * 365.0 < LOWEST_FORCE, _TOO_LOW, "CR-LON-010")
    refuse(force * 365.0 > HIGHEST_FORCE, _TOO_HIGH, "CR-LON-010")
    nominal = np.expm1(force * (365.0 / periods_per_year)) * periods_per_year
    return nominal, np.expm1(force * 365.0)


def _checked_flows(disbursed_minor: ArrayLike, flows_minor: ArrayLike) -> tuple[IntArray, IntArray]:
    disbursed, flows = np.atleast_1d(np.asarray(disbursed_minor)), rectangle(flows_minor, "flows_minor")
    is_whole = np.issubdtype(disbursed.dtype, np.integer) and np.issubdtype(flows.dtype, np.integer)
    if not is_whole or flows.ndim != 2 or disbursed.shape != flows.shape[:1] or flows.shape[1] == 0:
        raise LoanError(
            "disbursed_minor and flows_minor must be whole numbers of shapes (n_loans,) and (n_loans, n_instalments). "
            f"Got {disbursed.dtype} {disbursed.shape} and {flows.dtype} {flows.shape}.",
            code="CR-LON-008",
        )
    return disbursed, flows


def _check_row_lengths(flows_minor: ArrayLike, days: ArrayLike) -> None:
    """Refuse rows of days that are longer or shorter than those of the flows, when both come as rows."""
    if isinstance(flows_minor, np.ndarray) or isinstance(days, np.ndarray) or np.ndim(days[0]) == 0:  # type: ignore[index]
        return
    lengths = [np.array([len(row) for row in rows]) for rows in (flows_minor, days)]  # type: ignore[union-attr,arg-type]
    if lengths[0].size == lengths[1].size:
        refuse(lengths[0] != lengths[1], "a row of days must be as long as its row of flows", "CR-LON-008")


def _has_no_rate(disbursed: IntArray, payments: FloatArray) -> bool:
    """Whether some loan of a chunk has a negative payment, no payment or no payout: a quick look."""
    largest = payments[0].copy()
    for k in range(1, payments.shape[0]):
        np.maximum(largest, payments[k], out=largest)
    return bool(payments.min() < 0 or largest.min() <= 0 or disbursed.min() <= 0)


def _follow_day_zero(payments: FloatArray, days: FloatArray) -> bool:
    """Whether every loan of a chunk has days of 0 or more and a payment after day 0."""
    if days.min() >= 0 and days[-1].min() > 0 and payments[-1].min() > 0:
        return True
    moment = np.zeros(payments.shape[1])
    for k in range(payments.shape[0]):
        moment += payments[k] * days[k]
    return bool(days.min() >= 0 and moment.min() > 0)


def _net_of_day_zero(disbursed: FloatArray, payments: FloatArray, days: FloatArray) -> FloatArray:
    """Take payments on day 0 off the payout, and out of `payments`; return what is left of the payout."""
    if days.min() > 0:
        return disbursed
    received = disbursed.copy()
    for k in range(payments.shape[0]):
        is_first = days[k] == 0
        received -= np.where(is_first, payments[k], 0.0)
        payments[k][is_first] = 0.0
    return received


def _bisected(disbursed: np.int64, flows: IntArray, days: IntArray | None) -> float:
    """Return the rate of one loan on which Newton's method did not settle, or NaN; per year (ACT/365F) with days."""
    times = None if days is None else [0.0, *(float(day) / 365.0 for day in days)]
    try:
        return internal_rate([-float(disbursed), *(float(flow) for flow in flows)], times)
    except LoanError:
        return float("nan")


def _why_no_rate(disbursed: IntArray, flows: IntArray, day: IntArray | None = None) -> LoanError:
    """Look at all loans again and say how many break which rule."""
    is_mixed = np.asarray((flows < 0).any(axis=1))
    refuse(is_mixed, "payments must be 0 or more (internal_rates takes mixed signs)", "CR-LON-016")
    is_one_sided = (disbursed <= 0) | ~np.asarray((flows > 0).any(axis=1))
    rule = "the flows need a payout above 0 and a payment above 0, else no rate exists"
    refuse(is_one_sided, rule, "CR-LON-009")
    if day is not None:
        first = np.where(day == 0, flows, 0).sum(axis=1)
        is_early = np.asarray((day < 0).any(axis=1)) | ~np.asarray(((day > 0) & (flows > 0)).any(axis=1))
        refuse(is_early, "days must be 0 or more, with a payment after day 0", "CR-LON-005")
        refuse(np.asarray(disbursed <= first), f"less payments on day 0, {rule}", "CR-LON-009")
    return LoanError("No annual rate could be found.", code="CR-LON-010")


def _periodic_rate(disbursed: FloatArray, payments: FloatArray) -> FloatArray:
    """Solve for the rate per period; `payments` has shape (n_instalments, n_loans)."""
    n_instalments = payments.shape[0]
    n_own = _n_payments(payments)
    total, moment = np.zeros_like(disbursed), np.zeros_like(disbursed)
    for k in range(n_instalments):
        total += payments[k]
        moment += payments[k] * (k + 1.0)
    factor = 1.0 / (1.0 + (total - disbursed) * total / (disbursed * moment))
    is_done = np.zeros(disbursed.shape, dtype=bool)
    for _ in range(_MAX_STEPS):
        value, slope = payments[-1].copy(), np.zeros_like(disbursed)
        for k in range(n_instalments - 2, -1, -1):
            slope *= factor
            slope += value
            value *= factor
            value += payments[k]
        step = (value * factor - disbursed) / (slope * factor + value)
        step[is_done] = 0.0
        factor -= step
        relative = step / factor
        is_done |= n_own * (relative * relative) <= _REMAINING_ERROR
        if is_done.all():
            break
    rate: FloatArray = (1.0 - factor) / factor
    rate[~is_done | ~(factor > 0.0)] = np.nan
    return rate


def _n_payments(payments: FloatArray) -> FloatArray | float:
    """Return each loan's number of payments, zeros at its end left out; one number if all loans pay to the end."""
    n_instalments = payments.shape[0]
    if payments[-1].min() > 0:
        return float(n_instalments)
    own = np.zeros(payments.shape[1])
    for k in range(n_instalments):
        own[payments[k] > 0] = k + 1.0
    return own


def _daily_force(disbursed: FloatArray, payments: FloatArray, days: FloatArray) -> FloatArray:
    """Solve for the force of interest per day; arrays of shape (n_instalments, n_loans)."""
    force, longest = _first_force(disbursed, payments, days)
    is_done = np.zeros(disbursed.shape, dtype=bool)
    present = np.empty_like(disbursed)
    for _ in range(_MAX_STEPS):
        discount = -force
        value, slope = np.zeros_like(disbursed), np.zeros_like(disbursed)
        for k in range(payments.shape[0]):
            np.multiply(days[k], discount, out=present)
            np.exp(present, out=present)
            present *= payments[k]
            value += present
            present *= days[k]
            slope += present
        step = np.log(value / disbursed) * value / slope
        step[is_done] = 0.0
        force += step
        is_done |= 0.5 * longest * (step * step) <= _REMAINING_ERROR
        if is_done.all():
            break
    force[~is_done] = np.nan
    return force


def _first_force(
    disbursed: FloatArray, payments: FloatArray, days: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return where Newton starts, and the longest day.

    Jensen's bound ``x0 = ln(S / D) / m`` lies left of the root, whence every step rises to it. Where the spread of the days
    changes it by less than a tenth, the second-order term ``x0**2 * variance / (2 m)`` saves one step.
    """
    total, moment, square = (np.zeros_like(disbursed) for _ in range(3))
    longest = days[0].copy()
    weighted = np.empty_like(disbursed)
    for k in range(payments.shape[0]):
        total += payments[k]
        np.multiply(payments[k], days[k], out=weighted)
        moment += weighted
        weighted *= days[k]
        square += weighted
        np.maximum(longest, days[k], out=longest)
    mean = moment / total
    force = np.log(total / disbursed) / mean
    spread = force * (square / total - mean * mean) / (2.0 * mean)
    spread[np.abs(spread) > 0.1] = 0.0
    return force + force * spread, longest
