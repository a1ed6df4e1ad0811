"""Looking into features: which records made a person's value, and what would differ on another day.

Reading order: ``explanation`` (one value, record by record), ``time_travel`` (a sample as of another day),
``pages`` (the catalogue for people).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.features.inspection.explanation import FeatureExplanation as FeatureExplanation
    from credit_risk.features.inspection.explanation import explain_feature as explain_feature
    from credit_risk.features.inspection.pages import catalogue_html as catalogue_html
    from credit_risk.features.inspection.pages import catalogue_markdown as catalogue_markdown
    from credit_risk.features.inspection.pages import catalogue_rows as catalogue_rows
    from credit_risk.features.inspection.pages import unexplained as unexplained
    from credit_risk.features.inspection.time_travel import DifferenceReport as DifferenceReport
    from credit_risk.features.inspection.time_travel import compare_features as compare_features
    from credit_risk.features.inspection.time_travel import known_by as known_by
    from credit_risk.features.inspection.time_travel import shift_test as shift_test

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DifferenceReport": "credit_risk.features.inspection.time_travel",
        "FeatureExplanation": "credit_risk.features.inspection.explanation",
        "catalogue_html": "credit_risk.features.inspection.pages",
        "catalogue_markdown": "credit_risk.features.inspection.pages",
        "catalogue_rows": "credit_risk.features.inspection.pages",
        "compare_features": "credit_risk.features.inspection.time_travel",
        "explain_feature": "credit_risk.features.inspection.explanation",
        "known_by": "credit_risk.features.inspection.time_travel",
        "shift_test": "credit_risk.features.inspection.time_travel",
        "unexplained": "credit_risk.features.inspection.pages",
    },
)
