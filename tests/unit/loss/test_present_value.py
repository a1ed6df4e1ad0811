"""The value of a loan moves the way a lender expects."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.loss import loan_value


def _grid() -> tuple[np.ndarray, np.ndarray]:
    owed = np.array([[1200, 800, 400], [120_000, 80_000, 40_000]])
    return np.array([[420, 415, 410], [41_000, 40_700, 40_300]]), owed


@given(st.lists(st.floats(0, 0.999), min_size=1, max_size=30), st.floats(0.1, 1), st.floats(0, 0.02))
def test_value_never_rises_with_pd_and_one_borrower_equals_many(pds, lgd, funding_rate):
    due, owed = _grid()
    arguments = {"lgd": lgd, "funding_rate_per_period": funding_rate}
    pds = sorted(pds)
    together = loan_value(instalment_minor=due, opening_balance_minor=owed, pd=pds, **arguments)
    assert (np.diff(together.value_minor, axis=0) <= 1e-6).all()
    for i, pd in enumerate(pds):
        alone = loan_value(instalment_minor=due, opening_balance_minor=owed, pd=[pd], **arguments)
        assert np.array_equal(alone.value_minor[0], together.value_minor[i])
        assert np.array_equal(alone.expected_loss_minor[0], together.expected_loss_minor[i])


def test_a_sure_payer_costs_nothing():
    due, owed = _grid()
    value = loan_value(
        instalment_minor=due, opening_balance_minor=owed, pd=[0.0], lgd=0.5, funding_rate_per_period=0.0
    )
    assert (value.expected_loss_minor == 0).all()
    assert value.value_minor.tolist() == [[45.0, 2000.0]]
