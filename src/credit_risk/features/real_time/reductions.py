"""Many primitives of one applicant at once: sums, extremes and order statistics over the later part of many series.

A series is a subject's records with a measure; a window is what lies at or after its start. Records are cut at the starts of
windows into disjoint rings, each reduced once for all series; rings are then cumulated from the most recent backwards. Sums of one
ring fit 63 bits because rings are cut at :data:`CHUNK` records too; where the cumulated sums could pass them, terms are taken in
halves and joined in Python integers.

Reading order: :class:`History`, :class:`Sums`, :class:`Extremes`, :class:`OrderStatistics`, :class:`Positions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.intp]

_INT64 = 2**63 - 1
#: Stands for "not in the series"; no value comes near it.
_FAR = 2**62
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
    present : ndarray of bool, shape (n_measures + 1, n)
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
        self.peaks = np.maximum(values.max(axis=1), -values.min(axis=1)).tolist() if len(values) else []
        self.oldest = max(abs(int(ages[0])), abs(int(ages[-1])))

    def cut(self, earliest: Integers) -> None:
        """Cut the history at the starts of windows, given the negated length of each."""
        #: for each window, its first record; n where it is empty
        self.starts = np.searchsorted(-self.ages, earliest)
        cuts = {*self.starts.tolist(), *range(0, self.n, CHUNK)} - {self.n}
        self.edges = np.array(sorted(cuts), dtype=np.intp)
        #: for each window, its first ring; one past the last ring where it is empty
        self.rings = np.searchsorted(self.edges, self.starts)

    def peak(self, measures: Iterable[int]) -> int:
        """Return the largest magnitude among some measures."""
        return max((self.peaks[measure] for measure in measures), default=0)

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


class Sums:
    """Counts, sums, sums of squares and of ages: one table of terms, reduced once."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._subjects, self._measures, places = _distinct(requests)
        rows: dict[tuple[str, int], int] = {}
        self._slices: dict[str, slice] = {}
        for kind in SUMMED:
            own = sorted(
                {place for r, place in zip(requests, places.tolist(), strict=True) if r.kind == kind}
            )
            self._slices[kind] = slice(len(rows), len(rows) + len(own))
            rows |= {(kind, place): len(rows) + rank for rank, place in enumerate(own)}
        self._series = np.array([place for _, place in rows], dtype=np.intp)
        self._rows = np.array(
            [rows[r.kind, place] for r, place in zip(requests, places.tolist(), strict=True)], dtype=np.intp
        )
        self._windows = np.array([request.window for request in requests], dtype=np.intp)
        self._valued = slice(self._slices["s"].start, self._slices["tx"].stop)
        self._of_values = self._measures[self._series[self._valued]]

    def __call__(self, history: History) -> list[int]:
        """Return one number per request."""
        found = [self._ring_sums(history, *part) for part in history.chunks()]
        tails = _tails(found[0] if len(found) == 1 else np.concatenate(found, axis=1), np.add, 0)
        wide = self._wide_kinds(history)
        if wide:
            tails = tails.astype(object)
            for kind in wide:
                tails[self._slices[kind]] = self._wide_tails(history, kind)
        numbers: list[int] = tails[self._rows, history.rings[self._windows]].tolist()
        return numbers

    def _ring_sums(self, history: History, part: slice, edges: Places) -> Integers:
        """Return sums over each ring of a part of the history; they may wrap around where a kind is wide."""
        ages, at = history.ages[part], self._slices
        mask = history.inside(self._subjects, self._measures, part)[self._series]
        table = history.scratch.table("terms", self._series.size, ages.size)
        table[at["n"]] = mask[at["n"]]
        aged, valued = table[at["t"].start : at["tt"].stop], table[self._valued]
        np.multiply(mask[at["t"].start : at["tt"].stop], ages, out=aged)
        table[at["tt"]] *= ages
        if len(valued):
            np.take(history.values[:, part], self._of_values, axis=0, out=valued, mode="clip")
            valued *= mask[self._valued]
        squared = table[at["q"]]
        squared *= squared
        table[at["tx"]] *= ages
        return np.add.reduceat(table, edges, axis=1)

    def _wide_kinds(self, history: History) -> list[str]:
        """Return the kinds whose sums could pass 63 bits."""
        if history.n * history.peak(range(len(history.peaks))) <= _NARROW:
            return []
        found = []
        for kind in VALUED:
            measures = set(self._measures[self._series[self._slices[kind]]].tolist())
            peak = history.peak(measures)
            limit = {"s": peak, "q": peak * peak, "tx": peak * history.oldest}[kind]
            if limit * history.n > _INT64:
                found.append(kind)
        return found

    def _wide_tails(self, history: History, kind: str) -> NDArray[Any]:
        """Return sums over every tail in Python integers, from sums of halves that fit 63 bits in each ring."""
        own = self._series[self._slices[kind]]
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


# ---- extremes ----------------------------------------------------------------------------------------------------


