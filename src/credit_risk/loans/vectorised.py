"""Schedules of a million loans at once: whole numbers in, whole numbers out, numpy only.

The fast twin of `schedule`, equal to the cent. Read :class:`ScheduleTable`, then :func:`repayment_table`. Every loan is
computed from its own row alone, with elementwise operations in a fixed order, so one loan and a million loans agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from credit_risk.errors import LoanError
from credit_risk.loans.columns import chunks, power_and_sum, refuse, whole_numbers
from credit_risk.loans.schedule import equal_instalment_minor
from credit_risk.loans.terms import MAX_AMOUNT_MINOR, check_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.loans.columns import IntArray

#: Rates are handed in as whole millionths.
PPM = 1_000_000
#: Loans worked on together: the working set stays in the processor's second-level cache.
_CHUNK = 16384

TableMethod = Literal["equal_instalment", "equal_principal", "interest_only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTable:
    """Schedules of many loans of one term and method; money in int64 minor units.

    Interest is stored; balances, principal parts and instalments follow from it by whole-number subtraction and are worked
    out when asked for, so that a million 12-instalment loans take 96 MB instead of 384 MB. Keep what you ask for in a
    variable.

    Attributes
    ----------
    principal_minor : ndarray of int64, shape (n_loans,)
        Amount lent.
    disbursed_minor : ndarray of int64, shape (n_loans,)
        Principal less initial fees.
    fee_minor : ndarray of int64, shape (n_loans,)
        Fee due with every instalment.
    payment_minor : ndarray of int64, shape (n_loans,)
        Regular instalment without fee (equal instalments) or regular principal part (other methods).
    interest_minor : ndarray of int64, shape (n_loans, n_instalments)
        Interest of each instalment; columns are contiguous.
    method : {'equal_instalment', 'equal_principal', 'interest_only'}
        How principal returns.
    periods_per_year : int
        Instalments a year.
    """

    principal_minor: IntArray
    disbursed_minor: IntArray
    fee_minor: IntArray
    payment_minor: IntArray
    interest_minor: IntArray
    method: TableMethod = "equal_instalment"
    periods_per_year: int = 12

    @property
    def balance_minor(self) -> IntArray:
        """Principal owed after each instalment, shape (n_loans, n_instalments)."""
        return self._column_by_column("balance")[0]

    @property
    def principal_part_minor(self) -> IntArray:
        """Principal repaid with each instalment, shape (n_loans, n_instalments)."""
        return self._column_by_column("part")[0]

    @property
    def instalment_minor(self) -> IntArray:
        """What is due: principal part + interest + fee, shape (n_loans, n_instalments)."""
        return self._column_by_column("instalment")[0]

    def written_out(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return instalments, principal parts and balances at once, quicker than one after the other.

        Examples
        --------
        >>> table = equal_instalment_table([1_000_000], [144_000], n_instalments=12)
        >>> instalment, part, balance = table.written_out()
        >>> instalment[0, 0], part[0, 0], balance[0, 0]
        (np.int64(89975), np.int64(77975), np.int64(922025))
        """
        instalment, part, balance = self._column_by_column("instalment", "part", "balance")
        return instalment, part, balance

    def _column_by_column(self, *wanted: Literal["instalment", "part", "balance"]) -> list[IntArray]:
        interest, last = self.interest_minor.T, self.interest_minor.shape[1] - 1
        results = {name: np.empty(interest.shape, dtype=np.int64) for name in wanted}
        is_level, has_fee = self.method == "equal_instalment", bool(self.fee_minor.any())
        for rows in chunks(self.principal_minor.size, _CHUNK):
            owed, payment = self.principal_minor[rows].copy(), self.payment_minor[rows]
            for k in range(last + 1):
                part = payment - interest[k, rows] if is_level else payment
                part = owed.copy() if k == last else np.minimum(part, owed)
                owed -= part
                if "part" in results:
                    results["part"][k, rows] = part
                if "balance" in results:
                    results["balance"][k, rows] = owed
                if "instalment" in results:
                    due = np.add(part, interest[k, rows], out=results["instalment"][k, rows])
                    if has_fee:
                        due += self.fee_minor[rows]
        return [results[name].T for name in wanted]

    def with_fees(self, *, initial_minor: ArrayLike = 0, instalment_minor: ArrayLike = 0) -> ScheduleTable:
        """Return the same loans with more fees taken on day 0 and with every instalment; earlier fees stay.

        Parameters
        ----------
        initial_minor, instalment_minor : int64 array_like, shape (n_loans,) or scalar
            Deducted from the payout; added to each instalment; 0 or more.

        Raises
        ------
        LoanError
            Negative fees, or more kept back than is lent (``CR-LON-001``); above the largest amount (``CR-LON-007``);
            not whole numbers, or of another shape (``CR-LON-008``).

        Examples
        --------
        >>> table = equal_instalment_table([1_000_000], [144_000], n_instalments=12)
        >>> table.with_fees(initial_minor=30_000).disbursed_minor
        array([970000])
        """
        initial, regular = (
            np.ascontiguousarray(_column(fee, name, self.principal_minor.shape))
            for fee, name in ((initial_minor, "initial_minor"), (instalment_minor, "instalment_minor"))
        )
        refuse((initial < 0) | (regular < 0), "fees must be 0 or more", "CR-LON-001")
        is_too_large = (initial > MAX_AMOUNT_MINOR) | (regular > MAX_AMOUNT_MINOR - self.fee_minor)
        refuse(is_too_large, f"fees must be at most {MAX_AMOUNT_MINOR}", "CR-LON-007")
        refuse(initial > self.disbursed_minor, "initial fees must not exceed the principal", "CR-LON-001")
        return replace(
            self, disbursed_minor=self.disbursed_minor - initial, fee_minor=self.fee_minor + regular
        )


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
    principal = np.atleast_1d(whole_numbers(principal_minor, "principal_minor"))
    rate, balloon, days = (
        _column(values, name, principal.shape)
        for values, name in (
            (annual_rate_ppm, "annual_rate_ppm"),
            (balloon_minor, "balloon_minor"),
            (first_period_extra_days, "first_period_extra_days"),
        )
    )
    if days.size and days.min() < -365:
        days = np.maximum(days, -365)  # a first period cannot be shorter than nothing
    batch = _Batch(principal, rate, balloon, days, periods_per_year)
    _check_batch(batch, method)
    interest = np.empty((n_instalments, principal.size), dtype=np.int64)
    payment = np.empty_like(principal)
    for rows in chunks(principal.size, _CHUNK):
        payment[rows] = _fill(batch.rows(rows), interest[:, rows], method)
    if n_instalments > 1:
        _check_progress(payment, interest[0], method)
    return ScheduleTable(
        principal_minor=principal,
        disbursed_minor=principal,
        fee_minor=np.zeros_like(principal),
        payment_minor=payment,
        interest_minor=interest.T,
        method=method,
        periods_per_year=periods_per_year,
    )


