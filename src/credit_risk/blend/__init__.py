"""A card and a booster as one model: log-odds added up with weights.

Reading order: ``spec`` (the weights), ``apply`` (log-odds in, log-odds out), ``fit`` (the estimator).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.blend.apply import blended_log_odds as blended_log_odds
    from credit_risk.blend.fit import PdBlend as PdBlend
    from credit_risk.blend.spec import BlendSpec as BlendSpec

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BlendSpec": "credit_risk.blend.spec",
        "PdBlend": "credit_risk.blend.fit",
        "blended_log_odds": "credit_risk.blend.apply",
    },
)
