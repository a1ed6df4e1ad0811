"""A card survives JSON to the last bit, with everything people decided about it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning import BinDecision, WoeBinner
from credit_risk.errors import SpecificationError
from credit_risk.scorecard import PointsOverride, Scorecard, ScorecardSpec, apply_scorecard

WHO = {"author": "A. Reviewer", "decided_at": "2026-11-02T09:30:00+08:00", "reason": "\u653f\u7b56 policy"}


@pytest.fixture(scope="module")
def reviewed():
    rng = np.random.default_rng(12)
    n = 6000
    X = pd.DataFrame(
        {
            "a": rng.normal(size=n) / 3,
            "b": np.round(rng.normal(size=n), 1),
            "c": rng.choice(["x", "\u6caa", "z"], n),
            "t": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 300 * 86_400, n), unit="s"),
        }
    )
    z = 3 * X["a"] - 0.7 * X["b"] + (X["c"] == "x") + (X["t"] > pd.Timestamp("2025-06-01")) * 0.8
    is_bad = rng.random(n) < 1 / (1 + np.exp(2 - z))
    X.loc[rng.random(n) < 0.05, "a"] = np.nan
    X.loc[rng.random(n) < 0.05, "b"] = -9.0
    binner = WoeBinner(
        special_codes={"b": {"bureau": (-9, -8)}},
        decisions=(BinDecision(variable="a", action="cut_at", values=(-0.1, 1 / 3), **WHO),),
    )
    override = PointsOverride(variable="c", bin="Unseen", points=17, **WHO)
    card = Scorecard(binner=binner, overrides=(override,), population_bad_rate=0.07)
    return card.fit(X, is_bad, sample_weight=rng.uniform(0.5, 1.5, n)).spec_


def test_everything_survives_strict_json(reviewed):
    text = json.dumps(reviewed.to_dict(), allow_nan=False)
    again = ScorecardSpec.from_dict(json.loads(text))
    assert again == reviewed
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    variables = {variable.name: variable for variable in again.binning.variables}
    assert set(variables) == {"a", "b", "c", "t"}
    assert variables["a"].decisions[0].reason == WHO["reason"]
    assert variables["a"].cuts == (-0.1, 1 / 3)
    assert again.overrides[0].points == 17
    assert variables["b"].specials[0].codes == (-9.0, -8.0)
    weights = [g + b for g, b in zip(variables["a"].n_goods, variables["a"].n_bads, strict=True)]
    assert weights != list(variables["a"].n_rows)  # weighted counts beside rows
    assert again.binning.woe_orientation == "ln(share of goods / share of bads)"
    assert again.settings["population_bad_rate"] == 0.07


def test_a_reloaded_card_scores_to_the_same_bits(reviewed):
    again = ScorecardSpec.from_dict(json.loads(json.dumps(reviewed.to_dict())))
    rng = np.random.default_rng(1)
    columns = []
    for variable in reviewed.binning.variables:
        cuts = np.array(variable.cuts or (0.0, 1.0, 2.0, -1.0))
        columns.append(rng.choice([*cuts, *np.nextafter(cuts, -np.inf), np.nan, -9.0], 500))
    first, second = (apply_scorecard(spec, np.column_stack(columns)) for spec in (reviewed, again))
    for name in ("score", "points", "bin_index", "pd", "flags"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_a_record_that_is_not_a_card_is_refused(reviewed):
    content = reviewed.to_dict()
    with pytest.raises(SpecificationError, match=r"CR-CRD-003: The record has schema_version 99\. Expected"):
        ScorecardSpec.from_dict({**content, "schema_version": 99})
    with pytest.raises(SpecificationError, match=r"CR-CRD-004: A scorecard record lacks .*\['mood'\]"):
        ScorecardSpec.from_dict({**content, "mood": "good"})
    with pytest.raises(SpecificationError, match=r"CR-CRD-004: A scorecard record lacks .*\['points'\]"):
        ScorecardSpec.from_dict({key: value for key, value in content.items() if key != "points"})
