"""A feature looked at: its values against the risk, its values over time.

Reading order: :func:`risk_by_value`, :func:`value_by_period`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.errors import SpecificationError
from credit_risk.evaluation.checks import checked_groups, checked_outcome
from credit_risk.evaluation.grouping import group_labels, group_of, group_sums, inner_edges, ratio
from credit_risk.evaluation.intervals import bad_rate_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_QUANTILES = {"p10": 0.1, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}
#: Label of the customers who have no value.
MISSING = "missing"


def risk_by_value(
    values: ArrayLike, is_bad: ArrayLike, *, n_groups: int = 10, confidence_level: float = 0.95
) -> pd.DataFrame:
    """Return the bad rate along a feature: groups of about equal size, customers without a value last.

    Parameters
    ----------
    values : array_like of float, shape (n_rows,)
        NaN is missing.
    is_bad : array_like of bool, shape (n_rows,)
        1 is bad.
    n_groups : int, default 10
        At most; equal values are never separated.
    confidence_level : float, default 0.95
        Of the interval of each bad rate.

    Returns
    -------
    DataFrame
        Index ``group``; ``n_rows``, ``share``, ``n_bads``, ``bad_rate``, ``bad_rate_low``, ``bad_rate_high`` (Jeffreys).

    Raises
    ------
    SpecificationError
        ``n_groups`` below 2, or other lengths (``CR-EVL-020``).

    Examples
    --------
    >>> risk_by_value([1, 1, 2, 2, float("nan")], [0, 0, 1, 0, 1], n_groups=2)[["n_rows", "bad_rate"]]
             n_rows  bad_rate
    group
    < 2           2       0.0
    >= 2          2       0.5
    missing       1       1.0
    """
    bad = checked_outcome(is_bad, min_per_class=1)
    numbers = _checked_values(values, bad.size)
    if n_groups < 2:
        raise SpecificationError(f"n_groups = {n_groups} is below 2.", code="CR-EVL-020")
    seen = ~np.isnan(numbers)
    edges = inner_edges(numbers[seen], n_groups) if seen.any() else np.array([])
    labels = (group_labels(edges) if seen.any() else []) + ([] if seen.all() else [MISSING])
    position = np.full(bad.size, len(labels) - 1)
    position[seen] = group_of(numbers[seen], edges)
    n_rows, n_bads = group_sums(position, len(labels)), group_sums(position, len(labels), bad.astype(float))
    low, high = bad_rate_interval(n_bads, n_rows, confidence_level)
    return pd.DataFrame(
        {
            "n_rows": n_rows.astype(int),
            "share": n_rows / bad.size,
            "n_bads": n_bads.astype(int),
            "bad_rate": ratio(n_bads, n_rows),
            "bad_rate_low": low,
            "bad_rate_high": high,
        },
        index=pd.Index(labels, name="group"),
    )


def value_by_period(values: ArrayLike, periods: ArrayLike) -> pd.DataFrame:
    """Return how a feature's values are spread in each period, and how often they are missing.

    Parameters
    ----------
    values : array_like of float, shape (n_rows,)
        NaN is missing.
    periods : array_like, shape (n_rows,)
        Anything that can be sorted: months, weeks, days.

    Returns
    -------
    DataFrame
        Index ``period``, rising; ``n_rows``, ``share_missing``, ``p10``, ``p25``, ``median``, ``p75``, ``p90``.

    Raises
    ------
    SpecificationError
        Other lengths, or no row (``CR-EVL-020``); a row without a period (``CR-EVL-004``).

    Examples
    --------
    >>> value_by_period([1.0, 3.0, float("nan"), 5.0], ["2026-01", "2026-01", "2026-01", "2026-02"])[["n_rows", "median"]]
             n_rows  median
    period
    2026-01       3     2.0
    2026-02       1     5.0
    """
    named = pd.Series(np.asarray(periods))
    numbers = pd.Series(_checked_values(values, len(named)))
    if named.empty:
        raise SpecificationError("There is no row to look at.", code="CR-EVL-020")
    checked_groups(named.to_numpy(), len(named), "periods")
    groups = numbers.groupby(named)
    table = pd.DataFrame(
        {"n_rows": groups.size(), "share_missing": numbers.isna().groupby(named).mean()}
        | {name: groups.quantile(share) for name, share in _QUANTILES.items()}
    )
    table.index.name = "period"
    return table


def _checked_values(values: ArrayLike, n_rows: int) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (n_rows,):
        raise SpecificationError(
            f"values has the shape {numbers.shape}. Expected one value for each of {n_rows} rows.",
            code="CR-EVL-020",
        )
    return numbers
