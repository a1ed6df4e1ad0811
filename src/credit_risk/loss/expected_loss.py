"""One-period credit-loss arithmetic: expected loss, exposure, break-even rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def expected_loss_amount(pd: ArrayLike, lgd: ArrayLike, ead_amount: ArrayLike) -> NDArray[np.float64]:
    """Return the loss to expect: probability of default x loss given default x exposure.

    Parameters
    ----------
    pd, lgd : array_like
        Shares between 0 and 1; the PD's horizon must be the exposure's.
    ead_amount : array_like, currency units
        Exposure at default.

    Examples
    --------
    >>> round(float(expected_loss_amount(0.03, 0.85, 20_000)), 2)
    510.0
    """
    return np.asarray(
        np.asarray(pd, np.float64) * np.asarray(lgd, np.float64) * np.asarray(ead_amount, np.float64)
    )


def exposure_at_default_amount(
    limit_amount: ArrayLike, drawn_amount: ArrayLike, credit_conversion_factor: ArrayLike
) -> NDArray[np.float64]:
    """Return a revolving line's exposure: drawn plus a share of what is still undrawn.

    Examples
    --------
    >>> float(exposure_at_default_amount(20_000, 8_000, 0.5))
    14000.0
    """
    drawn = np.asarray(drawn_amount, np.float64)
    undrawn = np.asarray(limit_amount, np.float64) - drawn
    return np.asarray(drawn + np.asarray(credit_conversion_factor, np.float64) * undrawn)


def break_even_period_rate(
    pd: ArrayLike, lgd: ArrayLike, *, funding_rate: float, operating_rate: float
) -> NDArray[np.float64]:
    """Return the one-period rate at which lending neither gains nor loses.

    Solves (1 - PD)(1 + r) + PD (1 - LGD) = 1 + funding + operating cost.

    Examples
    --------
    >>> float(np.round(break_even_period_rate(0.03, 0.85, funding_rate=0.035, operating_rate=0.02), 10))
    0.0829896907
    """
    p, loss = np.asarray(pd, np.float64), np.asarray(lgd, np.float64)
    return np.asarray((1.0 + funding_rate + operating_rate - p * (1.0 - loss)) / (1.0 - p) - 1.0)
