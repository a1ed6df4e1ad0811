"""The model document: every item of the evidence checklist exactly once, filled or missing with who supplies it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from credit_risk.domain.texts import LANGUAGES, catalogue
from credit_risk.errors import GovernanceError
from credit_risk.jobs.evidence.checklist import CHECKLIST
from credit_risk.jobs.evidence.model_document import assembled, evidence_items, plain

#: The evidence a validator asks for, phrase by phrase, and the items that hold it.
EVIDENCE = {
    "id/version/owner/tier": ("identifier", "version", "owner", "tier"),
    "purpose and prohibited uses": ("purpose", "prohibited_uses"),
    "population, windows, exclusions": ("population", "windows", "exclusions"),
    "data sources with consent and licence lineage and quality": (
        "data_sources",
        "consent_lineage",
        "licence_lineage",
        "data_quality",
    ),
    "target definition": ("target_definition",),
    "sampling and reject inference with sensitivity": (
        "sampling",
        "reject_inference",
        "sampling_sensitivity",
    ),
    "features with rationale, monotonicity, missing path": (
        "feature_rationale",
        "monotonicity",
        "missing_path",
    ),
    "algorithm, hyper-parameters, seed, environment lock, hashes": (
        "algorithm",
        "hyper_parameters",
        "seed",
        "environment_lock",
        "hashes",
    ),
    "coefficients": ("coefficients",),
    "alternatives/challenger": ("challenger",),
    "discrimination, calibration, stability with intervals, out of time": (
        "discrimination",
        "calibration",
        "stability",
        "out_of_time",
    ),
    "segment results": ("segment_results",),
    "explainability method and stability": ("explainability_method", "explainability_stability"),
    "fairness tests": ("fairness_tests",),
    "limits/assumptions/overlays": ("limitations", "assumptions", "overlays"),
    "cut-off and pricing use": ("cut_off_use", "pricing_use"),
    "implementation test": ("implementation_test",),
    "monitoring plan with thresholds and triggers": ("monitoring_plan", "monitoring_triggers"),
    "change log": ("change_log",),
    "validation findings": ("validation_findings",),
    "approvals": ("approvals",),
    "retirement plan": ("retirement_plan",),
    "decision log schema allowing replay": ("decision_log",),
}


def test_the_checklist_holds_every_item_of_evidence_once() -> None:
    wanted = [key for keys in EVIDENCE.values() for key in keys]
    assert list(CHECKLIST) == wanted
    assert len(wanted) == len(set(wanted))


@pytest.mark.parametrize(
    "facts", [{}, {"seed": {"plan": 7}, "approvals": "given"}, dict.fromkeys(CHECKLIST, 1)]
)
def test_every_item_stands_once_filled_or_missing(facts) -> None:
    document = assembled(facts)
    assert [item["key"] for item in document["items"]] == list(CHECKLIST)
    for item in document["items"]:
        if item["key"] in facts:
            assert set(item) == {"key", "title", "status", "value"}
            assert item["status"] == "filled"
        else:
            assert set(item) == {"key", "title", "status", "supplied_by"}
            assert item["status"] == "missing"
            assert set(item["supplied_by"]) == set(LANGUAGES)
    assert (document["n_filled"], document["n_missing"]) == (len(facts), len(CHECKLIST) - len(facts))


@pytest.mark.parametrize("nothing", [None, {}, [], ""])
def test_an_empty_fact_is_missing_and_zero_is_not(nothing) -> None:
    document = assembled({"seed": nothing, "version": 0})
    status = {item["key"]: item["status"] for item in document["items"]}
    assert (status["seed"], status["version"]) == ("missing", "filled")


def test_a_fact_outside_the_checklist_is_refused() -> None:
    with pytest.raises(GovernanceError, match=r"CR-GOV-022.*\['sead'\]"):
        assembled({"sead": 1})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_has_its_words_and_no_words_are_left_over(language) -> None:
    words = catalogue(language)
    for kind, keys in (("evidence", set(CHECKLIST)), ("supplier", set(CHECKLIST.values()))):
        prefix = f"report.{kind}."
        named = {key.removeprefix(prefix) for key in words if key.startswith(prefix)}
        assert named >= keys
        assert not named - keys


def test_numbers_that_do_not_exist_become_null() -> None:
    value = plain({"a": np.float64("nan"), "b": (np.int64(3), float("inf")), 4: np.bool_(True)})
    assert json.loads(json.dumps(value, allow_nan=False)) == {"a": None, "b": [3, None], "4": True}


def test_the_report_is_told_who_supplies_what_is_missing() -> None:
    items = evidence_items(assembled({"identifier": "x"}))
    assert (items[0].is_filled, items[0].supplied_by) == (True, {})
    assert (items[2].title["en"], items[2].supplied_by["zh-CN"]) == ("Owner", "信用风险负责人")
