"""Is the model right? Discrimination, calibration, stability and fairness, with an interval on every figure."""

from __future__ import annotations

from credit_risk._lazy import attach

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
        "population_stability_index": f"{_HERE}.stability",
        "roc_curve": f"{_HERE}.discrimination",
        "score_band_table": f"{_HERE}.bands",
        "spiegelhalter_test": f"{_HERE}.reliability",
        "stability_of_counts": f"{_HERE}.stability",
        "standardized_mean_difference": f"{_HERE}.fairness",
        "two_proportion_test": f"{_HERE}.intervals",
    },
)
