"""Real time: one applicant's raw records to feature values, equal to the batch row in every bit.

The catalogue is compiled once; a call touches only Python integers and, at the end, the shared :func:`finish`.

Reading order: :class:`FeatureVector`, :class:`FeatureClosure`; one source is evaluated in ``history``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.domain.configuration import nearest
from credit_risk.errors import ScoringError
from credit_risk.features.definition import APPLICATION
from credit_risk.features.finalize import finish
from credit_risk.features.plan import plan_features
from credit_risk.features.real_time.formula_program import compile_quotients
from credit_risk.features.real_time.history import SourceEvaluator
from credit_risk.sources.calendar import local_day, microseconds
from credit_risk.sources.consent import check_processed_at, is_granted, read_grants
from credit_risk.sources.requests import normalize_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from credit_risk.domain.application import Application
    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.sources.contract import SourceContracts


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureVector:
    """Feature values of one application.

    Attributes
    ----------
    names : tuple of str, length p
        Feature names, in the catalogue's order.
    values : ndarray of float64, shape (p,)
        NaN where missing.
    flags : tuple of str
        Why something is missing: ``<source>__no_consent`` (nothing of it was read), ``<source>__no_records`` (the source was asked and holds nothing before the application),
        ``<source>__not_supplied`` (the request did not bring the source).
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    flags: tuple[str, ...]

    def to_dict(self) -> dict[str, float | None]:
        """Return name -> value, None where missing."""
        return {
            name: None if value != value else value  # noqa: PLR0124 - NaN is the one value unequal to itself
            for name, value in zip(self.names, self.values.tolist(), strict=True)
        }


