"""Batch, continued: the plan of one source, compiled once to SQL and run on the embedded engine for any part of the records.

The engine joins, derives and aggregates inside each ring of age; it hands over one row per application and ring. Rings are
added up to windows here, in numpy: whole numbers, so neither the order of rows nor the number of threads matters.

Reading order: :class:`SourceEngine`, :func:`cumulate`, then the tables the engine sees.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.features.aggregates import custom_of
from credit_risk.features.batch_expressions import (
    ALL_COUNT,
    APPLICATIONS,
    IN_RINGS,
    RECORDS_TABLE,
    base_records,
    primitive_tables,
    series_name,
    stage_name,
)
from credit_risk.features.batch_groups import first_with_totals
from credit_risk.features.custom.parity import run_batch
from credit_risk.features.expression import NIGHT_ENDS, SATURDAY
from credit_risk.features.group_totals import SUMMARIES
from credit_risk.features.plan import tightened
from credit_risk.numerics.exact_integers import ExactIntegers, exact_array
from credit_risk.sources.calendar import DAY_US, HOUR_US, days_of, local_clock, local_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from credit_risk.features.custom.aggregate import CustomAggregate
    from credit_risk.features.plan import SourcePlan
    from credit_risk.sources.contract import SourceContracts
    from credit_risk.sources.readers import Sources

_BASE = "base_records"
_INT64 = 2**63 - 1


class SourceEngine:
    """The plan of one source on the engine.

    Parameters
    ----------
    plan : SourcePlan
        What to deliver.
    contracts : SourceContracts
        What the tables promise.
    magnitudes : dict of str to int, optional
        Measure -> largest magnitude in the data; found in the tables of the first run by default.
    longest_history : int, optional
        Most records of one customer; found likewise. Both prove which sums fit 64 bits.
    folder : str
        Where the engine may put what does not fit in memory: personal data. Nowhere by default; its own default would be the
        working folder, for everybody to read.
    """

    def __init__(
        self,
        plan: SourcePlan,
        contracts: SourceContracts,
        *,
        magnitudes: dict[str, int] | None = None,
        longest_history: int | None = None,
        folder: str = "",
    ) -> None:
        self._folder = folder
        self._plan, self._contracts = plan, contracts
        self._magnitudes, self._longest_history = magnitudes, longest_history
        self._statements: tuple[str, ...] = ()
        self._lock = Lock()
        self._idle: list[duckdb.DuckDBPyConnection] = []

    def run(
        self, sources: Sources, n_threads: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[list[Any], NDArray[np.bool_]]:
        """Return the plan's primitives, and who has records, in the order of the applications."""
        records = _records_table(self._plan, sources)
        applications = _applications_table(self._plan, sources)
        applications = applications if allowed is None else applications.filter(pa.array(allowed))
        base, *statements = self._compiled(applications, records)
        n_applications = len(sources.applications)
        found: dict[str, Any] = {}
        in_rings: dict[str, NDArray[Any]] = {}
        with self._connection(n_threads) as connection:
            connection.register(APPLICATIONS, applications)
            connection.register(RECORDS_TABLE, records)
            connection.execute(base)
            for statement in statements:
                table = connection.sql(statement).to_arrow_table().combine_chunks()
                if "ring" in table.column_names:
                    in_rings |= cumulate(table, n_applications, len(self._plan.windows) + 1)
                else:
                    found |= _by_application(table, n_applications)
            for name in (APPLICATIONS, RECORDS_TABLE):
                connection.unregister(name)
        return self._ordered(found, in_rings, n_applications), in_rings[ALL_COUNT][:, -1] > 0

    @contextmanager
    def _connection(self, n_threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection of one's own; opening one takes as long as a small part."""
        with self._lock:
            lent = self._idle.pop() if self._idle else None
        config = {
            "threads": n_threads,
            "preserve_insertion_order": False,
            "temp_directory": self._folder,
        }
        connection = duckdb.connect(config=config) if lent is None else lent
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close connections."""
        while self._idle:
            self._idle.pop().close()

    def _compiled(self, applications: pa.Table, records: pa.Table) -> tuple[str, ...]:
        """Return the statement that builds the base table, then one per table of primitives."""
        with self._lock:
            if not self._statements:
                plan = tightened(self._plan, self._magnitudes or _magnitudes(records))
                longest = self._longest_history
                longest = _longest_history(records) if longest is None else longest
                contract = self._contracts.record(plan.source)
                stages = base_records(plan, contract, applications.schema, records.schema)
                base = ibis.table(stages[-1].schema(), name=_BASE)
                tables = primitive_tables(plan, base, longest)
                first = f"CREATE OR REPLACE TEMP TABLE {_BASE} AS {_staged_sql(stages)}"
                self._statements = (first, *(_sql(table) for table in tables))
            return self._statements

    def _ordered(
        self, found: dict[str, Any], in_rings: dict[str, NDArray[Any]], n_applications: int
    ) -> list[Any]:
        plan = self._plan
        for index, first in sorted(first_with_totals(plan.primitives).items(), reverse=True):
            found[f"p{index}"] = _summaries(plan.primitives[index].kind, found[f"p{first}"], n_applications)
        for index, primitive in enumerate(plan.primitives):
            own = custom_of(primitive.kind)
            if own is not None:
                lists = [found[f"p{index} {name}"] for name in ("values", "ages")]
                found[f"p{index}_low"], found[f"p{index}_high"] = _custom(own, lists, n_applications)
        ordered: list[Any] = []
        for index, primitive in enumerate(plan.primitives):
            if primitive.kind in IN_RINGS:
                ring = -1 if primitive.days is None else plan.windows.index(primitive.days)
                ordered.append(ExactIntegers(in_rings[series_name(primitive)][:, ring]))
            elif f"p{index}_low" in found:
                ordered.append((found[f"p{index}_low"], found[f"p{index}_high"]))
            else:
                ordered.append(found[f"p{index}"])
        return ordered


def _sql(expression: ibis.Table) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb"))


def _staged_sql(stages: list[ibis.Table]) -> str:
    *earlier, last = [_sql(stage) for stage in stages]
    named = ", ".join(f"{stage_name(position)} AS ({sql})" for position, sql in enumerate(earlier))
    return f"WITH {named} {last}"


# ---- what the engine hands over ----------------------------------------------------------------------------------


def cumulate(table: pa.Table, n_applications: int, n_rings: int) -> dict[str, NDArray[Any]]:
    """Add rings up to windows: column ``k`` of a result is about rings 0 to ``k``.

    Parameters
    ----------
    table : Table
        Columns ``app``, ``ring`` and series named by ``series_name``; at most one row per application and ring.

    Returns
    -------
    dict of str to ndarray, shape (n_applications, n_rings)
        int64, or Python integers where 64 bits might not do; 0 where there is nothing.

    Examples
    --------
    >>> table = pa.table({"app": [1, 1], "ring": [2, 0], "n all records": [5, 1], "min all amount": [7, 9]})
    >>> found = cumulate(table, 2, 3)
    >>> found["n all records"].tolist(), found["min all amount"].tolist()
    ([[0, 0, 0], [1, 1, 6]], [[0, 0, 0], [9, 9, 7]])
    """
    cell = table.column("app").to_numpy() * n_rings + table.column("ring").to_numpy()
    found = {}
    for name in table.column_names:
        if name in ("app", "ring"):
            continue
        values, missing = _whole_numbers(table.column(name))
        kind = name.split(" ", 1)[0]
        if kind in ("min", "max"):
            found[name] = _extremes(values, missing, cell, (n_applications, n_rings), is_min=kind == "min")
        else:
            found[name] = _totals(np.where(missing, 0, values), cell, (n_applications, n_rings))
    return found


def _totals(values: NDArray[Any], cell: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[Any]:
    if values.dtype != object and values.size:
        largest = max(abs(int(values.min())), abs(int(values.max())))
        values = values.astype(object) if largest * shape[1] > _INT64 else values
    dense = np.zeros(shape[0] * shape[1], dtype=values.dtype)
    dense[cell] = values
    return np.cumsum(dense.reshape(shape), axis=1)


def _extremes(
    values: NDArray[Any],
    missing: NDArray[np.bool_],
    cell: NDArray[np.int64],
    shape: tuple[int, int],
    *,
    is_min: bool,
) -> NDArray[np.int64]:
    nothing = _INT64 if is_min else -_INT64
    dense = np.full(shape[0] * shape[1], nothing, dtype=np.int64)
    dense[cell] = np.where(missing, nothing, values)
    gather = np.minimum if is_min else np.maximum
    found = gather.accumulate(dense.reshape(shape), axis=1)
    return np.where(found == nothing, 0, found)


def _whole_numbers(column: pa.ChunkedArray) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return whole numbers of the engine, anything where missing, and where they are missing."""
    if len(column) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    values = column.combine_chunks()
    values = values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
    missing = np.asarray(values.is_null().to_numpy(zero_copy_only=False))
    if not pa.types.is_decimal(values.type):
        return np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False)).astype(np.int64), missing
    limbs = np.frombuffer(values.buffers()[1], dtype=np.int64).reshape(-1, 2)
    limbs = np.where(missing[:, None], 0, limbs[values.offset : values.offset + len(values)])
    return ExactIntegers.from_limbs(limbs[:, 0].copy().view(np.uint64), limbs[:, 1]).values, missing


