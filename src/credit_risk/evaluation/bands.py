"""What happens along the score: counts, bad rates, approvals, limits and prices, band by band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas

from credit_risk.errors import SpecificationError
from credit_risk.evaluation.checks import checked_flags, checked_numbers, checked_outcome, checked_pd
from credit_risk.evaluation.grouping import group_labels, group_of, group_sums, inner_edges, ratio
from credit_risk.evaluation.intervals import bad_rate_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def cumulative_difference(n_bads: ArrayLike, n_goods: ArrayLike) -> NDArray[np.float64]:
    """Return the cumulative share of bads minus that of goods, band by band; the largest size is the banded KS.

    NaN where one of the classes is absent.

    Examples
    --------
    >>> cumulative_difference([3, 1], [1, 3]).tolist()
    [0.5, 0.0]
    """
    bads, goods = (
        np.cumsum(np.asarray(n_bads, dtype=np.float64)),
        np.cumsum(np.asarray(n_goods, dtype=np.float64)),
    )
    return ratio(bads, np.full(bads.shape, bads[-1])) - ratio(goods, np.full(goods.shape, goods[-1]))


def score_band_table(
    score: ArrayLike,
    is_bad: ArrayLike,
    *,
    n_bands: int = 10,
    edges: Sequence[float] | None = None,
    pd: ArrayLike | None = None,
    is_approved: ArrayLike | None = None,
    limit_amount: ArrayLike | None = None,
    annual_rate: ArrayLike | None = None,
) -> pandas.DataFrame:
    """Return one row per score band, from the riskiest band to the safest.

    Parameters
    ----------
    score : array_like of float, shape (n_rows,)
        Higher is safer.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    n_bands : int, default 10
        Bands of about equal size, used when `edges` are not given; ties may leave fewer.
    edges : sequence of float, optional
        Inner edges; bands are ``[left, right)``.
    pd : array_like, shape (n_rows,), optional
        Adds `mean_pd`.
    is_approved : array_like of bool, shape (n_rows,), optional
        Adds `n_approved`, `approval_rate`, `bad_rate_approved`.
    limit_amount, annual_rate : array_like, shape (n_rows,), optional
        Averaged over the approved (NaN elsewhere is fine); in the unit given. Need `is_approved`.

    Returns
    -------
    DataFrame
        `band`, `score_low`, `score_high` (smallest and largest score in the band), `n`, `n_bads`, `bad_rate`,
        `bad_rate_low`, `bad_rate_high` (Jeffreys 95 %), `cumulative_difference`, then the optional columns. Bands
        without rows are left out.

    Raises
    ------
    SpecificationError
        A limit or price without `is_approved` (``CR-EVL-010``), or arrays that do not fit (``CR-EVL-001`` to ``CR-EVL-005``).

    Examples
    --------
    >>> table = score_band_table([500, 510, 600, 610], [1, 1, 0, 0], edges=[550], is_approved=[0, 0, 1, 1])
    >>> table[["band", "n", "bad_rate", "approval_rate"]].to_string(index=False, header=False).split()
    ['<', '550', '2', '1.0', '0.0', '>=', '550', '2', '0.0', '1.0']
    """
    if is_approved is None and not (limit_amount is None and annual_rate is None):
        raise SpecificationError(
            "limit_amount and annual_rate are averaged over the approved. Expected is_approved beside them.",
            code="CR-EVL-010",
        )
    bad = checked_outcome(is_bad, min_per_class=0)
    points = checked_numbers(score, bad.size, "score")
    cuts = inner_edges(points, n_bands, edges)
    used, position = np.unique(group_of(points, cuts), return_inverse=True)
    rows, bads = group_sums(position, used.size), group_sums(position, used.size, bad.astype(np.float64))
    low, high = bad_rate_interval(bads, rows)
    labels = group_labels(cuts)
    columns: dict[str, object] = {
        "band": [labels[g] for g in used],
        "score_low": [float(points[position == g].min()) for g in range(used.size)],
        "score_high": [float(points[position == g].max()) for g in range(used.size)],
        "n": rows.astype(np.int64),
        "n_bads": bads.astype(np.int64),
        "bad_rate": bads / rows,
        "bad_rate_low": low,
        "bad_rate_high": high,
        "cumulative_difference": cumulative_difference(bads, rows - bads),
    }
    if pd is not None:
        columns["mean_pd"] = group_sums(position, used.size, checked_pd(pd, bad.size)) / rows
    if is_approved is not None:
        approved = checked_flags(is_approved, bad.size, "is_approved")
        columns |= _approvals(position, used.size, bad, approved)
        for name, values in (("limit_amount", limit_amount), ("annual_rate", annual_rate)):
            if values is not None:
                columns[f"mean_{name}"] = _mean_of_approved(position, used.size, values, approved, name)
    return pandas.DataFrame(columns)


def _approvals(
    position: NDArray[np.intp], n_bands: int, bad: NDArray[np.bool_], approved: NDArray[np.bool_]
) -> dict[str, object]:
    rows = group_sums(position, n_bands)
    n_approved = group_sums(position[approved], n_bands)
    bads = group_sums(position[approved & bad], n_bands)
    return {
        "n_approved": n_approved.astype(np.int64),
        "approval_rate": n_approved / rows,
        "bad_rate_approved": ratio(bads, n_approved),
    }


def _mean_of_approved(
    position: NDArray[np.intp], n_bands: int, values: ArrayLike, approved: NDArray[np.bool_], name: str
) -> NDArray[np.float64]:
    numbers = checked_numbers(np.asarray(values, dtype=np.float64)[approved], int(approved.sum()), name)
    return ratio(group_sums(position[approved], n_bands, numbers), group_sums(position[approved], n_bands))
