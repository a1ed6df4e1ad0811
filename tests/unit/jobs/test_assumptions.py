"""The words of the assumptions follow the data that decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from credit_risk.decision import OfferGrid, Strategy
from credit_risk.jobs.assumptions import stated_assumptions
from credit_risk.samples import SplitRule
from credit_risk.training import TrainingPlan


@pytest.fixture(scope="module")
def strategy(project_folder) -> Strategy:
    return Strategy.from_toml(project_folder / "examples" / "uci_credit_card" / "strategy.toml")


def _lines(strategy, mode="assumed", plan=None):
    sources = SimpleNamespace(consent=SimpleNamespace(mode=mode, purpose="credit_assessment"))
    return stated_assumptions(strategy, OfferGrid.build(strategy), sources, plan or TrainingPlan())


def test_every_fact_is_there_in_both_languages(strategy):
    lines = _lines(strategy)
    assert len(lines["en"]) == len(lines["zh-CN"])
    page = "\n".join(lines["en"])
    for fact in (
        "HYPOTHETICAL", "2026-08-20", "licensed consumer-finance", "24 %", "TWD", "12m", "not assessed: income unknown",
        "Consent assumed for credit assessment", "2.5 %", "1.5 %", "TWD 300", "55 %", "30 %", "TWD 2,500",
    ):  # fmt: skip
        assert fact in page, fact


def test_the_words_change_with_the_data(strategy):
    changed = replace(
        strategy,
        costs=replace(strategy.costs, lgd=0.6),
        lender=replace(strategy.lender, offer_is_hypothetical=False),
        pd=replace(strategy.pd, conversion="none", model_horizon="12m"),
    )
    page = "\n".join(_lines(changed, mode="ledger")["en"])
    assert "60 % of the balance" in page
    for gone in ("HYPOTHETICAL", "taken as the PD", "Consent assumed"):
        assert gone not in page


def test_split_and_moment_of_processing_are_said_where_the_plan_gives_them(strategy):
    plan = TrainingPlan(
        split=SplitRule(by="time", development=0.6, validation=0.15, holdout=0.25),
        processed_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    before, now = _lines(strategy), _lines(strategy, plan=plan)
    added = [line for line in now["en"] if line not in before["en"]]
    assert len(added) == 2
    assert len(now["en"]) == len(now["zh-CN"])
    assert "not withdrawn by 2026-03-01T12:00+00:00" in added[0]
    assert "the earliest 60 % are development, the next 15 % validation, the latest 25 % holdout" in added[1]
    by_customer = _lines(strategy, plan=TrainingPlan(split=SplitRule()))
    assert any("Split by customer: development 50 %" in line for line in by_customer["en"])
