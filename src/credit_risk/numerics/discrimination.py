"""Kernels of discrimination: how well a risk number separates bads from goods.

Every kernel takes `risk` (higher means riskier; a PD, or minus a score) and counts ties half. Reading order: placements,
then the area under the curve and its covariance, then distribution functions and the Kolmogorov-Smirnov distance, then
its resampling. Sums are numpy sums over rows, never BLAS, so one thread or two give the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Cells (replicates x distinct values) held at once while resampling: 8 bytes each.
_CELLS_PER_BLOCK = 4_000_000


def placements(
    risk: NDArray[np.float64], is_bad: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each bad the share of goods it outranks, and for each good the share of bads that outrank it.

    Parameters
    ----------
    risk : ndarray of float64, shape (n_rows,)
        Finite; higher means riskier.
    is_bad : ndarray of bool, shape (n_rows,)
        Both classes present.

    Returns
    -------
    of_bads : ndarray, shape (n_bads,)
        In 0..1; ties count half. Their mean is the area under the curve.
    of_goods : ndarray, shape (n_goods,)
        In 0..1; their mean is the same area.

    References
    ----------
    .. [1] DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988), equations 4-5.
    """
    bads, goods = risk[is_bad], risk[~is_bad]
    sorted_bads, sorted_goods = np.sort(bads), np.sort(goods)
    below = np.searchsorted(sorted_goods, bads, side="left")
    up_to = np.searchsorted(sorted_goods, bads, side="right")
    of_bads = (below + up_to) / (2.0 * goods.size)
    below = np.searchsorted(sorted_bads, goods, side="left")
    up_to = np.searchsorted(sorted_bads, goods, side="right")
    of_goods = 1.0 - (below + up_to) / (2.0 * bads.size)
    return of_bads, of_goods


def area_under_curve(risk: NDArray[np.float64], is_bad: NDArray[np.bool_]) -> float:
    """Return the probability that a random bad looks riskier than a random good, ties counted half.

    Examples
    --------
    >>> area_under_curve(np.array([0.1, 0.4, 0.4]), np.array([False, False, True]))
    0.75
    """
    sorted_goods = np.sort(risk[~is_bad])
    bads = risk[is_bad]
    below = np.searchsorted(sorted_goods, bads, side="left").sum()
    up_to = np.searchsorted(sorted_goods, bads, side="right").sum()
    return float(below + up_to) / (2.0 * bads.size * sorted_goods.size)


def delong_covariance(
    risks: Sequence[NDArray[np.float64]], is_bad: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the areas of several models on the same rows, and the covariance matrix of those areas.

    Parameters
    ----------
    risks : sequence of ndarray, each of shape (n_rows,)
        One risk number per model and row.
    is_bad : ndarray of bool, shape (n_rows,)
        At least two bads and two goods.

    Returns
    -------
    areas : ndarray, shape (n_models,)
    covariance : ndarray, shape (n_models, n_models)
        ``S10 / n_bads + S01 / n_goods``, both sample covariances with n - 1.

    References
    ----------
    .. [1] DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988), equations 6-8.
    """
    pairs = [placements(risk, is_bad) for risk in risks]
    areas = np.array([area_under_curve(risk, is_bad) for risk in risks])
    covariance = np.empty((len(pairs), len(pairs)))
    for i, (bads_i, goods_i) in enumerate(pairs):
        for j, (bads_j, goods_j) in enumerate(pairs[: i + 1]):
            value = _covariance(bads_i, bads_j) / bads_i.size + _covariance(goods_i, goods_j) / goods_i.size
            covariance[i, j] = covariance[j, i] = value
    return areas, covariance


def class_distributions(
    risk: NDArray[np.float64], is_bad: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct risk values and the cumulative shares of bads and goods at or below each.

    Returns
    -------
    values : ndarray, shape (n_distinct,)
        Rising.
    bad_share, good_share : ndarray, shape (n_distinct,)
        Cumulative shares in 0..1; the last is 1.
    """
    values, position = np.unique(risk, return_inverse=True)
    bads = np.bincount(position[is_bad], minlength=values.size).cumsum()
    goods = np.bincount(position[~is_bad], minlength=values.size).cumsum()
    return values, bads / bads[-1], goods / goods[-1]


def kolmogorov_smirnov(risk: NDArray[np.float64], is_bad: NDArray[np.bool_]) -> float:
    """Return the largest gap between the cumulative shares of goods and bads, at distinct values only.

    Examples
    --------
    >>> kolmogorov_smirnov(np.array([0.1, 0.4, 0.4]), np.array([False, False, True]))
    0.5
    """
    _, bad_share, good_share = class_distributions(risk, is_bad)
    return float(np.abs(good_share - bad_share).max())


def resampled_kolmogorov_smirnov(
    risks: Sequence[NDArray[np.float64]],
    is_bad: NDArray[np.bool_],
    *,
    n_replicates: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the Kolmogorov-Smirnov distance of every model in every stratified resample.

    Bads and goods are drawn with replacement within their class; all models see the same draws, so that differences
    between models are paired.

    Returns
    -------
    ndarray, shape (n_models, n_replicates)
    """
    bad_rows, good_rows = np.flatnonzero(is_bad), np.flatnonzero(~is_bad)
    positions = [np.unique(risk, return_inverse=True)[1] for risk in risks]
    n_block = max(1, _CELLS_PER_BLOCK // is_bad.size)
    distances = np.empty((len(risks), n_replicates))
    for start in range(0, n_replicates, n_block):
        n = min(n_block, n_replicates - start)
        drawn_bads = bad_rows[generator.integers(0, bad_rows.size, size=(n, bad_rows.size))]
        drawn_goods = good_rows[generator.integers(0, good_rows.size, size=(n, good_rows.size))]
        for model, position in enumerate(positions):
            gap = _cumulative_shares(position, drawn_goods) - _cumulative_shares(position, drawn_bads)
            distances[model, start : start + n] = np.abs(gap).max(axis=1)
    return distances


def _cumulative_shares(position: NDArray[np.intp], drawn: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the cumulative share at each distinct value, one row per resample."""
    n_replicates, n_drawn = drawn.shape
    n_values = int(position.max()) + 1
    cells = position[drawn] + np.arange(n_replicates)[:, None] * n_values
    counts = np.bincount(cells.ravel(), minlength=n_replicates * n_values).reshape(n_replicates, n_values)
    return np.asarray(counts.cumsum(axis=1) / n_drawn, dtype=np.float64)


def _covariance(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the sample covariance with n - 1, without BLAS."""
    return float(((x - x.mean()) * (y - y.mean())).sum() / (x.size - 1))


def roc_hull(
    risk: NDArray[np.float64], is_bad: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the upper convex hull of the ROC curve, from (0, 0) to (1, 1).

    Returns
    -------
    good_share, bad_share : ndarray, shape (n_corners,)
        Slopes between corners fall strictly.

    Examples
    --------
    >>> good_share, bad_share = roc_hull(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, True, False, True]))
    >>> good_share.tolist(), bad_share.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    _, below_bad, below_good = class_distributions(risk, is_bad)
    points = zip([*(1.0 - below_good[::-1]), 1.0], [*(1.0 - below_bad[::-1]), 1.0], strict=True)
    hull: list[tuple[float, float]] = []
    for point in points:
        while len(hull) > 1 and not _turns_right(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    corners = np.array(hull)
    return corners[:, 0], corners[:, 1]


def _turns_right(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) < 0.0