def _column(values: ArrayLike, name: str, shape: tuple[int, ...]) -> IntArray:
    """Return one whole number per loan, from as many or from a single one (``CR-LON-008``)."""
    column = whole_numbers(values, name)
    if column.size != 1 and column.shape != shape:
        raise LoanError(
            f"{name} must have one entry, or one per loan. Got {column.size} for {shape[0]} loans.",
            code="CR-LON-008",
        )
    return np.broadcast_to(column, shape)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Columns of the loans to schedule, one entry per loan."""

    principal: IntArray
    rate_ppm: IntArray
    balloon: IntArray
    extra_days: IntArray
    periods: int

    def rows(self, chosen: slice) -> _Batch:
        """Return some of the loans."""
        principal, rate_ppm = self.principal[chosen], self.rate_ppm[chosen]
        return _Batch(principal, rate_ppm, self.balloon[chosen], self.extra_days[chosen], self.periods)


def _check_batch(batch: _Batch, method: str) -> None:
    """Refuse loans that cannot exist, or whose products would leave 64 bits."""
    if method not in get_args(TableMethod):
        raise LoanError(f"method must be one of {get_args(TableMethod)}. Got {method!r}.", code="CR-LON-015")
    if batch.principal.size == 0:
        return
    principal, rate, balloon = batch.principal, batch.rate_ppm, batch.balloon
    if min(principal.min(), rate.min() + 1) < 1:
        refuse(principal < 1, "principal_minor must be at least 1", "CR-LON-001")
        refuse(rate < 0, "annual_rate_ppm must not be negative", "CR-LON-003")
    if balloon.any():
        is_wrong = (balloon < 0) | (balloon >= principal) | (method != "equal_instalment")
        refuse(is_wrong, "balloon_minor must lie below the principal, with equal instalments", "CR-LON-015")
    longest = 365.0 + batch.periods * max(float(batch.extra_days.max()), 0.0)
    room = 9.0e18 - 730.0 * PPM * batch.periods
    if (
        2.0 * float(principal.max()) * float(rate.max()) * longest > room
        or principal.max() > MAX_AMOUNT_MINOR
    ):
        refuse(_is_too_large(batch, room), "principal x rate overflows exact 64-bit arithmetic", "CR-LON-007")


def _is_too_large(batch: _Batch, room: float) -> NDArray[np.bool_]:
    """Whether a loan's largest product would leave 64 bits; each is judged by its own row, whatever its neighbours."""
    days = batch.extra_days.astype(np.float64)
    factor = np.where(days == 0.0, 1.0, 365.0 + batch.periods * np.maximum(days, 0.0))
    product = 2.0 * batch.principal.astype(np.float64) * batch.rate_ppm.astype(np.float64) * factor
    return np.asarray((product > room) | (batch.principal > MAX_AMOUNT_MINOR))


