"""One dictionary at a time equals the arrays, and says why points were lost."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning import WoeBinner
from credit_risk.binning.apply import category_codes
from credit_risk.errors import MissingFeatureError, ScoringError, SpecificationError
from credit_risk.scorecard import RowScorer, Scorecard, apply_scorecard, main_reasons, reason_shortfalls
from credit_risk.scorecard.reasons import factor_numbers


@pytest.fixture(scope="module")
def card():
    rng = np.random.default_rng(2)
    n = 5000
    a, b = rng.normal(size=n), rng.normal(size=n)
    c = rng.choice(list("xyz"), n)
    z = -1.5 + a - 0.7 * b + np.where(c == "x", 1.0, 0.0)
    is_bad = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    a[rng.random(n) < 0.05] = np.nan
    b[rng.random(n) < 0.05] = -9.0
    X = pd.DataFrame({"a": a, "b": b, "c": c})
    binner = WoeBinner(special_codes={"b": (-9,)}, unseen={"c": "worst"})
    return Scorecard(binner=binner).fit(X, is_bad), X, is_bad


def rows_of(X):
    odd = [
        {"a": None, "b": -9, "c": "never"},
        {"a": float("inf"), "b": float("-inf"), "c": None},
        {"a": np.float64("nan"), "b": 0, "c": float("nan")},
    ]
    return [*X.iloc[:300].to_dict("records"), *odd]


def test_a_dictionary_scores_like_an_array_in_every_field(card):
    fitted, X, _ = card
    spec = fitted.spec_
    rows = rows_of(X)
    columns = [[row[name] for row in rows] for name in spec.feature_names]
    matrix = np.column_stack(
        [
            category_codes(variable, column)
            if variable.kind == "categorical"
            else np.array([np.nan if v is None else v for v in column], dtype=float)
            for variable, column in zip(spec.binning.variables, columns, strict=True)
        ]
    )
    batch = apply_scorecard(spec, matrix)
    lost = reason_shortfalls(spec, batch.points)
    reasons = main_reasons(lost)
    scorer = RowScorer(spec)
    for at, row in enumerate(rows):
        one = scorer(row)
        assert one.score == batch.score[at]
        assert one.pd == batch.pd[at]
        assert one.points == batch.points[at].tolist()
        assert one.flags == batch.flags[at].tolist()
        expected = [(spec.feature_names[f], int(lost[at, f])) for f in reasons[at] if f >= 0]
        assert one.reasons == expected


def test_variables_of_one_factor_are_one_reason(card):
    fitted, X, _ = card
    factors = {"a": "behaviour", "b": "behaviour"}
    numbers, names = factor_numbers(fitted.spec_.feature_names, factors)
    scorer = RowScorer(fitted.spec_, factors=factors)
    matrix_reasons = [scorer(row).reasons for row in rows_of(X)]
    assert all(len(reasons) <= 2 for reasons in matrix_reasons)
    result = fitted.score_rows(X.iloc[:300])
    lost = reason_shortfalls(fitted.spec_, result.points)
    for at, row in enumerate(main_reasons(lost, numbers)):
        assert [name for name, _ in matrix_reasons[at]] == [names[f] for f in row if f >= 0]


def test_what_cannot_be_scored_is_refused(card):
    fitted, X, is_bad = card
    scorer = RowScorer(fitted.spec_)
    with pytest.raises(MissingFeatureError, match=r"CR-CRD-011: 2 of 3 variables are absent: \['b', 'c'\]"):
        scorer({"a": 1.0})
    with pytest.raises(
        ScoringError, match=r"CR-CRD-012: Variable 'a' holds a value of type str\. Expected a number"
    ):
        scorer({"a": "much", "b": 1, "c": "x"})
    with pytest.raises(
        ScoringError, match=r"CR-CRD-012: Variable 'c' holds a value of type int\. Expected text"
    ):
        scorer({"a": 1.0, "b": 1, "c": 3})
    for moment in (datetime(2026, 1, 1, tzinfo=UTC), pd.Timestamp("2026-01-01"), np.datetime64("2026-01-01")):
        with pytest.raises(ScoringError, match=r"CR-CRD-012: Variable 'a' .*Expected a number or None"):
            scorer({"a": moment, "b": 1, "c": "x"})
    assert scorer({"a": float("inf"), "b": 1, "c": "x"}).flags[0] == 3
    with pytest.raises(SpecificationError, match=r"CR-CRD-007: max_reasons must be 1 to 4\. Got 5"):
        RowScorer(fitted.spec_, max_reasons=5)
    strict = Scorecard(binner=WoeBinner(missing={"a": "error"})).fit(X.assign(a=X["a"].fillna(0)), is_bad)
    with pytest.raises(ScoringError, match="CR-BIN-011: Variable 'a' holds 1 values of the kind 'Missing'"):
        RowScorer(strict.spec_)({"a": None, "b": 1.0, "c": "x"})
