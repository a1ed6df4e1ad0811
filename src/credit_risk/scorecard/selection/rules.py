"""What is asked of the variables of a card."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from credit_risk.errors import SpecificationError

_WORDS = {
    "information_bound": ("estimate", "low"),
    "correlation": ("pairs", "clusters"),
    "stepwise": ("both", "forward", "backward"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "max_missing_share": (0.0, 1.0),
    "max_identical_share": (0.0, 1.0),
    "min_information_value": (0.0, float("inf")),
    "max_stability_index": (0.0, float("inf")),
    "max_correlation": (0.0, 1.0),
    "max_variance_inflation": (1.0, float("inf")),
    "max_p_value": (0.0, 1.0),
    "max_features": (1, float("inf")),
    "n_resamples": (0, float("inf")),
    "min_kept_share": (0.0, 1.0),
    "seed": (0, float("inf")),
}
_WHOLE = ("max_features", "n_resamples", "seed")
_OPTIONAL = ("max_missing_share", "max_identical_share", "max_stability_index", "max_variance_inflation")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRules:
    """Thresholds of the gates, in the order in which they stand; None leaves a gate open.

    Attributes
    ----------
    max_missing_share : float, optional, 0..1
        Of the sample's weight; habit: 0.95.
    max_identical_share : float, optional, 0..1
        Of the commonest value, missing values counting as no value; habit: 0.95.
    min_information_value : float
        Habit: 0.02.
    information_bound : {'estimate', 'low'}
        Which must reach it: the information value itself, or the lower end of its 95 % interval (delta method, bins taken as
        given).
    max_stability_index : float, optional
        Largest population stability index of a variable's bins between the first period and a later one; needs periods;
        habit: 0.25.
    max_correlation : float, 0..1
        Between the WoE of two variables, by absolute value.
    correlation : {'pairs', 'clusters'}
        *pairs*: the strongest first, each variable leaves that is too close to a stronger one already kept. *clusters*: groups
        within which every pair is too close (complete linkage); the strongest of each group stays.
    max_variance_inflation : float, optional, at least 1
        Variance inflation factor of each WoE beside the others; the largest leaves until none exceeds it; habit: 10.
    lasso : bool
        Whether only variables stay that an L1 path with forbidden wrong signs holds at its best BIC.
    stepwise : {'both', 'forward', 'backward'}
        *both*: admit the most significant, then drop what lost its significance or its sign. *forward*: admit only. *backward*:
        begin with all and drop.
    max_p_value : float, 0..1
        Of every coefficient; every coefficient must also have the sign of lower risk for higher WoE.
    max_features : int
    n_resamples : int
        Bootstrap resamples that repeat the choice (bins and WoE taken as given); 0 does not.
    min_kept_share : float, 0..1
        Least share of resamples in which a variable must be chosen; needs resamples.
    seed : int

    Raises
    ------
    SpecificationError
        A word or a number outside its set (``CR-CRD-050``).

    Examples
    --------
    >>> SelectionRules(max_correlation=0.7).max_features
    20
    """

    max_missing_share: float | None = None
    max_identical_share: float | None = None
    min_information_value: float = 0.02
    information_bound: Literal["estimate", "low"] = "estimate"
    max_stability_index: float | None = None
    max_correlation: float = 0.9
    correlation: Literal["pairs", "clusters"] = "pairs"
    max_variance_inflation: float | None = None
    lasso: bool = False
    stepwise: Literal["both", "forward", "backward"] = "both"
    max_p_value: float = 0.1
    max_features: int = 20
    n_resamples: int = 0
    min_kept_share: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise _refused(name, f"one of {list(words)}", getattr(self, name))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not (name in _OPTIONAL and value is None) and not _is_number(value, name, low, high):
                kind = "a whole number" if name in _WHOLE else "a number"
                raise _refused(name, f"{kind} from {low:g} to {high:g}", value)
        if self.min_kept_share > 0 and self.n_resamples == 0:
            raise _refused("n_resamples", "above 0 where min_kept_share is", self.n_resamples)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all rules."""
        return tuple(item.name for item in fields(cls))


def _is_number(value: object, name: str, low: float, high: float) -> bool:
    kinds = (int, np.integer) if name in _WHOLE else (int, float, np.number)
    if isinstance(value, bool) or not isinstance(value, kinds):
        return False
    return low <= float(value) <= high


def _refused(name: str, expected: str, value: object) -> SpecificationError:
    return SpecificationError(
        f"{name} of the selection must be {expected}. Got {value!r}.", code="CR-CRD-050"
    )
