"""A portfolio that breaks the strategy's promises is refused. Decisions here are made up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_risk.errors import PolicyError
from credit_risk.jobs.portfolio import Portfolio


def _portfolio(n_declined=40, **changes) -> Portfolio:
    n = 60
    pd_ = np.linspace(0.02, 0.2, n)
    frame = pd.DataFrame(
        {
            "outcome": "approve",
            "pd": pd_,
            "limit_amount": np.repeat(np.arange(60_000, 0, -10_000), 10).astype(float),
            "contract_rate": np.repeat(np.linspace(0.08, 0.20, 12), 5),
        }
    ).assign(**changes)
    declined = pd.DataFrame({"outcome": ["decline"] * n_declined, "pd": 0.5})
    frame = pd.concat([frame, declined], ignore_index=True)
    return Portfolio(frame=frame, decisions=(), is_bad=np.zeros(len(frame), dtype=bool))


def test_a_sound_portfolio_passes():
    portfolio = _portfolio()
    portfolio.check()
    assert portfolio.is_approved.sum() == 60


@pytest.mark.parametrize("n_declined", [1, 400])
def test_too_many_or_too_few_approvals_are_refused(n_declined):
    with pytest.raises(PolicyError, match="Expected 20 % to 80 %"):
        _portfolio(n_declined=n_declined).check()


def test_a_limit_that_rises_with_pd_is_refused():
    limits = np.repeat(np.arange(60_000, 0, -10_000), 10).astype(float)
    limits[-1] = 60_000
    with pytest.raises(PolicyError, match="limits rise 1 times and prices fall 0 times"):
        _portfolio(limit_amount=limits).check()


def test_a_price_that_falls_with_pd_is_refused():
    prices = np.repeat(np.linspace(0.08, 0.20, 12), 5)
    prices[30] = 0.08
    with pytest.raises(PolicyError, match="limits rise 0 times and prices fall 1 times"):
        _portfolio(contract_rate=prices).check()


def test_equal_pd_must_mean_equal_terms():
    with pytest.raises(PolicyError, match="limits rise 5 times"):
        _portfolio(pd=np.full(60, 0.1)).check()


@pytest.mark.parametrize(
    "changes",
    [
        {"limit_amount": 50_000.0},
        {"contract_rate": 0.1},
        {"contract_rate": np.repeat(np.linspace(0.10, 0.12, 12), 5)},
    ],
)
def test_terms_that_do_not_differ_by_risk_are_refused(changes):
    with pytest.raises(PolicyError, match="distinct limits"):
        _portfolio(**changes).check()
