"""Reasons from the scorecard: where the points were lost, in business factors a person understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.decision.record import Reason
from credit_risk.scorecard.reasons import MAX_REASONS, factor_numbers, rank_losses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Factor of a characteristic whose value is missing: its own factor's sentence would claim something nobody observed.
NO_HISTORY = "no_history"


def score_reasons(
    shortfall: NDArray[np.int64],
    is_missing: NDArray[np.bool_],
    *,
    names: Sequence[str],
    factors: Sequence[str],
    most: int = MAX_REASONS,
) -> list[tuple[Reason, ...]]:
    """Return each applicant's reasons, largest loss of points first.

    Shortfalls of characteristics that belong to one business factor are added up, so that correlated features give one
    reason; the feature that lost most within it is named beside. A missing value is told as missing history. Only positive
    shortfalls count; ties keep the order in which factors and features appear on the card.

    Parameters
    ----------
    shortfall : int64 ndarray, shape (n_applicants, n_characteristics)
        Points below the best bin of each characteristic.
    is_missing : bool ndarray, shape (n_applicants, n_characteristics)
        Where the applicant has no value.
    names, factors : sequence of str, length n_characteristics
        Feature and business factor of each characteristic.
    most : int, default 4
        More reasons than four do not help an applicant (Regulation B commentary, 12 CFR 1002.9(b)(2)).

    Examples
    --------
    >>> import numpy as np
    >>> lost = np.array([[60, 10, 20, 90], [0, 0, 0, 0]])
    >>> reasons = score_reasons(lost, lost > 999, names=["p", "q", "r", "s"], factors=["a", "b", "c", "a"])
    >>> [(reason.code, reason.points_lost, reason.feature) for reason in reasons[0]]
    [('a', 150, 's'), ('c', 20, 'r'), ('b', 10, 'q')]
    >>> reasons[1]
    ()
    """
    numbers, codes = factor_numbers(tuple(names), dict(zip(names, factors, strict=True)))
    if NO_HISTORY not in codes:
        codes = (*codes, NO_HISTORY)
    told = np.where(is_missing, codes.index(NO_HISTORY), numbers)
    return [
        tuple(
            Reason(kind="score", code=codes[factor], points_lost=int(points), feature=names[at])
            for factor, points, at in rank_losses(_losses(*row), most)
        )
        for row in zip(shortfall.tolist(), told.tolist(), strict=True)
    ]


def _losses(lost: list[int], factors: list[int]) -> list[tuple[int, int, int]]:
    pairs = enumerate(zip(lost, factors, strict=True))
    return [(at, points, factor) for at, (points, factor) in pairs if points > 0]
