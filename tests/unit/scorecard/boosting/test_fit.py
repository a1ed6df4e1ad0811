"""The boosted card is the booster: margin, points, directions, policies, and every path gives the same points."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xgboost
from scipy import sparse
from sklearn.base import clone

from credit_risk.binning import WoeBinner
from credit_risk.binning.checks import check_outcome
from credit_risk.binning.columns import development_column
from credit_risk.errors import FitError, SpecificationError
from credit_risk.scorecard import BoostedScorecard, RowScorer, ScorecardSpec, apply_scorecard
from credit_risk.scorecard.boosting.bins import encoded, fine_variable
from credit_risk.scorecard.boosting.stumps import proved

SPECIAL = -9999.0


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(8)
    n = 5000
    X = pd.DataFrame(
        {
            "utilization": rng.beta(2, 2, n),
            "payments": np.round(rng.gamma(2.0, 50.0, n), 2),
            "purpose": rng.choice(["car", "education", "furniture", "repairs"], n),
            "noise": rng.normal(size=n),
        }
    )
    log_odds = (
        -2 + 3 * (X["utilization"] - 0.5) - 0.01 * (X["payments"] - 100) + 0.8 * (X["purpose"] == "car")
    )
    X.loc[rng.random(n) < 0.10, "payments"] = np.nan
    X.loc[rng.random(n) < 0.05, "utilization"] = SPECIAL
    is_bad = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return X, is_bad


@pytest.fixture(scope="module")
def card(sample):
    X, is_bad = sample
    return BoostedScorecard(
        n_rounds=150,
        directions={"utilization": 1, "payments": -1},
        binner=WoeBinner(special_codes=(SPECIAL,)),
    ).fit(X, is_bad)


def sample_matrix(card, X, is_bad):
    """Encode the sample once more, as the booster saw it."""
    outcome = check_outcome(is_bad, len(X), None)
    fine = [
        fine_variable(
            development_column(name, X[name]),
            outcome,
            card.binner.rules_for(tuple(X.columns))[name],
            n_cells=card.n_cells,
            direction=0,
        )
        for name in X.columns
    ]
    return encoded(fine)[0]


def booster_margin(card, X, is_bad):
    return card.booster_.predict(xgboost.DMatrix(sample_matrix(card, X, is_bad)), output_margin=True)


def card_log_odds(spec, bin_index):
    woe = sum(np.array(table)[bin_index[:, j]] for j, table in enumerate(spec.card_woe))
    return spec.intercept - woe


def test_the_card_before_rounding_is_the_margin_of_the_booster(card, sample):
    X, is_bad = sample
    exact = card_log_odds(card.spec_, card.score_rows(X).bin_index)
    margin = booster_margin(card, X, is_bad)
    # XGBoost adds up 150 numbers in single precision; the card's tables are sums in double precision
    np.testing.assert_allclose(exact, margin, atol=5e-6)
    assert np.abs(exact - margin).mean() < 5e-7
    assert np.ptp(margin) > 3


def test_the_card_before_rounding_is_the_sum_of_the_trees_in_double_precision(card, sample):
    X, is_bad = sample
    matrix = sample_matrix(card, X, is_bad).astype(np.float64)
    stumps = proved(card.booster_, xgboost.DMatrix(matrix), matrix.astype(np.float32))
    naive = np.full(400, stumps.base_margin)
    for at, column in enumerate(stumps.column):
        for k, x in enumerate(matrix[:400, column]):
            side = (
                stumps.missing if np.isnan(x) else (stumps.left if x < stumps.threshold[at] else stumps.right)
            )
            naive[k] += float(side[at])
    exact = card_log_odds(card.spec_, card.score_rows(X).bin_index)
    np.testing.assert_allclose(exact[:400], naive, atol=1e-12)


def test_points_are_the_margin_on_the_scale_to_rounding(card, sample):
    X, is_bad = sample
    scaling, report = card.spec_.scaling, card.spec_.rounding
    exact = scaling.offset - scaling.factor * booster_margin(card, X, is_bad)
    gap = np.abs(card.predict_score(X) - exact)
    assert gap.max() == pytest.approx(report.max_points, abs=1e-3)
    assert report.max_points <= report.bound_points <= 0.5 * (len(card.spec_.feature_names) + 1)


def test_declared_directions_hold_in_every_bin_and_text_is_free(card):
    spec = card.spec_
    for name, sign in (("utilization", -1), ("payments", 1)):
        at = spec.feature_names.index(name)
        regular = np.array(spec.points[at][: spec.binning.variables[at].n_regular])
        assert (sign * np.diff(regular) >= 0).all()
        assert len(regular) > 5
    assert spec.binning.variable("purpose").kind == "categorical"


def test_missing_values_and_special_codes_have_effects_of_their_own(card, sample):
    X, _ = sample
    payments, utilization = (
        card.spec_.binning.variable("payments"),
        card.spec_.binning.variable("utilization"),
    )
    assert payments.origins[payments.missing_index] == "own"
    assert utilization.origins[utilization.missing_index + 1] == "own"
    assert utilization.origins[utilization.missing_index] == "neutral"
    flags = card.score_rows(X).flags
    at = card.spec_.feature_names.index("utilization")
    np.testing.assert_array_equal(flags[:, at] == 2, X["utilization"] == SPECIAL)
    neutral = card.spec_.card_woe[at][utilization.missing_index]
    assert neutral == 0.0


def test_the_spec_travels_and_one_row_scores_alike(card, sample):
    X, _ = sample
    again = ScorecardSpec.from_dict(json.loads(json.dumps(card.spec_.to_dict())))
    assert again == card.spec_
    scorer, scores = RowScorer(again), card.predict_score(X)
    for at, row in enumerate(X.head(300).to_dict("records")):
        assert scorer(row).score == scores[at]


def test_without_directions_clear_trends_are_kept(sample):
    X, is_bad = sample
    ordinary = X["utilization"] != SPECIAL
    card = BoostedScorecard(n_rounds=100).fit(X[ordinary], is_bad[ordinary])
    at = card.spec_.feature_names.index("payments")
    regular = np.array(card.spec_.points[at][: card.spec_.binning.variables[at].n_regular])
    assert (np.diff(regular) >= 0).all()


def test_merging_to_fewer_bins_says_what_it_cost(card, sample):
    X, is_bad = sample
    fewer = clone(card).set_params(max_bins=4).fit(X, is_bad)
    report = fewer.merging_
    assert all(v.n_regular <= 4 for v in fewer.spec_.binning.variables)
    assert report.n_bins_after < report.n_bins_before == card.merging_.n_bins_before
    assert 0 < report.mean_points < report.max_points
    assert report.log_loss_after != report.log_loss_before
    assert fewer.spec_.settings["merging"]["max_points"] == report.max_points
    assert card.merging_.max_points < 1e-6
    before = card_log_odds(card.spec_, card.score_rows(X).bin_index)
    after = card_log_odds(fewer.spec_, fewer.score_rows(X).bin_index)
    assert np.abs(after - before).max() * card.spec_.scaling.factor == pytest.approx(
        report.max_points, abs=1e-3
    )


def test_two_fits_are_equal(card, sample):
    X, is_bad = sample
    assert clone(card).fit(X, is_bad).spec_ == card.spec_


def test_policy_rows_are_counted_and_keep_their_policy(sample):
    X, is_bad = sample
    neutral = BoostedScorecard(
        n_rounds=50, binner=WoeBinner(missing="neutral", special_codes=(SPECIAL,))
    ).fit(X, is_bad)
    at = neutral.spec_.feature_names.index("payments")
    assert neutral.spec_.card_woe[at][neutral.spec_.binning.variables[at].missing_index] == 0.0
    assert neutral.merging_.n_rows_by_policy == int(X["payments"].isna().sum())


def test_weights_change_the_card(sample):
    X, is_bad = sample
    weight = np.where(is_bad == 1, 3.0, 1.0)
    weighted = BoostedScorecard(n_rounds=50).fit(X[["payments"]], is_bad, sample_weight=weight)
    plain = BoostedScorecard(n_rounds=50).fit(X[["payments"]], is_bad)
    assert (
        weighted.predict_proba(X[["payments"]])[:, 1].mean()
        > plain.predict_proba(X[["payments"]])[:, 1].mean() + 0.1
    )


def test_variables_no_tree_asks_about_are_left_out_with_the_reason(sample):
    X, is_bad = sample
    few = BoostedScorecard(n_rounds=3, subsample=1.0).fit(X[["payments", "noise"]], is_bad)
    assert few.spec_.feature_names == ("payments",)
    left_out = few.spec_.selection[1]
    assert (left_out.is_kept, left_out.step, left_out.reason) == (
        False,
        "no_split",
        "0 of 3 trees ask about it",
    )
    assert few.summary()[["variable", "is_kept", "step"]].to_numpy().tolist() == [
        ["payments", True, "kept"],
        ["noise", False, "no_split"],
    ]
    assert few.waterfall()[["step", "in", "out", "left", "names"]].to_numpy().tolist() == [
        ["no_split", 2, 1, 1, "noise"],
        ["kept", 1, 0, 1, "payments"],
    ]
    assert few.binning_table("noise").loc["Totals", "Count"] == len(X)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (sparse.csr_matrix(np.eye(40)), "sparse input is not supported"),
        (np.arange(40.0), "rows and variables make two dimensions"),
        (pd.DataFrame(index=range(40)), "has 0 feature"),
    ],
    ids=["sparse", "one-dimensional", "no column"],
)
def test_what_is_no_table_is_refused_in_own_words(table, message):
    with pytest.raises(FitError, match=f"CR-BIN-028: X .*{message}"):
        BoostedScorecard().fit(table, np.arange(40) % 4 == 0)


def test_an_absent_outcome_is_refused_by_name(sample):
    with pytest.raises(FitError, match="CR-BIN-025: BoostedScorecard requires y"):
        BoostedScorecard().fit(sample[0], None)


def test_wrong_parameters_and_nothing_to_learn_are_errors(sample):
    X, is_bad = sample
    with pytest.raises(
        SpecificationError, match="CR-CRD-035: n_rounds must be a whole number from 1 to 100000. Got 0"
    ):
        BoostedScorecard(n_rounds=0).fit(X, is_bad)
    with pytest.raises(SpecificationError, match=r"CR-CRD-035: n_rounds must be a whole number .* Got 2\.5"):
        BoostedScorecard(n_rounds=2.5).fit(X, is_bad)
    with pytest.raises(SpecificationError, match="CR-CRD-035: subsample must be a number from 0.001 to 1"):
        BoostedScorecard(subsample=0).fit(X, is_bad)
    with pytest.raises(SpecificationError, match=r"CR-CRD-005: directions must be \+1, -1 or 0"):
        BoostedScorecard(directions={"noise": 3}).fit(X, is_bad)
    with pytest.raises(FitError, match="CR-CRD-010: No tree asks about any of 1 variables"):
        BoostedScorecard(n_rounds=5).fit(np.ones((500, 1)), np.arange(500) % 4 == 0)


def test_apply_is_the_same_pure_function(card, sample):
    X, _ = sample
    result = apply_scorecard(card.spec_, card._matrix(X))
    np.testing.assert_array_equal(result.score, card.predict_score(X))


def test_a_column_given_twice_is_asked_about_once(sample):
    X, is_bad = sample
    twice = X[["payments"]].assign(again=X["payments"])
    assert BoostedScorecard(n_rounds=30).fit(twice, is_bad).spec_.feature_names == ("payments",)


def test_a_variable_without_any_value_stays_off_the_card(sample):
    X, is_bad = sample
    card = BoostedScorecard(n_rounds=20).fit(X[["utilization"]].assign(empty=np.nan), is_bad)
    assert card.spec_.feature_names == ("utilization",)
    assert [(one.name, one.step) for one in card.spec_.selection] == [
        ("utilization", "kept"),
        ("empty", "no_split"),
    ]
