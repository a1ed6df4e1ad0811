"""The card as text that runs elsewhere: a query, a PMML document, a Python file of its own.

Reading order: ``sql`` (inside a database), ``pmml`` (in any engine that reads the standard), ``standalone`` (Python and nothing
else). All give the whole points and flags of :func:`~credit_risk.scorecard.apply.apply_scorecard`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.scorecard.export.pmml import scorecard_to_pmml as scorecard_to_pmml
    from credit_risk.scorecard.export.sql import scorecard_to_sql as scorecard_to_sql
    from credit_risk.scorecard.export.standalone import scorecard_to_python as scorecard_to_python

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "scorecard_to_pmml": "credit_risk.scorecard.export.pmml",
        "scorecard_to_python": "credit_risk.scorecard.export.standalone",
        "scorecard_to_sql": "credit_risk.scorecard.export.sql",
    },
)
