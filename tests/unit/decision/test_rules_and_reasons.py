"""Rules say what they were told to; reasons name positive shortfalls only, by factor, at most four."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.decision.reasons import score_reasons
from credit_risk.decision.rules import check_rules, rule_hits
from credit_risk.decision.strategy import Rule
from credit_risk.errors import SpecificationError


def _rule(**changes: object) -> Rule:
    facts = {
        "id": "r", "stage": "eligibility", "feature": "depth", "operator": ">=", "value": 3.0, "outcome": "decline",
        "when_missing": "pass", "reason": "serious_delinquency",
    }  # fmt: skip
    return Rule(**{**facts, **changes})


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("<", ["decline", "", ""]),
        ("<=", ["decline", "decline", ""]),
        (">", ["", "", "decline"]),
        (">=", ["", "decline", "decline"]),
        ("==", ["", "decline", ""]),
    ],
)
def test_each_operator_compares(operator, expected):
    assert rule_hits(_rule(operator=operator), np.array([2.0, 3.0, 4.0])).tolist() == expected


@pytest.mark.parametrize("meaning", ["pass", "decline", "refer"])
def test_missing_means_what_the_rule_says(meaning):
    said = rule_hits(_rule(when_missing=meaning), np.array([np.nan, 5.0]))
    assert said.tolist() == ["" if meaning == "pass" else meaning, "decline"]


def test_a_rule_on_an_unknown_feature_is_refused():
    with pytest.raises(SpecificationError, match="unknown feature 'dept'. Did you mean 'depth'"):
        check_rules([_rule(feature="dept")], ["depth", "limit"])


def test_v_c23_shortfall_to_the_maximum():
    # vector V-C23 [C]: maxima 100, 80, 60, 120, applicant 40, 70, 40, 30 -> shortfalls 60, 10, 20, 90 -> D, A, C, B
    lost = np.array([[100 - 40, 80 - 70, 60 - 40, 120 - 30]])
    assert [reason.code for reason in score_reasons(lost, ["A", "B", "C", "D"])[0]] == ["D", "A", "C", "B"]


def test_at_most_four_and_only_positive():
    lost = np.array([[5, 4, 3, 2, 1, 0], [0, 0, 0, 0, 0, 7]])
    first, second = score_reasons(lost, list("abcdef"))
    assert [reason.code for reason in first] == ["a", "b", "c", "d"]
    assert [(reason.code, reason.points_lost) for reason in second] == [("f", 7)]


def test_ties_keep_the_order_of_the_card():
    assert [r.code for r in score_reasons(np.array([[3, 3, 3]]), ["z", "a", "m"])[0]] == ["z", "a", "m"]
