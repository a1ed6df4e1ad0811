"""Contributions of the booster's features for some holdout customers, drawn by a fixed seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.ml import LeafPaths, forest_contributions
from credit_risk.reporting import Explained

if TYPE_CHECKING:
    import pandas as pd

    from credit_risk.ml.spec import ForestSpec

#: Enough for means that no longer move, in about a second.
N_EXPLAINED = 2_000
_SEED = 20051001


def explained_booster(spec: ForestSpec, X: pd.DataFrame, *, n_rows: int = N_EXPLAINED) -> Explained:
    """Return exact contributions for at most `n_rows` customers, in an order the seed decides.

    Parameters
    ----------
    spec : ForestSpec
        The booster.
    X : DataFrame, shape (n_customers, n_features)
        Features of the customers to draw from.
    """
    drawn = np.random.default_rng(_SEED).permutation(len(X))[:n_rows]
    values = X[list(spec.feature_names)].to_numpy(dtype=np.float64)[drawn]
    return Explained(
        model="booster",
        names=tuple(spec.feature_names),
        values=values,
        contributions=forest_contributions(LeafPaths.of(spec), values),
        n_population=len(X),
    )
