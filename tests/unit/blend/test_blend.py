"""A blend is its parts' log-odds, weighted; a correction is fitted on what the card leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from credit_risk.blend import BlendSpec, PdBlend, blended_log_odds
from credit_risk.errors import FitError, SpecificationError
from credit_risk.evaluation.reliability import calibration_line
from credit_risk.ml import PdBooster
from credit_risk.numerics.discrimination import area_under_curve


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    X = pd.DataFrame({name: rng.normal(size=4000) for name in "abc"}).assign(
        shop=rng.choice(["x", "y", "z"], 4000)
    )
    log_odds = X["a"] + 1.5 * X["b"] * (X["c"] > 0) + 0.6 * (X["shop"] == "z") - 1.5
    return X, (rng.uniform(size=4000) < 1 / (1 + np.exp(-log_odds))).to_numpy()


@pytest.fixture(scope="module", params=["average", "correction"])
def blend(request, data):
    return PdBlend(booster=PdBooster(max_rounds=120, n_inner_folds=0), how=request.param).fit(*data)


def test_log_odds_are_the_weighted_sum_of_the_parts(data, blend):
    X, _ = data
    pd_card = blend.card_.predict_proba(X)[:, 1]
    card, booster = np.log(pd_card / (1 - pd_card)), blend.booster_.predict_margin(X).astype(float)
    weights = (blend.spec_.card_weight, blend.spec_.booster_weight)
    assert weights == (0.5, 0.5) if blend.how == "average" else 0.8 < weights[0] <= 1.0 == weights[1]
    np.testing.assert_allclose(
        blend.predict_log_odds(X), weights[0] * card + weights[1] * booster, atol=1e-12
    )


def test_one_row_has_the_same_bits_as_many(data, blend):
    X, _ = data
    assert blend.predict_log_odds(X.iloc[[17]])[0] == blend.predict_log_odds(X)[17]


def test_the_trees_add_what_the_card_cannot_say(data, blend):
    rng = np.random.default_rng(6)
    X = pd.DataFrame({name: rng.normal(size=4000) for name in "abc"}).assign(
        shop=rng.choice(["x", "y", "z"], 4000)
    )
    log_odds = X["a"] + 1.5 * X["b"] * (X["c"] > 0) + 0.6 * (X["shop"] == "z") - 1.5
    is_bad = (rng.uniform(size=4000) < 1 / (1 + np.exp(-log_odds))).to_numpy()
    card, both = (area_under_curve(model.predict_proba(X)[:, 1], is_bad) for model in (blend.card_, blend))
    assert both > card + 0.01


def test_an_overfitted_card_counts_for_less_in_a_correction():
    rng = np.random.default_rng(8)
    X = pd.DataFrame(rng.normal(size=(9000, 12)), columns=[f"x{j}" for j in range(12)])
    is_bad = rng.uniform(size=9000) < 1 / (1 + np.exp(1 - 0.8 * X["x0"]))
    new = np.arange(9000) >= 900
    blend = PdBlend(booster=PdBooster(max_rounds=1, n_inner_folds=0), how="correction").fit(
        X[~new], is_bad[~new]
    )
    assert blend.spec_.card_weight < 0.95
    card, both = (
        calibration_line(model.predict_proba(X[new])[:, 1], is_bad[new]) for model in (blend.card_, blend)
    )
    assert abs(both.slope.estimate - 1.0) < abs(card.slope.estimate - 1.0)


def test_a_refit_gives_the_same_model(data, blend):
    again = clone(blend).fit(*data)
    assert np.array_equal(again.predict_proba(data[0]), blend.predict_proba(data[0]))
    assert again.spec_ == blend.spec_


def test_spec_survives_json():
    spec = BlendSpec(how="average", card_weight=0.25, booster_weight=0.75)
    assert BlendSpec.from_dict(spec.to_dict()) == spec
    assert blended_log_odds(spec, [1.0, 2.0], [3.0, 0.0]).tolist() == [2.5, 0.5]


@pytest.mark.parametrize("how", ["average", "correction"])
def test_an_array_gives_what_a_frame_gives(data, how):
    X, is_bad = data[0][["a", "b", "c"]][:1500], data[1][:1500]
    start = PdBlend(booster=PdBooster(max_rounds=10, n_inner_folds=0), how=how)
    by_frame, by_array = clone(start).fit(X, is_bad), clone(start).fit(X.to_numpy(), is_bad)
    assert by_array.feature_names_in_.tolist() == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(by_array.predict_log_odds(X.to_numpy()), by_frame.predict_log_odds(X))


def test_what_is_no_sample_is_refused_in_own_words(data):
    with pytest.raises(FitError, match="CR-BIN-028"):
        PdBlend().fit(data[1], data[1])
    with pytest.raises(FitError, match="CR-BIN-025: PdBlend requires y"):
        PdBlend().fit(data[0], None)


@pytest.mark.parametrize(
    "settings",
    [{"how": "vote"}, {"card_weight": 1.5}, {"card_weight": float("nan")}, {"card_weight": "half"}],
)
def test_unusable_settings_are_refused(data, settings):
    with pytest.raises(SpecificationError, match="card_weight lie in 0..1"):
        PdBlend(**settings).fit(*data)


def test_unusable_weights_of_a_spec_are_refused():
    with pytest.raises(SpecificationError, match="not both 0"):
        BlendSpec(how="average", card_weight=0.0, booster_weight=0.0)
