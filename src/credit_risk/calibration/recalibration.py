"""Recalibrating: a fitted calibration and recent outcomes in, a new calibration out; the model itself stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from credit_risk.calibration.apply import log_odds_of
from credit_risk.calibration.fit import check_line, checked_pairs
from credit_risk.calibration.maturity import is_mature
from credit_risk.calibration.spec import CalibrationSpec
from credit_risk.errors import FitError, SpecificationError
from credit_risk.numerics.logistic_line import fit_logistic_line, fit_logistic_shift

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

Change = Literal["shift", "line"]


def recalibrate(
    spec: CalibrationSpec,
    pd: ArrayLike,
    is_bad: ArrayLike,
    *,
    applied_at: ArrayLike,
    observed_until: date | str | np.datetime64,
    change: Change = "line",
    min_outcomes: int = 100,
) -> CalibrationSpec:
    """Return a calibration that matches what recently happened.

    Give the PDs that were in force (those of ``spec``, as recorded with each decision) and what became of these applicants. Who is riskier
    than whom does not change. It repairs the shift between development and these rows; how long that lasts nobody knows
    beforehand, so it has to be watched and repeated.

    Parameters
    ----------
    spec : CalibrationSpec
        In force when the PDs were given; it is not changed.
    pd : array_like of float, shape (n_rows,)
        PDs by ``spec``, in 0..1.
    is_bad : array_like of bool, shape (n_rows,)
        Outcome over ``spec.horizon``; 1 is bad.
    applied_at : array_like of days, shape (n_rows,)
        When each applied; see :func:`~credit_risk.calibration.maturity.horizon_end`.
    observed_until : date, ISO 8601 text or datetime64
        Last day of which payments are known.
    change : {'line', 'shift'}, default 'line'
        ``'line'`` moves and stretches the log-odds (intercept and slope); ``'shift'`` only moves them: for few outcomes.
    min_outcomes : int, default 100
        Fewest bads, and fewest goods: with fewer, a line follows chance.

    Returns
    -------
    CalibrationSpec
        Takes raw PDs, as ``spec`` does; ``n_rows`` and ``n_bads`` are those of the recent rows.

    Raises
    ------
    SpecificationError
        Unknown ``change`` or ``min_outcomes`` below 1 (``CR-CAL-010``); a horizon or days that cannot be read (``CR-CAL-009``).
    FitError
        Arrays of different lengths, no PDs or no outcomes (``CR-CAL-003``); one class only (``CR-CAL-004``); too few goods or bads
        (``CR-CAL-007``); applications whose horizon has not passed (``CR-CAL-008``); no line, or a falling one (``CR-CAL-005``,
        ``CR-CAL-006``).

    References
    ----------
    .. [1] Van Calster et al., BMC Medicine 17 (2019) 230: shift and line; Vergouwe et al., Journal of Clinical Epidemiology 58
       (2005) 475-483: at least 100 events and 100 non-events.

    Examples
    --------
    >>> spec = CalibrationSpec(intercept=0.0, slope=1.0, horizon="12m", n_rows=5000, n_bads=500)
    >>> pd, is_bad = [0.1, 0.4] * 500, [0, 0, 0, 1, 0, 1, 0, 1, 1, 1] * 100
    >>> new = recalibrate(spec, pd, is_bad, applied_at=["2024-03-01"] * 1000, observed_until="2025-06-30")
    >>> from credit_risk.calibration import apply_calibration
    >>> apply_calibration(new, [0.1, 0.4]).round(6).tolist()
    [0.2, 0.8]
    """
    _check_request(change, min_outcomes)
    before, bad = checked_pairs(pd, is_bad)
    _check_outcomes(bad, min_outcomes)
    _check_mature(np.asarray(applied_at), spec.horizon, observed_until, before.size)
    fit = fit_logistic_line if change == "line" else fit_logistic_shift
    line = fit(log_odds_of(before), bad)
    check_line(line, bad)
    return CalibrationSpec(
        intercept=line.intercept + line.slope * spec.intercept,
        slope=line.slope * spec.slope,
        horizon=spec.horizon,
        n_rows=before.size,
        n_bads=int(bad.sum()),
    )


def _check_request(change: str, min_outcomes: int) -> None:
    if change not in ("shift", "line") or min_outcomes < 1:
        raise SpecificationError(
            f"change must be 'line' or 'shift' and min_outcomes at least 1. Got {change!r} and {min_outcomes!r}.",
            code="CR-CAL-010",
        )


def _check_outcomes(bad: NDArray[np.bool_], min_outcomes: int) -> None:
    n_bads, n_goods = int(bad.sum()), int((~bad).sum())
    if min(n_bads, n_goods) < min_outcomes:
        raise FitError(
            f"A recalibration needs at least {min_outcomes} bads and {min_outcomes} goods. Got {n_bads} bads and {n_goods} goods "
            "in the recent rows. Hint: take more months together, or change='shift' with a lower min_outcomes.",
            code="CR-CAL-007",
        )


def _check_mature(
    applied_at: NDArray[np.generic],
    horizon: str,
    observed_until: date | str | np.datetime64,
    n_rows: int,
) -> None:
    if applied_at.shape != (n_rows,):
        raise FitError(
            f"applied_at must name a day for each of {n_rows} rows. Got shape {applied_at.shape}.",
            code="CR-CAL-003",
        )
    n_young = int((~is_mature(applied_at, horizon, observed_until=observed_until)).sum())
    if n_young:
        raise FitError(
            f"The outcome of {n_young} of {n_rows} applications is not known yet: their horizon of {horizon} ends after "
            "observed_until. Hint: leave them out with is_mature(applied_at, horizon, observed_until=...); their bads show "
            "before their goods do.",
            code="CR-CAL-008",
        )
