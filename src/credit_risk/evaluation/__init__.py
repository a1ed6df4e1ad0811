"""Is the model right? Discrimination, calibration, stability and fairness; figures with intervals, tests with p-values.

Reading order: ``report`` (:func:`evaluate`, all at once), ``discrimination`` and ``reliability`` (does it rank, are its PDs true),
``bands`` and ``cut_offs`` (along the score), ``segments``, ``stability`` and ``values`` (everywhere, over time, by feature),
``fairness``, ``costs`` (H-measure, expected maximum profit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.evaluation.bands import cumulative_difference as cumulative_difference
    from credit_risk.evaluation.bands import score_band_table as score_band_table
    from credit_risk.evaluation.costs import expected_maximum_profit as expected_maximum_profit
    from credit_risk.evaluation.costs import h_measure as h_measure
    from credit_risk.evaluation.cut_offs import cut_off_table as cut_off_table
    from credit_risk.evaluation.cut_offs import swap_table as swap_table
    from credit_risk.evaluation.discrimination import PairedComparison as PairedComparison
    from credit_risk.evaluation.discrimination import auc_interval as auc_interval
    from credit_risk.evaluation.discrimination import compare_models as compare_models
    from credit_risk.evaluation.discrimination import ks_interval as ks_interval
    from credit_risk.evaluation.discrimination import roc_curve as roc_curve
    from credit_risk.evaluation.fairness import fairness_table as fairness_table
    from credit_risk.evaluation.fairness import standardized_mean_difference as standardized_mean_difference
    from credit_risk.evaluation.intervals import Interval as Interval
    from credit_risk.evaluation.intervals import bad_rate_interval as bad_rate_interval
    from credit_risk.evaluation.intervals import two_proportion_test as two_proportion_test
    from credit_risk.evaluation.reliability import binomial_test as binomial_test
    from credit_risk.evaluation.reliability import brier_score as brier_score
    from credit_risk.evaluation.reliability import calibration_in_the_large as calibration_in_the_large
    from credit_risk.evaluation.reliability import calibration_line as calibration_line
    from credit_risk.evaluation.reliability import calibration_table as calibration_table
    from credit_risk.evaluation.reliability import hosmer_lemeshow as hosmer_lemeshow
    from credit_risk.evaluation.reliability import hosmer_lemeshow_of_groups as hosmer_lemeshow_of_groups
    from credit_risk.evaluation.reliability import jeffreys_test as jeffreys_test
    from credit_risk.evaluation.reliability import log_loss as log_loss
    from credit_risk.evaluation.reliability import spiegelhalter_test as spiegelhalter_test
    from credit_risk.evaluation.report import EvaluationReport as EvaluationReport
    from credit_risk.evaluation.report import ModelEvaluation as ModelEvaluation
    from credit_risk.evaluation.report import evaluate as evaluate
    from credit_risk.evaluation.report import evaluate_predictions as evaluate_predictions
    from credit_risk.evaluation.segments import period_table as period_table
    from credit_risk.evaluation.segments import segment_table as segment_table
    from credit_risk.evaluation.stability import population_stability_index as population_stability_index
    from credit_risk.evaluation.stability import stability_of_counts as stability_of_counts
    from credit_risk.evaluation.values import risk_by_value as risk_by_value
    from credit_risk.evaluation.values import value_by_period as value_by_period

_HERE = "credit_risk.evaluation"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "EvaluationReport": f"{_HERE}.report",
        "Interval": f"{_HERE}.intervals",
        "ModelEvaluation": f"{_HERE}.report",
        "PairedComparison": f"{_HERE}.discrimination",
        "auc_interval": f"{_HERE}.discrimination",
        "bad_rate_interval": f"{_HERE}.intervals",
        "binomial_test": f"{_HERE}.reliability",
        "brier_score": f"{_HERE}.reliability",
        "calibration_in_the_large": f"{_HERE}.reliability",
        "calibration_line": f"{_HERE}.reliability",
        "calibration_table": f"{_HERE}.reliability",
        "compare_models": f"{_HERE}.discrimination",
        "cumulative_difference": f"{_HERE}.bands",
        "cut_off_table": f"{_HERE}.cut_offs",
        "evaluate": f"{_HERE}.report",
        "evaluate_predictions": f"{_HERE}.report",
        "expected_maximum_profit": f"{_HERE}.costs",
        "fairness_table": f"{_HERE}.fairness",
        "h_measure": f"{_HERE}.costs",
        "hosmer_lemeshow": f"{_HERE}.reliability",
        "hosmer_lemeshow_of_groups": f"{_HERE}.reliability",
        "jeffreys_test": f"{_HERE}.reliability",
        "ks_interval": f"{_HERE}.discrimination",
        "log_loss": f"{_HERE}.reliability",
        "period_table": f"{_HERE}.segments",
        "population_stability_index": f"{_HERE}.stability",
        "risk_by_value": f"{_HERE}.values",
        "roc_curve": f"{_HERE}.discrimination",
        "score_band_table": f"{_HERE}.bands",
        "segment_table": f"{_HERE}.segments",
        "spiegelhalter_test": f"{_HERE}.reliability",
        "stability_of_counts": f"{_HERE}.stability",
        "standardized_mean_difference": f"{_HERE}.fairness",
        "swap_table": f"{_HERE}.cut_offs",
        "two_proportion_test": f"{_HERE}.intervals",
        "value_by_period": f"{_HERE}.values",
    },
)
