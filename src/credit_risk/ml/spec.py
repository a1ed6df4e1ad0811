"""The forest as data: flat arrays of all trees, plus the facts of the fit.

Node arrays of all trees lie one after another; a leaf points at itself, so a fixed number of steps (the deepest tree's
depth) ends every walk in its leaf without a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.domain.digest import canonical_json, sha256_of
from credit_risk.errors import GovernanceError
from credit_risk.ml.encoding import CategoryEncoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_ARRAYS: dict[str, type[np.generic]] = {
    "roots": np.int32,
    "split_feature": np.int32,
    "threshold": np.float32,
    "left": np.int32,
    "right": np.int32,
    "default_left": np.bool_,
    "leaf_value": np.float32,
    "cover": np.float32,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForestSpec:
    """A fitted forest of monotone trees, ready to be evaluated without XGBoost.

    Attributes
    ----------
    feature_names : tuple of str
        Columns of the design matrix, in order.
    directions : tuple of int
        Per feature: +1 risk rises with the value, -1 it falls, 0 unconstrained.
    base_margin : float
        Log-odds of bad before any tree (a binary32 number).
    depth : int
        Steps that end every walk in a leaf.
    roots : int32 ndarray, shape (n_trees,)
        First node of each tree.
    split_feature, threshold, left, right, default_left, leaf_value : ndarray, shape (n_nodes,)
        The nodes; ``value < threshold`` goes left, a missing value follows ``default_left``.
    cover : float32 ndarray, shape (n_nodes,)
        Weight of the training rows that reach each node (their sum of hessians); needed to share out contributions.
    n_rows_proved : int
        Training rows on which this forest equalled XGBoost's margin, bit for bit.
    parameters : mapping
        Hyper-parameters of the fit.
    encodings : tuple of CategoryEncoding
        How the text columns among the features became numbers; empty where there is none.
    """

    feature_names: tuple[str, ...]
    directions: tuple[int, ...]
    base_margin: float
    depth: int
    n_rows_proved: int
    parameters: Mapping[str, object]
    roots: NDArray[np.int32] = field(repr=False)
    split_feature: NDArray[np.int32] = field(repr=False)
    threshold: NDArray[np.float32] = field(repr=False)
    left: NDArray[np.int32] = field(repr=False)
    right: NDArray[np.int32] = field(repr=False)
    default_left: NDArray[np.bool_] = field(repr=False)
    leaf_value: NDArray[np.float32] = field(repr=False)
    cover: NDArray[np.float32] = field(repr=False)
    encodings: tuple[CategoryEncoding, ...] = ()

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the node arrays by name (what goes into the npz file)."""
        return {name: getattr(self, name) for name in _ARRAYS}

    def digest(self) -> str:
        """Return a digest of the arrays and the base margin."""
        content = b"".join(np.ascontiguousarray(array).tobytes() for array in self.arrays().values())
        facts = [self.base_margin, self.depth, list(self.feature_names), self._encodings()]
        return sha256_of(content + canonical_json(facts))

    def _encodings(self) -> list[dict[str, object]]:
        return [encoding.to_dict() for encoding in self.encodings]

    def to_dict(self) -> dict[str, object]:
        """Return everything but the arrays as plain JSON values."""
        return {
            "feature_names": list(self.feature_names),
            "directions": list(self.directions),
            "base_margin": self.base_margin,
            "depth": self.depth,
            "n_trees": self.n_trees,
            "n_rows_proved": self.n_rows_proved,
            "parameters": dict(self.parameters),
            "encodings": self._encodings(),
            "digest": self.digest(),
        }

    @classmethod
    def from_dict(
        cls, content: Mapping[str, object], arrays: Mapping[str, NDArray[np.generic]]
    ) -> ForestSpec:
        """Rebuild a forest from its JSON part and its arrays.

        Raises
        ------
        GovernanceError
            Arrays absent, of another type, or not those the digest was made of (``CR-GOV-010``).
        """
        missing = [name for name in _ARRAYS if name not in arrays]
        wrong = [name for name in _ARRAYS if name not in missing and arrays[name].dtype != _ARRAYS[name]]
        if missing or wrong:
            raise GovernanceError(
                f"The forest's arrays are not usable: missing {missing}, wrong type {wrong}. "
                "Hint: the bundle was not written by this library, or is damaged.",
                code="CR-GOV-010",
            )
        facts = {key: value for key, value in content.items() if key not in ("n_trees", "digest")}
        facts["feature_names"] = tuple(content["feature_names"])  # type: ignore[arg-type]
        facts["directions"] = tuple(content["directions"])  # type: ignore[arg-type]
        facts["encodings"] = tuple(CategoryEncoding.from_dict(part) for part in content["encodings"])  # type: ignore[attr-defined]
        spec = cls(**facts, **{name: arrays[name] for name in _ARRAYS})  # type: ignore[arg-type]
        if not _is_walkable(spec):
            raise GovernanceError(
                "The forest's arrays do not describe trees (shapes, node numbers or values out of range). "
                "Hint: restore the bundle.",
                code="CR-GOV-010",
            )
        if spec.digest() != content["digest"]:
            raise GovernanceError(
                "The forest's arrays do not match their digest. Hint: restore the bundle.", code="CR-GOV-010"
            )
        return spec


def _is_walkable(spec: ForestSpec) -> bool:
    """Whether every walk of ``depth`` steps stays inside the arrays, ends in a leaf and meets finite numbers."""
    n_nodes = len(spec.left) if spec.left.ndim == 1 else -1
    nodes = [array for name, array in spec.arrays().items() if name != "roots"]
    if any(array.shape != (n_nodes,) for array in nodes) or spec.roots.ndim != 1 or len(spec.roots) == 0:
        return False
    n_features = len(spec.feature_names)
    bounds = (
        (spec.roots, n_nodes),
        (spec.left, n_nodes),
        (spec.right, n_nodes),
        (spec.split_feature, n_features),
    )
    if any(array.min(initial=0) < 0 or array.max(initial=0) >= bound for array, bound in bounds):
        return False
    reached = np.unique(spec.roots)
    for _ in range(spec.depth):
        reached = np.unique(np.concatenate([spec.left[reached], spec.right[reached]]))
    ends_in_leaves = bool((spec.left[reached] == reached).all() and (spec.right[reached] == reached).all())
    is_finite = bool(np.isfinite(spec.leaf_value).all() and np.isfinite(spec.base_margin))
    return ends_in_leaves and is_finite and bool(np.isfinite(spec.cover).all() and (spec.cover > 0).all())
