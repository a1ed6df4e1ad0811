"""Schedules and annual rates of a million loans at once: whole numbers in, whole numbers out, numpy only.

The fast twin of `schedule` and `rates`, equal to the cent and, for periodic rates, to the last bit. Read
:func:`repayment_table`, then :func:`annual_rates_table` and :func:`dated_rates_table`. Every loan is computed from its own
row alone, with elementwise operations in a fixed order, so one loan and a million loans agree exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from credit_risk.errors import LoanError
from credit_risk.loans.schedule import equal_instalment_minor
from credit_risk.loans.terms import MAX_AMOUNT_MINOR, check_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    IntArray = NDArray[np.int64]
    FloatArray = NDArray[np.float64]

PPM = 1_000_000
#: Loans worked on together: the working set stays in the processor's second-level cache.
_CHUNK = 8192
#: A rate is taken when Newton's remaining relative error, at most (n / 2) * step**2, is below rounding.
_REMAINING_ERROR = 1e-17
_MAX_STEPS = 400

TableMethod = Literal["equal_instalment", "equal_principal", "interest_only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTable:
    """Schedules of many loans of one term; money in int64 minor units.

    What cannot be derived is stored, the rest is worked out when asked for: a table of a million 12-instalment loans takes
    192 MB instead of 384 MB.

    Attributes
    ----------
    principal_minor : ndarray of int64, shape (n_loans,)
        Amount lent.
    disbursed_minor : ndarray of int64, shape (n_loans,)
        Principal less initial fees.
    fee_minor : ndarray of int64, shape (n_loans,)
        Fee due with every instalment.
    interest_minor, balance_minor : ndarray of int64, shape (n_loans, n_instalments)
        Interest of each instalment; principal owed after it. Columns are contiguous.
    periods_per_year : int
        Instalments a year.
    """

    principal_minor: IntArray
    disbursed_minor: IntArray
    fee_minor: IntArray
    interest_minor: IntArray
    balance_minor: IntArray
    periods_per_year: int = 12

    @property
    def principal_part_minor(self) -> IntArray:
        """Principal repaid with each instalment, shape (n_loans, n_instalments)."""
        parts = np.empty(self.balance_minor.shape[::-1], dtype=np.int64)
        np.subtract(self.principal_minor, self.balance_minor[:, 0], out=parts[0])
        np.subtract(self.balance_minor[:, :-1].T, self.balance_minor[:, 1:].T, out=parts[1:])
        return parts.T

    @property
    def instalment_minor(self) -> IntArray:
        """What is due: principal part + interest + fee, shape (n_loans, n_instalments)."""
        due = self.principal_part_minor
        due += self.interest_minor
        if self.fee_minor.any():
            due += self.fee_minor[:, None]
        return due

    def with_fees(self, *, initial_minor: ArrayLike = 0, instalment_minor: ArrayLike = 0) -> ScheduleTable:
        """Return the same loans with fees taken on day 0 and with every instalment.

        Parameters
        ----------
        initial_minor, instalment_minor : int64 array_like, shape (n_loans,) or scalar
            Deducted from the payout; added to each instalment; 0 or more.

        Raises
        ------
        LoanError
            Negative fees (``CR-LON-001``), not whole numbers (``CR-LON-008``).

        Examples
        --------
        >>> table = equal_instalment_table([1_000_000], [144_000], n_instalments=12)
        >>> table.with_fees(initial_minor=30_000).disbursed_minor
        array([970000])
        """
        initial, regular = (
            np.ascontiguousarray(np.broadcast_to(_whole_numbers(fee, name), self.principal_minor.shape))
            for fee, name in ((initial_minor, "initial_minor"), (instalment_minor, "instalment_minor"))
        )
        _refuse((initial < 0) | (regular < 0), "fees must be 0 or more", "CR-LON-001")
        return replace(self, disbursed_minor=self.principal_minor - initial, fee_minor=regular)


def equal_instalment_table(
    principal_minor: ArrayLike,
    annual_rate_ppm: ArrayLike,
    *,
    n_instalments: int,
    periods_per_year: int = 12,
) -> ScheduleTable:
    """Schedule many loans repaid in equal instalments: :func:`repayment_table` with its defaults.

    Examples
    --------
    >>> table = equal_instalment_table([1_000_000], [144_000], n_instalments=12)
    >>> table.instalment_minor[0, [0, 11]], table.interest_minor.sum()
    (array([89975, 89980]), np.int64(79705))
    """
    return repayment_table(
        principal_minor, annual_rate_ppm, n_instalments=n_instalments, periods_per_year=periods_per_year
    )


def repayment_table(
    principal_minor: ArrayLike,
    annual_rate_ppm: ArrayLike,
    *,
    n_instalments: int,
    periods_per_year: int = 12,
    method: TableMethod = "equal_instalment",
    balloon_minor: ArrayLike = 0,
    first_period_extra_days: ArrayLike = 0,
) -> ScheduleTable:
    """Schedule many loans at once, equal to the cent to :func:`~credit_risk.loans.schedule.repayment_schedule`.

    Parameters
    ----------
    principal_minor : int64 array_like, shape (n_loans,)
        Amounts lent, above 0.
    annual_rate_ppm : int64 array_like, shape (n_loans,)
        Contract rates a year in millionths: 144000 is 14.4 %.
    n_instalments, periods_per_year : int
        The same for all loans of the table.
    method : {'equal_instalment', 'equal_principal', 'interest_only'}
        How principal returns.
    balloon_minor : int64 array_like, shape (n_loans,) or scalar
        Principal left for the last instalment (equal instalments only).
    first_period_extra_days : int64 array_like, shape (n_loans,) or scalar
        Odd days of an irregular first period, each bearing 1/365 of the annual rate.

    Returns
    -------
    ScheduleTable
        Rows in the order given, without fees; see :meth:`ScheduleTable.with_fees`.

    Raises
    ------
    LoanError
        Counts of offending loans: principal (``CR-LON-001``), rate (``CR-LON-003``), instalment not above the first
        interest (``CR-LON-004``), amounts whose product leaves 64 bits (``CR-LON-007``), shapes and types
        (``CR-LON-008``), options (``CR-LON-015``).

    Notes
    -----
    Interest is exact integer arithmetic. The regular instalment is computed in float64 by additions and products only; the
    few whose fraction lies too near one half to be sure are recomputed with exact fractions.
    """
    check_count(n_instalments)
    check_count(periods_per_year, "periods_per_year")
    principal = np.atleast_1d(_whole_numbers(principal_minor, "principal_minor"))
    rate, balloon, days = (
        np.ascontiguousarray(np.broadcast_to(_whole_numbers(values, name), principal.shape))
        for values, name in (
            (annual_rate_ppm, "annual_rate_ppm"),
            (balloon_minor, "balloon_minor"),
            (first_period_extra_days, "first_period_extra_days"),
        )
    )
    batch = _Batch(principal, rate, balloon, days, periods_per_year)
    _check_batch(batch, method)
    interest = np.empty((n_instalments, principal.size), dtype=np.int64)
    balance = np.empty_like(interest)
    for low in range(0, principal.size, _CHUNK):
        rows = slice(low, low + _CHUNK)
        _fill(batch, rows, interest[:, rows], balance[:, rows], method)
    return ScheduleTable(
        principal_minor=principal,
        disbursed_minor=principal,
        fee_minor=np.zeros_like(principal),
        interest_minor=interest.T,
        balance_minor=balance.T,
        periods_per_year=periods_per_year,
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Columns of the loans to schedule, one entry per loan."""

    principal: IntArray
    rate_ppm: IntArray
    balloon: IntArray
    extra_days: IntArray
    periods: int

    @property
    def is_plain(self) -> bool:
        """Whether no loan has a balloon or odd days."""
        return not (self.balloon.any() or self.extra_days.any())


