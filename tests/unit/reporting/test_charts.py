"""Charts draw what the tables say, on the axes they are given."""

from __future__ import annotations

import re

import matplotlib as mpl
import numpy as np
import pandas
import pytest
from matplotlib.figure import Figure
from scipy import stats

from credit_risk.evaluation import calibration_table, cut_off_table, roc_curve
from credit_risk.reporting import charts
from credit_risk.reporting.figures import draw


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_roc_draws_the_curve_and_keeps_its_ends(ax) -> None:
    generator = np.random.default_rng(0)
    pd = generator.random(5000)
    curve = roc_curve(pd, generator.random(5000) < pd)
    assert charts.plot_roc(ax, {"m": curve}) is ax
    x, y = ax.lines[1].get_data()
    assert len(x) <= 300
    assert (x[0], y[0], x[-1], y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert set(zip(x, y, strict=True)) <= set(zip(*curve, strict=True))


def test_ks_marks_the_largest_gap(ax) -> None:
    charts.plot_ks(ax, np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, False, True, True]))
    assert ax.get_legend_handles_labels()[1] == ["Goods", "Bads", "KS 1.000"]
    assert list(ax.lines[2].get_xdata()) == [0.2, 0.2]


def test_reliability_draws_every_group_with_its_interval(ax) -> None:
    generator = np.random.default_rng(1)
    pd = generator.random(400)
    table = calibration_table(pd, generator.random(400) < pd, n_groups=5)
    charts.plot_reliability(ax, {"m": table})
    np.testing.assert_allclose(
        np.asarray(ax.containers[0].lines[0].get_ydata(), dtype=float), table["bad_rate"]
    )
    segments = np.array(ax.containers[0].lines[2][0].get_segments(), dtype=np.float64)
    np.testing.assert_allclose(segments[:, 0, 1], table["bad_rate_low"])
    np.testing.assert_allclose(segments[:, 1, 1], table["bad_rate_high"])


def test_score_shares_add_up_to_one_for_each_class(ax) -> None:
    generator = np.random.default_rng(2)
    charts.plot_score_distribution(ax, generator.normal(600, 40, 500), generator.random(500) < 0.3)
    assert [patch.get_data().values.sum() for patch in ax.patches] == pytest.approx([1.0, 1.0])


def test_outcomes_as_whole_numbers_are_outcomes_not_places(ax) -> None:
    generator = np.random.default_rng(3)
    score, is_bad = generator.normal(600, 40, 200), (generator.random(200) < 0.3).astype(int)
    charts.plot_score_distribution(ax, score, is_bad.tolist())
    expected = np.histogram(score[is_bad == 0], bins=np.linspace(score.min(), score.max(), 41))[0]
    np.testing.assert_allclose(ax.patches[0].get_data().values * (is_bad == 0).sum(), expected)
    charts.plot_ks(ax, score / 1000, is_bad)
    gap = ax.get_legend_handles_labels()[1][-1]
    assert gap == f"KS {stats.ks_2samp(score[is_bad == 1], score[is_bad == 0]).statistic:.3f}"


def test_binning_bars_are_shares_and_the_line_is_the_bad_rate(ax) -> None:
    table = pandas.DataFrame(
        {
            "bin": ["a", "b"],
            "n": [1, 3],
            "bad_rate": [0.5, 0.2],
            "bad_rate_low": [0.1, 0.1],
            "bad_rate_high": [0.9, 0.4],
        }
    )
    charts.plot_binning(ax, table)
    assert [bar.get_width() for bar in ax.patches] == [0.25, 0.75]
    line = ax.figure.axes[1].containers[0].lines[0]
    assert line.get_xdata().tolist() == [0.5, 0.2]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_tradeoff_ends_at_the_bad_rate_of_all(ax) -> None:
    pd = np.linspace(0.01, 0.9, 1000)
    is_bad = np.arange(1000) >= 800
    charts.plot_tradeoff(ax, {"m": cut_off_table(pd, is_bad)}, chosen=0.5)
    x, y = ax.lines[0].get_data()
    assert (x[-1], y[-1]) == (1.0, 0.2)
    assert y[x <= 0.8].max() == 0.0
    assert list(ax.lines[1].get_xdata()) == [0.5, 0.5]


def test_offers_keep_every_step(ax) -> None:
    offers = pandas.DataFrame(
        {"pd": [0.3, 0.1, 0.2, 0.4], "limit_amount": [20.0, 50.0, 50.0, 20.0], "annual_rate": 0.1}
    )
    charts.plot_offers(ax, offers, "limit_amount", is_share=False)
    assert ax.lines[0].get_drawstyle() == "steps-post"
    assert ax.lines[0].get_xydata().tolist() == [[0.1, 50.0], [0.3, 20.0], [0.4, 20.0]]


def test_profit_bars_hang_together_and_end_at_the_sum(ax) -> None:
    charts.plot_profit(
        ax, {"interest": 10.0, "funding": -3.0, "loss": -5.0}, total_label="profit", currency="TWD"
    )
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    assert spans == [(0.0, 10.0), (10.0, 7.0), (7.0, 2.0), (0.0, 2.0)]


def test_drawing_changes_no_global_setting_and_gives_the_same_bytes() -> None:
    before = dict(mpl.rcParams)

    def plot(ax):
        ax.plot([0, 1], [0, 1], label="m")
        ax.set_xlabel("违约概率 & <PD>")
        return ax

    first, second = (draw("a", plot, title='A "title"') for _ in range(2))
    assert first == second
    assert dict(mpl.rcParams) == before
    assert "违约概率 &amp; &lt;PD&gt;" in first.svg
    assert 'aria-label="A &quot;title&quot;"' in first.svg
    assert re.search(r'id="(?!a-)', first.svg) is None
    assert "font-family" not in first.svg
    assert [entry.label for entry in first.legend] == ["m"]


def test_two_drawings_share_no_id() -> None:
    one, two = (draw(name, lambda ax: ax, title="t") for name in ("one", "two"))
    ids = [set(re.findall(r'\bid="([^"]*)"', figure.svg)) for figure in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_axis_amounts_are_short() -> None:
    assert [charts.short_amount(v, 0) for v in (0, 950, 50_000, -2.5e6, 3e9)] == [
        "0",
        "950",
        "50k",
        "-2.5m",
        "3bn",
    ]