class Extremes:
    """Smallest and largest values: a smallest value is the negated largest of negated values."""

    def __init__(self, requests: Sequence[Request]) -> None:
        signed = list(dict.fromkeys((request.kind == "min", request.series) for request in requests))
        places = {key: place for place, key in enumerate(signed)}
        self._subjects = np.array([series[0] for _, series in signed], dtype=np.intp)
        self._measures = np.array([series[1] for _, series in signed], dtype=np.intp)
        self._signs = np.array([[-1 if is_least else 1] for is_least, _ in signed], dtype=np.int64)
        self._rows = np.array([places[r.kind == "min", r.series] for r in requests], dtype=np.intp)
        self._own_signs = np.array([-1 if r.kind == "min" else 1 for r in requests], dtype=np.int64)
        self._windows = np.array([request.window for request in requests], dtype=np.intp)

    def __call__(self, history: History) -> list[int]:
        """Return one number per request; 0 where the series is empty."""
        found = []
        for part, edges in history.chunks():
            values = history.gather("extremes", self._measures, part)
            values *= self._signs
            np.copyto(values, -_FAR, where=~history.inside(self._subjects, self._measures, part))
            found.append(np.maximum.reduceat(values, edges, axis=1))
        rings = found[0] if len(found) == 1 else np.concatenate(found, axis=1)
        tails = _tails(rings, np.maximum, -_FAR)[self._rows, history.rings[self._windows]]
        tails[tails == -_FAR] = 0
        numbers: list[int] = (tails * self._own_signs).tolist()
        return numbers


# ---- order statistics ----------------------------------------------------------------------------------------------


class _Cells:
    """Quantiles and numbers of different values of some series and windows, each sorted once."""

    def __init__(self, requests: Sequence[Request], percents: Sequence[int | None]) -> None:
        keys = list(dict.fromkeys((request.window, request.series) for request in requests))
        cell_of = [keys.index((request.window, request.series)) for request in requests]
        self._subjects = np.array([series[0] for _, series in keys], dtype=np.intp)
        self._measures = np.array([series[1] for _, series in keys], dtype=np.intp)
        self._windows = np.array([window for window, _ in keys], dtype=np.intp)
        quantiles = [at for at, percent in enumerate(percents) if percent is not None]
        counts = [at for at, percent in enumerate(percents) if percent is None]
        self._cells = np.array([cell_of[at] for at in quantiles], dtype=np.intp)
        self._counted = np.array([cell_of[at] for at in counts], dtype=np.intp)
        self._percents = np.array([percents[at] for at in quantiles], dtype=np.int64)
        self._back = [[*quantiles, *counts].index(at) for at in range(len(percents))]

    def __call__(self, history: History, first: int) -> list[Any]:
        """Return one number or pair per request, from the records at or after the first."""
        part = slice(first, None)
        inside = history.inside(self._subjects, self._measures, part)
        if first == 0:
            inside &= np.arange(history.n) >= history.starts[self._windows][:, None]
        ordered = history.gather("sorted", self._measures, part)
        np.copyto(ordered, _FAR, where=~inside)
        ordered.sort(axis=1)
        n = np.count_nonzero(inside, axis=1)
        found = self._neighbours(ordered, n[self._cells]) + self._differing(ordered, n[self._counted])
        return [found[at] for at in self._back]

    def _neighbours(self, ordered: Integers, n: Integers) -> list[Any]:
        """Return the two order statistics between which each quantile lies; 0 where there is no value."""
        last = np.maximum(n - 1, 0)
        low = last * self._percents // 100
        high = np.minimum(low + 1, last)
        below, above = ordered[self._cells, low], ordered[self._cells, high]
        below[n == 0] = above[n == 0] = 0
        return list(zip(below.tolist(), above.tolist(), strict=True))

    def _differing(self, ordered: Integers, n: Integers) -> list[Any]:
        """Count where a sorted row changes; the last change leads out of the series unless it holds every record."""
        rows = ordered[self._counted]
        changes = np.count_nonzero(rows[:, 1:] != rows[:, :-1], axis=1)
        found: list[Any] = (changes + 1 - (n < ordered.shape[1])).tolist()
        return found


class OrderStatistics:
    """Quantiles and numbers of different values; a long history is sorted window by window."""

    def __init__(self, requests: Sequence[Request], percents: Sequence[int | None]) -> None:
        self._all = _Cells(requests, percents)
        places: dict[int, list[int]] = {}
        for place, request in enumerate(requests):
            places.setdefault(request.window, []).append(place)
        self._by_window = [
            (window, own, _Cells([requests[at] for at in own], [percents[at] for at in own]))
            for window, own in places.items()
        ]
        self._nothing = [0 if percent is None else (0, 0) for percent in percents]

    def __call__(self, history: History) -> list[Any]:
        """Return per request how many values differ, or the two order statistics between which a quantile lies."""
        if history.n <= CHUNK:
            return self._all(history, 0)
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
        self._requests = requests
        last = [request for request in requests if request.kind == "last"]
        self._subjects, self._measures, self._rows = _distinct(last)

    def __call__(self, history: History) -> list[int]:
        """Return one number per request."""
        last = iter(self._last(history))
        found = []
        for request in self._requests:
            if request.kind == "last":
                found.append(next(last))
            elif request.kind == "lead":
                found.append(_lead(history.masks[request.subject]))
            else:
                found.append(_longest(history.masks[request.subject, history.starts[request.window] :]))
        return found

    def _last(self, history: History) -> list[int]:
        if not self._rows.size:
            return []
        mask = history.inside(self._subjects, self._measures, slice(None))
        place = history.n - 1 - mask[:, ::-1].argmax(axis=1)
        each = np.arange(place.size)
        values = np.where(mask[each, place], history.values[self._measures, place], 0)
        found: list[int] = values[self._rows].tolist()
        return found


POSITIONED = ("last", "lead", "longest")


def _lead(mask: Flags) -> int:
    """Count records that meet the conditions, back from the most recent to the first that does not."""
    backwards = mask[::-1]
    place = int(backwards.argmin())
    return place if not backwards[place] else mask.size


def _longest(mask: Flags) -> int:
    """Return the length of the longest run: what lies between the zero bytes of the mask."""
    return max(map(len, mask.tobytes().split(b"\0")))
