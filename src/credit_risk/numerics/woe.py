"""Weight of evidence, the divergences between goods and bads, and how sure either is, from counts per bin."""

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


def woe_standard_errors(goods: ArrayLike, bads: ArrayLike) -> NDArray[np.float64]:
    r"""Return the standard error of each bin's weight of evidence, the bins taken as given.

    .. math:: \sqrt{1/g - 1/G + 1/b - 1/B}

    with ``g``, ``b`` the bin's goods and bads (0.5 added to both where one is 0) and ``G``, ``B`` their totals; 0 for an
    empty bin.

    Parameters
    ----------
    goods, bads : array_like of float, shape (n_bins,)
        Counts, >= 0.

    References
    ----------
    .. [1] Agresti, Categorical Data Analysis, 2013, section 16.1 (delta method for logarithms of proportions).

    Examples
    --------
    >>> woe_standard_errors([400, 600], [80, 20]).round(4).tolist()
    [0.0632, 0.2017]
    """
    g = np.asarray(goods, dtype=np.float64)
    b = np.asarray(bads, dtype=np.float64)
    empty = (g <= 0) & (b <= 0)
    addition = np.where(((g <= 0) | (b <= 0)) & ~empty, ZERO_CELL_ADDITION, 0.0)
    g, b = np.where(empty, 1.0, g + addition), np.where(empty, 1.0, b + addition)
    totals = float(np.sum(np.asarray(goods))), float(np.sum(np.asarray(bads)))
    variance = 1.0 / g - 1.0 / totals[0] + 1.0 / b - 1.0 / totals[1]
    return np.where(empty, 0.0, np.sqrt(np.maximum(variance, 0.0)))


def information_value_standard_error(goods: ArrayLike, bads: ArrayLike) -> float:
    """Return the standard error of the information value by the delta method, the bins taken as given.

    Goods and bads are two independent multinomial samples. The bins were chosen on the same rows, which raises the
    information value by about ``(n_bins - 1) (1 / G + 1 / B)`` even where there is none; an interval of this width does
    not correct that.

    References
    ----------
    .. [1] Agresti, Categorical Data Analysis, 2013, section 16.1 (multivariate delta method for multinomial shares).

    Examples
    --------
    >>> round(information_value_standard_error([400, 600], [80, 20]), 4)
    0.1798
    """
    g = np.asarray(goods, dtype=np.float64)
    b = np.asarray(bads, dtype=np.float64)
    totals = float(g.sum()), float(b.sum())
    addition = np.where(((g <= 0) | (b <= 0)) & (g + b > 0), ZERO_CELL_ADDITION, 0.0)
    filled = g + b > 0
    p, q = ((g + addition) / totals[0])[filled], ((b + addition) / totals[1])[filled]
    log_ratio = np.log(p / q)
    by_good, by_bad = log_ratio + 1.0 - q / p, -log_ratio + 1.0 - p / q
    variance = [
        (float(np.sum(share * np.square(slope))) - float(np.sum(share * slope)) ** 2) / total
        for share, slope, total in ((p, by_good, totals[0]), (q, by_bad, totals[1]))
    ]
    return float(np.sqrt(max(sum(variance), 0.0)))


def gini_of_woe(goods: ArrayLike, bads: ArrayLike, woe: ArrayLike) -> float:
    """Return the Gini (2 AUC - 1) of ranking by weight of evidence; rows of one bin, and bins of equal WoE, tie.

    Examples
    --------
    >>> round(gini_of_woe([400, 600], [80, 20], [-0.69, 1.10]), 6)
    0.4
    """
    levels = np.unique(np.asarray(woe, dtype=np.float64), return_inverse=True)[1]
    n_levels = int(levels.max()) + 1
    g = np.bincount(levels, weights=np.asarray(goods, dtype=np.float64), minlength=n_levels)
    b = np.bincount(levels, weights=np.asarray(bads, dtype=np.float64), minlength=n_levels)
    safer = g.sum() - np.cumsum(g)
    riskier = np.cumsum(g) - g
    return float(np.sum(b * (safer - riskier)) / (g.sum() * b.sum()))


def stability_parts(
    expected: NDArray[np.float64], actual: NDArray[np.float64], *, zero_count: float = ZERO_CELL_ADDITION
) -> NDArray[np.float64]:
    """Return each group's part of the population stability index: (a - e) ln(a / e) of the shares.

    Parameters
    ----------
    expected, actual : ndarray of float64, shape (n_groups,)
        Counts or weights, >= 0, each side with a sum above 0.
    zero_count : float
        Stands in for a count of 0, in that group only; a group empty on both sides adds nothing.

    Examples
    --------
    >>> round(float(stability_parts(np.array([50.0, 50.0]), np.array([40.0, 60.0])).sum()), 6)
    0.040547
    """
    e = np.where(expected == 0, zero_count, expected) / expected.sum()
    a = np.where(actual == 0, zero_count, actual) / actual.sum()
    both_empty = (expected == 0) & (actual == 0)
    return np.where(both_empty, 0.0, (a - e) * np.log(a / e))


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
