"""Logistic regression by Newton's method: deterministic, with standard errors, and with signs that can be forbidden.

Written for a dozen to some hundred columns: the same steps as iteratively reweighted least squares, with step halving,
on one BLAS thread when the caller limits threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import FitError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """A fitted logistic regression of the probability of bad.

    Attributes
    ----------
    intercept : float
    coefficients : ndarray of float64, shape (n_columns,)
    standard_errors : ndarray of float64, shape (n_columns + 1,)
        Of the coefficients, then of the intercept.
    p_values : ndarray of float64, shape (n_columns + 1,)
        Two-sided Wald tests, in the same order.
    log_likelihood : float
        Weighted, without the ridge.
    n_iterations : int
    """

    intercept: float
    coefficients: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    p_values: NDArray[np.float64]
    log_likelihood: float
    n_iterations: int


def fit_logistic(
    X: NDArray[np.float64],
    is_bad: NDArray[np.float64],
    weight: NDArray[np.float64] | None = None,
    *,
    ridge: float = 1e-6,
    max_iterations: int = 50,
    start: tuple[NDArray[np.float64], float] | None = None,
) -> LogisticFit:
    """Fit P(bad) = 1 / (1 + exp(-(intercept + X coefficients))).

    Parameters
    ----------
    X : ndarray of float64, shape (n_rows, n_columns)
    is_bad : ndarray of float64, shape (n_rows,)
        0 or 1.
    weight : ndarray of float64, shape (n_rows,), optional
        Above 0.
    ridge : float
        Penalty ``ridge / 2 * sum of weights * sum(coefficients ** 2)``; the intercept is free. The default only keeps the
        equations solvable where a column repeats another; it moves coefficients by about one part in 10**5.
    max_iterations : int
    start : tuple of ndarray and float, optional
        Coefficients and intercept to begin with, such as those of a regression on one column fewer.

    Raises
    ------
    FitError
        The iteration does not settle (``CR-NUM-001``).

    References
    ----------
    .. [1] McCullagh and Nelder, Generalized Linear Models, 1989, section 2.5.

    Examples
    --------
    >>> fit = fit_logistic(np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]]), np.array([1.0, 0, 0, 1, 1, 0]))
    >>> round(fit.intercept, 4), round(float(fit.coefficients[0]), 4)
    (-0.6931, 1.3863)
    """
    n, k = X.shape
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    penalty = np.full(k + 1, ridge * float(w.sum()))
    penalty[k] = 0.0
    problem = _Problem(design=np.column_stack([X, np.ones(n)]), y=is_bad, w=w, penalty=penalty)
    theta = np.zeros(k + 1)
    theta[k] = np.log(float(w @ is_bad) / float(w @ (1.0 - is_bad)))
    if start is not None:
        theta[:k], theta[k] = start
    value = problem.objective(theta)
    for iteration in range(1, max_iterations + 1):
        gradient, hessian = problem.derivatives(theta)
        step = np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
        theta, value, moved = _damped(problem, theta, step, value)
        if moved < 1e-10:
            return _result(problem, theta, iteration)
    raise FitError(
        f"The logistic regression of {k} columns did not settle in {max_iterations} steps. "
        "Hint: look for a column that separates goods from bads.",
        code="CR-NUM-001",
    )


def describe_logistic(
    X: NDArray[np.float64],
    is_bad: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    *,
    coefficients: NDArray[np.float64],
    intercept: float,
) -> LogisticFit:
    """Return standard errors, p-values and likelihood at coefficients that something else has fitted.

    Examples
    --------
    >>> X, is_bad = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]]), np.array([1.0, 0, 0, 1, 1, 0])
    >>> fit = fit_logistic(X, is_bad)
    >>> again = describe_logistic(X, is_bad, None, coefficients=fit.coefficients, intercept=fit.intercept)
    >>> bool(np.allclose(again.p_values, fit.p_values))
    True
    """
    n = len(is_bad)
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    design = np.column_stack([X, np.ones(n)])
    penalty = np.full(
        design.shape[1], 1e-6 * float(w.sum())
    )  # as fit_logistic: solvable where columns repeat
    penalty[-1] = 0.0
    problem = _Problem(design=design, y=is_bad, w=w, penalty=penalty)
    return _result(problem, np.append(coefficients, intercept), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """Design with the intercept last, outcome, weights, ridge; and the functions Newton's method needs."""

    design: NDArray[np.float64]
    y: NDArray[np.float64]
    w: NDArray[np.float64]
    penalty: NDArray[np.float64]

    def log_likelihood(self, theta: NDArray[np.float64]) -> float:
        eta = self.design @ theta
        return float(self.w @ (self.y * eta - np.logaddexp(0.0, eta)))

    def objective(self, theta: NDArray[np.float64]) -> float:
        return self.log_likelihood(theta) - 0.5 * float(self.penalty @ np.square(theta))

    def derivatives(self, theta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Gradient and negative Hessian of the penalised log-likelihood."""
        p = 1.0 / (1.0 + np.exp(-np.clip(self.design @ theta, -500.0, 500.0)))
        gradient = self.design.T @ (self.w * (self.y - p)) - self.penalty * theta
        curvature = self.design.T @ (self.design * (self.w * p * (1.0 - p))[:, None])
        return gradient, curvature + np.diag(self.penalty + 1e-12)


def _damped(
    problem: _Problem, theta: NDArray[np.float64], step: NDArray[np.float64], value: float
) -> tuple[NDArray[np.float64], float, float]:
    """Take the Newton step, halved until the objective does not fall."""
    scale = 1.0
    for _ in range(30):
        trial = theta + scale * step
        reached = problem.objective(trial)
        if reached >= value - 1e-12 * abs(value):
            return trial, reached, float(np.max(np.abs(scale * step)))
        scale *= 0.5
    return theta, value, 0.0


def _result(problem: _Problem, theta: NDArray[np.float64], n_iterations: int) -> LogisticFit:
    _, hessian = problem.derivatives(theta)
    standard_errors = np.asarray(np.sqrt(np.diag(np.linalg.inv(hessian))), dtype=np.float64)
    z = np.abs(theta / standard_errors)
    return LogisticFit(
        intercept=float(theta[-1]),
        coefficients=theta[:-1].copy(),
        standard_errors=standard_errors,
        p_values=np.array([erfc(float(value) / sqrt(2.0)) for value in z]),
        log_likelihood=problem.log_likelihood(theta),
        n_iterations=n_iterations,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTests:
    """Would one more column help? Rao's score test of each candidate, without refitting.

    Attributes
    ----------
    gradient : ndarray of float64, shape (n_candidates,)
        Sign of the coefficient with which the candidate would enter.
    chi_squared, p_values : ndarray of float64, shape (n_candidates,)
        One degree of freedom. A candidate that repeats the columns already in has chi-squared 0.
    """

    gradient: NDArray[np.float64]
    chi_squared: NDArray[np.float64]
    p_values: NDArray[np.float64]


def score_tests(
    X: NDArray[np.float64],
    candidates: NDArray[np.float64],
    is_bad: NDArray[np.float64],
    fit: LogisticFit,
    weight: NDArray[np.float64] | None = None,
) -> ScoreTests:
    """Test each candidate column against a fitted logistic regression on X.

    Parameters
    ----------
    X : ndarray of float64, shape (n_rows, n_columns)
    candidates : ndarray of float64, shape (n_rows, n_candidates)
    is_bad : ndarray of float64, shape (n_rows,)
    fit : LogisticFit
        Fitted on X.
    weight : ndarray of float64, shape (n_rows,), optional

    References
    ----------
    .. [1] Rao, Large sample tests of statistical hypotheses, 1948.
    """
    n = len(is_bad)
    w = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    design = np.column_stack([X, np.ones(n)])
    p = 1.0 / (1.0 + np.exp(-np.clip(X @ fit.coefficients + fit.intercept, -500.0, 500.0)))
    gradient = candidates.T @ (w * (is_bad - p))
    spread = (w * p * (1.0 - p))[:, None]
    weighted = design * spread
    information = design.T @ weighted + 1e-9 * n * np.eye(design.shape[1])
    cross = weighted.T @ candidates
    own = np.sum(np.square(candidates) * spread, axis=0)
    left = own - np.sum(cross * np.linalg.solve(information, cross), axis=0)
    usable = left > 1e-8 * own
    chi_squared = np.divide(np.square(gradient), left, out=np.zeros_like(left), where=usable)
    return ScoreTests(
        gradient=np.asarray(gradient),
        chi_squared=chi_squared,
        p_values=np.array([erfc(sqrt(float(value) / 2.0)) for value in chi_squared]),
    )
