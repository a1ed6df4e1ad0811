"""The forest in our arrays equals XGBoost, on one row and on many, and survives its own JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.base import clone

from credit_risk.errors import FitError, GovernanceError, ScoringError, SpecificationError
from credit_risk.ml import ForestSpec, PdBooster, fit, forest_margin, forest_pd


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(1500, 6)).round(3), columns=list("abcdef"))
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    log_odds = 1.3 * X["a"].fillna(0) - X["b"].fillna(0.5) + 0.5 * X["c"].fillna(0) * X["d"].fillna(0) - 1.5
    return X, (rng.uniform(size=1500) < 1 / (1 + np.exp(-log_odds))).to_numpy()


@pytest.fixture(scope="module")
def booster(data) -> PdBooster:
    X, is_bad = data
    return PdBooster(monotone={"a": 1, "b": -1}, max_rounds=80).fit(X, is_bad)


def test_forest_equals_xgboost_bit_for_bit_on_rows_it_never_saw(data, booster):
    X, is_bad = data
    rng = np.random.default_rng(4)
    unseen = rng.normal(size=(4000, 6))
    unseen[rng.uniform(size=unseen.shape) < 0.2] = np.nan
    parameters = booster.parameters(list(booster.spec_.feature_names), is_bad.astype(float))
    fitted = xgboost.train(parameters, xgboost.DMatrix(X.to_numpy(), label=is_bad), booster.n_rounds_)
    expected = fitted.predict(xgboost.DMatrix(unseen), output_margin=True)
    assert np.array_equal(forest_margin(booster.spec_, unseen), expected)


def test_one_row_has_the_same_bits_as_many(data, booster):
    values = data[0].to_numpy()
    together = forest_pd(booster.spec_, values)
    alone = np.concatenate([forest_pd(booster.spec_, row[None, :]) for row in values[:300]])
    assert np.array_equal(together[:300], alone)


def test_margin_equals_a_naive_walk(data, booster):
    spec = booster.spec_
    for row in data[0].to_numpy()[:50]:
        margin = np.float32(spec.base_margin)
        for root in spec.roots:
            node = int(root)
            while spec.left[node] != node:
                value = np.float32(row[spec.split_feature[node]])
                goes_left = spec.default_left[node] if np.isnan(value) else value < spec.threshold[node]
                node = int(spec.left[node] if goes_left else spec.right[node])
            margin = np.float32(margin + spec.leaf_value[node])
        assert margin == forest_margin(spec, row[None, :])[0]


def test_pd_moves_only_in_the_stated_direction(booster):
    grid = np.linspace(-3, 3, 200)
    rows = np.zeros((200, 6))
    rows[:, 0] = grid
    assert (np.diff(forest_margin(booster.spec_, rows)) >= 0).all()
    rows[:, 0], rows[:, 1] = 0, grid
    assert (np.diff(forest_margin(booster.spec_, rows)) <= 0).all()


def test_refit_gives_the_same_bytes(data, booster):
    X, is_bad = data
    again = clone(booster).fit(X, is_bad)
    assert again.spec_.digest() == booster.spec_.digest()


def test_spec_survives_json_and_arrays(booster):
    spec = booster.spec_
    content = json.loads(json.dumps(spec.to_dict()))
    assert ForestSpec.from_dict(content, spec.arrays()).digest() == spec.digest()


def test_damaged_arrays_are_refused(booster):
    spec = booster.spec_
    damaged = {**spec.arrays(), "leaf_value": spec.leaf_value + np.float32(0.01)}
    with pytest.raises(GovernanceError, match="do not match their digest"):
        ForestSpec.from_dict(spec.to_dict(), damaged)
    with pytest.raises(GovernanceError, match=r"missing \['roots'\]"):
        ForestSpec.from_dict(spec.to_dict(), {k: v for k, v in spec.arrays().items() if k != "roots"})


@pytest.mark.parametrize("target", [np.zeros(20), np.full(20, 2.0), np.zeros(3)])
def test_unusable_targets_are_refused(target):
    with pytest.raises(FitError, match="must hold both 0 and 1"):
        PdBooster().fit(np.ones((20, 2)), target)


def test_infinite_features_are_refused():
    X = pd.DataFrame({"a": [1.0, np.inf] * 10})
    with pytest.raises(FitError, match=r"1 of 1 features hold infinite values .*'a'"):
        PdBooster().fit(X, [0, 1] * 10)


def test_wrong_columns_are_refused(booster):
    with pytest.raises(ScoringError, match="fitted on 6 features"):
        forest_margin(booster.spec_, np.zeros((2, 5)))
    with pytest.raises(SpecificationError, match=r"1 of 6 features are missing .*'f'"):
        booster.predict_proba(pd.DataFrame(np.zeros((2, 5)), columns=list("abcde")))


def test_predict_names_the_likelier_class(data, booster):
    X, _ = data
    assert np.array_equal(booster.predict(X), (booster.predict_proba(X)[:, 1] > 0.5).astype(int))


def test_a_base_margin_some_bits_off_is_found_and_trees_that_differ_are_refused(data, monkeypatch):
    X, is_bad = data
    settings = {"max_rounds": 5, "n_inner_folds": 0}
    expected = PdBooster(**settings).fit(X, is_bad).spec_

    def moved(steps):
        exact = fit.single_logit

        def other(share):
            value = exact(share)
            for _ in range(steps):
                value = np.nextafter(value, np.float32(9))
            return value

        return other

    with monkeypatch.context() as patch:
        patch.setattr(fit, "single_logit", moved(6))
        assert PdBooster(**settings).fit(X, is_bad).spec_.base_margin == expected.base_margin
    monkeypatch.setattr(fit, "single_logit", moved(40))
    with pytest.raises(FitError, match=r"CR-FIT-022: Our arrays differ from XGBoost's margin on \d+ of 1500"):
        PdBooster(**settings).fit(X, is_bad)
