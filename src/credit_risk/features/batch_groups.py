"""Batch, continued: totals of each value of a column, and days between records, as Ibis expressions.

Reading order: :func:`group_totals`, :func:`gap_table`, :func:`value_lists`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from credit_risk.features.definition import RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_risk.features.plan import Primitive, SourcePlan

_WIDE = "decimal(38, 0)"
_INT64 = 2**63 - 1
#: Condition that keeps the rings of a window; None for all of them.
Within = "Callable[[SourcePlan, ibis.Table, int | None], Any]"


def group_totals(
    plan: SourcePlan,
    chosen: ibis.Table,
    wanted: list[tuple[int, Primitive]],
    n_records: int,
    within: Callable[[SourcePlan, ibis.Table, int | None], Any],
) -> ibis.Table:
    """Return lists of the positive totals of each value inside each window; ``group_totals`` makes numbers of them.

    A total is first taken per ring, then rings are cumulated, so a record is read once however many windows there are.
    """
    primitive = wanted[0][1]
    chosen = chosen.filter(chosen[primitive.by].notnull())
    if primitive.measure == RECORDS:
        total: Any = chosen.count()
    else:
        chosen = chosen.filter(chosen[primitive.measure] > 0)
        amount = chosen[primitive.measure]
        wide = plan.bounds[primitive.measure] * max(n_records, 1) > _INT64
        total = (amount.cast(_WIDE) if wide else amount).sum()
    rings = chosen.group_by("app", "ring", value=chosen[primitive.by]).agg(total=total)
    windows = _first_of_window(wanted)
    values = rings.group_by("app", "value").agg(
        **{name: rings.total.sum(where=within(plan, rings, days)) for days, name in windows.items()}
    )
    return values.group_by("app").agg(
        **{
            name: values[name].collect(where=values[name] > 0, order_by=values[name])
            for name in windows.values()
        }
    )


def _first_of_window(wanted: list[tuple[int, Primitive]]) -> dict[int | None, str]:
    """Return window -> column of the first primitive that asks for it."""
    windows: dict[int | None, str] = {}
    for index, primitive in wanted:
        windows.setdefault(primitive.days, f"p{index}")
    return windows


def first_with_totals(primitives: tuple[Primitive, ...]) -> dict[int, int]:
    """Return for each grouped primitive the one whose column holds its lists."""
    first: dict[tuple[str, str, str, int | None], int] = {}
    return {
        index: first.setdefault((p.subject, p.measure, p.by, p.days), index)
        for index, p in enumerate(primitives)
        if p.by
    }


def value_lists(
    plan: SourcePlan,
    chosen: ibis.Table,
    wanted: list[tuple[int, Primitive]],
    within: Callable[[SourcePlan, ibis.Table, int | None], Any],
) -> ibis.Table:
    """Return a measure's values inside each window and their ages, oldest first: what a custom aggregate takes."""
    columns = {}
    for index, primitive in wanted:
        inside, oldest_first = within(plan, chosen, primitive.days), chosen["rank"].desc()
        for name, column in (("values", chosen[primitive.measure]), ("ages", chosen.age_days)):
            columns[f"p{index} {name}"] = column.collect(where=inside, order_by=oldest_first)
    return chosen.group_by("app").agg(**columns)


def gap_table(
    plan: SourcePlan,
    chosen: ibis.Table,
    wanted: list[tuple[int, Primitive]],
    within: Callable[[SourcePlan, ibis.Table, int | None], Any],
) -> ibis.Table:
    """Return sums of squares and largest of the days between a subject's records.

    A gap belongs to the older of its two records: it lies inside a window if that one does.
    """
    newest_first = ibis.window(group_by="app", order_by=chosen.age_days)
    gaps = chosen.mutate(gap=chosen.age_days - chosen.age_days.lag().over(newest_first))
    columns = {}
    for index, primitive in wanted:
        inside = within(plan, gaps, primitive.days)
        gap = gaps.gap
        columns[f"p{index}"] = (
            (gap * gap).sum(where=inside) if primitive.kind == "gap_squares" else gap.max(where=inside)
        )
    return gaps.group_by("app").agg(**columns)
