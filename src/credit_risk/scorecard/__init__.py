"""Points that a person can add up: weights of evidence, a logistic regression, and a scale.

Reading order: ``scaling`` (score and PD), ``spec`` (what a card is), ``apply`` (values to points), ``reasons`` (why points
were lost), ``selection`` (which variables), ``fit`` (the estimator).
"""

from __future__ import annotations

from credit_risk._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CardResult": "credit_risk.scorecard.apply",
        "RoundingReport": "credit_risk.scorecard.spec",
        "Scaling": "credit_risk.scorecard.scaling",
        "Scorecard": "credit_risk.scorecard.fit",
        "ScorecardSpec": "credit_risk.scorecard.spec",
        "SelectionRecord": "credit_risk.scorecard.spec",
        "apply_scorecard": "credit_risk.scorecard.apply",
        "reason_shortfalls": "credit_risk.scorecard.reasons",
    },
)