def _fill(batch: _Batch, interest: IntArray, method: str) -> IntArray:
    """Fill the interest of one chunk of loans; return their regular payments."""
    interest[0] = _first_interest(batch)
    payment = _regular_payment(batch, interest.shape[0], method)
    is_level = method == "equal_instalment"
    if _walk(batch, payment, interest, is_level=is_level, stops_at_zero=False):
        _walk(batch, payment, interest, is_level=is_level, stops_at_zero=True)
    return payment


def _walk(
    batch: _Batch, payment: IntArray, interest: IntArray, *, is_level: bool, stops_at_zero: bool
) -> bool:
    """Work out interest period by period; return whether rounding repaid some loan before its last instalment.

    Stopping at zero is needed by very few loans (tiny principal, many instalments), so it is done only where one is found.
    """
    twice_rate, denominator = 2 * batch.rate_ppm, PPM * batch.periods
    owed = batch.principal.copy()
    for k in range(interest.shape[0]):
        if k > 0:
            np.multiply(owed, twice_rate, out=interest[k])
            interest[k] += denominator
            np.floor_divide(interest[k], 2 * denominator, out=interest[k])
        if k < interest.shape[0] - 1:
            owed -= payment
            if is_level:
                owed += interest[k]
            if stops_at_zero:
                np.maximum(owed, 0, out=owed)
    return bool((owed < 0).any())


def _first_interest(batch: _Batch) -> IntArray:
    """Interest of the first period, odd days included, rounded half-up."""
    denominator = PPM * batch.periods
    interest = (2 * batch.principal * batch.rate_ppm + denominator) // (2 * denominator)
    odd = np.flatnonzero(batch.extra_days)
    if odd.size:
        factor = np.maximum(365 + batch.periods * batch.extra_days[odd], 0)
        twice = 2 * batch.principal[odd] * batch.rate_ppm[odd] * factor
        interest[odd] = (twice + 365 * denominator) // (730 * denominator)
    return interest


def _regular_payment(batch: _Batch, n_instalments: int, method: str) -> IntArray:
    """Return the regular instalment (equal instalments) or the regular principal part (other methods)."""
    if method == "interest_only":
        return np.zeros_like(batch.principal)
    if method == "equal_principal":
        return (2 * batch.principal + n_instalments) // (2 * n_instalments)
    return _equal_instalment(batch, n_instalments)


def _check_progress(payment: IntArray, first_interest: IntArray, method: str) -> None:
    """Refuse loans whose regular payment repays nothing."""
    if method == "equal_principal":
        refuse(payment == 0, "the principal is too small for its instalments", "CR-LON-004")
    if method == "equal_instalment":
        refuse(payment <= first_interest, "the instalment must exceed the first interest", "CR-LON-004")


def _equal_instalment(batch: _Batch, n_instalments: int) -> IntArray:
    """Return the equal instalment rounded half-up, exactly."""
    rate = batch.rate_ppm / (PPM * batch.periods)
    power, annuity = power_and_sum(rate + 1.0, n_instalments)
    grown = power
    grown *= batch.principal
    odd = np.flatnonzero(batch.extra_days)
    if odd.size:
        years = np.maximum(1.0 / batch.periods + batch.extra_days[odd] / 365.0, 0.0)
        grown[odd] *= (1.0 + years * batch.rate_ppm[odd] / PPM) / (1.0 + rate[odd])
    largest = float(grown.max()) / n_instalments  # an annuity of growth factors >= 1 is at least n
    if batch.balloon.any():
        grown -= batch.balloon
    payment = grown
    payment /= annuity
    rounded = np.floor(payment + 0.5)
    result = rounded.astype(np.int64)
    payment -= rounded
    np.abs(payment, out=payment)
    is_doubtful = payment >= 0.5 - ((n_instalments + 8) * 1e-15 * largest + 1e-9)
    free = np.flatnonzero(batch.rate_ppm == 0)  # ties are common here, and whole numbers settle them
    if free.size:
        twice = 2 * (batch.principal[free] - batch.balloon[free])
        result[free] = (twice + n_instalments) // (2 * n_instalments)
        is_doubtful[free] = False
    for i in np.flatnonzero(is_doubtful):
        result[i] = _exact_instalment(batch, int(i), n_instalments)
    return result


def _exact_instalment(batch: _Batch, row: int, n_instalments: int) -> int:
    rate = Fraction(int(batch.rate_ppm[row]), PPM)
    regular = rate / batch.periods
    first = max(regular + rate * Fraction(int(batch.extra_days[row]), 365), Fraction(0))
    rates = [first, *[regular] * (n_instalments - 1)]
    return equal_instalment_minor(int(batch.principal[row]), rates, int(batch.balloon[row]))
