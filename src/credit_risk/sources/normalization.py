"""Raw values to scaled whole numbers: one function for a column of a file and for a field of a request.

Reading order: :class:`Violation`, :func:`normalize_numbers`, :func:`normalize_codes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
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


def scale_plain(values: list[Any], column: ColumnContract) -> ScaledColumn | None:
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
    try:
        if column.kind == "code":
            return _plain_codes(values, column)
        if column.kind == "boolean":
            flags = np.array(values)
            is_plain = flags.dtype == np.bool_ and flags.ndim == 1
            return ScaledColumn(values=flags.astype(np.int64), missing=None) if is_plain else None
        if column.codes or column.kind == "date":
            return None
        kinds = set(map(type, values))
        if kinds == {int}:
            return _plain_integers(np.array(values, dtype=np.int64), column)
        if float in kinds and kinds <= _PLAIN:
            return _plain_floats(values, type(None) in kinds, column)
    except (OverflowError, TypeError, ValueError):
        pass
    return None


_PLAIN = {int, float, type(None)}


def _plain_codes(words: list[Any], column: ColumnContract) -> ScaledColumn:
    """Look words up; a word without a position has None, which no array of whole numbers takes (a TypeError)."""
    position: dict[Any, int] = {word: index for index, word in enumerate(column.codes)}
    if column.nullable:
        position[None] = -1
    found = np.array(list(map(position.get, words)), dtype=np.int64)
    missing = found < 0
    if not missing.any():
        return ScaledColumn(values=found, missing=None)
    return ScaledColumn(values=np.maximum(found, 0), missing=missing)


def _plain_integers(numbers: NDArray[np.int64], column: ColumnContract) -> ScaledColumn | None:
    factor = 10**column.scale
    low, high = int(numbers.min()) * factor, int(numbers.max()) * factor
    if low < column.minimum or high > column.maximum:
        return None
    return ScaledColumn(values=numbers if factor == 1 else numbers * factor, missing=None)


def _plain_floats(values: list[Any], has_gaps: bool, column: ColumnContract) -> ScaledColumn | None:
    read, missing = np.array(values, dtype=np.float64), None
    if has_gaps:
        missing = np.isnan(read)
        if not column.nullable or np.count_nonzero(missing) != values.count(None):
            return None
        read[missing] = 0.0
    factor = float(10**column.scale)
    with np.errstate(over="ignore"):
        whole = np.rint(read * factor)
    # not a number compares false, so that it takes the long way as well
    if not (
        column.minimum <= whole.min() and whole.max() <= column.maximum and (whole / factor == read).all()
    ):
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
