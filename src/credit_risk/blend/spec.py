"""What a blend is: how much each model's log-odds count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from credit_risk.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

How = Literal["average", "correction"]
HOW: tuple[How, ...] = ("average", "correction")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendSpec:
    """Weights of a card's and a booster's log-odds of bad.

    Attributes
    ----------
    how : {'average', 'correction'}
        The booster stands beside the card, or was fitted on what the card leaves and is added to it.
    card_weight, booster_weight : float, finite, not below 0

    Raises
    ------
    SpecificationError
        Unknown ``how`` or unusable weights (``CR-BLD-001``).

    Examples
    --------
    >>> BlendSpec(how="average", card_weight=0.4, booster_weight=0.6).to_dict()
    {'how': 'average', 'card_weight': 0.4, 'booster_weight': 0.6}
    """

    how: How
    card_weight: float
    booster_weight: float

    def __post_init__(self) -> None:
        weights = (self.card_weight, self.booster_weight)
        if self.how not in HOW or not all(math.isfinite(w) and w >= 0 for w in weights) or sum(weights) <= 0:
            raise SpecificationError(
                f"A blend needs how in {list(HOW)} and two finite weights, none below 0 and not both 0. "
                f"Got {self.how!r}, {self.card_weight} and {self.booster_weight}.",
                code="CR-BLD-001",
            )

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {"how": self.how, "card_weight": self.card_weight, "booster_weight": self.booster_weight}

    @classmethod
    def from_dict(cls, content: Mapping[str, object]) -> BlendSpec:
        """Rebuild a blend from its JSON values."""
        return cls(**content)  # type: ignore[arg-type]
