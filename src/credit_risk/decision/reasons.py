"""Reasons from the scorecard: where the points were lost, in business factors a person understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.decision.record import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MAX_REASONS = 4


def score_reasons(
    shortfall: NDArray[np.int64], factors: Sequence[str], *, most: int = MAX_REASONS
) -> list[tuple[Reason, ...]]:
    """Return each applicant's reasons, largest loss of points first.

    Shortfalls of characteristics that belong to one business factor are added up, so that correlated features give one
    reason. Only positive shortfalls count; ties keep the order in which factors first appear on the card.

    Parameters
    ----------
    shortfall : int64 ndarray, shape (n_applicants, n_characteristics)
        Points below the best bin of each characteristic.
    factors : sequence of str, length n_characteristics
        Business factor of each characteristic.
    most : int, default 4
        More reasons than four do not help an applicant (Regulation B commentary, 12 CFR 1002.9(b)(2)).

    Examples
    --------
    >>> lost = np.array([[60, 10, 20, 90], [0, 0, 0, 0]])
    >>> [r.code for r in score_reasons(lost, ["a", "b", "c", "a"])[0]]
    ['a', 'c', 'b']
    >>> score_reasons(lost, ["a", "b", "c", "a"])[1]
    ()
    """
    names = list(dict.fromkeys(factors))
    totals = np.zeros((len(shortfall), len(names)), dtype=np.int64)
    for column, factor in enumerate(factors):
        totals[:, names.index(factor)] += shortfall[:, column]
    order = np.argsort(-totals, axis=1, kind="stable")[:, :most]
    return [
        tuple(
            Reason(kind="score", code=names[j], points_lost=int(totals[i, j]))
            for j in order[i]
            if totals[i, j] > 0
        )
        for i in range(len(shortfall))
    ]
