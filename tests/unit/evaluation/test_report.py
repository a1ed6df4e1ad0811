"""Evaluating several models at once."""

from __future__ import annotations

import json

import numpy as np
import pandas
import pytest

from credit_risk.errors import SampleError, SpecificationError
from credit_risk.evaluation import compare_models, evaluate, evaluate_predictions, ks_interval


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(9)
    log_odds = generator.normal(-1.3, 1.0, size=2000)
    good_model = 1 / (1 + np.exp(-log_odds))
    poor_model = 1 / (1 + np.exp(1.3 - 0.3 * (log_odds + generator.normal(0, 3, size=2000))))
    return good_model, poor_model, generator.random(2000) < good_model


class Fixed:
    def __init__(self, column: int, name: str | None = None) -> None:
        self.column = column
        if name:
            self.name = name

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.column_stack([1 - X[:, self.column], X[:, self.column]])


def test_a_true_model_is_found_right_and_better(rows) -> None:
    good, poor, is_bad = rows
    report = evaluate_predictions({"good": good, "poor": poor}, is_bad, seed=1, n_bootstrap=300)
    model = report["good"]
    assert model.calibration_slope_low < 1 < model.calibration_slope_high
    assert model.calibration_intercept_low < 0 < model.calibration_intercept_high
    assert model.bad_rate_low < model.mean_pd < model.bad_rate_high
    (pair,) = report.comparisons
    assert pair.auc_difference_low > 0
    assert pair.ks_difference_low > 0
    assert pair.p_value < 1e-6
    assert model.gini == 2 * model.auc - 1


def test_the_same_seed_gives_the_same_report_and_another_moves_only_ks(rows) -> None:
    good, _, is_bad = rows
    first, again, other = (
        evaluate_predictions({"m": good}, is_bad, seed=seed, n_bootstrap=100) for seed in (1, 1, 2)
    )
    assert first == again
    assert other["m"].ks_low != first["m"].ks_low
    assert other["m"].auc_low == first["m"].auc_low


def test_a_report_equals_the_functions_it_is_made_of(rows) -> None:
    good, poor, is_bad = rows
    report = evaluate_predictions({"a": good, "b": poor}, is_bad, seed=5, n_bootstrap=50)
    ks = ks_interval(good, is_bad, seed=5, n_bootstrap=50)
    assert (report["a"].ks_low, report["a"].ks_high) == (ks.low, ks.high)
    assert report.comparisons == compare_models({"a": good, "b": poor}, is_bad, seed=5, n_bootstrap=50)


def test_models_are_named_by_attribute_or_class_and_numbered(rows) -> None:
    good, poor, is_bad = rows
    X = np.column_stack([good, poor])
    report = evaluate([Fixed(0, "card"), Fixed(1), Fixed(1)], X, is_bad, n_bootstrap=20)
    assert [model.name for model in report.models] == ["card", "Fixed", "Fixed 2"]
    assert len(report.comparisons) == 3
    named = evaluate({"x": Fixed(0)}, X, is_bad, n_bootstrap=20)
    assert named["x"].auc == report["card"].auc


def test_table_and_json_hold_every_figure(rows) -> None:
    good, poor, is_bad = rows
    report = evaluate_predictions({"a": good, "b": poor}, is_bad, n_bootstrap=20)
    table = report.table()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.index) == ["a", "b"]
    content = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert content["models"][0]["auc"] == table.loc["a", "auc"]
    assert content["comparisons"][0]["model_b"] == "b"
    assert list(report.comparison_table()["model_a"]) == ["a"]
    assert "0." in report._repr_html_()
    with pytest.raises(KeyError, match="nobody"):
        report["nobody"]


def test_perfect_and_constant_models_are_reported_without_a_line() -> None:
    is_bad = np.array([0, 0, 0, 1, 1, 1])
    report = evaluate_predictions(
        {"perfect": is_bad * 0.8 + 0.1, "constant": np.full(6, 0.5)}, is_bad, n_bootstrap=20
    )
    assert report["perfect"].auc == report["perfect"].auc_high == 1.0
    assert np.isnan(report["perfect"].calibration_slope)
    assert report["constant"].auc == 0.5
    assert report["constant"].hosmer_lemeshow_degrees == 1
    assert report.to_dict()["models"][0]["calibration_slope"] is None
    single = evaluate_predictions({"m": np.full(6, 0.5)}, is_bad, n_bootstrap=5)
    assert next(iter(single.comparison_table().columns)) == "model_a"


@pytest.mark.parametrize(
    ("predictions", "is_bad", "error", "match"),
    [
        ({}, [0, 0, 1, 1], SpecificationError, "CR-EVL-009.*Got none"),
        ({"m": [0.1] * 4}, [[0, 1]], SpecificationError, "CR-EVL-001.*one-dimensional"),
        ({"m": [0.1] * 4}, [0, 0, 1, 3], SpecificationError, "CR-EVL-001.*1 other values"),
        ({"m": [0.1] * 4}, [0, 0, 0, 1], SampleError, "CR-EVL-002.*3 goods and 1 bads"),
        ({"m": [0.1] * 3}, [0, 0, 1, 1], SpecificationError, r"CR-EVL-003.*pd of 'm'.*\(4,\)"),
        ({"m": [0.1, 0.1, np.nan, 0.2]}, [0, 0, 1, 1], SpecificationError, "CR-EVL-004.*1 missing"),
        ({"m": [0.1, 0.1, 600, 0.2]}, [0, 0, 1, 1], SpecificationError, "CR-EVL-005.*1 values outside"),
    ],
)
def test_bad_arrays_are_refused(predictions, is_bad, error, match) -> None:
    with pytest.raises(error, match=match):
        evaluate_predictions(predictions, is_bad)


def test_a_confidence_level_of_one_is_refused(rows) -> None:
    with pytest.raises(SpecificationError, match=r"CR-EVL-006.*Got 1\.0"):
        evaluate_predictions({"m": rows[0]}, rows[2], confidence_level=1.0)