def _by_application(table: pa.Table, n_applications: int) -> dict[str, Any]:
    """Bring columns into the order of applications, 0 where the engine has nothing."""
    position = table.column("app").to_numpy()
    found: dict[str, Any] = {}
    for name in table.column_names[1:]:
        column = table.column(name)
        if pa.types.is_list(column.type):
            found[name] = _totals_by_application(column, position)
        else:
            values, missing = _whole_numbers(column)
            dense = np.zeros(n_applications, dtype=values.dtype)
            dense[position] = np.where(missing, 0, values)
            found[name] = ExactIntegers(dense)
    return found


def _totals_by_application(
    column: pa.ChunkedArray, position: NDArray[np.int64]
) -> list[tuple[int, tuple[int, ...]]]:
    """Return application and totals of its groups, as Python integers."""
    return [
        (app, tuple(int(total) for total in totals))
        for app, totals in zip(position.tolist(), column.to_pylist(), strict=True)
        if totals
    ]


def _custom(
    aggregate: CustomAggregate, lists: list[list[tuple[int, tuple[int, ...]]]], n_applications: int
) -> tuple[ExactIntegers, ExactIntegers]:
    """Run the batch half of a custom aggregate: lists of applications one behind the other, empty ones included."""
    lengths = np.zeros(n_applications, dtype=np.int64)
    for app, items in lists[0]:
        lengths[app] = len(items)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    values, ages = (
        np.array([item for _, items in sorted(column) for item in items], dtype=np.int64) for column in lists
    )
    tops, bottoms = run_batch(aggregate, values, ages, starts)
    return ExactIntegers(tops), ExactIntegers(bottoms)


