"""Columns of loans: the checks and kernels that the tables share.

Read :func:`refuse` (errors that count loans), then :func:`power_and_sum`. Elementwise only: a row's result depends on that
row alone, whatever its neighbours or the length of the array.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import LoanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike

IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]

_MOST_THREADS = 64


def chunks(n_rows: int, size: int) -> Iterator[slice]:
    """Yield consecutive slices of rows, small enough for the processor's cache."""
    for low in range(0, n_rows, size):
        yield slice(low, low + size)


def for_each(work: Callable[[slice], None], parts: Iterable[slice], n_threads: int) -> None:
    """Do some work on every part, in threads if asked for; parts must not touch each other (``CR-LON-015``)."""
    if isinstance(n_threads, bool) or n_threads not in range(1, _MOST_THREADS + 1):
        raise LoanError(f"n_threads must be a whole number from 1 to {_MOST_THREADS}.", code="CR-LON-015")
    if n_threads == 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, parts))


def whole_numbers(values: ArrayLike, name: str) -> IntArray:
    """Return a column of whole numbers, or refuse it (``CR-LON-008``)."""
    array = np.asarray(values)
    if array.ndim > 1 or not (np.issubdtype(array.dtype, np.integer) or array.size == 0):
        raise LoanError(
            f"{name} must be whole numbers in one dimension. Got {array.dtype} in {array.ndim} dimensions. "
            "Hint: minor units and millionths, rounded by the caller; NaN has no place in money.",
            code="CR-LON-008",
        )
    return np.ascontiguousarray(array, dtype=np.int64).reshape(array.shape)


def as_column(values: ArrayLike, name: str, shape: tuple[int, ...]) -> IntArray:
    """Return one whole number per loan, from as many or from a single one (``CR-LON-008``)."""
    column = whole_numbers(values, name)
    if column.size != 1 and column.shape != shape:
        raise LoanError(
            f"{name} must have one entry, or one per loan. Got {column.size} for {shape[0]} loans.",
            code="CR-LON-008",
        )
    return np.broadcast_to(column, shape)


def rectangle(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return rows as one array; rows of different lengths are filled up with zeros at their ends (``CR-LON-008``)."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values
    try:
        rows = [np.atleast_1d(np.asarray(row)) for row in values]  # type: ignore[union-attr]
        lengths = np.array([row.size for row in rows])
        if lengths.size == 0 or (lengths == lengths[0]).all():
            return np.asarray(values if not isinstance(values, np.ndarray) else np.stack(rows))
        flat = np.concatenate(rows)
    except (TypeError, ValueError) as error:
        raise LoanError(f"{name} must be rows of whole numbers.", code="CR-LON-008") from error
    filled = np.zeros((len(rows), lengths.max()), dtype=flat.dtype)
    filled[np.arange(lengths.max()) < lengths[:, None]] = flat
    return filled


def refuse(is_offending: NDArray[np.bool_], rule: str, code: str) -> None:
    """Raise if any loan breaks a rule, saying how many and which first."""
    if is_offending.any():
        raise LoanError(
            f"{rule}: broken by {int(is_offending.sum())} of {is_offending.size} loans, first at row "
            f"{int(np.argmax(is_offending))}.",
            code=code,
            context={"n_offending": int(is_offending.sum())},
        )


def power_and_sum(growth: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Return ``growth**n`` and ``1 + growth + ... + growth**(n - 1)`` by doubling: products and sums only."""
    power, total = growth.copy(), np.ones_like(growth)
    one_more = np.empty_like(growth)
    for bit in bin(n)[3:]:
        np.add(power, 1.0, out=one_more)
        total *= one_more
        power *= power
        if bit == "1":
            total += power
            power *= growth
    return power, total
