"""What each feature adds to one applicant's log-odds: exact Shapley values of the forest, from its own arrays.

Every leaf is a conjunction of intervals, one per distinct feature on its path. A feature either keeps the applicant in the
leaf (1) or not (0); with the feature unknown, the share of training rows that stay is ``share``. The Shapley value of such a
product is an integral over [0, 1] of a polynomial of low degree, which Gauss-Legendre points integrate exactly:
ceil(depth / 2) points are enough. Missing features follow the training rows ("path-dependent" values), as XGBoost's own do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import ScoringError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from credit_risk.ml.spec import ForestSpec

#: Cells (rows x leaves) worked on at once; larger blocks leave the processor's cache.
_CELLS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeafPaths:
    """Every leaf of a forest as intervals on the distinct features of its path.

    Slots that a short path does not need hold an interval everything passes, which changes nothing.

    Attributes
    ----------
    feature : int32 ndarray, shape (n_slots, n_leaves)
    lower, upper : float32 ndarray, shape (n_slots, n_leaves)
        ``lower <= value < upper`` stays on the path; an ``upper`` of NaN is no bound (infinity itself must pass).
    passes_missing : bool ndarray, shape (n_slots, n_leaves)
    share : float64 ndarray, shape (n_slots, n_leaves)
        Of the training rows that reach the feature's splits on this path, the share that stays on it.
    value : float64 ndarray, shape (n_leaves,)
        Log-odds the leaf adds.
    n_features : int
    expected_margin : float
        Mean log-odds over the training rows, as the trees' covers give it: what contributions are counted from.
    """

    feature: NDArray[np.int32] = field(repr=False)
    lower: NDArray[np.float32] = field(repr=False)
    upper: NDArray[np.float32] = field(repr=False)
    passes_missing: NDArray[np.bool_] = field(repr=False)
    share: NDArray[np.float64] = field(repr=False)
    value: NDArray[np.float64] = field(repr=False)
    n_features: int
    expected_margin: float

    @classmethod
    def of(cls, spec: ForestSpec) -> LeafPaths:
        """Lay out the leaves of a forest; done once, when a model is loaded."""
        leaves = [leaf for root in spec.roots.tolist() for leaf in _leaves(spec, root)]
        n_slots = max((len(path) for path, _ in leaves), default=0)
        shape = (n_slots, len(leaves))
        paths = cls(
            feature=np.zeros(shape, dtype=np.int32),
            lower=np.full(shape, -np.inf, dtype=np.float32),
            upper=np.full(shape, np.nan, dtype=np.float32),
            passes_missing=np.ones(shape, dtype=np.bool_),
            share=np.ones(shape),
            value=np.array([value for _, value in leaves], dtype=np.float64),
            n_features=len(spec.feature_names),
            expected_margin=_expected_margin(spec, leaves),
        )
        for column, (path, _) in enumerate(leaves):
            for slot, (feature, part) in enumerate(path.items()):
                paths.feature[slot, column] = feature
                paths.lower[slot, column], paths.upper[slot, column] = part.lower, part.upper
                paths.passes_missing[slot, column] = part.passes_missing
                paths.share[slot, column] = part.share
        return paths


def forest_contributions(paths: LeafPaths, X: ArrayLike) -> NDArray[np.float64]:
    """Return what each feature adds to the log-odds of bad, counted from the mean of the training rows.

    Parameters
    ----------
    paths : LeafPaths
        The forest's leaves, ``LeafPaths.of(spec)``.
    X : float array_like, shape (n_rows, n_features)
        In the order of the forest's features; NaN is missing.

    Returns
    -------
    float64 ndarray, shape (n_rows, n_features)
        Above 0 raises the risk. A row's contributions and ``paths.expected_margin`` add up to its log-odds. The same row
        gives the same bits alone and among others.

    Raises
    ------
    ScoringError
        Wrong number of columns (``CR-SCR-010``).

    Notes
    -----
    Exact Shapley values for tree ensembles: Lundberg, Erion and Lee, "Consistent individualized feature attribution for
    tree ensembles" (2018). Simpler walks (Saabas) name other main reasons for half of the applicants, so they are not offered.

    Examples
    --------
    >>> import numpy as np
    >>> from credit_risk.ml import PdBooster
    >>> rng = np.random.default_rng(7)
    >>> X = rng.uniform(size=(600, 2))
    >>> booster = PdBooster(max_rounds=20).fit(X, rng.uniform(size=600) < X[:, 0])
    >>> paths = LeafPaths.of(booster.spec_)
    >>> first, second = forest_contributions(paths, [[0.95, 0.5]])[0]
    >>> bool(first > abs(second))
    True
    """
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != paths.n_features:
        raise ScoringError(
            f"The forest was fitted on {paths.n_features} features. Got an array of shape {values.shape}. "
            "Hint: pass the columns of spec.feature_names, in that order.",
            code="CR-SCR-010",
        )
    with np.errstate(over="ignore"):  # as in forest_margin
        narrow = values.astype(np.float32)
    contributions = np.empty(narrow.shape)
    n_leaves = paths.value.size
    step = max(1, _CELLS_AT_ONCE // max(1, n_leaves))
    numbers = paths.feature.ravel()
    for start in range(0, len(narrow), step):
        added = _added_by_slot(paths, narrow[start : start + step])
        for row in range(added.shape[1]):
            contributions[start + row] = np.bincount(
                numbers, weights=added[:, row].ravel(), minlength=paths.n_features
            )
    return contributions


def _added_by_slot(paths: LeafPaths, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the Shapley value of every slot of every leaf, shape (n_slots, n_rows, n_leaves)."""
    n_slots, n_leaves = paths.share.shape
    gain = np.empty((n_slots, len(rows), n_leaves))  # kept in the leaf (1 or 0) less the share that stays
    for slot in range(n_slots):
        value = rows[:, paths.feature[slot]]
        stays = (value >= paths.lower[slot]) & ~(value >= paths.upper[slot])
        stays |= np.isnan(value) & paths.passes_missing[slot]
        np.subtract(stays, paths.share[slot], out=gain[slot])
    others = np.zeros_like(gain)
    points, weights = np.polynomial.legendre.leggauss(max(1, (n_slots + 1) // 2))
    for point, weight in zip((points + 1.0) / 2.0, weights / 2.0, strict=True):
        _add_products_of_others(others, paths.share[:, None, :] + gain * point, weight)
    others *= gain
    others *= paths.value
    return others


def _add_products_of_others(total: NDArray[np.float64], factor: NDArray[np.float64], weight: float) -> None:
    """Add, for every slot, weight x the product of all other slots' factors."""
    n_slots = len(factor)
    after = np.full(factor.shape[1:], weight)
    behind = [after]
    for slot in range(n_slots - 1, 0, -1):
        behind.append(behind[-1] * factor[slot])
    before = np.ones(factor.shape[1:])
    for slot in range(n_slots):
        total[slot] += before * behind[n_slots - 1 - slot]
        before *= factor[slot]


@dataclass(frozen=True, slots=True)
class _Interval:
    """What a path asks of one feature."""

    lower: float
    upper: float
    passes_missing: bool
    share: float


_ANYTHING = _Interval(-np.inf, np.nan, True, 1.0)


def _leaves(spec: ForestSpec, root: int) -> Iterator[tuple[dict[int, _Interval], float]]:
    """Yield the intervals and the value of every leaf below a root, left to right."""
    pending: list[tuple[int, dict[int, _Interval]]] = [(root, {})]
    while pending:
        node, path = pending.pop()
        if spec.left[node] == node:
            yield path, float(spec.leaf_value[node])
            continue
        feature = int(spec.split_feature[node])
        for goes_left in (False, True):
            child = int(spec.left[node] if goes_left else spec.right[node])
            before = path.get(feature, _ANYTHING)
            pending.append(
                (child, {**path, feature: _narrowed(spec, node, child, before, goes_left=goes_left)})
            )


def _narrowed(spec: ForestSpec, node: int, child: int, before: _Interval, *, goes_left: bool) -> _Interval:
    threshold = float(spec.threshold[node])
    return _Interval(
        before.lower if goes_left else max(before.lower, threshold),
        float(np.fmin(before.upper, threshold)) if goes_left else before.upper,
        before.passes_missing and bool(spec.default_left[node]) == goes_left,
        before.share * float(spec.cover[child]) / float(spec.cover[node]),
    )


def _expected_margin(spec: ForestSpec, leaves: list[tuple[dict[int, _Interval], float]]) -> float:
    expected = float(spec.base_margin)
    for path, value in leaves:
        expected += value * float(np.prod([part.share for part in path.values()]))
    return expected
