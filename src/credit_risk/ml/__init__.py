"""Boosted trees as data: XGBoost fits, our own arrays are the model everywhere."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ForestSpec": "credit_risk.ml.spec",
        "PdBooster": "credit_risk.ml.fit",
        "forest_margin": "credit_risk.ml.apply",
        "forest_pd": "credit_risk.ml.apply",
    },
)
