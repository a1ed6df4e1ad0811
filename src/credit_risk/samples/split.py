"""The split by customer: a hash of the customer decides, so that it never depends on order, size or chance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import SampleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

PARTS = ("development", "validation", "holdout")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """Shares of development, validation and holdout, and the salt of the hash.

    All applications of one customer fall into the same part.

    Examples
    --------
    >>> SplitRule().assign(["1", "4", "1"]).tolist()
    ['development', 'holdout', 'development']
    """

    development: float = 0.5
    validation: float = 0.2
    holdout: float = 0.3
    salt: str = "credit-risk-split-1"

    def __post_init__(self) -> None:
        shares = (self.development, self.validation, self.holdout)
        if min(shares) < 0 or abs(sum(shares) - 1.0) > 1e-9:
            raise SampleError(f"The split's shares must add up to 1. Got {shares}.", code="CR-SMP-001")

    def assign(self, customer_ids: Iterable[str]) -> NDArray[np.str_]:
        """Return the part of each customer."""
        position = np.array([self._position(str(key)) for key in customer_ids])
        cuts = np.array([self.development, self.development + self.validation])
        return np.array(PARTS)[np.searchsorted(cuts, position, side="right")]

    def _position(self, customer_id: str) -> float:
        digest = hashlib.sha256(f"{self.salt}:{customer_id}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48
