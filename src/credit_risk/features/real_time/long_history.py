"""One applicant's long history of one source, in arrays: the same primitives as ``history``, the same whole numbers.

Records are put in order of time once; windows are then tails of every row of a table with one row per series (a subject's
records and a measure of them), so each kind of primitive is one reduction over the disjoint rings between window borders.
Where a sum could pass 63 bits, it is taken in two halves and joined in Python integers. Light: numpy only.

Reading order: :class:`LongHistory`, :class:`_Table`, the reductions.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.features.definition import ALL_RECORDS, RECORDS
from credit_risk.features.expression import NIGHT_ENDS, SATURDAY
from credit_risk.features.real_time.long_groups import GAPS, gap_primitives, group_series
from credit_risk.sources.calendar import DAY_US, EARLIEST_US, HOUR_US, LATEST_US, days_of, local_clock
from credit_risk.sources.contract import LARGEST_SCALED_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from credit_risk.features.plan import Primitive, SourcePlan
    from credit_risk.features.resolve import ConditionPlan, DerivedPlan
    from credit_risk.sources.requests import RecordArrays

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    #: Values (0 where missing) and where they are missing, None if nowhere.
    Column = tuple[Integers, Flags | None]

_INT64 = 2**63 - 1
_SMALLEST = -(2**63)
#: Stands for "not in the series"; no value comes near it.
_FAR = 2**62
#: Values of at most 10**15 are split in halves of 25 bits; products of halves over this many records fit 63 bits.
_HALF_BITS = 25
_CHUNK = 4096
#: Elements of a table handled at once.
_BLOCK = 1 << 17

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_QUANTILES = {f"p{percent}": percent for percent in (10, 25, 50, 75, 90)}
_SORTED = ("distinct", *_QUANTILES)


class LongHistory:
    """Computes the primitives of one source from arrays.

    Parameters
    ----------
    plan : SourcePlan
        What to compute.
    """

    def __init__(self, plan: SourcePlan) -> None:
        self._plan = plan
        measures = sorted({p.measure for p in plan.primitives if p.measure not in (RECORDS, "")})
        self._measures = measures
        self._subjects = {subject.name: row for row, subject in enumerate(plan.subjects)}
        self._conditions = tuple({c: None for subject in plan.subjects for c in subject.conditions})
        self._days = tuple({p.days: None for p in plan.primitives})
        self._earliest = np.array([-_FAR if d is None else -d for d in self._days], dtype=np.int64)
        self._kinds = _group_by_kind(plan.primitives)
        self._grouped = group_series(plan, self._subjects, self._days)
        self._gaps = [
            (place, p.kind, self._subjects[p.subject], self._days.index(p.days))
            for place, p in enumerate(plan.primitives)
            if p.kind in GAPS
        ]
        self._places = [place for group in self._kinds.values() for place, _ in group]
        self._requests = {
            kind: self._locate([primitive for _, primitive in group]) for kind, group in self._kinds.items()
        }

    @staticmethod
    def fits(plan: SourcePlan) -> bool:
        """Return whether no value of the plan can pass the bound its 64-bit steps were proved for."""
        moved = (
            (derived.low is None or -plan.bounds[derived.key] <= derived.low)
            and (derived.high is None or derived.high <= plan.bounds[derived.key])
            and (derived.low is None or derived.high is None or derived.low <= derived.high)
            for derived in plan.derived
        )
        return all(moved) and all(bound <= LARGEST_SCALED_VALUE for bound in plan.bounds.values())

    def __call__(
        self, records: RecordArrays, attributes: Mapping[str, int | None], clock: tuple[int, int, str]
    ) -> list[Any]:
        """Return primitives in the plan's order; nothing if no record counts."""
        order = self._order(records, clock[0])
        if not order.size:
            return []
        columns = self._columns(records, order, attributes, clock)
        ages = columns["age_days"][0]
        holds = {condition: _holds(condition, columns) for condition in self._conditions}
        masks = np.ones((len(self._plan.subjects), order.size), dtype=bool)
        for row, subject in enumerate(self._plan.subjects):
            for condition in subject.conditions:
                masks[row] &= holds[condition]
        table = _Table(masks, [columns[name] for name in self._measures], ages, self._earliest)
        flat: list[Any] = []
        for kind, request in self._requests.items():
            flat += _REDUCTIONS[kind](table, request)
        found: list[Any] = [0] * len(self._plan.primitives)
        for place, value in zip(self._places, flat, strict=True):
            found[place] = value
        for series in self._grouped:
            for place, value in series(masks, columns, table.starts):
                found[place] = value
        for place, value in gap_primitives(self._gaps, masks, ages, table.starts):
            found[place] = value
        return found

    def _locate(self, primitives: list[Primitive]) -> _Request:
        keys = [
            (
                self._subjects[p.subject or ALL_RECORDS],
                self._measures.index(p.measure) if p.measure in self._measures else -1,
            )
            for p in primitives
        ]
        series = list(dict.fromkeys(keys))
        return _Request(
            series=np.array(series, dtype=np.intp),
            rows=np.array([series.index(key) for key in keys], dtype=np.intp),
            windows=np.array([self._days.index(p.days) for p in primitives], dtype=np.intp),
            percents=tuple(_QUANTILES.get(p.kind) for p in primitives),
            cells=_cells([(key, self._days.index(p.days)) for key, p in zip(keys, primitives, strict=True)]),
        )

    def _order(self, records: RecordArrays, applied_us: int) -> NDArray[np.intp]:
        """Return positions of the records that count, in their order of time."""
        events, known = records.event_time_us, records.known_at_us
        kept = np.flatnonzero((events < applied_us) & (known <= applied_us))
        moments = events[kept]
        order = kept[np.argsort(moments, kind="stable")]
        if not self._plan.needs_order or not (np.diff(events[order]) == 0).any():
            return order
        ties = [
            column.values if column.missing is None else np.where(column.missing, _SMALLEST, column.values)
            for column in records.columns.values()
        ]
        keys = [tie[kept] for tie in reversed([events, known, *ties])]
        return kept[np.lexsort(keys)]

    def _columns(
        self,
        records: RecordArrays,
        order: NDArray[np.intp],
        attributes: Mapping[str, int | None],
        clock: tuple[int, int, str],
    ) -> dict[str, Column]:
        """Return every operand of the plan in order of time, and the ages."""
        moments = records.event_time_us[order]
        local = _local_times(moments, clock[2])
        days = days_of(local, moments, clock[2])
        columns: dict[str, Column] = {"age_days": (clock[1] - days, None), "event_day": (days, None)}
        for column in self._plan.columns:
            if column.scope == "application":
                columns[column.key] = _constant(attributes[column.name], order.size)
            elif column.name not in columns:
                columns[column.name] = _read(column.name, records, order, local)
        for column in self._plan.columns:
            if column.scope == "previous":
                columns[column.key] = _previous(columns[column.name])
        for derived in self._plan.derived:
            columns[derived.key] = _derive(derived, columns)
        return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """Primitives of one kind.

    Attributes
    ----------
    series : ndarray, shape (k, 2)
        Distinct series: row of the subject's mask, row of the measure's values (-1: the record itself).
    rows, windows : ndarray, shape (m,)
        Of each primitive: its series and its window.
    percents : tuple, length m
        Of each primitive: its quantile; None for other kinds.
    cells : tuple of ndarray of shape (c, 2), ndarray of shape (c,), and list of length c
        Distinct pairs of series and window: the series, the window, and places of the primitives that want them.
    """

    series: NDArray[np.intp]
    rows: NDArray[np.intp]
    windows: NDArray[np.intp]
    percents: tuple[int | None, ...]
    cells: tuple[NDArray[np.intp], NDArray[np.intp], list[list[int]]]


