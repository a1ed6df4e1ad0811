"""The booster explained: the pictures show the contributions they were given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from credit_risk.reporting import Explained, ReportContent, render_report
from credit_risk.reporting.charts_evidence import (
    mean_along,
    plot_contributions,
    plot_dependence,
    swarm_offsets,
)


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_every_customer_is_a_dot_at_its_contribution(ax, content: ReportContent) -> None:
    explained = content.explained
    labels = ["a", "b", "c", "d", "e"]
    plot_contributions(ax, explained.contributions, explained.values, labels)
    dots = [line for line in ax.lines if line.get_marker() in {"o", "x"} and len(line.get_xdata())]
    x = np.concatenate([line.get_xdata() for line in dots])
    np.testing.assert_allclose(np.sort(x), np.sort(explained.contributions.ravel()))
    crosses = [line for line in dots if line.get_marker() == "x"]
    assert sum(len(line.get_xdata()) for line in crosses) == 40
    assert [label.get_text() for label in ax.get_yticklabels()] == labels
    assert ax.get_legend_handles_labels()[1] == ["Low value", "High value", "Missing"]


def test_dots_of_a_row_stay_in_their_row() -> None:
    offsets = swarm_offsets(np.random.default_rng(0).normal(size=500))
    assert np.abs(offsets).max() == pytest.approx(0.4)
    assert swarm_offsets(np.zeros(1)).tolist() == [0.0]


def test_high_values_are_red_and_low_values_blue(ax) -> None:
    values = np.arange(10.0)[:, None]
    plot_contributions(ax, values, values, ["a"])
    color_of = {float(x): line.get_color() for line in ax.lines[:-4] for x in line.get_xdata()}
    assert color_of[0.0] == "#1f4e8c"
    assert color_of[9.0] == "#b8442c"


def test_dependence_sets_missing_values_apart(ax) -> None:
    value = np.array([np.nan, 0.0, 1.0, 2.0, 3.0])
    plot_dependence(ax, value, np.array([9.0, 0.0, 1.0, 2.0, 3.0]))
    crosses = next(line for line in ax.lines if line.get_marker() == "x")
    assert crosses.get_ydata().tolist() == [9.0]
    assert crosses.get_xdata()[0] < 0.0


@pytest.mark.parametrize("value", [np.full(4, np.nan), np.zeros(4)])
def test_dependence_of_nothing_but_missing_or_equal_values_is_drawn(ax, value) -> None:
    assert plot_dependence(ax, value, np.arange(4.0)) is ax


def test_the_mean_line_is_the_mean_of_each_group() -> None:
    x, y = np.repeat(np.arange(4.0), 50), np.random.default_rng(1).normal(size=200)
    middle, mean = mean_along(x, y, 4)
    np.testing.assert_allclose(middle, [0, 1, 2, 3])
    np.testing.assert_allclose(mean, y.reshape(4, 50).mean(axis=1))


def test_the_order_of_features_is_compared_between_halves() -> None:
    contributions = np.tile([[3.0, 2.0, 1.0]], (10, 1))
    facts = {"model": "m", "names": ("a", "b", "c"), "values": contributions, "n_population": 10}
    assert Explained(contributions=contributions, **facts).order_stability() == 1.0
    turned = contributions.copy()
    turned[1::2] = turned[1::2, ::-1]
    assert Explained(contributions=turned, **facts).order_stability() == -1.0


def test_the_lead_says_how_many_customers_were_drawn(content: ReportContent) -> None:
    page = render_report(replace(content, binning={}, score=None, offers=None), "en")
    assert "Drawn for 400 of 3,000 holdout customers (300 of them as dots)" in page
