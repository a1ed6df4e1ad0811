"""The runtime: one bundle, one engine, for one applicant and for a portfolio. Only numpy and the standard library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.scoring.bundle import ScoringBundle as ScoringBundle
    from credit_risk.scoring.bundle import load_bundle as load_bundle
    from credit_risk.scoring.data_use import DataUse as DataUse
    from credit_risk.scoring.data_use import trace_data_use as trace_data_use
    from credit_risk.scoring.engine import FeatureRows as FeatureRows
    from credit_risk.scoring.engine import ScoringEngine as ScoringEngine

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DataUse": "credit_risk.scoring.data_use",
        "FeatureRows": "credit_risk.scoring.engine",
        "ScoringBundle": "credit_risk.scoring.bundle",
        "ScoringEngine": "credit_risk.scoring.engine",
        "load_bundle": "credit_risk.scoring.bundle",
        "trace_data_use": "credit_risk.scoring.data_use",
    },
)
