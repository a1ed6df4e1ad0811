"""A card of boosted stumps.

Reading order: ``bins`` (between a variable and the booster), ``stumps`` (the booster's trees as steps), ``fit`` (the estimator).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.scorecard.boosting.fit import BoostedScorecard as BoostedScorecard
    from credit_risk.scorecard.boosting.fit import MergingReport as MergingReport
    from credit_risk.scorecard.boosting.stumps import Stumps as Stumps

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BoostedScorecard": "credit_risk.scorecard.boosting.fit",
        "MergingReport": "credit_risk.scorecard.boosting.fit",
        "Stumps": "credit_risk.scorecard.boosting.stumps",
    },
)
