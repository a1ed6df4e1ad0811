"""What an import from optbinning reads of a live card, and what it refuses."""

from __future__ import annotations

import warnings
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import SpecificationError
from credit_risk.scorecard import RowScorer, from_optbinning
from credit_risk.scorecard.importers.optbinning import optbinning_content

NUMERIC = {
    "name": "age", "dtype": "numerical", "splits": [26.0], "special_codes": None, "metric": "woe", "metric_special": 0,
    "metric_missing": 0, "cat_unknown": None, "coefficient": -1.0, "n_goods": [30, 70, 0, 0], "n_bads": [8, 2, 0, 0],
    "woe": [-0.98, 1.25, 0.0, 0.0], "points": [463.0, 527.0, 491.0, 491.0],
}  # fmt: skip
CATEGORICAL = {**NUMERIC, "name": "job", "dtype": "categorical", "groups": [["a", "b"], ["c"]]}
CARD = {
    "library": "optbinning", "version": "1.0.0", "target": "binary", "scaling_method": "pdo_odds",
    "scaling_params": {"pdo": 20, "odds": 50, "scorecard_points": 600}, "reverse_scorecard": False,
    "intercept_based": False, "intercept": -0.13, "base_points": 0.0, "variables": [NUMERIC, CATEGORICAL],
}  # fmt: skip


def test_a_live_card_and_its_content_are_one_card():
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(1)
    X = pd.DataFrame(
        {"a": rng.normal(size=2000), "c": pd.Series(rng.choice(list("xyz"), 2000), dtype=object)}
    )
    y = (rng.random(2000) < 1 / (1 + np.exp(1.5 - X["a"] - (X["c"] == "x")))).astype(int)
    X.loc[::30, "a"] = -9.0
    scaling = {"scaling_method": "pdo_odds", "scaling_method_params": CARD["scaling_params"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        process = BinningProcess(
            ["a", "c"], categorical_variables=["c"], binning_fit_params={"a": {"special_codes": [-9]}}
        )
        live = Scorecard(process, LogisticRegression(), rounding=True, **scaling).fit(X, y)
        scores = live.score(X)
    spec = from_optbinning(live)
    assert spec == from_optbinning(optbinning_content(live))
    scorer = RowScorer(spec)
    assert [scorer(row).score for row in X.iloc[:200].to_dict("records")] == scores[:200].tolist()
    assert spec.settings["version"] == "1.0.0"
    with pytest.raises(SpecificationError, match="CR-CRD-040: This card of optbinning .*it is not fitted"):
        from_optbinning(Scorecard(process, LogisticRegression()))


@pytest.mark.parametrize(
    ("policy", "origin", "points"),
    [("peer", "forced", 491), ("neutral", "neutral", 245), ("worst", "worst", 463), ("error", "error", 463)],
)
def test_a_category_never_seen_gets_what_is_said(policy, origin, points):
    spec = from_optbinning(CARD, unseen=policy)
    assert spec.binning.variables[1].origins[-1] == origin
    assert spec.points[1][-1] == points
    assert spec.binning.variables[0].origins[-1] == ("error" if policy == "peer" else origin)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"target": "continuous"}, "its target is continuous, and a PD needs a binary one"),
        (
            {"scaling_method": None},
            "it has no scale. Hint: fit it with scaling_method='pdo_odds' or 'min_max'",
        ),
        ({"reverse_scorecard": True}, "its score rises with risk. Hint: fit it with reverse_scorecard=False"),
        ({"variables": []}, "the card has no variable"),
    ],
)
def test_cards_without_an_equal_are_refused(change, match):
    with pytest.raises(
        SpecificationError, match=f"CR-CRD-040: This card of optbinning cannot be imported: {match}"
    ):
        from_optbinning({**CARD, **change})


@pytest.mark.parametrize(
    ("at", "change", "match"),
    [
        (0, {"metric": "event_rate"}, "variable 'age' has the metric 'event_rate', to which the points"),
        (0, {"cat_unknown": 0}, "variable 'age' sets cat_unknown. Hint: say it here by unseen="),
        (
            0,
            {"metric_special": {"a": 1}},
            "variable 'age' has a metric for special codes or missing that is no",
        ),
        (0, {"special_codes": {"a": ["x"]}}, "variable 'age' has special codes that are not finite numbers"),
        (0, {"special_codes": {"a": [float("inf")]}}, "variable 'age' has special codes that are not finite"),
        (1, {"groups": [[1, 2], [3]]}, "categories of variable 'job' are not text. Hint: fit it on text"),
        (1, {"n_goods": [30, 70, 3, 0]}, "categorical variable 'job' has special codes. Hint: make them cat"),
    ],
)
def test_variables_without_an_equal_are_refused(at, change, match):
    card = deepcopy(CARD)
    card["variables"][at].update(change)
    with pytest.raises(SpecificationError, match=f"CR-CRD-040: .*{match}"):
        from_optbinning(card)


def test_what_is_absent_and_what_is_unknown_is_said():
    with pytest.raises(SpecificationError, match=r"CR-CRD-040: .* it lacks \['intercept'\]"):
        from_optbinning({key: value for key, value in CARD.items() if key != "intercept"})
    with pytest.raises(
        SpecificationError, match="unseen must be 'peer', 'neutral', 'worst' or 'error'. Got 'best'"
    ):
        from_optbinning(CARD, unseen="best")
