"""Local wall-clock times of many moments, with one look-up per UTC day.

Reading order: :func:`local_times`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.sources.calendar import DAY_US, EARLIEST_US, LATEST_US, local_clock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

_FIRST_DAY = EARLIEST_US // DAY_US
_UNKNOWN, _CHANGES = 2**62, 2**61


@lru_cache(maxsize=8)
def _offsets_by_day(_timezone: str) -> Integers:
    """Return a table of offsets from UTC for every UTC day a record may fall on, filled as days are asked for."""
    return np.full(LATEST_US // DAY_US - _FIRST_DAY + 1, _UNKNOWN, dtype=np.int64)


def local_times(moments_us: Integers, timezone: str) -> Integers:
    """Return :func:`~credit_risk.sources.calendar.local_clock`, with one look-up per UTC day.

    No zone changes its clock twice within 24 hours (tested against the installed zones), so a day that starts and ends with one
    offset has it throughout.
    """
    table = _offsets_by_day(timezone)
    days = moments_us // DAY_US
    days -= _FIRST_DAY
    offsets = table.take(days)
    most = np.maximum.reduce(offsets)
    if most == _UNKNOWN:
        new = np.unique(days[offsets == _UNKNOWN])
        start = (new + _FIRST_DAY) * DAY_US
        end = start + DAY_US - 1
        first, last = local_clock(start, timezone) - start, local_clock(end, timezone) - end
        table[new] = np.where(first == last, first, _CHANGES)
        offsets = table.take(days)
        most = np.maximum.reduce(offsets)
    if most == _CHANGES:
        return local_clock(moments_us, timezone)
    return moments_us + offsets
