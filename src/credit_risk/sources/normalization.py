"""Raw values to scaled whole numbers: one function for a column of a file and for a field of a request.

Reading order: :class:`Violation`, :func:`normalize_numbers`, :func:`normalize_codes`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from credit_risk.sources.contract import ColumnContract


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule of a contract that some values break: the rule's name and which positions, never the values."""

    rule: str
    positions: NDArray[np.int64]
    expected: str

    @property
    def count(self) -> int:
        """How many values break the rule."""
        return int(self.positions.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledColumn:
    """A column inside the library.

    Attributes
    ----------
    values : ndarray of int64, shape (n,)
        ``value * 10**scale``; 0 where missing.
    missing : ndarray of bool, shape (n,), or None
        None if no value is missing.
    """

    values: NDArray[np.int64]
    missing: NDArray[np.bool_] | None

    def to_list(self) -> list[int | None]:
        """Return Python integers, None where missing."""
        numbers: list[int] = self.values.tolist()
        if self.missing is None:
            return list(numbers)
        return [None if gone else value for value, gone in zip(numbers, self.missing, strict=True)]


def normalize_numbers(
    values: NDArray[Any], missing: NDArray[np.bool_] | None, column: ColumnContract
) -> ScaledColumn | Violation:
    """Scale numbers and hold them against their contract; the first broken rule is returned.

    A float is accepted if it is the binary64 number nearest to a decimal with ``scale`` places, so no digit is lost.

    Parameters
    ----------
    values : ndarray of int64 or float64, shape (n,)
        As written; anything where missing.
    missing : ndarray of bool, shape (n,), or None
        Where the source has no value.

    Examples
    --------
    >>> from credit_risk.sources.contract import ColumnContract
    >>> column = ColumnContract(name="pay_amt", role="measure", kind="money", scale=2, minimum=0)
    >>> normalize_numbers(np.array([12.34, 5.0]), None, column).values
    array([1234,  500])
    >>> normalize_numbers(np.array([12.345, 5.0]), None, column).rule
    'decimal_places'
    """
    if missing is not None and not missing.any():
        missing = None
    if missing is not None:
        if not column.nullable:
            return _broken("not_null", missing, "a value")
        values = np.where(missing, 0, values)
    scaled = (_scale_floats if values.dtype == np.float64 else _scale_integers)(values, column)
    if isinstance(scaled, Violation):
        return scaled
    wrong = _outside(scaled, missing, column)
    return wrong if wrong is not None else ScaledColumn(values=scaled, missing=missing)


def scale_few(values: list[int | float], column: ColumnContract) -> list[int] | None:
    """Do what :func:`normalize_numbers` does, one plain number at a time: quicker for a handful.

    Returns None where any rule is broken; :func:`normalize_numbers` then says which.

    Examples
    --------
    >>> from credit_risk.sources.contract import ColumnContract
    >>> column = ColumnContract(name="pay_amt", role="measure", kind="money", scale=2, minimum=0)
    >>> scale_few([12.34, 5], column)
    [1234, 500]
    >>> scale_few([12.345], column) is None
    True
    """
    factor, low, high, codes = 10**column.scale, column.minimum, column.maximum, column.codes
    scaled = []
    for value in values:
        product = value * factor
        if not low - 1 <= product <= high + 1:
            return None
        whole = round(product)
        if whole / factor != value or not low <= whole <= high or (codes and whole not in codes):
            return None
        scaled.append(whole)
    return scaled


def scale_plain(values: Sequence[Any], column: ColumnContract) -> ScaledColumn | None:
    """Do what the functions above do for a long column of plain values that breaks no rule.

    Returns None where anything is unusual: the caller then takes the long way, which says what is wrong.

    Examples
    --------
    >>> from credit_risk.sources.contract import ColumnContract
    >>> column = ColumnContract(name="pay_amt", role="measure", kind="money", scale=2, minimum=0)
    >>> scale_plain([12.34, 5], column).values
    array([1234,  500])
    >>> scale_plain([12.34, -5], column) is None
    True
    """
    return plain_scaler(column)(values)


def plain_scaler(column: ColumnContract) -> Callable[[Sequence[Any]], ScaledColumn | None]:
    """Return :func:`scale_plain` for one column, which is then quicker to call."""
    if column.kind == "date" or (column.codes and column.kind != "code"):
        return lambda _values: None
    if column.kind == "code":
        scale = _code_scaler(column)
    else:
        scale = _plain_flags if column.kind == "boolean" else _number_scaler(column)

    def scaler(values: Sequence[Any]) -> ScaledColumn | None:
        try:
            return scale(values)
        except (KeyError, OverflowError, TypeError, ValueError, struct.error):
            return None

    return scaler


_FLOATS = ({float}, {int, float})
_FLOATS_AND_GAPS = ({float, type(None)}, {int, float, type(None)})
#: A byte holds the position of a word in a list of fewer words than this, and one for no word.
_MOST_WORDS = 255


def _code_scaler(column: ColumnContract) -> Callable[[Sequence[Any]], ScaledColumn | None]:
    """Look words up; an unknown word is a KeyError."""
    position: dict[Any, int] = {word: index for index, word in enumerate(column.codes)}
    gap = len(position)
    if gap >= _MOST_WORDS:
        return lambda _values: None
    if column.nullable:
        position[None] = gap

    def scale(words: Sequence[Any]) -> ScaledColumn:
        found = np.frombuffer(bytes(map(position.__getitem__, words)), dtype=np.uint8)
        missing = found == gap
        values = found.astype(np.int64)
        if not np.logical_or.reduce(missing):
            return ScaledColumn(values=values, missing=None)
        values *= ~missing
        return ScaledColumn(values=values, missing=missing)

    return scale


def _plain_flags(flags: Sequence[Any]) -> ScaledColumn | None:
    if set(map(type, flags)) != {bool}:
        return None
    return ScaledColumn(values=np.frombuffer(bytes(flags), dtype=np.uint8).astype(np.int64), missing=None)


def _number_scaler(column: ColumnContract) -> Callable[[Sequence[Any]], ScaledColumn | None]:
    factor, low, high = 10**column.scale, column.minimum, column.maximum

    def scale(values: Sequence[Any]) -> ScaledColumn | None:
        kinds = set(map(type, values))
        if kinds == {int}:
            whole = np.frombuffer(struct.pack(f"{len(values)}q", *values), dtype=np.int64)
            if int(np.minimum.reduce(whole)) * factor < low or int(np.maximum.reduce(whole)) * factor > high:
                return None
            return ScaledColumn(values=whole if factor == 1 else whole * factor, missing=None)
        if kinds in _FLOATS:
            read = np.frombuffer(struct.pack(f"{len(values)}d", *values))
            return _plain_floats(read, None, factor, low, high)
        if column.nullable and kinds in _FLOATS_AND_GAPS:
            read = np.array(values, dtype=np.float64)
            missing = np.isnan(read)
            gaps = missing.nonzero()[0]
            if list(map(values.__getitem__, gaps.tolist())).count(None) != gaps.size:
                return None  # not a number is no gap
            read[gaps] = 0.0
            return _plain_floats(read, missing, factor, low, high)
        return None

    return scale


def _plain_floats(
    read: NDArray[np.float64], missing: NDArray[np.bool_] | None, factor: int, low: int, high: int
) -> ScaledColumn | None:
    least, most = float(np.minimum.reduce(read)), float(np.maximum.reduce(read))
    # not a number compares false, so that it takes the long way as well; beyond the limits a product might overflow
    if not (low - 1 <= least * factor and most * factor <= high + 1):
        return None
    if round(least * factor) < low or round(most * factor) > high:
        return None
    whole = read * float(factor)
    np.rint(whole, out=whole)
    if not np.logical_and.reduce(whole / factor == read):
        return None
    return ScaledColumn(values=whole.astype(np.int64), missing=missing)


def _scale_floats(values: NDArray[np.float64], column: ColumnContract) -> NDArray[np.int64] | Violation:
    finite = np.isfinite(values)
    if not finite.all():
        return _broken("finite", ~finite, "a finite number")
    factor = float(10**column.scale)
    limit = max(abs(column.minimum), abs(column.maximum))
    with np.errstate(over="ignore"):
        whole = np.rint(values * factor)
    far = np.abs(whole) > limit
    if far.any():
        return _broken("range", far, _range_text(column))
    inexact = whole / factor != values
    if inexact.any():
        return _broken("decimal_places", inexact, f"at most {column.scale} decimal places")
    return whole.astype(np.int64)


def _scale_integers(values: NDArray[np.int64], column: ColumnContract) -> NDArray[np.int64] | Violation:
    factor = 10**column.scale
    limit = max(abs(column.minimum), abs(column.maximum)) // factor
    far = (values > limit) | (values < -limit)
    if far.any():
        return _broken("range", far, _range_text(column))
    scaled: NDArray[np.int64] = values.astype(np.int64) * factor
    return scaled


def _outside(
    scaled: NDArray[np.int64], missing: NDArray[np.bool_] | None, column: ColumnContract
) -> Violation | None:
    outside = (scaled < column.minimum) | (scaled > column.maximum)
    if missing is not None:
        outside &= ~missing
    if outside.any():
        return _broken("range", outside, _range_text(column))
    if not column.codes:
        return None
    unknown = ~np.isin(scaled, np.array(column.codes, dtype=np.int64))
    if missing is not None:
        unknown &= ~missing
    return _broken("codes", unknown, "one of the contract's codes") if unknown.any() else None


def normalize_codes(words: list[str | None], column: ColumnContract) -> ScaledColumn | Violation:
    """Turn words out of a closed list into their positions in it.

    Examples
    --------
    >>> from credit_risk.sources.contract import ColumnContract
    >>> column = ColumnContract(name="category", role="measure", kind="code", codes=("food", "rent"))
    >>> normalize_codes(["rent", "food"], column).values
    array([1, 0])
    """
    position = {word: index for index, word in enumerate(column.codes)}
    gone = [word is None for word in words]
    missing = np.array(gone, dtype=bool) if True in gone else None
    if missing is not None and not column.nullable:
        return _broken("not_null", missing, "a value")
    found = [-1 if word is None else position.get(word, -2) for word in words]
    indices = np.array(found, dtype=np.int64)
    if -2 in found:
        return _broken("codes", indices == -2, "one of the contract's codes")
    return ScaledColumn(values=np.maximum(indices, 0), missing=missing)


def _broken(rule: str, where: NDArray[np.bool_], expected: str) -> Violation:
    return Violation(rule=rule, positions=np.flatnonzero(where), expected=expected)


def _range_text(column: ColumnContract) -> str:
    factor = 10**column.scale
    low, high = column.minimum / factor, column.maximum / factor
    return f"a number from {low:.15g} to {high:.15g}"
