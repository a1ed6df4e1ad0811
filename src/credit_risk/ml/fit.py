"""Fitting the challenger: monotone boosted trees with settings that suit credit.

Shallow, slow, regularised trees beat the library's defaults on every credit data set we measured (docs/benchmarks.md);
the number of rounds comes from inner folds, then the model is refitted on all rows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from credit_risk.domain.configuration import check_names
from credit_risk.errors import FitError, SpecificationError
from credit_risk.ml.apply import forest_margin, forest_pd
from credit_risk.ml.design import scoring_design, training_design
from credit_risk.ml.spec import ForestSpec
from credit_risk.ml.trials import prepare_folds
from credit_risk.numerics.logistic_function import base_that_gives, sigmoid, single_logit
from credit_risk.numerics.logistic_line import fit_logistic_shift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    import xgboost
    from numpy.typing import ArrayLike, NDArray

#: Rounds without gain on other rows that end a fit.
MAX_ROUNDS_WITHOUT_GAIN = 40
#: Powers of two: leaf values divided by them keep every bit.
_SEED_COUNTS = (1, 2, 4, 8, 16)


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
    n_seeds : {1, 2, 4, 8, 16}, default 1
        Forests fitted with different seeds and averaged: steadier on small samples, and as many times as large.

    Attributes
    ----------
    spec_ : ForestSpec
        The model: our own arrays, proved equal to XGBoost on every training row.
    n_rounds_ : int
        Trees kept.

    Examples
    --------
    >>> import pandas as pd
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
        n_seeds: int = 1,
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
        self.n_seeds = n_seeds

    def fit(
        self, X: pd.DataFrame | ArrayLike, y: ArrayLike, *, base_margin: ArrayLike | None = None
    ) -> PdBooster:
        """Fit the trees and prove that our arrays reproduce them.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n_rows, n_features)
            Numbers, NaN where missing; text columns of a DataFrame are encoded by the bad rates of other rows.
        y : array_like of 0 and 1, shape (n_rows,)
            1 is bad.
        base_margin : array_like of float, shape (n_rows,), optional
            Log-odds that another model already gives each row; the trees then learn what to add, and ``spec_`` holds
            that addition only. It starts from the shift that brings those log-odds to the rows' bad rate.

        Raises
        ------
        FitError
            Target not 0/1 or one class only (``CR-FIT-020``), infinite features (``CR-FIT-021``), the arrays do not
            reproduce XGBoost's margin on every row (``CR-FIT-022``), or base margins that are not one finite number per row
            (``CR-FIT-023``).
        SpecificationError
            ``n_seeds`` is not 1, 2, 4, 8 or 16 (``CR-ML-002``), or ``monotone`` names a column that is not there
            (``CR-FIT-024``).
        """
        import xgboost

        if self.n_seeds not in _SEED_COUNTS:
            raise SpecificationError(
                f"n_seeds must be one of {_SEED_COUNTS}. Got {self.n_seeds!r}.", code="CR-ML-002"
            )
        is_bad = _target(y, len(X))  # type: ignore[arg-type]
        margin = _base_margin(base_margin, len(is_bad))
        values, names, encodings = training_design(X, is_bad, self.seed)
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.classes_ = np.array([0, 1])
        check_names("monotone", self.monotone or {}, names)
        directions = self._directions(names)
        parameters = self.parameters(names, is_bad)
        if margin is not None:
            shift = _shift_to_outcome(margin, is_bad)
            parameters["base_score"] = float(sigmoid([shift])[0])
            margin = margin + shift
        matrix = xgboost.DMatrix(values, label=is_bad, base_margin=margin, nthread=1)
        texts = X if encodings else None
        self.n_rounds_ = self._choose_rounds(matrix, parameters, is_bad, texts, margin)
        forests = []
        for number in range(self.n_seeds):
            own = {**parameters, "seed": self.seed + number}
            if (
                number and encodings
            ):  # out-of-fold encodings are drawn too; scoring uses those of all rows, the same for each
                values, _, _ = training_design(X, is_bad, self.seed + number)
                matrix = xgboost.DMatrix(values, label=is_bad, base_margin=margin, nthread=1)
            fitted = xgboost.train(own, matrix, num_boost_round=self.n_rounds_)
            bare = xgboost.DMatrix(values, nthread=1)
            forests.append(_prove(fitted, bare, values, names=names, directions=directions, parameters=own))
        self.spec_ = replace(averaged(forests), encodings=encodings)
        return self

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Return probabilities of good and bad, shape (n_rows, 2)."""
        check_is_fitted(self, "spec_")
        bad = forest_pd(self.spec_, scoring_design(self.spec_, X))
        return np.column_stack([1.0 - bad, bad])

    def predict_margin(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float32]:
        """Return the log-odds of bad (what is added to them, if fitted with a base margin), shape (n_rows,)."""
        check_is_fitted(self, "spec_")
        return forest_margin(self.spec_, scoring_design(self.spec_, X))

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.int64]:
        """Return 1 where bad is more probable than good."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(np.int64)

    def _directions(self, names: list[str]) -> tuple[int, ...]:
        return tuple(int((self.monotone or {}).get(name, 0)) for name in names)

    def parameters(self, names: list[str], is_bad: NDArray[np.float64]) -> dict[str, Any]:
        """Return XGBoost's parameters for features of these names and rows of these outcomes."""
        weight = self.min_child_weight
        if weight is None:
            weight = self.default_min_child_weight(is_bad)
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
            "monotone_constraints": "(" + ",".join(str(sign) for sign in self._directions(names)) + ")",
            "base_score": float(is_bad.mean()),
            "seed": self.seed,
            "nthread": 1,  # histogram sums depend on the thread count; one thread gives the same bytes everywhere
        }

    @staticmethod
    def default_min_child_weight(is_bad: NDArray[Any]) -> float:
        """Return 1 to 5, growing with the rarer outcome: with few bads a high bound leaves no split."""
        n_rarer = float(min(is_bad.sum(), len(is_bad) - is_bad.sum()))
        return float(np.clip(n_rarer / 200.0, 1.0, 5.0))

    def _choose_rounds(
        self,
        matrix: xgboost.DMatrix,
        parameters: dict[str, Any],
        is_bad: NDArray[np.float64],
        texts: pd.DataFrame | ArrayLike | None,
        margin: NDArray[np.float64] | None,
    ) -> int:
        """Return the rounds after which rows left out gain nothing more; texts are encoded anew without those rows."""
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
            early_stopping_rounds=MAX_ROUNDS_WITHOUT_GAIN,
            as_pandas=False,
            fpreproc=None if texts is None else _encoded_apart(texts, is_bad, margin, folds, self.seed),
        )
        return int(np.argmin(history["test-logloss-mean"])) + 1


