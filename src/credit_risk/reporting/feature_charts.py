"""Charts of features: against the risk, over time, source beside source. Same manners as ``charts``."""

from __future__ import annotations

import re
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.texts import text
from credit_risk.reporting.charts import ACCENT, BAD, MUTED, PALE, SERIES, as_shares, bad_rate_reach, labelled
from credit_risk.reporting.fonts import readable

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

#: An AUC of 0.85 or more from one feature: rarely merit, often a leak.
SUSPICIOUS_SEPARATION = 0.35


@readable
def plot_feature_risk(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw a feature's bad rate with its interval over bars of customers, from ``evaluation.risk_by_value``.

    Customers without a value stand apart: the line does not lead to them.
    """
    rows = np.arange(len(table))
    missing = np.asarray(table.index == "missing")
    ax.bar(rows, table["share"], color=PALE, label=text("report.chart.share_of_customers", language))
    rate = table["bad_rate"]
    reach = bad_rate_reach(table)
    for kept, style in ((~missing, "o-"), (missing, "D")):
        if kept.any():
            label = None if style == "D" else text("report.chart.bad_rate", language)
            ax.errorbar(
                rows[kept], rate[kept], yerr=reach[:, kept], color=BAD, fmt=style, markersize=4, label=label
            )
    words = [
        text("report.bin.missing", language) if gone else _shortened(str(name))
        for name, gone in zip(table.index, missing, strict=True)
    ]
    ax.set_xticks(rows, words, rotation=40, ha="right", rotation_mode="anchor")
    as_shares(ax, y=True)
    ax.set(ylim=(0, None))
    return labelled(ax, "value", "share", language)


def _shortened(label: str) -> str:
    """Write the numbers of a group with three digits."""
    return re.sub(r"-?\d[\d.e+-]*", lambda number: f"{float(number[0]):.3g}", label)


@readable
def plot_feature_over_time(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw a feature's median and its spread (10 to 90 %, 25 to 75 %) by period, from ``evaluation.value_by_period``."""
    rows = np.arange(len(table))
    for low, high, alpha in (("p10", "p90", 0.35), ("p25", "p75", 0.8)):
        label = f"{low[1:]}–{high[1:]} %"
        ax.fill_between(rows, table[low], table[high], color=PALE, alpha=alpha, linewidth=0, label=label)
    ax.plot(
        rows,
        table["median"],
        color=ACCENT,
        marker="o",
        markersize=4,
        label=text("report.chart.median", language),
    )
    ax.set_xticks(
        rows, [str(period) for period in table.index], rotation=40, ha="right", rotation_mode="anchor"
    )
    return labelled(ax, "period", "value", language)


@readable
def plot_separation_by_source(
    ax: Axes, separation: pandas.Series[float], source: pandas.Series[str], *, language: str = "en"
) -> Axes:
    """Draw each feature's separation (AUC's distance from one half) as a dot in the row of its source.

    `separation` and `source` are indexed by feature; features without a separation are left out.
    """
    seen = separation.dropna().sort_values()
    groups = seen.groupby(source.reindex(seen.index)).max().sort_values()
    for row, (name, (color, _, marker)) in enumerate(zip(groups.index, cycle(SERIES), strict=False)):
        found = seen[source.reindex(seen.index) == name]
        ax.plot(found, np.full(len(found), row), linestyle="", marker=marker, color=color, alpha=0.55)
    ax.axvline(
        SUSPICIOUS_SEPARATION,
        color=MUTED,
        linestyle="--",
        linewidth=1.0,
        label=text("report.chart.suspicious", language),
    )
    ax.set_yticks(np.arange(len(groups)), [str(name) for name in groups.index])
    ax.set(xlim=(0, 0.5), ylim=(-0.6, len(groups) - 0.4))
    return labelled(ax, "separation", "source", language)