def _check_batch(batch: _Batch, method: str) -> None:
    """Refuse loans that cannot exist, or whose products would leave 64 bits."""
    if method not in get_args(TableMethod):
        raise LoanError(f"method must be one of {get_args(TableMethod)}. Got {method!r}.", code="CR-LON-015")
    principal, rate, balloon = batch.principal, batch.rate_ppm, batch.balloon
    _refuse(principal < 1, "principal_minor must be at least 1", "CR-LON-001")
    _refuse(rate < 0, "annual_rate_ppm must not be negative", "CR-LON-003")
    is_wrong = (balloon < 0) | (balloon >= principal)
    _refuse(is_wrong, "balloon_minor must lie from 0 to below the principal", "CR-LON-015")
    if method != "equal_instalment":
        _refuse(balloon > 0, "balloon_minor needs equal instalments", "CR-LON-015")
    factor = np.maximum(365.0 + batch.periods * batch.extra_days.astype(np.float64), 365.0)
    largest = 2.0 * principal.astype(np.float64) * rate * factor + 2.0 * 365.0 * PPM * batch.periods
    is_too_large = (largest > 9.0e18) | (principal > MAX_AMOUNT_MINOR)
    _refuse(is_too_large, "principal x rate overflows exact 64-bit arithmetic", "CR-LON-007")


