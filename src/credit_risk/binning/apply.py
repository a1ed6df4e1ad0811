"""Values to bins: one pure function that notebook, batch and backend all call.

Only comparisons and table look-ups happen here, so one row and a million rows get the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.binning.spec import FLAG_MISSING, FLAG_SPECIAL, FLAG_UNSEEN
from credit_risk.errors import ScoringError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from credit_risk.binning.spec import BinningSpec, VariableBins

_BLOCK = 16_384
"""Rows per block: values, comparison and counter stay in the processor's cache."""
_FEW_BINS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class BinnedValues:
    """Where each value fell.

    Attributes
    ----------
    bin_index : ndarray of int16, shape (n_rows, n_variables)
        Index into the variable's bins: regular, missing, specials, unseen.
    woe : ndarray of float64, shape (n_rows, n_variables)
    flags : ndarray of uint8, shape (n_rows, n_variables)
        0 ordinary, 1 missing, 2 special code, 3 unseen.
    """

    bin_index: NDArray[np.int16]
    woe: NDArray[np.float64]
    flags: NDArray[np.uint8]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where a value was missing."""
        return np.asarray(self.flags == FLAG_MISSING)

    @property
    def special(self) -> NDArray[np.bool_]:
        """Where a value was a special code."""
        return np.asarray(self.flags == FLAG_SPECIAL)

    @property
    def unseen(self) -> NDArray[np.bool_]:
        """Where a value was an unknown category or an infinite number."""
        return np.asarray(self.flags == FLAG_UNSEEN)


def apply_binning(spec: BinningSpec, X: NDArray[np.float64]) -> BinnedValues:
    """Find the bin, the WoE and the flag of every value.

    Parameters
    ----------
    spec : BinningSpec
    X : ndarray of float64, shape (n_rows, n_variables)
        Columns in the order of ``spec.feature_names``; NaN is missing; categories as :func:`category_codes` gives them.

    Raises
    ------
    ScoringError
        Wrong number of columns (``CR-BIN-010``) or a value whose policy is to refuse it (``CR-BIN-011``).

    Examples
    --------
    >>> from credit_risk.binning import BinningSpec, VariableBins
    >>> bins = VariableBins(name="age", cuts=(26.0,), n_goods=(1.0, 3.0, 0.0, 0.0), n_bads=(1.0, 1.0, 0.0, 0.0),
    ...     n_rows=(2, 4, 0, 0), woe=(-0.7, 0.4, 0.0, 0.0), origins=("own", "own", "neutral", "neutral"),
    ...     trend="descending", information_value=0.3)
    >>> spec = BinningSpec(variables=(bins,), total_goods=4.0, total_bads=2.0, settings={})
    >>> result = apply_binning(spec, np.array([[25.0], [26.0], [np.nan]]))
    >>> result.bin_index.ravel().tolist(), result.woe.ravel().tolist(), result.flags.ravel().tolist()
    ([0, 1, 2], [-0.7, 0.4, 0.0], [0, 0, 1])
    """
    values = check_matrix(X, len(spec.variables))
    n, k = values.shape
    index = np.empty((n, k), dtype=np.int16, order="F")
    woe = np.empty((n, k), dtype=np.float64, order="F")
    flags = np.empty((n, k), dtype=np.uint8, order="F")
    for j, variable in enumerate(spec.variables):
        index[:, j] = bin_column(variable, values[:, j])
        woe[:, j] = np.array(variable.woe).take(index[:, j])
        flags[:, j] = flag_table(variable).take(index[:, j])
    return BinnedValues(bin_index=index, woe=woe, flags=flags)


def check_matrix(X: NDArray[np.float64], n_columns: int) -> NDArray[np.float64]:
    """Refuse anything that is not a two-dimensional matrix of numbers with the right number of columns.

    Raises
    ------
    ScoringError
        (``CR-BIN-010``).
    """
    values = np.asarray(X)
    if values.ndim != 2 or values.shape[1] != n_columns or values.dtype.kind not in "fiub":
        raise ScoringError(
            f"The matrix has shape {values.shape} and type {values.dtype}. "
            f"Expected numbers with {n_columns} columns in the order of feature_names.",
            code="CR-BIN-010",
        )
    return np.asarray(values, dtype=np.float64)


def bin_column(variable: VariableBins, column: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return the bin index of each value of one variable.

    Parameters
    ----------
    variable : VariableBins
    column : ndarray of float64, shape (n_rows,)

    Raises
    ------
    ScoringError
        A value whose policy is to refuse it (``CR-BIN-011``).
    """
    index = np.empty(len(column), dtype=np.int16)
    for start in range(0, len(column), _BLOCK):
        index[start : start + _BLOCK] = _block_index(variable, column[start : start + _BLOCK])
    return index


