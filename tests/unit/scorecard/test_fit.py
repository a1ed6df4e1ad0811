"""The card as an estimator: what it learns, what it refuses, and that every path gives the same points."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from credit_risk.binning import WoeBinner
from credit_risk.errors import FitError, MissingFeatureError, SpecificationError
from credit_risk.scorecard import Scorecard, ScorecardSpec, apply_scorecard, reason_shortfalls


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(1)
    n = 6000
    utilization = rng.beta(2, 2, n)
    payments = rng.gamma(2.0, 50.0, n)
    noise = rng.normal(size=n)
    log_odds = -2.0 + 3.0 * (utilization - 0.5) - 0.01 * (payments - 100.0)
    is_bad = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    X = pd.DataFrame({"utilization": utilization, "payments": payments, "noise": noise})
    X["utilization_copy"] = utilization * 2
    X.loc[rng.random(n) < 0.1, "payments"] = np.nan
    return X, is_bad


@pytest.fixture(scope="module")
def card(sample):
    X, is_bad = sample
    return Scorecard(directions={"utilization": 1, "payments": -1, "noise": 0}).fit(X, is_bad)


def test_the_card_keeps_what_informs_and_says_why_it_left_the_rest(card):
    spec = card.spec_
    assert spec.feature_names == ("utilization", "payments")
    reasons = {record.name: (record.is_kept, record.step) for record in spec.selection}
    assert reasons["noise"] == (False, "information_value")
    assert reasons["utilization_copy"] == (False, "correlation")
    assert reasons["utilization"] == (True, "kept")
    assert all(value < 0 for value in spec.coefficients)


def test_the_score_is_the_sum_of_whole_points_and_the_pd_follows_from_it(card, sample):
    X, _ = sample
    matrix = X[list(card.spec_.feature_names)].to_numpy()
    result = apply_scorecard(card.spec_, matrix)
    assert result.points.dtype == np.int64
    np.testing.assert_array_equal(result.score, result.points.sum(axis=1))
    scaling = card.spec_.scaling
    expected = 1 / (1 + np.exp((result.score - scaling.offset) / scaling.factor))
    np.testing.assert_allclose(result.pd, expected, rtol=1e-14)
    np.testing.assert_array_equal(card.predict_proba(X)[:, 1], result.pd)
    np.testing.assert_array_equal(card.predict_score(X), result.score)


def test_one_row_gives_the_same_bits_as_all_rows(card, sample):
    X, _ = sample
    matrix = X[list(card.spec_.feature_names)].to_numpy()
    everything = apply_scorecard(card.spec_, matrix)
    for at in range(0, 6000, 397):
        alone = apply_scorecard(card.spec_, matrix[at : at + 1])
        assert alone.score[0] == everything.score[at]
        assert alone.pd[0] == everything.pd[at]
        assert alone.flags.tolist() == everything.flags[at : at + 1].tolist()


def test_missing_values_are_flagged_and_have_their_own_bin(card, sample):
    X, _ = sample
    result = apply_scorecard(card.spec_, X[list(card.spec_.feature_names)].to_numpy())
    np.testing.assert_array_equal(result.flags[:, 1] == 1, X["payments"].isna())
    assert card.spec_.binning.variable("payments").origins[-2] == "own"


def test_the_spec_survives_json_without_loss(card):
    again = ScorecardSpec.from_dict(json.loads(json.dumps(card.spec_.to_dict())))
    assert again == card.spec_


def test_shortfalls_are_distances_to_the_best_bin(card, sample):
    X, _ = sample
    result = apply_scorecard(card.spec_, X[list(card.spec_.feature_names)].to_numpy())
    lost = reason_shortfalls(card.spec_, result.points)
    assert lost.min() == 0
    best = [max(row) for row in card.spec_.points]
    np.testing.assert_array_equal(lost + result.points, np.broadcast_to(best, lost.shape))


def test_rounding_stays_within_its_stated_bound(card):
    report = card.spec_.rounding
    assert 0 <= report.max_points <= report.bound_points <= 0.5 * (len(card.spec_.feature_names) + 1)


def test_two_fits_are_equal(card, sample):
    X, is_bad = sample
    again = Scorecard(directions={"utilization": 1, "payments": -1, "noise": 0}).fit(X, is_bad)
    assert again.spec_ == card.spec_


def test_the_table_lists_every_bin(card):
    table = card.table()
    assert len(table) == sum(variable.n_bins for variable in card.spec_.binning.variables)
    assert "Missing" in set(table["bin"])
    assert card.binning_table("noise").loc["Totals", "Count"] == 6000


def test_nothing_to_build_a_card_from_is_an_error():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"noise": rng.normal(size=2000)})
    with pytest.raises(
        FitError, match=r"CR-CRD-010: None of 1 variables qualifies .* 1 by information_value"
    ):
        Scorecard().fit(X, rng.integers(0, 2, 2000))


def test_a_wrong_scale_or_direction_is_an_error(sample):
    X, is_bad = sample
    with pytest.raises(SpecificationError, match="CR-CRD-001: pdo must be a finite number above 0. Got -20"):
        Scorecard(pdo=-20).fit(X, is_bad)
    with pytest.raises(SpecificationError, match=r"CR-CRD-005: directions must be \+1, -1 or 0"):
        Scorecard(directions={"noise": 2}).fit(X, is_bad)


def test_a_column_missing_at_scoring_is_an_error(card, sample):
    X, _ = sample
    with pytest.raises(MissingFeatureError, match=r"CR-BIN-013: 1 of 2 variables are absent: \['payments'\]"):
        card.predict_score(X.drop(columns=["payments"]))


def test_directions_are_heard_for_arrays_too(sample):
    X, is_bad = sample
    matrix = X[["utilization", "payments"]].to_numpy()
    spec = Scorecard(directions={"x0": 1, "x1": -1}).fit(matrix, is_bad).spec_
    assert [variable.trend for variable in spec.binning.variables] == ["ascending", "descending"]
    against = Scorecard(directions={"x0": -1, "x1": -1}).fit(matrix, is_bad).spec_
    assert against.feature_names == ("x1",)


def test_it_is_a_scikit_learn_classifier(sample):
    X, is_bad = sample
    card = clone(Scorecard(binner=WoeBinner(max_bins=4)))
    search = GridSearchCV(card, {"max_features": [1, 2], "binner__max_bins": [3, 5]}, cv=2, scoring="roc_auc")
    search.fit(X, is_bad)
    assert search.best_score_ > 0.7
    assert (
        search.best_estimator_.spec_.binning.variables[0].n_regular <= search.best_params_["binner__max_bins"]
    )
    np.testing.assert_array_equal(search.best_estimator_.predict(X), search.predict_proba(X)[:, 1] > 0.5)


def test_weights_move_the_card(sample):
    X, is_bad = sample
    plain = Scorecard().fit(X, is_bad)
    weighted = Scorecard().fit(X, is_bad, sample_weight=np.where(is_bad == 1, 2.0, 1.0))
    assert weighted.predict_proba(X)[:, 1].mean() > plain.predict_proba(X)[:, 1].mean() * 1.3


def test_one_thread_and_two_give_the_same_card(sample):
    X, is_bad = sample
    with threadpool_limits(2):
        two = Scorecard().fit(X, is_bad).spec_
    with threadpool_limits(1):
        one = Scorecard().fit(X, is_bad).spec_
    assert one == two


def test_the_order_of_rows_does_not_matter(sample):
    X, is_bad = sample
    order = np.random.default_rng(0).permutation(len(X))
    spec = Scorecard().fit(X.iloc[order], is_bad[order]).spec_
    straight = Scorecard().fit(X, is_bad).spec_
    assert spec.points == straight.points
    assert spec.binning == straight.binning


def test_an_outcome_of_one_class_is_an_error(sample):
    X, _ = sample
    with pytest.raises(FitError, match="CR-BIN-024: The outcome holds 0 bads in 6000 rows"):
        Scorecard().fit(X, np.zeros(6000))


def test_no_more_variables_than_asked_for(sample):
    X, is_bad = sample
    spec = Scorecard(max_features=1).fit(X, is_bad).spec_
    assert len(spec.feature_names) == 1
    left_out = {record.name: record.step for record in spec.selection if not record.is_kept}
    assert "max_features" in left_out.values()
