"""What must hold for any strategy, however it was built: read from TOML, from a bundle, or in a notebook."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from credit_risk.domain.configuration import nearest
from credit_risk.errors import PolicyError, SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_risk.decision.strategy import OfferPolicy, PdPolicy, Rule, Strategy

#: Models that can decide, each with reasons of its own.
DECIDING_MODELS = ("scorecard", "booster", "blend")
#: Stages this version can assess; the others can only be declared not assessed.
ASSESSABLE = ("eligibility", "risk", "offer")
_STAGES = ("identity", "fraud", "eligibility", "risk", "affordability", "offer")
_OPERATORS = ("<", "<=", ">", ">=", "==", "one_of", "none_of")
_MONTHS = re.compile(r"^([1-9]\d{0,2})m$")
_MILLION = 1_000_000


def check_strategy(strategy: Strategy) -> None:
    """Refuse a strategy that nobody could run.

    Raises
    ------
    SpecificationError
        Stages (``CR-STR-002``), numbers nobody can lend by (``CR-STR-003``) or the deciding model (``CR-STR-005``) are not usable.
    PolicyError
        The PD's horizon is not the loan's (``CR-POL-001``).
    """
    _check_stages(strategy)
    for problem in _wrong_numbers(strategy):
        raise SpecificationError(problem, code="CR-STR-003")
    for rule in strategy.rules:
        _check_rule(rule)
    _check_offer(strategy.offer)
    _check_horizon(strategy.pd, strategy.offer)
    if strategy.decision_model not in DECIDING_MODELS:
        raise SpecificationError(
            f"decision_model = {strategy.decision_model!r} is not allowed. Expected one of {list(DECIDING_MODELS)}. "
            f"{nearest(strategy.decision_model, DECIDING_MODELS)}",
            code="CR-STR-005",
        )


def _check_stages(strategy: Strategy) -> None:
    if tuple(strategy.stages) != _STAGES and set(strategy.stages) != set(_STAGES):
        raise SpecificationError(f"stages must be exactly {list(_STAGES)}.", code="CR-STR-002")
    for name, policy in strategy.stages.items():
        if policy.status not in ("assessed", "not_assessed"):
            raise SpecificationError(
                f"stage {name!r}: status {policy.status!r} is not allowed.", code="CR-STR-002"
            )
        if policy.status == "assessed" and name not in ASSESSABLE:
            raise SpecificationError(
                f"stage {name!r}: this version cannot assess {name!r}. Expected status = 'not_assessed' "
                f"(assessable: {list(ASSESSABLE)}).",
                code="CR-STR-002",
            )
        if policy.status == "not_assessed" and name in ("risk", "offer"):
            raise SpecificationError(
                f"stage {name!r} must be assessed, or nothing is decided.", code="CR-STR-002"
            )
    if strategy.stages["eligibility"].status == "not_assessed" and (
        strategy.rules or strategy.required_sources
    ):
        raise SpecificationError(
            "stage 'eligibility' is not assessed, but rules or required sources would decide there. "
            "Hint: remove them, or assess the stage.",
            code="CR-STR-002",
        )


def _wrong_numbers(strategy: Strategy) -> Iterator[str]:
    costs = strategy.costs
    shares = {
        "max_pd": strategy.max_pd,
        "refer_above_pd": strategy.refer_above_pd,
        "funding_rate": costs.funding_rate,
        "operating_rate": costs.operating_rate,
        "margin_rate": costs.margin_rate,
        "lgd": costs.lgd,
    }
    for name, value in shares.items():
        if value is not None and not (_is_number(value) and 0 <= value <= 1):
            yield f"{name} = {value} must lie between 0 and 1 (a fraction, not percent)."
    if strategy.refer_above_pd is not None and strategy.refer_above_pd > strategy.max_pd:
        yield f"refer_above_pd = {strategy.refer_above_pd} must not lie above max_pd = {strategy.max_pd}."
    amounts = {
        "fixed_cost_amount": costs.fixed_cost_amount,
        "max_expected_loss_amount": strategy.offer.max_expected_loss_amount,
    }
    for name, text in amounts.items():
        amount = Decimal(text)
        if not amount.is_finite() or amount < 0:
            yield f"{name} = {text} must be a number that is not negative."


def _check_rule(rule: Rule) -> None:
    choices = (
        ("stage", rule.stage, ("eligibility",)),
        ("operator", rule.operator, _OPERATORS),
        ("outcome", rule.outcome, ("decline", "refer")),
        ("when_missing", rule.when_missing, ("pass", "decline", "refer")),
    )
    for key, value, allowed in choices:
        if value not in allowed:
            raise SpecificationError(
                f"rule {rule.id!r}: {key} = {value!r} is not allowed. Expected one of {list(allowed)}.",
                code="CR-STR-003",
            )
    _check_rule_value(rule)
    if (rule.when_missing != "pass") != (rule.reason_when_missing is not None):
        raise SpecificationError(
            f"rule {rule.id!r}: reason_when_missing goes with when_missing = 'decline' or 'refer', and is needed there.",
            code="CR-STR-003",
        )


def _check_rule_value(rule: Rule) -> None:
    """Refuse a value that does not go with the operator: words have no order, and a list goes with one_of and none_of."""
    value = rule.value
    if rule.operator in ("one_of", "none_of"):
        is_fit = isinstance(value, tuple) and value and all(isinstance(word, str) for word in value)
        expected = "a list of words, such as ['a', 'b']"
    elif isinstance(value, str):
        is_fit = rule.operator == "=="
        expected = (
            f"operator '==', 'one_of' or 'none_of' with words, which have no order; got {rule.operator!r}"
        )
    else:
        is_fit = isinstance(value, int | float) and _is_number(value) and math.isfinite(value)
        expected = "a finite number, or with '==' a word"
    if not is_fit:
        raise SpecificationError(
            f"rule {rule.id!r}: value does not go with its operator. Expected {expected}.", code="CR-STR-003"
        )


def _check_offer(offer: OfferPolicy) -> None:
    if offer.method != "equal_instalment" or offer.n_instalments < 1:
        raise SpecificationError(
            "offer: expected method = 'equal_instalment' and n_instalments of at least 1.", code="CR-STR-003"
        )
    if not offer.amounts or min(Decimal(amount) for amount in offer.amounts) <= 0:
        raise SpecificationError("offer: amounts must all be above 0.", code="CR-STR-003")
    if not offer.annual_rates or any(Decimal(rate) * _MILLION % 1 for rate in offer.annual_rates):
        raise SpecificationError(
            "offer: annual_rates must have at most six decimal places.", code="CR-STR-003"
        )


def _check_horizon(policy: PdPolicy, offer: OfferPolicy) -> None:
    months = [_MONTHS.match(horizon) for horizon in (policy.model_horizon, policy.exposure_horizon)]
    if not all(months):
        raise SpecificationError(
            f"pd: horizons are whole months such as '12m'. Got {policy.model_horizon!r} and {policy.exposure_horizon!r}.",
            code="CR-STR-003",
        )
    if policy.exposure_horizon != f"{offer.n_instalments}m":
        raise PolicyError(
            f"pd: exposure_horizon is {policy.exposure_horizon!r}, but the offered loan runs {offer.n_instalments} months. "
            "Hint: a PD must cover the loan's own term.",
            code="CR-POL-001",
        )
    if policy.conversion not in ("none", "taken_as_term"):
        raise SpecificationError(f"pd: conversion = {policy.conversion!r} is not allowed.", code="CR-STR-003")
    if policy.model_horizon != policy.exposure_horizon and policy.conversion == "none":
        raise PolicyError(
            f"pd: the models' PD covers {policy.model_horizon!r} but the loan runs {policy.exposure_horizon!r}. "
            "Hint: state conversion = 'taken_as_term' if you accept that assumption.",
            code="CR-POL-001",
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
