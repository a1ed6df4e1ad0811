"""Many primitives of one applicant at once: sums, extremes and order statistics over the later part of many series.

A series is a subject's records with a measure; a window is what lies at or after its start. Records are cut at the starts of
windows into disjoint rings, each reduced once for all series; rings are then cumulated from the most recent backwards. Sums of one
ring fit 63 bits because rings are cut at :data:`CHUNK` records too; where the cumulated sums could pass them, terms are taken in
halves and joined in Python integers.

Reading order: :class:`History`, :class:`Sums`, :class:`Extremes`, :class:`OrderStatistics`, :class:`Positions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.intp]

_INT64 = 2**63 - 1
#: Whole numbers up to this are exact in float64.
_EXACT = 2**53
#: Elements of the largest table kept from call to call (8 MB).
_MOST_KEPT = 1 << 20
#: Records handled at once: small enough for the processor's cache, and for sums of halves to fit 63 bits.
CHUNK = 1024
#: Below this product of records and largest value no sum is wide: neither squares nor products with ages.
_NARROW = 2**31
#: Values of at most 10**15 are split in halves of this many bits.
_HALF_BITS = 25


class Scratch:
    """Memory used again from call to call: fresh memory costs more than the arithmetic done in it."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: dict[str, Integers] = {}

    def table(self, name: str, n_rows: int, n_columns: int) -> Integers:
        """Return a table of that shape with any content; the next call under this name takes it back.

        Large tables are not kept: one long history must not hold memory for ever.
        """
        size = n_rows * n_columns
        if size > _MOST_KEPT:
            return np.empty((n_rows, n_columns), dtype=np.int64)
        block = self._blocks.get(name)
        if block is None or block.size < size:
            block = self._blocks[name] = np.empty(size, dtype=np.int64)
        return block[:size].reshape(n_rows, n_columns)

    def floats(self, name: str, n_rows: int, n_columns: int) -> NDArray[np.float64]:
        """Return such a table of float64."""
        return self.table(name, n_rows, n_columns).view(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One primitive: which subject (row of masks), which measure (row of values; -1 for the record itself), which window."""

    kind: str
    subject: int
    measure: int
    window: int

    @property
    def series(self) -> tuple[int, int]:
        """Subject and measure."""
        return self.subject, self.measure


class History:
    """One source of one applicant, in order of time.

    Parameters
    ----------
    masks : ndarray of bool, shape (n_subjects, n)
        Which records belong to each subject.
    values : ndarray of int64, shape (n_measures, n)
        0 where there is no value.
    present : ndarray of bool, shape (at least n_measures + 1, n)
        Where values are; the last row, for the record itself, is true throughout.
    ages : ndarray of int64, shape (n,)
        Days before the application, never rising.
    scratch : Scratch
        Memory for tables; no other thread uses it meanwhile.
    """

    __slots__ = (
        "ages",
        "edges",
        "masks",
        "n",
        "oldest",
        "peaks",
        "present",
        "rings",
        "scratch",
        "starts",
        "values",
    )

    def __init__(
        self, masks: Flags, values: Integers, present: Flags, ages: Integers, scratch: Scratch
    ) -> None:
        self.masks, self.values, self.present, self.ages = masks, values, present, ages
        self.scratch, self.n = scratch, ages.size
        self.peaks: list[int] = np.maximum.reduce(np.abs(values), axis=1).tolist()
        self.oldest = max(abs(int(ages[0])), abs(int(ages[-1])))

    def cut(self, earliest: Integers) -> None:
        """Cut the history at the starts of windows, given the negated length of each."""
        #: for each window, its first record; n where it is empty
        self.starts = (-self.ages).searchsorted(earliest)
        cuts = {*self.starts.tolist(), *range(0, self.n, CHUNK)} - {self.n}
        self.edges = np.array(sorted(cuts), dtype=np.intp)
        #: for each window, its first ring; one past the last ring where it is empty
        self.rings = self.edges.searchsorted(self.starts)

    def chunks(self) -> list[tuple[slice, Places]]:
        """Return parts of the history, each with the starts of its rings."""
        if self.n <= CHUNK:
            return [(slice(None), self.edges)]
        bounds = np.arange(0, self.n, CHUNK)
        parts = np.split(self.edges, np.searchsorted(self.edges, bounds[1:]))
        return [
            (slice(int(low), int(low) + CHUNK), part - low) for low, part in zip(bounds, parts, strict=True)
        ]

    def gather(self, name: str, measures: Places, part: slice) -> Integers:
        """Return values of some measures within a part of the history, in a table of the scratch memory."""
        values = self.values[:, part]
        table = self.scratch.table(name, measures.size, values.shape[1])
        np.take(values, measures, axis=0, out=table, mode="clip")
        return table

    def inside(self, subjects: Places, measures: Places, part: slice) -> Flags:
        """Return masks of some series within a part of the history."""
        chosen: Flags = self.masks[subjects, part]
        chosen &= self.present[measures, part]
        return chosen


def _rows_of(places: list[int]) -> slice | Places:
    """Return what chooses rows of a table: a slice where they lie together, which copies nothing."""
    if places and places[0] >= 0 and places == list(range(places[0], places[-1] + 1)):
        return slice(places[0], places[-1] + 1)
    return np.array(places, dtype=np.intp)


def _tails(rings: NDArray[Any], combine: np.ufunc, nothing: int) -> NDArray[Any]:
    """Combine rings from the most recent backwards; the last column is the tail that holds no record."""
    tails = np.empty((rings.shape[0], rings.shape[1] + 1), dtype=rings.dtype)
    tails[:, -1] = nothing
    combine.accumulate(rings[:, ::-1], axis=1, out=tails[:, -2::-1])
    return tails


def _distinct(requests: Sequence[Request]) -> tuple[Places, Places, Places]:
    """Return subjects and measures of the distinct series, and each request's place among them."""
    series = list(dict.fromkeys(request.series for request in requests))
    places = {key: place for place, key in enumerate(series)}
    return (
        np.array([subject for subject, _ in series], dtype=np.intp),
        np.array([measure for _, measure in series], dtype=np.intp),
        np.array([places[request.series] for request in requests], dtype=np.intp),
    )


# ---- sums --------------------------------------------------------------------------------------------------------

COUNTED, AGED, VALUED = ("n",), ("t", "tt"), ("s", "q", "tx")
SUMMED = (*COUNTED, *AGED, *VALUED)
#: Squares are added in two parts: this many low bits, and the rest.
_LOW_BITS = 26
_LOW_MASK = np.int64((1 << _LOW_BITS) - 1)


class Sums:
    """Counts, sums, sums of squares and of ages of every subject: one product of matrices per ring.

    Terms are whole numbers; as long as the magnitudes of a sum add up to less than 2**53, float64 holds every step exactly,
    in whatever order a matrix product adds. Where they could not, a kind is summed again in halves, see :meth:`_wide_tails`.
    """

    def __init__(self, requests: Sequence[Request]) -> None:
        self._subjects, self._measures, places = _distinct(requests)
        self._series: dict[str, Places] = {}
        terms: dict[str, list[int]] = {}
        for kind in SUMMED:
            own = {place: None for r, place in zip(requests, places.tolist(), strict=True) if r.kind == kind}
            self._series[kind] = np.array(list(own), dtype=np.intp)
            terms[kind] = sorted(set(self._measures[self._series[kind]].tolist()))
        self._terms = {kind: _rows_of(measures) for kind, measures in terms.items()}
        #: rows of the table of terms; the upper parts of squares come last
        self._slices: dict[str, slice] = {}
        rows = 0
        for kind in (*SUMMED, "upper"):
            size = len(terms["q" if kind == "upper" else kind])
            self._slices[kind] = slice(rows, rows + size)
            rows += size
        self._n_terms = rows
        self._asked_subjects = np.array([request.subject for request in requests], dtype=np.intp)
        self._asked_terms = np.array(
            [self._slices[r.kind].start + terms[r.kind].index(r.measure) for r in requests], dtype=np.intp
        )
        self._windows = np.array([request.window for request in requests], dtype=np.intp)
        self._asked = {
            kind: np.array([at for at, r in enumerate(requests) if r.kind == kind], dtype=np.intp)
            for kind in VALUED
        }
        self._measured = {kind: terms[kind] for kind in VALUED}
        self._has = {kind: bool(measures) for kind, measures in terms.items()}
        self._places = places
        self._to_upper = self._slices["upper"].start - self._slices["q"].start

    def __call__(self, history: History) -> list[int]:
        """Return one number per request."""
        tails, wide = self._tails(history), self._wide_kinds(history)
        rings = history.rings[self._windows]
        exact = tails[rings, self._asked_subjects, self._asked_terms]
        for kind in wide:
            exact[self._asked[kind]] = 0  # no whole number of 64 bits may hold it
        found = exact.astype(np.int64)
        squared = self._asked["q"]
        if squared.size and "q" not in wide:
            upper = self._asked_terms[squared] + self._to_upper
            parts = tails[rings[squared], self._asked_subjects[squared], upper]
            found[squared] += parts.astype(np.int64) << _LOW_BITS
        numbers: list[int] = found.tolist()
        for kind in wide:
            own = self._asked[kind]
            rows = np.searchsorted(np.sort(self._series[kind]), self._places[own])
            sums = self._wide_tails(history, kind)[rows, rings[own]].tolist()
            for place, number in zip(own.tolist(), sums, strict=True):
                numbers[place] = number
        return numbers

    def _tails(self, history: History) -> NDArray[np.float64]:
        """Return sums over every tail, by ring, subject and term; meaningless where a kind is wide."""
        rings = np.empty((history.edges.size, history.masks.shape[0], self._n_terms))
        place = 0
        for part, edges in history.chunks():
            terms, masks = self._table(history, part).T, history.masks[:, part].astype(np.float64)
            for start, end in pairwise([*edges.tolist(), len(terms)]):
                np.matmul(masks[:, start:end], terms[start:end], out=rings[place])
                place += 1
        # each tail is the sum of its ring and of those after it; the last tail holds no record
        return (_later(place) @ rings.reshape(place, -1)).reshape(place + 1, *rings.shape[1:])

    def _table(self, history: History, part: slice) -> NDArray[np.float64]:
        """Return the terms of a part of the history; a value that is not there gives 0."""
        ages, at, of = history.ages[part], self._slices, self._terms
        present, values = history.present[:, part], history.values[:, part]
        table = history.scratch.floats("terms", self._n_terms, ages.size)
        table[at["n"]] = present[of["n"]]
        if self._has["t"]:
            np.multiply(present[of["t"]], ages, out=table[at["t"]])
        if self._has["tt"]:
            np.multiply(present[of["tt"]], ages * ages, out=table[at["tt"]])
        if self._has["s"]:
            table[at["s"]] = values[of["s"]]
        if self._has["q"]:
            squares = values[of["q"]]
            squares = squares * squares
            table[at["upper"]] = squares >> _LOW_BITS
            squares &= _LOW_MASK
            table[at["q"]] = squares
        if self._has["tx"]:
            np.multiply(values[of["tx"]], ages, out=table[at["tx"]])
        return table

    def _wide_kinds(self, history: History) -> list[str]:
        """Return the kinds whose sums could pass what float64 holds, or squares what 63 bits hold."""
        if history.n * max(history.peaks, default=0) <= _NARROW:
            return []
        found = []
        for kind in VALUED:
            peak = max(map(history.peaks.__getitem__, self._measured[kind]), default=0)
            limit, most = {
                "s": (peak, _EXACT),
                "q": (peak * peak, _INT64),
                "tx": (peak * history.oldest, _EXACT),
            }[kind]
            if limit * history.n > most:
                found.append(kind)
        return found

    def _wide_tails(self, history: History, kind: str) -> NDArray[Any]:
        """Return sums over every tail in Python integers, from sums of halves that fit 63 bits in each ring."""
        own = np.sort(self._series[kind])
        found: list[NDArray[Any]] = []
        for part, edges in history.chunks():
            mask = history.inside(self._subjects[own], self._measures[own], part)
            x, ages = history.values[self._measures[own], part] * mask, history.ages[part]
            high, low = x >> _HALF_BITS, x & (1 << _HALF_BITS) - 1
            parts = {
                "s": ((0, x),),
                "q": ((2 * _HALF_BITS, high * high), (_HALF_BITS + 1, high * low), (0, low * low)),
                "tx": ((_HALF_BITS, high * ages), (0, low * ages)),
            }[kind]
            sums = [np.add.reduceat(x, edges, axis=1).astype(object) << shift for shift, x in parts]
            found.append(np.add.reduce(sums))
        return _tails(np.concatenate(found, axis=1), np.add, 0)


@lru_cache(maxsize=16)
def _later(n_rings: int) -> NDArray[np.float64]:
    """Return the matrix that adds to each ring those after it."""
    return np.triu(np.ones((n_rings + 1, n_rings)))


# ---- extremes ----------------------------------------------------------------------------------------------------


class Extremes:
    """Smallest and largest values: a smallest value is the negated largest of negated values."""

    def __init__(self, requests: Sequence[Request]) -> None:
        signed = sorted({(request.kind == "min", request.series) for request in requests})
        places = {key: place for place, key in enumerate(signed)}
        self._subjects = np.array([series[0] for _, series in signed], dtype=np.intp)
        self._measures = np.array([series[1] for _, series in signed], dtype=np.intp)
        self._n_largest = sum(not is_least for is_least, _ in signed)
        self._rows = np.array([places[r.kind == "min", r.series] for r in requests], dtype=np.intp)
        self._signs = np.array([-1 if r.kind == "min" else 1 for r in requests], dtype=np.int64)
        self._windows = np.array([request.window for request in requests], dtype=np.intp)

    def __call__(self, history: History) -> list[int]:
        """Return one number per request; 0 where the series is empty."""
        found = []
        for part, edges in history.chunks():
            values = history.gather("extremes", self._measures, part)
            least = values[self._n_largest :]
            np.negative(least, out=least)
            # a product, because choosing by a random mask costs the processor many times as much
            values += _LIFT
            values *= history.inside(self._subjects, self._measures, part)
            found.append(np.maximum.reduceat(values, edges, axis=1))
        rings = found[0] if len(found) == 1 else np.concatenate(found, axis=1)
        tails = _tails(rings, np.maximum, 0)[self._rows, history.rings[self._windows]]
        is_there = tails > 0
        tails -= _LIFT
        tails *= self._signs
        tails *= is_there
        numbers: list[int] = tails.tolist()
        return numbers


#: Makes every value positive, so that 0 stands for "not in the series".
_LIFT = 1 << 51

# ---- order statistics ----------------------------------------------------------------------------------------------

#: Values of one cell lie in a range of this size of their own, so that all cells are sorted at once.
_CELL = 1 << 51
#: Cells that fit 63 bits so.
_MOST_CELLS = 1 << 11


class _Cells:
    """Quantiles and numbers of different values of some series and windows: all sorted as one list, cell after cell."""

    def __init__(self, requests: Sequence[Request], percents: Sequence[int | None]) -> None:
        keys = list(dict.fromkeys((request.window, request.series) for request in requests))
        cell_of = [keys.index((request.window, request.series)) for request in requests]
        self._subjects = np.array([series[0] for _, series in keys], dtype=np.intp)
        self._measures = np.array([series[1] for _, series in keys], dtype=np.intp)
        self._windows = np.array([window for window, _ in keys], dtype=np.intp)
        self._bases = np.arange(len(keys), dtype=np.int64) * _CELL
        quantiles = [at for at, percent in enumerate(percents) if percent is not None]
        counts = [at for at, percent in enumerate(percents) if percent is None]
        self._cells = np.array([cell_of[at] for at in quantiles], dtype=np.intp)
        self._counted = np.array([cell_of[at] for at in counts], dtype=np.intp)
        self._percents = np.array([percents[at] for at in quantiles], dtype=np.int64)
        self._own_bases = self._bases[self._cells]
        self._back = [[*quantiles, *counts].index(at) for at in range(len(percents))]

    def __call__(self, history: History, first: int) -> list[Any]:
        """Return one number or pair per request, from the records at or after the first."""
        part = slice(first, None)
        inside = history.inside(self._subjects, self._measures, part)
        if first == 0:
            inside &= (np.arange(history.n) >= history.starts[:, None])[self._windows]
        values = history.gather("sorted", self._measures, part)
        values += self._bases[:, None]
        chosen = inside.ravel().nonzero()[0]
        ordered = values.ravel().take(chosen)
        ordered.sort()
        borders = chosen.searchsorted(np.arange(len(inside) + 1) * inside.shape[1])
        found = self._neighbours(ordered, borders) if self._cells.size else []
        if self._counted.size:
            found += self._differing(ordered, borders)
        return [found[at] for at in self._back]

    def _neighbours(self, ordered: Integers, borders: Places) -> list[Any]:
        """Return the two order statistics between which each quantile lies; 0 where there is no value."""
        if not ordered.size:
            return [(0, 0)] * self._cells.size
        starts = borders[self._cells]
        last = borders[1:][self._cells] - starts - 1
        low = last * self._percents // 100
        places = np.array([low, np.minimum(low + 1, last)])
        places += starts
        # the place before an empty cell is another cell's, or leads to the end of the list: it is not looked at
        found = ordered.take(places, mode="wrap")
        found -= self._own_bases
        found *= last >= 0
        return list(zip(*found.tolist(), strict=True))

    def _differing(self, ordered: Integers, borders: Places) -> list[Any]:
        """Count where the sorted list changes within each cell."""
        changes = np.zeros(ordered.size + 1, dtype=np.int64)
        np.cumsum(ordered[1:] != ordered[:-1], out=changes[2:])
        starts, ends = borders[self._counted], borders[1:][self._counted]
        differing = changes[ends] - changes[np.minimum(starts + 1, ordered.size)] + 1
        found: list[Any] = (differing * (ends > starts)).tolist()
        return found


class OrderStatistics:
    """Quantiles and numbers of different values; a long history is sorted window by window."""

    def __init__(self, requests: Sequence[Request], percents: Sequence[int | None]) -> None:
        places: dict[int, list[int]] = {}
        for place, request in enumerate(requests):
            places.setdefault(request.window, []).append(place)

        def cells(places: Sequence[int]) -> list[tuple[Sequence[int], _Cells]]:
            parts = [places[at : at + _MOST_CELLS] for at in range(0, len(places), _MOST_CELLS)]
            return [
                (own, _Cells([requests[at] for at in own], [percents[at] for at in own])) for own in parts
            ]

        self._all = cells(range(len(requests)))
        self._by_window = [(window, *part) for window, own in places.items() for part in cells(own)]
        self._nothing = [0 if percent is None else (0, 0) for percent in percents]

    def __call__(self, history: History) -> list[Any]:
        """Return per request how many values differ, or the two order statistics between which a quantile lies."""
        if history.n <= CHUNK:
            return [value for _, cells in self._all for value in cells(history, 0)]
        found = list(self._nothing)
        for window, places, cells in self._by_window:
            first = int(history.starts[window])
            if first < history.n:
                for place, value in zip(places, cells(history, first), strict=True):
                    found[place] = value
        return found


# ---- positions ---------------------------------------------------------------------------------------------------


class Positions:
    """What depends on the order of records: the most recent value, and records in a row."""

    def __init__(self, requests: Sequence[Request]) -> None:
        by_kind = {kind: [at for at, r in enumerate(requests) if r.kind == kind] for kind in POSITIONED}
        last = [requests[at] for at in by_kind["last"]]
        self._subjects = np.array([request.subject for request in last], dtype=np.intp)
        self._measures = np.array([request.measure for request in last], dtype=np.intp)
        self._each = np.arange(len(last))
        self._leads = np.array([requests[at].subject for at in by_kind["lead"]], dtype=np.intp)
        self._runs = [(requests[at].subject, requests[at].window) for at in by_kind["longest"]]
        order = [at for kind in POSITIONED for at in by_kind[kind]]
        self._back = sorted(range(len(order)), key=order.__getitem__)

    def __call__(self, history: History) -> list[int]:
        """Return one number per request."""
        found = self._last(history) if self._each.size else []
        if self._leads.size:
            found += _leads(history.masks[self._leads])
        starts = history.starts
        found += [_longest(history.masks[subject, starts[window] :]) for subject, window in self._runs]
        return [found[at] for at in self._back]

    def _last(self, history: History) -> list[int]:
        mask = history.inside(self._subjects, self._measures, slice(None))
        place = history.n - 1 - mask[:, ::-1].argmax(axis=1)
        values = history.values[self._measures, place]
        values *= mask[self._each, place]
        found: list[int] = values.tolist()
        return found


POSITIONED = ("last", "lead", "longest")


def _leads(masks: Flags) -> list[int]:
    """Count records that meet the conditions, back from the most recent to the first that does not."""
    gaps = ~masks[:, ::-1]
    places = gaps.argmax(axis=1)
    n = masks.shape[1]
    return [
        place if place or gap else n for place, gap in zip(places.tolist(), gaps[:, 0].tolist(), strict=True)
    ]


def _longest(mask: Flags) -> int:
    """Return the length of the longest run: what lies between the zero bytes of the mask."""
    return max(map(len, mask.tobytes().split(b"\0")))
