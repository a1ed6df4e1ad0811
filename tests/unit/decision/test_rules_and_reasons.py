"""Rules say what they were told to; reasons name positive shortfalls only, by factor, at most four."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.decision import Reason
from credit_risk.decision.reasons import point_losses, score_reasons
from credit_risk.decision.record import Decision
from credit_risk.decision.rules import UNKNOWN, check_rules, rule_hits
from credit_risk.decision.strategy import Rule
from credit_risk.errors import ScoringError, SpecificationError
from credit_risk.features import FeatureCatalogue


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
    assert said.tolist() == ["" if meaning == "pass" else meaning + UNKNOWN, "decline"]


WORDS = ("car", "radio", "yacht")
PLACES = np.array([0.0, 1.0, 2.0, np.nan])


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("==", "yacht", ["", "", "decline", ""]),
        ("one_of", ("car", "yacht"), ["decline", "", "decline", ""]),
        ("none_of", ("car", "yacht"), ["", "decline", "", ""]),
    ],
)
def test_rules_on_words_name_words(operator, value, expected):
    rule = _rule(operator=operator, value=value)
    assert rule_hits(rule, PLACES, WORDS).tolist() == expected
    check_rules([rule], ["depth"], {"depth": WORDS})
    # the order of the contract's list means nothing
    turned = np.array([2.0, 1.0, 0.0, np.nan])
    assert rule_hits(rule, turned, WORDS[::-1]).tolist() == expected


def test_a_missing_word_is_none_of_nothing():
    rule = _rule(operator="none_of", value=("car",), when_missing="refer", reason_when_missing="x")
    assert rule_hits(rule, PLACES, WORDS).tolist() == ["", "decline", "decline", "refer" + UNKNOWN]


@pytest.mark.parametrize(
    ("changes", "words", "message"),
    [
        ({"value": 2.0, "operator": ">="}, WORDS, "words have no order or number.*'one_of'.*Valid names: 'car', 'radio'"),
        ({"value": 2.0, "operator": "=="}, WORDS, "words have no order or number"),
        ({"value": "yaht", "operator": "=="}, WORDS, "'yaht' is no word of 'depth'. Did you mean 'yacht'"),
        ({"value": ("car", "boat"), "operator": "one_of"}, WORDS, "'boat' is no word of 'depth'"),
        ({"value": "car", "operator": "=="}, (), "'depth' is a number, but the rule names words"),
        ({"value": ("car",), "operator": "none_of"}, (), "'depth' is a number"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_its_feature_is_refused(changes, words, message):
    with pytest.raises(SpecificationError, match=message) as caught:
        check_rules([_rule(**changes)], ["depth"], {"depth": words} if words else {})
    assert caught.value.code == "CR-STR-006"


def test_a_rule_on_an_unknown_feature_is_refused():
    with pytest.raises(SpecificationError, match="unknown feature 'dept'. Did you mean 'depth'"):
        check_rules([_rule(feature="dept")], ["depth", "limit"])


def _reasons(lost, factors, missing=None):
    lost = np.array(lost)
    is_missing = np.zeros(lost.shape, dtype=bool) if missing is None else np.array(missing)
    names = [f"feature_{j}" for j in range(lost.shape[1])]
    return score_reasons(lost, is_missing, names=names, factors=factors)


def test_v_c23_shortfall_to_the_maximum():
    # vector V-C23 [C]: maxima 100, 80, 60, 120, applicant 40, 70, 40, 30 -> shortfalls 60, 10, 20, 90 -> D, A, C, B
    lost = [[100 - 40, 80 - 70, 60 - 40, 120 - 30]]
    assert [reason.code for reason in _reasons(lost, ["A", "B", "C", "D"])[0]] == ["D", "A", "C", "B"]


def test_at_most_four_and_only_positive():
    first, second = _reasons([[5, 4, 3, 2, 1, 0], [0, 0, 0, 0, 0, 7]], list("abcdef"))
    assert [reason.code for reason in first] == ["a", "b", "c", "d"]
    assert [(reason.code, reason.points_lost) for reason in second] == [("f", 7)]


def test_ties_keep_the_order_of_the_card():
    assert [r.code for r in _reasons([[3, 3, 3]], ["z", "a", "m"])[0]] == ["z", "a", "m"]


def test_features_of_one_factor_give_one_reason_that_names_the_worst():
    (reason, other) = _reasons([[5, 9, 9, 10]], ["a", "a", "a", "b"])[0]
    assert (reason.code, reason.points_lost, reason.feature) == ("a", 23, "feature_1")
    assert other.code == "b"


@given(
    st.integers(1, 6).flatmap(
        lambda k: st.tuples(
            st.lists(st.floats(-80, 80), min_size=k, max_size=k),
            st.lists(st.sampled_from("abc"), min_size=k, max_size=k),
            st.lists(st.booleans(), min_size=k, max_size=k),
        )
    )
)
def test_there_is_always_a_reason_and_it_is_the_largest_against_the_reference(world):
    """Whatever the contributions, one factor at least can be told: what a strict cut-off says where nothing was lost."""
    exact, factors, missing = np.array([world[0]]), world[1], np.array([world[2]])
    whole = np.floor(exact + 0.5).astype(np.int64)
    names = [f"x{j}" for j in range(len(factors))]
    losses = point_losses(whole, missing, names=names, factors=factors, exact=exact)
    total: dict[str, float] = {}
    for value, factor, gone in zip(world[0], factors, world[2], strict=True):
        code = "no_history" if gone else factor
        total[code] = total.get(code, 0.0) + value
    told = losses.largest(0)
    assert 1 <= len(told) <= 4
    assert total[told[0].code] == max(total.values())
    assert [reason.points_lost for reason in told] == [math.floor(total[r.code] + 0.5) for r in told]
    if max(total.values()) > 0:
        assert all(total[reason.code] > 0 for reason in told)
    else:
        assert len(told) == min(4, len(total))


@pytest.mark.parametrize("outcome", ["decline", "refer", "incomplete"])
def test_no_decision_but_an_approval_goes_without_a_reason(outcome):
    facts = dict.fromkeys(Decision.__slots__, ())
    with pytest.raises(ScoringError, match=f"decision '{outcome}' carries no reason"):
        Decision(**{**facts, "outcome": outcome})
    assert Decision(**{**facts, "outcome": "approve"}).reasons == ()


def test_a_missing_value_is_told_as_missing_history_not_as_bad_behaviour():
    reasons = _reasons([[8, 5]], ["payment", "payment"], missing=[[True, False]])[0]
    assert [(reason.code, reason.points_lost) for reason in reasons] == [("no_history", 8), ("payment", 5)]


#: Factors whose sentence claims no direction.
NEUTRAL = {"usage", "trend", "volatility", "no_history"}
NEUTRAL |= {"care", "cash_flow", "relationship", "shared_identity", "shopping", "social_circle"}
EXAMPLES = ("uci_credit_card", "instant_loan")


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_sentence_with_a_direction_speaks_only_of_directed_features(project_folder, example):
    catalogue = FeatureCatalogue.from_toml(project_folder / "examples" / example / "features.toml")
    undirected = {item.factor for item in catalogue.definitions if item.direction == 0}
    assert undirected <= NEUTRAL


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_factor_has_a_sentence_in_both_languages(project_folder, example):
    catalogue = FeatureCatalogue.from_toml(project_folder / "examples" / example / "features.toml")
    for factor in {*catalogue.factors.values(), "no_history"}:
        sentences = {Reason(kind="score", code=factor).sentence(language) for language in ("en", "zh-CN")}
        assert len(sentences) == 2
