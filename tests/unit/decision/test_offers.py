"""Limit and price: lawful, not loss-making, never rising with risk in the wrong direction."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.decision import OfferGrid, choose_offers
from credit_risk.decision.offer_choice import check_terms_follow_risk
from credit_risk.errors import PolicyError
from credit_risk.loans import annual_rates


def test_every_cell_is_lawful_and_none_is_clipped(grid):
    assert grid.ceiling_rate == pytest.approx(0.24)
    assert (grid.effective_rate <= 0.24).all()
    assert (grid.nominal_rate <= 0.24).all()
    assert grid.n_refused > 0
    # a contract rate on the grid stays what the strategy wrote: nothing sits at a clipped ceiling
    assert (grid.annual_rate_ppm % 2500 == 0).all()


def test_cells_run_from_the_largest_amount_and_lowest_price(grid):
    assert (np.diff(grid.amount_minor) <= 0).all()
    same = np.diff(grid.amount_minor) == 0
    assert (np.diff(grid.annual_rate_ppm)[same] > 0).all()


def test_scalar_schedule_of_a_cell_equals_its_row_to_the_cent(grid):
    for cell in range(0, grid.n_cells, 97):
        schedule = grid.schedule(cell)
        assert list(schedule.instalment_minor) == grid.instalment_minor[cell].tolist()
        assert sum(schedule.principal_part_minor) == grid.amount_minor[cell]
        rates = annual_rates(schedule)
        assert (rates.nominal, rates.effective) == (grid.nominal_rate[cell], grid.effective_rate[cell])


@given(st.lists(st.floats(0.0005, 0.9), min_size=2, max_size=60))
def test_limits_never_rise_and_prices_never_fall_with_pd(grid, strategy, pds):
    pd = np.sort(np.array(pds))
    choice = choose_offers(grid, strategy, pd)
    offered = choice.cell >= 0
    # once nothing is left for a risk, nothing is left for a higher one
    assert (np.diff(offered.astype(int)) <= 0).all()
    cells = choice.cell[offered]
    assert (np.diff(grid.amount_minor[cells]) <= 0).all()
    assert (np.diff(grid.annual_rate_ppm[cells]) >= 0).all()


@given(st.floats(0.0005, 0.5))
def test_the_choice_equals_a_naive_search(grid, strategy, pd):
    bound = int(Decimal(strategy.offer.max_expected_loss_amount) * 100)
    costs = strategy.costs
    best = None
    hazard = 1 - (1 - pd) ** (1 / 12)
    # a coarse subset keeps the pure-Python search short; the vectorised choice runs on the same subset
    keep = np.arange(0, grid.n_cells, 41)
    small = replace(
        grid,
        **{
            name: getattr(grid, name)[keep]
            for name in (
                "amount_minor", "annual_rate_ppm", "instalment_minor", "opening_balance_minor", "interest_minor",
                "nominal_rate", "effective_rate",
            )
        },
    )  # fmt: skip
    for cell in range(small.n_cells):
        value = riskless = -float(small.amount_minor[cell])
        balances = 0.0
        for k in range(12):
            due, owed = float(small.instalment_minor[cell, k]), float(small.opening_balance_minor[cell, k])
            discount = (1 + costs.funding_rate / 12) ** -(k + 1)
            alive = (1 - hazard) ** k
            value += discount * alive * ((1 - hazard) * due + hazard * (1 - costs.lgd) * owed)
            riskless += discount * due
            balances += discount * owed
        profit = value - balances * costs.operating_rate / 12 - float(costs.fixed_cost_amount) * 100
        margin = profit - balances * costs.margin_rate / 12
        if min(abs(margin), abs(riskless - value - bound)) < 1e-6:
            return  # a tie that summation order may decide either way
        if best is None and margin >= 0 and riskless - value <= bound:
            best = cell
    chosen = int(choose_offers(small, strategy, [pd]).cell[0])
    assert chosen == (-1 if best is None else best)


def test_one_borrower_equals_many(grid, strategy):
    pd = np.linspace(0.001, 0.6, 700)
    together = choose_offers(grid, strategy, pd)
    for i in range(0, 700, 37):
        alone = choose_offers(grid, strategy, pd[i : i + 1])
        assert alone.cell[0] == together.cell[i]
        assert alone.expected_profit_minor[0] == together.expected_profit_minor[i]
        assert alone.expected_loss_minor[0] == together.expected_loss_minor[i]


def test_no_offer_ever_loses_money_in_expectation(grid, strategy):
    choice = choose_offers(grid, strategy, np.linspace(0.001, 0.9, 500))
    offered = choice.cell >= 0
    assert offered.any()
    assert not offered.all()
    assert (choice.expected_profit_minor[offered] > 0).all()
    assert (choice.expected_loss_minor[offered] <= 2500_00).all()


def test_a_strategy_whose_prices_could_fall_with_risk_is_refused(strategy):
    # a currency without minor unit, tiny loans and no fixed cost: rounding of schedules moves prices about
    coarse = replace(
        strategy,
        lender=replace(strategy.lender, currency="JPY"),
        costs=replace(strategy.costs, fixed_cost_amount="0"),
        offer=replace(
            strategy.offer,
            amounts=tuple(str(amount) for amount in range(1000, 6001, 100)),
            max_expected_loss_amount="150",
        ),
    )
    with pytest.raises(PolicyError, match="along 1000 rising PDs, limits rise 0 times, prices fall [1-9]"):
        check_terms_follow_risk(OfferGrid.build(coarse), coarse)
    check_terms_follow_risk(OfferGrid.build(strategy), strategy)


def test_the_parts_of_the_price_add_up_to_the_interest(grid, strategy):
    choice = choose_offers(grid, strategy, np.linspace(0.001, 0.2, 50))
    offered = choice.cell >= 0
    parts = choice.funding_cost_minor + choice.operating_cost_minor + choice.expected_loss_minor
    months = np.arange(1, 13)
    discount = (1 + strategy.costs.funding_rate / 12) ** -months
    interest_value = (grid.interest_minor[choice.cell[offered]] * discount).sum(axis=1)
    assert np.abs((parts + choice.expected_profit_minor)[offered] - interest_value).max() <= 2.5


def test_nobody_to_decide_gives_nothing(grid, strategy):
    assert choose_offers(grid, strategy, []).cell.shape == (0,)


def test_a_grid_above_the_law_is_refused(strategy):
    greedy = replace(strategy, offer=replace(strategy.offer, annual_rates=("0.30", "0.36")))
    with pytest.raises(PolicyError, match="none of the .* cells of the offer grid is lawful"):
        OfferGrid.build(greedy)
