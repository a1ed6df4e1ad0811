"""One applicant's history of one source, in Python integers: primitives of the plan, one by one.

Records are put in their order of time; a window is then the tail of a list.

Reading order: :class:`SourceEvaluator`, the steps of :meth:`SourceEvaluator.__call__`, the tables of primitives.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from itertools import compress, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.errors import FutureRecordError
from credit_risk.features.aggregates import custom_of, is_paired
from credit_risk.features.custom.parity import run_real_time
from credit_risk.features.definition import ALL_RECORDS, RECORDS
from credit_risk.features.expression import NIGHT_ENDS, SATURDAY
from credit_risk.features.group_totals import SUMMARIES
from credit_risk.features.real_time.long_history import LongHistory
from credit_risk.sources.calendar import DAY_US, HOUR_US, days_of, local_clock, local_moment, set_backs
from credit_risk.sources.requests import (
    FEW,
    NormalizedRecords,
    RecordReader,
    check_person,
    normalize_records,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from credit_risk.features.plan import Primitive, SourcePlan
    from credit_risk.features.resolve import ConditionPlan, DerivedPlan
    from credit_risk.sources.contract import RecordContract

Values = list[Any]
#: UTC microseconds of the application, its local day, the lender's timezone.
ApplicationClock = tuple[int, int, str]

_SMALLEST = -(2**63)
#: Above this many records, arrays are quicker than plain Python.
LONG = 32

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class SourceEvaluator:
    """Computes the primitives of one source for one applicant."""

    def __init__(self, plan: SourcePlan, contract: RecordContract | None) -> None:
        self.source = plan.source
        self._plan = plan
        self._contract = contract
        self._series = _group_by_series(plan)
        # held from the start: what is registered later under the same name is another aggregate
        self._custom = {primitive.kind: custom_of(primitive.kind) for primitive in plan.primitives}
        self._long: LongHistory | None = None
        if contract is not None and LongHistory.fits(plan):
            self._long, self._reader = LongHistory(plan), RecordReader(contract)
        self.empty = [(0, 0) if is_paired(primitive.kind) else 0 for primitive in plan.primitives]

    def __call__(
        self,
        rows: Sequence[Mapping[str, object]] | None,
        attributes: Mapping[str, int | None],
        clock: ApplicationClock,
        customer_id: str,
    ) -> tuple[Values, str]:
        """Return primitives in the plan's order, and a flag if there are no records ('' otherwise)."""
        if self._contract is None:
            return self._from_application(attributes), ""
        if rows is None:
            return self.empty, "not_supplied"
        if self._long is not None and isinstance(rows, list | tuple) and len(rows) > LONG:
            arrays = self._reader(rows, clock[2], customer_id)
            if np.maximum.reduce(arrays.event_time_us) >= clock[0]:
                self._refuse_future(int((arrays.event_time_us >= clock[0]).sum()), len(rows))
            found = self._long(arrays, attributes, clock)
            return (found, "") if found else (self.empty, "no_records")
        check_person(rows, self._contract, customer_id)
        records = normalize_records(rows, self._contract, clock[2])
        order = self.eligible(records, clock[0])
        if not order:
            return self.empty, "no_records"
        columns = self.columns(records, order, attributes, clock)
        return self._primitives(columns, len(order)), ""

    def _from_application(self, attributes: Mapping[str, int | None]) -> Values:
        columns: dict[str, Values] = {key: [value] for key, value in attributes.items()}
        columns |= {f"application.{key}": [value] for key, value in attributes.items()}
        for derived in self._plan.derived:
            columns[derived.key] = derive(derived, columns)
        primitives: Values = []
        for primitive in self._plan.primitives:
            value = columns[primitive.measure][0]
            has_value = 0 if value is None else 1
            primitives.append(has_value if primitive.kind == "has_value" else value or 0)
        return primitives

    def _refuse_future(self, future: int, total: int) -> None:
        if future and self._contract is not None and self._contract.future_records == "error":
            raise FutureRecordError(
                f"Source {self.source!r} holds {future} of {total} records at or after the application. Expected "
                "records before it only.",
                code="CR-SRC-023",
                context={"source": self.source, "count": future},
            )

    def eligible(self, records: NormalizedRecords, applied_us: int) -> list[int]:
        """Return positions of the records that count, in their order of time."""
        events, known = records.event_time_us, records.known_at_us
        self._refuse_future(sum(event >= applied_us for event in events), len(events))
        kept = [i for i, event in enumerate(events) if event < applied_us and known[i] <= applied_us]
        if self._plan.needs_order and len({events[i] for i in kept}) < len(kept):
            ties: list[Values] = [known, *records.columns.values()]
            return sorted(kept, key=lambda i: (events[i], *(_rank(values[i]) for values in ties)))
        return sorted(kept, key=events.__getitem__)

    def columns(
        self,
        records: NormalizedRecords,
        order: list[int],
        attributes: Mapping[str, int | None],
        clock: ApplicationClock,
    ) -> dict[str, Values]:
        """Return every operand of the plan as a list in order of time, and the ages."""
        local, days = _local_times([records.event_time_us[i] for i in order], clock[2])
        columns: dict[str, Values] = {"age_days": [clock[1] - day for day in days], "event_day": days}
        for column in self._plan.columns:
            if column.scope == "application":
                columns[column.key] = [attributes[column.name]] * len(order)
            elif column.name not in columns:
                columns[column.name] = _read(column.name, records, order, local)
        for column in self._plan.columns:
            if column.scope == "previous":
                columns[column.key] = [None, *columns[column.name][:-1]]
        for derived in self._plan.derived:
            columns[derived.key] = derive(derived, columns)
        return columns

    def _primitives(self, columns: dict[str, Values], n_records: int) -> Values:
        found: Values = list(self.empty)
        masks = {
            subject.name: _mask(subject.conditions, columns, n_records) for subject in self._plan.subjects
        }
        age_order = [-age for age in columns["age_days"]]
        for (subject, measure, by), wanted in self._series.items():
            mask = masks[subject]
            ages, values = age_order, columns[measure] if measure != RECORDS else age_order
            if by:
                values = _pairs(columns[by], None if measure == RECORDS else values)
            if subject != ALL_RECORDS:
                ages, values = list(compress(ages, mask)), list(compress(values, mask))
            if None in values:
                ages = [age for age, value in zip(ages, values, strict=True) if value is not None]
                values = [value for value in values if value is not None]
            for days, primitives in wanted:
                window, start = _window(values, ages, days)
                for index, kind in primitives:
                    own = self._custom[kind]
                    if own is None:
                        found[index] = _WINDOWED[kind](window, ages, start)
                    else:
                        found[index] = run_real_time(own, list(window), [-age for age in _tail(ages, start)])
        for index, primitive in enumerate(self._plan.primitives):
            if primitive.kind in _ON_MASKS:
                window, _ = _window(masks[primitive.subject], age_order, primitive.days)
                found[index] = _ON_MASKS[primitive.kind](window)
        return found


