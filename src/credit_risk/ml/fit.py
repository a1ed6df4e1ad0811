"""Fitting the challenger: monotone boosted trees with settings that suit credit.

Shallow, slow, regularised trees beat the library's defaults on every credit data set we measured (docs/benchmarks.md);
the number of rounds comes from inner folds, then the model is refitted on all rows.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from credit_risk.errors import FitError, SpecificationError
from credit_risk.ml.apply import forest_margin, forest_pd
from credit_risk.ml.spec import ForestSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xgboost
    from numpy.typing import ArrayLike, NDArray

_MAX_ROUNDS_WITHOUT_GAIN = 40


class PdBooster(ClassifierMixin, BaseEstimator):
    """Probability of default from monotone boosted trees.

    Parameters
    ----------
    monotone : mapping of str to int, optional
        Feature name -> +1 (risk rises with the value), -1 (risk falls), 0 (free). Names not given are free.
    max_rounds : int, default 1000
        Upper bound on the number of trees.
    learning_rate : float, default 0.05
        Share of each tree's correction that is kept.
    max_depth : int, default 4
        Splits between root and leaf.
    subsample, colsample_bytree : float, default 0.8, 0.5
        Shares of rows and columns each tree sees.
    reg_lambda : float, default 5.0
        L2 penalty on leaf values.
    min_child_weight : float, optional
        Smallest sum of hessians in a leaf; by default 1 to 5, growing with the number of bads.
    n_inner_folds : int, default 3
        Folds that choose the number of rounds; 0 uses ``max_rounds`` as it is.
    seed : int, default 20051001
        Seed of row and column sampling and of the inner folds.

    Attributes
    ----------
    spec_ : ForestSpec
        The model: our own arrays, proved equal to XGBoost on every training row.
    n_rounds_ : int
        Trees kept.

    Examples
    --------
    >>> rng = np.random.default_rng(7)
    >>> X = pd.DataFrame({"utilisation": rng.uniform(size=600)})
    >>> is_bad = rng.uniform(size=600) < X["utilisation"]
    >>> booster = PdBooster(monotone={"utilisation": 1}, max_rounds=30).fit(X, is_bad)
    >>> pd_low, pd_high = booster.predict_proba(pd.DataFrame({"utilisation": [0.1, 0.9]}))[:, 1]
    >>> bool(pd_low < pd_high)
    True
    """

    #: What reports call this model.
    name = "booster"

    def __init__(
        self,
        *,
        monotone: Mapping[str, int] | None = None,
        max_rounds: int = 1000,
        learning_rate: float = 0.05,
        max_depth: int = 4,
        subsample: float = 0.8,
        colsample_bytree: float = 0.5,
        reg_lambda: float = 5.0,
        min_child_weight: float | None = None,
        n_inner_folds: int = 3,
        seed: int = 20051001,
    ) -> None:
        self.monotone = monotone
        self.max_rounds = max_rounds
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.min_child_weight = min_child_weight
        self.n_inner_folds = n_inner_folds
        self.seed = seed

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike) -> PdBooster:
        """Fit the trees and prove that our arrays reproduce them.

        Raises
        ------
        FitError
            Target not 0/1 or one class only (``CR-FIT-020``), infinite features (``CR-FIT-021``), or the arrays do not
            reproduce XGBoost's margin on every row (``CR-FIT-022``).
        """
        import xgboost

        values, names = _design(X)
        is_bad = _target(y, len(values))
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.classes_ = np.array([0, 1])
        directions = tuple(int((self.monotone or {}).get(name, 0)) for name in names)
        parameters = self._parameters(directions, is_bad)
        matrix = xgboost.DMatrix(values, label=is_bad, nthread=1)
        self.n_rounds_ = self._choose_rounds(matrix, parameters, is_bad)
        fitted = xgboost.train(parameters, matrix, num_boost_round=self.n_rounds_)
        self.spec_ = _prove(fitted, matrix, values, names=names, directions=directions, parameters=parameters)
        return self

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Return probabilities of good and bad, shape (n_rows, 2)."""
        check_is_fitted(self, "spec_")
        bad = forest_pd(self.spec_, self._columns(X))
        return np.column_stack([1.0 - bad, bad])

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.int64]:
        """Return 1 where bad is more probable than good."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(np.int64)

    def _columns(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        if isinstance(X, pd.DataFrame):
            missing = [name for name in self.spec_.feature_names if name not in X.columns]
            if missing:
                raise SpecificationError(
                    f"{len(missing)} of {len(self.spec_.feature_names)} features are missing (first: {missing[0]!r}).",
                    code="CR-ML-001",
                )
            X = X[list(self.spec_.feature_names)]
        return np.asarray(X, dtype=np.float64)

    def _parameters(self, directions: tuple[int, ...], is_bad: NDArray[np.float64]) -> dict[str, Any]:
        n_rarer = float(min(is_bad.sum(), len(is_bad) - is_bad.sum()))
        weight = (
            self.min_child_weight
            if self.min_child_weight is not None
            else float(np.clip(n_rarer / 200.0, 1.0, 5.0))
        )
        return {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "subsample": self.subsample,
            "colsample_bytree": self.colsample_bytree,
            "reg_lambda": self.reg_lambda,
            "min_child_weight": weight,
            "monotone_constraints": "(" + ",".join(str(sign) for sign in directions) + ")",
            "base_score": float(is_bad.mean()),
            "seed": self.seed,
            "nthread": 1,  # histogram sums depend on the thread count; one thread gives the same bytes everywhere
        }

    def _choose_rounds(
        self, matrix: xgboost.DMatrix, parameters: dict[str, Any], is_bad: NDArray[np.float64]
    ) -> int:
        import xgboost

        if self.n_inner_folds < 2:
            return self.max_rounds
        rng = np.random.default_rng(self.seed)
        fold = np.empty(len(is_bad), dtype=np.int64)
        for label in (0.0, 1.0):
            rows = np.flatnonzero(is_bad == label)
            fold[rows] = rng.permutation(np.arange(len(rows)) % self.n_inner_folds)
        folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(self.n_inner_folds)]
        history = xgboost.cv(
            parameters,
            matrix,
            num_boost_round=self.max_rounds,
            folds=folds,
            early_stopping_rounds=_MAX_ROUNDS_WITHOUT_GAIN,
            as_pandas=False,
        )
        return int(np.argmin(history["test-logloss-mean"])) + 1


def _design(X: pd.DataFrame | ArrayLike) -> tuple[NDArray[np.float64], list[str]]:
    names = [str(name) for name in X.columns] if isinstance(X, pd.DataFrame) else None
    values = np.asarray(X, dtype=np.float64)
    if names is None:
        names = [f"x{j}" for j in range(values.shape[1])]
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        first = names[int(np.flatnonzero(infinite)[0])]
        raise FitError(
            f"{int(infinite.sum())} of {len(names)} features hold infinite values (first: {first!r}). "
            "Expected numbers or NaN for missing.",
            code="CR-FIT-021",
        )
    return values, names


def _target(y: ArrayLike, n_rows: int) -> NDArray[np.float64]:
    is_bad = np.asarray(y, dtype=np.float64)
    classes = set(np.unique(is_bad).tolist())
    if is_bad.shape != (n_rows,) or classes != {0.0, 1.0}:
        raise FitError(
            f"is_bad must hold both 0 and 1, one per row ({n_rows} rows). Got shape {is_bad.shape} with "
            f"{len(classes)} distinct values.",
            code="CR-FIT-020",
        )
    return is_bad


def _prove(
    fitted: xgboost.Booster,
    matrix: xgboost.DMatrix,
    values: NDArray[np.float64],
    *,
    names: list[str],
    directions: tuple[int, ...],
    parameters: dict[str, Any],
) -> ForestSpec:
    """Read the trees into arrays and accept them only if they equal XGBoost on every training row."""
    expected = fitted.predict(matrix, output_margin=True)
    model = json.loads(bytes(fitted.save_raw("json")))["learner"]
    share = float(str(model["learner_model_param"]["base_score"]).strip("[]"))
    # XGBoost computes -logf(1/p - 1) in binary32; a library log may differ from it in the last bit
    intercept = -np.log(np.float32(1.0) / np.float32(share) - np.float32(1.0), dtype=np.float32)
    nodes = _node_arrays(model["gradient_booster"]["model"]["trees"])
    kept = {key: value for key, value in parameters.items() if key not in ("nthread", "monotone_constraints")}
    # the neighbour that reproduces every row is the one XGBoost used
    for candidate in (
        intercept,
        np.nextafter(intercept, np.float32(9)),
        np.nextafter(intercept, np.float32(-9)),
    ):
        spec = ForestSpec(
            feature_names=tuple(names),
            directions=directions,
            base_margin=float(candidate),
            n_rows_proved=len(values),
            parameters=kept,
            **nodes,
        )
        if np.array_equal(forest_margin(spec, values), expected):
            return spec
    n_different = int((forest_margin(spec, values) != expected).sum())
    raise FitError(
        f"Our arrays differ from XGBoost's margin on {n_different} of {len(values)} training rows. "
        "Hint: this XGBoost version stores trees in a way this library does not know; use the pinned version.",
        code="CR-FIT-022",
    )


def _node_arrays(trees: list[dict[str, Any]]) -> dict[str, Any]:
    """Lay all trees' nodes one after another; leaves point at themselves."""
    sizes = [len(tree["left_children"]) for tree in trees]
    roots = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32)
    left, right, feature, threshold, default, value, cover = [], [], [], [], [], [], []
    for root, tree in zip(roots, trees, strict=True):
        own = np.arange(len(tree["left_children"]), dtype=np.int32)
        children = np.array(tree["left_children"], dtype=np.int32)
        is_leaf = children < 0
        condition = np.array(tree["split_conditions"], dtype=np.float32)
        left.append(np.where(is_leaf, own, children) + root)
        right.append(np.where(is_leaf, own, np.array(tree["right_children"], dtype=np.int32)) + root)
        feature.append(np.where(is_leaf, 0, np.array(tree["split_indices"], dtype=np.int32)))
        threshold.append(np.where(is_leaf, np.float32(0), condition))
        default.append(np.array(tree["default_left"], dtype=np.bool_) & ~is_leaf)
        value.append(np.where(is_leaf, condition, np.float32(0)))
        cover.append(np.array(tree["sum_hessian"], dtype=np.float32))
    return {
        "depth": _depth(np.concatenate(left), np.concatenate(right), roots),
        "roots": roots,
        "split_feature": np.concatenate(feature).astype(np.int32),
        "threshold": np.concatenate(threshold).astype(np.float32),
        "left": np.concatenate(left).astype(np.int32),
        "right": np.concatenate(right).astype(np.int32),
        "default_left": np.concatenate(default),
        "leaf_value": np.concatenate(value).astype(np.float32),
        "cover": np.concatenate(cover).astype(np.float32),
    }


def _depth(left: NDArray[np.int32], right: NDArray[np.int32], roots: NDArray[np.int32]) -> int:
    """Count the steps until every walk stands in a leaf."""
    nodes, depth = np.asarray(roots), 0
    while True:
        following = np.unique(np.concatenate([left[nodes], right[nodes]]))
        if np.array_equal(following, np.unique(nodes)):
            return depth
        nodes, depth = following, depth + 1
