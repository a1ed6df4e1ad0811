"""Texts become numbers without reading a row's own outcome; forests of several seeds average exactly."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import FitError, SpecificationError
from credit_risk.ml import ForestSpec, LeafPaths, PdBooster, forest_contributions, forest_margin
from credit_risk.ml.design import scoring_design, training_design


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    X = pd.DataFrame(
        {
            "amount": rng.uniform(1, 9, 1200).round(1),
            "purpose": pd.Series(rng.choice(["car", "tv", "boat", None], 1200), dtype="str"),
            "channel": pd.Categorical(rng.choice(["app", "web"], 1200)),
            "is_new": rng.uniform(size=1200) < 0.5,
        }
    )
    log_odds = 0.2 * X["amount"] + 1.1 * (X["purpose"] == "boat") - 2
    return X, (rng.uniform(size=1200) < 1 / (1 + np.exp(-log_odds))).to_numpy()


@pytest.fixture(scope="module")
def booster(data):
    return PdBooster(max_rounds=40, n_inner_folds=0).fit(*data)


def test_categories_stand_for_their_shrunken_bad_rates(data, booster):
    X, is_bad = data
    purpose = booster.spec_.encodings[0]
    assert [encoding.feature for encoding in booster.spec_.encodings] == ["purpose", "channel"]
    assert purpose.categories == ("boat", "car", "tv")
    mean = is_bad.mean()
    for category, value in zip(purpose.categories, purpose.values, strict=True):
        own = is_bad[X["purpose"] == category].mean()
        assert min(own, mean) - 1e-12 <= value <= max(own, mean) + 1e-12
    assert purpose.unseen == pytest.approx(mean)
    assert purpose.missing == pytest.approx(is_bad[X["purpose"].isna()].mean(), abs=0.05)


def test_a_rows_own_outcome_does_not_reach_its_code():
    # every row has a category of its own: encoded by its own outcome, the column would be the outcome
    X = pd.DataFrame({"key": [f"k{i}" for i in range(400)]})
    is_bad = (np.arange(400) % 4 == 0).astype(float)
    values, _, _ = training_design(X, is_bad, seed=1)
    assert np.ptp(values[:, 0]) < 0.01


def test_unseen_and_missing_texts_are_scored(data, booster):
    X, _ = data
    odd = X.head(2).assign(purpose=["rocket", None])
    values = scoring_design(booster.spec_, odd)
    purpose = booster.spec_.encodings[0]
    assert values[:, 1].tolist() == [purpose.unseen, purpose.missing]
    assert np.isfinite(booster.predict_proba(odd)).all()


def test_encodings_survive_json_and_belong_to_the_digest(booster):
    spec = booster.spec_
    again = ForestSpec.from_dict(json.loads(json.dumps(spec.to_dict())), spec.arrays())
    assert again.encodings == spec.encodings
    assert again.digest() == spec.digest()
    from dataclasses import replace

    assert replace(spec, encodings=()).digest() != spec.digest()


def test_several_seeds_are_the_mean_of_their_forests(data):
    X, is_bad = data
    together = PdBooster(max_rounds=30, n_inner_folds=0, n_seeds=4).fit(X, is_bad)
    alone = []
    for k in range(4):  # each with its own draw of out-of-fold encodings; applicants are encoded alike
        one = PdBooster(max_rounds=30, n_inner_folds=0, seed=PdBooster().seed + k).fit(X, is_bad)
        assert one.spec_.encodings == together.spec_.encodings
        alone.append(one.predict_margin(X))
    values = scoring_design(together.spec_, X)
    np.testing.assert_allclose(forest_margin(together.spec_, values), np.mean(alone, axis=0), atol=1e-6)
    assert together.spec_.n_trees == 120
    paths = LeafPaths.of(together.spec_)
    total = forest_contributions(paths, values[:50]).sum(axis=1) + paths.expected_margin
    np.testing.assert_allclose(total, forest_margin(together.spec_, values[:50]), atol=2e-6)


def test_on_top_of_a_margin_the_trees_hold_only_the_addition(data):
    X, is_bad = data
    given = np.where(X["purpose"] == "boat", 0.9, -0.4)
    on_top = PdBooster(max_rounds=60, n_inner_folds=0).fit(
        X[["amount", "purpose"]], is_bad, base_margin=given
    )
    alone = PdBooster(max_rounds=60, n_inner_folds=0).fit(X[["amount", "purpose"]], is_bad)
    start = given + on_top.spec_.base_margin  # the shift that brings the given log-odds to the bad rate
    assert (1 / (1 + np.exp(-start))).mean() == pytest.approx(is_bad.mean(), abs=1e-6)
    boats = X["purpose"] == "boat"
    gap = [
        model.predict_margin(X)[boats].mean() - model.predict_margin(X)[~boats].mean()
        for model in (on_top, alone)
    ]
    assert abs(gap[0]) < abs(gap[1]) / 2


@pytest.mark.parametrize("n_seeds", [0, 3, 32])
def test_numbers_of_seeds_that_would_lose_bits_are_refused(data, n_seeds):
    with pytest.raises(SpecificationError, match="n_seeds must be one of"):
        PdBooster(n_seeds=n_seeds).fit(*data)


@pytest.mark.parametrize("margin", [np.zeros(3), np.full(1200, np.nan)])
def test_unusable_base_margins_are_refused(data, margin):
    with pytest.raises(FitError, match="one finite log-odds per row"):
        PdBooster().fit(*data, base_margin=margin)


def test_moments_are_refused_and_a_text_among_numbers_is_not_quoted():
    X = pd.DataFrame({"a": np.arange(60.0), "since": pd.date_range("2026-01-01", periods=60)})
    is_bad = np.arange(60) % 3 == 0
    booster = PdBooster(max_rounds=2, n_inner_folds=0)
    with pytest.raises(
        SpecificationError, match="CR-ML-006: 1 of 2 columns hold dates or times .first: 'since'"
    ):
        booster.fit(X, is_bad)
    booster.fit(X[["a"]], is_bad)
    with pytest.raises(SpecificationError, match="CR-ML-007: Column 'a'") as caught:
        booster.predict_proba(pd.DataFrame({"a": ["secret"]}))
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_rows_that_judge_the_rounds_are_unknown_to_the_encodings(data):
    from credit_risk.ml.design import transform_design
    from credit_risk.ml.fit import _encoded_apart

    X, is_bad = data
    y, margin = is_bad.astype(float), np.linspace(-2.0, 1.0, len(X))
    rows = np.arange(len(X))
    folds = [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)]
    turned = y.copy()
    turned[folds[0][1]] = 1.0 - turned[folds[0][1]]  # the outcomes of the judged rows, turned round
    matrices = []
    for outcome in (y, turned):
        exchange = _encoded_apart(X, outcome, margin, folds, 5)
        fitted, judged, parameters = exchange(None, None, {"eta": 0.1})
        assert parameters == {"eta": 0.1}
        matrices.append((fitted.get_data().toarray(), judged.get_data().toarray()))
        np.testing.assert_allclose(judged.get_base_margin(), margin[folds[0][1]], rtol=1e-6)
    for ours, theirs in zip(*matrices, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    values, names, encodings = training_design(X.iloc[folds[0][0]], y[folds[0][0]], 5)
    np.testing.assert_array_equal(matrices[0][0], values.astype(np.float32))
    others = transform_design(names, encodings, X.iloc[folds[0][1]])
    np.testing.assert_array_equal(matrices[0][1], others.astype(np.float32))


def test_rounds_are_chosen_anew_only_where_there_are_texts(data, monkeypatch):
    from credit_risk.ml import fit

    def never(*_):
        raise AssertionError("numbers need no encodings")

    X, is_bad = data
    monkeypatch.setattr(fit, "_encoded_apart", never)
    assert PdBooster(max_rounds=10).fit(X[["amount", "is_new"]], is_bad).n_rounds_ >= 1
    with pytest.raises(AssertionError, match="no encodings"):
        PdBooster(max_rounds=10).fit(X, is_bad)
