"""Credit risk for instant small loans: behaviour to features, features to models, models to limits and prices.

The path a newcomer reads is in ``README.md``. Importing this package loads no third-party module: every name below is
resolved at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._lazy import attach

if TYPE_CHECKING:
    from credit_risk.calibration import LogisticCalibrator as LogisticCalibrator
    from credit_risk.decision import Decision as Decision
    from credit_risk.decision import Strategy as Strategy
    from credit_risk.domain.application import Application as Application
    from credit_risk.errors import CreditRiskError as CreditRiskError
    from credit_risk.evaluation import evaluate as evaluate
    from credit_risk.features import FeatureCatalogue as FeatureCatalogue
    from credit_risk.features import compute_features as compute_features
    from credit_risk.ml import PdBooster as PdBooster
    from credit_risk.performance import OutcomeDefinition as OutcomeDefinition
    from credit_risk.samples import DevelopmentSample as DevelopmentSample
    from credit_risk.scorecard import Scorecard as Scorecard
    from credit_risk.scoring import ScoringBundle as ScoringBundle
    from credit_risk.scoring import load_bundle as load_bundle
    from credit_risk.sources import filter_sources as filter_sources
    from credit_risk.sources import read_sources as read_sources
    from credit_risk.training import calibrate as calibrate

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Application": "credit_risk.domain.application",
        "CreditRiskError": "credit_risk.errors",
        "Decision": "credit_risk.decision.record",
        "DevelopmentSample": "credit_risk.samples.development",
        "FeatureCatalogue": "credit_risk.features.catalogue",
        "LogisticCalibrator": "credit_risk.calibration.fit",
        "OutcomeDefinition": "credit_risk.performance.outcome",
        "PdBooster": "credit_risk.ml.fit",
        "Scorecard": "credit_risk.scorecard.fit",
        "ScoringBundle": "credit_risk.scoring.bundle",
        "Strategy": "credit_risk.decision.strategy",
        "calibrate": "credit_risk.training.recipe",
        "compute_features": "credit_risk.features.compile_batch",
        "evaluate": "credit_risk.evaluation.report",
        "filter_sources": "credit_risk.sources.readers",
        "load_bundle": "credit_risk.scoring.bundle",
        "read_sources": "credit_risk.sources.readers",
    },
)
