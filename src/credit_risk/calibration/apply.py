"""Applying a calibration: raw PDs in, calibrated PDs out; one row gives the same bits as a million."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.logistic_function import logit, sigmoid
from credit_risk.numerics.rounding import round_significant

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.calibration.spec import CalibrationSpec

#: A PD never is 0 or 1: raw and calibrated values are kept inside ``[PD_CLIP, 1 - PD_CLIP]``.
PD_CLIP = 1e-9
#: Significant digits of a calibrated PD, so that every machine and path reports the same number.
PD_DIGITS = 12


def log_odds_of(pd_raw: ArrayLike) -> NDArray[np.float64]:
    """Return the log-odds of raw PDs, kept finite; fitting and applying both start here."""
    return logit(np.clip(np.asarray(pd_raw, dtype=np.float64), PD_CLIP, 1.0 - PD_CLIP))


def apply_calibration(spec: CalibrationSpec, pd_raw: ArrayLike) -> NDArray[np.float64]:
    """Turn a model's raw PDs into calibrated PDs.

    ``sigmoid(intercept + slope * logit(pd_raw))``, rounded to 12 significant digits. The order of customers is kept,
    because the slope is above 0.

    Parameters
    ----------
    spec : CalibrationSpec
        The fitted line.
    pd_raw : array_like of float, shape (n_rows,)
        In 0..1; NaN stays NaN.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        In ``[1e-9, 1 - 1e-9]``.

    Examples
    --------
    >>> from credit_risk.calibration.spec import CalibrationSpec
    >>> spec = CalibrationSpec(intercept=0.0, slope=1.0, horizon="12m", n_rows=10, n_bads=1)
    >>> apply_calibration(spec, [0.02, 0.0])
    array([2.e-02, 1.e-09])
    """
    calibrated = sigmoid(spec.intercept + spec.slope * log_odds_of(pd_raw))
    return round_significant(np.clip(calibrated, PD_CLIP, 1.0 - PD_CLIP), PD_DIGITS)
