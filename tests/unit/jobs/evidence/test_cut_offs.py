"""Amounts if a model's PD decided: those of the offers the strategy makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from credit_risk.decision import OfferGrid, Strategy
from credit_risk.decision.offer_choice import choose_offers
from credit_risk.jobs.evidence.cut_offs import amounts_if_approved

PROJECT = Path(__file__).resolve().parents[4] / "examples" / "uci_credit_card"


@pytest.fixture(scope="module")
def strategy() -> Strategy:
    return Strategy.from_toml(PROJECT / "strategy.toml")


def test_amounts_are_those_of_the_chosen_offers_in_the_order_of_the_customers(strategy) -> None:
    grid = OfferGrid.build(strategy)
    risk = np.array([0.3, 0.02, 0.9, 0.02, 0.1])
    table = amounts_if_approved(grid, strategy, risk)
    choice = choose_offers(grid, strategy, risk)
    unit = float(grid.currency.to_major(1))
    np.testing.assert_array_equal(table["n_with_offer"], choice.cell >= 0)
    np.testing.assert_array_equal(table["expected_profit_amount"], choice.expected_profit_minor * unit)
    np.testing.assert_array_equal(table["expected_loss_amount"], choice.expected_loss_minor * unit)
    assert table.loc[2].tolist() == [0.0, 0.0, 0.0]
    assert table.loc[1].tolist() == table.loc[3].tolist()