def _summaries(kind: str, totals: list[tuple[int, tuple[int, ...]]], n_applications: int) -> ExactIntegers:
    """Summarize totals; equal totals are summarized once."""
    known = {groups: SUMMARIES[kind](groups) for groups in {groups for _, groups in totals}}
    numbers = [0] * n_applications
    for app, groups in totals:
        numbers[app] = known[groups]
    return exact_array(numbers)


# ---- what the engine sees ----------------------------------------------------------------------------------------


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
    event_us = frame["event_time_us"].to_numpy()
    local = local_clock(event_us, sources.timezone)
    columns: dict[str, Any] = {
        "customer": _customer_numbers(frame["customer_id"], sources.applications["customer_id"]),
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


def _customer_numbers(of_records: pd.Series[Any], of_applications: pd.Series[str]) -> NDArray[np.int64]:
    """Return each record's customer as its place among the applications' customers; names are looked up once where known."""
    customers = pd.Index(pd.unique(of_applications))
    if isinstance(of_records.dtype, pd.CategoricalDtype):
        places = customers.get_indexer(of_records.cat.categories)
        return places.astype(np.int64)[of_records.cat.codes.to_numpy()]
    return customers.get_indexer(pd.Index(of_records)).astype(np.int64)


def _magnitudes(records: pa.Table) -> dict[str, int]:
    """Return column -> largest magnitude in a table of records."""
    found = {}
    for name in records.column_names:
        extremes = pc.min_max(records.column(name)).as_py()
        found[name] = max(abs(extremes["min"] or 0), abs(extremes["max"] or 0))
    return found


def _longest_history(records: pa.Table) -> int:
    return int(np.bincount(records.column("customer").to_numpy(), minlength=1).max())
