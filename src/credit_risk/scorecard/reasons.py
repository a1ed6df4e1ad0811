"""Why points were lost: shortfalls of an applicant's points, variable by variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.scorecard.spec import ScorecardSpec


def reason_shortfalls(spec: ScorecardSpec, points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the points each variable lost against its best bin.

    Parameters
    ----------
    spec : ScorecardSpec
    points : ndarray of int64, shape (n_rows, n_variables)
        As :func:`~credit_risk.scorecard.apply.apply_scorecard` gives them.

    Returns
    -------
    ndarray of int64, shape (n_rows, n_variables)
        0 or above.
    """
    best = np.array([max(row) for row in spec.points], dtype=np.int64)
    return np.asarray(best[None, :] - np.asarray(points, dtype=np.int64))
