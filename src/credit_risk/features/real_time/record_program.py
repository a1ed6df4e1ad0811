"""Operands and subjects of a plan as one flat Python function on arrays: written once from the plan, then compiled.

Each operand is a row of one table of whole numbers, 0 where there is none, and each subject a row of one table of flags, so that the
reductions find them in place. What the plan settles (which values can be missing, which bounds cannot be passed, whether a missing
value's 0 would meet a condition) costs nothing in a call. Light: numpy only.

Reading order: :class:`RecordProgram`, :class:`_Writer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.features.expression import NIGHT_ENDS, SATURDAY
from credit_risk.features.real_time.local_times import local_times
from credit_risk.sources.calendar import HOUR_US, set_backs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.features.plan import SourcePlan
    from credit_risk.features.real_time.reductions import Scratch
    from credit_risk.features.resolve import ConditionPlan, DerivedPlan
    from credit_risk.sources.normalization import ScaledColumn
    from credit_risk.sources.requests import RecordArrays

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_COMPARISONS = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
#: Built-in operand -> code; ``hours`` and ``wall_days`` count local wall-clock time since 1970.
_BUILT_IN = {
    "age_days": "subtract(today, days, {x})",
    "event_day": "{x}[:] = days",
    "event_hour": "subtract(hours, wall_days * 24, {x})",
    "event_weekday": "remainder(wall_days + 3, 7, {x})",
    "is_night": f"{{x}}[:] = hours - wall_days * 24 < {NIGHT_ENDS}",
    "is_weekend": f"{{x}}[:] = (wall_days + 3) % 7 >= {SATURDAY}",
}


class RecordProgram:
    """Computes operands, where they are, and the records of each subject.

    Parameters
    ----------
    plan : SourcePlan
        What to compute.
    measures : sequence of str
        Operands that take the first rows, in this order.
    """

    def __init__(self, plan: SourcePlan, measures: Sequence[str]) -> None:
        writer = _Writer(plan, measures)
        self.rows = writer.rows
        self._n_subjects, self._n_flags = len(plan.subjects), writer.n_flags
        names = ("subtract", "remainder", "add", "multiply", "maximum", "minimum", *_COMPARISONS.values())
        namespace: dict[str, Any] = {name: getattr(np, name) for name in (*names, "logical_and")}
        namespace |= {"read": _read, "divide": _divide}
        exec(compile(writer.source(), "<records>", "exec"), namespace)  # noqa: S102 - our own plan's names and numbers
        self._compute = namespace["records"]

    def __call__(
        self,
        records: RecordArrays,
        order: NDArray[np.intp],
        attributes: Mapping[str, int | None],
        clock: tuple[int, int, str],
        scratch: Scratch,
    ) -> tuple[Integers, Flags, Flags]:
        """Return operands, where they are (the last row, for the record itself, is true), and masks of the subjects."""
        moments = records.event_time_us.take(order)
        local = local_times(moments, clock[2])
        hours = local // HOUR_US
        wall_days = hours // 24
        days = wall_days
        for start, end, begun in set_backs(int(moments[0]), int(moments[-1]), clock[2]):
            days = np.where((moments >= start) & (moments < end), begun, days)
        values = scratch.table("operands", len(self.rows), order.size)
        present = np.empty((len(self.rows) + 1, order.size), dtype=bool)
        flags = np.empty((self._n_flags, order.size), dtype=bool)
        present.fill(True)
        columns = [records.columns, order, attributes, hours, wall_days, days, clock[1]]
        self._compute(values, present, flags, *columns)
        return values, present, flags[: self._n_subjects]


class _Writer:
    """Writes the code: a row per operand, then a row of flags per condition and subject."""

    def __init__(self, plan: SourcePlan, measures: Sequence[str]) -> None:
        self._plan = plan
        self._lines: list[str] = []
        self._nullable: set[str] = set()
        self.rows: dict[str, int] = {}
        bases = [column.name for column in plan.columns if column.scope != "application"]
        keys = [*measures, "age_days", *bases, *(column.key for column in plan.columns)]
        for key in (*keys, *(derived.key for derived in plan.derived)):
            self.rows.setdefault(key, len(self.rows))
        self._columns(bases)
        for derived in plan.derived:
            self._derive(derived)
        self._flags: dict[ConditionPlan, int] = {}
        self.n_flags = len(plan.subjects)
        self._subjects()

    def source(self) -> str:
        """Return the function's text."""
        unpacked = [
            f"{', '.join(f'{letter}{row}' for row in range(n))}, = {table}"
            for letter, n, table in (
                ("x", len(self.rows), "values"),
                ("p", len(self.rows) + 1, "present"),
                ("m", self.n_flags, "flags"),
            )
        ]
        head = (
            "def records(values, present, flags, columns, order, attributes, hours, wall_days, days, today):"
        )
        return "\n    ".join([head, *unpacked, *self._lines])

    def _write(self, *lines: str) -> None:
        self._lines += lines

    def _columns(self, bases: Iterable[str]) -> None:
        # a column of which only the previous value is used is taken as one that can be missing
        never = {
            column.name for column in self._plan.columns if column.scope == "record" and not column.nullable
        }
        for name in dict.fromkeys(("age_days", *bases)):
            row = self.rows[name]
            if name in _BUILT_IN:
                self._write(_BUILT_IN[name].format(x=f"x{row}"))
                continue
            if name not in never:
                self._nullable.add(name)
            present = f"p{row}" if name in self._nullable else "None"
            self._write(f"read(columns[{name!r}], order, x{row}, {present})")
        for column in self._plan.columns:
            row = self.rows[column.key]
            if column.scope == "application":
                self._nullable.add(column.key)
                self._write(
                    f"given = attributes[{column.name!r}]",
                    f"x{row}.fill(given or 0)",
                    f"if given is None: p{row}.fill(False)",
                )
            elif column.scope == "previous":
                self._nullable.add(column.key)
                base = self.rows[column.name]
                self._write(f"x{row}[0] = p{row}[0] = 0", f"x{row}[1:] = x{base}[:-1]")
                if column.name in self._nullable:
                    self._write(f"p{row}[1:] = p{base}[:-1]")

    def _scaled(self, key: str, factor: int) -> str:
        row = f"x{self.rows[key]}"
        return row if factor == 1 else f"{row} * {factor}"

    def _derive(self, plan: DerivedPlan) -> None:
        row, left, right = self.rows[plan.key], self._scaled(plan.left, plan.left_factor), ""
        needed = [key for key in (plan.left, plan.right) if key in self._nullable]
        if plan.operator:
            right = self._scaled(plan.right, plan.right_factor)
        if plan.operator == "/":
            presence = [f"p{self.rows[key]}" for key in needed]
            self._write(f"divide({left}, {right}, x{row}, p{row}, [{', '.join(presence)}])")
        else:
            add = {"+": f"add({left}, {right}, x{row})", "-": f"subtract({left}, {right}, x{row})"}
            self._write(add.get(plan.operator, f"x{row}[:] = {left}"), *self._joined(f"p{row}", needed))
        clipped = self._clip(plan, f"x{row}")
        self._write(*clipped)
        if needed or plan.operator == "/":
            self._nullable.add(plan.key)
            if plan.operator or clipped:
                self._write(f"multiply(x{row}, p{row}, x{row})")

    def _joined(self, target: str, needed: list[str]) -> list[str]:
        if not needed:
            return []
        rows = [f"p{self.rows[key]}" for key in needed]
        return [
            f"logical_and({rows[0]}, {rows[-1]}, {target})" if len(rows) > 1 else f"{target}[:] = {rows[0]}"
        ]

    def _clip(self, plan: DerivedPlan, row: str) -> list[str]:
        """Return code that moves values to their bounds, unless what is computed cannot pass them."""
        if plan.operator == "/":
            reach = None
        else:
            reach = self._reach(plan.left, plan.left_factor)
            if plan.operator:
                reach += self._reach(plan.right, plan.right_factor)
        code = []
        if plan.low is not None and (reach is None or -reach < plan.low):
            code.append(f"maximum({row}, {plan.low}, out={row})")
        if plan.high is not None and (reach is None or reach > plan.high):
            code.append(f"minimum({row}, {plan.high}, out={row})")
        return code

    def _reach(self, key: str, factor: int) -> int:
        return self._plan.bounds[key] * factor

    def _subjects(self) -> None:
        """Write each condition once: into its subject's row where it is that subject's only one, else into a row of its own."""
        for row, subject in enumerate(self._plan.subjects):
            if len(subject.conditions) == 1 and subject.conditions[0] not in self._flags:
                self._condition(subject.conditions[0], row)
        for subject in self._plan.subjects:
            for condition in subject.conditions:
                if condition not in self._flags:
                    self.n_flags += 1
                    self._condition(condition, self.n_flags - 1)
        for row, subject in enumerate(self._plan.subjects):
            own = [self._flags[condition] for condition in subject.conditions]
            if not own:
                self._write(f"m{row}.fill(True)")
            elif own != [row]:
                self._write(f"logical_and(m{own[0]}, m{own[-1]}, m{row})")
                self._write(*(f"logical_and(m{row}, m{other}, m{row})" for other in own[1:-1]))

    def _condition(self, plan: ConditionPlan, row: int) -> None:
        self._flags[plan] = row
        left, flags = self._scaled(plan.left, plan.left_factor), f"m{row}"
        met_by_nothing = True
        if plan.operator == "in":
            first, *others = plan.constants
            self._write(f"equal({left}, {first}, {flags})")
            self._write(*(f"{flags} |= {left} == {other}" for other in others))
            met_by_nothing = 0 in plan.constants
        elif plan.right:
            right = self._scaled(plan.right, plan.right_factor)
            self._write(f"{_COMPARISONS[plan.operator]}({left}, {right}, {flags})")
        else:
            constant = plan.constants[0]
            self._write(f"{_COMPARISONS[plan.operator]}({left}, {constant}, {flags})")
            met_by_nothing = bool(getattr(np, _COMPARISONS[plan.operator])(0, constant))
        if met_by_nothing:
            needed = [key for key in (plan.left, plan.right) if key in self._nullable]
            self._write(*(f"logical_and({flags}, p{self.rows[key]}, {flags})" for key in needed))


def _read(column: ScaledColumn, order: NDArray[np.intp], values: Integers, present: Flags | None) -> None:
    """Put a column in order of time; 0 where nothing is."""
    column.values.take(order, 0, values, "clip")
    if column.missing is not None and present is not None:
        np.logical_not(column.missing.take(order), out=present)


def _divide(top: Integers, bottom: Integers, values: Integers, present: Flags, needed: list[Flags]) -> None:
    """Divide and round half away from zero; no step leaves 64 bits where both operands fit. Missing where a divisor is not above 0."""
    np.greater(bottom, 0, out=present)
    for other in needed:
        np.logical_and(present, other, out=present)
    bottom = np.maximum(bottom, 1)
    rest = np.abs(top)
    np.floor_divide(rest, bottom, out=values)
    rest -= values * bottom
    values += rest >= bottom - rest
    values *= np.sign(top)