def _whole_numbers(values: ArrayLike, name: str) -> IntArray:
    array = np.asarray(values)
    if array.ndim > 1 or not (np.issubdtype(array.dtype, np.integer) or array.size == 0):
        raise LoanError(
            f"{name} must be whole numbers in one dimension. Got {array.dtype} in {array.ndim} dimensions. "
            "Hint: minor units and millionths, rounded by the caller; NaN has no place in money.",
            code="CR-LON-008",
        )
    return np.ascontiguousarray(array, dtype=np.int64).reshape(array.shape)


def _refuse(is_offending: NDArray[np.bool_], rule: str, code: str) -> None:
    """Raise if any loan breaks a rule, saying how many and which first."""
    if is_offending.any():
        raise LoanError(
            f"{rule}: broken by {int(is_offending.sum())} of {is_offending.size} loans, first at row "
            f"{int(np.argmax(is_offending))}.",
            code=code,
            context={"n_offending": int(is_offending.sum())},
        )


def _fill(batch: _Batch, rows: slice, interest: IntArray, balance: IntArray, method: str) -> None:
    """Fill the columns of one chunk of loans."""
    owed, rate = batch.principal[rows], batch.rate_ppm[rows]
    n_instalments = interest.shape[0]
    denominator = PPM * batch.periods
    first = _first_interest(batch, rows)
    payment = _regular_payment(batch, rows, n_instalments, first, method)
    is_level = method == "equal_instalment"
    for k in range(n_instalments):
        if k == 0:
            interest[0] = first
        else:
            np.multiply(owed, 2 * rate, out=interest[k])
            interest[k] += denominator
            np.floor_divide(interest[k], 2 * denominator, out=interest[k])
        if is_level:
            np.add(owed, interest[k], out=balance[k])
            balance[k] -= payment
        else:
            np.subtract(owed, payment, out=balance[k])
        owed = balance[k]
    _clamp(balance, batch.principal[rows], interest, rate, denominator)
    balance[-1] = 0


def _clamp(
    balance: IntArray, principal: IntArray, interest: IntArray, rate: IntArray, denominator: int
) -> None:
    """Stop the rare loans that rounding repays early (tiny principal, many instalments) at zero."""
    if balance.shape[0] == 1 or not (balance[-2] < 0).any():
        return
    was_repaid = np.vstack([principal, balance[:-1]]) <= 0
    interest[was_repaid] = 0
    balance[balance < 0] = 0


def _first_interest(batch: _Batch, rows: slice) -> IntArray:
    """Interest of the first period, odd days included, rounded half-up."""
    owed, rate = batch.principal[rows], batch.rate_ppm[rows]
    if not batch.extra_days[rows].any():
        half = PPM * batch.periods
        return (2 * owed * rate + half) // (2 * half)
    half = PPM * batch.periods * 365
    factor = np.maximum(365 + batch.periods * batch.extra_days[rows], 0)
    return (2 * owed * rate * factor + half) // (2 * half)