def look_up(
    variable: VariableBins, table: NDArray[np.float64], column: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Write each value's entry of a table with one number per bin, without keeping the bins.

    Parameters
    ----------
    variable : VariableBins
    table : ndarray of float64, shape (n_bins,)
    column, out : ndarray of float64, shape (n_rows,)
    """
    pairs = _pair_table(table) if len(table) <= _FEW_BINS and len(column) >= _BLOCK else None
    for start in range(0, len(column), _BLOCK):
        index, target = _block_index(variable, column[start : start + _BLOCK]), out[start : start + _BLOCK]
        if pairs is None or index.dtype != np.uint8 or len(index) % 2 or not target.flags.c_contiguous:
            table.take(index, out=target, mode="clip")
        else:
            pairs.take(index.view(np.uint16), out=target.view(np.complex128), mode="clip")


def _pair_table(table: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return the entries of two neighbouring rows side by side, at the number that their two bins make as 16 bits.

    One look-up then serves two rows; the complex type only carries the 16 bytes.
    """
    n = len(table)
    bins = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), axis=-1).reshape(-1, 2)
    places = bins.astype(np.uint8).view(np.uint16).ravel()
    pairs = np.zeros((int(places.max()) + 1, 2))
    pairs[places] = table[bins]
    return pairs.view(np.complex128).ravel()


def _block_index(variable: VariableBins, column: NDArray[np.float64]) -> NDArray[np.integer]:
    block = np.ascontiguousarray(column)
    find = _group_index if variable.kind == "categorical" else _interval_index
    index = find(variable, block)
    if "error" in variable.origins:
        _refuse(variable, index)
    return index


def flag_table(variable: VariableBins) -> NDArray[np.uint8]:
    """Return the flag of each bin of a variable."""
    flags = np.zeros(variable.n_bins, dtype=np.uint8)
    flags[variable.missing_index] = FLAG_MISSING
    flags[variable.missing_index + 1 : variable.unseen_index] = FLAG_SPECIAL
    flags[variable.unseen_index] = FLAG_UNSEEN
    return flags


def category_codes(variable: VariableBins, values: Iterable[object]) -> NDArray[np.float64]:
    """Turn categories into the codes that :func:`apply_binning` expects.

    A category's code is its place among the known categories; an unknown one gets -1; None and NaN are missing.
    """
    known = known_categories(variable)
    return np.array(
        [np.nan if is_missing(value) else known.get(str(value), -1.0) for value in values], dtype=np.float64
    )


def known_categories(variable: VariableBins) -> dict[str, float]:
    """Return category -> code, in the order of the groups; rare categories of the unseen bin have no code."""
    flat = [category for group in variable.groups for category in group]
    return {category: float(code) for code, category in enumerate(flat)}


def is_missing(value: object) -> bool:
    """Whether a single value is missing: None, NaN or pandas' NA."""
    return value is None or type(value).__name__ in {"NAType", "NaTType"} or value != value  # noqa: PLR0124


def _interval_index(variable: VariableBins, x: NDArray[np.float64]) -> NDArray[np.integer]:
    """Count the cuts at or below each value, byte by byte; then place what is not an ordinary number."""
    index: NDArray[np.integer] = np.zeros(len(x), dtype=np.uint8 if variable.n_bins < 255 else np.int16)
    reached = np.empty(len(x), dtype=bool)
    as_number = reached.view(np.uint8)
    for cut in variable.cuts:
        np.greater_equal(x, cut, out=reached)
        np.add(index, as_number, out=index)
    np.isfinite(x, out=reached)
    if not reached.all():
        index[np.isinf(x)] = variable.unseen_index
        index[np.isnan(x)] = variable.missing_index
    _place_specials(variable, x, index)
    return index


def _group_index(variable: VariableBins, codes: NDArray[np.float64]) -> NDArray[np.int16]:
    sizes = [len(group) for group in variable.groups]
    table = np.repeat(np.arange(len(sizes), dtype=np.int16), sizes)
    known = (codes >= 0) & (codes < len(table))
    index = np.full(len(codes), variable.unseen_index, dtype=np.int16)
    index[known] = table[codes[known].astype(np.int64)]
    index[np.isnan(codes)] = variable.missing_index
    return index


def _place_specials(variable: VariableBins, x: NDArray[np.float64], index: NDArray[np.integer]) -> None:
    for offset, special in enumerate(variable.specials):
        for code in special.codes:
            here = x == code
            if here.any():
                index[here] = variable.missing_index + 1 + offset


def _refuse(variable: VariableBins, index: NDArray[np.integer]) -> None:
    for at, origin in enumerate(variable.origins):
        if origin == "error":
            n_refused = int(np.count_nonzero(index == at))
            if n_refused:
                raise ScoringError(
                    f"Variable {variable.name!r} holds {n_refused} values of the kind {variable.labels()[at]!r}, which "
                    "its policy refuses. Hint: mend the source, or fit with another policy.",
                    code="CR-BIN-011",
                    context={"variable": variable.name, "count": n_refused},
                )
