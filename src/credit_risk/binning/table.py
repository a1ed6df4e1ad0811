"""Binning tables in the layouts credit teams know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.woe import jensen_shannon_parts

if TYPE_CHECKING:
    import pandas as pd

    from credit_risk.binning.spec import VariableBins


def binning_table(variable: VariableBins) -> pd.DataFrame:
    """Return one variable's bins, a row per bin and a row of totals, in optbinning's columns.

    ``Event`` is bad. Beside optbinning's columns, ``Origin`` says where each WoE comes from.
    """
    import pandas as pd

    goods, bads = np.array(variable.n_goods), np.array(variable.n_bads)
    weight = goods + bads
    total = weight.sum()
    woe = np.array(variable.woe)
    table = pd.DataFrame(
        {
            "Bin": list(variable.labels()),
            "Count": weight,
            "Count (%)": weight / total,
            "Non-event": goods,
            "Event": bads,
            "Event rate": np.divide(bads, weight, out=np.zeros_like(bads), where=weight > 0),
            "WoE": woe,
            "IV": (goods / goods.sum() - bads / bads.sum()) * woe,
            "JS": jensen_shannon_parts(goods, bads),
            "Origin": list(variable.origins),
        }
    )
    table.loc["Totals"] = [
        "", total, 1.0, goods.sum(), bads.sum(), bads.sum() / total, np.nan, table["IV"].sum(), table["JS"].sum(), ""
    ]  # fmt: skip
    return table