def _regular_payment(
    batch: _Batch, rows: slice, n_instalments: int, first_interest: IntArray, method: str
) -> IntArray:
    """Return the regular instalment (equal instalments) or the regular principal part (other methods)."""
    owed = batch.principal[rows]
    if method == "interest_only":
        return np.zeros_like(owed)
    if method == "equal_principal":
        part = (2 * owed + n_instalments) // (2 * n_instalments)
        _refuse(part == 0, "the principal is too small for its instalments", "CR-LON-004")
        return part
    payment = _equal_instalment(batch, rows, n_instalments)
    if n_instalments > 1:
        _refuse(payment <= first_interest, "the instalment must exceed the first interest", "CR-LON-004")
    return payment


def _equal_instalment(batch: _Batch, rows: slice, n_instalments: int) -> IntArray:
    """Return the equal instalment rounded half-up, exactly."""
    principal = batch.principal[rows].astype(np.float64)
    rate = batch.rate_ppm[rows] / (PPM * batch.periods)
    power, annuity = _power_and_sum(1.0 + rate, n_instalments)
    grown = principal * power
    if not batch.is_plain:
        days = np.maximum(batch.extra_days[rows] / 365.0, -1.0 / batch.periods)
        grown = grown * (1.0 + (rate + batch.rate_ppm[rows] * days / PPM)) / (1.0 + rate)
    payment = (grown - batch.balloon[rows]) / annuity
    rounded = np.floor(payment + 0.5)
    doubt = (n_instalments + 8) * 1e-15 * (grown / annuity) + 1e-9
    is_doubtful = np.abs(payment - np.floor(payment) - 0.5) <= doubt
    result = rounded.astype(np.int64)
    for i in np.flatnonzero(is_doubtful):
        result[i] = _exact_instalment(batch, rows.start + int(i), n_instalments)
    return result


def _exact_instalment(batch: _Batch, row: int, n_instalments: int) -> int:
    rate = Fraction(int(batch.rate_ppm[row]), PPM)
    regular = rate / batch.periods
    first = max(regular + rate * Fraction(int(batch.extra_days[row]), 365), Fraction(0))
    rates = [first, *[regular] * (n_instalments - 1)]
    return equal_instalment_minor(int(batch.principal[row]), rates, int(batch.balloon[row]))


def _power_and_sum(growth: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Return ``growth**n`` and ``1 + growth + ... + growth**(n - 1)`` by doubling: products and sums only."""
    power, total = growth.copy(), np.ones_like(growth)
    for bit in bin(n)[3:]:
        total = total * (1.0 + power)
        power = power * power
        if bit == "1":
            total = total + power
            power = power * growth
    return power, total


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
    for low in range(0, rate.shape[0], _CHUNK):
        rows = slice(low, low + _CHUNK)
        payments = np.ascontiguousarray(flows[rows].T, dtype=np.float64)
        rate[rows] = _periodic_rate(disbursed[rows].astype(np.float64), payments)
    return rate * periods_per_year, _power_and_sum(1.0 + rate, periods_per_year)[0] - 1.0


def dated_rates_table(
    disbursed_minor: ArrayLike, flows_minor: ArrayLike, days: ArrayLike, *, periods_per_year: int = 12
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
    _refuse(is_negative | is_instant, "days must be 0 or more, with a payment after day 0", "CR-LON-005")
    force = np.empty(disbursed.shape[0], dtype=np.float64)
    for low in range(0, force.shape[0], _CHUNK):
        rows = slice(low, low + _CHUNK)
        payments = np.ascontiguousarray(flows[rows].T, dtype=np.float64)
        times = np.ascontiguousarray(day[rows].T, dtype=np.float64)
        force[rows] = _daily_force(disbursed[rows].astype(np.float64), payments, times)
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
        _refuse(is_mixed, "payments must be 0 or more (internal_rates takes mixed signs)", "CR-LON-016")
    is_one_sided = (disbursed <= 0) | ~_any_positive(flows)
    _refuse(
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
    _refuse(~is_done | ~(factor > 0.0), "no annual rate could be found", "CR-LON-010")
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
    _refuse(~is_done, "no annual rate could be found", "CR-LON-010")
    return force
