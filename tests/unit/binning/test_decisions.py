"""Manual decisions are data: they survive a refit, or say why they cannot."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning import BinDecision, BinningSpec, WoeBinner
from credit_risk.errors import FitError, SpecificationError
from credit_risk.scorecard import PointsOverride, Scorecard, ScorecardSpec

SIGNED = {"author": "A. Reviewer", "decided_at": "2026-11-02", "reason": "agreed in the review of November"}


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(11)
    n = 5000
    age = rng.integers(18, 70, n).astype(float)
    job = rng.choice(["clerk", "driver", "nurse", "other"], n, p=[0.4, 0.3, 0.25, 0.05])
    z = -1 - 0.03 * (age - 40) + np.where(job == "driver", 0.8, 0.0)
    X = pd.DataFrame({"age": age, "job": job})
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def decide(variable, action, **what):
    return BinDecision(variable=variable, action=action, **SIGNED, **what)


def cuts_after(sample, *decisions):
    X, is_bad = sample
    return WoeBinner(decisions=decisions).fit(X, is_bad).spec_.variable("age").cuts


def test_cuts_can_be_set_merged_and_added(sample):
    free = cuts_after(sample)
    assert cuts_after(sample, decide("age", "cut_at", values=(30, 45))) == (30.0, 45.0)
    low, high = free[0] - 0.5, free[2] + 0.5
    assert cuts_after(sample, decide("age", "merge", values=(low, high))) == free[3:]
    assert cuts_after(sample, decide("age", "split", values=(25.0,))) == tuple(sorted({*free, 25.0}))


def test_categories_can_be_given_bins_of_their_own(sample):
    X, is_bad = sample
    binner = WoeBinner(decisions=[decide("job", "group", groups=(("nurse",), ("other", "clerk")))]).fit(
        X, is_bad
    )
    bins = binner.spec_.variable("job")
    assert bins.groups == (("driver",), ("nurse",), ("other", "clerk"))
    assert sum(bins.n_rows) == len(X)


def test_a_forced_woe_is_marked_and_used(sample):
    X, is_bad = sample
    binner = WoeBinner(decisions=[decide("age", "force_woe", bin="Missing", values=(-0.25,))]).fit(X, is_bad)
    bins = binner.spec_.variable("age")
    assert (bins.woe[bins.missing_index], bins.origins[bins.missing_index]) == (-0.25, "forced")
    assert binner.transform(X.assign(age=np.nan))[0, 0] == -0.25


def test_decisions_travel_with_the_spec_and_reach_the_card(sample):
    X, is_bad = sample
    decision = decide("age", "cut_at", values=(30, 45))
    card = Scorecard(binner=WoeBinner(decisions=[decision])).fit(X, is_bad)
    assert card.spec_.binning.variable("age").cuts == (30.0, 45.0)
    assert card.spec_.binning.variable("age").decisions == (decision,)
    again = ScorecardSpec.from_dict(json.loads(json.dumps(card.spec_.to_dict())))
    assert again == card.spec_
    assert BinningSpec.from_dict(json.loads(json.dumps(card.binning_.to_dict()))) == card.binning_


def test_overridden_points_are_scored_recorded_and_kept_at_a_refit(sample):
    X, is_bad = sample
    override = PointsOverride(variable="age", bin="Missing", points=3, **SIGNED)
    for rows in (slice(None), slice(0, 4000)):
        card = Scorecard(overrides=[override]).fit(X.iloc[rows], is_bad[rows])
        spec = card.spec_
        at = spec.feature_names.index("age")
        assert spec.points[at][spec.binning.variables[at].missing_index] == 3
        assert spec.overrides == (override,)
        assert card.score_rows(X.iloc[:1].assign(age=np.nan)).points[0, at] == 3
        assert ScorecardSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (decide("age", "cut_at", values=(5.0, 45.0)), r"1 of 3 bins would hold no row of this sample"),
        (decide("job", "cut_at", values=(5.0,)), "the variable holds categories, not numbers"),
        (decide("age", "group", groups=(("a",),)), "the variable holds numbers, not categories"),
        (
            decide("job", "group", groups=(("pilot",),)),
            r"1 categories do not occur in the sample: \['pilot'\]",
        ),
        (
            decide("age", "force_woe", bin="[1, 2)", values=(0.1,)),
            r"there is no bin '\[1, 2\)'; the bins are",
        ),
    ],
)
def test_a_decision_that_cannot_be_kept_says_why(sample, decision, why):
    X, is_bad = sample
    with pytest.raises(
        FitError, match=rf"CR-BIN-042: The decision of A\. Reviewer \(2026-11-02\) to .* {why}"
    ):
        WoeBinner(decisions=[decision]).fit(X, is_bad)


def test_an_override_that_cannot_be_kept_says_why(sample):
    X, is_bad = sample
    noise = np.random.default_rng(0).normal(size=len(X))
    X = X.assign(noise=noise)
    for variable, label, why in [
        ("age", "[1, 2)", "there is no such bin; the bins are"),
        ("noise", "Missing", r"not on the card: it was left out \(information_value"),
        ("salary", "Missing", "the sample has no such variable"),
    ]:
        override = PointsOverride(variable=variable, bin=label, points=3, **SIGNED)
        with pytest.raises(FitError, match=rf"CR-CRD-020: The override by A\. Reviewer .*{why}"):
            Scorecard(overrides=[override]).fit(X, is_bad)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"action": "paint"}, r"CR-BIN-040: action of a decision about 'age' must be one of"),
        ({"author": " "}, "CR-BIN-040: A decision about 'age' lacks its author"),
        ({"values": (3.0, 1.0)}, "CR-BIN-041: A decision to cut_at about 'age' does not say what it needs"),
        ({"action": "merge", "values": (1.0,)}, "CR-BIN-041"),
        ({"action": "group"}, "CR-BIN-041"),
        ({"action": "force_woe", "values": (1.0,)}, "CR-BIN-041"),
    ],
)
def test_a_decision_without_who_when_why_or_what_is_none(what, message):
    with pytest.raises(SpecificationError, match=message):
        BinDecision(**{"variable": "age", "action": "cut_at", "values": (1.0,), **SIGNED, **what})


def test_an_override_needs_whole_points_and_a_signature():
    with pytest.raises(
        SpecificationError, match=r"CR-CRD-008: points of an override of 'age' must be a whole number"
    ):
        PointsOverride(variable="age", bin="Missing", points=1.5, **SIGNED)
    with pytest.raises(SpecificationError, match="CR-CRD-008: An override of 'age' lacks its reason"):
        PointsOverride(variable="age", bin="Missing", points=1, **{**SIGNED, "reason": ""})


def test_decisions_about_unknown_variables_are_refused(sample):
    X, is_bad = sample
    with pytest.raises(SpecificationError, match=r"CR-BIN-035: decisions name 1 variables .*\['salary'\]"):
        WoeBinner(decisions=[decide("salary", "cut_at", values=(1.0,))]).fit(X, is_bad)
