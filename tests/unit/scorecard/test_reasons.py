"""Reasons by one set of rules: whole tables, one row in plain Python, and the row scorer name the same ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from credit_risk.decision.reasons import score_reasons
from credit_risk.errors import SpecificationError
from credit_risk.scorecard import RowScorer, Scorecard, shortfalls_against
from credit_risk.scorecard.reasons import factor_numbers, main_reasons, rank_losses, rank_reasons

FACTORS = {"x0": "arrears", "x1": "income", "x2": "arrears"}


@pytest.fixture(scope="module")
def card():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(4000, 4))
    is_bad = rng.random(4000) < 1 / (1 + np.exp(1.5 - X @ [1.0, -0.8, 0.6, 0.5]))
    X[rng.random(X.shape) < 0.05] = np.nan
    return Scorecard().fit(X, is_bad), X


@given(st.data(), st.integers(1, 4))
def test_a_table_is_ranked_row_by_row(data, most):
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 7)))
    lost = data.draw(arrays.arrays(np.int64, shape, elements=st.integers(-3, 4)))
    factors = data.draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 3)))
    ranked = rank_reasons(lost, factors, max_reasons=most)
    assert ranked.factor.shape == ranked.lost.shape == ranked.variable.shape == (shape[0], most)
    for at, (row, own) in enumerate(zip(lost.tolist(), factors.tolist(), strict=True)):
        losses = [(j, points, own[j]) for j, points in enumerate(row) if points > 0]
        expected = rank_losses(losses, most)
        blank = [(-1, 0, -1)] * (most - len(expected))
        triples = zip(
            ranked.factor[at].tolist(), ranked.lost[at].tolist(), ranked.variable[at].tolist(), strict=True
        )
        assert list(triples) == expected + blank


def test_ties_stand_as_their_losing_variables_do():
    lost, factors = np.array([[0, 5, 5]]), np.array([0, 1, 0])
    assert main_reasons(lost, factors).tolist() == [[1, 0, -1, -1]]
    (reasons,) = score_reasons(lost, lost > 99, names=["p", "q", "r"], factors=["a", "b", "a"])
    assert [(reason.code, reason.feature) for reason in reasons] == [("b", "q"), ("a", "r")]


def test_no_variable_and_no_row_have_no_reason():
    assert main_reasons(np.empty((2, 0), dtype=np.int64)).tolist() == [[-1] * 4] * 2
    assert main_reasons(np.empty((0, 3), dtype=np.int64)).shape == (0, 4)


@pytest.mark.parametrize("reference", ["maximum", "mean", "neutral"])
@pytest.mark.parametrize("factors", [None, FACTORS])
def test_the_row_scorer_names_the_reasons_of_the_table(card, reference, factors):
    fitted, X = card
    spec = fitted.spec_
    assert len(spec.feature_names) == 4
    rows = X[:200]
    order = [int(name[1:]) for name in spec.feature_names]
    numbers, names = factor_numbers(spec.feature_names, factors)
    lost = shortfalls_against(spec, fitted.score_rows(rows).points, reference)
    ranked = rank_reasons(lost, numbers)
    scorer = RowScorer(spec, factors=factors, reference=reference)
    for at, row in enumerate(rows[:, order].tolist()):
        reasons = scorer(dict(zip(spec.feature_names, row, strict=True))).reasons
        kept = ranked.factor[at] >= 0
        assert [name for name, _ in reasons] == [names[f] for f in ranked.factor[at][kept]]
        assert [points for _, points in reasons] == pytest.approx(ranked.lost[at][kept].tolist(), abs=1e-9)
        assert all(points > 0 for _, points in reasons)


def test_v_c23_by_one_row_at_a_time():
    """Source: computed; maxima 100, 80, 60, 120, neutral 55, 50, 40, 60, applicant 40, 70, 40, 30."""
    against_best = [(0, 60, 0), (1, 10, 1), (2, 20, 2), (3, 90, 3)]
    assert [factor for factor, _, _ in rank_losses(against_best)] == [3, 0, 2, 1]
    assert rank_losses([(0, 15, 0), (3, 30, 3)]) == [(3, 30, 3), (0, 15, 0)]


def test_an_unknown_reference_is_refused(card):
    with pytest.raises(
        SpecificationError, match="CR-CRD-006: reference must be 'maximum', 'mean' or 'neutral'. Got 'best'"
    ):
        RowScorer(card[0].spec_, reference="best")
