"""Maturity: an outcome counts once the whole horizon has been watched, not once a bad has shown itself."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

_HORIZON = re.compile(r"([1-9][0-9]{0,3})([dm])")


def horizon_end(applied_at: ArrayLike, horizon: str) -> NDArray[np.datetime64]:
    """Return the day on which the horizon of each application ends.

    Months are calendar months, ended on the month's last day where it has no such day.

    Parameters
    ----------
    applied_at : array_like of days, shape (n_rows,)
        Dates, ISO 8601 text or times; times with a zone count by their UTC day.
    horizon : str
        Months or days: ``"12m"``, ``"30d"``.

    Raises
    ------
    SpecificationError
        A horizon that is neither, or days that cannot be read or are missing (``CR-CAL-009``).

    Examples
    --------
    >>> horizon_end(["2025-01-31", "2025-06-15"], "1m").astype(str).tolist()
    ['2025-02-28', '2025-07-15']
    >>> horizon_end(["2025-01-31"], "30d").astype(str).tolist()
    ['2025-03-02']
    """
    match = _HORIZON.fullmatch(horizon)
    if match is None:
        raise SpecificationError(
            f"The horizon must be months or days, such as '12m' or '30d'. Got {horizon!r}.",
            code="CR-CAL-009",
        )
    days, count = _days(applied_at), int(match[1])
    if match[2] == "d":
        return days + np.timedelta64(count, "D")
    month = days.astype("datetime64[M]")
    since = days - month.astype("datetime64[D]")
    end = month + np.timedelta64(count, "M")
    last = (end + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.asarray(np.minimum(end.astype("datetime64[D]") + since, last))


def is_mature(
    applied_at: ArrayLike, horizon: str, *, observed_until: date | str | np.datetime64
) -> NDArray[np.bool_]:
    """Return which applications had their whole horizon watched by a day.

    Choose rows by this, never by whether their outcome shows already: bads show early, goods only at the end, so what is
    known of young loans is worse than what will be true of them.

    Parameters
    ----------
    applied_at : array_like of days, shape (n_rows,)
    horizon : str
        That of the outcome, such as ``spec.horizon``.
    observed_until : date, ISO 8601 text or datetime64
        Last day of which payments are known.

    Examples
    --------
    >>> is_mature(["2025-01-10", "2025-03-10"], "12m", observed_until="2026-02-01").tolist()
    [True, False]
    """
    return np.asarray(horizon_end(applied_at, horizon) <= _days(observed_until))


def _days(values: ArrayLike | date) -> NDArray[np.datetime64]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # numpy says that it turns zones into UTC
            days = np.asarray(values, dtype="datetime64[D]")
    except (TypeError, ValueError):
        # from None: the converter's own words quote the value
        raise SpecificationError(
            "applied_at and observed_until must be days: dates, times or ISO 8601 text. Got values that are not.",
            code="CR-CAL-009",
        ) from None
    n_missing = int(np.isnat(days).sum())
    if n_missing:
        raise SpecificationError(
            f"applied_at and observed_until must be days. Got {n_missing} of {days.size} missing.",
            code="CR-CAL-009",
        )
    return days
