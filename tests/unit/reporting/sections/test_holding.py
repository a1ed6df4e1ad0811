"""Segments and stability on the page: what is marked, what is said when nothing is known about time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from credit_risk.reporting import ReportContent
from credit_risk.reporting.charts_evidence import plot_periods, plot_segments, plot_shares
from credit_risk.reporting.sections.holding import _shift_cell, _verdict, holding_sections, marked_groups


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_a_shift_is_marked_where_its_interval_leaves_zero_out() -> None:
    marks = [
        _shift_cell({"s": value, "s_low": low, "s_high": high}, "s").is_alert
        for value, low, high in [(0.1, -0.1, 0.3), (0.2, 0.1, 0.3), (-0.2, -0.3, -0.1), (np.nan,) * 3]
    ]
    assert marks == [False, True, True, False]


def test_marked_groups_of_the_deciding_model_are_counted(content: ReportContent) -> None:
    table = content.segments.copy()
    table[["shift_low", "shift_high"]] = [-1.0, 1.0]
    table.loc[table["model"] == "booster", "shift_low"] = 0.5
    assert "in 0 of 2 groups" in marked_groups(table, "scorecard", "en")
    assert "in 2 of 2 groups" in marked_groups(table, "booster", "en")


@pytest.mark.parametrize(
    ("index", "words"), [(0.01, "Nothing moved"), (0.1, "Something moved"), (0.3, "Much moved")]
)
def test_the_verdict_follows_the_larger_index(content: ReportContent, index: float, words: str) -> None:
    assert _verdict(index, content.stability, "en").startswith(words)
    worse = content.stability.assign(psi=[index, 0.0])
    assert _verdict(0.0, worse, "en").startswith(words)


def test_without_time_the_page_says_so(content: ReportContent) -> None:
    stability = holding_sections(replace(content, periods=None), "en")[-1]
    words = [block.text for block in stability.blocks if block.kind == "paragraph"]
    assert any("nothing can be said about time" in one for one in words)
    dated = [block.text for block in holding_sections(content, "en")[-1].blocks if block.kind == "paragraph"]
    assert not any("nothing can be said about time" in one for one in dated)


def test_groups_draw_their_rates_and_every_models_level(ax, content: ReportContent) -> None:
    table = content.segments
    plot_segments(ax, table)
    rates = np.asarray(ax.containers[0].lines[0].get_xdata(), dtype=float)
    np.testing.assert_allclose(rates, table.drop_duplicates("group")["bad_rate"])
    dots = [line.get_xdata() for line in ax.lines if line.get_label().startswith("Mean PD")]
    means = np.concatenate(dots)
    np.testing.assert_allclose(np.sort(means), np.sort(table["mean_pd"]))


def test_shares_stand_side_by_side(ax, content: ReportContent) -> None:
    table = content.score_stability
    plot_shares(ax, table)
    heights = [bar.get_height() for container in ax.containers for bar in container]
    np.testing.assert_allclose(heights, [*table["share_expected"], *table["share_actual"]])


def test_periods_draw_levels_before_and_after_recalibration(ax, content: ReportContent) -> None:
    plot_periods(ax, content.periods)
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["Mean PD, scorecard", "Mean PD recalibrated, scorecard", "Bad rate"]