class _Table:
    """One source of one applicant: which records belong to each subject, values of each measure, borders of windows."""

    def __init__(self, masks: Flags, columns: list[Column], ages: Integers, earliest: Integers) -> None:
        n = ages.size
        self.n = n
        self.ages = ages
        self.masks = masks
        self.values = np.empty((len(columns), n), dtype=np.int64)
        self.present = np.ones((len(columns) + 1, n), dtype=bool)
        for row, (values, missing) in enumerate(columns):
            self.values[row] = values
            if missing is not None:
                np.logical_not(missing, out=self.present[row])
        self.peaks = np.abs(self.values).max(axis=1).tolist()
        self.oldest = int(np.abs(ages).max())
        self.starts = np.searchsorted(-ages, earliest)
        self.edges = np.array(sorted({*self.starts.tolist(), *range(0, n, _CHUNK)} - {n}), dtype=np.intp)
        #: for each window, its first ring; one past the last ring where it is empty
        self.rings = np.searchsorted(self.edges, self.starts)

    def blocks(self, series: NDArray[np.intp]) -> Iterator[tuple[Flags, NDArray[np.intp]]]:
        """Yield masks of some series and their rows of values, a part of the table at a time."""
        size = max(_BLOCK // self.n, 1)
        for start in range(0, len(series), size):
            part = series[start : start + size]
            yield self.masks[part[:, 0]] & self.present[part[:, 1]], part[:, 1]

    def sums(
        self, series: NDArray[np.intp], term: Callable[[Flags, Integers], NDArray[Any]], limit: int
    ) -> NDArray[Any]:
        """Return the sum of a term over every tail, one row per series.

        The term of one record is at most `limit`; sums that could pass 63 bits are joined in Python integers.
        """
        rings = np.concatenate(
            [
                np.add.reduceat(term(mask, rows), self.edges, axis=1, dtype=np.int64)
                for mask, rows in self.blocks(series)
            ]
        )
        wide = rings if limit * self.n <= _INT64 else rings.astype(object)
        return _tails(wide, np.add, 0)

    def half(self, part: int, which: NDArray[np.intp], mask: Flags) -> Integers:
        """Return the upper (1, signed) or lower (0) half of values."""
        x = self.values[which] * mask
        halves: Integers = x >> _HALF_BITS if part else x & (1 << _HALF_BITS) - 1
        return halves

    def peak(self, series: NDArray[np.intp]) -> int:
        """Return the largest magnitude among the measures of some series."""
        return max(int(self.peaks[measure]) for measure in series[:, 1].tolist())

    def take(self, tails: NDArray[Any], request: _Request) -> list[Any]:
        """Return one number per primitive."""
        found: list[Any] = tails[request.rows, self.rings[request.windows]].tolist()
        return found


def _cells(
    keys: list[tuple[tuple[int, int], int]],
) -> tuple[NDArray[np.intp], NDArray[np.intp], list[list[int]]]:
    places: dict[tuple[tuple[int, int], int], list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    series = np.array([pair for pair, _ in places], dtype=np.intp)
    return series, np.array([window for _, window in places], dtype=np.intp), list(places.values())


def _tails(rings: NDArray[Any], combine: np.ufunc, nothing: int) -> NDArray[Any]:
    """Combine rings from the most recent backwards; the last column is the tail that holds no record."""
    tails = np.empty((rings.shape[0], rings.shape[1] + 1), dtype=rings.dtype)
    tails[:, -1] = nothing
    tails[:, :-1] = combine.accumulate(rings[:, ::-1], axis=1)[:, ::-1]
    return tails


def _group_by_kind(primitives: tuple[Primitive, ...]) -> dict[str, list[tuple[int, Primitive]]]:
    groups: dict[str, list[tuple[int, Primitive]]] = {}
    for place, primitive in enumerate(primitives):
        if primitive.by or primitive.kind in GAPS:
            continue
        kind = "sorted" if primitive.kind in _SORTED else primitive.kind
        groups.setdefault(kind, []).append((place, primitive))
    return groups


# ---- local time --------------------------------------------------------------------------------------------------

_FIRST_DAY = EARLIEST_US // DAY_US
_UNKNOWN, _CHANGES = 2**62, 2**61


@lru_cache(maxsize=8)
def _offsets_by_day(_timezone: str) -> Integers:
    """Return a table of offsets from UTC for every UTC day a record may fall on, filled as days are asked for."""
    return np.full(LATEST_US // DAY_US - _FIRST_DAY + 1, _UNKNOWN, dtype=np.int64)


def _local_times(moments_us: Integers, timezone: str) -> Integers:
    """Return :func:`~credit_risk.sources.calendar.local_clock`, with one look-up per UTC day.

    No zone changes its clock twice within 24 hours (tested against the installed zones), so a day that starts and ends with one
    offset has it throughout.
    """
    table = _offsets_by_day(timezone)
    days = moments_us // DAY_US - _FIRST_DAY
    offsets = table[days]
    unknown = offsets == _UNKNOWN
    if unknown.any():
        new = np.unique(days[unknown])
        start = (new + _FIRST_DAY) * DAY_US
        end = start + DAY_US - 1
        first, last = local_clock(start, timezone) - start, local_clock(end, timezone) - end
        table[new] = np.where(first == last, first, _CHANGES)
        offsets = table[days]
    if (offsets == _CHANGES).any():
        return local_clock(moments_us, timezone)
    return moments_us + offsets


# ---- columns -----------------------------------------------------------------------------------------------------


def _constant(value: int | None, n: int) -> Column:
    if value is None:
        return np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    return np.full(n, value, dtype=np.int64), None


def _read(name: str, records: RecordArrays, order: NDArray[np.intp], local: Integers) -> Column:
    if name == "event_hour":
        return local // HOUR_US % 24, None
    if name == "event_weekday":
        return (local // DAY_US + 3) % 7, None
    if name == "is_night":
        return (local // HOUR_US % 24 < NIGHT_ENDS).astype(np.int64), None
    if name == "is_weekend":
        return ((local // DAY_US + 3) % 7 >= SATURDAY).astype(np.int64), None
    column = records.columns[name]
    return column.values[order], None if column.missing is None else column.missing[order]


def _previous(column: Column) -> Column:
    values, missing = np.zeros_like(column[0]), np.zeros(column[0].size, dtype=bool)
    values[1:] = column[0][:-1]
    missing[0] = True
    if column[1] is not None:
        missing[1:] = column[1][:-1]
    return values, missing


def _either(left: Flags | None, right: Flags | None) -> Flags | None:
    if left is None or right is None:
        return right if left is None else left
    return left | right


def _scaled(values: Integers, factor: int) -> Integers:
    return values if factor == 1 else values * factor


def _derive(plan: DerivedPlan, columns: Mapping[str, Column]) -> Column:
    """Compute a derived measure; missing where an operand is, or where a divisor is not above 0."""
    left, missing = columns[plan.left]
    if not plan.operator:
        return _clip(left, plan), missing
    right, gone = columns[plan.right]
    missing = _either(missing, gone)
    top, bottom = _scaled(left, plan.left_factor), _scaled(right, plan.right_factor)
    if plan.operator == "+":
        return _clip(top + bottom, plan), missing
    if plan.operator == "-":
        return _clip(top - bottom, plan), missing
    unusable = bottom <= 0
    if missing is not None:
        unusable |= missing
    if not unusable.any():
        return _clip(_half_up(top, bottom), plan), None
    quotient = _half_up(np.where(unusable, 0, top), np.where(unusable, 1, bottom))
    return _clip(quotient, plan), unusable


def _half_up(top: Integers, bottom: Integers) -> Integers:
    """Divide and round half away from zero; no step leaves 64 bits where both operands fit."""
    magnitude = np.abs(top)
    whole = magnitude // bottom
    rest = magnitude - whole * bottom
    whole += rest >= bottom - rest
    return np.where(top < 0, -whole, whole)


def _clip(values: Integers, plan: DerivedPlan) -> Integers:
    if plan.low is not None:
        values = np.maximum(values, plan.low)
    return values if plan.high is None else np.minimum(values, plan.high)


def _holds(condition: ConditionPlan, columns: Mapping[str, Column]) -> Flags:
    values, missing = columns[condition.left]
    left = _scaled(values, condition.left_factor)
    met: Flags
    if condition.operator == "in":
        met = np.zeros(left.size, dtype=bool)
        for constant in condition.constants:
            met |= left == constant
    elif not condition.right:
        met = _COMPARE[condition.operator](left, condition.constants[0])
    else:
        right, gone = columns[condition.right]
        missing = _either(missing, gone)
        met = _COMPARE[condition.operator](left, _scaled(right, condition.right_factor))
    return met if missing is None else met & ~missing


# ---- reductions -------------------------------------------------------------------------------------------------------


def _count(table: _Table, request: _Request) -> list[Any]:
    return table.take(table.sums(request.series, lambda mask, _: mask.view(np.int8), 1), request)


def _sum(table: _Table, request: _Request) -> list[Any]:
    tails = table.sums(
        request.series, lambda mask, which: table.values[which] * mask, table.peak(request.series)
    )
    return table.take(tails, request)


def _sum_of_squares(table: _Table, request: _Request) -> list[Any]:
    def square(mask: Flags, which: NDArray[np.intp]) -> Integers:
        x = table.values[which] * mask
        return x * x

    def halves(first: int, second: int) -> Callable[[Flags, NDArray[np.intp]], Integers]:
        return lambda mask, which: table.half(first, which, mask) * table.half(second, which, mask)

    limit = table.peak(request.series) ** 2
    if limit * table.n <= _INT64:
        tails = table.sums(request.series, square, limit)
    else:
        high, middle, low = (
            table.sums(request.series, halves(*pair), limit) for pair in ((1, 1), (1, 0), (0, 0))
        )
        tails = (high << 2 * _HALF_BITS) + (middle << _HALF_BITS + 1) + low
    return table.take(tails, request)


def _sum_of_ages(table: _Table, request: _Request) -> list[Any]:
    tails = table.sums(request.series, lambda mask, _: table.ages * mask, table.oldest)
    return table.take(tails, request)


def _sum_of_squared_ages(table: _Table, request: _Request) -> list[Any]:
    squares = table.ages * table.ages
    tails = table.sums(request.series, lambda mask, _: squares * mask, table.oldest**2)
    return table.take(tails, request)


def _sum_of_aged_values(table: _Table, request: _Request) -> list[Any]:
    def half(part: int) -> Callable[[Flags, NDArray[np.intp]], Integers]:
        return lambda mask, which: table.half(part, which, mask) * table.ages

    limit = table.peak(request.series) * table.oldest
    if limit * table.n <= _INT64:
        tails = table.sums(request.series, lambda mask, which: table.values[which] * mask * table.ages, limit)
    else:
        high, low = (table.sums(request.series, half(part), limit) for part in (1, 0))
        tails = (high << _HALF_BITS) + low
    return table.take(tails, request)


def _extreme(reduction: np.ufunc, nothing: int) -> Callable[[_Table, _Request], list[Any]]:
    def extreme(table: _Table, request: _Request) -> list[Any]:
        rings = np.concatenate(
            [
                reduction.reduceat(np.where(mask, table.values[which], nothing), table.edges, axis=1)
                for mask, which in table.blocks(request.series)
            ]
        )
        tails = _tails(rings, reduction, nothing)
        tails[tails == nothing] = 0
        return table.take(tails, request)

    return extreme


def _last(table: _Table, request: _Request) -> list[Any]:
    found = []
    for mask, which in table.blocks(request.series):
        place = table.n - 1 - mask[:, ::-1].argmax(axis=1)
        each = np.arange(place.size)
        found += np.where(mask[each, place], table.values[which, place], 0).tolist()
    return [found[row] for row in request.rows.tolist()]


def _sorted(table: _Table, request: _Request) -> list[Any]:
    """Sort each series and window; records outside it come last."""
    series, windows, wanted = request.cells
    starts = table.starts[windows][:, None]
    positions = np.arange(table.n)
    found: list[Any] = [None] * len(request.percents)
    done = 0
    for mask, which in table.blocks(series):
        inside = mask & (positions >= starts[done : done + len(which)])
        ordered = np.sort(np.where(inside, table.values[which], _FAR), axis=1)
        n = np.count_nonzero(inside, axis=1)
        for row, count in enumerate(n.tolist()):
            for place in wanted[done + row]:
                found[place] = _statistic(ordered[row], count, request.percents[place])
        done += len(which)
    return found


def _statistic(ordered: Integers, n: int, percent: int | None) -> Any:
    """Return how many of the first n values differ, or the two order statistics between which a quantile lies."""
    if percent is None:
        return int(np.count_nonzero(ordered[1:n] != ordered[: max(n - 1, 0)])) + (n > 0)
    if not n:
        return 0, 0
    low = (n - 1) * percent // 100
    return int(ordered[low]), int(ordered[min(low + 1, n - 1)])


def _lead(table: _Table, request: _Request) -> list[Any]:
    """Count records that meet the conditions, back from the most recent to the first that does not."""
    masks = table.masks[request.series[:, 0], ::-1]
    found = np.where(masks.all(axis=1), table.n, masks.argmin(axis=1)).tolist()
    return [found[row] for row in request.rows.tolist()]


def _longest(table: _Table, request: _Request) -> list[Any]:
    found: list[Any] = []
    subjects = request.series[request.rows, 0].tolist()
    for subject, start in zip(subjects, table.starts[request.windows].tolist(), strict=True):
        padded = np.zeros(table.n - start + 2, dtype=bool)
        padded[1:-1] = table.masks[subject, start:]
        breaks = np.flatnonzero(~padded)
        found.append(int((breaks[1:] - breaks[:-1]).max()) - 1)
    return found


_REDUCTIONS: dict[str, Callable[[_Table, _Request], list[Any]]] = {
    "n": _count,
    "s": _sum,
    "q": _sum_of_squares,
    "t": _sum_of_ages,
    "tt": _sum_of_squared_ages,
    "tx": _sum_of_aged_values,
    "min": _extreme(np.minimum, _FAR),
    "max": _extreme(np.maximum, -_FAR),
    "last": _last,
    "lead": _lead,
    "longest": _longest,
    "sorted": _sorted,
}
