"""The card as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from credit_risk.scorecard.spec import ScorecardSpec


def scorecard_table(spec: ScorecardSpec) -> pd.DataFrame:
    """Return one row per variable and bin: label, rows, bad rate, WoE, coefficient, points."""
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
