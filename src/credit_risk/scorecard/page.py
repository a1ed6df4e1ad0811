"""How a card shows itself in a notebook; nothing is imported for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.binning.page import html_table

if TYPE_CHECKING:
    from credit_risk.scorecard.spec import ScorecardSpec


def card_page(spec: ScorecardSpec) -> str:
    """Return the card as HTML: a row per variable and bin, every label escaped."""
    rows = [
        (variable.name, label, variable.n_rows[at], f"{variable.woe[at]:+.4f}", spec.points[j][at])
        for j, variable in enumerate(spec.binning.variables)
        for at, label in enumerate(variable.labels())
    ]
    scaling = spec.scaling
    title = (
        f"Scorecard of {len(spec.feature_names)} variables: {scaling.base_score:g} points at {scaling.base_odds:g} goods "
        f"for one bad, {scaling.pdo:g} points double the odds"
    )
    return html_table(title, ("variable", "bin", "rows", "WoE", "points"), rows)
