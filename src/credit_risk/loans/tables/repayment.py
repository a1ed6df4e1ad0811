"""Schedules of a million loans at once: whole numbers in, whole numbers out, numpy only.

The fast twin of `schedule`, equal to the cent. Read :class:`ScheduleTable`, then :func:`repayment_table`. Every loan is
computed from its own row alone, with elementwise operations in a fixed order, so one loan and a million loans agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, get_args

import numpy as np

from credit_risk.errors import LoanError
from credit_risk.loans.tables.columns import as_column, chunks, for_each, refuse, whole_numbers
from credit_risk.loans.tables.payment import (
    PPM,
    Loans,
    TableMethod,
    add_odd_days,
    bullet_interest,
    check_progress,
    largest_factor,
    may_end_early,
    regular_payment,
)
from credit_risk.loans.terms import MAX_AMOUNT_MINOR, check_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from credit_risk.loans.tables.calendar import CalendarTable
    from credit_risk.loans.tables.columns import IntArray

#: Loans worked on together: the working set stays in the processor's second-level cache.
_CHUNK = 16384
#: What :func:`repayment_table` writes into ``out``, in this order.
COLUMNS = ("instalment", "principal part", "interest", "balance")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTable:
    """Repayment schedules of many loans of one term and method, in whole minor units (cents, fen).

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
    method : {'equal_instalment', 'equal_principal', 'interest_only', 'bullet'}
        How principal returns.
    periods_per_year : int
        Instalments a year.
    n_grace_instalments : int
        First instalments that pay interest only.
    columns_minor : ndarray of int64, shape (4, n_instalments, n_loans), or None
        Instalments, principal parts, interest and balances, when they were written out at once.
    """

    principal_minor: IntArray
    disbursed_minor: IntArray
    fee_minor: IntArray
    payment_minor: IntArray
    interest_minor: IntArray
    method: TableMethod = "equal_instalment"
    periods_per_year: int = 12
    n_grace_instalments: int = 0
    columns_minor: IntArray | None = None

    @property
    def balance_minor(self) -> IntArray:
        """Principal owed after each instalment, shape (n_loans, n_instalments)."""
        return self._columns("balance")[0]

    @property
    def principal_part_minor(self) -> IntArray:
        """Principal repaid with each instalment, shape (n_loans, n_instalments)."""
        return self._columns("principal part")[0]

    @property
    def instalment_minor(self) -> IntArray:
        """What is due: principal part + interest + fee, shape (n_loans, n_instalments)."""
        return self._columns("instalment")[0]

    def written_out(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return instalments, principal parts and balances at once, quicker than one after the other.

        Examples
        --------
        >>> table = equal_instalment_table([1_000_000], [144_000], n_instalments=12)
        >>> instalment, part, balance = table.written_out()
        >>> instalment[0, 0], part[0, 0], balance[0, 0]
        (np.int64(89975), np.int64(77975), np.int64(922025))
        """
        instalment, part, balance = self._columns("instalment", "principal part", "balance")
        return instalment, part, balance

    def _columns(self, *wanted: str) -> list[IntArray]:
        """Return columns that were written out, or work them out from the interest."""
        if self.columns_minor is not None:
            return [self.columns_minor[COLUMNS.index(name)].T for name in wanted]
        shape = self.interest_minor.T.shape
        results = {name: np.empty(shape, dtype=np.int64) for name in wanted}
        for rows in chunks(self.principal_minor.size, _CHUNK):
            chunk = _Chunk(
                principal=self.principal_minor[rows],
                payment=self.payment_minor[rows],
                fee=self.fee_minor[rows],
                is_level=self.method == "equal_instalment",
                n_grace=self.n_grace_instalments,
            )
            columns = {name: column[:, rows] for name, column in results.items()}
            _walk(chunk, {**columns, "interest": self.interest_minor.T[:, rows]}, None, is_bounded=True)
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
            np.ascontiguousarray(as_column(fee, name, self.principal_minor.shape))
            for fee, name in ((initial_minor, "initial_minor"), (instalment_minor, "instalment_minor"))
        )
        disbursed = self.disbursed_minor - initial
        _check_fees(initial, regular, self.fee_minor, disbursed)
        return replace(
            self,
            disbursed_minor=disbursed,
            fee_minor=self.fee_minor + regular,
            columns_minor=None,
        )


def equal_instalment_table(
    principal_minor: ArrayLike,
    annual_rate_ppm: ArrayLike,
    *,
    n_instalments: int,
    periods_per_year: int = 12,
) -> ScheduleTable:
    """Schedule many loans repaid in equal instalments (等额本息) at once.

    Examples
    --------
    >>> table = equal_instalment_table([1_000_000], [144_000], n_instalments=12)
    >>> table.instalment_minor[0, [0, 11]], table.interest_minor.sum()
    (array([89975, 89980]), np.int64(79705))
    """
    return repayment_table(
        principal_minor, annual_rate_ppm, n_instalments=n_instalments, periods_per_year=periods_per_year
    )


