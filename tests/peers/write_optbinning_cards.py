"""Fit cards with optbinning, keep what an importer reads of them and what optbinning says about rows that try their edges."""

from __future__ import annotations

import warnings

import numpy as np
from card_rows import edge_rows, plain_rows, taiwan, write
from optbinning import BinningProcess, Scorecard
from sklearn.linear_model import LogisticRegression

from credit_risk.scorecard.importers.optbinning import from_optbinning, optbinning_content

ENVIRONMENT = "scorecards"
PDO = {
    "scaling_method": "pdo_odds",
    "scaling_method_params": {"pdo": 20, "odds": 50, "scorecard_points": 600},
}
RANGE = {"scaling_method": "min_max", "scaling_method_params": {"min": 300, "max": 850}}
SPECIAL = {"paid": {"special_codes": {"bureau": [-9, -8]}}}


def card(name, X, y, *, process=None, fit=None, **settings):
    columns = list(X.columns)
    binning = BinningProcess(columns, categorical_variables=["education"], **(process or {}))
    scorecard = Scorecard(binning, LogisticRegression(C=1e4), **settings)
    scorecard.fit(X, y, **(fit or {}))
    variables = {one: scorecard.binning_process_.get_binned_variable(one) for one in columns}
    cuts = {one: v.splits for one, v in variables.items() if v.dtype == "numerical"}
    extra = {
        "limit": [np.nan, np.inf, -np.inf],
        "age": [np.nan, 0.0],
        "paid": [-9.0, -8.0, -7.0],
        "education": ["never seen", None],
    }
    rows = edge_rows(X, cuts, extra)
    content = optbinning_content(scorecard)
    assert from_optbinning(scorecard) == from_optbinning(content)
    return {
        "name": name,
        "content": content,
        "rows": plain_rows(rows),
        "scores": [float(one) for one in scorecard.score(rows)],
        "pds": [float(one) for one in scorecard.predict_proba(rows)[:, 1]],
    }


def main():
    warnings.simplefilter("ignore")
    X, y = taiwan()
    cards = [
        card("points with decimals", X, y, process={"binning_fit_params": SPECIAL}, **PDO),
        card("whole points in a range", X, y, rounding=True, **RANGE),
        card(
            "base apart, whole points, empirical missing",
            X,
            y,
            process={"binning_fit_params": SPECIAL},
            fit={"metric_missing": "empirical", "metric_special": "empirical"},
            intercept_based=True,
            rounding=True,
            **PDO,
        ),
        card("base apart", X, y, process={"special_codes": [-9, -8]}, intercept_based=True, **PDO),
        card("issue 412", X, y, process={"binning_transform_params": {"status": {"metric": "woe"}}}, **PDO),
    ]
    write("optbinning_cards", "optbinning", cards)


if __name__ == "__main__":
    main()
