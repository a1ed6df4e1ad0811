"""Contributions of the forest: equal to the definition, to XGBoost's own and to shap's, on one row and on many."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
import shap
import xgboost

from credit_risk.errors import ScoringError
from credit_risk.ml import LeafPaths, PdBooster, forest_contributions, forest_margin


def make_data(n_rows=1500, seed=3):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_rows, 6)).round(2), columns=list("abcdef"))
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    log_odds = 1.3 * X["a"].fillna(0) - X["b"].fillna(0.5) + 0.5 * X["c"].fillna(0) * X["d"].fillna(0) - 1.5
    return X, (rng.uniform(size=n_rows) < 1 / (1 + np.exp(-log_odds))).to_numpy()


@pytest.fixture(scope="module", params=[1, 2, 4, 6], ids="depth{}".format)
def fitted(request):
    """A forest and XGBoost's own object, fitted on the same rows."""
    X, is_bad = make_data()
    booster = PdBooster(monotone={"a": 1}, max_rounds=25, n_inner_folds=0, max_depth=request.param).fit(
        X, is_bad
    )
    parameters = booster.parameters(list(booster.spec_.feature_names), is_bad.astype(float))
    matrix = xgboost.DMatrix(X.to_numpy(), label=is_bad)
    return booster.spec_, xgboost.train(parameters, matrix, booster.n_rounds_)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(300, 6)).round(2)
    values[rng.uniform(size=values.shape) < 0.2] = np.nan
    values[0], values[1], values[2] = np.inf, -np.inf, np.nan
    return values


def naive_contributions(spec, row):
    """The definition: average over all orders of revealing features, unknown ones follow the training rows."""
    features = range(len(spec.feature_names))

    def expectation(known, node):
        if spec.left[node] == node:
            return float(spec.leaf_value[node])
        left, right, feature = int(spec.left[node]), int(spec.right[node]), int(spec.split_feature[node])
        if feature in known:
            value = np.float32(row[feature])
            goes_left = spec.default_left[node] if np.isnan(value) else value < spec.threshold[node]
            return expectation(known, left if goes_left else right)
        shares = float(spec.cover[left]), float(spec.cover[right])
        mean = shares[0] * expectation(known, left) + shares[1] * expectation(known, right)
        return mean / float(spec.cover[node])

    worth = {
        frozenset(known): sum(expectation(known, int(root)) for root in spec.roots)
        for size in range(len(features) + 1)
        for known in combinations(features, size)
    }
    answer = np.zeros(len(features))
    for known, value in worth.items():
        for feature in set(features) - known:
            weight = (
                factorial(len(known)) * factorial(len(features) - len(known) - 1) / factorial(len(features))
            )
            answer[feature] += weight * (worth[known | {feature}] - value)
    return answer


def test_contributions_equal_the_definition(fitted, rows):
    spec, _ = fitted
    paths = LeafPaths.of(spec)
    for row in rows[:6]:
        expected = naive_contributions(spec, row)
        # covers of two children do not add up to their parent's in binary32
        np.testing.assert_allclose(forest_contributions(paths, row[None, :])[0], expected, atol=2e-6)


def test_contributions_equal_xgboosts_own(fitted, rows):
    spec, booster = fitted
    paths = LeafPaths.of(spec)
    expected = booster.predict(xgboost.DMatrix(rows[2:]), pred_contribs=True)  # it refuses infinities
    np.testing.assert_allclose(forest_contributions(paths, rows[2:]), expected[:, :-1], atol=1e-6)
    np.testing.assert_allclose(paths.expected_margin, expected[0, -1], atol=1e-5)


def test_contributions_equal_the_shap_librarys(fitted, rows):
    spec, booster = fitted
    explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    expected = explainer.shap_values(rows[2:])
    np.testing.assert_allclose(forest_contributions(LeafPaths.of(spec), rows[2:]), expected, atol=1e-6)


def test_contributions_and_the_mean_add_up_to_the_margin(fitted, rows):
    spec, _ = fitted
    paths = LeafPaths.of(spec)
    total = forest_contributions(paths, rows).sum(axis=1) + paths.expected_margin
    np.testing.assert_allclose(total, forest_margin(spec, rows), atol=2e-6)


def test_a_row_has_the_same_bits_alone_and_among_others(fitted, rows):
    paths = LeafPaths.of(fitted[0])
    together = forest_contributions(paths, rows)
    alone = np.concatenate([forest_contributions(paths, row[None, :]) for row in rows])
    assert np.array_equal(together, alone)


def test_wrong_columns_are_refused(fitted):
    paths = LeafPaths.of(fitted[0])
    with pytest.raises(ScoringError, match=r"fitted on 6 features. Got an array of shape \(2, 5\)"):
        forest_contributions(paths, np.zeros((2, 5)))


def test_values_beyond_single_precision_count_as_infinity(fitted):
    spec, booster = fitted
    rows = np.full((20, 6), 1e300) * np.where(np.arange(6) % 2, -1.0, 1.0)
    expected = booster.predict(xgboost.DMatrix(np.sign(rows) * 1e30), output_margin=True)
    np.testing.assert_array_equal(forest_margin(spec, rows), expected)
    paths = LeafPaths.of(spec)
    total = forest_contributions(paths, rows).sum(axis=1) + paths.expected_margin
    np.testing.assert_allclose(total, expected, atol=1e-5)
