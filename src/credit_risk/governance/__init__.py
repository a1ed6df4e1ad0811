"""Side wing: where runs are recorded and bundles are registered. The only package that knows MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.governance.bundle_registry import BundleRegistry as BundleRegistry
    from credit_risk.governance.mlflow_tracker import MlflowTracker as MlflowTracker

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BundleRegistry": "credit_risk.governance.bundle_registry",
        "MlflowTracker": "credit_risk.governance.mlflow_tracker",
    },
)