def _window(values: Values, ages: Values, days: int | None) -> tuple[Values, int]:
    """Return values of a window, and where it starts: a window is the tail of a history, since days never run backwards."""
    start = 0 if days is None else bisect_left(ages, -days)
    return values[start:] if start else values, start


def _pairs(groups: Values, amounts: Values | None) -> Values:
    """Return group and weight of each record: 1 each, or its amount; None where there is no group or no positive amount."""
    if amounts is None:
        return [None if group is None else (group, 1) for group in groups]
    return [
        None if group is None or amount is None or amount <= 0 else (group, amount)
        for group, amount in zip(groups, amounts, strict=True)
    ]


def _read(name: str, records: NormalizedRecords, order: list[int], local: list[int]) -> Values:
    """Return a column of the records, or a built-in, in order of time."""
    if name == "event_hour":
        return [moment // HOUR_US % 24 for moment in local]
    if name == "event_weekday":
        return [(moment // DAY_US + 3) % 7 for moment in local]
    if name == "is_night":
        return [int(moment // HOUR_US % 24 < NIGHT_ENDS) for moment in local]
    if name == "is_weekend":
        return [int((moment // DAY_US + 3) % 7 >= SATURDAY) for moment in local]
    given = records.columns[name]
    return [given[i] for i in order]


def derive(plan: DerivedPlan, columns: Mapping[str, Values]) -> Values:
    """Compute a derived measure record by record; None where an operand is missing or a divisor is not above 0."""
    left, factor = columns[plan.left], plan.left_factor
    if not plan.operator:
        return [_clip(value, plan) for value in left]
    right, divisor = columns[plan.right], plan.right_factor
    pairs = zip(left, right, strict=True)
    if plan.operator == "/":
        return [
            None if a is None or b is None or b <= 0 else _clip(_half_up(a * factor, b * divisor), plan)
            for a, b in pairs
        ]
    sign = 1 if plan.operator == "+" else -1
    return [
        None if a is None or b is None else _clip(a * factor + sign * b * divisor, plan) for a, b in pairs
    ]


def _half_up(top: int, bottom: int) -> int:
    """Divide and round half away from zero, as ``numerics.rounding.round_half_up_ratio`` does."""
    rounded = (2 * abs(top) + bottom) // (2 * bottom)
    return -rounded if top < 0 else rounded


def _clip(value: int | None, plan: DerivedPlan) -> int | None:
    if value is None:
        return None
    if plan.low is not None and value < plan.low:
        return plan.low
    return plan.high if plan.high is not None and value > plan.high else value


def _rank(value: int | None) -> int:
    """Order missing values before all others, so that ties are broken the same way everywhere."""
    return _SMALLEST if value is None else value


def _local_times(moments: list[int], timezone: str) -> tuple[list[int], list[int]]:
    """Return local wall-clock times and local days."""
    if len(moments) > FEW:
        array = np.array(moments, dtype=np.int64)
        local = local_clock(array, timezone)
        return local.tolist(), days_of(local, array, timezone).tolist()
    times = [local_moment(moment, timezone) for moment in moments]
    days = [moment // DAY_US for moment in times]
    for start, end, begun in set_backs(moments[0], moments[-1], timezone):
        days = [begun if start <= moment < end else day for moment, day in zip(moments, days, strict=True)]
    return times, days


def _mask(conditions: tuple[ConditionPlan, ...], columns: Mapping[str, Values], n_records: int) -> list[bool]:
    """Return which records meet every condition; a missing operand never does."""
    if not conditions:
        return [True] * n_records
    mask = meets(conditions[0], columns)
    for condition in conditions[1:]:
        mask = list(map(operator.and_, mask, meets(condition, columns)))
    return mask


def meets(condition: ConditionPlan, columns: Mapping[str, Values]) -> list[bool]:
    """Return which records meet a condition; a missing operand never does."""
    left, factor = columns[condition.left], condition.left_factor
    if condition.operator == "in":
        members = set(condition.constants)
        return [value is not None and value * factor in members for value in left]
    compare = _COMPARE[condition.operator]
    if not condition.right:
        constant = condition.constants[0]
        return [value is not None and compare(value * factor, constant) for value in left]
    right, right_factor = columns[condition.right], condition.right_factor
    return [
        a is not None and b is not None and compare(a * factor, b * right_factor)
        for a, b in zip(left, right, strict=True)
    ]


def _sum_of_squares(values: Values, _ages: Values, _start: int) -> int:
    return sum(map(operator.mul, values, values))


def _tail(ages: Values, start: int) -> Values:
    return ages[start:] if start else ages


def _gaps(ages: Values, start: int) -> Values:
    return [later - earlier for earlier, later in pairwise(_tail(ages, start))]


def _summary(kind: str) -> Callable[[Values, Values, int], int]:
    def summary(pairs: Values, _ages: Values, _start: int) -> int:
        totals: dict[int, int] = {}
        for group, weight in pairs:
            totals[group] = totals.get(group, 0) + weight
        return SUMMARIES[kind](list(totals.values()))

    return summary


def _quantile(percent: int) -> Callable[[Values, Values, int], tuple[int, int]]:
    """Return the two order statistics between which a quantile lies."""

    def neighbours(values: Values, _ages: Values, _start: int) -> tuple[int, int]:
        if not values:
            return 0, 0
        ordered = sorted(values)
        low = (len(ordered) - 1) * percent // 100
        return ordered[low], ordered[min(low + 1, len(ordered) - 1)]

    return neighbours


#: kind -> function of (values in the window, negated ages of the series, start of the window in them).
_WINDOWED: dict[str, Callable[[Values, Values, int], Any]] = {
    "n": lambda x, _a, _i: len(x),
    "s": lambda x, _a, _i: sum(x),
    "q": _sum_of_squares,
    "t": lambda _x, a, i: -sum(_tail(a, i)),
    "tt": lambda _x, a, i: sum(map(operator.mul, _tail(a, i), _tail(a, i))),
    "tx": lambda x, a, i: -sum(map(operator.mul, _tail(a, i), x)),
    "min": lambda x, _a, _i: min(x, default=0),
    "max": lambda x, _a, _i: max(x, default=0),
    "last": lambda x, _a, _i: x[-1] if x else 0,
    "distinct": lambda x, _a, _i: len(set(x)),
    "gap_squares": lambda _x, a, i: sum(gap * gap for gap in _gaps(a, i)),
    "gap_max": lambda _x, a, i: max(_gaps(a, i), default=0),
    **{kind: _summary(kind) for kind in SUMMARIES},
    **{f"p{percent}": _quantile(percent) for percent in (10, 25, 50, 75, 90)},
}


def _lead(mask: list[bool]) -> int:
    """Count records that meet the conditions, back from the most recent to the first that does not."""
    reverse = mask[::-1]
    return reverse.index(False) if False in reverse else len(reverse)


def _longest(mask: list[bool]) -> int:
    longest = current = 0
    for holds in mask:
        current = current + 1 if holds else 0
        longest = max(longest, current)
    return longest


_ON_MASKS: dict[str, Callable[[list[bool]], int]] = {"lead": _lead, "longest": _longest}


def _group_by_series(
    plan: SourcePlan,
) -> dict[tuple[str, str, str], list[tuple[int | None, list[tuple[int, str]]]]]:
    """Return series -> windows -> (index, kind) of the primitives that are computed from values."""
    groups: dict[tuple[str, str, str], dict[int | None, list[tuple[int, str]]]] = {}
    for index, primitive in enumerate(plan.primitives):
        if primitive.kind in _WINDOWED or custom_of(primitive.kind):
            series = groups.setdefault(_series_of(primitive), {})
            series.setdefault(primitive.days, []).append((index, primitive.kind))
    return {key: list(windows.items()) for key, windows in groups.items()}


def _series_of(primitive: Primitive) -> tuple[str, str, str]:
    return primitive.subject, primitive.measure, primitive.by