def repayment_table(  # noqa: PLR0913 (one keyword for each term of the contract, as LoanTerms has fields)
    principal_minor: ArrayLike,
    annual_rate_ppm: ArrayLike,
    *,
    n_instalments: int,
    periods_per_year: int = 12,
    method: TableMethod = "equal_instalment",
    n_grace_instalments: int = 0,
    balloon_minor: ArrayLike = 0,
    first_period_extra_days: ArrayLike = 0,
    calendar: CalendarTable | None = None,
    initial_fee_minor: ArrayLike = 0,
    instalment_fee_minor: ArrayLike = 0,
    out: IntArray | None = None,
    n_threads: int = 1,
) -> ScheduleTable:
    """Schedule many loans at once; each is equal, to the cent, to the schedule it has alone.

    Parameters
    ----------
    principal_minor : int64 array_like, shape (n_loans,)
        Amounts lent, above 0.
    annual_rate_ppm : int64 array_like, shape (n_loans,)
        Contract rates a year in millionths: 144000 is 14.4 %.
    n_instalments, periods_per_year : int
        The same for all loans of the table.
    method : {'equal_instalment', 'equal_principal', 'interest_only', 'bullet'}
        How principal returns.
    n_grace_instalments : int
        First instalments that pay interest only; the same for all loans.
    balloon_minor : int64 array_like, shape (n_loans,) or scalar
        Principal left for the last instalment (equal instalments only).
    first_period_extra_days : int64 array_like, shape (n_loans,) or scalar
        Odd days of an irregular first period, each bearing 1/365 of the annual rate.
    calendar : CalendarTable, optional
        Dates of the loans, from :func:`~credit_risk.loans.tables.calendar.calendar_table`. It says which days are odd;
        with a day count interest runs by days, free days excepted. Stands for `first_period_extra_days`.
    initial_fee_minor, instalment_fee_minor : int64 array_like, shape (n_loans,) or scalar
        Taken off the payout; due with every instalment. See :meth:`ScheduleTable.with_fees`.
    out : ndarray of int64, shape (4, n_instalments, n_loans), optional
        Where to write instalments, principal parts, interest and balances, all in one pass. The table then shows these
        very numbers: use the array again only when done with the table. Without it the table keeps interest alone.
    n_threads : int, default 1
        Threads that work side by side; the numbers are the same with any.

    Returns
    -------
    ScheduleTable
        Rows in the order given.

    Raises
    ------
    LoanError
        Counts of offending loans: principal or fees (``CR-LON-001``), rate (``CR-LON-003``), instalment not above the
        first interest (``CR-LON-004``), amounts whose product leaves 64 bits (``CR-LON-007``), shapes and types
        (``CR-LON-008``), options (``CR-LON-002``, ``CR-LON-015``).

    Notes
    -----
    Interest is exact integer arithmetic. The regular instalment is computed in float64 and, where its fraction lies too near
    one half to be sure, again with exact fractions.

    Examples
    --------
    >>> columns = np.empty((4, 12, 1), dtype=np.int64)
    >>> table = repayment_table([1_000_000], [144_000], n_instalments=12, out=columns)
    >>> columns[:, 0, 0]  # first instalment, its principal part, its interest, balance after it
    array([ 89975,  77975,  12000, 922025])
    """
    loans = _loans(
        (principal_minor, annual_rate_ppm, balloon_minor, first_period_extra_days),
        (n_instalments, periods_per_year, n_grace_instalments),
        method,
        calendar,
    )
    principal = loans.principal
    initial, regular = (
        as_column(fee, name, principal.shape)
        for fee, name in (
            (initial_fee_minor, "initial_fee_minor"),
            (instalment_fee_minor, "instalment_fee_minor"),
        )
    )
    disbursed = principal - initial
    _check_fees(initial, regular, np.zeros_like(principal[:1]), disbursed)
    if out is not None:
        _check_out(out, (len(COLUMNS), n_instalments, principal.size))
    interest = np.empty((n_instalments, principal.size), dtype=np.int64) if out is None else out[2]
    payment = np.empty_like(principal)

    def fill(rows: slice) -> None:
        columns = {"interest": interest[:, rows]}
        if out is not None:
            columns = dict(zip(COLUMNS, out[:, :, rows], strict=True))
        payment[rows] = _fill(loans.rows(rows), regular[rows], columns)

    for_each(fill, chunks(principal.size, _CHUNK), n_threads)
    check_progress(payment, interest, loans)
    return ScheduleTable(
        principal_minor=principal,
        disbursed_minor=disbursed,
        fee_minor=np.ascontiguousarray(regular),
        payment_minor=payment,
        interest_minor=interest.T,
        method=method,
        periods_per_year=periods_per_year,
        n_grace_instalments=n_grace_instalments,
        columns_minor=out,
    )


