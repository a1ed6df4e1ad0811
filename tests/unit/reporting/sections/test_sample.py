"""Who was counted and which variables were chosen: every count of the waterfalls adds up, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pandas
import pytest
from matplotlib.figure import Figure

from credit_risk.reporting import ReportContent
from credit_risk.reporting.charts_evidence import plot_flow
from credit_risk.reporting.render import report_sections
from credit_risk.reporting.sections.sample import sample_steps, selection_steps


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_the_sample_waterfall_adds_up(content: ReportContent) -> None:
    steps = sample_steps(content.sample, content.exclusions, "en")
    labels = [label for label, _, _, _ in steps]
    assert labels == [
        "Applications",
        "Outcome undetermined",
        "In the sample",
        "Development",
        "Validation",
        "Holdout",
    ]
    first, out, left, *parts = steps
    n_kept = int(content.sample["n"].sum())
    assert first[2] == n_kept + 120
    assert (out[1], out[2]) == (first[2], n_kept)
    assert left[2] == n_kept
    assert [end - start for _, start, end, _ in parts] == content.sample["n"].tolist()
    assert parts[-1][2] == n_kept


def test_an_unknown_exclusion_is_shown_as_it_is(content: ReportContent) -> None:
    excluded = pandas.DataFrame({"reason": ["too <young>"], "n": [3]})
    assert sample_steps(content.sample, excluded, "zh-CN")[1][0] == "too <young>"


def test_the_selection_waterfall_removes_every_variable_once(content: ReportContent) -> None:
    steps = selection_steps(content.selection, "en")
    assert [(start - end) for _, start, end, kind in steps if kind == "out"] == [1, 1, 1]
    assert steps[0][2] - 3 == steps[-1][2] == 2
    assert [label for label, _, _, kind in steps if kind == "out"] == [
        "Too little information",
        "Close to a stronger variable",
        "a later gate",
    ]


def test_a_flow_draws_one_bar_and_one_count_per_step(ax) -> None:
    steps = [("All", 0.0, 100.0, "all"), ("Out", 100.0, 70.0, "out"), ("Left", 0.0, 70.0, "left")]
    assert plot_flow(ax, steps) is ax
    bars = [bar for container in ax.containers for bar in container]
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 100), (70, 30), (0, 70)]
    assert [label.get_text() for label in ax.texts] == ["100", "−30", "70"]


def test_reasons_with_figures_stand_beside_the_variables_that_were_left_out(content: ReportContent) -> None:
    bare = replace(content, binning={}, score=None)
    section = next(one for one in report_sections(bare, "en") if one.anchor == "selection")
    kept, left_out = section.blocks[-2:]
    assert kept.summary == "Table: 2 variables on the card"
    assert left_out.summary == "Table: 3 variables left out, and why"
    row = left_out.items[0].rows[0]
    assert [cell.text for cell in row[1:]] == ["0.290", "Close to a stronger variable"]
    assert row[2].note == "information value 0.5000"


def test_reasons_are_told_in_the_readers_language(content: ReportContent) -> None:
    bare = replace(content, binning={}, score=None)
    section = next(one for one in report_sections(bare, "zh-CN") if one.anchor == "selection")
    assert section.blocks[-1].items[0].rows[0][2].note == "信息值 0.5000"
