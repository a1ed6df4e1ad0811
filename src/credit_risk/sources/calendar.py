"""Moments and days: UTC microseconds inside, the lender's calendar for day arithmetic.

One implementation serves frames and requests. Light: numpy and standard library.

Reading order: :func:`moment_of_date`, :func:`local_clock`.
"""

from __future__ import annotations

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
_BUCKET_US = 900_000_000


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


def _offset_in_bucket(timezone: str, bucket: int) -> int | None:
    """Return the offset that holds for a whole quarter of an hour, or None if the clock changes inside it."""
    start = _offset_at(timezone, bucket * 900)
    return start if start == _offset_at(timezone, bucket * 900 + 899) else None


def local_clock(moments_us: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """Return local wall-clock time as microseconds since 1970-01-01 00:00 local.

    Days are ``result // DAY_US``; hours ``result // HOUR_US % 24``. Daylight saving is honoured.

    Examples
    --------
    >>> local_clock(np.array([0]), "Asia/Taipei") // HOUR_US
    array([8])
    """
    buckets, position = np.unique(moments_us // _BUCKET_US, return_inverse=True)
    offsets = [_offset_in_bucket(timezone, bucket) for bucket in buckets.tolist()]
    if None not in offsets:
        return moments_us + np.array(offsets, dtype=np.int64)[position]
    seconds = (moments_us // 1_000_000).tolist()
    return moments_us + np.array([_offset_at(timezone, second) for second in seconds], dtype=np.int64)


def local_moment(moment_us: int, timezone: str) -> int:
    """Return :func:`local_clock` of one moment.

    Examples
    --------
    >>> local_moment(0, "Asia/Taipei") // HOUR_US
    8
    """
    return moment_us + _offset_at(timezone, moment_us // 1_000_000)


def local_day(moment_us: int, timezone: str) -> int:
    """Return the local day of one moment, as days since 1970-01-01.

    Examples
    --------
    >>> local_day(microseconds(datetime(2005, 9, 30, 23, 59, tzinfo=ZoneInfo("Asia/Taipei"))), "Asia/Taipei")
    13056
    """
    return local_moment(moment_us, timezone) // DAY_US
