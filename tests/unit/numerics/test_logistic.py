"""Newton's method against scikit-learn, a numerical Hessian, and its own refits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from credit_risk.errors import FitError
from credit_risk.numerics.logistic import fit_logistic, score_tests


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(3000, 3))
    y = (rng.random(3000) < 1 / (1 + np.exp(1 - X @ [1.0, -0.5, 0.0]))).astype(float)
    return X, y


def test_coefficients_equal_those_of_scikit_learn(data):
    X, y = data
    fit = fit_logistic(X, y, ridge=0.0)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(fit.coefficients, peer.coef_[0], atol=1e-6)
    assert fit.intercept == pytest.approx(peer.intercept_[0], abs=1e-6)


def test_standard_errors_come_from_the_curvature_of_the_likelihood(data):
    X, y = data
    fit = fit_logistic(X, y, ridge=0.0)
    design = np.column_stack([X, np.ones(len(y))])
    theta = np.append(fit.coefficients, fit.intercept)

    def log_likelihood(t):
        eta = design @ t
        return float(y @ eta - np.logaddexp(0, eta).sum())

    h, k = 1e-4, len(theta)
    hessian = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            e, f = np.eye(k)[i] * h, np.eye(k)[j] * h
            hessian[i, j] = (
                log_likelihood(theta + e + f) - log_likelihood(theta + e - f)
                - log_likelihood(theta - e + f) + log_likelihood(theta - e - f)
            ) / (4 * h * h)  # fmt: skip
    np.testing.assert_allclose(fit.standard_errors, np.sqrt(np.diag(np.linalg.inv(-hessian))), rtol=1e-3)
    assert fit.p_values[0] < 1e-10
    assert fit.p_values[2] > 0.01


def test_weights_count_like_repeated_rows(data):
    X, y = data
    weight = 1.0 + (np.arange(len(y)) % 2)
    repeated = np.repeat(np.arange(len(y)), weight.astype(int))
    one, two = fit_logistic(X, y, weight, ridge=0.0), fit_logistic(X[repeated], y[repeated], ridge=0.0)
    np.testing.assert_allclose(one.coefficients, two.coefficients, atol=1e-9)
    np.testing.assert_allclose(one.standard_errors, two.standard_errors, rtol=1e-6)


def test_a_start_changes_the_way_not_the_end(data):
    X, y = data
    plain = fit_logistic(X, y)
    warm = fit_logistic(X, y, start=(plain.coefficients + 0.1, plain.intercept))
    np.testing.assert_allclose(warm.coefficients, plain.coefficients, atol=1e-9)


def test_the_score_test_agrees_with_the_likelihood_ratio_of_a_refit(data):
    X, y = data
    base = fit_logistic(X[:, :1], y, ridge=0.0)
    tests = score_tests(X[:, :1], X[:, 1:], y, base)
    for j in (1, 2):
        full = fit_logistic(X[:, [0, j]], y, ridge=0.0)
        ratio = 2 * (full.log_likelihood - base.log_likelihood)
        assert tests.chi_squared[j - 1] == pytest.approx(ratio, rel=0.05, abs=0.05)
        assert np.sign(tests.gradient[j - 1]) == np.sign(full.coefficients[1])


def test_a_column_that_repeats_another_cannot_enter(data):
    X, y = data
    base = fit_logistic(X[:, :1], y)
    assert score_tests(X[:, :1], 2 * X[:, :1], y, base).chi_squared[0] == 0.0


def test_a_regression_that_does_not_settle_says_so(data):
    X, y = data
    with pytest.raises(
        FitError, match=r"CR-NUM-001: The logistic regression of 3 columns did not settle in 1 steps"
    ):
        fit_logistic(X, y, max_iterations=1)
