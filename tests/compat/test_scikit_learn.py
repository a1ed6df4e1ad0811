"""The scikit-learn contract: its own battery of checks with stated exceptions, and what people do with estimators.

The battery's outcomes are often 0, 1, 2 or text. This library takes is_bad, 0 or 1, and says so; the classes below turn such an
outcome into 0 and 1, so that everything else is checked.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from credit_risk.binning import WoeBinner
from credit_risk.calibration import LogisticCalibrator
from credit_risk.ml import PdBooster
from credit_risk.scorecard import Scorecard


def zero_one(y):
    """An outcome of several finite numbers as 0 and 1; anything else as it is, so that its refusal is checked."""
    try:
        numbers = np.asarray(y, dtype=float)
    except (TypeError, ValueError):
        return y
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or len(np.unique(numbers)) < 2:
        return y
    return (numbers == numbers.max()).astype(int)


class Binner(WoeBinner):
    def fit(self, X, y=None, sample_weight=None):
        return super().fit(X, zero_one(y), sample_weight)


class Card(Scorecard):
    def fit(self, X, y=None, sample_weight=None):
        return super().fit(X, zero_one(y), sample_weight)


class Booster(PdBooster):
    def fit(self, X, y=None):
        return super().fit(X, zero_one(y))


ONE_CLASS = "one class only is refused with the code CR-BIN-024 or CR-FIT-020, in this library's words"
OWN_WORDS = "an outcome other than 0 and 1 is refused with a code, in this library's words"
NO_VARIABLE = "the check's data hold no variable that may stand on a card (CR-CRD-010)"
THREE_CLASSES = "the outcome was turned into 0 and 1 above; three classes are refused (CR-BIN-023)"
ZERO_WEIGHT = "the check gives rows a weight of zero, which is refused (CR-BIN-026): leave such rows out"
NOT_YET = "the booster reads X with numpy alone"
EXPECTED = {
    "Binner": {
        "check_fit2d_1sample": ONE_CLASS,
        "check_sample_weight_equivalence_on_dense_data": ZERO_WEIGHT,
    },
    "Card": {
        "check_pipeline_consistency": NO_VARIABLE,
        "check_fit2d_1feature": NO_VARIABLE,
        "check_sample_weights_shape": NO_VARIABLE,
        "check_sample_weight_equivalence_on_dense_data": ZERO_WEIGHT,
        "check_classifiers_one_label_sample_weights": ZERO_WEIGHT,
        "check_classifiers_one_label": ONE_CLASS,
        "check_fit2d_1sample": ONE_CLASS,
        "check_classifiers_classes": OWN_WORDS,
        "check_classifiers_regression_target": OWN_WORDS,
        "check_supervised_y_2d": OWN_WORDS,
        "check_classifier_not_supporting_multiclass": THREE_CLASSES,
    },
    "Booster": {
        "check_classifiers_one_label": ONE_CLASS,
        "check_fit2d_1sample": ONE_CLASS,
        "check_classifiers_classes": OWN_WORDS,
        "check_classifiers_regression_target": OWN_WORDS,
        "check_supervised_y_2d": OWN_WORDS,
        "check_requires_y_none": OWN_WORDS,
        "check_classifiers_train": "missing values are learnt from, not refused; the wrong width is refused as CR-SCR-010",
        "check_estimators_nan_inf": "missing values are learnt from, not refused",
        "check_n_features_in_after_fitting": "the wrong width is refused as CR-SCR-010, in this library's words",
        "check_fit2d_predict1d": "one dimension is refused as CR-SCR-010, in this library's words",
        "check_classifier_data_not_an_array": NOT_YET,
        "check_complex_data": NOT_YET,
        "check_estimators_empty_data_messages": NOT_YET,
        "check_estimator_sparse_tag": NOT_YET,
        "check_estimator_sparse_array": NOT_YET,
        "check_estimator_sparse_matrix": NOT_YET,
        "check_fit1d": NOT_YET,
    },
}
LENIENT = WoeBinner(min_goods=1, min_bads=1, min_share=0.0)
ESTIMATORS = [
    Binner(min_goods=1, min_bads=1, min_share=0.0),
    Card(min_information_value=0.0, max_p_value=1.0, max_correlation=1.0, binner=LENIENT),
    Booster(max_rounds=5),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_the_battery_of_scikit_learn(estimator):
    expected = EXPECTED[type(estimator).__name__]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, expected_failed_checks=expected, on_fail=None, on_skip=None)
    failed = {one["check_name"]: str(one["exception"])[:200] for one in results if one["status"] == "failed"}
    assert not failed
    assert sum(one["status"] == "passed" for one in results) >= 35


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(3)
    n = 3000
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "c": rng.choice(list("xyz"), n)})
    z = X["a"] - 0.8 * X["b"] + (X["c"] == "x")
    is_bad = (rng.random(n) < 1 / (1 + np.exp(1.5 - z))).astype(int)
    X.loc[::25, "a"] = np.nan
    return X, is_bad


@pytest.mark.parametrize(
    "estimator", [WoeBinner(max_bins=4), Scorecard(max_features=2), PdBooster(max_rounds=7)]
)
def test_a_clone_has_the_settings_and_not_the_fit(estimator, sample):
    X, is_bad = sample
    fitted = clone(estimator).fit(X[["a", "b"]], is_bad)
    twin = clone(fitted)
    assert twin.get_params(deep=False) == estimator.get_params(deep=False)
    assert not hasattr(twin, "spec_")
    with pytest.raises(NotFittedError):
        (twin.transform if hasattr(twin, "transform") else twin.predict_proba)(X[["a", "b"]])


def test_the_calibrator_keeps_the_contract_of_a_one_dimensional_estimator():
    """The battery needs rows of variables; raw PDs are one number per row, as in isotonic regression."""
    calibrator = clone(LogisticCalibrator(horizon="6m"))
    assert calibrator.get_params() == {"horizon": "6m"}
    with pytest.raises(NotFittedError):
        calibrator.transform([0.1])
    raw, is_bad = np.tile([0.1, 0.5], 40), np.tile([0, 0, 0, 1, 1, 1, 0, 1], 10)
    assert calibrator.fit(raw, is_bad) is calibrator
    assert clone(calibrator).set_params(horizon="12m").horizon == "12m"


def test_a_pipeline_of_bins_and_regression(sample):
    X, is_bad = sample
    pipeline = make_pipeline(WoeBinner(), LogisticRegression()).set_output(transform="pandas")
    scores = cross_val_score(pipeline, X, is_bad, cv=3, scoring="roc_auc")
    assert scores.min() > 0.7
    assert pipeline.fit(X, is_bad)[:-1].get_feature_names_out().tolist() == ["a", "b", "c"]
    woe = pipeline[:-1].transform(X)
    assert isinstance(woe, pd.DataFrame)
    assert woe.columns.tolist() == ["a", "b", "c"]
    assert woe.index.equals(X.index)
    np.testing.assert_array_equal(woe.to_numpy(), WoeBinner().fit(X, is_bad).transform(X))


def test_a_grid_reaches_into_the_card(sample):
    X, is_bad = sample
    grid = {"pdo": [20, 40], "binner__max_bins": [2, 6]}
    search = GridSearchCV(Scorecard(binner=WoeBinner()), grid, cv=3, scoring="roc_auc").fit(X, is_bad)
    assert search.best_params_["binner__max_bins"] == 6
    assert search.best_estimator_.spec_.scaling.pdo in {20, 40}
    assert set(search.predict(X)) == {0, 1}


def test_whole_weights_are_repetitions(sample):
    X, is_bad = sample
    weight = np.random.default_rng(1).integers(1, 4, len(X))
    again = np.repeat(np.arange(len(X)), weight)
    settings = {"refine": False, "n_prebins": 400, "min_own_rows": 1}
    weighted = WoeBinner(**settings).fit(X, is_bad, sample_weight=weight.astype(float))
    repeated = WoeBinner(**settings).fit(X.iloc[again], is_bad[again])
    for one, two in zip(weighted.spec_.variables, repeated.spec_.variables, strict=True):
        assert sum(one.n_goods) == sum(two.n_goods)
        assert one.information_value == pytest.approx(two.information_value, rel=0.05)
    cut = weighted.spec_.variables[2]
    np.testing.assert_allclose(cut.woe, repeated.spec_.variables[2].woe, atol=1e-12)
