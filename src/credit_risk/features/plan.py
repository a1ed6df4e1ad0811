"""What must be computed for a catalogue: one plan, shared by both compilers.

The planner resolves every name against the contracts, proves that no whole number can overflow 64 bits on the way, and
lists each primitive (a count, a sum, an extreme...) once, however many features need it. Light: standard library only.

Reading order: :class:`FeaturePlan`, :func:`plan_features`, :class:`_SourcePlanner`; names are resolved in ``resolve``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError
from credit_risk.features.aggregates import AGGREGATES, GROUPED, TOKENS, Aggregate, custom_of
from credit_risk.features.custom.binding import check_bound
from credit_risk.features.definition import ALL_RECORDS, APPLICATION, CROSS, RECORDS
from credit_risk.features.resolve import (
    ConditionPlan,
    DerivedPlan,
    ResolvedColumn,
    Resolver,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.features.definition import FeatureDefinition
    from credit_risk.sources.contract import SourceContracts

#: Primitives that need records in their order of time.
ORDERED = ("last", "lead", "longest")


@dataclass(frozen=True, slots=True)
class Primitive:
    """One whole number per application.

    Attributes
    ----------
    kind : str
        See :data:`~credit_risk.features.aggregates.TOKENS`.
    subject, measure : str
        Which records, and what of them.
    days : int, optional
        Window; None for the whole history.
    by : str
        Column whose values split the records, for the kinds in :data:`~credit_risk.features.aggregates.GROUPED`.
    """

    kind: str
    subject: str
    measure: str
    days: int | None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectPlan:
    """A subject with its conditions in whole numbers."""

    name: str
    conditions: tuple[ConditionPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """Everything to compute from one source.

    Attributes
    ----------
    columns : tuple of ResolvedColumn
        Operands read from the record, the previous record, the application or the calendar.
    derived : tuple of DerivedPlan
        Computed record by record.
    subjects : tuple of SubjectPlan
        Filters; ``'all'`` comes first.
    windows : tuple of int
        Distinct window lengths in days, ascending: the borders of the disjoint rings.
    primitives : tuple of Primitive
        What the compilers must deliver, in this order.
    bounds : dict of str to int
        Measure -> largest magnitude.
    nullable : frozenset of str
        Measures that can be missing.
    needs_order : bool
        Whether records must be put in their order of time.
    """

    source: str
    columns: tuple[ResolvedColumn, ...]
    derived: tuple[DerivedPlan, ...]
    subjects: tuple[SubjectPlan, ...]
    windows: tuple[int, ...]
    primitives: tuple[Primitive, ...]
    bounds: dict[str, int]
    nullable: frozenset[str]
    needs_order: bool


def tightened(plan: SourcePlan, magnitudes: Mapping[str, int]) -> SourcePlan:
    """Return the plan with bounds that the data itself proves, so that fewer sums need more than 64 bits.

    Parameters
    ----------
    magnitudes : mapping of str to int
        Column of the records -> largest magnitude of its scaled values.
    """
    bounds = dict(plan.bounds)
    for column in plan.columns:
        if column.scope in ("record", "previous") and column.name in magnitudes:
            bounds[column.key] = min(bounds[column.key], magnitudes[column.name])
    for derived in plan.derived:
        reach = bounds[derived.left] * derived.left_factor
        if derived.operator in ("+", "-"):
            reach += bounds[derived.right] * derived.right_factor
        limits = [abs(limit) for limit in (derived.low, derived.high) if limit is not None]
        bounds[derived.key] = min(bounds[derived.key], max(reach, *limits, 0))
    return replace(plan, bounds=bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one feature comes from its source's primitives, or from two features.

    Attributes
    ----------
    source : int
        Position of the source; -1 for a feature that joins two.
    primitives : tuple of int
        Positions among the source's primitives, as the aggregate's formula takes them.
    parts : tuple of int
        Positions of the two features that are joined; both come before.
    """

    name: str
    source: int
    aggregate: Aggregate
    primitives: tuple[int, ...]
    unit: int
    over_unit: int
    precision: int
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturePlan:
    """All sources and all recipes of a catalogue."""

    timezone: str
    sources: tuple[SourcePlan, ...]
    recipes: tuple[Recipe, ...]


def plan_features(catalogue: FeatureCatalogue, contracts: SourceContracts) -> FeaturePlan:
    """Resolve a catalogue against the contracts of its sources.

    Raises
    ------
    LeakageError
        A feature names an outcome column (``CR-FEA-012``).
    SpecificationError
        Unknown source (``CR-SRC-001``), unknown column (``CR-FEA-010``), protected, key or ignored column
        (``CR-FEA-011``), an operation that a column does not allow (``CR-FEA-013``), a number that could overflow
        (``CR-FEA-014``), a consent purpose that is not the source's (``CR-FEA-015``), a custom aggregate that was registered anew
        since the catalogue was made (``CR-FEA-023``).
    """
    check_bound(catalogue.custom_aggregates, catalogue.where)
    _check_sources(catalogue, contracts)
    planners = {
        source: _SourcePlanner(Resolver(catalogue, contracts, source)) for source in catalogue.sources
    }
    order = {source: index for index, source in enumerate(planners)}
    places = {name: place for place, name in enumerate(catalogue.names)}
    recipes = tuple(
        _join(definition, places)
        if definition.source == CROSS
        else planners[definition.source].add(definition, order[definition.source])
        for definition in catalogue.definitions
    )
    return FeaturePlan(
        timezone=contracts.timezone,
        sources=tuple(planner.finish() for planner in planners.values()),
        recipes=recipes,
    )


