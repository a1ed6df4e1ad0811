"""Why points were lost: shortfalls variable by variable, and the few that matter most.

Only positive shortfalls of variables on the card are reasons; variables of one business factor count together; at most four
are named; equal shortfalls are ordered as the card is. Decisions, tables and the row scorer all name reasons by these rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

    Examples
    --------
    >>> from credit_risk.scorecard import Scorecard
    >>> X = np.arange(1000.0)[:, None]
    >>> card = Scorecard().fit(X, (X[:, 0] * 7 % 1000) > 400 + X[:, 0] / 2)
    >>> best = int(max(card.spec_.points[0]))
    >>> reason_shortfalls(card.spec_, np.array([[best], [best - 12]])).ravel().tolist()
    [0, 12]
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
    level = reference_points(spec, reference)
    return np.asarray(level[None, :] - np.asarray(points, dtype=np.int64))


def reference_points(spec: ScorecardSpec, reference: Reference) -> NDArray[np.float64]:
    """Return the points of each variable that shortfalls are measured against.

    Raises
    ------
    SpecificationError
        As :func:`shortfalls_against`.
    """
    if reference == "maximum":
        return maximum_points(spec).astype(np.float64)
    if reference == "mean":
        return mean_points(spec)
    if reference == "neutral":
        return np.array(spec.neutral_points, dtype=np.float64)
    raise SpecificationError(
        f"reference must be 'maximum', 'mean' or 'neutral'. Got {reference!r}.", code="CR-CRD-006"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedReasons:
    """The factors that cost most, the costliest first; -1 and 0 where there are fewer.

    Attributes
    ----------
    factor : ndarray of int64, shape (n_rows, max_reasons)
    lost : ndarray, shape (n_rows, max_reasons), points
        All that the factor's variables lost.
    variable : ndarray of int64, shape (n_rows, max_reasons)
        The variable that lost most within the factor; of equal ones the first on the card.
    """

    factor: NDArray[np.int64]
    lost: NDArray[np.integer] | NDArray[np.floating]
    variable: NDArray[np.int64]


def rank_losses(
    losses: Iterable[tuple[int, float, int]], max_reasons: int = MAX_REASONS
) -> list[tuple[int, float, int]]:
    """Rank the factors of one row in plain Python, for a backend that has no time for arrays; equal to :func:`rank_reasons`.

    Parameters
    ----------
    losses : iterable of (variable, points lost, factor)
        Positive losses only, in the order of the card.
    max_reasons : int

    Returns
    -------
    list of (factor, points lost, variable that lost most)

    Examples
    --------
    >>> rank_losses([(0, 60, 7), (1, 10, 5), (3, 90, 7)])
    [(7, 150, 3), (5, 10, 1)]
    """
    total: dict[int, float] = {}
    worst: dict[int, tuple[float, int]] = {}
    for variable, lost, factor in losses:
        if factor not in total:
            total[factor], worst[factor] = lost, (lost, variable)
        else:
            total[factor] += lost
            if lost > worst[factor][0]:
                worst[factor] = lost, variable
    ranked = sorted(total.items(), key=_negative_loss)[
        :max_reasons
    ]  # stable: ties keep the order of the card
    return [(factor, lost, worst[factor][1]) for factor, lost in ranked]


def _negative_loss(item: tuple[int, float]) -> float:
    return -item[1]


def rank_reasons(
    shortfalls: NDArray[np.integer] | NDArray[np.floating],
    factor_of: NDArray[np.integer] | None = None,
    *,
    max_reasons: int = MAX_REASONS,
) -> RankedReasons:
    """Add up the points lost by business factor and rank the factors, with the variable that lost most in each.

    Only positive shortfalls count. Of factors that lost the same, the one whose losing variable stands first on the card is
    named first.

    Parameters
    ----------
    shortfalls : ndarray, shape (n_rows, n_variables)
    factor_of : ndarray of int, shape (n_variables,) or (n_rows, n_variables), optional
        Business factor of each variable, numbered from 0; default each variable its own.
    max_reasons : int, 1..4

    Raises
    ------
    SpecificationError
        ``max_reasons`` outside 1..4 (``CR-CRD-007``).

    Examples
    --------
    >>> ranked = rank_reasons(np.array([[60, 10, 20, 90]]), np.array([0, 1, 2, 0]))
    >>> ranked.factor.tolist(), ranked.lost.tolist(), ranked.variable.tolist()
    ([[0, 2, 1, -1]], [[150, 20, 10, 0]], [[3, 2, 1, -1]])
    """
    if not 1 <= max_reasons <= MAX_REASONS:
        raise SpecificationError(
            f"max_reasons must be 1 to {MAX_REASONS}. Got {max_reasons!r}.", code="CR-CRD-007"
        )
    lost = np.maximum(shortfalls, 0)
    n, k = lost.shape
    factors = np.broadcast_to(np.arange(k) if factor_of is None else np.asarray(factor_of), (n, k))
    n_factors = int(factors.max()) + 1 if k and n else 0
    total = np.zeros((n, n_factors), dtype=lost.dtype)
    most = np.zeros((n, n_factors), dtype=lost.dtype)
    first, worst = np.full((2, n, n_factors), k)
    rows = np.arange(n)
    for j in range(k):
        here = (rows, factors[:, j])
        total[here] += lost[:, j]
        first[here] = np.where((lost[:, j] > 0) & (first[here] == k), j, first[here])
        worst[here] = np.where(lost[:, j] > most[here], j, worst[here])
        most[here] = np.maximum(most[here], lost[:, j])
    order = np.lexsort((first, -total), axis=-1)[:, :max_reasons]
    amounts = np.take_along_axis(total, order, axis=1)
    return RankedReasons(
        factor=_filled(np.where(amounts > 0, order, -1), max_reasons, -1),
        lost=_filled(amounts, max_reasons, 0),
        variable=_filled(
            np.where(amounts > 0, np.take_along_axis(worst, order, axis=1), -1), max_reasons, -1
        ),
    )


def _filled(values: NDArray[Any], width: int, blank: int) -> NDArray[Any]:
    """Widen a table to as many columns as there may be reasons."""
    return np.pad(values, ((0, 0), (0, width - values.shape[1])), constant_values=blank)


def main_reasons(
    shortfalls: NDArray[np.integer] | NDArray[np.floating],
    factor_of: NDArray[np.integer] | None = None,
    *,
    max_reasons: int = MAX_REASONS,
) -> NDArray[np.int64]:
    """Return the factors that cost most, the costliest first, -1 where there are fewer; see :func:`rank_reasons`.

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
    return rank_reasons(shortfalls, factor_of, max_reasons=max_reasons).factor


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
