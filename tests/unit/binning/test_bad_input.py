"""A hostile user: for each kind of bad input a stated outcome, by message; beside test_fit, which has the common ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_risk.binning import BinDecision, WoeBinner, apply_binning
from credit_risk.errors import FitError, ScoringError, SpecificationError
from credit_risk.scorecard import Scorecard

N = 2000


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(5)
    value = rng.normal(size=N)
    return value, (rng.random(N) < 1 / (1 + np.exp(1.5 - value))).astype(int)


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (pd.Series([date(2020, 1, 1 + i % 28) for i in range(N)]), "object holding date"),
        (pd.Series(pd.to_timedelta(np.arange(N), unit="h")), r"timedelta64\["),
        (pd.Series(pd.period_range("1900", periods=N, freq="M")), r"period\[M\]"),
        (pd.Series(np.arange(N) * 1j), "complex128"),
        (pd.Series([[1]] * N), "object holding mixed"),
    ],
)
def test_what_is_neither_number_nor_text_nor_time_is_refused(sample, column, found):
    _, is_bad = sample
    with pytest.raises(FitError, match=f"CR-BIN-019: Variable 'x' has type {found}.* Expected numbers, text"):
        WoeBinner().fit(pd.DataFrame({"x": column}), is_bad)


def test_time_stamps_mean_the_same_in_every_container(sample):
    _, is_bad = sample
    stamps = pd.Series(pd.date_range("2020", periods=N, freq="h", tz="Asia/Shanghai"))
    stamps[7] = pd.NaT
    expected = WoeBinner().fit(pd.DataFrame({"x": stamps}), is_bad).spec_
    for kind in (
        "datetime64[s, UTC]",
        pd.ArrowDtype(pa.timestamp("us", tz="Asia/Shanghai")),
        pd.ArrowDtype(pa.timestamp("ns", tz="UTC")),
    ):
        assert WoeBinner().fit(pd.DataFrame({"x": stamps.astype(kind)}), is_bad).spec_ == expected
    bins = expected.variables[0]
    assert bins.kind == "datetime"
    assert bins.n_rows[bins.missing_index] == 1


def test_bins_of_time_stamps_are_labelled_by_date(sample):
    _, is_bad = sample
    stamps = pd.DataFrame({"x": pd.date_range("2020-01-01", periods=N, freq="D")})
    cut = pd.Timestamp("2021-03-04 05:06:07").timestamp()
    decision = BinDecision(
        variable="x", action="cut_at", values=(cut,), author="A", decided_at="2026-11-02", reason="r"
    )
    labels = WoeBinner(decisions=[decision]).fit(stamps, is_bad).spec_.variables[0].labels()
    assert labels[:2] == ("(-inf, 2021-03-04 05:06:07)", "[2021-03-04 05:06:07, inf)")


def test_columns_of_the_same_name_are_refused(sample):
    value, is_bad = sample
    twice = pd.DataFrame(np.column_stack([value, value]), columns=["x", "x"])
    with pytest.raises(FitError, match=r"CR-BIN-027: 1 names stand twice among 2 columns: \['x'\]"):
        WoeBinner().fit(twice, is_bad)


def test_weights_and_periods_that_cannot_be_read_are_refused(sample):
    value, is_bad = sample
    with pytest.raises(FitError, match="CR-BIN-026: sample_weight cannot be read as numbers"):
        WoeBinner().fit(value[:, None], is_bad, np.array(["heavy"] * N))
    period = np.where(value > 2, np.nan, 1.0)
    n_missing = int(np.isnan(period).sum())
    with pytest.raises(FitError, match=f"CR-BIN-018: period is missing in {n_missing} of 2000 rows"):
        WoeBinner().fit(value[:, None], is_bad, period=period)
    with pytest.raises(FitError, match="CR-BIN-025: period has 1 values. Expected 2000"):
        WoeBinner().fit(value[:, None], is_bad, period=[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"special_codes": ["x"]}, r"CR-BIN-034: special_codes of variable 'x0' must be finite numbers"),
        ({"special_codes": -9}, r"CR-BIN-034: special_codes of variable 'x0' .* Got -9"),
        ({"special_codes": "abc"}, r"CR-BIN-034: special_codes of variable 'x0'"),
        ({"special_codes": {"x0": {"none": []}}}, r"CR-BIN-034: .* no group empty"),
        ({"special_codes": {"salary": [1]}}, r"CR-BIN-033: special_codes names 1 variables .* \['salary'\]"),
        ({"max_bins": 2.5}, r"CR-BIN-031: max_bins must be a whole number from 1 to 200\. Got 2\.5"),
        ({"n_prebins": 10.5}, r"CR-BIN-031: n_prebins must be a whole number from 2 to 2000\. Got 10\.5"),
        (
            {"objective": "gini"},
            r"CR-BIN-030: objective of variable 'x0' must be one of .*'kolmogorov_smirnov'",
        ),
    ],
)
def test_settings_that_mean_nothing_are_refused(sample, settings, message):
    value, is_bad = sample
    with pytest.raises(SpecificationError, match=message):
        WoeBinner(**settings).fit(value[:, None], is_bad)


def test_codes_for_a_variable_of_categories_are_refused(sample):
    value, is_bad = sample
    X = pd.DataFrame({"job": np.where(value > 0, "a", "b")})
    with pytest.raises(
        FitError, match="CR-BIN-039: Variable 'job' holds categories, but special_codes gives it"
    ):
        WoeBinner(special_codes={"job": [-9]}).fit(X, is_bad)
    assert WoeBinner(special_codes=[-9]).fit(X, is_bad).spec_.variables[0].specials == ()


@pytest.fixture(scope="module")
def fitted(sample):
    value, is_bad = sample
    X = pd.DataFrame(
        {
            "number": value,
            "job": np.where(value > 0, "a", "b"),
            "time": pd.date_range("2020", periods=N, freq="h"),
        }
    )
    return WoeBinner().fit(X, is_bad), X


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("number", "1.5", "numeric"),
        ("number", pd.Timestamp("2020-01-01"), "numeric"),
        ("number", pd.Timedelta(hours=1), "numeric"),
        ("time", 1.5, "datetime"),
        ("time", "2020-01-01", "datetime"),
    ],
)
def test_another_kind_at_scoring_is_refused_however_well_it_converts(fitted, name, value, kind):
    binner, X = fitted
    with pytest.raises(
        ScoringError, match=f"CR-BIN-012: Variable '{name}' cannot be read as {kind}: its column has"
    ):
        binner.transform(X.head(1).assign(**{name: [value]}))


@pytest.mark.parametrize("value", [Decimal("1.5"), True, 1, np.float32(1.5)])
def test_numbers_of_any_make_are_numbers(fitted, value):
    binner, X = fitted
    one = X.head(1).assign(number=pd.Series([value], dtype=object))
    assert binner.transform(one)[0, 0] == binner.transform(X.head(1).assign(number=float(value)))[0, 0]


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NaT])
def test_a_column_in_which_everything_is_missing_is_missing_whatever_its_type(fitted, nothing):
    binner, X = fitted
    gone = X.head(2).assign(**dict.fromkeys(X.columns, nothing))
    if nothing is pd.NaT:
        gone["number"] = np.nan
    woe = binner.transform(gone)
    assert woe.tolist() == [[v.woe[v.missing_index] for v in binner.spec_.variables]] * 2


def test_infinite_numbers_at_scoring_are_unseen_and_flagged(fitted):
    binner, X = fitted
    one = WoeBinner(unseen="worst").fit(X[["number"]], (X["number"] > 0).astype(int)).spec_
    result = apply_binning(one, np.array([[np.inf], [-np.inf], [0.1]]))
    assert result.flags.ravel().tolist() == [3, 3, 0]
    assert result.woe[0, 0] == min(one.variables[0].woe)
    assert binner.transform(X.head(1).assign(number=np.inf))[0, 0] == 0.0


@pytest.mark.parametrize(
    ("policy", "expected"), [("neutral", "neutral"), ("worst", "worst"), ("own", "neutral")]
)
def test_an_unknown_category_reaches_the_score_with_its_policy_and_a_flag(sample, policy, expected):
    value, is_bad = sample
    X = pd.DataFrame({"job": np.where(value > 0, "a", "b")})
    card = Scorecard(binner=WoeBinner(unseen=policy)).fit(X, is_bad)
    result = card.score_rows(pd.DataFrame({"job": ["a", "never seen", None]}))
    assert result.flags.ravel().tolist() == [0, 3, 1]
    job = card.spec_.binning.variables[0]
    assert job.origins[job.unseen_index] == expected
    if policy == "worst":
        assert result.points[1, 0] == min(card.spec_.points[0])


def test_an_unknown_category_can_be_refused(sample):
    value, is_bad = sample
    X = pd.DataFrame({"job": np.where(value > 0, "a", "b")})
    card = Scorecard(binner=WoeBinner(unseen="error")).fit(X, is_bad)
    with pytest.raises(ScoringError, match="CR-BIN-011: Variable 'job' holds 1 values of the kind 'Unseen'"):
        card.predict_score(pd.DataFrame({"job": ["never seen"]}))


def test_the_largest_gap_between_distributions_can_be_the_objective(sample):
    value, is_bad = sample
    binner = WoeBinner(
        objective="kolmogorov_smirnov", trend="ascending", min_share=0.0, min_goods=0, min_bads=0
    )
    bins = binner.fit(value[:, None], is_bad).spec_.variables[0]
    assert bins.n_regular == 2
    order = np.sort(value)
    bad_share = np.searchsorted(np.sort(value[is_bad == 1]), order, side="right") / is_bad.sum()
    good_share = np.searchsorted(np.sort(value[is_bad == 0]), order, side="right") / (N - is_bad.sum())
    reached = abs(bins.n_bads[0] / is_bad.sum() - bins.n_goods[0] / (N - is_bad.sum()))
    assert reached == pytest.approx(np.max(good_share - bad_share), abs=1e-12)
