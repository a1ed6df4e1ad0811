"""Bad input at scoring has one stated outcome, the same by every path: row scorer, standalone Python, frame, query."""

from __future__ import annotations

import math

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_risk.errors import FitError, MissingFeatureError, ScoringError, SpecificationError
from credit_risk.scorecard import RowScorer, Scorecard, apply_scorecard, scorecard_to_python, scorecard_to_sql

GOOD = {"a": 0.0, "b": 0.0, "c": "x"}


@pytest.fixture(scope="module")
def card():
    rng = np.random.default_rng(2)
    n = 5000
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "c": rng.choice(list("xyz"), n)})
    z = -1.5 + X["a"] - 0.7 * X["b"] + (X["c"] == "x")
    fitted = Scorecard().fit(X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int))
    assert set(fitted.spec_.feature_names) == {"a", "b", "c"}
    return fitted


@pytest.fixture(scope="module")
def paths(card):
    """Each path as a function from a dictionary to score and flags."""
    module: dict = {}
    exec(scorecard_to_python(card.spec_), module)  # noqa: S102
    scorer, names = RowScorer(card.spec_), card.spec_.feature_names

    def frame(record):
        result = card.score_rows(pd.DataFrame({key: pd.Series([value]) for key, value in record.items()}))
        return int(result.score[0]), result.flags[0].tolist()

    def alone(record):
        said = module["score"](record)
        return said["score"], [said["flags"][name] for name in names]

    return {"row": lambda record: scorer(record)[0::3][:2], "alone": alone, "frame": frame}


NOT_A_NUMBER = r"CR-CRD-012: Variable 'a' holds a value of type {}\. Expected a number or None"
NOT_TEXT = r"CR-CRD-012: Variable 'c' holds a value of type {}\. Expected text or None"


@pytest.mark.parametrize("path", ["row", "alone"])
@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"a": "12"}, NOT_A_NUMBER.format("str")),
        ({"a": [1.0]}, NOT_A_NUMBER.format("list")),
        ({"a": 1j}, NOT_A_NUMBER.format("complex")),
        ({"c": 3}, NOT_TEXT.format("int")),
        ({"c": True}, NOT_TEXT.format("bool")),
        ({"c": b"x"}, NOT_TEXT.format("bytes")),
        ({"c": ["x"]}, NOT_TEXT.format("list")),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name_and_type(paths, path, change, match):
    with pytest.raises(ValueError, match=match) as refused:
        paths[path]({**GOOD, **change})
    assert "12" not in str(refused.value).replace("CR-CRD-012", "")  # never the value


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"a": "much"}, "CR-BIN-012: Variable 'a' cannot be read as numeric"),
        ({"c": 3}, "CR-BIN-012: Variable 'c' was fitted on categories but its column has type int64"),
        ({"c": True}, r"CR-BIN-012: Variable 'c' .* holds values of type \['bool'\]"),
        ({"c": b"x"}, r"CR-BIN-012: Variable 'c' .* holds values of type \['bytes'\]"),
        ({"c": ["x"]}, r"CR-BIN-012: Variable 'c' .* holds values of type \['list'\]"),
        ({"a": 10**400}, "CR-BIN-012: Variable 'a' cannot be read as numeric"),
    ],
)
def test_a_column_of_the_wrong_kind_is_refused_by_name_and_type(paths, change, match):
    with pytest.raises(ScoringError, match=match):
        paths["frame"]({**GOOD, **change})


def test_a_column_that_mixes_text_and_numbers_is_refused(card):
    rows = pd.DataFrame({"a": [0.0, 0.0], "b": [0.0, 0.0], "c": pd.Series(["x", 3], dtype=object)})
    with pytest.raises(ScoringError, match=r"CR-BIN-012: Variable 'c' .* holds values of type \['int'\]"):
        card.score_rows(rows)


@pytest.mark.parametrize("path", ["row", "alone", "frame"])
def test_an_absent_variable_is_refused_by_name(paths, path):
    with pytest.raises(
        ValueError, match=r"(CR-CRD-011|CR-BIN-013): 2 of 3 variables are absent: \['[ab]', '[ab]'\]"
    ):
        paths[path]({"c": "x"})


