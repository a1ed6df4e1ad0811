"""One person's feature, record by record: which records counted, which did not, and why.

The very functions of the real-time compiler decide; this module only writes down what they decided.

Reading order: :class:`FeatureExplanation`, :func:`explain_feature`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from credit_risk.domain.configuration import nearest
from credit_risk.errors import SpecificationError
from credit_risk.features.aggregates import AGGREGATES
from credit_risk.features.closure import FeatureClosure
from credit_risk.features.definition import APPLICATION, CROSS, RECORDS
from credit_risk.features.plan import plan_features
from credit_risk.features.real_time.history import SourceEvaluator, meets
from credit_risk.sources.calendar import EPOCH, local_day, microseconds, zone_of
from credit_risk.sources.requests import normalize_attributes, normalize_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from credit_risk.domain.application import Application
    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.features.definition import FeatureDefinition
    from credit_risk.features.plan import SourcePlan
    from credit_risk.sources.contract import SourceContracts
    from credit_risk.sources.requests import NormalizedRecords


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureExplanation:
    """A feature of one person, with every record that was looked at.

    Attributes
    ----------
    feature, meaning : str
        Name and meaning out of the catalogue.
    value : float or None
        Exactly what the model sees; None where missing.
    flags : tuple of str
        Why the source is missing, if it is.
    records : DataFrame
        One row per record in the order given: ``event_at``, ``known_at`` (the lender's time), ``age_days``, ``value`` (the measure;
        NaN where it has none or counts records), ``counted`` and ``why``. Empty without consent: nothing was read.
    parts : tuple of FeatureExplanation
        The two features that a joined feature reads, each with its own records; else empty.
    """

    feature: str
    meaning: str
    value: float | None
    flags: tuple[str, ...]
    records: pd.DataFrame
    parts: tuple[FeatureExplanation, ...] = ()

    def _repr_html_(self) -> str:
        flags = f" ({', '.join(self.flags)})" if self.flags else ""
        head = f"<p><b>{escape(self.feature)}</b> = {self.value}{escape(flags)}<br>{escape(self.meaning)}"
        if self.parts:
            return f"{head}; joined of</p>" + "".join(part._repr_html_() for part in self.parts)
        if self.records.empty:
            return f"{head}; no record was read.</p>"
        counted = int(self.records["counted"].sum())
        return f"{head}; {counted} of {len(self.records)} records counted.</p>{self.records.to_html()}"


def explain_feature(
    catalogue: FeatureCatalogue,
    contracts: SourceContracts,
    name: str,
    application: Application,
    records: Mapping[str, Sequence[Mapping[str, object]] | None],
    *,
    consents: Sequence[Mapping[str, object]] | None = None,
    processed_at: datetime | None = None,
) -> FeatureExplanation:
    """Say record by record how one person's feature came about.

    Parameters
    ----------
    catalogue, contracts
        What the model computes, and what the records promise.
    name : str
        A feature of the catalogue.
    application, records, consents, processed_at
        As :class:`~credit_risk.features.closure.FeatureClosure` takes them.

    Returns
    -------
    FeatureExplanation
        Holds personal data: show it to the person or to whoever may see the file.

    Raises
    ------
    SpecificationError
        No such feature (``CR-FEA-033``).
    ScoringError
        The records cannot be used, see :class:`~credit_risk.features.closure.FeatureClosure`.
    """
    definition = _definition(catalogue, name)
    parts = catalogue.parts(definition) if definition.source == CROSS else ()
    alone = replace(catalogue, definitions=(*dict.fromkeys(parts), definition))
    vector = FeatureClosure(alone, contracts)(
        application, records, consents=consents, processed_at=processed_at
    )
    rows = records.get(definition.source)
    is_read = bool(rows) and f"{definition.source}__no_consent" not in vector.flags
    return FeatureExplanation(
        feature=name,
        meaning=definition.meaning,
        value=vector.to_dict()[name],
        flags=vector.flags,
        records=_Reading(alone, contracts, application).table(rows or ()) if is_read else _table({}, []),
        parts=tuple(
            explain_feature(
                alone,
                contracts,
                part.name,
                application,
                records,
                consents=consents,
                processed_at=processed_at,
            )
            for part in parts
        ),
    )


def _definition(catalogue: FeatureCatalogue, name: str) -> FeatureDefinition:
    for definition in catalogue.definitions:
        if definition.name == name:
            return definition
    raise SpecificationError(
        f"The catalogue {catalogue.name!r} has no feature {name!r}. {nearest(name, catalogue.names)}",
        code="CR-FEA-033",
    )


class _Reading:
    """The records of one source as the real-time compiler sees them, for the one feature of a catalogue."""

    def __init__(
        self, catalogue: FeatureCatalogue, contracts: SourceContracts, application: Application
    ) -> None:
        (self._definition,) = catalogue.definitions
        self._contracts = contracts
        plan = plan_features(catalogue, contracts)
        self._plan: SourcePlan = plan.sources[0]
        self._unit = plan.recipes[0].unit
        source = self._definition.source
        self._where = {
            name: catalogue.subject(source, name).where
            for name in (self._definition.base, self._definition.subject)
        }
        self._counts_base = any("base" in token for token in AGGREGATES[self._definition.aggregate].needs)
        self._applied_us = microseconds(application.applied_at)
        self._attributes = normalize_attributes(application.attributes, contracts.applications)

    def table(self, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
        """Return one line per record, in the order given."""
        if self._definition.source == APPLICATION:
            return _table({}, [])
        contract = self._contracts.record(self._definition.source)
        evaluator = SourceEvaluator(self._plan, contract)
        records = normalize_records(rows, contract, self._contracts.timezone)
        order = evaluator.eligible(records, self._applied_us)
        today = local_day(self._applied_us, self._contracts.timezone)
        clock = (self._applied_us, today, self._contracts.timezone)
        columns = evaluator.columns(records, order, self._attributes, clock) if order else {}
        reasons = [self._why_not_eligible(records, row) for row in range(len(rows))]
        values: list[Any] = [None] * len(rows)
        ages = [today - local_day(us, self._contracts.timezone) for us in records.event_time_us]
        for position, row in enumerate(order):
            reasons[row] = self._why(columns, position)
            values[row] = self._measure(columns, position)
            ages[row] = columns["age_days"][position]
        return _table(
            {**self._times(records), "age_days": ages, "value": pd.array(values, dtype="float64")}, reasons
        )

    def _why_not_eligible(self, records: NormalizedRecords, row: int) -> str:
        if records.event_time_us[row] >= self._applied_us:
            return "no: at or after the application"
        return "no: known only after the application"

    def _why(self, columns: Mapping[str, list[Any]], position: int) -> str:
        """Return why an eligible record counts, or does not."""
        at = {key: [values[position]] for key, values in columns.items()}
        age_days, longest = at["age_days"][0], self._definition.against_days or self._definition.window_days
        if longest is not None and age_days > longest:
            return f"no: older than {longest} days"
        outside = self._unmet(self._definition.base, at)
        if outside:
            return f"no: not {outside}"
        unmet = self._unmet(self._definition.subject, at)
        if unmet:
            return f"{'yes, in the base only' if self._counts_base else 'no'}: not {unmet}"
        for measure in (self._definition.measure, self._definition.over, self._definition.by):
            if measure not in ("", RECORDS) and at[measure][0] is None:
                return f"no: {measure} is missing"
        if self._definition.against_days is None:
            return "yes"
        return (
            f"yes, in the {'recent' if age_days <= (self._definition.window_days or 0) else 'earlier'} part"
        )

    def _unmet(self, name: str, at: Mapping[str, list[Any]]) -> str:
        """Return the first condition of a subject that a record does not meet."""
        plan = next(subject for subject in self._plan.subjects if subject.name == name)
        for text, condition in zip(self._where[name], plan.conditions, strict=True):
            if not meets(condition, at)[0]:
                return text
        return ""

    def _measure(self, columns: Mapping[str, list[Any]], position: int) -> Any:
        measure = self._definition.measure
        if measure == RECORDS:
            return None
        value = columns[measure][position]
        return None if value is None else value / self._unit

    def _times(self, records: NormalizedRecords) -> dict[str, list[datetime]]:
        zone = zone_of(self._contracts.timezone)
        moments = {"event_at": records.event_time_us, "known_at": records.known_at_us}
        return {
            name: [(EPOCH + timedelta(microseconds=us)).astimezone(zone) for us in column]
            for name, column in moments.items()
        }


def _table(lines: Mapping[str, Any], reasons: list[str]) -> pd.DataFrame:
    columns = ("event_at", "known_at", "age_days", "value")
    frame = pd.DataFrame({name: lines.get(name, []) for name in columns})
    counted = [reason.startswith("yes") for reason in reasons]
    return frame.assign(counted=pd.Series(counted, dtype=bool), why=pd.Series(reasons, dtype="str"))
