"""Evaluating the forest: features -> log-odds of bad -> PD, bit-equal to XGBoost on every path.

XGBoost adds leaf values in binary32, tree after tree, starting from the base margin. Doing the same in the same order
gives the same bits, for one row (walked across all trees at once) and for many rows (walked tree by tree).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import ScoringError
from credit_risk.numerics.logistic_function import sigmoid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from credit_risk.ml.spec import ForestSpec

#: Up to this many rows it is quicker to walk all trees of a row at once than all rows of a tree.
_FEW_ROWS = 16


def forest_margin(spec: ForestSpec, X: ArrayLike) -> NDArray[np.float32]:
    """Return the forest's log-odds of bad.

    Parameters
    ----------
    spec : ForestSpec
        Fitted forest.
    X : float array_like, shape (n_rows, n_features)
        Features in the order of ``spec.feature_names``; NaN is missing.

    Returns
    -------
    ndarray of float32, shape (n_rows,)

    Raises
    ------
    ScoringError
        Wrong number of columns (``CR-SCR-010``).
    """
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(spec.feature_names):
        raise ScoringError(
            f"The forest was fitted on {len(spec.feature_names)} features. Got an array of shape {values.shape}. "
            "Hint: pass the columns of spec.feature_names, in that order.",
            code="CR-SCR-010",
        )
    with np.errstate(
        over="ignore"
    ):  # beyond single precision is infinity, above every threshold, as for XGBoost
        narrow = np.ascontiguousarray(values, dtype=np.float32)
    if len(narrow) <= _FEW_ROWS:
        return np.array([_margin_of_row(spec, row) for row in narrow], dtype=np.float32)
    return _margin_of_rows(spec, narrow)


def forest_pd(spec: ForestSpec, X: ArrayLike) -> NDArray[np.float64]:
    """Return the forest's uncalibrated probability of bad, shape (n_rows,), between 0 and 1."""
    return sigmoid(forest_margin(spec, X).astype(np.float64))


def _margin_of_row(spec: ForestSpec, row: NDArray[np.float32]) -> np.float32:
    nodes = spec.roots
    for _ in range(spec.depth):
        nodes = _step(spec, nodes, row[spec.split_feature[nodes]])
    # accumulate is strictly sequential; a plain sum would add pairwise and end on other bits
    terms = np.concatenate(([np.float32(spec.base_margin)], spec.leaf_value[nodes]), dtype=np.float32)
    return np.float32(np.add.accumulate(terms, dtype=np.float32)[-1])


def _margin_of_rows(spec: ForestSpec, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    margin = np.full(len(rows), spec.base_margin, dtype=np.float32)
    columns = np.ascontiguousarray(rows.T).ravel()
    position = np.arange(len(rows), dtype=np.int64)
    for root in spec.roots:
        nodes = np.full(len(rows), root, dtype=np.int32)
        for _ in range(spec.depth):
            cell = spec.split_feature[nodes].astype(np.int64) * len(rows) + position
            nodes = _step(spec, nodes, columns[cell])
        margin += spec.leaf_value[nodes]
    return margin


def _step(spec: ForestSpec, nodes: NDArray[np.int32], value: NDArray[np.float32]) -> NDArray[np.int32]:
    goes_left = np.where(np.isnan(value), spec.default_left[nodes], value < spec.threshold[nodes])
    return np.where(goes_left, spec.left[nodes], spec.right[nodes])
