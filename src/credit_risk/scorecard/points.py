"""From a logistic regression to whole points, and what the rounding cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.scorecard.spec import RoundingReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit_risk.binning.spec import BinningSpec
    from credit_risk.numerics.logistic import LogisticFit
    from credit_risk.scorecard.scaling import Scaling


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePoints:
    """Points per variable and bin, whole and exact, with the rounding report."""

    points: tuple[tuple[int, ...], ...]
    exact_points: tuple[tuple[float, ...], ...]
    report: RoundingReport


def whole_points(
    scaling: Scaling, binning: BinningSpec, fit: LogisticFit, woe: NDArray[np.float64]
) -> WholePoints:
    """Round every bin's points half-up and report the error this causes on the development sample.

    Each variable's WoE of 0 carries a whole number of points, and these add up to the rounded total of offset and
    intercept, so rounding never moves the whole card; only the parts of the bins are rounded.
    """
    k = len(binning.variables)
    total = round_half_up(scaling.offset - scaling.factor * fit.intercept)
    base = [total // k + (1 if j < total % k else 0) for j in range(k)]
    exact, whole = [], []
    for j, variable in enumerate(binning.variables):
        parts = -scaling.factor * float(fit.coefficients[j]) * np.array(variable.woe)
        whole.append(tuple(base[j] + round_half_up(part) for part in parts.tolist()))
        exact.append(
            scaling.points(
                variable.woe, coefficient=float(fit.coefficients[j]), intercept=fit.intercept, n_variables=k
            )
        )
    return WholePoints(
        points=tuple(whole),
        exact_points=tuple(tuple(row.tolist()) for row in exact),
        report=_report(scaling, binning, fit, woe, whole),
    )


def round_half_up(value: float) -> int:
    """Round to the nearest whole number; a half rises.

    Examples
    --------
    >>> [round_half_up(value) for value in (0.5, -0.5, 1.49, -1.51)]
    [1, 0, 1, -2]
    """
    return int(np.floor(value + 0.5))


def _report(
    scaling: Scaling,
    binning: BinningSpec,
    fit: LogisticFit,
    woe: NDArray[np.float64],
    whole: list[tuple[int, ...]],
) -> RoundingReport:
    """Compare whole-point and exact scores row by row, through the WoE of each row."""
    exact = scaling.offset - scaling.factor * fit.intercept
    scores = np.zeros(len(woe))
    exact_scores = np.full(len(woe), exact)
    base_error = round_half_up(exact) - exact
    bound = abs(base_error)
    for j, variable in enumerate(binning.variables):
        parts = -scaling.factor * float(fit.coefficients[j]) * np.array(variable.woe)
        distinct, first = np.unique(variable.woe, return_index=True)
        place = np.searchsorted(distinct, woe[:, j])
        scores += np.array(whole[j], dtype=np.float64)[first][place]
        exact_scores += parts[first][place]
        bound += max(abs(part - round_half_up(part)) for part in parts.tolist())
    gap = scores - exact_scores
    exact_pd = 1.0 / (1.0 + np.exp((exact_scores - scaling.offset) / scaling.factor))
    return RoundingReport(
        max_points=float(np.abs(gap).max()),
        mean_points=float(gap.mean()),
        max_pd=float(np.abs(scaling.pd(scores.astype(np.int64)) - exact_pd).max()),
        bound_points=float(bound),
    )
