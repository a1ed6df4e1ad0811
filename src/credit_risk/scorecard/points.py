"""From a logistic regression to whole points, and what the rounding cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.scorecard.spec import RoundingReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.numerics.logistic import LogisticFit
    from credit_risk.scorecard.scaling import Scaling


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePoints:
    """Points per variable and bin, whole and exact, with the rounding report."""

    points: tuple[tuple[int, ...], ...]
    exact_points: tuple[tuple[float, ...], ...]
    neutral_points: tuple[int, ...]
    report: RoundingReport


def whole_points(
    scaling: Scaling, tables: tuple[tuple[float, ...], ...], fit: LogisticFit, index: NDArray[np.integer]
) -> WholePoints:
    """Round every bin's points half-up and report the error this causes on the development sample.

    Each variable's WoE of 0 carries a whole number of points; these add up to offset and intercept, corrected by the
    mean rounding error of the sample, so that rounding moves the whole card by half a point at most.

    Parameters
    ----------
    scaling : Scaling
    tables : tuple of tuple of float
        WoE per variable and bin, as the regression used it.
    fit : LogisticFit
    index : ndarray of int, shape (n_rows, n_variables)
        Bin of each row.
    """
    parts = [
        -scaling.factor * float(coefficient) * np.array(table)
        for coefficient, table in zip(fit.coefficients, tables, strict=True)
    ]
    rounded = [np.array([round_half_up(part) for part in row.tolist()]) for row in parts]
    exact_base = scaling.offset - scaling.factor * fit.intercept
    exact_scores = np.full(len(index), exact_base)
    scores = np.zeros(len(index), dtype=np.int64)
    for j in range(len(parts)):
        exact_scores += parts[j][index[:, j]]
        scores += rounded[j][index[:, j]]
    total = round_half_up(float((exact_scores - scores).mean()))
    base = spread_whole(total, len(parts))
    exact = [
        scaling.points(table, coefficient=float(beta), intercept=fit.intercept, n_variables=len(parts))
        for beta, table in zip(fit.coefficients, tables, strict=True)
    ]
    bound = abs(total - exact_base) + sum(
        float(np.abs(p - r).max()) for p, r in zip(parts, rounded, strict=True)
    )
    return WholePoints(
        points=tuple(tuple((row + start).tolist()) for row, start in zip(rounded, base, strict=True)),
        exact_points=tuple(tuple(row.tolist()) for row in exact),
        neutral_points=tuple(base),
        report=rounding_report(scaling, scores + total, exact_scores, bound),
    )


def spread_whole(total: int, n_parts: int) -> list[int]:
    """Spread whole points over variables as evenly as whole numbers allow; the first ones carry what is left.

    Examples
    --------
    >>> spread_whole(11, 3), spread_whole(-1, 2)
    ([4, 4, 3], [0, -1])
    """
    return [total // n_parts + (1 if j < total % n_parts else 0) for j in range(n_parts)]


def round_half_up(value: float) -> int:
    """Round to the nearest whole number; a half rises.

    Examples
    --------
    >>> [round_half_up(value) for value in (0.5, -0.5, 1.49, -1.51)]
    [1, 0, 1, -2]
    """
    return int(np.floor(value + 0.5))


def rounding_report(
    scaling: Scaling, scores: NDArray[np.int64], exact_scores: NDArray[np.float64], bound: float
) -> RoundingReport:
    """Compare whole-point and exact scores row by row."""
    gap = scores - exact_scores
    exact_pd = 1.0 / (1.0 + np.exp((exact_scores - scaling.offset) / scaling.factor))
    return RoundingReport(
        max_points=float(np.abs(gap).max()),
        mean_points=float(gap.mean()),
        max_pd=float(np.abs(scaling.pd(scores) - exact_pd).max()),
        bound_points=float(bound),
    )
