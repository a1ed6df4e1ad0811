"""What an instalment loan is worth to the lender: expected cash flows, discounted.

Default may strike in any period with the same hazard; the lender then recovers a share of the balance that was still
owed. Reading order: :func:`period_hazard`, :func:`loan_value`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanValue:
    """Present values of a grid of loans for a set of borrowers, in minor units, shape (n_borrowers, n_loans).

    Attributes
    ----------
    value_minor : float64 ndarray
        Expected present value net of the principal paid out, before operating cost.
    expected_loss_minor : float64 ndarray
        Value of the same loan without default, less ``value_minor``.
    balance_sum_minor : float64 ndarray, shape (n_loans,)
        Sum over periods of the discounted contractual balance (what yearly cost and margin rates apply to, per period).
    """

    value_minor: NDArray[np.float64]
    expected_loss_minor: NDArray[np.float64]
    balance_sum_minor: NDArray[np.float64]


def period_hazard(pd: ArrayLike, n_periods: int) -> NDArray[np.float64]:
    """Return the constant chance of default per period that gives a PD over the whole term.

    Parameters
    ----------
    pd : array_like
        Probability of default within ``n_periods`` periods, between 0 and 1.

    Examples
    --------
    >>> period_hazard([1 - 0.997**12], 12).round(12)
    array([0.003])
    """
    survival = 1.0 - np.ascontiguousarray(pd, dtype=np.float64)
    return np.asarray(1.0 - np.power(survival, 1.0 / n_periods))


def loan_value(
    *,
    instalment_minor: NDArray[np.int64],
    opening_balance_minor: NDArray[np.int64],
    pd: ArrayLike,
    lgd: float,
    funding_rate_per_period: float,
) -> LoanValue:
    r"""Value every loan of a grid for every borrower.

    .. math:: V = -L + \sum_k S_{k-1} [(1-h) A_k + h (1-LGD) B_{k-1}] / (1+d)^k,\quad S_k = (1-h)^k

    Parameters
    ----------
    instalment_minor, opening_balance_minor : int64 ndarray, shape (n_loans, n_periods)
        What falls due at the end of each period, and what is owed at its start.
    pd : array_like, shape (n_borrowers,)
        Probability of default over the whole term.
    lgd : float
        Share of the balance that is lost at default, 0 to 1.
    funding_rate_per_period : float
        Discount rate per period.

    Returns
    -------
    LoanValue

    Notes
    -----
    Sums run period by period in a fixed order, so one borrower and a million borrowers get the same bits.

    References
    ----------
    .. [1] Thomas, Consumer Credit Models, 2009, ch. 3 (discrete hazard, recovery of outstanding balance).

    Examples
    --------
    >>> from credit_risk.loss import loan_value
    >>> value = loan_value(
    ...     instalment_minor=np.array([[60_00, 60_00]]), opening_balance_minor=np.array([[100_00, 50_00]]),
    ...     pd=[0.0], lgd=0.6, funding_rate_per_period=0.0)
    >>> float(value.value_minor[0, 0])
    2000.0
    """
    n_loans, n_periods = instalment_minor.shape
    hazard = period_hazard(pd, n_periods)[:, None]
    survival = np.ones_like(hazard)
    discount = 1.0
    value = np.repeat(-opening_balance_minor[:, 0].astype(np.float64)[None, :], len(hazard), axis=0)
    riskless = -opening_balance_minor[:, 0].astype(np.float64)
    balance_sum = np.zeros(n_loans)
    for k in range(n_periods):
        due = instalment_minor[:, k].astype(np.float64)
        owed = opening_balance_minor[:, k].astype(np.float64)
        discount = discount / (1.0 + funding_rate_per_period)
        paid = survival * (1.0 - hazard) * discount
        recovered = survival * hazard * (1.0 - lgd) * discount
        value = value + paid * due[None, :]
        value = value + recovered * owed[None, :]
        riskless = riskless + discount * due
        balance_sum = balance_sum + discount * owed
        survival = survival * (1.0 - hazard)
    return LoanValue(
        value_minor=value, expected_loss_minor=riskless[None, :] - value, balance_sum_minor=balance_sum
    )
