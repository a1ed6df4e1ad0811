"""The recipe: fit card and booster on development rows, calibrate both on validation rows; holdout stays untouched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from credit_risk.calibration import LogisticCalibrator
from credit_risk.ml import PdBooster
from credit_risk.scorecard import Scorecard

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from credit_risk.calibration import CalibrationSpec
    from credit_risk.domain.ports import ProgressReporter
    from credit_risk.features import FeatureCatalogue
    from credit_risk.samples import DevelopmentSample
    from credit_risk.training.plan import TrainingPlan


class Model(Protocol):
    """Anything that gives probabilities of good and bad."""

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return shape (n_rows, 2)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModels:
    """Fitted models and their calibrations, by name."""

    card: Scorecard
    booster: PdBooster
    calibrations: Mapping[str, CalibrationSpec]


def train_models(
    sample: DevelopmentSample,
    features: FeatureCatalogue,
    plan: TrainingPlan,
    *,
    progress: ProgressReporter,
) -> TrainedModels:
    """Fit and calibrate scorecard and booster.

    Parameters
    ----------
    sample : DevelopmentSample
        Both are fitted on its development rows and calibrated on its validation rows.
    features : FeatureCatalogue
        Gives the directions in which risk may move.
    plan : TrainingPlan
        Settings.
    progress : ProgressReporter
        Told of each stage.
    """
    X, is_bad = sample.development.X, sample.development.is_bad
    with progress.stage("Scorecard: bins, selection, points"):
        card = Scorecard(
            pdo=plan.pdo,
            base_score=plan.base_score,
            base_odds=plan.base_odds,
            max_features=plan.max_features,
            directions=features.directions,
        ).fit(X, is_bad)
    with progress.stage("Booster: monotone trees, rounds by inner folds"):
        booster = PdBooster(
            monotone=features.directions,
            max_rounds=plan.max_rounds,
            max_depth=plan.max_depth,
            learning_rate=plan.learning_rate,
            n_inner_folds=plan.n_inner_folds,
            seed=plan.seed,
        ).fit(X, is_bad)
    with progress.stage("Calibration on validation rows"):
        calibrations = calibrate(
            {"scorecard": card, "booster": booster},
            sample.validation.X,
            sample.validation.is_bad,
            horizon=sample.horizon,
        )
    return TrainedModels(card=card, booster=booster, calibrations=calibrations)


def calibrate(
    models: Mapping[str, Model], X: pd.DataFrame, is_bad: NDArray[np.bool_], *, horizon: str
) -> dict[str, CalibrationSpec]:
    """Calibrate every model's PD on rows it was not fitted on.

    Parameters
    ----------
    models : mapping of str to model
        Name -> anything with ``predict_proba``.
    X : DataFrame
        Features of the calibration rows.
    is_bad : bool ndarray
        Their outcome.
    horizon : str
        How far the outcome looks; every PD carries it.
    """
    return {
        name: LogisticCalibrator(horizon=horizon).fit(model.predict_proba(X)[:, 1], is_bad).spec_
        for name, model in models.items()
    }
