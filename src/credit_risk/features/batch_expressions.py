"""The plan of one source as Ibis expressions; nothing here runs anything.

Windows are lowered to disjoint rings of age: every record falls into one ring, is aggregated there once, and the small
ring table is cumulated (by ``batch_engine``). Whole numbers that could pass 64 bits are summed as DECIMAL(38, 0). Only operators with the same
whole-number meaning on every engine are used (no integer division: see :func:`_half_up`).

Reading order: :func:`base_records`, :func:`primitive_tables`, one function per family of primitives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from credit_risk.features.aggregates import GROUPED
from credit_risk.features.batch_groups import gap_table, group_totals, value_lists
from credit_risk.features.definition import ALL_RECORDS, RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from credit_risk.features.plan import Primitive, SourcePlan
    from credit_risk.features.resolve import ConditionPlan, DerivedPlan
    from credit_risk.sources.contract import RecordContract

APPLICATIONS = "applications"
RECORDS_TABLE = "records"
_WIDE = "decimal(38, 0)"
_INT64 = 2**63 - 1
#: Quotients beyond this are only ever moved to a bound below it.
_CAP = 2.0**52

#: Primitives summed or compared inside a ring.
_RINGED = ("n", "s", "q", "t", "tt", "tx", "min", "max")
#: Primitives delivered ring by ring, to be cumulated.
IN_RINGS = (*_RINGED, "distinct")


def base_records(
    plan: SourcePlan, contract: RecordContract, applications: pa.Schema, records: pa.Schema
) -> list[ibis.Table]:
    """Return one row per application and record that counts: ring, rank, operands, derived measures, subjects.

    A record counts when it happened before the application and was known by then. The work is cut into stages, each an
    expression over the one before (named by :func:`stage_name`); otherwise Ibis would write every derived measure out in full
    wherever it is used.
    """
    left = ibis.table(ibis.Schema.from_pyarrow(applications), name=APPLICATIONS)
    right = ibis.table(ibis.Schema.from_pyarrow(records), name=RECORDS_TABLE)
    joined = left.inner_join(right, "customer")
    joined = joined.filter(joined.event_us < joined.applied_us, joined.known_us <= joined.applied_us)
    joined = joined.mutate(age_days=joined.applied_day - joined.event_day)
    joined = joined.mutate(ring=_ring(joined.age_days, plan.windows))
    stages = [_with_order(joined, plan, contract) if plan.needs_order else joined]
    for level in _levels(plan.derived):
        _derive_level(stages, level)
    table = _after(stages)
    subjects = {
        _flag(subject.name): _meets(table, subject.conditions)
        for subject in plan.subjects
        if subject.name != ALL_RECORDS
    }
    table = table.mutate(**subjects) if subjects else table
    return [*stages, table.select(_kept(plan, list(table.columns)))]


def stage_name(position: int) -> str:
    """Return the name under which later stages know the stage at a position."""
    return f"stage_{position}"


def _after(stages: list[ibis.Table]) -> ibis.Table:
    return ibis.table(stages[-1].schema(), name=stage_name(len(stages) - 1))


def _levels(derived: tuple[DerivedPlan, ...]) -> list[list[DerivedPlan]]:
    """Group derived measures so that each builds only on levels before its own."""
    level_of: dict[str, int] = {}
    levels: list[list[DerivedPlan]] = []
    for measure in derived:
        level = max(level_of.get(measure.left, -1), level_of.get(measure.right, -1)) + 1
        level_of[measure.key] = level
        levels += [[]] if level == len(levels) else []
        levels[level].append(measure)
    return levels


def _kept(plan: SourcePlan, columns: list[str]) -> list[str]:
    used = {name for p in plan.primitives for name in (p.measure, p.by)} | {"app", "ring", "rank", "age_days"}
    used |= {_flag(subject.name) for subject in plan.subjects}
    return [name for name in columns if name in used]


def _flag(subject: str) -> str:
    return f"subject {subject}"


def _ring(age: Any, windows: tuple[int, ...]) -> Any:
    """Return the ring of an age: 0 inside the shortest window, then outwards."""
    if not windows:
        return ibis.literal(0)
    return ibis.cases(*((age <= days, index) for index, days in enumerate(windows)), else_=len(windows))


def _with_order(table: ibis.Table, plan: SourcePlan, contract: RecordContract) -> ibis.Table:
    """Add the rank in time (0 = most recent) and the previous record's columns; ties are broken by every column."""
    order = ["event_us", "known_us", *(measure.name for measure in contract.measures)]
    oldest_first = ibis.window(group_by="app", order_by=[table[key].asc(nulls_first=True) for key in order])
    newest_first = ibis.window(group_by="app", order_by=[table[key].desc(nulls_first=False) for key in order])
    columns = {
        column.key: table[column.name].lag().over(oldest_first)
        for column in plan.columns
        if column.scope == "previous"
    }
    return table.mutate(rank=ibis.row_number().over(newest_first), **columns)


