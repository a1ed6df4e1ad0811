"""Due dates and interest days of a million loans at once, in whole numbers.

The fast twin of `day_count`: the same dates and the same parts of a year, as arrays. Read :func:`calendar_table`, then
:func:`year_parts`. Dates are numpy days (``datetime64[D]``); a part of a year is a whole number over a denominator that
depends on the convention alone, so that no cent hangs on floating point.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import LoanError
from credit_risk.loans.day_count import DAYS_APART, MONTHS_APART, DayCount, read_convention
from credit_risk.loans.tables.columns import as_column, refuse
from credit_risk.loans.terms import MAX_FREE_DAYS, check_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from credit_risk.loans.tables.columns import IntArray

DateArray: TypeAlias = NDArray[np.datetime64]

_FIRST_DAY, _LAST_DAY = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")
_LONGEST_MONTH = 31
#: Convention -> denominator of its parts of a year; 133590 = 365 x 366 holds common and leap years exactly.
_DENOMINATOR = {
    DayCount.ACTUAL_ACTUAL_ISDA: 365 * 366,
    DayCount.ACTUAL_365_FIXED: 365,
    DayCount.NO_LEAP_365: 365,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTable:
    """When many loans are paid out and due, and which days of theirs bear interest.

    Attributes
    ----------
    disbursed_on : ndarray of datetime64[D], shape (n_loans,)
        Day the money is paid out.
    due_on : ndarray of datetime64[D], shape (n_loans, n_instalments)
        Due dates, ascending.
    first_period_extra_days : ndarray of int64, shape (n_loans,)
        Days by which the first period is longer (shorter: below 0) than a regular one.
    periods_per_year : int
        Instalments a year.
    day_count : DayCount or None
        Convention, when interest runs by days; None when every period counts as one period of the year.
    interest_free_days : ndarray of int64, shape (n_loans,)
        Days from payout that bear no interest.
    """

    disbursed_on: DateArray
    due_on: DateArray
    first_period_extra_days: IntArray
    periods_per_year: int
    day_count: DayCount | None
    interest_free_days: IntArray

    @property
    def days(self) -> IntArray:
        """Days from payout to each instalment, shape (n_loans, n_instalments): what `dated_rates_table` takes."""
        return (self.due_on - self.disbursed_on[:, None]).astype(np.int64)

    def interest_parts(self) -> tuple[IntArray, int]:
        """Return each period's part of a year: numerators of shape (n_instalments, n_loans), and their denominator.

        Raises
        ------
        LoanError
            The calendar has no day count (``CR-LON-015``).
        """
        if self.day_count is None:
            raise LoanError("The calendar has no day count. Hint: give day_count.", code="CR-LON-015")
        bears_from = self.disbursed_on + self.interest_free_days.astype("timedelta64[D]")
        due = self.due_on.T
        starts = np.concatenate([self.disbursed_on[None], due[:-1]])
        return year_parts(np.minimum(np.maximum(starts, bears_from), due), due, self.day_count)


def calendar_table(
    disbursed_on: ArrayLike,
    n_instalments: int,
    *,
    periods_per_year: int = 12,
    first_due_on: ArrayLike | None = None,
    due_day: ArrayLike = 0,
    day_count: DayCount | None = None,
    interest_free_days: ArrayLike = 0,
) -> CalendarTable:
    """List the due dates of many loans; short months never move later due dates.

    Parameters
    ----------
    disbursed_on : datetime64[D] array_like, shape (n_loans,)
        Day the money is paid out.
    n_instalments, periods_per_year : int
        The same for all loans; 1, 2, 3, 4, 6, 12 (months apart), 26, 52 or 365 (days apart) a year.
    first_due_on : datetime64[D] array_like, shape (n_loans,), optional
        First due date where the first period is irregular; NaT where it is regular.
    due_day : int64 array_like, shape (n_loans,) or scalar
        Agreed day of the month; 0 for the day of `first_due_on` or of `disbursed_on`.
    day_count : DayCount, optional
        Interest by days.
    interest_free_days : int64 array_like, shape (n_loans,) or scalar
        Days from payout that bear no interest (needs `day_count`).

    Returns
    -------
    CalendarTable
        Rows in the order given.

    Raises
    ------
    LoanError
        Counts of offending loans: dates out of order or beyond the calendar (``CR-LON-005``), no dates or not whole days
        (``CR-LON-013``), options (``CR-LON-002``, ``CR-LON-012``, ``CR-LON-015``), shapes (``CR-LON-008``).

    Examples
    --------
    >>> calendar_table(["2026-01-31"], 3).due_on.tolist()[0]
    [datetime.date(2026, 2, 28), datetime.date(2026, 3, 31), datetime.date(2026, 4, 30)]
    """
    check_count(n_instalments)
    _check_frequency(periods_per_year)
    disbursed = _dates(disbursed_on, "disbursed_on")
    refuse(np.isnat(disbursed), "disbursed_on must be a date of the calendar", "CR-LON-013")
    first = (
        np.full(disbursed.shape, np.datetime64("NaT", "D"))
        if first_due_on is None
        else _dates(first_due_on, "first_due_on")
    )
    if first.shape != disbursed.shape:
        raise LoanError(
            f"first_due_on must have one date per loan. Got {first.size} for {disbursed.size} loans.",
            code="CR-LON-008",
        )
    agreed = as_column(due_day, "due_day", disbursed.shape)
    free = as_column(interest_free_days, "interest_free_days", disbursed.shape)
    is_no_day = (agreed < 0) | (agreed > _LONGEST_MONTH)
    refuse(is_no_day, "due_day must lie from 1 to 31, or be 0 for none", "CR-LON-015")
    is_no_count = (free < 0) | (free > MAX_FREE_DAYS) | ((free > 0) & (day_count is None))
    refuse(
        is_no_count, f"interest_free_days must lie from 0 to {MAX_FREE_DAYS} and need day_count", "CR-LON-015"
    )
    due = _due_dates(disbursed, first, agreed, n_instalments, periods_per_year)
    regular = _due_dates(disbursed, np.full_like(first, "NaT"), np.zeros_like(agreed), 1, periods_per_year)
    return CalendarTable(
        disbursed_on=disbursed,
        due_on=due.T,
        first_period_extra_days=(due[0] - regular[0]).astype(np.int64),
        periods_per_year=periods_per_year,
        day_count=None if day_count is None else read_convention(day_count),
        interest_free_days=free,
    )


def year_parts(start_on: DateArray, end_on: DateArray, convention: DayCount) -> tuple[IntArray, int]:
    """Return the parts of a year between many pairs of dates: whole numerators and their one denominator.

    Parameters
    ----------
    start_on, end_on : ndarray of datetime64[D], equal shapes
        First day that bears interest, first day that does not; `end_on` on or after `start_on`.
    convention : DayCount
        Which days count, and how long a year is.

    Raises
    ------
    LoanError
        Dates out of order (``CR-LON-005``); an unknown convention (``CR-LON-015``).

    Examples
    --------
    >>> start, end = np.array(["2007-12-28"], dtype="datetime64[D]"), np.array(["2008-02-28"], dtype="datetime64[D]")
    >>> year_parts(start, end, DayCount.ACTUAL_360)
    (array([62]), 360)
    """
    convention = read_convention(convention)
    refuse(np.asarray(end_on < start_on), "end_on must lie on or after start_on", "CR-LON-005")
    denominator = _DENOMINATOR.get(convention, 360)
    actual: IntArray = (end_on - start_on).astype(np.int64)
    if convention in {DayCount.ACTUAL_365_FIXED, DayCount.ACTUAL_360}:
        return actual, denominator
    if convention is DayCount.NO_LEAP_365:
        return actual - (_leap_days_until(end_on) - _leap_days_until(start_on)), denominator
    if convention is DayCount.ACTUAL_ACTUAL_ISDA:
        in_leap_years = _days_of_leap_years_before(end_on) - _days_of_leap_years_before(start_on)
        return 365 * in_leap_years + 366 * (actual - in_leap_years), denominator
    return _thirty_day_months(start_on, end_on, convention), denominator


def _check_frequency(periods_per_year: int) -> None:
    if periods_per_year not in MONTHS_APART and periods_per_year not in DAYS_APART:
        raise LoanError(
            f"No calendar rule for {periods_per_year} instalments a year. Expected one of "
            f"{sorted(MONTHS_APART) + sorted(DAYS_APART)}.",
            code="CR-LON-012",
        )


def _dates(values: ArrayLike, name: str) -> DateArray:
    """Return a column of whole days, or refuse it (``CR-LON-013``)."""
    try:
        given = np.atleast_1d(np.asarray(values))
        days = given.astype("datetime64[D]")
        is_whole = given.dtype.kind == "U" or (
            bool(((given == days) | np.isnat(given)).all())
            if given.dtype.kind == "M"
            else given.dtype.kind == "O" and all(type(day) is date for day in given.flat)
        )
    except (ValueError, TypeError):
        is_whole = False
    if not is_whole or days.ndim != 1:
        raise LoanError(
            f"{name} must be whole days in one dimension. Expected for instance '2028-02-29' or datetime64[D].",
            code="CR-LON-013",
        )
    is_beyond = np.asarray((days < _FIRST_DAY) | (days > _LAST_DAY))
    refuse(is_beyond, f"{name} must lie in the years 1 to 9999", "CR-LON-005")
    return days


def _due_dates(
    disbursed: DateArray, first: DateArray, agreed: IntArray, n_instalments: int, periods_per_year: int
) -> DateArray:
    """Return due dates of shape (n_instalments, n_loans)."""
    is_regular = np.isnat(first)
    anchor: DateArray = np.where(is_regular, disbursed, first)
    steps = np.arange(n_instalments)[:, None] + is_regular
    if periods_per_year in DAYS_APART:
        due: DateArray = anchor + (steps * DAYS_APART[periods_per_year]).astype("timedelta64[D]")
    else:
        month, day_of_month = _month_and_day(anchor)
        day = np.where(agreed > 0, agreed, day_of_month)
        due = _clamped(month + steps * MONTHS_APART[periods_per_year], day)
    refuse(np.asarray(due[0] <= disbursed), "the first due date must lie after disbursed_on", "CR-LON-005")
    refuse(np.asarray(due[-1] > _LAST_DAY), "due dates must lie in the years 1 to 9999", "CR-LON-005")
    return np.asarray(due)


def _clamped(month: IntArray, day: IntArray) -> DateArray:
    """Return the agreed day of each month (counted from 1970-01), or the month's last day if it is shorter."""
    starts = month.astype("datetime64[M]").astype("datetime64[D]")
    ends = (month + 1).astype("datetime64[M]").astype("datetime64[D]")
    length = (ends - starts).astype(np.int64)
    return np.asarray(starts + (np.minimum(day, length) - 1).astype("timedelta64[D]"))


