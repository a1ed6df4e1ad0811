"""Scores to PDs: raw model outputs become probabilities that match what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.calibration.apply import apply_calibration as apply_calibration
    from credit_risk.calibration.fit import LogisticCalibrator as LogisticCalibrator
    from credit_risk.calibration.maturity import is_mature as is_mature
    from credit_risk.calibration.recalibration import recalibrate as recalibrate
    from credit_risk.calibration.spec import CalibrationSpec as CalibrationSpec

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CalibrationSpec": "credit_risk.calibration.spec",
        "LogisticCalibrator": "credit_risk.calibration.fit",
        "apply_calibration": "credit_risk.calibration.apply",
        "is_mature": "credit_risk.calibration.maturity",
        "recalibrate": "credit_risk.calibration.recalibration",
    },
)
