"""What an estimator takes as X: a frame, or anything that is a two-dimensional array; the rest is refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from credit_risk.errors import FitError, MissingFeatureError


def as_table(X: Any) -> Any:
    """Return a frame as it is, anything else as a two-dimensional array.

    Raises
    ------
    FitError
        Sparse or complex, not two-dimensional, without rows or without columns (``CR-BIN-028``).

    Examples
    --------
    >>> as_table([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if hasattr(X, "columns"):
        shape = X.shape
    else:
        X = _as_array(X)
        shape = X.shape
    if len(shape) != 2:
        raise _refused(
            f"has shape {shape}, but rows and variables make two dimensions",
            "Reshape your data: one variable is X.reshape(-1, 1), one row X.reshape(1, -1).",
        )
    for count, what in zip(shape, ("sample(s)", "feature(s)"), strict=True):
        if count == 0:
            raise _refused(
                f"has 0 {what} (shape={shape}) while a minimum of 1 is required", "look at what was selected."
            )
    return X


def as_sample(X: Any, y: Any, estimator: str) -> Any:
    """Return X as :func:`as_table` does; there must be an outcome beside it.

    Raises
    ------
    FitError
        No outcome (``CR-BIN-025``), or as :func:`as_table`.
    """
    if y is None:
        raise FitError(
            f"{estimator} requires y to be passed, but the target y is None. Expected is_bad: 1 is bad.",
            code="CR-BIN-025",
        )
    return as_table(X)


def as_fitted_table(X: Any, n_features: int, estimator: str) -> Any:
    """Return X as :func:`as_table` does; an array must have as many columns as the fitted one.

    Raises
    ------
    FitError
        As :func:`as_table`.
    MissingFeatureError
        An array of another width (``CR-BIN-013``); frames are read by name.
    """
    table = as_table(X)
    if not hasattr(table, "columns") and table.shape[1] != n_features:
        raise MissingFeatureError(
            f"X has {table.shape[1]} features, but {estimator} is expecting {n_features} features as input, as fitted. "
            "Hint: a frame is read by the names of its columns.",
            code="CR-BIN-013",
        )
    return table


def _as_array(X: Any) -> np.ndarray[Any, Any]:
    if hasattr(X, "nnz") and hasattr(X, "toarray"):
        raise _refused("is a sparse matrix; sparse input is not supported", "X.toarray() is dense.")
    array = np.asarray(X)
    if array.dtype.kind == "c":
        raise _refused("holds complex numbers: Complex data not supported", "take real parts or sizes.")
    return array


def _refused(what: str, hint: str) -> FitError:
    return FitError(f"X {what}. Hint: {hint}", code="CR-BIN-028")
