"""Annual rates of a million loans at once, from their rounded flows, numpy only.

The fast twin of `rates`: periodic rates equal the scalar path to the last bit, dated rates to 1e-10. Read
:func:`annual_rates_table`, then :func:`dated_rates_table`. Both start where Newton's method cannot fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import LoanError
from credit_risk.loans.columns import chunks, power_and_sum, refuse
from credit_risk.loans.rates import HIGHEST_FORCE
from credit_risk.loans.terms import check_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.loans.columns import FloatArray, IntArray

#: Loans worked on together: the working set stays in the processor's second-level cache.
_CHUNK = 8192
#: A rate is taken when Newton's remaining error, at most (n / 2) * step**2, is below rounding.
_REMAINING_ERROR = 1e-17
_MAX_STEPS = 400
_TOO_HIGH = "the effective annual rate exceeds any floating-point number"


def annual_rates_table(
    disbursed_minor: ArrayLike, flows_minor: ArrayLike, *, periods_per_year: int = 12
) -> tuple[FloatArray, FloatArray]:
    """Return nominal and effective annual rates of many loans from their rounded, evenly spaced flows.

    Parameters
    ----------
    disbursed_minor : int64 array_like, shape (n_loans,)
        What each borrower received on day 0, above 0.
    flows_minor : int64 array_like, shape (n_loans, n_instalments)
        What each borrower pays, 0 or more, at least one above 0.
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
    products and quotients are used, so results are the same bits on every machine.

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
        rate[rows] = _periodic_rate(disbursed[rows].astype(np.float64), payments)
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
    days : int64 array_like, shape (n_loans, n_instalments) or (n_instalments,)
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
        As :func:`annual_rates_table`; days below 0 or all 0 (``CR-LON-005``).

    Notes
    -----
    Newton's method on ``ln(sum c_k exp(-x d_k) / D)``, convex and falling in the force of interest ``x``, from Jensen's
    lower bound ``ln(S / D) / mean day``: every step rises to the root.

    Examples
    --------
    >>> nominal, effective = dated_rates_table([1_000_000], [[1_072_000]], [180])
    >>> print(f"{effective[0]:.10f}")
    0.1514055400
    """
    check_count(periods_per_year, "periods_per_year")
    disbursed, flows = _checked_flows(disbursed_minor, flows_minor)
    day = np.broadcast_to(np.asarray(days), flows.shape)
    is_negative = np.asarray((day < 0).any(axis=1))
    is_instant = ~np.asarray(((day > 0) & (flows > 0)).any(axis=1))
    refuse(is_negative | is_instant, "days must be 0 or more, with a payment after day 0", "CR-LON-005")
    force = np.empty(disbursed.shape[0], dtype=np.float64)
    for rows in chunks(force.size, _CHUNK):
        payments = np.ascontiguousarray(flows[rows].T, dtype=np.float64)
        times = np.ascontiguousarray(day[rows].T, dtype=np.float64)
        force[rows] = _daily_force(disbursed[rows].astype(np.float64), payments, times)
    refuse(force * 365.0 > HIGHEST_FORCE, _TOO_HIGH, "CR-LON-010")
    nominal = np.expm1(force * (365.0 / periods_per_year)) * periods_per_year
    return nominal, np.expm1(force * 365.0)


def _checked_flows(disbursed_minor: ArrayLike, flows_minor: ArrayLike) -> tuple[IntArray, IntArray]:
    disbursed, flows = np.atleast_1d(np.asarray(disbursed_minor)), np.asarray(flows_minor)
    is_whole = np.issubdtype(disbursed.dtype, np.integer) and np.issubdtype(flows.dtype, np.integer)
    if not is_whole or flows.ndim != 2 or disbursed.shape != flows.shape[:1] or flows.shape[1] == 0:
        raise LoanError(
            "disbursed_minor and flows_minor must be whole numbers of shapes (n_loans,) and (n_loans, n_instalments). "
            f"Got {disbursed.dtype} {disbursed.shape} and {flows.dtype} {flows.shape}.",
            code="CR-LON-008",
        )
    if flows.size and flows.min() < 0:
        is_mixed = np.asarray((flows < 0).any(axis=1))
        refuse(is_mixed, "payments must be 0 or more (internal_rates takes mixed signs)", "CR-LON-016")
    is_one_sided = (disbursed <= 0) | ~_any_positive(flows)
    refuse(
        is_one_sided,
        "the flows need a payout above 0 and a payment above 0, else no rate exists",
        "CR-LON-009",
    )
    return disbursed, flows


def _any_positive(flows: IntArray) -> NDArray[np.bool_]:
    found = np.zeros(flows.shape[0], dtype=bool)
    for k in range(flows.shape[1]):
        found |= flows[:, k] > 0
    return found


def _periodic_rate(disbursed: FloatArray, payments: FloatArray) -> FloatArray:
    """Solve for the rate per period; `payments` has shape (n_instalments, n_loans)."""
    n_instalments = payments.shape[0]
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
        is_done |= n_instalments * (relative * relative) <= _REMAINING_ERROR
        if is_done.all():
            break
    refuse(~is_done | ~(factor > 0.0), "no annual rate could be found", "CR-LON-010")
    return (1.0 - factor) / factor


def _daily_force(disbursed: FloatArray, payments: FloatArray, days: FloatArray) -> FloatArray:
    """Solve for the force of interest per day; arrays of shape (n_instalments, n_loans)."""
    total, moment, longest = np.zeros_like(disbursed), np.zeros_like(disbursed), np.zeros_like(disbursed)
    for k in range(payments.shape[0]):
        total += payments[k]
        moment += payments[k] * days[k]
        np.maximum(longest, days[k], out=longest)
    force = np.log(total / disbursed) * total / moment
    is_done = np.zeros(disbursed.shape, dtype=bool)
    for _ in range(_MAX_STEPS):
        value, slope = np.zeros_like(disbursed), np.zeros_like(disbursed)
        for k in range(payments.shape[0]):
            present = days[k] * force
            np.negative(present, out=present)
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
    refuse(~is_done, "no annual rate could be found", "CR-LON-010")
    return force
