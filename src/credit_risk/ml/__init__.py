"""Boosted trees as data: XGBoost fits, our own arrays are the model everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.ml.apply import forest_margin as forest_margin
    from credit_risk.ml.apply import forest_pd as forest_pd
    from credit_risk.ml.contributions import LeafPaths as LeafPaths
    from credit_risk.ml.contributions import forest_contributions as forest_contributions
    from credit_risk.ml.encoding import CategoryEncoding as CategoryEncoding
    from credit_risk.ml.fit import PdBooster as PdBooster
    from credit_risk.ml.spec import ForestSpec as ForestSpec
    from credit_risk.ml.tune import TunedSettings as TunedSettings
    from credit_risk.ml.tune import TuningPlan as TuningPlan
    from credit_risk.ml.tune import tune_booster as tune_booster

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CategoryEncoding": "credit_risk.ml.encoding",
        "ForestSpec": "credit_risk.ml.spec",
        "LeafPaths": "credit_risk.ml.contributions",
        "PdBooster": "credit_risk.ml.fit",
        "TunedSettings": "credit_risk.ml.tune",
        "TuningPlan": "credit_risk.ml.tune",
        "forest_contributions": "credit_risk.ml.contributions",
        "forest_margin": "credit_risk.ml.apply",
        "forest_pd": "credit_risk.ml.apply",
        "tune_booster": "credit_risk.ml.tune",
    },
)
