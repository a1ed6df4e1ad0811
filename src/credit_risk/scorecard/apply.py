"""Values to points, score and PD: one pure function that notebook, batch and backend all call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.apply import bin_column, check_matrix, flag_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.scorecard.spec import ScorecardSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class CardResult:
    """What the card says about each row.

    Attributes
    ----------
    score : ndarray of int64, shape (n_rows,), points
        Sum of the row's points.
    points : ndarray of int64, shape (n_rows, n_variables)
    bin_index : ndarray of int16, shape (n_rows, n_variables)
    pd : ndarray of float64, shape (n_rows,), in 0..1
        A function of the score alone; its horizon is that of the outcome the card was fitted to.
    flags : ndarray of uint8, shape (n_rows, n_variables)
        0 ordinary, 1 missing, 2 special code, 3 unseen.
    """

    score: NDArray[np.int64]
    points: NDArray[np.int64]
    bin_index: NDArray[np.int16]
    pd: NDArray[np.float64]
    flags: NDArray[np.uint8]


def apply_scorecard(spec: ScorecardSpec, X: NDArray[np.float64]) -> CardResult:
    """Score rows: whole points per variable, their sum, and the PD of that sum.

    Parameters
    ----------
    spec : ScorecardSpec
    X : ndarray of float64, shape (n_rows, n_variables)
        Columns in the order of ``spec.feature_names``; NaN is missing.

    Raises
    ------
    ScoringError
        Wrong number of columns (``CR-BIN-010``) or a value whose policy is to refuse it (``CR-BIN-011``).

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.scorecard import Scorecard
    >>> X = np.arange(1000.0)[:, None]
    >>> card = Scorecard().fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> result = apply_scorecard(card.spec_, np.array([[1.0], [999.0], [np.nan]]))
    >>> bool(result.score[1] > result.score[0]), result.flags.ravel().tolist()
    (True, [0, 0, 1])
    """
    values = check_matrix(X, len(spec.feature_names))
    n, k = values.shape
    index = np.empty((n, k), dtype=np.int16, order="F")
    points = np.empty((n, k), dtype=np.int64, order="F")
    flags = np.empty((n, k), dtype=np.uint8, order="F")
    score = np.zeros(n, dtype=np.int64)
    for j, variable in enumerate(spec.binning.variables):
        index[:, j] = bin_column(variable, values[:, j])
        points[:, j] = np.array(spec.points[j], dtype=np.int64).take(index[:, j])
        flags[:, j] = flag_table(variable).take(index[:, j])
        score += points[:, j]
    return CardResult(score=score, points=points, bin_index=index, pd=spec.scaling.pd(score), flags=flags)
