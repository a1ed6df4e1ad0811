"""Plots and documents: tables in, one self-contained report out."""

from __future__ import annotations

from credit_risk._lazy import attach

_HERE = "credit_risk.reporting"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "KeyFigures": f"{_HERE}.content",
        "ReportContent": f"{_HERE}.content",
        "render_report": f"{_HERE}.render",
    },
)
