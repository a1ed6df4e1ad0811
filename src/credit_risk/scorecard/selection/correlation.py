"""Gates that judge variables against each other: pairs, clusters, and variance inflation; all on WoE, all weighted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.scorecard.selection.wording import because

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.scorecard.selection.candidates import Candidates, Journal
    from credit_risk.scorecard.selection.rules import SelectionRules


def correlation_gate(
    candidates: Candidates, rules: SelectionRules, strongest_first: list[int], journal: Journal
) -> list[int]:
    """Keep the strongest of variables that are too close to each other."""
    if not strongest_first:
        return []
    correlation = weighted_correlation(candidates.woe[:, strongest_first], candidates.weight)
    if rules.correlation == "clusters":
        twins = _heads_of_clusters(np.abs(correlation), rules.max_correlation)
    else:
        twins = _stronger_twins(np.abs(correlation), rules.max_correlation)
    for place, twin in twins.items():
        at, name = strongest_first[place], candidates.names[strongest_first[twin]]
        closeness = float(abs(correlation[place, twin]))
        reason = because("correlation", figure=f"{closeness:.3f}", variable=name)
        journal.exclude(at, "correlation", reason, closeness, rules.max_correlation)
    return [at for place, at in enumerate(strongest_first) if place not in twins]


def inflation_gate(
    candidates: Candidates, rules: SelectionRules, strongest_first: list[int], journal: Journal
) -> list[int]:
    """Drop the variable that the others explain best, until no variance inflation factor exceeds the limit."""
    limit, kept = rules.max_variance_inflation, list(strongest_first)
    if limit is None:
        return kept
    correlation = weighted_correlation(candidates.woe[:, kept], candidates.weight)
    places = list(range(len(kept)))
    while len(places) > 1:
        factors = variance_inflation(correlation[np.ix_(places, places)])
        # of equal factors the weakest variable leaves: it stands last
        worst = len(factors) - 1 - int(np.argmax(np.round(np.log(factors[::-1]), 6)))
        if factors[worst] <= limit:
            break
        at = kept[places.pop(worst)]
        figure = float(factors[worst])
        reason = because("variance_inflation", figure=f"{figure:.1f}", limit=f"{limit:g}")
        journal.exclude(at, "variance_inflation", reason, figure, limit)
    return [kept[place] for place in places]


def weighted_correlation(
    columns: NDArray[np.float64], weight: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the correlation matrix of columns; a constant column is uncorrelated with every other.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
    >>> weighted_correlation(x, np.array([1.0, 2.0, 1.0])).round(6).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    share = np.full(len(columns), 1.0 / len(columns)) if weight is None else weight / weight.sum()
    centred = columns - share @ columns
    covariance = centred.T @ (centred * share[:, None])
    spread = np.sqrt(np.diag(covariance))
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    correlation = np.clip(covariance * scale[:, None] * scale, -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)


def variance_inflation(correlation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each variable's variance inflation factor, 1 / (1 - R²) of it on the others; capped at about 10¹⁰.

    References
    ----------
    .. [1] Belsley, Kuh and Welsch, Regression Diagnostics, 1980, section 3.1: the diagonal of the inverse correlation matrix.

    Examples
    --------
    >>> variance_inflation(np.array([[1.0, 0.6], [0.6, 1.0]])).round(4).tolist()
    [1.5625, 1.5625]
    """
    steadied = correlation + 1e-10 * np.eye(len(correlation))
    return np.asarray(np.maximum(np.diag(np.linalg.inv(steadied)), 1.0))


def correlation_clusters(closeness: NDArray[np.float64], limit: float) -> list[list[int]]:
    """Group variables so that every pair of a group is closer than the limit (complete linkage, closest groups first).

    Parameters
    ----------
    closeness : ndarray of float64, shape (n_variables, n_variables)
        Absolute correlations.
    limit : float

    Returns
    -------
    list of list of int
        Each ascending; ordered by their first member.

    Examples
    --------
    >>> close = np.array([[1.0, 0.9, 0.2], [0.9, 1.0, 0.8], [0.2, 0.8, 1.0]])
    >>> correlation_clusters(close, 0.7)
    [[0, 1], [2]]
    """
    groups = [[at] for at in range(len(closeness))]
    link = closeness.copy()
    np.fill_diagonal(link, -1.0)
    while len(groups) > 1:
        a, b = divmod(int(np.argmax(link)), len(groups))
        if link[a, b] <= limit:
            break
        a, b = min(a, b), max(a, b)
        groups[a] = sorted(groups[a] + groups.pop(b))
        joined = np.minimum(link[a], link[b])
        link[a], link[:, a] = joined, joined
        link[a, a] = -1.0
        link = np.delete(np.delete(link, b, axis=0), b, axis=1)
    return sorted(groups)


def _stronger_twins(closeness: NDArray[np.float64], limit: float) -> dict[int, int]:
    """Return each variable that is too close to a stronger kept one, with the closest of these."""
    kept: list[int] = []
    twins: dict[int, int] = {}
    for place in range(len(closeness)):
        twin = max(kept, key=lambda other: float(closeness[place, other]), default=-1)
        if twin >= 0 and closeness[place, twin] > limit:
            twins[place] = twin
        else:
            kept.append(place)
    return twins


def _heads_of_clusters(closeness: NDArray[np.float64], limit: float) -> dict[int, int]:
    """Return each variable that does not lead its cluster, with the one that does: the strongest stands first."""
    return {place: group[0] for group in correlation_clusters(closeness, limit) for place in group[1:]}
