"""Whatever a notebook hands in becomes named float columns: numbers, category codes, seconds.

Pandas is touched only here and only through what the caller passed; nothing is imported for a plain array.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.binning.apply import category_codes, is_missing
from credit_risk.errors import FitError, MissingFeatureError, ScoringError
from credit_risk.numerics.fixed_width_text import number_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.spec import VariableBins, VariableKind


_NUMERIC_KINDS = frozenset("fiub")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One variable of the development sample.

    Attributes
    ----------
    name : str
    kind : {'numeric', 'categorical', 'datetime'}
    values : ndarray of float64, shape (n_rows,)
        NaN is missing; empty for categories.
    codes : ndarray of int, shape (n_rows,)
        Of categories: the place in ``categories``, -1 is missing; else empty.
    categories : tuple of str
        Sorted, or in the caller's order where the categories are ordered.
    is_ordered : bool
    """

    name: str
    kind: VariableKind
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    codes: NDArray[np.integer] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    categories: tuple[str, ...] = ()
    is_ordered: bool = False


def column_names(X: object) -> tuple[str, ...]:
    """Return the column names of a frame, or x0, x1, ... for an array.

    Raises
    ------
    FitError
        Two columns have the same name (``CR-BIN-027``).
    """
    if not hasattr(X, "columns"):
        return tuple(f"x{j}" for j in range(np.asarray(X).shape[1]))
    names = tuple(str(name) for name in X.columns)
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise FitError(
            f"{len(twice)} names stand twice among {len(names)} columns: {twice}. Expected each column to have a name of "
            "its own. Hint: rename or drop one.",
            code="CR-BIN-027",
        )
    return names


def raw_columns(X: Any) -> list[Any]:
    """Return the columns one by one, in order."""
    if hasattr(X, "columns"):
        return [X.iloc[:, j] for j in range(X.shape[1])]
    matrix = np.asarray(X)
    return [matrix[:, j] for j in range(matrix.shape[1])]


