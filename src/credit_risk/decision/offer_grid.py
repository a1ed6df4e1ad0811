"""The grid of loans a strategy may offer: amounts x prices, each with schedule, annual cost and the law's verdict.

The grid does not depend on the applicant, so it is computed once when a bundle is loaded; only lawful cells are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.money import Currency
from credit_risk.errors import PolicyError
from credit_risk.loans import (
    Schedule,
    annual_rates_table,
    check_ceiling,
    equal_instalment_schedule,
    equal_instalment_table,
    load_ceilings,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.decision.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfferGrid:
    """All lawful cells, largest amount first, lowest price first within an amount.

    Attributes
    ----------
    amount_minor, annual_rate_ppm : int64 ndarray, shape (n_cells,)
        Principal, and contract rate in millionths per year.
    instalment_minor, opening_balance_minor, interest_minor : int64 ndarray, shape (n_cells, n_instalments)
        The schedules.
    nominal_rate, effective_rate : float64 ndarray, shape (n_cells,)
        Annual cost from the rounded flows.
    ceiling_rate, ceiling_rule : ndarray, tuple
        What the law said of each cell.
    n_refused : int
        Cells of the strategy's grid that were not lawful.
    """

    currency: Currency
    n_instalments: int
    amount_minor: NDArray[np.int64]
    annual_rate_ppm: NDArray[np.int64]
    instalment_minor: NDArray[np.int64] = field(repr=False)
    opening_balance_minor: NDArray[np.int64] = field(repr=False)
    interest_minor: NDArray[np.int64] = field(repr=False)
    nominal_rate: NDArray[np.float64] = field(repr=False)
    effective_rate: NDArray[np.float64] = field(repr=False)
    ceiling_rate: float
    ceiling_rule: str
    n_refused: int
    _schedules: dict[int, Schedule] = field(default_factory=dict, repr=False)

    @classmethod
    def build(cls, strategy: Strategy) -> OfferGrid:
        """Compute the grid of a strategy under the law of its contract date.

        Raises
        ------
        PolicyError
            No cell is lawful (``CR-POL-002``).
        """
        currency = Currency.of(strategy.lender.currency)
        amounts = sorted(
            {currency.to_minor(Decimal(amount)) for amount in strategy.offer.amounts}, reverse=True
        )
        rates = sorted({int(Decimal(rate) * 1_000_000) for rate in strategy.offer.annual_rates})
        amount = np.repeat(np.array(amounts, dtype=np.int64), len(rates))
        rate = np.tile(np.array(rates, dtype=np.int64), len(amounts))
        table = equal_instalment_table(amount, rate, n_instalments=strategy.offer.n_instalments)
        nominal, effective = annual_rates_table(amount, table.instalment_minor)
        lawful, ceiling_rate, rule = _lawful(strategy, nominal, effective)
        if not lawful.any():
            raise PolicyError(
                f"Strategy {strategy.id!r}: none of the {len(amount)} cells of the offer grid is lawful under rule "
                f"{rule!r} ({ceiling_rate:.2%} a year). Hint: lower [offer.annual_rates] min.",
                code="CR-POL-002",
            )
        opening = np.column_stack([amount, table.balance_minor[:, :-1]])
        return cls(
            currency=currency,
            n_instalments=strategy.offer.n_instalments,
            amount_minor=amount[lawful],
            annual_rate_ppm=rate[lawful],
            instalment_minor=table.instalment_minor[lawful],
            opening_balance_minor=opening[lawful],
            interest_minor=table.interest_minor[lawful],
            nominal_rate=nominal[lawful],
            effective_rate=effective[lawful],
            ceiling_rate=ceiling_rate,
            ceiling_rule=rule,
            n_refused=int((~lawful).sum()),
        )

    @property
    def n_cells(self) -> int:
        """Number of lawful cells."""
        return len(self.amount_minor)

    def annual_rate(self, cell: int) -> str:
        """Return a cell's contract rate as an exact decimal text."""
        return str(Decimal(int(self.annual_rate_ppm[cell])).scaleb(-6).normalize())

    def schedule(self, cell: int) -> Schedule:
        """Return a cell's schedule, built once by the scalar path."""
        if cell not in self._schedules:
            self._schedules[cell] = equal_instalment_schedule(
                int(self.amount_minor[cell]),
                annual_rate=Decimal(int(self.annual_rate_ppm[cell])).scaleb(-6),
                n_instalments=self.n_instalments,
            )
        return self._schedules[cell]


def _lawful(
    strategy: Strategy, nominal: NDArray[np.float64], effective: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], float, str]:
    ceilings = load_ceilings()
    lender = strategy.lender
    lawful = np.zeros(len(nominal), dtype=np.bool_)
    ceiling_rate, rule = 0.0, ""
    for i in range(len(nominal)):
        check = check_ceiling(
            nominal=float(nominal[i]),
            effective=float(effective[i]),
            lender_type=lender.type,
            product=lender.product,
            contract_on=date.fromisoformat(lender.contract_on),
            ceilings=ceilings,
        )
        lawful[i] = check.is_lawful
        ceiling_rate, rule = check.ceiling_rate, check.rule_id
    return lawful, ceiling_rate, rule