def _check_sources(catalogue: FeatureCatalogue, contracts: SourceContracts) -> None:
    """Refuse a source without contract, and subjects and measures that could not be computed, used or not."""
    known = [APPLICATION, *(contract.name for contract in contracts.records)]
    users = [
        (part.source, f"Feature {d.name!r}") for d in catalogue.definitions for part in catalogue.parts(d)
    ]
    users += [(subject.source, f"Subject {subject.name!r}") for subject in catalogue.subjects]
    users += [(measure.source, f"Measure {measure.name!r}") for measure in catalogue.measures]
    for source, user in users:
        if source not in known:
            raise SpecificationError(
                f"{user}: source {source!r} is not declared in {contracts.name!r}. {nearest(source, known)}",
                code="CR-SRC-001",
            )
    for subject in catalogue.subjects:
        Resolver(catalogue, contracts, subject.source).conditions(subject.name)
    for measure in catalogue.measures:
        Resolver(catalogue, contracts, measure.source).measure(measure.name, f"measure {measure.name!r}")


def _join(definition: FeatureDefinition, places: dict[str, int]) -> Recipe:
    return Recipe(
        name=definition.name,
        source=-1,
        aggregate=AGGREGATES[definition.aggregate],
        primitives=(),
        unit=1,
        over_unit=1,
        precision=definition.precision,
        parts=(places[definition.measure], places[definition.over]),
    )


class _SourcePlanner:
    """Collects what the features of one source need."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._primitives: dict[Primitive, int] = {}
        self._subjects: dict[str, SubjectPlan] = {}
        self._subject(ALL_RECORDS)

    def add(self, definition: FeatureDefinition, source: int) -> Recipe:
        """Register a feature and return its recipe."""
        aggregate = AGGREGATES[definition.aggregate]
        self._check_purpose(definition)
        self._subjects_of(definition)
        unit = self._unit(definition, definition.measure, aggregate)
        over_unit = self._unit(definition, definition.over, aggregate) if definition.over else 1
        return Recipe(
            name=definition.name,
            source=source,
            aggregate=aggregate,
            primitives=tuple(self._primitive(token, definition) for token in aggregate.needs),
            unit=unit,
            over_unit=over_unit,
            precision=definition.precision,
        )

    def finish(self) -> SourcePlan:
        resolver = self._resolver
        primitives = tuple(self._primitives)
        ordered = any(p.kind in ORDERED or custom_of(p.kind) for p in primitives)
        has_previous = any(column.scope == "previous" for column in resolver.columns.values())
        return SourcePlan(
            source=resolver.source,
            columns=tuple(resolver.columns.values()),
            derived=tuple(resolver.derived.values()),
            subjects=tuple(self._subjects.values()),
            windows=tuple(sorted({p.days for p in primitives if p.days is not None})),
            primitives=primitives,
            bounds=resolver.bounds(),
            nullable=resolver.nullable(),
            needs_order=ordered or has_previous,
        )

    def _check_purpose(self, definition: FeatureDefinition) -> None:
        purpose = self._resolver.consent_purpose
        if definition.consent_purpose != purpose:
            raise SpecificationError(
                f"Feature {definition.name!r} uses source {definition.source!r} for "
                f"{definition.consent_purpose!r}, but its contract holds consent for {purpose!r}. Expected consent_purpose = "
                f"{purpose!r}.",
                code="CR-FEA-015",
            )

    def _unit(self, definition: FeatureDefinition, measure: str, aggregate: Aggregate) -> int:
        if measure == RECORDS:
            return 1
        column = self._resolver.measure(measure, f"feature {definition.name!r}")
        if aggregate.needs_scale and column.codes:
            raise SpecificationError(
                f"Feature {definition.name!r}: aggregate {definition.aggregate!r} adds values, but {measure!r} is a code. "
                "Expected count, distinct or last, or a subject that chooses one code.",
                code="CR-FEA-013",
            )
        return int(10**column.scale)

    def _subject(self, name: str) -> None:
        if name not in self._subjects:
            conditions = self._resolver.conditions(name)
            self._subjects[name] = SubjectPlan(name=name, conditions=conditions)

    def _subjects_of(self, definition: FeatureDefinition) -> None:
        """Register the subject, and for a share of another subject that one and the records that meet both."""
        self._subject(definition.subject)
        if definition.base != ALL_RECORDS:
            self._subject(definition.base)
            both = (
                *self._subjects[definition.subject].conditions,
                *self._subjects[definition.base].conditions,
            )
            name = _own_subject(definition)
            self._subjects[name] = SubjectPlan(name=name, conditions=tuple(dict.fromkeys(both)))

    def _primitive(self, token: str, definition: FeatureDefinition) -> int:
        kind, whose, what, when = TOKENS[token]
        days = {
            "own": definition.window_days,
            "against": definition.against_days,
            "history": None,
        }[when]
        measure = {"own": definition.measure, "over": definition.over}.get(what, what)
        subject = {"own": _own_subject(definition), "base": definition.base}.get(whose, ALL_RECORDS)
        by = self._split(definition) if kind in GROUPED else ""
        if measure not in (RECORDS, "") and definition.source != APPLICATION:
            resolved = self._resolver.measure(measure, f"feature {definition.name!r}")
            measure = RECORDS if kind == "n" and not resolved.nullable else measure
        primitive = Primitive(kind, subject, measure, days, by)
        return self._primitives.setdefault(primitive, len(self._primitives))

    def _split(self, definition: FeatureDefinition) -> str:
        self._resolver.measure(definition.by, f"feature {definition.name!r}")
        return definition.by


def _own_subject(definition: FeatureDefinition) -> str:
    if definition.base == ALL_RECORDS:
        return definition.subject
    return f"{definition.subject} of {definition.base}"
