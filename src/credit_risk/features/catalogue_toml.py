"""How a catalogue is written down: ``features.toml``, read key by key.

One ``[[features]]`` entry may name several windows; it gives one definition per window. ``{window}`` in a meaning becomes
the window in words. A ``[[templates]]`` entry gives every combination of its subjects, measures, aggregates and windows; such
definitions carry :data:`EXPANDED` as their rationale and are counted apart from those that somebody reasoned out. A section
``[custom_aggregates.<name>]`` with version and output digest holds the file to the custom aggregate it was written for.

Reading order: :func:`read_catalogue_parts`, then one function per section of the file.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any

from credit_risk.domain.configuration import ConfigTable, nearest, read_toml
from credit_risk.domain.texts import LANGUAGES
from credit_risk.errors import SpecificationError
from credit_risk.features.aggregates import AGGREGATES
from credit_risk.features.custom.binding import AggregateBinding, check_bound
from credit_risk.features.definition import (
    ALL_RECORDS,
    APPLICATION,
    CROSS,
    RECORDS,
    DerivedMeasure,
    FeatureDefinition,
    OwnFactor,
    Subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The rationale of a definition that comes from a template.
EXPANDED = "expanded from a template"


def read_catalogue_parts(path: Path) -> dict[str, Any]:
    """Return the fields of a :class:`~credit_risk.features.catalogue.FeatureCatalogue`.

    Raises
    ------
    SpecificationError
        A key is missing, unknown or of a wrong type (``CR-CFG-*``); no feature at all (``CR-FEA-007``); another custom aggregate
        is registered than the one named (``CR-FEA-023``).
    """
    table = read_toml(path)
    sections = table.optional_table("custom_aggregates").sub_tables()
    bound = tuple(_binding(name, section) for name, section in sections)
    check_bound(bound, f"File '{path.name}'")
    common = {
        "owner": table.get("owner", str, ""),
        "version": table.take("version", str),
        "consent_purpose": table.get("consent_purpose", str, "credit_assessment"),
    }
    subjects: list[Subject] = []
    measures: list[DerivedMeasure] = []
    for source, section in table.optional_table("sources").sub_tables():
        subjects += [_subject(source, *item) for item in section.optional_table("subjects").sub_tables()]
        measures += [_measure(source, *item) for item in section.optional_table("measures").sub_tables()]
        section.finish()
    definitions = [d for entry in table.tables("features") for d in _definitions(entry, common)]
    reasoned = {definition.name for definition in definitions}
    templates = table.tables("templates") if "templates" in table else []
    expanded = [d for entry in templates for d in _expanded(entry, common)]
    definitions += [definition for definition in expanded if definition.name not in reasoned]
    parts = {
        "name": table.take("name", str),
        "version": common["version"],
        "subjects": tuple(subjects),
        "measures": tuple(measures),
        "definitions": tuple(definitions),
        "own_factors": tuple(
            _own_factor(name, section) for name, section in table.optional_table("factors").sub_tables()
        ),
        "custom_aggregates": bound,
    }
    table.finish(("templates",))
    if not definitions:
        raise SpecificationError(
            f"{table.where}: no feature is declared. Expected at least one [[features]] entry.",
            code="CR-FEA-007",
        )
    return parts


def _binding(name: str, table: ConfigTable) -> AggregateBinding:
    binding = AggregateBinding(
        name=name, version=table.take("version", str), output_digest=table.take("output_digest", str)
    )
    table.finish()
    return binding


def _subject(source: str, name: str, table: ConfigTable) -> Subject:
    subject = Subject(
        source=source, name=name, where=table.texts("where"), meaning=table.get("meaning", str, "")
    )
    table.finish()
    return subject


def _own_factor(name: str, table: ConfigTable) -> OwnFactor:
    factor = OwnFactor(
        name=name, label=_wording(table.table("label")), reason=_wording(table.table("reason"))
    )
    table.finish()
    return factor


def _wording(table: ConfigTable) -> tuple[tuple[str, str], ...]:
    wording = tuple((language, table.take(language, str)) for language in LANGUAGES)
    table.finish()
    return wording


def _measure(source: str, name: str, table: ConfigTable) -> DerivedMeasure:
    measure = DerivedMeasure(
        source=source,
        name=name,
        expression=table.take("expression", str),
        scale=table.get("scale", int, 0),
        minimum=table.take("minimum", Decimal) if "minimum" in table else None,
        maximum=table.take("maximum", Decimal) if "maximum" in table else None,
        unit=table.get("unit", str, ""),
        meaning=table.get("meaning", str, ""),
    )
    table.finish(("minimum", "maximum"))
    return measure


def _definitions(table: ConfigTable, common: dict[str, str]) -> Iterator[FeatureDefinition]:
    source = table.take("source", str)
    default_windows = ("now",) if source in (APPLICATION, CROSS) else None
    windows = table.texts("windows", default_windows)
    fields: dict[str, Any] = {
        "source": source,
        "subject": table.get("subject", str, ALL_RECORDS),
        "measure": table.get("measure", str, RECORDS),
        "aggregate": table.choice("aggregate", AGGREGATES, "value" if source == APPLICATION else None),
        "over": table.get("over", str, ""),
        "by": table.get("by", str, ""),
        "base": table.get("base", str, ALL_RECORDS),
        "direction": _direction(table),
        "factor": table.take("factor", str),
        "unit": table.get("unit", str, ""),
        "precision": table.get("precision", int, 9),
        "missing": table.get("missing", str, ""),
        "rationale": table.get("rationale", str, ""),
        "consent_purpose": table.get("consent_purpose", str, common["consent_purpose"]),
        "owner": table.get("owner", str, common["owner"]),
        "version": table.get("version", str, common["version"]),
    }
    meaning = table.take("meaning", str)
    table.finish()
    if not windows:
        raise SpecificationError(f"{table.where}: windows is an empty list.", code="CR-FEA-007")
    for window in windows:
        yield FeatureDefinition(
            window=window, meaning=meaning.replace("{window}", _in_words(window)), **fields
        )


def _expanded(table: ConfigTable, common: dict[str, str]) -> Iterator[FeatureDefinition]:
    """Give every combination; one that a reasoned definition already holds is left to it."""
    subjects, measures = table.texts("subjects", (ALL_RECORDS,)), table.texts("measures", (RECORDS,))
    aggregates, windows = table.texts("aggregates"), table.texts("windows")
    unknown = next((name for name in aggregates if name not in AGGREGATES), None)
    if unknown is not None:
        raise SpecificationError(
            f"{table.where}: aggregate {unknown!r} does not exist. {nearest(unknown, AGGREGATES)}",
            code="CR-FEA-005",
        )
    fields: dict[str, Any] = {
        "source": table.take("source", str),
        "direction": _direction(table),
        "factor": table.take("factor", str),
        "missing": table.get("missing", str, ""),
        "consent_purpose": table.get("consent_purpose", str, common["consent_purpose"]),
        "owner": common["owner"],
        "version": common["version"],
        "rationale": EXPANDED,
    }
    table.finish()
    for subject, measure, aggregate, window in product(subjects, measures, aggregates, windows):
        words = f"{measure} of {subject}: {AGGREGATES[aggregate].meaning}, {_in_words(window)}"
        yield FeatureDefinition(
            subject=subject, measure=measure, aggregate=aggregate, window=window, meaning=words, **fields
        )


def _direction(table: ConfigTable) -> int:
    word = table.choice("risk", ["rises", "falls", "open"])
    return {"rises": 1, "falls": -1, "open": 0}[word]


def _in_words(window: str) -> str:
    """Return a window for people.

    Examples
    --------
    >>> _in_words("61d_vs_183d")
    'the last 61 days against the rest of the last 183 days'
    """
    if window in ("history", "now"):
        return {"history": "the whole history", "now": "the application"}[window]
    recent, _, longer = window.partition("_vs_")
    words = f"the last {recent.removesuffix('d')} days"
    return f"{words} against the rest of the last {longer.removesuffix('d')} days" if longer else words