def _loans(
    columns: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
    counts: tuple[int, int, int],
    method: TableMethod,
    calendar: CalendarTable | None,
) -> Loans:
    """Check and gather the columns of all loans."""
    n_instalments, periods_per_year, n_grace = counts
    check_count(n_instalments)
    check_count(periods_per_year, "periods_per_year")
    principal = np.atleast_1d(whole_numbers(columns[0], "principal_minor"))
    rate, balloon, days = (
        as_column(values, name, principal.shape)
        for values, name in zip(
            columns[1:], ("annual_rate_ppm", "balloon_minor", "first_period_extra_days"), strict=True
        )
    )
    if calendar is not None:
        _check_calendar(calendar, (principal.size, n_instalments), periods_per_year, days)
        days = calendar.first_period_extra_days
    parts, year = None, periods_per_year
    if calendar is not None and calendar.day_count is not None:
        parts, year = calendar.interest_parts()
    elif days.size and days.min() < -365:
        days = np.maximum(days, -365)  # a first period cannot be shorter than nothing
    loans = Loans(principal, rate, balloon, days, parts, year, n_instalments, n_grace, method)
    _check_loans(loans)
    return loans


def _check_calendar(
    calendar: CalendarTable, shape: tuple[int, int], periods_per_year: int, days: IntArray
) -> None:
    """Refuse a calendar of other loans, or odd days beside it."""
    if calendar.due_on.shape != shape:
        raise LoanError(
            f"The calendar must have the shape (n_loans, n_instalments) = {shape}. Got {calendar.due_on.shape}.",
            code="CR-LON-008",
        )
    if calendar.periods_per_year != periods_per_year or days.any():
        raise LoanError(
            "The calendar must have the same periods_per_year, and takes the place of first_period_extra_days.",
            code="CR-LON-015",
        )


def _check_loans(loans: Loans) -> None:
    """Refuse loans that cannot exist, or whose products would leave 64 bits."""
    if loans.method not in get_args(TableMethod):
        raise LoanError(
            f"method must be one of {get_args(TableMethod)}. Got {loans.method!r}.", code="CR-LON-015"
        )
    if isinstance(loans.n_grace, bool) or loans.n_grace not in range(loans.n_instalments):
        raise LoanError(
            "n_grace_instalments must be a whole number that leaves at least one instalment to repay principal.",
            code="CR-LON-015",
        )
    for rows in chunks(loans.principal.size, _CHUNK):
        if not _is_plainly_right(loans, rows):
            _check_columns(loans)
            _check_products(loans)
            return


def _is_plainly_right(loans: Loans, rows: slice) -> bool:
    """Whether some loans pass every check by their extremes alone: one quick look while they are in the cache."""
    principal, rate, balloon, days = (
        column[rows] for column in (loans.principal, loans.rate_ppm, loans.balloon, loans.extra_days)
    )
    largest, longest = float(principal.max()), max(float(days.max()), 0.0)
    product = 2.0 * largest * float(rate.max()) * (365.0 * loans.n_instalments + loans.year * longest)
    is_in_range = principal.min() > 0 and rate.min() >= 0 and largest <= MAX_AMOUNT_MINOR
    has_plain_balloon = balloon.min() >= 0 and (
        balloon.max() == 0 or (loans.method == "equal_instalment" and (principal - balloon).min() > 0)
    )
    return bool(is_in_range and has_plain_balloon and loans.parts is None and product <= _room(loans))


def _check_columns(loans: Loans) -> None:
    """Refuse principals, rates and balloons that no loan has."""
    principal, rate, balloon = loans.principal, loans.rate_ppm, loans.balloon
    refuse(principal < 1, "principal_minor must be at least 1", "CR-LON-001")
    refuse(rate < 0, "annual_rate_ppm must not be negative", "CR-LON-003")
    is_wrong = (balloon < 0) | (balloon >= principal) | ((balloon > 0) & (loans.method != "equal_instalment"))
    refuse(is_wrong, "balloon_minor must lie below the principal, with equal instalments", "CR-LON-015")


def _check_products(loans: Loans) -> None:
    """Refuse loans whose largest product leaves 64 bits; each is judged by its own row, whatever its neighbours."""
    product = 2.0 * loans.principal.astype(np.float64) * loans.rate_ppm.astype(np.float64)
    is_too_large = (product * largest_factor(loans) > _room(loans)) | (loans.principal > MAX_AMOUNT_MINOR)
    refuse(np.asarray(is_too_large), "principal x rate overflows exact 64-bit arithmetic", "CR-LON-007")


