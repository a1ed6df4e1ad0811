"""How many days, and what part of a year, lie between two dates: the first question of every interest amount.

Upstream of everything in `loans`. Read :class:`DayCount`, then :func:`year_fraction`, then :func:`due_dates`. All
results are whole numbers or exact fractions, so that a cent never depends on floating point.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from credit_risk.errors import LoanError

#: Instalments a year that are whole months apart -> months; the others are whole days apart -> days.
MONTHS_APART = {1: 12, 2: 6, 3: 4, 4: 3, 6: 2, 12: 1}
DAYS_APART = {26: 14, 52: 7, 365: 1}


class DayCount(StrEnum):
    """A day-count convention: how days and years are counted when interest accrues by the day."""

    ACTUAL_ACTUAL_ISDA = "act/act"
    ACTUAL_365_FIXED = "act/365f"
    ACTUAL_360 = "act/360"
    NO_LEAP_365 = "nl/365"
    THIRTY_360_ISDA = "30/360"
    THIRTY_E_360 = "30e/360"
    THIRTY_E_PLUS_360 = "30e+/360"
    THIRTY_E_360_GERMAN = "30e/360 isda"
    THIRTY_360_US = "30/360 us"


_YEAR_DAYS = {
    DayCount.ACTUAL_365_FIXED: 365,
    DayCount.ACTUAL_360: 360,
    DayCount.NO_LEAP_365: 365,
    DayCount.THIRTY_360_ISDA: 360,
    DayCount.THIRTY_E_360: 360,
    DayCount.THIRTY_E_PLUS_360: 360,
    DayCount.THIRTY_E_360_GERMAN: 360,
    DayCount.THIRTY_360_US: 360,
}


def days_between(start_on: date, end_on: date, convention: DayCount = DayCount.ACTUAL_365_FIXED) -> int:
    """Count the days of interest from one date to a later one: the first day counts, the last does not.

    Parameters
    ----------
    start_on : date
        First day that bears interest.
    end_on : date
        First day that does not; on or after `start_on`.
    convention : DayCount
        Which days count.

    Returns
    -------
    int
        Days, 0 or more.

    Raises
    ------
    LoanError
        If `end_on` lies before `start_on` (code ``CR-LON-005``); an unknown convention (``CR-LON-015``).

    References
    ----------
    .. [1] ISDA 2006 Definitions, section 4.16; SIA *Standard Securities Calculation Methods* for 30/360 US.

    Examples
    --------
    >>> days_between(date(2007, 2, 28), date(2007, 3, 31), DayCount.THIRTY_360_US)
    30
    >>> days_between(date(2007, 2, 28), date(2007, 3, 31), DayCount.THIRTY_E_360)
    32
    """
    check_date_order(start_on, end_on, "end_on")
    convention = read_convention(convention)
    if convention in {DayCount.ACTUAL_ACTUAL_ISDA, DayCount.ACTUAL_365_FIXED, DayCount.ACTUAL_360}:
        return (end_on - start_on).days
    if convention is DayCount.NO_LEAP_365:
        return (end_on - start_on).days - _leap_days(start_on, end_on)
    first_day, last_day, month_shift = _thirty_days(start_on, end_on, convention)
    months = (end_on.year - start_on.year) * 12 + end_on.month - start_on.month + month_shift
    return 30 * months + last_day - first_day


def year_fraction(start_on: date, end_on: date, convention: DayCount = DayCount.ACTUAL_365_FIXED) -> Fraction:
    """Return the part of a year between two dates, exactly.

    Parameters
    ----------
    start_on, end_on : date
        As in :func:`days_between`.
    convention : DayCount
        Which days count, and how long a year is.

    Returns
    -------
    Fraction
        Years, 0 or more.

    Raises
    ------
    LoanError
        If `end_on` lies before `start_on` (code ``CR-LON-005``); an unknown convention (``CR-LON-015``).

    Examples
    --------
    >>> year_fraction(date(2007, 12, 28), date(2008, 2, 28), DayCount.ACTUAL_360)
    Fraction(31, 180)
    >>> year_fraction(date(2007, 12, 28), date(2008, 2, 28), DayCount.ACTUAL_ACTUAL_ISDA)  # 4/365 + 58/366
    Fraction(11317, 66795)
    """
    convention = read_convention(convention)
    if convention is not DayCount.ACTUAL_ACTUAL_ISDA:
        return Fraction(days_between(start_on, end_on, convention), _YEAR_DAYS[convention])
    check_date_order(start_on, end_on, "end_on")
    total = Fraction(0)
    for year in range(start_on.year, end_on.year + 1):
        from_on = max(start_on, date(year, 1, 1))
        to_on = min(end_on, date(year + 1, 1, 1)) if year < date.max.year else end_on
        total += Fraction((to_on - from_on).days, 366 if calendar.isleap(year) else 365)
    return total


def add_months(original: date, n_months: int, *, day: int | None = None) -> date:
    """Move a date by whole months, clamped to the month's end, from the ORIGINAL day.

    Parameters
    ----------
    original : date
        Where counting starts.
    n_months : int
        Months to move; negative moves back.
    day : int, optional
        Agreed day of the month, 1 to 31, when it is not the day of `original` (which may itself be clamped).

    Returns
    -------
    date
        The agreed day, or the last day of a shorter month.

    Raises
    ------
    LoanError
        The result lies outside the years 1 to 9999 (``CR-LON-005``).

    Examples
    --------
    >>> [add_months(date(2026, 1, 31), k).isoformat() for k in (1, 2)]
    ['2026-02-28', '2026-03-31']
    """
    year, month = divmod(original.year * 12 + original.month - 1 + n_months, 12)
    if not date.min.year <= year <= date.max.year:
        raise _beyond_the_calendar()
    last_day = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day or original.day, last_day))


def due_dates(
    disbursed_on: date,
    n_instalments: int,
    *,
    periods_per_year: int = 12,
    first_due_on: date | None = None,
    due_day: int | None = None,
) -> tuple[date, ...]:
    """List the due dates of a loan; short months never move later due dates.

    Parameters
    ----------
    disbursed_on : date
        Day the money is paid out.
    n_instalments : int
        Number of due dates, at least 1.
    periods_per_year : int
        1, 2, 3, 4, 6, 12 (months apart), 26, 52 or 365 (days apart).
    first_due_on : date, optional
        First due date when the first period is irregular; later than `disbursed_on`.
    due_day : int, optional
        Agreed day of the month, 1 to 31; default is the day of `first_due_on` or of `disbursed_on`.

    Raises
    ------
    LoanError
        If no calendar rule exists for `periods_per_year` (``CR-LON-012``) or dates are out of order (``CR-LON-005``).

    Examples
    --------
    >>> [d.isoformat() for d in due_dates(date(2026, 1, 31), 3)]
    ['2026-02-28', '2026-03-31', '2026-04-30']
    >>> [d.isoformat() for d in due_dates(date(2026, 1, 10), 2, first_due_on=date(2026, 2, 28), due_day=31)]
    ['2026-02-28', '2026-03-31']
    """
    if periods_per_year not in MONTHS_APART and periods_per_year not in DAYS_APART:
        raise LoanError(
            f"No calendar rule for {periods_per_year} instalments a year. Expected one of "
            f"{sorted(MONTHS_APART) + sorted(DAYS_APART)}. Hint: give no dates for other frequencies.",
            code="CR-LON-012",
        )
    if due_day is not None and due_day not in range(1, 32):
        raise LoanError("due_day must be a whole number from 1 to 31.", code="CR-LON-015")
    check_date(disbursed_on, "disbursed_on")
    if first_due_on is not None:
        check_date_order(disbursed_on, first_due_on, "first_due_on", strictly=True)
    anchor = first_due_on or disbursed_on
    steps = range(n_instalments) if first_due_on else range(1, n_instalments + 1)
    if periods_per_year in DAYS_APART:
        if anchor.toordinal() + n_instalments * DAYS_APART[periods_per_year] > date.max.toordinal():
            raise _beyond_the_calendar()
        return tuple(anchor + timedelta(days=k * DAYS_APART[periods_per_year]) for k in steps)
    months = MONTHS_APART[periods_per_year]
    listed = tuple(add_months(anchor, k * months, day=due_day) for k in steps)
    if listed:
        check_date_order(disbursed_on, listed[0], "first due date", strictly=True)
    return listed


def read_convention(value: object) -> DayCount:
    """Return a day-count convention from itself or its written form (``CR-LON-015`` when it is unknown).

    Examples
    --------
    >>> read_convention("act/360")
    <DayCount.ACTUAL_360: 'act/360'>
    """
    try:
        return DayCount(value)  # type: ignore[arg-type]
    except ValueError as error:
        known = [convention.value for convention in DayCount]
        raise LoanError(
            f"The day-count convention is unknown. Expected one of {known}.", code="CR-LON-015"
        ) from error


def _beyond_the_calendar() -> LoanError:
    return LoanError("A date lies outside the calendar, which has the years 1 to 9999.", code="CR-LON-005")


def read_date(text: str, name: str) -> date:
    """Read an ISO date; 29 February of a common year is an error, not 1 March.

    Raises
    ------
    LoanError
        If the text is no date of the calendar (code ``CR-LON-013``).

    Examples
    --------
    >>> read_date("2028-02-29", "due_on")
    datetime.date(2028, 2, 29)
    """
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise LoanError(
            f"{name} is not a date of the calendar. Expected year-month-day, for instance '2028-02-29'.",
            code="CR-LON-013",
            context={"field": name},
        ) from error


def check_date(value: object, name: str) -> None:
    """Refuse what is no date: a text, a number, or a moment, whose day depends on the time zone (``CR-LON-013``).

    Examples
    --------
    >>> check_date("2026-01-10", "disbursed_on")
    Traceback (most recent call last):
        ...
    credit_risk.errors.LoanError: CR-LON-013: disbursed_on must be a datetime.date. Got a str. Hint: read_date(text, name)...
    """
    if type(value) is not date:
        raise LoanError(
            f"{name} must be a datetime.date. Got a {type(value).__name__}. Hint: read_date(text, name) reads a text; of a "
            "moment take .date() in the lender's time zone.",
            code="CR-LON-013",
            context={"field": name},
        )


def check_date_order(earlier: date, later: date, name: str, *, strictly: bool = False) -> None:
    """Refuse dates that are out of order (``CR-LON-005``) or no dates (``CR-LON-013``)."""
    check_date(earlier, f"The date before {name}")
    check_date(later, name)
    if later < earlier or (strictly and later == earlier):
        word = "after" if strictly else "on or after"
        raise LoanError(
            f"Dates are out of order: {name} must lie {word} the date before it.",
            code="CR-LON-005",
            context={"field": name},
        )


def _is_february_end(day: date) -> bool:
    return day.month == 2 and day.day == calendar.monthrange(day.year, 2)[1]


def _leap_days(start_on: date, end_on: date) -> int:
    """Count the 29ths of February after `start_on` up to and including `end_on`."""
    leap_years = (year for year in range(start_on.year, end_on.year + 1) if calendar.isleap(year))
    return sum(start_on < date(year, 2, 29) <= end_on for year in leap_years)


def _thirty_days(start_on: date, end_on: date, convention: DayCount) -> tuple[int, int, int]:
    """Return first day, last day and month shift of a 30/360 convention."""
    first, last = start_on.day, end_on.day
    if convention is DayCount.THIRTY_E_360:
        return min(first, 30), min(last, 30), 0
    if convention is DayCount.THIRTY_E_PLUS_360:
        return min(first, 30), (1 if last == 31 else last), int(last == 31)
    if convention is DayCount.THIRTY_E_360_GERMAN:
        return (
            30 if _is_february_end(start_on) else min(first, 30),
            30 if _is_february_end(end_on) else min(last, 30),
            0,
        )
    if convention is DayCount.THIRTY_360_US and _is_february_end(start_on):
        first, last = 30, (30 if _is_february_end(end_on) else last)
    first = min(first, 30)
    return first, (30 if last == 31 and first == 30 else last), 0
