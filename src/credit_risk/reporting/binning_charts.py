"""Charts of bins: what stands in each, how risky it is, how sure that is, and whether it stays so over time.

Each function draws one table of :mod:`credit_risk.binning.table` on the axes it is given and returns them, as all charts do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from credit_risk.domain.texts import text
from credit_risk.reporting.charts import (
    ACCENT,
    BAD,
    GOOD,
    GRID,
    INK,
    MUTED,
    SERIES,
    as_shares,
    styled,
)
from credit_risk.reporting.fonts import readable

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_PALE_GOOD, _PALE_BAD = "#a9cfd6", "#e2b3a8"
_INFORMATIVE = "#86a8d2"
_HATCH = {"missing": "////", "special": "....", "unseen": "xxxx"}
_Z_95 = 1.959963984540054
_LONGEST_LABEL = 28


@readable
def plot_bins(
    ax: Axes,
    table: pandas.DataFrame,
    *,
    line: Literal["bad_rate", "woe"] = "bad_rate",
    language: str = "en",
) -> Axes:
    """Draw one variable's bins: bars of goods and bads, a line of the bad rate (or of the WoE) with its 95 % interval.

    Missing, special and unseen bins stand apart on the right, hatched; empty ones are left out. The line joins regular
    bins only, for the others have no order.

    Parameters
    ----------
    ax : Axes
        The line is drawn on a twin of it.
    table : DataFrame
        From ``binning_table(name)`` in optbinning's layout.
    line : {'bad_rate', 'woe'}
    language : {'en', 'zh-CN'}
    """
    bins = _filled_bins(table)
    kinds = _kinds(bins)
    at = _places(kinds)
    goods, bads = bins["Non-event"].to_numpy(dtype=float), bins["Event"].to_numpy(dtype=float)
    for bottom, height, color, key in (
        (np.zeros_like(goods), goods, _PALE_GOOD, "goods"),
        (goods, bads, _PALE_BAD, "bads"),
    ):
        bars = ax.bar(at, height, bottom=bottom, color=color, label=text(f"report.chart.{key}", language))
        for bar, kind in zip(bars, kinds, strict=True):
            bar.set(hatch=_HATCH.get(kind), edgecolor="white")
    ax.set(ylim=(0, 1.18 * float((goods + bads).max())))
    twin = _line_over_bins(ax, bins, at, line=line, language=language)
    ax.set_xticks(
        at, [_short(label) for label in bins["Bin"]], rotation=30, ha="right", rotation_mode="anchor"
    )
    ax.grid(visible=False)
    ax.yaxis.set_major_formatter(lambda value, _position: f"{value:,.0f}")
    ax.set_ylabel(text("report.chart.customers", language))
    handles, labels = ax.get_legend_handles_labels()
    more = twin.get_legend_handles_labels()
    ax.legend(
        [*handles, *more[0]], [*labels, *more[1]], loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3,
        frameon=False,
    )  # fmt: skip
    return styled(ax)


@readable
def plot_bins_by_period(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw the bad rate of every bin over time: lines that cross are bins whose order does not hold.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        From ``period_table(...)``.
    language : {'en', 'zh-CN'}
    """
    periods = list(dict.fromkeys(table["period"]))
    rows = np.arange(len(periods))
    shown = table[table.groupby("bin_id")["n"].transform("sum") > 0]
    regular = shown.loc[shown["kind"] == "regular", "bin_id"].unique()
    for number, (bin_id, bin_rows) in enumerate(shown.groupby("bin_id")):
        is_regular = bin_id in set(regular)
        shade = _shade(number, len(regular)) if is_regular else MUTED
        ax.plot(
            rows,
            bin_rows.set_index("period")["bad_rate"].reindex(periods),
            color=shade,
            linestyle="-" if is_regular else "--",
            marker=SERIES[number % len(SERIES)][2],
            markersize=3.5,
            label=_short(str(bin_rows["bin"].iloc[0])),
        )
    crowded = max(1, -(-len(periods) // 12))
    ax.set_xticks(rows[::crowded], [str(period) for period in periods[::crowded]], rotation=30, ha="right")
    ax.set(ylim=(0, None))
    as_shares(ax, y=True)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    ax.set_xlabel(text("scorecard.chart.period", language))
    ax.set_ylabel(text("report.chart.bad_rate", language))
    return styled(ax)


@readable
def plot_information_values(
    ax: Axes,
    summary: pandas.DataFrame,
    *,
    threshold: float | None = 0.02,
    n_shown: int = 25,
    language: str = "en",
) -> Axes:
    """Draw the information value of each variable with its 95 % interval, the strongest on top.

    Parameters
    ----------
    ax : Axes
    summary : DataFrame
        From ``summary()`` of a binner.
    threshold : float, optional
        Marked by a line; variables below it are pale.
    n_shown : int
        The strongest so many.
    language : {'en', 'zh-CN'}
    """
    ranked = summary.sort_values("iv", ascending=False, kind="stable").head(n_shown)
    rows = np.arange(len(ranked))
    value = ranked["iv"].to_numpy(dtype=float)
    colors = [_INFORMATIVE if threshold is None or one >= threshold else GRID for one in value]
    whiskers = [value - ranked["iv_low"], ranked["iv_high"] - value]
    ax.barh(rows, value, xerr=whiskers, color=colors, height=0.7, ecolor=INK, error_kw={"elinewidth": 1.0})
    if threshold is not None:
        ax.axvline(threshold, color=BAD, linestyle="--", linewidth=1.0)
    ax.set_yticks(rows, [_short(str(name), 40) for name in ranked["variable"]])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set(xlim=(0, None))
    ax.set_xlabel(text("scorecard.chart.information_value", language))
    return styled(ax)


@readable
def plot_woe(ax: Axes, table: pandas.DataFrame, *, language: str = "en") -> Axes:
    """Draw the WoE of each bin with the 95 % interval of its estimate; a bin set by a policy or a person has none.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        From ``binning_table(name)`` in optbinning's layout.
    language : {'en', 'zh-CN'}
    """
    bins = table[table.index != "Totals"]
    bins = bins[(bins["Count"].astype(float) > 0) | (bins["Origin"] == "forced")]
    woe = bins["WoE"].to_numpy(dtype=float)
    spread = _Z_95 * bins["WoE error"].to_numpy(dtype=float)
    rows = np.arange(len(bins))
    ax.axvline(0.0, color=INK, linewidth=0.8)
    for mask, color in ((woe >= 0, GOOD), (woe < 0, BAD)):
        ax.errorbar(
            woe[mask], rows[mask], xerr=np.nan_to_num(spread[mask]), fmt="o", color=color, markersize=5, capsize=3,
            elinewidth=1.2,
        )  # fmt: skip
    for row in np.flatnonzero(np.isnan(spread)):
        ax.plot(woe[row], row, marker="o", markersize=9, markerfacecolor="none", color=MUTED, linestyle="")
    ax.set_yticks(rows, [_short(str(label), 40) for label in bins["Bin"]])
    ax.set_ylim(len(bins) - 0.5, -0.5)
    ax.set_xlabel(text("scorecard.chart.woe_safer", language))
    return styled(ax)


def _line_over_bins(
    ax: Axes, bins: pandas.DataFrame, places: NDArray[np.float64], *, line: str, language: str
) -> Axes:
    twin = ax.twinx()
    if line == "woe":
        value = bins["WoE"].to_numpy(dtype=float)
        spread = np.nan_to_num(_Z_95 * bins["WoE error"].to_numpy(dtype=float))
        low, high = value - spread, value + spread
        twin.axhline(0.0, color=MUTED, linewidth=0.8, linestyle=":")
    else:
        value, low, high = _wilson(bins["Event"].to_numpy(dtype=float), bins["Count"].to_numpy(dtype=float))
        as_shares(twin, y=True)
    regular = np.array([kind == "regular" for kind in _kinds(bins)])
    label = text("scorecard.chart.woe" if line == "woe" else "report.chart.bad_rate", language)
    color = ACCENT if line == "woe" else BAD
    for part, style, name in ((regular, "-", label), (~regular, "", None)):
        twin.errorbar(
            places[part], value[part], yerr=[(value - low)[part], (high - value)[part]], color=color, linestyle=style,
            marker="o", markersize=4, linewidth=1.5, elinewidth=0.9, capsize=2, label=name,
        )  # fmt: skip
    if line != "woe":
        twin.set(ylim=(0, None))
    twin.grid(visible=False)
    twin.tick_params(axis="y", colors=color)
    twin.set_ylabel(label, color=color)
    styled(twin)
    return twin


def _filled_bins(table: pandas.DataFrame) -> pandas.DataFrame:
    return table[(table.index != "Totals") & (table["Count"].astype(float) > 0)]


def _kinds(bins: pandas.DataFrame) -> list[str]:
    """Return what each row of a binning table is; only labels tell, and ours are fixed."""
    words = {"Missing": "missing", "Unseen": "unseen"}
    labels = [str(label) for label in bins["Bin"]]
    return [words.get(label, "special" if label.startswith("Special ") else "regular") for label in labels]


def _places(kinds: list[str]) -> NDArray[np.float64]:
    """Leave a gap before the bins that are not regular."""
    apart = np.array([kind != "regular" for kind in kinds])
    return np.arange(len(kinds)) + 0.5 * (apart & (not bool(apart.all())))


def _wilson(
    bads: NDArray[np.float64], n: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return bad rates with Wilson's 95 % interval."""
    rate, z2 = bads / n, _Z_95**2
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 / (1 + z2 / n) * np.sqrt(rate * (1 - rate) / n + z2 / (4 * n**2))
    return rate, np.minimum(middle - half, rate), np.maximum(middle + half, rate)


def _shade(number: int, n_regular: int) -> str:
    """From safe-looking blue to red along the bins, so that their order is seen."""
    share = number / max(n_regular - 1, 1)
    low, high = (0x2F, 0x7F, 0x8F), (0xB8, 0x44, 0x2C)
    mixed = [round(a + (b - a) * share) for a, b in zip(low, high, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _short(label: str, longest: int = _LONGEST_LABEL) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"
