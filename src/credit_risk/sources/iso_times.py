"""Times written in one ISO 8601 layout, read digit by digit in arrays: much quicker than one by one, and just as strict.

Reading order: :func:`iso_moments`.
"""

from __future__ import annotations

import operator
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
_LIMITS = tuple(_FIELDS.values())
#: Sums of fields that are wanted as well: months, seconds of the day, seconds of the offset.
_SUMS = ({"Y": 12, "M": 1}, {"H": 3_600, "N": 60, "S": 1}, {"o": 3_600, "p": 60})
#: Times read at once.
_MOST = 1 << 14
_SEPARATOR = "\n"


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """A layout with its separator, repeated for many rows.

    Attributes
    ----------
    lowest, spread : ndarray of uint8
        For each place of the joined text, the smallest character and how far above it a character may lie.
    weights : ndarray of float32, shape (13, width)
        This times the digits of a row are its fields and their sums (exact: all lie below 2**24).
    """

    lowest: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    weights: NDArray[np.float32]


@lru_cache(maxsize=64)
def _layout(length: int, n_rows: int) -> _Layout:
    text = _LAYOUTS[length] + _SEPARATOR
    weights = np.zeros((len(_FIELDS), len(text)), dtype=np.float32)
    for row, letter in enumerate(_FIELDS):
        places = [place for place, found in enumerate(text) if found == letter]
        weights[row, places[::-1]] = [10**power for power in range(len(places))]
    rows = {letter: row for row, letter in enumerate(_FIELDS)}
    sums = [sum(factor * weights[rows[letter]] for letter, factor in parts.items()) for parts in _SUMS]
    signs = {"s": ("+", 2)}
    kinds = [signs.get(letter, ("0", 9) if letter in _FIELDS else (letter, 0)) for letter in text]
    lowest = np.array([ord(low) for low, _ in kinds], dtype=np.uint8)
    spread = np.array([above for _, above in kinds], dtype=np.uint8)
    return _Layout(np.tile(lowest, n_rows), np.tile(spread, n_rows), np.vstack([weights, *sums]))


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
    if len(values) > _MOST:
        parts = [iso_moments(values[start : start + _MOST]) for start in range(0, len(values), _MOST)]
        read = [part for part in parts if part is not None]
        joined: NDArray[np.int64] | None = np.concatenate(read) if len(read) == len(parts) else None
        return joined
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
    return _moments(layout.weights @ digits.reshape(n_rows, length + 1).astype(np.float32).T)


def _moments(fields: NDArray[np.float32]) -> NDArray[np.int64] | None:
    """Return moments of validated digits; None where a field is out of range."""
    most, least = fields[: len(_LIMITS)].max(axis=1).tolist(), fields[:3].min(axis=1).tolist()
    if any(map(operator.gt, most, _LIMITS)) or least[0] < _FIRST_YEAR or 0.0 in least[1:]:
        return None
    day, fraction, sign, months, clock, offset = fields[[2, 8, 9, 10, 11, 12]]
    month = months.astype(np.int64) - (12 * _FIRST_YEAR + 1)
    days = _MONTH_STARTS[month] + day.astype(np.int64)
    if most[2] > 28 and (days > _MONTH_STARTS[month + 1]).any():
        return None
    if most[-1]:  # '+' is read as 0, '-' as 2, and the comma between them as 1
        if (sign == 1).any():
            return None
        offset = offset * (1 - sign)
    moments: NDArray[np.int64] = ((days - 1) * 86_400 + (clock - offset).astype(np.int64)) * 1_000_000
    return moments + fraction.astype(np.int64) if most[8] else moments
