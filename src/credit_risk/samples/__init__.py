"""Where features and outcomes meet: exclusions and the split by customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.samples.development import DevelopmentSample as DevelopmentSample
    from credit_risk.samples.development import SamplePart as SamplePart
    from credit_risk.samples.split import SplitRule as SplitRule

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DevelopmentSample": "credit_risk.samples.development",
        "SamplePart": "credit_risk.samples.development",
        "SplitRule": "credit_risk.samples.split",
    },
)