def _room(loans: Loans) -> float:
    """Return the largest product that half-up rounding may still be added to in 64 bits."""
    return 9.0e18 - 730.0 * PPM * loans.year


def _check_fees(initial: IntArray, regular: IntArray, earlier: IntArray, disbursed: IntArray) -> None:
    """Refuse fees below 0, above the largest amount, or above the payout, of which `disbursed` is left."""
    largest = max(initial.max(initial=0), regular.max(initial=0) + earlier.max(initial=0))
    lowest = min(initial.min(initial=0), regular.min(initial=0), disbursed.min(initial=0))
    if lowest >= 0 and largest <= MAX_AMOUNT_MINOR:
        return
    refuse((initial < 0) | (regular < 0), "fees must be 0 or more", "CR-LON-001")
    is_too_large = (initial > MAX_AMOUNT_MINOR) | (regular > MAX_AMOUNT_MINOR - earlier)
    refuse(is_too_large, f"fees must be at most {MAX_AMOUNT_MINOR}", "CR-LON-007")
    refuse(disbursed < 0, "initial fees must not exceed the principal", "CR-LON-001")


def _check_out(out: IntArray, shape: tuple[int, int, int]) -> None:
    """Refuse an array that cannot take the columns."""
    is_right = isinstance(out, np.ndarray) and out.dtype == np.int64 and out.shape == shape
    if not is_right or not out.flags.writeable:
        raise LoanError(
            f"out must be a writeable int64 array of shape (4, n_instalments, n_loans) = {shape}.",
            code="CR-LON-008",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """What the walk over the instalments needs to know of some loans."""

    principal: IntArray
    payment: IntArray
    fee: IntArray
    is_level: bool
    n_grace: int


#: Fills the interest of an instalment: (number of the instalment, principal owed before it, where to write).
_Charge: TypeAlias = "Callable[[int, IntArray, IntArray], None]"


def _fill(loans: Loans, fee: IntArray, columns: dict[str, IntArray]) -> IntArray:
    """Fill the columns of one chunk of loans; return their regular payments."""
    payment, charge = regular_payment(loans), _charge(loans)
    chunk = _Chunk(
        principal=loans.principal,
        payment=payment,
        fee=fee,
        is_level=loans.method == "equal_instalment",
        n_grace=loans.n_grace,
    )
    _walk(chunk, columns, charge, is_bounded=may_end_early(loans, payment))
    return payment


def _charge(loans: Loans) -> _Charge:
    """Return the rule of interest of these loans."""
    rate, denominator, parts = loans.rate_ppm, loans.denominator, loans.parts
    whole = np.uint64(denominator)  # no sign to care for: nearly twice as quick

    def charge(k: int, owed: IntArray, out: IntArray) -> None:
        np.multiply(owed, rate if parts is None else rate * parts[k], out=out)
        out += denominator // 2
        np.floor_divide(out.view(np.uint64), whole, out=out.view(np.uint64))
        if k == 0 and parts is None:
            add_odd_days(loans, out)

    def charge_at_the_end(k: int, _owed: IntArray, out: IntArray) -> None:
        out[...] = bullet_interest(loans) if k == loans.n_instalments - 1 else 0

    return charge_at_the_end if loans.method == "bullet" else charge


def _walk(chunk: _Chunk, columns: dict[str, IntArray], charge: _Charge | None, *, is_bounded: bool) -> None:
    """Go through the instalments once, filling the columns asked for.

    With bounds a principal part never exceeds what is owed nor falls below 0, which few loans need.
    """
    interest, due = columns["interest"], columns.get("instalment")
    spare = np.empty((2, 1, chunk.principal.size), dtype=np.int64)
    parts, balances = columns.get("principal part", spare[0]), columns.get("balance", spare[1])
    level_due = chunk.payment + chunk.fee
    owed, last = chunk.principal, interest.shape[0] - 1
    for k in range(last + 1):
        if charge is not None:
            charge(k, owed, interest[k])
        part, left = parts[min(k, len(parts) - 1)], balances[min(k, len(balances) - 1)]
        if k == last:
            part[...] = owed
        elif k < chunk.n_grace:
            part[...] = 0
        elif chunk.is_level:
            np.subtract(chunk.payment, interest[k], out=part)
        else:
            part[...] = chunk.payment
        if is_bounded:
            np.maximum(part, 0, out=part)
            np.minimum(part, owed, out=part)
        np.subtract(owed, part, out=left)
        owed = left
        if due is None:
            continue
        if chunk.is_level and not is_bounded and chunk.n_grace <= k < last:
            due[k] = level_due
        else:
            np.add(part, interest[k], out=due[k])
            due[k] += chunk.fee
