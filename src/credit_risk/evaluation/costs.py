"""Measures that weigh errors by what they cost: Hand's H-measure and the expected maximum profit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betainc

from credit_risk.errors import SpecificationError
from credit_risk.evaluation.checks import checked_numbers, checked_outcome
from credit_risk.numerics.discrimination import roc_hull

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class ExpectedMaximumProfit(NamedTuple):
    """The expected maximum profit per unit lent, and the share of customers rejected to reach it."""

    profit: float
    rejected_share: float


def h_measure(risk: ArrayLike, is_bad: ArrayLike, *, severity_ratio: float | None = None) -> float:
    """Return Hand's H: how much of the loss of a blind decision the model saves, over a fixed range of costs.

    Unlike the AUC it weighs errors by the same costs for every model. Costs follow a Beta(2, 1 + 1/severity ratio).

    Parameters
    ----------
    risk : array_like, shape (n_rows,)
        Higher means riskier.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    severity_ratio : float, optional
        Cost of a wrongly rejected good against that of an accepted bad, above 0; by default bads : goods.

    Returns
    -------
    float
        1 for a model that separates perfectly, 0 for one that saves nothing.

    Raises
    ------
    SpecificationError
        A severity ratio not above 0 (``CR-EVL-011``).

    References
    ----------
    .. [1] Hand, Machine Learning 77 (2009) 103-123; Hand, Anagnostopoulos, Pattern Recognition Letters 40 (2014).

    Examples
    --------
    >>> round(h_measure([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]), 12)
    1.0
    """
    if severity_ratio is not None and not 0.0 < severity_ratio < np.inf:
        raise SpecificationError(
            f"severity_ratio must be a number above 0. Got {severity_ratio}.", code="CR-EVL-011"
        )
    bad = checked_outcome(is_bad, min_per_class=1)
    good_share, bad_share = roc_hull(checked_numbers(risk, bad.size, "risk"), bad)
    bad_prior = float(bad.mean())
    ratio = bad_prior / (1.0 - bad_prior) if severity_ratio is None else severity_ratio
    shape = 1.0 + 1.0 / ratio
    weight_good, weight_bad = (1.0 - bad_prior) * np.diff(good_share), bad_prior * np.diff(bad_share)
    switches = np.concatenate([[1.0], weight_bad / (weight_good + weight_bad), [0.0]])
    below, of_cost = _beta_parts(switches, shape)
    loss = (1.0 - bad_prior) * good_share * of_cost + bad_prior * (1.0 - bad_share) * (below - of_cost)
    below, of_cost = _beta_parts(np.array([1.0, bad_prior, 0.0]), shape)
    blind = bad_prior * (below[0] - of_cost[0]) + (1.0 - bad_prior) * of_cost[1]
    return float(1.0 - loss.sum() / blind)


def expected_maximum_profit(
    risk: ArrayLike,
    is_bad: ArrayLike,
    *,
    no_loss_share: float = 0.55,
    total_loss_share: float = 0.10,
    return_rate: float = 0.2644,
) -> ExpectedMaximumProfit:
    """Return the expected maximum profit of a consumer-credit model (EMPC).

    The share of the loan lost by a bad is 0 with `no_loss_share`, 1 with `total_loss_share`, else uniform between; a
    rejected good costs `return_rate`. The cut-off is the best one for each loss. The defaults are those of the paper.

    Parameters
    ----------
    risk : array_like, shape (n_rows,)
        Higher means riskier.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    no_loss_share, total_loss_share : float, 0..1
        Shares of the bads; together at most 1.
    return_rate : float
        Return on a good loan over its life, fraction of the principal, not below 0.

    Returns
    -------
    ExpectedMaximumProfit
        Per unit lent to all; and the share of customers rejected.

    Raises
    ------
    SpecificationError
        A share or the return outside its range (``CR-EVL-011``).

    References
    ----------
    .. [1] Verbraken, Bravo, Weber, Baesens, European Journal of Operational Research 238 (2014) 505-513.

    Examples
    --------
    >>> result = expected_maximum_profit([0.34, 0.44, 0.67, 0.83], [0, 0, 1, 1])
    >>> round(result.profit, 6)
    0.1375
    """
    shares = (no_loss_share, total_loss_share, 1.0 - no_loss_share - total_loss_share)
    if not (all(share >= -1e-12 for share in shares) and 0.0 <= return_rate < np.inf):
        raise SpecificationError(
            "no_loss_share and total_loss_share must lie in 0..1, together at most 1, and return_rate must not be below 0. "
            f"Got {no_loss_share}, {total_loss_share} and {return_rate}.",
            code="CR-EVL-011",
        )
    bad = checked_outcome(is_bad, min_per_class=1)
    good_share, bad_share = roc_hull(checked_numbers(risk, bad.size, "risk"), bad)
    bad_prior = float(bad.mean())
    gain, cost = bad_prior * bad_share, (1.0 - bad_prior) * good_share
    steps_good, steps_bad = np.diff(cost), np.diff(gain)
    with np.errstate(divide="ignore"):
        switches = return_rate * steps_good / steps_bad
    starts = np.concatenate([[0.0], switches[switches < 1.0]])
    ends = np.concatenate([starts[1:], [1.0]])
    gain, cost = gain[: starts.size], cost[: starts.size]
    density = 1.0 - no_loss_share - total_loss_share
    uniform = density * (gain * (ends**2 - starts**2) / 2.0 - return_rate * cost * (ends - starts)).sum()
    total = total_loss_share * (gain[-1] - return_rate * cost[-1])
    rejected = density * ((ends - starts) * (gain + cost)).sum() + total_loss_share * (gain[-1] + cost[-1])
    return ExpectedMaximumProfit(float(uniform + total), float(rejected))


def _beta_parts(
    falling: NDArray[np.float64], shape: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, between consecutive falling costs, the Beta(2, shape) mass and the mean cost times that mass."""
    mass = betainc(2.0, shape, falling)
    first = 2.0 / (2.0 + shape) * betainc(3.0, shape, falling)
    return mass[:-1] - mass[1:], first[:-1] - first[1:]
