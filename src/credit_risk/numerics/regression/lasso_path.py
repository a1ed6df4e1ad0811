"""The L1 path of a logistic regression: which columns enter, in which order, as the penalty is loosened.

Coordinate descent on the quadratic approximation at the current fit (as in iteratively reweighted least squares), begun at each
penalty from the solution of the one before. Coefficients can be forbidden to be above 0. Deterministic: no folds, no seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_TOLERANCE = 1e-7
_MAX_SWEEPS = 1_000
_MAX_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LassoPath:
    """Solutions along falling penalties.

    Attributes
    ----------
    penalties : ndarray of float64, shape (n_penalties,)
        Falling; the first holds no column.
    coefficients : ndarray of float64, shape (n_penalties, n_columns)
        In units of the columns as given.
    intercepts : ndarray of float64, shape (n_penalties,)
    log_likelihoods : ndarray of float64, shape (n_penalties,)
        Weights scaled to add up to the number of rows.
    bic : ndarray of float64, shape (n_penalties,)
        -2 log-likelihood + ln(n_rows) x number of columns held.
    """

    penalties: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    log_likelihoods: NDArray[np.float64]
    bic: NDArray[np.float64]

    @property
    def best(self) -> int:
        """Place of the penalty with the least BIC; of equal ones the strongest penalty."""
        return int(np.argmin(self.bic))


def lasso_path(
    X: NDArray[np.float64],
    is_bad: NDArray[np.float64],
    weight: NDArray[np.float64] | None = None,
    *,
    n_penalties: int = 40,
    smallest: float = 1e-3,
    forbid_positive: bool = False,
) -> LassoPath:
    """Minimise mean log-loss + penalty x sum of |coefficients| of standardised columns, for falling penalties.

    Parameters
    ----------
    X : ndarray of float64, shape (n_rows, n_columns)
    is_bad : ndarray of float64, shape (n_rows,)
        0 or 1.
    weight : ndarray of float64, shape (n_rows,), optional
        Above 0.
    n_penalties : int
    smallest : float
        Last penalty as a share of the first, which is the least that holds no column.
    forbid_positive : bool
        Whether every coefficient must be 0 or below.

    References
    ----------
    .. [1] Friedman, Hastie and Tibshirani, Regularization paths for generalized linear models via coordinate descent, 2010.
    .. [2] Zou, Hastie and Tibshirani, On the degrees of freedom of the lasso, 2007 (columns held as degrees of freedom).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 3))
    >>> path = lasso_path(X, (rng.random(500) < 1 / (1 + np.exp(2 * X[:, 0]))).astype(float))
    >>> np.flatnonzero(path.coefficients[1]).tolist(), bool(path.coefficients[-1, 0] < -1)
    ([0], True)
    """
    n = len(is_bad)
    share = np.full(n, 1.0 / n) if weight is None else weight / weight.sum()
    means = share @ X
    spread = np.sqrt(share @ np.square(X - means))
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    problem = _Problem(columns=(X - means) * scale, y=is_bad, share=share, forbid_positive=forbid_positive)
    bad_rate = float(share @ is_bad)
    beta, intercept = np.zeros(X.shape[1]), float(np.log(bad_rate / (1.0 - bad_rate)))
    slope = problem.columns.T @ (share * (is_bad - bad_rate))
    largest = float(np.max(-slope if forbid_positive else np.abs(slope), initial=0.0))
    penalties = max(largest, 1e-12) * np.geomspace(1.0, smallest, n_penalties)
    rows = []
    for penalty in penalties:
        beta, intercept = _settled(problem, beta, intercept, float(penalty))
        rows.append((beta, intercept, n * problem.mean_log_likelihood(beta, intercept)))
    solutions = np.array([row[0] for row in rows])
    log_likelihoods = np.array([row[2] for row in rows])
    held = np.count_nonzero(solutions, axis=1)
    return LassoPath(
        penalties=penalties,
        coefficients=solutions * scale,
        intercepts=np.array([row[1] - float((row[0] * scale) @ means) for row in rows]),
        log_likelihoods=log_likelihoods,
        bic=-2.0 * log_likelihoods + np.log(n) * held,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """Standardised columns, outcome, and weights that add up to 1."""

    columns: NDArray[np.float64]
    y: NDArray[np.float64]
    share: NDArray[np.float64]
    forbid_positive: bool

    def linear(self, beta: NDArray[np.float64], intercept: float) -> NDArray[np.float64]:
        return np.asarray(self.columns @ beta + intercept)

    def mean_log_likelihood(self, beta: NDArray[np.float64], intercept: float) -> float:
        eta = self.linear(beta, intercept)
        return float(self.share @ (self.y * eta - np.logaddexp(0.0, eta)))


def _settled(
    problem: _Problem, beta: NDArray[np.float64], intercept: float, penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Repeat quadratic approximations until the coefficients stand still; a step that does not help is halved."""
    value = problem.mean_log_likelihood(beta, intercept) - penalty * float(np.abs(beta).sum())
    for _ in range(_MAX_STEPS):
        aim, aim_intercept = _quadratic_step(problem, beta, intercept, penalty)
        scale = 1.0
        while True:
            trial = beta + scale * (aim - beta)
            trial_intercept = intercept + scale * (aim_intercept - intercept)
            reached = problem.mean_log_likelihood(trial, trial_intercept) - penalty * float(
                np.abs(trial).sum()
            )
            if reached >= value - 1e-12 or scale < 1e-6:
                break
            scale *= 0.5
        moved = max(float(np.max(np.abs(trial - beta), initial=0.0)), abs(trial_intercept - intercept))
        beta, intercept, value = trial, trial_intercept, reached
        if moved < _TOLERANCE:
            break
    return beta, intercept


