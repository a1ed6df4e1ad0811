"""Contributions of the booster for the report: a fixed draw of customers, equal to what shap computes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shap
import xgboost

from credit_risk.jobs.evidence.explained import explained_booster
from credit_risk.ml import PdBooster


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(2)
    X = pd.DataFrame(rng.normal(size=(900, 4)).round(2), columns=list("abcd"))
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    is_bad = rng.uniform(size=900) < 1 / (1 + np.exp(1.0 - X["a"].fillna(0) + X["b"].fillna(0))).to_numpy()
    booster = PdBooster(max_rounds=20, n_inner_folds=0).fit(X, is_bad)
    return booster, X, is_bad


def test_the_same_customers_are_drawn_every_time_and_columns_follow_the_model(fitted) -> None:
    booster, X, _ = fitted
    one = explained_booster(booster.spec_, X, n_rows=50)
    two = explained_booster(booster.spec_, X[["d", "b", "a", "c"]], n_rows=50)
    assert one.names == tuple(booster.spec_.feature_names)
    np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(one.contributions, two.contributions)
    assert (one.values.shape, one.n_population) == ((50, 4), 900)


def test_fewer_customers_than_asked_for_are_all_explained(fitted) -> None:
    booster, X, _ = fitted
    assert len(explained_booster(booster.spec_, X[:30]).contributions) == 30


def test_contributions_equal_those_of_shap(fitted) -> None:
    booster, X, is_bad = fitted
    parameters = booster.parameters(list(booster.spec_.feature_names), is_bad.astype(float))
    matrix = xgboost.DMatrix(X.to_numpy(), label=is_bad)
    forest = xgboost.train(parameters, matrix, booster.n_rounds_)
    ours = explained_booster(booster.spec_, X, n_rows=100)
    theirs = shap.TreeExplainer(forest, feature_perturbation="tree_path_dependent").shap_values(ours.values)
    np.testing.assert_allclose(ours.contributions, theirs, atol=1e-6)
