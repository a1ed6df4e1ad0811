"""Charts: each function draws one table on the axes it is given and returns them. No figure, no file, no global state.

Every function takes `language` for the words on the axes. Series differ by line style or shape as well as by color.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.texts import text
from credit_risk.numerics.discrimination import class_distributions
from credit_risk.reporting.fonts import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

INK = "#1f2933"
MUTED = "#8a94a0"
GRID = "#e3e7ec"
GOOD = "#2f7f8f"
BAD = "#b8442c"
ACCENT = "#1f4e8c"
PALE = "#c9d8ea"
#: Color, line style and marker of the first, second, ... model.
SERIES = ((ACCENT, "-", "o"), (BAD, "--", "s"), (GOOD, "-.", "^"), ("#7a5195", ":", "D"))

#: A curve keeps at most this many points: more cannot be seen, and the page stays small.
_MAX_POINTS = 300
#: Below this share of approved customers a bad rate is noise.
_LEAST_APPROVED = 0.02


def bad_rate_reach(table: pandas.DataFrame) -> NDArray[np.float64]:
    """Return how far the interval of each bad rate reaches below and above it, shape (2, n_rows), for error bars.

    `table` has `bad_rate`, `bad_rate_low`, `bad_rate_high`.
    """
    low, rate, high = (table[f"bad_rate{end}"].to_numpy(dtype=np.float64) for end in ("_low", "", "_high"))
    return np.array([rate - low, high - rate])


@readable
def plot_roc(
    ax: Axes, curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]], *, language: str = "en"
) -> Axes:
    """Draw ROC curves: model -> (share of goods, share of bads), from :func:`credit_risk.evaluation.roc_curve`."""
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8)
    for (name, (good_share, bad_share)), (color, style, _) in zip(
        curves.items(), cycle(SERIES), strict=False
    ):
        kept = thinned(good_share.size)
        ax.plot(good_share[kept], bad_share[kept], color=color, linestyle=style, label=name)
    as_shares(ax, x=True, y=True)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return labelled(ax, "goods_caught", "bads_caught", language)


@readable
def plot_ks(ax: Axes, pd: ArrayLike, is_bad: ArrayLike, *, language: str = "en") -> Axes:
    """Draw the cumulative shares of goods and bads along the PD, and the largest gap between them.

    `pd` in 0..1 and `is_bad` (1 is bad), shape (n_rows,) each.
    """
    values, bad_share, good_share = class_distributions(
        np.asarray(pd, dtype=np.float64), np.asarray(is_bad, dtype=np.bool_)
    )
    at = int(np.argmax(np.abs(good_share - bad_share)))
    kept = thinned(values.size)
    ax.plot(values[kept], good_share[kept], color=GOOD, label=text("report.chart.goods", language))
    ax.plot(
        values[kept], bad_share[kept], color=BAD, linestyle="--", label=text("report.chart.bads", language)
    )
    distance = f"KS {abs(good_share[at] - bad_share[at]):.3f}"
    ax.plot([values[at]] * 2, [bad_share[at], good_share[at]], color=INK, linewidth=1.2, label=distance)
    as_shares(ax, x=True, y=True)
    ax.set(xlim=(0, float(np.quantile(values, 0.995))), ylim=(0, 1))
    return labelled(ax, "pd", "cumulative_share", language)


@readable
def plot_reliability(ax: Axes, tables: Mapping[str, pandas.DataFrame], *, language: str = "en") -> Axes:
    """Draw observed bad rates against mean PDs, with Jeffreys intervals, from ``calibration_table``."""
    highest = max(float(t[["mean_pd", "bad_rate_high"]].to_numpy().max()) for t in tables.values())
    ax.plot([0, highest], [0, highest], color=MUTED, linewidth=0.8)
    for (name, table), (color, _, marker) in zip(tables.items(), cycle(SERIES), strict=False):
        rate = table["bad_rate"]
        ax.errorbar(
            table["mean_pd"],
            rate,
            yerr=bad_rate_reach(table),
            fmt=marker,
            markersize=4,
            color=color,
            elinewidth=1.0,
            label=name,
        )
    as_shares(ax, x=True, y=True)
    ax.set(xlim=(0, None), ylim=(0, None))
    return labelled(ax, "mean_pd", "bad_rate", language)


@readable
def plot_score_distribution(ax: Axes, score: ArrayLike, is_bad: ArrayLike, *, language: str = "en") -> Axes:
    """Draw how scores of goods and of bads are spread, each as shares of its class.

    `score` in points and `is_bad` (1 is bad), shape (n_rows,) each.
    """
    points, bad = np.asarray(score, dtype=np.float64), np.asarray(is_bad, dtype=np.bool_)
    edges = np.linspace(float(points.min()), float(points.max()), 41)
    for member, color, key in ((~bad, GOOD, "goods"), (bad, BAD, "bads")):
        counts = np.histogram(points[member], bins=edges)[0]
        ax.stairs(
            counts / max(int(member.sum()), 1),
            edges,
            fill=True,
            color=color,
            alpha=0.45,
            label=text(f"report.chart.{key}", language),
        )
    as_shares(ax, y=True)
    ax.set(ylim=(0, None))
    return labelled(ax, "score", "share_of_class", language)


@readable
def plot_binning(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw one variable's bins from top to bottom: bars for customers, a line for the bad rate with its interval.

    `table` has `bin`, `n`, `bad_rate`, `bad_rate_low`, `bad_rate_high`.
    """
    rows = np.arange(len(table))
    ax.barh(rows, table["n"] / table["n"].sum(), color=PALE, label=text("report.chart.customers", language))
    ax.set_yticks(rows, [str(label) for label in table["bin"]])
    ax.invert_yaxis()
    as_shares(ax, x=True)
    line = ax.twiny()
    rate = table["bad_rate"]
    line.errorbar(
        rate,
        rows,
        xerr=bad_rate_reach(table),
        color=BAD,
        marker="o",
        markersize=3.5,
        linewidth=1.2,
        elinewidth=0.8,
        label=text("report.chart.bad_rate", language),
    )
    as_shares(line, x=True)
    line.set(xlim=(0, None))
    line.grid(visible=False)
    line.tick_params(axis="x", colors=BAD)
    styled(line)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(text("report.chart.share_of_customers", language))
    line.set_xlabel(text("report.chart.bad_rate", language), color=BAD)
    return styled(ax)