def _derive_level(stages: list[ibis.Table], level: list[DerivedPlan]) -> None:
    """Append the stages that add derived measures; a quotient takes three, so that no expression is written out twice."""
    quotients = [plan for plan in level if plan.operator == "/"]
    if quotients:
        table = _after(stages)
        sides = {}
        for plan in quotients:
            divisor = table[plan.right] * plan.right_factor
            sides[f"top {plan.key}"] = table[plan.left] * plan.left_factor
            sides[f"bottom {plan.key}"] = (divisor > 0).ifelse(divisor, ibis.null("int64"))
        stages.append(table.mutate(**sides))
        table = _after(stages)
        stages.append(
            table.mutate(
                **{
                    f"whole {plan.key}": _half_up(table[f"top {plan.key}"], table[f"bottom {plan.key}"])
                    for plan in quotients
                }
            )
        )
    table = _after(stages)
    stages.append(table.mutate(**{plan.key: _clip(_derive(table, plan), plan) for plan in level}))


def _derive(table: ibis.Table, plan: DerivedPlan) -> Any:
    if not plan.operator:
        return table[plan.left]
    if plan.operator == "/":
        whole = table[f"whole {plan.key}"]
        capped = (whole > _CAP).ifelse(ibis.literal(_CAP), whole).cast("int64")
        return (table[f"top {plan.key}"] < 0).ifelse(capped * -1, capped)
    a, b = table[plan.left] * plan.left_factor, table[plan.right] * plan.right_factor
    return a + b if plan.operator == "+" else a - b


def _half_up(top: Any, bottom: Any) -> Any:
    """Divide magnitudes of whole numbers and round half up, exactly, as a whole float64.

    Engines differ on integer division, so the remainder is taken off first; the quotient of what is left is a whole number
    below 2**50 (the plan proves it, or a bound follows), and its float64 quotient is off by less than one half.
    """
    doubled = top.abs() * 2 + bottom
    return ((doubled - doubled % (bottom * 2)) / (bottom * 2)).round()


def _clip(value: Any, plan: DerivedPlan) -> Any:
    """Move values to the bounds; missing stays missing (a comparison with it is never true)."""
    limits = []
    if plan.low is not None:
        limits.append((value < plan.low, ibis.literal(plan.low, "int64")))
    if plan.high is not None:
        limits.append((value > plan.high, ibis.literal(plan.high, "int64")))
    return ibis.cases(*limits, else_=value) if limits else value


def _meets(table: ibis.Table, conditions: tuple[ConditionPlan, ...]) -> Any:
    holds = ibis.literal(value=True)
    for condition in conditions:
        holds &= _condition(table, condition).fill_null(ibis.literal(value=False))
    return holds


def _condition(table: ibis.Table, plan: ConditionPlan) -> Any:
    left = table[plan.left] * plan.left_factor if plan.left_factor != 1 else table[plan.left]
    if plan.operator == "in":
        return left.isin(plan.constants)
    right = table[plan.right] * plan.right_factor if plan.right else ibis.literal(plan.constants[0], "int64")
    comparisons = {
        "==": lambda: left == right,
        "!=": lambda: left != right,
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
    }
    return comparisons[plan.operator]()


def series_name(primitive: Primitive) -> str:
    """Return the column in which a primitive of :data:`IN_RINGS` is delivered; windows share it."""
    return f"{primitive.kind} {primitive.subject} {primitive.measure}"


#: The series that counts every record.
ALL_COUNT = f"n {ALL_RECORDS} {RECORDS}"


def primitive_tables(plan: SourcePlan, base: ibis.Table, n_records: int) -> Iterator[ibis.Table]:
    """Yield tables by ``app`` and ``ring`` with a column per series, and tables by ``app`` with a column ``p<index>`` per primitive.

    The first table holds :data:`ALL_COUNT`. ``n_records`` is the most that one application can have.
    """
    yield _ringed(plan, base, n_records)
    by_kind: dict[tuple[str, str, str, str], list[tuple[int, Primitive]]] = {}
    for index, primitive in enumerate(plan.primitives):
        if primitive.kind not in _RINGED:
            key = (_family(primitive.kind), primitive.subject, primitive.measure, primitive.by)
            by_kind.setdefault(key, []).append((index, primitive))
    families = {"last": _last, "lead": _lead, "longest": _longest, "distinct": _distinct, "p": _quantiles}
    for (family, *_), wanted in by_kind.items():
        if family == "grouped":
            yield group_totals(plan, _filtered(plan, base, wanted[0][1]), wanted, n_records, _within)
        elif family == "gap":
            yield gap_table(plan, _filtered(plan, base, wanted[0][1]), wanted, _within)
        elif family == "custom":
            yield value_lists(plan, _filtered(plan, base, wanted[0][1]), wanted, _within)
        else:
            yield families[family](plan, base, wanted)


def _family(kind: str) -> str:
    if kind in GROUPED:
        return "grouped"
    return {"p": "p", "g": "gap", "c": "custom"}.get(kind[0], kind)


def _selected(plan: SourcePlan, base: ibis.Table, primitive: Primitive) -> Any:
    """Return which records a primitive is about: its subject's, where the measure is present."""
    holds: Any = None if primitive.subject == ALL_RECORDS else base[_flag(primitive.subject)]
    if primitive.measure == RECORDS or primitive.measure not in plan.nullable:
        return holds
    present = base[primitive.measure].notnull()
    return present if holds is None else holds & present


