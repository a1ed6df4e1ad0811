"""Charts of the evidence behind a model: who was counted, what drives it, what a cut-off does, whether it holds.

As in ``charts``: each function draws one table on the axes it is given and returns them.
"""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.texts import text
from credit_risk.evaluation.grouping import group_of, inner_edges
from credit_risk.reporting.charts import (
    ACCENT,
    BAD,
    GOOD,
    INK,
    MUTED,
    PALE,
    SERIES,
    as_shares,
    bad_rate_reach,
    labelled,
    short_amount,
    styled,
)
from credit_risk.reporting.fonts import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

#: From low to high values of a feature.
LEVELS = ("#1f4e8c", "#7f9cc4", "#b4b9bf", "#d98c78", "#b8442c")
_POINT = "#7f9cc4"
#: Color of a bar by what it stands for.
_FLOW_COLORS = {"all": ACCENT, "out": BAD, "left": ACCENT, "part": PALE, "kept": GOOD}


def plot_flow(ax: Axes, steps: Sequence[tuple[str, float, float, str]]) -> Axes:
    """Draw who entered and who left, top to bottom, each bar with its count.

    `steps` are (label, start, end, kind); kind is one of ``all``, ``out`` (left here), ``left`` (what remains), ``part`` (of
    what remains) and ``kept``.
    """
    highest = max((max(start, end) for _, start, end, _ in steps), default=1.0)
    for row, (_, start, end, kind) in enumerate(steps):
        left, width = min(start, end), abs(end - start)
        ax.barh(row, width, left=left, color=_FLOW_COLORS[kind], height=0.65)
        is_late = left + width > 0.82 * highest
        ax.text(
            left - 0.01 * highest if is_late and kind == "out" else left + width + 0.01 * highest,
            row,
            f"−{width:,.0f}" if kind == "out" else f"{width:,.0f}",
            ha="right" if is_late and kind == "out" else "left",
            va="center",
            color=INK,
        )
    ax.set_yticks(range(len(steps)), [label for label, _, _, _ in steps])
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.16 * highest))
    ax.xaxis.set_major_formatter(lambda value, _position: f"{value:,.0f}")
    ax.grid(visible=False, axis="y")
    return styled(ax)


@readable
def plot_contributions(
    ax: Axes,
    contributions: NDArray[np.float64],
    values: NDArray[np.float64],
    labels: Sequence[str],
    *,
    language: str = "en",
) -> Axes:
    """Draw one row of dots per feature: where a dot lies is what the feature adds to a customer's log-odds of bad.

    Color says how high the feature's own value is among these customers; customers whose value is missing are crosses.
    Both arrays have shape (n_customers, n_features).
    """
    for at in range(contributions.shape[1]):
        x, height = contributions[:, at], at + swarm_offsets(contributions[:, at])
        level = _level_of(values[:, at])
        for number, color in enumerate(LEVELS):
            ax.plot(x[level == number], height[level == number], "o", color=color, markersize=1.9, mew=0)
        ax.plot(x[level < 0], height[level < 0], "x", color=MUTED, markersize=2.4, mew=0.6)
    for key, color, marker in (("low", LEVELS[0], "o"), ("high", LEVELS[-1], "o"), ("missing", MUTED, "x")):
        ax.plot([], [], marker, color=color, label=text(f"report.chart.value_{key}", language))
    ax.axvline(0.0, color=INK, linewidth=0.8)
    ax.set_yticks(range(len(labels)), [fill(label, 27) for label in labels])
    ax.set(ylim=(len(labels) - 0.4, -0.6))
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(text("report.chart.contribution", language))
    return styled(ax)


@readable
def plot_dependence(
    ax: Axes, value: NDArray[np.float64], contribution: NDArray[np.float64], *, language: str = "en"
) -> Axes:
    """Draw what one feature adds to the log-odds of bad against its value, and the mean along it.

    The axis spans the middle 98 % of the values; customers whose value is missing stand at its left edge as crosses.
    """
    known = ~np.isnan(value)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    low, high = np.quantile(value[known], (0.01, 0.99)) if known.any() else (0.0, 1.0)
    inside = known & (value >= low) & (value <= high)
    ax.plot(value[inside], contribution[inside], "o", color=_POINT, markersize=1.9, mew=0)
    if (~known).any():
        edge = np.full(int((~known).sum()), low - 0.06 * ((high - low) or 1.0))
        label = text("report.chart.value_missing", language)
        ax.plot(edge, contribution[~known], "x", color=MUTED, markersize=2.6, mew=0.6, label=label)
    if inside.any():
        middle, mean = mean_along(value[inside], contribution[inside])
        ax.plot(middle, mean, color=BAD, linewidth=1.4, label=text("report.chart.mean", language))
    ax.xaxis.set_major_formatter(short_amount)
    return labelled(ax, "value", "contribution", language)


