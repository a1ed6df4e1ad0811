"""Cutting customers into groups by a number: equal-sized groups or fixed edges, always ``[left, right)``."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def inner_edges(
    values: NDArray[np.float64], n_groups: int, edges: Sequence[float] | None = None
) -> NDArray[np.float64]:
    """Return the rising inner edges: the given ones, or quantiles that are values of the data.

    Ties may leave fewer than `n_groups` groups, because equal values are never separated.
    """
    if edges is not None:
        return np.unique(np.asarray(edges, dtype=np.float64))
    shares = np.arange(1, n_groups) / n_groups
    quantiles = np.unique(np.quantile(values, shares, method="higher"))
    return np.asarray(quantiles[quantiles > values.min()], dtype=np.float64)


def group_of(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return each value's group, 0 for values below the first edge; a value on an edge belongs to the right."""
    return np.searchsorted(edges, values, side="right")


def group_sums(
    position: NDArray[np.intp], n_groups: int, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the sum (or the count) of each group, rows added in order."""
    return np.bincount(position, weights=weights, minlength=n_groups).astype(np.float64)


def ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide element by element; NaN where the divisor is 0."""
    result = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=result, where=bottom != 0)
    return result


def group_labels(edges: NDArray[np.float64]) -> list[str]:
    """Write groups for people: ``'< 520'``, ``'[520, 540)'``, ``'>= 540'``."""
    if edges.size == 0:
        return ["all"]
    texts = [f"{edge:.6g}" for edge in edges]
    middle = [f"[{left}, {right})" for left, right in pairwise(texts)]
    return [f"< {texts[0]}", *middle, f">= {texts[-1]}"]
