"""A variable sorted once, so that goods and bads below any cut cost one binary search.

Sorting all values and, apart, the values of the bads needs no index array: two plain sorts are several times quicker
than one sort that carries the outcome along. Of half a million rows and more the values are sorted in single precision, which takes
two thirds of the time: cuts then lie between values that differ there, and what lies below a cut is still counted exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SINGLE_PRECISION_FROM = 500_000
"""Rows from which :meth:`SortedOutcome.split` sorts in single precision; below, a double-precision sort costs little."""
_SAMPLE = 2000
_BLOCK = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsBelow:
    """Cumulated goods and bads strictly below each cut; weights and rows.

    Attributes
    ----------
    goods, bads : ndarray of float64, shape (n_cuts,)
        Sums of weights (rows where no weights were given).
    n_goods, n_bads : ndarray of float64, shape (n_cuts,)
        Rows.
    """

    goods: NDArray[np.float64]
    bads: NDArray[np.float64]
    n_goods: NDArray[np.float64]
    n_bads: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedColumn:
    """A column beside its values in single precision, to find again what was rounded away.

    Attributes
    ----------
    raw : ndarray of float64, shape (n_rows,)
    single : ndarray of float32, shape (n_rows,)
    """

    raw: NDArray[np.float64]
    single: NDArray[np.float32]

    @classmethod
    def of(cls, raw: NDArray[np.float64]) -> RoundedColumn | None:
        """Round a column; None where a sample shows that this makes distinct values equal."""
        sample = np.sort(raw[:: max(1, len(raw) // _SAMPLE)])
        with np.errstate(over="ignore"):
            if _n_distinct(sample.astype(np.float32)) < 0.99 * _n_distinct(sample):
                return None
            return cls(raw=raw, single=raw.astype(np.float32))

    def is_exact(self) -> bool:
        """Whether nothing was rounded away; a missing value counts as rounded. Most columns show it in their first rows."""
        blocks = range(0, len(self.raw), _BLOCK)
        return all(bool((self.raw[at : at + _BLOCK] == self.single[at : at + _BLOCK]).all()) for at in blocks)

    def raw_of(self, value: float) -> NDArray[np.float64]:
        """Return all raw values rounded to one single-precision number."""
        return self.raw[np.flatnonzero(self.single == np.float32(value))]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedOutcome:
    """Sorted values of all rows and of the bad rows, with cumulated weights where weights were given.

    Attributes
    ----------
    values : ndarray of float64 or float32, shape (n_rows,), ascending
    bad_values : ndarray of the same type, shape (n_bads,), ascending
    weights_below, bad_weights_below : ndarray of float64, shape (n + 1,), optional
        Weight of the first i rows.
    rounded : RoundedColumn, optional
        Where values are single precision: the column they come from.
    """

    values: NDArray[np.floating]
    bad_values: NDArray[np.floating]
    weights_below: NDArray[np.float64] | None = None
    bad_weights_below: NDArray[np.float64] | None = None
    rounded: RoundedColumn | None = None

    @classmethod
    def build(
        cls, values: NDArray[np.float64], is_bad: NDArray[np.bool_], weight: NDArray[np.float64] | None = None
    ) -> SortedOutcome:
        """Sort finite values once.

        Examples
        --------
        >>> s = SortedOutcome.build(np.array([3.0, 1.0, 2.0]), np.array([True, False, False]))
        >>> s.below(np.array([2.0, 4.0])).bads.tolist()
        [0.0, 1.0]
        """
        if weight is None:
            return cls(values=np.sort(values), bad_values=np.sort(values[is_bad]))
        order = np.argsort(values, kind="stable")
        ordered, bad, w = values[order], is_bad[order], weight[order]
        return cls(
            values=ordered,
            bad_values=ordered[bad],
            weights_below=np.concatenate([[0.0], np.cumsum(w)]),
            bad_weights_below=np.concatenate([[0.0], np.cumsum(w[bad])]),
        )

    @classmethod
    def split(
        cls,
        values: NDArray[np.float64],
        bad_rows: NDArray[np.intp],
        code_groups: tuple[tuple[float, ...], ...],
        *,
        may_round: bool = True,
    ) -> tuple[SortedOutcome, NDArray[np.float64]]:
        """Sort without masks: missing values end up last and special codes side by side, so both are cut out.

        Parameters
        ----------
        values : ndarray of float64, shape (n_rows,)
            NaN is missing.
        bad_rows : ndarray of int
            Places of the bads.
        code_groups : tuple of tuple of float
            Special codes, by group.
        may_round : bool
            Whether many rows may be sorted in single precision.

        Returns
        -------
        SortedOutcome
            Of the ordinary values.
        counts : ndarray of float64, shape (4, 1 + n_groups)
            Goods, bads, rows of goods, rows of bads: missing, then each group.

        Examples
        --------
        >>> x = np.array([3.0, np.nan, -9.0, 1.0])
        >>> ordinary, counts = SortedOutcome.split(x, np.array([1, 3]), ((-9.0,),))
        >>> ordinary.values.tolist(), counts[:2].tolist()
        ([1.0, 3.0], [[0.0, 1.0], [1.0, 0.0]])
        """
        rounded = RoundedColumn.of(values) if may_round and len(values) >= SINGLE_PRECISION_FROM else None
        everything: NDArray[np.floating] = values.copy() if rounded is None else rounded.single.copy()
        bads = everything.take(bad_rows, mode="clip")
        everything.sort()
        bads.sort()
        everything, n_missing = _without_missing(everything)
        bads, n_missing_bads = _without_missing(bads)
        if rounded is not None and not _is_sound(rounded, everything, code_groups):
            return cls.split(values, bad_rows, code_groups, may_round=False)
        counts = [(n_missing - n_missing_bads, n_missing_bads)]
        for group in code_groups:
            n_rows, n_bads = len(everything), len(bads)
            for code in group:
                everything, bads = _without(everything, code), _without(bads, code)
            n_bads -= len(bads)
            counts.append((n_rows - len(everything) - n_bads, n_bads))
        table = np.array(counts, dtype=np.float64).T
        return cls(values=everything, bad_values=bads, rounded=rounded), np.concatenate([table, table])

    def below(self, cuts: NDArray[np.float64]) -> CountsBelow:
        """Count goods and bads strictly below each cut."""
        table = self.table_below(cuts)
        return CountsBelow(goods=table[0], bads=table[1], n_goods=table[-2], n_bads=table[-1])

    def table_below(
        self, cuts: NDArray[np.float64], n_all: NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Count strictly below each cut: goods, bads, rows of goods, rows of bads; the last two rows are always the rows.

        Parameters
        ----------
        cuts : ndarray of float64, shape (n_cuts,)
            Where ``values`` are single precision: some of them, or infinite.
        n_all : ndarray of int, shape (n_cuts,), optional
            Rows below each cut, where the caller knows them.

        Returns
        -------
        ndarray of float64, shape (4, n_cuts), or (2, n_cuts) where every row counts once
        """
        places = cuts.astype(self.values.dtype, copy=False)
        if n_all is None:
            n_all = self.values.searchsorted(places, side="left")
        n_bad = self.bad_values.searchsorted(places, side="left")
        plain = self.weights_below is None or self.bad_weights_below is None
        table = np.empty((2 if plain else 4, len(cuts)))
        table[-2], table[-1] = n_all - n_bad, n_bad
        if self.weights_below is not None and self.bad_weights_below is not None:
            table[1] = self.bad_weights_below[n_bad]
            table[0] = self.weights_below[n_all] - table[1]
        return table

    def rows_below_values(self, first: int, last: int, step: int) -> NDArray[np.intp]:
        """Count the rows below the values in places first, first + step, ... up to last; ``first`` is at least 1.

        A value that differs from the one before it has as many rows below as its place says; only ties are searched.
        """
        rows = np.arange(first, last + 1, step)
        value = self.values[first : last + 1 : step]
        tied = value == self.values[first - 1 : last : step]
        if tied.any():
            rows[tied] = self.values.searchsorted(value[tied], side="left")
        return rows

    def quantile_cuts(self, n_cells: int) -> NDArray[np.float64]:
        """Return distinct values that split the rows into about equal cells; each cut has rows on both sides.

        Few distinct values are all returned (but the smallest), however unevenly the rows are spread. A value held by more
        rows than a cell has a cut on either side.
        """
        n = len(self.values)
        if n == 0:
            return np.empty(0)
        distinct = self._few_distinct(n_cells)
        if distinct is not None:
            return distinct[1:]
        at = (np.arange(1, n_cells, dtype=np.int64) * n) // n_cells
        marks = self.values[at]
        # a value that fills whole cells hides its right-hand border, the next larger value: zeros and what is above them
        heavy = np.unique(marks[1:][marks[1:] == marks[:-1]])
        after = self.values.searchsorted(heavy, side="right")
        cuts = np.unique(np.concatenate([marks, self.values[after[after < n]]]))
        return np.asarray(cuts[cuts > self.values[0]], dtype=np.float64)

    def _few_distinct(self, limit: int) -> NDArray[np.float64] | None:
        """Return all distinct values if there are at most ``limit + 1``, found by jumps through the sorted values."""
        sample = self.values[:: max(1, len(self.values) // (2 * limit))]
        if np.count_nonzero(sample[1:] != sample[:-1]) > limit:
            return None
        found: list[float] = []
        position, n = 0, len(self.values)
        while position < n:
            if len(found) > limit:
                return None
            value = self.values[position]
            found.append(float(value))
            position = int(self.values.searchsorted(value, side="right"))
        return np.array(found, dtype=np.float64)

    def value_before(self, cut: float) -> float:
        """Return the largest value strictly below a cut that has rows below it."""
        return float(self.values[self.values.searchsorted(self.values.dtype.type(cut), side="left") - 1])


def _n_distinct(ordered: NDArray[np.floating]) -> int:
    return int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def _is_sound(
    rounded: RoundedColumn, ordered: NDArray[np.floating], code_groups: tuple[tuple[float, ...], ...]
) -> bool:
    """Whether nothing has been rounded to infinity, and nothing else to a special code."""
    if len(ordered) and np.isinf(ordered[[0, -1]]).any():
        return False
    for code in (code for group in code_groups for code in group):
        value = np.float32(code)
        at = int(ordered.searchsorted(value, side="left"))
        if at < len(ordered) and ordered[at] == value and (rounded.raw_of(code) != code).any():
            return False
    return True


def _without_missing(ordered: NDArray[np.floating]) -> tuple[NDArray[np.floating], int]:
    """Cut off the missing values, which sort last, and count them."""
    if len(ordered) == 0 or not np.isnan(ordered[-1]):
        return ordered, 0
    n = int(ordered.searchsorted(ordered.dtype.type(np.nan), side="left"))
    return ordered[:n], len(ordered) - n


def _without(ordered: NDArray[np.floating], code: float) -> NDArray[np.floating]:
    value = ordered.dtype.type(code)
    first, last = ordered.searchsorted(value, side="left"), ordered.searchsorted(value, side="right")
    if first == last:
        return ordered
    if first == 0:
        return ordered[last:]
    return ordered[:first] if last == len(ordered) else np.concatenate([ordered[:first], ordered[last:]])
