"""The two-number logistic regression against scikit-learn and against its own score equations."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from credit_risk.numerics.logistic_function import sigmoid
from credit_risk.numerics.logistic_line import fit_logistic_line, fit_logistic_shift


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(11)
    x = generator.normal(size=800)
    return x, generator.random(800) < sigmoid(-1.0 + 0.7 * x)


def test_line_equals_scikit_learn_without_penalty(rows) -> None:
    x, y = rows
    line = fit_logistic_line(x, y)
    peer = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(x[:, None], y)
    assert line.intercept == pytest.approx(peer.intercept_[0], abs=1e-6)
    assert line.slope == pytest.approx(peer.coef_[0, 0], abs=1e-6)


def test_line_solves_the_score_equations(rows) -> None:
    x, y = rows
    line = fit_logistic_line(x, y)
    residual = y - sigmoid(line.intercept + line.slope * x)
    assert abs(residual.sum()) < 1e-8
    assert abs((residual * x).sum()) < 1e-8


def test_standard_errors_are_those_of_the_inverse_information(rows) -> None:
    x, y = rows
    line = fit_logistic_line(x, y)
    p = sigmoid(line.intercept + line.slope * x)
    design = np.column_stack([np.ones_like(x), x])
    inverse = np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]))
    assert line.intercept_se == pytest.approx(np.sqrt(inverse[0, 0]), rel=1e-9)
    assert line.slope_se == pytest.approx(np.sqrt(inverse[1, 1]), rel=1e-9)


def test_shift_makes_expected_bads_equal_observed(rows) -> None:
    x, y = rows
    shift = fit_logistic_shift(x, y)
    assert sigmoid(shift.intercept + x).sum() == pytest.approx(y.sum(), abs=1e-6)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0.0, 0.0, 0.0], [True, False, True]),
        ([-2.0, -1.0, 1.0, 2.0], [False, False, True, True]),
        ([-1.0, 0.0, 1.0], [True, True, True]),
    ],
    ids=["constant", "separable", "one class"],
)
def test_no_line_where_the_likelihood_has_no_maximum(x, y) -> None:
    line = fit_logistic_line(np.array(x), np.array(y))
    assert not line.converged
    assert np.isnan(line.slope)


def test_no_shift_for_one_class() -> None:
    assert not fit_logistic_shift(np.zeros(3), np.ones(3, dtype=bool)).converged


def test_far_start_converges_by_step_halving() -> None:
    generator = np.random.default_rng(2)
    x = 30.0 * generator.normal(size=500)
    y = generator.random(500) < sigmoid(-2.0 + 0.02 * x)
    line = fit_logistic_line(x, y)
    assert line.converged
    assert abs((y - sigmoid(line.intercept + line.slope * x)).sum()) < 1e-7
