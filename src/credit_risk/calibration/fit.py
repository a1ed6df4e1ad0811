"""Fitting a calibration on rows the model has not learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from credit_risk.calibration.apply import apply_calibration, log_odds_of
from credit_risk.calibration.spec import CalibrationSpec
from credit_risk.errors import FitError
from credit_risk.numerics.logistic_line import fit_logistic_line

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.numerics.logistic_line import LogisticLine


class LogisticCalibrator(BaseEstimator):
    """Learn how a model's raw PDs must be shifted and stretched to match what happened.

    A logistic regression of the outcome on the logit of the raw PD (Platt's method on the logit scale): two numbers,
    order-preserving, deterministic. Fit it on validation rows, not on the rows the model learnt from.

    Parameters
    ----------
    horizon : str, default "12m"
        What period the outcome speaks about; carried by the spec so that limit and price can refuse another one.

    Attributes
    ----------
    spec_ : CalibrationSpec
        The fitted line; :func:`~credit_risk.calibration.apply.apply_calibration` applies it.

    References
    ----------
    .. [1] Platt, Probabilistic outputs for support vector machines, 1999; Cox, Biometrika 45 (1958).

    Examples
    --------
    >>> pd_raw = [0.1, 0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5]
    >>> is_bad = [1, 0, 0, 0, 1, 1, 1, 0]
    >>> calibrator = LogisticCalibrator(horizon="12m").fit(pd_raw, is_bad)
    >>> calibrator.transform([0.1, 0.5]).round(6)
    array([0.25, 0.75])
    """

    def __init__(self, horizon: str = "12m") -> None:
        self.horizon = horizon

    def fit(self, pd_raw: ArrayLike, is_bad: ArrayLike) -> Self:
        """Fit on raw PDs and outcomes.

        Parameters
        ----------
        pd_raw : array_like of float, shape (n_rows,)
            In 0..1, no NaN.
        is_bad : array_like of bool, shape (n_rows,)
            1 is bad; both classes must occur.

        Raises
        ------
        FitError
            Shapes differ or values are not PDs (``CR-CAL-003``); one class only (``CR-CAL-004``); no maximum because
            the PDs are constant or separate the classes (``CR-CAL-005``); slope not above 0: higher PDs went with
            fewer bads (``CR-CAL-006``).
        """
        raw, bad = checked_pairs(pd_raw, is_bad)
        line = fit_logistic_line(log_odds_of(raw), bad)
        check_line(line, bad)
        self.spec_ = CalibrationSpec(
            intercept=line.intercept,
            slope=line.slope,
            horizon=self.horizon,
            n_rows=raw.size,
            n_bads=int(bad.sum()),
        )
        return self

    def transform(self, pd_raw: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated PDs, shape (n_rows,)."""
        check_is_fitted(self, "spec_")
        return apply_calibration(self.spec_, pd_raw)


def check_line(line: LogisticLine, bad: NDArray[np.bool_]) -> None:
    """Refuse a line that does not exist (``CR-CAL-005``) or does not rise (``CR-CAL-006``)."""
    if not line.converged:
        raise FitError(
            f"The calibration has no maximum on {bad.size} rows with {int(bad.sum())} bads. Expected PDs that "
            "differ and do not separate the classes perfectly. Hint: use more validation rows.",
            code="CR-CAL-005",
        )
    if line.slope <= 0.0:
        raise FitError(
            f"The calibration slope must be above 0. Got {line.slope:.6g} on {bad.size} rows: higher PDs went with "
            "fewer bads. Hint: check that column 1 of predict_proba is the probability of bad.",
            code="CR-CAL-006",
        )


def checked_pairs(pd_raw: ArrayLike, is_bad: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return both arrays in their kernel types, or say what is wrong with them."""
    raw = np.ascontiguousarray(pd_raw, dtype=np.float64)
    outcome = np.asarray(is_bad)
    if raw.ndim != 1 or raw.shape != outcome.shape:
        raise FitError(
            f"pd_raw and is_bad must be one-dimensional and of equal length. Got {raw.shape} and {outcome.shape}.",
            code="CR-CAL-003",
        )
    n_outside = int((~((raw >= 0.0) & (raw <= 1.0))).sum()) + int((~np.isin(outcome, (0, 1))).sum())
    if n_outside:
        raise FitError(
            f"pd_raw must lie in 0..1 and is_bad must be 0 or 1. Got {n_outside} other values.",
            code="CR-CAL-003",
        )
    bad = outcome.astype(bool)
    if bad.all() or not bad.any():
        raise FitError(
            f"A calibration needs goods and bads. Got {int(bad.sum())} bads in {bad.size} rows.",
            code="CR-CAL-004",
        )
    return raw, bad
