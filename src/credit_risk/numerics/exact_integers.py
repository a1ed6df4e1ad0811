"""Whole numbers that never overflow and never round, and the one division that turns them into a feature value.

A feature is a quotient of two whole numbers, or the root of one. The batch compiler holds them as arrays
(:class:`ExactIntegers`), the real-time compiler as Python integers; both support ``+ - *``, so one formula serves both.
:func:`exact_quotient` is correctly rounded whichever form it gets: equal integers give equal bits.

Reading order: :class:`ExactIntegers`, :func:`present`, :func:`exact_quotient`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

#: Whole numbers up to this size are exact in binary64, so their float quotient is correctly rounded.
EXACT_FLOAT_BOUND = 2**53
_INT64_BOUND = 2**63 - 1


class ExactIntegers:
    """An array of whole numbers: 64-bit while they provably fit, Python integers once they might not.

    Parameters
    ----------
    values : ndarray of int64 or of object (Python integers)

    Examples
    --------
    >>> amounts = ExactIntegers(np.array([4_000_000_000, -3]))
    >>> (amounts * amounts * amounts).values
    array([64000000000000000000000000000, -27], dtype=object)
    """

    __slots__ = ("_bound", "values")

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values
        self._bound: int | None = None

    @classmethod
    def from_limbs(cls, low: NDArray[np.uint64], high: NDArray[np.int64]) -> ExactIntegers:
        """Join the two halves of 128-bit numbers (two's complement), as an engine's DECIMAL(38,0) column holds them.

        Examples
        --------
        >>> ExactIntegers.from_limbs(np.array([5, 0], np.uint64), np.array([0, 1])).values
        array([5, 18446744073709551616], dtype=object)
        """
        narrow = low.astype(np.int64, copy=False) if low.dtype == np.int64 else low.view(np.int64)
        if np.array_equal(high, narrow >> 63):
            return cls(narrow)
        return cls((high.astype(object) << 64) + low.astype(object))

    @property
    def bound(self) -> int:
        """Largest magnitude in the array."""
        if self._bound is None:
            values = self.values
            self._bound = max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0
        return self._bound

    def _combine(self, other: object, bound: int, operation: Callable[[Any, Any], Any]) -> ExactIntegers:
        right = other.values if isinstance(other, ExactIntegers) else other
        if bound <= _INT64_BOUND and not _is_object(self.values) and not _is_object(right):
            return ExactIntegers(operation(self.values, right))
        right = right.astype(object) if isinstance(right, np.ndarray) else right
        return ExactIntegers(operation(self.values.astype(object), right))

    def __add__(self, other: ExactIntegers | int) -> ExactIntegers:
        return self._combine(other, self.bound + _bound_of(other), lambda a, b: a + b)

    def __sub__(self, other: ExactIntegers | int) -> ExactIntegers:
        return self._combine(other, self.bound + _bound_of(other), lambda a, b: a - b)

    def __mul__(self, other: ExactIntegers | int) -> ExactIntegers:
        return self._combine(other, self.bound * _bound_of(other), lambda a, b: a * b)

    def __mod__(self, other: int) -> ExactIntegers:
        return ExactIntegers(self.values % other)

    def present(self) -> ExactIntegers:
        """Return 1 where above 0, else 0."""
        return ExactIntegers((self.values > 0).astype(np.int64))

    def minimum(self, other: ExactIntegers) -> ExactIntegers:
        """Return the smaller number, element by element."""
        return ExactIntegers(np.minimum(self.values, other.values))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> ExactIntegers:
        return self * -1 + other


#: What a feature formula computes with: one applicant's number, or everybody's.
Exact = int | ExactIntegers


def _is_object(values: object) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind == "O"


def _bound_of(value: ExactIntegers | int) -> int:
    return value.bound if isinstance(value, ExactIntegers) else abs(value)


def present(count: Exact) -> Any:
    """Return 1 where a count is above 0, else 0 (multiplying a denominator by it makes an absent value missing).

    Examples
    --------
    >>> present(3), present(0)
    (1, 0)
    """
    if isinstance(count, int):
        return 1 if count > 0 else 0
    return count.present()


def minimum(left: Exact, right: Exact) -> Any:
    """Return the smaller number, element by element.

    Examples
    --------
    >>> minimum(3, 2)
    2
    """
    if isinstance(left, int) and isinstance(right, int):
        return min(left, right)
    return left.minimum(right)  # type: ignore[union-attr, arg-type]


def exact_quotient(numerator: ExactIntegers, denominator: ExactIntegers) -> NDArray[np.float64]:
    """Divide whole numbers, each quotient the nearest float64; NaN where the denominator is 0.

    Examples
    --------
    >>> top = ExactIntegers(np.array([1, 10**30 + 1, 5], dtype=object))
    >>> exact_quotient(top, ExactIntegers(np.array([3, 10**30, 0], dtype=object)))
    array([0.33333333, 1.        ,        nan])
    """
    top, bottom = numerator.values, denominator.values
    quotient = np.full(top.shape, np.nan)
    if numerator.bound <= EXACT_FLOAT_BOUND and denominator.bound <= EXACT_FLOAT_BOUND:
        divisor = bottom.astype(np.float64)
        np.divide(top.astype(np.float64), divisor, out=quotient, where=divisor != 0.0)
        return quotient + 0.0
    quotient[...] = [_divide(a, b) for a, b in zip(top.tolist(), bottom.tolist(), strict=True)]
    return quotient + 0.0


def _divide(top: int, bottom: int) -> float:
    """Divide two Python integers; the language rounds the quotient correctly whatever their size."""
    return top / bottom if bottom else float("nan")


def exact_array(numbers: Sequence[int]) -> ExactIntegers:
    """Hold Python integers as an array, 64-bit if all fit.

    Examples
    --------
    >>> exact_array([1, 2]).values.dtype
    dtype('int64')
    """
    try:
        return ExactIntegers(np.array(numbers, dtype=np.int64))
    except OverflowError:
        return ExactIntegers(np.array(numbers, dtype=object))
