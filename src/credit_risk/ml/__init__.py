"""Boosted trees as data: XGBoost fits, our own arrays are the model everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.ml.apply import forest_margin as forest_margin
    from credit_risk.ml.apply import forest_pd as forest_pd
    from credit_risk.ml.contributions import LeafPaths as LeafPaths
    from credit_risk.ml.contributions import forest_contributions as forest_contributions
    from credit_risk.ml.fit import PdBooster as PdBooster
    from credit_risk.ml.spec import ForestSpec as ForestSpec

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ForestSpec": "credit_risk.ml.spec",
        "LeafPaths": "credit_risk.ml.contributions",
        "PdBooster": "credit_risk.ml.fit",
        "forest_contributions": "credit_risk.ml.contributions",
        "forest_margin": "credit_risk.ml.apply",
        "forest_pd": "credit_risk.ml.apply",
    },
)