def _quadratic_step(
    problem: _Problem, beta: NDArray[np.float64], intercept: float, penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Minimise the quadratic approximation plus the penalty by coordinate descent on its small matrix."""
    p = 1.0 / (1.0 + np.exp(-np.clip(problem.linear(beta, intercept), -500.0, 500.0)))
    curvature = problem.share * np.maximum(p * (1.0 - p), 1e-9)
    total = float(curvature.sum())
    center = (curvature @ problem.columns) / total
    gradient = problem.columns.T @ (problem.share * (problem.y - p))
    gap = float(problem.share @ (problem.y - p)) / total
    matrix = problem.columns.T @ (problem.columns * curvature[:, None]) - total * np.outer(center, center)
    target = matrix @ beta + gradient - total * gap * center
    aim = _descend(matrix, target, beta.copy(), (penalty, problem.forbid_positive))
    return aim, intercept + gap - float(center @ (aim - beta))


def _descend(
    matrix: NDArray[np.float64],
    target: NDArray[np.float64],
    aim: NDArray[np.float64],
    rule: tuple[float, bool],
) -> NDArray[np.float64]:
    """Sweep over all coordinates, then over those held until they stand still, until a full sweep changes nothing."""
    everything = range(len(aim))
    for _ in range(_MAX_SWEEPS):
        if _sweep(matrix, target, aim, everything, rule) < 0.1 * _TOLERANCE:
            break
        held = np.flatnonzero(aim).tolist()
        for _ in range(_MAX_SWEEPS):
            if _sweep(matrix, target, aim, held, rule) < 0.1 * _TOLERANCE:
                break
    return aim


def _sweep(
    matrix: NDArray[np.float64],
    target: NDArray[np.float64],
    aim: NDArray[np.float64],
    coordinates: Iterable[int],
    rule: tuple[float, bool],
) -> float:
    """Set each coordinate to its best value beside the others, in place; return the largest change."""
    penalty, forbid_positive = rule
    largest = 0.0
    for j in coordinates:
        own, before = max(float(matrix[j, j]), 1e-12), float(aim[j])
        rest = float(target[j] - matrix[j] @ aim) + float(matrix[j, j]) * before
        after = (rest - penalty if rest > 0 else rest + penalty) / own if abs(rest) > penalty else 0.0
        after = min(after, 0.0) if forbid_positive else after
        if after != before:
            aim[j] = after
            largest = max(largest, abs(after - before))
    return largest
