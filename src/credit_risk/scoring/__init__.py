"""The runtime: one bundle, one engine, for one applicant and for a portfolio. Only numpy and the standard library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.scoring.bundle import ScoringBundle as ScoringBundle
    from credit_risk.scoring.bundle import load_bundle as load_bundle
    from credit_risk.scoring.engine import FeatureRows as FeatureRows
    from credit_risk.scoring.engine import ScoringEngine as ScoringEngine

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "FeatureRows": "credit_risk.scoring.engine",
        "ScoringBundle": "credit_risk.scoring.bundle",
        "ScoringEngine": "credit_risk.scoring.engine",
        "load_bundle": "credit_risk.scoring.bundle",
    },
)
