"""Limit and price: which cell of the offer grid a borrower gets.

A cell is admissible when it is lawful (the grid holds no other), earns the margin after funding, operating cost and
expected loss, and does not lose more in expectation than the strategy allows for one loan. The borrower gets the largest
admissible amount at its lowest admissible price. As PD rises cells only drop out, so limits never rise; a smaller loan
carries its fixed cost on less balance, so prices never fall. Nothing is ever clipped to the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.loss.present_value import loan_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.decision.offer_grid import OfferGrid
    from credit_risk.decision.strategy import Strategy

_PERIODS_PER_YEAR = 12
_BLOCK = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfferChoice:
    """The chosen cell per borrower, shape (n_borrowers,); ``cell`` is -1 where no cell is admissible."""

    cell: NDArray[np.int64]
    expected_loss_minor: NDArray[np.int64]
    operating_cost_minor: NDArray[np.int64]
    expected_profit_minor: NDArray[np.int64]


def choose_offers(grid: OfferGrid, strategy: Strategy, pd: ArrayLike) -> OfferChoice:
    """Choose limit and price for each borrower.

    Parameters
    ----------
    grid : OfferGrid
        Lawful cells of the strategy.
    strategy : Strategy
        Costs, margin and the bound on expected loss.
    pd : array_like, shape (n_borrowers,)
        Calibrated PD over the loan's term.
    """
    risk = np.ascontiguousarray(pd, dtype=np.float64)
    blocks = [_choose_block(grid, strategy, risk[i : i + _BLOCK]) for i in range(0, len(risk), _BLOCK)]
    if not blocks:
        empty = np.empty(0, dtype=np.int64)
        return OfferChoice(
            cell=empty, expected_loss_minor=empty, operating_cost_minor=empty, expected_profit_minor=empty
        )
    cell, loss, operating, profit = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return OfferChoice(
        cell=cell, expected_loss_minor=loss, operating_cost_minor=operating, expected_profit_minor=profit
    )


def _choose_block(
    grid: OfferGrid, strategy: Strategy, pd: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    costs = strategy.costs
    value = loan_value(
        instalment_minor=grid.instalment_minor,
        opening_balance_minor=grid.opening_balance_minor,
        pd=pd,
        lgd=costs.lgd,
        funding_rate_per_period=costs.funding_rate / _PERIODS_PER_YEAR,
    )
    fixed = float(grid.currency.to_minor(Decimal(costs.fixed_cost_amount)))
    operating = fixed + value.balance_sum_minor * (costs.operating_rate / _PERIODS_PER_YEAR)
    profit = value.value_minor - operating[None, :]
    wanted = value.balance_sum_minor * (costs.margin_rate / _PERIODS_PER_YEAR)
    bound = float(grid.currency.to_minor(Decimal(strategy.offer.max_expected_loss_amount)))
    admissible = (profit >= wanted[None, :]) & (value.expected_loss_minor <= bound)
    # cells are ordered largest amount first, lowest price first: the first admissible cell is the choice
    first = admissible.argmax(axis=1)
    found = admissible[np.arange(len(pd)), first]
    rows = np.arange(len(pd))
    return (
        np.where(found, first, -1),
        np.where(found, _whole(value.expected_loss_minor[rows, first]), 0),
        np.where(found, _whole(operating[first]), 0),
        np.where(found, _whole(profit[rows, first]), 0),
    )


def _whole(minor: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(minor + 0.5).astype(np.int64)