class FeatureClosure:
    """Compute features for one application at a time, from raw records.

    Parameters
    ----------
    catalogue : FeatureCatalogue
        What to compute.
    contracts : SourceContracts
        What the records promise.

    Raises
    ------
    SpecificationError, LeakageError
        The catalogue does not fit the contracts, see :func:`~credit_risk.features.plan.plan_features`.

    Examples
    --------
    >>> from credit_risk.domain.application import Application
    >>> from credit_risk.features import FeatureCatalogue, FeatureDefinition
    >>> from credit_risk.sources import SourceContracts
    >>> key = {"name": "ID", "role": "key", "kind": "integer"}
    >>> contracts = SourceContracts.from_dict({
    ...     "name": "tiny", "timezone": "Asia/Taipei", "currency": "TWD",
    ...     "consent": {"mode": "assumed", "purpose": "credit_assessment", "statement": "assumed"},
    ...     "applications": {"file": "a.parquet", "application_key": "ID", "customer_key": "ID",
    ...                      "applied_at_column": "at", "consent_purpose": "credit_assessment", "columns": [key]},
    ...     "records": [{"name": "bank", "file": "b.parquet", "customer_key": "ID", "unique_key": [],
    ...                  "event_time": {"column": "at"}, "known_at": {"column": "at"},
    ...                  "consent_purpose": "credit_assessment", "columns": [
    ...                      key, {"name": "at", "role": "time", "kind": "timestamp"},
    ...                      {"name": "amount", "role": "measure", "kind": "money", "scale": 2}]}]})
    >>> mean = FeatureDefinition(source="bank", measure="amount", window="90d", aggregate="mean", factor="income")
    >>> closure = FeatureClosure(FeatureCatalogue(name="tiny", version="1", definitions=(mean,)), contracts)
    >>> application = Application.from_mapping({"application_id": "A", "applied_at": "2026-03-01T12:00:00+08:00"})
    >>> records = {"bank": [{"at": "2026-02-01T09:00:00+08:00", "amount": 10.5},
    ...                     {"at": "2026-02-02T09:00:00+08:00", "amount": 20.0}]}
    >>> closure(application, records).to_dict()
    {'bank__all__amount__90d__mean': 15.25}
    """

    def __init__(self, catalogue: FeatureCatalogue, contracts: SourceContracts) -> None:
        plan = plan_features(catalogue, contracts)
        self.names = catalogue.names
        self._contracts = contracts
        self._known = frozenset(contract.name for contract in contracts.records)
        self._all = self._known | {APPLICATION}
        self._evaluators = tuple(
            SourceEvaluator(source, None if source.source == APPLICATION else contracts.record(source.source))
            for source in plan.sources
        )
        self._quotients = compile_quotients(
            plan.recipes, [[primitive.kind for primitive in source.primitives] for source in plan.sources]
        )
        self._is_root = np.array([recipe.aggregate.is_root for recipe in plan.recipes], dtype=bool)
        precision = np.array([recipe.precision for recipe in plan.recipes])
        self._precisions = tuple(
            (int(digits), np.flatnonzero(precision == digits)) for digits in np.unique(precision)
        )

    def __call__(
        self,
        application: Application,
        records: Mapping[str, Sequence[Mapping[str, object]] | None],
        *,
        consents: Sequence[Mapping[str, object]] | None = None,
        processed_at: datetime | None = None,
    ) -> FeatureVector:
        """Return the feature values of one application.

        Parameters
        ----------
        application : Application
            Who asks, when, and the fields of the form.
        records : mapping of str to list of mappings
            Raw records per source, in any order; a source that could not be asked is left out or None.

        consents : list of mappings, optional
            The customer's rows of the consent ledger; needed where the contracts name a ledger, and only there.
        processed_at : datetime, optional
            When the data is processed (with time zone): consent withdrawn by then is no consent. Goes with ``consents``.

        Raises
        ------
        SpecificationError
            ``consents`` or ``processed_at`` missing, naive or out of place (``CR-SRC-027``).
        ScoringError
            An unknown source (``CR-SRC-026``), a record at or after the application (also a ``LeakageError``, ``CR-SRC-023``) where the contract
            calls that a fault, records of another person (``CR-SRC-028``), or fields that break the contract (``CR-SRC-020``
            to ``CR-SRC-025``).
        """
        unknown = [name for name in records if name not in self._known]
        if unknown:
            raise ScoringError(
                f"Source {unknown[0]!r} is not in the contracts of {self._contracts.name!r}. "
                f"{nearest(unknown[0], self._known)}",
                code="CR-SRC-026",
                context={"sources": unknown},
            )
        attributes = normalize_attributes(application.attributes, self._contracts.applications)
        applied_us = microseconds(application.applied_at)
        clock = (applied_us, local_day(applied_us, self._contracts.timezone), self._contracts.timezone)
        allowed = self._allowed(consents, processed_at, applied_us, application.customer_id)
        primitives: list[list[Any]] = []
        flags = []
        for evaluator in self._evaluators:
            if evaluator.source in allowed:
                values, flag = evaluator(
                    records.get(evaluator.source), attributes, clock, application.customer_id
                )
            else:
                values, flag = evaluator.empty, "no_consent"
            primitives.append(values)
            if flag:
                flags.append(f"{evaluator.source}__{flag}")
        return FeatureVector(names=self.names, values=self._finish(primitives), flags=tuple(flags))

    def _allowed(
        self,
        consents: Sequence[Mapping[str, object]] | None,
        processed_at: datetime | None,
        applied_us: int,
        customer_id: str,
    ) -> frozenset[str]:
        """Return the sources that may be read; the form itself always may, it was filled in for this application."""
        declaration = self._contracts.consent
        processed_us = check_processed_at(declaration, processed_at)
        if declaration.mode == "assumed" and consents is None:
            return self._all
        grants = read_grants(consents, declaration, customer_id)
        allowed = {
            contract.name
            for contract in self._contracts.records
            if is_granted(grants, contract, applied_us, processed_us)
        }
        return frozenset(allowed | {APPLICATION})

    def _finish(self, primitives: list[list[Any]]) -> NDArray[np.float64]:
        """Turn primitives into quotients, and quotients into values."""
        divided = np.array(self._quotients(primitives)) + 0.0
        if len(self._precisions) == 1:
            return finish(divided, self._is_root, self._precisions[0][0])
        values = np.empty(divided.size)
        for digits, where in self._precisions:
            values[where] = finish(divided[where], self._is_root[where], digits)
        return values
