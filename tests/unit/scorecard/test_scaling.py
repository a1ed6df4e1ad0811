"""Scales, reasons and records that are refused, by message."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.errors import ScoringError, SpecificationError
from credit_risk.scorecard import (
    Scaling,
    Scorecard,
    ScorecardSpec,
    apply_scorecard,
    main_reasons,
    reason_shortfalls,
    shift_to_population,
    shortfalls_against,
)


@pytest.fixture(scope="module")
def card():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(3000, 2))
    is_bad = rng.random(3000) < 1 / (1 + np.exp(1 - X[:, 0] + X[:, 1]))
    return Scorecard().fit(X, is_bad), X, is_bad


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pdo": 0}, r"CR-CRD-001: pdo must be a finite number above 0\. Got 0"),
        ({"base_odds": float("inf")}, "CR-CRD-001: base_odds must be a finite number above 0"),
        ({"base_score": float("nan")}, "CR-CRD-001: base_score must be a finite number"),
        ({"pdo": "20"}, "CR-CRD-001: pdo must be a finite number"),
    ],
)
def test_a_scale_needs_numbers(settings, message):
    with pytest.raises(SpecificationError, match=message):
        Scaling(**{"pdo": 20, "base_score": 600, "base_odds": 50, **settings})


def test_a_range_needs_two_different_ends():
    with pytest.raises(SpecificationError, match="CR-CRD-001: A range needs highest above lowest"):
        Scaling.from_range(lowest=300, highest=300, log_odds_lowest=-1, log_odds_highest=1)


def test_rates_must_lie_strictly_between_nought_and_one():
    with pytest.raises(
        SpecificationError, match=r"CR-CRD-002: population_bad_rate must be strictly between 0 and 1\. Got 1"
    ):
        shift_to_population(sample_bad_rate=0.3, population_bad_rate=1.0)


def test_scores_far_apart_are_looked_up_all_the_same():
    scale = Scaling(pdo=20, base_score=600, base_odds=50)
    assert scale.pd([-(10**7), 600, 10**7]).tolist() == [
        scale.pd_of(-(10**7)),
        scale.pd_of(600),
        scale.pd_of(10**7),
    ]
    assert scale.pd([]).shape == (0,)


def test_prior_correction_moves_scores_by_the_shift(card):
    fitted, X, is_bad = card
    shifted = Scorecard(population_bad_rate=0.03).fit(X, is_bad)
    sample_rate = float(np.mean(is_bad))
    shift = shift_to_population(sample_bad_rate=sample_rate, population_bad_rate=0.03)
    expected = -shift * fitted.spec_.scaling.factor
    moved = shifted.predict_score(X) - fitted.predict_score(X)
    assert np.abs(moved - expected).max() <= 1.0
    assert shifted.predict_proba(X)[:, 1].mean() < fitted.predict_proba(X)[:, 1].mean()


def test_shortfalls_have_three_references(card):
    fitted, X, _ = card
    points = fitted.score_rows(X).points
    np.testing.assert_array_equal(
        shortfalls_against(fitted.spec_, points), reason_shortfalls(fitted.spec_, points)
    )
    np.testing.assert_allclose(shortfalls_against(fitted.spec_, points, "mean").mean(axis=0), 0, atol=1e-9)
    neutral = shortfalls_against(fitted.spec_, points, "neutral")
    np.testing.assert_array_equal(
        neutral + points, np.broadcast_to(fitted.spec_.neutral_points, points.shape)
    )
    with pytest.raises(
        SpecificationError, match="CR-CRD-006: reference must be 'maximum', 'mean' or 'neutral'"
    ):
        shortfalls_against(fitted.spec_, points, "median")


def test_reasons_add_up_by_factor_and_are_at_most_four():
    lost = np.array([[5, 1, 5, 0], [0, 0, 0, 0]])
    assert main_reasons(lost).tolist() == [[0, 2, 1, -1], [-1, -1, -1, -1]]
    assert main_reasons(lost, np.array([0, 1, 1, 2])).tolist() == [[1, 0, -1, -1], [-1, -1, -1, -1]]
    with pytest.raises(SpecificationError, match=r"CR-CRD-007: max_reasons must be 1 to 4\. Got 5"):
        main_reasons(lost, max_reasons=5)


def test_records_of_another_shape_are_refused(card):
    content = card[0].spec_.to_dict()
    with pytest.raises(SpecificationError, match="CR-CRD-003: The record has schema_version 7"):
        ScorecardSpec.from_dict({**content, "schema_version": 7})
    with pytest.raises(SpecificationError, match=r"CR-CRD-004: .*\['surplus'\]"):
        ScorecardSpec.from_dict({**content, "surplus": 1})
    with pytest.raises(ScoringError, match=r"CR-BIN-010: The matrix has shape \(1, 3\)"):
        apply_scorecard(card[0].spec_, np.zeros((1, 3)))


def test_plain_woe_is_kept_where_shapes_are_not_asked_for(card):
    _, X, is_bad = card
    spec = Scorecard(shape_pull=None).fit(X, is_bad).spec_
    assert spec.card_woe == tuple(variable.woe for variable in spec.binning.variables)
    shaped = Scorecard().fit(X, is_bad).spec_
    assert shaped.card_woe != spec.card_woe
    for variable, table in zip(shaped.binning.variables, shaped.card_woe, strict=True):
        regular = np.diff(table[: variable.n_regular])
        assert ((regular <= 1e-12) if variable.trend == "ascending" else (regular >= -1e-12)).all()
