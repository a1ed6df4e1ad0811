"""Scores to PDs: raw model outputs become probabilities that match what happened."""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CalibrationSpec": "credit_risk.calibration.spec",
        "LogisticCalibrator": "credit_risk.calibration.fit",
        "apply_calibration": "credit_risk.calibration.apply",
    },
)
