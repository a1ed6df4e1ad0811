"""The L1 path against its optimality conditions and against another solver."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from credit_risk.numerics.logistic import fit_logistic
from credit_risk.numerics.regression.lasso_path import lasso_path

N, K = 800, 6


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(12)
    X = rng.normal(size=(N, K)) @ (np.eye(K) + 0.3 * rng.normal(size=(K, K))) + rng.normal(size=K)
    z = X @ np.array([-1.0, 0.6, 0.0, 0.0, -0.3, 0.0]) - 1
    return X, (rng.random(N) < 1 / (1 + np.exp(-z))).astype(float), rng.uniform(0.2, 3.0, N)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("forbid_positive", [False, True])
def test_every_solution_meets_the_conditions_of_an_optimum(sample, weighted, forbid_positive):
    X, is_bad, weight = sample
    path = lasso_path(X, is_bad, weight if weighted else None, forbid_positive=forbid_positive)
    share = weight / weight.sum() if weighted else np.full(N, 1 / N)
    means = share @ X
    spread = np.sqrt(share @ (X - means) ** 2)
    assert not path.coefficients[0].any()
    for penalty, beta, intercept in zip(path.penalties, path.coefficients, path.intercepts, strict=True):
        p = 1 / (1 + np.exp(-(X @ beta + intercept)))
        slope = ((X - means) / spread).T @ (share * (is_bad - p))
        assert abs(share @ (is_bad - p)) < 1e-6
        held = beta != 0
        np.testing.assert_allclose(slope[held], penalty * np.sign(beta[held]), atol=2e-6)
        out = -slope[~held] if forbid_positive else np.abs(slope[~held])
        assert (out <= penalty + 2e-6).all()
        if forbid_positive:
            assert (beta <= 0).all()


def test_another_solver_finds_the_same(sample):
    X, is_bad, _ = sample
    path = lasso_path(X, is_bad)
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    for at in (5, 15, 30):
        other = LogisticRegression(
            C=1 / (N * path.penalties[at]),
            l1_ratio=1.0,
            solver="saga",
            tol=1e-10,
            max_iter=50_000,
            random_state=0,
        ).fit(standard, is_bad)
        np.testing.assert_allclose(path.coefficients[at] * X.std(axis=0), other.coef_[0], atol=1e-5)


def test_a_vanishing_penalty_is_plain_regression(sample):
    X, is_bad, weight = sample
    path = lasso_path(X, is_bad, weight, smallest=1e-7)
    plain = fit_logistic(X, is_bad, weight, ridge=0.0)
    np.testing.assert_allclose(path.coefficients[-1], plain.coefficients, atol=1e-5)
    assert path.intercepts[-1] == pytest.approx(plain.intercept, abs=1e-5)


def test_bic_picks_the_columns_that_matter(sample):
    X, is_bad, _ = sample
    path = lasso_path(X, is_bad)
    held = set(np.flatnonzero(path.coefficients[path.best]))
    assert {0, 1} <= held
    n_held = np.count_nonzero(path.coefficients, axis=1)
    np.testing.assert_allclose(path.bic, -2 * path.log_likelihoods + np.log(N) * n_held)


def test_a_constant_column_never_enters_and_noise_columns_do_not_break_it(sample):
    X, is_bad, _ = sample
    X = np.column_stack([X, np.ones(N)])
    assert not lasso_path(X, is_bad).coefficients[:, -1].any()
