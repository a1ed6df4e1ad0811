"""optbinning behind the same spec: categories, its own constraints, other targets, two variables at once."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning import BinDecision, PairBins, WoeBinner, cuts_for_target, pair_bins
from credit_risk.errors import FitError, SpecificationError

N = 4000


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(17)
    value, other = rng.normal(size=N), rng.normal(size=N)
    job = rng.choice(list("abcdef"), N)
    z = -1.2 + 0.8 * value + 0.5 * np.isin(job, ["a", "e"]) + 0.6 * value * other
    is_bad = (rng.random(N) < 1 / (1 + np.exp(-z))).astype(int)
    return pd.DataFrame({"value": value, "other": other, "job": job}), is_bad


def bins_of(X, is_bad, **settings):
    return WoeBinner(**settings).fit(X, is_bad).spec_.variables[0]


def test_categories_are_grouped_by_optbinning_too(sample):
    X, is_bad = sample
    peer = bins_of(X[["job"]], is_bad, solver="optbinning", max_bins=3)
    exact = bins_of(X[["job"]], is_bad, max_bins=3)
    assert sorted(name for group in peer.groups for name in group) == list("abcdef")
    assert {frozenset(group) for group in peer.groups} == {frozenset(group) for group in exact.groups}
    rates = np.array(peer.n_bads[: len(peer.groups)]) / np.array(peer.n_rows[: len(peer.groups)])
    assert (np.diff(rates) >= 0).all()


def test_ordered_categories_stay_in_their_order(sample):
    X, is_bad = sample
    steps = pd.cut(X["value"], [-9, -1, -0.5, 0, 0.5, 1, 9], labels=list("uvwxyz"))
    peer = bins_of(pd.DataFrame({"step": steps}), is_bad, solver="optbinning", max_bins=3)
    assert "".join(name for group in peer.groups for name in group) == "uvwxyz"
    assert peer.trend == "ascending"


def test_constraints_that_only_optbinning_has_reach_it(sample):
    X, is_bad = sample
    free = bins_of(X[["value"]], is_bad, solver="optbinning")
    apart = bins_of(X[["value"]], is_bad, solver="optbinning", solver_options={"min_event_rate_diff": 0.12})
    rates = np.array(apart.n_bads[: apart.n_regular]) / np.array(apart.n_rows[: apart.n_regular])
    assert apart.n_regular < free.n_regular
    assert np.diff(rates).min() >= 0.12


def test_the_objective_reaches_optbinning(sample):
    X, is_bad = sample
    found = [
        bins_of(X[["value"]], is_bad, solver="optbinning", objective=one, max_bins=3).cuts
        for one in ("information_value", "jensen_shannon", "hellinger")
    ]
    assert all(len(cuts) == 2 for cuts in found)


@pytest.mark.parametrize(
    ("settings", "period", "message"),
    [
        ({"solver_options": {"gamma": 1}}, None, "CR-BIN-029: solver_options are optbinning's"),
        (
            {"solver": "optbinning", "solver_options": {"magic": 1}},
            None,
            r"CR-BIN-029: solver_options must be among .*'min_event_rate_diff'.* Got \['magic'\]",
        ),
        ({"solver": "optbinning", "min_woe_gap": 0.1}, None, "CR-BIN-029: .* knows no period, no min_woe_gap"),
        ({"solver": "optbinning", "objective": "kolmogorov_smirnov"}, None, "CR-BIN-029: solver='optbinning' knows"),
        ({"solver": "optbinning"}, np.arange(N) % 2, "CR-BIN-029: solver='optbinning' knows no period"),
    ],
)  # fmt: skip
def test_what_optbinning_would_leave_out_in_silence_is_refused(sample, settings, period, message):
    X, is_bad = sample
    with pytest.raises(SpecificationError, match=message):
        WoeBinner(**settings).fit(X[["value"]], is_bad, period=period)


def test_what_optbinning_cannot_satisfy_is_named(sample):
    X, is_bad = sample
    for name in ("value", "job"):
        with pytest.raises(FitError, match=f"CR-BIN-022: Variable '{name}' has no 6 bins .* min_share=0.3"):
            WoeBinner(solver="optbinning", min_bins=6, min_share=0.3).fit(X[[name]], is_bad)


def test_cuts_found_on_an_amount_become_decisions(sample):
    X, is_bad = sample
    loss = np.where(X["value"] > 0.7, 900.0, 100.0)
    cuts = cuts_for_target(X["value"], loss, kind="amount", max_bins=2)
    assert cuts == (X.loc[X["value"] > 0.7, "value"].min(),)
    decision = BinDecision(
        variable="value", action="cut_at", values=cuts, author="A", decided_at="2026-11-02", reason="loss amount"
    )  # fmt: skip
    bins = bins_of(X[["value"]], is_bad, decisions=[decision])
    assert bins.cuts == cuts
    assert bins.n_bads[1] == is_bad[X["value"] > 0.7].sum()


def test_cuts_found_on_several_classes_separate_them():
    rng = np.random.default_rng(2)
    value = np.arange(3000.0)
    chances = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    classes = np.array([rng.choice(3, p=chances[int(v // 1000)]) for v in value])
    value[::60] = np.nan
    cuts = cuts_for_target(value, classes, kind="classes", max_bins=3, options={"monotonic_trend": None})
    assert len(cuts) == 2
    np.testing.assert_allclose(cuts, [1000, 2000], atol=200)


def test_two_variables_become_one_column_of_the_same_spec(sample):
    X, is_bad = sample
    pair = pair_bins(X["value"], X["other"], is_bad, names=("value", "other"), max_bins=6)
    column = pair.column(X["value"], X["other"])
    assert set(column) == set(pair.labels())
    assert 2 <= len(pair.rectangles) <= 6
    together = bins_of(pd.DataFrame({"value x other": column}), is_bad)
    alone = [bins_of(X[[name]], is_bad, max_bins=6).information_value for name in ("value", "other")]
    assert together.information_value > max(alone)
    nothing = pair.column([np.nan, 0.0, np.inf], [0.0, np.nan, 0.0])
    assert nothing.tolist() == [None, None, None]


def test_every_point_of_the_plane_has_one_rectangle(sample):
    X, is_bad = sample
    pair = pair_bins(X["value"], X["other"], is_bad, names=("a", "b"))
    grid = np.array([(x, y) for x in np.linspace(-5, 5, 41) for y in np.linspace(-5, 5, 41)])
    corners = np.array([(a, c) for a, _, c, _ in pair.rectangles if np.isfinite([a, c]).all()]).reshape(-1, 2)
    for x, y in np.concatenate([grid, corners]):
        assert sum(a <= x < b and c <= y < d for a, b, c, d in pair.rectangles) == 1


def test_pairs_survive_json(sample):
    X, is_bad = sample
    pair = pair_bins(X["value"], X["other"], is_bad, names=("a", "b"))
    assert PairBins.from_dict(json.loads(json.dumps(pair.to_dict(), allow_nan=False))) == pair


def test_targets_that_are_none_are_refused(sample):
    X, is_bad = sample
    with pytest.raises(
        SpecificationError, match="CR-BIN-050: kind must be 'amount' or 'classes'. Got 'colour'"
    ):
        cuts_for_target(X["value"], is_bad, kind="colour")
    with pytest.raises(FitError, match=r"CR-BIN-051: Values have shape \(4000,\) and the target \(3,\)"):
        cuts_for_target(X["value"], [1, 2, 3], kind="amount")
    with pytest.raises(FitError, match="CR-BIN-051: 4000 of 4000 targets are missing, infinite or no class"):
        cuts_for_target(X["value"], is_bad + 0.5, kind="classes")
    with pytest.raises(FitError, match="CR-BIN-052: No grid over 'a' and 'b' satisfies max_bins=8"):
        pair_bins(X["value"], X["other"], is_bad, names=("a", "b"), options={"min_bin_n_event": N})


def test_categories_keep_their_order_in_every_period(sample):
    rng = np.random.default_rng(3)
    n = 6000
    period = np.repeat([0, 1], n // 2)
    job = rng.choice(list("abc"), n)
    rate = {"a": (0.1, 0.1), "b": (0.2, 0.4), "c": (0.35, 0.25)}
    is_bad = (rng.random(n) < [rate[one][when] for one, when in zip(job, period, strict=True)]).astype(int)
    X = pd.DataFrame({"job": job})
    free = WoeBinner().fit(X, is_bad).variable("job")
    held = WoeBinner().fit(X, is_bad, period=period).variable("job")
    assert free.groups == (
        ("a",),
        ("c",),
        ("b",),
    )  # together c is the safer, in the first period alone it is not
    for when in (0, 1):
        rates = [is_bad[(period == when) & np.isin(job, group)].mean() for group in held.groups]
        assert (np.diff(rates) >= 0).all()
    assert ("a",) in held.groups
    assert {frozenset(group) for group in held.groups} == {frozenset("a"), frozenset("bc")}
