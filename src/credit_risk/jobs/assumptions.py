"""Assumptions of a run, written from the data that decides, so that the words can never differ from the figures."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from credit_risk.domain.texts import LANGUAGES, text
from credit_risk.samples.split import PARTS

if TYPE_CHECKING:
    from credit_risk.decision import OfferGrid, Strategy
    from credit_risk.sources import Sources
    from credit_risk.training import TrainingPlan


def stated_assumptions(
    strategy: Strategy, grid: OfferGrid, sources: Sources, plan: TrainingPlan
) -> dict[str, tuple[str, ...]]:
    """Return every assumption per language: first what follows from the data of strategy and plan, then free statements."""
    return {
        language: (
            *_generated(strategy, grid, sources, language),
            *_of_plan(plan, language),
            *strategy.assumptions[language],
        )
        for language in LANGUAGES
    }


def _generated(strategy: Strategy, grid: OfferGrid, sources: Sources, language: str) -> list[str]:
    lender, horizon = strategy.lender, strategy.pd
    lines = []
    if lender.offer_is_hypothetical:
        lines.append(text("decision.assumption.hypothetical", language))
    lines.append(
        text(
            "decision.assumption.law",
            language,
            contract_on=lender.contract_on,
            lender=text(f"decision.lender.{lender.type}", language),
            ceiling=_percent(grid.ceiling_rate),
            rule=grid.ceiling_rule,
            currency=lender.currency,
        )
    )
    if horizon.conversion == "taken_as_term":
        lines.append(
            text(
                "decision.assumption.horizon",
                language,
                model_horizon=horizon.model_horizon,
                exposure_horizon=horizon.exposure_horizon,
            )
        )
    lines += [_not_assessed(strategy, stage, language) for stage in strategy.not_assessed]
    if sources.consent.mode == "assumed":
        purpose = text(f"decision.purpose.{sources.consent.purpose}", language)
        lines.append(text("decision.assumption.consent_assumed", language, purpose=purpose))
    return [*lines, _costs(strategy, language), _bounds(strategy, language)]


def _of_plan(plan: TrainingPlan, language: str) -> list[str]:
    """Return when the data was processed and how the sample was cut, where the plan says so."""
    lines = []
    if plan.processed_at is not None:
        at = plan.processed_at.isoformat(timespec="minutes")
        lines.append(text("decision.assumption.consent_ledger", language, processed_at=at))
    if plan.split is not None:
        shares = {part: _percent(getattr(plan.split, part)) for part in PARTS}
        lines.append(text(f"decision.assumption.split_{plan.split.by}", language, **shares))
    return lines


def _not_assessed(strategy: Strategy, stage: str, language: str) -> str:
    because = strategy.stages[stage].because
    return text(
        "decision.assumption.not_assessed",
        language,
        stage=text(f"decision.stage.{stage}", language),
        because=text(f"decision.because.{because}" if because else "decision.status.not_assessed", language),
    )


def _costs(strategy: Strategy, language: str) -> str:
    costs = strategy.costs
    return text(
        "decision.assumption.costs",
        language,
        funding=_percent(costs.funding_rate),
        operating=_percent(costs.operating_rate),
        margin=_percent(costs.margin_rate),
        fixed=_money(strategy, costs.fixed_cost_amount),
        lgd=_percent(costs.lgd),
    )


def _bounds(strategy: Strategy, language: str) -> str:
    max_loss = _money(strategy, strategy.offer.max_expected_loss_amount)
    return text("decision.assumption.bounds", language, max_pd=_percent(strategy.max_pd), max_loss=max_loss)


def _percent(rate: float) -> str:
    return f"{Decimal(repr(rate)) * 100:f}".rstrip("0").rstrip(".") + " %" if rate else "0 %"


def _money(strategy: Strategy, amount: str) -> str:
    return f"{strategy.lender.currency} {Decimal(amount):,}"
