"""The card as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.binning.table import binning_table
from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    import pandas as pd

    from credit_risk.scorecard.spec import ScorecardSpec


def scorecard_table(spec: ScorecardSpec, *, layout: str = "plain") -> pd.DataFrame:
    """Return one row per variable and bin.

    Parameters
    ----------
    spec : ScorecardSpec
    layout : {'plain', 'optbinning'}
        *plain*: variable, bin, rows, bad rate, WoE, coefficient, points. *optbinning*: each variable's binning table with
        ``Variable``, ``Bin id``, ``Coefficient`` and ``Points`` beside it; special codes, Missing and Unseen last.

    Raises
    ------
    SpecificationError
        Unknown layout (``CR-CRD-056``).
    """
    if layout == "plain":
        return _plain(spec)
    if layout == "optbinning":
        return _optbinning(spec)
    raise SpecificationError(
        f"layout must be one of ['plain', 'optbinning']. Got {layout!r}.", code="CR-CRD-056"
    )


def _optbinning(spec: ScorecardSpec) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for j, variable in enumerate(spec.binning.variables):
        bins = binning_table(variable).drop(index="Totals")
        order = [int(at) for at in bins.index]
        bins.insert(0, "Variable", variable.name)
        bins.insert(1, "Bin id", order)
        bins["Coefficient"] = spec.coefficients[j]
        bins["Points"] = [spec.points[j][at] for at in order]
        parts.append(bins)
    return pd.concat(parts, ignore_index=True)


def _plain(spec: ScorecardSpec) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for j, variable in enumerate(spec.binning.variables):
        for at, label in enumerate(variable.labels()):
            weight = variable.n_goods[at] + variable.n_bads[at]
            rows.append(
                {
                    "variable": variable.name,
                    "bin": label,
                    "n_rows": variable.n_rows[at],
                    "bad_rate": variable.n_bads[at] / weight if weight else float("nan"),
                    "woe": variable.woe[at],
                    "card_woe": spec.card_woe[j][at],
                    "origin": variable.origins[at],
                    "coefficient": spec.coefficients[j],
                    "exact_points": spec.exact_points[j][at],
                    "points": spec.points[j][at],
                }
            )
    return pd.DataFrame(rows)
