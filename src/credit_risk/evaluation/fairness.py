"""Are groups of people treated alike? Figures for a person to judge, never a verdict.

The adverse impact ratio and its line at 0.80 come from US employment practice; for credit they are a screen, not a law. That
practice compares with the group of the *highest* rate; here the *largest* group is the reference, because the highest of
several rates may be that of a handful of people. A ratio may therefore exceed 1, and 0.80 is met more easily than by the text.
Small groups get "insufficient data", and a ratio to a reference that approves nobody is undefined.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas

from credit_risk.evaluation.checks import (
    checked_flags,
    checked_groups,
    checked_numbers,
    checked_outcome,
    checked_pd,
)
from credit_risk.evaluation.intervals import bad_rate_interval, two_proportion_test

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

#: Below this ratio of approval rates a group is marked for a person to look at (the figure of 29 CFR 1607.4(D), by analogy).
FOUR_FIFTHS = 0.80

REFERENCE = "reference"
INSUFFICIENT = "insufficient data"
UNDEFINED = "undefined: the reference group has no approvals"
BELOW_LINE = "ratio below 0.80: look closer"
NOT_BELOW_LINE = "ratio not below 0.80"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Customers:
    """The arrays of one table, checked, shape (n_rows,) each; amounts and rates are read where approved."""

    is_approved: NDArray[np.bool_]
    pd: NDArray[np.float64]
    is_bad: NDArray[np.bool_]
    score: NDArray[np.float64] | None
    limit_amount: NDArray[np.float64] | None
    annual_rate: NDArray[np.float64] | None


def fairness_table(
    groups: Mapping[str, ArrayLike],
    *,
    is_approved: ArrayLike,
    pd: ArrayLike,
    is_bad: ArrayLike,
    score: ArrayLike | None = None,
    limit_amount: ArrayLike | None = None,
    annual_rate: ArrayLike | None = None,
    min_group_size: int = 100,
) -> pandas.DataFrame:
    """Compare approvals, PDs, limits and prices between groups of people.

    Parameters
    ----------
    groups : mapping of str to array_like, shape (n_rows,)
        Attribute (sex, age band, region) -> label of each customer. Attributes are tested one by one; the reference
        is the attribute's largest group (the first in label order among equals).
    is_approved : array_like of bool, shape (n_rows,)
        The decision.
    pd : array_like, shape (n_rows,)
        The PD the decision used.
    is_bad : array_like of bool, shape (n_rows,)
        What happened, known for everybody here (also where declined).
    score, limit_amount, annual_rate : array_like, shape (n_rows,), optional
        Score of everybody; limit and price of the approved (NaN elsewhere is fine), in the unit given.
    min_group_size : int, default 100
        A smaller group gets "insufficient data" and no ratio, test or difference.

    Returns
    -------
    DataFrame, one row per attribute and group
        `attribute`, `group`, `n`, `n_approved`, `approval_rate`, `is_reference`, `adverse_impact_ratio`,
        `odds_ratio` (of approval, against the reference; NaN where all of the group are approved), `z`, `p_value` (two-sided,
        pooled), `mean_pd`, `bad_rate`, `bad_rate_low`, `bad_rate_high`
        (Jeffreys 95 %), `n_bads`, `finding`; with `score`: `mean_score`, `smd_score`; with `limit_amount` and
        `annual_rate`: their means over the approved and `smd_...` against the reference (pooled standard deviation).

    Raises
    ------
    SpecificationError
        Other lengths (``CR-EVL-003``), a customer without a group or an approved one without limit or price (``CR-EVL-004``), or
        values that are no outcomes, decisions or PDs (``CR-EVL-001``, ``CR-EVL-005``).

    Examples
    --------
    >>> n = 800
    >>> sex = np.where(np.arange(n) < 300, "a", "b")
    >>> approved = np.r_[np.arange(300) < 180, np.arange(500) < 420]
    >>> table = fairness_table({"sex": sex}, is_approved=approved, pd=np.full(n, 0.1), is_bad=np.arange(n) % 10 == 0)
    >>> round(float(table["adverse_impact_ratio"][0]), 10), table["finding"][0]
    (0.7142857143, 'ratio below 0.80: look closer')
    """
    bad = checked_outcome(is_bad, min_per_class=0)
    approved = checked_flags(is_approved, bad.size, "is_approved")
    customers = _Customers(
        is_approved=approved,
        pd=checked_pd(pd, bad.size),
        is_bad=bad,
        score=None if score is None else checked_numbers(score, bad.size, "score"),
        limit_amount=_where_approved(limit_amount, approved, "limit_amount"),
        annual_rate=_where_approved(annual_rate, approved, "annual_rate"),
    )
    rows: list[dict[str, object]] = []
    for attribute, labels in groups.items():
        of_group = checked_groups(labels, bad.size, f"Attribute {attribute!r}").astype(str)
        rows += _rows_of_attribute(attribute, of_group, customers, min_group_size)
    return pandas.DataFrame(rows)


def standardized_mean_difference(a: ArrayLike, b: ArrayLike) -> float:
    """Return ``(mean a - mean b) / pooled standard deviation``; NaN where it cannot be formed.

    The meaning of the sign depends on the figure: a price above the reference's is against the group, a limit for it.

    Examples
    --------
    >>> standardized_mean_difference([2.0, 4.0], [1.0, 3.0])
    0.7071067811865475
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if min(x.size, y.size) < 2:
        return math.nan
    difference = float(x.mean() - y.mean())
    pooled = ((x.size - 1) * x.var(ddof=1) + (y.size - 1) * y.var(ddof=1)) / (x.size + y.size - 2)
    if pooled == 0.0:
        return 0.0 if difference == 0.0 else math.nan
    return difference / math.sqrt(pooled)