def _encoded_apart(
    X: Any,
    is_bad: NDArray[np.float64],
    margin: NDArray[np.float64] | None,
    folds: list[tuple[NDArray[np.intp], NDArray[np.intp]]],
    seed: int,
) -> Callable[..., Any]:
    """Return what exchanges each fold's matrices, in order, for ones whose encodings know nothing of the rows judged.

    Encodings of all rows hold the outcomes of the judged ones: the rounds chosen with them would be a little too many.
    """
    prepared = iter(zip(prepare_folds(X, is_bad, folds, seed), folds, strict=True))

    def exchange(_fitted: Any, _judged: Any, parameters: Any) -> tuple[Any, Any, Any]:
        inner, (train, test) = next(prepared)
        if margin is not None:
            inner.fitted.set_base_margin(margin[train])
            inner.judged.set_base_margin(margin[test])
        return inner.fitted, inner.judged, parameters

    return exchange


def averaged(forests: list[ForestSpec]) -> ForestSpec:
    """Return the mean of forests that differ in their seed only: all trees, each leaf divided by the number of forests."""
    first = forests[0]
    if len(forests) == 1:
        return first
    sizes = np.cumsum([0, *(len(forest.left) for forest in forests)])
    shifted: dict[str, Any] = {
        name: np.concatenate(
            [getattr(f, name) + np.int32(at) for f, at in zip(forests, sizes[:-1], strict=True)]
        )
        for name in ("roots", "left", "right")
    }
    same: dict[str, Any] = {
        name: np.concatenate([getattr(forest, name) for forest in forests])
        for name in ("split_feature", "threshold", "default_left", "cover")
    }
    leaves = np.concatenate([forest.leaf_value for forest in forests]) * np.float32(1 / len(forests))
    return replace(first, depth=max(forest.depth for forest in forests), leaf_value=leaves, **shifted, **same)


def _base_margin(margin: ArrayLike | None, n_rows: int) -> NDArray[np.float64] | None:
    if margin is None:
        return None
    values = np.asarray(margin, dtype=np.float64)
    if values.shape != (n_rows,) or not np.isfinite(values).all():
        raise FitError(
            f"base_margin must hold one finite log-odds per row ({n_rows} rows). Got shape {values.shape} with "
            f"{int((~np.isfinite(values)).sum())} values that are not finite.",
            code="CR-FIT-023",
        )
    return values


def _shift_to_outcome(margin: NDArray[np.float64], is_bad: NDArray[np.float64]) -> float:
    """Return the log-odds to add to every margin so that the mean PD is the bad rate."""
    line = fit_logistic_shift(margin, is_bad == 1.0)
    return line.intercept if line.converged else 0.0


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
    kept = {key: value for key, value in parameters.items() if key not in ("nthread", "monotone_constraints")}
    spec = ForestSpec(
        feature_names=tuple(names),
        directions=directions,
        base_margin=float(single_logit(share)),
        n_rows_proved=len(values),
        parameters=kept,
        **_node_arrays(model["gradient_booster"]["model"]["trees"]),
    )

    def margin(base: float, rows: slice) -> NDArray[np.float32]:
        return forest_margin(replace(spec, base_margin=base), values[rows])

    base = base_that_gives(expected, margin, spec.base_margin)
    if base is not None:
        return replace(spec, base_margin=base)
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
