"""Charts of features draw what the tables say, on the axes they are given."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
from matplotlib.figure import Figure

from credit_risk.evaluation import risk_by_value, value_by_period
from credit_risk.reporting import feature_charts


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.mark.parametrize(("language", "word"), [("en", "Missing"), ("zh-CN", "缺失")])
def test_risk_bars_are_shares_and_missing_is_said_in_words(ax, language, word):
    table = risk_by_value([1, 1, 2, 2, np.nan], [0, 1, 1, 1, 0], n_groups=2)
    assert feature_charts.plot_feature_risk(ax, table, language=language) is ax
    assert [bar.get_height() for bar in ax.patches] == table["share"].tolist()
    assert [list(line.get_ydata()) for line in ax.lines if len(line.get_ydata())][:1] == [[0.5, 1.0]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["< 2", ">= 2", word]


def test_time_shows_the_median_inside_its_spread(ax):
    table = value_by_period(np.arange(20.0), np.repeat(["2026-01", "2026-02"], 10))
    assert feature_charts.plot_feature_over_time(ax, table) is ax
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), table["median"])
    assert ax.get_legend_handles_labels()[1] == ["10–90 %", "25–75 %", "Median"]
    assert ax.get_xlabel() == "Period"


def test_each_source_has_a_row_and_features_without_separation_are_left_out(ax):
    separation = pandas.Series({"a": 0.1, "b": 0.3, "c": np.nan, "d": 0.2})
    source = pandas.Series({"a": "bank", "b": "calls", "c": "calls", "d": "bank"})
    assert feature_charts.plot_separation_by_source(ax, separation, source) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["bank", "calls"]
    assert [list(line.get_xdata()) for line in ax.lines[:2]] == [[0.1, 0.2], [0.3]]
    assert ax.get_xlabel() == "Separation: distance of the AUC from one half"
