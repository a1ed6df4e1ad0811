"""Boosted stumps read as steps: every tree asks one question about one variable, so their sum is a table per variable."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.errors import FitError
from credit_risk.numerics.logistic_function import base_that_gives, single_logit

if TYPE_CHECKING:
    import xgboost
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Stumps:
    """The trees of a booster of depth 1, in order; one tree without a question is a constant.

    Attributes
    ----------
    base_margin : float
        Log odds of bad before the first tree.
    column : ndarray of int64, shape (n_trees,)
        Column that is asked about; -1 for a constant.
    threshold : ndarray of float32, shape (n_trees,)
        Values below go left.
    left, right, missing : ndarray of float32, shape (n_trees,)
        What the tree adds where the value is below, not below, or missing.
    """

    base_margin: float
    column: NDArray[np.int64]
    threshold: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    missing: NDArray[np.float32]

    @classmethod
    def read(cls, booster: xgboost.Booster) -> Stumps:
        """Read the trees of a fitted booster.

        Raises
        ------
        FitError
            A tree asks more than one question (``CR-CRD-038``).
        """
        learner = json.loads(bytes(booster.save_raw("json")))["learner"]
        rows = [_row(tree) for tree in learner["gradient_booster"]["model"]["trees"]]
        share = float(str(learner["learner_model_param"]["base_score"]).strip("[]"))
        columns = list(zip(*rows, strict=True))
        return cls(
            base_margin=float(single_logit(share)),
            column=np.array(columns[0], dtype=np.int64),
            threshold=np.array(columns[1], dtype=np.float32),
            left=np.array(columns[2], dtype=np.float32),
            right=np.array(columns[3], dtype=np.float32),
            missing=np.array(columns[4], dtype=np.float32),
        )

    def table(self, column: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what all trees about one column add, for each of some values (NaN is missing); double precision.

        Examples
        --------
        >>> stumps = Stumps(base_margin=0.0, column=np.array([0]), threshold=np.array([1.0], np.float32),
        ...     left=np.array([-0.5], np.float32), right=np.array([0.25], np.float32), missing=np.array([0.25], np.float32))
        >>> stumps.table(0, np.array([0.0, 1.0, np.nan])).tolist()
        [-0.5, 0.25, 0.25]
        """
        own = self.column == column
        x = values.astype(np.float32)[:, None]
        answer = np.where(x < self.threshold[own], self.left[own], self.right[own])
        answer = np.where(np.isnan(x), self.missing[own], answer)
        return np.asarray(answer.astype(np.float64).sum(axis=1))

    @property
    def constant(self) -> float:
        """Log odds of bad that every row gets: the base margin and the trees without a question."""
        return self.base_margin + float(self.left[self.column < 0].astype(np.float64).sum())

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add up the trees as XGBoost does: single precision, tree after tree.

        Parameters
        ----------
        matrix : ndarray of float32, shape (n_rows, n_columns)
        """
        total = np.full(len(matrix), np.float32(self.base_margin))
        for at, column in enumerate(self.column.tolist()):
            if column < 0:
                total += self.left[at]
                continue
            x = matrix[:, column]
            answer = np.where(x < self.threshold[at], self.left[at], self.right[at])
            total += np.where(np.isnan(x), self.missing[at], answer)
        return total


def proved(booster: xgboost.Booster, columns: xgboost.DMatrix, matrix: NDArray[np.float32]) -> Stumps:
    """Read the trees and accept them only if they give XGBoost's margin on every row, bit for bit.

    Raises
    ------
    FitError
        They do not (``CR-CRD-039``), or a tree is deeper than 1 (``CR-CRD-038``).
    """
    expected = booster.predict(columns, output_margin=True)
    stumps = Stumps.read(booster)

    def margin(base: float, rows: slice) -> NDArray[np.float32]:
        return replace(stumps, base_margin=base).margin(matrix[rows])

    base = base_that_gives(expected, margin, stumps.base_margin)
    if base is not None:
        return replace(stumps, base_margin=base)
    n_different = int((stumps.margin(matrix) != expected).sum())
    raise FitError(
        f"The stumps differ from XGBoost's margin on {n_different} of {len(matrix)} rows. "
        "Hint: this XGBoost version stores trees in a way this library does not know; use the pinned version.",
        code="CR-CRD-039",
    )


def _row(tree: dict[str, Any]) -> tuple[int, float, float, float, float]:
    """Return column, threshold, and what is added left, right and where missing."""
    left_child = tree["left_children"]
    value = tree["split_conditions"]
    if len(left_child) == 1:
        return -1, 0.0, value[0], value[0], value[0]
    if len(left_child) != 3 or left_child[0] < 0:
        raise FitError(
            f"A tree of the booster has {len(left_child)} nodes. Expected depth 1. "
            "Hint: only a booster of depth 1 is a scorecard.",
            code="CR-CRD-038",
        )
    left, right = value[left_child[0]], value[tree["right_children"][0]]
    return tree["split_indices"][0], value[0], left, right, left if tree["default_left"][0] else right
