"""What a catalogue may name: scales, bounds, roles, purposes; everything else is refused before any data is seen."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credit_risk.errors import LeakageError, SpecificationError
from credit_risk.features.plan import plan_features


def test_a_primitive_that_two_features_need_is_computed_once(contracts, one):
    catalogue = one(aggregate="mean")
    both = type(catalogue)(
        name="two",
        version="1",
        definitions=(*catalogue.definitions, *one(aggregate="std").definitions),
    )
    source = plan_features(both, contracts).sources[0]
    assert [p.kind for p in source.primitives] == ["s", "n", "q"]
    assert source.windows == (30,)
    assert not source.needs_order


def test_order_is_asked_for_only_where_it_matters(contracts, one):
    assert plan_features(one(aggregate="last"), contracts).sources[0].needs_order
    assert plan_features(one(where=["amount > previous.amount"]), contracts).sources[0].needs_order
    assert not plan_features(one(where=["amount > 5"]), contracts).sources[0].needs_order


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"measure": "amuont"},
            "CR-FEA-010: .*'amuont' does not exist in source 'bank'. Did you mean 'amount'",
        ),
        ({"where": ["amuont > 1"]}, "CR-FEA-010: subject 'chosen' of source 'bank': .*Did you mean 'amount'"),
        (
            {"where": ["category == 'fod'"]},
            "CR-FEA-010: .*'fod' is not a code of 'category'. Did you mean 'food'",
        ),
        (
            {"expression": "amount / application.limt", "measure_with": {"scale": 4}},
            "CR-FEA-010: .*Did you mean 'limit'",
        ),
        (
            {"expression": "amount - application.age"},
            "CR-FEA-011: .*'application.age' has the role 'protected'",
        ),
        ({"measure": "note", "aggregate": "count"}, "CR-FEA-011: .*'note' has the role 'ignored'"),
        ({"source": "application", "measure": "age", "window": "now", "aggregate": "value"}, "CR-FEA-011"),
        ({"source": "bnak"}, "CR-SRC-001: Feature .*source 'bnak' .*Did you mean 'bank'"),
        ({"measure": "category"}, "CR-FEA-013: .*adds values, but 'category' is a code"),
        ({"where": ["category > 'food'"]}, "CR-FEA-013: .*codes have no order"),
        ({"where": ["category == mood"]}, "CR-FEA-013: .*cannot be compared"),
        ({"where": ["amount == 'food'"]}, "CR-FEA-013: .*cannot be compared with a word"),
        ({"expression": "amount - category"}, "CR-FEA-013: .*a code cannot be added or divided"),
        ({"expression": "wide / amount", "measure_with": {"scale": 6}}, "CR-FEA-014: .*beyond 64 bits"),
        ({"expression": "wide + wide"}, "CR-FEA-014: .*more than 15 digits are not exact"),
        (
            {
                "expression": "amount / amount",
                "measure_with": {"scale": 2, "minimum": 0, "maximum": Decimal("0.001")},
            },
            "CR-FEA-014: .*at most 2 decimal places",
        ),
        ({"where": ["wide >= 0.000001"]}, "CR-FEA-014"),
        ({"consent_purpose": "marketing"}, "CR-FEA-015: .*for 'marketing', but .* for 'credit_assessment'"),
        (
            {
                "source": "application",
                "expression": "previous.limit",
                "window": "now",
                "aggregate": "value",
            },
            "CR-FEA-010: .*no previous record",
        ),
    ],
)
def test_a_name_or_an_operation_that_cannot_be_is_refused(contracts, one, fields, message):
    with pytest.raises(SpecificationError, match=message):
        plan_features(one(**fields), contracts)


@pytest.mark.parametrize(
    "fields",
    [
        {"measure": "charged_off"},
        {"where": ["charged_off == 1"]},
        {"expression": "amount - application.is_bad"},
        {"source": "application", "measure": "is_bad", "window": "now", "aggregate": "value"},
    ],
)
def test_an_outcome_is_out_of_reach(contracts, one, fields):
    with pytest.raises(LeakageError, match="CR-FEA-012: .*is an outcome"):
        plan_features(one(**fields), contracts)
