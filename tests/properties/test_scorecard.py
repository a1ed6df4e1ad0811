"""What must hold for every card and every scale."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.scorecard import RowScorer, Scaling, Scorecard, ScorecardSpec, apply_scorecard, main_reasons

scales = st.builds(
    Scaling,
    pdo=st.floats(1, 200),
    base_score=st.floats(-1000, 1000),
    base_odds=st.floats(0.01, 1000),
)


@given(scales, st.floats(1e-6, 1 - 1e-6))
def test_score_and_pd_are_inverse(scale, pd):
    assert abs(scale.pd_of(float(scale.score(pd))) - pd) <= 1e-9


@given(scales, st.lists(st.integers(-5000, 5000), min_size=1, max_size=30))
def test_pd_falls_as_the_score_rises_and_never_depends_on_its_neighbours(scale, scores):
    pd = scale.pd(scores)
    order = np.argsort(scores)
    assert (np.diff(pd[order]) <= 0).all()
    assert [float(scale.pd([score])[0]) for score in scores] == pd.tolist()


@given(
    st.lists(st.lists(st.integers(-50, 50), min_size=6, max_size=6), min_size=1, max_size=20),
    st.integers(1, 4),
)
def test_reasons_are_positive_shortfalls_in_falling_order(rows, max_reasons):
    lost = np.array(rows)
    for row, chosen in zip(lost, main_reasons(lost, max_reasons=max_reasons), strict=True):
        named = [j for j in chosen if j >= 0]
        assert len(named) == min(max_reasons, int((row > 0).sum()))
        assert sorted(range(6), key=lambda j: (-row[j], j))[: len(named)] == named


@given(st.integers(0, 2**32 - 1))
def test_a_fitted_card_adds_up_survives_json_and_scores_dictionaries_alike(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(800, 3)) * [1, 10, 100]
    X[rng.random(800) < 0.1, 1] = np.nan
    is_bad = rng.random(800) < 1 / (1 + np.exp(-X[:, 0] + X[:, 2] / 100))
    card = Scorecard().fit(X, is_bad)
    spec = ScorecardSpec.from_dict(json.loads(json.dumps(card.spec_.to_dict())))
    assert spec == card.spec_
    names = list(spec.feature_names)
    matrix = X[:, [int(name[1:]) for name in names]]
    result = apply_scorecard(spec, matrix)
    assert all(beta < 0 for beta in spec.coefficients)
    assert result.score.tolist() == [int(row.sum()) for row in result.points]
    assert spec.rounding.max_points <= spec.rounding.bound_points + 1e-9
    scorer = RowScorer(spec)
    for at in range(0, 800, 97):
        one = scorer(dict(zip(names, matrix[at].tolist(), strict=True)))
        assert (one.score, one.pd, one.flags) == (result.score[at], result.pd[at], result.flags[at].tolist())
