"""Where features and outcomes meet: exclusions and the split by customer."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DevelopmentSample": "credit_risk.samples.development",
        "SamplePart": "credit_risk.samples.development",
        "SplitRule": "credit_risk.samples.split",
    },
)
