"""Moments and days: UTC microseconds inside, the lender's calendar for day arithmetic.

One implementation serves frames and requests. Light: numpy and standard library.

Reading order: :func:`moment_of_date`, :func:`local_clock`, :func:`local_days`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.sources.contract import Moment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
#: Moments a source may hold: years 1900 to 2199.
EARLIEST_US = -2_208_988_800_000_000
LATEST_US = 7_258_118_400_000_000
_BUCKET_DAYS = 512
#: A fraction of a second of more than six digits.
_FINE = re.compile(r"[.,][0-9]{7}")


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return a timezone by its IANA name.

    Raises
    ------
    SpecificationError
        Unknown name (``CR-SRC-004``).
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SpecificationError(
            f"Timezone {name!r} is unknown. Expected an IANA name such as 'Asia/Shanghai'.", code="CR-SRC-004"
        ) from error


def microseconds(moment: datetime) -> int:
    """Return an aware moment as whole microseconds since 1970-01-01 UTC.

    Examples
    --------
    >>> microseconds(datetime(1970, 1, 1, 8, tzinfo=ZoneInfo("Asia/Taipei")))
    0
    """
    return (moment - EPOCH) // MICROSECOND


def written_moment(value: object) -> int | None:
    """Return a time with time zone, written in ISO 8601 or a datetime, in UTC microseconds; None if it is anything else.

    Finer than a microsecond is anything else: cut off, a record could be known before it was.

    Examples
    --------
    >>> written_moment("1970-01-01T08:00:00.000001+08:00"), written_moment("1970-01-01T08:00:00.0000019+08:00")
    (1, None)
    """
    if isinstance(value, str):
        if _FINE.search(value):
            return None
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None or getattr(value, "nanosecond", None):
        return None
    return microseconds(value)


@lru_cache(maxsize=65536)
def moment_of_date(day: date, moment: Moment, timezone: str) -> int:
    """Return the moment a written date stands for, in UTC microseconds.

    Parameters
    ----------
    day : date
        As written in the source.
    moment : {'start_of_day', 'last_instant_of_day', 'last_instant_of_month'}
        Which moment of it counts.
    timezone : str
        The lender's timezone.

    Examples
    --------
    >>> us = moment_of_date(date(2005, 9, 1), "last_instant_of_month", "Asia/Taipei")
    >>> (EPOCH + timedelta(microseconds=us)).astimezone(zone_of("Asia/Taipei")).isoformat()
    '2005-09-30T23:59:59.999999+08:00'
    """
    if moment == "last_instant_of_month":
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    elif moment == "last_instant_of_day":
        following = day + timedelta(days=1)
    else:
        return microseconds(datetime.combine(day, time(), zone_of(timezone)))
    return microseconds(datetime.combine(following, time(), zone_of(timezone))) - 1


@lru_cache(maxsize=262144)
def _offset_at(timezone: str, second: int) -> int:
    """Return the offset from UTC at a whole second, in microseconds."""
    offset = (EPOCH + timedelta(seconds=second)).astimezone(zone_of(timezone)).utcoffset()
    return (offset or timedelta()) // MICROSECOND


def local_clock(moments_us: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """Return local wall-clock time as microseconds since 1970-01-01 00:00 local.

    Days are ``result // DAY_US``; hours ``result // HOUR_US % 24``. Daylight saving is honoured.

    Examples
    --------
    >>> local_clock(np.array([0]), "Asia/Taipei") // HOUR_US
    array([8])
    """
    if not moments_us.size:
        return moments_us.copy()
    changes, offsets = _offsets(int(moments_us.min()), int(moments_us.max()), timezone)
    if len(offsets) == 1:
        return moments_us + int(offsets[0])
    local: NDArray[np.int64] = moments_us + offsets[np.searchsorted(changes, moments_us, side="right")]
    return local


def _offsets(first_us: int, last_us: int, timezone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when a clock changes around a span of time, and its offsets from UTC before, between and after."""
    span = _BUCKET_DAYS * DAY_US
    found = [
        change
        for bucket in range(first_us // span, last_us // span + 1)
        for change in _changes_in_bucket(bucket, timezone)
    ]
    start = _offset_at(timezone, first_us // span * _BUCKET_DAYS * 86_400)
    changes = np.array([change for change, _ in found], dtype=np.int64)
    return changes, np.array([start, *(offset for _, offset in found)], dtype=np.int64)


@lru_cache(maxsize=4096)
def _changes_in_bucket(bucket: int, timezone: str) -> tuple[tuple[int, int], ...]:
    """Return each moment at which the offset changes, with the offset that follows.

    No zone changes its clock twice within 48 hours (tested against the installed zones), so midnights show every change.
    """
    second, found = bucket * _BUCKET_DAYS * 86_400, []
    for midnight in range(second, second + _BUCKET_DAYS * 86_400, 86_400):
        before, after = _offset_at(timezone, midnight), _offset_at(timezone, midnight + 86_400)
        if after != before:
            found.append((_end_of_offset(timezone, midnight, before) * 1_000_000, after))
    return tuple(found)


def local_moment(moment_us: int, timezone: str) -> int:
    """Return :func:`local_clock` of one moment.

    Examples
    --------
    >>> local_moment(0, "Asia/Taipei") // HOUR_US
    8
    """
    return moment_us + _offset_at(timezone, moment_us // 1_000_000)


def local_day(moment_us: int, timezone: str) -> int:
    """Return the local day of one moment, as days since 1970-01-01; days never run backwards, see :func:`local_days`.

    Examples
    --------
    >>> local_day(microseconds(datetime(2005, 9, 30, 23, 59, tzinfo=ZoneInfo("Asia/Taipei"))), "Asia/Taipei")
    13056
    """
    day = local_moment(moment_us, timezone) // DAY_US
    for start, end, begun in set_backs(moment_us, moment_us, timezone):
        if start <= moment_us < end:
            day = begun
    return day


def local_days(moments_us: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """Return local days of moments, as days since 1970-01-01; days never run backwards.

    Where a clock is set back over midnight, the hour that follows belongs to the day that had already begun. So a day starts at
    its first local midnight, and a window of days is always the later part of a history.

    Examples
    --------
    >>> change = microseconds(datetime(2010, 11, 7, 2, 31, tzinfo=UTC))  # from 00:01 back to 23:01 of 6 November
    >>> local_clock(np.array([change]), "America/St_Johns") // DAY_US, local_days(np.array([change]), "America/St_Johns")
    (array([14919]), array([14920]))
    """
    return days_of(local_clock(moments_us, timezone), moments_us, timezone)


def days_of(local_us: NDArray[np.int64], moments_us: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """Return :func:`local_days` where :func:`local_clock` is known already."""
    days = local_us // DAY_US
    if not moments_us.size:
        return days
    for start, end, begun in set_backs(int(moments_us.min()), int(moments_us.max()), timezone):
        days[(moments_us >= start) & (moments_us < end)] = begun
    return days


def set_backs(first_us: int, last_us: int, timezone: str) -> tuple[tuple[int, int, int], ...]:
    """Return when clocks were set back over midnight: from, until, and the local day that had begun.

    The span between the two moments is covered, and the days before it that reach into it.
    """
    span = _BUCKET_DAYS * DAY_US
    return _set_backs((first_us - DAY_US) // span, last_us // span, timezone)


@lru_cache(maxsize=4096)
def _set_backs(first: int, last: int, timezone: str) -> tuple[tuple[int, int, int], ...]:
    return tuple(
        found for bucket in range(first, last + 1) for found in _set_backs_in_bucket(bucket, timezone)
    )


@lru_cache(maxsize=4096)
def _set_backs_in_bucket(bucket: int, timezone: str) -> tuple[tuple[int, int, int], ...]:
    found = []
    before = _offset_at(timezone, bucket * _BUCKET_DAYS * 86_400)
    for change, after in _changes_in_bucket(bucket, timezone):
        begun = (change - 1 + before) // DAY_US
        if (change + after) // DAY_US < begun:
            found.append((change, begun * DAY_US - after, begun))
        before = after
    return tuple(found)


def _end_of_offset(timezone: str, midnight: int, offset: int) -> int:
    """Return the second at which an offset that holds at a midnight ends, within a day."""
    low, high = midnight, midnight + 86_400
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset_at(timezone, middle) == offset else (low, middle)
    return high
