"""Lineage after a withdrawal: which features, models and decisions used a person's data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from credit_risk.errors import SpecificationError
from credit_risk.scoring import trace_data_use

FEED = "monthly_statements"


@pytest.fixture
def decision(bundle, request_json):
    return bundle.decide(request_json["application"], request_json["records"])


def test_a_decision_made_from_the_feed_is_found_with_its_features_and_models(bundle, decision):
    use = trace_data_use(FEED, [decision.application_id], bundles=[bundle], decisions=[decision])
    assert use.decisions == (decision.application_id,)
    assert (use.untouched, use.unknown, use.not_found) == ((), (), ())
    (features,) = use.features.values()
    expected = [row["feature"] for row in bundle.features.lineage() if row["source"] == FEED]
    assert list(features) == expected
    assert set(use.models[bundle.digest]) >= {"scorecard", "booster"}
    assert use == trace_data_use(
        FEED, [decision.application_id], bundles=[bundle], decisions=[decision.to_dict()]
    )
    assert use.to_dict()["decisions"] == [decision.application_id]


@pytest.mark.parametrize("why", ["no_consent", "not_supplied", "no_records"])
def test_a_decision_without_the_feed_is_untouched(bundle, decision, why):
    without = replace(decision, flags=(f"{FEED}__{why}",))
    use = trace_data_use(FEED, [decision.application_id], bundles=[bundle], decisions=[without])
    assert (use.decisions, use.untouched) == ((), (decision.application_id,))
    assert use.features == use.models == {}


def test_other_people_are_passed_over_and_unknown_bundles_are_said_to_be_unknown(bundle, decision):
    elsewhere = replace(decision, bundle_digest="0" * 64)
    use = trace_data_use(FEED, [decision.application_id], bundles=[bundle], decisions=[elsewhere])
    assert use.unknown == (decision.application_id,)
    nobody = trace_data_use(FEED, ["someone else"], bundles=[bundle], decisions=[decision])
    assert nobody.decisions == nobody.untouched == nobody.unknown == ()
    assert nobody.not_found == ("someone else",)


def test_what_was_asked_for_and_not_found_is_named_once_by_the_key_asked_with(bundle, decision):
    asked = ["typo", decision.application_id, 17, "typo"]
    use = trace_data_use(FEED, asked, bundles=[bundle], decisions=[decision, decision])
    assert use.not_found == ("typo", "17")
    assert use.decisions == (decision.application_id,) * 2
    content = use.to_dict()
    assert content["not_found"] == ["typo", "17"]
    assert content["counts"] == {"decisions": 2, "untouched": 0, "unknown": 0, "not_found": 2}


def test_applications_are_found_as_numbers_and_one_text_is_not_a_list_of_letters(bundle, decision):
    numbered = replace(decision, application_id="17")
    use = trace_data_use(FEED, [17], bundles=[bundle], decisions=[numbered])
    assert use.decisions == ("17",)
    with pytest.raises(SpecificationError, match="CR-SRC-035: application_ids is one text"):
        trace_data_use(FEED, "17", bundles=[bundle], decisions=[numbered])


def test_an_unknown_feed_is_refused_with_the_nearest_name(bundle):
    with pytest.raises(
        SpecificationError, match="CR-SRC-033: No bundle reads a feed called 'monthly_statement'. Did"
    ):
        trace_data_use("monthly_statement", [], bundles=[bundle], decisions=[])
    with pytest.raises(SpecificationError, match="No bundle was handed in"):
        trace_data_use(FEED, [], bundles=[], decisions=[])
