"""From what people hand in to the booster's matrix: columns by name, texts as numbers, nothing infinite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from credit_risk.errors import FitError, SpecificationError
from credit_risk.ml.encoding import CategoryEncoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from credit_risk.ml.spec import ForestSpec

_N_ENCODING_FOLDS = 5
_MISSING = "\x00missing"


def training_design(
    X: pd.DataFrame | ArrayLike, is_bad: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.float64], list[str], tuple[CategoryEncoding, ...]]:
    """Return the matrix the trees are fitted on, the names of its columns, and how texts became numbers.

    A text is encoded by the outcomes of *other* rows (five folds), or the trees would read each row's own outcome off its
    category; scoring uses the encoding learnt on all rows.

    Raises
    ------
    FitError
        Infinite features (``CR-FIT-021``).
    SpecificationError
        Dates or times (``CR-ML-006``).
    """
    if not isinstance(X, pd.DataFrame):
        values = np.asarray(X, dtype=np.float64)
        names = [f"x{j}" for j in range(values.shape[1])]
        return _finite(values, names), names, ()
    names = [str(name) for name in X.columns]
    texts = [j for j in range(len(names)) if not _is_number(X.dtypes.iloc[j])]
    _refuse_times(X, names)
    values = np.empty(X.shape)
    for j in sorted(set(range(len(names))) - set(texts)):
        values[:, j] = _numbers(X.iloc[:, j], names[j])
    encodings = []
    for j in texts:
        values[:, j], encoding = _encoded(X.iloc[:, j], is_bad, names[j], seed)
        encodings.append(encoding)
    return _finite(values, names), names, tuple(encodings)


def scoring_design(spec: ForestSpec, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
    """Return the matrix a fitted forest scores: its columns in its order, texts by its own encodings.

    Raises
    ------
    SpecificationError
        Columns are missing (``CR-ML-001``), or hold what is no number where the trees were fitted on numbers (``CR-ML-007``).
    """
    if not isinstance(X, pd.DataFrame):
        return np.asarray(X, dtype=np.float64)
    missing = [name for name in spec.feature_names if name not in X.columns]
    if missing:
        raise SpecificationError(
            f"{len(missing)} of {len(spec.feature_names)} features are missing (first: {missing[0]!r}).",
            code="CR-ML-001",
        )
    return transform_design(spec.feature_names, spec.encodings, X)


def transform_design(
    names: Sequence[str], encodings: Sequence[CategoryEncoding], X: pd.DataFrame
) -> NDArray[np.float64]:
    """Return the named columns as numbers, texts by the encodings given."""
    known = {encoding.feature: encoding for encoding in encodings}
    values = np.empty((len(X), len(names)))
    for j, name in enumerate(names):
        column = X[name]
        values[:, j] = (
            known[name].encode(column.astype(object).where(column.notna(), None))
            if name in known
            else _numbers(column, name)
        )
    return values


def _encoded(
    column: pd.Series, is_bad: NDArray[np.float64], name: str, seed: int
) -> tuple[NDArray[np.float64], CategoryEncoding]:
    texts = column.astype(object).where(column.notna(), _MISSING).astype(str).to_numpy(dtype=object)[:, None]
    folds = StratifiedKFold(_N_ENCODING_FOLDS, shuffle=True, random_state=seed)
    encoder = TargetEncoder(target_type="binary", cv=folds)
    out_of_fold = encoder.fit_transform(texts, is_bad)[:, 0]
    known = dict(zip(encoder.categories_[0].tolist(), encoder.encodings_[0].tolist(), strict=True))
    mean = float(encoder.target_mean_)
    missing = float(known.pop(_MISSING, mean))
    categories = tuple(sorted(known))
    encoding = CategoryEncoding(
        feature=name,
        categories=categories,
        values=tuple(float(known[category]) for category in categories),
        missing=missing,
        unseen=mean,
    )
    return out_of_fold, encoding


def _numbers(column: pd.Series, name: str) -> NDArray[np.float64]:
    try:
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        # from None: the converter's own words quote the value
        raise SpecificationError(
            f"Column {name!r} ({column.dtype}) holds what is no number. Expected numbers, or NaN where missing.",
            code="CR-ML-007",
        ) from None


def _refuse_times(X: pd.DataFrame, names: list[str]) -> None:
    """Refuse moments: as texts each would be a category of its own, which no later applicant has."""
    times = [name for name, dtype in zip(names, X.dtypes, strict=True) if getattr(dtype, "kind", "") in "mM"]
    if times:
        raise SpecificationError(
            f"{len(times)} of {len(names)} columns hold dates or times (first: {times[0]!r}). Expected numbers or texts. "
            "Hint: give the time that has passed since, in days.",
            code="CR-ML-006",
        )


def _is_number(dtype: object) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)  # type: ignore[arg-type]


def _finite(values: NDArray[np.float64], names: list[str]) -> NDArray[np.float64]:
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        first = names[int(np.flatnonzero(infinite)[0])]
        raise FitError(
            f"{int(infinite.sum())} of {len(names)} features hold infinite values (first: {first!r}). "
            "Expected numbers or NaN for missing.",
            code="CR-FIT-021",
        )
    return values
