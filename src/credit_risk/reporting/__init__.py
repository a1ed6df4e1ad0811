"""Plots and documents: tables in, one self-contained report out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.reporting.binning_charts import plot_bins as plot_bins
    from credit_risk.reporting.binning_charts import plot_bins_by_period as plot_bins_by_period
    from credit_risk.reporting.binning_charts import plot_information_values as plot_information_values
    from credit_risk.reporting.binning_charts import plot_woe as plot_woe
    from credit_risk.reporting.charts import plot_score_distribution as plot_score_distribution
    from credit_risk.reporting.content import EvidenceItem as EvidenceItem
    from credit_risk.reporting.content import Explained as Explained
    from credit_risk.reporting.content import KeyFigures as KeyFigures
    from credit_risk.reporting.content import ReportContent as ReportContent
    from credit_risk.reporting.render import render_report as render_report

_HERE = "credit_risk.reporting"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "EvidenceItem": f"{_HERE}.content",
        "Explained": f"{_HERE}.content",
        "KeyFigures": f"{_HERE}.content",
        "ReportContent": f"{_HERE}.content",
        "plot_bins": f"{_HERE}.binning_charts",
        "plot_bins_by_period": f"{_HERE}.binning_charts",
        "plot_information_values": f"{_HERE}.binning_charts",
        "plot_score_distribution": f"{_HERE}.charts",
        "plot_woe": f"{_HERE}.binning_charts",
        "render_report": f"{_HERE}.render",
    },
)
