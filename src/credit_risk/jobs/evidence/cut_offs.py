"""What each holdout customer would bring if a model's PD decided: the offer the strategy would make, whatever the cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.decision.offer_choice import choose_offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.decision import OfferGrid, Strategy


def amounts_if_approved(grid: OfferGrid, strategy: Strategy, risk: NDArray[np.float64]) -> pd.DataFrame:
    """Return `n_with_offer`, expected loss and expected profit per customer, in major units; 0 without an offer.

    Parameters
    ----------
    grid : OfferGrid
        Lawful cells of the strategy.
    strategy : Strategy
        Costs, margin and the bound on expected loss.
    risk : ndarray of float, shape (n_customers,)
        Calibrated PD of one model.
    """
    distinct, place = np.unique(risk, return_inverse=True)
    choice = choose_offers(grid, strategy, distinct)
    unit = float(grid.currency.to_major(1))
    return pd.DataFrame(
        {
            "n_with_offer": (choice.cell >= 0)[place].astype(float),
            "expected_loss_amount": choice.expected_loss_minor[place] * unit,
            "expected_profit_amount": choice.expected_profit_minor[place] * unit,
        }
    )
