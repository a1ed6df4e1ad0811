"""Fewer steps: neighbouring steps of a function merged so that it changes least."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.numerics.bin_chains import largest_sums
from credit_risk.numerics.optimal_binning import window_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray


def merge_steps(
    values: NDArray[np.float64], weights: NDArray[np.float64], max_steps: int
) -> NDArray[np.intp]:
    """Return the first step of each group of the best grouping of neighbours into at most ``max_steps`` groups.

    Equal neighbours are always merged. Best is the least sum of weight times squared distance to the group's weighted mean, found
    exactly by dynamic programming. Means of neighbours keep the order of a monotone function.

    Parameters
    ----------
    values : ndarray of float64, shape (n_steps,)
    weights : ndarray of float64, shape (n_steps,)
        Above or equal to 0.
    max_steps : int

    References
    ----------
    .. [1] Fisher, On Grouping for Maximum Homogeneity, 1958.

    Examples
    --------
    >>> merge_steps(np.array([0.0, 0.1, 5.0, 5.0, 9.0]), np.ones(5), 3).tolist()
    [0, 2, 4]
    """
    distinct = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    if len(distinct) <= max_steps:
        return distinct
    weight = np.add.reduceat(weights, distinct)
    value = values[distinct] - values.mean()
    mass, first, second = window_sums(weight), window_sums(weight * value), window_sums(weight * value**2)
    safe = np.where(mass > 0, mass, 1.0)
    kept = np.where(np.triu(np.ones(mass.shape, dtype=bool)), -(second - first**2 / safe), -np.inf)
    reached = largest_sums(kept, max_steps)
    starts, end = [], len(distinct) - 1
    for m in range(max_steps - 1, 0, -1):
        sums = reached[m - 1, :-1] + kept[1:, end]
        end = int(sums.argmax())
        starts.append(end + 1)
    return np.asarray(distinct[np.array([0, *starts[::-1]])])
