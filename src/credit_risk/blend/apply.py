"""Two models' log-odds -> one: a weighted sum, element by element, so one row and a million get the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.blend.spec import BlendSpec


def blended_log_odds(spec: BlendSpec, card: ArrayLike, booster: ArrayLike) -> NDArray[np.float64]:
    """Return the blend's log-odds of bad.

    Parameters
    ----------
    spec : BlendSpec
    card, booster : array_like of float, shape (n_rows,)
        Log-odds of bad of each model.

    Examples
    --------
    >>> from credit_risk.blend import BlendSpec
    >>> blended_log_odds(BlendSpec(how="average", card_weight=0.5, booster_weight=0.5), [-2.0], [-1.0]).tolist()
    [-1.5]
    """
    parts = np.asarray(card, dtype=np.float64), np.asarray(booster, dtype=np.float64)
    return np.asarray(spec.card_weight * parts[0] + spec.booster_weight * parts[1])
