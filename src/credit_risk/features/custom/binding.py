"""Which custom aggregates a catalogue was made with, so that a bundle never runs with other ones of the same name.

A catalogue names an aggregate, it does not carry its code. It carries what the code gave: the *output digest* of
:func:`~credit_risk.features.custom.parity.output_digest`, held against the aggregate that is registered where the catalogue is read.

Reading order: :class:`AggregateBinding`, :func:`bindings_of`, :func:`check_bound`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_risk.errors import SpecificationError
from credit_risk.features.aggregates import CUSTOM
from credit_risk.features.custom.parity import output_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Another aggregate is registered under the name than the one a catalogue was made with.
ANOTHER_AGGREGATE = "CR-FEA-023"


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateBinding:
    """The custom aggregate that a catalogue was made with.

    Attributes
    ----------
    name, version : str
        As its author calls it.
    output_digest : str
        SHA-256 of what it gave in the fixed parity cases.
    """

    name: str
    version: str
    output_digest: str


def bindings_of(aggregates: Iterable[str]) -> tuple[AggregateBinding, ...]:
    """Return the custom ones among some aggregates as they are registered now, by name."""
    return tuple(_registered(name) for name in sorted(set(aggregates) & set(CUSTOM)))


def check_bound(given: Iterable[AggregateBinding], where: str) -> None:
    """Refuse custom aggregates that are not registered, or are other ones than those a catalogue was made with.

    Raises
    ------
    SpecificationError
        ``CR-FEA-023``.
    """
    for expected in given:
        found = _registered(expected.name) if expected.name in CUSTOM else None
        if found != expected:
            raise SpecificationError(
                f"{where} was made with the custom aggregate {_in_words(expected)}, but {_in_words(found)} is registered. "
                "Expected the same one. Hint: call register_aggregate with the code it was made with before it is loaded, or make "
                "it again with the code of today.",
                code=ANOTHER_AGGREGATE,
                context={"aggregate": expected.name},
            )


def check_all_bound(used: Iterable[AggregateBinding], given: Iterable[AggregateBinding], where: str) -> None:
    """Refuse what was written down without saying which custom aggregates it was made with, or with others than it uses.

    Raises
    ------
    SpecificationError
        ``CR-FEA-023``.
    """
    apart = {binding.name for binding in used} ^ {binding.name for binding in given}
    if apart:
        raise SpecificationError(
            f"{where} names {len(apart)} custom aggregates either in its features or in its custom_aggregates, but not in both "
            f"(first: {min(apart)!r}). Expected name, version and output digest of each that is used. Hint: make it again.",
            code=ANOTHER_AGGREGATE,
            context={"aggregates": sorted(apart)},
        )


def _registered(name: str) -> AggregateBinding:
    aggregate = CUSTOM[name]
    return AggregateBinding(name=name, version=aggregate.version, output_digest=output_digest(aggregate))


def _in_words(binding: AggregateBinding | None) -> str:
    if binding is None:
        return "none of this name"
    return f"{binding.name!r}, version {binding.version!r}, output digest {binding.output_digest[:12]}…"
