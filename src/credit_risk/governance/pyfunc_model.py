"""The bundle as an MLflow model, from code: loads the bundle folder, nothing else.

Input: a DataFrame with the catalogue's feature columns. Output: one row each with score, PDs, outcome, limit and price.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel

from credit_risk.errors import MissingFeatureError
from credit_risk.scoring import FeatureRows, ScoringBundle, load_bundle


class BundleModel(PythonModel):
    """Scores and decides feature rows with the bundle it was logged with."""

    bundle: ScoringBundle

    def load_context(self, context: Any) -> None:
        """Load and verify the bundle folder."""
        self.bundle = load_bundle(context.artifacts["bundle"])

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return score, PDs, outcome, limit and price of each row."""
        names = list(self.bundle.features.names)
        missing = [name for name in names if name not in model_input.columns]
        if missing:
            raise MissingFeatureError(
                f"{len(missing)} of {len(names)} feature columns are missing (first: {missing[0]!r}).",
                code="CR-SCR-012",
            )
        n = len(model_input)
        decisions = self.bundle.engine.decide_rows(
            FeatureRows(
                application_ids=[str(key) for key in model_input.index],
                applied_at=[datetime(1970, 1, 1, tzinfo=UTC)] * n,  # not part of the output
                X=model_input[names].to_numpy(dtype=np.float64),
                flags=[()] * n,
            )
        )
        rows = [
            {
                "outcome": decision.outcome,
                "score": decision.score,
                **{f"pd_{name}": pd_ for name, pd_ in decision.pds.items()},
                "limit_minor": decision.offers[0].amount_minor if decision.offers else None,
                "annual_rate": float(decision.offers[0].annual_rate) if decision.offers else None,
            }
            for decision in decisions
        ]
        return pd.DataFrame(rows, index=model_input.index)


mlflow.models.set_model(BundleModel())