def _where_approved(
    values: ArrayLike | None, approved: NDArray[np.bool_], name: str
) -> NDArray[np.float64] | None:
    """Return values with NaN where declined; where approved they must be finite."""
    if values is None:
        return None
    numbers = np.array(values, dtype=np.float64)
    if numbers.shape == approved.shape:
        numbers[~approved] = 0.0
    numbers = checked_numbers(numbers, approved.size, name).copy()
    numbers[~approved] = np.nan
    return numbers


def _rows_of_attribute(
    attribute: str, labels: NDArray[np.str_], customers: _Customers, min_group_size: int
) -> list[dict[str, object]]:
    names, counts = np.unique(labels, return_counts=True)
    reference_name = names[int(np.argmax(counts))]
    reference = labels == reference_name
    rows = []
    for name in names:
        member = labels == name
        row = {"attribute": attribute, "group": str(name), **_own_figures(member, customers)}
        row |= {"is_reference": bool(name == reference_name)}
        row |= _against_reference(
            member, reference, customers, min_group_size, is_self=name == reference_name
        )
        rows.append(row)
    return rows


def _own_figures(member: NDArray[np.bool_], customers: _Customers) -> dict[str, object]:
    n, n_approved = int(member.sum()), int((member & customers.is_approved).sum())
    n_bads = int((member & customers.is_bad).sum())
    low, high = bad_rate_interval([n_bads], [n])
    figures: dict[str, object] = {
        "n": n,
        "n_approved": n_approved,
        "approval_rate": n_approved / n,
        "mean_pd": float(customers.pd[member].mean()),
        "n_bads": n_bads,
        "bad_rate": n_bads / n,
        "bad_rate_low": float(low[0]),
        "bad_rate_high": float(high[0]),
    }
    for name, values in _optional_figures(customers):
        present = values[member & np.isfinite(values)]
        figures[f"mean_{name}"] = float(present.mean()) if present.size else math.nan
    return figures


def _against_reference(
    member: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    customers: _Customers,
    min_group_size: int,
    *,
    is_self: bool,
) -> dict[str, object]:
    """Return ratio, test and differences against the reference, or say why there are none."""
    n, n_reference = int(member.sum()), int(reference.sum())  # the reference is never the smaller
    hits, hits_reference = (
        int((member & customers.is_approved).sum()),
        int((reference & customers.is_approved).sum()),
    )
    figures: dict[str, object] = dict.fromkeys(
        ("adverse_impact_ratio", "odds_ratio", "z", "p_value"), math.nan
    )
    figures |= {f"smd_{name}": math.nan for name, _ in _optional_figures(customers)}
    if n < min_group_size:
        return {**figures, "finding": INSUFFICIENT}
    if hits_reference == 0:
        return {**figures, "finding": UNDEFINED}
    if is_self:
        return {**figures, "adverse_impact_ratio": 1.0, "finding": REFERENCE}
    impact = (hits / n) / (hits_reference / n_reference)
    test = two_proportion_test(hits, n, hits_reference, n_reference)
    figures |= {
        "adverse_impact_ratio": impact,
        "odds_ratio": _odds_ratio(hits, n, hits_reference, n_reference),
        "z": test.statistic,
        "p_value": test.p_value,
        "finding": BELOW_LINE if impact < FOUR_FIFTHS else NOT_BELOW_LINE,
    }
    for name, values in _optional_figures(customers):
        known = np.isfinite(values)
        figures[f"smd_{name}"] = standardized_mean_difference(
            values[member & known], values[reference & known]
        )
    return figures


def _odds_ratio(hits: int, n: int, hits_reference: int, n_reference: int) -> float:
    against = (n - hits) * hits_reference
    return hits * (n_reference - hits_reference) / against if against else math.nan


def _optional_figures(customers: _Customers) -> list[tuple[str, NDArray[np.float64]]]:
    figures = (
        ("score", customers.score),
        ("limit_amount", customers.limit_amount),
        ("annual_rate", customers.annual_rate),
    )
    return [(name, values) for name, values in figures if values is not None]
