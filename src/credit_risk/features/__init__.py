"""Features: one definition, two compilers, equal to the last bit.

Reading order: ``expression`` (the small language of conditions and derived measures), ``definition`` (what a feature is),
``catalogue`` and ``catalogue_toml`` (all of a model's
features, and how they are written down), ``aggregates`` (each aggregate as a quotient of whole numbers),
``plan`` (what must be computed, shared by both compilers), ``compile_batch`` (Ibis on the embedded engine), ``closure``
(one applicant in real time), ``finalize`` (the one place where whole numbers become float64), ``custom`` (aggregates of your own).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.features.catalogue import FeatureCatalogue as FeatureCatalogue
    from credit_risk.features.categories import feature_categories as feature_categories
    from credit_risk.features.closure import FeatureClosure as FeatureClosure
    from credit_risk.features.closure import FeatureVector as FeatureVector
    from credit_risk.features.compile_batch import FeatureTable as FeatureTable
    from credit_risk.features.compile_batch import compute_features as compute_features
    from credit_risk.features.compile_batch import with_words as with_words
    from credit_risk.features.custom.aggregate import CustomAggregate as CustomAggregate
    from credit_risk.features.custom.aggregate import register_aggregate as register_aggregate
    from credit_risk.features.custom.parity import check_parity as check_parity
    from credit_risk.features.definition import DerivedMeasure as DerivedMeasure
    from credit_risk.features.definition import FeatureDefinition as FeatureDefinition
    from credit_risk.features.definition import Subject as Subject

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CustomAggregate": "credit_risk.features.custom.aggregate",
        "DerivedMeasure": "credit_risk.features.definition",
        "FeatureCatalogue": "credit_risk.features.catalogue",
        "FeatureClosure": "credit_risk.features.closure",
        "FeatureDefinition": "credit_risk.features.definition",
        "FeatureTable": "credit_risk.features.compile_batch",
        "FeatureVector": "credit_risk.features.closure",
        "Subject": "credit_risk.features.definition",
        "check_parity": "credit_risk.features.custom.parity",
        "compute_features": "credit_risk.features.compile_batch",
        "feature_categories": "credit_risk.features.categories",
        "register_aggregate": "credit_risk.features.custom.aggregate",
        "with_words": "credit_risk.features.compile_batch",
    },
)
