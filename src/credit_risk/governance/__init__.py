"""Side wing: where runs are recorded. The only package that knows MLflow."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"MlflowTracker": "credit_risk.governance.mlflow_tracker"})