def _month_and_day(days: DateArray) -> tuple[IntArray, IntArray]:
    """Return months since 1970-01 and days of the month, from 1."""
    months = days.astype("datetime64[M]")
    return months.astype(np.int64), (days - months.astype("datetime64[D]")).astype(np.int64) + 1


def _year_and_day(days: DateArray) -> tuple[IntArray, IntArray]:
    """Return calendar years and days of the year, from 0."""
    years = days.astype("datetime64[Y]")
    return years.astype(np.int64) + 1970, (days - years.astype("datetime64[D]")).astype(np.int64)


def _is_leap(year: IntArray) -> NDArray[np.bool_]:
    return np.asarray((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)))


def _leap_years_before(year: IntArray) -> IntArray:
    earlier = year - 1
    return np.asarray(earlier // 4 - earlier // 100 + earlier // 400)


def _leap_days_until(days: DateArray) -> IntArray:
    """Count the 29ths of February up to and including each day."""
    year, day_of_year = _year_and_day(days)
    return np.asarray(_leap_years_before(year) + (_is_leap(year) & (day_of_year >= 31 + 28)))


def _days_of_leap_years_before(days: DateArray) -> IntArray:
    """Count the days before each day that belong to leap years."""
    year, day_of_year = _year_and_day(days)
    return np.asarray(366 * _leap_years_before(year) + np.where(_is_leap(year), day_of_year, 0))


def _thirty_day_months(start_on: DateArray, end_on: DateArray, convention: DayCount) -> IntArray:
    """Count days under a 30/360 convention."""
    (first_month, first), (last_month, last) = _month_and_day(start_on), _month_and_day(end_on)
    shift = np.zeros_like(last)
    if convention is DayCount.THIRTY_E_360_GERMAN:
        first = np.where(_is_february_end(start_on), 30, first)
        last = np.where(_is_february_end(end_on), 30, last)
    if convention is DayCount.THIRTY_360_US:
        from_february = _is_february_end(start_on)
        first = np.where(from_february, 30, first)
        last = np.where(from_february & _is_february_end(end_on), 30, last)
    first = np.minimum(first, 30)
    if convention is DayCount.THIRTY_E_PLUS_360:
        shift = (last == _LONGEST_MONTH).astype(np.int64)
        last = np.where(shift, 1, last)
    elif convention in {DayCount.THIRTY_E_360, DayCount.THIRTY_E_360_GERMAN}:
        last = np.minimum(last, 30)
    else:
        last = np.where((last == _LONGEST_MONTH) & (first == 30), 30, last)
    return np.asarray(30 * (last_month - first_month + shift) + last - first)


def _is_february_end(days: DateArray) -> NDArray[np.bool_]:
    month, _ = _month_and_day(days)
    next_month, _ = _month_and_day(days + np.timedelta64(1, "D"))
    return np.asarray((month % 12 == 1) & (next_month != month))
