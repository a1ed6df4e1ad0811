"""Reasons from the scorecard: where the points were lost, in business factors a person understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.decision.record import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

MAX_REASONS = 4


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
    return [
        _reasons_of(row, missing, names=names, factors=factors)[:most]
        for row, missing in zip(shortfall.tolist(), is_missing.tolist(), strict=True)
    ]


def _reasons_of(
    lost: list[int], missing: list[bool], *, names: Sequence[str], factors: Sequence[str]
) -> tuple[Reason, ...]:
    totals: dict[str, int] = {}
    worst: dict[str, int] = {}
    for j, points in enumerate(lost):
        if points <= 0:
            continue
        factor = NO_HISTORY if missing[j] else factors[j]
        totals[factor] = totals.get(factor, 0) + points
        if factor not in worst or points > lost[worst[factor]]:
            worst[factor] = j
    ranked = sorted(totals, key=lambda factor: -totals[factor])  # stable: ties keep the card's order
    return tuple(
        Reason(kind="score", code=factor, points_lost=totals[factor], feature=names[worst[factor]])
        for factor in ranked
    )
