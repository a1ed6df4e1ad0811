"""Plots and documents: tables in, one self-contained report out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.reporting.content import Explained as Explained
    from credit_risk.reporting.content import KeyFigures as KeyFigures
    from credit_risk.reporting.content import ReportContent as ReportContent
    from credit_risk.reporting.render import render_report as render_report

_HERE = "credit_risk.reporting"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Explained": f"{_HERE}.content",
        "KeyFigures": f"{_HERE}.content",
        "ReportContent": f"{_HERE}.content",
        "render_report": f"{_HERE}.render",
    },
)