@pytest.mark.parametrize("path", ["row", "alone", "frame"])
@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"a": None}, 1),
        ({"a": math.nan}, 1),
        ({"a": pd.NA}, 1),
        ({"c": None}, 1),
        ({"c": pd.NA}, 1),
        ({"a": math.inf}, 3),
        ({"a": -math.inf}, 3),
        ({"c": "never seen"}, 3),
        ({"c": ""}, 3),
    ],
)
def test_missing_and_never_seen_are_scored_and_flagged(card, paths, path, change, flag):
    score, flags = paths[path]({**GOOD, **change})
    (name,) = change
    at = card.spec_.feature_names.index(name)
    assert flags[at] == flag
    assert sum(flags) == flag
    variable = card.spec_.binning.variables[at]
    place = variable.missing_index if flag == 1 else variable.unseen_index
    usual = RowScorer(card.spec_)(GOOD)
    assert score == usual.score - usual.points[at] + card.spec_.points[at][place]


def test_pandas_na_beside_a_wrong_kind_is_still_refused(paths):
    with pytest.raises(ScoringError, match=NOT_A_NUMBER.format("str")):
        paths["row"]({"a": "12", "b": pd.NA, "c": pd.NA})


def test_arrays_of_another_width_or_shape_are_refused(card):
    with pytest.raises(
        MissingFeatureError, match="CR-BIN-013: X has 2 features, but Scorecard is expecting 3"
    ):
        card.score_rows(np.zeros((4, 2)))
    with pytest.raises(FitError, match=r"CR-BIN-028: X has shape \(3,\).*Reshape your data"):
        card.predict_proba(np.zeros(3))
    with pytest.raises(ScoringError, match=r"CR-BIN-010: The matrix has shape \(4, 2\)"):
        apply_scorecard(card.spec_, np.zeros((4, 2)))
    with pytest.raises(ScoringError, match="CR-BIN-010: The matrix has shape .*type <U1. Expected numbers"):
        apply_scorecard(card.spec_, np.array([["a", "b", "c"]]))


def test_in_a_query_the_engine_refuses(card):
    query = scorecard_to_sql(card.spec_, table="applicants", dialect="duckdb")
    with duckdb.connect() as engine:
        engine.register("applicants", pa.table({"a": [0.0], "c": ["x"]}))
        with pytest.raises(duckdb.BinderException, match='column "b" not found'):
            engine.sql(query)
    with duckdb.connect() as engine:
        engine.register("applicants", pa.table({"a": ["much"], "b": [0.0], "c": ["x"]}))
        with pytest.raises(duckdb.ConversionException, match="Could not convert string"):
            engine.sql(query).fetchall()
    with duckdb.connect() as engine:
        engine.register("applicants", pa.table({"a": [0.0], "b": [0.0], "c": ["never seen"]}))
        assert engine.sql(query).to_arrow_table().to_pylist()[0]["flag_c"] == 3


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"n_jobs": 0}, "CR-BIN-038: n_jobs must be a whole number of at least 1. Got 0"),
        ({"shape_pull": -1.0}, "CR-CRD-005: shape_pull must be None or a number of at least 0. Got -1.0"),
        ({"shape_pull": "much"}, "CR-CRD-005: shape_pull .* Got 'much'"),
        ({"directions": {"x0": 2}}, r"CR-CRD-005: directions must be \+1, -1 or 0"),
        ({"population_bad_rate": 0.0}, "CR-CRD-002: population_bad_rate must be strictly between 0 and 1"),
        ({"pdo": 0}, "CR-CRD-001: pdo must be a finite number above 0"),
        ({"max_features": 0}, "CR-CRD-050: max_features"),
    ],
)
def test_a_parameter_outside_its_range_is_refused_before_it_does_harm(settings, match):
    X = np.arange(400.0)[:, None]
    with pytest.raises(SpecificationError, match=match):
        Scorecard(**settings).fit(X, (X[:, 0] * 7 % 400) > 150 + X[:, 0] / 2)


def test_the_decision_function_is_the_log_odds_of_the_pd():
    X = np.arange(1000.0)[:, None]
    card = Scorecard().fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    pd_of_bad = card.predict_proba(X)[:, 1]
    np.testing.assert_allclose(card.decision_function(X), np.log(pd_of_bad / (1 - pd_of_bad)), atol=1e-12)
