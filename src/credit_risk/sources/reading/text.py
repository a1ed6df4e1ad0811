"""Columns of a CSV file: text to typed values, exactly, with every unreadable row noted.

Amounts become decimals, never binary floats. An empty field is a missing value.

Reading order: :func:`read_text`, then one function per kind.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from credit_risk.sources.contract import ColumnContract

#: Rules that only text can break, and what is expected instead.
EXPECTED = {
    "number": "a number such as 1234.50",
    "finite": "a finite number",
    "range": "at most 20 digits before the point",
    "decimal_places": "at most 18 decimal places",
    "true_or_false": "true or false",
    "date": "a date written YYYY-MM-DD",
    "time": "a time written YYYY-MM-DDTHH:MM:SS with time zone, to the microsecond at most",
    "timezone": "a time with time zone, such as 2026-03-01T12:00:00+08:00",
}
_NUMBER = r"^[+-]?[0-9]{1,20}(\.[0-9]{1,18})?$"
_EXPONENT = r"^[+-]?[0-9]{1,18}(\.[0-9]{1,18})?[eE][+-]?[0-9]{1,2}$"
_NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"
_LONG = r"^[+-]?[0-9]{21,}(\.[0-9]+)?$"
_FINE = r"^[+-]?[0-9]{1,20}\.[0-9]{19,}$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_AWARE, _NAIVE = _CLOCK + r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$", _CLOCK + "$"
_WIDE = pa.decimal128(38, 18)
_UTC = pa.timestamp("us", tz="UTC")


def read_text(values: pa.Array, column: ColumnContract) -> tuple[pa.Array, dict[str, NDArray[np.bool_]]]:
    """Return typed values, null where unreadable, and rule -> rows that break it."""
    if column.kind in ("code", "text"):
        return values, {}
    readers: dict[str, Callable[[pa.Array], tuple[pa.Array, dict[str, NDArray[np.bool_]]]]] = {
        "boolean": _read_booleans,
        "date": lambda texts: _read_calendar(texts, _DATE, pa.date32(), "date", _is_date),
        "timestamp": _read_timestamps,
    }
    return readers.get(column.kind, _read_numbers)(values)


def _read_numbers(values: pa.Array) -> tuple[pa.Array, dict[str, NDArray[np.bool_]]]:
    plain, short = _matches(values, _EXPONENT), _matches(values, _NUMBER)
    if plain.any():
        fixed = [
            format(Decimal(text), "f") if has_exponent else text
            for text, has_exponent in zip(values.to_pylist(), plain, strict=True)
        ]
        values = pa.array(fixed, pa.string())
        short = _matches(values, _NUMBER)
    rest = _present(values) & ~short
    if not rest.any():
        return pc.cast(values, _WIDE), {}
    broken = {
        "finite": rest & _matches(values, _NOT_FINITE),
        "range": rest & _matches(values, _LONG),
        "decimal_places": rest & _matches(values, _FINE),
    }
    broken["number"] = rest & ~(broken["finite"] | broken["range"] | broken["decimal_places"])
    return pc.cast(_without(values, rest), _WIDE), broken


def _read_booleans(values: pa.Array) -> tuple[pa.Array, dict[str, NDArray[np.bool_]]]:
    lower = pc.ascii_lower(values)
    wrong = _present(values) & ~_matches(lower, "^(true|false)$")
    return pc.equal(_without(lower, wrong), "true"), {"true_or_false": wrong}


def _read_timestamps(values: pa.Array) -> tuple[pa.Array, dict[str, NDArray[np.bool_]]]:
    naive = _matches(values, _NAIVE)
    typed, broken = _read_calendar(_without(values, naive), _AWARE, _UTC, "time", _is_moment)
    return typed, {"timezone": naive, **broken}


def _read_calendar(
    values: pa.Array, pattern: str, kind: pa.DataType, rule: str, is_real: Callable[[str], bool]
) -> tuple[pa.Array, dict[str, NDArray[np.bool_]]]:
    wrong = _present(values) & ~_matches(values, pattern)
    kept = _without(values, wrong)
    try:
        return pc.cast(kept, kind), {rule: wrong}
    except pa.ArrowInvalid:  # written like a date, yet no day of the calendar: 30 February
        unreal = [text is not None and not is_real(text) for text in kept.to_pylist()]
        wrong = wrong | np.array(unreal, dtype=bool)
        return pc.cast(_without(values, wrong), kind), {rule: wrong}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _matches(values: pa.Array, pattern: str) -> NDArray[np.bool_]:
    found = pc.fill_null(pc.match_substring_regex(values, pattern), fill_value=False)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _present(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(values.is_valid().to_numpy(zero_copy_only=False))


def _without(values: pa.Array, gone: NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(~gone), values, pa.scalar(None, values.type)) if gone.any() else values
