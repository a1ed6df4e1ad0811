"""Operands and subjects in arrays are those of plain Python, record by record."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest

from credit_risk.features.plan import SourcePlan, SubjectPlan
from credit_risk.features.real_time.history import derive, meets
from credit_risk.features.real_time.record_program import RecordProgram
from credit_risk.features.real_time.reductions import Scratch
from credit_risk.features.resolve import ConditionPlan, DerivedPlan, ResolvedColumn
from credit_risk.sources.normalization import ScaledColumn
from credit_risk.sources.requests import RecordArrays

N = 40
BOUNDS = {"a": 50, "b": 50, "application.limit": 50, "previous.a": 50, "previous.b": 50}


def column(scope, name, *, nullable):
    key = name if scope == "record" else f"{scope}.{name}"
    return ResolvedColumn(key=key, scope=scope, name=name, scale=0, bound=50, nullable=nullable)


#: 'b' is used through its previous value and through derived measures only.
COLUMNS = (
    column("record", "a", nullable=True),
    column("previous", "a", nullable=True),
    column("record", "b", nullable=False),
    column("previous", "b", nullable=True),
    column("application", "limit", nullable=True),
)
OPERANDS = ("a", "b", "previous.a", "application.limit")
DERIVED = tuple(
    DerivedPlan(
        key=f"d{place}",
        left=left,
        operator=operator,
        right=right if operator else "",
        left_factor=factor if operator else 1,
        right_factor=1,
        low=low,
        high=high,
    )
    for place, (operator, left, right, factor, (low, high)) in enumerate(
        product(
            ("", "+", "-", "/"), OPERANDS, ("b", "previous.a"), (1, 10), ((None, None), (5, 30), (-999, 999))
        )
    )
)
CONDITIONS = tuple(
    ConditionPlan(
        left=left, operator=operator, right=right, constants=constants, left_factor=2, right_factor=3
    )
    for operator, left, (right, constants) in product(
        ("==", "!=", "<", "<=", ">", ">="),
        OPERANDS,
        (("", (0,)), ("", (-7,)), ("", (7,)), ("b", ()), ("previous.b", ())),
    )
) + tuple(
    ConditionPlan(left=left, operator="in", right="", constants=constants, left_factor=1, right_factor=1)
    for left, constants in product(OPERANDS, ((3,), (0, 4, -2), (5, 6)))
)
SUBJECTS = (
    SubjectPlan(name="all", conditions=()),
    *(SubjectPlan(name=f"s{place}", conditions=(condition,)) for place, condition in enumerate(CONDITIONS)),
    SubjectPlan(name="again", conditions=CONDITIONS[:1]),
    SubjectPlan(name="two", conditions=CONDITIONS[1:3]),
    SubjectPlan(name="four", conditions=CONDITIONS[3:7]),
)
PLAN = SourcePlan(
    source="bank",
    columns=COLUMNS,
    derived=DERIVED,
    subjects=SUBJECTS,
    windows=(),
    primitives=(),
    bounds=BOUNDS,
    nullable=frozenset(),
    needs_order=True,
)


@pytest.mark.parametrize("limit", [None, -4, 0, 7])
def test_operands_and_subjects_are_those_of_plain_python(limit):
    rng = random.Random(f"{limit}")
    a = [rng.choice([None, rng.randint(-50, 50), rng.randint(-3, 7)]) for _ in range(N)]
    b = [rng.choice([rng.randint(-50, 50), rng.randint(-3, 7)]) for _ in range(N)]
    order = list(range(N))
    rng.shuffle(order)
    records = RecordArrays(
        event_time_us=np.argsort(order) * 3_600_000_000,
        known_at_us=np.zeros(N, dtype=np.int64),
        columns={
            "a": ScaledColumn(
                values=np.array([value or 0 for value in a]), missing=np.array([value is None for value in a])
            ),
            "b": ScaledColumn(values=np.array(b), missing=None),
        },
    )
    plain = {"a": [a[at] for at in order], "b": [b[at] for at in order], "application.limit": [limit] * N}
    plain |= {f"previous.{name}": [None, *plain[name][:-1]] for name in ("a", "b")}
    for derived in DERIVED:
        plain[derived.key] = derive(derived, plain)
    program = RecordProgram(PLAN, ["d3", "a"])
    assert list(program.rows)[:2] == ["d3", "a"]
    values, present, masks = program(
        records, np.array(order), {"limit": limit}, (0, 0, "Asia/Taipei"), Scratch()
    )
    assert present[-1].all()
    for key, expected in plain.items():
        row = program.rows[key]
        assert values[row].tolist() == [value or 0 for value in expected], key
        assert present[row].tolist() == [value is not None for value in expected], key
    for mask, subject in zip(masks, SUBJECTS, strict=True):
        met = [meets(condition, plain) for condition in subject.conditions]
        assert mask.tolist() == [all(flags) for flags in zip(*met, strict=True)] or not met, subject.name
    assert masks[0].all()
