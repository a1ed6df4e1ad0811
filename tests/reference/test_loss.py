"""Published and computed vectors of expected loss and loan value (DOMAIN collection, topic D; status [C] unless stated)."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.loss import (
    break_even_period_rate,
    expected_loss_amount,
    exposure_at_default_amount,
    loan_value,
    period_hazard,
)


def test_v_d01_expected_loss():
    assert float(expected_loss_amount(0.03, 0.85, 20_000)) == pytest.approx(510.00, rel=1e-9)


def test_v_d02_exposure_of_a_revolving_line():
    assert float(exposure_at_default_amount(20_000, 8_000, 0.5)) == 14_000


def test_v_d08_break_even_rate():
    rate = break_even_period_rate(0.03, 0.85, funding_rate=0.035, operating_rate=0.02)
    assert float(rate) == pytest.approx(0.0829896907, abs=5e-11)


def _contract(principal: float, rate: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unrounded instalments and opening balances of an equal-instalment loan."""
    instalment = principal * rate / (1 - (1 + rate) ** -n)
    balances = [principal]
    for _ in range(n - 1):
        balances.append(balances[-1] * (1 + rate) - instalment)
    return np.full((1, n), instalment), np.array([balances])


def test_v_d09_value_of_an_instalment_loan_under_a_monthly_hazard():
    # L 10,000, r 1.2 %, n 12, h 0.3 %, LGD 85 %, d 0.3 %, instalment 899.754332793507 unrounded
    due, owed = _contract(10_000, 0.012, 12)
    pd_12m = 1 - 0.997**12
    assert pd_12m == pytest.approx(0.0354119001, abs=5e-11)
    value = loan_value(
        instalment_minor=due, opening_balance_minor=owed, pd=[pd_12m], lgd=0.85, funding_rate_per_period=0.003
    )
    assert float(value.value_minor[0, 0]) == pytest.approx(415.4460240246, abs=5e-8)


def test_v_d09_rate_at_which_the_loan_is_worth_nothing():
    due, owed = _contract(10_000, 0.0055667001, 12)
    value = loan_value(
        instalment_minor=due,
        opening_balance_minor=owed,
        pd=[1 - 0.997**12],
        lgd=0.85,
        funding_rate_per_period=0.003,
    )
    assert float(value.value_minor[0, 0]) == pytest.approx(0, abs=1e-5)


def test_hazard_inverts_the_term_pd():
    pd_term = np.array([0.0, 0.01, 0.5, 0.99])
    assert 1 - (1 - period_hazard(pd_term, 12)) ** 12 == pytest.approx(pd_term)