def _within(plan: SourcePlan, table: ibis.Table, days: int | None) -> Any:
    """Return which rings a window holds; None for all of them."""
    return None if days is None else table.ring <= plan.windows.index(days)


def _ringed(plan: SourcePlan, base: ibis.Table, n_records: int) -> ibis.Table:
    """Aggregate each ring once."""
    series = {series_name(p): p for p in plan.primitives if p.kind in _RINGED}
    columns = {name: _in_ring(plan, base, primitive, n_records) for name, primitive in series.items()}
    return base.group_by("app", "ring").agg(**{ALL_COUNT: base.count(), **columns})


def _in_ring(plan: SourcePlan, base: ibis.Table, primitive: Primitive, n_records: int) -> Any:
    where = _selected(plan, base, primitive)
    kind = primitive.kind
    if kind == "n":
        return base.count(where=where) if where is not None else base.count()
    if kind in ("min", "max"):
        return getattr(base[primitive.measure], kind)(where=where)
    powers = {"s": (1, 0), "q": (2, 0), "t": (0, 1), "tt": (0, 2), "tx": (1, 1)}[kind]
    bound = plan.bounds.get(primitive.measure, 1) ** powers[0] * 120_000 ** powers[1]
    factors = [base[primitive.measure]] * powers[0] + [base.age_days] * powers[1]
    if bound > _INT64:
        factors = [factor.cast(_WIDE) for factor in factors]
    product = factors[0] if len(factors) == 1 else factors[0] * factors[1]
    if bound <= _INT64 < bound * max(n_records, 1):
        product = product.cast(_WIDE)
    return product.sum(where=where)


def _last(plan: SourcePlan, base: ibis.Table, wanted: list[tuple[int, Primitive]]) -> ibis.Table:
    """Return the most recent value; windows are decided by their counts."""
    index, primitive = wanted[0]
    chosen = _filtered(plan, base, primitive)
    return chosen.group_by("app").agg(**{f"p{index}": chosen[primitive.measure].argmin(chosen["rank"])})


def _lead(plan: SourcePlan, base: ibis.Table, wanted: list[tuple[int, Primitive]]) -> ibis.Table:
    """Return how many records in a row meet the subject, back from the most recent: the rank of the first that does not."""
    index, primitive = wanted[0]
    holds = _selected(plan, base, primitive)
    first_break = base["rank"].min() if holds is None else base["rank"].min(where=~holds)
    total = base.count()
    lead = total if holds is None else ibis.coalesce(first_break, total)
    return base.group_by("app").agg(**{f"p{index}": lead.cast("int64")})


def _longest(plan: SourcePlan, base: ibis.Table, wanted: list[tuple[int, Primitive]]) -> ibis.Table:
    """Return the longest run inside each window: runs are islands of ranks, cut at the window's border."""
    primitive = wanted[0][1]
    chosen = _filtered(plan, base, primitive)
    order = ibis.window(group_by="app", order_by=chosen["rank"])
    islands = chosen.mutate(island=chosen["rank"] - ibis.row_number().over(order))
    lengths = islands.group_by("app", "island").agg(
        **{f"p{index}": islands.count(where=_within(plan, islands, p.days)) for index, p in wanted}
    )
    return lengths.group_by("app").agg(**{f"p{index}": lengths[f"p{index}"].max() for index, _ in wanted})


def _distinct(plan: SourcePlan, base: ibis.Table, wanted: list[tuple[int, Primitive]]) -> ibis.Table:
    """Count different values: each value belongs to the innermost ring it occurs in."""
    primitive = wanted[0][1]
    chosen = _filtered(plan, base, primitive)
    values = chosen.group_by("app", value=chosen[primitive.measure]).agg(ring=chosen.ring.min())
    return values.group_by("app", "ring").agg(**{series_name(primitive): values.count()})


def _quantiles(plan: SourcePlan, base: ibis.Table, wanted: list[tuple[int, Primitive]]) -> ibis.Table:
    """Return the two order statistics around each quantile, from sorted values."""
    primitive = wanted[0][1]
    chosen = _filtered(plan, base, primitive)
    value = chosen[primitive.measure]
    windows = dict.fromkeys(p.days for _, p in wanted)
    lists = chosen.group_by("app").agg(
        **{
            f"list{position}": value.collect(where=_within(plan, chosen, days), order_by=value)
            for position, days in enumerate(windows)
        }
    )
    columns = {}
    for index, p in wanted:
        values = lists[f"list{list(windows).index(p.days)}"]
        steps = (values.length() - 1) * int(p.kind[1:])
        low = ((steps - steps % 100) / 100).round().cast("int64")
        high = ibis.least(low + 1, values.length() - 1)
        columns[f"p{index}_low"], columns[f"p{index}_high"] = values[low], values[high]
    return lists.select("app", **columns)


def _filtered(plan: SourcePlan, base: ibis.Table, primitive: Primitive) -> ibis.Table:
    holds = _selected(plan, base, primitive)
    return base if holds is None else base.filter(holds)
