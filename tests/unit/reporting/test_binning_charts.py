"""Charts of bins draw what the binning tables say."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from credit_risk.binning import BinDecision, WoeBinner
from credit_risk.reporting import plot_bins, plot_bins_by_period, plot_information_values, plot_woe

N = 3000


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(4)
    value = rng.normal(size=N)
    is_bad = (rng.random(N) < 1 / (1 + np.exp(1.5 - value))).astype(int)
    value[:150] = np.nan
    value[150:300] = -9.0
    return pd.DataFrame({"value": value, "noise": rng.normal(size=N)}), is_bad


@pytest.fixture(scope="module")
def binner(sample):
    X, is_bad = sample
    decision = BinDecision(
        variable="value", action="force_woe", bin="Unseen", values=(-0.5,), author="A", decided_at="2026-11-01", reason="r"
    )  # fmt: skip
    return WoeBinner(special_codes={"value": (-9.0,)}, decisions=[decision]).fit(X, is_bad)


def test_bars_are_counts_and_the_line_joins_regular_bins_only(ax, binner) -> None:
    table = binner.binning_table("value")
    assert plot_bins(ax, table) is ax
    filled = table[(table["Count"] > 0) & (table.index != "Totals")]
    heights = [bar.get_height() for bar in ax.containers[0]]
    assert heights == filled["Non-event"].tolist()
    tops = [bar.get_y() + bar.get_height() for bar in ax.containers[1]]
    np.testing.assert_allclose(tops, filled["Count"].astype(float))
    twin = next(one for one in ax.figure.axes if one is not ax)
    n_regular = binner.variable("value").n_regular
    joined, apart = twin.containers[0].lines[0], twin.containers[1].lines[0]
    np.testing.assert_allclose(joined.get_ydata(), filled["Event rate"].astype(float)[:n_regular])
    assert joined.get_linestyle() == "-"
    assert apart.get_linestyle() == "None"
    assert len(apart.get_ydata()) == 2


def test_missing_and_special_bins_are_told_apart_and_stand_apart(ax, binner) -> None:
    plot_bins(ax, binner.binning_table("value"))
    hatches = [bar.get_hatch() for bar in ax.containers[0]]
    n_regular = binner.variable("value").n_regular
    assert hatches[:n_regular] == [None] * n_regular
    assert hatches[n_regular:] == ["....", "////"]
    centers = np.array([bar.get_x() + bar.get_width() / 2 for bar in ax.containers[0]])
    steps = np.diff(centers)
    assert steps[n_regular - 1] == pytest.approx(1.5)
    assert np.delete(steps, n_regular - 1) == pytest.approx(1.0)


def test_the_line_can_be_the_woe(ax, binner) -> None:
    table = binner.binning_table("value")
    plot_bins(ax, table, line="woe")
    twin = next(one for one in ax.figure.axes if one is not ax)
    n_regular = binner.variable("value").n_regular
    np.testing.assert_allclose(twin.containers[0].lines[0].get_ydata(), table["WoE"].iloc[:n_regular])


@pytest.mark.parametrize(("language", "word"), [("en", "Goods"), ("zh-CN", "好客户")])
def test_words_follow_the_language(ax, binner, language, word) -> None:
    plot_bins(ax, binner.binning_table("value"), language=language)
    assert word in [entry.get_text() for entry in ax.get_legend().get_texts()]


def test_every_bin_has_its_line_over_time(ax, binner, sample) -> None:
    X, is_bad = sample
    table = binner.period_table("value", X, is_bad, np.arange(N) % 3)
    plot_bins_by_period(ax, table)
    assert len(ax.lines) == binner.variable("value").n_regular + 2
    first = table[table["bin_id"] == 0]["bad_rate"]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), first)
    styles = [line.get_linestyle() for line in ax.lines]
    assert styles[-2:] == ["--", "--"]
    assert set(styles[:-2]) == {"-"}


def test_information_values_are_ranked_with_their_intervals(ax, binner) -> None:
    summary = binner.summary()
    plot_information_values(ax, summary)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["value", "noise"]
    bars = ax.patches
    assert bars[0].get_width() == summary["iv"].max()
    segments = np.array(ax.containers[0].lines[2][0].get_segments(), dtype=float)
    np.testing.assert_allclose(segments[0][:, 0], summary.loc[0, ["iv_low", "iv_high"]].astype(float))


def test_woe_whiskers_span_the_interval_and_forced_bins_have_none(ax, binner) -> None:
    table = binner.binning_table("value")
    plot_woe(ax, table)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[-1] == "Unseen"
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert [ring.get_xdata()[0] for ring in rings] == [-0.5]
    safest = table.iloc[0]
    segments = [s for c in ax.containers for s in c.lines[2][0].get_segments()]
    wide = 2 * 1.959963984540054 * safest["WoE error"]
    assert any(np.ptp(segment[:, 0]) == pytest.approx(wide) for segment in segments)


def test_no_chart_opens_a_figure_of_its_own(ax, binner) -> None:
    before = plt.get_fignums()
    plot_bins(ax, binner.binning_table("noise"))
    assert plt.get_fignums() == before