@readable
def plot_segments(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw bad rate (with interval) and mean PD by group, top to bottom, one mean PD per model.

    `table` has `group`, `model`, `bad_rate`, `bad_rate_low`, `bad_rate_high`, `mean_pd`.
    """
    groups = list(dict.fromkeys(table["group"]))
    first = table.drop_duplicates("group")
    rate = first["bad_rate"]
    ax.errorbar(
        rate,
        range(len(groups)),
        xerr=bad_rate_reach(first),
        fmt="o",
        color=INK,
        markersize=4,
        elinewidth=1.0,
        label=text("report.chart.bad_rate", language),
    )
    for (model, part), (color, _, marker) in zip(table.groupby("model", sort=False), SERIES, strict=False):
        label = text("report.chart.mean_pd_of", language, model=model)
        rows = [groups.index(group) + 0.18 for group in part["group"]]
        ax.plot(part["mean_pd"], rows, marker, color=color, markersize=4, label=label)
    ax.set_yticks(range(len(groups)), [fill(str(group), 24) for group in groups])
    as_shares(ax, x=True)
    ax.set(xlim=(0, None), ylim=(len(groups) - 0.5, -0.5))
    ax.grid(visible=False, axis="y")
    return styled(ax)


@readable
def plot_shares(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw the shares of each group at development and on holdout: pairs of bars that are equal where nothing moved.

    `table` is from :func:`credit_risk.evaluation.population_stability_index`.
    """
    rows = np.arange(len(table))
    sides = (("share_expected", PALE, -0.2, "development"), ("share_actual", ACCENT, 0.2, "holdout"))
    for name, color, offset, key in sides:
        label = text(f"report.sample.{key}", language)
        ax.bar(rows + offset, table[name], width=0.38, color=color, label=label)
    ax.set_xticks(
        rows, [str(group) for group in table["group"]], rotation=40, ha="right", rotation_mode="anchor"
    )
    as_shares(ax, y=True)
    return labelled(ax, "score", "share_of_customers", language)


@readable
def plot_periods(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw the bad rate with its interval along time, and each model's mean PD before and after recalibration."""
    periods = list(dict.fromkeys(table["group"]))
    first = table.drop_duplicates("group")
    rate = first["bad_rate"]
    ax.errorbar(
        range(len(periods)),
        rate,
        yerr=bad_rate_reach(first),
        fmt="o",
        color=INK,
        markersize=4,
        label=text("report.chart.bad_rate", language),
    )
    for (model, part), (color, style, _) in zip(table.groupby("model", sort=False), SERIES, strict=False):
        x = [periods.index(period) for period in part["group"]]
        for column, width in (("mean_pd", 1.6), ("mean_pd_recalibrated", 0.8)):
            label = text(f"report.chart.{column}_of", language, model=model)
            ax.plot(x, part[column], color=color, linestyle=style, linewidth=width, label=label)
    ax.set_xticks(range(len(periods)), [str(one) for one in periods], rotation=40, ha="right")
    as_shares(ax, y=True)
    ax.set(ylim=(0, None))
    return styled(ax)


def swarm_offsets(x: NDArray[np.float64], n_cells: int = 60) -> NDArray[np.float64]:
    """Return how far each dot is moved off its row so that dots of equal `x` do not hide each other; at most 0.4.

    Examples
    --------
    >>> swarm_offsets(np.array([0.0, 0.0, 0.0, 1.0])).round(2).tolist()
    [0.0, 0.4, -0.4, 0.0]
    """
    span = float(np.ptp(x)) or 1.0
    cell = np.minimum(((x - x.min()) / span * n_cells).astype(np.intp), n_cells - 1)
    order = np.argsort(cell, kind="stable")
    firsts = np.searchsorted(cell[order], cell[order], side="left")
    place = np.empty(x.size, dtype=np.intp)
    place[order] = np.arange(x.size) - firsts
    side = (place + 1) // 2 * np.where(place % 2 == 1, 1, -1)
    return np.asarray(0.4 * side / max(int(np.abs(side).max()), 1), dtype=np.float64)


def mean_along(
    x: NDArray[np.float64], y: NDArray[np.float64], n_groups: int = 12
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of both in groups of about equal size along `x`; equal values are never separated.

    Examples
    --------
    >>> [part.tolist() for part in mean_along(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0.0, 2.0, 5.0, 7.0]), 2)]
    [[1.0, 3.0], [1.0, 6.0]]
    """
    _, group = np.unique(group_of(x, inner_edges(x, n_groups)), return_inverse=True)
    n = np.bincount(group)
    return np.bincount(group, weights=x) / n, np.bincount(group, weights=y) / n


def _level_of(value: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return how high each value is among all, 0 to 4; -1 where it is missing."""
    known = value[~np.isnan(value)]
    if known.size == 0:
        return np.full(value.size, -1)
    below, up_to = (
        np.searchsorted(np.sort(known), value, "left"),
        np.searchsorted(np.sort(known), value, "right"),
    )
    share = (below + up_to) / (2 * known.size)
    level = np.minimum((share * len(LEVELS)).astype(np.intp), len(LEVELS) - 1)
    return np.where(np.isnan(value), -1, level)
