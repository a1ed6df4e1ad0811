"""What a feature is: declared once, compiled twice.

Subjects say which records, derived measures what is computed record by record, definitions how that is aggregated over
which window. Names are generated: ``<source>__<subject>__<measure>__<window>__<aggregate>``. Light: standard library only.

Reading order: :class:`Subject`, :class:`DerivedMeasure`, :class:`FeatureDefinition`, :func:`check_definition`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError
from credit_risk.features.aggregates import AGGREGATES
from credit_risk.features.expression import (
    BUILT_IN,
    Condition,
    Derivation,
    parse_condition,
    parse_derivation,
)

#: The name under which fields of the application form are a source.
APPLICATION = "application"
#: The source of a feature that joins two features, whatever their sources.
CROSS = "cross"
#: The subject that means every record.
ALL_RECORDS = "all"
#: The measure that every record has: itself.
RECORDS = "records"

#: Names that mean something already.
RESERVED = (ALL_RECORDS, RECORDS, *BUILT_IN)

#: Decimal places a measure may have, as a column may.
MOST_DECIMALS = 12
#: A hundred years.
LONGEST_WINDOW_DAYS = 36_500

_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*$")
_WINDOW = re.compile(r"^(?:(\d+)d(?:_vs_(\d+)d)?|history|now)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Which records of a source are meant: those that meet every condition.

    Attributes
    ----------
    where : tuple of str
        Conditions, see ``expression``; empty for every record.
    """

    source: str
    name: str
    where: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return the conditions, read."""
        return tuple(parse_condition(text, f"subject {self.name!r}") for text in self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedMeasure:
    """A measure computed record by record before anything is aggregated.

    Attributes
    ----------
    expression : str
        See ``expression``. A quotient is missing where its divisor is not above 0.
    scale : int
        Decimal places of a quotient, rounded half-up; differences keep the scale of their columns.
    minimum, maximum : Decimal, optional
        Values beyond are moved to the bound.
    """

    source: str
    name: str
    expression: str
    scale: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    unit: str = ""
    meaning: str = ""

    @property
    def derivation(self) -> Derivation:
        """Return the expression, read."""
        return parse_derivation(self.expression, f"measure {self.name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFactor:
    """A business factor that the text catalogue does not know, with the lender's own words for it.

    Attributes
    ----------
    name : str
        As features name it.
    label, reason : tuple of (language, text)
        What an officer reads over a chart; what an applicant reads as a reason.
    """

    name: str
    label: tuple[tuple[str, str], ...]
    reason: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDefinition:
    """One feature.

    Attributes
    ----------
    source, subject, measure : str
        Which records, and what of them. The source ``'cross'`` joins two features: ``measure`` and ``over`` are their names.
    window : str
        ``'92d'``: from local midnight 92 days before the day of the application, up to the application; ``'history'``:
        everything known; ``'61d_vs_183d'``: the last 61 days against what came before them within 183 days; ``'now'``: a
        field of the application form, or two features joined.
    aggregate : str
        See ``aggregates``.
    over : str
        Second measure, for aggregates that divide one by another.
    by : str
        Column whose values the records are split by, for concentration and entropy: of records, or of positive amounts.
    base : str
        Subject whose records a share is taken of; both subjects must be met to count in it.
    direction : {-1, 0, 1}
        Sign of the risk as the value rises; 0 where nothing is expected.
    factor : str
        Business factor the feature belongs to, for reasons ('utilisation', 'delinquency').
    precision : int
        Significant decimal digits every compiler rounds to.
    missing : str
        What it means that the value is missing.
    """

    source: str
    subject: str = ALL_RECORDS
    measure: str = RECORDS
    window: str = "history"
    aggregate: str
    over: str = ""
    by: str = ""
    base: str = ALL_RECORDS
    direction: int = 0
    factor: str
    unit: str = ""
    precision: int = 9
    meaning: str = ""
    missing: str = ""
    rationale: str = ""
    consent_purpose: str = "credit_assessment"
    owner: str = ""
    version: str = "1"

    @property
    def name(self) -> str:
        """Return the generated name.

        Examples
        --------
        >>> FeatureDefinition(source="bank", subject="salary", measure="amount", window="90d", aggregate="median",
        ...                   factor="income").name
        'bank__salary__amount__90d__median'
        """
        link = "less" if self.aggregate == "difference" else "per"
        measure = f"{self.measure}_{link}_{self.over}" if self.over else self.measure
        measure = f"{measure}_by_{self.by}" if self.by else measure
        subject = self.subject if self.base == ALL_RECORDS else f"{self.subject}_of_{self.base}"
        return "__".join((self.source, subject, measure, self.window, self.aggregate))

    @property
    def window_days(self) -> int | None:
        """Days of the window; None for the whole history."""
        days = re.match(r"\d+", self.window)
        return int(days[0]) if days else None

    @property
    def against_days(self) -> int | None:
        """Days of the longer window that the window is compared with, if any."""
        days = re.search(r"_vs_(\d+)d$", self.window)
        return int(days[1]) if days else None


_TEXTS = (
    "source",
    "subject",
    "measure",
    "window",
    "aggregate",
    "over",
    "by",
    "base",
    "factor",
    "unit",
    "meaning",
)
_MORE_TEXTS = ("missing", "rationale", "consent_purpose", "owner", "version")


def check_definition_types(definition: FeatureDefinition) -> None:
    """Refuse a definition whose fields are of a wrong type, before its name is made of them.

    Raises
    ------
    SpecificationError
        ``CR-FEA-006``.
    """
    if not isinstance(definition, FeatureDefinition):
        raise SpecificationError(
            f"A catalogue holds a {type(definition).__name__} among its definitions. Expected FeatureDefinition.",
            code="CR-FEA-006",
        )
    wrong = [f for f in (*_TEXTS, *_MORE_TEXTS) if not isinstance(getattr(definition, f), str)]
    whole = [f for f in ("direction", "precision") if type(getattr(definition, f)) is not int]
    empty = [f for f in ("source", "factor") if not getattr(definition, f)]
    for fields, expected in (
        (wrong, "text"),
        (whole, "a whole number"),
        (empty, "a name, not an empty text"),
    ):
        if fields:
            raise SpecificationError(
                f"A feature of source {definition.source!r}, measure {definition.measure!r}, aggregate "
                f"{definition.aggregate!r}: {fields[0]} = {getattr(definition, fields[0])!r} is not allowed. Expected {expected}.",
                code="CR-FEA-006",
            )


def check_measure(measure: DerivedMeasure) -> None:
    """Refuse a derived measure that contradicts itself, whatever the data.

    Raises
    ------
    SpecificationError
        Its scale is no whole number of decimal places from 0 to 12, a bound is no number, or the bounds are the wrong way round
        (``CR-FEA-016``).
    """
    bounds = [bound for bound in (measure.minimum, measure.maximum) if bound is not None]
    problem = ""
    if type(measure.scale) is not int or not 0 <= measure.scale <= MOST_DECIMALS:
        problem = f"scale = {measure.scale!r} is not allowed. Expected 0 to {MOST_DECIMALS} decimal places."
    elif not {type(bound) for bound in bounds} <= {int, Decimal}:
        problem = "minimum and maximum must be whole numbers or Decimal, which are exact."
    elif len(bounds) == 2 and bounds[0] > bounds[1]:
        problem = "minimum lies above maximum."
    if problem:
        raise SpecificationError(
            f"Measure {measure.name!r} of source {measure.source!r}: {problem}", code="CR-FEA-016"
        )


def check_name(name: str, kind: str) -> None:
    """Refuse a subject or measure name that is not a plain word, or means something already.

    Raises
    ------
    SpecificationError
        ``CR-FEA-003``.
    """
    if not _NAME.match(name) or name in RESERVED:
        raise SpecificationError(
            f"The {kind} name {name!r} is not allowed. Expected letters, digits and single underscores, and none of "
            f"{', '.join(RESERVED)}.",
            code="CR-FEA-003",
        )


def check_definition(definition: FeatureDefinition) -> None:
    """Refuse a definition that contradicts itself, whatever the data.

    Raises
    ------
    SpecificationError
        Unknown aggregate (``CR-FEA-005``); window, measure, direction or precision not allowed (``CR-FEA-006``).
    """
    name = definition.name
    if definition.aggregate not in AGGREGATES:
        raise SpecificationError(
            f"Feature {name!r}: aggregate {definition.aggregate!r} does not exist. "
            f"{nearest(definition.aggregate, AGGREGATES)} An aggregate of your own must be registered first.",
            code="CR-FEA-005",
        )
    aggregate = AGGREGATES[definition.aggregate]
    problem = _window_problem(definition) or _shape_problem(definition) or _subject_problem(definition)
    if problem:
        raise SpecificationError(f"Feature {name!r}: {problem}", code="CR-FEA-006")
    takes_over = aggregate.takes_over or aggregate.joins
    for field, takes in (("over", takes_over), ("by", aggregate.takes_by)):
        if takes != bool(getattr(definition, field)):
            wanted = "needs" if takes else "takes no"
            raise SpecificationError(
                f"Feature {name!r}: aggregate {definition.aggregate!r} {wanted} {field!r}.", code="CR-FEA-006"
            )


def _window_problem(definition: FeatureDefinition) -> str:
    if not _WINDOW.match(definition.window):
        return (
            f"window {definition.window!r} is not allowed. Expected '92d', '61d_vs_183d', 'history' or 'now'."
        )
    if AGGREGATES[definition.aggregate].joins != (definition.source == CROSS):
        return "the aggregates 'ratio' and 'difference' belong to the source 'cross', and it takes no other."
    if (definition.window == "now") != (definition.source in (APPLICATION, CROSS)):
        return "the window 'now' belongs to the sources 'application' and 'cross' and to no other."
    if (definition.aggregate == "value") != (definition.source == APPLICATION):
        return "the aggregate 'value' belongs to the source 'application' and to no other."
    if AGGREGATES[definition.aggregate].two_windows != (definition.against_days is not None):
        return (
            "a comparison of windows needs a window such as '61d_vs_183d', and only a comparison takes one."
        )
    return _length_problem(definition.window_days, definition.against_days)


def _length_problem(days: int | None, against: int | None) -> str:
    if days is not None and not 1 <= days <= LONGEST_WINDOW_DAYS:
        return f"a window of {days} days is outside 1..{LONGEST_WINDOW_DAYS}."
    if days is not None and against is not None and not days < against <= LONGEST_WINDOW_DAYS:
        return f"the second window must be the longer one, of at most {LONGEST_WINDOW_DAYS} days."
    return ""


def _shape_problem(definition: FeatureDefinition) -> str:
    if definition.direction not in (-1, 0, 1):
        return f"direction = {definition.direction} is not allowed. Expected -1, 0 or 1."
    if not 1 <= definition.precision <= 15:
        return f"precision = {definition.precision} is outside 1..15 significant digits."
    if RECORDS in (definition.over, definition.by) or (
        definition.source == APPLICATION and definition.measure == RECORDS
    ):
        return f"{RECORDS!r} counts records and is no measure here. Expected a column or a derived measure."
    if AGGREGATES[definition.aggregate].on_records and definition.measure != RECORDS:
        return f"aggregate {definition.aggregate!r} counts records and takes no measure."
    if not _may_count_records(definition.aggregate):
        return f"aggregate {definition.aggregate!r} needs a measure." if definition.measure == RECORDS else ""
    return ""


def _subject_problem(definition: FeatureDefinition) -> str:
    if definition.source == CROSS and definition.subject != ALL_RECORDS:
        return "the source 'cross' joins two features and has no subjects."
    if definition.source == APPLICATION and definition.subject != ALL_RECORDS:
        return "an application is one record and has no subjects."
    if definition.base != ALL_RECORDS and not AGGREGATES[definition.aggregate].takes_base:
        return f"aggregate {definition.aggregate!r} takes no 'base'; only a share is taken of a subject."
    return ""


def _may_count_records(aggregate: str) -> bool:
    found = AGGREGATES[aggregate]
    return aggregate in ("count", "value") or found.on_records or found.takes_by
