"""Recipes: from a development sample to fitted, calibrated models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.training.plan import TrainingPlan as TrainingPlan
    from credit_risk.training.recipe import TrainedModels as TrainedModels
    from credit_risk.training.recipe import calibrate as calibrate
    from credit_risk.training.recipe import train_models as train_models

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TrainedModels": "credit_risk.training.recipe",
        "TrainingPlan": "credit_risk.training.plan",
        "calibrate": "credit_risk.training.recipe",
        "train_models": "credit_risk.training.recipe",
    },
)
