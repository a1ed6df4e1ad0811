"""The one gate through which arrays enter this package: kernels behind it do not check again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas

from credit_risk.errors import SampleError, SpecificationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: PDs are kept this far from 0 and 1 wherever a logarithm is taken.
PD_CLIP = 1e-9


def checked_outcome(is_bad: ArrayLike, *, min_per_class: int = 2) -> NDArray[np.bool_]:
    """Return outcomes as booleans; `min_per_class` goods and bads are needed (0: a table of counts judges nothing).

    Raises
    ------
    SpecificationError
        Not one-dimensional, or values other than 0 and 1 (``CR-EVL-001``).
    SampleError
        Fewer goods or bads than needed: nothing can be judged (``CR-EVL-002``).
    """
    outcome = np.asarray(is_bad)
    if outcome.ndim != 1:
        raise SpecificationError(
            f"is_bad must be one-dimensional. Got shape {outcome.shape}.", code="CR-EVL-001"
        )
    n_other = int((~np.isin(outcome, (0, 1))).sum())
    if n_other:
        raise SpecificationError(
            f"is_bad must hold only 0 and 1. Got {n_other} other values in {outcome.size} rows.",
            code="CR-EVL-001",
        )
    bad = outcome.astype(bool)
    n_bads = int(bad.sum())
    if min(n_bads, bad.size - n_bads) < min_per_class:
        raise SampleError(
            f"An evaluation needs at least {min_per_class} goods and bads each. Got {bad.size - n_bads} goods and {n_bads} bads.",
            code="CR-EVL-002",
        )
    return bad


def checked_numbers(values: ArrayLike, n_rows: int, name: str) -> NDArray[np.float64]:
    """Return finite float64 numbers, one per row.

    Raises
    ------
    SpecificationError
        Wrong length (``CR-EVL-003``) or values that are missing or infinite (``CR-EVL-004``).
    """
    numbers = np.ascontiguousarray(values, dtype=np.float64)
    if numbers.shape != (n_rows,):
        raise SpecificationError(
            f"{name} must have one value per row, shape ({n_rows},). Got {numbers.shape}.", code="CR-EVL-003"
        )
    n_missing = int((~np.isfinite(numbers)).sum())
    if n_missing:
        raise SpecificationError(
            f"{name} must be finite. Got {n_missing} missing or infinite values in {n_rows} rows.",
            code="CR-EVL-004",
        )
    return numbers


def checked_pd(pd: ArrayLike, n_rows: int, name: str = "pd") -> NDArray[np.float64]:
    """Return probabilities, one per row.

    Raises
    ------
    SpecificationError
        As :func:`checked_numbers`, or a value outside 0..1 (``CR-EVL-005``).
    """
    numbers = checked_numbers(pd, n_rows, name)
    n_outside = int(((numbers < 0.0) | (numbers > 1.0)).sum())
    if n_outside:
        raise SpecificationError(
            f"{name} must lie in 0..1. Got {n_outside} values outside in {n_rows} rows. "
            "Hint: give probabilities of bad, not scores.",
            code="CR-EVL-005",
        )
    return numbers


def checked_flags(flags: ArrayLike, n_rows: int, name: str) -> NDArray[np.bool_]:
    """Return booleans, one per row.

    Raises
    ------
    SpecificationError
        Wrong length (``CR-EVL-003``) or values other than 0 and 1 (``CR-EVL-001``).
    """
    values = np.asarray(flags)
    if values.shape != (n_rows,):
        raise SpecificationError(
            f"{name} must have one value per row, shape ({n_rows},). Got {values.shape}.", code="CR-EVL-003"
        )
    n_other = int((~np.isin(values, (0, 1))).sum())
    if n_other:
        raise SpecificationError(
            f"{name} must hold only 0 and 1. Got {n_other} other values.", code="CR-EVL-001"
        )
    return values.astype(bool)


def checked_groups(labels: ArrayLike, n_rows: int, name: str) -> NDArray[Any]:
    """Return group labels, one per row, none missing: a customer without a group would fall out of the table unseen.

    Raises
    ------
    SpecificationError
        Wrong length (``CR-EVL-003``) or missing labels (``CR-EVL-004``).
    """
    groups = np.asarray(labels)
    if groups.shape != (n_rows,):
        raise SpecificationError(
            f"{name} must give one group per row, shape ({n_rows},). Got {groups.shape}.", code="CR-EVL-003"
        )
    n_missing = int(pandas.isna(groups).sum())
    if n_missing:
        raise SpecificationError(
            f"{name} gives no group for {n_missing} of {n_rows} rows. Hint: give these a name, such as 'missing'.",
            code="CR-EVL-004",
        )
    return groups


def inside(pd: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep PDs a hair away from 0 and 1, where logarithms and variances end."""
    return np.clip(pd, PD_CLIP, 1.0 - PD_CLIP)


def checked_level(confidence_level: float) -> float:
    """Return a confidence level strictly between 0 and 1 (``CR-EVL-006`` otherwise)."""
    if not 0.0 < confidence_level < 1.0:
        raise SpecificationError(
            f"confidence_level must lie strictly between 0 and 1. Got {confidence_level}.", code="CR-EVL-006"
        )
    return confidence_level
