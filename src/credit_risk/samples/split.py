"""How a sample is cut into development, validation and holdout: by a hash of the customer, or by the time of application.

By customer, the part never depends on order, size or chance. By time, the holdout is later than all the models saw.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from credit_risk.errors import SampleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from credit_risk.domain.configuration import ConfigTable

PARTS = ("development", "validation", "holdout")
#: Fewer bads or goods in a part leave nothing to measure.
LEAST = 30
_WAYS = ("customer", "time")
_SALT = "credit-risk-split-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """Shares of development, validation and holdout, and by what the sample is cut.

    Attributes
    ----------
    development, validation, holdout : float
        Shares, 0 to 1; they add up to 1.
    by : {'customer', 'time'}
        By customer, a hash decides, and all applications of one customer fall into the same part. By time, the earliest
        applications are development and the latest are holdout; applications of one moment stay together, so shares are met
        as nearly as that allows, and one customer may stand in several parts.
    salt : str
        Another salt is another split by customer.

    Raises
    ------
    SampleError
        Shares do not add up to 1, or an unknown way (``CR-SMP-001``).

    Examples
    --------
    >>> SplitRule().assign(["1", "4", "1"]).tolist()
    ['development', 'holdout', 'development']
    >>> days = np.array(["2026-01-03", "2026-01-01", "2026-01-02", "2026-01-04"], dtype="datetime64[D]")
    >>> SplitRule(by="time", development=0.5, validation=0.25, holdout=0.25).assign("abcd", days).tolist()
    ['validation', 'development', 'development', 'holdout']
    """

    development: float = 0.5
    validation: float = 0.2
    holdout: float = 0.3
    salt: str = _SALT
    by: str = "customer"

    def __post_init__(self) -> None:
        shares = (self.development, self.validation, self.holdout)
        if min(shares) < 0 or abs(sum(shares) - 1.0) > 1e-9:
            raise SampleError(
                f"The split's shares must add up to 1, none below 0. Got {shares}, in all {sum(shares):.10g}.",
                code="CR-SMP-001",
            )
        if self.by not in _WAYS:
            raise SampleError(
                f"A sample is split by one of {list(_WAYS)}. Got {self.by!r}.", code="CR-SMP-001"
            )

    @classmethod
    def from_config(cls, table: ConfigTable) -> SplitRule:
        """Read a ``[split]`` section: three shares, and perhaps ``by`` and ``salt``.

        Raises
        ------
        SpecificationError
            A key is missing, unknown or of the wrong type (``CR-CFG-*``).
        SampleError
            Shares are not above 0 or do not add up to 1 (``CR-SMP-001``).
        """
        from decimal import Decimal

        by = table.choice("by", _WAYS, "customer")
        shares = {part: table.take(part, Decimal) for part in PARTS}
        salt = table.get("salt", str, _SALT)
        table.finish()
        total = sum(shares.values())
        if min(shares.values()) <= 0 or total != 1:
            found = " + ".join(f"{part} {share}" for part, share in shares.items())
            raise SampleError(
                f"{table.where}: {found} = {total}. Expected three shares above 0 that add up to 1, such as 0.5, 0.2 and 0.3.",
                code="CR-SMP-001",
            )
        return cls(by=by, salt=salt, **{part: float(share) for part, share in shares.items()})

    def assign(
        self, customer_ids: Iterable[str], applied_at: NDArray[np.datetime64] | None = None
    ) -> NDArray[np.str_]:
        """Return the part of each application.

        Parameters
        ----------
        customer_ids : iterable of str
            Customer of each application.
        applied_at : datetime64 ndarray, optional
            Moment of each application, in UTC; needed for a split by time.

        Raises
        ------
        SampleError
            A split by time without times, or with too few different ones to fill three parts (``CR-SMP-006``).
        """
        if self.by == "time":
            return self._by_time(np.empty(0, dtype="datetime64[us]") if applied_at is None else applied_at)
        position = np.array([self._position(str(key)) for key in customer_ids])
        cuts = np.array([self.development, self.development + self.validation])
        return np.array(PARTS)[np.searchsorted(cuts, position, side="right")]

    def _by_time(self, applied_at: NDArray[np.datetime64]) -> NDArray[np.str_]:
        ordered = np.sort(applied_at)
        n = len(ordered)
        starts = [
            math.floor(n * share + 1e-9) for share in (self.development, self.development + self.validation)
        ]
        cuts = ordered[[min(start, n - 1) for start in starts]] if n else ordered
        places = np.searchsorted(cuts, applied_at, side="right")
        if len(np.unique(places)) < len(PARTS):
            n_moments = len(np.unique(applied_at))
            raise SampleError(
                f"{n} applications of {n_moments} different moments cannot be split by time into three parts. Expected dates or "
                "times that differ. Hint: name their column (applied_at_column in sources.toml, --applied-at for init), or split by "
                "customer.",
                code="CR-SMP-006",
            )
        return np.array(PARTS)[places]

    def _position(self, customer_id: str) -> float:
        digest = hashlib.sha256(f"{self.salt}:{customer_id}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48


def part_sizes(parts: NDArray[np.str_], is_bad: NDArray[np.bool_]) -> dict[str, dict[str, int]]:
    """Return bads and goods of each part.

    Examples
    --------
    >>> part_sizes(np.array(["development", "holdout"]), np.array([True, False]))["holdout"]
    {'n_bads': 0, 'n_goods': 1}
    """
    return {
        part: {
            "n_bads": int((is_bad & (parts == part)).sum()),
            "n_goods": int((~is_bad & (parts == part)).sum()),
        }
        for part in PARTS
    }


def check_part_sizes(sizes: dict[str, dict[str, int]], rule: SplitRule) -> None:
    """Refuse a split of which some part holds too little to measure anything.

    Raises
    ------
    SampleError
        A part holds fewer than 30 bads or 30 goods (``CR-SMP-002``).
    """
    few = [part for part in PARTS if min(sizes[part].values()) < LEAST]
    if not few:
        return
    found = "; ".join(
        f"{part} (share {getattr(rule, part):g}) {sizes[part]['n_bads']} bads and {sizes[part]['n_goods']} goods"
        for part in few
    )
    n_bads, n_goods = (sum(one[key] for one in sizes.values()) for key in ("n_bads", "n_goods"))
    least = math.ceil(100 * LEAST / max(min(n_bads, n_goods), 1)) / 100
    way = (
        f"a share of about {least:g} holds {LEAST}: set [split] in training.toml, or use more applications"
        if 3 * least <= 1
        else "too few for three parts: use more applications, or check bad_values and good_values in outcome.toml"
    )
    raise SampleError(
        f"Too little in {len(few)} of {len(PARTS)} parts of the sample: {found}. Expected at least {LEAST} of each. "
        f"Hint: in all there are {n_bads} bads and {n_goods} goods, {way}.",
        code="CR-SMP-002",
        context={"count": sum(sizes[part]["n_bads"] + sizes[part]["n_goods"] for part in few)},
    )
