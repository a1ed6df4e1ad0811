"""Logistic regression on one variable, by Newton's method, without BLAS: for calibration and its check.

The design has at most two columns (a constant and one variable), so each step solves a 2 x 2 system in closed form and
every sum is a numpy sum over rows. The same rows give the same bits, whatever the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.logistic_function import sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_STEPS = 100
_STEP_TOLERANCE = 1e-12
#: Coefficients beyond this mean that the classes are separable: the likelihood has no maximum.
_DIVERGED = 1e4


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticLine:
    """A fitted line ``logit P(bad) = intercept + slope * x`` with its standard errors.

    Attributes
    ----------
    converged : bool
        False where no maximum exists (one class, constant `x`, perfect separation); the numbers are then NaN.
    """

    intercept: float
    slope: float
    intercept_se: float
    slope_se: float
    converged: bool


_FAILED = LogisticLine(
    intercept=math.nan, slope=math.nan, intercept_se=math.nan, slope_se=math.nan, converged=False
)


def fit_logistic_line(x: NDArray[np.float64], is_bad: NDArray[np.bool_]) -> LogisticLine:
    """Fit intercept and slope by maximum likelihood (Newton with step halving, started at 0 and 1).

    Examples
    --------
    >>> x = np.array([-1.0, -1.0, 1.0, 1.0]); y = np.array([False, True, False, True])
    >>> abs(round(fit_logistic_line(x, y).slope, 12))
    0.0
    """
    a, b = 0.0, 1.0
    value = _log_likelihood(x, is_bad, a, b)
    for _ in range(_MAX_STEPS):
        gradient, information = _derivatives(x, is_bad, a, b)
        step = _solve(information, gradient)
        if step is None:
            return _FAILED
        a, b, moved, value = _halved_step((a, b), step, value, (x, is_bad))
        if max(abs(a), abs(b)) > _DIVERGED:
            return _FAILED
        if moved <= _STEP_TOLERANCE * (1.0 + abs(a) + abs(b)):
            return _with_errors(a, b, _derivatives(x, is_bad, a, b)[1])
    return _FAILED


def fit_logistic_shift(
    x: NDArray[np.float64], is_bad: NDArray[np.bool_], weight: NDArray[np.float64] | None = None
) -> LogisticLine:
    """Fit the intercept alone, the slope held at 1 (calibration in the large); rows may count by a weight above 0.

    Examples
    --------
    >>> x = np.zeros(4); y = np.array([True, False, False, False])
    >>> round(fit_logistic_shift(x, y).intercept, 6), round(math.log(1 / 3), 6)
    (-1.098612, -1.098612)
    """
    if int(is_bad.sum()) in {0, is_bad.size}:
        return _FAILED
    w = np.ones(is_bad.size) if weight is None else weight
    bads = float(w[is_bad].sum())
    a = 0.0
    for _ in range(_MAX_STEPS):
        p = sigmoid(a + x)
        slope_of_score = float((w * (p * (1.0 - p))).sum())
        if not slope_of_score > 0.0:
            return _FAILED
        step = min(max((bads - float((w * p).sum())) / slope_of_score, -2.0), 2.0)
        a += step
        if abs(step) <= _STEP_TOLERANCE * (1.0 + abs(a)):
            se = 1.0 / math.sqrt(slope_of_score)
            return LogisticLine(intercept=a, slope=1.0, intercept_se=se, slope_se=0.0, converged=True)
    return _FAILED


def _log_likelihood(x: NDArray[np.float64], is_bad: NDArray[np.bool_], a: float, b: float) -> float:
    eta = a + b * x
    return -float(np.logaddexp(0.0, np.where(is_bad, -eta, eta)).sum())


def _derivatives(
    x: NDArray[np.float64], is_bad: NDArray[np.bool_], a: float, b: float
) -> tuple[tuple[float, float], tuple[float, float, float]]:
    """Return the gradient and the three entries of the information matrix."""
    p = sigmoid(a + b * x)
    residual, weight = is_bad - p, p * (1.0 - p)
    gradient = (float(residual.sum()), float((residual * x).sum()))
    return gradient, (float(weight.sum()), float((weight * x).sum()), float((weight * x * x).sum()))


def _solve(information: tuple[float, float, float], right: tuple[float, float]) -> tuple[float, float] | None:
    """Solve the symmetric 2 x 2 system, or return None when it is singular."""
    s0, s1, s2 = information
    determinant = s0 * s2 - s1 * s1
    if not determinant > 1e-13 * s0 * s2:
        return None
    return (s2 * right[0] - s1 * right[1]) / determinant, (s0 * right[1] - s1 * right[0]) / determinant


def _halved_step(
    start: tuple[float, float],
    step: tuple[float, float],
    value: float,
    data: tuple[NDArray[np.float64], NDArray[np.bool_]],
) -> tuple[float, float, float, float]:
    """Move along the step, halved until the likelihood does not fall; return the point, the move and the value."""
    factor = 1.0
    for _ in range(40):
        a, b = start[0] + factor * step[0], start[1] + factor * step[1]
        reached = _log_likelihood(*data, a, b)
        if reached >= value - 1e-12 * abs(value):
            return a, b, factor * max(abs(step[0]), abs(step[1])), reached
        factor /= 2.0
    return start[0], start[1], 0.0, value


def _with_errors(a: float, b: float, information: tuple[float, float, float]) -> LogisticLine:
    s0, s1, s2 = information
    determinant = s0 * s2 - s1 * s1
    return LogisticLine(
        intercept=a,
        slope=b,
        intercept_se=math.sqrt(s2 / determinant),
        slope_se=math.sqrt(s0 / determinant),
        converged=True,
    )
