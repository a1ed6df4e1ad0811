"""What the binner learns from each kind of column, and what it refuses, by message."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from credit_risk.binning import BinningSpec, WoeBinner, apply_binning
from credit_risk.binning.apply import category_codes
from credit_risk.errors import FitError, MissingFeatureError, ScoringError, SpecificationError

N = 4000


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(5)
    value = rng.normal(size=N)
    is_bad = (rng.random(N) < 1 / (1 + np.exp(1.5 - value))).astype(int)
    return value, is_bad


def test_numbers_get_ordered_bins_that_hold_the_sample(sample):
    value, is_bad = sample
    bins = WoeBinner().fit(value[:, None], is_bad).spec_.variables[0]
    assert bins.trend == "ascending"
    assert sum(bins.n_rows) == N
    assert sum(bins.n_bads) == is_bad.sum()
    regular = np.array(bins.n_bads[: bins.n_regular]) / np.array(bins.n_rows[: bins.n_regular])
    assert (np.diff(regular) >= 0).all()
    assert min(bins.n_rows[: bins.n_regular]) >= 0.05 * N
    assert min(bins.n_bads[: bins.n_regular]) >= 30


def test_bins_are_closed_on_the_left(sample):
    _, is_bad = sample
    value = np.where(is_bad == 1, 2.0, 1.0)
    value[:500] = 1.0
    binner = WoeBinner(min_goods=0).fit(value[:, None], is_bad)
    assert binner.spec_.variables[0].origins[:2] == ("own", "smoothed")
    cut = binner.spec_.variables[0].cuts[0]
    result = apply_binning(binner.spec_, np.array([[np.nextafter(cut, -np.inf)], [cut]]))
    assert result.bin_index.ravel().tolist() == [0, 1]


def test_cuts_are_written_with_few_digits(sample):
    value, is_bad = sample
    cuts = WoeBinner().fit(np.round(value, 9)[:, None], is_bad).spec_.variables[0].cuts
    assert all(len(f"{abs(cut):.12g}".replace(".", "").lstrip("0")) <= 5 for cut in cuts)


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_categories_are_grouped_whatever_their_pandas_type(sample, kind):
    value, is_bad = sample
    job = pd.Series(pd.cut(value, 6, labels=list("abcdef")).astype(str)).astype(kind)
    job.iloc[:40] = None
    X = pd.DataFrame({"job": job})
    binner = WoeBinner(unseen="worst").fit(X, is_bad)
    bins = binner.spec_.variable("job")
    assert bins.kind == "categorical"
    assert bins.n_rows[bins.missing_index] == 40
    codes = category_codes(bins, ["c", "never seen", None, float("nan"), pd.NA])
    result = apply_binning(binner.spec_, codes[:, None])
    assert result.flags.ravel().tolist() == [0, 3, 1, 1, 1]
    assert result.unseen.ravel().tolist() == [False, True, False, False, False]
    own = [w for w, origin in zip(bins.woe, bins.origins, strict=True) if origin == "own"]
    assert result.woe[1, 0] == min(own)
    np.testing.assert_array_equal(binner.transform(X)[:, 0], np.array(bins.woe)[_index(binner, X)])


def _index(binner, X):
    return binner.bin_indices(X)[:, 0]


def test_ordered_categories_merge_only_with_their_neighbours(sample):
    value, is_bad = sample
    grades = ["g1", "g2", "g3", "g4", "g5"]
    X = pd.DataFrame(
        {"grade": pd.Categorical(pd.cut(value, 5, labels=grades), categories=grades, ordered=True)}
    )
    bins = WoeBinner(rare_share=0.0).fit(X, is_bad).spec_.variables[0]
    assert [c for group in bins.groups for c in group] == grades
    assert bins.trend == "ascending"


def test_rare_categories_share_the_unseen_bin(sample):
    value, is_bad = sample
    X = pd.DataFrame({"city": np.where(np.arange(N) % 2, "x", "y").astype(object)})
    X.loc[:34, "city"] = "tiny"
    bins = WoeBinner(unseen="own").fit(X, is_bad).spec_.variables[0]
    assert bins.unseen_categories == ("tiny",)
    assert bins.n_rows[bins.unseen_index] == 35
    assert bins.origins[bins.unseen_index] in {"own", "smoothed"}
    assert value.shape == (N,)


def test_high_cardinality_is_no_obstacle(sample):
    value, is_bad = sample
    X = pd.DataFrame({"shop": pd.Series(np.round(value * 300).astype(int)).astype(str)})
    bins = WoeBinner(rare_share=0.0).fit(X, is_bad).spec_.variables[0]
    assert bins.n_regular <= 8
    assert sum(len(group) for group in bins.groups) == X["shop"].nunique()


def test_special_codes_stand_alone_or_in_groups(sample):
    value, is_bad = sample
    x = value.copy()
    x[:200], x[200:400], x[400:500] = -7, -8, -9
    alone = WoeBinner(special_codes=(-7, -8, -9)).fit(x[:, None], is_bad).spec_.variables[0]
    assert [s.label for s in alone.specials] == ["Special -7", "Special -8", "Special -9"]
    assert alone.n_rows[alone.missing_index + 1 : alone.unseen_index] == (200, 200, 100)
    codes = {"x0": {"no record": (-7, -8), "no trade": (-9,)}}
    grouped = WoeBinner(special_codes=codes).fit(x[:, None], is_bad)
    bins = grouped.spec_.variables[0]
    assert bins.labels()[bins.missing_index + 1 : bins.unseen_index] == (
        "Special no record",
        "Special no trade",
    )
    result = apply_binning(grouped.spec_, np.array([[-8.0], [-9.0], [-10.0]]))
    assert result.special.ravel().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("policy", "origin"), [("neutral", "neutral"), ("worst", "worst"), ("nearest", "bin"), ("own", "own")]
)
def test_missing_values_get_what_their_policy_says(sample, policy, origin):
    value, is_bad = sample
    x = value.copy()
    x[np.argsort(value)[:400]] = np.nan
    bins = WoeBinner(missing=policy).fit(x[:, None], is_bad).spec_.variables[0]
    at = bins.missing_index
    assert bins.origins[at].split()[0] == origin
    expected = {
        "neutral": 0.0,
        "worst": min(bins.woe[: bins.n_regular]),
        "nearest": bins.woe[0],
        "own": np.log((bins.n_goods[at] / sum(bins.n_goods)) / (bins.n_bads[at] / sum(bins.n_bads))),
    }[policy]
    assert bins.woe[at] == pytest.approx(expected, rel=1e-12)


def test_missing_never_seen_in_development_gets_the_fallback_and_a_flag(sample):
    value, is_bad = sample
    for fallback, expected in (("neutral", 0.0), ("worst", None)):
        binner = WoeBinner(fallback=fallback).fit(value[:, None], is_bad)
        bins = binner.spec_.variables[0]
        result = apply_binning(binner.spec_, np.array([[np.nan], [np.inf]]))
        assert result.flags.ravel().tolist() == [1, 3]
        assert bins.origins[bins.missing_index] == fallback
        assert result.woe[0, 0] == (min(bins.woe[: bins.n_regular]) if expected is None else expected)


def test_datetimes_are_numbers_of_seconds(sample):
    value, is_bad = sample
    opened = pd.Timestamp("2020-01-01", tz="Asia/Shanghai") + pd.to_timedelta(np.round(value * 1e6), unit="s")
    X = pd.DataFrame({"opened_at": opened})
    X.loc[:99, "opened_at"] = pd.NaT
    binner = WoeBinner().fit(X, is_bad)
    bins = binner.spec_.variables[0]
    assert bins.kind == "datetime"
    assert bins.n_rows[bins.missing_index] == 100
    assert len(np.unique(binner.transform(X))) == bins.n_regular + 1


def test_weights_count_like_repeated_rows(sample):
    value, is_bad = sample
    weight = 1.0 + (np.arange(N) % 3 == 0)
    once = WoeBinner(min_bads=0, min_goods=0).fit(value[:, None], is_bad, sample_weight=weight)
    repeated = np.repeat(np.arange(N), weight.astype(int))
    twice = WoeBinner(min_bads=0, min_goods=0).fit(value[repeated][:, None], is_bad[repeated])
    one, two = once.spec_.variables[0], twice.spec_.variables[0]
    assert sum(one.n_goods) == sum(two.n_goods)
    assert one.information_value == pytest.approx(two.information_value, rel=0.01)


def test_neighbours_can_be_kept_apart(sample):
    value, is_bad = sample
    bins = WoeBinner(min_woe_gap=0.5).fit(value[:, None], is_bad).spec_.variables[0]
    assert (np.abs(np.diff(bins.woe[: bins.n_regular])) >= 0.5).all()
    few = WoeBinner(max_p_value=1e-6).fit(value[:, None], is_bad).spec_.variables[0]
    assert few.n_regular < WoeBinner().fit(value[:, None], is_bad).spec_.variables[0].n_regular


def test_the_order_can_be_kept_in_every_period(sample):
    value, is_bad = sample
    period = np.arange(N) % 4
    noisy = np.where(period == 3, -value, value)
    bins = WoeBinner(trend="ascending").fit(noisy[:, None], is_bad, period=period).spec_.variables[0]
    index = np.searchsorted(bins.cuts, noisy, side="right")
    for number in range(4):
        inside = period == number
        rate = np.bincount(index[inside], is_bad[inside], bins.n_regular) / np.bincount(
            index[inside], minlength=bins.n_regular
        )
        assert (np.diff(rate) >= 0).all()
    free = WoeBinner(trend="ascending").fit(noisy[:, None], is_bad).spec_.variables[0]
    assert free.n_regular > bins.n_regular


def test_optbinning_reaches_the_same_information_on_the_same_cells(sample):
    value, is_bad = sample
    for trend in ("ascending", "descending", "peak"):
        exact = (
            WoeBinner(trend=trend, refine=False, n_prebins=12).fit(value[:, None], is_bad).spec_.variables[0]
        )
        peer = (
            WoeBinner(trend=trend, solver="optbinning", n_prebins=12)
            .fit(value[:, None], is_bad)
            .spec_.variables[0]
        )
        assert exact.information_value >= peer.information_value * (1 - 1e-9)
    assert exact.information_value == pytest.approx(peer.information_value, rel=1e-6)
    assert exact.cuts == peer.cuts


def test_the_spec_survives_json_without_loss(sample):
    value, is_bad = sample
    X = pd.DataFrame({"n": value, "c": np.where(value > 0, "a", "b")})
    spec = WoeBinner(special_codes={"n": {"odd": (9.5,)}}).fit(X, is_bad).spec_
    assert BinningSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_it_is_a_scikit_learn_transformer(sample):
    value, is_bad = sample
    X = pd.DataFrame({"value": value, "other": -value})
    binner = clone(WoeBinner(max_bins=4)).set_output(transform="pandas")
    frame = binner.fit(X, is_bad).transform(X)
    assert list(frame.columns) == ["value", "other"] == list(binner.get_feature_names_out())
    fitted = make_pipeline(WoeBinner(), LogisticRegression()).fit(X, is_bad)
    assert fitted.score(X, is_bad) > 0.5


def test_the_binning_table_has_the_familiar_columns(sample):
    value, is_bad = sample
    table = WoeBinner().fit(value[:, None], is_bad).binning_table("x0")
    assert list(table.columns[:9]) == [
        "Bin", "Count", "Count (%)", "Non-event", "Event", "Event rate", "WoE", "IV", "JS",
    ]  # fmt: skip
    assert table.loc["Totals", "Count"] == N
    assert table.loc["Totals", "IV"] == pytest.approx(table["IV"].iloc[:-1].sum())


@pytest.mark.parametrize(
    ("value", "reason"),
    [(np.ones(N), "constant"), (np.full(N, np.nan), "all missing"), (np.full(N, -9.0), "all special")],
)
def test_a_column_without_information_gets_one_bin(sample, value, reason):
    _, is_bad = sample
    bins = WoeBinner(special_codes=(-9,)).fit(value[:, None], is_bad).spec_.variables[0]
    assert bins.trend == "single", reason
    assert bins.cuts == ()
    assert abs(bins.information_value) < 1e-12


def test_fewer_bads_than_the_minimum_leave_one_bin(sample):
    value, _ = sample
    is_bad = np.zeros(N)
    is_bad[:20] = 1
    assert WoeBinner().fit(value[:, None], is_bad).spec_.variables[0].n_regular == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trend": "upward"}, r"CR-BIN-030: trend of variable 'x0' must be one of .*'peak'.* Got 'upward'"),
        ({"missing": "zero"}, r"CR-BIN-030: missing of variable 'x0' must be one of"),
        ({"solver": "magic"}, r"CR-BIN-030: solver of variable 'x0' must be one of"),
        ({"min_share": 0.7}, r"CR-BIN-031: min_share must be a number from 0 to 0\.5\. Got 0\.7"),
        ({"max_bins": True}, r"CR-BIN-031: max_bins must be a whole number"),
        ({"min_bins": 9}, r"CR-BIN-032: min_bins must not exceed max_bins\. Got 9 and 8"),
        (
            {"trend": {"salary": "peak"}},
            r"CR-BIN-033: trend names 1 variables that are not in the sample: \['salary'\]",
        ),
        (
            {"special_codes": (1, 1)},
            r"CR-BIN-034: special_codes of variable 'x0' must be finite numbers, each once",
        ),
    ],
)
def test_parameters_outside_their_sets_are_refused(sample, settings, message):
    value, is_bad = sample
    with pytest.raises(SpecificationError, match=message):
        WoeBinner(**settings).fit(value[:, None], is_bad)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (np.zeros(N), r"CR-BIN-024: The outcome holds 0 bads in 4000 rows"),
        (np.ones(N), r"CR-BIN-024: The outcome holds 4000 bads in 4000 rows"),
        (np.arange(N) % 3, r"CR-BIN-023: The outcome holds 1333 values of 4000 that are neither 0 nor 1"),
        (np.array(["yes"] * N), r"CR-BIN-023: The outcome holds 4000 values"),
        (
            np.zeros(N - 1),
            r"CR-BIN-025: The outcome has shape \(3999,\)\. Expected one value for each of 4000 rows",
        ),
    ],
)
def test_outcomes_that_are_none_are_refused(sample, outcome, message):
    value, _ = sample
    with pytest.raises(FitError, match=message):
        WoeBinner().fit(value[:, None], outcome)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_weights_must_be_above_zero(sample, weight):
    value, is_bad = sample
    weights = np.ones(N)
    weights[7] = weight
    with pytest.raises(
        FitError, match="CR-BIN-026: sample_weight holds 1 values of 4000 that are zero, negative or not"
    ):
        WoeBinner().fit(value[:, None], is_bad, sample_weight=weights)
    with pytest.raises(FitError, match="CR-BIN-025: sample_weight has shape"):
        WoeBinner().fit(value[:, None], is_bad, sample_weight=weights[1:])


def test_infinite_values_and_mixed_columns_are_refused(sample):
    value, is_bad = sample
    x = value.copy()
    x[:3] = np.inf
    with pytest.raises(FitError, match="CR-BIN-021: Variable 'x0' holds 3 infinite values"):
        WoeBinner().fit(x[:, None], is_bad)
    mixed = pd.DataFrame({"m": pd.Series([1.0, *["a"] * (N - 1)], dtype=object)})
    with pytest.raises(FitError, match="CR-BIN-020: Variable 'm' holds text in 3999 of 4000 values"):
        WoeBinner().fit(mixed, is_bad)


def test_constraints_that_nothing_satisfies_are_named(sample):
    value, is_bad = sample
    with pytest.raises(
        FitError, match=r"CR-BIN-022: Variable 'x0' has no 3 bins that satisfy .*min_bads=3000"
    ):
        WoeBinner(min_bins=3, min_bads=3000).fit(value[:, None], is_bad)


def test_scoring_refuses_what_it_cannot_read(sample):
    value, is_bad = sample
    X = pd.DataFrame({"value": value, "kind": np.where(value > 0, "a", "b")})
    binner = WoeBinner(missing={"value": "error"}).fit(X, is_bad)
    with pytest.raises(MissingFeatureError, match=r"CR-BIN-013: 1 of 2 variables are absent: \['kind'\]"):
        binner.transform(X[["value"]])
    with pytest.raises(ScoringError, match="CR-BIN-012: Variable 'value' cannot be read as numeric"):
        binner.transform(X.assign(value="a lot"))
    with pytest.raises(ScoringError, match="CR-BIN-012: Variable 'kind' was fitted on categories"):
        binner.transform(X.assign(kind=1.0))
    with pytest.raises(
        ScoringError, match="CR-BIN-011: Variable 'value' holds 2 values of the kind 'Missing'"
    ):
        binner.transform(X.assign(value=[np.nan, np.nan, *value[2:]]))
    with pytest.raises(ScoringError, match=r"CR-BIN-010: The matrix has shape \(2, 1\)"):
        apply_binning(binner.spec_, np.zeros((2, 1)))
    with pytest.raises(SpecificationError, match="CR-BIN-001: Variable 'salary' is not in this binning"):
        binner.binning_table("salary")
    with pytest.raises(
        MissingFeatureError, match="CR-BIN-013: X has 2 features, but WoeBinner is expecting 1"
    ):
        WoeBinner().fit(value[:, None], is_bad).transform(np.zeros((3, 2)))


def test_records_of_another_schema_are_refused(sample):
    value, is_bad = sample
    content = WoeBinner().fit(value[:, None], is_bad).spec_.to_dict()
    with pytest.raises(SpecificationError, match="CR-BIN-002: The record has schema_version 99"):
        BinningSpec.from_dict({**content, "schema_version": 99})
    with pytest.raises(SpecificationError, match=r"CR-BIN-003: .*\['surplus'\]"):
        BinningSpec.from_dict({**content, "surplus": 1})


def test_single_precision_finds_the_same_bins_where_nothing_is_rounded_away(monkeypatch):
    rng = np.random.default_rng(12)
    whole = rng.integers(0, 5000, 6000).astype(float)
    is_bad = rng.random(6000) < 1 / (1 + np.exp(2 - whole / 2500))
    exact = WoeBinner().fit(whole[:, None], is_bad).spec_
    monkeypatch.setattr("credit_risk.numerics.sorted_outcome.SINGLE_PRECISION_FROM", 1)
    assert WoeBinner().fit(whole[:, None], is_bad).spec_ == exact


def test_single_precision_bins_hold_exactly_the_rows_their_cuts_say(monkeypatch):
    monkeypatch.setattr("credit_risk.numerics.sorted_outcome.SINGLE_PRECISION_FROM", 1)
    rng = np.random.default_rng(13)
    x = np.round(np.exp(rng.normal(size=6000)) * 100, 2)
    is_bad = rng.random(6000) < 1 / (1 + np.exp(2 - np.log(x) / 4))
    binner = WoeBinner().fit(x[:, None], is_bad)
    bins = binner.spec_.variables[0]
    counted = np.bincount(binner.bin_indices(x[:, None])[:, 0], minlength=bins.n_bins)
    assert bins.n_rows == tuple(counted.tolist())
    assert all(cut == round(cut, 2) for cut in bins.cuts)


@pytest.mark.parametrize("n", [16_384, 16_385, 40_001])
def test_two_rows_looked_up_at_once_get_what_each_gets_alone(n):
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, 2))
    X[rng.random(n) < 0.1, 0] = np.nan
    is_bad = rng.random(n) < 1 / (1 + np.exp(1 - X[:, 1]))
    binner = WoeBinner().fit(X, is_bad)
    woe = binner.transform(X)
    tables = [np.array(variable.woe) for variable in binner.spec_.variables]
    index = binner.bin_indices(X)
    np.testing.assert_array_equal(woe, np.column_stack([t[index[:, j]] for j, t in enumerate(tables)]))
    np.testing.assert_array_equal(woe[:300], binner.transform(X[:300]))
