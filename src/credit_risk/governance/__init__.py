"""Side wing: where runs are recorded. The only package that knows MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.governance.mlflow_tracker import MlflowTracker as MlflowTracker

__getattr__, __dir__, __all__ = attach(__name__, {"MlflowTracker": "credit_risk.governance.mlflow_tracker"})
