"""Limit and price: which cell of the offer grid a borrower gets.

A cell is admissible when it is lawful (the grid holds no other), earns the margin after funding, operating cost and
expected loss, and does not lose more in expectation than the strategy allows for one loan. The borrower gets the largest
admissible amount at its lowest admissible price. As PD rises cells only drop out, so limits never rise. A smaller loan
carries its fixed cost on less balance, so prices do not fall either, but for the rounding of schedules in coarse grids:
:func:`check_terms_follow_risk` sweeps the PDs of a strategy when a bundle is built. Nothing is ever clipped to the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import PolicyError
from credit_risk.loss.present_value import loan_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.decision.offer_grid import OfferGrid
    from credit_risk.decision.strategy import Strategy

_PERIODS_PER_YEAR = 12
_BLOCK = 256
_N_SWEEP = 1_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfferChoice:
    """The chosen cell per borrower, shape (n_borrowers,); ``cell`` is -1 where no cell is admissible."""

    cell: NDArray[np.int64]
    funding_cost_minor: NDArray[np.int64]
    operating_cost_minor: NDArray[np.int64]
    expected_loss_minor: NDArray[np.int64]
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
    blocks = [
        _choose_block(grid, strategy, risk[i : i + _BLOCK]) for i in range(0, max(len(risk), 1), _BLOCK)
    ]
    columns = [np.concatenate(parts) for parts in zip(*blocks, strict=True)]
    return OfferChoice(
        cell=columns[0],
        funding_cost_minor=columns[1],
        operating_cost_minor=columns[2],
        expected_loss_minor=columns[3],
        expected_profit_minor=columns[4],
    )


def _choose_block(
    grid: OfferGrid, strategy: Strategy, pd: NDArray[np.float64]
) -> tuple[NDArray[np.int64], ...]:
    """Return the chosen cell, then funding, operating cost, expected loss and expected profit, per borrower."""
    costs = strategy.costs
    value = loan_value(
        instalment_minor=grid.instalment_minor,
        opening_balance_minor=grid.opening_balance_minor,
        pd=pd,
        lgd=costs.lgd,
        funding_rate_per_period=costs.funding_rate / _PERIODS_PER_YEAR,
    )
    fixed = float(grid.currency.to_minor(Decimal(costs.fixed_cost_amount)))
    funding = value.balance_sum_minor * (costs.funding_rate / _PERIODS_PER_YEAR)
    operating = fixed + value.balance_sum_minor * (costs.operating_rate / _PERIODS_PER_YEAR)
    profit = value.value_minor - operating[None, :]
    wanted = value.balance_sum_minor * (costs.margin_rate / _PERIODS_PER_YEAR)
    bound = float(grid.currency.to_minor(Decimal(strategy.offer.max_expected_loss_amount)))
    admissible = (profit >= wanted[None, :]) & (value.expected_loss_minor <= bound)
    # cells are ordered largest amount first, lowest price first: the first admissible cell is the choice
    first = admissible.argmax(axis=1)
    rows = np.arange(len(pd))
    found = admissible[rows, first]
    amounts = (funding[first], operating[first], value.expected_loss_minor[rows, first], profit[rows, first])
    return np.where(found, first, -1), *(np.where(found, _whole(amount), 0) for amount in amounts)


def check_terms_follow_risk(grid: OfferGrid, strategy: Strategy) -> None:
    """Refuse a strategy under which a limit would rise or a contract rate fall as PD rises.

    Raises
    ------
    PolicyError
        Somewhere on a sweep of 1,000 PDs up to the cut-off (``CR-POL-011``).
    """
    choice = choose_offers(grid, strategy, np.linspace(0.0, strategy.max_pd, _N_SWEEP))
    cells = choice.cell[choice.cell >= 0]
    n_rising = int((np.diff(grid.amount_minor[cells]) > 0).sum())
    n_falling = int((np.diff(grid.annual_rate_ppm[cells]) < 0).sum())
    n_returning = int((np.diff((choice.cell >= 0).astype(np.int8)) > 0).sum())
    if n_rising or n_falling or n_returning:
        raise PolicyError(
            f"Strategy {strategy.id!r}: along {_N_SWEEP} rising PDs, limits rise {n_rising} times, prices fall {n_falling} "
            f"times and offers return {n_returning} times. Expected never. Hint: the offer grid is too fine for its "
            "currency's smallest unit, or the fixed cost is too small; use larger amounts or coarser prices.",
            code="CR-POL-011",
        )


def _whole(minor: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(minor + 0.5).astype(np.int64)
