"""Stumps read from a booster: the same bits as XGBoost, and nothing deeper."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xgboost

from credit_risk.errors import FitError
from credit_risk.scorecard.boosting.stumps import Stumps, proved


def boosted(depth, n_rounds=40):
    rng = np.random.default_rng(2)
    matrix = rng.integers(0, 9, (3000, 3)).astype(np.float32)
    matrix[rng.random((3000, 3)) < 0.1] = np.nan
    log_odds = np.nan_to_num(matrix[:, 0]) * 0.3 - 2 + np.isnan(matrix[:, 1])
    is_bad = rng.random(3000) < 1 / (1 + np.exp(-log_odds))
    columns = xgboost.DMatrix(matrix, label=is_bad)
    settings = {
        "objective": "binary:logistic",
        "max_depth": depth,
        "nthread": 1,
        "base_score": float(is_bad.mean()),
    }
    return xgboost.train(settings, columns, n_rounds), columns, matrix


def test_the_trees_give_the_margin_of_xgboost_bit_for_bit():
    booster, columns, matrix = boosted(1)
    stumps = proved(booster, columns, matrix)
    np.testing.assert_array_equal(stumps.margin(matrix), booster.predict(columns, output_margin=True))


def test_tables_by_column_add_up_to_the_margin():
    booster, columns, matrix = boosted(1)
    stumps = proved(booster, columns, matrix)
    total = stumps.constant + sum(stumps.table(at, matrix[:, at].astype(float)) for at in range(3))
    np.testing.assert_allclose(total, booster.predict(columns, output_margin=True), atol=1e-5)


def test_a_tree_without_a_question_is_a_constant():
    columns = xgboost.DMatrix(np.ones((50, 1)), label=np.arange(50) % 5 == 0)
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 1, "base_score": 0.3}, columns, 2)
    stumps = Stumps.read(booster)
    assert stumps.column.tolist() == [-1, -1]
    assert stumps.constant == pytest.approx(float(booster.predict(columns, output_margin=True)[0]), abs=1e-6)
    np.testing.assert_array_equal(
        stumps.margin(np.ones((50, 1), np.float32)), booster.predict(columns, output_margin=True)
    )


def test_deeper_trees_are_refused():
    booster, columns, matrix = boosted(2)
    with pytest.raises(FitError, match="CR-CRD-038: A tree of the booster has 7 nodes. Expected depth 1"):
        proved(booster, columns, matrix)


def test_trees_that_do_not_give_the_margin_are_refused():
    booster, columns, matrix = boosted(1)
    with pytest.raises(
        FitError, match="CR-CRD-039: The stumps differ from XGBoost's margin on 29[0-9]{2} of 3000 rows"
    ):
        proved(booster, columns, matrix + 20)


def test_codes_of_stumps_are_not_those_of_exported_queries(project_folder):
    folder = project_folder / "src" / "credit_risk" / "scorecard"
    stumps, query = (
        set(re.findall(r"CR-CRD-\d+", (folder / path).read_text()))
        for path in ("boosting/stumps.py", "export/sql.py")
    )
    assert stumps
    assert not stumps & query
