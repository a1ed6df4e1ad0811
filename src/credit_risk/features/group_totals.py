"""Concentration and entropy from the totals of each value: one exact summary for both compilers.

Records are split by the values of a column (a category, a lender); each value has a total: its number of records, or the sum
of its positive amounts. Summaries are whole numbers. The entropy adds its terms without rounding (``math.fsum``), so that no order
of values matters; it is then carried in units of 10**-12 nats, far above the last bit of a logarithm. Light: standard library only.

Reading order: :func:`entropy_of`, :func:`summarize`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from credit_risk.features.aggregates import ENTROPY_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def entropy_of(totals: Sequence[int]) -> int:
    """Return Shannon's entropy of positive totals, in units of 10**-12 nats.

    Each share times the logarithm of its inverse; ``log1p`` of an exact quotient keeps shares near 1 accurate.

    Examples
    --------
    >>> entropy_of([5, 5]) / 10**12, entropy_of([7]), entropy_of([])
    (0.69314718056, 0, 0)
    """
    whole = sum(totals)
    return round(
        ENTROPY_UNIT * math.fsum(total / whole * math.log1p((whole - total) / total) for total in totals)
    )


def _sum_of_squares(totals: Sequence[int]) -> int:
    return sum(total * total for total in totals)


def _largest(totals: Sequence[int]) -> int:
    return max(totals, default=0)


#: Kind of primitive -> whole number from the totals.
SUMMARIES: dict[str, Callable[[Sequence[int]], int]] = {
    "weight": sum,
    "squares": _sum_of_squares,
    "heaviest": _largest,
    "entropy": entropy_of,
}


def summarize(kind: str, totals: Sequence[int]) -> int:
    """Return one summary of positive totals in any order; 0 where there are none.

    Examples
    --------
    >>> [summarize(kind, [3, 1]) for kind in ("weight", "squares", "heaviest")]
    [4, 10, 3]
    """
    return SUMMARIES[kind](totals)
