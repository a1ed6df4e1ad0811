"""Which variables stand on the card, and for every other one the reason why not, with the figure.

Reading order: ``rules`` (what is asked), ``candidates`` (what is judged), ``select`` (the gates in order), ``gates`` (one
variable at a time), ``correlation`` (variables that say the same), ``stepwise`` (the regression), ``resampling`` (would another
sample choose the same?), ``result`` (what came out, as tables and as JSON).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.scorecard.selection.candidates import Candidates as Candidates
    from credit_risk.scorecard.selection.resampling import selection_stability as selection_stability
    from credit_risk.scorecard.selection.result import SelectionResult as SelectionResult
    from credit_risk.scorecard.selection.result import waterfall_table as waterfall_table
    from credit_risk.scorecard.selection.rules import SelectionRules as SelectionRules
    from credit_risk.scorecard.selection.select import select_features as select_features
    from credit_risk.scorecard.selection.select import select_variables as select_variables

_HERE = "credit_risk.scorecard.selection"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Candidates": f"{_HERE}.candidates",
        "SelectionResult": f"{_HERE}.result",
        "SelectionRules": f"{_HERE}.rules",
        "select_features": f"{_HERE}.select",
        "select_variables": f"{_HERE}.select",
        "selection_stability": f"{_HERE}.resampling",
        "waterfall_table": f"{_HERE}.result",
    },
)
