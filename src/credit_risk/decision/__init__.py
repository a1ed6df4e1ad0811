"""From models to a decision: stages, rules, cut-off, limit, price, reasons. A strategy is data; deciding is pure."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Decision": "credit_risk.decision.record",
        "Offer": "credit_risk.decision.record",
        "OfferGrid": "credit_risk.decision.offer_grid",
        "Reason": "credit_risk.decision.record",
        "StageResult": "credit_risk.decision.record",
        "Strategy": "credit_risk.decision.strategy",
        "choose_offers": "credit_risk.decision.offer_choice",
    },
)