def development_column(name: str, raw: Any) -> Column:
    """Read one column of the development sample and decide what kind of variable it is.

    Raises
    ------
    FitError
        Text and numbers in one column (``CR-BIN-020``).
    """
    kind = variable_kind(name, raw)
    if kind == "categorical":
        codes, categories, is_ordered = _categories(raw)
        return Column(name=name, kind=kind, codes=codes, categories=categories, is_ordered=is_ordered)
    return Column(name=name, kind=kind, values=_numbers(raw, kind))


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
        raise _no_table(
            f"has shape {shape}, but rows and variables make two dimensions",
            "Reshape your data: one variable is X.reshape(-1, 1), one row X.reshape(1, -1).",
        )
    for count, what in zip(shape, ("sample(s)", "feature(s)"), strict=True):
        if count == 0:
            raise _no_table(
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
        raise _no_table("is a sparse matrix; sparse input is not supported", "X.toarray() is dense.")
    array = np.asarray(X)
    if array.dtype.kind == "c":
        raise _no_table("holds complex numbers: Complex data not supported", "take real parts or sizes.")
    return array


def _no_table(what: str, hint: str) -> FitError:
    return FitError(f"X {what}. Hint: {hint}", code="CR-BIN-028")


def refuse_infinite(name: str, values: NDArray[np.float64]) -> None:
    """Refuse infinite numbers.

    Raises
    ------
    FitError
        There are some (``CR-BIN-021``).
    """
    n_infinite = int(np.count_nonzero(np.isinf(values)))
    if n_infinite:
        raise FitError(
            f"Variable {name!r} holds {n_infinite} infinite values. Expected finite numbers or missing. "
            "Hint: mend the ratio that divides by zero.",
            code="CR-BIN-021",
            context={"variable": name, "count": n_infinite},
        )


def variable_kind(name: str, raw: Any) -> VariableKind:
    """Return what a column holds, from its type; an object column is looked at value by value.

    Raises
    ------
    FitError
        Text and numbers in one column (``CR-BIN-020``), or a type that is none of the three kinds (``CR-BIN-019``).
    """
    dtype = raw.dtype
    type_name = str(dtype)
    if type_name.startswith(("datetime64", "timestamp[")):
        return "datetime"
    if type_name in {"string", "str", "category"} or getattr(dtype, "kind", "") in {"U", "S"}:
        return "categorical"
    if type_name != "object":
        if getattr(dtype, "kind", "O") not in _NUMERIC_KINDS and not type_name.startswith("decimal"):
            raise _no_kind(name, type_name)
        return "numeric"
    from pandas.api.types import infer_dtype

    inferred = infer_dtype(raw, skipna=True)
    if inferred == "string":
        return "categorical"
    if inferred in {"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"}:
        return "numeric"
    is_text = [isinstance(value, str) for value in raw if not is_missing(value)]
    if is_text and any(is_text) and not all(is_text):
        raise FitError(
            f"Variable {name!r} holds text in {sum(is_text)} of {len(is_text)} values and numbers in the others. "
            "Expected one kind. Hint: convert the column before binning.",
            code="CR-BIN-020",
            context={"variable": name, "count": sum(is_text)},
        )
    if not all(is_text):
        raise _no_kind(name, f"object holding {inferred}")
    return "categorical" if is_text else "numeric"


def _no_kind(name: str, found: str) -> FitError:
    return FitError(
        f"Variable {name!r} has type {found}. Expected numbers, text, categories or time stamps. "
        "Hint: convert it, a date to datetime64, a duration to a number of days.",
        code="CR-BIN-019",
        context={"variable": name},
    )


def scoring_column(variable: VariableBins, raw: Any) -> NDArray[np.float64]:
    """Read one column at scoring as the floats that the fitted variable expects.

    Raises
    ------
    ScoringError
        Text where a number was fitted, or the reverse (``CR-BIN-012``).
    """
    if variable.kind == "categorical":
        _refuse_numbers(variable, raw)
        places, names = _coded(_texts(variable, raw))
        codes = np.append(category_codes(variable, names), np.nan)
        return np.asarray(codes[places])
    try:
        _refuse_other_kind(variable.kind, raw)
        return _numbers(raw, variable.kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise ScoringError(
            f"Variable {variable.name!r} cannot be read as {variable.kind}: its column has type {raw.dtype}. "
            "Expected what the binning was fitted on. Hint: convert the column before scoring.",
            code="CR-BIN-012",
            context={"variable": variable.name},
        ) from error


def _refuse_other_kind(kind: VariableKind, raw: Any) -> None:
    """Refuse what conversion would read as something it is not: text as a number, a time stamp as a number, the reverse."""
    is_time = str(raw.dtype).startswith(("datetime64", "timestamp["))
    found = getattr(raw.dtype, "kind", "O")
    if kind == "datetime":
        if not is_time and not _is_all_missing(raw):
            raise TypeError
    elif found not in _NUMERIC_KINDS and (found != "O" or is_time or _holds_no_number(raw)):
        raise TypeError


def _holds_no_number(raw: Any) -> bool:
    """Whether an object column holds text, times or anything else that is no number."""
    return any(not isinstance(value, Real | Decimal) for value in raw if not is_missing(value))


def _is_all_missing(raw: Any) -> bool:
    return all(is_missing(value) for value in raw)


def scoring_columns(names: tuple[str, ...], X: Any) -> list[Any]:
    """Return the columns a fitted binning needs, in its order.

    Raises
    ------
    MissingFeatureError
        A column is absent (``CR-BIN-013``).
    """
    if hasattr(X, "columns"):
        present = {str(name): j for j, name in enumerate(X.columns)}
        absent = [name for name in names if name not in present]
        if absent:
            raise MissingFeatureError(
                f"{len(absent)} of {len(names)} variables are absent: {absent}. "
                "Expected every variable the binning was fitted on; missing values inside a column are fine.",
                code="CR-BIN-013",
                context={"absent": absent},
            )
        return [X.iloc[:, present[name]] for name in names]
    matrix = np.asarray(X)
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise MissingFeatureError(
            f"The array has shape {matrix.shape}. Expected {len(names)} columns as fitted.", code="CR-BIN-013"
        )
    return [matrix[:, j] for j in range(matrix.shape[1])]


def _texts(variable: VariableBins, raw: Any) -> Any:
    """Return a column of text as it is; refuse numbers, lists or bytes among it, which would pass for unseen categories."""
    from pandas.api.types import infer_dtype

    if hasattr(raw, "cat") or infer_dtype(raw, skipna=True) in {"string", "empty"}:
        return raw
    kinds = {
        type(value).__name__ for value in raw if not isinstance(value, str) and not _is_one_missing(value)
    }
    if kinds:
        raise ScoringError(
            f"Variable {variable.name!r} was fitted on categories but its column holds values of type {sorted(kinds)}. "
            "Expected text or missing. Hint: convert the column to text before scoring.",
            code="CR-BIN-012",
            context={"variable": variable.name},
        )
    return raw


def _is_one_missing(value: object) -> bool:
    """Whether a value is missing; an array in a cell is not."""
    return np.ndim(value) == 0 and is_missing(value)  # type: ignore[arg-type]


def _numbers(raw: Any, kind: VariableKind) -> NDArray[np.float64]:
    if kind == "datetime":
        stamps = _naive_utc(raw)
        whole = np.asarray(stamps, dtype="datetime64[us]")
        seconds = whole.astype(np.int64).astype(np.float64) / 1e6
        seconds[np.isnat(whole)] = np.nan
        return np.asarray(seconds)
    if hasattr(raw, "to_numpy"):
        return np.asarray(raw.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(raw, dtype=np.float64)


def _naive_utc(raw: Any) -> Any:
    """Strip the time zone after converting to UTC."""
    arrow = getattr(raw.dtype, "pyarrow_dtype", None)
    if getattr(raw.dtype, "tz", None) is not None or getattr(arrow, "tz", None) is not None:
        raw = raw.dt.tz_convert("UTC").dt.tz_localize(None)
    if arrow is not None:
        raw = raw.astype("datetime64[us]")
    return raw.to_numpy() if hasattr(raw, "to_numpy") else np.asarray(raw, dtype="datetime64[us]")


def _coded(raw: Any) -> tuple[NDArray[np.integer], list[str]]:
    """Return each value's place among the distinct values (-1 where missing), and these as text."""
    import pandas as pd

    if hasattr(raw, "cat"):
        return raw.cat.codes.to_numpy().astype(np.int64), [str(value) for value in raw.cat.categories]
    numbered = _arrow_texts(raw)
    if numbered is not None:
        return numbered[0], [text.decode("utf-8") for text in numbered[1]]
    places, distinct = pd.factorize(np.asarray(raw, dtype=object) if isinstance(raw, np.ndarray) else raw)
    return np.asarray(places, dtype=np.int64), [str(value) for value in distinct]


def _arrow_texts(raw: Any) -> tuple[NDArray[np.int16], list[bytes]] | None:
    """Return place and distinct texts of a column that Arrow holds in one piece without missing values; None elsewhere."""
    protocol = getattr(getattr(raw, "array", None), "__arrow_array__", None)
    whole = None if protocol is None else protocol()
    if whole is None or getattr(whole, "num_chunks", 0) != 1 or whole.null_count:
        return None
    piece = whole.chunk(0)
    width = {"large_string": np.int64, "string": np.int32}.get(str(piece.type))
    if width is None:
        return None
    _, offsets, data = piece.buffers()
    ends = np.frombuffer(offsets, dtype=width)[piece.offset : piece.offset + len(piece) + 1]
    return number_texts(np.frombuffer(data, dtype=np.uint8), ends) if data is not None else None


def _categories(raw: Any) -> tuple[NDArray[np.integer], tuple[str, ...], bool]:
    """Return codes, the categories that occur (sorted, or in the caller's order), and whether they were ordered."""
    places, names = _coded(raw)
    present = names
    if hasattr(raw, "cat"):
        occurs = np.bincount(places + 1, minlength=len(names) + 1)[1:] > 0
        present = [name for name, one in zip(names, occurs, strict=True) if one]
    is_ordered = bool(hasattr(raw, "cat") and raw.cat.ordered)
    categories = tuple(dict.fromkeys(present)) if is_ordered else tuple(sorted(set(present)))
    if categories == tuple(names):
        return places, categories, is_ordered
    position = {name: at for at, name in enumerate(categories)}
    codes = np.array([*(position.get(name, -1) for name in names), -1], dtype=np.int64)
    return codes[places], categories, is_ordered


def _refuse_numbers(variable: VariableBins, raw: Any) -> None:
    if getattr(raw.dtype, "kind", "O") in "fiu" and not hasattr(raw, "cat") and not _is_all_missing(raw):
        raise ScoringError(
            f"Variable {variable.name!r} was fitted on categories but its column has type {raw.dtype}. "
            "Hint: convert the column to text before scoring.",
            code="CR-BIN-012",
            context={"variable": variable.name},
        )
