"""Every gate lets fall what it should, says why with the figure, respects weights, and the whole survives JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning import WoeBinner
from credit_risk.domain.texts import text
from credit_risk.errors import SpecificationError
from credit_risk.scorecard import (
    Scorecard,
    ScorecardSpec,
    SelectionRecord,
    SelectionResult,
    SelectionRules,
    select_features,
)
from credit_risk.scorecard.selection import (
    Candidates,
    select_variables,
    selection_stability,
    waterfall_table,
)
from credit_risk.scorecard.selection.correlation import (
    correlation_clusters,
    variance_inflation,
    weighted_correlation,
)
from credit_risk.scorecard.selection.result import STEPS

N = 6000


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(21)
    base = rng.normal(size=(N, 4))
    X = pd.DataFrame(base, columns=["strong", "middle", "weak", "noise"])
    X["twin"] = X["strong"] + 0.1 * rng.normal(size=N)
    X["sum"] = X["strong"] + X["middle"] + 0.3 * rng.normal(size=N)
    X["mostly_gone"] = np.where(rng.random(N) < 0.97, np.nan, X["strong"])
    X["mostly_one"] = np.where(rng.random(N) < 0.97, 0.0, X["strong"])
    X["drifting"] = X["middle"] + np.repeat([0.0, 0.0, 2.0], N // 3)
    z = -1.5 + 1.2 * X["strong"] + 0.8 * X["middle"] + 0.25 * X["weak"]
    is_bad = (rng.random(N) < 1 / (1 + np.exp(-z))).astype(int)
    return X, is_bad


@pytest.fixture(scope="module")
def binner(sample):
    X, is_bad = sample
    return WoeBinner().fit(X, is_bad)


def records_under(binner, sample, **rules):
    X, is_bad = sample
    period = np.repeat([1, 2, 3], N // 3)
    result = select_features(binner, X, is_bad, rules=SelectionRules(**rules), period=period)
    return {record.name: record for record in result.records}


def test_too_much_missing_and_too_much_of_one_value_fall_first(binner, sample):
    records = records_under(binner, sample, max_missing_share=0.95, max_identical_share=0.95)
    X, _ = sample
    gone, one = records["mostly_gone"], records["mostly_one"]
    assert (gone.step, gone.limit) == ("missing_share", 0.95)
    assert gone.figure == pytest.approx(X["mostly_gone"].isna().mean(), abs=1e-12)
    assert gone.reason == f"{gone.figure:.1%} is missing, above 95.0%"
    assert one.step == "identical_share"
    assert one.figure == (X["mostly_one"] == 0.0).mean()


def test_a_weak_variable_falls_with_its_figure(binner, sample):
    record = records_under(binner, sample)["noise"]
    assert record.step == "information_value"
    assert record.figure == record.information_value < record.limit == 0.02
    assert record.reason == f"information value {record.figure:.4f} is below 0.02"


def test_the_lower_end_of_the_interval_can_be_what_counts(binner, sample):
    plain = records_under(binner, sample)["weak"]
    strict = records_under(binner, sample, information_bound="low", min_information_value=0.04)["weak"]
    assert plain.is_kept
    assert plain.information_value > 0.04
    summary = binner.summary().set_index("variable")
    assert strict.step == "information_value"
    assert strict.figure == pytest.approx(summary.loc["weak", "iv_low"], abs=1e-9)
    assert "95 % interval from" in strict.reason


def test_a_variable_whose_bins_move_between_periods_falls(binner, sample):
    records = records_under(binner, sample, max_stability_index=0.25)
    drifting = records["drifting"]
    assert drifting.step == "stability"
    assert drifting.figure > 0.25
    assert "between the first period and period 3" in drifting.reason
    assert records["strong"].is_kept


def test_stability_without_periods_is_refused(binner, sample):
    X, is_bad = sample
    with pytest.raises(
        SpecificationError, match="CR-CRD-051: max_stability_index needs rows of at least two"
    ):
        select_features(binner, X, is_bad, rules=SelectionRules(max_stability_index=0.1))


def test_of_twins_the_stronger_stays(binner, sample):
    for method in ("pairs", "clusters"):
        records = records_under(binner, sample, correlation=method)
        stronger, weaker = sorted(
            (records["strong"], records["twin"]), key=lambda one: -one.information_value
        )
        assert stronger.is_kept
        assert weaker.step == "correlation"
        assert weaker.figure > 0.9
        assert f"with '{stronger.name}'" in weaker.reason


def test_every_pair_of_a_cluster_is_close_and_no_two_clusters_could_join():
    rng = np.random.default_rng(0)
    for _ in range(30):
        X = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 8)) + 0.4 * rng.normal(size=(60, 8))
        close = np.abs(weighted_correlation(X, None))
        clusters = correlation_clusters(close, 0.7)
        assert sorted(at for cluster in clusters for at in cluster) == list(range(8))
        for cluster in clusters:
            assert (close[np.ix_(cluster, cluster)] > 0.7).all()
        for a, first in enumerate(clusters):
            for second in clusters[a + 1 :]:
                assert close[np.ix_(first, second)].min() <= 0.7


def test_correlation_with_weights_is_that_of_repeated_rows():
    rng = np.random.default_rng(1)
    X, times = rng.normal(size=(50, 3)), rng.integers(1, 4, 50)
    repeated = np.corrcoef(np.repeat(X, times, axis=0), rowvar=False)
    np.testing.assert_allclose(weighted_correlation(X, times.astype(float)), repeated, atol=1e-12)


def test_a_constant_column_is_uncorrelated():
    assert weighted_correlation(np.array([[1.0, 2.0], [1.0, 3.0]]), None).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_variance_inflation_is_that_of_regressions():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 3))
    X = np.column_stack([X, X @ [1.0, -1.0, 0.5] + 0.5 * rng.normal(size=300)])
    naive = []
    for j in range(4):
        others = np.column_stack([np.delete(X, j, axis=1), np.ones(300)])
        residual = X[:, j] - others @ np.linalg.lstsq(others, X[:, j], rcond=None)[0]
        naive.append(X[:, j].var() / residual.var())
    np.testing.assert_allclose(variance_inflation(weighted_correlation(X, None)), naive, rtol=1e-6)


def test_a_variable_that_the_others_explain_falls(binner, sample):
    records = records_under(binner, sample, max_variance_inflation=3.0, max_correlation=1.0)
    fallen = {name: one for name, one in records.items() if one.step == "variance_inflation"}
    assert {"twin", "strong"} & set(fallen)
    assert all(one.figure > 3.0 for one in fallen.values())
    kept = [name for name, one in records.items() if one.is_kept]
    X, _ = sample
    woe = binner.transform(X)[:, [list(X.columns).index(name) for name in kept]]
    assert variance_inflation(weighted_correlation(woe, None)).max() <= 3.0


def test_exact_copies_leave_the_stronger_standing():
    rng = np.random.default_rng(3)
    is_bad = rng.random(2000) < 0.3
    woe = (rng.normal(size=2000) - is_bad)[:, None]
    candidates = Candidates(
        names=("first", "copy"), woe=np.column_stack([woe, woe]), information_values=(0.5, 0.5),
        is_bad=is_bad.astype(float),
    )  # fmt: skip
    rules = SelectionRules(max_correlation=1.0, max_variance_inflation=10.0)
    _, records = select_variables(candidates, rules)
    assert [record.step for record in records] == ["kept", "variance_inflation"]


def test_the_l1_path_holds_what_informs(binner, sample):
    records = records_under(binner, sample, lasso=True)
    assert records["strong"].is_kept
    fallen = [one for one in records.values() if one.step == "lasso"]
    for one in fallen:
        assert one.figure <= one.limit
        assert "L1 path" in one.reason


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_every_direction_ends_with_right_signs(binner, sample, direction):
    X, is_bad = sample
    result = select_features(binner, X, is_bad, rules=SelectionRules(stepwise=direction))
    assert {"strong", "middle"} & set(result.kept)
    card = Scorecard(selection=SelectionRules(stepwise=direction), shape_pull=None, binner=WoeBinner()).fit(
        X, is_bad
    )
    assert card.spec_.feature_names == result.kept
    assert max(card.spec_.coefficients) < 0
    if direction != "forward":
        assert max(card.spec_.p_values) <= 0.1


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_no_direction_exceeds_the_number_allowed(binner, sample, direction):
    records = records_under(binner, sample, stepwise=direction, max_features=1, max_correlation=1.0)
    assert sum(one.is_kept for one in records.values()) == 1
    assert any(
        one.step == "max_features" and "already has 1 variables" in one.reason for one in records.values()
    )


def test_a_regression_may_not_turn_a_sign():
    rng = np.random.default_rng(5)
    clear = rng.normal(size=4000)
    is_bad = (rng.random(4000) < 1 / (1 + np.exp(1 + clear))).astype(float)
    muddled = clear + rng.normal(size=4000)
    woe = np.column_stack([clear, muddled - 0.9 * clear * 0 + 0.6 * is_bad])
    candidates = Candidates(names=("clear", "muddled"), woe=woe, information_values=(0.5, 0.1), is_bad=is_bad)
    for direction in ("both", "forward", "backward"):
        kept, records = select_variables(candidates, SelectionRules(stepwise=direction))
        assert kept == [0]
        assert records[1].step == "wrong_sign"


def test_resampling_tells_how_sure_the_choice_is(binner, sample):
    X, is_bad = sample
    rules = SelectionRules(n_resamples=20, min_kept_share=0.7, seed=3)
    result = select_features(binner, X, is_bad, rules=rules)
    table = result.table().set_index("name")
    assert table.loc["noise", "kept_share"] == 0.0
    fallen = table[table["step"] == "resampling"]
    assert (fallen["figure"] < 0.7).all()
    kept = table[table["is_kept"]]
    assert (kept["kept_share"] >= 0.7).all()
    assert fallen["reason"].str.contains("of 20 resamples, below 70%").all()


def test_resampling_does_not_depend_on_threads(binner, sample):
    X, is_bad = sample
    rules = SelectionRules(n_resamples=6)
    one = select_features(binner, X, is_bad, rules=rules, n_jobs=1)
    assert one == select_features(binner, X, is_bad, rules=rules, n_jobs=2)
    other = select_features(binner, X, is_bad, rules=SelectionRules(n_resamples=6, seed=1))
    assert [r.kept_share for r in one.records] != [r.kept_share for r in other.records]


def test_shares_are_those_of_a_plain_loop(binner, sample):
    X, is_bad = sample
    from credit_risk.binning.checks import check_outcome

    outcome = check_outcome(is_bad, N, None)
    candidates = Candidates.of_bins(binner.spec_.variables, binner.bin_indices(X), outcome)
    rules = SelectionRules(n_resamples=3, seed=9)
    naive = np.zeros(len(candidates.names))
    for number in range(3):
        drawn = np.bincount(np.random.default_rng([9, number]).integers(0, N, N), minlength=N)
        rows = np.flatnonzero(drawn)
        part = candidates.where(rows, drawn[rows].astype(float))
        naive[select_variables(part, SelectionRules())[0]] += 1 / 3
    np.testing.assert_allclose(selection_stability(candidates, rules), naive)


def test_weights_count_like_repeated_rows(sample):
    X, is_bad = sample
    times = np.random.default_rng(6).integers(1, 3, N)
    rules = SelectionRules(
        max_missing_share=0.95, max_identical_share=0.95, max_variance_inflation=5.0, max_stability_index=0.25
    )
    period = np.repeat([1, 2, 3], N // 3)
    twice, is_bad_twice, period_twice = (
        np.repeat(np.asarray(one), times, axis=0) for one in (X, is_bad, period)
    )
    twice = pd.DataFrame(twice, columns=X.columns)
    weight = times.astype(float)
    binner = WoeBinner(min_goods=0, min_bads=0).fit(X, is_bad, weight)
    one = select_features(binner, X, is_bad, rules=rules, sample_weight=weight, period=period)
    two = select_features(binner, twice, is_bad_twice, rules=rules, period=period_twice)
    assert one.kept == two.kept
    assert [r.step for r in one.records] == [r.step for r in two.records]
    for a, b in zip(one.records, two.records, strict=True):
        assert (a.figure is None) == (b.figure is None)
        if a.figure is not None:
            assert a.figure == pytest.approx(b.figure, rel=1e-6)


def test_the_waterfall_adds_up_and_names_everyone(binner, sample):
    X, is_bad = sample
    rules = SelectionRules(max_missing_share=0.95, max_identical_share=0.95, correlation="clusters")
    result = select_features(binner, X, is_bad, rules=rules)
    table = result.waterfall()
    assert list(table.columns) == ["step", "in", "out", "left", "names"]
    assert table["in"].iloc[0] == X.shape[1]
    assert (table["in"] - table["out"] == table["left"]).all()
    assert (table["in"].iloc[1:].to_numpy() == table["left"].iloc[:-1].to_numpy()).all()
    assert table["step"].iloc[-1] == "kept"
    assert table["names"].iloc[-1] == ", ".join(result.kept)
    named = {name for names in table["names"] for name in names.split(", ")}
    assert named == set(X.columns)


def test_every_gate_has_words_in_both_languages(binner, sample):
    X, is_bad = sample
    for step in (*STEPS, "second_look", "kept"):
        assert text(f"scorecard.selection.{step}", "en") != text(f"scorecard.selection.{step}", "zh-CN")
    result = select_features(binner, X, is_bad)
    assert result.waterfall(language="zh-CN")["step"].iloc[-1] == "保留"
    assert result.waterfall(language="en")["step"].iloc[0] == "Too little information"


def test_a_variable_that_came_back_never_fell():
    records = [
        SelectionRecord(name="a", is_kept=True, step="kept", reason="", information_value=0.3),
        SelectionRecord(name="b", is_kept=True, step="second_look", reason="", information_value=0.01),
        SelectionRecord(name="c", is_kept=False, step="wrong_sign", reason="", information_value=0.05),
    ]
    rows = waterfall_table(records).to_numpy().tolist()
    assert rows == [["wrong_sign", 3, 1, 2, "c"], ["second_look", 2, 0, 2, "b"], ["kept", 2, 0, 2, "a, b"]]


def test_the_result_survives_json_and_refuses_others(binner, sample):
    X, is_bad = sample
    result = select_features(binner, X, is_bad, rules=SelectionRules(n_resamples=2))
    content = json.loads(json.dumps(result.to_dict()))
    assert SelectionResult.from_dict(content) == result
    with pytest.raises(SpecificationError, match="CR-CRD-052: The record has schema_version 9"):
        SelectionResult.from_dict({**content, "schema_version": 9})
    with pytest.raises(SpecificationError, match=r"CR-CRD-053: A selection record .*\['surplus'\]"):
        SelectionResult.from_dict({**content, "surplus": 1})


def test_notebooks_show_it_with_names_escaped(binner, sample):
    X, is_bad = sample
    renamed = X.rename(columns={"noise": "<b>noise</b>"})
    result = select_features(WoeBinner().fit(renamed, is_bad), renamed, is_bad)
    assert "&lt;b&gt;noise&lt;/b&gt;" in result._repr_html_()
    assert "<b>" not in result._repr_html_()


def test_the_card_follows_the_rules_and_its_spec_keeps_the_figures(sample):
    X, is_bad = sample
    rules = SelectionRules(max_missing_share=0.95, max_identical_share=0.95, max_stability_index=0.25)
    card = Scorecard(selection=rules).fit(X, is_bad, period=np.repeat([1, 2, 3], N // 3))
    again = ScorecardSpec.from_dict(json.loads(json.dumps(card.spec_.to_dict())))
    assert again == card.spec_
    steps = {record.name: record.step for record in card.spec_.selection}
    assert steps["mostly_gone"] == "missing_share"
    assert card.waterfall()["step"].iloc[0] == "missing_share"
    summary = card.summary().set_index("variable")
    assert summary.loc["mostly_gone", "reason"].endswith("is missing, above 95.0%")
    assert card.spec_.settings["selection"]["max_stability_index"] == 0.25


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"stepwise": "sideways"}, r"stepwise of the selection must be one of \['both', 'forward', 'backward'\]"),
        ({"correlation": "trees"}, r"correlation of the selection must be one of"),
        ({"information_bound": "high"}, r"information_bound of the selection must be one of"),
        ({"max_features": 0}, r"max_features of the selection must be a whole number from 1 to inf\. Got 0"),
        ({"max_features": 2.5}, r"max_features of the selection must be a whole number"),
        ({"max_missing_share": 1.5}, r"max_missing_share of the selection must be a number from 0 to 1"),
        ({"max_correlation": True}, r"max_correlation of the selection must be a number"),
        ({"max_p_value": float("nan")}, r"max_p_value of the selection must be a number"),
        ({"min_kept_share": 0.5}, r"n_resamples of the selection must be above 0 where min_kept_share is"),
    ],
)  # fmt: skip
def test_rules_outside_their_sets_are_refused(rules, message):
    with pytest.raises(SpecificationError, match=f"CR-CRD-050: {message}"):
        SelectionRules(**rules)
