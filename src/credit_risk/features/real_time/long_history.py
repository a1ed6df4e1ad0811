"""One applicant's long history of one source, in arrays: the same primitives as ``history``, the same whole numbers.

Records are put in order of time once; windows are then tails of every row of a table with one row per series (a subject's
records and a measure of them). Light: numpy only.

Reading order: :class:`LongHistory`; operands come from ``record_program``, the arithmetic from ``reductions`` and ``long_groups``.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.features.aggregates import PERCENTS, custom_of
from credit_risk.features.definition import RECORDS
from credit_risk.features.real_time.long_groups import GAPS, gap_primitives, group_series
from credit_risk.features.real_time.record_program import RecordProgram
from credit_risk.features.real_time.reductions import (
    POSITIONED,
    SUMMED,
    Extremes,
    History,
    OrderStatistics,
    Positions,
    Request,
    Scratch,
    Sums,
)
from credit_risk.sources.contract import LARGEST_SCALED_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from credit_risk.features.plan import Primitive, SourcePlan
    from credit_risk.sources.requests import RecordArrays

_SMALLEST = -(2**63)
_FAR = 2**62
_SORTED = ("distinct", *PERCENTS)


class LongHistory:
    """Computes the primitives of one source from arrays.

    Parameters
    ----------
    plan : SourcePlan
        What to compute.
    """

    def __init__(self, plan: SourcePlan) -> None:
        self._plan = plan
        self._measures = sorted({p.measure for p in plan.primitives if p.measure not in (RECORDS, "")})
        self._subjects = {subject.name: row for row, subject in enumerate(plan.subjects)}
        self._program = RecordProgram(plan, self._measures)
        self._age_row = self._program.rows["age_days"]
        self._days = tuple({p.days: None for p in plan.primitives})
        self._earliest = np.array([-_FAR if d is None else -d for d in self._days], dtype=np.int64)
        self._grouped = group_series(plan, self._subjects, self._days)
        self._gaps = [
            (place, p.kind, self._subjects[p.subject], self._days.index(p.days))
            for place, p in enumerate(plan.primitives)
            if p.kind in GAPS
        ]
        #: each running call takes one of these and gives it back, so threads never share one
        self._scratch: list[Scratch] = []
        self._reductions: list[Callable[[History], list[Any]]] = []
        places: list[int] = []
        for kinds, reduction in (
            (SUMMED, Sums),
            (("min", "max"), Extremes),
            (POSITIONED, Positions),
        ):
            wanted = self._wanted(kinds)
            if wanted:
                self._reductions.append(reduction([request for _, request in wanted]))
                places += [place for place, _ in wanted]
        wanted = self._wanted(_SORTED)
        if wanted:
            requests = [request for _, request in wanted]
            percents = [PERCENTS.get(request.kind) for request in requests]
            self._reductions.append(OrderStatistics(requests, percents))
            places += [place for place, _ in wanted]
        places += [place for series in self._grouped for place, _, _ in series.wanted]
        places += [place for place, *_ in self._gaps]
        order = sorted(range(len(places)), key=places.__getitem__)
        self._in_order = itemgetter(*order) if len(order) > 1 else tuple

    def _wanted(self, kinds: tuple[str, ...]) -> list[tuple[int, Request]]:
        return [(at, self._request(p)) for at, p in enumerate(self._plan.primitives) if p.kind in kinds]

    def _request(self, primitive: Primitive) -> Request:
        is_measure = primitive.measure in self._measures
        return Request(
            kind=primitive.kind,
            subject=self._subjects[primitive.subject],
            measure=self._measures.index(primitive.measure) if is_measure else -1,
            window=self._days.index(primitive.days),
        )

    @staticmethod
    def fits(plan: SourcePlan) -> bool:
        """Return whether no value of the plan can pass the bound its 64-bit steps were proved for."""
        moved = (
            (derived.low is None or -plan.bounds[derived.key] <= derived.low)
            and (derived.high is None or derived.high <= plan.bounds[derived.key])
            and (derived.low is None or derived.high is None or derived.low <= derived.high)
            for derived in plan.derived
        )
        if any(custom_of(primitive.kind) for primitive in plan.primitives):
            return False  # their real-time half takes one list after the other
        return all(moved) and all(bound <= LARGEST_SCALED_VALUE for bound in plan.bounds.values())

    def __call__(
        self, records: RecordArrays, attributes: Mapping[str, int | None], clock: tuple[int, int, str]
    ) -> list[Any]:
        """Return primitives in the plan's order; nothing if no record counts."""
        order = self._order(records, clock[0])
        if not order.size:
            return []
        scratch = self._scratch.pop() if self._scratch else Scratch()
        values, present, masks = self._program(records, order, attributes, clock, scratch)
        ages = values[self._age_row]
        history = History(masks, values[: len(self._measures)], present, ages, scratch)
        history.cut(self._earliest)
        found: list[Any] = []
        for reduction in self._reductions:
            found += reduction(history)
        if self._grouped:
            columns = {key: (values[row], ~present[row]) for key, row in self._program.rows.items()}
            for series in self._grouped:
                found += series(masks, columns, history.starts)
        if self._gaps:
            found += gap_primitives(self._gaps, masks, ages, history.starts)
        self._scratch.append(scratch)
        return list(self._in_order(found))

    def _order(self, records: RecordArrays, applied_us: int) -> NDArray[np.intp]:
        """Return positions of the records that count, in their order of time."""
        events, known = records.event_time_us, records.known_at_us
        if np.maximum.reduce(events) < applied_us and np.maximum.reduce(known) <= applied_us:
            order = events.argsort()
        else:
            kept = np.flatnonzero((events < applied_us) & (known <= applied_us))
            order = kept[events[kept].argsort()]
        if self._plan.needs_order:
            self._break_ties(records, order)
        return order

    def _break_ties(self, records: RecordArrays, order: NDArray[np.intp]) -> None:
        """Put records of one moment in order by when they were known, then by every column, in place."""
        moments = records.event_time_us.take(order)
        same = moments[1:] == moments[:-1]
        if not np.logical_or.reduce(same):
            return
        tied = np.zeros(order.size, dtype=bool)
        tied[1:] = same
        tied[:-1] |= same
        own = order[tied]
        ties = [
            column.values[own]
            if column.missing is None
            else np.where(column.missing, _SMALLEST, column.values)[own]
            for column in records.columns.values()
        ]
        keys = [records.event_time_us[own], records.known_at_us[own], *ties]
        order[tied] = own[np.lexsort(keys[::-1])]
