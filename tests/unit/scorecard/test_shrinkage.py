"""Shrinkage: what rows left out bear out, no customer on both sides, and nothing changed where it is not asked for."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.checks import check_outcome
from credit_risk.errors import FitError, SpecificationError
from credit_risk.numerics.logistic import describe_logistic
from credit_risk.numerics.logistic_line import fit_logistic_line, fit_logistic_shift
from credit_risk.scorecard import BoostedScorecard, PointsOverride, Scorecard, ScorecardSpec
from credit_risk.scorecard.shrinkage import (
    Shrinkage,
    folds_of,
    measure_shrinkage,
    out_of_fold_log_odds,
    shrunk,
)


def drawn(n_rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return synthetic customers: three variables that tell something and nine that tell nothing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_rows, 12)).round(2), columns=[f"v{j}" for j in range(12)])
    log_odds = -1.0 + 0.8 * X["v0"] - 0.5 * X["v1"] + 0.4 * X["v2"]
    return X, (rng.random(n_rows) < 1 / (1 + np.exp(-log_odds))).to_numpy()


@pytest.fixture(scope="module")
def sample():
    return drawn(600, seed=3)


@pytest.fixture(scope="module", params=[Scorecard, BoostedScorecard])
def pair(request, sample):
    """The same card without and with shrinkage."""
    settings = {"n_rounds": 150} if request.param is BoostedScorecard else {}
    return tuple(request.param(shrinkage_folds=k, **settings).fit(*sample) for k in (None, 5))


def slope_on(card: Scorecard, X: pd.DataFrame, is_bad: np.ndarray) -> float:
    return fit_logistic_line(card.decision_function(X), is_bad).slope


def test_a_small_cards_pds_are_less_extreme_and_right_on_new_rows(pair):
    plain, shrunken = pair
    X, is_bad = drawn(20_000, seed=4)
    assert slope_on(plain, X, is_bad) < 0.85
    assert slope_on(shrunken, X, is_bad) == pytest.approx(1.0, abs=0.13)


def test_bins_and_choice_stay_and_coefficients_shrink_alike(pair):
    plain, shrunken = (card.spec_ for card in pair)
    factor = shrunken.settings["shrinkage"]["factor"]
    assert 0.3 < factor < 1.0
    assert shrunken.binning == plain.binning
    assert shrunken.card_woe == plain.card_woe
    np.testing.assert_allclose(shrunken.coefficients, factor * np.array(plain.coefficients), rtol=1e-12)
    np.testing.assert_allclose(shrunken.standard_errors, factor * np.array(plain.standard_errors), rtol=1e-12)
    assert shrunken.p_values == plain.p_values


def test_the_mean_pd_of_the_sample_stays_its_bad_rate(pair, sample):
    X, is_bad = sample
    assert pair[1].predict_proba(X)[:, 1].mean() == pytest.approx(is_bad.mean(), abs=0.005)


def test_the_order_of_applicants_stays_but_for_the_rounding_of_points(pair, sample):
    plain, shrunken = (card.predict_score(sample[0]) for card in pair)
    assert pd.Series(plain).corr(pd.Series(shrunken), method="spearman") > 0.999


def test_nothing_is_said_of_shrinkage_where_none_was_asked_for(pair):
    assert "shrinkage" not in pair[0].spec_.settings
    assert "shrinkage_folds" not in pair[0].spec_.settings


def test_the_record_survives_json(pair):
    spec = pair[1].spec_
    assert ScorecardSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_a_second_fit_is_equal(pair, sample):
    again = type(pair[1])(**pair[1].get_params(deep=False)).fit(*sample)
    assert again.spec_ == pair[1].spec_


def test_arrays_give_the_same_card_as_frames(sample):
    X, is_bad = sample
    card = Scorecard(shrinkage_folds=5)
    slopes = {card.fit(rows, is_bad).spec_.settings["shrinkage"]["slope"] for rows in (X, X.to_numpy())}
    assert len(slopes) == 1


def test_each_row_is_judged_by_the_naive_twin_that_never_saw_it(sample):
    X, is_bad = sample
    folds = folds_of(is_bad, 4)
    found = out_of_fold_log_odds(Scorecard, X, check_outcome(is_bad, len(X), None), folds)
    for fitted, left_out in folds:
        twin = Scorecard().fit(X.iloc[fitted], is_bad[fitted])
        np.testing.assert_array_equal(found[left_out], twin.decision_function(X.iloc[left_out]))


class _Memory:
    """A stand-in for a card that remembers the keys of the rows it was fitted on."""

    def fit(self, X, y, sample_weight=None, *, period=None):
        self.seen = set(X["customer"])
        return self

    def decision_function(self, X):
        assert not self.seen & set(X["customer"])
        return np.zeros(len(X))


@given(data=st.data(), n_folds=st.integers(2, 5))
@settings(max_examples=60)
def test_no_customer_is_on_both_sides_and_every_row_is_left_out_once(data, n_folds):
    customers = data.draw(st.lists(st.integers(0, 30), min_size=80, max_size=200))
    is_bad = np.array(data.draw(st.lists(st.booleans(), min_size=len(customers), max_size=len(customers))))
    groups = np.array(customers)
    if min(len(set(groups[is_bad])), len(set(groups[~is_bad]))) < n_folds or is_bad.all():
        return
    folds = folds_of(is_bad, n_folds, groups)
    assert np.array_equal(np.sort(np.concatenate([rows for _, rows in folds])), np.arange(len(groups)))
    outcome = check_outcome(is_bad, len(groups), None)
    out_of_fold_log_odds(_Memory, pd.DataFrame({"customer": groups}), outcome, folds)


def test_copies_of_a_customer_hide_the_overfit_unless_they_are_left_out_together():
    X, is_bad = drawn(250, seed=8)
    twice, bads = pd.concat([X, X], ignore_index=True), np.concatenate([is_bad, is_bad])
    customer = np.tile(np.arange(250), 2)
    card = Scorecard(shrinkage_folds=5)
    naive = card.fit(twice, bads).spec_.settings["shrinkage"]["slope"]
    honest = card.fit(twice, bads, groups=customer).spec_.settings["shrinkage"]["slope"]
    assert honest < naive - 0.1


def test_weights_of_two_count_like_rows_given_twice(sample):
    X, is_bad = sample
    woe = X[["v0", "v1"]].to_numpy()
    weight = np.where(np.arange(len(X)) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(len(X)), weight.astype(int))
    shrinkage = Shrinkage(n_folds=5, slope=0.8, standard_error=0.1)
    results = []
    for rows, weights in ((np.arange(len(X)), weight), (twice, None)):
        outcome = check_outcome(is_bad[rows], len(rows), weights)
        bads = is_bad[rows].astype(float)
        fit = describe_logistic(woe[rows], bads, weights, coefficients=np.array([0.7, -0.4]), intercept=-1.0)
        results.append(shrunk(fit, woe[rows], outcome, shrinkage).intercept)
    assert results[0] == pytest.approx(results[1], rel=1e-10)


def test_a_balanced_sample_still_speaks_for_its_population(sample):
    X, is_bad = sample
    plain, shifted = (
        Scorecard(shrinkage_folds=4, population_bad_rate=rate).fit(X, is_bad) for rate in (None, 0.03)
    )
    slopes = [card.spec_.settings["shrinkage"]["slope"] for card in (plain, shifted)]
    assert slopes[0] == pytest.approx(slopes[1], abs=0.01)
    prior = [np.log(rate / (1 - rate)) for rate in (is_bad.mean(), 0.03)]
    assert shifted.spec_.intercept - plain.spec_.intercept == pytest.approx(prior[1] - prior[0], abs=0.01)


def test_cards_are_never_stretched():
    assert Shrinkage(n_folds=5, slope=1.3, standard_error=0.1).factor == 1.0


def test_a_shift_without_weights_is_that_with_weights_of_one(sample):
    X, is_bad = sample
    x = X["v0"].to_numpy()
    assert fit_logistic_shift(x, is_bad) == fit_logistic_shift(x, is_bad, np.ones(len(x)))


def test_points_decided_by_people_are_kept_and_do_not_enter_the_measure(sample):
    plain = Scorecard(shrinkage_folds=4).fit(*sample)
    label = plain.spec_.binning.variables[0].labels()[0]
    decided = PointsOverride(
        variable=plain.spec_.feature_names[0],
        bin=label,
        points=1,
        author="A. Officer",
        decided_at="2026-11-01T09:00:00+08:00",
        reason="synthetic test",
    )
    card = Scorecard(shrinkage_folds=4, overrides=[decided]).fit(*sample)
    assert card.spec_.points[0][0] == 1
    assert card.spec_.settings["shrinkage"] == plain.spec_.settings["shrinkage"]


@pytest.mark.parametrize("n_folds", [1, 0, 2.5, True, "ten"])
def test_folds_must_be_a_whole_number(sample, n_folds):
    with pytest.raises(SpecificationError, match=r"CR-CRD-013.*at least 2, or None"):
        Scorecard(shrinkage_folds=n_folds).fit(*sample)


def test_too_few_bads_or_customers_are_counted(sample):
    X, is_bad = sample
    with pytest.raises(FitError, match=r"CR-CRD-014.* bads cannot be spread over 500 folds"):
        Scorecard(shrinkage_folds=500).fit(X, is_bad)
    with pytest.raises(FitError, match=r"CR-CRD-014.*4 customers with bads cannot be spread over 5 folds"):
        Scorecard(shrinkage_folds=5).fit(X, is_bad, groups=np.arange(len(X)) % 4)


@pytest.mark.parametrize("groups", [np.arange(599), np.array([None] + ["c"] * 599, dtype=object)])
def test_customers_must_be_named_for_every_row(sample, groups):
    with pytest.raises(FitError, match=r"CR-CRD-014.*customer for each of 600 rows"):
        Scorecard(shrinkage_folds=5).fit(*sample, groups=groups)


def test_a_part_without_a_card_is_named(sample):
    X, is_bad = sample

    class Refusing(_Memory):
        def fit(self, X, y, sample_weight=None, *, period=None):
            raise FitError("None of 3 variables qualifies.", code="CR-CRD-010")

    outcome = check_outcome(is_bad, len(X), None)
    with pytest.raises(FitError, match=r"CR-CRD-015.*part 1 of 3 of the rows: None of 3 variables"):
        out_of_fold_log_odds(Refusing, X, outcome, folds_of(is_bad, 3))


def test_cards_that_rank_new_rows_the_wrong_way_round_are_refused(sample):
    X, is_bad = sample

    class Backwards(_Memory):
        def decision_function(self, X):
            return -X["v0"].to_numpy()

    rows = X.assign(customer=np.arange(len(X)))
    outcome = check_outcome(is_bad, len(X), None)
    with pytest.raises(FitError, match=r"CR-CRD-016.*600 rows rank those rows no better than chance"):
        measure_shrinkage(Backwards, rows, outcome, n_folds=3, groups=None)
