"""The bundle as an MLflow model, from code: loads the bundle folder, nothing else.

Input: a DataFrame with the catalogue's feature columns. Output: score and calibrated PD of every model. Deciding needs more than
features (which sources were supplied, what consent allows): for decisions load the bundle itself, as a backend does.
"""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel

from credit_risk.errors import MissingFeatureError
from credit_risk.scoring import ScoringBundle, load_bundle


class BundleModel(PythonModel):
    """Scores feature rows with the bundle it was logged with."""

    bundle: ScoringBundle

    def load_context(self, context: Any) -> None:
        """Load and verify the bundle folder."""
        self.bundle = load_bundle(context.artifacts["bundle"])

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return score and calibrated PDs of each row."""
        names = list(self.bundle.features.names)
        missing = [name for name in names if name not in model_input.columns]
        if missing:
            raise MissingFeatureError(
                f"{len(missing)} of {len(names)} feature columns are missing (first: {missing[0]!r}).",
                code="CR-SCR-012",
            )
        scores = self.bundle.engine.score(model_input[names].to_numpy(dtype=np.float64))
        columns = {"score": scores.card.score, **{f"pd_{name}": pd_ for name, pd_ in scores.pds.items()}}
        return pd.DataFrame(columns, index=model_input.index)


mlflow.models.set_model(BundleModel())
