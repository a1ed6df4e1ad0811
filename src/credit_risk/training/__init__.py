"""Recipes: from a development sample to fitted, calibrated models."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TrainedModels": "credit_risk.training.recipe",
        "TrainingPlan": "credit_risk.training.plan",
        "calibrate": "credit_risk.training.recipe",
        "train_models": "credit_risk.training.recipe",
    },
)
