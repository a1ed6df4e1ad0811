"""Reasons from the scorecard: where the points were lost, in business factors a person understands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.decision.record import Reason
from credit_risk.scorecard.reasons import MAX_REASONS, rank_losses, rank_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from credit_risk.scorecard.reasons import RankedReasons

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
    losses = point_losses(shortfall, is_missing, names=names, factors=factors)
    return losses.reasons(most)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointLosses:
    """Where every applicant lost points, characteristic by characteristic.

    Attributes
    ----------
    names, codes : tuple of str
        Characteristics; business factors.
    points : int64 ndarray, shape (n_applicants, n_characteristics)
        Points lost; 0 and below are no loss.
    factor : int64 ndarray, shape (n_applicants, n_characteristics)
        Place in ``codes`` of the factor under which a loss is told.
    exact : ndarray, shape (n_applicants, n_characteristics)
        Points before rounding.
    wordings : mapping of str to tuple of (language, sentence)
        The lender's own sentences, by factor; the text catalogue has the others.
    """

    names: tuple[str, ...]
    codes: tuple[str, ...]
    points: NDArray[np.int64]
    factor: NDArray[np.int64]
    exact: NDArray[np.float64] | NDArray[np.int64]
    wordings: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def ranked(self, most: int = MAX_REASONS) -> RankedReasons:
        """Return every applicant's costliest factors as arrays, for portfolios."""
        return rank_reasons(self.points, self.factor, max_reasons=most)

    def reasons(self, most: int = MAX_REASONS) -> list[tuple[Reason, ...]]:
        """Return every applicant's reasons, largest loss first."""
        rows = zip(self.points.tolist(), self.factor.tolist(), strict=True)
        return [
            tuple(
                self._reason(self.codes[factor], int(points), self.names[at])
                for factor, points, at in rank_losses(_losses(*row), most)
            )
            for row in rows
        ]

    def largest(self, row: int, most: int = MAX_REASONS) -> tuple[Reason, ...]:
        """Return what weighed most against one applicant where nothing adds up to a whole point lost.

        An applicant no worse than the reference in anything can still stand above a strict cut-off. The factors named are then
        the largest against the reference, although below half a point or even in the applicant's favour (0 points or fewer).

        Parameters
        ----------
        row : int
            The applicant's place.
        most : int, default 4
            Most reasons named.

        Examples
        --------
        >>> import numpy as np
        >>> gains = np.array([[-9.2, -1.6, -3.1]])
        >>> losses = point_losses(np.floor(gains + 0.5).astype(int), gains > 0, names="pqr", factors="aba", exact=gains)
        >>> losses.reasons()[0], [(reason.code, reason.points_lost) for reason in losses.largest(0)]
        ((), [('b', -2), ('a', -12)])
        """
        places = range(len(self.names))
        everything = zip(places, self.exact[row].tolist(), self.factor[row].tolist(), strict=True)
        ranked = rank_losses(everything, len(places))
        against = [item for item in ranked if item[1] > 0] or ranked
        return tuple(
            self._reason(self.codes[factor], math.floor(points + 0.5), self.names[at])
            for factor, points, at in against[:most]
        )

    def _reason(self, factor: str, points: int, name: str) -> Reason:
        wording = self.wordings.get(factor, ())
        return Reason(kind="score", code=factor, points_lost=points, feature=name, wording=wording)


def point_losses(
    shortfall: NDArray[np.int64],
    is_missing: NDArray[np.bool_],
    *,
    names: Sequence[str],
    factors: Sequence[str],
    wordings: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
    exact: NDArray[np.float64] | None = None,
) -> PointLosses:
    """Say under which business factor each loss is told; a missing value is missing history, whatever its factor.

    ``exact`` are the points before rounding, where they were not whole.
    """
    of_factor = {factor: number for number, factor in enumerate(dict.fromkeys([*factors, NO_HISTORY]))}
    numbers = np.array([of_factor[factor] for factor in factors], dtype=np.int64)
    return PointLosses(
        names=tuple(names),
        codes=tuple(of_factor),
        points=shortfall,
        exact=shortfall if exact is None else exact,
        factor=np.where(is_missing, of_factor[NO_HISTORY], numbers),
        wordings=wordings or {},
    )


def _losses(lost: list[int], factors: list[int]) -> list[tuple[int, int, int]]:
    pairs = enumerate(zip(lost, factors, strict=True))
    return [(at, points, factor) for at, (points, factor) in pairs if points > 0]
