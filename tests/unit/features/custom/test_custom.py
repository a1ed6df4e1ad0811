"""Aggregates of a user's own: refused unless both halves agree; their features are computed in both compilers alike."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from credit_risk.errors import SpecificationError
from credit_risk.features import CustomAggregate, check_parity, register_aggregate
from credit_risk.features.aggregates import AGGREGATES, CUSTOM, TOKENS
from credit_risk.features.custom.parity import run_real_time


def total(values, ages):
    return sum(values) % 1_000_003, len(values)


def totals(values, ages, starts):
    sums = [sum(values[a:b].tolist()) % 1_000_003 for a, b in pairwise(starts)]
    return np.array(sums, dtype=np.int64), np.diff(starts)


def custom(**fields):
    given = {"name": "odd_total", "real_time": total, "batch": totals, "meaning": "remainder of the sum"}
    return CustomAggregate(**{**given, **fields})


@pytest.fixture
def forget():
    """Return a function that takes a name off the register after the test."""
    names = []
    yield names.append
    for name in names:
        AGGREGATES.pop(name, None)
        CUSTOM.pop(name, None)
        TOKENS.pop(f"custom {name}", None)


def test_equal_halves_are_registered_once_and_named_by_definitions(forget, one):
    forget("odd_total")
    aggregate = custom()
    register_aggregate(aggregate)
    register_aggregate(aggregate)
    assert one(aggregate="odd_total").names == ("bank__all__amount__30d__odd_total",)


def test_a_custom_aggregate_is_replaced_only_if_asked(forget):
    forget("odd_total")
    register_aggregate(custom())
    with pytest.raises(SpecificationError, match="CR-FEA-022"):
        register_aggregate(custom())
    again = custom()
    register_aggregate(again, replace=True)
    assert CUSTOM["odd_total"] is again
    with pytest.raises(SpecificationError, match="CR-FEA-022"):
        register_aggregate(custom(name="mean"), replace=True)


def test_an_unregistered_name_is_refused(one):
    with pytest.raises(SpecificationError, match="CR-FEA-005: .*must be registered first"):
        one(aggregate="odd_total")


@pytest.mark.parametrize("name", ["mean", "two words", "a__b", "lambda", "None"])
def test_a_name_that_is_taken_or_no_word_is_refused(name):
    with pytest.raises(SpecificationError, match="CR-FEA-022: .*name of its own"):
        register_aggregate(custom(name=name))


@pytest.mark.parametrize("version", ["", " ", 2])
def test_a_version_that_is_no_text_is_refused(version):
    with pytest.raises(SpecificationError, match="CR-FEA-022: .*version = .* is not allowed"):
        register_aggregate(custom(version=version))


def off_by_one_day(values, ages, starts):
    tops, n = totals(values, ages, starts)
    return tops + (np.diff(starts) == 7), n


def leaks_across_applications(values, ages, starts):
    tops, n = totals(values, ages, starts)
    return np.where(np.arange(n.size) == 0, tops, tops + (n > 2)), n


@pytest.mark.parametrize("batch", [off_by_one_day, leaks_across_applications])
def test_halves_that_differ_are_refused_and_not_registered(batch):
    with pytest.raises(SpecificationError, match="CR-FEA-021: .*differ in .* random histories .*seed 3"):
        register_aggregate(custom(batch=batch), seed=3)
    assert "odd_total" not in AGGREGATES


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"real_time": lambda values, ages: (0.5, 1)}, "real-time half gives a float"),
        (
            {"batch": lambda values, ages, starts: (values * 1.0, ages)},
            "batch half gives an array of float64",
        ),
        ({"batch": lambda values, ages, starts: (starts, starts)}, "Expected signed whole numbers of shape"),
        (
            {"batch": lambda values, ages, starts: (starts[1:].astype(np.uint64), starts[1:])},
            "an array of uint64 .* Expected signed whole numbers",
        ),
    ],
)
def test_what_is_no_whole_number_is_refused(fields, message):
    with pytest.raises(SpecificationError, match=f"CR-FEA-021: .*{message}"):
        check_parity(custom(**fields), cases=10)


def test_no_cases_prove_nothing():
    with pytest.raises(SpecificationError, match="CR-FEA-021: cases = 0"):
        check_parity(custom(), cases=0)


def test_the_real_time_half_is_held_to_its_promise_when_it_runs():
    with pytest.raises(SpecificationError, match="CR-FEA-021: .*at most 64 bits"):
        run_real_time(custom(real_time=lambda values, ages: (2**70, 1)), [1], [0])
