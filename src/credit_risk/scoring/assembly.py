"""Putting one decision together: stages in order, the first that fails ends the process and gives the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_risk.decision.record import Decision, Offer, Reason, StageResult
from credit_risk.decision.rules import UNKNOWN
from credit_risk.decision.strategy import STAGES
from credit_risk.scorecard.reasons import MAX_REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from credit_risk.decision.offer_grid import OfferGrid
    from credit_risk.scoring.bundle import ScoringBundle

#: Flag of a missing value on the card.
MISSING = 1
_CARD_FLAGS = {MISSING: "missing", 2: "special", 3: "unseen"}
NO_OFFER = "no_lawful_profitable_offer"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowFacts:
    """What is known of one applicant before the stages run."""

    application_id: str
    applied_at: str
    score: int
    pds: Mapping[str, float]
    source_flags: tuple[str, ...]
    card_flags: NDArray[np.uint8]
    human_review_requested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenOffer:
    """The cell of the offer grid a borrower would get, and its economics."""

    cell: int
    funding_cost_minor: int
    operating_cost_minor: int
    expected_loss_minor: int
    expected_profit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """Where the process ended, how, and why."""

    stage: str
    outcome: str
    reasons: tuple[Reason, ...]


class DecisionAssembler:
    """Builds decision records for one bundle."""

    def __init__(self, bundle: ScoringBundle, grid: OfferGrid) -> None:
        self._strategy = bundle.strategy
        self._digest = bundle.digest
        self._grid = grid
        self._card_features = bundle.scorecard.feature_names
        self._required = {
            f"{source}__{fact}": source
            for source in bundle.strategy.required_sources
            for fact in ("not_supplied", "no_records", "no_consent")
        }

    def assemble(
        self,
        facts: RowFacts,
        *,
        rules_said: Sequence[str],
        choice: ChosenOffer | None,
        score_reasons: tuple[Reason, ...],
        largest: tuple[Reason, ...] = (),
    ) -> Decision:
        """Return the decision of one applicant.

        ``largest`` are the reasons of a strict cut-off: told where it stops an applicant who lost no points.
        """
        verdict = self._verdict(
            facts, rules_said, has_offer=choice is not None, score_reasons=score_reasons, largest=largest
        )
        scored = verdict.outcome != "incomplete"
        return Decision(
            application_id=facts.application_id,
            applied_at=facts.applied_at,
            outcome=verdict.outcome,
            decided_at_stage=verdict.stage,
            stages=self._stages(verdict),
            decision_model=self._strategy.decision_model,
            score=facts.score if scored else None,
            pd_horizon=self._strategy.pd.exposure_horizon,
            pds=facts.pds if scored else {},
            offers=(self._offer(choice),) if choice is not None and verdict.outcome == "approve" else (),
            reasons=verdict.reasons,
            flags=(*facts.source_flags, *self._value_flags(facts.card_flags)),
            not_assessed=self._strategy.not_assessed,
            strategy_id=self._strategy.id,
            strategy_version=self._strategy.version,
            bundle_digest=self._digest,
        )

    def _verdict(
        self,
        facts: RowFacts,
        rules_said: Sequence[str],
        *,
        has_offer: bool,
        score_reasons: tuple[Reason, ...],
        largest: tuple[Reason, ...],
    ) -> _Verdict:
        """Run the stages in order; the first that ends the process wins."""
        return (
            self._data_verdict(facts)
            or self._rule_verdict(rules_said)
            or self._risk_verdict(facts.pds[self._strategy.decision_model], score_reasons or largest)
            or _offer_verdict(score_reasons, has_offer=has_offer)
        )

    def _data_verdict(self, facts: RowFacts) -> _Verdict | None:
        missing = dict.fromkeys(self._required[flag] for flag in facts.source_flags if flag in self._required)
        if missing:
            reasons = tuple(Reason(kind="data", code=code) for code in missing)
            return _Verdict(stage="eligibility", outcome="incomplete", reasons=reasons[:MAX_REASONS])
        if facts.human_review_requested:
            asked = Reason(kind="policy", code="human_review_requested")
            return _Verdict(stage="eligibility", outcome="refer", reasons=(asked,))
        return None

    def _risk_verdict(self, pd: float, score_reasons: tuple[Reason, ...]) -> _Verdict | None:
        if pd > self._strategy.max_pd:
            return _Verdict(stage="risk", outcome="decline", reasons=score_reasons)
        if self._strategy.refer_above_pd is not None and pd > self._strategy.refer_above_pd:
            return _Verdict(stage="risk", outcome="refer", reasons=score_reasons)
        return None

    def _rule_verdict(self, rules_said: Sequence[str]) -> _Verdict | None:
        hits = [(rule, said) for rule, said in zip(self._strategy.rules, rules_said, strict=True) if said]
        if not hits:
            return None
        outcome = "decline" if any(said.startswith("decline") for _, said in hits) else "refer"
        told: dict[str, Reason] = {}
        for rule, said in hits:
            reason = rule.told_when_missing if said.endswith(UNKNOWN) else rule.told
            if said.startswith(outcome) and reason is not None:
                told.setdefault(reason.code, reason)
        reasons = tuple(told.values())
        return _Verdict(stage="eligibility", outcome=outcome, reasons=reasons[:MAX_REASONS])

    def _stages(self, verdict: _Verdict) -> tuple[StageResult, ...]:
        results = []
        reached = True
        for name in STAGES:
            policy = self._strategy.stages[name]
            if policy.status == "not_assessed":
                status = "not_assessed"
            elif not reached:
                status = "not_reached"
            elif name == verdict.stage and verdict.outcome != "approve":
                status = {"refer": "referred", "incomplete": "incomplete"}.get(verdict.outcome, "failed")
                reached = False
            else:
                status = "passed"
            results.append(StageResult(stage=name, status=status, because=policy.because))
        return tuple(results)

    def _value_flags(self, card_flags: NDArray[np.uint8]) -> tuple[str, ...]:
        return tuple(
            f"{name}__{_CARD_FLAGS[int(flag)]}"
            for name, flag in zip(self._card_features, card_flags, strict=True)
            if flag
        )

    def _offer(self, choice: ChosenOffer) -> Offer:
        cell, grid = choice.cell, self._grid
        schedule = grid.schedule(cell)
        costs = choice.funding_cost_minor + choice.operating_cost_minor + choice.expected_loss_minor
        return Offer(
            amount_minor=int(grid.amount_minor[cell]),
            currency=grid.currency.code,
            annual_rate=grid.annual_rate(cell),
            n_instalments=grid.n_instalments,
            method=self._strategy.offer.method,
            instalment_minor=int(schedule.instalment_minor[0]),
            last_instalment_minor=int(schedule.instalment_minor[-1]),
            total_interest_minor=int(sum(schedule.interest_minor)),
            total_repayment_minor=int(sum(schedule.instalment_minor)),
            nominal_rate=float(grid.nominal_rate[cell]),
            effective_rate=float(grid.effective_rate[cell]),
            ceiling_rate=grid.ceiling_rate,
            ceiling_rule=grid.ceiling_rule,
            is_hypothetical=self._strategy.lender.offer_is_hypothetical,
            schedule=schedule,
            interest_value_minor=costs + choice.expected_profit_minor,
            funding_cost_minor=choice.funding_cost_minor,
            operating_cost_minor=choice.operating_cost_minor,
            expected_loss_minor=choice.expected_loss_minor,
            expected_profit_minor=choice.expected_profit_minor,
        )


def _offer_verdict(score_reasons: tuple[Reason, ...], *, has_offer: bool) -> _Verdict:
    if has_offer:
        return _Verdict(stage="offer", outcome="approve", reasons=score_reasons)
    policy = Reason(kind="policy", code=NO_OFFER)
    return _Verdict(stage="offer", outcome="decline", reasons=(policy, *score_reasons)[:MAX_REASONS])
