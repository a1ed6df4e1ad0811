"""Where features and outcomes meet: exclusions, the split by customer or time, the search for leaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.samples.development import DevelopmentSample as DevelopmentSample
    from credit_risk.samples.development import SamplePart as SamplePart
    from credit_risk.samples.screening import ScreeningLimits as ScreeningLimits
    from credit_risk.samples.screening import ScreeningReport as ScreeningReport
    from credit_risk.samples.screening import screen_features as screen_features
    from credit_risk.samples.split import SplitRule as SplitRule

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DevelopmentSample": "credit_risk.samples.development",
        "SamplePart": "credit_risk.samples.development",
        "ScreeningLimits": "credit_risk.samples.screening",
        "ScreeningReport": "credit_risk.samples.screening",
        "SplitRule": "credit_risk.samples.split",
        "screen_features": "credit_risk.samples.screening",
    },
)
