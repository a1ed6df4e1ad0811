"""Cards that other libraries fitted, as cards of this one.

Reading order: ``peer_card`` (what an importer reads, and how it becomes a spec), then one module per library. Each takes the live
object, or the plain values that its ``*_content`` function reads from one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.scorecard.importers.optbinning import from_optbinning as from_optbinning
    from credit_risk.scorecard.importers.scorecardpy import from_scorecardpy as from_scorecardpy
    from credit_risk.scorecard.importers.toad import from_toad as from_toad

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "from_optbinning": "credit_risk.scorecard.importers.optbinning",
        "from_scorecardpy": "credit_risk.scorecard.importers.scorecardpy",
        "from_toad": "credit_risk.scorecard.importers.toad",
    },
)
