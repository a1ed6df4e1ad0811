"""All features of a model: one catalogue, read from TOML or built in Python, carried in the bundle.

Reading order: :class:`FeatureCatalogue`, then the checks that need no data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk.domain.configuration import nearest
from credit_risk.domain.texts import text
from credit_risk.errors import SpecificationError
from credit_risk.features.aggregates import AGGREGATES
from credit_risk.features.catalogue_toml import EXPANDED, read_catalogue_parts
from credit_risk.features.custom.binding import (
    AggregateBinding,
    bindings_of,
    check_all_bound,
    check_bound,
)
from credit_risk.features.definition import (
    ALL_RECORDS,
    APPLICATION,
    CROSS,
    RECORDS,
    DerivedMeasure,
    FeatureDefinition,
    OwnFactor,
    Subject,
    check_definition,
    check_definition_types,
    check_measure,
    check_name,
)
from credit_risk.features.expression import BUILT_IN, Operand

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, kw_only=True)
class FeatureCatalogue:
    """All features of a model, in order.

    Attributes
    ----------
    subjects, measures, definitions, own_factors : tuple
        See the classes of ``definition``.
    custom_aggregates : tuple of AggregateBinding
        The custom aggregates that definitions use, as registered now; those handed in must be unchanged (``CR-FEA-023``).

    Examples
    --------
    >>> catalogue = FeatureCatalogue(name="tiny", version="1", definitions=(
    ...     FeatureDefinition(source="bank", window="90d", aggregate="count", factor="activity", direction=-1),))
    >>> catalogue.directions
    {'bank__all__records__90d__count': -1}
    >>> FeatureCatalogue.from_dict(catalogue.to_dict()) == catalogue
    True
    """

    name: str
    version: str
    subjects: tuple[Subject, ...] = ()
    measures: tuple[DerivedMeasure, ...] = ()
    definitions: tuple[FeatureDefinition, ...]
    own_factors: tuple[OwnFactor, ...] = ()
    custom_aggregates: tuple[AggregateBinding, ...] = ()

    def __post_init__(self) -> None:
        for part in ("subjects", "measures", "definitions"):
            object.__setattr__(self, part, tuple(getattr(self, part)))
        check_bound(self.custom_aggregates, self.where)
        _check_catalogue(self)
        used = [definition.aggregate for definition in self.definitions]
        object.__setattr__(self, "custom_aggregates", bindings_of(used))

    @classmethod
    def from_toml(cls, path: str | Path) -> FeatureCatalogue:
        """Read a catalogue; every unknown or wrong key is an error that names file, key and the nearest valid name."""
        return cls(**read_catalogue_parts(Path(path)))

    def with_features(self, *definitions: FeatureDefinition) -> FeatureCatalogue:
        """Return a catalogue with more features at its end.

        Examples
        --------
        One more feature takes three lines:

        >>> from credit_risk.features import FeatureCatalogue, FeatureDefinition
        >>> count = FeatureDefinition(source="bank", window="90d", aggregate="count", factor="activity")
        >>> catalogue = FeatureCatalogue(name="tiny", version="1", definitions=(count,))
        >>> regular = FeatureDefinition(source="bank", window="180d", aggregate="gap_cv", factor="income", direction=1,
        ...                             meaning="How irregularly money comes in")
        >>> catalogue.with_features(regular).names
        ('bank__all__records__90d__count', 'bank__all__records__180d__gap_cv')
        """
        return replace(self, definitions=(*self.definitions, *definitions))

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"Catalogue {self.name!r}"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Feature names in order."""
        return tuple(definition.name for definition in self.definitions)

    @property
    def directions(self) -> dict[str, int]:
        """Name -> sign of the risk as the value rises."""
        return {definition.name: definition.direction for definition in self.definitions}

    @property
    def factors(self) -> dict[str, str]:
        """Name -> business factor, the group in which reasons are told."""
        return {definition.name: definition.factor for definition in self.definitions}

    @property
    def wordings(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Own factor -> its sentence in each language."""
        return {factor.name: factor.reason for factor in self.own_factors}

    def factor_label(self, factor: str, language: str) -> str:
        """Return the words for a business factor: the lender's own, or the text catalogue's."""
        own = {item.name: dict(item.label) for item in self.own_factors}
        return own[factor][language] if factor in own else text(f"features.factor.{factor}", language)

    @property
    def expanded(self) -> tuple[str, ...]:
        """Names of the features that come from templates; the others somebody reasoned out."""
        return tuple(d.name for d in self.definitions if d.rationale == EXPANDED)

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources the catalogue reads, each once, in order of first use."""
        return tuple(dict.fromkeys(d.source for d in self.definitions if d.source != CROSS))

    @cached_property
    def _by_name(self) -> dict[str, FeatureDefinition]:
        return {definition.name: definition for definition in self.definitions}

    def parts(self, definition: FeatureDefinition) -> tuple[FeatureDefinition, ...]:
        """Return the features that a feature reads: itself, or the two it joins."""
        if definition.source != CROSS:
            return (definition,)
        return self._by_name[definition.measure], self._by_name[definition.over]

    def subject(self, source: str, name: str, asked_by: str = "") -> Subject:
        """Return a subject; ``'all'`` always exists.

        Raises
        ------
        SpecificationError
            Not declared (``CR-FEA-002``); the message names who asked.
        """
        for subject in self.subjects:
            if (subject.source, subject.name) == (source, name):
                return subject
        if name == ALL_RECORDS:
            return Subject(source=source, name=ALL_RECORDS)
        known = [ALL_RECORDS, *(s.name for s in self.subjects if s.source == source)]
        raise SpecificationError(
            f"{asked_by}{': s' if asked_by else 'S'}ubject {name!r} of source {source!r} is not declared. {nearest(name, known)}",
            code="CR-FEA-002",
        )

    def derived(self, source: str, name: str) -> DerivedMeasure | None:
        """Return a derived measure, or None if the name is not one."""
        for measure in self.measures:
            if (measure.source, measure.name) == (source, name):
                return measure
        return None

    def lineage(self) -> list[dict[str, object]]:
        """Return feature -> source -> columns -> consent purpose, for the bundle and the catalogue page.

        A feature that joins two features has a row for each of them.
        """
        return [
            {
                "feature": definition.name,
                "source": part.source,
                "columns": self._columns_of(part),
                "consent_purpose": part.consent_purpose,
            }
            for definition in self.definitions
            for part in self.parts(definition)
        ]

    def _columns_of(self, definition: FeatureDefinition) -> list[str]:
        names = (definition.measure, definition.over, definition.by)
        operands = [Operand("record", name) for name in names if name not in ("", RECORDS)]
        for subject in (definition.subject, definition.base):
            for condition in self.subject(definition.source, subject).conditions:
                operands.append(condition.left)
                if isinstance(condition.right, Operand):
                    operands.append(condition.right)
        found = [column for operand in operands for column in self._raw_columns(definition.source, operand)]
        return sorted(dict.fromkeys(found))

    def _raw_columns(self, source: str, operand: Operand) -> list[str]:
        if operand.scope == APPLICATION:
            return [operand.key]
        derived = self.derived(source, operand.name)
        if derived is None:
            return [] if operand.name in BUILT_IN else [operand.name]
        parts = derived.derivation.operands
        return [column for part in parts for column in self._raw_columns(source, part)]

    def _repr_html_(self) -> str:
        """Return the table of features, as notebooks show it."""
        from credit_risk.features.inspection.pages import catalogue_table

        return catalogue_table(self)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values; :meth:`from_dict` gives an equal catalogue back."""
        measures = []
        for measure in self.measures:
            bounds = {
                key: None if value is None else str(value)
                for key, value in (("minimum", measure.minimum), ("maximum", measure.maximum))
            }
            measures.append({**asdict(measure), **bounds})
        subjects = [{**asdict(subject), "where": list(subject.where)} for subject in self.subjects]
        return {
            "name": self.name,
            "version": self.version,
            "subjects": subjects,
            "measures": measures,
            "definitions": [_definition_to_dict(definition) for definition in self.definitions],
            # only where there are some: bundles without keep their bytes
            **({"own_factors": [_factor_to_dict(f) for f in self.own_factors]} if self.own_factors else {}),
            **(
                {"custom_aggregates": [asdict(binding) for binding in self.custom_aggregates]}
                if self.custom_aggregates
                else {}
            ),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> FeatureCatalogue:
        """Rebuild from :meth:`to_dict`.

        Raises
        ------
        SpecificationError
            A custom aggregate is not registered, or is another one than the catalogue was made with (``CR-FEA-023``).
        """
        bound = tuple(AggregateBinding(**binding) for binding in content.get("custom_aggregates", ()))
        catalogue = cls(
            name=content["name"],
            version=content["version"],
            subjects=tuple(Subject(**{**s, "where": tuple(s["where"])}) for s in content["subjects"]),
            measures=tuple(DerivedMeasure(**{**m, **_bounds_of(m)}) for m in content["measures"]),
            definitions=tuple(FeatureDefinition(**definition) for definition in content["definitions"]),
            own_factors=tuple(_factor_of(factor) for factor in content.get("own_factors", ())),
            custom_aggregates=bound,
        )
        check_all_bound(catalogue.custom_aggregates, bound, catalogue.where)
        return catalogue


#: Written only where used, so that bundles from before these fields existed are still read and keep their digest.
_OPTIONAL = {"by": "", "base": ALL_RECORDS}


def _definition_to_dict(definition: FeatureDefinition) -> dict[str, object]:
    return {
        key: value
        for key, value in asdict(definition).items()
        if key not in _OPTIONAL or value != _OPTIONAL[key]
    }


def _factor_to_dict(factor: OwnFactor) -> dict[str, object]:
    return {"name": factor.name, "label": dict(factor.label), "reason": dict(factor.reason)}


def _factor_of(content: Mapping[str, Any]) -> OwnFactor:
    label, reason = (tuple(sorted(content[key].items())) for key in ("label", "reason"))
    return OwnFactor(name=content["name"], label=label, reason=reason)


def _bounds_of(content: Mapping[str, Any]) -> dict[str, Decimal | None]:
    return {key: None if content[key] is None else Decimal(content[key]) for key in ("minimum", "maximum")}


def _check_catalogue(catalogue: FeatureCatalogue) -> None:
    """Refuse what no data could ever make right."""
    if not catalogue.definitions:
        raise SpecificationError(
            f"Catalogue {catalogue.name!r} holds no feature. Expected at least one.", code="CR-FEA-007"
        )
    for definition in catalogue.definitions:
        check_definition_types(definition)
    _check_unique([f"{s.source}.{s.name}" for s in catalogue.subjects], "subject")
    _check_unique([f"{m.source}.{m.name}" for m in catalogue.measures], "derived measure")
    _check_unique(catalogue.names, "feature")
    _check_unique([factor.name for factor in catalogue.own_factors], "factor")
    for subject in catalogue.subjects:
        check_name(subject.name, "subject")
        if type(subject.where) is not tuple:
            raise SpecificationError(
                f"Subject {subject.name!r} of source {subject.source!r}: where = {subject.where!r} is not allowed. Expected a tuple "
                "of conditions.",
                code="CR-FEA-001",
            )
        _ = subject.conditions
    _check_measures(catalogue.measures)
    for definition in catalogue.definitions:
        check_definition(definition)
        if definition.source != CROSS:
            for name in (definition.subject, definition.base):
                catalogue.subject(definition.source, name, f"Feature {definition.name!r}")
    _check_joins(catalogue.definitions)


def _check_joins(definitions: Iterable[FeatureDefinition]) -> None:
    """Refuse a joined feature whose parts are not declared before it, or are no quotients of whole numbers."""
    usable: list[str] = []
    for definition in definitions:
        names = (definition.measure, definition.over) if definition.source == CROSS else ()
        for name in names:
            if name not in usable:
                raise SpecificationError(
                    f"Feature {definition.name!r} joins {name!r}. Expected a feature declared before it that is neither joined "
                    f"itself nor a root (std, cv, gap_cv). {nearest(name, usable)}",
                    code="CR-FEA-009",
                )
        if not names and not AGGREGATES[definition.aggregate].is_root:
            usable.append(definition.name)


def _check_measures(measures: Iterable[DerivedMeasure]) -> None:
    """Refuse a measure that builds on itself or on one declared later."""
    ahead = {(measure.source, measure.name) for measure in measures}
    for measure in measures:
        check_name(measure.name, "measure")
        check_measure(measure)
        for operand in measure.derivation.operands:
            if operand.scope == "record" and (measure.source, operand.name) in ahead:
                raise SpecificationError(
                    f"Measure {measure.name!r} builds on {operand.name!r}, which is not declared before it.",
                    code="CR-FEA-008",
                )
        ahead.discard((measure.source, measure.name))


def _check_unique(names: Iterable[str], kind: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SpecificationError(f"The {kind} {name!r} is declared twice.", code="CR-FEA-004")
        seen.add(name)
