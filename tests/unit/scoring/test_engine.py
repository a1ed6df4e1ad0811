"""Deciding one applicant: stages in order, requests checked, nothing claimed that was not assessed."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from credit_risk.errors import CreditRiskError, MissingFeatureError, ScoringError
from credit_risk.scoring import FeatureRows, ScoringBundle


@pytest.fixture
def decide(bundle, request_json):
    """Return a function that edits the example request and decides it."""

    def run(edit=lambda request: None, **options):
        request = copy.deepcopy(request_json)
        edit(request)
        return bundle.decide(request["application"], request["records"], **options)

    return run


def _with_strategy(bundle: ScoringBundle, **changes) -> ScoringBundle:
    return replace(bundle, strategy=replace(bundle.strategy, **changes))


def test_a_decision_carries_what_decided_and_what_nobody_assessed(decide, bundle):
    decision = decide()
    assert decision.outcome in {"approve", "decline"}
    assert decision.decision_model == "scorecard"
    assert set(decision.pds) == {"scorecard", "booster"}
    assert decision.pd_horizon == "12m"
    assert decision.not_assessed == ("identity", "fraud", "affordability")
    statuses = {stage.stage: (stage.status, stage.because) for stage in decision.stages}
    assert statuses["affordability"] == ("not_assessed", "income_unknown")
    assert decision.bundle_digest == bundle.digest
    assert decision.applied_at == "2005-09-30T16:00:00+00:00"


def test_a_decision_is_plain_json(decide):
    decision = decide()
    assert json.loads(json.dumps(decision.to_dict()))["application_id"] == decision.application_id


def test_an_approval_has_a_lawful_offer_to_the_cent(decide):
    decision = decide()
    assert decision.outcome == "approve"
    assert decision.offers
    for offer in decision.offers:
        assert offer.is_hypothetical
        assert max(offer.nominal_rate, offer.effective_rate) <= offer.ceiling_rate
        assert sum(offer.schedule.principal_part_minor) == offer.amount_minor
        assert sum(offer.schedule.instalment_minor) == offer.total_repayment_minor
        assert offer.total_repayment_minor == offer.amount_minor + offer.total_interest_minor
        parts = (offer.funding_cost_minor, offer.operating_cost_minor, offer.expected_loss_minor)
        assert sum(parts) + offer.expected_profit_minor == offer.interest_value_minor
        assert 0 < offer.interest_value_minor < offer.total_interest_minor


def test_people_may_ask_for_a_person(decide):
    decision = decide(human_review_requested=True)
    assert (decision.outcome, decision.offers) == ("refer", ())
    assert decision.reasons[0].code == "human_review_requested"


@pytest.mark.parametrize(
    "withhold",
    [
        lambda request: request["records"].update(monthly_statements=[]),
        lambda request: request["records"].update(monthly_statements=None),
        lambda request: request["records"].clear(),
    ],
    ids=["empty", "null", "absent"],
)
def test_without_a_required_source_nothing_is_decided(decide, withhold):
    decision = decide(withhold)
    assert decision.outcome == "incomplete"
    assert decision.score is None
    assert decision.pds == {}
    assert [(reason.kind, reason.code) for reason in decision.reasons] == [("data", "monthly_statements")]


def test_a_hard_rule_declines_with_its_own_reason(decide):
    def four_months_late(request):
        request["records"]["monthly_statements"][-1]["pay_status"] = 4

    decision = decide(four_months_late)
    assert (decision.outcome, decision.decided_at_stage) == ("decline", "eligibility")
    assert [(reason.kind, reason.code) for reason in decision.reasons] == [("rule", "serious_delinquency")]
    assert [stage.status for stage in decision.stages][2:] == [
        "failed",
        "not_reached",
        "not_assessed",
        "not_reached",
    ]


def test_a_stale_or_short_file_is_not_a_clean_one(decide):
    def last_year(request):
        request["application"]["applied_at"] = "2006-10-01T00:00:00+08:00"

    def two_statements(request):
        del request["records"]["monthly_statements"][:4]

    stale, short = decide(last_year), decide(two_statements)
    assert (stale.outcome, stale.decided_at_stage) == ("refer", "eligibility")
    assert [reason.code for reason in stale.reasons] == ["recent_statements_missing", "short_history"]
    assert (short.outcome, [reason.code for reason in short.reasons]) == ("refer", ["short_history"])


def test_order_of_records_unknown_fields_and_number_types_do_not_matter(decide):
    def shuffled(request):
        request["records"]["monthly_statements"].reverse()
        for row in request["records"]["monthly_statements"]:
            row.update(
                bill_amt=int(row["bill_amt"]),
                note="not in the contract",
                ID=request["application"]["customer_id"],
            )
        request["application"].update(LIMIT_BAL=int(request["application"]["LIMIT_BAL"]), colour="blue")

    assert decide(shuffled) == decide()


def test_the_cut_off_declines_and_the_band_below_refers(bundle, request_json):
    pd = bundle.decide(request_json["application"], request_json["records"]).pd
    strict = _with_strategy(bundle, max_pd=pd / 2)
    decision = strict.decide(request_json["application"], request_json["records"])
    assert (decision.outcome, decision.decided_at_stage) == ("decline", "risk")
    assert 1 <= len(decision.reasons) <= 4
    unsure = _with_strategy(bundle, max_pd=min(pd * 2, 1.0), refer_above_pd=pd / 2)
    assert unsure.decide(request_json["application"], request_json["records"]).outcome == "refer"


def test_no_lawful_profitable_offer_is_a_decline(bundle, request_json):
    dear = _with_strategy(bundle, costs=replace(bundle.strategy.costs, fixed_cost_amount="100000"))
    decision = dear.decide(request_json["application"], request_json["records"])
    assert (decision.outcome, decision.decided_at_stage) == ("decline", "offer")
    assert decision.reasons[0].code == "no_lawful_profitable_offer"
    assert len(decision.reasons) <= 4


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_decision_is_explained_in_plain_words(decide, language):
    decision = decide()
    lines = decision.explain(language).splitlines()
    assert len(lines) == 1 + len(decision.reasons)
    assert "__" not in decision.explain(language)


BAD_REQUESTS = {
    "no application id": (
        lambda r: r["application"].pop("application_id"),
        MissingFeatureError,
        "'application_id'",
    ),
    "no time": (lambda r: r["application"].pop("applied_at"), MissingFeatureError, "'applied_at'"),
    "naive time": (
        lambda r: r["application"].update(applied_at="2005-10-01T00:00:00"),
        ScoringError,
        "time with time zone",
    ),
    "no such time": (
        lambda r: r["application"].update(applied_at="yesterday"),
        ScoringError,
        "time with time zone",
    ),
    "no limit": (lambda r: r["application"].pop("LIMIT_BAL"), CreditRiskError, "LIMIT_BAL"),
    "limit is text": (lambda r: r["application"].update(LIMIT_BAL="a lot"), CreditRiskError, "LIMIT_BAL"),
    "limit is not finite": (
        lambda r: r["application"].update(LIMIT_BAL=float("nan")),
        CreditRiskError,
        "LIMIT_BAL",
    ),
    "unknown source": (lambda r: r["records"].update(telecom=[]), CreditRiskError, "telecom"),
    "field missing": (
        lambda r: r["records"]["monthly_statements"][2].pop("bill_amt"),
        CreditRiskError,
        "bill_amt",
    ),
    "unknown code": (
        lambda r: r["records"]["monthly_statements"][2].update(pay_status=77),
        CreditRiskError,
        "pay_status",
    ),
    "negative payment": (
        lambda r: r["records"]["monthly_statements"][2].update(pay_amt=-5.0),
        CreditRiskError,
        "pay_amt",
    ),
    "duplicate": (
        lambda r: r["records"]["monthly_statements"].append(r["records"]["monthly_statements"][0]),
        CreditRiskError,
        "monthly_statements",
    ),
    "the same month, written differently": (
        lambda r: r["records"]["monthly_statements"].append(
            {**r["records"]["monthly_statements"][5], "month": "20050901"}
        ),
        CreditRiskError,
        "more than once",
    ),
    "another day of the same month": (
        lambda r: r["records"]["monthly_statements"].append(
            {**r["records"]["monthly_statements"][5], "month": "2005-09-15"}
        ),
        CreditRiskError,
        "more than once",
    ),
    "another person's records": (
        lambda r: r["records"]["monthly_statements"][0].update(ID="777"),
        CreditRiskError,
        "1 of 6 records carry the key .* of another customer",
    ),
    "review asked for in the wrong place": (
        lambda r: r["application"].update(human_review_requested=True),
        ScoringError,
        "stands inside the application",
    ),
    "year 1": (
        lambda r: r["application"].update(applied_at="0001-01-01T00:00:00+00:00"),
        ScoringError,
        "time with time zone",
    ),
    "after the decision": (
        lambda r: r["records"]["monthly_statements"][5].update(month="2005-10-01"),
        CreditRiskError,
        "monthly_statements",
    ),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_a_bad_request_is_refused_by_field_and_never_by_value(decide, case):
    edit, kind, named = BAD_REQUESTS[case]
    with pytest.raises(kind, match=named) as caught:
        decide(edit)
    for value in ("a lot", "77", "-5.0"):
        assert value not in str(caught.value)


@pytest.mark.parametrize(
    "records", [None, [], [1], {"monthly_statements": 5}, {"monthly_statements": "text"}]
)
def test_records_that_are_no_named_lists_are_refused(bundle, request_json, records):
    with pytest.raises(ScoringError, match="records must be an object"):
        bundle.decide(request_json["application"], records)
    with pytest.raises(ScoringError, match="application must be an object"):
        bundle.decide([1], {})


def test_rows_of_the_wrong_shape_are_refused(bundle):
    n_features = len(bundle.features.names)
    now = datetime(2005, 10, 1, tzinfo=UTC)
    with pytest.raises(ScoringError, match=f"The bundle has {n_features} features"):
        bundle.engine.decide_rows(
            FeatureRows(application_ids=["1"], applied_at=[now], X=np.zeros((1, 3)), flags=[()])
        )
    rows = FeatureRows(application_ids=["1", "2"], applied_at=[now], X=np.zeros((1, n_features)), flags=[()])
    with pytest.raises(ScoringError, match="one entry per application"):
        bundle.engine.decide_rows(rows)
