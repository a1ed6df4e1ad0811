"""Score, odds and PD: one scale, there and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TABLE_LIMIT = 100_000
"""Scores spread over more whole points than this are looked up one by one instead of through a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """A scale of points: ``base_score`` at ``base_odds`` good to bad, and ``pdo`` points double the odds.

    Attributes
    ----------
    pdo : float, points
        Above 0: higher scores are safer.
    base_score : float, points
    base_odds : float
        Goods for one bad; above 0.

    Raises
    ------
    SpecificationError
        A number that is not finite, or ``pdo`` or ``base_odds`` not above 0 (``CR-CRD-001``).

    References
    ----------
    .. [1] Siddiqi, Credit Risk Scorecards, 2006, chapter 6.

    Examples
    --------
    >>> scale = Scaling(pdo=20, base_score=600, base_odds=50)
    >>> round(scale.factor, 4), round(scale.offset, 4)
    (28.8539, 487.1229)
    >>> [round(float(pd), 6) for pd in scale.pd([550, 600, 620])]
    [0.101638, 0.019608, 0.009901]
    """

    pdo: float
    base_score: float
    base_odds: float

    def __post_init__(self) -> None:
        for name, value in (("pdo", self.pdo), ("base_odds", self.base_odds)):
            if not _is_number(value) or not 0 < value < math.inf:
                raise SpecificationError(
                    f"{name} must be a finite number above 0. Got {value!r}. Hint: higher scores are safer here, and "
                    "odds are good to bad.",
                    code="CR-CRD-001",
                )
        if not _is_number(self.base_score) or not math.isfinite(self.base_score):
            raise SpecificationError(
                f"base_score must be a finite number. Got {self.base_score!r}.", code="CR-CRD-001"
            )

    @classmethod
    def from_range(
        cls, *, lowest: float, highest: float, log_odds_lowest: float, log_odds_highest: float
    ) -> Scaling:
        """Return the scale on which two log odds (good to bad) get two given scores.

        Raises
        ------
        SpecificationError
            ``highest`` not above ``lowest``, or the log odds likewise (``CR-CRD-001``).
        """
        if not (highest > lowest and log_odds_highest > log_odds_lowest):
            raise SpecificationError(
                f"A range needs highest above lowest. Got scores {lowest} to {highest} and log odds "
                f"{log_odds_lowest:g} to {log_odds_highest:g}.",
                code="CR-CRD-001",
            )
        factor = (highest - lowest) / (log_odds_highest - log_odds_lowest)
        offset = lowest - factor * log_odds_lowest
        return cls(pdo=factor * math.log(2.0), base_score=offset, base_odds=1.0)

    @property
    def factor(self) -> float:
        """Points per unit of log odds: pdo / ln 2."""
        return self.pdo / math.log(2.0)

    @property
    def offset(self) -> float:
        """Points at odds 1:1."""
        return self.base_score - self.factor * math.log(self.base_odds)

    def score(self, pd: ArrayLike) -> NDArray[np.float64]:
        """Return the exact (not rounded) score of a PD strictly between 0 and 1."""
        p = np.asarray(pd, dtype=np.float64)
        return np.asarray(self.offset + self.factor * (np.log1p(-p) - np.log(p)))

    def pd(self, score: ArrayLike) -> NDArray[np.float64]:
        """Return the PD of whole-number scores, through one table, so that any batch size gives the same bits.

        Parameters
        ----------
        score : array_like of int, any shape
        """
        scores = np.asarray(score, dtype=np.int64)
        if scores.size == 0:
            return np.empty(scores.shape)
        low, high = int(scores.min()), int(scores.max())
        if high - low > _TABLE_LIMIT:
            distinct, place = np.unique(scores, return_inverse=True)
            return np.array([self.pd_of(one) for one in distinct.tolist()])[place].reshape(scores.shape)
        table = np.array([self.pd_of(one) for one in range(low, high + 1)])
        return np.asarray(table[scores - low])

    def pd_of(self, score: float) -> float:
        """Return the PD of one score, by the standard library alone.

        Examples
        --------
        >>> round(Scaling(pdo=20, base_score=600, base_odds=50).pd_of(640), 8)
        0.00497512
        """
        return 1.0 / (1.0 + math.exp(min(700.0, max(-700.0, (score - self.offset) / self.factor))))

    def log_odds_of_bad(self, score: ArrayLike) -> NDArray[np.float64]:
        """Return the log odds of bad that scores stand for.

        Examples
        --------
        >>> Scaling(pdo=20, base_score=600, base_odds=1).log_odds_of_bad([600]).tolist()
        [0.0]
        """
        return np.asarray((self.offset - np.asarray(score, dtype=np.float64)) / self.factor)

    def points(
        self, woe: ArrayLike, *, coefficient: float, intercept: float, n_variables: int
    ) -> NDArray[np.float64]:
        """Return exact points of one variable's bins: its share of intercept and offset, and its part of the log odds.

        Parameters
        ----------
        woe : array_like of float, shape (n_bins,)
        coefficient, intercept : float
            Of the logistic regression of bad on WoE.
        n_variables : int
            Variables on the card; each carries the same share of intercept and offset.

        Examples
        --------
        >>> scale = Scaling(pdo=20, base_score=600, base_odds=50)
        >>> round(float(scale.points([0.702], coefficient=-0.8, intercept=-2.2, n_variables=2)[0]), 6)
        291.50508
        """
        values = np.asarray(woe, dtype=np.float64)
        return np.asarray(
            -(values * coefficient + intercept / n_variables) * self.factor + self.offset / n_variables
        )


def shift_to_population(*, sample_bad_rate: float, population_bad_rate: float) -> float:
    r"""Return what to add to the log odds of bad so that a balanced sample speaks for the population.

    .. math:: \ln(\pi / (1 - \pi)) - \ln(\rho / (1 - \rho))

    Parameters
    ----------
    sample_bad_rate, population_bad_rate : float, strictly between 0 and 1

    Raises
    ------
    SpecificationError
        A rate outside (0, 1) (``CR-CRD-002``).

    Examples
    --------
    >>> round(shift_to_population(sample_bad_rate=0.30, population_bad_rate=0.03), 6)
    -2.628801
    """
    for name, rate in (("sample_bad_rate", sample_bad_rate), ("population_bad_rate", population_bad_rate)):
        if not _is_number(rate) or not 0.0 < rate < 1.0:
            raise SpecificationError(
                f"{name} must be strictly between 0 and 1. Got {rate!r}.", code="CR-CRD-002"
            )
    pi, rho = population_bad_rate, sample_bad_rate
    return math.log(pi / (1.0 - pi)) - math.log(rho / (1.0 - rho))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
