"""A strategy is read completely or refused with file, key and hint; it survives its own JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from credit_risk.decision import Strategy
from credit_risk.decision.rules import check_sentences
from credit_risk.decision.strategy import Rule
from credit_risk.errors import PolicyError, SpecificationError

WORD_RULE = """[[rules]]
id = "no_boats"
stage = "eligibility"
feature = "purpose"
operator = "none_of"
value = ["car", "radio"]
outcome = "decline"
reason = "purpose"
wording = { en = "We do not lend for this purpose.", zh-CN = "不支持该用途。" }
when_missing = "pass"

[costs]"""


def test_a_rule_on_words_is_read_and_survives_json(edited):
    read = Strategy.from_toml(edited("[costs]", WORD_RULE))
    rule = read.rules[-1]
    assert (rule.operator, rule.value) == ("none_of", ("car", "radio"))
    assert rule.told.sentence("en") == "We do not lend for this purpose."
    assert rule.told.sentence("zh-CN") == "不支持该用途。"
    assert Strategy.from_dict(json.loads(json.dumps(read.to_dict()))) == read
    # rules on numbers are written as they always were
    assert set(read.to_dict()["rules"][0]) == set(Rule.__slots__) - {"wording", "wording_when_missing"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('operator = "none_of"', 'operator = "=="', "value = .* has the wrong type. Expected a number"),
        ('operator = "none_of"', 'operator = "noneof"', "Did you mean 'none_of'"),
        ('["car", "radio"]', '"car"', "value = 'car' has the wrong type. Expected a list"),
        (
            '["car", "radio"]',
            "[]",
            "'no_boats': value does not go with its operator. Expected a list of words",
        ),
        (
            '"none_of"\nvalue = ["car", "radio"]',
            '">="\nvalue = "car"',
            "words, which have no order; got '>='",
        ),
        (', zh-CN = "不支持该用途。"', "", "key 'zh-CN' is missing"),
    ],
)
def test_a_broken_rule_on_words_is_refused_with_file_and_line(edited, old, new, message):
    assert old in WORD_RULE
    with pytest.raises(SpecificationError, match=message) as caught:
        Strategy.from_toml(edited("[costs]", WORD_RULE.replace(old, new)))
    assert "strategy.toml" in str(caught.value)


def test_a_rule_without_a_sentence_is_refused(edited):
    rule = Strategy.from_toml(edited("[costs]", WORD_RULE)).rules[-1]
    check_sentences(rule)
    with pytest.raises(SpecificationError, match="'short_histry'.*wording = .*Did you mean 'short_history'"):
        check_sentences(replace(rule, reason="short_histry", wording=()))


def test_strategy_survives_json(strategy):
    assert Strategy.from_dict(json.loads(json.dumps(strategy.to_dict()))) == strategy


def test_stages_nobody_assesses_are_named(strategy):
    assert strategy.not_assessed == ("identity", "fraud", "affordability")


def test_grid_steps_are_exact_decimals(strategy):
    assert strategy.offer.annual_rates[:3] == ("0.0600", "0.0625", "0.0650")
    assert strategy.offer.amounts[0] == "10000"
    assert strategy.offer.amounts[-1] == "200000"


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        (
            "max_pd = 0.30",
            "max_pdd = 0.30",
            "CR-CFG-004",
            r"\[risk\], line \d+: key 'max_pd' is missing.*Found 'max_pdd'",
        ),
        (
            "decision_model",
            "decision_modell",
            "CR-CFG-004",
            "Found 'decision_modell': did you mean 'decision_model'",
        ),
        ("max_pd = 0.30", "max_pd = 30", "CR-STR-003", r"max_pd = 30(\.0)? must lie between 0 and 1"),
        ("lgd = 0.55", 'lgd = "high"', "CR-CFG-006", "lgd = 'high' has the wrong type. Expected a number"),
        ("lgd = 0.55", "lgd = 0.55\nlgd_floor = 0.1", "CR-CFG-003", "unknown key 'lgd_floor'"),
        ("schema_version = 1", "schema_version = 7", "CR-STR-001", "schema_version = 7 is not supported"),
        ("n_instalments = 12", "n_instalments = 0", "CR-STR-003", "n_instalments of at least 1"),
        (
            "step = 5000",
            "step = 0",
            "CR-STR-003",
            r"\[amounts\], line \d+: expected min <= max, step > 0 and max on a step",
        ),
        (
            'method = "equal_instalment"',
            'method = "equal_instalments"',
            "CR-CFG-005",
            "Did you mean 'equal_instalment'",
        ),
        (
            '[stages.fraud]\nstatus = "not_assessed"',
            '[stages.fraud]\nstatus = "assessed"',
            "CR-STR-002",
            "cannot assess 'fraud'",
        ),
        (
            '[stages.risk]\nstatus = "assessed"',
            '[stages.risk]\nstatus = "not_assessed"',
            "CR-STR-002",
            "must be assessed",
        ),
        ("step = 0.0025", "step = 0.00000025", "CR-STR-003", "at most six decimal places"),
        ("step = 5000", "step = 7000", "CR-STR-003", "max on a step"),
        (
            "min = 10000\nmax = 200000\nstep = 5000",
            "min = 0\nmax = 200000\nstep = 5000",
            "CR-STR-003",
            "amounts must all be above 0",
        ),
        ("max_pd = 0.30", "max_pd = 0.30\nrefer_above_pd = 0.4", "CR-STR-003", "must not lie above max_pd"),
        ("max_pd = 0.30", "max_pd = nan", "CR-CFG-006", "max_pd = .* must be a finite number"),
        (
            "contract_on = 2026-08-20",
            "contract_on = 2026-08-20T00:00:00Z",
            "CR-CFG-006",
            "contract_on .* wrong type",
        ),
        (
            'decision_model = "scorecard"',
            'decision_model = "boster"',
            "CR-STR-005",
            "Did you mean 'booster'",
        ),
        ('when_missing = "refer"', 'when_missing = "pass"', "CR-STR-003", "reason_when_missing goes with"),
        ('model_horizon = "1m"', 'model_horizon = "one month"', "CR-STR-003", "whole months such as '12m'"),
        (
            '[stages.eligibility]\nstatus = "assessed"',
            '[stages.eligibility]\nstatus = "not_assessed"',
            "CR-STR-002",
            "rules or required sources would decide there",
        ),
        ("fixed_cost_amount = 300", "fixed_cost_amount = -1", "CR-STR-003", "must not be negative"),
    ],
)
def test_a_broken_strategy_is_refused(edited, old, new, code, message):
    path = edited(old, new)
    with pytest.raises(SpecificationError, match=message) as caught:
        Strategy.from_toml(path)
    assert caught.value.code == code
    assert "strategy.toml" in str(caught.value)


def test_a_pd_must_cover_the_term_of_the_loan(edited):
    with pytest.raises(PolicyError, match="exposure_horizon is '12m', but the offered loan runs 24 months"):
        Strategy.from_toml(edited("n_instalments = 12", "n_instalments = 24"))


def test_another_horizon_needs_a_stated_assumption(edited):
    with pytest.raises(PolicyError, match="covers '1m' but the loan runs '12m'"):
        Strategy.from_toml(edited('conversion = "taken_as_term"', 'conversion = "none"'))


def test_a_model_of_another_horizon_is_refused(strategy):
    with pytest.raises(PolicyError, match="gives a PD over '24m'"):
        strategy.check_horizon("scorecard", "24m")


def test_a_rule_is_read_and_carried(edited):
    rule = """[[rules]]
id = "deep_delinquency"
stage = "eligibility"
feature = "x"
operator = ">="
value = 3
outcome = "decline"
when_missing = "pass"
reason = "serious_delinquency"

[assumptions]"""
    strategy = Strategy.from_toml(edited("[assumptions]", rule))
    assert [rule.id for rule in strategy.rules] == [
        "serious_delinquency",
        "short_history",
        "deep_delinquency",
    ]
    assert Strategy.from_dict(strategy.to_dict()).rules == strategy.rules
