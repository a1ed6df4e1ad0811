"""Effects fitted together, against a general optimiser with the same penalty and order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from credit_risk.numerics.bin_effects import EffectBlock, fit_bin_effects, monotone_means


def block(index, prior, order="none", **kwargs):
    prior = np.asarray(prior, dtype=float)
    n_ordered = kwargs.pop("n_ordered", len(prior))
    free = kwargs.pop("is_free", np.ones(len(prior), dtype=bool))
    return EffectBlock(index=index, prior=prior, is_free=free, n_ordered=n_ordered, order=order, **kwargs)


@pytest.mark.parametrize("order", ["none", "ascending"])
def test_the_cyclic_fit_reaches_the_penalised_maximum(order):
    rng = np.random.default_rng(8)
    first, second = rng.integers(0, 4, 3000), rng.integers(0, 3, 3000)
    truth = np.array([-0.5, 0.4, 0.1, 0.8])[first] + np.array([0.3, 0.0, -0.6])[second]
    y = (rng.random(3000) < 1 / (1 + np.exp(1 - truth))).astype(float)
    priors, pull = [np.zeros(4), np.zeros(3)], 20.0
    effects = fit_bin_effects(
        [block(first, priors[0], order), block(second, priors[1])], y, pull=pull, max_rounds=300
    )

    def loss(t):
        eta = t[0] + t[1:5][first] + t[5:8][second]
        return -(y @ eta - np.logaddexp(0, eta).sum()) + 0.5 * pull * np.sum(t[1:] ** 2)

    constraints = (
        [{"type": "ineq", "fun": lambda t, k=k: t[k + 1] - t[k]} for k in (1, 2, 3)]
        if order == "ascending"
        else []
    )
    best = minimize(
        loss, np.zeros(8), method="SLSQP", constraints=constraints, options={"ftol": 1e-12, "maxiter": 500}
    )
    np.testing.assert_allclose(effects[0], best.x[1:5], atol=0.01)
    np.testing.assert_allclose(effects[1], best.x[5:8], atol=0.01)


def test_fixed_bins_keep_their_prior_and_free_ones_after_the_ordered_are_free():
    rng = np.random.default_rng(9)
    index = rng.integers(0, 4, 4000)
    y = (rng.random(4000) < np.array([0.1, 0.2, 0.3, 0.9])[index]).astype(float)
    fixed = np.array([True, True, True, True])
    fixed[1] = False
    effect = fit_bin_effects(
        [block(index, [0.0, 0.123, 0.0, 0.0], "descending", n_ordered=3, is_free=fixed)], y
    )[0]
    assert effect[1] == 0.123
    assert effect[3] > effect[0] + 1


@pytest.mark.parametrize(("order", "turn"), [("peak", 2), ("valley", 1)])
def test_turning_orders_turn_where_they_are_told(order, turn):
    rng = np.random.default_rng(10)
    index = rng.integers(0, 5, 2000)
    y = (rng.random(2000) < 0.3).astype(float)
    effect = fit_bin_effects([block(index, np.zeros(5), order, turn=turn)], y, pull=1.0)[0]
    sign = 1 if order == "peak" else -1
    assert (sign * np.diff(effect[: turn + 1]) >= -1e-12).all()
    assert (sign * np.diff(effect[turn:]) <= 1e-12).all()


def test_monotone_means_equal_the_naive_projection():
    rng = np.random.default_rng(1)
    for _ in range(20):
        x, w = rng.normal(size=6), rng.random(6) + 0.1
        best = minimize(
            lambda t, x=x, w=w: np.sum(w * (t - x) ** 2), np.full(6, x.mean()), method="SLSQP",
            constraints=[{"type": "ineq", "fun": lambda t, k=k: t[k + 1] - t[k]} for k in range(5)],
            options={"ftol": 1e-14, "maxiter": 500},
        )  # fmt: skip
        np.testing.assert_allclose(monotone_means(x, w), best.x, atol=1e-4)
