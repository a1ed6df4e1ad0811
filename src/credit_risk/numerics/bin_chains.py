"""Best chains of neighbouring bins, one more bin per step, for all first and last cells at once.

The question of :mod:`credit_risk.numerics.optimal_binning` without constraints between neighbours beside the order of
their rates. Then the bins that may stand left of a bin are those whose rate is not above its own: the first so many of a
column of bins sorted by rate, and the best of them is a running maximum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def ordered_chains(
    value: NDArray[np.float64], rate: NDArray[np.float64], max_bins: int
) -> NDArray[np.float64]:
    """Return the largest sum over chains of bins whose rates never fall.

    Parameters
    ----------
    value : ndarray of float64, shape (n_problems, n_cells, n_cells)
        Of the bin that holds cells i..j at [..., i, j]; -inf where no such bin is allowed.
    rate : ndarray of float64, shape (n_problems, n_cells, n_cells)
        NaN where no such bin is allowed.
    max_bins : int

    Returns
    -------
    ndarray of float64, shape (max_bins, n_problems, n_cells, n_cells)
        At [m, :, i, j]: of chains of m + 1 bins that cover all cells up to j and end with the bin i..j; -inf if none.

    Notes
    -----
    Time O(p^2 x (log p + max_bins)) elementary steps for p cells.

    Examples
    --------
    >>> value = np.array([[[1.0, 1.0], [-np.inf, 2.0]]])
    >>> rate = np.array([[[0.1, 0.2], [np.nan, 0.3]]])
    >>> ordered_chains(value, rate, 2)[:, 0, :, 1].tolist()
    [[1.0, -inf], [-inf, 3.0]]
    """
    n, p = value.shape[:2]
    best = np.full((max_bins, n, p, p), -np.inf)
    best[0, :, 0, :] = value[:, 0, :]
    if max_bins == 1 or p == 1:
        return best
    ending = np.ascontiguousarray(rate.transpose(0, 2, 1)[:, :-1])
    by_rate = np.argsort(ending, axis=2)
    n_not_above = _n_not_above(np.take_along_axis(ending, by_rate, axis=2), rate)
    problem, cell = np.arange(n)[:, None, None], np.arange(p - 1)
    left = (problem * p + by_rate) * p + cell[:, None]
    at = (problem * (p - 1) + cell[:, None]) * (p + 1) + n_not_above
    running = np.full((n, p - 1, p + 1), -np.inf)
    for m in range(1, max_bins):
        np.maximum.accumulate(best[m - 1].ravel().take(left), axis=2, out=running[:, :, 1:])
        np.add(running.ravel().take(at), value[:, 1:], out=best[m, :, 1:])
    return best


def _n_not_above(ending: NDArray[np.float64], rate: NDArray[np.float64]) -> NDArray[np.intp]:
    """Count, for each bin i..j, the bins ending with cell i - 1 whose rate is not above its own; shape (n, p - 1, p)."""
    counts = [
        column.searchsorted(row, side="right")
        for columns, rows in zip(ending, rate, strict=True)
        for column, row in zip(columns, rows[1:], strict=True)
    ]
    return np.array(counts, dtype=np.intp).reshape(len(rate), -1, rate.shape[2])


def largest_sums(value: NDArray[np.float64], max_bins: int) -> NDArray[np.float64]:
    """Return the largest sum over chains whose bins may have any order of rates.

    No constraint between neighbours can reach more.

    Returns
    -------
    ndarray of float64, shape (max_bins, n_cells)
        At [m, j]: of chains of m + 1 bins that cover the cells up to j; -inf if none.

    Examples
    --------
    >>> largest_sums(np.array([[1.0, 1.0], [-np.inf, 2.0]]), 2).tolist()
    [[1.0, 1.0], [-inf, 3.0]]
    """
    reached = np.empty((max_bins, value.shape[1]))
    reached[0] = value[0]
    for m in range(1, max_bins):
        (reached[m - 1, :-1, None] + value[1:]).max(axis=0, initial=-np.inf, out=reached[m])
    return reached


def only_best_chain(
    value: NDArray[np.float64], reached: NDArray[np.float64], n_bins: int, margin: float
) -> list[int] | None:
    """Return the first cells of the best chain of so many bins; None where another comes within the margin.

    Parameters
    ----------
    value : ndarray of float64, shape (n_cells, n_cells)
    reached : ndarray of float64
        From :func:`largest_sums`.
    n_bins : int
        A number of bins that can be reached.
    margin : float

    Examples
    --------
    >>> value = np.array([[1.0, 1.0], [-np.inf, 2.0]])
    >>> only_best_chain(value, largest_sums(value, 2), 2, 1e-9)
    [0, 1]
    """
    starts, j = [], value.shape[1] - 1
    for m in range(n_bins - 1, 0, -1):
        sums = reached[m - 1, :-1] + value[1:, j]
        at = int(sums.argmax())
        if np.count_nonzero(sums >= sums[at] - margin) > 1:
            return None
        starts.append(at + 1)
        j = at
    return [0, *starts[::-1]]