@readable
def plot_approvals(ax: Axes, bands: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw approval rate (bars) and bad rate (line with interval) by score band."""
    rows = np.arange(len(bands))
    ax.bar(rows, bands["approval_rate"], color=PALE, label=text("report.chart.approval_rate", language))
    rate = bands["bad_rate"]
    ax.errorbar(
        rows,
        rate,
        yerr=bad_rate_reach(bands),
        color=BAD,
        marker="o",
        markersize=3.5,
        label=text("report.chart.bad_rate", language),
    )
    as_shares(ax, y=True)
    _band_ticks(ax, bands)
    return labelled(ax, "score_band", "share", language)


@readable
def plot_tradeoff(
    ax: Axes, tables: Mapping[str, pandas.DataFrame], *, chosen: float, language: str = "en"
) -> Axes:
    """Draw the bad rate among the approved against the approval rate, by model, if customers were taken by PD alone.

    `tables` are from :func:`credit_risk.evaluation.cut_off_table`; `chosen` is the approval rate of the strategy, marked on
    the axis. Rates of the few first customers say nothing and are left out.
    """
    for (name, table), (color, style, _) in zip(tables.items(), cycle(SERIES), strict=False):
        kept = table[table["approval_rate"] >= _LEAST_APPROVED]
        ax.plot(kept["approval_rate"], kept["bad_rate_approved"], color=color, linestyle=style, label=name)
    label = text("report.chart.strategy", language)
    ax.axvline(chosen, color=MUTED, linestyle=":", linewidth=1.2, label=label)
    as_shares(ax, x=True, y=True)
    ax.set(xlim=(0, 1), ylim=(0, None))
    return labelled(ax, "approval_rate", "bad_rate_approved", language)


@readable
def plot_by_band(
    ax: Axes, bands: pandas.DataFrame, column: str, *, is_share: bool, language: str = "en"
) -> Axes:
    """Draw one column by score band as bars: a limit, a price, a profit."""
    values = bands[column].to_numpy(dtype=np.float64)
    colors = [ACCENT if value >= 0 else BAD for value in np.nan_to_num(values)]
    ax.bar(np.arange(len(bands)), np.nan_to_num(values), color=colors, width=0.7)
    if is_share:
        as_shares(ax, y=True)
    else:
        ax.yaxis.set_major_formatter(short_amount)
    _band_ticks(ax, bands)
    return labelled(ax, "score_band", column, language)


@readable
def plot_offers(
    ax: Axes, offers: pandas.DataFrame, column: str, *, is_share: bool, language: str = "en"
) -> Axes:
    """Draw a term of the offer against PD over the approved: a step that holds until the next PD seen."""
    by_pd = offers.sort_values("pd", kind="stable")
    pd, values = by_pd["pd"].to_numpy(dtype=np.float64), by_pd[column].to_numpy(dtype=np.float64)
    turns = np.flatnonzero(np.diff(values) != 0)
    kept = np.unique(np.concatenate([[0], turns + 1, [values.size - 1]]))
    kept = kept if kept.size <= 2 * _MAX_POINTS else kept[thinned(kept.size)]
    ax.step(pd[kept], values[kept], where="post", color=ACCENT)
    as_shares(ax, x=True, y=is_share)
    if not is_share:
        ax.yaxis.set_major_formatter(short_amount)
    return labelled(ax, "pd", column, language)


def plot_profit(ax: Axes, amounts: Mapping[str, float], *, total_label: str, currency: str) -> Axes:
    """Draw how income and costs (label -> amount) add up to the expected profit: a waterfall, top to bottom."""
    parts = np.array(list(amounts.values()), dtype=np.float64)
    ends = np.cumsum(parts)
    starts = np.concatenate([ends - parts, [0.0]])
    widths = np.concatenate([parts, ends[-1:]])
    colors = [GOOD if width >= 0 else BAD for width in widths[:-1]] + [ACCENT]
    ax.barh(np.arange(widths.size), widths, left=starts, color=colors, height=0.65)
    ax.set_yticks(np.arange(widths.size), [*amounts, total_label])
    ax.invert_yaxis()
    ax.axvline(0.0, color=INK, linewidth=0.8)
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_formatter(short_amount)
    ax.set_xlabel(currency)
    return styled(ax)


def thinned(n_points: int) -> NDArray[np.intp]:
    """Return the positions of at most a few hundred evenly spaced points, the first and last among them."""
    if n_points <= _MAX_POINTS:
        return np.arange(n_points)
    return np.unique(np.linspace(0, n_points - 1, _MAX_POINTS).round().astype(np.intp))


def short_amount(value: float, _position: float) -> str:
    """Write an axis amount in thousands or millions."""
    for size, unit in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:,.4g}{unit}"
    return f"{value:,.4g}"


def as_shares(ax: Axes, *, x: bool = False, y: bool = False) -> None:
    """Write the chosen axes in percent."""
    for axis, wanted in ((ax.xaxis, x), (ax.yaxis, y)):
        if wanted:
            axis.set_major_formatter(lambda value, _position: f"{100.0 * value:.4g}%")


def _band_ticks(ax: Axes, bands: pandas.DataFrame) -> None:
    ax.set_xticks(
        np.arange(len(bands)),
        [f"{low:.0f}–{high:.0f}" for low, high in zip(bands["score_low"], bands["score_high"], strict=True)],
        rotation=40,
        ha="right",
        rotation_mode="anchor",
    )


def labelled(ax: Axes, x_key: str, y_key: str, language: str) -> Axes:
    """Name both axes in words of the catalogue."""
    ax.set_xlabel(text(f"report.chart.{x_key}", language))
    ax.set_ylabel(text(f"report.chart.{y_key}", language))
    return styled(ax)


def styled(ax: Axes) -> Axes:
    """Keep the frame quiet: no box, pale grid behind the data."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED)
    ax.set_axisbelow(True)
    return ax
