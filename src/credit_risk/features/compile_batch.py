"""Batch: definitions to Ibis to the embedded engine; everybody's features in one table.

The engine delivers whole numbers only; :func:`~credit_risk.features.finalize.finalize` makes values of them. Rows may come
in any order and from any number of threads: whole-number sums do not care.

Reading order: :class:`FeatureTable`, :func:`compute_features`; expressions are in ``batch_expressions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk.errors import SpecificationError
from credit_risk.features.batch_expressions import (
    APPLICATIONS,
    RECORDS_TABLE,
    base_records,
    primitive_tables,
    stage_name,
)
from credit_risk.features.batch_groups import first_with_totals
from credit_risk.features.definition import APPLICATION
from credit_risk.features.expression import NIGHT_ENDS, SATURDAY
from credit_risk.features.finalize import finalize
from credit_risk.features.group_totals import SUMMARIES
from credit_risk.features.plan import Recipe, SourcePlan, plan_features
from credit_risk.features.real_time.history import derive
from credit_risk.numerics.exact_integers import ExactIntegers, exact_array
from credit_risk.sources.calendar import DAY_US, HOUR_US, days_of, local_clock, local_days
from credit_risk.sources.consent import check_processed_at
from credit_risk.sources.consent_ledger import consented

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from credit_risk.domain.ports import ProgressReporter
    from credit_risk.features.catalogue import FeatureCatalogue
    from credit_risk.sources.readers import Sources

_BASE = "base_records"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureTable:
    """Feature values of many applications.

    Attributes
    ----------
    X : DataFrame of float64, shape (n_applications, p)
        Index ``application_id``; NaN where missing.
    flags : DataFrame of bool
        Same index: ``<source>__no_records`` where a source holds nothing before the application; with a consent ledger
        also ``<source>__no_consent`` where nothing of it was read.
    """

    X: pd.DataFrame
    flags: pd.DataFrame


def compute_features(
    catalogue: FeatureCatalogue,
    sources: Sources,
    *,
    processed_at: datetime | None = None,
    n_threads: int = 2,
    progress: ProgressReporter | None = None,
) -> FeatureTable:
    """Compute every feature of a catalogue for every application.

    Parameters
    ----------
    catalogue : FeatureCatalogue
        What to compute.
    sources : Sources
        Checked tables.
    processed_at : datetime, optional
        When the data is processed (with time zone): consent withdrawn by then is no consent. Needed where the sources hold a
        consent ledger, and only there; never the clock.
    n_threads : int
        Threads of the engine; the result does not depend on it.
    progress : ProgressReporter, optional
        Told about each source and each feature.

    Returns
    -------
    FeatureTable
        Rows in the order of ``sources.applications``.

    Raises
    ------
    SpecificationError, LeakageError
        The catalogue does not fit the contracts, see :func:`~credit_risk.features.plan.plan_features`; ``n_threads`` below 1
        (``CR-FEA-020``); ``processed_at`` missing, naive or out of place (``CR-SRC-027``).
    """
    if n_threads < 1:
        raise SpecificationError(f"n_threads = {n_threads} is below 1.", code="CR-FEA-020")
    processed_us = check_processed_at(sources.contracts.consent, processed_at)
    plan = plan_features(catalogue, sources.contracts)
    flags: dict[str, NDArray[np.bool_]] = {}
    primitives = []
    for source in _tracked(plan.sources, progress, "Sources"):
        if source.source == APPLICATION:
            primitives.append(_application_primitives(source, sources))
        else:
            allowed = None
            if sources.consents is not None:
                contract = sources.contracts.record(source.source)
                allowed = consented(sources.consents, sources.applications, contract, processed_us)
                flags[f"{source.source}__no_consent"] = ~allowed
            found, has_records = _record_primitives(source, sources, n_threads, allowed)
            primitives.append(found)
            flags[f"{source.source}__no_records"] = (
                ~has_records if allowed is None else allowed & ~has_records
            )
    values = {
        recipe.name: _values(recipe, plan.recipes, primitives)
        for recipe in _tracked(plan.recipes, progress, "Features")
    }
    index = sources.applications.index
    return FeatureTable(
        X=pd.DataFrame(values, index=index, columns=list(catalogue.names)),
        flags=pd.DataFrame(flags, index=index, columns=list(flags), dtype=bool),
    )


def _tracked(items: tuple[Any, ...], progress: ProgressReporter | None, label: str) -> Any:
    return items if progress is None else progress.track(items, label=label, total=len(items))


def _values(recipe: Recipe, recipes: tuple[Recipe, ...], primitives: list[list[Any]]) -> NDArray[np.float64]:
    if recipe.parts:
        parts = [part for place in recipe.parts for part in _quotient(recipes[place], primitives)]
        top, bottom = recipe.aggregate.formula(parts, 1, 1)
    else:
        top, bottom = _quotient(recipe, primitives)
    return finalize(top, bottom, recipe.aggregate.is_root, recipe.precision)


def _quotient(recipe: Recipe, primitives: list[list[Any]]) -> tuple[ExactIntegers, ExactIntegers]:
    own = [primitives[recipe.source][index] for index in recipe.primitives]
    top, bottom = recipe.aggregate.formula(own, recipe.unit, recipe.over_unit)
    return top, bottom


def _application_primitives(plan: SourcePlan, sources: Sources) -> list[ExactIntegers]:
    """Return fields of the form; derived ones by the same function as in real time."""
    frame = sources.applications
    columns: dict[str, list[int | None]] = {}
    for column in sources.contracts.applications.attributes:
        values = [None if value is pd.NA else value for value in frame[column.name].tolist()]
        columns[column.name] = columns[f"application.{column.name}"] = values
    for derived in plan.derived:
        columns[derived.key] = derive(derived, columns)
    found = []
    for primitive in plan.primitives:
        values = columns[primitive.measure]
        has_value = primitive.kind == "has_value"
        numbers = [int(v is not None) if has_value else v or 0 for v in values]
        found.append(ExactIntegers(np.array(numbers, dtype=np.int64)))
    return found


def _record_primitives(
    plan: SourcePlan, sources: Sources, n_threads: int, allowed: NDArray[np.bool_] | None
) -> tuple[list[Any], NDArray[np.bool_]]:
    """Run the plan of one source on the engine and bring its whole numbers into the order of applications."""
    n_applications = len(sources.applications)
    records = _records_table(plan, sources)
    applications = _applications_table(plan, sources)
    applications = applications if allowed is None else applications.filter(pa.array(allowed))
    connection = duckdb.connect(config={"threads": n_threads})
    try:
        connection.register(APPLICATIONS, applications)
        connection.register(RECORDS_TABLE, records)
        stages = base_records(
            plan, sources.contracts.record(plan.source), applications.schema, records.schema
        )
        connection.execute(f"CREATE TEMP TABLE {_BASE} AS {_staged_sql(stages)}")
        base = ibis.table(stages[-1].schema(), name=_BASE)
        found: dict[str, Any] = {}
        for expression in primitive_tables(plan, base, records.num_rows):
            table = connection.sql(_sql(expression)).to_arrow_table().combine_chunks()
            position = table.column("app").to_numpy()
            for name in table.column_names[1:]:
                column = table.column(name)
                if pa.types.is_list(column.type):
                    found[name] = _totals_by_application(column, position)
                else:
                    found[name] = _scatter(column, position, n_applications)
    finally:
        connection.close()
    for index, first in sorted(first_with_totals(plan.primitives).items(), reverse=True):
        found[f"p{index}"] = _summaries(plan.primitives[index].kind, found[f"p{first}"], n_applications)
    ordered = [
        (found[f"p{i}_low"], found[f"p{i}_high"]) if f"p{i}_low" in found else found[f"p{i}"]
        for i in range(len(plan.primitives))
    ]
    return ordered, found["has_records"].values > 0


def _sql(expression: ibis.Table) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb"))


def _staged_sql(stages: list[ibis.Table]) -> str:
    *earlier, last = [_sql(stage) for stage in stages]
    named = ", ".join(f"{stage_name(position)} AS ({sql})" for position, sql in enumerate(earlier))
    return f"WITH {named} {last}"


def _scatter(column: pa.ChunkedArray, position: NDArray[np.int64], n_applications: int) -> ExactIntegers:
    """Bring whole numbers of the engine into the order of applications, 0 where the engine has none."""
    if len(column) == 0:
        return ExactIntegers(np.zeros(n_applications, dtype=np.int64))
    values = column.combine_chunks()
    values = values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_decimal(values.type):
        limbs = np.frombuffer(values.buffers()[1], dtype=np.int64).reshape(-1, 2)
        limbs = limbs[values.offset : values.offset + len(values)]
        present = ~np.asarray(values.is_null().to_numpy(zero_copy_only=False))
        low, high = np.zeros(n_applications, np.int64), np.zeros(n_applications, np.int64)
        low[position] = np.where(present, limbs[:, 0], 0)
        high[position] = np.where(present, limbs[:, 1], 0)
        return ExactIntegers.from_limbs(low.view(np.uint64), high)
    dense = np.zeros(n_applications, dtype=np.int64)
    dense[position] = np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False))
    return ExactIntegers(dense)


def _totals_by_application(
    column: pa.ChunkedArray, position: NDArray[np.int64]
) -> list[tuple[int, tuple[int, ...]]]:
    """Return application and totals of its groups, as Python integers."""
    return [
        (app, tuple(int(total) for total in totals))
        for app, totals in zip(position.tolist(), column.to_pylist(), strict=True)
        if totals
    ]


def _summaries(kind: str, totals: list[tuple[int, tuple[int, ...]]], n_applications: int) -> ExactIntegers:
    """Summarize totals; equal totals are summarized once."""
    known = {groups: SUMMARIES[kind](groups) for groups in {groups for _, groups in totals}}
    numbers = [0] * n_applications
    for app, groups in totals:
        numbers[app] = known[groups]
    return exact_array(numbers)


def _applications_table(plan: SourcePlan, sources: Sources) -> pa.Table:
    """Return applications as the engine sees them: row number, customer number, moment, local day, attributes."""
    frame = sources.applications
    applied_us = np.array(frame["applied_at"].astype("int64"), dtype=np.int64)
    columns: dict[str, Any] = {
        "app": np.arange(len(frame)),
        "customer": pd.factorize(frame["customer_id"])[0].astype(np.int64),
        "applied_us": applied_us,
        "applied_day": local_days(applied_us, sources.timezone),
    }
    for column in plan.columns:
        if column.scope == "application":
            columns[column.key] = pa.array(frame[column.name])
    return pa.table(columns)


def _records_table(plan: SourcePlan, sources: Sources) -> pa.Table:
    """Return records as the engine sees them: customer number, moments, local calendar, measures."""
    frame = sources.records[plan.source]
    customers = pd.Index(pd.unique(sources.applications["customer_id"]))
    event_us = frame["event_time_us"].to_numpy()
    local = local_clock(event_us, sources.timezone)
    columns: dict[str, Any] = {
        "customer": customers.get_indexer(pd.Index(frame["customer_id"])).astype(np.int64),
        "event_us": event_us,
        "known_us": frame["known_at_us"].to_numpy(),
        "event_day": days_of(local, event_us, sources.timezone),
    }
    used = {column.name for column in plan.columns if column.scope in ("built_in", "previous")}
    if "event_hour" in used:
        columns["event_hour"] = local // HOUR_US % 24
    if "event_weekday" in used:
        columns["event_weekday"] = (local // DAY_US + 3) % 7
    if "is_night" in used:
        columns["is_night"] = (local // HOUR_US % 24 < NIGHT_ENDS).astype(np.int64)
    if "is_weekend" in used:
        columns["is_weekend"] = ((local // DAY_US + 3) % 7 >= SATURDAY).astype(np.int64)
    measures = sources.contracts.record(plan.source).measures
    wanted = {column.name for column in plan.columns if column.scope != "application"}
    for measure in measures:
        if plan.needs_order or measure.name in wanted:
            columns[measure.name] = pa.array(frame[measure.name])
    return pa.table(columns)
