"""Words in a feature row become each model's own numbers: against a naive twin, and whatever the row holds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.errors import SpecificationError
from credit_risk.ml import PdBooster
from credit_risk.scorecard import Scorecard
from credit_risk.scoring.model_columns import ModelColumns, card_columns, forest_columns

WORDS = ("boat", "car", "tv", "yacht")
CATEGORIES = {"purpose": WORDS}
NAMES = ("other", "purpose", "income")


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(3)
    purpose = rng.choice(["car", "tv", "boat"], 1200)
    income = rng.normal(size=1200)
    bad = rng.uniform(size=1200) < 0.2 + 0.3 * (purpose == "car") + 0.1 * (income < 0)
    X = pd.DataFrame({"income": income, "purpose": pd.Categorical(purpose, WORDS)})
    return X, bad


@pytest.fixture(scope="module")
def card(sample):
    return Scorecard().fit(*sample)


@pytest.fixture(scope="module")
def booster(sample):
    return PdBooster(max_rounds=20).fit(*sample)


def rows(X):
    """The same rows as a feature row has them, among columns nobody asks for."""
    codes = X["purpose"].cat.codes.to_numpy().astype(float)
    return np.column_stack([np.full(len(X), 7.0), np.where(codes < 0, np.nan, codes), X["income"]])


def test_a_card_and_a_booster_give_what_they_give_in_a_notebook(sample, card, booster):
    from credit_risk.ml.apply import forest_pd
    from credit_risk.scorecard.apply import apply_scorecard

    X = sample[0].copy()
    X.loc[::11, "purpose"] = np.nan
    X.loc[::13, "purpose"] = "yacht"
    by_card = apply_scorecard(card.spec_, card_columns(card.spec_, NAMES, CATEGORIES).take(rows(X)))
    by_booster = forest_pd(booster.spec_, forest_columns(booster.spec_, NAMES, CATEGORIES).take(rows(X)))
    assert np.array_equal(by_card.score, card.predict_score(X))
    assert np.array_equal(by_card.flags, card.score_rows(X).flags)
    assert np.array_equal(by_booster, booster.predict_proba(X)[:, 1])


@given(st.lists(st.one_of(st.floats(), st.integers(-3, 6).map(float)), min_size=1))
def test_any_number_finds_its_entry_as_the_naive_twin_says(values):
    table = np.array([10.0, 11.0, 12.0, -1.0, np.nan])
    columns = ModelColumns(places=np.array([1, 0]), tables={0: table})
    X = np.column_stack([np.arange(len(values)), values])
    before = X.copy()
    found = columns.take(X)
    naive = [math.nan if math.isnan(v) else 10.0 + v if v in (0.0, 1.0, 2.0) else -1.0 for v in values]
    assert np.array_equal(found[:, 0], naive, equal_nan=True)
    assert np.array_equal(found[:, 1], X[:, 0])
    assert np.array_equal(X, before, equal_nan=True)


def test_what_is_no_place_in_the_list_is_unseen_to_both(card, booster):
    odd = np.array([[0.0, 99.0, 0.0], [0.0, -1.0, 0.0], [0.0, 1.5, 0.0], [0.0, np.inf, 0.0]])
    encoding = booster.spec_.encodings[0]
    assert (
        card_columns(card.spec_, NAMES, CATEGORIES).take(odd)[
            :, list(card.spec_.feature_names).index("purpose")
        ]
        == -1
    ).all()
    assert (forest_columns(booster.spec_, NAMES, CATEGORIES).take(odd)[:, 1] == encoding.unseen).all()


def test_models_and_catalogue_must_agree_on_what_is_a_word(card, booster):
    for make, model in ((card_columns, card), (forest_columns, booster)):
        with pytest.raises(
            SpecificationError, match="differ in which of 2 features are words.*first: 'purpose'"
        ):
            make(model.spec_, NAMES, {})
        with pytest.raises(SpecificationError, match="first: 'income'"):
            make(model.spec_, NAMES, {**CATEGORIES, "income": ("a",)})
