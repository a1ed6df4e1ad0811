"""Operands of a plan as arrays in order of time: local times, columns, derived measures, conditions.

Reading order: :func:`local_times`, :func:`read_columns`, :func:`holds`.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.features.expression import NIGHT_ENDS, SATURDAY
from credit_risk.sources.calendar import DAY_US, EARLIEST_US, HOUR_US, LATEST_US, days_of, local_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from credit_risk.features.plan import SourcePlan
    from credit_risk.features.resolve import ConditionPlan, DerivedPlan
    from credit_risk.sources.requests import RecordArrays

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    #: Values and where they are missing, None if nowhere.
    Column = tuple[Integers, Flags | None]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def read_columns(
    plan: SourcePlan,
    records: RecordArrays,
    order: NDArray[np.intp],
    attributes: Mapping[str, int | None],
    clock: tuple[int, int, str],
) -> dict[str, Column]:
    """Return every operand of the plan in order of time, and the ages."""
    moments = records.event_time_us[order]
    local = local_times(moments, clock[2])
    days = days_of(local, moments, clock[2])
    columns: dict[str, Column] = {"age_days": (clock[1] - days, None), "event_day": (days, None)}
    for column in plan.columns:
        if column.scope == "application":
            columns[column.key] = _constant(attributes[column.name], order.size)
        elif column.name not in columns:
            columns[column.name] = _read(column.name, records, order, local)
    for column in plan.columns:
        if column.scope == "previous":
            columns[column.key] = _previous(columns[column.name])
    for derived in plan.derived:
        columns[derived.key] = _derive(derived, columns)
    return columns


_FIRST_DAY = EARLIEST_US // DAY_US
_UNKNOWN, _CHANGES = 2**62, 2**61


@lru_cache(maxsize=8)
def _offsets_by_day(_timezone: str) -> Integers:
    """Return a table of offsets from UTC for every UTC day a record may fall on, filled as days are asked for."""
    return np.full(LATEST_US // DAY_US - _FIRST_DAY + 1, _UNKNOWN, dtype=np.int64)


def local_times(moments_us: Integers, timezone: str) -> Integers:
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


def holds(condition: ConditionPlan, columns: Mapping[str, Column]) -> Flags:
    """Return which records meet a condition; a missing operand never does."""
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
