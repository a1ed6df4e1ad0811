"""Weight of evidence and the divergences between goods and bads, from counts per bin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ZERO_CELL_ADDITION = 0.5
"""Added to goods and bads of a bin that lacks one of them, and to no other bin."""


def weight_of_evidence(
    goods: ArrayLike, bads: ArrayLike, *, total_goods: float | None = None, total_bads: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return ln(share of goods / share of bads) of each bin, and which bins were smoothed.

    A positive WoE means safer than the whole sample. A bin without goods or without bads gets 0.5 added to both counts
    (the totals stay as they are); an empty bin has WoE 0.

    Parameters
    ----------
    goods, bads : array_like of float, shape (n_bins,)
        Counts or sums of weights, >= 0.
    total_goods, total_bads : float, optional
        Totals of the sample; default the sums over the bins.

    Returns
    -------
    woe : ndarray of float64, shape (n_bins,)
    smoothed : ndarray of bool, shape (n_bins,)

    References
    ----------
    .. [1] Siddiqi, Credit Risk Scorecards, 2006, chapter 6.

    Examples
    --------
    >>> woe, smoothed = weight_of_evidence([33, 667], [4, 296])
    >>> [round(float(w), 6) for w in woe], smoothed.tolist()
    ([1.262915, -0.034867], [False, False])
    """
    g = np.asarray(goods, dtype=np.float64)
    b = np.asarray(bads, dtype=np.float64)
    all_goods = float(g.sum()) if total_goods is None else total_goods
    all_bads = float(b.sum()) if total_bads is None else total_bads
    empty = (g <= 0) & (b <= 0)
    smoothed = ((g <= 0) | (b <= 0)) & ~empty
    addition = np.where(smoothed, ZERO_CELL_ADDITION, 0.0)
    top = np.where(empty, 1.0, g + addition)
    bottom = np.where(empty, 1.0, b + addition)
    woe = np.log(top / bottom) - np.log(all_goods / all_bads)
    return np.where(empty, 0.0, woe), smoothed


def information_value_parts(goods: ArrayLike, bads: ArrayLike) -> NDArray[np.float64]:
    """Return each bin's part of the information value: (share of goods - share of bads) x WoE.

    Examples
    --------
    >>> parts = information_value_parts([50, 75, 125, 175, 200], [120, 110, 90, 80, 70])
    >>> round(float(parts.sum()), 9)
    0.465483204
    """
    g = np.asarray(goods, dtype=np.float64)
    b = np.asarray(bads, dtype=np.float64)
    woe, _ = weight_of_evidence(g, b)
    return np.asarray((g / g.sum() - b / b.sum()) * woe)


def jensen_shannon_parts(goods: ArrayLike, bads: ArrayLike) -> NDArray[np.float64]:
    """Return each bin's part of the Jensen-Shannon divergence between goods and bads (natural logarithm)."""
    p, q = _shares(goods, bads)
    middle = 0.5 * (p + q)
    return 0.5 * (_relative_entropy(p, middle) + _relative_entropy(q, middle))


def hellinger_parts(goods: ArrayLike, bads: ArrayLike) -> NDArray[np.float64]:
    """Return each bin's part of the squared Hellinger distance between goods and bads."""
    p, q = _shares(goods, bads)
    return np.asarray(0.5 * np.square(np.sqrt(p) - np.sqrt(q)))


def triangular_parts(goods: ArrayLike, bads: ArrayLike) -> NDArray[np.float64]:
    """Return each bin's part of the triangular discrimination between goods and bads."""
    p, q = _shares(goods, bads)
    both = p + q
    return np.divide(np.square(p - q), both, out=np.zeros_like(both), where=both > 0)


def _shares(goods: ArrayLike, bads: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    g = np.asarray(goods, dtype=np.float64)
    b = np.asarray(bads, dtype=np.float64)
    return g / g.sum(), b / b.sum()


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """P ln(p / q), 0 where p is 0."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=(p > 0) & (q > 0))
    return p * np.log(ratio)


def concentration(weights: ArrayLike) -> tuple[float, float]:
    """Return the Herfindahl-Hirschman index of the bins' shares, and the same from 0 (even) to 1 (all in one bin).

    Empty bins count: they are places the sample could have filled.

    Examples
    --------
    >>> concentration([50, 50]), concentration([100, 0])
    ((0.5, 0.0), (1.0, 1.0))
    """
    shares = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    index, least = float(np.square(shares).sum()), 1.0 / len(shares)
    return index, (index - least) / (1.0 - least) if len(shares) > 1 else 1.0


def cramers_v(goods: ArrayLike, bads: ArrayLike) -> float:
    """Return Cramer's V between bin and outcome, 0..1; empty bins do not count."""
    table = np.array([goods, bads], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    total = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    return float(np.sqrt((np.square(table - expected) / expected).sum() / total))
