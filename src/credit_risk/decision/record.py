"""What a decision is made of: the record that notebook, backend and batch all return."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from credit_risk.domain.texts import text
from credit_risk.errors import ScoringError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_risk.loans.schedule import Schedule

#: Where the sentence of a reason stands in the text catalogue, by kind.
_TEXTS = {
    "score": "features.reason",
    "rule": "reasons.rule",
    "policy": "reasons.policy",
    "data": "reasons.data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, most important first.

    Attributes
    ----------
    kind : {'score', 'rule', 'policy', 'data'}
        Points lost on the card; a hard rule; the offer policy; a missing source.
    code : str
        Business factor or rule reason; its sentence is in the text catalogue.
    points_lost : int or None
        For score reasons: points below the best attainable for this factor, or below the reference of a model with trees; 0 or
        fewer only where a strict cut-off stops an applicant who lost nothing.
    feature : str or None
        For score reasons: the feature that lost most within the factor (for officers and audits).
    wording : tuple of (language, sentence)
        The lender's own sentences for a factor of its own; empty where the text catalogue has one.
    """

    kind: str
    code: str
    points_lost: int | None = None
    feature: str | None = None
    wording: tuple[tuple[str, str], ...] = ()

    def sentence(self, language: str = "en") -> str:
        """Return the reason in the reader's language."""
        own = dict(self.wording)
        return own[language] if language in own else text(f"{_TEXTS[self.kind]}.{self.code}", language)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """How one stage ended: ``passed``, ``failed``, ``not_assessed`` or ``not_reached``."""

    stage: str
    status: str
    because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One lawful loan that may be offered, with its schedule to the cent.

    Attributes
    ----------
    amount_minor : int
        Principal in minor units; the customer's limit for this product.
    annual_rate : str
        Contract rate per year as an exact decimal text.
    nominal_rate, effective_rate : float
        Annual cost from the rounded flows: periodic IRR x periods, and compounded.
    ceiling_rate, ceiling_rule : float, str
        The lawful ceiling that was applied and the rule it comes from.
    schedule : Schedule
        Every instalment.
    interest_value_minor : int
        Present value of the contractual interest; the four parts below add up to it.
    funding_cost_minor, operating_cost_minor, expected_loss_minor, expected_profit_minor : int
        What the price pays for, present value, at the deciding model's PD; the expected loss includes the interest that
        defaults lose. The lender's economics, not for the borrower's eyes.
    """

    amount_minor: int
    currency: str
    annual_rate: str
    n_instalments: int
    method: str
    instalment_minor: int
    last_instalment_minor: int
    total_interest_minor: int
    total_repayment_minor: int
    nominal_rate: float
    effective_rate: float
    ceiling_rate: float
    ceiling_rule: str
    is_hypothetical: bool
    schedule: Schedule
    interest_value_minor: int
    funding_cost_minor: int
    operating_cost_minor: int
    expected_loss_minor: int
    expected_profit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to one application.

    Attributes
    ----------
    outcome : {'approve', 'decline', 'refer', 'incomplete'}
        ``refer``: a person decides. ``incomplete``: a required source is missing.
    decided_at_stage : str
        The stage that ended the process.
    score : int or None
        Points of the scorecard; None where nothing could be scored.
    pds : mapping of str to float
        Calibrated PD of every model over ``pd_horizon``; ``decision_model`` says whose decides.
    offers : tuple of Offer
        Empty unless approved.
    reasons : tuple of Reason
        At most four: why declined or referred, never none; on approval, what kept the terms from being better.
    flags : tuple of str
        Facts about the data that a reviewer should know (missing values, sources without records or consent).
    not_assessed : tuple of str
        Stages nobody assessed.
    strategy_id, strategy_version, bundle_digest : str
        What decided.

    Raises
    ------
    ScoringError
        Anything but an approval without a reason (``CR-SCR-013``).
    """

    application_id: str
    applied_at: str
    outcome: str
    decided_at_stage: str
    stages: tuple[StageResult, ...]
    decision_model: str
    score: int | None
    pd_horizon: str
    pds: Mapping[str, float]
    offers: tuple[Offer, ...]
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]
    not_assessed: tuple[str, ...]
    strategy_id: str
    strategy_version: str
    bundle_digest: str

    def __post_init__(self) -> None:
        if self.outcome != "approve" and not self.reasons:
            raise ScoringError(
                f"A decision {self.outcome!r} carries no reason. Expected at least one. Hint: this is a fault of the library or of a "
                "record that was edited; nobody may be told no without a reason.",
                code="CR-SCR-013",
            )

    @property
    def pd(self) -> float | None:
        """PD of the deciding model, or None where nothing could be scored."""
        return self.pds.get(self.decision_model)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values (schedules included)."""
        content = {name: getattr(self, name) for name in self.__slots__}
        content["stages"] = [asdict(stage) for stage in self.stages]
        content["pds"] = dict(self.pds)
        content["reasons"] = [_reason_to_dict(reason) for reason in self.reasons]
        content["offers"] = [
            {**{name: getattr(offer, name) for name in Offer.__slots__}, "schedule": offer.schedule.to_dict()}
            for offer in self.offers
        ]
        for name in ("flags", "not_assessed"):
            content[name] = list(content[name])
        return content

    def explain(self, language: str = "en") -> str:
        """Return the decision as a few plain sentences for the applicant."""
        lines = [text(f"decision.outcome.{self.outcome}", language)]
        lines += [f"- {reason.sentence(language)}" for reason in self.reasons]
        return "\n".join(lines)


def _reason_to_dict(reason: Reason) -> dict[str, Any]:
    """Return plain JSON values; own sentences are written only where there are some."""
    content = asdict(reason)
    own = content.pop("wording")
    return {**content, "wording": dict(own)} if own else content
