"""Has the population moved? The population stability index, on counts or on numbers with frozen edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas

from credit_risk.errors import SampleError, SpecificationError
from credit_risk.evaluation.checks import checked_numbers
from credit_risk.evaluation.grouping import group_labels, group_of, group_sums, inner_edges
from credit_risk.numerics.woe import stability_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def stability_of_counts(
    expected: ArrayLike, actual: ArrayLike, *, zero_count: float = 0.5
) -> NDArray[np.float64]:
    """Return each group's part of the population stability index; their sum is the index.

    ``(a - e) ln(a / e)`` with ``a``, ``e`` the actual and expected shares. Every part is at least 0. By common
    usage a sum below 0.10 is read as stable, 0.10 to 0.25 as moved, above as much moved; these are habits, not tests.

    Parameters
    ----------
    expected, actual : array_like of int, shape (n_groups,)
        Counts at development and now.
    zero_count : float, default 0.5
        Stands in for a count of 0, in that group only, so that no part is infinite.

    Raises
    ------
    SpecificationError
        Lengths differ or counts are negative (``CR-EVL-007``).
    SampleError
        A side has no rows at all (``CR-EVL-008``).

    Examples
    --------
    >>> round(float(stability_of_counts([50, 50], [40, 60]).sum()), 6)
    0.040547
    """
    before, now = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if before.shape != now.shape or before.ndim != 1 or (before < 0).any() or (now < 0).any():
        raise SpecificationError(
            f"expected and actual must be counts of the same groups, none negative. Got shapes {before.shape} and "
            f"{now.shape}.",
            code="CR-EVL-007",
        )
    if before.sum() == 0 or now.sum() == 0:
        raise SampleError(
            f"Stability needs rows on both sides. Got {before.sum():.0f} expected and {now.sum():.0f} actual.",
            code="CR-EVL-008",
        )
    return stability_parts(before, now, zero_count=zero_count)


def population_stability_index(
    expected: ArrayLike, actual: ArrayLike, *, n_groups: int = 10, edges: Sequence[float] | None = None
) -> pandas.DataFrame:
    """Return the stability table of a number; the sum of column `psi` is the index.

    Parameters
    ----------
    expected, actual : array_like of float, shape (n_expected,) and (n_actual,)
        The number at development and now; missing values (NaN) are a group of their own.
    n_groups : int, default 10
        Groups of about equal size on the expected side, used when `edges` are not given; ties may leave fewer.
    edges : sequence of float, optional
        Inner edges; groups are ``[left, right)``.

    Returns
    -------
    DataFrame, one row per group
        `group`, `n_expected`, `n_actual`, `share_expected`, `share_actual`, `psi`.

    Raises
    ------
    SpecificationError
        Infinite values (``CR-EVL-004``).
    SampleError
        A side has no rows at all (``CR-EVL-008``).

    Examples
    --------
    >>> table = population_stability_index([1, 2, 3, 4], [1, 2, 3, 4], n_groups=2)
    >>> float(table["psi"].sum())
    0.0
    """
    before, now = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    missing_before, missing_now = np.isnan(before), np.isnan(now)
    before = checked_numbers(before[~missing_before], int((~missing_before).sum()), "expected")
    now = checked_numbers(now[~missing_now], int((~missing_now).sum()), "actual")
    cuts = inner_edges(before, n_groups, edges) if before.size or edges is not None else np.empty(0)
    labels, n = group_labels(cuts), cuts.size + 1
    counts = [group_sums(group_of(before, cuts), n), group_sums(group_of(now, cuts), n)]
    n_missing = (missing_before.sum(), missing_now.sum())
    if any(n_missing):
        labels = [*labels, "missing"]
        counts = [np.append(c, m) for c, m in zip(counts, n_missing, strict=True)]
    parts = stability_of_counts(*counts)
    return pandas.DataFrame(
        {
            "group": labels,
            "n_expected": counts[0].astype(np.int64),
            "n_actual": counts[1].astype(np.int64),
            "share_expected": counts[0] / counts[0].sum(),
            "share_actual": counts[1] / counts[1].sum(),
            "psi": parts,
        }
    )
