"""Right of the application: what "bad" means, and when it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.performance.outcome import OutcomeDefinition as OutcomeDefinition

__getattr__, __dir__, __all__ = attach(__name__, {"OutcomeDefinition": "credit_risk.performance.outcome"})
