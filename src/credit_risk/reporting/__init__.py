"""Plots and documents: tables in, one self-contained report out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.reporting.binning_charts import plot_bins as plot_bins
    from credit_risk.reporting.binning_charts import plot_bins_by_period as plot_bins_by_period
    from credit_risk.reporting.binning_charts import plot_information_values as plot_information_values
    from credit_risk.reporting.binning_charts import plot_woe as plot_woe
    from credit_risk.reporting.charts import plot_approvals as plot_approvals
    from credit_risk.reporting.charts import plot_ks as plot_ks
    from credit_risk.reporting.charts import plot_reliability as plot_reliability
    from credit_risk.reporting.charts import plot_roc as plot_roc
    from credit_risk.reporting.charts import plot_score_distribution as plot_score_distribution
    from credit_risk.reporting.charts import plot_tradeoff as plot_tradeoff
    from credit_risk.reporting.content import EvidenceItem as EvidenceItem
    from credit_risk.reporting.content import Explained as Explained
    from credit_risk.reporting.content import KeyFigures as KeyFigures
    from credit_risk.reporting.content import ReportContent as ReportContent
    from credit_risk.reporting.feature_charts import plot_feature_over_time as plot_feature_over_time
    from credit_risk.reporting.feature_charts import plot_feature_risk as plot_feature_risk
    from credit_risk.reporting.feature_charts import plot_separation_by_source as plot_separation_by_source
    from credit_risk.reporting.render import render_report as render_report

_HERE = "credit_risk.reporting"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "EvidenceItem": f"{_HERE}.content",
        "Explained": f"{_HERE}.content",
        "KeyFigures": f"{_HERE}.content",
        "ReportContent": f"{_HERE}.content",
        "plot_approvals": f"{_HERE}.charts",
        "plot_bins": f"{_HERE}.binning_charts",
        "plot_bins_by_period": f"{_HERE}.binning_charts",
        "plot_feature_over_time": f"{_HERE}.feature_charts",
        "plot_feature_risk": f"{_HERE}.feature_charts",
        "plot_information_values": f"{_HERE}.binning_charts",
        "plot_ks": f"{_HERE}.charts",
        "plot_reliability": f"{_HERE}.charts",
        "plot_roc": f"{_HERE}.charts",
        "plot_score_distribution": f"{_HERE}.charts",
        "plot_separation_by_source": f"{_HERE}.feature_charts",
        "plot_tradeoff": f"{_HERE}.charts",
        "plot_woe": f"{_HERE}.binning_charts",
        "render_report": f"{_HERE}.render",
    },
)
