"""Why points were lost: shortfalls variable by variable, and the few that matter most.

Only positive shortfalls of variables on the card are reasons; variables of one business factor count together; at most four
are named; equal shortfalls are ordered as the card is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from credit_risk.scorecard.spec import ScorecardSpec

Reference = Literal["maximum", "mean", "neutral"]

MAX_REASONS = 4
"""More than four reasons are not likely to help the applicant."""


def reason_shortfalls(spec: ScorecardSpec, points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the points each variable lost against its best bin.

    Parameters
    ----------
    spec : ScorecardSpec
    points : ndarray of int64, shape (n_rows, n_variables)
        As :func:`~credit_risk.scorecard.apply.apply_scorecard` gives them.

    Returns
    -------
    ndarray of int64, shape (n_rows, n_variables)
        0 or above.
    """
    return np.asarray(maximum_points(spec)[None, :] - np.asarray(points, dtype=np.int64))


def shortfalls_against(
    spec: ScorecardSpec, points: NDArray[np.int64], reference: Reference = "maximum"
) -> NDArray[np.float64]:
    """Return the points each variable lost against a reference; below 0 where it gained.

    Parameters
    ----------
    spec : ScorecardSpec
    points : ndarray of int64, shape (n_rows, n_variables)
    reference : {'maximum', 'mean', 'neutral'}
        The best bin, the development population's mean, or a WoE of 0.

    Raises
    ------
    SpecificationError
        Unknown reference (``CR-CRD-006``); the mean of an imported card without counts (``CR-CRD-041``).
    """
    if reference == "maximum":
        level = maximum_points(spec).astype(np.float64)
    elif reference == "mean":
        level = mean_points(spec)
    elif reference == "neutral":
        level = np.array(spec.neutral_points, dtype=np.float64)
    else:
        raise SpecificationError(
            f"reference must be 'maximum', 'mean' or 'neutral'. Got {reference!r}.", code="CR-CRD-006"
        )
    return np.asarray(level[None, :] - np.asarray(points, dtype=np.int64))


def main_reasons(
    shortfalls: NDArray[np.integer] | NDArray[np.floating],
    factor_of: NDArray[np.integer] | None = None,
    *,
    max_reasons: int = MAX_REASONS,
) -> NDArray[np.int64]:
    """Return the factors that cost most, the costliest first, -1 where there are fewer.

    Parameters
    ----------
    shortfalls : ndarray, shape (n_rows, n_variables)
    factor_of : ndarray of int, shape (n_variables,), optional
        Business factor of each variable, numbered from 0 in the order of the card; default each variable its own.
    max_reasons : int, 1..4

    Returns
    -------
    ndarray of int64, shape (n_rows, max_reasons)

    Raises
    ------
    SpecificationError
        ``max_reasons`` outside 1..4 (``CR-CRD-007``).

    Examples
    --------
    >>> against_best = np.array([[60, 10, 20, 90]])
    >>> main_reasons(against_best).tolist(), main_reasons(np.array([[15, -20, 0, 30]])).tolist()
    ([[3, 0, 2, 1]], [[3, 0, -1, -1]])
    """
    if not 1 <= max_reasons <= MAX_REASONS:
        raise SpecificationError(
            f"max_reasons must be 1 to {MAX_REASONS}. Got {max_reasons!r}.", code="CR-CRD-007"
        )
    n, k = shortfalls.shape
    factors = np.arange(k) if factor_of is None else np.asarray(factor_of)
    lost = np.zeros((n, int(factors.max()) + 1 if k else 0), dtype=shortfalls.dtype)
    for j in range(k):
        lost[:, factors[j]] += np.maximum(shortfalls[:, j], 0)
    order = np.argsort(-lost, axis=1, kind="stable")[:, :max_reasons]
    chosen = np.where(np.take_along_axis(lost, order, axis=1) > 0, order, -1)
    answer = np.full((n, max_reasons), -1, dtype=np.int64)
    answer[:, : chosen.shape[1]] = chosen
    return answer


def factor_numbers(
    feature_names: tuple[str, ...], factors: Mapping[str, str] | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Give business factors numbers in the order of the card; a variable without one is its own factor.

    Examples
    --------
    >>> numbers, names = factor_numbers(("late_3m", "utilization", "late_6m"), {"late_3m": "arrears", "late_6m": "arrears"})
    >>> numbers.tolist(), names
    ([0, 1, 0], ('arrears', 'utilization'))
    """
    own = [name if factors is None else factors.get(name, name) for name in feature_names]
    names = tuple(dict.fromkeys(own))
    return np.array([names.index(factor) for factor in own], dtype=np.int64), names


def maximum_points(spec: ScorecardSpec) -> NDArray[np.int64]:
    """Return the points of each variable's best bin."""
    return np.array([max(row) for row in spec.points], dtype=np.int64)


def mean_points(spec: ScorecardSpec) -> NDArray[np.float64]:
    """Return the mean points of each variable in the development sample.

    Raises
    ------
    SpecificationError
        An imported card without counts (``CR-CRD-041``).
    """
    means = []
    for variable, row in zip(spec.binning.variables, spec.points, strict=True):
        weights = [goods + bads for goods, bads in zip(variable.n_goods, variable.n_bads, strict=True)]
        if not sum(weights):
            raise SpecificationError(
                f"Variable {variable.name!r} has no counts of the development sample, so it has no mean points: the card was "
                "imported from a library that keeps none. Hint: measure shortfalls against 'maximum' or 'neutral'.",
                code="CR-CRD-041",
            )
        means.append(sum(w * p for w, p in zip(weights, row, strict=True)) / sum(weights))
    return np.array(means)
