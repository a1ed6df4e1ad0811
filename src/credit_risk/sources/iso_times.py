"""Times written in one ISO 8601 layout, read digit by digit in arrays: much quicker than one by one, and just as strict.

Reading order: :func:`iso_moments`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_MONTH_STARTS = (
    np.arange(f"{_FIRST_YEAR}-01", f"{_LAST_YEAR + 1}-02", dtype="datetime64[M]")
    .astype("datetime64[D]")
    .astype(np.int64)
)
#: Layouts by length; 's' stands for the sign of an offset, 'f' for a digit of the fraction.
_LAYOUTS = {
    len(text): text
    for text in (
        "YYYY-MM-DDTHH:NN:SSZ",
        "YYYY-MM-DDTHH:NN:SSsoo:pp",
        "YYYY-MM-DDTHH:NN:SS.ffffffZ",
        "YYYY-MM-DDTHH:NN:SS.ffffffsoo:pp",
    )
}
#: Numbers read from a time, the letters they are written in, and their largest value.
_FIELDS = {
    "Y": _LAST_YEAR,
    "M": 12,
    "D": 31,
    "H": 23,
    "N": 59,
    "S": 59,
    "o": 23,
    "p": 59,
    "f": 999_999,
    "s": 2,
}
_SEPARATOR = "\n"


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """A layout with its separator, repeated for many rows.

    Attributes
    ----------
    lowest, spread : ndarray of uint8
        For each place of the joined text, the smallest character and how far above it a character may lie.
    weights : ndarray of float32, shape (width, 10)
        Digits of a row times this are its fields (exact: all lie below 2**24).
    """

    lowest: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    weights: NDArray[np.float32]


@lru_cache(maxsize=64)
def _layout(length: int, n_rows: int) -> _Layout:
    text = _LAYOUTS[length] + _SEPARATOR
    weights = np.zeros((len(text), len(_FIELDS)), dtype=np.float32)
    for column, letter in enumerate(_FIELDS):
        places = [place for place, found in enumerate(text) if found == letter]
        for power, place in enumerate(reversed(places)):
            weights[place, column] = 10**power
    signs = {"s": ("+", 2)}
    kinds = [signs.get(letter, ("0", 9) if letter in _FIELDS else (letter, 0)) for letter in text]
    lowest = np.array([ord(low) for low, _ in kinds], dtype=np.uint8)
    spread = np.array([above for _, above in kinds], dtype=np.uint8)
    return _Layout(np.tile(lowest, n_rows), np.tile(spread, n_rows), weights)


def iso_moments(values: Sequence[str]) -> NDArray[np.int64] | None:
    """Read times written ``2026-03-01T12:00:00[.000000](+08:00|Z)``, all in one layout, as UTC microseconds.

    Returns None where any differs, or is no time from 1900 to 2199: the caller reads them one by one.

    Examples
    --------
    >>> iso_moments(["1970-01-01T08:00:01+08:00", "1970-01-01T00:00:00+00:00"])
    array([1000000,       0])
    >>> iso_moments(["1970-01-01"]) is None
    True
    """
    try:
        # the separator after each row makes a row of another length break the layout
        text = _SEPARATOR.join([*values, ""]).encode("ascii")
        length = len(values[0])
    except (TypeError, UnicodeEncodeError, IndexError):
        return None
    n_rows = len(values)
    if length not in _LAYOUTS or len(text) != n_rows * (length + 1):
        return None
    layout = _layout(length, 1 << (n_rows - 1).bit_length())
    digits = np.frombuffer(text, dtype=np.uint8) - layout.lowest[: len(text)]
    if (digits > layout.spread[: len(text)]).any():
        return None
    return _moments(digits.reshape(n_rows, length + 1).astype(np.float32) @ layout.weights)


def _moments(fields: NDArray[np.float32]) -> NDArray[np.int64] | None:
    """Return moments of validated digits; None where a field is out of range."""
    most = fields.max(axis=0).tolist()
    if any(found > limit for found, limit in zip(most, _FIELDS.values(), strict=True)):
        return None
    year, month, day, hour, minute, second, offset_hour, offset_minute, fraction, sign = fields.T
    if year.min() < _FIRST_YEAR or month.min() < 1 or day.min() < 1 or (most[-1] and (sign == 1).any()):
        return None
    months = ((year - _FIRST_YEAR) * 12 + month - 1).astype(np.int64)
    days = _MONTH_STARTS[months] + (day.astype(np.int64) - 1)
    if most[2] > 28 and (days >= _MONTH_STARTS[months + 1]).any():
        return None
    # '+' was read as 0 and '-' as 2; seconds of a day and of an offset are exact in float32
    seconds = (hour * 60 + minute) * 60 + second - (1 - sign) * ((offset_hour * 60 + offset_minute) * 60)
    moments = (days * 86_400 + seconds.astype(np.int64)) * 1_000_000
    return moments + fraction.astype(np.int64) if most[-2] else moments
