"""An aggregate written in Python: one half for one applicant, one for many; registered under a name that definitions use.

Reading order: :class:`CustomAggregate`, :func:`register_aggregate`.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_risk.errors import SpecificationError
from credit_risk.features.aggregates import AGGREGATES, CUSTOM, TOKENS, Aggregate, Quotient
from credit_risk.features.custom.parity import check_parity, output_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomAggregate:
    """An aggregate of one measure over one window.

    Attributes
    ----------
    name : str
        As definitions name it.
    real_time : callable
        ``(values, ages) -> (numerator, denominator)``, both whole numbers of at most 64 bits; a denominator of 0 means missing.
        Values are the measure's whole numbers (scaled by its decimal places), oldest first; ages are days before the application.
    batch : callable
        ``(values, ages, starts) -> (numerators, denominators)``, int64 arrays of shape (n,): values and ages of n applications one
        behind the other, application ``i`` from ``starts[i]`` to ``starts[i + 1]``.
    meaning : str
        For the catalogue page.
    keeps_unit : bool
        Whether the quotient is in units of the measure (an amount), and not a share or a number.
    takes_codes : bool
        Whether it may be given a code column, whose whole numbers are places in the list of codes.
    version : str
        Its author's word for this state of the code; changed code takes a new one.

    Examples
    --------
    The share of values above the first one, in both halves:

    >>> import numpy as np
    >>> def real_time(values, ages):
    ...     return sum(value > values[0] for value in values), len(values)
    >>> def batch(values, ages, starts):
    ...     n, first = np.diff(starts), starts[:-1]
    ...     above = values > np.repeat(values[np.minimum(first, max(values.size - 1, 0))], n) if values.size else values > 0
    ...     return np.diff(np.concatenate([[0], np.cumsum(above)])[starts]), n
    >>> rising = CustomAggregate(name="share_above_first", real_time=real_time, batch=batch, keeps_unit=False,
    ...                          meaning="share of values above the earliest")
    >>> register_aggregate(rising, cases=50)
    >>> from credit_risk.features import FeatureDefinition
    >>> FeatureDefinition(source="bank", measure="amount", window="90d", aggregate="share_above_first", factor="income").name
    'bank__all__amount__90d__share_above_first'
    """

    name: str
    real_time: Callable[[list[int], list[int]], tuple[int, int]]
    batch: Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]
    meaning: str
    keeps_unit: bool = True
    takes_codes: bool = False
    version: str = "1"


def register_aggregate(
    aggregate: CustomAggregate, *, cases: int = 200, seed: int = 0, replace: bool = False
) -> None:
    """Let definitions name an aggregate, once both its halves are proved equal.

    A bundle does not carry the aggregate's code: the backend registers it as well, before it loads the bundle. The bundle carries
    name, version and *output digest* (what the code gives in fixed random histories), and is refused where another aggregate is
    registered under the name (``CR-FEA-023``).

    Parameters
    ----------
    aggregate : CustomAggregate
        Registering the same object again does nothing.
    cases, seed : int
        See :func:`~credit_risk.features.custom.parity.check_parity`.
    replace : bool
        Whether another custom aggregate of this name may be replaced, as a notebook's cell that runs again does.

    Raises
    ------
    SpecificationError
        The name is taken or no plain word, or the version is no text (``CR-FEA-022``); the halves differ (``CR-FEA-021``).
    """
    if CUSTOM.get(aggregate.name) is aggregate:
        return
    _check_words(aggregate, may_replace=replace)
    check_parity(aggregate, cases=cases, seed=seed)
    output_digest(aggregate)  # refused now, not when a catalogue first uses it
    kind = f"custom {aggregate.name}"
    TOKENS[kind] = (kind, "own", "own", "own")
    CUSTOM[aggregate.name] = aggregate
    AGGREGATES[aggregate.name] = Aggregate(
        needs=(kind,),
        formula=_in_units if aggregate.keeps_unit else _as_is,
        needs_scale=not aggregate.takes_codes,
        meaning=aggregate.meaning,
    )


def _check_words(aggregate: CustomAggregate, *, may_replace: bool) -> None:
    """Refuse a name that definitions cannot use, and a version that is no text."""
    name = aggregate.name
    is_taken = name in AGGREGATES and not (may_replace and name in CUSTOM)
    if is_taken or not name.isidentifier() or keyword.iskeyword(name) or "__" in name:
        raise SpecificationError(
            f"The aggregate name {name!r} is taken or not a plain word. Expected a name of its own, and no word of Python's.",
            code="CR-FEA-022",
        )
    if not isinstance(aggregate.version, str) or not aggregate.version.strip():
        raise SpecificationError(
            f"Aggregate {name!r}: version = {aggregate.version!r} is not allowed. Expected a text that is not empty.",
            code="CR-FEA-022",
        )


def _in_units(p: list[Any], unit: int, over_unit: int) -> Quotient:
    ((top, bottom),) = p
    return top, bottom * unit


def _as_is(p: list[Any], unit: int, over_unit: int) -> Quotient:
    ((top, bottom),) = p
    return top, bottom
