"""Long histories, continued: totals of each value of a column, and days between records, from arrays.

Reading order: :class:`GroupedSeries`, :func:`gap_primitives`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.features.definition import RECORDS
from credit_risk.features.group_totals import SUMMARIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from credit_risk.features.plan import Primitive, SourcePlan

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Column = tuple[Integers, Flags | None]

#: Amounts are split in halves of this many bits; sums of halves over any history are exact in float64.
_HALF_BITS = 25
GAPS = ("gap_squares", "gap_max")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedSeries:
    """Primitives of one subject, measure and splitting column.

    Attributes
    ----------
    subject : int
        Row of the subject's mask.
    measure, by : str
    windows : tuple of int
        Distinct windows, as positions in the plan's list.
    wanted : tuple of (int, int, str)
        Place of a primitive, its window among ``windows``, its kind.
    """

    subject: int
    measure: str
    by: str
    windows: NDArray[np.intp]
    wanted: tuple[tuple[int, int, str], ...]

    def __call__(self, masks: Flags, columns: Mapping[str, Column], starts: Integers) -> list[int]:
        """Return one number per wanted primitive."""
        groups, gone = columns[self.by]
        mask = masks[self.subject] if gone is None else masks[self.subject] & ~gone
        amounts: Integers | None = None
        if self.measure != RECORDS:
            amounts, absent = columns[self.measure]
            mask = mask & (amounts > 0)
            mask = mask if absent is None else mask & ~absent
        chosen = np.flatnonzero(mask)
        amounts = None if amounts is None else amounts[chosen]
        totals = _totals(groups[chosen], chosen, amounts, starts[self.windows])
        return [SUMMARIES[kind](totals[window]) for _, window, kind in self.wanted]


def _totals(
    groups: Integers, positions: Integers, amounts: Integers | None, starts: Integers
) -> list[list[int]]:
    """Return the positive totals of the groups inside each window, a window being what lies at or after its start."""
    borders, ring_of = np.unique(starts, return_inverse=True)
    ring = np.searchsorted(borders, positions, side="right") - 1
    inside = ring >= 0
    values, group = np.unique(groups[inside], return_inverse=True)
    cells = ring[inside] * values.size + group
    shape = (borders.size, values.size)
    if amounts is None:
        sums = np.bincount(cells, minlength=shape[0] * shape[1])
    else:
        low, high = amounts[inside] & (1 << _HALF_BITS) - 1, amounts[inside] >> _HALF_BITS
        parts = [np.bincount(cells, half, shape[0] * shape[1]).astype(np.int64) for half in (low, high)]
        sums = parts[0].astype(object) + (parts[1].astype(object) << _HALF_BITS)
    tails = sums.reshape(shape)[::-1].cumsum(axis=0)[::-1]
    by_border = [[total for total in row if total] for row in tails.tolist()]
    return [by_border[row] for row in ring_of.tolist()]


def group_series(
    plan: SourcePlan, subjects: Mapping[str, int], days: tuple[int | None, ...]
) -> list[GroupedSeries]:
    """Return the grouped primitives of a plan, one entry per subject, measure and splitting column."""
    groups: dict[tuple[str, str, str], list[tuple[int, Primitive]]] = {}
    for place, primitive in enumerate(plan.primitives):
        if primitive.by:
            key = (primitive.subject, primitive.measure, primitive.by)
            groups.setdefault(key, []).append((place, primitive))
    found = []
    for (subject, measure, by), primitives in groups.items():
        windows = list(dict.fromkeys(days.index(p.days) for _, p in primitives))
        found.append(
            GroupedSeries(
                subject=subjects[subject],
                measure=measure,
                by=by,
                windows=np.array(windows, dtype=np.intp),
                wanted=tuple((place, windows.index(days.index(p.days)), p.kind) for place, p in primitives),
            )
        )
    return found


def gap_primitives(
    wanted: list[tuple[int, str, int, int]], masks: Flags, ages: Integers, starts: Integers
) -> list[int]:
    """Return the primitives on the days between a subject's records, given place, kind, subject and window."""
    series: dict[int, tuple[Integers, Integers]] = {}
    found = []
    for _, kind, subject, window in wanted:
        if subject not in series:
            positions = np.flatnonzero(masks[subject])
            series[subject] = positions, -np.diff(ages[positions])
        positions, gaps = series[subject]
        inside = gaps[np.searchsorted(positions, starts[window]) :]
        found.append(int(inside.max(initial=0) if kind == "gap_max" else (inside * inside).sum()))
    return found
