"""From models to a decision: stages, rules, cut-off, limit, price, reasons. A strategy is data; deciding is pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.decision.offer_choice import choose_offers as choose_offers
    from credit_risk.decision.offer_grid import OfferGrid as OfferGrid
    from credit_risk.decision.record import Decision as Decision
    from credit_risk.decision.record import Offer as Offer
    from credit_risk.decision.record import Reason as Reason
    from credit_risk.decision.record import StageResult as StageResult
    from credit_risk.decision.strategy import Strategy as Strategy

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
